"""The one door to Numba: compiler flags, instruction-set target, cache, digest of the physics.

Every physics function is a scalar function marked `@kernel`; it is inlined into the loops over
lanes, marked `@plain`, and these are linked into the one function marked `@entry`. The
target is fixed, so that nodes of different make give the same bytes; set HOVERSLAM_CPU to another
LLVM CPU name to change it, which the store then records.

Numba's disk cache looks only at the file of the entry function, so a change in a callee would be
missed (numba#8396): the cache folder is therefore named by a digest of all the sources here.
"""

import hashlib
import os
from pathlib import Path

import numba
import numpy as np

TARGET = os.environ.get("HOVERSLAM_CPU", "x86-64-v3")  # AVX2 with FMA

_HERE = Path(__file__).parent
_SOURCES = sorted(_HERE.rglob("*.py"))


def _digest(*more: str) -> str:
    """Sixteen hexadecimal digits that name the sources of the physics, and the texts given."""
    total = hashlib.sha256()
    for path in _SOURCES:
        name = path.relative_to(_HERE).as_posix()
        total.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    for text in more:
        total.update(text.encode() + b"\0")
    return total.hexdigest()[:16]


PHYSICS_DIGEST = _digest()

_CACHE_ROOT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
CACHE_DIR = _CACHE_ROOT / "hoverslam" / _digest(TARGET, numba.__version__, np.__version__)

numba.config.CPU_NAME = TARGET
numba.config.CPU_FEATURES = ""
numba.config.CACHE_DIR = str(CACHE_DIR)

# No `nnan`, `ninf`: they would make the finite check a constant.
FAST_MATH = {"contract", "arcp", "nsz", "reassoc", "afn"}

kernel = numba.njit(error_model="numpy", fastmath=FAST_MATH, forceinline=True)
plain = numba.njit(error_model="numpy", fastmath=FAST_MATH)
entry = numba.njit(error_model="numpy", fastmath=FAST_MATH, nogil=True, cache=True)
