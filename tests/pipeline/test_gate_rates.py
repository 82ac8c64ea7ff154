"""The dated simulation of the gate's error rates: within the risks, and still what it was."""

import json
from typing import Any

import pytest
from scipy import stats

from tests.benchmarks import gate_rates

RECORD = json.loads((gate_rates.HERE / "gate_rates.json").read_text())
CELLS = RECORD["cells"]


def rulings(cell: dict[str, Any], ruling: str) -> int:
    return cell["rulings"].get(ruling, 0)


def test_record__holds_every_plan_at_and_around_the_limit():
    cells = {(cell["plan"], cell["reliability"]) for cell in CELLS}
    assert cells == {(p, r) for p in gate_rates.PLANS for r in gate_rates.RELIABILITIES}
    assert RECORD["campaigns"] >= 2000
    assert all(sum(cell["rulings"].values()) == RECORD["campaigns"] for cell in CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell['plan']} {cell['reliability']}")
def test_record__agrees_with_the_exact_chances_and_keeps_the_risks(cell):
    n = RECORD["campaigns"]
    for ruling, exact in (("PASS", cell["exact_pass"]), ("FAIL", cell["exact_fail"])):
        found = rulings(cell, ruling)
        assert stats.binomtest(found, n, min(exact, 1.0)).pvalue > 1e-3
    most = stats.binom.ppf(0.999, n, 0.1)
    if cell["reliability"] <= 0.99:
        assert rulings(cell, "PASS") <= most
    if cell["reliability"] >= 0.99 and cell["plan"] in ("fixed", "e-process"):
        assert rulings(cell, "FAIL") <= most


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell['plan']} {cell['reliability']}")
def test_record__its_first_campaigns_are_judged_the_same_today(cell):
    found = [
        gate_rates.ruling(cell["plan"], cell["reliability"], i) for i in range(len(cell["first"]))
    ]
    assert found == cell["first"]
