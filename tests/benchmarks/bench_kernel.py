"""Speed of the kernel on the reference hop, all models on: writes kernel.json here.

Runs per second and core over 64 full blocks, compile excluded; packed instructions against the same
physics one run at a time (scalar.py), interleaved; time to compile and to find the kernel in the
cache; nanoseconds of each part of a tick and of each integration step; arithmetic done against the
core's multiply-add peak of AVX2 in the same run. What is missing to the peak goes to moves between
memory and registers most of all: a lane's record of a tick is ten times what sixteen registers
hold. Medians of several repeats: read the parts as shares. The last table, of an earlier kernel of
570 runs per second, is kept to compare with and not measured again.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

import numpy as np

from models.flight import TICK_S
from models.jit import PHYSICS_DIGEST, TARGET, entry
from models.lanes import LANES
from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build, kernel
from pipeline.config import load_campaign
from tests.benchmarks import parts, scalar

BLOCKS = 64
SCALAR_RUNS = 320
REPEATS = 5
HERE = Path(__file__).parent

# The same parts on the same machine with the physics of commit bcf11d3, before the kernel was made
# faster (570 runs per second and core): turbulence and mass were in "air", the watch ran twice
BEFORE = {
    "look-up": 5.2,
    "air": 57.1,
    "inertial navigation": 32.3,
    "aiding (every 5th tick)": 56.2,
    "contact sensing": 11.2,
    "guidance and control": 29.3,
    "finite watch": 57.7,
    "book-keeping": 15.9,
    "one derivative": 15.3,
    "flight step (RK4)": 93.5,
    "contact step (RK4)": 192.6,
}

WARM_UP = (
    "from time import perf_counter; from pipeline import kernel; t = perf_counter(); "
    "kernel.warm_up(); print(perf_counter() - t)"
)


def main() -> None:
    """Measure, print, write the JSON."""
    campaign = load_campaign("campaigns/hop_178m.yaml")
    setup = build.setup(campaign)
    kernel.warm_up()
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {processor()}",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "physics_digest": PHYSICS_DIGEST,
        "target": TARGET,
        **_start_up(),
        **_flights(campaign, setup),
        **lanes_against_scalar(campaign, setup, SCALAR_RUNS, REPEATS),
    }
    result |= parts.measured(campaign, setup, peak_gflops())
    result["ns_per_run_before_the_slow_clocks"] = BEFORE
    print(json.dumps(result, indent=2))
    (HERE / "kernel.json").write_text(json.dumps(result, indent=2) + "\n")


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _start_up() -> dict[str, float]:
    """Seconds to compile from nothing, and to find the kernel in the cache."""

    def seconds(**environment: str) -> float:
        command = [sys.executable, "-c", WARM_UP]
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
        )
        return round(float(done.stdout), 2)

    with tempfile.TemporaryDirectory() as empty:
        cold = seconds(XDG_CACHE_HOME=empty)
    return {"compile_s": cold, "from_cache_s": median(seconds() for _ in range(3))}


def _flights(campaign: Any, setup: Any) -> dict[str, Any]:
    """Runs per second and core, outcomes, and the share of lanes with something to fly."""
    n = BLOCKS * LANES
    runs = build.cases(campaign, setup.design, build.draws(campaign, 0, n), 0, n)
    flown = [batch.fly(setup, *runs, 0, 1) for _ in range(REPEATS)]
    seconds = median(f[2] for f in flown)
    metrics, effort = flown[0][0], flown[0][3]
    codes, counts = np.unique(metrics[:, 0].astype(int), return_counts=True)
    ticks = effort[0] + effort[2]
    steps = effort[0] * campaign.steps.flight + effort[2] * campaign.steps.contact
    return {
        "runs": n,
        "outcomes": {Outcome(c).name: int(k) for c, k in zip(codes, counts, strict=True)},
        "runs_per_s_and_core": round(n / seconds, 1),
        "best_runs_per_s_and_core": round(n / min(f[2] for f in flown), 1),
        "integration_steps_per_s": round(steps / seconds),
        "ns_per_control_tick": round(seconds / ticks * 1e9, 1),
        "flight_s_per_run": round(effort[0] / n * TICK_S, 2),
        "contact_s_per_run": round(effort[2] / n * TICK_S, 2),
        "lanes_busy_in_flight": round(effort[0] / effort[1], 3),
        "lanes_busy_in_contact": round(effort[2] / effort[3], 3),
    }


def lanes_against_scalar(campaign: Any, setup: Any, n: int, repeats: int) -> dict[str, Any]:
    """How much faster the lanes fly n runs than the scalar build, turn about; and do they agree."""
    runs = build.cases(campaign, setup.design, build.draws(campaign, 0, n), 0, n)
    alone = [
        (one(runs.case, k), tuple(one(leg, k) for leg in runs.legs), setup.shared) for k in range(n)
    ]
    rows = np.zeros((n, len(Metrics._fields)))
    scalar.fly_alone(*alone[0], setup.tables.phases, rows[0])
    ratios, slow = [], []
    for _ in range(repeats):
        began = thread_time()
        metrics = batch.fly(setup, *runs, 0, 1)[0]
        between = thread_time()
        for k in range(n):
            scalar.fly_alone(*alone[k], setup.tables.phases, rows[k])
        slow.append(thread_time() - between)
        ratios.append(slow[-1] / (between - began))
    touched = metrics[:, Metrics._fields.index("touchdown_east_m")]
    off = np.abs(rows[:, Metrics._fields.index("touchdown_east_m")] - touched)
    return {
        "scalar_runs_per_s_and_core": round(n / median(slow), 1),
        "lanes_over_scalar": round(median(ratios), 2),
        "lanes_against_scalar_outcomes_that_differ": int(np.sum(rows[:, 0] != metrics[:, 0])),
        "lanes_against_scalar_largest_m_at_touchdown": float(f"{np.nanmax(off):.1e}"),
    }


def one(record: Any, run: int) -> Any:
    """One run's record of plain floats, of one whose leaves are floats or (run,) arrays."""
    if isinstance(record, tuple):
        return type(record)(*(one(part, run) for part in record))
    leaf = np.asarray(record, float)
    return float(leaf[run]) if leaf.ndim else float(leaf)


@entry
def _multiply_add(n, a, b, c):  # type: ignore[no-untyped-def]
    """Twelve chains of multiply-adds, enough to keep both units of a core busy."""
    d, e, f, g, h = a + 1.0, a + 2.0, a + 3.0, a + 4.0, a + 5.0
    i, j, k, m, o, p = a + 6.0, a + 7.0, a + 8.0, a + 9.0, a + 10.0, a + 11.0
    for _ in range(n):
        a, d, e, f = a * b + c, d * b + c, e * b + c, f * b + c
        g, h, i, j = g * b + c, h * b + c, i * b + c, j * b + c
        k, m, o, p = k * b + c, m * b + c, o * b + c, p * b + c
    return a + d + e + f + g + h + i + j + k + m + o + p


def peak_gflops() -> float:
    """The core's peak in packed AVX2 multiply-adds: four times what it does with single numbers."""
    _multiply_add(10, 1.0, 0.999, 0.1)
    times = []
    for _ in range(REPEATS):
        began = thread_time()
        _multiply_add(5_000_000, 1.0, 0.999, 0.1)
        times.append(thread_time() - began)
    return 4 * 2 * 12 * 5e6 / min(times) / 1e9


if __name__ == "__main__":
    main()
