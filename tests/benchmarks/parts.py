"""Nanoseconds and arithmetic of each part of the kernel, timed inside compiled code.

Arithmetic is counted in the compiled loops themselves: a packed instruction works on four of
sixteen lanes and is executed four times, so it counts once per run; a multiply-add counts two.
"""

from __future__ import annotations

import re
from collections import Counter
from statistics import median
from time import thread_time
from typing import Any

import numba
import numpy as np

from models import jit
from models.flight import SLOW_TICKS, TICK_S, WANDER_TICKS
from models.jit import entry
from models.lanes import LANES, block, ends, flatten, fly, loops
from pipeline import batch, build

CALLS, REPEATS = 500, 9
TICKS = 500  # flown before a part is timed: 10 s, in the ascent

_ROWS, _INT, _FLOAT = numba.float64[::1], numba.int64, numba.float64
# Part: its number in _repeat, its loop, the loop's arguments, how often it runs on a flight tick
PARTS: dict[str, tuple[int, Any, tuple[Any, ...], float]] = {
    "look-up": (0, loops.look_up, (), 1.0),
    "turbulence (every 5th tick)": (1, loops.stir, (_ROWS,), 1.0 / SLOW_TICKS),
    "air": (2, loops.air, (_ROWS,), 1.0),
    "mass (every 5th tick)": (13, loops.weigh, (_ROWS,), 1.0 / SLOW_TICKS),
    "inertial navigation": (3, loops.navigate, (_ROWS, _ROWS), 1.0),
    "aiding (every 5th tick)": (4, loops.aid, (_ROWS, _ROWS), 1.0 / SLOW_TICKS),
    "slow sensor errors (every 50th)": (5, loops.wander, (_ROWS,), 1.0 / WANDER_TICKS),
    "contact sensing (near the ground)": (6, loops.feel, (_ROWS, _ROWS, _ROWS, _INT), 0.2),
    "guidance and control": (7, loops.control, (_ROWS, _ROWS), 1.0),
    "finite watch": (8, loops.watch_tick, (), 1.3),
    "book-keeping": (9, loops.keep_log, (_ROWS, _ROWS), 1.0),
    "one derivative": (10, loops.rates, (_ROWS, *(_FLOAT,) * 4), 0.0),
    "flight step (RK4)": (11, loops.fly_step, (), 2.0),
    "contact step (RK4)": (12, loops.contact_step, (), 0.0),
}


@entry
def _repeat(which, times, buffer, shared, tables, legs, n_legs):  # type: ignore[no-untyped-def]
    """One part, so many times."""
    for _ in range(times):
        if which == 0:
            loops.look_up(buffer, tables)
        elif which == 1:
            loops.stir(buffer)
        elif which == 2:
            loops.air(buffer)
        elif which == 3:
            loops.navigate(buffer, shared)
        elif which == 4:
            loops.aid(buffer, shared)
        elif which == 5:
            loops.wander(buffer)
        elif which == 6:
            loops.feel(buffer, shared, legs, n_legs)
        elif which == 7:
            loops.control(buffer, shared)
        elif which == 8:
            loops.watch_tick(buffer)
        elif which == 9:
            loops.keep_log(buffer, shared)
        elif which == 10:
            loops.rates(buffer, 0.0, 0.0, 0.0, 0.0)
        elif which == 11:
            loops.fly_step(buffer, 0.0, 0.0)
        elif which == 13:
            loops.weigh(buffer)
        elif which == 12:
            loops.contact_step(buffer, legs, n_legs, 0.0, 1e-12)


@entry
def _fly(ticks, buffer, shared, tables, legs, n_legs):  # type: ignore[no-untyped-def]
    """So many ticks of flight, two steps each."""
    for _ in range(ticks):
        fly.tick(buffer, shared, tables, legs, n_legs, 0)
        for step in range(2):
            loops.fly_step(buffer, step * 0.5 * TICK_S, 0.5 * TICK_S)


