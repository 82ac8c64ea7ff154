"""How every plot of the report looks: colours that colour-blind people tell apart, few lines."""

from __future__ import annotations

from typing import Any, NamedTuple

from bokeh.models import HoverTool, Model
from bokeh.plotting import figure

# Okabe & Ito, Color Universal Design, 2008
BLUE = "#0072B2"
SKY = "#56B4E9"
VERMILLION = "#D55E00"
GREEN = "#007A5A"  # darkened, for thin lines on white
INK = "#1B1F24"
GREY = "#6B7280"
PALE = "#E5E7EB"

SUCCESS, FAILURE, LIMIT = BLUE, VERMILLION, INK

_FONT = "Helvetica, Arial, sans-serif"


class Drawing(NamedTuple):
    """A plot with its words; the caption carries the numbers, since a canvas cannot be read."""

    key: str
    title: str
    caption: str
    plot: Model


def plot(x_label: str, y_label: str, **options: Any) -> Any:
    """An empty plot as wide as its place.

    Nothing reacts to dragging or scrolling by itself: on a phone that would trap the page.
    """
    defaults: dict[str, Any] = {
        "x_axis_label": x_label,
        "y_axis_label": y_label,
        "height": 230,
        "sizing_mode": "stretch_width",
        "tools": "",
        "toolbar_location": None,
    }
    drawn = figure(**{**defaults, **options})
    drawn.toolbar.autohide = True
    drawn.toolbar.logo = None
    drawn.toolbar.active_drag = None
    drawn.outline_line_color = None
    drawn.background_fill_color = None
    drawn.border_fill_color = None
    drawn.grid.grid_line_color = PALE
    for axis in drawn.axis:
        axis.axis_line_color = GREY
        axis.major_tick_line_color = GREY
        axis.minor_tick_line_color = None
        axis.major_label_text_color = INK
        axis.major_label_text_font = axis.axis_label_text_font = _FONT
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "12px"
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = INK
    return drawn


def hover(renderer: Any, *tooltips: tuple[str, str]) -> HoverTool:
    """What the pointer shows over the glyphs of one renderer."""
    return HoverTool(renderers=[renderer], tooltips=list(tooltips), visible=False)
