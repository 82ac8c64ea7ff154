"""A campaign in numbers: counted by hand on results of a few dozen runs."""

import json
import re
from math import inf, isnan, nan, pi, radians

import dask
import dask.array
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from models.outcomes import Initiator, Outcome, Violation
from pipeline.errors import BadInput
from pipeline.kept import KeptCampaign
from pipeline.statistics.binomial import interval, plan
from pipeline.statistics.order import percentile
from pipeline.summary import Summary, as_json, as_text, summarise
from pipeline.summary.convergence import settling
from pipeline.summary.estimate import INDEPENDENT
from pipeline.summary.text import advice_in_words
from pipeline.summary.winds import by_wind
from tests.pipeline.results import LANDING, campaign, campaign_text, dataset, failing, pedigree

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
        "engine_out": (4, 9),
    }
    assert (summary.requirements[0].failures, summary.requirements[0].scrubbed) == (8, 1)


def test_scrubbed__runs_stand_apart_in_text():
    """Every second run scrubbed, whether or not a failure was to be injected later."""
    outcome = np.where(np.arange(40) % 2, Outcome.scrubbed, Outcome.at_rest)
    outcome[0] = Outcome.tip_over
    text = as_text(summarise(dataset(40, {"outcome": outcome})))
    assert "failures by cause: tip over 1\n" in text
    assert "scrubbed before lift-off: 20 of 40 runs, no success and in no cause of failure" in text
    assert re.search(r"all runs +40 +0\.4750 ", text)
    assert re.search(r"not scrubbed +20 +0\.95", text)
    assert re.search(r"no injected failure +20 +0\.95", text)


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


def test_metrics__tolerance_limits_say_what_they_hold_or_how_many_runs_they_take():
    miss = np.arange(1.0, 1001.0)
    found = summarise(dataset(1000, {"touchdown_miss_m": miss, "tip_margin_m": miss})).metrics
    limits = {m.name: m.tolerances for m in found}
    assert [limit.content for limit in limits["touchdown_miss_m"]] == [0.99, 0.9973]
    assert [limit.limit for limit in limits["touchdown_miss_m"]] == [995.0, 1000.0]  # binomial sums
    assert [limit.limit for limit in limits["tip_margin_m"]] == [6.0, 1.0]
    few = summarise(dataset(200, {"touchdown_miss_m": miss[:200]})).metrics[0].tolerances
    assert [(limit.rank, limit.needed) for limit in few] == [(None, 230), (None, 852)]


def test_metrics__those_with_a_requirement_come_first():
    asked = LANDING | {"holds": [{"metric": "propellant_left_kg", "at_least": 200.0}]}
    metrics = summarise(dataset(5, requirements=[asked])).metrics
    assert (metrics[0].name, metrics[0].worst) == ("propellant_left_kg", "low")
    names = [metric.name for metric in metrics]
    assert len(names) == len(set(names))


# --- how many runs ------------------------------------------------------------------------------


def test_advice__is_that_of_the_sample_plans():
    """Hanson & Beard: for 0.999 at 90 % fly 2,302 without failure, or 6,679 with three."""
    high = LANDING | {"probability": 0.999}
    (requirement,) = summarise(dataset(50, requirements=[high])).requirements
    plans = {plan.allowed_failures: plan.runs for plan in requirement.advice.plans}
    assert (plans[0], plans[3]) == (2302, 6679)
    words = advice_in_words(requirement)
    assert "for 0.999 at 90 % fly 2,302 independent runs without failure" in words
    assert "6,679 with 3" in words
    assert words in as_text(summarise(dataset(50, requirements=[high])))


def test_advice__counts_the_failures_that_there_were():
    (requirement,) = summarise(failing(2000, 30)).requirements
    assert requirement.advice.as_flown == plan(0.99, 0.9, 30)
    assert f"with the 30 seen here {plan(0.99, 0.9, 30).runs:,}" in advice_in_words(requirement)
    hopeless = LANDING | {"probability": 1.0 - 1e-9}
    assert (
        summarise(failing(50, 5, requirements=[hopeless])).requirements[0].advice.as_flown is None
    )


def test_text__says_nothing_of_more_runs_where_enough_were_flown():
    assert "independent runs" not in as_text(summarise(failing(1000, 0)))


# --- winds that runs share ------------------------------------------------------------------------


def blown(profiles: int, each: int, spread_m: float) -> xr.Dataset:
    """Landings about the mean that a profile has for all its runs, 1 m about it."""
    generator = np.random.default_rng(12)
    member = np.arange(profiles * each) % profiles
    means = generator.normal(0.0, spread_m, (2, profiles))
    east, north = means[:, member] + generator.standard_normal((2, member.size))
    columns = {"touchdown_east_m": east, "touchdown_north_m": north, "wind_member": member}
    return dataset(member.size, columns)


