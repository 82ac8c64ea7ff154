"""A summary as text for a terminal, and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite, isnan
from typing import Any

from pipeline.statistics.binomial import EXACT, Plan
from pipeline.statistics.footprint import Ellipse
from pipeline.statistics.nested import Spread
from pipeline.summary.values import (
    Given,
    Landings,
    PublishedRank,
    RequirementSummary,
    Summary,
    Winds,
)
from pipeline.words import count, for_people, number, percent, share, spoken, unit

MOST_CAUSES = 6  # on a terminal; the report lists them all


def as_text(summary: Summary) -> str:
    """Success with its bounds, failures by cause, and the landing ellipse."""
    lines = [f"{summary.name}: {count(summary.runs)} runs, {summary.state}"]
    if summary.stopped:
        lines.append(summary.stopped)
    if summary.requirements[0].overall.interval.method != EXACT:
        lines.append(f"sampling: {summary.sampling}")
    for requirement in summary.requirements:
        lines += _requirement(requirement)
    if summary.scrubbed:
        lines.append(scrubbed_in_words(summary.scrubbed, summary.runs))
    if summary.no_gate:
        lines.append(f"not gated: {summary.no_gate}")
    lines += _landings(summary.landings)
    lines += [_published(figure) for figure in summary.published]
    if summary.infrastructure_errors:
        lines.append(f"infrastructure errors: {count(summary.infrastructure_errors)} runs")
    return "\n".join(lines)


def as_json(value: Any) -> str:
    """A summary, or any part of it, as JSON text; a number that is not finite becomes null."""
    return json.dumps(as_plain(value), indent=1)


def as_plain(value: Any) -> Any:
    """The same as lists and dictionaries."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: as_plain(part) for name, part in value._asdict().items()}
    if isinstance(value, dict):
        return {name: as_plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(part) for part in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _requirement(requirement: RequirementSummary) -> Iterator[str]:
    overall, confidence = requirement.overall, percent(requirement.confidence)
    limit = f"at least {share(overall.lower_bound)} at {confidence} confidence"
    if isnan(overall.lower_bound):
        limit = f"limit {overall.interval.method}"
    yield (
        f"{requirement.name}: {share(overall.interval.fraction)}, {limit}; "
        f"asked {requirement.probability:g}"
    )
    yield from given_table(requirement.given, requirement.confidence)
    if overall.interval.method != EXACT:
        yield f"  interval of all runs: {overall.interval.method}"
    if requirement.outer is not None:
        yield from _outer(requirement.outer)
    if overall.lower_bound < requirement.probability:
        yield f"  {advice_in_words(requirement)}"
    causes = [f"{c.label.replace('_', ' ')} {count(c.failures)}" for c in requirement.causes]
    if len(causes) > MOST_CAUSES:
        causes[MOST_CAUSES:] = [f"{len(causes) - MOST_CAUSES} more"]
    yield f"failures by cause: {', '.join(causes) or 'none'}"


def scrubbed_in_words(scrubbed: int, runs: int) -> str:
    """Runs that never lifted off."""
    return (
        f"scrubbed before lift-off: {count(scrubbed)} of {count(runs)} runs, no success and in no "
        "cause of failure"
    )


def advice_in_words(requirement: RequirementSummary) -> str:
    """How many runs show what is asked, with as many failures as there were at the end."""
    plans, as_flown = requirement.advice
    text = plans_in_words(plans)
    if as_flown is not None and as_flown not in plans:
        text += f"; with the {count(as_flown.allowed_failures)} seen here {count(as_flown.runs)}"
    return f"{text}."


def plans_in_words(plans: Sequence[Plan]) -> str:
    """Sample plans in a line: `for 0.999 at 90 % fly 2,302 independent runs without failure`."""
    first, *others = plans
    more = "".join(f", {count(one.runs)} with {one.allowed_failures}" for one in others)
    asked = f"for {first.probability:g} at {percent(first.confidence)}"
    return f"{asked} fly {count(first.runs)} independent runs without failure{more}"


def _outer(spread: Spread) -> Iterator[str]:
    """How success differs between the groups of a nested campaign."""
    yield (
        f"  success of a group, over {count(spread.groups)} groups of {count(spread.group_runs)} "
        f"runs: sigma {number(spread.sigma)}; limits one-sided at {percent(spread.confidence)}"
    )
    for one in spread.percentiles:
        yield (
            f"    {percent(one.fraction):>6} of groups below {share(one.observed)} as observed, "
            f"true value {share(one.lower)} to {share(one.upper)}"
        )


def given_table(given: Iterable[Given], confidence: float) -> Iterator[str]:
    """Success by failure branch, with two-sided intervals, as lines in columns."""
    yield f"  {'success given':<24}{'of runs':>12}  {'share':<13}{percent(confidence)} interval"
    for one in given:
        found, label = one.interval, one.label.replace("_", " ")
        limits = f"{share(found.lower)} to {share(found.upper)}"
        yield f"  {label:<24}{count(found.runs):>12}  {share(found.fraction):<13}{limits}"


def _published(figure: PublishedRank) -> str:
    value = f"{for_people(figure.metric, figure.value):g} {unit(figure.metric)}".strip()
    rank = percent(round(figure.at_or_below.fraction, 4))
    return f"published {spoken(figure.metric)}, {value}: {rank} of the runs at or below"


def _landings(landings: Landings) -> Iterator[str]:
    pad, r95 = landings.inside_pad, landings.r95
    yield (
        f"landing: {share(pad.fraction)} inside the pad of {landings.pad_radius_m:g} m "
        f"({share(pad.lower)} to {share(pad.upper)} at {percent(pad.confidence)} confidence); "
        f"{count(landings.not_down)} of {count(landings.runs)} did not touch down"
    )
    yield (
        f"about the target: CEP {number(landings.cep.radius_m)} m, at most "
        f"{number(landings.cep.upper_m)} m; R95 {number(r95.radius_m)} m, at most "
        f"{number(r95.upper_m)} m, each at {percent(r95.confidence)} confidence"
    )
    yield f"ellipse: {ellipse_in_words(landings.guaranteed)}"
    if landings.winds is not None:
        yield from _winds(landings.winds, r95.confidence)


def _winds(winds: Winds, confidence: float) -> Iterator[str]:
    worst = winds.members[0]
    limit = "has no limit: too few profiles lie beyond it"
    if isfinite(winds.r95_upper_m):
        radius = number(winds.r95_upper_m)
        limit = f"at most {radius} m at {percent(confidence)} confidence, t over profiles"
    yield (
        f"by wind profile: R95 up to {number(worst.r95.radius_m)} m, in profile {worst.member} of "
        f"{len(winds.members)}; for other winds like these R95 {limit}"
    )


def ellipse_in_words(ellipse: Ellipse) -> str:
    """Semi-axes and claim of an ellipse, or why there is none."""
    if ellipse.note:
        return f"none: {ellipse.note}"
    axes = f"{number(ellipse.semi_major_m)} x {number(ellipse.semi_minor_m)} m (semi-axes)"
    not_down = f"{count(ellipse.not_down)} of {count(ellipse.runs)} did not touch down"
    return f"{axes}, {ellipse.claim}; {not_down}"
