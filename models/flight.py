"""One control tick of one run, in the order it happens: air, sensors, navigation, guidance, control, book-keeping.

Pure scalar functions of one run; lanes.py flies many side by side. The clocks are fixed and do not depend on the
integration steps: control, inertial unit and turbulence every TICK_S, satellite fix and altimeter every AIDING_TICKS.
"""

from math import sqrt

import numpy as np

from models import (
    actuation,
    atmosphere,
    control,
    dynamics,
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
from models.jit import kernel
from models.mass import total
from models.outcomes import IN_FLIGHT, Initiator, Outcome
from models.rotation import up_in_body
from models.structs import Actuation, Air, Contact, Log
from models.vectors import add, cross, norm, scale

TICK_S = 0.02  # 50 Hz
AIDING_TICKS = 5  # 10 Hz
AIDING_S = AIDING_TICKS * TICK_S

_LOST_FIX = float(Initiator.lost_fix)
_LOST_ALTIMETER = float(Initiator.lost_altimeter)
_FALSE_SWITCH = float(Initiator.false_switch)
_MISSING_SWITCH = float(Initiator.missing_switch)
_DIVERGED = float(Outcome.diverged)
_SCRUBBED = float(Outcome.scrubbed)
_NO_START = float(Outcome.no_start)
_HULL = float(Outcome.hull_strike)
_BELL = float(Outcome.bell_strike)
_TIP_OVER = float(Outcome.tip_over)
_ATTITUDE = float(Outcome.attitude_lost)
_ABORTED = float(Outcome.aborted)
_DEPLETED = float(Outcome.propellant_depleted)
_OFF_PAD = float(Outcome.off_pad)
_AT_REST = float(Outcome.at_rest)
_TIME_OUT = float(Outcome.time_out)


@kernel
def air(state, gusts, table, trigonometry, tick, case):
    """Air, wind and gravity for the coming tick, and the turbulence filters after it.          §2 to §4

    table: wind (east, north, slopes) read from a file for this run and height; used where the profile says so.
    """
    height = state.r_enu_m[2]
    site, w = case.site, case.wind
    rho, rho_slope, p, p_slope = atmosphere.air_at(height, site)
    g, g_slope = atmosphere.gravity_at(height, trigonometry[0], site)

    # Mean wind
    speed, shear = wind.mean_speed(height, w)
    to_east, to_north = wind.direction(height, w)
    from_table = w.profile == 3.0
    mean_east = table[0] if from_table else speed * to_east
    mean_north = table[1] if from_table else speed * to_north
    shear_east = table[2] if from_table else shear * to_east
    shear_north = table[3] if from_table else shear * to_north

    # Turbulence along and across the mean wind, moved past by airspeed or mean wind, whichever is larger
    mean = sqrt(mean_east * mean_east + mean_north * mean_north)
    along_east = mean_east / mean if mean > 1.0e-6 else to_east
    along_north = mean_north / mean if mean > 1.0e-6 else to_north
    v = state.v_enu_mps
    airspeed = norm((v[0] - mean_east, v[1] - mean_north, v[2]))
    passing = max(max(airspeed, mean), w.airspeed_floor_mps)
    l_u, l_w, sigma_u, sigma_w = turbulence.lengths_and_intensities(height, w)
    uv = noise.normals(case.seed, noise.TURBULENCE_UV, tick)
    ww = noise.normals(case.seed, noise.TURBULENCE_W, tick)
    gusts = turbulence.advanced(gusts, passing, l_u, l_w, TICK_S, uv, ww)
    u, side, up = turbulence.velocity(gusts, sigma_u, sigma_w)

    # One gust
    gust = wind.gust_speed(height, w) if v[2] < 0.0 else 0.0
    sin_gust, cos_gust = sincos(w.gust_from_rad)
    east = mean_east + u * along_east - side * along_north - gust * sin_gust
    north = mean_north + u * along_north + side * along_east - gust * cos_gust
    felt = Air(
        height, rho, rho_slope, p, p_slope, g, g_slope, east, north, up, shear_east, shear_north
    )
    return felt, gusts


@kernel
def navigate(state, memory, est, felt, earth, thrust_setting, case, design, plant, tick):
    """Inertial tick: what the unit reports, and the estimate it moves.                         §13, §14"""
    elapsed = TICK_S if tick > 0.0 else 0.0
    support = add((0.0, 0.0, felt.gravity_mps2), scale(2.0, cross(earth, state.v_enu_mps)))
    measured, memory = sensors.imu_increments(
        state, memory, support, case.imu, case.seed, tick, elapsed
    )
    flow = (
        thrust_setting
        * plant.thrust_vac_n
        / (
            atmosphere.G0_MPS2
            * plant.isp_vac_s
            * (1.0 - plant.isp_throttle_slope * (1.0 - thrust_setting))
        )
    )
    return memory, navigation.propagated(est, measured, plant.gravity_mps2, flow, elapsed, TICK_S)


@kernel
def aid(state, memory, est, log, case, design, tuning, normal):
    """Aiding tick: satellite fix and altimeter, fused. Does nothing on the ticks between.      §13.3, §14"""
    due = log.tick - AIDING_TICKS * np.floor(log.tick / AIDING_TICKS) == 0.0
    since = log.time_s - log.release_s if log.release_s >= 0.0 else -1.0
    failed = actuation.active_failure(since, case.failure)
    fix = 1.0 if due and failed != _LOST_FIX else 0.0
    echo = 1.0 if due and failed != _LOST_ALTIMETER else 0.0
    interval = AIDING_S if due else 0.0
    aids = sensors.aids(state, normal, fix, echo, case, log.tick)
    memory = sensors.wander(memory, case.imu, case.seed, log.tick, interval)
    return memory, navigation.aided(est, aids, design, tuning, interval)


@kernel
def switch_votes(pads_pressed, log, case):
    """Contact switches that report, of those pressed: false ones add, missing ones take away.  §15.2"""
    since = log.time_s - log.release_s if log.release_s >= 0.0 else -1.0
    failed = actuation.active_failure(since, case.failure)
    votes = pads_pressed + (1.0 if failed == _FALSE_SWITCH else 0.0)
    return 0.0 if failed == _MISSING_SWITCH else votes


@kernel
def software(est, demand, command, phase, votes, log, design, gains, plant):
    """Guidance and control on one tick: estimate in, demand and command out.                   §15, §16"""
    base = navigation.at_base(est, design.imu)
    released = 1.0 if log.release_s >= 0.0 else 0.0
    demand = guidance.advanced(demand, phase, released, TICK_S)
    demand = guidance.cut_off(demand, base, votes, phase, gains, TICK_S)
    command = control.advanced(command, base, demand, released, gains, plant, TICK_S)
    return demand, command


@kernel
def actuated(before, command, program, state, log, case):
    """What the actuators are told over the coming tick: the command of the last one.           §17

    The computer is late by a uniform share of its jitter, or misses the cycle.
    """
    moment, luck = noise.uniforms(case.seed, noise.COMPUTER, log.tick)
    late = moment * case.computer.jitter_s / TICK_S
    late = 1.0 if luck < case.computer.missed_fraction else min(late, 1.0)
    since = log.time_s - log.release_s if log.release_s >= 0.0 else -1.0
    return actuation.actuation(before, command, program, state, since, late, case, TICK_S)


@kernel
def axial_specific_force(state, told, felt, ground, case):
    """Specific force along body z, m/s2: thrust and ground, drag left out. Sets the slosh damping."""
    asked = dynamics.commanded(told, 0.0)
    push, _ = dynamics.thrust_body(state, told, asked, felt.pressure_pa, case)
    return (push[2] + ground.force_enu_n[2]) / total(state, case.mass)


CLIMBED_M = 1.0  # EST: from there on a pad at rest over the ground is about to land, not to leave


@kernel
def has_left(log, case):
    """Whether the vehicle has left the clamps it started in, or never was in any."""
    return log.max_altitude_m > CLIMBED_M or case.start.held == 0.0


@kernel
def _reach(height, rate, climbed):
    """Height a point keeps over the next tick, m, whatever accelerates it up to 30 m/s2.

    While the vehicle has not climbed, a pad that rises with it has nothing to fear.
    """
    kept = height + rate * TICK_S - 15.0 * TICK_S * TICK_S
    return kept if climbed or rate < 0.0 else 1.0e3


@kernel
def hull(state, body, support, normal, climbed, case, edge_share, limits):
    """What hull, bell and balance say on this tick; the pads are added by felt_leg.            §18.2"""
    legs_ = case.legs
    hull_m, hull_rate = touchdown.hull_clearance(state, normal, legs_)
    bell_m, bell_rate = touchdown.ring_clearance(
        state, normal, case.engine.exit_z_m, case.engine.exit_radius_m
    )
    quiet = 1.0 if touchdown.is_quiet(state, body, support, limits) else 0.0
    margin = touchdown.tip_margin(state, body, legs_, edge_share)
    reach = min(_reach(hull_m, hull_rate, climbed), _reach(bell_m, bell_rate, climbed))
    return Contact(reach, hull_m, bell_m, support, 0.0, 0.0, quiet, margin)


@kernel
def felt_leg(contact, state, leg, memory, normal, climbed, legs_):
    """Contact with one more leg counted: its reach, whether its pad touches, its switch."""
    height, rate = legs.clearance(state, leg, normal)
    touching_now = 1.0 if memory.load_n > 0.0 else 0.0
    pressed = 1.0 if memory.pressed_s > legs_.switch_delay_s else 0.0
    return Contact(
        min(contact.reach_m, _reach(height, rate, climbed)), contact.hull_m, contact.bell_m, contact.support_n,
        contact.pads + touching_now, contact.pressed + pressed, contact.quiet, contact.tip_margin_m,
    )  # fmt: skip


@kernel
def opened(state, told, felt, log, case, gains):
    """Whether the clamps open now: thrust along the axis exceeds the set share of the weight."""
    asked = dynamics.commanded(told, 0.0)
    push, _ = dynamics.thrust_body(state, told, asked, felt.pressure_pa, case)
    weight = total(state, case.mass) * felt.gravity_mps2
    return told.held > 0.0 and push[2] > gains.release_thrust_to_weight * weight


@kernel
def unclamped(told):
    """The actuation with the clamps open."""
    return Actuation(
        told.throttle, told.throttle_slew_per_s, told.throttle_lag_s, told.lit, told.gimbal_x_rad, told.gimbal_y_rad,
        told.play_x_rad, told.play_y_rad, told.roll, told.throttle_trend, told.gimbal_x_trend, told.gimbal_y_trend,
        told.roll_trend, 0.0,
    )  # fmt: skip


@kernel
def touching(log):
    """The log once the first pad has touched."""
    return Log(
        log.mode, log.tick, log.outcome, log.finite, log.release_s, log.cut_off_s, log.max_altitude_m, log.peak_tilt_rad,
        log.peak_rate_radps, log.peak_gimbal_rad, log.peak_throttle, log.min_throttle, log.saturated_s, log.quiet_s,
        log.contacts, log.tip_margin_m, 1.0, log.time_s,
    )  # fmt: skip


@kernel
def _ended(code, happened, outcome):
    """The outcome after a test of lower precedence than those before it."""
    return code if happened and outcome == IN_FLIGHT else outcome


@kernel
def logged(log, state, demand, command, contact, freed, held, case, limits, gains):
    """Book-keeping after a tick: extremes, sticky finite flag, first terminal event.           §18

    contact: reach of the lowest point within a tick (m), hull and bell clearance, support (N), quiet flag, tip
    margin, pads that touch. Precedence of events on one tick: outcomes.PRECEDENCE.
    """
    in_contact = log.mode == 1.0
    flying = log.mode == 0.0
    time = log.time_s + TICK_S
    release = log.release_s if log.release_s >= 0.0 else (log.time_s if freed else -1.0)
    off_pad = release >= 0.0
    tilt_cosine = up_in_body(state.q_body_to_enu)[2]
    rate = norm(state.omega_body_radps)
    gimbal = sqrt(state.gimbal_x_rad * state.gimbal_x_rad + state.gimbal_y_rad * state.gimbal_y_rad)
    limit = 0.999 * case.gimbal.travel_rad
    saturated = max(abs(command.gimbal_x_rad), abs(command.gimbal_y_rad)) >= limit
    quiet = (
        log.quiet_s + TICK_S
        if in_contact and contact.quiet > 0.0 and state.throttle < 0.02
        else 0.0
    )
    cross_range = sqrt(
        (state.r_enu_m[0] - demand.r_enu_m[0]) ** 2 + (state.r_enu_m[1] - demand.r_enu_m[1]) ** 2
    )
    tilt = arccos(tilt_cosine)
    corridor = limits.abort_tilt_rad > 0.0
    strayed = (tilt > limits.abort_tilt_rad) or (cross_range > limits.abort_cross_range_m)
    strayed = strayed or (rate > limits.abort_rate_radps)
    wet = (state.lox_kg > case.lox.residual_kg) and (state.fuel_kg > case.fuel.residual_kg)
    away = sqrt(state.r_enu_m[0] ** 2 + state.r_enu_m[1] ** 2) > case.site.pad_radius_m
    resting = in_contact and quiet >= limits.rest_time_s
    windy = limits.mean_wind_mps > 0.0 and case.wind.speed_mps > limits.mean_wind_mps
    gusty = (
        limits.gust_wind_mps > 0.0
        and case.wind.speed_mps + case.wind.gust_mps > limits.gust_wind_mps
    )

    end = log.outcome
    end = _ended(_DIVERGED, log.finite == 0.0, end)
    end = _ended(_SCRUBBED, log.tick == 0.0 and (windy or gusty), end)
    end = _ended(_NO_START, held > 0.0 and not freed and time > gains.start_time_limit_s, end)
    end = _ended(_HULL, in_contact and contact.hull_m < 0.0, end)
    end = _ended(_BELL, in_contact and contact.bell_m < 0.0, end)
    end = _ended(_TIP_OVER, in_contact and tilt > limits.tip_over_rad, end)
    end = _ended(_ATTITUDE, flying and tilt > limits.tilt_lost_rad, end)
    end = _ended(_ABORTED, flying and off_pad and corridor and strayed, end)
    end = _ended(_DEPLETED, flying and off_pad and not wet, end)
    end = _ended(_OFF_PAD, resting and away, end)
    end = _ended(_AT_REST, resting, end)
    end = _ended(_TIME_OUT, time > limits.time_s, end)
    over = end != IN_FLIGHT
    handed = flying and off_pad and contact.reach_m < 0.0

    mode = 2.0 if over else (1.0 if handed else log.mode)
    cut = demand.cut_off > 0.0 and log.cut_off_s < 0.0
    cut_off_s = log.time_s if cut else log.cut_off_s
    peak_tilt = max(log.peak_tilt_rad, tilt) if flying else log.peak_tilt_rad
    peak_rate = max(log.peak_rate_radps, rate) if flying else log.peak_rate_radps
    min_throttle = min(log.min_throttle, state.throttle) if flying and off_pad else log.min_throttle
    saturated_s = log.saturated_s + TICK_S if saturated else log.saturated_s
    tip_margin = (
        min(log.tip_margin_m, contact.tip_margin_m) if log.touched > 0.0 else log.tip_margin_m
    )
    return Log(
        mode=mode,
        tick=log.tick + 1.0,
        outcome=end,
        finite=log.finite,
        release_s=release,
        cut_off_s=cut_off_s,
        max_altitude_m=max(log.max_altitude_m, state.r_enu_m[2]),
        peak_tilt_rad=peak_tilt,
        peak_rate_radps=peak_rate,
        peak_gimbal_rad=max(log.peak_gimbal_rad, gimbal),
        peak_throttle=max(log.peak_throttle, state.throttle),
        min_throttle=min_throttle,
        saturated_s=saturated_s,
        quiet_s=quiet,
        contacts=max(log.contacts, contact.pads),
        tip_margin_m=tip_margin,
        touched=log.touched,
        time_s=time,
    )
