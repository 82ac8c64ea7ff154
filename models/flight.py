"""One control tick of one run, in the order it happens, from the air to the book-keeping.

Pure scalar functions of one run; who flies many side by side is no matter here. The clocks are
fixed and do not depend on the integration steps: control and inertial unit every TICK_S, satellite
fix, altimeter, turbulence and mass properties every SLOW_TICKS, slow sensor errors every
WANDER_TICKS. §18.1, §18.2
"""

from math import sqrt

import numpy as np

from models import (
    actuation,
    atmosphere,
    control,
    dynamics,
    endings,
    guidance,
    legs,
    navigation,
    noise,
    sensors,
    touchdown,
    turbulence,
    wind,
)
from models.elementary import arccos, sincos
from models.endings import Moment
from models.jit import kernel
from models.mass import total
from models.outcomes import IN_FLIGHT, Initiator
from models.rotation import up_in_body
from models.structs import Actuation, Air, Contact, Fixed, Log
from models.vectors import add, cross, dot, norm, scale

TICK_S = 0.02  # 50 Hz
SLOW_TICKS = 5  # 10 Hz: satellite fix, altimeter, turbulence, mass properties
SLOW_S = SLOW_TICKS * TICK_S
WANDER_TICKS = 50  # 1 Hz: the inertial unit's slow errors
WANDER_S = WANDER_TICKS * TICK_S
CLIMBED_M = 1.0  # EST: from there on a pad at rest over the ground is about to land, not to leave
HARDEST_MPS2 = 30.0  # EST: what no vehicle here can be accelerated by in flight

_LOST_FIX = float(Initiator.lost_fix)
_LOST_ALTIMETER = float(Initiator.lost_altimeter)
_FALSE_SWITCH = float(Initiator.false_switch)
_MISSING_SWITCH = float(Initiator.missing_switch)
_NEAR_M = 20.0  # EST: beyond hull and legs
_FAR_M = 1.0e3  # as good as no ground
_SHUT = 0.02  # EST: throttle below which the engine counts as off


@kernel
def fixed(case):
    """What site and wind fix for the whole run, worked out once.  §2.3, §3"""
    sin_latitude, _ = sincos(case.site.latitude_rad)
    sine, cosine = sincos(case.wind.gust_from_rad)
    return Fixed(sin_latitude, wind.per_log_reference(case.wind), -sine, -cosine)


@kernel
def _mean_wind(height, table, constants, w):
    """Mean wind to east and north, m/s, and its slopes with height, 1/s.  §3.1, §3.3"""
    speed, shear = wind.mean_speed(height, w, constants.per_log_reference)
    to_east, to_north = wind.direction(height, w)
    from_table = w.profile == wind.TABLE
    return (
        table[0] if from_table else speed * to_east,
        table[1] if from_table else speed * to_north,
        table[2] if from_table else shear * to_east,
        table[3] if from_table else shear * to_north,
    )


@kernel
def stir(state, gusts, swirl, table, constants, log, case):
    """Slow tick: turbulence, m/s, enu, and its filters: along and across the mean wind.  §4.2

    It is moved past by airspeed or mean wind, whichever is larger, or a floor, and holds until the
    next slow tick.
    """
    w, v, height = case.wind, state.v_enu_mps, state.r_enu_m[2]
    due = is_every(SLOW_TICKS, log.tick)
    mean_east, mean_north, _, _ = _mean_wind(height, table, constants, w)
    to_east, to_north = wind.direction(height, w)
    mean = sqrt(mean_east * mean_east + mean_north * mean_north)
    per_mean = 1.0 / max(mean, 1.0e-6)
    along_east = mean_east * per_mean if mean > 1.0e-6 else to_east
    along_north = mean_north * per_mean if mean > 1.0e-6 else to_north
    airspeed = norm((v[0] - mean_east, v[1] - mean_north, v[2]))
    passing = max(max(airspeed, mean), w.airspeed_floor_mps)
    l_u, l_w, sigma_u, sigma_w = turbulence.lengths_and_intensities(height, w)
    uv = noise.normals(case.seed, noise.TURBULENCE_UV, log.tick)
    ww = noise.normals(case.seed, noise.TURBULENCE_W, log.tick)
    interval = SLOW_S if due else 0.0
    gusts = turbulence.advanced(gusts, passing, l_u, l_w, interval, uv, ww)
    u, side, up = turbulence.velocity(gusts, sigma_u, sigma_w)
    east, north = u * along_east - side * along_north, u * along_north + side * along_east
    east, north = east if due else swirl[0], north if due else swirl[1]
    return (east, north, up if due else swirl[2]), gusts


