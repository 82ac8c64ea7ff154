"""How far a percentile moves between two designs flown on the same runs, without a model of it.

An interval of the difference that takes each design's own order statistics would be right, and
wide: it throws away that both met the same winds. Here the pairing is used, and the interval stays
exact, which a paired bootstrap is not.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.statistics.order import Floats, Side, lower_index, sample_quantile, upper_index
from pipeline.statistics.paired import toss

_OUTSIDE = 1e-3  # of the risk of an interval, spent on where either percentile lies
_MOST_CELLS = 200  # into which the baseline's interval is cut


class Shift(NamedTuple):
    """How far a percentile of a metric moved from baseline to candidate."""

    fraction: float
    baseline: float
    candidate: float
    lower: float  # two-sided interval of the shift
    upper: float
    confidence: float
    p_value: float  # of no shift

    @property
    def shift(self) -> float:
        return self.candidate - self.baseline


class _Pairs(NamedTuple):
    """Values `(run,)` of both designs, in the order of the candidate's."""

    baseline: Floats
    candidate: Floats  # ascending


def percentile_shift(
    baseline: ArrayLike,
    candidate: ArrayLike,
    fraction: float,
    confidence: float,
    worst: Side = "high",
) -> Shift | None:
    """How far the `fraction` quantile of `(run,)` values moved; None if too few are finite.

    If t and t + d are the two true quantiles, a run is as likely to lie below t and above t + d as
    above t and below t + d: such runs are tosses of a fair coin. A shift d is refused if that coin
    refuses it for each t of an order-statistic interval of the baseline's quantile, or if t + d
    leaves the candidate's; all risks add to 1 - confidence. Exact whatever the metric's shape, its
    ties, and the dependence of the designs; the closer they go together, the sharper.

    McNemar's test of the split; the unknown t by Berger & Boos, J. Am. Stat. Assoc. 89:1012, 1994.
    """
    risk = 1.0 - confidence
    values = [_with_worst(column, worst) for column in (baseline, candidate)]
    order = np.argsort(values[1], kind="stable")
    pairs = _Pairs(values[0][order], values[1][order])
    ordered = np.sort(pairs.baseline)
    ends = _ends(ordered.size, fraction, _OUTSIDE * risk)
    if ends is None or not np.isfinite(ordered[list(ends)]).all():
        return None
    least, most = pairs.candidate[list(ends)]
    at_most = 0.5 * risk * (1.0 - 2.0 * _OUTSIDE)
    lower, upper, p_value = inf, -inf, 0.0
    for low, high in _cells(ordered, *ends):
        lower = min(lower, max(least, _lowest(pairs, low, at_most)) - high)
        upper = max(upper, min(most, _highest(pairs, high, at_most)) - low)
        if low <= most and high >= least:  # both quantiles may lie here
            p_value = max(p_value, _chance_unmoved(pairs, low, high))
    return Shift(
        fraction,
        sample_quantile(ordered, fraction),
        sample_quantile(pairs.candidate, fraction),
        float(lower),
        float(upper),
        confidence,
        min(1.0, p_value + 2.0 * _OUTSIDE * risk),
    )


def _with_worst(values: ArrayLike, worst: Side) -> Floats:
    """Values `(run,)`, infinitely bad where they are not finite."""
    array = np.asarray(values, float)
    return np.where(np.isfinite(array), array, inf if worst == "high" else -inf)


def _ends(runs: int, fraction: float, risk: float) -> tuple[int, int] | None:
    """Indices of the order statistics that enclose the quantile but for the risk."""
    below = lower_index(runs, fraction, 1.0 - 0.5 * risk)
    above = upper_index(runs, fraction, 1.0 - 0.5 * risk)
    return None if below is None or above is None else (below - 1, above - 1)


def _cells(ordered: Floats, first: int, last: int) -> list[tuple[float, float]]:
    """Intervals that together hold every value between two of the ascending ones."""
    steps = max(1, min(last - first, _MOST_CELLS))
    places = ordered[np.linspace(first, last, steps + 1).astype(int)].tolist()
    return list(zip(places[:-1], places[1:], strict=True))


def _lowest(pairs: _Pairs, quantile: float, at_most: float) -> float:
    """The least value that may be the candidate's quantile if the baseline's is no lower than that.

    Refused are values that too many runs exceed which the baseline keeps below its quantile.
    """
    below = pairs.baseline < quantile
    counted = np.concatenate([[0], np.cumsum(below)])  # of the candidate's so many smallest

    def may_be(rank: int) -> bool:
        return toss(counted[-1] - counted[rank], rank - counted[rank]) > at_most

    rank = bisect_left(range(below.size + 1), True, key=may_be)
    return float(pairs.candidate[rank - 1]) if rank else -inf


def _highest(pairs: _Pairs, quantile: float, at_most: float) -> float:
    """The greatest value that may be the candidate's quantile, in the same way."""
    below = pairs.baseline <= quantile
    counted = np.concatenate([[0], np.cumsum(below)])

    def may_not_be(rank: int) -> bool:
        return toss(rank - counted[rank], counted[-1] - counted[rank]) <= at_most

    rank = bisect_left(range(below.size + 1), True, key=may_not_be)
    return float(pairs.candidate[rank - 1]) if rank <= below.size else inf


def _chance_unmoved(pairs: _Pairs, low: float, high: float) -> float:
    """Two-sided chance of such splits if both quantiles are the same, between `low` and `high`."""
    before, after = pairs
    risen = toss(
        np.count_nonzero((before < low) & (after > high)),
        np.count_nonzero((before >= low) & (after <= high)),
    )
    fallen = toss(
        np.count_nonzero((before > high) & (after < low)),
        np.count_nonzero((before <= high) & (after >= low)),
    )
    return 2.0 * min(risen, fallen)
