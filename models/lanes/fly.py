"""Many runs side by side: the one compiled function that campaigns, replays and single cases call.

A block of LANES runs lies in flat buffers (block.py), which loops over lanes work on
(loops.py), from the start of each run to its end (ends.py). First the blocks fly, one
after the other, each until all its lanes have come within reach of the ground or ended; a run that
has is put by. Then the contact loop takes all of them to rest, with legs and a shorter step, each
lane one after the other. §18.1
"""

from typing import NamedTuple

import numpy as np

from models import flight, mass
from models.flight import TICK_S
from models.jit import entry, plain
from models.lanes import block
from models.lanes.block import Tables
from models.lanes.ends import fill, final_row, place_legs, start
from models.lanes.loops import (
    aid,
    air,
    contact_step,
    control,
    feel,
    fly_step,
    keep_log,
    latch,
    look_up,
    navigate,
    stir,
    take,
    wander,
    watch,
    watch_tick,
    weigh,
)
from models.lanes.rows import LANES
from models.metrics import Metrics
from models.structs import MAX_LEGS

METRIC_NAMES = Metrics._fields

# History: position, velocity, quaternion, rates, mass, throttle, nozzle x and y, time, slosh
# angles, mission phase, then stroke and load of each leg
FIRST_LEG_CHANNEL = 23
HISTORY_CHANNELS = FIRST_LEG_CHANNEL + 2 * MAX_LEGS

# --- flying ---------------------------------------------------------------------------------------

_EMPTY = -1  # a lane without a run, whose rows are void


class Job(NamedTuple):
    """What all blocks share, and where results go: see fly_blocks."""

    shared: np.ndarray
    tables: Tables
    n_legs: int
    history: np.ndarray
    stride: int
    rows: np.ndarray
    effort: np.ndarray


class Waiting(NamedTuple):
    """Runs put by at the hand-over to contact: their rows, their legs' rows, their numbers."""

    rows: np.ndarray
    leg_rows: np.ndarray
    number: np.ndarray
    count: np.ndarray  # (1,)


@plain
def record(buffer, leg_rows, run_of, in_contact, job):
    """One row of history for each lane that has a run and is due."""
    history, stride = job.history, job.stride
    for lane in range(LANES):
        log = block.load_log(buffer, lane)
        tick = int(log.tick)
        slot = tick // stride
        if run_of[lane] == _EMPTY or tick % stride != 0 or slot >= history.shape[1]:
            continue
        at = history[run_of[lane], slot]
        state, case = block.load_y0(buffer, lane), block.load_case(buffer, lane)
        told = block.load_actuation(buffer, lane)
        for i in range(13):
            at[i] = buffer[block.Y0 + i * LANES + lane]
        at[13] = mass.total(state, case.mass)
        at[14] = state.throttle
        at[15] = told.play_x_rad
        at[16] = told.play_y_rad
        at[17] = log.time_s
        at[18] = state.lox_slosh_x_rad
        at[19] = state.lox_slosh_y_rad
        at[20] = state.fuel_slosh_x_rad
        at[21] = state.fuel_slosh_y_rad
        at[22] = block.load_demand(buffer, lane).phase
        for number in range(job.n_legs):
            memory = block.load_leg_memory(leg_rows, number * block.LEG_SIZE + lane)
            stroke = max(memory.stroke_m, 0.0) if in_contact else 0.0
            at[FIRST_LEG_CHANNEL + 2 * number] = stroke
            at[FIRST_LEG_CHANNEL + 2 * number + 1] = memory.load_n


@plain
def taken(run_of):
    """How many lanes have a run."""
    count = 0
    for lane in range(LANES):
        count += 1 if run_of[lane] != _EMPTY else 0
    return count


@plain
def any_due(buffer, ticks):
    """Whether a clock that ticks every so often does so on some lane."""
    due = False
    for lane in range(LANES):
        due = due or int(block.load_log(buffer, lane).tick) % ticks == 0
    return due


@plain
def any_near(buffer):
    """Whether the ground can matter to some lane on this tick; high up nothing looks at it."""
    near = False
    for lane in range(LANES):
        near = near or flight.is_near(
            block.load_y0(buffer, lane), block.load_normal(buffer, lane),
            block.load_case(buffer, lane),
        )  # fmt: skip
    return near


@plain
def tick(buffer, shared, tables, leg_rows, n_legs, moving_legs):
    """All that happens on a control tick, before the integration to the next one.  §18.1

    moving_legs: how many legs' memories change: none in flight.
    """
    watch(buffer, leg_rows, moving_legs)
    look_up(buffer, tables)
    slow = any_due(buffer, flight.SLOW_TICKS)
    if slow:
        stir(buffer)
    air(buffer)
    if slow:
        weigh(buffer)
    navigate(buffer, shared)
    if slow:
        aid(buffer, shared)
    if any_due(buffer, flight.WANDER_TICKS):
        wander(buffer)
    if any_near(buffer):
        feel(buffer, shared, leg_rows, n_legs)
    control(buffer, shared)
    watch_tick(buffer)
    keep_log(buffer, shared)


@plain
def put_by(buffer, leg_rows, lane, number, waiting):
    """A lane's rows out of the block."""
    place = waiting.count[0]
    for row in range(block.ROWS):
        waiting.rows[place, row] = buffer[row * LANES + lane]
    for row in range(MAX_LEGS * block.LEG_ROWS):
        waiting.leg_rows[place, row] = leg_rows[row * LANES + lane]
    waiting.number[place] = number
    waiting.count[0] += 1


