"""Flights along a line against closed forms: burns, drag, actuators, slosh.

Figures evaluated from the formulas and confirmed by an adaptive integrator (difference below 2e-9).
"""

from math import cosh, exp, log, pi, radians, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from scipy.optimize import curve_fit

from tests.models import kit
from tests.models.bodies import at, body, flight

G = 9.80665
HIGH_M = 5000.0


def _level(throttle: float = 1.0) -> np.ndarray:
    """An open-loop program: throttle constant, nozzle straight."""
    waves = np.zeros((4, 4))
    waves[0, 0] = throttle
    return waves


def _rocket(**parts: Any) -> Any:
    """2,000 kg of which 600 are propellant, 9 kg/s at 240 s."""
    usual = dict(
        site=dict(gravity_mps2=G),
        lox=dict(load_kg=300.0, radius_m=1.0),
        fuel=dict(load_kg=300.0, radius_m=1.0),
        engine=dict(thrust_vac_n=21182.364, isp_vac_s=240.0),
        start=dict(up_m=HIGH_M),
    )
    merged = {k: usual.get(k, {}) | parts.get(k, {}) for k in usual | parts}
    return body(1400.0, (1e4, 1e4, 1e4), **merged)


def test_rocket_equation__vertical_burn_in_constant_gravity() -> None:
    """v = ve ln(m0 / m) - g t; h by its integral (Sutton & Biblarz, sec. 4.1); 60 s."""
    flown = flight(_rocket(), 60.0, waves=_level())
    ve, m0, flow = 240.0 * 9.80665, 2000.0, 9.0
    for t in (10.0, 30.0, 60.0):
        row = at(flown, t)
        m = m0 - flow * t
        v = ve * log(m0 / m) - G * t
        h = ve * (t - (m0 / flow - t) * log(m0 / m)) - 0.5 * G * t * t
        assert row[kit.MASS] == pytest.approx(m, rel=1e-12)
        assert row[5] == pytest.approx(v, rel=1e-9)
        assert row[2] - HIGH_M == pytest.approx(h, rel=1e-9)
    end = at(flown, 60.0)
    assert end[2] - HIGH_M == pytest.approx(3405.473632317895, rel=1e-9)
    assert end[5] == pytest.approx(152.30295021173902, rel=1e-9)


def test_mixture_ratio__takes_each_tank_by_its_share_and_the_first_empty_ends_thrust() -> None:
    case = _rocket(engine=dict(mixture_ratio=3.0), fuel=dict(load_kg=300.0))
    flown = flight(case, 60.0, waves=_level())
    # Oxidiser 6.75 kg/s of 300 kg: dry after 44.44 s; thrust ends at the tick that sees it
    rows = flown.history[0]
    dry_s = 300.0 / 6.75
    masses = rows[np.isfinite(rows[:, kit.TIME]), kit.MASS]
    assert masses[-1] == pytest.approx(2000.0 - 9.0 * dry_s, abs=9.0 * 0.04)
    assert flown.metrics["outcome"][0] == 5.0  # propellant depleted, in flight
    assert flown.metrics["end_time_s"][0] == pytest.approx(dry_s, abs=0.05)


def test_hover__burns_propellant_as_an_exponential() -> None:
    """Thrust equal to weight: m = m0 exp(-g t / ve), 235.006 kg in 30 s."""
    times = np.arange(0.0, 30.021, 0.01)
    weight = 2000.0 * G * np.exp(-times * G / (240.0 * 9.80665))
    program = np.zeros((len(times), 5))
    program[:, 0], program[:, 1] = times, weight / 21182.364
    flown = flight(_rocket(), 30.0, program=program)
    end = at(flown, 30.0)
    # Parabola through three exact points of each tick: (dt / ve * g)^3 is nothing
    assert 2000.0 - end[kit.MASS] == pytest.approx(235.0061948308093, rel=1e-9)
    assert end[2] == pytest.approx(HIGH_M, abs=1e-5)
    assert end[5] == pytest.approx(0.0, abs=1e-6)


