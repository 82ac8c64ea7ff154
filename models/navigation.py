"""Strapdown navigation with Kalman updates from satellite fixes and the altimeter.

The state is the inertial unit's. Error states per axis: position, velocity, acceleration bias
(which takes up the accelerometer's bias and gravity seen through the tilt error), on the vertical
axis also the altimeter's bias. The slow error of the satellite fix is not estimated but considered
(Schmidt-Kalman): its correlation with the states is kept, so that the filter knows what averaging
does not take away. East and north share one covariance. Attitude is the gyros' from alignment on.
Updates are sequential and scalar.
Source: Brown & Hwang, Introduction to Random Signals and Applied Kalman Filtering, 4th ed., ch. 4;
Schmidt, Advances in Control Systems 3 (1966) 293; Groves, Principles of GNSS, Inertial, and
Multisensor Integrated Navigation Systems, 2nd ed., chs. 5 and 14.
"""

from models.jit import kernel
from models.rotation import from_rotation_vector, multiply, normalised, rotate, up_in_body
from models.structs import BaseEstimate, Estimate, HorizontalCovariance, VerticalCovariance
from models.vectors import add, cross, scale, sub

_LEAST_VARIANCE = 1.0e-12  # of an innovation: sensors without noise are allowed


@kernel
def propagated(est, measured, gravity_mps2, flow_kgps, elapsed, dt):
    """The estimate one inertial tick later (elapsed = dt; 0 on the first tick).  §14.1

    q+ = q o dq(dtheta),   v+ = v + R_mid dv - (g up + b) dt,   r+ = r + (v + v+) dt / 2
    """
    half = multiply(est.q_body_to_enu, from_rotation_vector(scale(0.5, measured.angle_body_rad)))
    q = normalised(multiply(est.q_body_to_enu, from_rotation_vector(measured.angle_body_rad)))
    felt = rotate(half, measured.velocity_body_mps)
    lost = add((0.0, 0.0, gravity_mps2), est.bias_enu_mps2)
    v = add(est.v_enu_mps, sub(felt, scale(elapsed, lost)))
    return Estimate(
        r_enu_m=add(est.r_enu_m, scale(0.5 * elapsed, add(est.v_enu_mps, v))),
        v_enu_mps=v,
        q_body_to_enu=q,
        omega_body_radps=scale(1.0 / dt, measured.angle_body_rad),
        accel_body_mps2=scale(1.0 / dt, measured.velocity_body_mps),
        bias_enu_mps2=est.bias_enu_mps2,
        altimeter_bias_m=est.altimeter_bias_m,
        horizontal=est.horizontal,
        vertical=est.vertical,
        mass_kg=est.mass_kg - flow_kgps * dt,
        since_fix_s=est.since_fix_s + dt,
    )


@kernel
def at_base(est, imu):
    """The estimate brought from the inertial unit to the base centre."""
    arm = (imu.x_m, imu.y_m, imu.z_m)
    return BaseEstimate(
        r_enu_m=sub(est.r_enu_m, rotate(est.q_body_to_enu, arm)),
        v_enu_mps=sub(est.v_enu_mps, rotate(est.q_body_to_enu, cross(est.omega_body_radps, arm))),
        q_body_to_enu=est.q_body_to_enu,
        omega_body_radps=est.omega_body_radps,
        accel_body_mps2=est.accel_body_mps2,
        mass_kg=est.mass_kg,
        since_fix_s=est.since_fix_s,
    )


@kernel
def _grown(p, q_v, q_b, dt):
    """Covariance of (position, velocity, bias) an interval later:  F P F^T + Q, F C.  §14.2

    F = [1 dt -dt^2/2; 0 1 -dt; 0 0 1],  Q of white acceleration noise q_v and bias walk q_b
    """
    h = 0.5 * dt * dt
    a_pp = p.pp + dt * p.pv - h * p.pb
    a_pv = p.pv + dt * p.vv - h * p.vb
    a_pb = p.pb + dt * p.vb - h * p.bb
    a_vv = p.vv - dt * p.vb
    a_vb = p.vb - dt * p.bb
    return HorizontalCovariance(
        pp=a_pp + dt * a_pv - h * a_pb + q_v * dt * dt * dt / 3.0,
        pv=a_pv - dt * a_pb + 0.5 * q_v * dt * dt,
        pb=a_pb,
        vv=a_vv - dt * a_vb + q_v * dt,
        vb=a_vb,
        bb=p.bb + q_b * dt,
        pc=p.pc + dt * p.vc - h * p.bc,
        vc=p.vc - dt * p.bc,
        bc=p.bc,
    )


