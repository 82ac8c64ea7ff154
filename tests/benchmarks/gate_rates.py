"""How often the whole gate errs: 2,000 synthetic campaigns for each plan and true reliability.

`make soak` runs this in some minutes and writes gate_rates.json and gate_rates.md here, with the
rulings of the first campaigns as they came; the tests judge those anew on every change. The exact
chances, and 2,000 walks of each plan, are ordinary tests (tests/pipeline/test_sequential.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pipeline.asked import SuccessRequirement
from pipeline.gate import judge_dataset
from pipeline.kept import KeptCampaign
from pipeline.plans import boundary
from pipeline.statistics.sequential import chances
from tests.pipeline.results import LANDING, dataset

HERE = Path(__file__).parent
CAMPAIGNS = 2000
RECHECKED = 5  # of each cell, on every change
RUNS = 2500
RELIABILITIES = (0.985, 0.99, 0.995, 0.998)  # the limit is 0.99
SEED = 20261122
PLANS: dict[str, dict[str, Any]] = {
    "fixed": {"kind": "fixed"},
    "curtailed": {"kind": "curtailed", "allowed_failures": 5},
    "group sequential": {"kind": "group_sequential", "looks": [500, 1000, 1500, 2000, 2500]},
    "e-process": {"kind": "e_process"},
}


@cache
def landings(plan: str) -> xr.Dataset:
    """A campaign without a failure."""
    return dataset(RUNS, requirements=[LANDING | {"plan": PLANS[plan]}])


def ruling(plan: str, reliability: float, campaign: int) -> str:
    """The verdict on one synthetic campaign of a design with that true reliability."""
    random = np.random.default_rng([SEED, campaign])
    failed = random.random(RUNS) >= reliability
    results = landings(plan).assign(outcome=("run", failed.astype(np.int64)))  # 1 is a tip-over
    return judge_dataset(results, KeptCampaign.of(results.attrs)).ruling


def cell(plan: str, reliability: float) -> dict[str, Any]:
    """Verdicts on all campaigns, beside the exact chances."""
    found = [ruling(plan, reliability, campaign) for campaign in range(CAMPAIGNS)]
    asked = SuccessRequirement.model_validate(LANDING | {"plan": PLANS[plan]})
    exact = chances(boundary(asked, RUNS), reliability)
    return {
        "plan": plan,
        "reliability": reliability,
        "rulings": dict(Counter(found)),
        "exact_pass": exact.passes,
        "exact_fail": exact.fails,
        "first": found[:RECHECKED],
    }


def page(date: str, cells: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The record for people."""
    yield "# How often the gate errs\n"
    yield (
        f"Written by `make soak` on {date}: {CAMPAIGNS:,} synthetic campaigns of {RUNS:,} runs in "
        "each row, judged by the whole gate, beside the exact chances. Asked is 0.99 at 90 % "
        "confidence: at 0.99 and below a PASS is false, and may come in one of ten; at 0.99 and "
        "above so may a FAIL of a fixed plan and of the e-process. Curtailed and group-sequential "
        "plans refuse nine designs of ten that just reach the limit: they ask for a margin, which "
        "the gate tells.\n"
    )
    yield "| plan | true reliability | PASS | exact | FAIL | exact |"
    yield "|---|---|---|---|---|---|"
    for one in cells:
        passed, failed = (one["rulings"].get(name, 0) / CAMPAIGNS for name in ("PASS", "FAIL"))
        yield (
            f"| {one['plan']} | {one['reliability']} | {passed:.4f} | {one['exact_pass']:.4f} "
            f"| {failed:.4f} | {one['exact_fail']:.4f} |"
        )


def main() -> None:
    """Simulate, and keep the result."""
    date = datetime.now(UTC).date().isoformat()
    cells = [cell(plan, reliability) for plan in PLANS for reliability in RELIABILITIES]
    kept = {"date": date, "campaigns": CAMPAIGNS, "seed": SEED, "cells": cells}
    (HERE / "gate_rates.json").write_text(json.dumps(kept, indent=1) + "\n")
    (HERE / "gate_rates.md").write_text("\n".join(page(date, cells)) + "\n")


if __name__ == "__main__":
    main()
