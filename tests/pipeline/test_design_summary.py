"""A summary uses the interval that fits the design, and says where there is none."""

from math import isnan

import numpy as np
import pytest
from scipy import stats

from models.outcomes import Outcome
from pipeline.errors import ExitCode
from pipeline.fitness import Results
from pipeline.gate import judge_results
from pipeline.report.write import report_page
from pipeline.statistics import binomial
from pipeline.summary import as_json, as_text, summarise
from tests.pipeline.results import dataset, failing, normal

HYPERCUBES = {"design": "latin_hypercube", "points": 50}
STRATA = {"design": "strata", "bins": {"thrust_scale": 10}}
NESTED = {"design": "nested", "outer": ["assembly"], "inner_runs": 40}


def scattered(runs: int, every: int, **changes):
    """Every so-many-th run tips over."""
    outcome = np.where(np.arange(runs) % every == 0, Outcome.tip_over, Outcome.at_rest)
    return dataset(runs, {"outcome": outcome}, **changes)


def test_summary__of_independent_runs_is_exact_and_says_nothing_of_sampling():
    summary = summarise(scattered(1000, 13))
    overall = summary.requirements[0].overall
    assert overall.interval == binomial.interval(923, 1000, 0.9)
    assert overall.lower_bound == binomial.lower_bound(923, 1000, 0.9)
    assert "sampling" not in as_text(summary)


def test_summary__of_hypercubes_has_t_intervals_over_replicates():
    results = scattered(1000, 13, sampling=HYPERCUBES)
    summary = summarise(results)
    overall = summary.requirements[0].overall
    ok = (results["outcome"].values == Outcome.at_rest).reshape(20, 50)
    expected = stats.ttest_1samp(ok.mean(axis=1), 0.0)
    limits = expected.confidence_interval(0.9)
    assert (overall.interval.lower, overall.interval.upper) == pytest.approx(tuple(limits))
    assert overall.lower_bound == pytest.approx(expected.confidence_interval(0.8).low)
    assert (
        summary.landings.inside_pad.method == "none: 0 of the 10 failures that a t interval needs"
    )
    assert "independent" in summary.landings.guaranteed.note
    told = as_text(summary)
    assert "sampling: Latin hypercubes: 20 of 50 runs" in told
    assert "interval of all runs: t over 20 replicates" in told
    assert "not gated: the runs of a set are not independent" in told


def test_summary__of_hypercubes_without_enough_failures_has_no_limit():
    summary = summarise(failing(1000, 3, sampling=HYPERCUBES))
    assert isnan(summary.requirements[0].overall.lower_bound)
    assert "0.99700, limit none: 3 of the 10 failures that a t interval needs; asked" in as_text(
        summary
    )
    assert '"lower_bound": null' in as_json(summary)


def test_summary__of_one_hypercube_has_no_interval():
    one = {"design": "latin_hypercube", "points": 1000}
    summary = summarise(scattered(1000, 13, sampling=one))
    method = summary.requirements[0].overall.interval.method
    assert method == "none: 1 of the 20 replicates that a t interval needs"
    assert summary.metrics[0].percentiles == ()


def test_summary__percentiles_of_hypercubes_are_those_of_replicates():
    values = np.linspace(0.0, 1.0, 1000)
    columns = {"touchdown_miss_m": np.random.default_rng(1).permutation(values)}
    summary = summarise(dataset(1000, columns, sampling=HYPERCUBES))
    (metric,) = (m for m in summary.metrics if m.name == "touchdown_miss_m")
    found = {p.fraction: p for p in metric.percentiles}
    assert 0.90 in found
    assert 0.997 not in found  # three runs lie beyond it
    assert found[0.90].lower < 0.90 < found[0.90].upper < 0.95


def test_summary__of_strata_has_their_variance_and_exact_limits():
    without = summarise(dataset(1000, sampling=STRATA))
    assert "conservative" in without.requirements[0].overall.interval.method
    summary = summarise(scattered(1000, 13, sampling=STRATA))
    overall = summary.requirements[0].overall
    assert overall.interval.method == "stratified variance, t"
    assert overall.lower_bound == binomial.lower_bound(923, 1000, 0.9)
    assert summary.no_gate == ""


def test_summary__of_a_nested_campaign_spreads_success_over_groups():
    outcome = np.full((50, 40), int(Outcome.at_rest))
    outcome[:5, :20] = Outcome.tip_over  # five bad assemblies
    results = dataset(2000, {"outcome": outcome.ravel()}, sampling=NESTED)
    summary = summarise(results)
    spread = summary.requirements[0].outer
    assert (spread.groups, spread.group_runs) == (50, 40)
    observed = {one.fraction: one.observed for one in spread.percentiles}
    assert observed[0.05] == 0.5
    assert observed[0.5] == 1.0
    assert spread.sigma == pytest.approx(0.15, abs=0.01)  # 0.5 below for a tenth of them
    assert "over 50 groups of 40 runs" in as_text(summary)
    assert summary.requirements[0].overall.interval.method == "t over 50 groups"
    page = report_page(results, "nested.zarr")
    assert "over 50 groups of 40 runs that share their outer draw" in page
    assert "nested: 50 groups that share class assembly, 40 runs each" in page


@pytest.mark.parametrize("sampling", [HYPERCUBES, NESTED])
def test_gate__refuses_a_design_without_an_exact_bound(sampling):
    runs = 2000
    judgement = judge_results(Results(scattered(runs, 1000, sampling=sampling)))
    assert judgement.exit_code is ExitCode.INVALID
    (verdict,) = judgement.verdicts
    assert verdict.evidence is None
    assert any("sampling.design independent or strata can be gated" in r for r in verdict.reasons)


def test_gate__judges_strata_by_exact_bounds():
    laws = {"thrust_scale": normal(1.0, 0.01)}
    results = dataset(1000, dispersions=laws, sampling=STRATA)
    assert judge_results(Results(results)).exit_code is ExitCode.DONE
