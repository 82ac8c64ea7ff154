"""From commands to actuators: delays, quantisation, propellant, and what has failed.

A command computed at one tick acts from the next; the throttle additionally waits its dead time,
which need not be a whole number of ticks: the line of past commands is read between its entries.
EST: the failures' modes. Late commands are averaged over a tick, beside which the actuators are
slow.
"""

from math import sin

import numpy as np

from models import gimbal
from models.jit import kernel
from models.outcomes import Initiator
from models.structs import Actuation, Program, Trend
from models.vectors import clip

_NEVER_STARTS = float(Initiator.engine_no_start)
_ENGINE_OUT = float(Initiator.engine_out)
_EARLY = float(Initiator.early_cut_off)
_STUCK_THROTTLE = float(Initiator.stuck_throttle)
_STICTION = float(Initiator.valve_stiction)
_STUCK_GIMBAL = float(Initiator.stuck_gimbal)

DELAY_TICKS = 8  # length of the line of throttle commands
STICTION_BAND = 0.04  # of full throttle, EST: the valve moves only when asked for more
FLAME_OUT_LAG_S = 0.05  # EST: a flame-out is quicker than a tail-off


@kernel
def active_failure(since_release_s, failure):
    """Code of the injected failure if its time has come, else 0.  §17.2"""
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
def _in_force(since_release_s, held, failure):
    """Code of the failure at work now: an engine that never starts fails before release."""
    failed = active_failure(since_release_s, failure) if held == 0.0 else 0.0
    return failure.initiator if failure.initiator == _NEVER_STARTS else failed


@kernel
def _valve(before, command, state, failed, late, case, dt):
    """What the throttle valve is told: target, slew limit 1/s, lag s.  §17.1"""
    e = case.engine
    asked = _delayed(command.line, min(e.dead_time_s / dt + late, DELAY_TICKS - 1.0))
    quantum = e.throttle_quantum
    asked = np.floor(asked / quantum + 0.5) * quantum if quantum > 0.0 else asked
    target = e.throttle_scale * asked
    sticks = failed == _STICTION and asked > 0.0 and abs(target - state.throttle) < STICTION_BAND
    target = state.throttle if sticks else target
    target = state.throttle if failed == _STUCK_THROTTLE and asked > 0.0 else target
    dead = (failed == _ENGINE_OUT) or (failed == _NEVER_STARTS) or (failed == _EARLY)
    target = 0.0 if dead else target
    lag = e.lag_s if target > 0.0 else e.tailoff_s
    lag = FLAME_OUT_LAG_S if failed == _ENGINE_OUT else lag
    starting = before.held > 0.0 or state.throttle < e.throttle_min
    slew = e.start_slew_per_s if starting else e.slew_per_s
    return target, slew if target > 0.0 else 1.0e3, lag  # the tail-off is the lag's alone


@kernel
def _nozzle(before, command, state, failed, late, gimbal_design):
    """What the gimbal actuators are told, rad: command and null offset; stuck, where they stand.

    §17.1
    """
    stuck = failed == _STUCK_GIMBAL
    x = command.gimbal_x_rad + gimbal_design.null_x_rad
    y = command.gimbal_y_rad + gimbal_design.null_y_rad
    x = state.gimbal_x_rad if stuck else x + late * (before.gimbal_x_rad - x)
    y = state.gimbal_y_rad if stuck else y + late * (before.gimbal_y_rad - y)
    return x, y


@kernel
def _roll(line, late, delay_s, dt):
    """The roll command after the valves' delay, up to three ticks.  §17.1"""
    wait = min(delay_s / dt + late, 3.0)
    return (
        line[0] * max(0.0, 1.0 - wait)
        + line[1] * max(0.0, 1.0 - abs(wait - 1.0))
        + line[2] * max(0.0, 1.0 - abs(wait - 2.0))
        + line[3] * max(0.0, 1.0 - abs(wait - 3.0))
    )


@kernel
def actuation(before, command, program, state, since_release_s, late, case, dt):
    """What the actuators are told until the next tick.  §17.1

    late: share of the tick before the new command comes (1 = it never does); the actuators, slow
    beside a tick, get the mean of old and new. An open-loop program overrides it all.
    """
    failed = _in_force(since_release_s, before.held, case.failure)
    target, slew, lag = _valve(before, command, state, failed, late, case, dt)
    x, y = _nozzle(before, command, state, failed, late, case.gimbal)
    roll = _roll(command.roll_line, late, case.thrusters.delay_s, dt)
    wet = (state.lox_kg > case.lox.residual_kg) and (state.fuel_kg > case.fuel.residual_kg)

    free = case.start.open_loop > 0.0
    zero = Trend(0.0, 0.0)
    u1, u2 = program.throttle_trend if free else zero
    x1, x2 = program.gimbal_x_trend if free else zero
    y1, y2 = program.gimbal_y_trend if free else zero
    r1, r2 = program.roll_trend if free else zero
    target = program.throttle if free else target
    slew = case.engine.slew_per_s if free else slew
    lag = case.engine.lag_s if free else lag
    x = program.gimbal_x_rad if free else x
    y = program.gimbal_y_rad if free else y
    roll = program.roll if free else roll
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
        throttle_trend=Trend(u1, u2),
        gimbal_x_trend=Trend(x1, x2),
        gimbal_y_trend=Trend(y1, y2),
        roll_trend=Trend(r1, r2),
        held=before.held,
    )


@kernel
def _command_at(time_s, channel, program, waves):
    """One open-loop command:  table + mean + amplitude sin(w t + phase).  §17.3"""
    value = waves[channel, 0] + waves[channel, 1] * sin(
        waves[channel, 2] * time_s + waves[channel, 3]
    )
    rows = program.shape[0]
    if rows > 0:
        row = 1
        while row < rows - 1 and program[row, 0] <= time_s:
            row += 1
        first, last = max(row - 1, 0), min(row, rows - 1)
        span = program[last, 0] - program[first, 0]
        share = clip((time_s - program[first, 0]) / span, 0.0, 1.0) if span > 0.0 else 0.0
        one, other = program[first, channel + 1], program[last, channel + 1]
        value += one + share * (other - one)
    return value


@kernel
def _parabola(time_s, dt, channel, program, waves):
    """The parabola through a command at both ends and the middle of a tick: value and trend."""
    a = _command_at(time_s, channel, program, waves)
    b = _command_at(time_s + 0.5 * dt, channel, program, waves)
    c = _command_at(time_s + dt, channel, program, waves)
    return a, Trend((4.0 * b - 3.0 * a - c) / dt, 2.0 * (a - 2.0 * b + c) / (dt * dt))


@kernel
def program_at(time_s, dt, program, waves):
    """The open-loop commands of the tick that begins now.  §17.3

    Exact where the table is linear over each tick: its kinks should fall on ticks.
    """
    throttle, u = _parabola(time_s, dt, 0, program, waves)
    gimbal_x, x = _parabola(time_s, dt, 1, program, waves)
    gimbal_y, y = _parabola(time_s, dt, 2, program, waves)
    roll, r = _parabola(time_s, dt, 3, program, waves)
    return Program(throttle, gimbal_x, gimbal_y, roll, u, x, y, r)
