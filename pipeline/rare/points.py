"""Points where a margin is asked for: standard normal coordinates, and a noise seed of its own.

Every method here works on a limit state, a function from points to margins: at least zero where
the requirement holds, minus infinity where a run never came to it. So the same code flies a
campaign and a problem with a closed answer. The seed has no distance between its values: it is
drawn anew from its law, never moved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator as Random
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
Seeds = NDArray[np.uint64]


class Points(NamedTuple):
    """Runs to be flown."""

    u: Floats  # (point, coordinate) standard normal
    seed: Seeds  # (point,) noise seed

    def take(self, which: Indices | Mask | slice) -> Points:
        """Those of the points."""
        return Points(self.u[which], self.seed[which])


LimitState = Callable[[Points], Floats]
"""Margins (point,) at points; below zero is a failure. NaN is not a margin."""

Result = TypeVar("Result")
Search = Generator[Points, Floats, Result]
"""A search hands out points, is given their margins, and ends with its result."""


def draw(random: Random, count: int, dimension: int) -> Points:
    """Independent points of the law itself."""
    return Points(random.standard_normal((count, dimension)), draw_seeds(random, count))


def draw_seeds(random: Random, count: int) -> Seeds:
    """Noise seeds (point,) from their law: all 64-bit words alike."""
    return random.integers(0, 2**64, count, dtype=np.uint64)


def join(parts: Sequence[Points]) -> Points:
    """The points of all parts, in order."""
    return Points(np.concatenate([p.u for p in parts]), np.concatenate([p.seed for p in parts]))


def margins_at(limit_state: LimitState, points: Points) -> Floats:
    """Margins (point,). ValueError for a NaN, which would be neither failure nor success."""
    margins = limit_state(points)
    if np.isnan(margins).any():
        raise ValueError("margins: got NaN, expected numbers, minus infinity where there is none")
    return margins


def lockstep(limit_state: LimitState, searches: Sequence[Search[Result]]) -> list[Result]:
    """Results of independent searches, their points flown together so that a call is a large one.

    Each search sees its own margins only: the results are those of searches flown one by one.
    """
    results: dict[int, Result] = {}
    answers: dict[int, Floats | None] = dict.fromkeys(range(len(searches)))
    while answers:
        asked: dict[int, Points] = {}
        for number, answer in answers.items():
            search = searches[number]
            try:
                asked[number] = next(search) if answer is None else search.send(answer)
            except StopIteration as end:
                results[number] = end.value
        answers = {}
        if asked:
            flown = margins_at(limit_state, join(list(asked.values())))
            ends = np.cumsum([len(points.seed) for points in asked.values()])
            answers = dict(zip(asked, np.split(flown, ends[:-1]), strict=True))
    return [results[number] for number in range(len(searches))]
