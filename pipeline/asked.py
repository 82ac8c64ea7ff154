"""What a campaign asks of its runs: requirements of four kinds, and how each is to be judged.

Every kind comes to the same question: does the share of the runs in which some conditions hold
reach `probability`, with `confidence`? So a percentile of a metric is bounded by the same exact
test as a success rate: the order statistic that bounds the 99th percentile lies below a limit just
where the runs show that 99 % of them do.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AfterValidator, BeforeValidator, Field, WrapValidator, model_validator

from pipeline.laws import Name, Number, Positive, without_tag
from pipeline.names import MetricName, OutcomeName
from pipeline.polygon import Corners, is_simple
from pipeline.records import Strict

Count = Annotated[int, Field(ge=1, strict=True)]
Open = Annotated[Number, Field(gt=0, lt=1)]  # strictly between 0 and 1
_DECIMALS = 12  # 1 - 0.002 is 0.998


# --- plans ----------------------------------------------------------------------------------------


class FixedPlan(Strict):
    """All runs of the campaign, judged by the exact bounds on either side."""

    kind: Literal["fixed"] = "fixed"


class CurtailedPlan(Strict):
    """The shortest plan with so many failures allowed: it passes with them, fails with one more."""

    kind: Literal["curtailed"]
    allowed_failures: Annotated[int, Field(ge=0, strict=True)]


def _ascends(looks: tuple[int, ...]) -> tuple[int, ...]:
    if list(looks) != sorted(set(looks)):
        raise ValueError(f"got {list(looks)}, expected ascending numbers of runs")
    return looks


class GroupSequentialPlan(Strict):
    """A few declared looks: passes at one with at most the failures allowed there."""

    kind: Literal["group_sequential"]
    looks: Annotated[tuple[Count, ...], Field(min_length=1), AfterValidator(_ascends)]
    allowed_failures: tuple[Annotated[int, Field(ge=-1, strict=True)], ...] | None = None
    """One for each look, -1 where it cannot pass; the risk spread evenly if not given."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        allowed = self.allowed_failures
        if allowed is not None and (
            len(allowed) != len(self.looks) or list(allowed) != sorted(allowed)
        ):
            raise ValueError(
                f"got allowed_failures {list(allowed)}, expected {len(self.looks)} numbers, "
                "one for each look, none smaller than the one before"
            )
        return self


class EProcessPlan(Strict):
    """May look after every run, up to the campaign's number of them."""

    kind: Literal["e_process"]


Plan = Annotated[
    Annotated[
        FixedPlan | CurtailedPlan | GroupSequentialPlan | EProcessPlan, Field(discriminator="kind")
    ],
    WrapValidator(without_tag),
]


# --- conditions -----------------------------------------------------------------------------------


def _checked(corners: Corners) -> Corners:
    if not is_simple(corners):
        raise ValueError(
            f"got {[list(corner) for corner in corners]}, expected corners of a polygon "
            "whose sides do not cross"
        )
    return corners


Zone = Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3), AfterValidator(_checked)]
"""Corners of a polygon, east and north of the target, m; the last joins the first."""
Place = Literal["touchdown", "rest"]


class Condition(Strict):
    """One thing asked of a run: a bound on a metric, an outcome, none such, or a landing zone."""

    metric: MetricName | None = None
    at_most: Number | None = None
    at_least: Number | None = None
    outcome: OutcomeName | None = None
    not_outcome: OutcomeName | None = None
    inside_m: Zone | None = None
    at: Place | None = None
    """Where the zone is asked for; at touchdown if not given."""

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        bounds = [b for b in (self.at_most, self.at_least) if b is not None]
        things = (self.metric, self.outcome, self.not_outcome, self.inside_m)
        one = sum(thing is not None for thing in things) == 1
        if not one or (self.metric is None) == bool(bounds) or (self.at and self.inside_m is None):
            given = self.model_dump(exclude_none=True)
            raise ValueError(
                f"got {given}, expected either metric with at_most or at_least, or outcome, "
                "or not_outcome, or inside_m"
            )
        if len(bounds) == 2 and bounds[1] > bounds[0]:
            raise ValueError(
                f"got at_most {bounds[0]:g} and at_least {bounds[1]:g}, which no value can meet, "
                "expected at_least not above at_most"
            )
        return self


# --- requirements ---------------------------------------------------------------------------------


class Requirement(Protocol):
    """What any requirement comes to: conditions to hold in a share of the runs."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def probability(self) -> float: ...

    @property
    def confidence(self) -> float: ...

    @property
    def holds(self) -> tuple[Condition, ...]: ...

    @property
    def plan(self) -> Plan: ...


class _Asked(Strict):
    name: Name
    confidence: Open
    """Of the verdict: its risk of passing a design that falls short is one less this."""
    plan: Plan = FixedPlan()


class SuccessRequirement(_Asked):
    """All conditions hold in at least that share of the runs."""

    kind: Literal["success"] = "success"
    probability: Open
    holds: Annotated[tuple[Condition, ...], Field(min_length=1)]


class CauseRequirement(_Asked):
    """At most that share of the runs ends in one way."""

    kind: Literal["cause"]
    outcome: OutcomeName
    share_at_most: Open

    @property
    def probability(self) -> float:
        return round(1.0 - self.share_at_most, _DECIMALS)

    @property
    def holds(self) -> tuple[Condition, ...]:
        return (Condition(not_outcome=self.outcome),)


class PercentileRequirement(_Asked):
    """A percentile of a metric lies on the right side of a limit."""

    kind: Literal["percentile"]
    metric: MetricName
    percentile: Annotated[Number, Field(gt=0, lt=100)]
    at_most: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("expected at_most or at_least, one of them")
        return self

    @property
    def probability(self) -> float:
        fraction = self.percentile / 100.0
        return round(fraction if self.at_least is None else 1.0 - fraction, _DECIMALS)

    @property
    def holds(self) -> tuple[Condition, ...]:
        return (Condition(metric=self.metric, at_most=self.at_most, at_least=self.at_least),)


class ZoneRequirement(_Asked):
    """At least that share of the runs comes down inside a circle or polygon about the target."""

    kind: Literal["zone"]
    probability: Open
    radius_m: Positive | None = None
    inside_m: Zone | None = None
    at: Place = "touchdown"

    @model_validator(mode="after")
    def _has_one_shape(self) -> Self:
        if (self.radius_m is None) == (self.inside_m is None):
            raise ValueError("expected radius_m or inside_m, one of them")
        return self

    @property
    def holds(self) -> tuple[Condition, ...]:
        if self.radius_m is None:
            return (Condition(inside_m=self.inside_m, at=self.at),)
        return (Condition(metric=f"{self.at}_miss_m", at_most=self.radius_m),)


def _success_by_default(value: Any) -> Any:
    return {"kind": "success", **value} if isinstance(value, dict) else value


AnyRequirement = Annotated[
    Annotated[
        SuccessRequirement | CauseRequirement | PercentileRequirement | ZoneRequirement,
        Field(discriminator="kind"),
    ],
    WrapValidator(without_tag),
    BeforeValidator(_success_by_default),
]
