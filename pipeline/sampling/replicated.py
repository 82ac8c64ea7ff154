"""Designs of replicates: sets of points that fill the space evenly, each randomised for itself.

What the runs of a set have in common is their evenness, so only whole sets are independent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
from numpy.typing import NDArray
from pydantic import Field, field_validator

from pipeline.laws import Floats
from pipeline.sampling.design import DesignBase, Stream, in_cells
from pipeline.sampling.streams import key_of, permutations, uniforms

SOBOL_DIMENSIONS = 128  # always drawn, so that a parameter more changes no scramble
_SOBOL_BITS = 30  # of scipy's points; half a step keeps them off 0
_MOST_POINTS = 2**20  # of a replicate: a worker keeps its cells, 4 bytes for point and parameter


class _Replicated(DesignBase):
    """Replicates of one set of points, each randomised for itself."""

    no_gate: ClassVar[str] = (
        "the runs of a set are not independent, so no exact bound holds: "
        "sampling.design independent or strata can be gated"
    )

    def _too_few(self, parts: int) -> str:
        if parts == 1 or parts >= self.fewest_parts:
            return ""
        size, least = self.part_runs, self.fewest_parts
        return (
            f"got {parts * size}, which is {parts} replicates of {size}, expected at least {least} "
            f"of them ({least * size}), or one without intervals ({size})"
        )

    def _part(self) -> str:
        return "the points of a replicate"


class LatinHypercube(_Replicated):
    """Latin hypercubes (McKay et al., Technometrics 21:239, 1979), one after the other.

    In each every parameter falls once into each of as many cells as there are points, at random
    within its cell.
    """

    fewest_parts: ClassVar[int] = 20

    design: Literal["latin_hypercube"]
    points: Annotated[int, Field(ge=2, le=_MOST_POINTS, strict=True)]
    """Runs of one hypercube; at least 20 hypercubes, or one without intervals."""

    @property
    def part_runs(self) -> int:
        return self.points

    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        own = uniforms(stream.seed, stream.name, start, stop)
        first, last = start // self.points, -(-stop // self.points)
        cells = _cells(stream.seed, stream.name, first, last, self.points)
        return in_cells(cells[start - first * self.points :][: own.size], own, self.points)

    def describe(self, runs: int) -> str:
        return f"Latin hypercubes: {runs // self.points:,} of {self.points:,} runs"


class Sobol(_Replicated):
    """Scrambled Sobol points (Owen, J. Complexity 14:466, 1998), set after set.

    Scrambled by a random linear matrix and a digital shift (Matousek, J. Complexity 14:527, 1998).
    Parameters take the dimensions in the order of the file, the best first; rows of a file take
    them from the last. With 90 parameters it takes about 2,048 points: in a scramble of fewer some
    pairs lie worse than at random, which the scrambles' spread shows, and `hoverslam plan` says.
    """

    fewest_parts: ClassVar[int] = 16

    design: Literal["sobol"]
    points: Annotated[int, Field(ge=2, le=_MOST_POINTS, strict=True)]
    """Runs of one scramble, a power of two; at least 16 scrambles, or one without intervals."""

    @field_validator("points")
    @classmethod
    def _is_power_of_two(cls, points: int) -> int:
        if points & (points - 1):
            below = 1 << (points.bit_length() - 1)
            raise ValueError(f"got {points}, expected a power of two: {below} or {2 * below}")
        return points

    @property
    def part_runs(self) -> int:
        return self.points

    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        points = _sobol_points(stream.seed, self.points, start, stop)
        return points[:, stream.dimension] + 0.5**_SOBOL_BITS / 2.0

    def describe(self, runs: int) -> str:
        return f"scrambled Sobol points: {runs // self.points:,} scrambles of {self.points:,} runs"


@lru_cache(maxsize=256)  # the parameters of a batch: the next one often lies in the same hypercube
def _cells(seed: int, name: str, first: int, last: int, points: int) -> NDArray[np.int32]:
    """Cells of one parameter in hypercubes first to last - 1, one after the other."""
    cells = permutations(seed, "latin_hypercube", name, first, last, points)
    return cells.ravel().astype(np.int32)


@lru_cache(maxsize=2)  # asked once for each parameter of a batch
def _sobol_points(seed: int, points: int, start: int, stop: int) -> Floats:
    """Points `(run, dimension)` in [0, 1) of runs start to stop - 1."""
    sets = [
        _scrambled(
            seed, number, max(start - number * points, 0), min(stop - number * points, points)
        )
        for number in range(start // points, -(-stop // points))
    ]
    return np.concatenate(sets) if sets else np.empty((0, SOBOL_DIMENSIONS))


def _scrambled(seed: int, number: int, first: int, last: int) -> Floats:
    """Points first to last - 1 `(point, dimension)` of one scramble."""
    scramble = np.random.default_rng(key_of(seed, "sobol", str(number)))
    engine = scipy.stats.qmc.Sobol(SOBOL_DIMENSIONS, bits=_SOBOL_BITS, rng=scramble)
    if first == 0:  # scipy warns of sizes that are no power of two, but for the first point alone
        return np.concatenate([engine.random(1), engine.random(last - 1)])
    return engine.fast_forward(first).random(last - first)
