"""How the main metrics are distributed, against the limits that requirements set on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pipeline.asked import Requirement
from pipeline.report.theme import FAILURE, LIMIT, SKY, Drawing, plot
from pipeline.requirements import Columns, Floats, Mask, label
from pipeline.spelling import inside, to_si
from pipeline.summary import MetricSummary
from pipeline.words import count, for_people, number, sentence, spoken, titled

BINS = 80
TAIL = 0.002  # share of the runs that a view may cut off on each side


class Limit(NamedTuple):
    """A limit on a metric, in SI, and the condition in words."""

    value: float
    words: str


def limits_on(requirements: tuple[Requirement, ...]) -> dict[str, list[Limit]]:
    """Limits by the store's name of the metric."""
    found: dict[str, list[Limit]] = {}
    for requirement in requirements:
        for condition in requirement.holds:
            if condition.metric is None:
                continue
            for bound in (condition.at_most, condition.at_least):
                if bound is not None:
                    limit = Limit(to_si(condition.metric, bound), label(condition))
                    found.setdefault(inside(condition.metric), []).append(limit)
    return found


def distribution_drawings(
    metrics: Columns,
    shown: tuple[MetricSummary, ...],
    requirements: tuple[Requirement, ...],
    ok: Mask,
) -> Iterator[Drawing]:
    """A histogram of each metric over all runs, the failed ones again in another colour."""
    limits = limits_on(requirements)
    for summary in shown:
        name, asked = summary.name, limits.get(summary.name, [])
        values = for_people(name, np.asarray(metrics[name], float))
        places = [float(for_people(name, limit.value)) for limit in asked]
        edges = _edges(values, places)
        if edges is None:
            continue
        drawn = plot(
            titled(name),
            "runs",
            x_range=(edges[0], edges[-1]),
            y_range=(0.6, 2.0 * max(2, ok.size)),
            y_axis_type="log",
        )
        drawn.xaxis.ticker.desired_num_ticks = 5
        finite = np.isfinite(values)
        for chosen, colour in ((finite, SKY), (finite & ~ok, FAILURE)):
            runs, _ = np.histogram(values[chosen], edges)
            filled = runs > 0
            drawn.quad(
                left=edges[:-1][filled],
                right=edges[1:][filled],
                bottom=0.6,
                top=runs[filled],
                fill_color=colour,
                line_color=colour,
                line_width=0.5,
            )
        drawn.vspan(x=places, line_color=LIMIT, line_width=2)
        caption = _caption(values[finite], edges, asked, summary)
        yield Drawing(f"metric-{name}", sentence(spoken(name)), caption, drawn)


def _edges(values: Floats, limits: list[float]) -> Floats | None:
    """Edges of the bins: all but the outermost values, and the limits; None without a value."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    low, high = np.quantile(finite, (TAIL, 1.0 - TAIL))
    low, high = min([low, *limits]), max([high, *limits])
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return np.linspace(
        max(low - margin, 0.0) if low >= 0.0 else low - margin, high + margin, BINS + 1
    )


def _caption(finite: Floats, edges: Floats, limits: list[Limit], summary: MetricSummary) -> str:
    parts = [f"Required: {limit.words}." for limit in limits]
    beyond = int(np.count_nonzero((finite < edges[0]) | (finite > edges[-1])))
    if beyond:
        least, most = number(float(finite.min())), number(float(finite.max()))
        parts.append(f"{count(beyond)} runs lie outside the axis; all runs: {least} to {most}.")
    if summary.not_finite:
        parts.append(f"{count(summary.not_finite)} runs have no value.")
    return " ".join(parts)
