"""Rigid bodies flown by the kernel against exact solutions, and the integrator's order.

The figures were evaluated from the closed forms and agree with an adaptive integrator to 1e-13;
the states in between
are integrated here by scipy from Euler's equations written out separately.
"""

from math import acos, atan, cos, pi, radians, sin, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import ellipk

from tests.models import kit
from tests.models.bodies import at, body, flight

FAR_UP_M = 1000.0


def _spun(inertia: tuple, omega: tuple, time_s: float, steps: int = 4) -> kit.Flown:
    start = dict(up_m=FAR_UP_M)
    start |= dict(zip(("omega_x_radps", "omega_y_radps", "omega_z_radps"), omega, strict=True))
    return flight(body(100.0, inertia, start=start), time_s, steps=(steps, 10))


BRICK = (0.0025682174740883053, 0.008421011037627346, 0.009754655939231735)
TEN_DPS = (0.17453292519943295, 0.3490658503988659, 0.5235987755982988)


@pytest.mark.parametrize(
    ("inertia", "omega", "time_s", "rates", "attitude"),
    [
        (
            *((1000.0, 4000.0, 5000.0), (0.3, 0.1, 0.5), 60.0),
            (-0.2799500006751979, -0.14706460186583553, 0.49297383472840195),
            (-0.971684771002704, 0.19309261033560687, -0.11048470945256168, -0.07960576996918899),
        ),
        (
            *(BRICK, TEN_DPS, 30.0),
            (0.22023246534298532, -0.3036432161227342, 0.5431392879442168),
            (-0.881147185310422, 0.47018252776669467, 0.011728252324871284, 0.04868753947208983),
        ),
    ],
    ids=["about-greatest-inertia", "brick-of-nasa-case-2"],
)
def test_torque_free__ends_where_jacobis_solution_does(
    inertia: tuple, omega: tuple, time_s: float, rates: tuple, attitude: tuple
) -> None:
    row = at(_spun(inertia, omega, time_s), time_s)
    # Runge-Kutta at 5 ms: 1.7e-5 at 0.4 s (see the order below) times (1/80)^4, six times
    np.testing.assert_allclose(row[kit.RATES], rates, atol=1e-9)
    sign = np.sign(row[6] * attitude[0])
    np.testing.assert_allclose(sign * row[kit.QUATERNION], attitude, atol=1e-9)


def test_torque_free__keeps_energy_and_angular_momentum() -> None:
    inertia = np.array([1000.0, 4000.0, 5000.0])
    rows = _spun(tuple(inertia), (0.3, 0.1, 0.5), 60.0).history[0]
    omega = rows[:, kit.RATES]
    energy = 0.5 * omega**2 @ inertia
    assert energy[0] == 690.0
    assert np.max(np.abs(energy / energy[0] - 1.0)) < 1e-9
    momentum = np.linalg.norm(omega * inertia, axis=1)
    assert momentum[0] == pytest.approx(2549.5097567963926, rel=1e-12)
    assert np.max(np.abs(momentum / momentum[0] - 1.0)) < 1e-9
    # Period 4 K(m) / lambda of the rates
    period = 4.0 * ellipk(0.234375) / 0.5059644256269407
    assert period == pytest.approx(13.26087250499335, rel=1e-12)
    k = round(period / 0.02)
    assert np.linalg.norm(omega[k] - omega[0]) < 0.5 * np.linalg.norm(omega[k + 2] - omega[k - 2])


