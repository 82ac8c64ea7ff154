"""Shares of runs in proportional strata.

Every stratum is equally likely and has equally many runs, so the share over all runs is unbiased,
and what differs between strata is gone from its variance:

    var p = 1 / H^2 sum p_h (1 - p_h) / (n_h - 1)        Cochran, Sampling Techniques, 3rd ed., 5.3

with Student's t of Satterthwaite's degrees of freedom (ibid., 5.4). The successes are a sum of
independent draws of unequal probability, so for a decision Clopper-Pearson holds, conservatively
(Hoeffding, Ann. Math. Stat. 27:713, 1956); it also stands in where there are too few failures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from pipeline.statistics import binomial
from pipeline.statistics.binomial import Proportion
from pipeline.statistics.replicates import MANY_EVENTS, Mask

CONSERVATIVE = "Clopper-Pearson, conservative for strata"
STRATIFIED = "stratified variance, t"


def interval(ok: Mask, stratum: NDArray[np.intp], confidence: float) -> Proportion:
    """Two-sided interval of the share of `ok` `(run,)`, by the stratum `(run,)` of each run."""
    exact = binomial.interval(int(ok.sum()), ok.size, confidence)._replace(method=CONSERVATIVE)
    sizes = np.bincount(stratum) if stratum.size else np.zeros(0)
    is_whole = sizes.size > 0 and sizes.min() == sizes.max() and sizes.min() >= 2
    if not is_whole or min(exact.successes, exact.runs - exact.successes) < MANY_EVENTS:
        return exact
    met = np.bincount(stratum, ok) / sizes
    parts = met * (1.0 - met) / (sizes - 1) / sizes.size**2
    variance = float(parts.sum())
    if variance == 0.0:  # every stratum fails or succeeds as a whole
        return exact
    freedom = variance**2 / float(np.sum(parts**2 / (sizes - 1)))
    reach = float(stdtrit(freedom, 0.5 + 0.5 * confidence)) * variance**0.5
    share = exact.fraction
    limits = max(0.0, share - reach), min(1.0, share + reach)
    return exact._replace(lower=limits[0], upper=limits[1], method=STRATIFIED)
