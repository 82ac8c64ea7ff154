"""Filling the page: the template, its style sheet, and the words it may use."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline import words
from pipeline.drivers.text import own_in_words
from pipeline.report.drivers import group_key, rows_of, side
from pipeline.statistics.order import Percentile
from pipeline.summary import MetricSummary
from pipeline.summary.text import advice_in_words


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
        "sentence": lambda text: words.sentence(str(text).replace("_", " ")),
        "words": lambda name: str(name).replace("_", " "),
    }
    environment.globals |= {
        "advice": advice_in_words,
        "at": _percentile,
        "limits": _limits,
        "fixed": words.fixed,
        "published_value": lambda name, value: (
            f"{words.for_people(name, value):g} {words.unit(name)}"
        ),
        "replay_command": replay_command,
        "chance": _chance,
        "group_key": group_key,
        "own_in_words": own_in_words,
        "rows_of": rows_of,
        "side": side,
    }
    return environment.get_template("report.html").render(**context)


def replay_command(store: str, run: int) -> str:
    """The command that flies a run again, ready for a shell."""
    return f"hoverslam replay {shlex.quote(store)} {run}"


def _chance(p_value: float) -> str:
    """A probability of chance; beyond a millionth its size says nothing."""
    if isnan(p_value):
        return words.MISSING
    return "< 1e-6" if p_value < 1e-6 else f"{p_value:.2g}"


def _percentile(metric: MetricSummary, value: float) -> str:
    """A percentile for people; `none` where it falls on a run without a value."""
    if not isfinite(value):
        return "none"
    return words.number(words.for_people(metric.name, value), _digits(metric))


def _limits(metric: MetricSummary, percentile: Percentile) -> str:
    return words.between(metric.name, percentile.lower, percentile.upper, _digits(metric))


def _digits(metric: MetricSummary) -> int:
    """Digits that tell one percentile of a metric from the next."""
    values = [percentile.value for percentile in metric.percentiles[:3]]
    return words.digits_for(values[0], max(values) - min(values)) if values else 3
