"""A campaign in numbers: counted by hand on results of a few dozen runs."""

import json
from math import inf, isnan, nan, pi, radians

import dask
import dask.array
import numpy as np
import pytest
from scipy import stats

from models.outcomes import Initiator, Outcome, Violation
from pipeline.errors import BadInput
from pipeline.kept import KeptCampaign
from pipeline.summary import Summary, as_json, as_text, summarise
from tests.pipeline.results import LANDING, campaign, campaign_text, dataset, pedigree

RUNS = 40


def mixed() -> dict[str, np.ndarray]:
    """40 runs: 10 with an engine out of which 4 succeed, 30 without of which 27 do."""
    outcome, initiator = np.zeros(RUNS, int), np.zeros(RUNS, int)
    speed, tilt = np.full(RUNS, 0.5), np.full(RUNS, 0.01)
    initiator[:10] = Initiator.engine_out
    outcome[:4] = Outcome.tip_over
    outcome[4] = Outcome.scrubbed
    speed[5] = 2.5
    speed[10] = 3.0
    tilt[11] = radians(4.0)
    outcome[12] = Outcome.diverged
    east = np.full(RUNS, 1.0)
    for column in (speed, tilt, east):
        column[[4, 12]] = nan
    east[13] = 11.0
    return {
        "outcome": outcome,
        "initiator": initiator,
        "touchdown_vertical_speed_mps": speed,
        "touchdown_tilt_rad": tilt,
        "touchdown_east_m": east,
        "violations": np.where(np.arange(RUNS) < 3, Violation.crush | Violation.tilt, 0),
    }


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarise(dataset(RUNS, mixed()))


def test_summary__counts_every_run(summary):
    assert summary.runs == RUNS
    assert summary.outcomes == {"at_rest": 34, "tip_over": 4, "scrubbed": 1, "diverged": 1}
    assert summary.initiators == {"none": 30, "engine_out": 10}
    assert summary.violations == {"tilt": 3, "crush": 3}
    assert (summary.scrubbed, summary.diverged, summary.infrastructure_errors) == (1, 1, 0)


def test_requirement__success_overall_and_given_each_branch(summary):
    given = {g.label: g.interval for g in summary.requirements[0].given}
    assert list(given) == ["all runs", "not scrubbed", "no injected failure", "engine_out"]
    counts = {label: (share.successes, share.runs) for label, share in given.items()}
    assert counts == {
        "all runs": (31, 40),
        "not scrubbed": (31, 39),
        "no injected failure": (27, 30),
        "engine_out": (4, 10),
    }
    assert summary.requirements[0].failures == 9


def test_requirement__bounds_are_exact(summary):
    overall = summary.requirements[0].overall
    assert overall.lower_bound == pytest.approx(stats.beta.ppf(0.1, 31, 10), rel=1e-9)
    assert overall.upper_bound == pytest.approx(stats.beta.ppf(0.9, 32, 9), rel=1e-9)
    assert overall.interval.lower == pytest.approx(stats.beta.ppf(0.05, 31, 10), rel=1e-9)


def test_requirement__causes_against_injected_failures(summary):
    causes = {c.label: (c.failures, c.by_initiator) for c in summary.requirements[0].causes}
    assert causes == {
        "tip_over": (4, {"engine_out": 4}),
        "touchdown vertical speed above 2 m/s": (2, {"none": 1, "engine_out": 1}),
        "touchdown tilt above 3 deg": (1, {"none": 1}),
        "scrubbed": (1, {"engine_out": 1}),
        "diverged": (1, {"none": 1}),
    }


def test_requirement__worst_runs_are_few_of_each_cause_worst_first(summary):
    worst = summary.requirements[0].worst
    # diverged, three of the four tip-overs, then by how far the limit was passed; none was scrubbed
    assert [run.run for run in worst] == [12, 0, 1, 2, 10, 11, 5]
    margins = [-inf, -1.0, -1.0, -1.0, -0.5, -1 / 3, -0.25]
    assert [run.margin for run in worst] == pytest.approx(margins)
    assert worst[4].initiator == "none"
    assert worst[1].cause == "tip_over"


def test_requirements__each_is_judged_by_its_own_conditions():
    loose = LANDING | {"name": "whole", "holds": [{"outcome": "at_rest"}]}
    found = summarise(dataset(RUNS, mixed(), requirements=[LANDING, loose])).requirements
    assert [r.overall.interval.successes for r in found] == [31, 34]
    assert found[1].conditions == ("outcome at rest",)


def test_landings__runs_that_did_not_touch_down_are_outside(summary):
    found = summary.landings
    assert (found.runs, found.not_down) == (40, 2)
    assert (found.inside_pad.successes, found.inside_pad.runs) == (37, 40)
    assert found.cep.radius_m == 1.0
    assert found.r95.radius_m == 11.0  # the 38th of 40
    assert found.r95.upper_m == inf
    assert "needs 230" in found.guaranteed.note


