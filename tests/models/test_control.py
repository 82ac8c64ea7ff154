"""Control loops: figures of the linear loop, senses of every channel, limits."""

from math import pi, radians, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.structs import BaseEstimate, Command, Demand, Engine
from tests.models import vehicle
from tests.models.kit import interpreted
from tests.models.vehicle import filled, gains, plant, stage

physics = interpreted()
control = physics.control

DT = 0.02
REST = (0.0, 0.0, 0.0)
PLANT = plant(stage())
GRAVITY = 9.80665


def _base(**more: Any) -> BaseEstimate:
    at_rest = dict.fromkeys(("r_enu_m", "v_enu_mps", "omega_body_radps", "accel_body_mps2"), REST)
    return filled(
        BaseEstimate, **at_rest | {"q_body_to_enu": (1.0, 0.0, 0.0, 0.0), "mass_kg": 9000.0} | more
    )


def _demand(**more: Any) -> Demand:
    zero = dict.fromkeys(("r_enu_m", "v_enu_mps", "a_enu_mps2"), REST)
    return filled(Demand, **zero | more)


def _idle() -> Command:
    return filled(
        Command, integral_enu_mps2=REST, line=(0.0,) * 8, roll_line=(0.0,) * 4, roll_age_s=9.0
    )


def _leaning(*vector: float) -> tuple:
    return tuple(Rotation.from_rotvec(vector).as_quat(scalar_first=True))


def _command(
    base: BaseEstimate, demand: Demand, before: Command | None = None, g: Any = None
) -> Any:
    before = _idle() if before is None else before
    return control.advanced(
        before, base, demand, demand.cut_off > 0.0, True, gains() if g is None else g, PLANT, DT
    )


# --- attitude -------------------------------------------------------------------------------------


def test_attitude__linear_loop_is_second_order_with_its_frequency_and_damping() -> None:
    """theta / command = the step of w = 2 rad/s, zeta = 0.7: peak at 2.1996 s, overshoot 4.599 %.

    The command is an acceleration to the side; body, thrust and gimbal are ideal and as the
    software believes.
    """
    loop = gains()._replace(
        **dict(attitude_frequency_radps=2.0, attitude_damping_ratio=0.7),
        **dict(attitude_integral_per_s=0.0, lateral_frequency_radps=0.0),
    )
    asked = 1e-3
    demand = _demand(a_enu_mps2=(GRAVITY * asked, 0.0, 0.0))
    inertia = control._between(9000.0, PLANT.full_inertia_kgm2, PLANT.empty_inertia_kgm2, PLANT)
    arm = control._between(9000.0, PLANT.full_arm_m, PLANT.empty_arm_m, PLANT)

    def rate(y: np.ndarray) -> np.ndarray:
        base = _base(q_body_to_enu=_leaning(0.0, y[0], 0.0), omega_body_radps=(0.0, y[1], 0.0))
        told = _command(base, demand, g=loop)
        force = control.commanded_thrust(told.throttle, base, PLANT)
        push = np.multiply(force, physics.engine.direction(told.gimbal_x_rad, told.gimbal_y_rad))
        return np.array([y[1], np.cross((0.0, 0.0, -arm), push)[1] / inertia])

    y, dt = np.zeros(2), 2.199554812475247 / 200
    for _ in range(200):
        k1 = rate(y)
        k2 = rate(y + 0.5 * dt * k1)
        k3 = rate(y + 0.5 * dt * k2)
        k4 = rate(y + dt * k3)
        y = y + dt / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4)
    # Linear but for the sines of angles of 1 mrad
    assert y[0] / asked - 1.0 == pytest.approx(0.04598791026026775, abs=1e-5)
    assert y[1] / asked == pytest.approx(0.0, abs=1e-4)
    assert exp_overshoot(0.7) == pytest.approx(0.04598791026026775)


def exp_overshoot(zeta: float) -> float:
    """Overshoot of a second-order step: exp(-pi zeta / sqrt(1 - zeta^2))."""
    return float(np.exp(-pi * zeta / sqrt(1.0 - zeta * zeta)))


@pytest.mark.parametrize(("axis", "sign"), [(0, 1.0), (1, 1.0), (0, -1.0), (1, -1.0)])
def test_attitude__gimbal_turns_a_leaning_stage_upright(axis: int, sign: float) -> None:
    lean = np.zeros(3)
    lean[axis] = sign * 0.02
    told = _command(_base(q_body_to_enu=_leaning(*lean)), _demand())
    push = physics.engine.direction(told.gimbal_x_rad, told.gimbal_y_rad)
    moment = np.cross((0.0, 0.0, -4.5), push)
    assert moment[axis] * sign < -1e-4
    assert abs(moment[1 - axis]) < 1e-3 * abs(moment[axis])


