"""What a summary holds: frozen records of plain numbers and words, SI and radians."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.statistics.binomial import Plan, Proportion
from pipeline.statistics.footprint import Ellipse, Radius
from pipeline.statistics.nested import Spread
from pipeline.statistics.order import Percentile, Side, Tolerance

ALL_RUNS = "all runs"
NO_FAILURE = "no injected failure"
LAUNCHED = "not scrubbed"


class Given(NamedTuple):
    """Success among some of the runs: all, those without an injected failure, those of a branch."""

    label: str
    interval: Proportion  # two-sided; its method is that of the design
    lower_bound: float  # one-sided, at the requirement's confidence; NaN where there is none
    upper_bound: float


class Cause(NamedTuple):
    """Failures of one cause."""

    label: str
    failures: int
    by_initiator: dict[str, int]  # injected failure -> failures, most frequent first


class WorstRun(NamedTuple):
    """One of the runs that failed by most."""

    run: int
    margin: float  # over its limit; minus infinity without touchdown
    cause: str
    initiator: str
    touchdown_miss_m: float
    touchdown_speed_mps: float


class Advice(NamedTuple):
    """How many independent runs show what is asked, with how many failures."""

    plans: tuple[Plan, ...]  # the shortest for each number of failures allowed
    as_flown: (
        Plan | None
    )  # the shortest with as many failures as there were; None beyond all reason


class RequirementSummary(NamedTuple):
    """How the runs stand to one requirement."""

    name: str
    conditions: tuple[str, ...]  # in words, as written
    probability: float
    confidence: float
    given: tuple[Given, ...]  # all runs first, then no injected failure, then each branch
    causes: tuple[Cause, ...]  # most frequent first
    scrubbed: int  # no success, and no failure either: in no cause
    worst: tuple[WorstRun, ...]  # least margin first
    advice: Advice
    outer: Spread | None = None  # between groups, of a nested campaign

    @property
    def overall(self) -> Given:
        return self.given[0]

    @property
    def failures(self) -> int:
        """Runs that were launched and are no success, infrastructure errors included."""
        return self.overall.interval.runs - self.overall.interval.successes - self.scrubbed


class MetricSummary(NamedTuple):
    """Percentiles of one metric over all runs; a run without a value counts as worst."""

    name: str
    worst: Side
    not_finite: int
    percentiles: tuple[Percentile, ...]  # only those that so many runs can bound on the worst side
    tolerances: tuple[Tolerance, ...]  # one-sided, towards the worst side


class InWind(NamedTuple):
    """Where the runs in one mean wind profile touched down."""

    member: int
    runs: int
    not_down: int
    mean_east_m: float
    mean_north_m: float
    inside_pad: Proportion
    r95: Radius


class Winds(NamedTuple):
    """Landings by the wind profile that runs share, and limits that hold for others like these.

    The limits over all runs are those for this ensemble, each profile as likely as the campaign
    says. For winds of which the profiles are but a sample a profile is one draw: t over profiles.
    """

    members: tuple[InWind, ...]  # largest R95 first
    inside_pad: Proportion  # over profiles
    r95_upper_m: float  # infinite where there is none


class Landings(NamedTuple):
    """Where the base centre touched down, about the target."""

    runs: int
    not_down: int
    pad_radius_m: float
    inside_pad: Proportion
    cep: Radius
    r95: Radius
    guaranteed: Ellipse  # split-half: content with confidence
    gaussian: Ellipse  # expected content
    gaussian_tolerance: Ellipse  # content with confidence, if the cloud is Gaussian
    winds: Winds | None = None  # where runs share a profile of an ensemble


class PublishedRank(NamedTuple):
    """Where a published flight figure falls in the simulated distribution."""

    metric: str
    value: float
    tag: str
    source: str
    at_or_below: Proportion  # share of runs with no more than that; two-sided


class Summary(NamedTuple):
    """The results of a campaign, in numbers."""

    name: str
    state: str  # of the store; only `finished` is complete, `stopped` by its plans
    stopped: str  # how far its plans let it fly, in words; empty where that is to the end
    runs: int
    outcomes: dict[str, int]  # most frequent first
    violations: dict[str, int]  # limits broken, whatever the outcome
    initiators: dict[str, int]  # runs by injected failure, `none` included
    infrastructure_errors: int
    scrubbed: int
    diverged: int  # runs that left the numbers
    confidence: float  # of every interval here that is not a requirement's own
    requirements: tuple[RequirementSummary, ...]
    landings: Landings
    metrics: tuple[MetricSummary, ...]
    published: tuple[PublishedRank, ...]
    sampling: str  # the design in words
    no_gate: str  # why it has no verdict; empty where it has
