"""Sampling designs: how the uniforms of many runs lie to each other.

Whatever the design, the uniform of a parameter in run i is a function of campaign, name and i
alone, so any batch can draw its own, and a parameter added at the end shifts no other. Designs but
the independent one are made of equal parts (replicates, blocks, groups) that stand one after the
other: more whole parts leave the runs before them as they were.

Only dispersed parameters follow a design. The noise seeds and the injected failures stay
independent: a seed has no order to stratify, and a failure of one run in a thousand is rarer than
a cell is wide.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from math import prod
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, WrapValidator, field_validator
from scipy.stats import qmc

from pipeline.laws import LARGEST_UNIFORM, Floats, KnownAt, Text, without_tag
from pipeline.records import Strict
from pipeline.sampling.streams import key_of, permutations, uniforms

SOBOL_DIMENSIONS = 128  # always drawn, so that a parameter more changes no scramble
_SOBOL_BITS = 30  # of scipy's points; half a step keeps them off 0
_MOST_POINTS = 2**20  # of a replicate: a worker keeps its cells, 4 bytes for point and parameter

Several = Annotated[int, Field(ge=2, strict=True)]
Indices = NDArray[np.intp]


class Stream(NamedTuple):
    """A parameter's place among the random numbers."""

    seed: int
    name: str
    known: KnownAt
    dimension: int  # its own among those of a Sobol point


