"""What any sampling design is: uniforms by parameter and run, and the numbers of runs that fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.laws import LARGEST_UNIFORM, Floats, KnownAt
from pipeline.records import Strict

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


def in_cells(cells: NDArray, own: Floats, number_of: int) -> Floats:
    """Uniforms `(run,)` at their own uniform places `(run,)` in equal cells `(run,)` of (0, 1)."""
    return np.minimum((cells + own) / number_of, LARGEST_UNIFORM)