def test_landings__ellipses_say_what_they_claim():
    generator = np.random.default_rng(3)
    east, north = generator.normal(0.0, [[2.0], [1.0]], (2, 1000))
    found = summarise(
        dataset(1000, {"touchdown_east_m": east, "touchdown_north_m": north})
    ).landings
    assert found.guaranteed.claim == "contains at least 99 % with 90 % confidence"
    assert found.gaussian.claim == "expected content 99 %"
    assert found.gaussian.semi_major_m == pytest.approx(3.035 * 2.0, rel=0.1)
    assert found.guaranteed.semi_major_m > found.gaussian.semi_minor_m


def test_metrics__a_run_without_a_value_is_worst():
    miss = np.arange(1.0, 1001.0)
    miss[-20:] = nan
    found = summarise(dataset(1000, {"touchdown_miss_m": miss}))
    metric = next(m for m in found.metrics if m.name == "touchdown_miss_m")
    assert (metric.worst, metric.not_finite) == ("high", 20)
    values = {p.fraction: p.value for p in metric.percentiles}
    assert values == {0.5: 500.0, 0.9: 900.0, 0.95: 950.0, 0.99: inf, 0.997: inf}


def test_metrics__a_low_value_may_be_the_worst():
    margin = np.arange(1.0, 1001.0)
    margin[0] = nan
    found = summarise(dataset(1000, {"tip_margin_m": margin}))
    metric = next(m for m in found.metrics if m.name == "tip_margin_m")
    assert metric.worst == "low"
    values = {p.fraction: p.value for p in metric.percentiles}
    assert values == {0.5: 500.0, 0.1: 100.0, 0.05: 50.0, 0.01: 10.0, 0.003: 3.0}


def test_metrics__percentiles_that_so_few_runs_cannot_bound_are_left_out():
    def shown(runs: int) -> list[float]:
        return [p.fraction for p in summarise(dataset(runs)).metrics[0].percentiles]

    # two-sided 90 %: 0.95 of confidence above, so 1 - p^n >= 0.95
    assert shown(58) == [0.5, 0.9]
    assert shown(59) == [0.5, 0.9, 0.95]
    assert shown(996) == [0.5, 0.9, 0.95, 0.99]
    assert shown(998) == [0.5, 0.9, 0.95, 0.99, 0.997]


def test_metrics__those_with_a_requirement_come_first():
    asked = LANDING | {"holds": [{"metric": "propellant_left_kg", "at_least": 200.0}]}
    metrics = summarise(dataset(5, requirements=[asked])).metrics
    assert (metrics[0].name, metrics[0].worst) == ("propellant_left_kg", "low")
    names = [metric.name for metric in metrics]
    assert len(names) == len(set(names))


def test_published__rank_is_the_share_at_or_below():
    figures = [
        {"metric": "touchdown_miss_m", "value": 2.0, **pedigree("P", "a newspaper")},
        {"metric": "touchdown_tilt_deg", "value": 1.0, **pedigree("P")},
    ]
    miss = np.array([1.0, 2.0, 3.0, nan])
    tilt = np.radians([0.5, 0.9, 1.1, 0.2])
    columns = {"touchdown_miss_m": miss, "touchdown_tilt_rad": tilt}
    first, second = summarise(dataset(4, columns, published=figures)).published
    assert (first.at_or_below.successes, first.at_or_below.runs) == (2, 4)
    assert (first.tag, first.source) == ("P", "a newspaper")
    assert second.at_or_below.successes == 3
    assert second.value == pytest.approx(pi / 180)


def test_summarise__reads_no_variable_that_it_does_not_need():
    def never() -> np.ndarray:
        raise AssertionError("a history was read")

    unread = dask.array.from_delayed(dask.delayed(never)(), (RUNS, 1000), float)
    results = dataset(RUNS, mixed()).assign(up_m=(("run", "time"), unread))
    assert summarise(results).runs == RUNS


def test_summarise__of_an_unfinished_store_says_so():
    found = summarise(dataset(RUNS, mixed(), {"state": "flying"}))
    assert found.state == "flying"
    assert "flying" in as_text(found).splitlines()[0]


def test_as_json__is_valid_without_nan_or_infinity(summary):
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    read = json.loads(as_json(summary), parse_constant=refuse)
    assert read["requirements"][0]["given"][0]["interval"]["successes"] == 31
    assert read["landings"]["r95"]["upper_m"] is None
    assert read["metrics"][0]["percentiles"][0]["value"] is not None


def test_as_text__tells_success_causes_and_footprint(summary):
    text = as_text(summary)
    assert "landing: 0.7750, at least" in text
    assert "no injected failure" in text
    assert "tip over 4" in text
    assert "2 of 40 did not touch down" in text
    assert "ellipse: none: " in text


def test_kept_campaign__ignores_the_vehicle_of_another_version():
    found = campaign(9)
    assert (found.runs, found.vehicle.legs, found.pad_radius_m) == (9, 4, 10.0)
    assert not isnan(found.requirements[0].probability)


def test_kept_campaign__unreadable_requirements_are_bad_input():
    text = campaign_text(1, requirements=[LANDING | {"probability": 2.0}])
    with pytest.raises(BadInput, match=r"(?s)hoverslam 0\.0\.9.*probability: got 2"):
        KeptCampaign.of({"campaign": text, "hoverslam_version": "0.0.9"})
