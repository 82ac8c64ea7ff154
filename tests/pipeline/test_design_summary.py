"""A summary uses the interval that fits the design, and says where there is none."""

from math import isnan

import numpy as np
import pytest

from models.outcomes import Outcome
from pipeline.errors import ExitCode
from pipeline.fitness import Results
from pipeline.gate import judge_results
from pipeline.report.write import report_page
from pipeline.statistics import binomial, replicates
from pipeline.statistics.replicates import Parts
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


def test_summary__of_hypercubes_has_intervals_over_replicates():
    results = scattered(1000, 13, sampling=HYPERCUBES)
    summary = summarise(results)
    overall = summary.requirements[0].overall
    parts = Parts(np.arange(1000) // 50, 20, "replicates", is_even=True)
    ok = results["outcome"].values == Outcome.at_rest
    assert overall.interval == replicates.interval(ok, parts, 0.9)
    assert overall.lower_bound == replicates.bounds(replicates.share_of(ok, parts), 0.9)[0]
    assert summary.landings.inside_pad.lower == pytest.approx(0.9967, abs=1e-4)  # none outside
    assert "independent" in summary.landings.guaranteed.note
    told = as_text(summary)
    assert "sampling: Latin hypercubes: 20 of 50 runs" in told
    assert "interval of all runs: Korn-Graubard, t over 20 replicates" in told
    assert "not gated: the runs of a set are not independent" in told


def test_summary__of_sets_without_enough_failures_has_no_limit():
    """A few failures in a hypercube are bounded: there, none can hang together."""
    sets = {"design": "sobol", "points": 64}
    summary = summarise(failing(1024, 3, sampling=sets))
    assert isnan(summary.requirements[0].overall.lower_bound)
    said = "0.99707, limit none: failures in 1 of the 10 replicates that an interval needs; asked"
    assert said in as_text(summary)
    few = summarise(failing(1000, 3, sampling=HYPERCUBES)).requirements[0].overall
    assert 0.98 < few.lower_bound <= binomial.lower_bound(997, 1000, 0.9)
    assert '"lower_bound": null' in as_json(summary)


def test_summary__of_one_hypercube_has_no_interval():
    one = {"design": "latin_hypercube", "points": 1000}
    summary = summarise(scattered(1000, 13, sampling=one))
    method = summary.requirements[0].overall.interval.method
    assert method == "none: 1 of the 20 replicates that an interval needs"
    assert summary.metrics[0].percentiles == ()


def test_summary__percentiles_of_hypercubes_are_those_of_replicates():
    values = np.linspace(0.0, 1.0, 1000)
    columns = {"touchdown_miss_m": np.random.default_rng(1).permutation(values)}
    summary = summarise(dataset(1000, columns, sampling=HYPERCUBES))
    (metric,) = (m for m in summary.metrics if m.name == "touchdown_miss_m")
    found = {p.fraction: p for p in metric.percentiles}
    assert 0.90 in found
    assert found[0.997].upper == pytest.approx(0.9995, abs=1e-3)  # three runs lie beyond it
    assert found[0.90].lower < 0.90 < found[0.90].upper < 0.95


def test_summary__of_strata_has_their_variance_and_exact_limits():
    without = summarise(dataset(1000, sampling=STRATA))
    assert "conservative" in without.requirements[0].overall.interval.method
    summary = summarise(scattered(2000, 13, sampling=STRATA))
    overall = summary.requirements[0].overall
    assert overall.interval.method == "stratified variance, t"
    assert overall.lower_bound == binomial.lower_bound(1846, 2000, 0.9)
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
    method = summary.requirements[0].overall.interval.method
    assert method == "none: failures in 5 of the 10 groups that an interval needs"
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
