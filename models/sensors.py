"""Sensors at their places on the vehicle, with bias, noise, scale and misalignment.

The inertial unit reports the exact change of its own attitude and velocity over the tick (so lever
arms, and the specific force between control ticks, are in it), spoilt by its errors. Satellite
navigation reports the antenna as it was some time ago. The altimeter looks along body -z and
reports slant range over the local ground plane.
Source: Titterton & Weston, Strapdown Inertial Navigation Technology, 2nd ed., chs. 4, 6 and 12
(error models); IEEE Std 952 (random walks: a sample's sigma is N / sqrt(dt)).
"""

from math import sqrt

import numpy as np

from models import noise
from models.elementary import exp
from models.jit import kernel
from models.rotation import conjugate, from_rotation_vector, multiply, rotate, to_rotation_vector
from models.structs import Aids, Increments, SensorMemory
from models.vectors import add, clip, cross, dot, scale, sub

_LIT = 0.05  # EST: throttle above which the plume raises dust
_STEEPEST = 0.5  # EST: cosine of the beam against the ground's normal below which no echo returns


@kernel
def point_motion(state, arm):
    """Position m and velocity m/s in enu of a point fixed in the vehicle."""
    q = state.q_body_to_enu
    r = add(state.r_enu_m, rotate(q, arm))
    v = add(state.v_enu_mps, rotate(q, cross(state.omega_body_radps, arm)))
    return r, v


@kernel
def imu_memory(state, imu, seed):
    """The inertial unit's memory at switch-on; its drift is drawn from the law it keeps.  §13.2"""
    zero = (0.0, 0.0, 0.0)
    _, v = point_motion(state, (imu.x_m, imu.y_m, imu.z_m))
    gx, gy, gz, _ = noise.normals(seed, noise.START, 4.0)
    ax, ay, az, _ = noise.normals(seed, noise.START, 5.0)
    gyro = scale(imu.gyro_instability_radps, (gx, gy, gz))
    accel = scale(imu.accel_instability_mps2, (ax, ay, az))
    return SensorMemory(v, zero, state.q_body_to_enu, zero, zero, gyro, accel)


@kernel
def _spoilt(true, bias, factor, twist):
    """Scale (true - twist x true) + bias: scale factor, misalignment and bias of a triad.

    twist: rotation of the unit's axes against the body's, rad.
    """
    return add(scale(factor, sub(true, cross(twist, true))), bias)


@kernel
def imu_increments(state, memory, support_mps2, imu, seed, tick, dt):
    """Angle (rad) and velocity (m/s) increments over the last tick, in the unit's axes.  §13.1

        dtheta = 2 vec(q_old* o q_new),   dv = R_mid* (v_new - v_old + g dt)

    support_mps2 is gravity as a vector up: what the clamps or the air hold against.
    """
    _, v = point_motion(state, (imu.x_m, imu.y_m, imu.z_m))
    turn = to_rotation_vector(multiply(conjugate(memory.q_body_to_enu), state.q_body_to_enu))
    half = multiply(memory.q_body_to_enu, from_rotation_vector(scale(0.5, turn)))
    felt = rotate(conjugate(half), add(sub(v, memory.v_enu_mps), scale(dt, support_mps2)))

    gx, gy, gz, ax, ay, az = noise.six_normals(seed, noise.GYRO, noise.ACCELEROMETER, tick)
    root = sqrt(dt)
    twist = (imu.misalignment_x_rad, imu.misalignment_y_rad, imu.misalignment_z_rad)
    gyro_bias = add(
        (imu.gyro_bias_x_radps, imu.gyro_bias_y_radps, imu.gyro_bias_z_radps),
        add(memory.gyro_walk_radps, memory.gyro_drift_radps),
    )
    accel_bias = add(
        (imu.accel_bias_x_mps2, imu.accel_bias_y_mps2, imu.accel_bias_z_mps2),
        add(memory.accel_walk_mps2, memory.accel_drift_mps2),
    )
    angle = _spoilt(turn, scale(dt, gyro_bias), imu.gyro_scale, twist)
    velocity = _spoilt(felt, scale(dt, accel_bias), imu.accel_scale, twist)
    angle = add(angle, scale(imu.gyro_noise_radps_rthz * root, (gx, gy, gz)))
    velocity = add(velocity, scale(imu.accel_noise_mps2_rthz * root, (ax, ay, az)))
    accel = scale(1.0 / max(dt, 1.0e-9), sub(v, memory.v_enu_mps))
    kept = SensorMemory(
        v, accel, state.q_body_to_enu, memory.gyro_walk_radps, memory.accel_walk_mps2,
        memory.gyro_drift_radps, memory.accel_drift_mps2,
    )  # fmt: skip
    return Increments(angle, velocity), kept


