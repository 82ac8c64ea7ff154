"""Engine and actuators against closed forms, and the sense of gimbal angles by hand."""

from math import exp, pi, radians, sqrt
from typing import Any

import numpy as np
import pytest

from models.structs import Actuation, Engine, Gimbal, Legs, Thrusters
from tests.models.kit import interpreted
from tests.models.vehicle import filled

physics = interpreted()
engine, gimbal = physics.engine, physics.gimbal

ENGINE = filled(
    Engine,
    **dict(thrust_vac_n=171300.0, exit_area_m2=0.24, isp_vac_s=312.0, isp_throttle_slope=0.08),
    **dict(throttle_min=0.4, exit_z_m=0.75, exit_radius_m=0.28),
)


def _integrated(rate: Any, y: np.ndarray, time_s: float, dt: float) -> np.ndarray:
    """Classic Runge-Kutta, as flown."""
    for _ in range(round(time_s / dt)):
        k1 = np.array(rate(y))
        k2 = np.array(rate(y + 0.5 * dt * k1))
        k3 = np.array(rate(y + 0.5 * dt * k2))
        k4 = np.array(rate(y + dt * k3))
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


# --- thrust and flow ------------------------------------------------------------------------------


def test_thrust__loses_ambient_pressure_times_exit_area() -> None:
    """Sutton & Biblarz, eq. 2-13: F = mdot v2 + (p2 - p3) A2, so vacuum less p3 A2."""
    assert engine.thrust(1.0, 0.0, ENGINE) == 171300.0
    assert engine.thrust(1.0, 101325.0, ENGINE) == pytest.approx(171300.0 - 24318.0)
    assert engine.thrust(0.0, 101325.0, ENGINE) == 0.0


def test_mass_flow__is_thrust_over_exhaust_speed() -> None:
    assert engine.mass_flow(1.0, ENGINE) == pytest.approx(171300.0 / (9.80665 * 312.0))
    at_half = 0.5 * 171300.0 / (9.80665 * 312.0 * (1.0 - 0.04))
    assert engine.mass_flow(0.5, ENGINE) == pytest.approx(at_half)
    assert engine.mass_flow(0.0, ENGINE) == 0.0


def test_ground_effect__fades_with_height_over_the_bell_diameter() -> None:
    e = ENGINE._replace(ground_effect=0.05)
    assert engine.ground_effect(-0.75, e) == pytest.approx(1.05)
    assert engine.ground_effect(-0.75 + 0.56, e) == pytest.approx(1.025)
    assert engine.ground_effect(50.0, e) == pytest.approx(1.0, abs=1e-5)
    assert engine.ground_effect(3.0, ENGINE) == 1.0


def test_base_force__fades_with_height_over_the_hull_diameter() -> None:
    """A share of the thrust with the hull's base on the ground, half of it a diameter up."""
    e, legs = (
        ENGINE._replace(base_force_fraction=-0.03),
        filled(Legs, hull_radius_m=1.7, hull_bottom_z_m=1.6),
    )
    assert engine.base_force(-1.6, 80e3, e, legs) == pytest.approx(-2400.0)
    assert engine.base_force(-1.6 + 3.4, 80e3, e, legs) == pytest.approx(-1200.0)
    assert abs(engine.base_force(178.0, 80e3, e, legs)) < 1.0
    assert engine.base_force(0.0, 80e3, ENGINE, legs) == 0.0


# --- direction ------------------------------------------------------------------------------------


def test_direction__is_a_unit_vector_for_any_two_angles() -> None:
    for x in np.linspace(-0.35, 0.35, 7):
        for y in np.linspace(-0.35, 0.35, 7):
            # Series below 1e-10 at 0.2 rad, their last term growing with the tenth power
            assert np.linalg.norm(engine.direction(x, y)) == pytest.approx(1.0, abs=2e-9)
            turned = engine.direction(x, y)
            assert turned[0] / turned[2] == pytest.approx(np.tan(y), abs=2e-9)


def test_direction__turns_about_body_x_then_y_by_the_right_hand() -> None:
    """A nozzle turned by +a about x pushes towards -y; by +b about y towards +x."""
    assert engine.direction(0.1, 0.0) == pytest.approx((0.0, -np.sin(0.1), np.cos(0.1)), abs=1e-12)
    assert engine.direction(0.0, 0.1) == pytest.approx((np.sin(0.1), 0.0, np.cos(0.1)), abs=1e-12)


# --- throttle -------------------------------------------------------------------------------------


def _told(**more: float) -> Actuation:
    return filled(
        Actuation, **{"throttle_lag_s": 0.15, "throttle_slew_per_s": 1e3, "lit": 1.0} | more
    )


def test_throttle_rate__is_a_first_order_lag() -> None:
    """1 - exp(-t / tau); a step's impulse deficit is tau."""
    told = _told()

    def rate(y: np.ndarray) -> list[float]:
        return [engine.throttle_rate(y[0], 1.0, told), y[0]]

    y = _integrated(rate, np.zeros(2), 0.15, 0.005)
    # RK4: local error (dt / tau)^5 / 120 on each of 30 steps
    assert y[0] == pytest.approx(1.0 - exp(-1.0), abs=30 * (0.005 / 0.15) ** 5 / 120)
    late = _integrated(rate, np.zeros(2), 3.0, 0.005)
    assert 3.0 - late[1] == pytest.approx(0.15, abs=1e-7)


