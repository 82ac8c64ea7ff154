"""Drivers of synthetic campaigns: what is known to drive them is found, and nothing else."""

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from models.outcomes import Initiator, Outcome
from pipeline import sampling
from pipeline.drivers import as_json, as_text, contrast, find, find_each, opened
from pipeline.drivers.values import CONTROL, Drivers, Group
from pipeline.errors import BadInput
from tests.pipeline.results import LANDING, dataset, failing, normal, pedigree, write_store

RUNS = 4000
INPUTS = ("thrust_scale", "isp_scale", "density_scale", "dry_mass_scale", "friction")
LAWS = {name: normal(0.0, 1.0) for name in INPUTS}
LEVELS = Initiator.engine_out, Initiator.stuck_gimbal


def flown(fails: Any, columns: dict[str, Any], **changes: Any) -> xr.Dataset:
    """Runs that tip over where they fail; inputs standard normal, their own laws, if not given."""
    runs = len(fails)
    generator = np.random.default_rng(17)
    drawn = {name: generator.standard_normal(runs) for name in INPUTS} | columns
    outcome = np.where(fails, Outcome.tip_over, Outcome.at_rest)
    return dataset(runs, {"outcome": outcome} | drawn, **({"dispersions": LAWS} | changes))


def scores(*names: str, runs: int = RUNS, seed: int = 3) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.standard_normal(runs) for name in names}


def only(found: Drivers) -> Group:
    """All failures of the runs without an injected failure."""
    return found.strata[0].groups[0]


def by_name(group: Group) -> dict[str, Any]:
    return {driver.name: driver for driver in group.drivers}


# --- inputs ---------------------------------------------------------------------------------------


def test_find__names_the_input_that_drives_and_the_side_that_fails():
    drawn = scores("thrust_scale", "isp_scale")
    found = find(flown(drawn["thrust_scale"] - 0.3 * drawn["isp_scale"] < -2.2, drawn))
    group = only(found)
    assert [driver.name for driver in group.above_noise] == ["thrust_scale", "isp_scale"]
    first, second = group.above_noise
    assert first.distance < 0.0 < second.distance  # fails at low thrust, and at high impulse
    assert first.tenths[0].failed.fraction > 0.1
    assert first.tenths[-1].failed.successes == 0
    assert sum(tenth.failed.runs for tenth in first.tenths) == RUNS
    assert first.tenths[0].failed.method.startswith("Clopper-Pearson")
    assert not by_name(group)[CONTROL].is_driver
    assert group.failures + group.successes == RUNS
    assert found.inputs == len(INPUTS)


def test_find__bars_of_the_tenths_are_exact():
    drawn = scores("thrust_scale")
    lowest = only(find(flown(drawn["thrust_scale"] < -1.9, drawn))).above_noise[0].tenths[0].failed
    assert lowest.runs == RUNS // 10
    k, n = lowest.successes, lowest.runs
    assert lowest.lower == pytest.approx(stats.beta.ppf(0.05, k, n - k + 1))
    assert lowest.upper == pytest.approx(stats.beta.ppf(0.95, k + 1, n - k))


