"""From commands to actuators: computing delay, dead time, quantisation, propellant, and what has failed.

A command computed at one tick acts from the next; the throttle additionally waits its dead time, which need not be
a whole number of ticks: the line of past commands is read between its entries.
"""

import numpy as np

from models import gimbal
from models.jit import kernel
from models.outcomes import Initiator
from models.structs import Actuation

_NEVER_STARTS = float(Initiator.engine_no_start)
_ENGINE_OUT = float(Initiator.engine_out)
_EARLY = float(Initiator.early_cut_off)
_STUCK_THROTTLE = float(Initiator.stuck_throttle)
_STICTION = float(Initiator.valve_stiction)
_STUCK_GIMBAL = float(Initiator.stuck_gimbal)

STICTION_BAND = 0.04  # of full throttle, EST: the valve moves only when asked for more than this
FLAME_OUT_LAG_S = 0.05  # EST


@kernel
def active_failure(since_release_s, failure):
    """Code of the injected failure if its time has come, else 0."""
    return failure.initiator if since_release_s >= failure.time_s else 0.0


@kernel
def _delayed(line, ticks):
    """The line of commands read `ticks` ago, linear between entries."""
    return (
        line[0] * max(0.0, 1.0 - abs(ticks))
        + line[1] * max(0.0, 1.0 - abs(ticks - 1.0))
        + line[2] * max(0.0, 1.0 - abs(ticks - 2.0))
        + line[3] * max(0.0, 1.0 - abs(ticks - 3.0))
        + line[4] * max(0.0, 1.0 - abs(ticks - 4.0))
        + line[5] * max(0.0, 1.0 - abs(ticks - 5.0))
        + line[6] * max(0.0, 1.0 - abs(ticks - 6.0))
        + line[7] * max(0.0, 1.0 - abs(ticks - 7.0))
    )


@kernel
def actuation(before, command, state, since_release_s, case, dt):
    """What the actuators are told until the next tick.                                         §17"""
    e = case.engine
    held = before.held
    failed = active_failure(since_release_s, case.failure) if held == 0.0 else 0.0
    failed = case.failure.initiator if case.failure.initiator == _NEVER_STARTS else failed

    # Throttle valve
    asked = _delayed(command.line, min(e.dead_time_s / dt, 7.0))
    asked = (
        np.floor(asked / e.throttle_quantum + 0.5) * e.throttle_quantum
        if e.throttle_quantum > 0.0
        else asked
    )
    target = e.throttle_scale * asked
    sticks = failed == _STICTION and asked > 0.0 and abs(target - state.throttle) < STICTION_BAND
    target = state.throttle if sticks else target
    target = before.throttle if failed == _STUCK_THROTTLE and asked > 0.0 else target
    dead = (failed == _ENGINE_OUT) or (failed == _NEVER_STARTS) or (failed == _EARLY)
    target = 0.0 if dead else target
    wet = (state.lox_kg > case.lox.residual_kg) and (state.fuel_kg > case.fuel.residual_kg)
    lag = e.lag_s if target > 0.0 else e.tailoff_s
    lag = FLAME_OUT_LAG_S if failed == _ENGINE_OUT else lag
    slew = e.start_slew_per_s if held > 0.0 else e.slew_per_s
    slew = slew if target > 0.0 else 1.0e3  # the tail-off is the lag's alone

    # Gimbal, roll
    stuck = failed == _STUCK_GIMBAL
    x = before.gimbal_x_rad if stuck else command.gimbal_x_rad + case.gimbal.null_x_rad
    y = before.gimbal_y_rad if stuck else command.gimbal_y_rad + case.gimbal.null_y_rad
    wait = min(case.thrusters.delay_s / dt, 3.0)
    r = command.roll_line
    roll = (
        r[0] * max(0.0, 1.0 - wait)
        + r[1] * max(0.0, 1.0 - abs(wait - 1.0))
        + r[2] * max(0.0, 1.0 - abs(wait - 2.0))
        + r[3] * max(0.0, 1.0 - abs(wait - 3.0))
    )
    lit = before.lit if wet else 0.0
    return Actuation(
        throttle=target,
        throttle_slew_per_s=slew,
        throttle_lag_s=lag,
        lit=lit,
        gimbal_x_rad=x,
        gimbal_y_rad=y,
        play_x_rad=gimbal.play(before.play_x_rad, state.gimbal_x_rad, case.gimbal),
        play_y_rad=gimbal.play(before.play_y_rad, state.gimbal_y_rad, case.gimbal),
        roll=roll,
        held=held,
    )