@pytest.mark.parametrize("axis", [0, 1])
def test_attitude__gimbal_damps_a_turning_stage(axis: int) -> None:
    omega = np.zeros(3)
    omega[axis] = 0.05
    told = _command(_base(omega_body_radps=tuple(omega)), _demand())
    push = physics.engine.direction(told.gimbal_x_rad, told.gimbal_y_rad)
    # The turning base also swings the point whose velocity is fed back, which only adds to it
    assert np.cross((0.0, 0.0, -4.5), push)[axis] < 0.0


def test_attitude__gimbal_command_keeps_within_travel() -> None:
    told = _command(_base(omega_body_radps=(3.0, -3.0, 0.0)), _demand())
    assert abs(told.gimbal_x_rad) == pytest.approx(PLANT.gimbal_travel_rad)
    assert told.gimbal_x_rad == -told.gimbal_y_rad


# --- position -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("east", "north"), [(1.0, 0.0), (0.0, 1.0), (-0.7, 0.7)])
def test_lateral__leans_towards_where_the_reference_is(east: float, north: float) -> None:
    wanted = control.wanted_acceleration(
        _base(), _demand(r_enu_m=(east, north, 0.0)), REST, gains(), PLANT
    )
    axis = control.thrust_axis(wanted, gains())
    assert np.dot(axis[:2], (east, north)) > 0.0
    assert np.cross((*axis[:2], 0.0), (east, north, 0.0))[2] == pytest.approx(0.0, abs=1e-12)
    assert np.linalg.norm(axis) == pytest.approx(1.0)


def test_lateral__feeds_back_position_and_velocity_with_its_gains() -> None:
    g = gains()
    w, z = g.lateral_frequency_radps, g.lateral_damping_ratio
    upright = control.wanted_acceleration(
        _base(v_enu_mps=(0.3, 0.0, 0.0)), _demand(r_enu_m=(0.5, 0.0, 0.0)), REST, g, PLANT
    )
    assert upright[0] == pytest.approx(w * w * 0.5 - 2 * z * w * 0.3)
    wv, zv = g.vertical_frequency_radps, g.vertical_damping_ratio
    above = control.wanted_acceleration(
        _base(r_enu_m=(0.0, 0.0, 0.2)), _demand(v_enu_mps=(0.0, 0.0, -1.0)), REST, g, PLANT
    )
    assert above[2] == pytest.approx(-wv * wv * 0.2 - 2 * zv * wv)


def test_lateral__forgets_its_place_long_after_the_last_fix() -> None:
    lost = _base(r_enu_m=(5.0, 0.0, 0.0), since_fix_s=60.0)
    wanted = control.wanted_acceleration(lost, _demand(), REST, gains(), PLANT)
    assert wanted[0] == 0.0


def test_percussion_point__stays_put_when_the_gimbal_turns_the_stage() -> None:
    """A force at the gimbal does not accelerate the point I / (m l) above the centre of mass."""
    mass, inertia, arm, cg = 9000.0, 153e3, 4.5, 6.7
    side = 1000.0
    at_cg, turn = side / mass, -side * arm / inertia  # about y, push towards +x below the cg
    z = cg + inertia / (mass * arm)
    assert at_cg + turn * (z - cg) == pytest.approx(0.0, abs=1e-15)
    # The software's point: base turned about that point has not moved
    height = control._between(9000.0, PLANT.full_percussion_z_m, PLANT.empty_percussion_z_m, PLANT)
    lean = 0.01
    turned = Rotation.from_rotvec([0.0, lean, 0.0])
    base = np.array([0.0, 0.0, height]) - turned.apply([0.0, 0.0, height])
    r, _ = control.percussion_point(
        _base(r_enu_m=tuple(base), q_body_to_enu=tuple(turned.as_quat(scalar_first=True))), PLANT
    )
    assert r == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_thrust_axis__keeps_within_the_tilt_limit_and_the_right_side_up() -> None:
    g = gains()
    for wanted in ((50.0, 0.0, 0.0), (30.0, -40.0, -20.0), (0.0, 5.0, -300.0)):
        axis = control.thrust_axis(wanted, g)
        assert np.hypot(axis[0], axis[1]) / axis[2] <= g.tilt_limit_rad + 1e-12
        assert axis[2] > 0.9


