"""Inputs as drawn over inputs as asked, for those that agree least."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from pipeline.report.theme import INK, SKY, Drawing, plot
from pipeline.spelling import in_file
from pipeline.summary.inputs import InputCheck, drawn_values
from pipeline.words import count, sentence, spoken, titled

SHOWN = 6
BINS = 40


def input_drawings(dataset: xr.Dataset, checks: tuple[InputCheck, ...]) -> Iterator[Drawing]:
    """Histograms of the inputs with the smallest p-values, with the counts their laws expect."""
    for check in sorted(checks, key=lambda one: one.p_value)[:SHOWN]:
        values = drawn_values(dataset, in_file(check.name))
        if values.size == 0 or values.min() == values.max():
            continue
        edges = np.linspace(values.min(), values.max(), BINS + 1)
        runs, _ = np.histogram(values, edges)
        expected = values.size * np.diff(check.law.cdf(edges))
        drawn = plot(titled(check.name), "runs", height=200)
        drawn.xaxis.ticker.desired_num_ticks = 5
        drawn.quad(
            left=edges[:-1],
            right=edges[1:],
            bottom=0,
            top=runs,
            fill_color=SKY,
            line_color="white",
            line_width=0.5,
        )
        drawn.step(edges, np.append(expected, expected[-1]), mode="after", color=INK, line_width=2)
        drawn.y_range.start = 0
        caption = (
            f"{check.law.describe()}; {count(values.size)} draws, "
            f"{check.test} p = {check.p_value:.2g}."
        )
        yield Drawing(f"input-{check.name}", sentence(spoken(check.name)), caption, drawn)
