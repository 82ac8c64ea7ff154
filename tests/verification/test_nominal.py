"""The nominal hop against what was published and what follows from it.

Medians of all laws, no injected failure, no turbulence, no sensor noise. Published (company
statement via spacedaily, spacenews): 178.42 m, 51 s. Design limits at touchdown: 2.0 m/s down,
1.0 m/s sideways, 3 deg, 2 deg/s. Derived: in a steady 10 m/s wind the vehicle leans 1.4 to 2.3 deg
in hover; the fuel is that of carrying the weight (models/README.md, hand calculations).
"""

from math import degrees, radians

import numpy as np
import pytest

from models.flight import TICK_S
from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build
from pipeline.config import load_campaign

SLOTS = 3000  # 60 s at every tick
UP, QUATERNION, MASS, TIME = 2, slice(6, 10), 13, 17  # channels of the kernel's history
TOP_S = 26.0  # about when the vehicle hovers at the top


def flown(setup, runs):
    """Metrics by name and the history (time, channel) of one run."""
    rows, history, *_ = batch.fly(setup, *runs, SLOTS, 1)
    return dict(zip(Metrics._fields, rows[0], strict=True)), history[0]


@pytest.fixture(scope="module")
def campaign():
    return load_campaign("campaigns/hop_178m.yaml")


@pytest.fixture(scope="module")
def nominal(campaign):
    return flown(*build.nominal(campaign))


def test_nominal__flies_the_published_hop(nominal):
    metrics, _ = nominal
    assert metrics["outcome"] == Outcome.at_rest
    assert metrics["max_altitude_m"] == pytest.approx(178.42, abs=2.0)
    assert metrics["flight_time_s"] == pytest.approx(51.0, abs=2.0)


def test_nominal__lands_within_the_design_limits(nominal):
    metrics, _ = nominal
    assert 0.0 < metrics["touchdown_vertical_speed_mps"] < 2.0
    assert metrics["touchdown_lateral_speed_mps"] < 1.0
    assert degrees(metrics["touchdown_tilt_rad"]) < 3.0
    assert degrees(metrics["touchdown_rate_radps"]) < 2.0
    assert metrics["violations"] == 0


def test_nominal__burns_what_carrying_its_weight_costs(nominal, campaign):
    """Propellant within 3 % of a hand calculation that knows only mass, time and air pressure.

    d(mass)/dt = -(m g + p A_e) / (g0 Isp): over a hop from rest to rest thrust carries the weight,
    and the nozzle works against the site's air (89.9 kPa at 1 km, US Standard Atmosphere). Isp at
    the mean throttle of 0.65 is 312 s (1 - 0.08 * 0.35) = 303.3 s; its spread over the throttles
    flown is 2 %. Before release: 1.7 s of ramp-up, on average at half the lift-off setting.
    """
    metrics, _ = nominal
    g0, isp, pressure, area = 9.80665, 303.3, 89875.0, 0.24
    mass, time = 10_500.0, metrics["flight_time_s"]
    for _ in range(10_000):
        mass -= (mass * g0 + pressure * area) / (g0 * isp) * time / 10_000
    ramp = 1.7 * 0.5 * 0.83 * campaign.vehicle.engine.thrust_vac_n.value / (g0 * 307.0)
    assert metrics["propellant_used_kg"] == pytest.approx(10_500.0 - mass + ramp, rel=0.03)


def test_hover__leans_against_a_steady_wind(campaign):
    setup, runs = build.nominal(campaign)
    wind = runs.case.wind._replace(
        speed_mps=10.0, from_rad=radians(270.0), exponent=0.0, gust_mps=0.0
    )
    _, history = flown(setup, runs._replace(case=runs.case._replace(wind=wind)))
    tilts = np.degrees(2.0 * np.arcsin(np.linalg.norm(history[:, QUATERNION][:, 1:3], axis=1)))
    near_top = np.abs(history[:, TIME] - TOP_S) < 2.0
    assert np.sum(near_top) > 3.0 / TICK_S
    assert 1.4 < tilts[near_top].mean() < 2.3


def test_run__starts_clamped_and_is_released_above_its_weight(nominal, campaign):
    metrics, history = nominal
    held = history[:, UP] == 0.0
    release_s = history[held, TIME].max()
    assert 1.0 < release_s < campaign.vehicle.gains.start_time_limit_s.value
    assert metrics["flight_time_s"] + release_s < metrics["end_time_s"] - 1.0  # rests 1 s