def measured(campaign: Any, setup: Any, peak_gflops: float) -> dict[str, Any]:
    """Nanoseconds of each part per run and call, and what its arithmetic is of the peak."""
    runs = build.cases(campaign, setup.design, build.draws(campaign, 0, LANES), 0, LANES)
    buffer, legs = np.zeros(block.BUFFER_SIZE), np.zeros(block.LEGS_SIZE)
    no_legs = batch._no_legs(fly.MAX_LEGS - len(runs.legs))
    leg_rows = batch._blocks(flatten(tuple(runs.legs)) + no_legs, LANES)[0]
    ends.fill(buffer, legs, batch._blocks(flatten(runs.case), LANES)[0], leg_rows)
    ends.start(buffer, setup.shared, legs, setup.n_legs)
    what = (buffer, setup.shared, setup.tables, legs, setup.n_legs)
    _fly(TICKS, *what)
    times = {name: _nanoseconds(part[0], what) for name, part in PARTS.items()}
    work = {name: _arithmetic(part[1], part[2]) for name, part in PARTS.items() if part[2]}
    flops = {name: count["arithmetic"] for name, count in work.items()}
    derivative = "one derivative"
    every = {name: part[3] for name, part in PARTS.items() if name in work}
    per_tick = sum(every[name] * flops[name] for name in work) + 8 * flops[derivative]
    ns_per_tick = sum(PARTS[name][3] * ns for name, ns in times.items())
    times_a_tick = every | {derivative: 8.0}
    total: Counter[str] = Counter()
    for name, count in work.items():
        for kind, packed in count.items():
            total[kind] += times_a_tick[name] * packed
    executed = sum(total.values()) - total["arithmetic"]
    return {
        "peak_gflops_per_core": round(peak_gflops, 1),
        "arithmetic_per_flight_tick": round(per_tick),
        "share_of_peak_in_flight": round(per_tick / ns_per_tick / peak_gflops, 3),
        "share_of_peak_of_the_derivative": round(
            flops[derivative] / times[derivative] / peak_gflops, 3
        ),
        "packed_instructions": {
            kind: f"{count / executed:.0%}"
            for kind, count in total.most_common()
            if kind != "arithmetic"
        },
        "ns_per_run": {name: round(ns, 1) for name, ns in times.items()},
        "arithmetic_per_run": flops,
    }


def _nanoseconds(which: int, what: tuple[Any, ...]) -> float:
    """Median time of a part, ns per run and call; the block is put back as it was."""
    buffer = what[0]
    kept, times = buffer.copy(), []
    _repeat(which, 1, *what)
    for _ in range(REPEATS):
        began = thread_time()
        _repeat(which, CALLS, *what)
        times.append(thread_time() - began)
        buffer[:] = kept
    return median(times) / CALLS / LANES * 1e9


_KINDS = (
    ("multiply-add", re.compile(r"vf(n?)m(add|sub)\d+pd")),
    ("add and multiply", re.compile(r"v(add|sub|mul)pd")),
    ("divide and root", re.compile(r"v(div|sqrt)pd")),
    ("compare, select, sign", re.compile(r"v(cmp\w*|blendv?|min|max|and|andn|or|xor|round)pd")),
    ("load, store, move", re.compile(r"v(mov\w+|broadcastsd|maskmovpd)")),
    ("whole numbers", re.compile(r"vp\w+")),
)


def _arithmetic(loop: Any, arguments: tuple[Any, ...]) -> dict[str, int]:
    """Packed instructions of a loop by kind, and its arithmetic: multiply-adds count two."""
    compiled = numba.njit(error_model="numpy", fastmath=jit.FAST_MATH)(loop.py_func)
    compiled.compile(arguments)
    (text,) = compiled.inspect_asm().values()
    found: Counter[str] = Counter()
    for name in re.findall(r"^\s+(v\w+)", text, re.MULTILINE):
        kind = next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), "")
        found[kind] += bool(kind)
    del found[""]
    both = found["add and multiply"] + found["divide and root"]
    return dict(found) | {"arithmetic": 2 * found["multiply-add"] + both}
