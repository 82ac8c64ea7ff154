"""Where the runs touched down: the whole pad, and the cloud from near by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from bokeh.models import ColumnDataSource, LogColorMapper

from pipeline.report.theme import FAILURE, GREEN, GREY, INK, SUCCESS, Drawing, hover, plot
from pipeline.requirements import Causes, Columns, Floats
from pipeline.statistics.footprint import outline
from pipeline.summary import Landings
from pipeline.words import count

MOST_GLYPHS = 50_000  # beyond it the successes become an image
MOST_FAILURES = 2_000  # crosses drawn; all are counted in the caption
IMAGE_CELLS = 160
_BLUES = [
    *("#DEEBF7", "#C6DBEF", "#9ECAE1", "#6BAED6", "#4292C6", "#2171B5", "#08519C", "#08306B"),
]


class Touchdowns(NamedTuple):
    """Touchdown points, those of successes and those of failures."""

    east_m: Floats  # (run,)
    north_m: Floats
    ok: np.ndarray
    run: np.ndarray
    cause: np.ndarray  # of text; empty for a success


def touchdowns(metrics: Columns, why: Causes) -> Touchdowns:
    """The runs that touched down, with the cause of those that failed."""
    east_m, north_m = (
        np.asarray(metrics[name], float) for name in ("touchdown_east_m", "touchdown_north_m")
    )
    down = np.isfinite(east_m) & np.isfinite(north_m)
    labels = np.array([label.replace("_", " ") for label in (*why.labels, "")], object)
    return Touchdowns(
        east_m[down],
        north_m[down],
        why.code[down] < 0,
        np.asarray(metrics["run"])[down],
        labels[why.code[down]],
    )


def landing_drawings(points: Touchdowns, landings: Landings) -> Iterator[Drawing]:
    """The pad as a whole, then the cloud of landings."""
    failures = ColumnDataSource(_columns(points, ~points.ok, MOST_FAILURES, named=True))
    successes = None
    if points.ok.sum() <= MOST_GLYPHS:
        successes = ColumnDataSource(_columns(points, points.ok, MOST_GLYPHS, named=False))
    pad_m, cloud_m = 1.08 * landings.pad_radius_m, _reach_m(landings)
    views = [("pad", "The pad", max(pad_m, cloud_m))]
    if cloud_m < 0.8 * pad_m:
        views.append(("cloud", "The cloud, enlarged", cloud_m))
    for key, title, reach_m in views:
        drawn = _square(reach_m)
        if successes is None:
            _image(drawn, points, reach_m)
        else:
            drawn.scatter("e", "n", source=successes, size=3, color=SUCCESS, alpha=0.35)
        drawn.add_tools(_crosses(drawn, failures))
        _lines(drawn, landings)
        yield Drawing(f"landing-{key}", title, _caption(points, reach_m), drawn)


def _columns(points: Touchdowns, chosen: np.ndarray, most: int, named: bool) -> dict[str, Any]:
    rows = np.flatnonzero(chosen)[:most]
    columns: dict[str, Any] = {
        "e": points.east_m[rows].astype(np.float32),
        "n": points.north_m[rows].astype(np.float32),
    }
    if named:
        columns |= {"run": points.run[rows].astype(np.int32), "cause": points.cause[rows].tolist()}
    return columns


def _reach_m(landings: Landings) -> float:
    """Half the width of a view that holds the ellipses and R95 about the target."""
    radii = [landings.r95.radius_m, landings.r95.upper_m]
    for ellipse in (landings.guaranteed, landings.gaussian):
        radii += np.abs(outline(ellipse)).max(axis=0).tolist()
    finite = [radius for radius in radii if np.isfinite(radius)]
    return 1.2 * max(finite, default=landings.pad_radius_m) or landings.pad_radius_m


def _square(reach_m: float) -> Any:
    """A view of the same scale both ways, the target in its middle."""
    drawn = plot(
        "east of the target, m",
        "north of the target, m",
        tools="box_zoom,reset",
        toolbar_location="right",
        sizing_mode="scale_width",
        aspect_ratio=1.0,
        match_aspect=True,
    )
    # The view is as large as this unseen square; the ranges keep one scale as the page grows
    corners = [-reach_m, reach_m]
    square = drawn.scatter(corners, corners, alpha=0.0)
    drawn.x_range.renderers = drawn.y_range.renderers = [square]
    drawn.x_range.range_padding = drawn.y_range.range_padding = 0.0
    return drawn


def _image(drawn: Any, points: Touchdowns, reach_m: float) -> None:
    """Successes as counts per cell, the darker the more, on a logarithmic scale."""
    edges = np.linspace(-reach_m, reach_m, IMAGE_CELLS + 1)
    cells, _, _ = np.histogram2d(points.north_m[points.ok], points.east_m[points.ok], [edges] * 2)
    cells = np.where(cells > 0, cells, np.nan).astype(np.float32)
    most = float(np.nanmax(cells, initial=1.0))
    drawn.image(
        [cells],
        x=-reach_m,
        y=-reach_m,
        dw=2 * reach_m,
        dh=2 * reach_m,
        color_mapper=LogColorMapper(
            palette=_BLUES, low=1.0, high=max(2.0, most), nan_color="#00000000"
        ),
    )


def _crosses(drawn: Any, failures: ColumnDataSource) -> Any:
    glyphs = drawn.scatter(
        "e", "n", source=failures, marker="x", size=9, line_width=2, color=FAILURE
    )
    return hover(
        glyphs, ("run", "@run"), ("failed by", "@cause"), ("east", "@e m"), ("north", "@n m")
    )


def _lines(drawn: Any, landings: Landings) -> None:
    """Pad, target, R95 and the two ellipses."""
    drawn.circle([0], [0], radius=landings.pad_radius_m, fill_color=None, line_color=INK)
    drawn.scatter([0], [0], marker="cross", size=14, line_width=1.5, color=INK)
    if np.isfinite(landings.r95.radius_m):
        drawn.circle(
            [0],
            [0],
            radius=landings.r95.radius_m,
            fill_color=None,
            line_color=GREY,
            line_width=1.5,
            line_dash="dotted",
        )
    for ellipse, dash in ((landings.guaranteed, "solid"), (landings.gaussian, "dashed")):
        if not ellipse.note:
            east_m, north_m = outline(ellipse).T
            drawn.line(east_m, north_m, color=GREEN, line_width=2, line_dash=dash)


def _caption(points: Touchdowns, reach_m: float) -> str:
    inside = (np.abs(points.east_m) <= reach_m) & (np.abs(points.north_m) <= reach_m)
    ok, failed = int(points.ok.sum()), int((~points.ok).sum())
    text = (
        f"{count(ok)} touchdowns of successful runs, {count(failed)} of failed ones; "
        f"{count(int((~inside).sum()))} lie outside this view."
    )
    if ok > MOST_GLYPHS:
        text += " Successes as runs per cell, the darker the more, on a logarithmic scale."
    if failed > MOST_FAILURES:
        text += f" Crosses for the first {count(MOST_FAILURES)} failures."
    return text
