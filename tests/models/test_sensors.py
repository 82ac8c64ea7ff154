"""Sensors: increments of known motions, errors as defined, geometry; noise: `hoverslam verify`."""

from math import cos, pi, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models import sensors as compiled
from models.structs import Gnss, Imu, Seed, SensorMemory, State
from tests.models.kit import interpreted
from tests.models.vehicle import changed, filled, quiet, stage

physics = interpreted()
sensors = physics.sensors

SEED = Seed(21.0, 4.0)
DT = 0.02
UP = (0.0, 0.0, 1.0)
SUPPORT = (0.0, 0.0, 9.80665)
PERFECT = filled(Imu)
STEADY = filled(SensorMemory, accel_enu_mps2=(0.0, 0.0, 0.0))


def _state(**more: Any) -> Any:
    at_rest = dict.fromkeys(("r_enu_m", "v_enu_mps", "omega_body_radps"), (0.0,) * 3)
    return filled(State, **at_rest | {"q_body_to_enu": (1.0, 0.0, 0.0, 0.0)} | more)


def _turned(*vector: float) -> tuple:
    return tuple(Rotation.from_rotvec(vector).as_quat(scalar_first=True))


# --- inertial unit --------------------------------------------------------------------------------


def test_imu__at_rest_feels_what_holds_it_up() -> None:
    """Upright: g along z. Leaning towards +x by 0.1 rad: -g sin 0.1 along x."""
    for lean in (0.0, 0.1):
        state = _state(q_body_to_enu=_turned(0.0, lean, 0.0))
        memory = sensors.imu_memory(state, PERFECT, SEED)
        measured, _ = sensors.imu_increments(state, memory, SUPPORT, PERFECT, SEED, 3.0, DT)
        expected = 9.80665 * DT * np.array([-np.sin(lean), 0.0, np.cos(lean)])
        np.testing.assert_allclose(measured.velocity_body_mps, expected, atol=1e-12)
        np.testing.assert_allclose(measured.angle_body_rad, 0.0, atol=1e-12)


def test_imu__in_free_fall_feels_nothing() -> None:
    before = _state(v_enu_mps=(3.0, 0.0, 5.0))
    after = _state(v_enu_mps=(3.0, 0.0, 5.0 - 9.80665 * DT))
    memory = sensors.imu_memory(before, PERFECT, SEED)
    measured, _ = sensors.imu_increments(after, memory, SUPPORT, PERFECT, SEED, 3.0, DT)
    np.testing.assert_allclose(measured.velocity_body_mps, 0.0, atol=1e-12)


def test_imu__off_the_axis_feels_the_turning() -> None:
    """A steady spin of 2 rad/s about z in free fall: centripetal -omega^2 r at 0.4 m."""
    imu, spin, arm = PERFECT._replace(x_m=0.4), 2.0, 0.4
    angles = [spin * k * DT for k in (0, 1)]
    before, after = (
        _state(q_body_to_enu=_turned(0, 0, a), omega_body_radps=(0, 0, spin)) for a in angles
    )
    measured, _ = sensors.imu_increments(
        after, sensors.imu_memory(before, imu, SEED), (0.0,) * 3, imu, SEED, 3.0, DT
    )
    # Mean over the tick of a vector that turns with the body: shorter by (spin dt)^2 / 24
    np.testing.assert_allclose(
        measured.velocity_body_mps, [-spin * spin * arm * DT, 0.0, 0.0], rtol=1e-4, atol=1e-12
    )
    np.testing.assert_allclose(measured.angle_body_rad, [0.0, 0.0, spin * DT], atol=1e-9)


def test_imu__errors_enter_as_defined() -> None:
    imu = PERFECT._replace(
        **dict(gyro_bias_x_radps=0.01, gyro_scale=1.001, accel_bias_z_mps2=0.05, accel_scale=0.998),
        misalignment_y_rad=0.002,
    )
    before, after = _state(), _state(q_body_to_enu=_turned(0.0, 0.0, 0.01))
    measured, _ = sensors.imu_increments(
        after, sensors.imu_memory(before, imu, SEED), SUPPORT, imu, SEED, 3.0, DT
    )
    # Axes turned by +0.002 about y: the unit's x axis dips and sees -0.002 of what is on z
    assert measured.angle_body_rad == pytest.approx(
        (0.01 * DT - 1.001 * 0.002 * 0.01, 0.0, 1.001 * 0.01), abs=1e-9
    )
    assert measured.velocity_body_mps == pytest.approx(
        (-0.998 * 0.002 * 9.80665 * DT, 0.0, (0.998 * 9.80665 + 0.05) * DT), abs=1e-9
    )


# --- satellite fix --------------------------------------------------------------------------------


def test_gnss__is_the_antenna_a_latency_ago() -> None:
    case = quiet(stage())
    case = changed(case, gnss=dict(x_m=1.5, y_m=0.0, z_m=15.0, latency_s=0.1, bias_east_m=0.03))
    state = _state(
        **dict(r_enu_m=(10.0, 20.0, 30.0), v_enu_mps=(1.0, 2.0, -3.0)),
        omega_body_radps=(0.0, 0.2, 0.0),
    )
    speeding = STEADY._replace(accel_enu_mps2=(0.5, 0.0, 2.0))
    found = sensors.aids(state, speeding, UP, 1.0, 1.0, case, 5.0, 0.1)
    # omega x arm = (0.2 * 15, 0, -0.2 * 1.5); a tenth of a second ago it was slower by a / 10
    assert found.v_enu_mps == pytest.approx((4.0 - 0.05, 2.0, -3.3 - 0.2))
    assert found.r_enu_m == pytest.approx((11.5 - 0.4 + 0.03, 20.0 - 0.2, 45.0 + 0.33), abs=1e-12)
    assert found.fix == 1.0


