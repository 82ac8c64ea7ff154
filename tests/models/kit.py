"""Flying the test stage, or any other record of a case, through the one compiled function.

Also `interpreted()`: a second copy of the physics that is plain Python, for tests of single
functions that would otherwise spend their time compiling.
"""

import importlib
import sys
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numba
import numpy as np

import models
from models import lanes
from models.dispersion import leg_cases
from models.lanes import (
    HISTORY_CHANNELS,
    LANES,
    LEG_CASE_ROWS,
    METRIC_NAMES,
    PHASE_ROWS,
    Tables,
    flatten,
)
from models.structs import MAX_LEGS, MAX_PHASES, Case, Leg, Phase
from tests.models import vehicle

# Where a history keeps what (lanes.fly.record)
POSITION, VELOCITY, QUATERNION, RATES = slice(0, 3), slice(3, 6), slice(6, 10), slice(10, 13)
MASS, THROTTLE, NOZZLE_X, NOZZLE_Y, TIME = 13, 14, 15, 16, 17
LEGS = lanes.FIRST_LEG_CHANNEL


class Setup(NamedTuple):
    """All that the runs of a block share."""

    design: Case
    mission: list[Phase]
    gains: Any
    tuning: Any
    plant: Any
    limits: Any
    steps: tuple[int, int] = (2, 10)  # in flight and in contact, for each control tick
    winds: np.ndarray = np.zeros((1, 2, 3))
    program: np.ndarray = np.zeros((0, 5))
    waves: np.ndarray = np.zeros((4, 4))


class Flown(NamedTuple):
    """What came back: metrics (run,) by name, history (run, time, channel), NaN after the end."""

    metrics: dict[str, np.ndarray]
    history: np.ndarray
    bytes_of: list[bytes]  # each run's row of metrics as it stands in memory


def setup(design: Case | None = None, height_m: float = 12.0, **parts: Any) -> Setup:
    """The test stage on its short hop, parts replaced as told."""
    design = vehicle.stage() if design is None else design
    usual = Setup(
        *(design, vehicle.hop(height_m), vehicle.gains(), vehicle.tuning()),
        *(vehicle.plant(design), vehicle.limits()),
    )
    return usual._replace(**parts)


def arrays(made: Setup) -> tuple[np.ndarray, Tables]:
    """What all runs share, as the kernel takes it."""
    shared = [made.design, made.gains, made.tuning, made.plant, made.limits, made.steps]
    mission = (made.mission + [made.mission[-1]] * MAX_PHASES)[:MAX_PHASES]
    phases = np.array(flatten(tuple(mission)), float)
    assert phases.size == MAX_PHASES * PHASE_ROWS
    winds, program, waves = (np.ascontiguousarray(a, float) for a in made[-3:])
    return np.array(flatten(tuple(shared)), float), Tables(phases, winds, program, waves)


def packed(cases: list[Case], legs: list[list[Leg]]) -> tuple[np.ndarray, np.ndarray]:
    """LANES cases and their legs as flat rows, variable after variable, lane after lane."""
    rows = np.array([flatten(case) for case in cases], float).T
    leg_rows = np.zeros((MAX_LEGS * LEG_CASE_ROWS, LANES))
    for lane, mine in enumerate(legs):
        values = flatten(tuple(mine))
        leg_rows[: len(values), lane] = values
    return np.ascontiguousarray(rows).ravel(), leg_rows.ravel()


def legs_of(case: Case, count: int = 4, **heights: float) -> list[Leg]:
    """The legs of one case; heights: pad_height_0_m and so on."""
    return [
        Leg(*(float(leaf) for leaf in leg))
        for leg in leg_cases(case, count, {k: np.float64(v) for k, v in heights.items()})
    ]


def fly(
    cases: list[Case] | Case,
    made: Setup | None = None,
    slots: int = 0,
    every: int = 1,
    legs: list[list[Leg]] | None = None,
    n_legs: int = 4,
) -> Flown:
    """Fly up to LANES cases in one block, the last repeated in the lanes left over.

    slots: how many history rows to keep, one each `every` control ticks.
    """
    cases = cases if isinstance(cases, list) else [cases]
    made = setup(cases[0]) if made is None else made
    legs = [legs_of(case, n_legs) for case in cases] if legs is None else legs
    full = LANES - len(cases)
    rows, leg_rows = packed(cases + [cases[-1]] * full, legs + [legs[-1]] * full)
    history = np.full((LANES, slots, HISTORY_CHANNELS), np.nan)
    metrics, effort = np.full((LANES, len(METRIC_NAMES)), np.nan), np.zeros(4)
    lanes.fly_blocks(
        *(rows[np.newaxis], leg_rows[np.newaxis], *arrays(made), n_legs),
        *(history, every, metrics, effort),
    )
    count = len(cases)
    return Flown(
        dict(zip(METRIC_NAMES, metrics[:count].T, strict=True)),
        history[:count],
        [row.tobytes() for row in metrics[:count]],
    )


def seeded(case: Case, low: int, high: int = 7) -> Case:
    """The case with another key for all its noise."""
    return case._replace(seed=case.seed._replace(low=float(low), high=float(high)))


@lru_cache(maxsize=1)
def interpreted() -> SimpleNamespace:
    """A second copy of every module of the physics, with plain Python functions instead of kernels.

    Numba's own switch (NUMBA_DISABLE_JIT) is thrown while the copy is imported.
    """
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "models"}
    for name in kept:
        del sys.modules[name]
    compiling, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 1
    try:
        names = [path.stem for path in sorted(Path(models.__file__).parent.glob("[a-z]*"))]
        copies = {name: importlib.import_module(f"models.{name}") for name in names}
    finally:
        numba.config.DISABLE_JIT = compiling
        for name in [name for name in sys.modules if name.split(".")[0] == "models"]:
            del sys.modules[name]
        sys.modules.update(kept)
    return SimpleNamespace(**copies)
