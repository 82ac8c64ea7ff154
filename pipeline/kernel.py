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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numba
import numpy as np

from models.jit import CACHE_DIR
from models.lanes import Tables, fly_blocks

_COMPILE = "from pipeline.kernel import load; load()"
_IS_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT") == "1"  # nothing is compiled


@cache
def warm_up() -> None:
    """Load the kernel, compiled before if need be. Raises as `compile_once`."""
    compile_once()
    if not _IS_INTERPRETED:
        load()


def compile_once() -> None:
    """Have the kernel compiled; eight processes at once compile it once, and seven wait.

    Raises subprocess.CalledProcessError if it does not compile, OSError if the cache cannot be
    written.
    """
    if _IS_INTERPRETED:
        return
    CACHE_DIR.mkdir(parents=True, exist_ok=True)
    with _turn(fcntl.LOCK_SH):
        if _is_compiled():
            return
    with _turn(fcntl.LOCK_EX):
        if not _is_compiled():
            subprocess.run([sys.executable, "-c", _COMPILE], check=True)
            _mark().parent.mkdir(parents=True, exist_ok=True)
            _mark().touch()


def load_if_compiled() -> None:
    """Load the kernel where that is quick; otherwise leave it to whoever flies first."""
    if _is_compiled():
        warm_up()


@contextmanager
def _turn(kind: int) -> Iterator[None]:
    with (CACHE_DIR / "compiling").open("w") as file:
        fcntl.flock(file, kind)
        yield


def _is_compiled() -> bool:
    return not _IS_INTERPRETED and _mark().exists()


def _mark() -> Path:
    """What says that Numba will find the kernel: it looks by place, date and size of the source.

    The same physics in another folder, or checked out anew, is compiled again.
    """
    source = Path(fly_blocks.py_func.__code__.co_filename)
    seen = source.stat()
    return Path(str(fly_blocks.stats.cache_path), f"compiled-{seen.st_mtime_ns}-{seen.st_size}")


def load() -> None:
    """Find the kernel in the disk cache, or compile it and put it there."""
    row, table, cube = np.zeros(1), np.zeros((1, 1)), np.zeros((1, 1, 1))
    tables = Tables(phases=row, winds=cube, program=table, waves=table)
    arguments = (table, table, row, tables, 1, cube, 1, table, row)
    fly_blocks.compile(tuple(numba.typeof(argument) for argument in arguments))
