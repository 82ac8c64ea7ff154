"""CSV files beside a campaign: a line of names, rows of cells; lines in # are notes for people."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import BadInput

MOST_ROWS = 20_000  # of a file: its text is a part of the campaign's, which goes with every batch


class Cells(NamedTuple):
    """What a file holds, as text; lines are counted as people do, from 1."""

    path: Path
    line: int  # of the names
    names: list[str]
    rows: list[tuple[int, list[str]]]  # line and cells

    def numbers(self, columns: Sequence[str]) -> NDArray[np.float64]:
        """The columns `(row, column)` of those names, which must be there, as finite numbers.

        Raises BadInput with every cell that is none, and every row of another length.
        """
        places = [self.names.index(column) for column in columns]
        values = np.empty((len(self.rows), len(columns)))
        problems = []
        for row, (line, cells) in zip(values, self.rows, strict=True):
            if len(cells) != len(self.names):
                expected = f"expected {len(self.names)}"
                problems.append(f"line {line}: got {len(cells)} values, {expected}")
                continue
            row[:] = [_number(cells[place]) for place in places]
            problems += [
                f"line {line}: {self.names[place]}: got {cells[place]!r}, expected a finite number"
                for place, value in zip(places, row, strict=True)
                if not isfinite(value)
            ]
        if problems:
            raise BadInput(f"{self.path}: {problem}" for problem in problems)
        return values


def read_cells(path: Path, wanted: str) -> Cells:
    """The cells of a CSV file. wanted: its columns in words. BadInput if it cannot be read as one.

    A name that stands there twice is left to whoever wants it: `repeated` finds it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a CSV file: {error}") from error
    lines = [
        (number, [cell.strip() for cell in next(csv.reader([line]))])
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(lines) < 2:
        raise BadInput(f"{path}: got no rows, expected a line of names, {wanted}, and rows of them")
    if len(lines) - 1 > MOST_ROWS:
        raise BadInput(f"{path}: got {len(lines) - 1:,} rows, expected at most {MOST_ROWS:,}")
    (line, names), *rows = lines
    return Cells(path, line, names, rows)


def repeated(names: Sequence[str]) -> list[str]:
    """The names that stand there more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return nan
