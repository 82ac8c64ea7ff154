"""Pairs of inputs that do not act each for itself, and how often which values of both fail."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.drivers.contrast import Mask
from pipeline.drivers.inputs import Inputs, Rows, Sample
from pipeline.drivers.values import Cell, Tenth
from pipeline.laws import Floats
from pipeline.statistics.drivers import concordance, concordance_floor
from pipeline.summary.estimate import Estimator

MOST_RUNS = 300  # failed runs that pairs are looked for in
MOST_PAIRS = 3  # told of a group
FIFTHS, TENTHS = 5, 10


class Shares(NamedTuple):
    """How often runs fail, by what was drawn."""

    inputs: Inputs
    estimator: Estimator
    confidence: float

    def tenths(self, name: str, failed: Mask, chosen: Mask) -> tuple[Tenth, ...]:
        """Failures among the chosen rows, by tenths of an input; fewer where values are equal."""
        values = self.inputs.values(name)
        upper = _uppers(values[chosen], TENTHS)
        index = np.searchsorted(upper, values)
        lower = np.concatenate([[np.min(values[chosen])], upper[:-1]])
        return tuple(
            Tenth(
                float(lower[k]),
                float(upper[k]),
                self.estimator.interval(failed, self.confidence, chosen & (index == k)),
            )
            for k in range(upper.size)
        )

    def cells(self, a: str, b: str, failed: Mask, chosen: Mask) -> tuple[Cell, ...]:
        """Failures among the chosen rows, by fifths of two inputs."""
        in_a, in_b = (
            np.searchsorted(_uppers(values[chosen], FIFTHS), values)
            for values in (self.inputs.values(a), self.inputs.values(b))
        )
        return tuple(
            Cell(j, k, self.estimator.interval(failed, self.confidence, among))
            for j in range(FIFTHS)
            for k in range(FIFTHS)
            if (among := chosen & (in_a == j) & (in_b == k)).any()
        )


def _uppers(values: Floats, parts: int) -> Floats:
    """Upper ends, included, of as many parts of equal probability; each only once."""
    shares = np.arange(1, parts + 1) / parts
    return np.unique(np.quantile(values, shares, method="inverted_cdf"))


def bound_pairs(
    names: list[str], failed: Rows, sample: Sample, inputs: Inputs, alpha: float
) -> tuple[list[tuple[str, str, float]], float]:
    """Pairs by their rank correlation in failed runs, the strongest first, and the floor.

    names: inputs that no runs share. alpha: chance that any pair at all stands out by chance.
    """
    first, second = np.triu_indices(len(names), 1)
    rows = failed[:MOST_RUNS]
    floor = concordance_floor(rows.size, alpha / max(1, first.size))
    tau = concordance(np.array([sample.at(name, rows) for name in names]))
    found = [
        (names[j], names[k], float(tau[j, k]))
        for j, k in zip(first, second, strict=True)
        if abs(tau[j, k]) >= floor and not inputs.related(names[j], names[k])
    ]
    return sorted(found, key=lambda pair: -abs(pair[2])), floor
