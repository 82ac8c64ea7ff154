"""The compiled kernel, ready to fly: compiled by a process of its own, then loaded from the cache.

A process that compiles is left with other code than the one it puts into the cache: there, inner
loops are those optimised inside the kernel, here those compiled on their own, and they round
differently in the last bit. So the one who compiles never flies, and all who fly have loaded.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from functools import cache

import numba
import numpy as np

from models.jit import CACHE_DIR
from models.lanes import Tables, fly_blocks


@cache
def warm_up() -> None:
    """Load the kernel, compiled before if need be; eight processes at once compile it once.

    Raises subprocess.CalledProcessError if it does not compile, OSError if the cache cannot be
    written.
    """
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":  # nothing is compiled
        return
    CACHE_DIR.mkdir(parents=True, exist_ok=True)
    with (CACHE_DIR / "compiling").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not any(CACHE_DIR.rglob("*fly_blocks*.nbi")):
            statement = "from pipeline.kernel import load; load()"
            subprocess.run([sys.executable, "-c", statement], check=True)
        load()


def load() -> None:
    """Find the kernel in the disk cache, or compile it and put it there."""
    row, table, cube = np.zeros(1), np.zeros((1, 1)), np.zeros((1, 1, 1))
    tables = Tables(phases=row, winds=cube, program=table, waves=table)
    arguments = (table, table, row, tables, 1, cube, 1, table, row)
    fly_blocks.compile(tuple(numba.typeof(argument) for argument in arguments))
