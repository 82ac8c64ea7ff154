"""How a run can end, what it can violate, and what can be made to fail."""

from enum import IntEnum, IntFlag


class Outcome(IntEnum):
    """The first terminal event; where several fall on one tick, PRECEDENCE decides.  §18.8"""

    at_rest = 0
    tip_over = 1
    hull_strike = 2
    bell_strike = 3
    off_pad = 4
    propellant_depleted = 5
    attitude_lost = 6
    aborted = 7
    no_start = 8
    scrubbed = 9
    time_out = 10
    diverged = 11
    infrastructure_error = 12  # set by the pipeline, never by the kernel


IN_FLIGHT = -1.0

PRECEDENCE = (
    Outcome.diverged,
    Outcome.scrubbed,
    Outcome.no_start,
    Outcome.hull_strike,
    Outcome.bell_strike,
    Outcome.tip_over,
    Outcome.attitude_lost,
    Outcome.aborted,
    Outcome.propellant_depleted,
    Outcome.off_pad,
    Outcome.at_rest,
    Outcome.time_out,
)


class Violation(IntFlag):
    """Limits broken, whatever the outcome.  §18.7"""

    vertical_speed = 1
    lateral_speed = 2
    tilt = 4
    rate = 8
    off_pad = 16
    leg_stroke = 32
    crush = 64
    propellant_reserve = 128
    gimbal_travel = 256


class Initiator(IntEnum):
    """The failure injected into a run.  §17.2"""

    none = 0
    engine_out = 1
    early_cut_off = 2
    stuck_throttle = 3
    valve_stiction = 4
    stuck_gimbal = 5
    lost_fix = 6
    lost_altimeter = 7
    false_switch = 8
    missing_switch = 9
    leg_weak_damper = 10
    leg_not_latched = 11
    leg_not_deployed = 12
    leg_collapse = 13
    engine_no_start = 14