@kernel
def _gust(state, constants, w):
    """The gust's wind to east and north, m/s; it waits for the descent.  §3.2"""
    gust = wind.gust_speed(state.r_enu_m[2], w) if state.v_enu_mps[2] < 0.0 else 0.0
    return gust * constants.gust_to_east, gust * constants.gust_to_north


@kernel
def air(state, swirl, table, constants, case):
    """Air, wind and gravity for the coming tick.  §2, §3, §4

    table: wind (east, north m/s, slopes 1/s) read from a file for this run and height; used where
    the profile says so. Turbulence and gust add to the mean wind.
    """
    height = state.r_enu_m[2]
    site, w = case.site, case.wind
    rho, rho_slope, p, p_slope = atmosphere.air_at(height, site)
    g, g_slope = atmosphere.gravity_at(height, constants.sin_latitude, site)

    mean_east, mean_north, shear_east, shear_north = _mean_wind(height, table, constants, w)
    gust_east, gust_north = _gust(state, constants, w)
    return Air(
        height_m=height,
        density_kgpm3=rho,
        density_slope_per_m=rho_slope,
        pressure_pa=p,
        pressure_slope_per_m=p_slope,
        gravity_mps2=g,
        gravity_slope_per_s2=g_slope,
        wind_east_mps=mean_east + swirl[0] + gust_east,
        wind_north_mps=mean_north + swirl[1] + gust_north,
        wind_up_mps=swirl[2],
        shear_east_per_s=shear_east,
        shear_north_per_s=shear_north,
    )


@kernel
def navigate(state, memory, est, felt, earth, thrust_setting, case, design, plant, tick):
    """Inertial tick: what the unit reports, and the estimate it moves.  §13.1, §14.1

    thrust_setting: the commanded throttle, of which the software reckons the flow.
    """
    elapsed = TICK_S if tick > 0.0 else 0.0
    support = add((0.0, 0.0, felt.gravity_mps2), scale(2.0, cross(earth, state.v_enu_mps)))
    measured, memory = sensors.imu_increments(
        state, memory, support, case.imu, case.seed, tick, elapsed
    )
    isp = plant.isp_vac_s * (1.0 - plant.isp_throttle_slope * (1.0 - thrust_setting))
    flow = thrust_setting * plant.thrust_vac_n / (atmosphere.G0_MPS2 * isp)
    return memory, navigation.propagated(est, measured, plant.gravity_mps2, flow, elapsed, TICK_S)


@kernel
def _since_release(log):
    """Time since release, s; -1 before it."""
    return log.time_s - log.release_s if log.release_s >= 0.0 else -1.0


@kernel
def is_every(ticks, tick):
    """Whether a clock that ticks every so often does so now.  §18.2"""
    return tick - ticks * np.floor(tick / ticks) == 0.0


@kernel
def wandered(memory, log, case):
    """The inertial unit's slow errors, every WANDER_TICKS.  §13.2"""
    interval = WANDER_S if is_every(WANDER_TICKS, log.tick) else 0.0
    return sensors.wander(memory, case.imu, case.seed, log.tick, interval)


@kernel
def aid(state, est, memory, log, case, design, tuning, normal):
    """Aiding tick: satellite fix and altimeter, fused. Does nothing between.  §13.3, §14"""
    due = is_every(SLOW_TICKS, log.tick)
    since = _since_release(log)
    failed = actuation.active_failure(since, case.failure)
    fix = 1.0 if due and failed != _LOST_FIX else 0.0
    echo = 1.0 if due and failed != _LOST_ALTIMETER else 0.0
    interval = SLOW_S if due else 0.0
    aids = sensors.aids(state, memory, normal, fix, echo, case, log.tick, log.time_s)
    return navigation.aided(est, aids, design, tuning, interval)


@kernel
def switch_votes(pads_pressed, log, case):
    """Contact switches that report: a false one adds, missing ones take away.  §15.2"""
    since = _since_release(log)
    failed = actuation.active_failure(since, case.failure)
    votes = pads_pressed + (1.0 if failed == _FALSE_SWITCH else 0.0)
    return 0.0 if failed == _MISSING_SWITCH else votes


