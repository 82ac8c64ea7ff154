"""What drives failures, drawn: how often runs fail by tenths of an input, and by fifths of two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper

from pipeline.drivers.text import own_in_words, pair_in_words
from pipeline.drivers.values import ALL_FAILURES, CONTROL, Driver, Drivers, Group, Pair, Tenth
from pipeline.report.theme import FAILURE, INK, PALE, Drawing, plot
from pipeline.words import for_people, number, percent, sentence, spoken, titled

MOST_DRAWN = 3  # drivers of one cause; of all failures as many as were told
TABLED = 10  # inputs of a group in its table; the others are folded away
_REDS = ("#FFFFFF", "#FDE9DC", "#FBD0B9", "#F5B08C", "#EB8C5D", "#D55E00")


def driver_drawings(found: Drivers) -> dict[str, tuple[Drawing, ...]]:
    """Drawings of each group of failures, by `stratum/cause`."""
    return {
        group_key(stratum.label, group): tuple(_drawings(stratum.label, group, found.confidence))
        for stratum in found.strata
        for group in stratum.groups
    }


def group_key(stratum: str, group: Group) -> str:
    """Under which a group's drawings are found."""
    return f"{stratum}/{group.label}"


def rows_of(group: Group) -> tuple[Driver, ...]:
    """The inputs of a group's table: those above the noise, the nearest below it, the control."""
    strong = group.above_noise[:TABLED]
    below = next((d for d in group.drivers if not d.is_driver and d.name != CONTROL), None)
    return (*strong, *([below] if below else []), group.control)


def side(driver: Driver) -> str:
    """On which side of an input runs fail, in words."""
    return "high values" if driver.distance > 0.0 else "low values"


def _drawings(stratum: str, group: Group, confidence: float) -> Iterator[Drawing]:
    key = group_key(stratum, group).replace(" ", "-")
    drawn = [driver for driver in group.drivers if driver.tenths]
    for driver in drawn if group.label == ALL_FAILURES else drawn[:MOST_DRAWN]:
        yield _by_tenth(f"driver-{key}-{driver.name}", group, driver, confidence)
    for pair in group.pairs:
        yield _by_fifths(f"pair-{key}-{pair.a}-{pair.b}", pair)


def _by_tenth(key: str, group: Group, driver: Driver, confidence: float) -> Drawing:
    """Share of failures with its interval in each tenth, over the width of the tenth."""
    tenths = driver.tenths
    left, right = (for_people(driver.name, np.array(ends)) for ends in _ends(tenths))
    share = np.array([tenth.failed.fraction for tenth in tenths])
    lower, upper = (
        np.array([getattr(t.failed, end) for t in tenths]) for end in ("lower", "upper")
    )
    middle = 0.5 * (left + right)
    drawn = plot(titled(driver.name), "share that fails", height=210)
    drawn.xaxis.ticker.desired_num_ticks = 5
    drawn.quad(
        left=left,
        right=right,
        bottom=0.0,
        top=share,
        fill_color=FAILURE,
        fill_alpha=0.3,
        line_color="white",
        line_width=0.5,
    )
    known = np.isfinite(lower)
    drawn.segment(
        middle[known], lower[known], middle[known], upper[known], color=FAILURE, line_width=2
    )
    overall = group.failures / (group.failures + group.successes)
    drawn.hspan(y=[overall], line_color=INK, line_dash="dashed")
    drawn.y_range.start = 0
    caption = (
        f"Distance {abs(driver.distance):.3f}, floor {driver.floor:.3f}: fails towards "
        f"{side(driver)}. Each tenth of the runs; bars: {percent(confidence)} intervals; "
        f"dashed: all, {number(overall)}."
    )
    if note := own_in_words(driver):
        caption += f" {sentence(note)}."
    return Drawing(key, sentence(spoken(driver.name)), caption, drawn)


def _ends(tenths: tuple[Tenth, ...]) -> tuple[list[float], list[float]]:
    return [tenth.lower for tenth in tenths], [tenth.upper for tenth in tenths]


def _by_fifths(key: str, pair: Pair) -> Drawing:
    """A table of two inputs, the darker the more fail, with failures and runs in each cell."""
    shares = [cell.failed.fraction for cell in pair.cells]
    source = ColumnDataSource(
        {
            "a": [cell.a + 1 for cell in pair.cells],
            "b": [cell.b + 1 for cell in pair.cells],
            "share": shares,
            "text": [f"{cell.failed.successes}/{cell.failed.runs}" for cell in pair.cells],
        }
    )
    drawn = plot(f"{spoken(pair.a)}, fifths of the runs", f"{spoken(pair.b)}, fifths", height=260)
    colours = LinearColorMapper(palette=_REDS, low=0.0, high=max(shares) or 1.0)
    drawn.rect(
        "a",
        "b",
        1,
        1,
        source=source,
        line_color=PALE,
        fill_color={"field": "share", "transform": colours},
    )
    drawn.text(
        "a",
        "b",
        text="text",
        source=source,
        text_align="center",
        text_baseline="middle",
        text_font_size="12px",
        text_color=INK,
    )
    drawn.grid.grid_line_color = None
    drawn.xaxis.ticker = drawn.yaxis.ticker = [1, 2, 3, 4, 5]
    caption = (
        f"{sentence(pair_in_words(pair))}. Failures of runs in each fifth of both, 1 the lowest; "
        f"the darker the more fail."
    )
    return Drawing(key, f"{sentence(spoken(pair.a))} and {spoken(pair.b)}", caption, drawn)
