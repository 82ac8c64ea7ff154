"""What the same runs show of two designs: requirement by requirement, and in percentiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from models.outcomes import Initiator, Outcome
from pipeline.asked import PercentileRequirement, Requirement
from pipeline.compare.values import Changed, Evidence, MetricShift, Pairs, Transition
from pipeline.kept import KeptCampaign
from pipeline.names import CODES, METRIC_NAMES
from pipeline.requirements import Mask, causes, hopeless, outcomes
from pipeline.spelling import inside
from pipeline.statistics.binomial import upper_bound
from pipeline.statistics.order import Side
from pipeline.statistics.paired import chance_of_as_many, holm, table, tango_interval
from pipeline.statistics.shift import Shift, percentile_shift
from pipeline.summary.distribution import shown_metrics

FRACTIONS = (0.50, 0.90, 0.99)  # of each metric's percentiles, counted from its best side
SUCCESS = "success"


class Both(NamedTuple):
    """The same runs of both designs, rows in the same order."""

    run: np.ndarray  # (run,) ids
    baseline: xr.Dataset
    candidate: xr.Dataset


class _Asked(NamedTuple):
    """A percentile to be compared."""

    metric: str
    worst: Side
    fraction: float
    confidence: float
    requirement: str = ""
    hopeless: tuple[Mask, Mask] | None = None  # (run,) of both designs, beyond every limit


def evidence(both: Both, campaign: KeptCampaign) -> Evidence:
    """All that the runs of both designs show, by the requirements of that campaign."""
    scrubbed = (
        int(np.count_nonzero(outcomes(dataset) == Outcome.scrubbed))
        for dataset in (both.baseline, both.candidate)
    )
    first, second = scrubbed
    shifts = _shifts(both, campaign)
    told = {one.requirement for one in shifts}
    declared = [one for one in campaign.requirements if isinstance(one, PercentileRequirement)]
    return Evidence(
        runs=int(both.run.size),
        confidence=campaign.requirements[0].confidence,
        rows_changed=_rows_changed(both),
        scrubbed=(first, second),
        pairs=_pairs(both, campaign.requirements),
        shifts=tuple(shifts),
        not_bounded=tuple(one.name for one in declared if one.name not in told),
    )


# --- requirement by requirement -------------------------------------------------------------------


def _pairs(both: Both, requirements: tuple[Requirement, ...]) -> tuple[Pairs, ...]:
    found = [_of_requirement(both, asked) for asked in requirements]
    worse = holm([pairs.p_value_worse for pairs in found])
    better = holm([pairs.p_value_better for pairs in found])
    return tuple(
        pairs._replace(p_value_worse=p_worse, p_value_better=p_better)
        for pairs, p_worse, p_better in zip(found, worse, better, strict=True)
    )


def _of_requirement(both: Both, asked: Requirement) -> Pairs:
    before, after = _ends(both.baseline, asked), _ends(both.candidate, asked)
    was, is_ = before == SUCCESS, after == SUCCESS
    counted = table(was, is_)
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
        transitions=tuple(Transition(*ends, runs) for ends, runs in moves.most_common()),
        newly_broken=changed(was & ~is_),
        newly_saved=changed(is_ & ~was),
    )


def _ends(dataset: xr.Dataset, asked: Requirement) -> np.ndarray:
    """How each run `(run,)` ended: success, or the cause of its failure."""
    why = causes(dataset, asked)
    return np.array([*why.labels, SUCCESS], object)[why.code]  # -1, a success, is the last


def _rows_changed(both: Both) -> int:
    """Runs of which any metric differs, NaN being like NaN."""
    differs = np.zeros(both.run.size, bool)
    for name in (inside(metric) for metric in METRIC_NAMES):
        if name in both.baseline and name in both.candidate:
            old, new = (np.asarray(d[name], float) for d in (both.baseline, both.candidate))
            differs |= (old != new) & ~(np.isnan(old) & np.isnan(new))
    for name in CODES:
        differs |= np.asarray(both.baseline[name]) != np.asarray(both.candidate[name])
    return int(np.count_nonzero(differs))


# --- percentiles ----------------------------------------------------------------------------------


def _shifts(both: Both, campaign: KeptCampaign) -> list[MetricShift]:
    """Every percentile that a requirement limits, then those of each metric that reports show."""
    found = [
        (asked, shift)
        for asked in (*_declared(both, campaign), *_always(campaign))
        if (shift := _shift(both, asked)) is not None
    ]
    corrected = holm([shift.p_value for _, shift in found])
    return [
        MetricShift(asked.metric, asked.worst, shift, asked.requirement, p)
        for (asked, shift), p in zip(found, corrected, strict=True)
    ]


def _declared(both: Both, campaign: KeptCampaign) -> Iterator[_Asked]:
    """Percentiles of requirements, of runs as these count them."""
    for asked in campaign.requirements:
        if isinstance(asked, PercentileRequirement):
            worst: Side = "high" if asked.at_least is None else "low"
            fraction = round(asked.percentile / 100.0, 12)
            beyond = hopeless(both.baseline, asked), hopeless(both.candidate, asked)
            name = inside(asked.metric)
            yield _Asked(name, worst, fraction, asked.confidence, asked.name, beyond)


def _always(campaign: KeptCampaign) -> Iterator[_Asked]:
    """Those of each metric that reports show, towards its worst side."""
    confidence = campaign.requirements[0].confidence
    for name, worst in shown_metrics(campaign.requirements).items():
        for best in FRACTIONS:
            fraction = best if worst == "high" else round(1.0 - best, 12)
            yield _Asked(name, worst, fraction, confidence)


def _shift(both: Both, asked: _Asked) -> Shift | None:
    if asked.metric not in both.baseline or asked.metric not in both.candidate:
        return None
    old, new = (np.asarray(d[asked.metric], float) for d in (both.baseline, both.candidate))
    if asked.hopeless is not None:
        old, new = (
            np.where(beyond, np.nan, values)
            for beyond, values in zip(asked.hopeless, (old, new), strict=True)
        )
    return percentile_shift(old, new, asked.fraction, asked.confidence, asked.worst)
