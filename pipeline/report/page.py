"""Filling the page: the template, its style sheet, and the words it may use."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline import words
from pipeline.summary.text import ellipse_in_words


def render(context: Mapping[str, Any]) -> str:
    """The report as HTML. What comes from a campaign is text: it cannot break the page."""
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "number": words.number,
        "percent": words.percent,
        "share": words.share,
        "spoken": words.spoken,
        "titled": words.titled,
        "unit": words.unit,
        "words": lambda name: str(name).replace("_", " "),
        "ellipse": ellipse_in_words,
    }
    environment.globals |= {
        "at": lambda name, value: words.number(words.for_people(name, value)),
        "between": words.between,
        "published_value": lambda name, value: (
            f"{words.for_people(name, value):g} {words.unit(name)}"
        ),
        "replay_command": replay_command,
    }
    return environment.get_template("report.html").render(**context)


def replay_command(store: str, run: int) -> str:
    """The command that flies a run again, ready for a shell."""
    return f"hoverslam replay {shlex.quote(store)} {run}"
