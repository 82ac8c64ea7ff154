"""The kernel's own loops, stopped on the way to spoil one number.

Compiled by the same door as the kernel (models.jit), so that it is found in the same cache.
"""

import numpy as np

from models.flight import TICK_S
from models.jit import entry
from models.lanes import LANES, block, ends, fly, loops

LATER_TICKS = 12


@entry
def spoil(cases, leg_cases, shared, tables, n_legs, ticks, first, rows, value, outcomes):
    """Fly a block for some ticks, then again and again on from there with one row spoilt.

    A row that only a tick changes is spoilt as within one.

    ticks: when; first, rows: which rows of the buffer, one at a time; value: what is put there, in
    lane row % LANES; outcomes: (rows, LANES), out: outcome of each lane LATER_TICKS after.
    """
    buffer, leg_rows = np.zeros(block.BUFFER_SIZE), np.zeros(block.LEGS_SIZE)
    ends.fill(buffer, leg_rows, cases, leg_cases)
    ends.start(buffer, shared, leg_rows, n_legs)
    for _ in range(ticks):
        fly.tick(buffer, shared, tables, leg_rows, n_legs, 0)
        for step in range(2):
            loops.fly_step(buffer, step * 0.5 * TICK_S, 0.5 * TICK_S)
    kept, kept_legs = buffer.copy(), leg_rows.copy()
    for row in range(rows):
        buffer[:] = kept
        leg_rows[:] = kept_legs
        buffer[(first + row) * LANES + row % LANES] = value
        if first + row >= block.INTEGRATED_ROWS:
            loops.watch_tick(buffer)  # at the end of the tick that spoilt it
        for _ in range(LATER_TICKS):
            fly.tick(buffer, shared, tables, leg_rows, n_legs, 0)
            for step in range(2):
                loops.fly_step(buffer, step * 0.5 * TICK_S, 0.5 * TICK_S)
        for lane in range(LANES):
            outcomes[row, lane] = block.load_log(buffer, lane).outcome


@entry
def spoil_legs(cases, leg_cases, shared, tables, n_legs, ticks, value, outcomes):
    """The same for legs in the contact loop: outcomes (n_legs * memory rows, LANES)."""
    buffer, leg_rows = np.zeros(block.BUFFER_SIZE), np.zeros(block.LEGS_SIZE)
    ends.fill(buffer, leg_rows, cases, leg_cases)
    ends.start(buffer, shared, leg_rows, n_legs)
    for _ in range(ticks):
        fly.tick(buffer, shared, tables, leg_rows, n_legs, n_legs)
        for step in range(4):
            loops.contact_step(buffer, leg_rows, n_legs, step * 0.25 * TICK_S, 0.25 * TICK_S)
    kept, kept_legs = buffer.copy(), leg_rows.copy()
    memory = block.LEG_ROWS - block.LEG_CASE_ROWS
    for place in range(n_legs * memory):
        buffer[:] = kept
        leg_rows[:] = kept_legs
        number, row = place // memory, block.LEG_CASE_ROWS + place % memory
        leg_rows[number * block.LEG_SIZE + row * LANES + place % LANES] = value
        for _ in range(LATER_TICKS):
            fly.tick(buffer, shared, tables, leg_rows, n_legs, n_legs)
            for step in range(4):
                loops.contact_step(buffer, leg_rows, n_legs, step * 0.25 * TICK_S, 0.25 * TICK_S)
        for lane in range(LANES):
            outcomes[place, lane] = block.load_log(buffer, lane).outcome
