"""Strapdown navigation with Kalman updates from satellite fixes and the altimeter.

The state is the inertial unit's. Error states per axis: position, velocity, acceleration bias (which takes up the
accelerometer's bias and gravity seen through the tilt error), on the vertical axis also the altimeter's bias. East
and north share one covariance. Attitude is the gyros' from alignment on. Updates are sequential and scalar.
Source: Brown & Hwang, Introduction to Random Signals and Applied Kalman Filtering, 4th ed., secs. 4.2, 8.10;
Groves, Principles of GNSS, Inertial, and Multisensor Integrated Navigation Systems, 2nd ed., ch. 5, 14.
"""

from math import sqrt

from models.jit import kernel
from models.rotation import from_rotation_vector, multiply, normalised, rotate, up_in_body
from models.structs import BaseEstimate, Estimate
from models.vectors import add, cross, scale, sub


_LEAST_VARIANCE = 1.0e-12  # of an innovation: sensors without noise are allowed


@kernel
def propagated(est, measured, gravity_mps2, flow_kgps, elapsed, dt):
    """The estimate one inertial tick later (elapsed = dt; 0 on the first tick).                §14.1

    q+ = q o dq(dtheta),   v+ = v + R_mid dv - (g up + b) dt,   r+ = r + (v + v+) dt / 2
    """
    half = multiply(est.q_body_to_enu, from_rotation_vector(scale(0.5, measured.angle_body_rad)))
    q = normalised(multiply(est.q_body_to_enu, from_rotation_vector(measured.angle_body_rad)))
    felt = rotate(half, measured.velocity_body_mps)
    lost = add((0.0, 0.0, gravity_mps2), est.bias_enu_mps2)
    v = add(est.v_enu_mps, sub(felt, scale(elapsed, lost)))
    r = add(est.r_enu_m, scale(0.5 * elapsed, add(est.v_enu_mps, v)))
    return Estimate(
        r, v, q,
        scale(1.0 / dt, measured.angle_body_rad),
        scale(1.0 / dt, measured.velocity_body_mps),
        est.bias_enu_mps2, est.altimeter_bias_m,
        est.h_pp, est.h_pv, est.h_pb, est.h_vv, est.h_vb, est.h_bb,
        est.u_pp, est.u_pv, est.u_pb, est.u_pa, est.u_vv, est.u_vb, est.u_va, est.u_bb, est.u_ba, est.u_aa,
        est.mass_kg - flow_kgps * dt,
        est.since_fix_s + dt,
    )  # fmt: skip


@kernel
def at_base(est, imu):
    """The estimate brought from the inertial unit to the base centre."""
    arm = (imu.x_m, imu.y_m, imu.z_m)
    r = sub(est.r_enu_m, rotate(est.q_body_to_enu, arm))
    v = sub(est.v_enu_mps, rotate(est.q_body_to_enu, cross(est.omega_body_radps, arm)))
    return BaseEstimate(
        r, v, est.q_body_to_enu, est.omega_body_radps, est.accel_body_mps2, est.mass_kg, est.since_fix_s
    )  # fmt: skip


@kernel
def _grown(pp, pv, pb, vv, vb, bb, q_v, q_b, dt):
    """Covariance of (position, velocity, bias) an interval later:  F P F^T + Q.                §14.2

    F = [1 dt -dt^2/2; 0 1 -dt; 0 0 1],  Q of white acceleration noise q_v and bias walk q_b
    """
    h = 0.5 * dt * dt
    a_pp = pp + dt * pv - h * pb
    a_pv = pv + dt * vv - h * vb
    a_pb = pb + dt * vb - h * bb
    a_vv = vv - dt * vb
    a_vb = vb - dt * bb
    return (
        a_pp + dt * a_pv - h * a_pb + q_v * dt * dt * dt / 3.0,
        a_pv - dt * a_pb + 0.5 * q_v * dt * dt,
        a_pb,
        a_vv - dt * a_vb + q_v * dt,
        a_vb,
        bb + q_b * dt,
    )