@kernel
def _grown_vertical(p, q_v, q_b, dt):
    """As _grown, with the altimeter's bias, which stays as it is.  §14.2"""
    first = _grown(
        HorizontalCovariance(p.pp, p.pv, p.pb, p.vv, p.vb, p.bb, p.pc, p.vc, p.bc), q_v, q_b, dt
    )
    return VerticalCovariance(
        pp=first.pp,
        pv=first.pv,
        pb=first.pb,
        pa=p.pa + dt * p.va - 0.5 * dt * dt * p.ba,
        vv=first.vv,
        vb=first.vb,
        va=p.va - dt * p.ba,
        bb=first.bb,
        ba=p.ba,
        aa=p.aa,
        pc=first.pc,
        vc=first.vc,
        bc=first.bc,
        ac=p.ac,
    )


@kernel
def _fused_horizontal(p, r_off, v_off, valid, noise_p2, cc, gnss):
    """Covariance and east and north corrections by a position fix, then a velocity fix.  §14.3

    r_off, v_off: east and north of fix less prediction. The fix is one of p - latency v + c, its
    white noise and its bias of variances noise_p2 and cc, m2. Returns the covariance and (position,
    velocity, bias) corrections, SI.
    """
    noise_v, late = gnss.velocity_noise_mps, gnss.latency_s
    hc = p.pc - late * p.vc
    cp, cv = p.pp - late * p.pv + p.pc, p.pv - late * p.vv + p.vc
    cb = p.pb - late * p.vb + p.bc
    s = valid / max(cp - late * cv + hc + cc + noise_p2, _LEAST_VARIANCE)
    kp, kv, kb = s * cp, s * cv, s * cb
    re, rn = kp * r_off[0], kp * r_off[1]
    ve, vn = kv * r_off[0], kv * r_off[1]
    be, bn = kb * r_off[0], kb * r_off[1]
    pp, pv, pb = p.pp - kp * cp, p.pv - kp * cv, p.pb - kp * cb
    vv, vb, bb = p.vv - kv * cv, p.vb - kv * cb, p.bb - kb * cb
    pc, vc, bc = p.pc - kp * (hc + cc), p.vc - kv * (hc + cc), p.bc - kb * (hc + cc)
    s = valid / max(vv + noise_v * noise_v, _LEAST_VARIANCE)
    kp, kv, kb = s * pv, s * vv, s * vb
    e, n = v_off[0] - ve, v_off[1] - vn
    fused = HorizontalCovariance(
        pp - kp * pv, pv - kp * vv, pb - kp * vb, vv - kv * vv, vb - kv * vb, bb - kb * vb,
        pc - kp * vc, vc - kv * vc, bc - kb * vc,
    )  # fmt: skip
    return fused, (re + kp * e, ve + kv * e, be + kb * e), (rn + kp * n, vn + kv * n, bn + kb * n)


@kernel
def _update(p, h, innovation, noise2, cc, valid, x):
    """One scalar update of the vertical filter (position, velocity, bias, altimeter bias).  §14.4

    Measurement h0 p + h1 v + h2 a + h3 c, its noise and the bias c of variances noise2 and cc.
    Returns the covariance and the correction x so far.
    """
    h0, h1, h2, h3 = h
    hc = h0 * p.pc + h1 * p.vc + h2 * p.ac
    c0 = h0 * p.pp + h1 * p.pv + h2 * p.pa + h3 * p.pc
    c1 = h0 * p.pv + h1 * p.vv + h2 * p.va + h3 * p.vc
    c2 = h0 * p.pb + h1 * p.vb + h2 * p.ba + h3 * p.bc
    c3 = h0 * p.pa + h1 * p.va + h2 * p.aa + h3 * p.ac
    seen = hc + h3 * cc
    s = valid / max(h0 * c0 + h1 * c1 + h2 * c3 + h3 * seen + noise2, _LEAST_VARIANCE)
    k0, k1, k2, k3 = s * c0, s * c1, s * c2, s * c3
    left = innovation - (h0 * x[0] + h1 * x[1] + h2 * x[3])
    fused = VerticalCovariance(
        pp=p.pp - k0 * c0,
        pv=p.pv - k0 * c1,
        pb=p.pb - k0 * c2,
        pa=p.pa - k0 * c3,
        vv=p.vv - k1 * c1,
        vb=p.vb - k1 * c2,
        va=p.va - k1 * c3,
        bb=p.bb - k2 * c2,
        ba=p.ba - k2 * c3,
        aa=p.aa - k3 * c3,
        pc=p.pc - k0 * seen,
        vc=p.vc - k1 * seen,
        bc=p.bc - k2 * seen,
        ac=p.ac - k3 * seen,
    )
    return fused, (x[0] + k0 * left, x[1] + k1 * left, x[2] + k2 * left, x[3] + k3 * left)