@kernel
def software(est, demand, command, phase, votes, log, case, design, gains, plant):
    """Guidance and control on one tick: estimate in, demand and command out.  §15, §16"""
    base = navigation.at_base(est, design.imu)
    released = 1.0 if log.release_s >= 0.0 else 0.0
    demand = guidance.advanced(demand, base, phase, released, gains, TICK_S)
    demand = guidance.cut_off(demand, base, votes, phase, gains, TICK_S)
    off = demand.cut_off > 0.0 or guidance.is_falling(demand, phase)
    new = control.advanced(command, base, demand, off, released, gains, plant, TICK_S)
    _, luck = noise.uniforms(case.seed, noise.COMPUTER, log.tick)
    return demand, control.kept_if_missed(luck < case.computer.missed_fraction, command, new)


@kernel
def actuated(before, command, program, state, log, case):
    """What the actuators are told over the coming tick: the command of the last one.  §17.1

    The computer is late by a uniform share of its jitter.
    """
    moment, _ = noise.uniforms(case.seed, noise.COMPUTER, log.tick)
    late = min(moment * case.computer.jitter_s / TICK_S, 1.0)
    since = _since_release(log)
    return actuation.actuation(before, command, program, state, since, late, case, TICK_S)


@kernel
def axial_specific_force(state, told, felt, ground, case):
    """Specific force along body z, m/s2: thrust and ground, drag left out.  §6.2

    Sets the slosh damping over the coming tick.
    """
    asked = dynamics.commanded(told, 0.0)
    push, _ = dynamics.thrust_body(state, told, asked, felt.pressure_pa, case)
    return (push[2] + ground.force_body_n[2]) / total(state, case.mass)


@kernel
def _reach(height, rate, climbed):
    """Height a point keeps over the next tick, m, whatever accelerates it.  §18.4

    While the vehicle has not climbed, a pad that rises with it has nothing to fear.
    """
    kept = height + rate * TICK_S - 0.5 * HARDEST_MPS2 * TICK_S * TICK_S
    return kept if climbed or rate < 0.0 else _FAR_M


@kernel
def is_near(state, normal, case):
    """Whether any part of the vehicle could come within reach of the ground.  §18.4"""
    least = dot(normal, state.r_enu_m) + min(dot(normal, state.v_enu_mps), 0.0) * TICK_S
    return least < 2.0 * case.legs.length_m + _NEAR_M


@kernel
def renewed(near, before, now):
    """What legs and ground say: now where they are near, else what they last said.  §18.4"""
    return Contact(
        reach_m=now.reach_m if near else before.reach_m,
        hull_m=now.hull_m if near else before.hull_m,
        bell_m=now.bell_m if near else before.bell_m,
        pressed=now.pressed if near else before.pressed,
        quiet=now.quiet if near else before.quiet,
        tip_margin_m=now.tip_margin_m if near else before.tip_margin_m,
    )


@kernel
def has_left(log, case):
    """Whether the vehicle has left the clamps it started in, or never was in any.  §18.4"""
    return log.max_altitude_m > CLIMBED_M or case.start.held == 0.0


@kernel
def hull(state, body, support, normal, climbed, case, edge_share, limits):
    """What hull, bell and balance say on this tick; felt_leg adds the pads.  §18.4, §18.5

    support: force of the ground, N. climbed: whether it has been up.
    """
    legs_ = case.legs
    hull_m, hull_rate = touchdown.hull_clearance(state, normal, legs_)
    bell_m, bell_rate = touchdown.ring_clearance(
        state, normal, case.engine.exit_z_m, case.engine.exit_radius_m
    )
    quiet = 1.0 if touchdown.is_quiet(state, body, support, limits) else 0.0
    margin = touchdown.tip_margin(state, body, legs_, edge_share)
    reach = min(_reach(hull_m, hull_rate, climbed), _reach(bell_m, bell_rate, climbed))
    reach = reach if case.site.ground > 0.0 else _FAR_M
    return Contact(reach, hull_m, bell_m, 0.0, quiet, margin)


@kernel
def felt_leg(contact, state, leg, memory, normal, climbed, legs_):
    """Contact with one more leg counted: its reach and its switch.  §18.4, §15.2"""
    height, rate = legs.clearance(state, leg, normal)
    pressed = 1.0 if memory.pressed_s > legs_.switch_delay_s else 0.0
    return Contact(
        reach_m=min(contact.reach_m, _reach(height, rate, climbed)),
        hull_m=contact.hull_m,
        bell_m=contact.bell_m,
        pressed=contact.pressed + pressed,
        quiet=contact.quiet,
        tip_margin_m=contact.tip_margin_m,
    )


