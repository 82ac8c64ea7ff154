"""What a comparison of two stores finds, as plain frozen values."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.plans import Finding
from pipeline.ruling import Ruling
from pipeline.statistics.order import Side
from pipeline.statistics.paired import FEWEST_DISCORDANT, Table
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
    requirement: str  # that sets a limit to it; empty for one of those that are always looked at
    corrected_p_value: float  # Holm, over all that were tested

    @property
    def is_alarm(self) -> bool:
        """Whether it moved, at the risk of any false alarm among all."""
        return self.corrected_p_value <= 1.0 - self.shift.confidence


class Pairs(NamedTuple):
    """What the same runs show of both designs, by one requirement."""

    requirement: str
    runs: int
    confidence: float
    table: Table
    p_value_worse: float  # McNemar, exact and one-sided; Holm over all requirements
    p_value_better: float
    gain_lower: float  # Tango, approximate and two-sided
    gain_upper: float
    broken_at_most: float  # Clopper-Pearson, one-sided
    transitions: tuple[Transition, ...]  # most frequent first
    newly_broken: tuple[Changed, ...]
    newly_saved: tuple[Changed, ...]

    @property
    def is_evidence(self) -> bool:
        """Whether there are discordant runs enough for any evidence."""
        return self.table.discordant >= FEWEST_DISCORDANT


class Margin(NamedTuple):
    """The runs that a candidate may break, and whether it keeps to that."""

    requirement: str
    at_most: float
    confidence: float
    ruling: Ruling
    finding: Finding
    planned_runs: int  # of both, had neither stopped early
    fewest_runs: int  # that can show it, none of them broken


class Evidence(NamedTuple):
    """All that the runs of both designs show."""

    runs: int  # that both have
    confidence: float  # of the percentiles that are always looked at
    rows_changed: int  # runs of which any metric differs
    scrubbed: tuple[int, int]  # of the baseline, of the candidate: no success of either
    pairs: tuple[Pairs, ...]  # one for each requirement
    shifts: tuple[MetricShift, ...]
    not_bounded: tuple[str, ...]  # requirements whose percentile so few runs cannot bound


class Comparison(NamedTuple):
    """A candidate beside its baseline."""

    baseline: Flown
    candidate: Flown
    changes: tuple[str, ...]  # what differs, and may
    reasons: tuple[str, ...]  # why the two cannot be compared
    evidence: Evidence | None  # None where they cannot
    margins: tuple[Margin, ...]  # none where none was declared
    stopped: tuple[str, ...]  # which of the two stopped early, where its plans had decided

    @property
    def ruling(self) -> Ruling:
        """INVALID, or what the margins say; without one a comparison refuses nothing."""
        if self.reasons:
            return Ruling.INVALID
        return min(
            (one.ruling for one in self.margins), key=list(Ruling).index, default=Ruling.PASS
        )