@kernel
def _fused_vertical(p, est, aid, antenna, faster, design, tuning):
    """Covariance and vertical corrections by fix and altimeter.  §14.4

    antenna: its predicted height, m, and vertical speed, m/s, now; faster: the fix's vertical speed
    less the prediction.
    """
    g, a, imu = design.gnss, design.altimeter, design.imu
    r_up, v_up = antenna
    x = (0.0, 0.0, 0.0, 0.0)
    cc = 2.25 * tuning.gnss_bias_m * tuning.gnss_bias_m
    untimely = tuning.gnss_time_s * v_up
    late = aid.r_enu_m[2] - (r_up - g.latency_s * v_up)
    noise2 = g.vertical_noise_m * g.vertical_noise_m + untimely * untimely
    p, x = _update(p, (1.0, -g.latency_s, 0.0, 1.0), late, noise2, cc, aid.fix, x)
    noise2 = g.velocity_noise_mps * g.velocity_noise_mps
    p, x = _update(p, (0.0, 1.0, 0.0, 0.0), faster, noise2, cc, aid.fix, x)
    place = rotate(est.q_body_to_enu, (a.x_m - imu.x_m, a.y_m - imu.y_m, a.z_m - imu.z_m))
    height = aid.range_m * up_in_body(est.q_body_to_enu)[2]
    higher = height - (est.r_enu_m[2] + place[2] + est.altimeter_bias_m)
    sigma = max(a.noise_m, a.noise_fraction * aid.range_m)
    return _update(p, (1.0, 0.0, 1.0, 0.0), higher, sigma * sigma, cc, aid.echo, x)


@kernel
def aided(est, aid, design, tuning, dt):
    """The estimate after one aiding interval: covariance grown, then fix and altimeter fused.  §14

    design: the vehicle as the flight software knows it. Does nothing over dt = 0 without fix and
    echo.
    """
    g, imu, q = design.gnss, design.imu, est.q_body_to_enu
    arm = (g.x_m - imu.x_m, g.y_m - imu.y_m, g.z_m - imu.z_m)
    r_antenna = add(est.r_enu_m, rotate(q, arm))
    v_antenna = add(est.v_enu_mps, rotate(q, cross(est.omega_body_radps, arm)))
    r_off = sub(aid.r_enu_m, sub(r_antenna, scale(g.latency_s, v_antenna)))
    felt = rotate(q, est.accel_body_mps2)
    accel = sub(felt, add((0.0, 0.0, design.site.gravity_mps2), est.bias_enu_mps2))
    v_late = sub(v_antenna, scale(g.latency_s, accel))
    v_off = sub(aid.v_enu_mps, v_late)

    q_v = imu.accel_noise_mps2_rthz**2 + tuning.accel_noise_mps2_rthz**2
    q_b = tuning.bias_walk_mps3_rthz**2
    horizontal = _grown(est.horizontal, q_v, q_b, dt)
    vertical = _grown_vertical(est.vertical, q_v, q_b, dt)
    cc = tuning.gnss_bias_m * tuning.gnss_bias_m
    untimely2 = tuning.gnss_time_s * tuning.gnss_time_s * (v_antenna[0] ** 2 + v_antenna[1] ** 2)
    noise2 = g.horizontal_noise_m * g.horizontal_noise_m + 0.5 * untimely2
    horizontal, east, north = _fused_horizontal(horizontal, r_off, v_off, aid.fix, noise2, cc, g)
    antenna = (r_antenna[2], v_antenna[2])
    vertical, up = _fused_vertical(vertical, est, aid, antenna, v_off[2], design, tuning)
    return Estimate(
        r_enu_m=add(est.r_enu_m, (east[0], north[0], up[0])),
        v_enu_mps=add(est.v_enu_mps, (east[1], north[1], up[1])),
        q_body_to_enu=q,
        omega_body_radps=est.omega_body_radps,
        accel_body_mps2=est.accel_body_mps2,
        bias_enu_mps2=add(est.bias_enu_mps2, (east[2], north[2], up[2])),
        altimeter_bias_m=est.altimeter_bias_m + up[3],
        horizontal=horizontal,
        vertical=vertical,
        mass_kg=est.mass_kg,
        since_fix_s=est.since_fix_s if aid.fix == 0.0 else 0.0,
    )


