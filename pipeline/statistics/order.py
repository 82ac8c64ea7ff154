"""Percentiles and their limits by order statistics: no assumption on the shape of a metric.

The r-th smallest of n independent values lies at or above the p-quantile with the probability
that at most r - 1 of n fall below it, a binomial sum (Wilks, Ann. Math. Stat. 12:91, 1941; David &
Nagaraja, Order Statistics, 3rd ed., ch. 7). A value that is not finite sorts as worst, whichever
side that is. Anchors: 59 runs bound a 95 % content at 95 % by their maximum; of 10,000 the
9,529th smallest bounds the 95th percentile at 90 %.
"""

from __future__ import annotations

from bisect import bisect_left
from math import ceil, inf
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.statistics.binomial import allowed_failures, pass_probability, runs_needed

Floats = NDArray[np.float64]
Side = Literal["high", "low"]


class Percentile(NamedTuple):
    """A sample percentile with a two-sided distribution-free interval.

    A limit is infinite where too few runs give none, or where it falls on a run without a finite
    value.
    """

    fraction: float
    value: float
    lower: float
    upper: float
    confidence: float
    runs: int
    not_finite: int  # how many of the runs had no finite value and were sorted as worst


class Tolerance(NamedTuple):
    """A limit that at least `content` of all runs do not pass, with `confidence`."""

    content: float
    confidence: float
    limit: float  # infinite where there is none, or where it falls on a run without a value
    rank: int | None  # of the order statistic, counted from the worst; None where it is none
    runs: int
    needed: (
        int | None
    )  # fewest runs of which the worst itself is one; None where they hang together


def percentile(
    values: ArrayLike, fraction: float, confidence: float, worst: Side = "high"
) -> Percentile:
    """The `fraction` quantile of metric `values` `(run,)`, with its interval at `confidence`.

    `worst` says on which side a value that is not finite is sorted. Without runs the value is NaN.
    """
    ordered, not_finite = sort_with_worst(values, worst)
    one_sided = 0.5 + 0.5 * confidence
    below = lower_index(ordered.size, fraction, one_sided)
    above = upper_index(ordered.size, fraction, one_sided)
    return Percentile(
        fraction,
        sample_quantile(ordered, fraction),
        -inf if below is None else float(ordered[below - 1]),
        inf if above is None else float(ordered[above - 1]),
        confidence,
        ordered.size,
        not_finite,
    )


def upper_limit(
    values: ArrayLike, fraction: float, confidence: float, worst: Side = "high"
) -> float:
    """One-sided upper limit of the `fraction` quantile; infinite where too few runs give none."""
    ordered, _ = sort_with_worst(values, worst)
    index = upper_index(ordered.size, fraction, confidence)
    return inf if index is None else float(ordered[index - 1])


def tolerance(
    values: ArrayLike, content: float, confidence: float, worst: Side = "high"
) -> Tolerance:
    """The limit that at least `content` of all runs do not pass towards the worst side.

    By the order statistic of least rank that shows it; infinite where so few runs show nothing.
    """
    ordered, _ = sort_with_worst(values, worst)
    runs, needed = ordered.size, wilks_runs(content, confidence)
    outside = allowed_failures(runs, content, confidence) if runs else None
    if outside is None:
        return Tolerance(content, confidence, inf if worst == "high" else -inf, None, runs, needed)
    limit = ordered[runs - 1 - outside] if worst == "high" else ordered[outside]
    return Tolerance(content, confidence, float(limit), outside + 1, runs, needed)


def sort_with_worst(values: ArrayLike, worst: Side) -> tuple[Floats, int]:
    """Ascending values `(run,)`, those not finite at the worst end; and how many those are."""
    array = np.asarray(values, float)
    finite = np.isfinite(array)
    ordered = np.sort(np.where(finite, array, inf if worst == "high" else -inf))
    return ordered, int(array.size - finite.sum())


def sample_quantile(ordered: Floats, fraction: float) -> float:
    """Smallest value of ascending `ordered` `(run,)` with at least `fraction` at or below it."""
    if ordered.size == 0:
        _check_fraction_of_quantile(fraction)
        return float("nan")
    return float(ordered[quantile_rank(ordered.size, fraction) - 1])


def quantile_rank(runs: int, fraction: float) -> int:
    """Rank of that value among so many ascending ones, from 1."""
    _check_fraction_of_quantile(fraction)
    # 0.95 * 100 must not become the 96th by a rounding
    return max(1, ceil(fraction * runs * (1.0 - 4.0 * np.finfo(float).eps)))


def upper_index(runs: int, fraction: float, confidence: float) -> int | None:
    """The first r whose r-th smallest of `runs` bounds the quantile above; None if none does."""
    _check_fraction_of_quantile(fraction)
    ranks = range(1, runs + 1)
    # at most r - 1 of the runs below the quantile: each lies below it with p = fraction
    found = bisect_left(
        ranks, True, key=lambda r: pass_probability(runs, r - 1, 1.0 - fraction) >= confidence
    )
    return ranks[found] if found < runs else None


def lower_index(runs: int, fraction: float, confidence: float) -> int | None:
    """The last r whose r-th smallest of `runs` bounds the quantile below; None if none does."""
    mirrored = upper_index(runs, 1.0 - fraction, confidence)
    return None if mirrored is None else runs + 1 - mirrored


def wilks_runs(content: float, confidence: float, order: int = 1, sides: Literal[1, 2] = 1) -> int:
    """Fewest runs whose `order`-th extreme (on one side or both) bounds `content`.

    The same count as a plan that allows one failure less than the runs left outside.
    """
    if order < 1:
        raise ValueError(f"order: got {order}, expected >= 1")
    return runs_needed(content, confidence, allowed_failures=order * sides - 1)


def _check_fraction_of_quantile(fraction: float) -> None:
    if not 0.0 < fraction < 1.0:  # NaN fails as well
        raise ValueError(f"fraction: got {fraction}, expected inside (0, 1)")
