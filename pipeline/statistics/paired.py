"""Two designs on the same runs: what changed, with statements that are exact for paired results.

Both designs meet the same winds, noise and failures, so nearly all runs end alike and only the
discordant ones tell anything. Two are left of a table of four counts: runs that the candidate
breaks and runs that it saves. Anchors: 8 broken and 1 saved of 1,000 have the one-sided p-value
0.0195 and, at 90 %, a Tango interval of -0.0133 to -0.0025 for the gain in success.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, ndtri

from pipeline.statistics.order import (
    Floats,
    Side,
    lower_index,
    sample_quantile,
    upper_index,
)

FEWEST_DISCORDANT = 5  # below it even one-sided runs of luck are no evidence: 2^-4 = 0.06
_OUTSIDE = 1e-3  # of the risk of a shift's interval, spent on where either percentile lies
_MOST_CELLS = 200  # into which the baseline's interval is cut


class Table(NamedTuple):
    """Runs by how baseline and candidate ended."""

    both_succeed: int
    broken: int  # baseline succeeds, candidate fails
    saved: int  # baseline fails, candidate succeeds
    both_fail: int

    @property
    def runs(self) -> int:
        return sum(self)

    @property
    def discordant(self) -> int:
        return self.broken + self.saved

    @property
    def gain(self) -> float:
        """Success of the candidate less that of the baseline; NaN without runs."""
        return (self.saved - self.broken) / self.runs if self.runs else float("nan")


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


def table(baseline: NDArray[np.bool_], candidate: NDArray[np.bool_]) -> Table:
    """The four counts of successes `(run,)`, run by run."""
    return Table(
        int(np.count_nonzero(baseline & candidate)),
        int(np.count_nonzero(baseline & ~candidate)),
        int(np.count_nonzero(~baseline & candidate)),
        int(np.count_nonzero(~baseline & ~candidate)),
    )


def chance_of_as_many(broken: int, saved: int) -> float:
    """Chance of so many broken among the discordant runs if the candidate were no worse.

        p = P(B >= broken),  B ~ Binomial(broken + saved, 1/2)

    McNemar's test, exact and one-sided (McNemar, Psychometrika 12:153, 1947).
    """
    return _toss(broken, saved)


def tango_interval(found: Table, confidence: float) -> tuple[float, float]:
    """Two-sided score interval of the gain in success. Approximate: for people, not for a verdict.

    Tango, Stat. Med. 17:891, 1998.
    """
    z = float(ndtri(0.5 + 0.5 * confidence))

    def excess(gain: float) -> float:
        return _score(found, gain)

    lower = -1.0 if excess(-1.0) <= z else brentq(lambda gain: excess(gain) - z, -1.0, found.gain)
    upper = 1.0 if excess(1.0) >= -z else brentq(lambda gain: excess(gain) + z, found.gain, 1.0)
    return float(lower), float(upper)


def _score(found: Table, gain: float) -> float:
    """Standardised distance of the counts from a true `gain`, falling as that grows.

    The variance takes the chance of a broken run that is likeliest under that gain, the larger
    root of 2 n x^2 + B x + C = 0.                                            Tango 1998, eq. 4
    """
    n, broken, saved = found.runs, found.broken, found.saved
    distance = saved - broken - n * gain
    b = (2 * n - saved + broken) * gain - broken - saved
    c = -broken * gain * (1.0 - gain)
    x = (max(b * b - 8 * n * c, 0.0) ** 0.5 - b) / (4 * n)
    variance = n * (2.0 * x + gain * (1.0 - gain))
    if distance == 0.0 or variance <= 0.0:
        return float(np.sign(distance)) * inf if distance else 0.0
    return float(distance / variance**0.5)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number: refuse those at most at the risk of any false alarm.

    Holm, Scand. J. Stat. 6:65, 1979.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    stepped = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values, float)[order] * factors))
    corrected = np.empty(len(order))
    corrected[order] = stepped
    return corrected.tolist()


# --- shift of a percentile ------------------------------------------------------------------------


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
        return _toss(counted[-1] - counted[rank], rank - counted[rank]) > at_most

    rank = bisect_left(range(below.size + 1), True, key=may_be)
    return float(pairs.candidate[rank - 1]) if rank else -inf


def _highest(pairs: _Pairs, quantile: float, at_most: float) -> float:
    """The greatest value that may be the candidate's quantile, in the same way."""
    below = pairs.baseline <= quantile
    counted = np.concatenate([[0], np.cumsum(below)])

    def may_not_be(rank: int) -> bool:
        return _toss(rank - counted[rank], counted[-1] - counted[rank]) <= at_most

    rank = bisect_left(range(below.size + 1), True, key=may_not_be)
    return float(pairs.candidate[rank - 1]) if rank <= below.size else inf


def _chance_unmoved(pairs: _Pairs, low: float, high: float) -> float:
    """Two-sided chance of such splits if both quantiles are the same, between `low` and `high`."""
    before, after = pairs
    risen = _toss(
        np.count_nonzero((before < low) & (after > high)),
        np.count_nonzero((before >= low) & (after <= high)),
    )
    fallen = _toss(
        np.count_nonzero((before > high) & (after < low)),
        np.count_nonzero((before <= high) & (after >= low)),
    )
    return 2.0 * min(risen, fallen)


def _toss(heads: Any, tails: Any) -> float:
    """Chance of at least so many heads of a fair coin."""
    return float(bdtr(tails, heads + tails, 0.5))