def test_torque_free__pencil_precesses_about_its_angular_momentum() -> None:
    """Symmetric body: nutation atan(It wt / (Ia wz)), precession |H| / It about H in space."""
    transverse, axial, wt, wz = 9000.0, 2000.0, 0.05, 0.6
    flown = _spun((transverse, transverse, axial), (wt, 0.0, wz), 100.0)
    end = at(flown, 100.0)
    np.testing.assert_allclose(
        end[kit.RATES], (-0.0448640912109943, -0.022072909183240546, 0.6), atol=1e-9
    )
    attitude = (0.5253497702441193, -0.05908454824459129, 0.2539312750895134, -0.8099602105008601)
    sign = np.sign(end[6] * attitude[0])
    np.testing.assert_allclose(sign * end[kit.QUATERNION], attitude, atol=1e-9)
    momentum = np.array([transverse * wt, 0.0, axial * wz])
    axis = momentum / np.linalg.norm(momentum)
    nutation = atan(transverse * wt / (axial * wz))
    assert np.degrees(nutation) == pytest.approx(20.556045219583467)
    for time_s in (3.0, 20.0, 70.0):
        w, x, y, z = at(flown, time_s)[kit.QUATERNION]
        nose = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
        assert acos(nose @ axis) == pytest.approx(nutation, abs=1e-8)
    period = 2.0 * pi / 0.14240006242195885  # |H| / It
    assert period == pytest.approx(2.0 * pi * transverse / np.linalg.norm(momentum))


def test_integrator__is_of_fourth_order_with_the_errors_of_classic_runge_kutta() -> None:
    """Step halving on the first body above, flown ten times as fast: 0.2, 0.1, 0.05 s.

    Errors of a separately written classic Runge-Kutta: 1.0614e-6, 6.5565e-8, 4.0709e-9 (largest of
    quaternion and rates).
    """
    exact = np.array(
        [
            *(-0.8183849924459088, 0.31581225498330023, -0.1143500727818917, 0.4662967773815828),
            *(0.9591534110544034, -3.013307938804577, 4.489096251952397),
        ]
    )
    errors = []
    for steps in (1, 2, 4):
        row = at(_spun((1000.0, 4000.0, 5000.0), (3.0, 1.0, 5.0), 1.0, steps=steps), 1.0)
        error = np.abs(row[6:13] - exact)
        error[4:] /= 10.0  # rates in the body's own time
        errors.append(error.max())
    for found, expected in zip(errors, (1.0614e-6, 6.5565e-8, 4.0709e-9), strict=True):
        # Unit length kept here, not there: a factor of 1.5 at most
        assert expected / 1.5 < found < expected * 1.5
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all((orders > 3.8) & (orders < 4.2))


def test_gimbal__fixed_angle_turns_the_body_with_its_moment() -> None:
    """theta = T L sin(d) t^2 / 2 I: 30 kN, 3 m, 2 deg, 9,000 kg m2, 1.5 s."""
    case = body(
        *(1500.0, (9000.0, 9000.0, 2000.0)),
        engine=dict(thrust_vac_n=30e3, isp_vac_s=1e30, gimbal_z_m=-3.0),
        start=dict(up_m=FAR_UP_M),
    )
    rates = []
    for axis in (1, 2):
        waves = np.zeros((4, 4))
        waves[0, 0], waves[axis, 0] = 1.0, radians(2.0)
        row = at(flight(case, 1.5, waves=waves), 1.5)
        w = row[kit.RATES]
        rates.append(w)
        # Half the angle in the quaternion
        theta = 2.0 * np.arctan2(row[6 + axis], row[6])
        assert abs(theta) == pytest.approx(0.39261933790313586, rel=1e-9)
        assert np.sign(theta) == np.sign(w[axis - 1])
    assert rates[0] == pytest.approx((-0.5234924505375145, 0.0, 0.0), rel=1e-9, abs=1e-12)
    assert rates[1] == pytest.approx((0.0, -0.5234924505375145, 0.0), rel=1e-9, abs=1e-12)


# --- a whole flight with thrust and gimbal moving -------------------------------------------------

COMPOSITE_END = [
    *(-307.1543745242523, 164.45998016854392, 74.54625888187094),
    *(-74.5263884739003, 42.141012804128124, -20.036394636722047),
    *(0.7384167296466213, -0.4465354560565608, -0.47425062095442017, 0.17445104868327443),
    *(-0.06268402251179926, -0.13709972836924536, 0.027492619461064648),
]


