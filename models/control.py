"""Control: throttle, attitude and roll loops. Sees estimate and demand, never the state.

Vertical and lateral loops track the reference with second-order error dynamics and an integral; the
lateral one asks for a direction of thrust, the attitude loop turns body z there with the gimbal;
roll thrusters keep heading by a switching line.
Source: Ogata, Modern Control Engineering, 5th ed., sec. 5-3 and ch. 8; switching line: Wie, Space
Vehicle Dynamics and Control, 2nd ed., ch. 7.
"""

from math import sqrt

from models.elementary import arctan
from models.jit import kernel
from models.rotation import conjugate, rotate, up_in_body
from models.structs import Command
from models.vectors import add, clip, cross, scale, sub

_INTEGRAL_LIMIT = 2.0  # m/s2, EST: over twice what 15 m/s of wind asks for
_TURN_LIMIT = 0.2  # rad/s2, EST: several times what misalignment, offset and wind ask for
_PRESSURE_FALL = 1.19e-4  # 1/m: one over the scale height, 8.4 km


@kernel
def _between(mass_kg, full, empty, plant):
    """A plant value at this mass, linear between full and empty."""
    share = clip((mass_kg - plant.empty_kg) / (plant.full_kg - plant.empty_kg), 0.0, 1.0)
    return empty + share * (full - empty)


@kernel
def percussion_point(base, plant):
    """Motion of the centre of percussion, brought down by its height: m and m/s, enu.  §16.1

    A turn by the gimbal leaves this point where it is, while the base swings out to the other side,
    which makes its own position a bad one to feed back (a zero in the right half plane near
    1.2 rad/s). It lies I / (m l) above the centre of mass, l the gimbal's arm.
    """
    z = _between(base.mass_kg, plant.full_percussion_z_m, plant.empty_percussion_z_m, plant)
    q = base.q_body_to_enu
    off = sub(rotate(q, (0.0, 0.0, z)), (0.0, 0.0, z))
    swing = rotate(q, cross(base.omega_body_radps, (0.0, 0.0, z)))
    return add(base.r_enu_m, off), add(base.v_enu_mps, swing)


@kernel
def wanted_acceleration(base, demand, integral, gains, plant):
    """Acceleration asked for, m/s2, enu, to bring the percussion point over the reference.  §16.2

        a = a_ref + w^2 (r_ref - r) + 2 z w (v_ref - v) + integral

    The integral is the base centre's, so that the lean in a steady wind does not displace the
    landing. Long without a fix, only the drift is stopped: the place is no longer known.
    """
    r, v = percussion_point(base, plant)
    e = sub(demand.r_enu_m, r)
    place = 0.0 if base.since_fix_s > gains.fix_timeout_s else 1.0
    ev = sub(demand.v_enu_mps, v)
    wl, wv = gains.lateral_frequency_radps, gains.vertical_frequency_radps
    dl, dv = 2.0 * gains.lateral_damping_ratio * wl, 2.0 * gains.vertical_damping_ratio * wv
    limit = place * gains.lateral_error_limit_m
    feedback = (
        wl * wl * clip(e[0], -limit, limit) + dl * ev[0],
        wl * wl * clip(e[1], -limit, limit) + dl * ev[1],
        wv * wv * e[2] + dv * ev[2],
    )
    return add(add(demand.a_enu_mps2, integral), feedback)


@kernel
def _integrated(base, demand, integral, gains, dt):
    """The integral of the base centre's position error, m/s2, held within limits.  §16.2"""
    e = sub(demand.r_enu_m, base.r_enu_m)
    known = 0.0 if base.since_fix_s > gains.fix_timeout_s else 1.0
    kl = known * gains.lateral_integral_per_s * gains.lateral_frequency_radps**2 * dt
    kv = gains.vertical_integral_per_s * gains.vertical_frequency_radps**2 * dt
    return (
        clip(integral[0] + kl * e[0], -_INTEGRAL_LIMIT, _INTEGRAL_LIMIT),
        clip(integral[1] + kl * e[1], -_INTEGRAL_LIMIT, _INTEGRAL_LIMIT),
        clip(integral[2] + kv * e[2], -_INTEGRAL_LIMIT, _INTEGRAL_LIMIT),
    )


@kernel
def thrust_axis(wanted, gains):
    """Unit direction of thrust for the wanted acceleration, within the tilt limit.  §16.3"""
    up = max(gains.gravity_mps2 + wanted[2], 0.3 * gains.gravity_mps2)
    lateral = sqrt(wanted[0] * wanted[0] + wanted[1] * wanted[1])
    limit = up * gains.tilt_limit_rad
    keep = limit / lateral if lateral > limit else 1.0
    x, y = keep * wanted[0], keep * wanted[1]
    k = 1.0 / sqrt(x * x + y * y + up * up)
    return (k * x, k * y, k * up)


@kernel
def _back_pressure(base, plant):
    """Air pressure at the estimated height on the nozzle's exit, N."""
    fall = 1.0 - _PRESSURE_FALL * base.r_enu_m[2]
    return plant.ground_pressure_pa * fall * plant.exit_area_m2


@kernel
def throttle(base, wanted_up_mps2, plant):
    """Throttle for the wanted vertical acceleration, with tilt and back pressure.  §16.4

    u = (m (g + a) / cos(tilt) + p_a A_e) / T_vac,   within floor and 1
    """
    cosine = max(up_in_body(base.q_body_to_enu)[2], 0.5)
    force = base.mass_kg * (plant.gravity_mps2 + wanted_up_mps2) / cosine
    setting = (force + _back_pressure(base, plant)) / plant.thrust_vac_n
    return clip(setting, plant.throttle_min, 1.0)


