"""Total Sobol indices: what share of a quantity's variance each factor has a hand in.

    ST_i = E[(f(A) - f(A with factor i of B))^2] / (2 Var f)

(Jansen, Comput. Phys. Commun. 117:35, 1999; Saltelli et al., ibid. 181:259, 2010): the share that
would be left if all but factor i were known. The shares add up to more than one where factors act
together. A factor may be several coordinates, or the seed of all noise: what it is made of need
not have an order. Points come in independent replicates; the index is a ratio of two sums over
these, its interval that of Student's t for such a ratio (Cochran, Sampling Techniques, 3rd ed.,
sec. 6.4), as for any share of replicated runs. Anchors: of the Ishigami function 0.558, 0.442,
0.244.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
from scipy.special import stdtrit

from pipeline.statistics.order import Floats

REPLICATES = 16  # scrambled sets: the fewest with an interval


class Total(NamedTuple):
    """A factor's total index with its two-sided interval; NaN where there is none."""

    value: float
    lower: float
    upper: float
    pairs: int  # of points that it rests on


def base_points(dimension: int, points: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Uniforms A and B `(point, coordinate)` of one replicate: the halves of a scrambled Sobol set.

    points: a power of two.
    """
    engine = scipy.stats.qmc.Sobol(2 * dimension, rng=random)
    both = engine.random(points)
    return both[:, :dimension], both[:, dimension:]


def totals(base: Floats, moved: Floats, confidence: float) -> list[Total]:
    """Total index of each factor.

    base: the quantity at A `(replicate, point)`; moved: the same where one factor is that of B,
    `(factor, replicate, point)`. Pairs of which one has no finite value are left out.
    """
    spread = _spread(base)
    return [_total(base, values, spread, confidence) for values in moved]


def _spread(base: Floats) -> Floats:
    """Squares about the mean of all replicates; NaN where there is no value."""
    known = np.isfinite(base)
    mean = base[known].mean() if known.any() else np.nan
    return np.where(known, (np.where(known, base, 0.0) - mean) ** 2, np.nan)


def _total(base: Floats, moved: Floats, spread: Floats, confidence: float) -> Total:
    known = np.isfinite(base) & np.isfinite(moved)
    change = np.where(known, base, 0.0) - np.where(known, moved, 0.0)
    part, whole = 0.5 * (change**2).sum(axis=1), np.where(known, spread, 0.0).sum(axis=1)
    replicates, everything, pairs = len(base), float(whole.sum()), int(known.sum())
    if not everything > 0.0:
        return Total(np.nan, np.nan, np.nan, pairs)
    value = float(part.sum()) / everything
    rest = part - value * whole
    error = float(np.sqrt(replicates / (replicates - 1) * np.sum(rest**2))) / everything
    reach = float(stdtrit(replicates - 1, 0.5 + 0.5 * confidence)) * error
    return Total(value, max(0.0, value - reach), min(1.0, value + reach), pairs)
