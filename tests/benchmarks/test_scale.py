"""What must not grow with the number of runs: the memory of a worker, and of the driver."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from unittest.mock import patch

import psutil

from models import jit
from pipeline import batch, execute
from pipeline.cluster import Resources, connect
from pipeline.progress import Scoreboard
from pipeline.store import Provenance, prepare_store
from pipeline.task import Job, fly_and_write
from tests.benchmarks import noop, synthetic

BATCHES = 60


def resident() -> float:
    """Bytes that this process holds."""
    return float(psutil.Process().memory_info().rss)


def test_worker__holds_no_more_after_many_batches(tmp_path: Path) -> None:
    store = synthetic.empty_store(tmp_path / "store.zarr", 256 * 2 * BATCHES)
    job = Job(synthetic.campaign(256 * 2 * BATCHES).canonical(), synthetic.FLY_BATCH)
    for index in range(BATCHES // 4):  # what Python and the allocator keep anyway
        fly_and_write(store, job, index)
    before = resident()
    for index in range(BATCHES // 4, BATCHES):
        fly_and_write(store, job, index)
    rows = 8 * 256 * (len(store.layout.input_names) + len(store.layout.metric_names))
    # Rows kept would be three quarters of all that was written; a fifth is far below that, and
    # above what allocators hold back
    assert resident() - before < 0.2 * rows * BATCHES


def test_driver__keeps_nothing_of_a_batch_that_has_landed(tmp_path: Path) -> None:
    asked = synthetic.campaign(256 * 500)
    canonical = asked.canonical()
    provenance = Provenance(canonical, jit.PHYSICS_DIGEST, jit.TARGET)
    store = prepare_store(tmp_path / "store.zarr", batch.layout(asked, 256), provenance)
    job = Job(canonical)
    with (
        connect(Resources(workers=2)) as client,
        execute._ordered(client, store, job) as orders,
        patch.object(execute, "fly_ordered", noop.fly_ordered),
    ):
        scoreboard = Scoreboard(store.layout, lambda progress: None)
        no_stop = (execute._Interrupts(), scoreboard, lambda batch: False)
        flight = execute._Flight(client, store, job, orders, *no_stop)
        flight._fly_window(deque(range(100)))
        before = resident()
        flight._fly_window(deque(range(100, 500)))
        # A campaign kept for each would be its length or more; Dask keeps a few thousand bytes of
        # each for its dashboard, a tenth of that, up to a limit of its own
        assert (resident() - before) / 400 < 0.5 * len(canonical)