def test_integral__is_held_within_its_limit_and_cleared_after_cut_off() -> None:
    far = _demand(r_enu_m=(1e4, -1e4, 1e4))
    told = _idle()
    for _ in range(50):
        told = _command(_base(), far, told)
    assert np.abs(told.integral_enu_mps2) == pytest.approx([2.0] * 3)
    off = _command(_base(), far._replace(cut_off=1.0), told)
    assert off.integral_enu_mps2 == (0.0, 0.0, 0.0)
    assert off.throttle == 0.0
    assert off.gimbal_x_rad == 0.0


# --- throttle and roll ----------------------------------------------------------------------------


@pytest.mark.parametrize(("lean", "up"), [(0.0, 0.0), (0.1, 0.0), (0.0, 1.0), (0.05, -1.0)])
def test_throttle__lifts_weight_and_wanted_acceleration_through_the_lean(
    lean: float, up: float
) -> None:
    base = _base(q_body_to_enu=_leaning(lean, 0.0, 0.0))
    setting = control.throttle(base, up, PLANT)
    engine = filled(Engine, thrust_vac_n=PLANT.thrust_vac_n, exit_area_m2=PLANT.exit_area_m2)
    thrust = physics.engine.thrust(setting, PLANT.ground_pressure_pa, engine)
    assert thrust * np.cos(lean) == pytest.approx(9000.0 * (GRAVITY + up), rel=1e-12)


def test_throttle__keeps_within_floor_and_full() -> None:
    assert control.throttle(_base(), -9.0, PLANT) == PLANT.throttle_min
    assert control.throttle(_base(), 20.0, PLANT) == 1.0
    sideways = _base(q_body_to_enu=_leaning(radians(90.0), 0.0, 0.0))
    assert PLANT.throttle_min <= control.throttle(sideways, 0.0, PLANT) <= 1.0


def test_throttle__allows_for_thinner_air_at_height() -> None:
    """1.19e-4 per metre is what the standard atmosphere loses of its pressure at 1,000 m."""
    high = control.commanded_thrust(0.5, _base(r_enu_m=(0.0, 0.0, 340.0)), PLANT)
    site = stage().site
    pressure = physics.atmosphere.air_at(340.0, site)[2]
    expected = 0.5 * PLANT.thrust_vac_n - pressure * PLANT.exit_area_m2
    assert high == pytest.approx(expected, rel=1e-3)


def test_roll__thrusters_turn_it_back_and_stay_on_for_the_minimum_pulse() -> None:
    turned = _base(q_body_to_enu=_leaning(0.0, 0.0, 0.05))
    told = _command(turned, _demand())
    assert told.roll == -1.0
    inside = _base(q_body_to_enu=_leaning(0.0, 0.0, 0.001))
    kept = _command(inside, _demand(), told)
    assert kept.roll == -1.0  # 20 ms of 40
    for _ in range(3):
        kept = _command(inside, _demand(), kept)
    assert kept.roll == 0.0
    spinning = _base(omega_body_radps=(0.0, 0.0, -0.1))
    assert _command(spinning, _demand()).roll == 1.0


def test_lines__keep_the_last_commands_newest_first() -> None:
    told = _idle()
    seen = []
    for height in (0.0, 1.0, 2.0):
        told = _command(_base(), _demand(r_enu_m=(0.0, 0.0, height)), told)
        seen.append(told.throttle)
    assert told.line[:3] == tuple(reversed(seen))
    assert told.line[3:] == (0.0,) * 5


def test_software__held_asks_for_the_start_setting_and_nothing_else() -> None:
    told = control.advanced(_idle(), _base(), _demand(), False, False, vehicle.gains(), PLANT, DT)
    assert told.throttle == vehicle.gains().start_throttle
    assert (told.gimbal_x_rad, told.gimbal_y_rad, told.roll) == (0.0, 0.0, 0.0)


def test_missed_cycle__leaves_the_actuators_their_last_command_and_the_loops_their_new_state() -> (
    None
):
    before = _idle()._replace(throttle=0.6, gimbal_x_rad=0.01, line=(0.6, 0.5, *[0.4] * 6))
    new = before._replace(
        **dict(throttle=0.7, gimbal_x_rad=0.02, roll=1.0, integral_enu_mps2=(0.1, 0.2, 0.3)),
        line=(0.7, 0.6, 0.5, *[0.4] * 5),
        roll_line=(1.0, *before.roll_line[:3]),
    )
    kept = control.kept_if_missed(True, before, new)
    assert (kept.throttle, kept.gimbal_x_rad, kept.roll) == (0.6, 0.01, before.roll)
    assert kept.line == (0.6, 0.6, 0.5, *[0.4] * 5)
    assert kept.integral_enu_mps2 == new.integral_enu_mps2
    assert control.kept_if_missed(False, before, new) == new
