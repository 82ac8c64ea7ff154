"""What a requirement asks, and the quantity that it limits, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.asked import (
    CauseRequirement,
    PercentileRequirement,
    Requirement,
    ZoneRequirement,
)
from pipeline.plans import Finding, is_decided_at_the_end
from pipeline.requirements import Columns, hopeless, label
from pipeline.spelling import inside
from pipeline.statistics.order import (
    Side,
    lower_index,
    sample_quantile,
    sort_with_worst,
    upper_index,
)
from pipeline.words import percent, quantity, share, spoken


def asked_in_words(asked: Requirement) -> str:
    """What is asked, with the confidence."""
    at = f"at {percent(asked.confidence)} confidence"
    match asked:
        case CauseRequirement(outcome=outcome, share_at_most=most):
            return f"{outcome.replace('_', ' ')} in at most {most:g} of the runs {at}"
        case PercentileRequirement(percentile=percentile):
            return f"p{percentile:g} of {label(asked.holds[0])} {at}"
        case ZoneRequirement(radius_m=radius) if radius is not None:
            return (
                f"{asked.probability:g} of runs: {asked.at} within {radius:g} m of the target {at}"
            )
        case ZoneRequirement():
            return f"{asked.probability:g} of runs: {label(asked.holds[0])} {at}"
    return f"{asked.probability:g} {at}"


def figure(metrics: Columns, asked: Requirement, found: Finding, rows: NDArray[np.intp]) -> str:
    """The quantity limited, with its bound; empty for a rate of success.

    rows: those of the runs in run order, `(run,)`.
    """
    match asked:
        case CauseRequirement(outcome=outcome):
            return (
                f"{outcome.replace('_', ' ')} in {share(found.failures / found.runs)} of the runs, "
                f"at most {share(1.0 - found.lower_bound)}"
            )
        case PercentileRequirement():
            return _percentile(metrics, asked, found.runs, rows)
    return ""


def _percentile(
    metrics: Columns, asked: PercentileRequirement, runs: int, rows: NDArray[np.intp]
) -> str:
    """The sample percentile, and the order statistic that bounds it as the verdict does."""
    name, fraction = inside(asked.metric), round(asked.percentile / 100.0, 12)
    worst: Side = "high" if asked.at_least is None else "low"
    known = np.where(hopeless(metrics, asked), np.nan, np.asarray(metrics[name], float))
    ordered, _ = sort_with_worst(known[rows[:runs]], worst)
    here = quantity(name, sample_quantile(ordered, fraction))
    text = f"p{asked.percentile:g} of {spoken(name)} {here}"
    if not is_decided_at_the_end(asked):
        return text  # order statistics bound it after a fixed number of runs
    index = (upper_index if worst == "high" else lower_index)(runs, fraction, asked.confidence)
    if index is None:
        return f"{text}, not bounded by so few runs"
    side = "at most" if worst == "high" else "at least"
    return f"{text}, {side} {quantity(name, float(ordered[index - 1]))}"
