"""From two stores to a comparison: whether they may be compared, what they show, what was asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.asked import Condition, FixedPlan, Plan, Requirement
from pipeline.campaign import Campaign
from pipeline.compare.evidence import Both, evidence
from pipeline.compare.match import changes, check_names, mismatches, same_runs
from pipeline.compare.values import Comparison, Flown, Margin, Terms
from pipeline.errors import BadInput
from pipeline.fitness import Results, unfit
from pipeline.kept import KeptCampaign
from pipeline.plans import fewest_runs, finding
from pipeline.requirements import Mask, success
from pipeline.ruling import ruling_of


class NoneBroken(NamedTuple):
    """What a margin asks: that a run of the baseline's success is not broken, in so many runs."""

    requirement: Requirement
    probability: float
    confidence: float
    name: str = "newly broken runs"
    kind: str = "success"
    holds: tuple[Condition, ...] = ()
    plan: Plan = FixedPlan()


def compare_stores(
    baseline: str | os.PathLike[str], candidate: str | os.PathLike[str], terms: Terms
) -> Comparison:
    """The candidate's store beside the baseline's. BadInput if a path holds no store."""
    return compare(Results.of(baseline), Results.of(candidate), terms)


def compare(baseline: Results, candidate: Results, terms: Terms) -> Comparison:
    """The candidate beside the baseline, by every requirement of the candidate's campaign."""
    check_names(terms.may_differ)
    before, after = baseline.dataset, candidate.dataset
    reasons = [
        *refusals(baseline, candidate, terms),
        *(f"candidate: {reason}" for reason in unfit(candidate)),
    ]
    found = _beside(baseline, candidate, terms)._replace(reasons=tuple(reasons))
    if reasons:
        return found
    campaign = KeptCampaign.of(after.attrs)
    runs, *rows = same_runs(before, after)
    both = Both(runs, *(d.isel(run=r) for d, r in zip((before, after), rows, strict=True)))
    planned = min(int(dataset.attrs["n_runs"]) for dataset in (before, after))
    margins = tuple(_margin(both, asked, planned) for asked in margins_of(campaign, terms))
    return found._replace(evidence=evidence(both, campaign), margins=margins)


def refused(baseline: Results, candidate: Results, terms: Terms) -> Comparison | None:
    """Why a candidate that is still to be flown cannot be compared; None if it can."""
    reasons = tuple(refusals(baseline, candidate, terms))
    return _beside(baseline, candidate, terms)._replace(reasons=reasons) if reasons else None


def refusals(baseline: Results, candidate: Results, terms: Terms) -> Iterator[str]:
    """What is wrong with the baseline, whatever the candidate's runs may show."""
    yield from (f"baseline: {reason}" for reason in unfit(baseline))
    if baseline.damaged or candidate.damaged:
        return
    yield from mismatches(baseline.dataset, candidate.dataset, terms.may_differ)
    if baseline.runs:
        lacking: dict[str, None] = {}
        for asked in KeptCampaign.of(candidate.dataset.attrs).requirements:
            try:
                success(baseline.dataset, asked)
            except BadInput as bad:  # a metric that it does not have
                lacking |= dict.fromkeys(f"baseline: {problem}" for problem in bad.problems)
        yield from lacking


def margins_of(campaign: KeptCampaign | Campaign, terms: Terms) -> tuple[NoneBroken, ...]:
    """What is asked of newly broken runs, of every requirement on success; nothing where no limit
    is set. A campaign without such a requirement is held to its first.

    Raises BadInput for a limit outside (0, 1).
    """
    at_most = terms.newly_broken_at_most
    if at_most is None:
        at_most = campaign.newly_broken_at_most
    if at_most is None:
        return ()
    if not 0.0 < at_most < 1.0:
        raise BadInput(f"--newly-broken-at-most: got {at_most:g}, expected inside (0, 1)")
    held = [asked for asked in campaign.requirements if asked.kind == "success"]
    return tuple(
        NoneBroken(asked, round(1.0 - at_most, 12), asked.confidence)
        for asked in held or campaign.requirements[:1]
    )


def broken(baseline: Mask, candidate: Mask) -> Mask:
    """Which runs `(run,)` the candidate breaks, of successes `(run,)`."""
    return baseline & ~candidate


def _margin(both: Both, asked: NoneBroken, planned: int) -> Margin:
    before, after = (success(d, asked.requirement) for d in (both.baseline, both.candidate))
    found = finding(asked, planned, broken(before, after))
    at_most = round(1.0 - asked.probability, 12)
    return Margin(
        requirement=asked.requirement.name,
        at_most=at_most,
        confidence=asked.confidence,
        ruling=ruling_of(found.passed),
        finding=found,
        planned_runs=planned,
        fewest_runs=fewest_runs(asked),
    )


def _beside(baseline: Results, candidate: Results, terms: Terms) -> Comparison:
    """Both stores and what differs; nothing said yet of their runs."""
    named = (("baseline", baseline), ("candidate", candidate))
    return Comparison(
        baseline=_flown(baseline),
        candidate=_flown(candidate),
        changes=(
            *changes(baseline.dataset, candidate.dataset, terms.may_differ),
            *_unpaired(baseline, candidate),
        ),
        reasons=(),
        evidence=None,
        margins=(),
        stopped=tuple(name for name, results in named if results.stopped_at is not None),
    )


def _unpaired(baseline: Results, candidate: Results) -> Iterator[str]:
    """A warning where runs of the same number are drawn apart."""
    before, after = (json.loads(one.dataset.attrs["campaign"]) for one in (baseline, candidate))
    if apart := [key for key in ("seed", "sampling") if before.get(key) != after.get(key)]:
        yield (
            f"warning: another {' and '.join(apart)}: runs are not paired, a newly broken one is "
            "another flight under the same number"
        )


def _flown(results: Results) -> Flown:
    attributes = results.dataset.attrs
    campaign = json.loads(attributes["campaign"])
    return Flown(
        results.store,
        campaign["name"],
        attributes["campaign_digest"],
        attributes["physics_digest"],
        attributes["target"],
        campaign["vehicle"]["name"],
    )
