"""What a comparison of two stores finds, as plain frozen values."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.plans import Finding
from pipeline.ruling import Ruling
from pipeline.statistics.order import Side
from pipeline.statistics.paired import Table
from pipeline.statistics.shift import Shift


class Terms(NamedTuple):
    """How a candidate is held against its baseline."""

    may_differ: tuple[str, ...] = ()  # sections of the campaign, beyond those of a design change
    newly_broken_at_most: float | None = None  # the candidate's campaign says, if not given


class Flown(NamedTuple):
    """One of the two stores, and what it was flown with."""

    store: str
    campaign: str
    campaign_digest: str
    physics_digest: str
    target: str
    vehicle: str


class Changed(NamedTuple):
    """A run that ends otherwise."""

    run: int
    before: str  # cause of failure, or success
    after: str
    initiator: str


class Transition(NamedTuple):
    """How many runs went from one end to another."""

    before: str
    after: str
    runs: int


class MetricShift(NamedTuple):
    """A percentile of a metric in both stores."""

    metric: str
    worst: Side
    shift: Shift
    corrected_p_value: float  # Holm, over all that were tested

    @property
    def is_alarm(self) -> bool:
        """Whether it moved, at the risk of any false alarm among all."""
        return self.corrected_p_value <= 1.0 - self.shift.confidence


class Pairs(NamedTuple):
    """What the same runs show of both designs."""

    requirement: str
    runs: int
    confidence: float
    table: Table
    p_value_worse: float  # McNemar, exact and one-sided
    p_value_better: float
    gain_lower: float  # Tango, approximate and two-sided
    gain_upper: float
    broken_at_most: float  # Clopper-Pearson, one-sided
    rows_changed: int  # runs of which any metric differs
    transitions: tuple[Transition, ...]  # most frequent first
    shifts: tuple[MetricShift, ...]
    newly_broken: tuple[Changed, ...]
    newly_saved: tuple[Changed, ...]


class Margin(NamedTuple):
    """The runs that a candidate may break, and whether it keeps to that."""

    at_most: float
    ruling: Ruling
    finding: Finding


class Comparison(NamedTuple):
    """A candidate beside its baseline."""

    baseline: Flown
    candidate: Flown
    changes: tuple[str, ...]  # what differs, and may
    reasons: tuple[str, ...]  # why the two cannot be compared
    pairs: Pairs | None  # None where they cannot
    margin: Margin | None  # None where none was declared
    stopped_at: int | None  # runs after which the candidate's plan had decided, and it stopped

    @property
    def ruling(self) -> Ruling:
        """INVALID, or what the margin says; without one a comparison refuses nothing."""
        if self.reasons:
            return Ruling.INVALID
        return Ruling.PASS if self.margin is None else self.margin.ruling
