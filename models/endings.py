"""How a tick can end a run: the terminal events, in the order of their precedence.

Of several on one tick the first one listed holds: outcomes.PRECEDENCE, in which the functions here
ask. §18.8
"""

from math import sqrt
from typing import NamedTuple

from models.jit import kernel
from models.outcomes import IN_FLIGHT, Outcome

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

# EST: an anemometer's strongest gust is 3 sigma_u over the mean; MIL-F-8785C gives sigma_u at 20 ft
# as 0.1 W20 / (0.177 + 0.000823 * 20)^0.4
_GUST_SHARE = 3.0 * 0.1 / (0.177 + 0.000823 * 20.0) ** 0.4


class Moment(NamedTuple):
    """Where a run stands at the end of a tick."""

    time_s: float
    flying: bool  # in the flight loop
    released: bool
    in_contact: bool  # in the contact loop
    no_start: bool
    tilt_rad: float
    rate_radps: float
    quiet_s: float  # how long it has been at rest


@kernel
def _ended(code, happened, outcome):
    """The outcome after a test of lower precedence than those before it."""
    return code if happened and outcome == IN_FLIGHT else outcome


@kernel
def _too_windy(wind, limits):
    """Whether the launch rules forbid the flight: by the wind on the ground, mean or in gusts.

    The discrete gust, which is met aloft, is not known before.
    """
    strongest = wind.speed_mps + _GUST_SHARE * wind.w20_mps
    mean = limits.mean_wind_mps > 0.0 and wind.speed_mps > limits.mean_wind_mps
    return mean or (limits.gust_wind_mps > 0.0 and strongest > limits.gust_wind_mps)


@kernel
def _strayed(moment, demand, state, limits):
    """Whether the vehicle has left the abort corridor; each of its limits may be none."""
    east = state.r_enu_m[0] - demand.r_enu_m[0]
    north = state.r_enu_m[1] - demand.r_enu_m[1]
    aside = sqrt(east * east + north * north)
    tilted = limits.abort_tilt_rad > 0.0 and moment.tilt_rad > limits.abort_tilt_rad
    off = limits.abort_cross_range_m > 0.0 and aside > limits.abort_cross_range_m
    turning = limits.abort_rate_radps > 0.0 and moment.rate_radps > limits.abort_rate_radps
    return tilted or off or turning


@kernel
def _dry(state, case):
    """Whether a tank is down to what cannot be used, and flight software counts on it.

    An open-loop case flies on with the engine out.
    """
    dry = (state.lox_kg <= case.lox.residual_kg) or (state.fuel_kg <= case.fuel.residual_kg)
    return dry and case.start.open_loop == 0.0


@kernel
def outcome(log, moment, demand, contact, state, case, limits):
    """Code of the run's terminal event after this tick, IN_FLIGHT if there is none yet.  §18.8"""
    end = _ended(_DIVERGED, log.finite != 1.0, log.outcome)
    end = _ended(_SCRUBBED, log.tick == 0.0 and _too_windy(case.wind, limits), end)
    end = _ended(_NO_START, moment.no_start, end)

    # On the ground
    end = _ended(_HULL, moment.in_contact and contact.hull_m < 0.0, end)
    end = _ended(_BELL, moment.in_contact and contact.bell_m < 0.0, end)
    end = _ended(_TIP_OVER, moment.in_contact and moment.tilt_rad > limits.tip_over_rad, end)

    # In flight
    airborne = moment.flying and moment.released
    end = _ended(_ATTITUDE, moment.flying and moment.tilt_rad > limits.tilt_lost_rad, end)
    end = _ended(_ABORTED, airborne and _strayed(moment, demand, state, limits), end)
    end = _ended(_DEPLETED, airborne and _dry(state, case), end)

    # At the end
    away = sqrt(state.r_enu_m[0] ** 2 + state.r_enu_m[1] ** 2) > case.site.pad_radius_m
    resting = moment.in_contact and moment.quiet_s >= limits.rest_time_s
    end = _ended(_OFF_PAD, resting and away, end)
    end = _ended(_AT_REST, resting, end)
    return _ended(_TIME_OUT, moment.time_s > limits.time_s, end)
