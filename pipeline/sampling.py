"""Random numbers by seed, parameter name and run: the same value whoever asks, and in any order.

Each parameter has a stream of its own, a Philox generator (Salmon et al., SC11, 2011) whose key
is a digest of campaign seed and name. Philox is a function of key and counter, so run 1234 is
reached without drawing the 1,234 before it: run 1234 is the same run for any split into batches,
and a new parameter shifts no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from pipeline.laws import Floats, LawBase

_WORDS_PER_COUNT = 4  # a Philox counter value makes four 64-bit words; a run takes one


def uniforms(seed: int, name: str, start: int, stop: int) -> Floats:
    """Uniforms `(run,)` strictly inside (0, 1) of parameter `name`, for runs start to stop - 1.

    Raises ValueError for a negative or reversed range of runs.
    """
    # 52 bits and a half: symmetric about 0.5, from 2^-53 to 1 - 2^-53, no rounding to 0 or 1.
    bits = _words(seed, "value", name, start, stop) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52


def run_seeds(seed: int, start: int, stop: int) -> NDArray[np.uint64]:
    """Seeds `(run,)` of the noise within each run, independent of every dispersed parameter."""
    return _words(seed, "noise", "", start, stop)


def draw(laws: Mapping[str, LawBase], seed: int, start: int, stop: int) -> dict[str, Floats]:
    """Values `(run,)` of each dispersed parameter, by name, in the unit its name says."""
    return {name: law.quantile(uniforms(seed, name, start, stop)) for name, law in laws.items()}


def _words(seed: int, purpose: str, name: str, start: int, stop: int) -> NDArray[np.uint64]:
    """Words `(run,)` of 64 random bits of one stream, entered at run `start`."""
    if not 0 <= start <= stop:
        raise ValueError(f"runs: got {start} to {stop}, expected 0 <= start <= stop")
    identity = json.dumps([seed, purpose, name]).encode()
    key = int.from_bytes(hashlib.sha256(identity).digest()[:16], "little")
    count, skip = divmod(start, _WORDS_PER_COUNT)
    return Philox(key=key, counter=count).random_raw(skip + stop - start)[skip:]