@kernel
def opened(state, told, felt, case, gains):
    """Whether the clamps open now: thrust exceeds the set share of the weight.  §18.3"""
    asked = dynamics.commanded(told, 0.0)
    push, _ = dynamics.thrust_body(state, told, asked, felt.pressure_pa, case)
    weight = total(state, case.mass) * felt.gravity_mps2
    return told.held > 0.0 and push[2] > gains.release_thrust_to_weight * weight


@kernel
def unclamped(told):
    """The actuation with the clamps open."""
    return Actuation(
        told.throttle, told.throttle_slew_per_s, told.throttle_lag_s, told.lit,
        told.gimbal_x_rad, told.gimbal_y_rad, told.play_x_rad, told.play_y_rad, told.roll,
        told.throttle_trend, told.gimbal_x_trend, told.gimbal_y_trend, told.roll_trend, 0.0,
    )  # fmt: skip


@kernel
def touching(log):
    """The log once the first pad has touched."""
    return Log(
        log.mode, log.tick, log.outcome, log.finite, log.release_s, log.cut_off_s,
        log.max_altitude_m, log.peak_tilt_rad, log.peak_rate_radps, log.peak_gimbal_rad,
        log.peak_throttle, log.min_throttle, log.saturated_s, log.quiet_s, log.tip_margin_m,
        1.0, log.time_s,
    )  # fmt: skip


@kernel
def _moment(log, state, contact, freed, held, gains):
    """Where the run stands at the end of a tick.  §18.3"""
    time = log.time_s + TICK_S
    quiet = log.mode == 1.0 and contact.quiet > 0.0 and state.throttle < _SHUT
    return Moment(
        time_s=time,
        flying=log.mode == 0.0,
        released=log.release_s >= 0.0 or freed,
        in_contact=log.mode == 1.0,
        no_start=held > 0.0 and not freed and time > gains.start_time_limit_s,
        tilt_rad=arccos(up_in_body(state.q_body_to_enu)[2]),
        rate_radps=norm(state.omega_body_radps),
        quiet_s=log.quiet_s + TICK_S if quiet else 0.0,
    )


@kernel
def _saturated(command, gimbal):
    """Whether the gimbal is asked for all its travel, on either axis."""
    asked = max(abs(command.gimbal_x_rad), abs(command.gimbal_y_rad))
    return asked >= 0.999 * gimbal.travel_rad


@kernel
def logged(log, state, demand, command, contact, freed, held, case, limits, gains):
    """Book-keeping after a tick: extremes, first terminal event, hand-over to contact.  §18

    freed: the clamps open now; held: 1 where they were closed.
    """
    now = _moment(log, state, contact, freed, held, gains)
    end = endings.outcome(log, now, demand, contact, state, case, limits)
    handed = now.flying and now.released and contact.reach_m < 0.0
    mode = 2.0 if end != IN_FLIGHT else (1.0 if handed else log.mode)
    first_release = log.time_s if freed else -1.0
    release = log.release_s if log.release_s >= 0.0 else first_release
    cut = demand.cut_off > 0.0 and log.cut_off_s < 0.0
    cut_off = log.time_s if cut else log.cut_off_s
    flown_tilt = now.tilt_rad if now.flying else 0.0
    flown_rate = now.rate_radps if now.flying else 0.0
    gx, gy = state.gimbal_x_rad, state.gimbal_y_rad
    throttle = state.throttle if now.flying and now.released else 1.0
    saturated = TICK_S if _saturated(command, case.gimbal) else 0.0
    tip_margin = min(log.tip_margin_m, contact.tip_margin_m)
    tip_margin = tip_margin if log.touched > 0.0 else log.tip_margin_m
    time_s = now.time_s if end == IN_FLIGHT else log.time_s  # of the state that ended it
    return Log(
        mode=mode,
        tick=log.tick + 1.0,
        outcome=end,
        finite=log.finite,
        release_s=release,
        cut_off_s=cut_off,
        max_altitude_m=max(log.max_altitude_m, state.r_enu_m[2]),
        peak_tilt_rad=max(log.peak_tilt_rad, flown_tilt),
        peak_rate_radps=max(log.peak_rate_radps, flown_rate),
        peak_gimbal_rad=max(log.peak_gimbal_rad, sqrt(gx * gx + gy * gy)),
        peak_throttle=max(log.peak_throttle, state.throttle),
        min_throttle=min(log.min_throttle, throttle),
        saturated_s=log.saturated_s + saturated,
        quiet_s=now.quiet_s,
        tip_margin_m=tip_margin,
        touched=log.touched,
        time_s=time_s,
    )
