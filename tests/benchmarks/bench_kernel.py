"""Speed of the kernel on the reference hop, all models on: writes README.md and kernel.json here.

Runs per second and core over at least twenty full blocks, compile excluded; time to compile and to
find the kernel in the cache; nanoseconds per run and call of each part of a control tick and of
each integration step; share of the lanes that had something to fly. Medians of several repeats: the
machine may be shared, so read the parts as shares of one another.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from models import block, lane_loops, lanes
from models.flight import TICK_S
from models.jit import PHYSICS_DIGEST, TARGET
from models.outcomes import Outcome
from models.rows import LANES, flatten
from pipeline import batch, build, kernel
from pipeline.config import load_campaign

BLOCKS = 24
REPEATS = 5
CALLS = 2000  # of one part, to time it
TICKS = 500  # flown before a part is timed: 10 s, in the ascent

WARM_UP = (
    "from time import perf_counter; from pipeline import kernel; t = perf_counter(); "
    "kernel.warm_up(); print(perf_counter() - t)"
)


def main() -> None:
    """Measure, print the table, write the JSON."""
    campaign = load_campaign("campaigns/hop_178m.yaml")
    setup = build.setup(campaign)
    kernel.warm_up()
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "physics_digest": PHYSICS_DIGEST,
        "target": TARGET,
        **_start_up(),
        **_flights(campaign, setup),
        "ns_per_run": _parts(campaign, setup),
    }
    page = _page(result)
    print(page)
    here = Path(__file__).parent
    (here / "README.md").write_text(page)
    (here / "kernel.json").write_text(json.dumps(result, indent=2) + "\n")


def _page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    about = (__doc__ or "").strip().split("\n\n", 1)[1]
    rows = [f"| {name} | {value} |" for name, value in result.items() if name != "ns_per_run"]
    parts = [f"| {name} | {value:.1f} |" for name, value in result["ns_per_run"].items()]
    return "\n".join(
        [
            "# Speed of the kernel",
            "",
            f"Written by `make bench`. {about}",
            "",
            *("| what | value |", "|---|---|", *rows, ""),
            *("| part | ns per run and call |", "|---|---|", *parts, ""),
        ]
    )


def _processor() -> str:
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
        "integration_steps_per_s": round(steps / seconds),
        "ns_per_control_tick": round(seconds / ticks * 1e9, 1),
        "flight_s_per_run": round(effort[0] / n * TICK_S, 2),
        "contact_s_per_run": round(effort[2] / n * TICK_S, 2),
        "lanes_busy_in_flight": round(effort[0] / effort[1], 3),
        "lanes_busy_in_contact": round(effort[2] / effort[3], 3),
    }


def _parts(campaign: Any, setup: Any) -> dict[str, float]:
    """Nanoseconds per run of each part, on a block that has flown into its ascent."""
    runs = build.cases(campaign, setup.design, build.draws(campaign, 0, LANES), 0, LANES)
    buffer, legs = np.zeros(block.BUFFER_SIZE), np.zeros(block.LEGS_SIZE)
    lanes.fill(buffer, legs, *_rows(runs))
    shared, tables, n_legs = setup.shared, setup.tables, setup.n_legs
    lanes.start(buffer, shared, legs, n_legs)
    step = TICK_S / campaign.steps.flight
    for _ in range(TICKS):
        lanes.tick(buffer, shared, tables, legs, n_legs)
        for k in range(campaign.steps.flight):
            lane_loops.fly_step(buffer, k * step, step)
    parts: dict[str, Callable[[], Any]] = {
        "look-up": lambda: lane_loops.look_up(buffer, tables),
        "air and mass": lambda: lane_loops.air_and_mass(buffer),
        "inertial navigation": lambda: lane_loops.navigate(buffer, shared),
        "aiding (every 5th tick)": lambda: lane_loops.aid(buffer, shared),
        "contact sensing": lambda: lane_loops.feel(buffer, shared, legs, n_legs),
        "guidance and control": lambda: lane_loops.control(buffer, shared),
        "finite watch (twice)": lambda: lane_loops.watch(buffer, legs, n_legs),
        "book-keeping": lambda: lane_loops.keep_log(buffer, shared),
        "one derivative": lambda: lane_loops.rates(buffer, 0.0),
        "flight step (RK4)": lambda: lane_loops.fly_step(buffer, 0.0, 0.0),
        "contact step (RK4)": lambda: lane_loops.contact_step(buffer, legs, n_legs, 0.0, 1e-12),
    }
    return {name: round(_nanoseconds(buffer, part), 1) for name, part in parts.items()}


def _rows(runs: Any) -> tuple[np.ndarray, np.ndarray]:
    """One block's case and leg rows."""
    cases = batch._blocks(flatten(runs.case), LANES)[0]
    no_legs = batch._no_legs(lanes.MAX_LEGS - len(runs.legs))
    return cases, batch._blocks(flatten(tuple(runs.legs)) + no_legs, LANES)[0]


def _nanoseconds(buffer: np.ndarray, part: Callable[[], Any]) -> float:
    """Median time of a part, ns per run and call; the block is put back as it was."""
    kept, times = buffer.copy(), []
    part()
    for _ in range(REPEATS):
        began = perf_counter()
        for _ in range(CALLS):
            part()
        times.append(perf_counter() - began)
        buffer[:] = kept
    return median(times) / CALLS / LANES * 1e9


if __name__ == "__main__":
    main()