@kernel
def commanded_thrust(setting, base, plant):
    """Thrust, N, the flight software expects of a throttle setting.  §16.4"""
    return max(setting * plant.thrust_vac_n - _back_pressure(base, plant), 0.0)


@kernel
def _roll(base, command, gains, plant, dt):
    """Roll command and its age, s: on beyond the dead band of angle + T rate.  §16.6

    A pulse lasts the minimum at least. EST: heading is kept at zero.
    """
    q = base.q_body_to_enu
    heading = 2.0 * arctan(q[3] / (q[0] if abs(q[0]) > 0.1 else 0.1))
    line = heading + gains.roll_rate_gain_s * base.omega_body_radps[2]
    fire = 1.0 if line < -gains.roll_dead_band_rad else 0.0
    fire = -1.0 if line > gains.roll_dead_band_rad else fire
    keep = command.roll != 0.0 and command.roll_age_s < plant.roll_min_pulse_s
    roll = command.roll if keep else fire
    age = command.roll_age_s + dt if roll == command.roll else 0.0
    return roll, age


@kernel
def _turn(base, command, wanted, gains, dt, going):
    """Angular acceleration asked for about body x and y, rad/s2, and its integral part.  §16.5

    w' = omega^2 e - 2 z omega w + integral,   e turns body z to the thrust axis, within a limit
    """
    axis_body = rotate(conjugate(base.q_body_to_enu), thrust_axis(wanted, gains))
    limit = gains.attitude_error_limit_rad
    ex, ey = clip(-axis_body[1], -limit, limit), clip(axis_body[0], -limit, limit)
    w = gains.attitude_frequency_radps
    damping = 2.0 * gains.attitude_damping_ratio * w
    ki = gains.attitude_integral_per_s * w * w * dt * going
    ix = going * clip(command.integral_x_radps2 + ki * ex, -_TURN_LIMIT, _TURN_LIMIT)
    iy = going * clip(command.integral_y_radps2 + ki * ey, -_TURN_LIMIT, _TURN_LIMIT)
    turn_x = w * w * ex - damping * base.omega_body_radps[0] + ix
    turn_y = w * w * ey - damping * base.omega_body_radps[1] + iy
    return turn_x, turn_y, ix, iy


@kernel
def _gimbal_per_turn(setting, base, plant):
    """Gimbal angle, rad, for an angular acceleration of 1 rad/s2:  -I / (l T).  §16.5"""
    force = max(commanded_thrust(setting, base, plant), 0.1 * plant.thrust_vac_n)
    inertia = _between(base.mass_kg, plant.full_inertia_kgm2, plant.empty_inertia_kgm2, plant)
    arm = _between(base.mass_kg, plant.full_arm_m, plant.empty_arm_m, plant)
    return -inertia / (arm * force)


@kernel
def advanced(command, base, demand, off, released, gains, plant, dt):
    """The command of this tick; actuators see it one tick later, after their own delays.  §16

    off: the engine is not to run, before a landing burn or after cut-off.
    """
    going = 0.0 if off else released
    integral = scale(going, _integrated(base, demand, command.integral_enu_mps2, gains, dt))
    wanted = wanted_acceleration(base, demand, integral, gains, plant)
    setting = throttle(base, wanted[2], plant) if released > 0.0 else gains.start_throttle
    turn_x, turn_y, integral_x, integral_y = _turn(base, command, wanted, gains, dt, going)
    k = going * _gimbal_per_turn(setting, base, plant)
    roll, age = _roll(base, command, gains, plant, dt)

    # The commands of this tick head the lines
    setting = 0.0 if off else setting
    roll = roll if demand.cut_off == 0.0 and released > 0.0 else 0.0
    travel = plant.gimbal_travel_rad
    a, b = command.line, command.roll_line
    return Command(
        throttle=setting,
        gimbal_x_rad=clip(k * turn_x, -travel, travel),
        gimbal_y_rad=clip(k * turn_y, -travel, travel),
        roll=roll,
        roll_age_s=age,
        integral_enu_mps2=integral,
        integral_x_radps2=integral_x,
        integral_y_radps2=integral_y,
        line=(setting, a[0], a[1], a[2], a[3], a[4], a[5], a[6]),
        roll_line=(roll, b[0], b[1], b[2]),
    )


@kernel
def kept_if_missed(missed, command, new):
    """The command of this tick where a cycle of the computer may be missed.  §17.1

    The loops have gone on; the actuators keep what they were told by the last cycle.
    """
    setting = command.throttle if missed else new.throttle
    gimbal_x = command.gimbal_x_rad if missed else new.gimbal_x_rad
    gimbal_y = command.gimbal_y_rad if missed else new.gimbal_y_rad
    roll = command.roll if missed else new.roll
    a, b = command.line, command.roll_line
    return Command(
        throttle=setting,
        gimbal_x_rad=gimbal_x,
        gimbal_y_rad=gimbal_y,
        roll=roll,
        roll_age_s=new.roll_age_s,
        integral_enu_mps2=new.integral_enu_mps2,
        integral_x_radps2=new.integral_x_radps2,
        integral_y_radps2=new.integral_y_radps2,
        line=(setting, a[0], a[1], a[2], a[3], a[4], a[5], a[6]),
        roll_line=(roll, b[0], b[1], b[2]),
    )