def test_winds__limits_for_other_winds_are_those_of_so_many_profiles():
    """20 profiles that move the landing by 8 m: 4,000 runs are worth some twenty."""
    found = summarise(blown(20, 200, 8.0)).landings
    assert found.winds is not None
    of_runs, of_profiles = found.inside_pad, found.winds.inside_pad
    assert of_profiles.method == "Korn-Graubard, t over 20 profiles"
    assert of_profiles.fraction == of_runs.fraction
    width = of_profiles.upper - of_profiles.lower
    assert width > 3.0 * (of_runs.upper - of_runs.lower)
    assert found.winds.r95_upper_m == inf, "of so few profiles too few lie beyond"
    first, *_, last = found.winds.members
    assert first.r95.radius_m > 2.0 * last.r95.radius_m
    assert sum(one.runs for one in found.winds.members) == 4000
    assert np.hypot(first.mean_east_m, first.mean_north_m) == pytest.approx(
        first.r95.radius_m - 1.6, abs=0.4
    )
    assert "by wind profile: R95 up to" in as_text(summarise(blown(20, 200, 8.0)))


def test_winds__cover_what_other_winds_would_do():
    """300 ensembles of 20 profiles: the t interval holds the share over all winds, runs' do not."""
    generator = np.random.default_rng(4)
    share = stats.chi2.cdf(25.0 / 10.0, 2)  # over all winds the variance is 1 + 9 each way
    held = {"profiles": 0, "runs": 0}
    for _ in range(300):
        means = np.repeat(generator.normal(0.0, 3.0, (2, 20)), 50, axis=1)
        east, north = means + generator.standard_normal((2, 1000))
        member = np.repeat(np.arange(20), 50)
        columns = {"touchdown_east_m": east, "touchdown_north_m": north, "wind_member": member}
        found = by_wind(columns, 5.0, 0.9, INDEPENDENT)
        assert found is not None
        held["profiles"] += found.inside_pad.lower <= share <= found.inside_pad.upper
        naive = interval(found.inside_pad.successes, 1000, 0.9)
        held["runs"] += naive.lower <= share <= naive.upper
    assert held["profiles"] >= stats.binom.ppf(1e-6, 300, 0.9)
    assert held["runs"] < 0.5 * 300


def test_winds__too_few_profiles_say_so():
    found = summarise(blown(5, 100, 5.0)).landings.winds
    assert found is not None
    assert "5 of the 20 profiles" in found.inside_pad.method
    assert found.r95_upper_m == inf
    assert summarise(dataset(40)).landings.winds is None
    assert summarise(blown(1, 40, 1.0)).landings.winds is None


# --- convergence ----------------------------------------------------------------------------------


def test_settling__ends_at_the_estimate_of_all_runs():
    generator = np.random.default_rng(2)
    east, north = generator.standard_normal((2, 3000))
    speed = generator.uniform(0.2, 1.0, 3000)
    columns = {
        "touchdown_east_m": east,
        "touchdown_north_m": north,
        "touchdown_miss_m": np.hypot(east, north),
        "touchdown_vertical_speed_mps": speed,
    }
    results = dataset(3000, columns)
    summary = summarise(results)
    worst = {m.name: m.worst for m in summary.metrics}
    found = list(settling(results, campaign(3000), 0.9, worst))
    assert [one.what or one.name for one in found] == [
        *("inside the pad", "CEP", "R95", "touchdown_vertical_speed_mps", "touchdown_tilt_rad"),
    ]
    pad, cep, r95, tail, _ = found
    assert cep.value[-1] == summary.landings.cep.radius_m
    assert r95.value[-1] == summary.landings.r95.radius_m
    assert (pad.lower[-1], pad.upper[-1]) == summary.landings.inside_pad[2:4]
    speeds = next(m for m in summary.metrics if m.name == "touchdown_vertical_speed_mps")
    p99 = next(p for p in speeds.percentiles if p.fraction == 0.99)
    assert (tail.value[-1], tail.lower[-1], tail.upper[-1]) == p99[1:4]
    assert tail.runs[0] == 20
    assert np.isnan(tail.upper[0])  # 20 runs bound no 99th percentile
    half = np.searchsorted(r95.runs, 500)
    first = percentile(np.hypot(east, north)[: r95.runs[half]], 0.95, 0.9)
    assert (r95.value[half], r95.lower[half], r95.upper[half]) == first[1:4]


def test_settling__runs_that_hang_together_have_no_band():
    design = {"design": "latin_hypercube", "points": 50}
    results = dataset(1000, sampling=design)
    (pad, *_) = settling(results, campaign(1000, sampling=design), 0.9, {})
    assert np.isnan(pad.lower).all()
    assert pad.value[-1] == 1.0
    assert list(settling(dataset(10), campaign(10), 0.9, {})) == []


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
