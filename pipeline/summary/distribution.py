"""How each metric is distributed, and where published flight figures fall in it."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import numpy as np

from pipeline.asked import Requirement
from pipeline.campaign import Published
from pipeline.requirements import Columns
from pipeline.spelling import inside, to_si
from pipeline.statistics.order import (
    Side,
    lower_index,
    percentile,
    sort_with_worst,
    upper_index,
)
from pipeline.summary.estimate import INDEPENDENT, Estimator
from pipeline.summary.values import MetricSummary, PublishedRank

CONTENTS = (0.99, 0.9973)  # of the tolerance limits
FRACTIONS = (0.50, 0.90, 0.95, 0.99, 0.997)  # counted from the best side

MAIN_METRICS: dict[str, Side] = {
    "touchdown_miss_m": "high",
    "touchdown_vertical_speed_mps": "high",
    "touchdown_lateral_speed_mps": "high",
    "touchdown_tilt_rad": "high",
    "touchdown_rate_radps": "high",
    "touchdown_roll_rad": "high",
    "rest_tilt_rad": "high",
    "peak_stroke_m": "high",
    "peak_leg_load_n": "high",
    "slid_m": "high",
    "tip_margin_m": "low",
    "propellant_left_kg": "low",
    "flight_time_s": "high",
    "max_altitude_m": "high",
    "peak_tilt_rad": "high",
    "peak_gimbal_rad": "high",
    "navigation_error_m": "high",
}
"""Metrics that every report shows, and the side on which each is bad."""


def shown_metrics(requirements: Iterable[Requirement]) -> dict[str, Side]:
    """The metrics to show: those with a requirement first, then the main ones."""
    asked: dict[str, Side] = {}
    for requirement in requirements:
        for condition in requirement.holds:
            if condition.metric is not None:
                side: Side = "high" if condition.at_most is not None else "low"
                asked.setdefault(inside(condition.metric), side)
    return asked | {name: side for name, side in MAIN_METRICS.items() if name not in asked}


def metric_summary(
    metrics: Columns,
    name: str,
    worst: Side,
    confidence: float,
    estimator: Estimator = INDEPENDENT,
) -> MetricSummary:
    """Percentiles of one metric with their intervals, towards its worst side."""
    values = np.asarray(metrics[name], float)
    ordered, not_finite = sort_with_worst(values, worst)
    fractions = [f if worst == "high" else round(1.0 - f, 12) for f in FRACTIONS]
    if estimator.parts is None:
        percentiles = tuple(
            percentile(ordered, fraction, confidence, worst)
            for fraction in fractions
            if _is_bounded(ordered.size, fraction, confidence, worst)
        )
    else:
        found = [estimator.percentile(values, f, confidence, worst) for f in fractions]
        percentiles = tuple(p for p in found if isfinite(p.upper if worst == "high" else p.lower))
    limits = tuple(estimator.tolerance(values, p, confidence, worst) for p in CONTENTS)
    return MetricSummary(name, worst, not_finite, percentiles, limits)


def _is_bounded(runs: int, fraction: float, confidence: float, worst: Side) -> bool:
    """Whether so many runs can bound the percentile on its worst side."""
    index = upper_index if worst == "high" else lower_index
    return runs > 0 and index(runs, fraction, 0.5 + 0.5 * confidence) is not None


def published_rank(
    metrics: Columns, figure: Published, confidence: float, estimator: Estimator = INDEPENDENT
) -> PublishedRank:
    """Share of runs at or below a published figure; a run without a value lies above it."""
    name, value = inside(figure.metric), to_si(figure.metric, figure.value)
    values = np.asarray(metrics[name], float)
    below = np.isfinite(values) & (values <= value)
    return PublishedRank(
        name, value, figure.tag, figure.source, estimator.interval(below, confidence)
    )
