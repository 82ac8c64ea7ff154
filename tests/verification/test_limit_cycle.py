"""Backlash, dead time and quantised throttle flown together: the limit cycles that they make.

Hovers of the reference vehicle in a steady wind without noise, sixteen abreast in the kernel of the
campaigns. Backlash of an actuator inside a linear loop is homogeneous: scaled backlash scales the
whole motion, so a limit cycle's amplitude is proportional to it (Nordin & Gutman, Automatica 38
(2002) 1633). What is not homogeneous is small: quantum, sensor and actuator limits, wind squared.
"""

from math import radians
from typing import NamedTuple

import numpy as np
import pytest

from models.dispersion import disperse, leg_cases
from models.flight import TICK_S
from models.lanes import LANES, flatten
from models.structs import MAX_PHASES, Case, Phase
from pipeline import batch, build
from pipeline.config import load_campaign

EARLY_S, LATE_S, END_S = (25.0, 45.0), (48.0, 68.0), 68.0
RATES, V_UP, TIME = slice(10, 12), 5, 17  # channels of the kernel's history
QUIET_RADPS = radians(0.01)  # a two-hundredth of the design limit at touchdown
FROZEN, LIQUID = 0.01, 1.0  # share of the liquid that sloshes
UP = Phase(0.0, 0.0, 60.0, 6.0, 0.0, 0.7, 3.0, 0.2, 0.0)  # gently: little is left to ring
HOVER = UP._replace(up_m=50.0, speed_mps=0.02)  # sinks slowly: a reference that never arrives


class Hover(NamedTuple):
    """What is in the way of the commands, and whether the liquid moves."""

    backlash_deg: float
    dead_time_s: float
    quantum: float
    slosh: float = FROZEN


CLEAN = Hover(0.0, 0.0, 0.0)
BACKLASHES = (0.05, 0.1, 0.2, 0.4)
WITH = {backlash: Hover(backlash, 0.04, 0.002) for backlash in BACKLASHES}
COARSE = {quantum: Hover(0.1, 0.04, quantum) for quantum in (0.005, 0.02)}
SLOSHING = Hover(0.1, 0.04, 0.002, LIQUID)
SLOSHING_CLEAN = CLEAN._replace(slosh=LIQUID)
HOVERS = [CLEAN, *WITH.values(), *COARSE.values(), SLOSHING, SLOSHING_CLEAN]


def _cases(case: Case, hovers: list[Hover]) -> Case:
    """These hovers of an undisturbed vehicle."""
    _, dead_times, quanta, _ = np.array(hovers).T
    return case._replace(
        wind=case.wind._replace(w20_mps=0.0, gust_mps=0.0),
        engine=case.engine._replace(throttle_quantum=quanta, dead_time_s=dead_times),
        **{part: _perfect(getattr(case, part)) for part in ("imu", "gnss", "altimeter")},
    )


def _perfect(sensor):
    errors = ("noise", "walk", "bias", "instability_mps2", "instability_radps")
    wrong = [name for name in sensor._fields if any(error in name for error in errors)]
    return sensor._replace(**dict.fromkeys(wrong, 0.0))


@pytest.fixture(scope="module")
def histories():
    """History (time, channel) of each hover."""
    campaign = load_campaign("campaigns/hop_178m.yaml")
    setup = build.setup(campaign, start_errors=0.0)
    phases = np.array(flatten((UP, *[HOVER] * (MAX_PHASES - 1))))
    setup = setup._replace(tables=setup.tables._replace(phases=phases))
    lanes = [*HOVERS, *[CLEAN] * (LANES - len(HOVERS))]
    drawn = {name: np.full(LANES, value) for name, value in build.median_draw(campaign).items()}
    drawn |= {
        "wind_speed_mps": np.full(LANES, 4.0),
        "wind_exponent": np.zeros(LANES),
        "computer_jitter_s": np.zeros(LANES),
        "missed_cycle_fraction": np.zeros(LANES),
        "wind_from_rad": np.full(LANES, radians(250.0)),
        "gimbal_backlash_rad": np.radians([hover.backlash_deg for hover in lanes]),
        "slosh_mass_scale": np.array([hover.slosh for hover in lanes]),
    }
    case = _cases(disperse(setup.design, drawn, np.zeros(LANES, np.uint64)), lanes)
    legs = leg_cases(case, campaign.vehicle.legs, drawn)
    _, flown, *_ = batch.fly(setup, case, legs, LANES, int(END_S / TICK_S), 1)
    return dict(zip(HOVERS, flown, strict=False))


def size(history, channels, window_s):
    """Root mean square about a straight line within a window, all channels together."""
    within = (history[:, TIME] > window_s[0]) & (history[:, TIME] < window_s[1])
    assert within.sum() > 0.99 * (window_s[1] - window_s[0]) / TICK_S  # still up
    t = history[within, TIME] - window_s[0]
    wave = history[within][:, channels].reshape(len(t), -1)
    line = np.polynomial.polynomial.polyfit(t, wave, 1)
    return float(np.sqrt(np.mean((wave - line[0] - np.outer(t, line[1])) ** 2)))


def test_hover__without_the_three_comes_to_rest(histories):
    """The liquid frozen: its slosh is close to neutral and would ring on."""
    clean = histories[CLEAN]
    assert size(clean, RATES, LATE_S) < QUIET_RADPS
    assert size(clean, RATES, LATE_S) < size(clean, RATES, EARLY_S) / 2.0
    assert size(clean, V_UP, LATE_S) < 1e-4


@pytest.mark.parametrize("backlash", BACKLASHES)
def test_limit_cycle__neither_grows_nor_dies(backlash, histories):
    """A quarter for the mass burnt meanwhile; what rings of the start falls to a fifth."""
    flown = histories[WITH[backlash]]
    late = size(flown, RATES, LATE_S)
    assert late > 3.0 * size(histories[CLEAN], RATES, LATE_S)
    assert late == pytest.approx(size(flown, RATES, EARLY_S), rel=0.25)


def test_limit_cycle__is_proportional_to_the_backlash(histories):
    """Within a twentieth: quantum and wind squared; what still rings of the start is less."""
    sizes = [size(histories[WITH[backlash]], RATES, LATE_S) for backlash in BACKLASHES]
    assert size(histories[CLEAN], RATES, LATE_S) < 0.05 * sizes[0]
    per_degree = np.array(sizes) / BACKLASHES
    assert per_degree == pytest.approx(per_degree[-1], rel=0.05)


def test_limit_cycle__of_the_throttle_grows_with_its_quantum(histories):
    fine, middle, coarse = (
        size(histories[hover], V_UP, LATE_S) for hover in (WITH[0.1], *COARSE.values())
    )
    assert size(histories[CLEAN], V_UP, LATE_S) < fine < middle < coarse < 0.15


def test_limit_cycle__of_the_reference_vehicle_stays_small(histories):
    """Backlash also drives the slosh; a tenth of the touchdown limit of 2 deg/s, rms of 20 s."""
    design = size(histories[SLOSHING], RATES, LATE_S)
    assert size(histories[SLOSHING_CLEAN], RATES, LATE_S) * 3.0 < design < radians(0.2)
