"""How far draws may lie from their law under each design, and how far they do.

The distance is Kolmogorov and Smirnov's, the largest difference of the two distributions. Of
independent draws it has an exact law. A Latin hypercube or Sobol set of n points has one point in
each of n equally probable cells, so its distance is at most 1 / n, without chance; bins have the
exact law within each of them. Correlated inputs keep their law but not their cells, and rows of a
file not the order of one column: they are held to the limit of independent draws, which is wide.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
from numpy.typing import NDArray

from pipeline.laws import Floats, LawBase
from pipeline.sampling import LatinHypercube, Nested, Sobol, Strata, Varied, laws, mixed

_MANY = 10_000
_ROUNDING = 1e-9  # of probabilities, where a limit leaves nothing to chance


class Expectation(NamedTuple):
    """What a design promises of the draws of one input."""

    cells: int = 1  # equally probable ones that hold equally many draws
    is_certain: bool = False  # a draw in each cell, nothing left to chance
    missing: float = 0.0  # share of the draws that would fill the cells
    independent: NDArray[np.intp] | None = None  # (draw,) those to test; all if None
    number_of: int | None = None  # independent draws that all of them are worth


class Agreement(NamedTuple):
    """How well draws follow their law."""

    distance: float
    limit: float
    p_value: float
    test: str
    is_suspect: bool


def expectation(campaign: Varied, name: str, runs: NDArray[np.intp]) -> Expectation:
    """What the design promises of an input's draws, by its name in the file.

    runs: `(run,)` numbers of those drawn, ascending.
    """
    design = campaign.sampling
    is_mixed = name in mixed(campaign)
    if isinstance(design, Nested):
        group, first = np.unique(runs // design.inner_runs, return_index=True)
        if laws(campaign)[name].known in design.outer:
            return Expectation(independent=first)
        return Expectation(number_of=group.size if is_mixed else None)
    if is_mixed or name not in campaign.dispersions or not runs.size:
        return Expectation()
    parts = 1 + np.count_nonzero(np.diff(runs // design.part_runs))
    whole = parts * design.part_runs
    missing = 1.0 - runs.size / whole
    if isinstance(design, LatinHypercube | Sobol):
        return Expectation(design.points, True, missing)
    if isinstance(design, Strata):
        return Expectation(design.bins.get(name, 1), False, missing)
    return Expectation()


def agreement(law: LawBase, values: Floats, expected: Expectation, alarm: float) -> Agreement:
    """How well draws `(draw,)` follow their law. alarm: chance to be suspect although they do."""
    if expected.independent is not None:
        values = values[expected.independent]
    if values.size == 0:
        return Agreement(np.nan, np.nan, np.nan, "no draws", False)
    values = _unrounded(values, law.jumps())
    far = distance(law, values)
    if expected.is_certain:
        limit = 1.0 / expected.cells + expected.missing + _ROUNDING
        return Agreement(far, limit, float(far <= limit), "a draw in every cell", far > limit)
    number_of = expected.number_of or values.size
    # Between cells nothing is left to chance; within, the worst of them
    cells = max(1, min(expected.cells, number_of))
    within = max(1, number_of // cells)
    limit = _exact_limit(alarm / cells, within) / cells + expected.missing
    p_value = min(1.0, cells * _chance((far - expected.missing) * cells, within))
    is_suspect = far > limit
    test = "Kolmogorov-Smirnov" if cells == 1 else "Kolmogorov-Smirnov within bins"
    points = law.points()
    if points is not None and cells == 1 and number_of == values.size:
        p_value, test = _chi_square(values, *points)
        is_suspect = p_value < alarm
    return Agreement(far, limit, p_value, test, is_suspect)


def distance(law: LawBase, values: Floats) -> float:
    """Largest difference between the distribution of draws `(draw,)` and the law, steps and all."""
    ordered = np.sort(values)
    steps = np.arange(ordered.size + 1) / ordered.size
    above = steps[1:] - law.cdf(ordered)
    below = law.cdf(np.nextafter(ordered, -np.inf)) - steps[:-1]
    return float(max(above.max(), below.max()))


def _unrounded(values: Floats, places: Floats) -> Floats:
    """Draws `(draw,)`, those but a rounding beside one of the places exactly there.

    A store keeps radians: a draw in degrees comes back with another last bit.
    """
    if places.size == 0:
        return values
    middles = 0.5 * (places[1:] + places[:-1])
    nearest = places[np.searchsorted(middles, values)]
    return np.where(np.isclose(values, nearest, rtol=1e-12, atol=0.0), nearest, values)


def _chi_square(values: Floats, places: Floats, probabilities: Floats) -> tuple[float, str]:
    """Chance of counts that far from the law of a few values."""
    if not np.isin(values, places).all():
        return 0.0, "value that cannot be"
    possible = probabilities > 0.0
    observed = np.array([np.count_nonzero(values == place) for place in places])[possible]
    if observed.size < 2:
        return 1.0, "one value"
    test = scipy.stats.chisquare(observed, probabilities[possible] * values.size)
    return float(test.pvalue), "chi-square"


def _chance(far: float, number_of: int) -> float:
    """Chance that so many independent draws lie that far; of many its limit law, which is quick."""
    if number_of > _MANY:
        return float(scipy.stats.kstwobign.sf(far * number_of**0.5))
    return float(scipy.stats.kstwo.sf(far, number_of))


@lru_cache(maxsize=64)
def _exact_limit(alarm: float, number_of: int) -> float:
    """Distance that independent draws from a continuous law exceed with probability `alarm`."""
    return float(scipy.stats.kstwo.isf(alarm, number_of))
