"""What failed runs have in common: one input at a time, or two, with the exact limits of chance.

An input that has no say in the outcome is distributed in failed runs as in the others. The largest
difference of the two distributions (Kolmogorov & Smirnov) then has a law of its own, whatever that
of the input; what stays below a limit of that law is noise. With k inputs looked at, each has the
risk alpha / k, so that any of them exceeds its limit with at most alpha (Bonferroni). Anchors: of
many runs and 20 inputs, 20 failures have the limit 0.395 at 5 %, 50 have 0.254.

Two inputs that act each for itself, P(fail | a, b) = f(a) g(b), are independent in failed runs
as well: Kendall's rank correlation among these finds those that do not (the case-only design of
Piegorsch, Weinberg & Taylor, Stat. Med. 13:153, 1994). It sees only what rises or falls in both.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
from scipy.special import ndtri

from pipeline.statistics.order import Floats

# --- one input ------------------------------------------------------------------------------------


def separation(failed: Floats, succeeded: Floats) -> float:
    """Distance between values `(run,)` of failed and of successful runs.

    With a sign: above zero where failed runs have the higher values.
    """
    found = scipy.stats.ks_2samp(failed, succeeded, method="asymp")
    # scipy's sign is that of the first distribution less the second: lower values rise first
    return -int(found.statistic_sign) * float(found.statistic)


def chance_of(failed: Floats, succeeded: Floats) -> float:
    """Probability of a distance as large if the input has no say: two-sided, exact.

    Where values are equal it is too large, never too small.
    """
    return float(scipy.stats.ks_2samp(failed, succeeded, method="exact").pvalue)


@lru_cache(maxsize=256)
def noise_floor(failures: int, successes: int, alpha: float) -> float:
    """Least distance that an input without a say reaches with a probability of at most alpha.

    In steps of one over the larger number, on the safe side; above 1 where there is none.
    """
    few, many = sorted((failures, successes))
    return bisect_left(range(many + 1), True, key=lambda n: _chance(few, many, n) <= alpha) / many


def _chance(few: int, many: int, steps: int) -> float:
    """Probability that samples without a difference lie at least steps / many apart.

    Asked of two samples made to lie just that far: so many values of the larger one come first,
    the others evenly between those of the smaller.
    """
    if steps == 0:
        return 1.0
    between = steps - 0.5 + (many - steps) / few * np.arange(few, dtype=np.float64)
    return chance_of(between, np.arange(float(many)))


def chance_of_level(failed: int, of: int, failures: int, runs: int) -> float:
    """Probability of a share of failures as odd among `of` runs, if these are like all others.

    Fisher's exact test, two-sided: `failed` of the `failures` lie among `of` of the `runs`.
    """
    others = [failures - failed, runs - of - failures + failed]
    table = np.array([[failed, of - failed], others])
    return float(scipy.stats.fisher_exact(table).pvalue)


def apart_from(scores: Floats, leaders: Floats) -> Floats:
    """What an input has of its own: the rest of its normal scores `(run,)` after those of others.

    leaders: `(leader, run)`. Of a Gaussian copula, which is how rank correlations are drawn, the
    rest is independent of the leaders, so that it stays below the floor where only they have a say.
    """
    shares, *_ = np.linalg.lstsq(leaders.T, scores, rcond=None)
    return np.asarray(scores - shares @ leaders)


def normal_scores(values: Floats) -> Floats:
    """Standard normal quantiles of the ranks of values `(run,)`."""
    ranks: Floats = scipy.stats.rankdata(values)
    return np.asarray(ndtri((ranks - 0.5) / values.size))


# --- two inputs -----------------------------------------------------------------------------------


def concordance(columns: Floats) -> Floats:
    """Kendall's tau (a) `(input, input)` of inputs `(input, run)`: 1 where they rise together."""
    first, second = np.triu_indices(columns.shape[1], 1)
    rises = np.sign(columns[:, first] - columns[:, second]).astype(np.float32)
    return np.asarray(rises @ rises.T / first.size, float)


@lru_cache(maxsize=64)
def concordance_floor(runs: int, alpha: float) -> float:
    """Least |tau| that inputs which are independent in so many runs reach with at most alpha.

    Exact, from the law of the inversions of a permutation (Kendall, Biometrika 30:81, 1938).
    """
    law = np.ones(1)
    for number_of in range(2, runs + 1):  # a run more inverts none to all of those before it
        wider = np.concatenate([law, np.zeros(number_of - 1)]).cumsum()
        wider[number_of:] -= wider[:-number_of].copy()
        law = wider / number_of
    # tau = 1 - 2 inversions / pairs: the least inversions on one side, half the risk
    inversions = int(np.searchsorted(law.cumsum(), 0.5 * alpha, side="right")) - 1
    pairs = runs * (runs - 1) / 2
    return float(1.0 - 2.0 * inversions / pairs) if pairs else 2.0
