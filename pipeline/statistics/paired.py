"""Two designs on the same runs: what changed, with statements that are exact for paired results.

Both designs meet the same winds, noise and failures, so nearly all runs end alike and only the
discordant ones tell anything. Two are left of a table of four counts: runs that the candidate
breaks and runs that it saves. Anchors: 8 broken and 1 saved of 1,000 have the one-sided p-value
0.0195 and, at 90 %, a Tango interval of -0.0133 to -0.0025 for the gain in success.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts load when first used: scipy.optimize takes a third of a second
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri

FEWEST_DISCORDANT = 5  # below it even one-sided runs of luck are no evidence: 2^-4 = 0.06


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
    return toss(broken, saved)


def tango_interval(found: Table, confidence: float) -> tuple[float, float]:
    """Two-sided score interval of the gain in success. Approximate: for people, not for a verdict.

    Tango, Stat. Med. 17:891, 1998.
    """
    z = float(ndtri(0.5 + 0.5 * confidence))

    def excess(gain: float) -> float:
        return _score(found, gain)

    root = scipy.optimize.brentq
    lower = -1.0 if excess(-1.0) <= z else root(lambda gain: excess(gain) - z, -1.0, found.gain)
    upper = 1.0 if excess(1.0) >= -z else root(lambda gain: excess(gain) + z, found.gain, 1.0)
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


def toss(heads: Any, tails: Any) -> float:
    """Chance of at least so many heads of a fair coin."""
    return float(bdtr(tails, heads + tails, 0.5))
