"""Equations of motion: forces and moments to the derivative of the state.

Six degrees of freedom of the body that does not slosh, about its own centre of mass, written for
the base centre, a point fixed in the vehicle; two pendulums hang from it.
Source: Stevens, Lewis & Johnson, Aircraft Control and Simulation, 3rd ed., sec. 1.7; pendulums:
NASA SP-106, ch. 6. Left out: motion of the centre of mass within the vehicle while propellant burns
(its acceleration stays below 1 mm/s2).
"""

from models import aero, engine, gimbal, slosh, thrusters
from models.jit import kernel
from models.mass import angular_acceleration, total
from models.rotation import conjugate, normalised, quaternion_rate, rotate
from models.structs import Actuation, State
from models.vectors import add, clip, cross, scale, sub


@kernel
def air_velocity(state, air):
    """Velocity through the air at the base centre, m/s, body axes; height over it, m.  §1.2"""
    above = state.r_enu_m[2] - air.height_m
    wind_enu = (
        air.wind_east_mps + air.shear_east_per_s * above,
        air.wind_north_mps + air.shear_north_per_s * above,
        air.wind_up_mps,
    )
    return rotate(conjugate(state.q_body_to_enu), sub(state.v_enu_mps, wind_enu)), above


@kernel
def _exponential(k, above):
    """exp(k h) for the small steps within a tick, third order: error (k h)^4 / 24, 1e-14 at 5 m."""
    x = k * above
    return 1.0 + x * (1.0 + x * (0.5 + x / 6.0))


@kernel
def _now(value, trend, since_s):
    """A command this long after the tick."""
    return value + since_s * (trend.slope + since_s * trend.curve)


@kernel
def commanded(told, since_s):
    """Throttle, gimbal angles (rad) and roll asked for, this long after the tick.  §17.3"""
    return (
        _now(told.throttle, told.throttle_trend, since_s),
        _now(told.gimbal_x_rad, told.gimbal_x_trend, since_s),
        _now(told.gimbal_y_rad, told.gimbal_y_trend, since_s),
        _now(told.roll, told.roll_trend, since_s),
    )


@kernel
def thrust_body(state, actuation, asked, pressure_pa, case):
    """Thrust vector, N, in body axes, the nozzle angles included, and propellant flow, kg/s.  §7"""
    e = case.engine
    throttle = state.throttle if actuation.throttle_lag_s > 0.0 else asked[0]
    burning = throttle * actuation.lit
    magnitude = engine.thrust(burning, pressure_pa, e) * engine.ground_effect(state.r_enu_m[2], e)
    angle_x = gimbal.deflection(actuation.play_x_rad, state.gimbal_x_rad, asked[1], case.gimbal)
    angle_y = gimbal.deflection(actuation.play_y_rad, state.gimbal_y_rad, asked[2], case.gimbal)
    axis = engine.direction(angle_x + e.misalignment_x_rad, angle_y + e.misalignment_y_rad)
    return scale(magnitude, axis), engine.mass_flow(burning, e)


@kernel
def _external(state, asked, push, air, ground, case):
    """Force N and moment N m about the base centre, body axes, of all but the liquid.  §1.2"""
    omega, e = state.omega_body_radps, case.engine
    v_air, above = air_velocity(state, air)
    rho = air.density_kgpm3 * _exponential(air.density_slope_per_m, above)
    drag, drag_moment = aero.wrench(v_air, omega, rho, case.aero)
    roll = thrusters.roll_moment(asked[3], case.thrusters)
    base = engine.base_force(state.r_enu_m[2], push[2], e, case.legs)
    force = add(add(push, drag), add(ground.force_body_n, (0.0, 0.0, base)))
    moment = add(cross((e.offset_x_m, e.offset_y_m, e.gimbal_z_m), push), drag_moment)
    return force, add(add(moment, ground.moment_body_nm), (0.0, 0.0, roll))


