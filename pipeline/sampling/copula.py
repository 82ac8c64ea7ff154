"""Rank correlation between inputs: a Gaussian copula over the uniforms of a design.

Each pair is given by Spearman's rho, which does not depend on the laws. Normal scores with
Pearson's

    r = 2 sin(pi rho / 6)                       Pearson, 1907; Kruskal, J. Am. Stat. Assoc. 53, 1958

have that rank correlation. The scores of the design are mixed by the Cholesky factor of r, in the
order of the file, and turned back into uniforms: every law is met exactly.

In any group of correlated inputs the first keeps its own uniforms to the last bit, and all that
its design promises. The others keep their laws, but of a Latin hypercube or Sobol set only what
holds for their independent scores: a mean that is a sum of functions of these is still
stratified, the margin itself is no longer one value to a cell. Strata and outer classes come first,
so that a stratified input has its strata and a group of runs shares its outer draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from pipeline.laws import LARGEST_UNIFORM, Floats, Number, Tag, Text
from pipeline.records import Strict

SMALLEST_EIGENVALUE = 1e-8  # of a matrix that can be factored with digits to spare
_DECIMALS = 4  # of a rho that a message proposes
_PROJECTIONS = 1000


class Correlation(Strict):
    """Spearman's rank correlation of two dispersed parameters; pairs not named have none."""

    a: Text
    b: Text
    rho: Annotated[Number, Field(gt=-1, lt=1)]
    tag: Tag
    source: Text


Correlations = tuple[Correlation, ...]
Names = tuple[str, ...]


def correlate(
    uniforms: Mapping[str, Floats], correlations: Correlations, names: Names
) -> dict[str, Floats]:
    """Uniforms `(run,)` by name, those of `names` mixed in that order as the correlations ask.

    Run by run and in the same order of operations, so that no split into batches shows.
    """
    mixed = dict(uniforms)
    factor = _factor(correlations, names)
    scores: dict[str, Floats] = {}
    for row, name in zip(factor, names, strict=True):
        scores[name] = ndtri(uniforms[name])
        if not row[: len(scores) - 1].any():
            continue  # the first of its group
        score = np.zeros_like(scores[name])
        for weight, other in zip(row, scores.values(), strict=False):
            score += weight * other
        mixed[name] = np.clip(ndtr(score), 1.0 - LARGEST_UNIFORM, LARGEST_UNIFORM)
    return mixed


def members(correlations: Iterable[Correlation], order: Iterable[str]) -> Names:
    """The parameters that are correlated, in that order."""
    named = {name for pair in correlations for name in (pair.a, pair.b)}
    return tuple(name for name in order if name in named)


def mixed(correlations: Correlations, names: Names) -> frozenset[str]:
    """The correlated parameters that do not keep their own uniforms."""
    factor = _factor(correlations, names)
    return frozenset(name for k, name in enumerate(names) if factor[k, :k].any())


def pearson(spearman: Floats) -> Floats:
    """Correlation of normal scores with that rank correlation."""
    return 2.0 * np.sin(np.pi / 6.0 * spearman)


def spearman(pearson: Floats) -> Floats:
    """Rank correlation of normal scores with that correlation."""
    return 6.0 / np.pi * np.arcsin(0.5 * pearson)


def matrix(correlations: Iterable[Correlation], names: Sequence[str]) -> Floats:
    """Spearman's rho `(name, name)`: as asked, 0 for pairs not named."""
    rho = np.eye(len(names))
    for pair in correlations:
        i, j = names.index(pair.a), names.index(pair.b)
        rho[i, j] = rho[j, i] = pair.rho
    return rho


def is_valid(rho: Floats) -> bool:
    """Whether rank correlations `(name, name)` can hold together in a Gaussian copula."""
    return bool(np.linalg.eigvalsh(pearson(rho))[0] > SMALLEST_EIGENVALUE)


def nearest(rho: Floats) -> Floats:
    """The nearest valid rank correlations `(name, name)`, to four decimals.

    Nearest in the sum of squares of the scores' correlations (Higham, IMA J. Numer. Anal. 22:329,
    2002), with its eigenvalues lifted as far as the rounding needs.
    """
    lift = SMALLEST_EIGENVALUE
    while True:
        found = np.round(spearman(_projected(pearson(rho), lift)), _DECIMALS)
        np.fill_diagonal(found, 1.0)
        if is_valid(found):
            return found
        lift *= 10.0


def _projected(given: Floats, least: float) -> Floats:
    """The nearest matrix with a diagonal of ones and no eigenvalue below `least`.

    Alternating projections with Dykstra's correction, algorithm 3.3 of Higham.
    """
    found, correction = given.copy(), np.zeros_like(given)
    for _ in range(_PROJECTIONS):
        before = found.copy()
        asked = found - correction
        values, vectors = np.linalg.eigh(asked)
        lifted = (vectors * np.maximum(values, least)) @ vectors.T
        correction = lifted - asked
        found = 0.5 * (lifted + lifted.T)
        np.fill_diagonal(found, 1.0)
        if np.abs(found - before).max() < 1e-12:
            break
    return np.clip(found, -1.0, 1.0)


@lru_cache(maxsize=4)
def _factor(correlations: Correlations, names: Names) -> Floats:
    """Cholesky factor `(name, name)` of the scores' correlations."""
    return np.asarray(np.linalg.cholesky(pearson(matrix(correlations, names))), np.float64)
