"""Success over the number of runs (does it settle?) and over the wind (when may one fly?)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipeline.report.theme import BLUE, INK, SKY, Drawing, plot
from pipeline.requirements import Floats, Mask
from pipeline.statistics.binomial import EXACT, Proportion
from pipeline.summary import RequirementSummary, Summary
from pipeline.summary.convergence import FIRST_RUNS, TAIL, Settling, of_share
from pipeline.summary.estimate import INDEPENDENT, Estimator
from pipeline.words import (
    count,
    for_people,
    number,
    percent,
    sentence,
    share,
    spoken,
    titled,
    unit,
)

WIND = "wind_speed_mps"
WIND_STEP_MPS = 1.0
MOST_WIND_STEPS = 20


class WindStep(NamedTuple):
    """Success among the runs of one range of wind speed."""

    lower_mps: float
    upper_mps: float
    success: Proportion


def convergence(ok: Mask, requirement: RequirementSummary, summary: Summary) -> Drawing | None:
    """Success over the runs in the order of their numbers; its interval, where that is exact."""
    if ok.size < FIRST_RUNS:
        return None
    found = of_share("success", ok, summary.confidence)
    if summary.no_gate:
        nowhere = np.full(found.runs.shape, np.nan)
        found = found._replace(lower=nowhere, upper=nowhere)
    drawing = settling_drawing(found, summary.confidence, "convergence")
    _asked_line(drawing.plot, requirement.probability)
    caption = f"{drawing.caption} Line: {requirement.probability:g} asked."
    return drawing._replace(title="Convergence", caption=caption)


def settling_drawing(found: Settling, confidence: float, key: str) -> Drawing:
    """An estimate over the runs in the order of their numbers, with its band where there is one."""
    value, lower, upper = (
        _drawable(for_people(found.name, line) if found.name else line)
        for line in (found.value, found.lower, found.upper)
    )
    axis = unit(found.name) if found.name else "share of the runs"
    drawn = plot("runs, in the order of their numbers", axis, x_axis_type="log", height=210)
    known = np.isfinite(lower) & np.isfinite(upper)
    if known.any():
        band = (found.runs[known], lower[known], upper[known])
        drawn.varea(*band, fill_color=SKY, fill_alpha=0.45)
    drawn.line(found.runs, value, color=BLUE, line_width=2)
    half = int(np.searchsorted(found.runs, found.runs[-1] / 2))
    told = [f"{_told(found, value[k])} after {count(int(found.runs[k]))} runs" for k in (half, -1)]
    if known.any():
        said = f"band: exact {percent(confidence)} interval at each number, not for all at once"
    else:
        said = "no band: so few runs, or runs that are not independent, have none"
    title = sentence(found.what or f"{spoken(found.name)}, {percent(TAIL)} no worse")
    return Drawing(key, title, f"{', '.join(told)}; {said}.", drawn)


def _drawable(line: Floats) -> Floats:
    return np.where(np.isfinite(line), line, np.nan)


def _told(found: Settling, value: float) -> str:
    if not found.name:
        return share(value)
    return f"{number(value)} {unit(found.name)}".strip() if np.isfinite(value) else "none"


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
