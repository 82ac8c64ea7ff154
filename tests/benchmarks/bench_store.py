"""What a store costs: a batch written, a store finished, a metric read.

Rows of the reference campaign with synthetic metrics. CPU seconds are those of one core, and
steadier than the wall's on a machine that others use.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from pipeline.store import finish, open_store, pending_batches
from tests.benchmarks import synthetic
from tests.benchmarks.page import Result, Table, publish

SIZES = (10_000, 100_000)
REPEATS = 3


def main() -> None:
    """Measure, publish."""
    rows = [measured(n_runs) for n_runs in SIZES]
    layout = synthetic.empty_layout(SIZES[0])
    columns = [*rows[0]]
    facts = {
        "values a run": len(layout.input_names) + len(layout.metric_names),
        "runs a batch": layout.batch_runs,
        "repeats": REPEATS,
    }
    table = Table(columns, [[row[name] for name in columns] for row in rows])
    publish("store", Result("Store", __doc__ or "", facts, [table]))


def measured(n_runs: int) -> dict[str, Any]:
    """Costs of a store of so many runs, medians."""
    found = [_once(n_runs) for _ in range(REPEATS)]
    return {"runs": n_runs} | {name: median(one[name] for one in found) for name in found[0]}


def _once(n_runs: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "store.zarr")
        store, text = synthetic.empty_store(path, n_runs), synthetic.campaign(n_runs).canonical()
        writes = []
        for index in range(store.layout.n_batches):
            rows = synthetic.fly_batch(text, *store.layout.runs_of(index))
            began = process_time()
            synthetic.write(store, index, rows)
            writes.append(process_time() - began)
        wall, cpu, pending = perf_counter(), process_time(), len(pending_batches(store))
        if pending:
            raise RuntimeError(f"{pending} batches are missing")
        listed = process_time() - cpu
        cpu = process_time()
        finish(store)
        finished_s, finished_cpu = perf_counter() - wall, process_time() - cpu
        megabytes = sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 1e6
        cpu, dataset = process_time(), open_store(path)
        opened = process_time() - cpu
        cpu, values = process_time(), dataset["touchdown_speed_mps"].to_numpy()
        read = process_time() - cpu
    return {
        "write a batch, CPU ms": 1e3 * median(writes),
        "list the batches, CPU ms": 1e3 * listed,
        "finish, s": finished_s,
        "finish, CPU s": finished_cpu,
        "finished, bytes a run": 1e6 * megabytes / n_runs,
        "open, CPU ms": 1e3 * opened,
        "read a metric, CPU ns a run": 1e9 * read / values.size,
    }


if __name__ == "__main__":
    main()
