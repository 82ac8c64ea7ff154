"""Success over the number of runs (does it settle?) and over the wind (when may one fly?)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipeline.report.theme import BLUE, INK, SKY, Drawing, plot
from pipeline.requirements import Mask
from pipeline.statistics.binomial import EXACT, Proportion, interval
from pipeline.summary import RequirementSummary
from pipeline.summary.estimate import INDEPENDENT, Estimator
from pipeline.words import count, percent, share, titled

POINTS = 120  # of the convergence curve
FIRST_RUNS = 20
WIND = "wind_speed_mps"
WIND_STEP_MPS = 1.0
MOST_WIND_STEPS = 20


class WindStep(NamedTuple):
    """Success among the runs of one range of wind speed."""

    lower_mps: float
    upper_mps: float
    success: Proportion


def convergence(
    ok: Mask, requirement: RequirementSummary, confidence: float, is_exact: bool = True
) -> Drawing | None:
    """Success over the runs in the order of their numbers; its interval, where that is exact."""
    if ok.size < FIRST_RUNS:
        return None
    runs = np.unique(np.geomspace(FIRST_RUNS, ok.size, POINTS).astype(int))
    successes = np.cumsum(ok)[runs - 1]
    found = [interval(int(k), int(n), confidence) for k, n in zip(successes, runs, strict=True)]
    drawn = plot("runs, in the order of their numbers", "success", x_axis_type="log")
    if is_exact:
        drawn.varea(
            runs,
            np.array([f.lower for f in found]),
            np.array([f.upper for f in found]),
            fill_color=SKY,
            fill_alpha=0.45,
        )
    drawn.line(runs, successes / runs, color=BLUE, line_width=2)
    _asked_line(drawn, requirement.probability)
    half, whole = found[int(np.searchsorted(runs, ok.size / 2))], found[-1]
    band = f"band: exact {percent(confidence)} interval at each number of runs, not for all at once"
    caption = (
        f"{share(half.fraction)} after {count(half.runs)} runs, {share(whole.fraction)} after "
        f"{count(whole.runs)}; {band if is_exact else 'no band, the runs are not independent'}. "
        f"Line: {requirement.probability:g} asked."
    )
    return Drawing("convergence", "Convergence", caption, drawn)


def wind_steps(
    metrics: Any, ok: Mask, confidence: float, estimator: Estimator = INDEPENDENT
) -> tuple[WindStep, ...]:
    """Success by mean wind speed; empty where the wind is not dispersed."""
    if WIND not in metrics:
        return ()
    speed_mps = np.asarray(metrics[WIND], float)
    if not np.isfinite(speed_mps).any():
        return ()
    step_mps = WIND_STEP_MPS * np.ceil(np.nanmax(speed_mps) / WIND_STEP_MPS / MOST_WIND_STEPS)
    index = np.where(np.isfinite(speed_mps), speed_mps // step_mps, -1).astype(int)
    return tuple(
        WindStep(
            float(step * step_mps),
            float((step + 1) * step_mps),
            estimator.interval(ok, confidence, index == step),
        )
        for step in np.unique(index[index >= 0])
    )


def wind_drawing(steps: tuple[WindStep, ...], requirement: RequirementSummary) -> Drawing | None:
    """Success with its intervals by wind speed."""
    if not steps:
        return None
    middle = np.array([0.5 * (step.lower_mps + step.upper_mps) for step in steps])
    drawn = plot(titled(WIND), "success", y_range=(-0.02, 1.02))
    drawn.segment(
        middle,
        [step.success.lower for step in steps],
        middle,
        [step.success.upper for step in steps],
        color=BLUE,
        line_width=2,
    )
    drawn.scatter(middle, [step.success.fraction for step in steps], size=7, color=BLUE)
    _asked_line(drawn, requirement.probability)
    confidence = percent(steps[0].success.confidence)
    method = "exact " if steps[0].success.method == EXACT else ""
    caption = (
        f"Bars: {method}{confidence} intervals of each step, where there are any. "
        f"Line: {requirement.probability:g} asked."
    )
    return Drawing("wind", "Success by mean wind", caption, drawn)


def _asked_line(drawn: Any, probability: float) -> None:
    drawn.hspan(y=[probability], line_color=INK, line_dash="dashed")
