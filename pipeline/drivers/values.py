"""What is found about the drivers of failures: frozen records of plain numbers and words, SI."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.statistics.binomial import Proportion

CONTROL = "control"
"""A column of random numbers that was never flown: what it shows is noise."""
ALL_FAILURES = "all failures"


class Level(NamedTuple):
    """Failures among the runs of one value of an input that has no order: an injected failure."""

    label: str
    failed: Proportion  # the share that failed
    of_all: float  # share of all failures that lie here
    p_value: float  # of a share as odd, if these runs are like all others; exact
    is_driver: bool


class Tenth(NamedTuple):
    """Failures among the tenth of the runs whose input lies in a range."""

    lower: float
    upper: float
    failed: Proportion


class Driver(NamedTuple):
    """One input, in failed runs against successful ones."""

    name: str  # of the store, or CONTROL
    distance: float  # above zero where failed runs have the higher values; NaN where not compared
    p_value: float  # exact; NaN below the floor
    floor: float  # what stays below it is noise
    correlated_with: tuple[str, ...] = ()  # other drivers that it was drawn together with
    own_distance: float | None = None  # of what it has apart from these
    tenths: tuple[Tenth, ...] = ()  # of the strongest only

    @property
    def is_driver(self) -> bool:
        """Whether the distance is more than noise."""
        return abs(self.distance) >= self.floor

    @property
    def may_only_follow(self) -> bool:
        """Whether nothing is left of it apart from the drivers that it is correlated with."""
        return self.own_distance is not None and abs(self.own_distance) < self.floor


class Cell(NamedTuple):
    """Failures among the runs in one cell of a table of two inputs."""

    a: int  # fifth of the one, from the lowest
    b: int
    failed: Proportion


class Pair(NamedTuple):
    """Two inputs that do not act each for itself."""

    a: str
    b: str
    tau: float  # rank correlation among failed runs; above zero where high fails with high
    cells: tuple[Cell, ...]


class Group(NamedTuple):
    """The failures of one cause, or all of them, against the successes."""

    label: str
    failures: int
    successes: int
    looked_at: tuple[int, int]  # failures and successes that the distances are taken over
    drivers: tuple[Driver, ...]  # largest distance first, the control among them
    pairs: tuple[Pair, ...]
    pair_floor: float

    @property
    def above_noise(self) -> tuple[Driver, ...]:
        """The inputs that drive these failures."""
        return tuple(d for d in self.drivers if d.is_driver and d.name != CONTROL)

    @property
    def control(self) -> Driver:
        return next(d for d in self.drivers if d.name == CONTROL)


class Stratum(NamedTuple):
    """Runs without an injected failure, or with one and the same."""

    label: str
    runs: int
    failures: int
    members: tuple[Level, ...]  # failures by member of an ensemble of winds, where there is one
    groups: tuple[Group, ...]


class Failed(NamedTuple):
    """One failed run, to be flown again."""

    run: int
    cause: str
    initiator: str
    margin: float


class Drivers(NamedTuple):
    """What drives the failures of one requirement."""

    name: str  # of the campaign
    state: str
    requirement: str
    runs: int
    failures: int
    lost: int  # runs without inputs, infrastructure errors: not looked at
    scrubbed: int  # nor these, which never lifted off
    confidence: float  # of every interval
    alarm: float  # chance that anything at all stands out in a stratum if nothing drives it
    inputs: int
    caveat: str  # where the design's runs are not independent
    initiators: tuple[Level, ...]
    strata: tuple[Stratum, ...]
    listed: tuple[Failed, ...]  # failures too few of their kind to compare
    not_listed: int  # of these, beyond the most that are