def test_landing_burn__stops_at_its_height() -> None:
    """h = v^2 / (2 (T / m - g)): 24 kN on 1,500 kg from 60 m/s stops in 290.634 m and 9.68781 s."""
    case = body(
        *(1500.0, (1e4, 1e4, 1e4)),
        site=dict(gravity_mps2=G),
        engine=dict(thrust_vac_n=24e3, isp_vac_s=1e30),
        start=dict(up_m=1000.0, v_up_mps=-60.0),
    )
    rows = flight(case, 10.0, waves=_level()).history[0]
    assert 1000.0 - rows[:, 2].min() == pytest.approx(290.6343093802223, abs=6.2 * 0.01**2 / 2)
    # It turns between two ticks: the line through them gives when
    k = int(np.argmin(np.abs(rows[:, 5])))
    turn_s = rows[k, kit.TIME] - rows[k, 5] / (24e3 / 1500.0 - G)
    assert turn_s == pytest.approx(9.687810312674078, rel=1e-9)


@pytest.mark.parametrize("shape", ["sphere_m2", "axial_base_first_m2", "box_z_m2"])
def test_drag_fall__approaches_its_terminal_speed(shape: str) -> None:
    """v = vt tanh(g t / vt), x = vt^2 / g ln cosh(g t / vt), in air of one density."""
    m, rho, area = 100.0, 1.2, 0.5
    case = body(
        *(m, (1e3, 1e3, 1e3)),
        site=dict(gravity_mps2=G, air=2.0, density_kgpm3=rho),
        aero={shape: area},
        start=dict(up_m=HIGH_M),
    )
    flown = flight(case, 20.0)
    vt = sqrt(2.0 * m * G / (rho * area))
    assert vt == pytest.approx(57.17414917017422)
    for t in (2.0, 10.0, 20.0):
        row = at(flown, t)
        assert -row[5] == pytest.approx(vt * tanh(G * t / vt), rel=1e-9)
        assert HIGH_M - row[2] == pytest.approx(vt * vt / G * log(cosh(G * t / vt)), rel=1e-9)
    assert HIGH_M - at(flown, 20.0)[2] == pytest.approx(912.783064481901, rel=1e-9)


# --- actuators in flight --------------------------------------------------------------------------


def test_engine__step_of_the_throttle_is_a_first_order_lag() -> None:
    """u = 1 - exp(-t / tau), tau = 0.15 s; what the lag costs in impulse is T tau."""
    case = body(
        *(1500.0, (1e4, 1e4, 1e4)),
        engine=dict(thrust_vac_n=15e3, isp_vac_s=1e30, lag_s=0.15, slew_per_s=1e9),
        start=dict(up_m=HIGH_M),
    )
    flown = flight(case, 3.0, steps=(4, 10), waves=_level())
    for t in (0.06, 0.16, 0.46, 1.0):
        # Runge-Kutta at 5 ms: (dt / tau)^4 / 120 of the slope
        assert at(flown, t)[kit.THROTTLE] == pytest.approx(1.0 - exp(-t / 0.15), abs=2e-8)
    gained = at(flown, 3.0)[5]
    assert 10.0 * 3.0 - gained == pytest.approx(10.0 * 0.15, abs=1e-6)


def test_gimbal__step_is_second_order() -> None:
    """20 rad/s, damping ratio 0.7: overshoot 4.599 % after 0.21996 s (Ogata, sec. 5-3)."""
    case = body(
        *(1500.0, (1e9, 1e9, 1e9)),
        engine=dict(thrust_vac_n=1.0, isp_vac_s=1e30),
        gimbal=dict(
            natural_frequency_radps=20.0, damping_ratio=0.7, rate_radps=1e9, travel_rad=1.0
        ),
        start=dict(up_m=HIGH_M),
    )
    waves = _level()
    step = radians(2.0)
    waves[1, 0] = step
    flown = flight(case, 1.0, steps=(8, 10), waves=waves)
    wd = 20.0 * sqrt(1.0 - 0.49)
    for t in (0.04, 0.1, 0.22, 0.5):
        ring = np.cos(wd * t) + 0.7 / sqrt(1.0 - 0.49) * np.sin(wd * t)
        expected = 1.0 - exp(-14.0 * t) * ring
        # Runge-Kutta at 2.5 ms: (20 * 0.0025)^4 / 120 a step of it
        assert at(flown, t)[kit.NOZZLE_X] / step == pytest.approx(expected, abs=2e-6)
    assert pi / wd == pytest.approx(0.2199554812475247)
    peak = np.nanmax(flown.history[0, :, kit.NOZZLE_X]) / step - 1.0
    assert peak == pytest.approx(0.04598791026026775, abs=1e-5)


