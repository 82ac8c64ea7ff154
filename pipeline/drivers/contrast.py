"""Failed runs against successful ones, input by input, and what of it is noise.

Independent runs are compared as they are. Where a group of runs shares an input, a group is one
draw: then the groups that fail more often than all runs together stand against the others. Of very
many runs the first are looked at: a thousand failures find whatever matters, and with more
successes than twenty times that number the floor would be lower by a fortieth.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.drivers.inputs import Inputs, Rows, Sample
from pipeline.drivers.values import CONTROL, Driver
from pipeline.statistics.drivers import apart_from, chance_of, noise_floor, separation

FEWEST_FAILURES = 20  # with fewer there is more noise than signal: they are listed
MOST_FAILURES, MOST_SUCCESSES = 1_000, 20_000

Mask = NDArray[np.bool_]


class Contrast(NamedTuple):
    """Rows of a dataset to be compared."""

    failed: Rows
    succeeded: Rows

    @property
    def rows(self) -> Rows:
        return np.concatenate([self.failed, self.succeeded])

    @property
    def is_enough(self) -> bool:
        return min(self.failed.size, self.succeeded.size) >= FEWEST_FAILURES


def of_runs(failed: Mask, succeeded: Mask) -> Contrast:
    """Failed against successful runs, by masks `(row,)`."""
    return Contrast(
        np.flatnonzero(failed)[:MOST_FAILURES], np.flatnonzero(succeeded)[:MOST_SUCCESSES]
    )


def of_parts(failed: Mask, succeeded: Mask, part: Rows) -> Contrast:
    """Parts that fail more often than all runs together against the others, by their first rows."""
    rows = np.flatnonzero(failed | succeeded)
    _, first, of_row = np.unique(part[rows], return_index=True, return_inverse=True)
    share = np.bincount(of_row, failed[rows]) / np.bincount(of_row)
    often = share > np.count_nonzero(failed) / max(1, rows.size)
    return Contrast(rows[first[often]], rows[first[~often]])


def compared(
    contrasts: Mapping[str, Contrast], sample: Sample, inputs: Inputs, alpha: float
) -> tuple[Driver, ...]:
    """Each input by its contrast, the largest distance first; alpha is the risk of each."""
    found = [
        _driver(name, contrast, sample, alpha) if contrast.is_enough else _not_compared(name)
        for name, contrast in contrasts.items()
    ]
    found.sort(key=lambda driver: -np.nan_to_num(abs(driver.distance), nan=-1.0))
    strong = [driver.name for driver in found if driver.is_driver and driver.name != CONTROL]
    return tuple(_apart(driver, strong, contrasts, (sample, inputs)) for driver in found)


def _driver(name: str, contrast: Contrast, sample: Sample, alpha: float) -> Driver:
    values = sample.at(name, contrast.failed), sample.at(name, contrast.succeeded)
    floor = noise_floor(contrast.failed.size, contrast.succeeded.size, alpha)
    driver = Driver(name, separation(*values), nan, floor)
    return driver._replace(p_value=chance_of(*values)) if driver.is_driver else driver


def _not_compared(name: str) -> Driver:
    return Driver(name, nan, nan, nan)


def _apart(
    driver: Driver,
    strong: list[str],
    contrasts: Mapping[str, Contrast],
    drawn: tuple[Sample, Inputs],
) -> Driver:
    """A driver with what it has apart from other drivers that it was drawn together with."""
    sample, inputs = drawn
    others = [name for name in strong if name != driver.name]
    leaders = [name for name in others if inputs.related(name, driver.name)]
    if driver.name not in strong or not leaders:
        return driver
    failed, rows = contrasts[driver.name].failed, contrasts[driver.name].rows
    scores = {name: inputs.scores(name, sample.at(name, rows)) for name in (driver.name, *leaders)}
    own = apart_from(scores[driver.name], np.array([scores[name] for name in leaders]))
    apart = separation(own[: failed.size], own[failed.size :])
    return driver._replace(correlated_with=tuple(leaders), own_distance=apart)