def _composite_rates(t: float, y: np.ndarray) -> Any:
    """The same flight by a rotation matrix instead of the quaternion products of the kernel."""
    w, x, y_, z = y[6:10] / np.linalg.norm(y[6:10])
    matrix = np.array(
        [
            [1 - 2 * (y_ * y_ + z * z), 2 * (x * y_ - w * z), 2 * (x * z + w * y_)],
            [2 * (x * y_ + w * z), 1 - 2 * (x * x + z * z), 2 * (y_ * z - w * x)],
            [2 * (x * z - w * y_), 2 * (y_ * z + w * x), 1 - 2 * (x * x + y_ * y_)],
        ]
    )
    thrust = 18000.0 * (1.0 + 0.1 * sin(0.8 * t))
    d1, d2 = radians(1.5) * sin(2.0 * t), radians(1.0) * sin(1.3 * t + 0.5)
    force = thrust * np.array([sin(d2) * cos(d1), -sin(d1), cos(d1) * cos(d2)])
    inertia = np.array([9000.0, 9500.0, 2000.0])
    omega = y[10:13]
    moment = np.cross([0.0, 0.0, -3.0], force) - np.cross(omega, inertia * omega)
    p, q, r = omega
    turn = 0.5 * np.array(
        [
            -x * p - y_ * q - z * r,
            w * p + y_ * r - z * q,
            w * q + z * p - x * r,
            w * r + x * q - y_ * p,
        ]
    )
    acceleration = matrix @ force / 1500.0 - [0.0, 0.0, 9.80665]
    return np.concatenate([y[3:6], acceleration, turn, moment / inertia])


def test_composite__six_degrees_of_freedom_under_moving_thrust() -> None:
    """Thrust and both gimbal angles in sine: against scipy at 1e-12 and a reference end state."""
    case = body(
        *(1500.0, (9000.0, 9500.0, 2000.0)),
        site=dict(gravity_mps2=9.80665),
        engine=dict(thrust_vac_n=18000.0, isp_vac_s=1e30, gimbal_z_m=-3.0),
        start=dict(
            **dict(up_m=100.0, v_east_mps=2.0, v_north_mps=-1.0, v_up_mps=-5.0),
            **dict(omega_x_radps=0.02, omega_y_radps=-0.03, omega_z_radps=0.05),
        ),
    )
    waves = np.array(
        [
            [1.0, 0.1, 0.8, 0.0],
            [0.0, radians(1.5), 2.0, 0.0],
            [0.0, radians(1.0), 1.3, 0.5],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    flown = flight(case, 12.0, steps=(4, 10), waves=waves)
    start = [0, 0, 100.0, 2.0, -1.0, -5.0, 1.0, 0, 0, 0, 0.02, -0.03, 0.05]
    solved = solve_ivp(
        _composite_rates,
        (0.0, 12.0),
        start,
        "DOP853",
        np.arange(0, 12.01, 0.5),
        rtol=1e-12,
        atol=1e-12,
    )
    np.testing.assert_allclose(solved.y[:, -1], COMPOSITE_END, atol=1e-8)
    for k, t in enumerate(solved.t):
        # Commands are parabolas within a tick: amplitude (omega dt)^3 / 216, 3e-7 of 1.5 deg at 2
        # rad/s,
        # alternating in sign; the loops then integrate it twice over 12 s
        np.testing.assert_allclose(at(flown, t)[:13], solved.y[:, k], atol=2e-6)


def test_comparison__a_gimbal_of_the_wrong_sign_would_be_seen() -> None:
    start = [0, 0, 100.0, 2.0, -1.0, -5.0, 1.0, 0, 0, 0, 0.02, -0.03, 0.05]
    solved = solve_ivp(lambda t, y: _composite_rates(-t, y), (0.0, 12.0), start)
    assert np.max(np.abs(solved.y[:, -1] - COMPOSITE_END)) > 1.0
    assert sqrt(sum(c * c for c in COMPOSITE_END[6:10])) == pytest.approx(1.0, abs=1e-12)
