"""What a run leaves behind: one row of numbers, in SI and radians, NaN where it never came to that.

Touchdown values are those at first contact of the first pad. Position and velocity are the base
centre's unless the name says `cg`. Success is not decided here: it follows from the campaign's
requirements on these numbers. §18.7
"""

from math import nan, sqrt
from typing import NamedTuple

from models.elementary import arccos, arctan
from models.jit import kernel
from models.outcomes import Outcome, Violation
from models.rotation import rotate, up_in_body
from models.vectors import add, cross, norm, sub

_AT_REST = float(Outcome.at_rest)
_OFF_PAD = float(Outcome.off_pad)
_VERTICAL = float(Violation.vertical_speed)
_LATERAL = float(Violation.lateral_speed)
_TILT = float(Violation.tilt)
_RATE = float(Violation.rate)
_AWAY = float(Violation.off_pad)
_STROKE = float(Violation.leg_stroke)
_CRUSH = float(Violation.crush)
_RESERVE = float(Violation.propellant_reserve)
_GIMBAL = float(Violation.gimbal_travel)

_CRUSHED_M = 1.0e-4  # EST: shortening of a crush core that counts


class Metrics(NamedTuple):
    """One row of the store."""

    outcome: float
    violations: float
    initiator: float
    flight_time_s: float  # release to first contact
    end_time_s: float  # from ignition command to the end of the run
    max_altitude_m: float
    touchdown_east_m: float
    touchdown_north_m: float
    touchdown_miss_m: float
    touchdown_speed_mps: float
    touchdown_vertical_speed_mps: float  # downward positive
    touchdown_lateral_speed_mps: float
    touchdown_tilt_rad: float
    touchdown_roll_rad: float  # magnitude of the heading change since lift-off
    touchdown_rate_radps: float  # of pitch and yaw together
    touchdown_roll_rate_radps: float
    touchdown_cg_east_m: float
    touchdown_cg_north_m: float
    touchdown_cg_vertical_speed_mps: float
    touchdown_cg_lateral_speed_mps: float
    rest_east_m: float
    rest_north_m: float
    rest_miss_m: float
    rest_tilt_rad: float
    cut_off_delay_s: float  # first contact to cut-off; negative = cut off before contact
    peak_stroke_m: float
    peak_leg_load_n: float
    peak_crush_m: float
    slid_m: float
    stroke_0_m: float
    stroke_1_m: float
    stroke_2_m: float
    stroke_3_m: float
    stroke_4_m: float
    stroke_5_m: float
    load_0_n: float
    load_1_n: float
    load_2_n: float
    load_3_n: float
    load_4_n: float
    load_5_n: float
    tip_margin_m: float
    propellant_left_kg: float
    propellant_used_kg: float
    peak_gimbal_rad: float
    gimbal_saturated_s: float
    peak_throttle: float
    min_throttle: float
    peak_tilt_rad: float
    peak_rate_radps: float
    navigation_error_m: float  # at touchdown
    navigation_vertical_error_m: float
    navigation_velocity_error_mps: float
    navigation_tilt_error_rad: float
    navigation_nees: float


@kernel
def _or_nan(x, known):
    """A number, or NaN where the run never came to it."""
    return x if known else nan


@kernel
def violations(touched, down, side, tilt, rate, away, worst, log, left_kg, case, limits):
    """Mask of every limit broken.  §18.7

    At touchdown: speeds down and sideways m/s, tilt rad, rate rad/s, miss m. worst: deepest stroke,
    deepest crush, m. left_kg: usable propellant.
    """
    mask = 0.0
    mask += _VERTICAL if touched and down > limits.vertical_speed_mps else 0.0
    mask += _LATERAL if touched and side > limits.lateral_speed_mps else 0.0
    mask += _TILT if touched and tilt > limits.tilt_rad else 0.0
    mask += _RATE if touched and rate > limits.rate_radps else 0.0
    mask += _AWAY if touched and away > case.site.pad_radius_m else 0.0
    mask += _STROKE if worst[0] > case.legs.stroke_m else 0.0
    mask += _CRUSH if worst[1] > _CRUSHED_M else 0.0
    mask += _RESERVE if left_kg < limits.propellant_kg else 0.0
    mask += _GIMBAL if log.saturated_s > 0.0 else 0.0
    return mask


@kernel
def _largest(six):
    """Largest of six values, NaN left out; zero at least."""
    found = 0.0
    for k in range(6):
        found = max(found, six[k] if six[k] == six[k] else 0.0)
    return found


@kernel
def _usable(state, case):
    """Propellant above the residuals, kg; none once either tank is down to its own."""
    lox = state.lox_kg - case.lox.residual_kg
    fuel = state.fuel_kg - case.fuel.residual_kg
    return lox + fuel if min(lox, fuel) > 0.0 else 0.0


