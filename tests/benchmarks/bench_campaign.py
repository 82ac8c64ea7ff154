"""Where the time of a campaign goes: `hoverslam run` and then `hoverslam report`, as two commands.

The reference campaign from command to report, the kernel found compiled. Kernel time is the time
inside the compiled kernel, summed over batches and divided by the workers, as the store keeps it.
The rows of the flight are means over the workers; Dask is what is left of it. The second column is
of the process that a stage waits for, so its sum is about what a machine without others takes.
Then the speed-up of two workers over one, beside that of two bare processes that do nothing but
call the kernel.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, time
from typing import Any

import xarray as xr

from pipeline import kernel
from pipeline.config import load_campaign
from tests.benchmarks.page import Result, Table, publish

CAMPAIGN = "campaigns/hop_178m.yaml"
RUNS = 10_000
REPEATS = 3
PAIRS = 5  # of sessions with one and with two, of twice as many runs
PAIR_RUNS = RUNS

KERNEL = "flight: kernel"
TAKE_OFF = "of these, until workers are ready"

Seconds = dict[str, float]
Stages = dict[str, tuple[float, float]]

# Calls the kernel once to have it loaded, says so, waits for its turn, flies; nothing else.
_BARE = """
import sys
from pipeline import batch, build
campaign, shared = batch.prepared(sys.argv[2])
n = int(sys.argv[1])
runs = build.cases(campaign, shared.design, build.draws(campaign, 0, n), 0, n)
nominal = build.nominal(campaign)[1]
batch.fly(shared, *nominal, 0, 1)
print("ready", flush=True)
sys.stdin.readline()
print(batch.fly(shared, *runs, 0, 1)[2])
"""


def main() -> None:
    """Measure, publish."""
    kernel.compile_once()
    flown = [measured(RUNS, 2) for _ in range(REPEATS)]
    rows = [
        [stage, median(one[stage][0] for one in flown), median(one[stage][1] for one in flown)]
        for stage in flown[0]
    ]
    seconds = {stage: wall for stage, wall, _ in rows}
    facts = {
        "runs": RUNS,
        "repeats": REPEATS,
        "from command to report, s": seconds["whole"],
        "kernel time, s": seconds[KERNEL],
        "allowed, 1.5 x kernel time + 10 s": 1.5 * seconds[KERNEL] + 10.0,
        "the stages' CPU time, s": sum(c for name, _, c in rows if name not in ("whole", TAKE_OFF)),
    }
    table = Table(["stage", "s", "CPU s"], rows)
    for more in (dict, speed_ups):  # the first table stands even if the flights after it do not
        facts |= more()
        publish("campaign", Result("Campaign of 10,000 runs", __doc__ or "", facts, [table]))


def measured(runs: int, workers: int) -> Stages:
    """Seconds by stage of one campaign, run and report: the clock's and those of a core."""
    with TemporaryDirectory() as folder:
        store = Path(folder, "store.zarr")
        out = ("--runs", str(runs), "--out", str(store))
        run, run_s = _traced(folder, workers, "run", CAMPAIGN, *out)
        report, report_s = _traced(folder, workers, "report", str(store))
        with xr.open_zarr(store) as dataset:
            kernel_s = float(dataset["batch_kernel_s"].sum()) / workers

    def of(times: Seconds, *names: str, share: float = 1.0) -> tuple[float, float]:
        return (
            sum(times.get(name, 0.0) for name in names) * share,
            sum(times.get(f"cpu {name}", 0.0) for name in names) * share,
        )

    def less(whole: tuple[float, float], *parts: tuple[float, float]) -> tuple[float, float]:
        return whole[0] - sum(p[0] for p in parts), whole[1] - sum(p[1] for p in parts)

    batch, write = (of(run, name, share=1.0 / workers) for name in ("batch", "write"))
    start, fly, flight = of(run, "python", "imports"), of(run, "fly"), of(run, "flight")
    before = ("load_campaign", "prepare_store", "compile_once")
    around = [of(run, *before), *(of(run, n) for n in ("cluster start", "cluster stop", "finish"))]
    first = of(report, "python", "imports")
    shown = [of(report, n) for n in ("summarise", "check_inputs")]
    drawn = of(report, "drawings", "_embedded")
    return {
        "start: Python and imports": start,
        "campaign read, store created, kernel found": around[0],
        "workers started": around[1],
        KERNEL: (kernel_s, batch[1] * kernel_s / batch[0]),
        "flight: draws, cases, rows": (batch[0] - kernel_s, batch[1] * (1.0 - kernel_s / batch[0])),
        "flight: store written": write,
        "flight: Dask, and waiting for the last": (flight[0] - batch[0] - write[0], flight[1]),
        "workers stopped": around[2],
        "store finished": around[3],
        "run: rest": less(fly, flight, *around),
        "summary, with what it imports": less((run_s, run["cpu whole"]), start, fly),
        "report: Python and imports": first,
        "report: summary": shown[0],
        "report: inputs checked": shown[1],
        "report: drawings": drawn,
        "report: rest": less((report_s, report["cpu whole"]), first, *shown, drawn),
        "whole": (run_s + report_s, run["cpu whole"] + report["cpu whole"]),
        TAKE_OFF: (run["ready after"], run["ready after"]),
    }


def _traced(folder: str, workers: int, *arguments: str) -> tuple[Seconds, float]:
    times = Path(folder, "times.json")
    command = [sys.executable, "-m", "tests.benchmarks.traced", str(times), *arguments]
    began = time()
    more = {"BEGAN": repr(began), "DASK_HOVERSLAM__WORKERS": str(workers)}
    subprocess.run(command, env={**os.environ, **more}, capture_output=True, check=True)
    spent = time() - began
    return json.loads(times.read_text()), spent


def speed_ups() -> dict[str, Any]:
    """Speed-up of two bare processes and of two workers, one after the other; medians."""
    bare, flown = [], []
    for _ in range(PAIRS):
        alone, one = _bare(1), _flight(1)
        both, two = _bare(2), _flight(2)
        bare.append(2.0 * alone / both)
        flown.append(one / two)
    ratios = [a / b for a, b in zip(flown, bare, strict=True)]
    return {
        "speed-up of two bare processes": median(bare),
        "speed-up of two workers": median(flown),
        "of the former, the latter": median(ratios),
        "in each of the pairs": ", ".join(f"{ratio:.2f}" for ratio in ratios),
    }


def _bare(processes: int) -> float:
    """Seconds that processes side by side take in the kernel for PAIR_RUNS each."""
    text = load_campaign(CAMPAIGN).canonical()
    command = [sys.executable, "-c", _BARE, str(PAIR_RUNS), text]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()
    began = perf_counter()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in started:
        one.wait()
    return perf_counter() - began


def _flight(workers: int) -> float:
    """Seconds from the first take-off to the last landing of 2 x PAIR_RUNS on so many workers."""
    with TemporaryDirectory() as folder:
        out = ("--out", str(Path(folder, "store.zarr")))
        run, _ = _traced(folder, workers, "run", CAMPAIGN, "--runs", str(2 * PAIR_RUNS), *out)
    return run["flight"]


if __name__ == "__main__":
    main()
