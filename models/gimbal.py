"""Gimbal actuators: second order with travel and rate limits; the nozzle follows with backlash.

Source: Ogata, Modern Control Engineering, 5th ed., sec. 5-3 (second-order step response); backlash
as the play operator, Nordin & Gutman, Automatica 38 (2002).
"""

from models.jit import kernel
from models.vectors import clip


@kernel
def rates(angle, rate, command, gimbal):
    """Derivatives of actuator angle, rad/s, and rate, rad/s2, on one axis.  §8.1

        d' = clip(w, +-rate limit),   w' = omega_n^2 (command - d) - 2 zeta omega_n w

    The rate does not wind up beyond its limit. Ideal (angle = command) where omega_n = 0: see
    deflection().
    """
    wn = gimbal.natural_frequency_radps
    target = clip(command, -gimbal.travel_rad, gimbal.travel_rad)
    acceleration = wn * wn * (target - angle) - 2.0 * gimbal.damping_ratio * wn * rate
    limit = gimbal.rate_radps
    stalled = (rate >= limit and acceleration > 0.0) or (rate <= -limit and acceleration < 0.0)
    return clip(rate, -limit, limit), 0.0 if stalled else acceleration


@kernel
def play(nozzle, angle, gimbal):
    """Where the nozzle stands, rad: within half the backlash of the actuator.  §8.2"""
    half = 0.5 * gimbal.backlash_rad
    return clip(nozzle, angle - half, angle + half)


@kernel
def deflection(nozzle, angle, command, gimbal):
    """Nozzle angle on one axis, rad: within play of the actuator, an ideal one's within travel.

    §8.1, §8.2
    """
    ideal = gimbal.natural_frequency_radps == 0.0
    travel = gimbal.travel_rad
    return clip(command, -travel, travel) if ideal else play(nozzle, angle, gimbal)