def test_find__floor_is_that_of_all_inputs_and_the_control():
    group = only(find(flown(np.arange(RUNS) % 40 == 0, {})))
    assert group.above_noise == ()
    floors = {driver.floor for driver in group.drivers}
    each = 0.05 / (len(INPUTS) + 1)
    assert len(floors) == 1
    assert floors.pop() == pytest.approx(stats.kstwo.isf(each, RUNS // 40), rel=0.03)


def test_find__nothing_stands_out_by_chance_more_often_than_said():
    """300 campaigns that nothing drives: the risk of any input is 5 %, of any pair 5 % more."""
    generator = np.random.default_rng(9)
    false = 0
    for _ in range(300):
        fails = generator.random(600) < 0.05
        columns = {name: generator.standard_normal(600) for name in INPUTS}
        groups = find(flown(fails, columns, seed=int(generator.integers(10**6)))).strata[0].groups
        false += any(group.above_noise or group.control.is_driver for group in groups)
    assert false <= stats.binom.isf(1e-6, 300, 0.05)


def test_find__a_control_that_stands_out_is_told(monkeypatch):
    drawn = scores("thrust_scale")
    monkeypatch.setattr(sampling, "uniforms", lambda *_: drawn["thrust_scale"])
    found = find(flown(drawn["thrust_scale"] < -1.9, drawn))
    assert only(found).control.is_driver
    assert CONTROL not in [driver.name for driver in only(found).above_noise]
    assert "THE CONTROL STANDS OUT" in as_text(found, "s.zarr")


def test_find__an_input_that_only_follows_is_flagged():
    """Failures by thrust alone; impulse is drawn with rank correlation 0.8, density is not."""
    drawn = scores("thrust_scale", "isp_scale")
    r = 2.0 * np.sin(np.pi * 0.8 / 6.0)
    drawn["isp_scale"] = r * drawn["thrust_scale"] + np.sqrt(1 - r**2) * drawn["isp_scale"]
    pairs = [{"a": "thrust_scale", "b": "isp_scale", "rho": 0.8, **pedigree()}]
    found = find(flown(drawn["thrust_scale"] < -2.0, drawn, correlations=pairs))
    thrust, impulse = (by_name(only(found))[name] for name in ("thrust_scale", "isp_scale"))
    assert impulse.is_driver
    assert impulse.may_only_follow
    assert impulse.correlated_with == ("thrust_scale",)
    assert thrust.is_driver
    assert not thrust.may_only_follow
    assert "may only follow thrust scale" in as_text(found, "s.zarr")


def test_find__correlated_inputs_that_both_drive_are_no_followers():
    drawn = scores("thrust_scale", "isp_scale")
    drawn["isp_scale"] = 0.5 * drawn["thrust_scale"] + np.sqrt(0.75) * drawn["isp_scale"]
    pairs = [{"a": "thrust_scale", "b": "isp_scale", "rho": 0.48, **pedigree()}]
    fails = drawn["thrust_scale"] + drawn["isp_scale"] < -3.4
    group = only(find(flown(fails, drawn, correlations=pairs)))
    assert {d.name for d in group.above_noise if not d.may_only_follow} == set(drawn)


def test_find__two_inputs_that_act_together_are_paired():
    drawn = scores("thrust_scale", "isp_scale", runs=20_000)
    found = find(flown(drawn["thrust_scale"] * drawn["isp_scale"] > 2.5, drawn))
    (pair,) = only(found).pairs
    assert {pair.a, pair.b} == set(drawn)
    assert pair.tau > only(found).pair_floor
    share = {(cell.a, cell.b): cell.failed.fraction for cell in pair.cells}
    assert len(share) == 25
    assert min(share[0, 0], share[4, 4]) > 0.2
    assert share[0, 4] == share[2, 2] == 0.0
    assert "high with high and low with low" in as_text(found, "s.zarr")


def test_find__very_many_runs_are_looked_at_in_part_and_told(monkeypatch):
    monkeypatch.setattr(contrast, "MOST_FAILURES", 50)
    monkeypatch.setattr(contrast, "MOST_SUCCESSES", 400)
    drawn = scores("thrust_scale")
    found = find(flown(drawn["thrust_scale"] < -1.5, drawn))
    assert only(found).looked_at == (50, 400)
    assert only(found).failures > 200
    assert only(found).above_noise[0].name == "thrust_scale"
    assert "over the first 50 of the failures, 400 successes" in as_text(found, "s.zarr")


# --- causes and strata ----------------------------------------------------------------------------


def test_find__each_cause_has_its_own_driver():
    drawn = scores("thrust_scale", "isp_scale")
    fast = drawn["isp_scale"] > 2.0
    results = flown(drawn["thrust_scale"] > 2.0, drawn)
    results["touchdown_vertical_speed_mps"] = ("run", np.where(fast, 3.0, 0.5))
    groups = {g.label: [d.name for d in g.above_noise] for g in find(results).strata[0].groups}
    assert groups.pop("all failures") in (
        ["thrust_scale", "isp_scale"],
        ["isp_scale", "thrust_scale"],
    )
    assert groups == {
        "tip_over": ["thrust_scale"],
        "touchdown vertical speed above 2 m/s": ["isp_scale"],
    }


def injected() -> xr.Dataset:
    """Engine out fails 30 runs of 30; a stuck gimbal by friction 40 of 400; 5 fail without."""
    initiator = np.zeros(RUNS, int)
    initiator[:30], initiator[100:500] = LEVELS
    friction = np.random.default_rng(8).permutation(np.linspace(-2.0, 2.0, RUNS))
    fails = initiator == LEVELS[0]
    gimbal = np.flatnonzero(initiator == LEVELS[1])
    fails[gimbal[np.argsort(friction[gimbal])[:40]]] = True
    fails[[600, 700, 800, 900, 1000]] = True
    branches = {
        "engine_out": {"probability": 0.01, **pedigree()},
        "stuck_gimbal": {"probability": 0.1, **pedigree()},
    }
    columns = {"initiator": initiator, "friction": friction}
    return flown(fails, columns, failures=branches)


def test_find__injected_failures_come_first_then_the_others_apart():
    found = find(injected())
    levels = {level.label: level for level in found.initiators}
    assert [level.label for level in found.initiators] == [
        *("stuck_gimbal", "engine_out", "no injected failure"),
    ]
    assert levels["engine_out"].is_driver
    assert levels["stuck_gimbal"].of_all == pytest.approx(40 / 75)
    assert not levels["no injected failure"].is_driver
    none, gimbal = found.strata
    assert (none.label, none.failures, none.groups) == ("no injected failure", 5, ())
    assert (gimbal.label, gimbal.runs) == ("stuck_gimbal", 400)  # engine out never succeeds
    assert [driver.name for driver in gimbal.groups[0].above_noise] == ["friction"]


def test_find__time_of_a_failure_is_an_input_of_its_branch():
    results = injected()
    time_s = np.random.default_rng(4).uniform(0.0, 50.0, RUNS)
    failed = np.asarray(results["outcome"]) == Outcome.tip_over
    gimbal = np.asarray(results["initiator"]) == LEVELS[1]
    late = np.where(gimbal & failed, 49.0 + 0.01 * time_s, 0.9 * time_s)
    results["failure_time_s"] = ("run", late, {"role": "input"})
    campaign = json.loads(results.attrs["campaign"])
    law = {"law": "uniform", "lower": 0.0, "upper": 50.0, "class": "flight", **pedigree()}
    campaign["failures"]["stuck_gimbal"]["time_s"] = law
    results.attrs["campaign"] = json.dumps(campaign)
    found = find(results)
    assert "failure_time_s" in [d.name for d in found.strata[1].groups[0].above_noise]
    assert found.inputs == len(INPUTS)


def test_find__few_failures_are_listed_with_their_commands():
    found = find(injected())
    assert [run.run for run in found.listed[:5]] == [600, 700, 800, 900, 1000]
    assert {run.initiator for run in found.listed[5:]} == {"engine_out"}
    text = as_text(found, "a b.zarr")
    assert "hoverslam replay 'a b.zarr' 700  # tip over" in text
    assert "engine out, tip over: runs 0, 1, 2, 3, 4, 5, 6, 7 and 22 more" in text
    assert "no injected failure: 5 of 3,570 runs fail, too few to compare" in text


def test_find__with_fewer_than_twenty_there_is_the_list_alone():
    found = find(failing(2000, 19))
    assert found.initiators == ()
    assert found.strata[0].groups == ()
    assert len(found.listed) == 19
    assert "hoverslam replay s 18  # tip over" in as_text(found, "s")
    assert find(failing(2000, 20)).strata[0].groups != ()


def test_find__lost_runs_are_no_failures_of_the_vehicle():
    results = failing(2000, 25)
    outcome = np.array(results["outcome"])
    outcome[-3:] = Outcome.infrastructure_error
    thrust = np.array(results["thrust_scale"])
    thrust[-3:] = np.nan
    lost = results.assign(outcome=("run", outcome)).assign(
        thrust_scale=("run", thrust, {"role": "input"})
    )
    found = find(lost)
    assert (found.failures, found.lost) == (25, 3)
    assert only(found).successes == 1972
    assert "3 runs lost to the machines" in as_text(found, "s")


def test_find__without_a_failure_says_so():
    text = as_text(find(failing(100, 0)), "s")
    assert "0 of 100 runs fail" in text
    assert "replay" not in text


# --- designs --------------------------------------------------------------------------------------


def test_find__an_input_that_groups_share_is_compared_by_groups():
    """Of 400 groups of ten runs; thrust is drawn once for a group, impulse for each run."""
    generator = np.random.default_rng(21)
    thrust = np.repeat(generator.standard_normal(400), 10)
    drawn = {"thrust_scale": thrust} | scores("isp_scale")
    laws = LAWS | {"thrust_scale": normal(0.0, 1.0) | {"class": "assembly"}}
    design = {"design": "nested", "outer": ["assembly"], "inner_runs": 10}
    fails = thrust + drawn["isp_scale"] < -2.5
    found = find(flown(fails, drawn, sampling=design, dispersions=laws))
    drivers = by_name(only(found))
    assert drivers["thrust_scale"].is_driver
    assert drivers["isp_scale"].is_driver
    assert drivers["thrust_scale"].floor > drivers["isp_scale"].floor  # groups are fewer
    assert "compared by groups" in as_text(found, "s")


def test_find__a_shared_input_without_a_say_stays_below_its_floor():
    """Twelve groups in which all fail for another shared reason: by runs it would stand out."""
    generator = np.random.default_rng(22)
    shared = np.repeat(generator.standard_normal((2, 200)), 20, axis=1)
    laws = LAWS | {n: normal(0.0, 1.0) | {"class": "day"} for n in ("thrust_scale", "isp_scale")}
    design = {"design": "nested", "outer": ["day"], "inner_runs": 20}
    drawn = {"thrust_scale": shared[0], "isp_scale": shared[1]}
    fails = shared[0] < np.sort(np.unique(shared[0]))[30]
    found = find(flown(fails, drawn, sampling=design, dispersions=laws))
    drivers = by_name(only(found))
    assert drivers["thrust_scale"].is_driver
    assert not drivers["isp_scale"].is_driver
    by_runs = stats.ks_2samp(shared[1][fails], shared[1][~fails])
    assert by_runs.pvalue < 1e-6  # what the naive comparison would have said


def test_find__sets_of_a_latin_hypercube_are_told_to_be_no_independent_runs():
    design = {"design": "latin_hypercube", "points": 200}
    drawn = scores("thrust_scale")
    found = find(flown(drawn["thrust_scale"] < -2.0, drawn, sampling=design))
    assert "spread more evenly" in found.caveat
    assert only(found).above_noise[0].tenths[0].failed.method.startswith("Korn-Graubard, t over 20")


# --- winds ----------------------------------------------------------------------------------------


def test_find__members_of_an_ensemble_have_no_order():
    generator = np.random.default_rng(5)
    member = generator.integers(0, 10, RUNS)
    law = {"law": "discrete_uniform", "lower": 0, "upper": 9, "class": "day", **pedigree()}
    fails = (member == 4) & (generator.random(RUNS) < 0.3)
    results = flown(fails, {"wind_member": member}, dispersions=LAWS | {"wind_member": law})
    found = find(results)
    driving = [level.label for level in found.strata[0].members if level.is_driver]
    assert driving == ["wind 4"]
    assert "wind_member" not in by_name(only(found))
    assert "winds in which more fail" in as_text(found, "s")


# --- asking ---------------------------------------------------------------------------------------


def test_find__of_another_requirement():
    soft = LANDING | {"name": "soft", "holds": [{"metric": "slid_m", "at_most": 1.0}]}
    slid = {"slid_m": np.where(np.arange(100) < 30, 2.0, 0.0)}
    results = dataset(100, slid, requirements=[LANDING, soft])
    assert (find(results).failures, find(results, named="soft").failures) == (0, 30)
    with pytest.raises(BadInput, match="got 'hard', expected one of 'landing', 'soft'"):
        find(results, named="hard")
    assert [one.requirement for one in find_each(results)] == ["landing", "soft"]
    assert [one.failures for one in find_each(results, "soft")] == [30]


def test_find__scrubbed_runs_are_not_looked_at():
    """The launch rule would be found to drive them: it is known."""
    drawn = scores("thrust_scale")
    results = flown(np.zeros(RUNS, bool), drawn)
    windy = drawn["thrust_scale"] > 1.5
    results["outcome"] = ("run", np.where(windy, Outcome.scrubbed, Outcome.at_rest))
    found = find(results)
    assert (found.failures, found.scrubbed) == (0, int(windy.sum()))
    assert f"{found.scrubbed} runs scrubbed before lift-off are not looked at" in as_text(
        found, "s"
    )


def test_as_json__is_one_line_without_nan():
    text = as_json(find(injected()))
    assert "\n" not in text
    assert "NaN" not in text
    assert json.loads(text)["strata"][1]["groups"][0]["drivers"][0]["name"] == "friction"


def test_opened__what_is_no_store_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no such store"):
        opened(tmp_path / "none.zarr")
    file = tmp_path / "campaign.yaml"
    file.touch()
    with pytest.raises(BadInput, match="fly the campaign first"):
        opened(file)
    empty = write_store(tmp_path / "empty.zarr", failing(40, 1), batches=0)
    with pytest.raises(BadInput, match="nothing to compare"):
        opened(empty)
    half = write_store(tmp_path / "half.zarr", failing(400, 30), batches=20)
    found = find(opened(half))
    assert (found.runs, found.state) == (200, "flying")
    assert found.strata[0].groups[0].drivers[0].name == "thrust_scale"
