"""README.md of this folder, put together from the JSON of every benchmark.

A benchmark hands its result to `publish`, which writes `<name>.json` and the whole page anew, so
that one benchmark run alone leaves the tables of the others as they were.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent

# In this order on the page, whatever has been run.
NAMES = ("kernel", "lanes", "campaign", "scheduler", "store", "summary")

_HEAD = """# Speed

Written by `make bench`: medians of several repeats. Times of a machine that others use mean little,
so each section says how busy it was; ratios are of one session, their sides taken in turn.
What the figures mean for a thousand workers stands in [SCALE.md](SCALE.md).
"""


class Table(NamedTuple):
    """Columns, and rows of as many cells."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Result(NamedTuple):
    """What a benchmark has found."""

    title: str
    about: str  # what was measured and how, a paragraph
    facts: Mapping[str, Any]  # of the whole, by name
    tables: Sequence[Table]


def publish(name: str, result: Result) -> None:
    """Print a result, write it as JSON, and write the page anew."""
    document = {
        "title": result.title,
        "about": " ".join(result.about.split()),
        "facts": {**machine(), **result.facts},
        "tables": [
            {"columns": [*t.columns], "rows": [[*r] for r in t.rows]} for t in result.tables
        ],
    }
    (HERE / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(_section(document))
    (HERE / "README.md").write_text(page())


def page() -> str:
    """The page, from the JSON files that are there."""
    files = [HERE / f"{name}.json" for name in NAMES]
    found = {file.stem: json.loads(file.read_text()) for file in files if file.exists()}
    return "\n".join([_HEAD, *(_section(_document(*item)) for item in found.items())])


def _document(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """A published result, or plain names and values: those of each inner mapping as a table."""
    if "title" in found:
        return found
    inner = {key: value for key, value in found.items() if isinstance(value, dict)}
    return {
        "title": name.capitalize(),
        "about": f"Found by `bench_{name}.py`, whose first lines say what and how.",
        "facts": {key: value for key, value in found.items() if key not in inner},
        "tables": [
            {"columns": [_words(key), "value"], "rows": [*map(list, values.items())]}
            for key, values in inner.items()
        ],
    }


def machine() -> dict[str, Any]:
    """Date, machine, and how many others wanted its cores when the benchmark ended."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "load in the last 5 minutes, own included": round(os.getloadavg()[1], 1),
    }


def _section(document: Mapping[str, Any]) -> str:
    facts = [f"- {_words(name)}: {_cell(value)}" for name, value in document["facts"].items()]
    tables = [line for table in document["tables"] for line in _lines(table)]
    return "\n".join([f"## {document['title']}", "", document["about"], "", *facts, "", *tables])


def _lines(table: Mapping[str, Any]) -> list[str]:
    """A table in Markdown; all columns but the first hold numbers."""
    columns = table["columns"]
    rows = [" | ".join(_cell(value) for value in row) for row in table["rows"]]
    ruler = "|".join(["---", *["---:"] * (len(columns) - 1)])
    return [f"| {' | '.join(columns)} |", f"|{ruler}|", *(f"| {row} |" for row in rows), ""]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: Any) -> str:
    """Three digits of a measured value, all of a count."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
