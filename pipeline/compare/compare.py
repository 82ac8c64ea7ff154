"""From two stores to a comparison."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from models.outcomes import Initiator
from pipeline.asked import Condition, FixedPlan, Plan, Requirement
from pipeline.campaign import Campaign
from pipeline.compare.match import changes, check_names, mismatches, same_runs
from pipeline.compare.values import (
    Changed,
    Comparison,
    Flown,
    Margin,
    MetricShift,
    Pairs,
    Terms,
    Transition,
)
from pipeline.errors import BadInput
from pipeline.fitness import Results, unfit
from pipeline.kept import KeptCampaign
from pipeline.names import CODES, METRIC_NAMES
from pipeline.plans import finding
from pipeline.requirements import Mask, causes, success
from pipeline.ruling import ruling_of
from pipeline.spelling import inside
from pipeline.statistics.binomial import upper_bound
from pipeline.statistics.paired import (
    chance_of_as_many,
    holm,
    table,
    tango_interval,
)
from pipeline.statistics.shift import percentile_shift
from pipeline.summary.distribution import shown_metrics

FRACTIONS = (0.50, 0.90, 0.99)  # of each metric's percentiles, counted from its best side
SUCCESS = "success"


class NoneBroken(NamedTuple):
    """What a margin asks: that a run of the baseline's success is not broken, in so many runs."""

    probability: float
    confidence: float
    name: str = "newly broken runs"
    kind: str = "success"
    holds: tuple[Condition, ...] = ()
    plan: Plan = FixedPlan()


class _Both(NamedTuple):
    """The same runs of both designs, rows in the same order."""

    run: np.ndarray  # (run,) ids
    baseline: xr.Dataset
    candidate: xr.Dataset


def compare_stores(
    baseline: str | os.PathLike[str], candidate: str | os.PathLike[str], terms: Terms
) -> Comparison:
    """The candidate's store beside the baseline's. BadInput if a path holds no store."""
    return compare(Results.of(baseline), Results.of(candidate), terms)


def compare(baseline: Results, candidate: Results, terms: Terms) -> Comparison:
    """The candidate beside the baseline, by the first requirement of the candidate's campaign."""
    check_names(terms.may_differ)
    before, after = baseline.dataset, candidate.dataset
    campaign = KeptCampaign.of(after.attrs)
    reasons = [
        *refusals(baseline, candidate, terms),
        *(f"candidate: {reason}" for reason in unfit(candidate)),
    ]
    pairs = margin = None
    if not reasons:
        runs, *rows = same_runs(before, after)
        both = _Both(runs, *(d.isel(run=r) for d, r in zip((before, after), rows, strict=True)))
        pairs = _pairs(both, campaign)
        planned = min(int(dataset.attrs["n_runs"]) for dataset in (before, after))
        margin = _margin(both, campaign, terms, planned)
    return _beside(baseline, candidate, terms)._replace(
        reasons=tuple(reasons), pairs=pairs, margin=margin
    )


def refused(baseline: Results, candidate: Results, terms: Terms) -> Comparison | None:
    """Why a candidate that is still to be flown cannot be compared; None if it can."""
    reasons = tuple(refusals(baseline, candidate, terms))
    return _beside(baseline, candidate, terms)._replace(reasons=reasons) if reasons else None


def refusals(baseline: Results, candidate: Results, terms: Terms) -> Iterator[str]:
    """What is wrong with the baseline, whatever the candidate's runs may show."""
    yield from (f"baseline: {reason}" for reason in unfit(baseline))
    yield from mismatches(baseline.dataset, candidate.dataset, terms.may_differ)
    if baseline.runs:
        asked = KeptCampaign.of(candidate.dataset.attrs).requirements[0]
        try:
            success(baseline.dataset, asked)
        except BadInput as bad:  # a metric that it does not have
            yield from (f"baseline: {problem}" for problem in bad.problems)


def _beside(baseline: Results, candidate: Results, terms: Terms) -> Comparison:
    """Both stores and what differs; nothing said yet of their runs."""
    return Comparison(
        baseline=_flown(baseline),
        candidate=_flown(candidate),
        changes=tuple(changes(baseline.dataset, candidate.dataset, terms.may_differ)),
        reasons=(),
        pairs=None,
        margin=None,
        stopped_at=candidate.stopped_at,
    )