@kernel
def _with_bobs(force, moment, axial, state, body):
    """Force and moment with what the pendulums pull at their hinges.  §1.3"""
    lox, fuel = body.lox, body.fuel
    s = state
    lox_x, lox_pitch = slosh.pull(s.lox_slosh_x_rad, s.lox_slosh_rate_x_radps, axial, lox)
    lox_y, lox_yaw = slosh.pull(s.lox_slosh_y_rad, s.lox_slosh_rate_y_radps, axial, lox)
    fuel_x, fuel_pitch = slosh.pull(s.fuel_slosh_x_rad, s.fuel_slosh_rate_x_radps, axial, fuel)
    fuel_y, fuel_yaw = slosh.pull(s.fuel_slosh_y_rad, s.fuel_slosh_rate_y_radps, axial, fuel)
    weight = (lox.mass_kg + fuel.mass_kg) * axial
    return (
        (force[0] + lox_x + fuel_x, force[1] + lox_y + fuel_y, force[2] - weight),
        (moment[0] - lox_yaw - fuel_yaw, moment[1] + lox_pitch + fuel_pitch, moment[2]),
    )


@kernel
def _swings(at_base, turning, axial, state, body):
    """Angular accelerations of the four pendulums, rad/s2: LOX x and y, fuel x and y.  §1.3

    Each feels the specific acceleration of the point on the axis where its bob hangs.
    """
    s, omega, lox, fuel = state, state.omega_body_radps, body.lox, body.fuel
    per_m_x = turning[1] + omega[0] * omega[2]
    per_m_y = -turning[0] + omega[1] * omega[2]
    z, w = slosh.rest_z(lox), slosh.rest_z(fuel)
    lox_x, lox_y = at_base[0] + per_m_x * z, at_base[1] + per_m_y * z
    fuel_x, fuel_y = at_base[0] + per_m_x * w, at_base[1] + per_m_y * w
    return (
        slosh.swing(s.lox_slosh_x_rad, s.lox_slosh_rate_x_radps, lox_x, axial, lox),
        slosh.swing(s.lox_slosh_y_rad, s.lox_slosh_rate_y_radps, lox_y, axial, lox),
        slosh.swing(s.fuel_slosh_x_rad, s.fuel_slosh_rate_x_radps, fuel_x, axial, fuel),
        slosh.swing(s.fuel_slosh_y_rad, s.fuel_slosh_rate_y_radps, fuel_y, axial, fuel),
    )