def test_throttle_rate__keeps_within_the_slew_limit() -> None:
    """Ramp at the limit, then the lag: t1 = (u - R tau) / R."""
    told = _told(throttle_slew_per_s=0.4)
    t1 = (0.6 - 0.4 * 0.15) / 0.4

    def rate(y: np.ndarray) -> list[float]:
        return [engine.throttle_rate(y[0], 0.6, told)]

    assert _integrated(rate, np.zeros(1), t1, t1 / 270)[0] == pytest.approx(0.54, rel=1e-9)
    later = _integrated(rate, np.zeros(1), t1 + 0.3, (t1 + 0.3) / 330)[0]
    assert later == pytest.approx(0.6 - 0.06 * exp(-2.0), abs=2e-5)  # the kink falls inside a step
    assert engine.throttle_rate(0.9, 0.1, told) == -0.4


def test_throttle_rate__no_lag_is_no_rate() -> None:
    assert engine.throttle_rate(0.3, 1.0, _told(throttle_lag_s=0.0)) == 0.0


# --- gimbal ---------------------------------------------------------------------------------------

ACTUATOR = filled(
    Gimbal, natural_frequency_radps=20.0, damping_ratio=0.7, travel_rad=1.0, rate_radps=1e9
)


def test_gimbal__step_is_the_second_order_one() -> None:
    """Peak at pi / wd, overshoot exp(-pi z / sqrt(1 - z^2)): Ogata, sec. 5-3."""

    def rate(y: np.ndarray) -> Any:
        return gimbal.rates(y[0], y[1], 0.1, ACTUATOR)

    peak_s = pi / (20.0 * sqrt(1.0 - 0.49))
    assert peak_s == pytest.approx(0.2199554812475247)
    y = _integrated(rate, np.zeros(2), peak_s, peak_s / 200)
    assert y[0] / 0.1 - 1.0 == pytest.approx(0.04598791026026775, abs=1e-7)
    assert y[1] == pytest.approx(0.0, abs=1e-6)


def test_gimbal__rate_and_travel_are_limited() -> None:
    slow = ACTUATOR._replace(rate_radps=radians(15.0), travel_rad=radians(8.0))
    rate, acceleration = gimbal.rates(0.0, radians(16.0), 1.0, slow)
    assert rate == radians(15.0)
    assert acceleration == 0.0  # no wind-up
    assert gimbal.rates(0.0, radians(16.0), -1.0, slow)[1] < 0.0
    # Beyond travel the command counts as the limit
    assert gimbal.rates(radians(8.0), 0.0, 1.0, slow) == (0.0, 0.0)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_gimbal__slews_a_large_step_at_its_rate_whatever_the_step_size(steps: int) -> None:
    slow = ACTUATOR._replace(natural_frequency_radps=31.4, rate_radps=radians(15.0))
    angles = []
    for time_s in (0.2, 0.4):
        y = _integrated(
            lambda y: gimbal.rates(y[0], y[1], radians(8.0), slow),
            np.zeros(2),
            time_s,
            0.02 / steps,
        )
        angles.append(y[0])
    assert (angles[1] - angles[0]) / 0.2 == pytest.approx(radians(15.0), rel=1e-9)
    # Acceleration to the limit takes less than a step of 20 ms
    assert angles[0] == pytest.approx(radians(3.0), abs=radians(15.0) * 0.02)


def test_play__nozzle_stays_within_half_the_backlash() -> None:
    loose = ACTUATOR._replace(backlash_rad=0.02)
    assert gimbal.play(0.0, 0.005, loose) == 0.0
    assert gimbal.play(0.0, 0.05, loose) == pytest.approx(0.04)
    assert gimbal.play(0.04, 0.035, loose) == pytest.approx(0.04)
    assert gimbal.play(0.04, 0.0, loose) == pytest.approx(0.01)


def test_play__loop_encloses_backlash_times_travel() -> None:
    """The nozzle follows half the play behind: a parallelogram b wide, 2 A - b high."""
    b, a = 0.02, 0.1
    loose = ACTUATOR._replace(backlash_rad=b)
    actuator = a * np.sin(np.linspace(0.0, 6.0 * pi, 30001))
    nozzle = np.empty_like(actuator)
    at = 0.0
    for i, angle in enumerate(actuator):
        at = gimbal.play(at, angle, loose)
        nozzle[i] = at
    one = slice(10000, 20001)
    area = abs(np.trapezoid(nozzle[one], actuator[one]))
    assert area == pytest.approx(b * (2.0 * a - b), rel=1e-3)


def test_deflection__ideal_gimbal_follows_its_command() -> None:
    ideal = ACTUATOR._replace(natural_frequency_radps=0.0)
    assert gimbal.deflection(0.3, 0.2, 0.1, ideal) == 0.1
    assert gimbal.deflection(0.3, 0.2, 9.0, ideal) == ideal.travel_rad
    assert gimbal.deflection(0.3, 0.2, 0.1, ACTUATOR) == 0.2


def test_thrusters__are_a_couple() -> None:
    pair = filled(Thrusters, force_n=300.0, arm_m=1.6)
    assert [physics.thrusters.roll_moment(r, pair) for r in (-1.0, 0.0, 1.0)] == [
        -960.0,
        0.0,
        960.0,
    ]
