"""The gate: verdicts at and beside every limit, and what it refuses to judge."""

import json

import numpy as np
import pytest
import xarray as xr
import zarr
from scipy import stats

from models.outcomes import Outcome
from pipeline.errors import BadInput, ExitCode
from pipeline.gate import judge, judge_dataset
from pipeline.gate.markdown import markdown
from pipeline.kept import KeptCampaign
from pipeline.verdicts import Judgement, Ruling, Verdict
from tests.pipeline.results import LANDING, dataset, failing, write_store


def judged(results: xr.Dataset) -> Judgement:
    return judge_dataset(results, KeptCampaign.of(results.attrs))


def verdict(
    runs: int, failures: int, probability: float = 0.99, confidence: float = 0.9
) -> Verdict:
    asked = LANDING | {"probability": probability, "confidence": confidence}
    return judged(failing(runs, failures, requirements=[asked])).verdicts[0]


# --- the three verdicts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "failures", "probability"),
    [(230, 0, 0.99), (388, 1, 0.99), (531, 2, 0.99), (852, 0, 0.9973), (1705, 0, 0.99865)],
)
def test_verdict__published_plans_pass_and_one_run_less_does_not(runs, failures, probability):
    assert verdict(runs, failures, probability).ruling is Ruling.PASS
    assert verdict(runs - 1, failures, probability).ruling is Ruling.INCONCLUSIVE
    assert verdict(runs, failures + 1, probability).ruling is Ruling.INCONCLUSIVE