def margin_of(campaign: KeptCampaign | Campaign, terms: Terms) -> NoneBroken | None:
    """What is asked of newly broken runs; None where nothing is. BadInput outside (0, 1)."""
    at_most = terms.newly_broken_at_most
    if at_most is None:
        at_most = campaign.newly_broken_at_most
    if at_most is None:
        return None
    if not 0.0 < at_most < 1.0:
        raise BadInput(f"--newly-broken-at-most: got {at_most:g}, expected inside (0, 1)")
    return NoneBroken(round(1.0 - at_most, 12), campaign.requirements[0].confidence)


def broken(baseline: Mask, candidate: Mask) -> Mask:
    """Which runs `(run,)` the candidate breaks, of successes `(run,)`."""
    return baseline & ~candidate


def _margin(both: _Both, campaign: KeptCampaign, terms: Terms, planned: int) -> Margin | None:
    asked = margin_of(campaign, terms)
    if asked is None:
        return None
    first = campaign.requirements[0]
    lost = broken(success(both.baseline, first), success(both.candidate, first))
    found = finding(asked, planned, lost)
    return Margin(round(1.0 - asked.probability, 12), ruling_of(found.passed), found)


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


# --- what the pairs show --------------------------------------------------------------------------


def _pairs(both: _Both, campaign: KeptCampaign) -> Pairs:
    asked = campaign.requirements[0]
    before, after = _ends(both.baseline, asked), _ends(both.candidate, asked)
    counted = table(before == SUCCESS, after == SUCCESS)
    lower, upper = tango_interval(counted, asked.confidence)
    initiator = np.asarray(both.candidate["initiator"]).astype(np.int64)

    def changed(rows: Mask) -> tuple[Changed, ...]:
        return tuple(
            Changed(int(both.run[r]), before[r], after[r], Initiator(int(initiator[r])).name)
            for r in np.flatnonzero(rows)
        )

    moves = Counter(zip(before.tolist(), after.tolist(), strict=True))
    return Pairs(
        requirement=asked.name,
        runs=counted.runs,
        confidence=asked.confidence,
        table=counted,
        p_value_worse=chance_of_as_many(counted.broken, counted.saved),
        p_value_better=chance_of_as_many(counted.saved, counted.broken),
        gain_lower=lower,
        gain_upper=upper,
        broken_at_most=upper_bound(counted.broken, counted.runs, asked.confidence),
        rows_changed=_rows_changed(both),
        transitions=tuple(Transition(*ends, runs) for ends, runs in moves.most_common()),
        shifts=tuple(_shifts(both, campaign, asked.confidence)),
        newly_broken=changed(broken(before == SUCCESS, after == SUCCESS)),
        newly_saved=changed(broken(after == SUCCESS, before == SUCCESS)),
    )


def _ends(dataset: xr.Dataset, asked: Requirement) -> np.ndarray:
    """How each run `(run,)` ended: success, or the cause of its failure."""
    why = causes(dataset, asked)
    return np.array([*why.labels, SUCCESS], object)[why.code]  # -1, a success, is the last


def _rows_changed(both: _Both) -> int:
    """Runs of which any metric differs, NaN being like NaN."""
    differs = np.zeros(both.run.size, bool)
    for name in (inside(metric) for metric in METRIC_NAMES):
        if name in both.baseline and name in both.candidate:
            old, new = (np.asarray(d[name], float) for d in (both.baseline, both.candidate))
            differs |= (old != new) & ~(np.isnan(old) & np.isnan(new))
    for name in CODES:
        differs |= np.asarray(both.baseline[name]) != np.asarray(both.candidate[name])
    return int(np.count_nonzero(differs))


def _shifts(both: _Both, campaign: KeptCampaign, confidence: float) -> list[MetricShift]:
    """Percentiles of each metric that reports show, towards its worst side."""
    found = []
    for name, worst in shown_metrics(campaign.requirements).items():
        if name not in both.baseline or name not in both.candidate:
            continue
        old, new = (np.asarray(d[name], float) for d in (both.baseline, both.candidate))
        for best in FRACTIONS:
            fraction = best if worst == "high" else round(1.0 - best, 12)
            shift = percentile_shift(old, new, fraction, confidence, worst)
            if shift is not None:
                found.append((name, worst, shift))
    corrected = holm([shift.p_value for *_, shift in found])
    return [MetricShift(*one, p) for one, p in zip(found, corrected, strict=True)]
