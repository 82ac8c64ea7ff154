"""Rank correlations of inputs: those asked for in the draws, and the strongest nobody asked for.

Limits are those of Fisher's z with the variance (1 + rho^2 / 2) / (n - 3) of a rank correlation
(Bonett & Wright, Psychometrika 65:23, 2000): approximate, and for independent draws; those of a
Latin hypercube or Sobol set lie closer. Groups of a nested campaign count once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import atanh, sqrt, tanh
from typing import NamedTuple

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
import xarray as xr
from numpy.typing import NDArray

from pipeline import sampling
from pipeline.kept import KeptCampaign
from pipeline.laws import Floats
from pipeline.spelling import inside

Indices = NDArray[np.intp]

ALARM = 0.01  # chance that any pair at all is flagged although every one was met
STRAY_RUNS = 20_000  # looked at for what nobody asked for
_FEWEST = 10  # draws; below it a rank correlation says nothing


class CorrelationCheck(NamedTuple):
    """Spearman's rank correlation of two inputs."""

    a: str  # of the store
    b: str
    asked: float
    drawn: float
    lower: float  # limits of the drawn one, if the one asked for holds
    upper: float

    @property
    def is_suspect(self) -> bool:
        return not self.lower <= self.drawn <= self.upper


def check_correlations(dataset: xr.Dataset, campaign: KeptCampaign) -> tuple[CorrelationCheck, ...]:
    """Each rank correlation asked for, in the campaign's order; none with too few runs."""
    pairs = {(pair.a, pair.b): pair.rho for pair in campaign.correlations}
    return tuple(_checks(dataset, campaign, pairs, ALARM / max(1, len(pairs))))


def strongest_stray(dataset: xr.Dataset, campaign: KeptCampaign) -> CorrelationCheck | None:
    """The pair of inputs most correlated, by its limits, although nobody asked for it.

    Among the first runs; None where there is no such pair. Columns of rows are as correlated as
    their file, and left out.
    """
    asked = {frozenset((pair.a, pair.b)) for pair in campaign.correlations}
    laws = campaign.dispersions.items()
    names = [name for name, law in laws if law.cdf(law.median()) < 1.0]  # a constant has no ranks
    pairs = {pair: 0.0 for pair in combinations(names, 2) if frozenset(pair) not in asked}
    first = dataset.isel(run=slice(0, STRAY_RUNS))
    found = _checks(first, campaign, pairs, ALARM / max(1, len(pairs)))
    return max(found, key=lambda check: abs(check.drawn) / check.upper, default=None)


def _checks(
    dataset: xr.Dataset,
    campaign: KeptCampaign,
    pairs: Mapping[tuple[str, str], float],
    alarm: float,
) -> list[CorrelationCheck]:
    if not pairs:
        return []
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    drawn, runs = _rank_correlations(dataset, names)
    groups = np.unique(runs // campaign.sampling.part_runs).size
    shared, sigmas = _shared(campaign), float(scipy.stats.norm.isf(alarm / 2.0))
    checks = []
    for (a, b), asked in pairs.items():
        # Of two inputs that a group shares, a group is one draw
        number_of = groups if {a, b} <= shared else runs.size
        if number_of >= _FEWEST:
            half = sigmas * sqrt((1.0 + asked**2 / 2.0) / (number_of - 3))
            limits = (tanh(atanh(asked) - half), tanh(atanh(asked) + half))
            found = float(drawn[names.index(a), names.index(b)])
            checks.append(CorrelationCheck(inside(a), inside(b), asked, found, *limits))
    return checks


def _shared(campaign: KeptCampaign) -> frozenset[str]:
    """Inputs that the runs of a group share, or that follow such an input."""
    design = campaign.sampling
    if not isinstance(design, sampling.Nested):
        return frozenset()
    laws = campaign.dispersions
    outer = {name for name, law in laws.items() if law.known in design.outer}
    return frozenset(outer | sampling.mixed(campaign))


def _rank_correlations(dataset: xr.Dataset, names: Sequence[str]) -> tuple[Floats, Indices]:
    """Spearman's rho `(name, name)`, and the numbers `(run,)` of the runs that were not lost."""
    runs = np.asarray(dataset["run"]).astype(np.intp)
    if not names:
        return np.zeros((0, 0)), runs
    columns = np.array([np.asarray(dataset[inside(name)], float) for name in names])
    flown = np.isfinite(columns).all(axis=0)
    ranks = scipy.stats.rankdata(columns[:, flown], axis=1) - 0.5 * (np.count_nonzero(flown) + 1)
    ranks /= np.maximum(np.linalg.norm(ranks, axis=1, keepdims=True), 1.0)
    return ranks @ ranks.T, runs[flown]