def test_gnss__noise_has_its_sigma_on_each_axis() -> None:
    case = changed(
        stage(),
        gnss=Gnss(0.0, 0.0, 0.0, 0.02, 0.05, 0.03, 0.0)._asdict(),
        altimeter=dict(noise_m=0.07, noise_fraction=0.005),
    )
    state = _state(r_enu_m=(0.0, 0.0, 10.0))
    rows = []
    for tick in range(3000):
        found = compiled.aids(state, STEADY, UP, 1.0, 1.0, case, float(tick), 0.0)
        rows.append((*found.r_enu_m, *found.v_enu_mps, found.range_m))
    sigma = np.std(rows, axis=0)
    expected = np.array([0.02, 0.02, 0.05, 0.03, 0.03, 0.03, 0.07])
    np.testing.assert_allclose(sigma, expected, rtol=4.0 / sqrt(2 * 3000))
    assert np.max(np.abs(np.corrcoef(np.transpose(rows)) - np.eye(7))) < 5.0 / sqrt(3000)


@pytest.mark.parametrize(
    ("time_s", "error_m"),
    # Age 1.5 s as a correction comes, up to 4.5 s as the next one is due
    [(0.0, 0.015), (0.5, 0.020), (1.5, 0.040), (2.999, 0.06998), (3.0, 0.015), (7.0, 0.030)],
)
def test_gnss__error_grows_with_the_age_of_the_correction(time_s: float, error_m: float) -> None:
    """1 cm/s up to 2 s, 2 cm/s up to 7 s, as published for an RTK receiver."""
    ageing = dict(
        **dict(correction_delay_s=1.5, correction_interval_s=3.0),
        **dict(age_error_east=1.0, age_error_up=-2.0),
    )
    state = _state(r_enu_m=(0.0, 0.0, 10.0))
    fresh = sensors.aids(state, STEADY, UP, 1.0, 1.0, quiet(stage()), 5.0, time_s)
    aged = sensors.aids(
        state, STEADY, UP, 1.0, 1.0, changed(quiet(stage()), gnss=ageing), 5.0, time_s
    )
    moved = np.subtract(aged.r_enu_m, fresh.r_enu_m)
    np.testing.assert_allclose(moved, [error_m, 0.0, -2.0 * error_m], atol=1e-12)


def test_gnss__correction_that_is_lost_ages_on_by_5_cm_a_second() -> None:
    lost = filled(Gnss, correction_delay_s=10.0)
    assert sensors.ageing_error(40.0, lost) == pytest.approx(0.02 + 0.10 + 0.15)


# --- altimeter ------------------------------------------------------------------------------------


def _echo(height: float, lean: float, throttle: float = 0.5, **altimeter: float) -> Any:
    case = changed(quiet(stage()), altimeter={"z_m": 0.0} | altimeter)
    state = _state(
        **dict(r_enu_m=(0.0, 0.0, height), q_body_to_enu=_turned(0.0, lean, 0.0)),
        throttle=throttle,
    )
    return sensors.aids(state, STEADY, UP, 1.0, 1.0, case, 5.0, 0.1)


def test_altimeter__reports_the_slant_range_by_tilt() -> None:
    assert _echo(100.0, 0.0).range_m == pytest.approx(100.0)
    assert _echo(100.0, 0.2).range_m == pytest.approx(100.0 / cos(0.2))
    assert _echo(100.0, 0.0, bias_m=0.08).range_m == pytest.approx(100.08)


def test_altimeter__boresight_turns_the_beam_with_the_body() -> None:
    """Leaning by the same angle about the same axis, or against it."""
    lean = _echo(100.0, 0.0, boresight_y_rad=0.02).range_m
    assert lean == pytest.approx(100.0 / cos(0.02), rel=1e-7)
    assert _echo(100.0, 0.1, boresight_y_rad=0.02).range_m == pytest.approx(
        100.0 / cos(0.12), rel=1e-6
    )
    assert _echo(100.0, 0.1, boresight_y_rad=-0.02).range_m == pytest.approx(
        100.0 / cos(0.08), rel=1e-6
    )
    case = changed(quiet(stage()), altimeter=dict(y_m=0.0, z_m=0.0, boresight_x_rad=0.02))
    leant = _state(r_enu_m=(0.0, 0.0, 100.0), q_body_to_enu=_turned(0.1, 0.0, 0.0), throttle=0.5)
    found = sensors.aids(leant, STEADY, UP, 1.0, 1.0, case, 5.0, 0.1)
    assert found.range_m == pytest.approx(100.0 / cos(0.12), rel=1e-6)
    assert _echo(100.0, 0.1, boresight_x_rad=0.02).range_m == pytest.approx(
        100.0 / (cos(0.1) * cos(0.02)), rel=1e-6
    )


def test_altimeter__has_no_return_in_its_own_dust_beyond_range_or_past_60_deg() -> None:
    assert _echo(100.0, 0.0).echo == 1.0
    assert _echo(3.9, 0.0).echo == 0.0  # drop-out below 4 m under power
    assert _echo(3.9, 0.0, throttle=0.0).echo == 1.0
    assert _echo(1001.0, 0.0).echo == 0.0
    assert _echo(100.0, pi / 3 + 0.05).echo == 0.0
    assert sensors.aids(_state(), STEADY, UP, 0.0, 0.0, stage(), 5.0, 0.1).echo == 0.0


def test_memory__walks_start_at_zero() -> None:
    memory = sensors.imu_memory(_state(), PERFECT, SEED)
    assert isinstance(memory, tuple)
    assert memory._fields == SensorMemory._fields
    assert not np.any([memory.gyro_walk_radps, memory.accel_walk_mps2])