@kernel
def rates(state, actuation, air, body, ground, earth_rate, since_s, case):
    """Time derivative of every entry of the state, as a State.  §1

    m0 a0 = F + hinge forces,   I w' = M - w x I w        (the part that does not slosh)
    a_base = a0 - w' x c - w x (w x c)
    v' = R a_base - g up - 2 W x v
    """
    q, omega, s = state.q_body_to_enu, state.omega_body_radps, state
    above = state.r_enu_m[2] - air.height_m
    pressure = air.pressure_pa * _exponential(air.pressure_slope_per_m, above)
    gravity = air.gravity_mps2 + air.gravity_slope_per_s2 * above

    # Forces and moments about the base centre, body axes
    asked = commanded(actuation, since_s)
    push, flow = thrust_body(state, actuation, asked, pressure, case)
    force, moment = _external(state, asked, push, air, ground, case)
    m = total(state, case.mass)
    m0 = m - (body.lox.mass_kg + body.fuel.mass_kg)
    per_both = 1.0 / (m * m0)  # one division for two
    axial = force[2] * m0 * per_both
    force, moment = _with_bobs(force, moment, axial, state, body)

    # Motion of the part that does not slosh, about its centre of mass
    cg = body.cg_body_m
    turning = angular_acceleration(sub(moment, cross(cg, force)), omega, body)
    at_cg = scale(m * per_both, force)
    at_base = sub(sub(at_cg, cross(turning, cg)), cross(omega, cross(omega, cg)))
    coriolis = scale(2.0, cross(earth_rate, state.v_enu_mps))
    v_rate = sub(sub(rotate(q, at_base), (0.0, 0.0, gravity)), coriolis)
    turn = quaternion_rate(q, omega)
    lox_x, lox_y, fuel_x, fuel_y = _swings(at_base, turning, axial, state, body)

    # Actuators
    gx, gx_rate = gimbal.rates(s.gimbal_x_rad, s.gimbal_rate_x_radps, asked[1], case.gimbal)
    gy, gy_rate = gimbal.rates(s.gimbal_y_rad, s.gimbal_rate_y_radps, asked[2], case.gimbal)
    free = 1.0 - actuation.held  # the clamps hold everything but engine and actuators
    return State(
        r_enu_m=scale(free, state.v_enu_mps),
        v_enu_mps=scale(free, v_rate),
        q_body_to_enu=(free * turn[0], free * turn[1], free * turn[2], free * turn[3]),
        omega_body_radps=scale(free, turning),
        lox_kg=-flow * body.lox_share,
        fuel_kg=-flow * (1.0 - body.lox_share),
        throttle=engine.throttle_rate(state.throttle, asked[0], actuation),
        gimbal_x_rad=gx,
        gimbal_y_rad=gy,
        gimbal_rate_x_radps=gx_rate,
        gimbal_rate_y_radps=gy_rate,
        lox_slosh_x_rad=free * s.lox_slosh_rate_x_radps,
        lox_slosh_y_rad=free * s.lox_slosh_rate_y_radps,
        lox_slosh_rate_x_radps=free * lox_x,
        lox_slosh_rate_y_radps=free * lox_y,
        fuel_slosh_x_rad=free * s.fuel_slosh_rate_x_radps,
        fuel_slosh_y_rad=free * s.fuel_slosh_rate_y_radps,
        fuel_slosh_rate_x_radps=free * fuel_x,
        fuel_slosh_rate_y_radps=free * fuel_y,
    )


@kernel
def _valve(throttle, told, since_s):
    """The throttle after a step: without lag what is asked for; of a dying engine zero at last."""
    asked = _now(told.throttle, told.throttle_trend, since_s)
    lagging = throttle if abs(throttle) > 1.0e-6 else 0.0
    return lagging if told.throttle_lag_s > 0.0 else asked


@kernel
def _actuator(angle, asked, gimbal_design):
    """The actuator's angle after a step, rad; an ideal one stands where it is asked to.  §8.1"""
    ideal = gimbal_design.natural_frequency_radps == 0.0
    return clip(asked, -gimbal_design.travel_rad, gimbal_design.travel_rad) if ideal else angle


@kernel
def concluded(state, told, since_s, case):
    """State and nozzles after a step: unit quaternion, backlash taken up, ideal actuators set.

    The nozzle within its backlash is no entry of the state: it follows once per step.
    """
    s = state
    _, x, y, _ = commanded(told, since_s)
    x, y = _actuator(s.gimbal_x_rad, x, case.gimbal), _actuator(s.gimbal_y_rad, y, case.gimbal)
    settled = State(
        s.r_enu_m, s.v_enu_mps, normalised(s.q_body_to_enu), s.omega_body_radps,
        s.lox_kg, s.fuel_kg, _valve(s.throttle, told, since_s),
        x, y, s.gimbal_rate_x_radps, s.gimbal_rate_y_radps,
        s.lox_slosh_x_rad, s.lox_slosh_y_rad,
        s.lox_slosh_rate_x_radps, s.lox_slosh_rate_y_radps,
        s.fuel_slosh_x_rad, s.fuel_slosh_y_rad,
        s.fuel_slosh_rate_x_radps, s.fuel_slosh_rate_y_radps,
    )  # fmt: skip
    return settled, Actuation(
        told.throttle, told.throttle_slew_per_s, told.throttle_lag_s, told.lit,
        told.gimbal_x_rad, told.gimbal_y_rad,
        gimbal.play(told.play_x_rad, x, case.gimbal),
        gimbal.play(told.play_y_rad, y, case.gimbal),
        told.roll, told.throttle_trend, told.gimbal_x_trend, told.gimbal_y_trend, told.roll_trend,
        told.held,
    )  # fmt: skip
