"""What one task does on a worker: fly a batch, write its rows and commit mark, return counts.

Knows no Dask. No row travels through the scheduler.
"""

from __future__ import annotations

import os
import pkgutil
from typing import NamedTuple

import numpy as np

from pipeline.store import Batch, BatchRecord, BatchStatus, Store, write_batch


class Job(NamedTuple):
    """What to fly: the campaign and, as `module:function`, what flies and judges it."""

    campaign: str  # canonical JSON, handed to both
    fly_batch: str = "pipeline.batch:fly_batch"  # (campaign, start, stop) -> Batch
    count_successes: str = "pipeline.requirements:count_successes"  # (campaign, metrics) -> int


class Tally(NamedTuple):
    """What is counted of a batch."""

    runs: int
    successes: int
    outcomes: dict[int, int]  # runs by outcome code


ORDERS: dict[str, tuple[Store, Job]] = {}
"""By name, what batches of a flight are flown by: told each worker once, not with every batch."""


def fly_ordered(orders: str, batch: int) -> Tally:
    """Fly one batch by orders that this worker has been told."""
    return fly_and_write(*ORDERS[orders], batch)


def fly_and_write(store: Store, job: Job, batch: int) -> Tally:
    """Fly one batch into the store, whose chunks of it nobody else writes."""
    rows = fly_rows(job, *store.layout.runs_of(batch))
    worker = f"{os.uname().nodename}/{os.getpid()}"
    write_batch(store, batch, rows, BatchRecord(BatchStatus.COMMITTED, rows.kernel_s, worker))
    return tally(store, job, rows.metrics)


def fly_rows(job: Job, start: int, stop: int) -> Batch:
    """Rows of runs start .. stop - 1."""
    rows: Batch = pkgutil.resolve_name(job.fly_batch)(job.campaign, start, stop)
    return rows


def tally(store: Store, job: Job, metrics: np.ndarray) -> Tally:
    """Counts over metrics (run, metric)."""
    outcome = metrics[:, store.layout.metric_names.index("outcome")].astype(int)
    codes, counts = np.unique(outcome, return_counts=True)
    return Tally(
        runs=len(metrics),
        successes=int(pkgutil.resolve_name(job.count_successes)(job.campaign, metrics)),
        outcomes=dict(zip(codes.tolist(), counts.tolist(), strict=True)),
    )