@pytest.mark.parametrize("runs", [20, 100, 1000])
def test_verdict__fails_where_a_design_that_meets_it_would_seldom_do_so_badly(runs):
    for failures in range(1, runs // 20 + 3):
        as_bad = stats.binom.sf(failures - 1, runs, 0.01)
        expected = Ruling.FAIL if as_bad < 0.1 else Ruling.INCONCLUSIVE
        found = verdict(runs, failures).ruling
        assert found is expected or found is Ruling.PASS
        assert (found is Ruling.PASS) == (stats.binom.cdf(failures, runs, 0.01) <= 0.1)


def test_verdict__bounds_stand_on_either_side_of_the_share():
    found = verdict(400, 3).evidence
    assert found is not None
    assert found.lower_bound < 397 / 400 < found.upper_bound
    assert found.lower_bound == pytest.approx(stats.beta.ppf(0.1, 397, 4))


def test_verdict__more_confidence_needs_more_runs():
    assert verdict(230, 0, confidence=0.95).ruling is Ruling.INCONCLUSIVE
    assert verdict(299, 0, confidence=0.95).ruling is Ruling.PASS


def test_verdict__scrubbed_and_lost_runs_are_no_success():
    outcome = np.zeros(2000, int)
    outcome[:40] = Outcome.scrubbed
    outcome[40] = Outcome.infrastructure_error
    judgement = judged(dataset(2000, {"outcome": outcome}))
    [found] = judgement.verdicts
    assert found.evidence is not None
    assert found.evidence.failures == 41
    assert found.ruling is Ruling.FAIL
    assert "\nscrubbed before lift-off: 40 of 2,000 runs, no success" in judgement.text()
    assert "- scrubbed before lift-off: 40 of 2,000 runs, no success" in markdown(judgement)


# --- what it tells --------------------------------------------------------------------------------


def test_evidence__plan_and_risks_of_these_runs():
    found = verdict(531, 0).evidence
    assert found is not None
    assert (found.allowed_failures, found.fewest_runs) == (2, 230)
    assert found.reliability_for_9_in_10 == pytest.approx(0.998, abs=5e-4)
    risk = {round(r.reliability, 6): r.pass_probability for r in found.risks}
    assert risk[0.99] == pytest.approx(stats.binom.cdf(2, 531, 0.01))
    assert risk[0.998] == pytest.approx(stats.binom.cdf(2, 531, 0.002))


def test_evidence__too_few_runs_to_pass_say_how_many_it_takes():
    found = verdict(100, 0)
    assert found.evidence is not None
    assert found.evidence.allowed_failures is None
    assert "100 runs cannot pass: it takes 230 without a failure" in found.text()


def test_evidence__needed_is_told_only_while_undecided():
    assert all(
        verdict(runs, failures).evidence.needed is None for runs, failures in [(230, 0), (100, 9)]
    )


def test_needed__without_another_failure_is_the_shortest_plan():
    needed = verdict(300, 1).evidence.needed
    assert needed.without_more_failures == 388


def test_needed__at_this_share_passes_there_and_not_before():
    needed = verdict(300, 1).evidence.needed
    assert needed.ruling_at_this_share is Ruling.PASS
    after = -(-needed.at_this_share // 300)  # in steps of 300 the share is one of whole runs
    assert stats.binom.cdf(after, 300 * after, 0.01) <= 0.1
    assert stats.binom.cdf(after - 1, 300 * (after - 1), 0.01) > 0.1


def test_needed__bad_share_fails_there_and_not_before():
    needed = verdict(300, 4).evidence.needed
    assert needed.ruling_at_this_share is Ruling.FAIL
    after = -(-needed.at_this_share // 75)
    assert stats.binom.sf(after - 1, 75 * after, 0.01) < 0.1
    assert stats.binom.sf(after - 2, 75 * (after - 1), 0.01) >= 0.1


def test_needed__without_a_failure_is_the_shortest_plan_either_way():
    needed = verdict(200, 0).evidence.needed
    assert (needed.without_more_failures, needed.at_this_share) == (230, 230)


def test_needed__the_very_share_allowed_is_never_settled():
    found = verdict(100, 1)
    assert found.evidence.needed.at_this_share is None
    assert "never at this share" in found.text()


def test_text__gives_the_numbers_and_success_without_failures():
    text = verdict(1000, 4).text()
    for part in (
        "PASS",
        "landing: asked 0.99 at 90 % confidence",
        "1,000 runs, 4 failures",
        "no injected failure",
    ):
        assert part in text


def test_json__is_one_line_of_valid_json():
    found = judged(failing(300, 4))
    line = found.json()
    assert "\n" not in line
    read = json.loads(line)
    assert (read["ruling"], read["exit_code"]) == ("INCONCLUSIVE", 4)
    assert read["verdicts"][0]["evidence"]["failures"] == 4


# --- several requirements -------------------------------------------------------------------------

EASY = LANDING | {"name": "easy", "probability": 0.5}
HARD = LANDING | {"name": "hard", "probability": 0.9999}
BROKEN = LANDING | {"name": "broken", "holds": [{"outcome": "off_pad"}]}


@pytest.mark.parametrize(
    ("requirements", "worst", "code"),
    [
        ([EASY], Ruling.PASS, ExitCode.DONE),
        ([EASY, HARD], Ruling.INCONCLUSIVE, ExitCode.INCONCLUSIVE),
        ([HARD, BROKEN, EASY], Ruling.FAIL, ExitCode.FAIL),
    ],
)
def test_judgement__worst_verdict_decides(requirements, worst, code):
    found = judged(failing(100, 0, requirements=requirements))
    assert len(found.verdicts) == len(requirements)
    assert (found.ruling, found.exit_code) == (worst, code)
    assert found.text().endswith(f"verdict: {worst} (exit {int(code)})")


def test_judgement__invalid_is_worse_than_fail():
    found = judged(failing(100, 0, requirements=[BROKEN], attributes={"state": "flying"}))
    assert (found.ruling, found.exit_code) == (Ruling.INVALID, ExitCode.INVALID)


# --- what cannot be judged ------------------------------------------------------------------------


def reasons(results: xr.Dataset) -> str:
    found = judged(results)
    assert {v.ruling for v in found.verdicts} == {Ruling.INVALID}
    return "; ".join(found.verdicts[0].reasons)


def test_invalid__unfinished_store():
    assert "unfinished (flying)" in reasons(failing(1000, 0, attributes={"state": "flying"}))


def test_invalid__missing_runs():
    assert "3 of 1,000 run ids are missing" in reasons(failing(1000, 0).isel(run=slice(3, None)))


def test_invalid__run_ids_twice():
    results = failing(1000, 0)
    ids = results["run"].values.copy()
    ids[5] = 6
    text = reasons(results.assign_coords(run=ids))
    assert "1 run ids are there more than once" in text
    assert "1 of 1,000 run ids are missing" in text


def test_invalid__run_ids_of_another_campaign():
    results = failing(1000, 0)
    assert "1,000 run ids are not of this campaign" in reasons(
        results.assign_coords(run=results["run"].values + 1000)
    )


@pytest.mark.parametrize(("lost", "ruling"), [(1, Ruling.PASS), (2, Ruling.INVALID)])
def test_invalid__more_than_one_in_a_thousand_lost(lost, ruling):
    outcome = np.where(np.arange(1000) < lost, Outcome.infrastructure_error, Outcome.at_rest)
    assert judged(dataset(1000, {"outcome": outcome})).ruling is ruling


def test_invalid__campaign_edited_after_the_flight():
    results = failing(1000, 0)
    easier = results.attrs["campaign"].replace("0.99", "0.50")
    assert "not the one it was flown with" in reasons(results.assign_attrs(campaign=easier))


def test_invalid__no_runs_at_all():
    results = failing(10, 0).isel(run=slice(0, 0))
    found = judged(results)
    assert found.ruling is Ruling.INVALID
    assert "no runs" in found.text()
    assert found.verdicts[0].evidence is None
    json.loads(found.json())


# --- from a store ---------------------------------------------------------------------------------


def test_judge__a_finished_store(tmp_path):
    path = write_store(tmp_path / "good.zarr", failing(230, 0))
    found = judge(path)
    assert found.ruling is Ruling.PASS
    assert (found.store, found.campaign) == (str(path), "synthetic")


def test_judge__an_unfinished_store_is_invalid(tmp_path):
    found = judge(write_store(tmp_path / "half.zarr", failing(40, 0), batches=2))
    assert found.ruling is Ruling.INVALID
    assert found.verdicts[0].evidence.runs == 20


def test_judge__a_store_without_a_batch_is_invalid(tmp_path):
    found = judge(write_store(tmp_path / "empty.zarr", failing(40, 0), batches=0))
    assert found.ruling is Ruling.INVALID


def test_judge__a_finished_store_without_a_chunk_is_invalid(tmp_path):
    path = write_store(tmp_path / "damaged.zarr", failing(230, 0))
    (tmp_path / "damaged.zarr" / "touchdown_tilt_rad" / "c" / "0").unlink()
    found = judge(path)
    assert (found.ruling, found.exit_code) == (Ruling.INVALID, ExitCode.INVALID)
    said = found.verdicts[0].reasons
    assert said[0] == "damaged: touchdown_tilt_rad: chunk c/0 (run 0 to 229) is missing"
    assert "fly it again" in said[1]
    assert found.verdicts[0].evidence is None
    json.loads(found.json())


def test_judge__a_store_with_codes_that_mean_nothing_is_invalid(tmp_path):
    path = write_store(tmp_path / "odd.zarr", failing(230, 0))
    zarr.open_group(path, mode="r+")["outcome"][7] = 77
    found = judge(path)
    assert found.ruling is Ruling.INVALID
    [said, _] = found.verdicts[0].reasons
    assert said == "damaged: outcome: chunk c/0 (run 0 to 229) holds 77, which mean nothing"


@pytest.mark.parametrize("state", ["flying", "compacting", "stopped"])
def test_judge__a_store_that_says_it_flies_and_has_no_rows_is_invalid(tmp_path, state):
    path = write_store(tmp_path / "odd.zarr", failing(230, 0))
    root = path / "zarr.json"
    root.write_text(root.read_text().replace('"finished"', f'"{state}"'))
    found = judge(path)
    assert found.ruling is Ruling.INVALID
    assert f"damaged: {state}, without any flying rows" in found.text()


def test_judge__no_store_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no such store"):
        judge(tmp_path / "nowhere.zarr")


def test_judge__metric_that_the_store_does_not_have_is_invalid(tmp_path):
    holds = [{"metric": "peak_throttle", "at_most": 1.0}]
    results = failing(10, 0, requirements=[LANDING | {"holds": holds}])
    path = write_store(tmp_path / "old.zarr", results)
    found = judge(path)
    assert found.ruling is Ruling.INVALID
    assert "peak_throttle: the store has no such metric" in found.text()