@kernel
def aligned(state, case, design, tuning, mass_kg, noise4, noise4b):
    """The estimate at switch-on: surveyed position, attitude off by the alignment errors.  §14.5

    Position and velocity start from one draw of their initial errors (noise4, noise4b: standard
    normals).
    """
    imu = design.imu
    off = from_rotation_vector((case.alignment.x_rad, case.alignment.y_rad, case.alignment.z_rad))
    arm = (imu.x_m, imu.y_m, imu.z_m)
    r = add(state.r_enu_m, rotate(state.q_body_to_enu, arm))
    v = add(state.v_enu_mps, rotate(state.q_body_to_enu, cross(state.omega_body_radps, arm)))
    s_p, s_v = tuning.start_position_m, tuning.start_velocity_mps
    s_b, s_a = tuning.bias_mps2, tuning.altimeter_bias_m
    zero = (0.0, 0.0, 0.0)
    horizontal = HorizontalCovariance(s_p * s_p, 0.0, 0.0, s_v * s_v, 0.0, s_b * s_b, 0.0, 0.0, 0.0)
    vertical = VerticalCovariance(
        s_p * s_p, 0.0, 0.0, 0.0, s_v * s_v, 0.0, 0.0, s_b * s_b, 0.0, s_a * s_a,
        0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip
    return Estimate(
        r_enu_m=add(r, scale(s_p * tuning.start_errors, (noise4[0], noise4[1], noise4[2]))),
        v_enu_mps=add(v, scale(s_v * tuning.start_errors, (noise4b[0], noise4b[1], noise4b[2]))),
        q_body_to_enu=multiply(off, state.q_body_to_enu),
        omega_body_radps=zero,
        accel_body_mps2=zero,
        bias_enu_mps2=zero,
        altimeter_bias_m=0.0,
        horizontal=horizontal,
        vertical=vertical,
        mass_kg=mass_kg,
        since_fix_s=0.0,
    )


@kernel
def carried_on(est, gravity_mps2, since_s):
    """The estimate part of a tick later: position and velocity by the last specific force.  §14.6

    v+ = v + (R f - g up - b) dt,   r+ = r + (v + v+) dt / 2
    """
    felt = rotate(est.q_body_to_enu, est.accel_body_mps2)
    a = sub(felt, add((0.0, 0.0, gravity_mps2), est.bias_enu_mps2))
    v = add(est.v_enu_mps, scale(since_s, a))
    r = add(est.r_enu_m, scale(0.5 * since_s, add(est.v_enu_mps, v)))
    return Estimate(
        r, v, est.q_body_to_enu, est.omega_body_radps, est.accel_body_mps2, est.bias_enu_mps2,
        est.altimeter_bias_m, est.horizontal, est.vertical, est.mass_kg, est.since_fix_s,
    )  # fmt: skip


@kernel
def _nees(dp, dv, pp, pv, vv):
    """(dp dv) P^-1 (dp dv)^T for a covariance of two."""
    return (vv * dp * dp - 2.0 * pv * dp * dv + pp * dv * dv) / max(pp * vv - pv * pv, 1.0e-30)


@kernel
def nees(est, r_true, v_true):
    """Normalised estimation error squared of position and velocity.  §14.6

    Chi-square with 6 degrees of freedom where the filter is consistent.
    """
    d = sub(est.r_enu_m, r_true)
    e = sub(est.v_enu_mps, v_true)
    horizontal, vertical = est.horizontal, est.vertical
    return (
        _nees(d[0], e[0], horizontal.pp, horizontal.pv, horizontal.vv)
        + _nees(d[1], e[1], horizontal.pp, horizontal.pv, horizontal.vv)
        + _nees(d[2], e[2], vertical.pp, vertical.pv, vertical.vv)
    )
