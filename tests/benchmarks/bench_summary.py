"""Summary and report at 10^4, 10^5 and 10^6 runs, each in a process of its own.

Finished stores of the reference campaign with synthetic metrics; imports are not counted, the
largest resident memory is that of the whole process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks import synthetic
from tests.benchmarks.page import Result, Table, publish

SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 3

_ONCE = """
import json, sys
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from pipeline.report import write_report
from pipeline.results import results
store = sys.argv[1]
found = []
for stage in (lambda: results(store), lambda: write_report(store, store + ".html")):
    wall, cpu = perf_counter(), process_time()
    stage()
    found += [perf_counter() - wall, process_time() - cpu, getrusage(RUSAGE_SELF).ru_maxrss / 1e3]
print(json.dumps(found))
"""
COLUMNS = (
    "runs", "summary, s", "summary, CPU s", "summary, MB", "report, s", "report, CPU s",
    "report, MB", "page, MB",
)  # fmt: skip


def main() -> None:
    """Measure, publish."""
    rows = [measured(n_runs, REPEATS) for n_runs in SIZES]
    table = Table(COLUMNS, rows)
    publish("summary", Result("Summary and report", __doc__ or "", {"repeats": REPEATS}, [table]))


def measured(n_runs: int, repeats: int) -> list[float]:
    """One row of the table."""
    with TemporaryDirectory() as folder:
        store = synthetic.finished_store(Path(folder, "store.zarr"), n_runs)
        command = [sys.executable, "-c", _ONCE, str(store)]
        found = [
            json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            for _ in range(repeats)
        ]
        page_mb = Path(f"{store}.html").stat().st_size / 1e6
    return [n_runs, *(median(column) for column in zip(*found, strict=True)), page_mb]


if __name__ == "__main__":
    main()
