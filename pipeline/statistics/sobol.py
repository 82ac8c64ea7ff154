"""Total Sobol indices: what share of a quantity's variance each factor has a hand in.

    ST_i = E[(f(A) - f(A_i))^2] / (2 Var f),    A_i: A with factor i of B

(Jansen, Comput. Phys. Commun. 117:35, 1999; Saltelli et al., ibid. 181:259, 2010), the variance
from both A and A_i (Janon et al., ESAIM Probab. Stat. 18:342, 2014): the share that would be left
if all but factor i were known. The shares add up to more than one where factors act together. A
factor may be several coordinates, or the seed of all noise: what it is made of need not have an
order. Points come in independent replicates; the index is a ratio of two sums over these, its
interval that of Student's t for such a ratio (Cochran, Sampling Techniques, 3rd ed., sec. 6.4).
Anchors: of the Ishigami function 0.558, 0.442, 0.244.
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
    return [_total(base, values, confidence) for values in moved]


def _total(base: Floats, moved: Floats, confidence: float) -> Total:
    known = np.isfinite(base) & np.isfinite(moved)
    pairs = int(known.sum())
    mean = 0.5 * float(base[known].mean() + moved[known].mean()) if pairs else 0.0
    a, b = (np.where(known, values - mean, 0.0) for values in (base, moved))
    part, whole = 0.5 * ((a - b) ** 2).sum(axis=1), 0.5 * (a**2 + b**2).sum(axis=1)
    replicates, everything = len(base), float(whole.sum())
    if not everything > 0.0:
        return Total(np.nan, np.nan, np.nan, pairs)
    value = min(1.0, float(part.sum()) / everything)
    rest = part - value * whole
    error = float(np.sqrt(replicates / (replicates - 1) * np.sum(rest**2))) / everything
    reach = float(stdtrit(replicates - 1, 0.5 + 0.5 * confidence)) * error
    return Total(value, max(0.0, value - reach), min(1.0, value + reach), pairs)