@plain
def take_up(buffer, leg_rows, lane, place, waiting):
    """And back into a lane."""
    for row in range(block.ROWS):
        buffer[row * LANES + lane] = waiting.rows[place, row]
    for row in range(MAX_LEGS * block.LEG_ROWS):
        leg_rows[row * LANES + lane] = waiting.leg_rows[place, row]


@plain
def fly_free(buffer, leg_rows, first, job, waiting):
    """Free flight of a block whose first run has this number, until all its lanes have left it.

    A run that ends in the air has its row written; one that comes within reach of the ground waits.
    """
    steps = int(block.load_steps(job.shared, 0)[0])
    run_of = np.arange(first, first + LANES)
    flying = LANES
    while flying > 0:
        if job.history.shape[1] > 0:
            record(buffer, leg_rows, run_of, False, job)
        tick(buffer, job.shared, job.tables, leg_rows, job.n_legs, 0)
        job.effort[0] += flying
        job.effort[1] += LANES
        for lane in range(LANES):
            mode = block.load_log(buffer, lane).mode
            if run_of[lane] == _EMPTY or mode == 0.0:
                continue
            if mode == 1.0:
                put_by(buffer, leg_rows, lane, run_of[lane], waiting)
            else:
                final_row(buffer, leg_rows, lane, job.n_legs, job.shared, job.rows[run_of[lane]])
            run_of[lane] = _EMPTY
        flying = taken(run_of)
        for step in range(steps):
            fly_step(buffer, step * TICK_S / steps, TICK_S / steps)


@plain
def any_over_the_ground(buffer):
    """Whether some lane in contact mode has not touched yet."""
    some = False
    for lane in range(LANES):
        log = block.load_log(buffer, lane)
        some = some or (log.mode == 1.0 and log.touched == 0.0)
    return some


@plain
def move_up(buffer, leg_rows, run_of, following, n_legs, waiting):
    """Empty lanes take up runs that wait, from the one following on; which follows then."""
    for lane in range(LANES):
        if run_of[lane] == _EMPTY and following < waiting.count[0]:
            take_up(buffer, leg_rows, lane, following, waiting)
            place_legs(buffer, leg_rows, lane, n_legs)
            run_of[lane] = waiting.number[following]
            following += 1
    return following


@plain
def settle_down(buffer, leg_rows, job, waiting):
    """Contact of all runs that wait, to their ends; a lane whose run is over takes up the next.

    From the tick of hand-over, which has been done.
    """
    steps = int(block.load_steps(job.shared, 0)[1])
    dt = TICK_S / steps
    run_of = np.full(LANES, _EMPTY)
    following = move_up(buffer, leg_rows, run_of, 0, job.n_legs, waiting)
    landing = taken(run_of)
    while landing > 0:
        job.effort[2] += landing
        job.effort[3] += LANES
        for step in range(steps):
            touching_down = any_over_the_ground(buffer)
            if touching_down:
                take(buffer, job.shared, step * dt)
            contact_step(buffer, leg_rows, job.n_legs, step * dt, dt)
            if touching_down:
                latch(buffer, leg_rows, job.n_legs)
        if job.history.shape[1] > 0:
            record(buffer, leg_rows, run_of, True, job)
        tick(buffer, job.shared, job.tables, leg_rows, job.n_legs, job.n_legs)
        for lane in range(LANES):
            if run_of[lane] != _EMPTY and block.load_log(buffer, lane).mode == 2.0:
                final_row(buffer, leg_rows, lane, job.n_legs, job.shared, job.rows[run_of[lane]])
                run_of[lane] = _EMPTY
        following = move_up(buffer, leg_rows, run_of, following, job.n_legs, waiting)
        landing = taken(run_of)


@entry
def fly_blocks(cases, leg_cases, shared, tables, n_legs, history, stride, rows, effort):
    """Fly blocks of LANES runs to their ends: each block free, then all in contact together.

    cases: (block, CASE_ROWS * LANES), leg_cases: (block, MAX_LEGS * LEG_CASE_ROWS * LANES), shared:
    (UNIFORM_ROWS,), tables: see Tables, history: (run, time, HISTORY_CHANNELS), filled every
    `stride` ticks (no times: not recorded), rows: (run, metric), out, effort: (4,), out:
    lane-ticks flown and paid for, in flight and in contact.
    """
    n_runs = cases.shape[0] * LANES
    buffer, leg_rows = np.zeros(block.BUFFER_SIZE), np.zeros(block.LEGS_SIZE)
    job = Job(shared, tables, n_legs, history, stride, rows, effort)
    waiting = Waiting(
        np.empty((n_runs, block.ROWS)), np.empty((n_runs, MAX_LEGS * block.LEG_ROWS)),
        np.zeros(n_runs, np.int64), np.zeros(1, np.int64),
    )  # fmt: skip
    for which in range(cases.shape[0]):
        buffer[:] = 0.0
        leg_rows[:] = 0.0
        fill(buffer, leg_rows, cases[which], leg_cases[which])
        start(buffer, shared, leg_rows, n_legs)
        fly_free(buffer, leg_rows, which * LANES, job, waiting)
    settle_down(buffer, leg_rows, job, waiting)