@kernel
def wander(memory, imu, seed, tick, dt):
    """The inertial unit's memory with its slow errors an interval later.  §13.2

    Random walks, and the in-run instability as a first-order Gauss-Markov process:
        x+ = e x + sigma sqrt(1 - e^2) n,   e = exp(-dt / T)
    """
    gx, gy, gz, _ = noise.normals(seed, noise.GYRO_WALK, tick)
    ax, ay, az, _ = noise.normals(seed, noise.ACCELEROMETER_WALK, tick)
    root = sqrt(dt)
    gyro = add(memory.gyro_walk_radps, scale(imu.gyro_walk_radps2_rthz * root, (gx, gy, gz)))
    accel = add(memory.accel_walk_mps2, scale(imu.accel_walk_mps3_rthz * root, (ax, ay, az)))
    gx, gy, gz, _ = noise.normals(seed, noise.GYRO_INSTABILITY, tick)
    ax, ay, az, _ = noise.normals(seed, noise.ACCELEROMETER_INSTABILITY, tick)
    e = exp(-dt / max(imu.instability_time_s, 1.0e-3))
    fresh = sqrt(max(1.0 - e * e, 0.0))
    gyro_new = scale(fresh * imu.gyro_instability_radps, (gx, gy, gz))
    accel_new = scale(fresh * imu.accel_instability_mps2, (ax, ay, az))
    return SensorMemory(
        memory.v_enu_mps, memory.accel_enu_mps2, memory.q_body_to_enu, gyro, accel,
        add(scale(e, memory.gyro_drift_radps), gyro_new),
        add(scale(e, memory.accel_drift_mps2), accel_new),
    )  # fmt: skip


@kernel
def ageing_error(time_s, gnss):
    """One sigma of what the age of the correction adds to a position, m.  §13.3

    The age grows from one correction to the next. A published growth of an RTK receiver's error: 1
    cm/s up to 2 s, 2 cm/s up to 7 s, 5 cm/s up to 30 s.
    """
    interval = max(gnss.correction_interval_s, 1.0e-9)
    time = time_s + gnss.correction_phase_s
    since = time - interval * np.floor(time / interval)
    age = gnss.correction_delay_s + (since if gnss.correction_interval_s > 0.0 else 0.0)
    first, second, third = min(age, 2.0), clip(age - 2.0, 0.0, 5.0), clip(age - 7.0, 0.0, 23.0)
    return 0.01 * first + 0.02 * second + 0.05 * third


@kernel
def _satellite(state, accel_enu_mps2, gnss, seed, tick, time_s):
    """Antenna position m and velocity m/s in enu, a latency ago (to first order), with errors.

    accel_enu_mps2: the inertial unit's over the last tick; the antenna is two metres from it.
    """
    r, v = point_motion(state, (gnss.x_m, gnss.y_m, gnss.z_m))
    pe, pn, pu, _ = noise.normals(seed, noise.GNSS_POSITION, tick)
    ve, vn, vu, _ = noise.normals(seed, noise.GNSS_VELOCITY, tick)
    r = sub(r, scale(gnss.latency_s, v))
    aged = ageing_error(time_s, gnss)
    r = (
        r[0] + gnss.bias_east_m + aged * gnss.age_error_east + gnss.horizontal_noise_m * pe,
        r[1] + gnss.bias_north_m + aged * gnss.age_error_north + gnss.horizontal_noise_m * pn,
        r[2] + gnss.bias_up_m + aged * gnss.age_error_up + gnss.vertical_noise_m * pu,
    )
    v = sub(v, scale(gnss.latency_s, accel_enu_mps2))
    return r, add(v, scale(gnss.velocity_noise_mps, (ve, vn, vu)))


@kernel
def _echo(state, normal, altimeter, seed, tick):
    """Slant range along the beam, m, with its errors, and whether there is an echo at all.  §13.3

    The beam points along body -z but for its boresight error. Noise is the larger of a constant and
    a share of the range.
    """
    a = altimeter
    place, _ = point_motion(state, (a.x_m, a.y_m, a.z_m))
    bx, by = a.boresight_x_rad, a.boresight_y_rad
    along = 1.0 - 0.5 * (bx * bx + by * by)
    down = rotate(state.q_body_to_enu, (-by, bx, -along))
    steep = -dot(normal, down)
    height = dot(normal, place)
    true_range = height / max(steep, 0.1)
    n0, _, _, _ = noise.normals(seed, noise.ALTIMETER, tick)
    sigma = max(a.noise_m, a.noise_fraction * true_range)
    dusty = state.throttle > _LIT and height < a.dropout_height_m
    seen = true_range < a.max_range_m and steep > _STEEPEST and not dusty
    return true_range + a.bias_m + sigma * n0, seen


@kernel
def aids(state, memory, normal, fix, echo, case, tick, time_s):
    """Satellite fix and altimeter return of this tick; fix, echo: 0 where none comes.  §13.3"""
    r, v = _satellite(state, memory.accel_enu_mps2, case.gnss, case.seed, tick, time_s)
    range_m, seen = _echo(state, normal, case.altimeter, case.seed, tick)
    return Aids(fix, r, v, echo if seen else 0.0, range_m)
