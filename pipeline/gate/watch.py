"""Following a flight, to stop it once its plans have decided.

Batches land in any order, and crashes end first: only the runs before the first one missing count,
in run order, so that a verdict depends on nothing but the campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.requirements import Columns
from pipeline.statistics.sequential import Boundary, Stop, walk
from pipeline.store import Store, read_metrics

Mask = NDArray[np.bool_]


class Plan(NamedTuple):
    """A plan to follow, and which of the runs start .. stop - 1 it counts as failures."""

    boundary: Boundary
    failed: Callable[[Columns, int, int], Mask]


class Watch:
    """Is told of each batch that has landed; says whether all that is needed has."""

    def __init__(self, store: Store, plans: Iterable[Plan]) -> None:
        self.store = store
        self.plans = list(plans)
        self.landed: set[int] = set()
        self.counted = 0  # batches, without a gap
        self.failed: list[list[Mask]] = [[] for _ in self.plans]
        self.decided_at: int | None = None

    def __call__(self, batch: int) -> bool:
        self.landed.add(batch)
        before = self.counted
        while self.counted in self.landed:
            self._count(self.counted)
            self.counted += 1
        if self.counted > before:
            self.decided_at = decided_at(
                walk(np.concatenate(failed), plan.boundary)
                for plan, failed in zip(self.plans, self.failed, strict=True)
            )
        return self.decided_at is not None

    def _count(self, batch: int) -> None:
        start, stop = self.store.layout.runs_of(batch)
        rows = read_metrics(self.store, batch)
        columns = dict(zip(self.store.layout.metric_names, rows.T, strict=True))
        for plan, failed in zip(self.plans, self.failed, strict=True):
            failed.append(plan.failed(columns, start, stop))


def decided_at(stops: Iterable[Stop]) -> int | None:
    """Runs after which nothing more is needed: the first plan failed, or the last passed."""
    stops = list(stops)
    if failed := [stop.runs for stop in stops if stop.passed is False]:
        return min(failed)
    return max(stop.runs for stop in stops) if all(stop.passed for stop in stops) else None
