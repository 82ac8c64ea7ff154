"""How flights went over time: percentiles over the runs not yet ended, and how many those are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from pipeline.report.theme import BLUE, GREY, SKY, Drawing, plot
from pipeline.words import count, for_people, number, unit

FEWEST_RUNS = 20  # for a percentile; with fewer only the extremes are drawn
_CLOCK = "time since the ignition command, s"


class Envelope(NamedTuple):
    """A quantity over time; of two channels the length of the vector is taken."""

    title: str
    channels: tuple[str, ...]


ENVELOPES = (
    Envelope("Altitude of the base", ("up_m",)),
    Envelope("Vertical velocity", ("v_up_mps",)),
    Envelope("Distance from the target", ("east_m", "north_m")),
    Envelope("Horizontal speed", ("v_east_mps", "v_north_mps")),
    Envelope("Tilt", ("tilt_rad",)),
    Envelope("Throttle", ("throttle",)),
    Envelope("Gimbal angle", ("gimbal_x_rad", "gimbal_y_rad")),
)


class Bands(NamedTuple):
    """Percentiles and extremes over the runs, each `(time,)`; NaN where too few runs are left."""

    time_s: np.ndarray
    runs: np.ndarray
    least: np.ndarray
    p05: np.ndarray
    p50: np.ndarray
    p95: np.ndarray
    most: np.ndarray


def envelope_drawings(dataset: xr.Dataset) -> Iterator[Drawing]:
    """Each quantity's envelope, then the number of runs not yet ended. None without histories."""
    in_flight: Bands | None = None
    for envelope in ENVELOPES:
        if not all(name in dataset for name in envelope.channels):
            continue
        first, *others = (np.asarray(dataset[name], np.float32) for name in envelope.channels)
        values = np.hypot(first, others[0]) if others else first
        found = bands(np.asarray(dataset["time_s"]), for_people(envelope.channels[0], values))
        if not found.runs.any():
            continue
        in_flight = in_flight or found
        yield _draw(envelope, found)
    if in_flight is not None:
        yield _draw_count(in_flight)


def bands(time_s: np.ndarray, values: np.ndarray) -> Bands:
    """Over runs, at each time: values `(run, time)`, NaN after a run's end."""
    ordered = np.sort(values, axis=0)  # NaN last
    runs = np.count_nonzero(np.isfinite(ordered), axis=0)
    last = int(np.max(np.flatnonzero(runs), initial=-1)) + 1
    ordered, runs, column = ordered[:, :last], runs[:last], np.arange(last)

    def at(fraction: float, fewest: int) -> np.ndarray:
        rank = np.clip(np.ceil(fraction * runs).astype(int) - 1, 0, None)
        return np.where(runs >= fewest, ordered[rank, column], np.nan)

    return Bands(
        time_s[:last],
        runs,
        at(0.0, 1),
        at(0.05, FEWEST_RUNS),
        at(0.50, FEWEST_RUNS),
        at(0.95, FEWEST_RUNS),
        at(1.0, 1),
    )


def _draw(envelope: Envelope, found: Bands) -> Drawing:
    name = envelope.channels[0]
    y_label = f"{envelope.title.lower()}, {unit(name)}" if unit(name) else envelope.title.lower()
    drawn = plot(_CLOCK, y_label)
    steady = np.isfinite(found.p05)
    drawn.varea(
        found.time_s[steady], found.p05[steady], found.p95[steady], fill_color=SKY, fill_alpha=0.45
    )
    for extreme in (found.least, found.most):
        drawn.line(found.time_s, extreme, color=GREY, line_width=1)
    drawn.line(found.time_s[steady], found.p50[steady], color=BLUE, line_width=2)
    least, most = float(np.nanmin(found.least)), float(np.nanmax(found.most))
    drawn.y_range.start, drawn.y_range.end = _view(found, least, most)
    caption = f"Single runs: {number(least)} to {number(most)} {unit(name)}".strip() + "."
    return Drawing(f"envelope-{name}", envelope.title, caption, drawn)


def _view(found: Bands, least: float, most: float) -> tuple[float, float]:
    """Ends of the axis: half as much again as the middle nine tenths take, no more than is used."""
    if not np.isfinite(found.p05).any():
        return least, most
    low, high = float(np.nanmin(found.p05)), float(np.nanmax(found.p95))
    margin = 0.5 * (high - low) or 1.0
    used = 0.05 * (min(high + margin, most) - max(low - margin, least))
    return max(low - margin, least - used), min(high + margin, most + used)


def _draw_count(found: Bands) -> Drawing:
    drawn = plot(_CLOCK, "runs not yet ended")
    drawn.step(found.time_s, found.runs, color=BLUE, line_width=2, mode="after")
    drawn.y_range.start = 0
    caption = f"{count(int(found.runs.max()))} runs at the start, the last ends after "
    caption += f"{number(float(found.time_s[-1]))} s."
    return Drawing("envelope-runs", "Runs not yet ended", caption, drawn)
