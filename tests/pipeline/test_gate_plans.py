"""The gate on stores: kinds of requirements, declared plans, a baseline, and what it writes."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from models.outcomes import Outcome
from pipeline.compare import Terms
from pipeline.errors import ExitCode
from pipeline.fitness import Results
from pipeline.gate import judge, judge_results
from pipeline.gate.junit import junit
from pipeline.gate.markdown import markdown
from pipeline.ruling import Ruling
from pipeline.verdicts import Judgement
from tests.pipeline.results import LANDING, dataset, failing, write_store

CURTAILED = {"kind": "curtailed", "allowed_failures": 2}
LOOKS = {"kind": "group_sequential", "looks": [500, 1000, 1500, 2000, 2500]}
E_PROCESS = {"kind": "e_process"}
CAUSE = {"name": "tips", "kind": "cause", "outcome": "tip_over", "share_at_most": 0.01}
SOFT = {
    "name": "soft", "kind": "percentile", "percentile": 99, "at_most": 2.0,
    "metric": "touchdown_vertical_speed_mps",
}  # fmt: skip
FUEL = {
    "name": "fuel", "kind": "percentile", "percentile": 1, "at_least": 10.0,
    "metric": "propellant_left_kg",
}  # fmt: skip
ZONE = {"name": "pad", "kind": "zone", "probability": 0.9, "radius_m": 5.0}


def judged(results: xr.Dataset, baseline: xr.Dataset | None = None, **terms: Any) -> Judgement:
    against = None if baseline is None else Results(baseline, "main.zarr")
    return judge_results(Results(results, "new.zarr"), against, Terms(**terms))


def asking(*requirements: dict[str, Any]) -> dict[str, Any]:
    return {"requirements": [{"confidence": 0.9, **one} for one in requirements]}


def at(runs: int, *where: int) -> dict[str, Any]:
    """Tip-overs in the runs named."""
    return {"outcome": np.where(np.isin(np.arange(runs), where), Outcome.tip_over, 0)}


# --- declared plans -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "where", "ruling", "runs", "failures"),
    [
        (CURTAILED, (0, 530), Ruling.PASS, 531, 2),
        (CURTAILED, (0, 1, 531), Ruling.PASS, 531, 2),
        (CURTAILED, (0, 1, 530), Ruling.FAIL, 531, 3),
        (LOOKS, (600,), Ruling.PASS, 500, 0),
        (LOOKS, (1, 2, 3), Ruling.PASS, 1000, 3),
        (LOOKS, tuple(range(5)), Ruling.PASS, 1500, 5),
        (LOOKS, tuple(range(18)), Ruling.FAIL, 18, 18),
        (E_PROCESS, (400,), Ruling.PASS, 297, 0),
        (E_PROCESS, (50, *range(400, 420)), Ruling.FAIL, 412, 13),
        (E_PROCESS, tuple(range(100, 3000, 110)), Ruling.INCONCLUSIVE, 3000, 27),
    ],
)
def test_plan__decides_in_run_order(plan, where, ruling, runs, failures):
    results = dataset(3000, at(3000, *where), **asking(LANDING | {"plan": plan}))
    [found] = judged(results).verdicts
    assert found.ruling is ruling
    assert (found.evidence.runs, found.evidence.failures) == (runs, failures)


@pytest.mark.parametrize("plan", [CURTAILED, LOOKS, E_PROCESS])
def test_plan__does_not_mind_in_which_order_rows_came_back(plan):
    random = np.random.default_rng(6)
    where = random.choice(3000, 9, replace=False)
    results = dataset(3000, at(3000, *where), **asking(LANDING | {"plan": plan}))
    crashes_first = np.argsort(results["outcome"].values == 0, kind="stable")
    there, back = judged(results), judged(results.isel(run=crashes_first))
    assert there.verdicts == back.verdicts


def test_plan__that_the_store_is_too_small_for_is_undecided():
    found = judged(dataset(200, **asking(LANDING | {"plan": CURTAILED})))
    assert found.ruling is Ruling.INCONCLUSIVE
    assert "undecided after 200 of 531 planned runs" in found.text()
    worse = dataset(200, at(200, 1, 2, 3), **asking(LANDING | {"plan": CURTAILED}))
    assert judged(worse).ruling is Ruling.FAIL


def test_evidence__tells_plan_risks_and_margin():
    text = judged(dataset(3000, **asking(LANDING | {"plan": LOOKS}))).text()
    assert "plan: group sequential, looks (failures allowed) at 500 (0), 1,000 (4)" in text
    assert "2,500 runs pass with at most 17 failures" in text
    assert "probability to pass by true reliability: 0.99: 0.095, 0.995: 0.930" in text
    assert "a design passes 9 times in 10 if its reliability is 0.99473" in text


# --- kinds ----------------------------------------------------------------------------------------


def test_cause__other_ends_are_none_of_its_business():
    outcome = np.zeros(2000, int)
    outcome[:200] = Outcome.off_pad
    found = judged(dataset(2000, {"outcome": outcome}, **asking(CAUSE))).verdicts[0]
    assert (found.ruling, found.evidence.failures) == (Ruling.PASS, 0)
    outcome[:60] = Outcome.tip_over
    found = judged(dataset(2000, {"outcome": outcome}, **asking(CAUSE)))
    assert found.ruling is Ruling.FAIL
    assert "tip over in at most 0.01 of the runs at 90 % confidence" in found.text()
    assert "tip over in 0.0300 of the runs, at most 0.0355" in found.text()


def test_percentile__verdict_is_that_of_its_order_statistic():
    """PASS exactly where the upper limit of the 99th percentile keeps to the limit."""
    random = np.random.default_rng(7)
    for spread in np.linspace(0.6, 0.9, 10):
        speed = spread * random.weibull(1.5, 1000)
        found = judged(dataset(1000, {"touchdown_vertical_speed_mps": speed}, **asking(SOFT)))
        ordered = np.sort(speed)
        rank = next(r for r in range(1, 1001) if stats.binom.cdf(r - 1, 1000, 0.99) >= 0.9)
        assert (found.ruling is Ruling.PASS) == (ordered[rank - 1] <= 2.0)
        figure = found.verdicts[0].evidence.figure
        assert float(re.search(r"at most ([\d.]+) m/s", figure)[1]) == pytest.approx(
            ordered[rank - 1], rel=6e-3
        )


def test_percentile__of_the_low_side():
    left = np.linspace(5.0, 400.0, 1000)  # 13 of them below 10
    found = judged(dataset(1000, {"propellant_left_kg": left}, **asking(FUEL))).verdicts[0]
    assert found.evidence.failures == 13
    assert found.ruling is Ruling.INCONCLUSIVE
    assert found.evidence.figure.startswith("p1 of propellant left 8.5")


def test_percentile__a_run_that_never_came_to_it_lies_beyond_any_limit():
    speed = np.where(np.arange(1000) < 30, np.nan, 0.5)
    found = judged(dataset(1000, {"touchdown_vertical_speed_mps": speed}, **asking(SOFT)))
    assert found.ruling is Ruling.FAIL
    assert "p99 of touchdown vertical speed ∞" in found.text()


def test_zone__counts_runs_without_touchdown_as_outside():
    miss = np.where(np.arange(1000) < 200, np.nan, 1.0)
    found = judged(dataset(1000, {"touchdown_miss_m": miss}, **asking(ZONE)))
    assert found.ruling is Ruling.FAIL
    assert "asked 0.9 of runs: touchdown within 5 m of the target" in found.text()


def test_kinds__together_each_at_its_own_risk():
    found = judged(dataset(1000, **asking(LANDING, CAUSE, SOFT, ZONE)))
    assert [one.kind for one in found.verdicts] == ["success", "cause", "percentile", "zone"]
    assert found.ruling is Ruling.PASS


# --- designs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "design",
    [
        {"design": "latin_hypercube", "points": 50},
        {"design": "sobol", "points": 64},
        {"design": "nested", "outer": ["flight"], "inner_runs": 10},
    ],
)
def test_design__without_an_exact_bound_is_invalid(design):
    found = judged(dataset(1000, sampling=design))
    assert (found.ruling, found.exit_code) == (Ruling.INVALID, ExitCode.INVALID)
    assert "independent or strata can be gated" in found.verdicts[0].reasons[0]


def test_design__strata_can_be_gated():
    strata = {"design": "strata", "bins": {"thrust_scale": 10}}
    assert judged(dataset(1000, sampling=strata)).ruling is Ruling.PASS


# --- baseline -------------------------------------------------------------------------------------


def test_baseline__a_pass_with_too_many_broken_runs_fails():
    candidate = dataset(1000, at(1000, *range(4)))
    assert judged(candidate).ruling is Ruling.PASS
    assert judged(candidate, dataset(1000), newly_broken_at_most=0.01).ruling is Ruling.PASS
    assert judged(candidate, dataset(1000), newly_broken_at_most=0.001).ruling is Ruling.FAIL


def test_baseline__that_does_not_match_is_invalid_whatever_else_passes():
    found = judged(dataset(1000), dataset(1000, seed=8))
    assert (found.ruling, found.exit_code) == (Ruling.INVALID, ExitCode.INVALID)
    assert [one.ruling for one in found.verdicts] == [Ruling.PASS]
    assert "seed: baseline 8, candidate 7" in found.text()


def test_baseline__damaged_is_invalid_and_the_chunk_is_named(tmp_path):
    good = write_store(tmp_path / "new.zarr", failing(400, 0))
    bad = write_store(tmp_path / "main.zarr", failing(400, 0))
    chunk = next((bad / "touchdown_miss_m" / "c").iterdir())
    chunk.unlink()
    found = judge(good, bad)
    assert found.ruling is Ruling.INVALID
    assert re.search("baseline: damaged: touchdown_miss_m", found.text())


def test_margin__of_the_campaign_without_a_baseline_is_told():
    found = judged(dataset(1000, newly_broken_at_most=0.01))
    assert found.ruling is Ruling.PASS
    assert "not judged: newly_broken_at_most 0.01, no baseline" in found.text()
    assert "not judged: newly_broken_at_most 0.01" in markdown(found)


# --- what it writes -------------------------------------------------------------------------------


@pytest.fixture
def mixed() -> Judgement:
    """A pass, a failure, something undecided, and a comparison that fails."""
    names = [LANDING | {"name": "a | b <c>", "probability": 0.5}]
    names += [LANDING | {"name": "hard", "probability": 0.999999}]
    candidate = dataset(1000, at(1000, *range(30)), **asking(*names, CAUSE))
    return judged(candidate, dataset(1000), newly_broken_at_most=0.01)


def test_junit__has_a_case_for_each_verdict(mixed):
    suite = ET.fromstring(junit(mixed)).find("testsuite")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "3",
        "errors": "0",
        "skipped": "0",
    }
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [
        "a | b <c>",
        "hard",
        "tips",
        "against the baseline",
    ]
    assert [[part.tag for part in case] for case in cases] == [
        ["system-out"], ["failure"], ["failure"], ["failure"],
    ]  # fmt: skip
    assert [case[0].get("type") for case in cases] == [None, "FAIL", "FAIL", "FAIL"]
    assert "hoverslam replay new.zarr 3" in cases[3][0].text
    assert cases[3][0].get("message").startswith("FAIL  newly broken runs, a | b <c>: asked at")


@pytest.mark.parametrize(
    ("results", "tag", "kind"),
    [
        (failing(100, 0), "failure", "INCONCLUSIVE"),
        (failing(100, 0, attributes={"state": "flying"}), "error", "INVALID"),
    ],
)
def test_junit__nothing_but_a_pass_is_green(results, tag, kind):
    [case] = ET.fromstring(junit(judged(results))).iter("testcase")
    assert (case[0].tag, case[0].get("type")) == (tag, kind)


def test_junit__holds_no_character_that_xml_may_not():
    odd = judged(failing(10, 0, name="bell \x07 & <end>"))
    [case] = ET.fromstring(junit(odd)).iter("testcase")
    assert case.get("classname") == "bell ? & <end>"


def test_markdown__fits_a_pull_request(mixed):
    text = markdown(mixed)
    assert text.startswith("## FAIL: synthetic\n\n1,000 runs of seed 7, physics `0123456789abcdef`")
    assert "| **PASS** | a \\| b &lt;c> | 0.5 at 90 % confidence | 1,000 | 30 | " in text
    assert "| baseline succeeds | 970 | **30** |" in text
    assert "- FAIL  newly broken runs, a | b &lt;c>: asked at most 0.01" in text
    assert "- FAIL  newly broken runs, hard: asked at most 0.01" in text
    assert "| tips | candidate succeeds | candidate fails |" in text
    assert "hoverslam replay new.zarr 19  # success -> tip over" in text
    assert "and 10 more" in text
    assert text.count("<details>") == text.count("</details>") >= 2
    assert text.count("```") % 2 == 0
    assert len(text) < 65_536  # characters of a comment


def test_markdown__of_an_invalid_store_says_why():
    text = markdown(judged(failing(10, 0).isel(run=slice(0, 0))))
    assert text.startswith("## INVALID: synthetic")
    assert "- the store has no runs" in text


def test_json__names_seed_plan_and_comparison(mixed):
    read = json.loads(mixed.json())
    assert (read["ruling"], read["seed"], read["exit_code"]) == ("FAIL", 7, 3)
    assert read["verdicts"][0]["evidence"]["plan"] == "fixed, 1,000 runs"
    assert read["comparison"]["margins"][0]["ruling"] == "FAIL"
    assert read["comparison"]["evidence"]["pairs"][0]["table"]["broken"] == 30
