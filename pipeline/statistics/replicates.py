"""Shares and percentiles of runs that are not independent, from parts that are.

The runs of a Latin hypercube or Sobol set, or of one outer draw, hang together; whole replicates
and groups are independent. A share over all runs is then a ratio of two sums over parts,

    p = sum s_r / sum n_r,    var p = R / (R - 1) sum (s_r - p n_r)^2 / (sum n_r)^2

with Student's t of R - 1 degrees of freedom (Cochran, Sampling Techniques, 3rd ed., sec. 6.4; with
parts of equal size it is the t interval of their means). A percentile's limits are those of the
share below it, read off the runs (Woodruff, J. Am. Stat. Assoc. 47:635, 1952).

No interval is made from fewer parts than asked for, nor from fewer than ten failures or ten
successes: without failures it would have no length at all. Simulated for independent parts, a
two-sided 90 % interval of 10 to 100 failures covers 88 to 92 %; a one-sided limit of the success
85 to 90 %. For a report, never for a decision.
"""

from __future__ import annotations

from math import inf, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from pipeline.statistics.binomial import Proportion
from pipeline.statistics.order import Percentile, Side, sample_quantile, sort_with_worst

FEWEST_EVENTS = 10

Mask = NDArray[np.bool_]


class Parts(NamedTuple):
    """How runs fall into parts that are independent of each other."""

    of_run: NDArray[np.intp]  # (run,) the part of each run
    fewest: int  # parts that an interval needs
    what: str  # they are, in the plural


class Share(NamedTuple):
    """A share of runs and its standard error; or why there is none."""

    successes: int
    runs: int
    standard_error: float
    parts: int
    note: str


def share_of(ok: Mask, parts: Parts, chosen: Mask | None = None) -> Share:
    """The share of `ok` `(run,)` among the chosen runs `(run,)`, all if not given."""
    among = np.ones(ok.shape, bool) if chosen is None else chosen
    successes, runs = int(np.count_nonzero(ok & among)), int(np.count_nonzero(among))
    _, part = np.unique(parts.of_run, return_inverse=True)
    number_of = int(part.max()) + 1 if part.size else 0
    if note := _why_none(successes, runs, number_of, parts):
        return Share(successes, runs, nan, number_of, note)
    met = np.bincount(part, ok & among, minlength=number_of)
    sizes = np.bincount(part, among, minlength=number_of)
    rest = met - successes / runs * sizes
    variance = number_of / (number_of - 1) * float(np.sum(rest**2)) / runs**2
    return Share(successes, runs, variance**0.5, number_of, "")


def _why_none(successes: int, runs: int, number_of: int, parts: Parts) -> str:
    if number_of < parts.fewest:
        return f"{number_of} of the {parts.fewest} {parts.what} that a t interval needs"
    rare = min(successes, runs - successes)
    if rare < FEWEST_EVENTS:
        which = "successes" if successes < runs - successes else "failures"
        return f"{rare} of the {FEWEST_EVENTS} {which} that a t interval needs"
    return ""


def interval(ok: Mask, parts: Parts, confidence: float, chosen: Mask | None = None) -> Proportion:
    """Two-sided t interval of a share; NaN where there is none, and `method` says why."""
    found = share_of(ok, parts, chosen)
    lower, upper = bounds(found, 0.5 + 0.5 * confidence)
    method = f"none: {found.note}" if found.note else f"t over {found.parts} {parts.what}"
    return Proportion(found.successes, found.runs, lower, upper, confidence, method)


def bounds(found: Share, confidence: float) -> tuple[float, float]:
    """One-sided lower and upper limit of a share, each at `confidence`; NaN where there is none."""
    if found.note:
        return nan, nan
    share = found.successes / found.runs
    reach = float(stdtrit(found.parts - 1, confidence)) * found.standard_error
    return max(0.0, share - reach), min(1.0, share + reach)


def percentile(
    values: ArrayLike, parts: Parts, fraction: float, confidence: float, worst: Side = "high"
) -> Percentile:
    """The `fraction` quantile of a metric `(run,)` with Woodruff's two-sided interval.

    Values that are not finite sort as worst. Limits are infinite where there is no interval.
    """
    array = np.asarray(values, float)
    ordered, not_finite = sort_with_worst(array, worst)
    value = sample_quantile(ordered, fraction)
    one_sided = 0.5 + 0.5 * confidence
    lower, upper = (
        quantile_limit(array, parts, fraction, one_sided, side, worst) for side in ("low", "high")
    )
    return Percentile(fraction, value, lower, upper, confidence, array.size, not_finite)


def quantile_limit(
    values: ArrayLike,
    parts: Parts,
    fraction: float,
    confidence: float,
    side: str,
    worst: Side = "high",
) -> float:
    """One-sided limit, below (`low`) or above (`high`), of the `fraction` quantile `(run,)`."""
    array = np.asarray(values, float)
    ordered, _ = sort_with_worst(array, worst)
    value = sample_quantile(ordered, fraction)
    placed = np.where(np.isfinite(array), array, inf if worst == "high" else -inf)
    found = share_of(placed <= value, parts)
    low, high = bounds(found, confidence)
    share = found.successes / found.runs if found.runs else nan
    at = fraction + (low - share if side == "low" else high - share)
    if not 0.0 < at < 1.0:  # NaN, too
        return -inf if side == "low" else inf
    return sample_quantile(ordered, at)
