"""What Dask costs a batch: batches that fly nothing, on 1 to 16 workers.

Also how the memory of driver and workers grows with the number of batches.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import psutil

from models import jit
from pipeline import batch, execute
from pipeline.cluster import connect, read_resources
from pipeline.config import load_campaign
from pipeline.progress import Scoreboard
from pipeline.store import Provenance, prepare_store
from pipeline.task import Job
from tests.benchmarks import noop
from tests.benchmarks.page import Result, Table, publish

WORKERS = (1, 2, 4, 8, 16)
BATCHES = 300
REPEATS = 3


class Cost(NamedTuple):
    """Of one batch, s; of one process, MB."""

    wall_s: float
    driver_s: float  # of a core: scheduler, client, and what feeds them
    worker_s: float  # of a core, on the worker that took it
    driver_mb: float
    worker_mb: float


def main() -> None:
    """Measure, fit, publish."""
    costs = {n: measured(n, BATCHES, REPEATS) for n in WORKERS}
    slope, fixed = np.polyfit(WORKERS, [costs[n].driver_s for n in WORKERS], 1)
    rows = [
        [
            n,
            1.0 / c.wall_s,
            *(1e3 * s for s in (c.wall_s, c.driver_s, c.worker_s)),
            c.driver_mb,
            c.worker_mb,
        ]
        for n, c in costs.items()
    ]
    columns = [
        "workers", "batches a second", "ms a batch", "CPU ms a batch, driver with scheduler",
        "CPU ms a batch, worker", "MB, driver", "MB, largest worker",
    ]  # fmt: skip
    facts = {
        "driver, CPU ms a batch, fixed": 1e3 * float(fixed),
        "driver, CPU ms a batch, for each worker more": 1e3 * float(slope),
        "batches": BATCHES,
        "repeats": REPEATS,
    }
    publish(
        "scheduler",
        Result("Dask, batches that fly nothing", __doc__ or "", facts, [Table(columns, rows)]),
    )


def measured(workers: int, batches: int, repeats: int) -> Cost:
    """Medians over repeats on a cluster of so many workers of one thread."""
    asked = load_campaign("campaigns/hop_178m.yaml").with_runs(256 * batches)
    canonical = asked.canonical()
    provenance = Provenance(canonical, jit.PHYSICS_DIGEST, jit.TARGET)
    resources = read_resources().model_copy(update={"workers": workers})
    with TemporaryDirectory() as folder, connect(resources) as client:
        store = prepare_store(Path(folder, "empty.zarr"), batch.layout(asked, 256), provenance)
        processes = [psutil.Process(pid) for pid in client.run(_pid).values()]
        job = Job(canonical)
        with (
            execute._ordered(client, store, job) as orders,
            patch.object(execute, "fly_ordered", noop.fly_ordered),
        ):
            scoreboard = Scoreboard(store.layout, lambda progress: None)
            no_stop = (execute._Interrupts(), scoreboard, lambda batch: False)
            flight = execute._Flight(client, store, job, orders, *no_stop)
            flight._fly_window(deque(range(8 * workers)))  # each has seen one
            found = [_once(flight, batches, processes) for _ in range(repeats)]
    return Cost(*(median(values) for values in zip(*found, strict=True)))


def _pid() -> int:
    return psutil.Process().pid


def _once(flight: execute._Flight, batches: int, workers: list[psutil.Process]) -> Cost:
    driver = psutil.Process()

    def spent() -> tuple[float, float]:
        return _cpu_s(driver), sum(_cpu_s(worker) for worker in workers)

    before, began = spent(), perf_counter()
    flight._fly_window(deque(range(batches)))
    wall_s, after = perf_counter() - began, spent()
    of_driver, of_workers = ((a - b) / batches for a, b in zip(after, before, strict=True))
    largest = max(worker.memory_info().rss for worker in workers)
    return Cost(
        wall_s / batches, of_driver, of_workers, driver.memory_info().rss / 1e6, largest / 1e6
    )


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


if __name__ == "__main__":
    main()
