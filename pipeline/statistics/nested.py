"""The success probability of what was built, spread over all that might be built.

Of a nested campaign each group of runs shares its outer draw and has a success probability P of
its own; the groups are independent draws of P. Its percentiles are bounded from the counts s of the
groups' successes, although no P is seen: where P lies below x, s reaches the count that shows x at
1 - e only with probability e. So with F the share of groups below a percentile q of P

    P(s < that count) >= q (1 - e),        P(s > its mirror) >= (1 - q) (1 - e)

and a limit of the quantile q (1 - e) of the counts by order statistics, read as a Clopper-Pearson
limit at 1 - e of that count, is one of the percentile q of P. Exact for any law of P and any size
of the groups; wide where the groups are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.binomial import lower_bound, upper_bound
from pipeline.statistics.order import lower_index, sample_quantile, upper_index

WITHIN_RISK = 0.05  # e above, chosen before any result


class OuterPercentile(NamedTuple):
    """A percentile of the groups' success probability, with one-sided limits of the true one."""

    fraction: float
    observed: float  # of the groups' shares: wider than the true one by the chance within groups
    lower: float  # 0 where so few groups bound nothing
    upper: float  # 1 likewise


class Spread(NamedTuple):
    """How the success probability differs between groups."""

    groups: int
    group_runs: int
    sigma: float  # of the true probabilities, the chance within groups taken off
    confidence: float  # of each limit
    percentiles: tuple[OuterPercentile, ...]


def spread(
    successes: NDArray[np.intp], group_runs: int, fractions: Sequence[float], confidence: float
) -> Spread:
    """The spread of P, from the successes `(group,)` of groups of `group_runs` >= 2 runs."""
    shares = successes / group_runs
    within = float(np.mean(shares * (1.0 - shares))) / (group_runs - 1)
    between = float(np.var(shares, ddof=1)) - within if shares.size > 1 else np.nan
    ordered = np.sort(successes)
    return Spread(
        int(ordered.size),
        group_runs,
        float(np.sqrt(np.maximum(between, 0.0))),
        confidence,
        tuple(_percentile(ordered, group_runs, q, confidence) for q in fractions),
    )


def _percentile(
    ordered: NDArray[np.intp], group_runs: int, fraction: float, confidence: float
) -> OuterPercentile:
    """One percentile, from ascending successes `(group,)`."""
    groups, sure = int(ordered.size), 1.0 - WITHIN_RISK
    below = lower_index(groups, fraction * sure, confidence)
    above = upper_index(groups, 1.0 - (1.0 - fraction) * sure, confidence)
    return OuterPercentile(
        fraction,
        sample_quantile(ordered / group_runs, fraction),
        0.0 if below is None else lower_bound(int(ordered[below - 1]), group_runs, sure),
        1.0 if above is None else upper_bound(int(ordered[above - 1]), group_runs, sure),
    )