@kernel
def _fused_horizontal(est, aid, antenna, latency, noise_p, noise_v):
    """East and north corrected by a position, then a velocity fix.                             §14.3"""
    pp, pv, pb = est.h_pp, est.h_pv, est.h_pb
    vv, vb, bb = est.h_vv, est.h_vb, est.h_bb
    s = aid.fix / max(pp + noise_p * noise_p, _LEAST_VARIANCE)
    kp, kv, kb = s * pp, s * pv, s * pb
    e = aid.r_enu_m[0] - (antenna[0] - latency * est.v_enu_mps[0])
    n = aid.r_enu_m[1] - (antenna[1] - latency * est.v_enu_mps[1])
    re, rn = kp * e, kp * n
    ve, vn = kv * e, kv * n
    be, bn = kb * e, kb * n
    pp, pv, pb, vv, vb, bb = (
        pp - kp * pp, pv - kp * pv, pb - kp * pb, vv - kv * pv, vb - kv * pb, bb - kb * pb
    )  # fmt: skip
    s = aid.fix / max(vv + noise_v * noise_v, _LEAST_VARIANCE)
    kp, kv, kb = s * pv, s * vv, s * vb
    e = aid.v_enu_mps[0] - (antenna[3] + ve)
    n = aid.v_enu_mps[1] - (antenna[4] + vn)
    pp, pv, pb, vv, vb, bb = (
        pp - kp * pv, pv - kp * vv, pb - kp * vb, vv - kv * vv, vb - kv * vb, bb - kb * vb
    )  # fmt: skip
    shift_e = (re + kp * e, ve + kv * e, be + kb * e)
    shift_n = (rn + kp * n, vn + kv * n, bn + kb * n)
    return (pp, pv, pb, vv, vb, bb), shift_e, shift_n


@kernel
def _update4(p, h0, h1, h3, innovation, noise, valid, x):
    """One scalar update of the vertical filter (position, velocity, bias, altimeter bias).     §14.4

    Measurement h0 p + h1 v + h3 a. Returns covariance (pp pv pb pa vv vb va bb ba aa) and correction x.
    """
    pp, pv, pb, pa, vv, vb, va, bb, ba, aa = p
    c0 = h0 * pp + h1 * pv + h3 * pa
    c1 = h0 * pv + h1 * vv + h3 * va
    c2 = h0 * pb + h1 * vb + h3 * ba
    c3 = h0 * pa + h1 * va + h3 * aa
    s = valid / max(h0 * c0 + h1 * c1 + h3 * c3 + noise * noise, _LEAST_VARIANCE)
    k0, k1, k2, k3 = s * c0, s * c1, s * c2, s * c3
    left = innovation - (h0 * x[0] + h1 * x[1] + h3 * x[3])
    grown = (
        pp - k0 * c0, pv - k0 * c1, pb - k0 * c2, pa - k0 * c3, vv - k1 * c1,
        vb - k1 * c2, va - k1 * c3, bb - k2 * c2, ba - k2 * c3, aa - k3 * c3,
    )  # fmt: skip
    return grown, (x[0] + k0 * left, x[1] + k1 * left, x[2] + k2 * left, x[3] + k3 * left)


@kernel
def aided(est, aid, design, tuning, dt):
    """The estimate after one aiding interval: covariance grown, then fix and altimeter fused.   §14"""
    g, a, imu = design.gnss, design.altimeter, design.imu
    q = est.q_body_to_enu
    arm = (g.x_m - imu.x_m, g.y_m - imu.y_m, g.z_m - imu.z_m)
    lever = rotate(q, arm)
    swing = rotate(q, cross(est.omega_body_radps, arm))
    r_antenna = add(est.r_enu_m, lever)
    v_antenna = add(est.v_enu_mps, swing)
    antenna = (
        r_antenna[0] - g.latency_s * swing[0], r_antenna[1] - g.latency_s * swing[1], r_antenna[2],
        v_antenna[0], v_antenna[1], v_antenna[2],
    )  # fmt: skip

    q_v = imu.accel_noise_mps2_rthz**2 + tuning.accel_noise_mps2_rthz**2
    q_b = tuning.bias_walk_mps3_rthz**2
    grown = _grown(est.h_pp, est.h_pv, est.h_pb, est.h_vv, est.h_vb, est.h_bb, q_v, q_b, dt)
    before = Estimate(
        est.r_enu_m, est.v_enu_mps, q, est.omega_body_radps, est.accel_body_mps2, est.bias_enu_mps2,
        est.altimeter_bias_m, grown[0], grown[1], grown[2], grown[3], grown[4], grown[5],
        est.u_pp, est.u_pv, est.u_pb, est.u_pa, est.u_vv, est.u_vb, est.u_va, est.u_bb, est.u_ba, est.u_aa,
        est.mass_kg, est.since_fix_s,
    )  # fmt: skip
    h, east, north = _fused_horizontal(
        before, aid, antenna, g.latency_s, g.horizontal_noise_m, g.velocity_noise_mps
    )

    up = _grown(est.u_pp, est.u_pv, est.u_pb, est.u_vv, est.u_vb, est.u_bb, q_v, q_b, dt)
    u_pa = est.u_pa + dt * est.u_va - 0.5 * dt * dt * est.u_ba
    u_va = est.u_va - dt * est.u_ba
    p = (up[0], up[1], up[2], u_pa, up[3], up[4], u_va, up[5], est.u_ba, est.u_aa)
    x = (0.0, 0.0, 0.0, 0.0)
    late = aid.r_enu_m[2] - (r_antenna[2] - g.latency_s * v_antenna[2])
    p, x = _update4(p, 1.0, -g.latency_s, 0.0, late, g.vertical_noise_m, aid.fix, x)
    p, x = _update4(
        p, 0.0, 1.0, 0.0, aid.v_enu_mps[2] - v_antenna[2], g.velocity_noise_mps, aid.fix, x
    )
    cosine = up_in_body(q)[2]
    place = rotate(q, (a.x_m - imu.x_m, a.y_m - imu.y_m, a.z_m - imu.z_m))
    height = aid.range_m * cosine
    sigma = max(a.noise_m, a.noise_fraction * aid.range_m)
    innovation = height - (est.r_enu_m[2] + place[2] + est.altimeter_bias_m)
    p, x = _update4(p, 1.0, 0.0, 1.0, innovation, sigma, aid.echo, x)
    return Estimate(
        add(est.r_enu_m, (east[0], north[0], x[0])),
        add(est.v_enu_mps, (east[1], north[1], x[1])),
        q, est.omega_body_radps, est.accel_body_mps2,
        add(est.bias_enu_mps2, (east[2], north[2], x[2])),
        est.altimeter_bias_m + x[3],
        h[0], h[1], h[2], h[3], h[4], h[5],
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
        est.mass_kg,
        est.since_fix_s if aid.fix == 0.0 else 0.0,
    )  # fmt: skip