@kernel
def metrics(state, log, snap, strokes, loads, crush_m, slid_m, start_kg, case, limits):
    """The row of a run that is over. strokes, loads: six each, NaN where there is no leg.  §18.7"""
    touched = log.touched > 0.0
    rest = (log.outcome == _AT_REST) or (log.outcome == _OFF_PAD)
    cut = touched and log.cut_off_s >= 0.0

    # At touchdown
    r, v, q = snap.r_enu_m, snap.v_enu_mps, snap.q_body_to_enu
    w = snap.omega_body_radps
    tilt = arccos(up_in_body(q)[2])
    rate = sqrt(w[0] * w[0] + w[1] * w[1])
    side = sqrt(v[0] * v[0] + v[1] * v[1])
    miss = sqrt(r[0] * r[0] + r[1] * r[1])
    heading = abs(2.0 * arctan(q[3] / (q[0] if abs(q[0]) > 0.1 else 0.1)))
    cg = add(r, rotate(q, snap.cg_body_m))
    cg_v = add(v, rotate(q, cross(w, snap.cg_body_m)))
    cg_side = sqrt(cg_v[0] * cg_v[0] + cg_v[1] * cg_v[1])
    off = sub(snap.est_r_enu_m, r)

    # At the end
    re, rn = state.r_enu_m[0], state.r_enu_m[1]
    usable = _usable(state, case)
    stroke, load = _largest(strokes), _largest(loads)
    mask = violations(
        touched, -v[2], side, tilt, rate, miss, (stroke, crush_m), log, usable, case, limits
    )
    return Metrics(
        outcome=log.outcome,
        violations=mask,
        initiator=case.failure.initiator,
        flight_time_s=_or_nan(snap.time_s - log.release_s, touched),
        end_time_s=log.time_s,
        max_altitude_m=log.max_altitude_m,
        touchdown_east_m=_or_nan(r[0], touched),
        touchdown_north_m=_or_nan(r[1], touched),
        touchdown_miss_m=_or_nan(miss, touched),
        touchdown_speed_mps=_or_nan(norm(v), touched),
        touchdown_vertical_speed_mps=_or_nan(-v[2], touched),
        touchdown_lateral_speed_mps=_or_nan(side, touched),
        touchdown_tilt_rad=_or_nan(tilt, touched),
        touchdown_roll_rad=_or_nan(heading, touched),
        touchdown_rate_radps=_or_nan(rate, touched),
        touchdown_roll_rate_radps=_or_nan(abs(w[2]), touched),
        touchdown_cg_east_m=_or_nan(cg[0], touched),
        touchdown_cg_north_m=_or_nan(cg[1], touched),
        touchdown_cg_vertical_speed_mps=_or_nan(-cg_v[2], touched),
        touchdown_cg_lateral_speed_mps=_or_nan(cg_side, touched),
        rest_east_m=_or_nan(re, rest),
        rest_north_m=_or_nan(rn, rest),
        rest_miss_m=_or_nan(sqrt(re * re + rn * rn), rest),
        rest_tilt_rad=_or_nan(arccos(up_in_body(state.q_body_to_enu)[2]), rest),
        cut_off_delay_s=_or_nan(log.cut_off_s - snap.time_s, cut),
        peak_stroke_m=_or_nan(stroke, touched),
        peak_leg_load_n=_or_nan(load, touched),
        peak_crush_m=_or_nan(crush_m, touched),
        slid_m=_or_nan(slid_m, touched),
        stroke_0_m=strokes[0],
        stroke_1_m=strokes[1],
        stroke_2_m=strokes[2],
        stroke_3_m=strokes[3],
        stroke_4_m=strokes[4],
        stroke_5_m=strokes[5],
        load_0_n=loads[0],
        load_1_n=loads[1],
        load_2_n=loads[2],
        load_3_n=loads[3],
        load_4_n=loads[4],
        load_5_n=loads[5],
        tip_margin_m=_or_nan(log.tip_margin_m, touched),
        propellant_left_kg=usable,
        propellant_used_kg=start_kg - state.lox_kg - state.fuel_kg,
        peak_gimbal_rad=log.peak_gimbal_rad,
        gimbal_saturated_s=log.saturated_s,
        peak_throttle=log.peak_throttle,
        min_throttle=log.min_throttle,
        peak_tilt_rad=log.peak_tilt_rad,
        peak_rate_radps=log.peak_rate_radps,
        navigation_error_m=_or_nan(norm(off), touched),
        navigation_vertical_error_m=_or_nan(off[2], touched),
        navigation_velocity_error_mps=_or_nan(norm(sub(snap.est_v_enu_mps, v)), touched),
        navigation_tilt_error_rad=_or_nan(snap.est_tilt_error_rad, touched),
        navigation_nees=_or_nan(snap.nees, touched),
    )
