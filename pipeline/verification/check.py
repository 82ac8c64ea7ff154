"""What a verification case says: rows of what was found against what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """One quantity of a case."""

    quantity: str
    unit: str  # of error and tolerance; 1 for a share of what is expected, or none
    error: float  # largest magnitude
    tolerance: float
    why: str  # where the tolerance comes from


class Case(NamedTuple):
    """A flight, or a few, and what an outside source knows of them."""

    name: str
    source: str  # of the figures
    rows: Callable[[], Iterator[Row]]


class Check(NamedTuple):
    """A row with its case."""

    case: str
    source: str
    quantity: str
    unit: str
    error: float
    tolerance: float
    why: str

    @property
    def holds(self) -> bool:
        """Whether the error is within tolerance; never where it is not a number."""
        return self.error <= self.tolerance


def checks_of(case: Case) -> list[Check]:
    """Fly a case: its checks."""
    return [Check(case.name, case.source, *row) for row in case.rows()]


def apart(found: Any, expected: Any) -> float:
    """Largest distance between numbers found and expected; NaN where one is not a number."""
    return float(np.max(np.abs(np.asarray(found, float) - np.asarray(expected, float))))


def relative(found: Any, expected: Any) -> float:
    """Largest distance as a share of what is expected."""
    return apart(np.asarray(found, float) / np.asarray(expected, float), 1.0)


def truncation(rate_radps: float, step_s: float, time_s: float) -> float:
    """What classic Runge-Kutta leaves of motion at a rate: (w h)^4 / 120 of w t, relative.

    A step takes the series of e^(i w h) to its fourth order; the fifth is (w h)^5 / 120.
    """
    return (rate_radps * step_s) ** 4 / 120.0 * rate_radps * time_s


def rounding(steps: int, size: float = 1.0) -> float:
    """What so many steps may round, all the same way, of sums of a size."""
    return steps * float(np.finfo(np.float64).eps) * size
