"""Crude Monte Carlo: count failures of independent runs, wherever enough of them can be flown.

With n runs the estimate's relative deviation is

    c = sqrt((1 - p) / (n p)),   so   n = (1 - p) / (p c^2)

whatever the dimension, the noise or the shape of the margin: nothing to tune, nothing to doubt.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from numpy.random import Generator as Random

from pipeline.rare.estimate import Found, from_counts
from pipeline.rare.points import LimitState, draw, join, margins_at

ACCURACY = 0.1  # relative deviation, one sigma
AT_ONCE = 4096  # runs


class Need(NamedTuple):
    """What crude Monte Carlo takes at one probability of failure."""

    probability: float
    runs: int
    seconds: float


def need(probability: float, runs_per_s: float, accuracy: float = ACCURACY) -> Need:
    """Runs and time to a relative deviation of `accuracy`."""
    runs = ceil((1.0 - probability) / (probability * accuracy**2))
    return Need(probability, runs, runs / runs_per_s)


def estimate(limit_state: LimitState, dimension: int, random: Random, runs: int) -> Found:
    """Probability of a margin below zero from so many independent runs."""
    failures = []
    for start in range(0, runs, AT_ONCE):
        points = draw(random, min(AT_ONCE, runs - start), dimension)
        failures.append(points.take(margins_at(limit_state, points) < 0.0))
    met = join(failures)
    return Found(from_counts(len(met.seed), runs), met)
