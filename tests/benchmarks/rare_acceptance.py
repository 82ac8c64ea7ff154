"""Do the methods for rare failures keep what their intervals say? Problems with known answers.

`make soak` runs this in some ten minutes and writes rare.json and rare.md here: every problem of
rare_problems.py, by subset simulation and by importance sampling aimed at its failures, with the
sizes that `hoverslam rare` uses, from twenty fresh seeds each; and which of the two it would tell.
Interrupted, it goes on after the last problem that was finished. A short share runs with the tests.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
import scipy

from pipeline.rare import importance, subset
from pipeline.rare.answer import checked
from pipeline.rare.estimate import Estimate
from tests.benchmarks.rare_problems import PROBLEMS, Problem
from tests.benchmarks.rare_record import (
    IMPORTANCE,
    METHODS,
    SEEDS,
    SUBSET,
    TOLD,
    Row,
    accepted,
    page,
    pooled,
    read,
    row,
    write,
)

HERE = Path(__file__).parent
UNFINISHED = HERE.parents[1] / "results" / "rare_acceptance.json"
SEED = 20261122


def estimates(problem: Problem, seed: int) -> dict[str, Estimate]:
    """What each method says from one seed; no importance sampling where it has no aim."""
    random = np.random.default_rng([seed, crc32(problem.name.encode())])
    found = subset.estimate(problem.limit_state, problem.dimension, random)
    said = {SUBSET: found.estimate}
    failures = found.failures
    pilot = importance.Pilot(failures, importance.moved(failures), importance.alike(failures))
    if not importance.obstacle(pilot):
        aimed = importance.aim(pilot, random)
        said[IMPORTANCE] = importance.estimate(problem.limit_state, random, pilot, aimed)
    return said | {TOLD: told(list(said.values()))}


def told(found: Sequence[Estimate]) -> Estimate:
    """The estimate that is told: of those trusted the closest, else the first with its doubts."""
    after = checked(found)
    trusted = [estimate for estimate in after if estimate.is_trusted]
    one = min(trusted, key=lambda e: e.upper / e.lower) if trusted else after[0]
    return one._replace(runs=sum(estimate.runs for estimate in found))


def rows(problem: Problem, seeds: Sequence[int]) -> list[Row]:
    """One problem by each method that takes it, from some seeds."""
    said = [estimates(problem, seed) for seed in seeds]
    by_method = {method: [each[method] for each in said if method in each] for method in METHODS}
    return [row(problem, method, found) for method, found in by_method.items() if len(found) > 1]


# --- the record -----------------------------------------------------------------------------------


def made_with() -> dict[str, Any]:
    """What the record depends on: the code of the methods and problems, sizes, seeds."""
    folder = Path(subset.__file__).parent
    names = ("points", "subset", "importance", "mixture", "estimate", "answer")
    sources = [*(folder / f"{name}.py" for name in names), HERE / "rare_problems.py"]
    digest = sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return {
        "code": digest[:16],
        "sizes": {"subset": subset.USUAL._asdict(), "importance": importance.USUAL._asdict()},
        "first_seed": SEED,
        "seeds": SEEDS,
    }


def begun() -> list[Row]:
    """Rows that an interrupted run has left, if it was made with the same."""
    if not UNFINISHED.exists() or json.loads(UNFINISHED.read_text())["with"] != made_with():
        return []
    return read(UNFINISHED)


def main() -> None:
    """Every problem, printed and kept as it is done; exit 1 where they do not hold."""
    made, found = made_with(), begun()  # sources may change while this runs
    for problem in PROBLEMS:
        if problem.name in {r.problem for r in found}:
            continue
        began_s = perf_counter()
        found += rows(problem, range(SEED, SEED + SEEDS))
        write(UNFINISHED, {"with": made}, found)
        sys.stderr.write(f"{problem.name}: {perf_counter() - began_s:.0f} s\n")
    order = [problem.name for problem in PROBLEMS]
    found.sort(key=lambda row: order.index(row.problem))
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "with": made,
        "pooled_coverage": {method: pooled(found, method) for method in METHODS},
    }
    write(HERE / "rare.json", about, found)
    (HERE / "rare.md").write_text("\n".join(page(about, found)) + "\n")
    UNFINISHED.unlink()
    sys.exit(0 if accepted(found) else 1)


if __name__ == "__main__":
    main()
