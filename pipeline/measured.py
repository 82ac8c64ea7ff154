"""Measured values from CSV files into a campaign, so that its text is complete without them.

A law `empirical` names a file and a column, `rows` a file and columns; their values are put beside
these names before anything is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.csv_file import Cells, read_cells, repeated
from pipeline.errors import BadInput
from pipeline.spelling import hint

Find = Callable[[str, str, str], Path]
"""The file of a name, asked for under a key, of a kind. Raises BadInput if there is none."""

# Stands where nothing could be read, so that the same mistake is not told twice
_NOTHING = (0.0, 1.0)


def read_in(given: dict[str, Any], path: Path, find: Find) -> tuple[dict[str, Any], list[str]]:
    """The keys and values of the campaign file at `path` with the measured values that it names.

    Also every mistake in these.
    """
    problems: list[str] = []
    read = dict(given)
    for section, is_ours in (("dispersions", _is_empirical), ("rows", _names_a_file)):
        if isinstance(given.get(section), dict):
            read[section] = dict(given[section])
            for name, part in given[section].items():
                if is_ours(part):
                    values, mistakes = _values(part, f"{path}: {section}.{name}", find)
                    read[section][name] = {**part, "values": values}
                    problems += mistakes
    return read, problems


def _is_empirical(part: Any) -> bool:
    return _names_a_file(part) and part.get("law") == "empirical"


def _names_a_file(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("file"), str)


def _values(part: dict[str, Any], where: str, find: Find) -> tuple[Any, list[str]]:
    """The values of a column, or the rows of several; and the mistakes."""
    columns = part.get("columns", [part.get("column")])
    alone = "columns" not in part
    nothing: Any = _NOTHING if alone else (tuple(1.0 for _ in columns),)
    if "values" in part:
        return nothing, [f"{where}.values: got values and a file, expected the file alone"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        return nothing, []  # told where the keys are checked
    try:
        cells = read_cells(find(part["file"], f"{where}.file", "CSV"), ", ".join(columns))
        if problems := list(_missing(cells, columns, where)):
            return nothing, problems
        numbers = cells.numbers(columns).tolist()
    except BadInput as bad:
        return nothing, bad.problems
    return [row[0] for row in numbers] if alone else numbers, []


def _missing(cells: Cells, columns: list[str], where: str) -> Iterator[str]:
    twice = repeated(cells.names)
    for name in columns:
        if name not in cells.names:
            there = f"a column of {cells.path}{hint(name, cells.names)}"
            yield f"{where}: got {name!r}, expected {there}"
        elif name in twice:
            yield f"{where}: got {name!r}, which {cells.path} has twice"
