"""Shares and percentiles of runs that are not independent, from parts that are.

The runs of a Latin hypercube or Sobol set, or of one outer draw, hang together; whole replicates
and groups are independent. A share over all runs is then a ratio of two sums over parts,

    p = sum s_r / sum n_r,    var p = R / (R - 1) sum (s_r - p n_r)^2 / (sum n_r)^2

(Cochran, Sampling Techniques, 3rd ed., sec. 6.4): as good as that of n independent runs,

    n = p (1 - p) / var p (z / t)^2,    t: Student's of R - 1 degrees of freedom, z: Gauss'

whose exact limits are the interval (Korn & Graubard, Survey Methodology 24:193, 1998). With many
failures these are those of p +- t sqrt(var p), which are too short for few: of 10 to 100 failures a
one-sided 90 % limit of the success covers 82 to 89 % of the time. With fewer than 100 n is never
taken for more than the runs flown, since a spread of few failures may be small by chance.

A percentile's limits are the order statistics of as many independent runs, with n that of the share
below it (after Woodruff, J. Am. Stat. Assoc. 47:635, 1952).

No interval is made from fewer parts than asked for, nor where fewer than ten parts have failures
(or successes): what differs between parts cannot be seen then. But in a Latin hypercube of n points
no share varies more than n / (n - 1) times that of independent runs (Owen, SIAM J. Numer. Anal.
34:1884, 1997), and failures that each input makes likelier on one side shun each other (Joag-Dev &
Proschan, Ann. Stat. 11:286, 1983): its few failures, none included, are bounded like those of
independent runs.

Simulated (tests/pipeline/test_replicates.py has the table): a one-sided 90 % limit of the success
covers 0.877 at the least, a two-sided 90 % interval 0.895. For a report, never for a decision.
"""

from __future__ import annotations

from math import ceil, floor, inf, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri, stdtrit

from pipeline.statistics.binomial import Proportion
from pipeline.statistics.order import (
    Percentile,
    Side,
    lower_index,
    sample_quantile,
    sort_with_worst,
    upper_index,
)

FEWEST_PARTS = 10  # with a failure, or a success, whichever is rarer
MANY_EVENTS = 100  # of which the spread over parts is known well

Mask = NDArray[np.bool_]


class Parts(NamedTuple):
    """How runs fall into parts that are independent of each other."""

    of_run: NDArray[np.intp]  # (run,) the part of each run
    fewest: int  # parts that an interval needs
    what: str  # they are, in the plural
    is_even: bool = False  # a share never varies more than that of independent runs


class Share(NamedTuple):
    """A share of runs, and of how many independent runs it is as good; or why nobody knows."""

    successes: int
    runs: int
    as_good_as: float
    parts: int
    note: str


def share_of(ok: Mask, parts: Parts, chosen: Mask | None = None) -> Share:
    """The share of `ok` `(run,)` among the chosen runs `(run,)`, all if not given."""
    among = np.ones(ok.shape, bool) if chosen is None else chosen
    successes, runs = int(np.count_nonzero(ok & among)), int(np.count_nonzero(among))
    _, part = np.unique(parts.of_run, return_inverse=True)
    number_of = int(part.max()) + 1 if part.size else 0
    met = np.bincount(part, ok & among, minlength=number_of)
    sizes = np.bincount(part, among, minlength=number_of)
    if note := _why_none(met, sizes, parts):
        return Share(successes, runs, nan, number_of, note)
    rest = met - successes / runs * sizes
    variance = number_of / (number_of - 1) * float(np.sum(rest**2)) / runs**2
    of_one = successes / runs * (1.0 - successes / runs)
    return Share(successes, runs, of_one / variance if variance else runs, number_of, "")


def _why_none(met: NDArray[Any], sizes: NDArray[Any], parts: Parts) -> str:
    if met.size < parts.fewest:
        return f"{met.size} of the {parts.fewest} {parts.what} that an interval needs"
    if not sizes.sum():
        return "no runs"
    with_failure, with_success = np.count_nonzero(met < sizes), np.count_nonzero(met)
    fewer = min(with_failure, with_success)
    if fewer < FEWEST_PARTS and not parts.is_even:
        which = "failures" if fewer == with_failure else "successes"
        return f"{which} in {fewer} of the {FEWEST_PARTS} {parts.what} that an interval needs"
    return ""


def interval(ok: Mask, parts: Parts, confidence: float, chosen: Mask | None = None) -> Proportion:
    """Two-sided interval of a share; NaN where there is none, and `method` says why."""
    found = share_of(ok, parts, chosen)
    lower, upper = bounds(found, 0.5 + 0.5 * confidence)
    method = (
        f"none: {found.note}" if found.note else f"Korn-Graubard, t over {found.parts} {parts.what}"
    )
    return Proportion(found.successes, found.runs, lower, upper, confidence, method)


def bounds(found: Share, confidence: float) -> tuple[float, float]:
    """One-sided lower and upper limit of a share, each at `confidence`; NaN where there is none."""
    if found.note:
        return nan, nan
    as_good_as = _as_good_as(found, confidence)
    share = found.successes / found.runs
    met, failed = share * as_good_as, (1.0 - share) * as_good_as
    lower = float(betaincinv(met, failed + 1.0, 1.0 - confidence)) if met else 0.0
    upper = float(betaincinv(met + 1.0, failed, confidence)) if failed else 1.0
    return lower, upper


def _as_good_as(found: Share, confidence: float) -> float:
    """Independent runs that a share is as good as for a limit at that confidence."""
    t = float(stdtrit(found.parts - 1, confidence))
    as_good_as = found.as_good_as * (float(ndtri(confidence)) / t) ** 2 if t else found.as_good_as
    if min(found.successes, found.runs - found.successes) < MANY_EVENTS:
        return min(as_good_as, found.runs)
    return as_good_as


def percentile(
    values: ArrayLike, parts: Parts, fraction: float, confidence: float, worst: Side = "high"
) -> Percentile:
    """The `fraction` quantile of a metric `(run,)` with its two-sided interval.

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
    nowhere = -inf if side == "low" else inf
    if found.note:
        return nowhere
    # The order statistic of as many independent runs, at its place among those there are
    runs = int(_as_good_as(found, confidence))
    index = (lower_index if side == "low" else upper_index)(runs, fraction, confidence)
    if index is None:
        return nowhere
    place = index / runs * ordered.size
    rank = floor(place) if side == "low" else ceil(place)
    return float(ordered[max(rank, 1) - 1])
