"""Random numbers by seed, purpose, name and place: the same value whoever asks, and in any order.

Each parameter has a stream of its own, a Philox generator (Salmon et al., SC11, 2011) whose key
is a digest of campaign seed and name. Philox is a function of key and counter, so run 1234 is
reached without drawing the 1,234 before it: run 1234 is the same run for any split into batches,
and a new parameter shifts no other.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from pipeline.laws import Floats

_WORDS_PER_COUNT = 4  # a Philox counter value makes four 64-bit words; a run takes one


def uniforms(seed: int, name: str, start: int, stop: int) -> Floats:
    """Uniforms `(run,)` strictly inside (0, 1) of parameter `name`, for runs start to stop - 1.

    Raises ValueError for a negative or reversed range of runs.
    """
    # 52 bits and a half: symmetric about 0.5, from 2^-53 to 1 - 2^-53, no rounding to 0 or 1.
    bits = words(seed, "value", name, start, stop) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52


def run_seeds(seed: int, start: int, stop: int) -> NDArray[np.uint64]:
    """Seeds `(run,)` of the noise within each run, independent of every dispersed parameter."""
    return words(seed, "noise", "", start, stop)


def permutations(
    seed: int, purpose: str, name: str, start: int, stop: int, size: int
) -> NDArray[np.intp]:
    """Permutations `(block, place)` of 0 .. size - 1, one for each of the blocks start to stop - 1.

    The order in which random words would be sorted: every permutation is equally likely, but for
    two equal words of 64 bits.
    """
    drawn = words(seed, purpose, name, start * size, stop * size)
    return np.argsort(drawn.reshape(stop - start, size), axis=1, kind="stable")


def words(seed: int, purpose: str, name: str, start: int, stop: int) -> NDArray[np.uint64]:
    """Words `(run,)` of 64 random bits of one stream, entered at run `start`."""
    if not 0 <= start <= stop:
        raise ValueError(f"runs: got {start} to {stop}, expected 0 <= start <= stop")
    count, skip = divmod(start, _WORDS_PER_COUNT)
    stream = Philox(key=key_of(seed, purpose, name), counter=count)
    return stream.random_raw(skip + stop - start)[skip:]


def key_of(seed: int, purpose: str, name: str) -> int:
    """Key of the stream of that name and purpose."""
    identity = json.dumps([seed, purpose, name]).encode()
    return int.from_bytes(hashlib.sha256(identity).digest()[:16], "little")