@kernel
def aligned(state, case, design, tuning, mass_kg, noise4, noise4b):
    """The estimate at switch-on: surveyed position, attitude off by the alignment errors.

    Position and velocity start from one draw of their initial errors (noise4, noise4b: standard normals).
    """
    imu = design.imu
    off = from_rotation_vector((case.alignment.x_rad, case.alignment.y_rad, case.alignment.z_rad))
    q = multiply(off, state.q_body_to_enu)
    arm = (imu.x_m, imu.y_m, imu.z_m)
    r = add(state.r_enu_m, rotate(state.q_body_to_enu, arm))
    v = add(state.v_enu_mps, rotate(state.q_body_to_enu, cross(state.omega_body_radps, arm)))
    s_p, s_v, s_b, s_a = (
        tuning.start_position_m, tuning.start_velocity_mps, tuning.bias_mps2, tuning.altimeter_bias_m
    )  # fmt: skip
    r = add(r, scale(s_p * tuning.start_errors, (noise4[0], noise4[1], noise4[2])))
    v = add(v, scale(s_v * tuning.start_errors, (noise4b[0], noise4b[1], noise4b[2])))
    zero = (0.0, 0.0, 0.0)
    return Estimate(
        r, v, q, zero, zero, zero, 0.0,
        s_p * s_p, 0.0, 0.0, s_v * s_v, 0.0, s_b * s_b,
        s_p * s_p, 0.0, 0.0, 0.0, s_v * s_v, 0.0, 0.0, s_b * s_b, 0.0, s_a * s_a,
        mass_kg, 0.0,
    )  # fmt: skip


@kernel
def _nees2(dp, dv, pp, pv, vv):
    """(dp dv) P^-1 (dp dv)^T for a covariance of two."""
    return (vv * dp * dp - 2.0 * pv * dp * dv + pp * dv * dv) / max(pp * vv - pv * pv, 1.0e-30)


@kernel
def nees(est, r_true, v_true, tuning):
    """Normalised estimation error squared of position and velocity; chi-square with 6 degrees of freedom.

    The bias of the satellite fix cannot be seen by the filter: its variance is added as a consider term, upwards
    half as much again in sigma, as the fix's noise (RTK: 2 cm horizontal, 3 cm vertical).
    """
    d = sub(est.r_enu_m, r_true)
    e = sub(est.v_enu_mps, v_true)
    fix2 = tuning.gnss_bias_m * tuning.gnss_bias_m
    h_pp = est.h_pp + fix2
    return (
        _nees2(d[0], e[0], h_pp, est.h_pv, est.h_vv)
        + _nees2(d[1], e[1], h_pp, est.h_pv, est.h_vv)
        + _nees2(d[2], e[2], est.u_pp + 2.25 * fix2, est.u_pv, est.u_vv)
    )


@kernel
def sigma_horizontal(est):
    """Standard deviation of the horizontal position the filter believes in, m."""
    return sqrt(max(est.h_pp, 0.0))
