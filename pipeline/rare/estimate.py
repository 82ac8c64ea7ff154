"""What a method says of a probability, and the interval that independent replicates allow.

    ln p = ln m +- t s / (m sqrt(R)),   m, s mean and deviation of R replicates

Student's t on the scale of logarithms, about the logarithm of the mean: the mean is what is free
of bias, and replicates of a small probability are skewed to the right, which an interval about
the mean logarithm (too low) or a symmetric one (down to below zero) does not respect. What it
covers is measured: tests/benchmarks/rare.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from pipeline.rare.points import Points
from pipeline.statistics.binomial import interval
from pipeline.words import percent

CONFIDENCE = 0.95
FEWEST_REPLICATES = 10
MOST_FROM_ONE_REPLICATE = 0.3  # of the estimate
CONTRADICTION = 0.99  # confidence of intervals that share nothing: one in a hundred does by chance


class Estimate(NamedTuple):
    """A probability of failure by one method, with its two-sided interval."""

    method: str
    probability: float
    lower: float
    upper: float
    confidence: float
    runs: int
    replicates: tuple[float, ...]  # the estimate of each; none where runs were counted
    doubts: tuple[str, ...]  # why not to trust it: then the interval means nothing
    notes: tuple[str, ...]  # how it was come by

    @property
    def is_trusted(self) -> bool:
        return not self.doubts

    @property
    def failures_counted(self) -> int:
        """Failures among counted runs."""
        return round(self.probability * self.runs)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Its two-sided interval at another confidence."""
        if self.replicates:
            return log_interval(self.replicates, confidence)
        return exact_interval(self.failures_counted, self.runs, confidence)


class Found(NamedTuple):
    """An estimate, and failures that it met."""

    estimate: Estimate
    failures: Points


class Work(NamedTuple):
    """What a method flew, and what it found about its own health."""

    method: str
    runs: int
    doubts: Sequence[str]
    notes: Sequence[str]


def from_replicates(work: Work, values: Sequence[float], confidence: float) -> Estimate:
    """The estimate of independent replicates. ValueError for fewer than ten."""
    if len(values) < FEWEST_REPLICATES:
        raise ValueError(f"replicates: got {len(values)}, expected >= {FEWEST_REPLICATES}")
    lower, upper = log_interval(values, confidence)
    return Estimate(
        method=work.method,
        probability=float(np.mean(values)),
        lower=lower,
        upper=upper,
        confidence=confidence,
        runs=work.runs,
        replicates=tuple(values),
        doubts=(*work.doubts, *_disagreement(values)),
        notes=tuple(work.notes),
    )


def log_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Two-sided interval of the mean of replicates; 0 to 1 where all are zero."""
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    if mean == 0.0:
        return 0.0, 1.0
    quantile = float(stdtrit(len(values) - 1, 0.5 + 0.5 * confidence))
    factor = float(np.exp(quantile * deviation / (mean * np.sqrt(len(values)))))
    return mean / factor, min(1.0, mean * factor)


def from_counts(failures: int, runs: int, confidence: float = CONFIDENCE) -> Estimate:
    """The estimate of counted failures of independent runs, exact (Clopper & Pearson 1934)."""
    lower, upper = exact_interval(failures, runs, confidence)
    return Estimate(
        method="crude Monte Carlo",
        probability=failures / runs,
        lower=lower,
        upper=upper,
        confidence=confidence,
        runs=runs,
        replicates=(),
        doubts=(),
        notes=(f"{failures:,} of {runs:,} runs failed; Clopper-Pearson, exact",),
    )


def exact_interval(failures: int, runs: int, confidence: float) -> tuple[float, float]:
    """Two-sided Clopper-Pearson interval of the probability of failure."""
    succeeded = interval(runs - failures, runs, confidence)
    return 1.0 - succeeded.upper, 1.0 - succeeded.lower


def contradict(a: Estimate, b: Estimate) -> bool:
    """Whether the intervals of two estimates have nothing in common, wide as they then are."""
    (low_a, high_a), (low_b, high_b) = (e.interval(CONTRADICTION) for e in (a, b))
    return low_a > high_b or low_b > high_a


def _disagreement(values: Sequence[float]) -> list[str]:
    """What is wrong between the replicates."""
    total = sum(values)
    if total == 0.0:
        return ["no replicate found a failure"]
    largest = max(values) / total
    if largest > MOST_FROM_ONE_REPLICATE:
        return [
            f"the replicates disagree: one of {len(values)} carries {percent(round(largest, 2))} "
            "of the estimate"
        ]
    return []
