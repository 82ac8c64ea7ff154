"""Wind tables: mean wind over height, one profile or an ensemble, and the CSV files that hold them.

    # whose wind this is
    member,height_m,east_mps,north_mps
    0,10,3.1,-0.4
    0,200,5.0,-1.2
    1,10,...

Height over ground, wind towards east and north. The profiles stand one after the other, numbered
from 0, each from the lowest level up and all with as many levels; a file of one profile needs no
column `member`. Lines that begin with # are for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from pipeline.csv_file import read_cells, repeated
from pipeline.errors import BadInput
from pipeline.laws import Floats, Number
from pipeline.records import Strict

Column = tuple[Number, ...]

LAW_OF_WIND = ("speed_mps", "from_deg", "exponent", "roughness_m", "veer_degpm")
"""Keys of a campaign's section `wind` that a profile by a law needs, and that a table replaces."""
_COLUMNS = ("height_m", "east_mps", "north_mps")
_MEMBER = "member"


class WindTable(Strict):
    """Mean wind over height, linear between rows and held beyond them."""

    height_m: Annotated[Column, Field(min_length=2)]
    east_mps: Column
    north_mps: Column


class _Row(NamedTuple):
    """One line of a file."""

    line: int
    member: float
    height_m: float
    east_mps: float
    north_mps: float


def as_array(tables: tuple[WindTable, ...]) -> Floats:
    """Profiles as the kernel takes them: (member, level, 3), height m, east and north m/s."""
    profiles = [np.column_stack([t.height_m, t.east_mps, t.north_mps]) for t in tables]
    return np.ascontiguousarray(profiles, np.float64)


def wind_at(tables: tuple[WindTable, ...], height_m: float) -> tuple[Floats, Floats]:
    """East and north wind (member,), m/s, that the profiles have at one height."""
    east = [np.interp(height_m, table.height_m, table.east_mps) for table in tables]
    north = [np.interp(height_m, table.height_m, table.north_mps) for table in tables]
    return np.array(east), np.array(north)


def read_winds(path: Path) -> tuple[WindTable, ...]:
    """The profiles in a CSV file, by member. BadInput lists every mistake with its line."""
    wanted = f"{', '.join(_COLUMNS)}, and {_MEMBER} where there are several profiles"
    cells = read_cells(path, wanted)
    names = cells.names
    if sorted(set(names) - {_MEMBER}) != sorted(_COLUMNS) or repeated(names):
        raise BadInput(
            f"{path}: line {cells.line}: got columns {', '.join(names)}, expected {wanted}"
        )
    rows = [
        _Row(line, **({_MEMBER: 0.0} | dict(zip(names, values, strict=True))))
        for (line, _), values in zip(cells.rows, cells.numbers(names).tolist(), strict=True)
    ]
    if problems := list(_disorder(rows)) or list(_uneven(rows)):
        raise BadInput(f"{path}: {problem}" for problem in problems)
    return tuple(_profile(list(mine)) for _, mine in groupby(rows, key=lambda row: row.member))


def _disorder(rows: list[_Row]) -> Iterator[str]:
    """Members that are not 0, 1, 2 and so on one after the other; heights that do not rise."""
    if rows[0].member != 0.0:
        yield f"line {rows[0].line}: member: got {rows[0].member:g}, expected 0, the first"
    for below, row in zip(rows, rows[1:], strict=False):
        if row.member == below.member:
            if row.height_m <= below.height_m:
                yield (
                    f"line {row.line}: height_m: got {row.height_m:g}, expected more than "
                    f"{below.height_m:g}, the level below"
                )
        elif row.member != below.member + 1.0:
            yield (
                f"line {row.line}: member: got {row.member:g}, expected {below.member:g} or "
                f"{below.member + 1.0:g}: members stand one after the other"
            )


def _uneven(rows: list[_Row]) -> Iterator[str]:
    """Profiles with another number of levels than the first, or with one."""
    levels = Counter(row.member for row in rows)
    first = levels[rows[0].member]
    if first < 2:
        yield f"member {rows[0].member:g}: got {first} level, expected 2 or more"
    for member, found in levels.items():
        if found != first:
            yield (
                f"member {member:g}: got {found} levels, expected {first}, "
                f"as many as member {rows[0].member:g}"
            )


def _profile(rows: list[_Row]) -> WindTable:
    return WindTable(
        height_m=tuple(row.height_m for row in rows),
        east_mps=tuple(row.east_mps for row in rows),
        north_mps=tuple(row.north_mps for row in rows),
    )
