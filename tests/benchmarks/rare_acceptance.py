"""Do the methods for rare failures keep what their intervals say? Problems with known answers.

`make soak` runs this for about an hour and writes rare.json and rare.md here: every problem of
rare_problems.py, by subset simulation and by importance sampling aimed at its failures, with the
sizes that `hoverslam rare` uses, from twenty fresh seeds each. Then the reference campaign, by both
and by crude Monte Carlo. A short share runs with the tests.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import scipy

from pipeline.rare import importance, subset
from pipeline.rare.ask import Ask
from pipeline.rare.estimate import Estimate
from pipeline.rare.study import assess
from tests.benchmarks.rare_problems import PROBLEMS, Problem
from tests.pipeline.campaign_files import put, write

HERE = Path(__file__).parent
SEEDS = 20
POOLED_AT_LEAST = 0.92  # coverage of the 95 % intervals that are trusted
MOST_MISSES = 6  # of twenty, in any problem
MOST_DEVIATIONS = 3.0  # of ln(estimate / p), in coefficients of variation
METHODS = ("subset simulation", "importance sampling")


class Row(NamedTuple):
    """Twenty estimates of one problem by one method."""

    problem: str
    method: str
    estimates: int
    trusted: int
    covered: int  # of those trusted
    covered_in_all: int  # trusted or not
    log_error: float | None  # ln of mean estimate over p; None where none found a failure
    variation: float | None  # coefficient of variation of the estimates

    @property
    def holds(self) -> bool:
        """Whether the mean is near and the trusted intervals cover, where any is trusted."""
        if self.log_error is None or self.variation is None:
            return not self.trusted
        near = abs(self.log_error) < MOST_DEVIATIONS * self.variation
        return not self.trusted or (near and self.trusted - self.covered <= MOST_MISSES)


def estimates(problem: Problem, seed: int) -> dict[str, Estimate]:
    """What each method says from one seed; no importance sampling where it has no aim."""
    random = np.random.default_rng([seed, crc32(problem.name.encode())])
    found = subset.estimate(problem.limit_state, problem.dimension, random)
    said = {METHODS[0]: found.estimate}
    pilot = importance.Pilot(found.failures, importance.moved(found.failures))
    if not importance.obstacle(pilot):
        mixture = importance.aim(pilot, random)
        said[METHODS[1]] = importance.estimate(problem.limit_state, random, pilot, mixture)
    return said


def row(problem: Problem, method: str, found: Sequence[Estimate]) -> Row:
    """What twenty estimates come to."""
    values = np.array([estimate.probability for estimate in found])
    p = problem.probability
    mean = float(values.mean())
    holding = [estimate for estimate in found if estimate.lower <= p <= estimate.upper]
    return Row(
        problem=problem.name,
        method=method,
        estimates=len(found),
        trusted=sum(estimate.is_trusted for estimate in found),
        covered=sum(estimate.is_trusted for estimate in holding),
        covered_in_all=len(holding),
        log_error=float(np.log(mean / p)) if mean else None,
        variation=float(values.std(ddof=1)) / mean if mean else None,
    )


def rows(problem: Problem, seeds: Sequence[int]) -> list[Row]:
    """One problem by each method that takes it."""
    said = [estimates(problem, seed) for seed in seeds]
    return [
        row(problem, method, [each[method] for each in said if method in each])
        for method in METHODS
        if sum(method in each for each in said) > 1
    ]


def pooled(found: Sequence[Row], method: str) -> float:
    """Coverage of the trusted intervals of a method, all problems together."""
    mine = [r for r in found if r.method == method]
    return sum(r.covered for r in mine) / sum(r.trusted for r in mine)


def accepted(found: Sequence[Row]) -> bool:
    """Whether every problem holds and both methods cover, pooled."""
    pools = [pooled(found, method) for method in METHODS]
    return all(r.holds for r in found) and min(pools) >= POOLED_AT_LEAST


# --- the reference campaign -----------------------------------------------------------------------

WIND = {"law": "weibull", "shape": 2.0, "scale": 3.5, "upper": 10.0}
PEDIGREE = {"class": "day", "tag": "E", "source": "no wind beyond the launch rule: none scrubbed"}
ASKED = {
    "name": "sideways",
    "probability": 0.9999,
    "confidence": 0.9,
    "holds": [{"metric": "touchdown_lateral_speed_mps", "at_most": 0.7}],
}


def flown(runs: int) -> dict[str, Any]:
    """A rare condition of the reference campaign, by crude Monte Carlo and by the others."""
    with tempfile.TemporaryDirectory() as folder:
        edits = (
            put("campaign.dispersions.wind_speed_mps", WIND | PEDIGREE),
            put("campaign.failures", {}),
            put("campaign.requirements", [ASKED]),
        )
        campaign = str(write(Path(folder), *edits))
        crude = assess(campaign, Ask(method="crude", runs=runs), sys.stderr)
        rare = assess(campaign, Ask(method="importance", budget_s=1e5), sys.stderr)
    told = ("method", "probability", "lower", "upper", "runs", "doubts", "notes")
    return {
        "condition": "touchdown lateral speed at most 0.7 m/s, wind cut at 10 m/s, no failures",
        "physics_digest": crude.physics_digest,
        "estimates": [
            {name: getattr(e, name) for name in told} for e in (*crude.estimates, *rare.estimates)
        ],
    }


# --- the record -----------------------------------------------------------------------------------


def main() -> None:
    """Everything, printed as it goes; exit 1 where it does not hold."""
    flights = flown(200_000)
    found: list[Row] = []
    for problem in PROBLEMS:
        began_s = perf_counter()
        new = rows(problem, range(SEEDS))
        found += new
        print(*new, f"{perf_counter() - began_s:.0f} s", sep="\n", flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "sizes": {"subset": subset.USUAL._asdict(), "importance": importance.USUAL._asdict()},
        "seeds": SEEDS,
        "pooled_coverage": {method: pooled(found, method) for method in METHODS},
        "rows": [r._asdict() for r in found],
        "flown": flights,
    }
    (HERE / "rare.json").write_text(json.dumps(result, indent=1) + "\n")
    (HERE / "rare.md").write_text("\n".join(page(result, found)) + "\n")
    sys.exit(0 if accepted(found) else 1)


def page(result: dict[str, Any], found: Sequence[Row]) -> Iterator[str]:
    """The record for people."""
    exact = {problem.name: problem.probability for problem in PROBLEMS}
    sizes = result["sizes"]
    yield "# Rare failures: what the intervals cover\n"
    yield (
        f"Written by `make soak` on {result['date']} ({result['machine']}, numpy "
        f"{result['numpy']}). Each row is {result['seeds']} estimates from fresh seeds, each of "
        f"{sizes['subset']['replicates']} replicates with the sizes that `hoverslam rare` uses: "
        f"{sizes['subset']['samples']:,} samples in each level, {sizes['importance']['runs']:,} "
        "runs of importance sampling. Cover: 95 % intervals that hold the exact value. "
        "Error: ln of the mean estimate over the exact value; variation: of the estimates; their "
        "ratio has to stay below 3. Importance sampling does not take problems in which failures "
        "move more than a dozen coordinates, or none enough.\n"
    )
    for method, share in result["pooled_coverage"].items():
        yield f"- {method}: {share:.4f} of the trusted intervals cover, pooled"
    columns = ("problem", "exact", "method", "trusted", "of these cover", "of all cover")
    yield f"\n| {' | '.join(columns)} | error | variation |"
    yield "|---|---|---|---|---|---|---|---|"
    for r in found:
        yield (
            f"| {r.problem} | {exact[r.problem]:.4g} | {r.method} | {r.trusted} of {r.estimates} "
            f"| {r.covered} | {r.covered_in_all} | {_plain(r.log_error)} | {_plain(r.variation)} |"
        )
    flights = result["flown"]
    yield "\n## A campaign\n"
    yield f"`hop_178m`, {flights['condition']}; physics `{flights['physics_digest']}`.\n"
    yield "| method | probability | 95 % interval | runs | |"
    yield "|---|---|---|---|---|"
    for e in flights["estimates"]:
        remark = "; ".join(e["doubts"] or e["notes"][:1])
        yield (
            f"| {e['method']} | {e['probability']:.3g} | {e['lower']:.3g} to {e['upper']:.3g} "
            f"| {e['runs']:,} | {remark} |"
        )


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"


if __name__ == "__main__":
    main()