class DesignBase(Strict, ABC):
    """What can be asked of a design."""

    design: str

    fewest_parts: ClassVar[int] = 1
    """Replicates or groups that an interval needs."""
    no_gate: ClassVar[str] = ""
    """Why no exact bound fits the design, so that nothing can be gated; empty where one does."""

    @property
    def part_runs(self) -> int:
        """Runs of a part; a campaign has whole parts."""
        return 1

    @abstractmethod
    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        """Uniforms `(run,)` of one parameter inside (0, 1), for runs start to stop - 1."""

    @abstractmethod
    def describe(self, runs: int) -> str:
        """The design of so many runs in a few words."""

    def problem(self, runs: int) -> str:
        """What is wrong with that number of runs; empty if nothing is."""
        size = self.part_runs
        if runs % size == 0:
            return self._too_few(runs // size)
        below, above = runs // size * size, -(-runs // size) * size
        nearest = f"{below:,} or {above:,}" if below else f"{above:,}"
        return f"got {runs}, expected a multiple of {size}, {self._part()}: {nearest}"

    def leads(self, name: str, known: KnownAt) -> bool:
        """Whether a parameter keeps its own uniform where others are correlated with it."""
        return False

    def _too_few(self, parts: int) -> str:
        return ""

    def _part(self) -> str:
        return "a run"


class Independent(DesignBase):
    """Every run drawn for itself."""

    design: Literal["independent"] = "independent"

    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        return uniforms(stream.seed, stream.name, start, stop)

    def describe(self, runs: int) -> str:
        return "independent runs"


class Strata(DesignBase):
    """Proportional strata: equally probable bins of up to three parameters, equally often.

    Each block of runs visits every combination of bins once, in a random order of its own.
    """

    design: Literal["strata"]
    bins: Annotated[dict[Text, Several], Field(min_length=1, max_length=3)]
    """Number of equally probable bins of each parameter named."""

    @property
    def part_runs(self) -> int:
        """Runs that visit every stratum once."""
        return prod(self.bins.values())

    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        own = uniforms(stream.seed, stream.name, start, stop)
        if stream.name not in self.bins:
            return own
        within = self.stratum(stream.seed, np.arange(start, stop))
        for name, number_of in self.bins.items():
            if name == stream.name:
                break
            within = within // number_of
        bins = self.bins[stream.name]
        return _in_cells(within % bins, own, bins)

    def stratum(self, seed: int, runs: Indices) -> Indices:
        """The stratum `(run,)` of each of the runs `(run,)`, numbered from 0."""
        if runs.size == 0:
            return runs
        size = self.part_runs
        first, last = int(runs.min()) // size, int(runs.max()) // size + 1
        return permutations(seed, "strata", "", first, last, size).ravel()[runs - first * size]

    def describe(self, runs: int) -> str:
        bins = ", ".join(f"{number_of} of {name}" for name, number_of in self.bins.items())
        times = runs // self.part_runs
        return f"proportional strata: bins {bins}; {times:,} runs in each stratum"

    def leads(self, name: str, known: KnownAt) -> bool:
        return name in self.bins

    def _too_few(self, parts: int) -> str:
        if parts >= 2:
            return ""
        least = 2 * self.part_runs
        return f"got {parts * self.part_runs}, expected at least {least}: two in each stratum"

    def _part(self) -> str:
        return "the strata of sampling.bins"


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
        return _in_cells(cells[start - first * self.points :][: own.size], own, self.points)

    def describe(self, runs: int) -> str:
        return f"Latin hypercubes: {runs // self.points:,} of {self.points:,} runs"


class Sobol(_Replicated):
    """Scrambled Sobol points (Owen, J. Complexity 14:466, 1998), set after set.

    Scrambled by a random linear matrix and a digital shift (Matousek, J. Complexity 14:527, 1998).
    Parameters take the dimensions in the order of the file, the best first; rows of a file take
    them from the last. With 80 parameters it takes about 1,024 points: in a scramble of fewer some
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


class Nested(DesignBase):
    """What is known early is drawn once for a group of runs, the rest for each run.

    Outside stand the classes named, inside the others, the noise and the injected failures: the
    spread between groups is what knowing would remove, the spread within them is chance.
    """

    fewest_parts: ClassVar[int] = 20
    no_gate: ClassVar[str] = (
        "the runs of a group share their outer draw, so no exact bound holds over all runs: "
        "sampling.design independent or strata can be gated"
    )

    design: Literal["nested"]
    outer: Annotated[tuple[KnownAt, ...], Field(min_length=1)]
    """Classes of the parameters that a group shares."""
    inner_runs: Several
    """Runs of a group."""

    @field_validator("outer")
    @classmethod
    def _differ(cls, outer: tuple[KnownAt, ...]) -> tuple[KnownAt, ...]:
        if len(set(outer)) < len(outer):
            raise ValueError(f"got {list(outer)}, expected each class once")
        return outer

    @property
    def part_runs(self) -> int:
        return self.inner_runs

    def uniforms(self, stream: Stream, start: int, stop: int) -> Floats:
        if stream.known not in self.outer:
            return uniforms(stream.seed, stream.name, start, stop)
        group = np.arange(start, stop) // self.inner_runs
        first, last = start // self.inner_runs, -(-stop // self.inner_runs)
        return uniforms(stream.seed, stream.name, first, last)[group - first]

    def describe(self, runs: int) -> str:
        groups = runs // self.inner_runs
        outer = ", ".join(self.outer)
        return f"nested: {groups:,} groups that share class {outer}, {self.inner_runs:,} runs each"

    def leads(self, name: str, known: KnownAt) -> bool:
        return known in self.outer

    def _too_few(self, parts: int) -> str:
        if parts >= 2:
            return ""
        return f"got {parts * self.inner_runs}, expected at least {2 * self.inner_runs}: two groups"

    def _part(self) -> str:
        return "sampling.inner_runs"


Design = Annotated[
    Annotated[
        Independent | Strata | LatinHypercube | Sobol | Nested, Field(discriminator="design")
    ],
    WrapValidator(without_tag),
]


def _in_cells(cells: NDArray, own: Floats, number_of: int) -> Floats:
    """Uniforms `(run,)` at their own uniform places `(run,)` in equal cells `(run,)` of (0, 1)."""
    return np.minimum((cells + own) / number_of, LARGEST_UNIFORM)


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
    engine = qmc.Sobol(SOBOL_DIMENSIONS, bits=_SOBOL_BITS, rng=scramble)
    if first == 0:  # scipy warns of sizes that are no power of two, but for the first point alone
        return np.concatenate([engine.random(1), engine.random(last - 1)])
    return engine.fast_forward(first).random(last - first)