# --- slosh in flight ------------------------------------------------------------------------------

# Fill over radius, frequency rad/s (1 m, 9.80665 m/s2), bob over liquid mass, length over R
SLOSH = [
    (0.1, 1.813105064, 0.8275052603, 2.983147545),
    (0.25, 2.787451956, 0.782347311, 1.262135244),
]


def _sloshing(fill: float, dry_kg: float, acceleration: float = G) -> kit.Flown:
    """A tank of 1 m radius and 1,000 kg under thrust, pushed aside by a little gimbal angle."""
    liquid = 1000.0
    case = body(
        *(dry_kg, (1e15, 1e15, 1e15)),
        lox=dict(
            **dict(load_kg=liquid, radius_m=1.0, slosh_mass_scale=1.0),
            density_kgpm3=liquid / (pi * fill),
        ),
        engine=dict(thrust_vac_n=(dry_kg + liquid) * acceleration, isp_vac_s=1e30),
        start=dict(up_m=HIGH_M),
    )
    waves = _level()
    waves[2, 0] = 1e-4
    return flight(case, 40.0, waves=waves)


@pytest.mark.parametrize(("fill", "omega", "share", "length"), SLOSH)
def test_slosh__swings_at_the_published_frequency(
    fill: float, omega: float, share: float, length: float
) -> None:
    """omega sqrt(1 + m_bob / m_rest) on a vehicle free to move; the rest all but fixes it here."""
    dry = 1e5
    rows = _sloshing(fill, dry).history[0]
    rest = dry + 1000.0 * (1.0 - share)
    coupled = omega * sqrt(1.0 + 1000.0 * share / rest)

    def swing(t: np.ndarray, mean: float, frequency: float) -> np.ndarray:
        return mean * (1.0 - np.cos(frequency * t))

    start = (rows[:, 18].mean(), 1.01 * coupled)
    (mean, found), _ = curve_fit(swing, rows[:, kit.TIME], rows[:, 18], p0=start)
    # Runge-Kutta at 10 ms: phase (omega dt)^4 / 120 relative; the axis' cosine 5e-9
    assert found == pytest.approx(coupled, rel=1e-6)
    assert sqrt(G / length) == pytest.approx(omega, rel=1e-8)
    # Hangs aside by what the rest's acceleration asks for: a / f, with a from the gimbal
    expected = -np.sin(1e-4) * (dry + 1000.0) / rest / (1.0 + 1000.0 * share / rest)
    assert mean == pytest.approx(expected, rel=1e-5)


def test_slosh__frequency_follows_the_axial_acceleration_not_gravity() -> None:
    rows = _sloshing(0.25, 1e5, 4.0 * G).history[0]
    # Four times the acceleration: twice the frequency, half the period
    expected = 2.0 * 2.787451956 * sqrt(1.0 + 782.347311 / (1e5 + 217.652689))
    centred = rows[:, 18] - rows[:, 18].mean()
    crossings = np.flatnonzero(np.diff(np.sign(centred)))
    times = rows[crossings, kit.TIME]
    found = pi * (len(times) - 1) / (times[-1] - times[0])
    assert found == pytest.approx(expected, rel=1e-3)


def test_comparison__a_momentum_flux_counted_twice_would_be_seen() -> None:
    """F = d(mv)/dt would take another mdot v off: 152 m/s would be off by tens."""
    assert abs(152.30295021173902 * 9.0 * 60.0 / 1460.0) > 50.0
