"""How files spell what the models name: degrees for radians, and hints for a wrong name.

The only place where degrees become radians. `slope_deg` in a file is `slope_rad` inside, `_dps` is
`_radps`, `_degpm` is `_radpm`; every other name is the same on both sides, so there is no table.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from math import pi
from typing import TypeVar

import numpy as np

from pipeline.units import unit_of

_DEGREES = {"_rad": "_deg", "_radps": "_dps", "_radpm": "_degpm"}
_ANGULAR_FREQUENCY = "_frequency_radps"  # of an oscillation: rad/s in files, too

Value = TypeVar("Value", float, np.ndarray)


def in_file(name: str) -> str:
    """The name a file uses for the models' `name`."""
    if name.endswith(_ANGULAR_FREQUENCY):
        return name
    return _respelt(name, _DEGREES)


def inside(name: str) -> str:
    """The models' name for what a file calls `name`."""
    return _respelt(name, {written: kept for kept, written in _DEGREES.items()})


def to_si(name: str, value: Value) -> Value:
    """A number a file gives under `name`, in SI and radians."""
    return value if inside(name) == name else value * (pi / 180.0)


def _respelt(name: str, endings: dict[str, str]) -> str:
    stem, _, last = name.rpartition("_")
    ending = endings.get(f"_{last}")
    return f"{stem}{ending}" if ending else name


def near(name: str, known: Collection[str]) -> list[str]:
    """Names that `name` may have been meant to be, likeliest first."""
    if in_file(name) in known:
        return [in_file(name)]
    return _with_unit(name, known) or get_close_matches(name, known, n=3)


def hint(name: str, known: Collection[str]) -> str:
    """What to say after an unknown `name`: `did you mean ...`, or nothing if nothing is near."""
    if in_file(name) in known:
        return f", did you mean {in_file(name)} (degrees in files)?"
    if complete := _with_unit(name, known):
        return f", did you mean {' or '.join(complete)} (unit missing)?"
    close = get_close_matches(name, known, n=3)
    return f", did you mean {' or '.join(close)}?" if close else ""


def _with_unit(name: str, known: Collection[str]) -> list[str]:
    """The known names that are `name` and a unit."""
    return [k for k in known if k.startswith(f"{name}_") and _is_unit(k.removeprefix(f"{name}_"))]


def _is_unit(ending: str) -> bool:
    try:
        return unit_of(f"x_{ending}") != "1"
    except ValueError:
        return False
