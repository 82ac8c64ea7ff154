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

from math import prod
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, WrapValidator, field_validator

from pipeline.laws import Floats, KnownAt, Text, without_tag
from pipeline.sampling.design import DesignBase, Indices, Stream, in_cells
from pipeline.sampling.replicated import LatinHypercube, Sobol
from pipeline.sampling.streams import permutations, uniforms

Several = Annotated[int, Field(ge=2, strict=True)]


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
        return in_cells(within % bins, own, bins)

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
