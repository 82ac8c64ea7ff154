"""Intervals of runs that hang together: textbook cases, and coverage by simulation.

Coverage of 90 % limits of the success, one-sided and two-sided, 22 November 2026: 20,000 trials
each, runs in parts whose own probability of failure has a beta law with that correlation of the
runs within a part; among the trials that gave an interval (in brackets: their share, if not all).

    parts of 100     failures   one-sided      two-sided      p +- t sqrt(var p), one-sided
    20, 0.01            50      0.898          0.909          0.858
    20, 0.01           200      0.903          0.907          0.883
    20, 0.05            50      0.911 (0.85)   0.919          0.863
    20, 0.05           200      0.895          0.908          0.863
    50, 0.05           100      0.885          0.901          0.838
    20, 0.2            200      0.887          0.905          0.831
    100, 0.2           200      0.877          0.896          0.817
    100, 0.2           500      0.892          0.905          0.853
    20, 0.5            500      0.924          0.933          0.872
    100, 0.5           500      0.901          0.910          0.835

Runs that are independent within parts of 200 as well (20 parts; hypercubes do no worse): 0.962,
0.950, 0.939, 0.931 and 0.908 one-sided for 5, 10, 20, 50 and 100 failures, 0.969, 0.944, 0.940,
0.936 and 0.913 two-sided; p +- t sqrt(var p) has 0.879 to 0.888 one-sided, where there are 20 or
more failures.
"""

from math import inf, isnan
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.sampling.draws import draw
from pipeline.statistics import binomial, nested, replicates, strata
from pipeline.statistics.order import percentile
from pipeline.statistics.replicates import Parts
from tests.pipeline.varied import law, varied

CONFIDENCE = 0.9


def parts_of(number_of: int, size: int, fewest: int = 20) -> Parts:
    return Parts(np.repeat(np.arange(number_of), size), fewest, "replicates")


# Coverage of 0.9 from 2,000 trials has a standard error of 0.0067; four of them
TRIALS, SLACK = 2000, 0.027
SOME = 1000  # where there are many cases


# --- replicates -----------------------------------------------------------------------------------


def korn_graubard(ok: np.ndarray, one_sided: float, most: float) -> tuple[float, float]:
    """The limits of equal parts `(part, run)`, of at most so many runs, by another way."""
    means = ok.mean(axis=1)
    share = means.mean()
    freedom = len(means) - 1
    as_good_as = share * (1.0 - share) / (means.var(ddof=1) / len(means))
    as_good_as *= (stats.norm.ppf(one_sided) / stats.t.ppf(one_sided, freedom)) ** 2
    n = min(as_good_as, most)
    return (
        stats.beta.ppf(1.0 - one_sided, n * share, n * (1.0 - share) + 1.0),
        stats.beta.ppf(one_sided, n * share + 1.0, n * (1.0 - share)),
    )


@pytest.mark.parametrize(("chance", "most"), [(0.8, np.inf), (0.95, 1000.0)])
def test_interval__of_equal_parts_is_that_of_as_many_independent_runs(
    chance: float, most: float
) -> None:
    ok = np.random.default_rng(1).random((25, 40)) < chance
    found = replicates.interval(ok.ravel(), parts_of(25, 40), CONFIDENCE)
    assert (found.lower, found.upper) == pytest.approx(korn_graubard(ok, 0.95, most), rel=1e-9)
    assert (found.successes, found.runs) == (int(ok.sum()), 1000)
    assert found.method == "Korn-Graubard, t over 25 replicates"


def test_interval__of_many_failures_is_about_the_t_interval_of_the_means() -> None:
    ok = np.random.default_rng(1).random(25 * 4000) < 0.9
    found = replicates.interval(ok, parts_of(25, 4000), CONFIDENCE)
    means = ok.reshape(25, 4000).mean(axis=1)
    expected = stats.ttest_1samp(means, 0.0).confidence_interval(CONFIDENCE)
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_interval__covers_what_differs_between_parts() -> None:
    """Parts whose success probability itself varies: binomial limits would be far too short."""
    generator = np.random.default_rng(2)
    parts = parts_of(20, 50)
    held = exact = 0
    for _ in range(TRIALS):
        ok = (generator.random((20, 50)) < generator.beta(8.0, 2.0, (20, 1))).ravel()
        found = replicates.interval(ok, parts, CONFIDENCE)
        held += found.lower <= 0.8 <= found.upper
        exact += binomial.lower_bound(int(ok.sum()), 1000, 0.95) <= 0.8
    assert held / TRIALS == pytest.approx(CONFIDENCE, abs=SLACK)
    assert exact / TRIALS < 0.9  # where 0.95 was promised


@pytest.mark.parametrize("failures", [0.5, 2, 5, 10, 20, 50, 100])
@pytest.mark.parametrize("number_of", [16, 20])
def test_limit__never_covers_less_however_few_the_failures(number_of: int, failures: float) -> None:
    """Parts that differ only by chance, as those of a hypercube do at the most."""
    generator = np.random.default_rng(3)
    chance = failures / (number_of * 200)
    parts = parts_of(number_of, 200, 16)._replace(is_even=True)
    one_sided = two_sided = 0
    for _ in range(SOME):
        ok = generator.random(number_of * 200) >= chance
        found = replicates.share_of(ok, parts)
        one_sided += replicates.bounds(found, CONFIDENCE)[0] <= 1.0 - chance
        lower, upper = replicates.bounds(found, 0.5 + 0.5 * CONFIDENCE)
        two_sided += lower <= 1.0 - chance <= upper
    assert min(one_sided, two_sided) / SOME >= CONFIDENCE - 4.0 * np.sqrt(0.09 / SOME)


@pytest.mark.parametrize(
    ("number_of", "correlation", "failures"),
    [(20, 0.05, 50), (20, 0.05, 200), (20, 0.2, 200), (50, 0.2, 500)],
)
def test_limit__covers_about_as_stated_where_groups_differ(
    number_of: int, correlation: float, failures: int
) -> None:
    generator = np.random.default_rng(4)
    chance = failures / (number_of * 100)
    spread = 1.0 / correlation - 1.0
    parts = parts_of(number_of, 100)
    told = held = t_held = 0
    for _ in range(SOME):
        of_part = generator.beta(chance * spread, (1.0 - chance) * spread, (number_of, 1))
        ok = generator.random((number_of, 100)) >= of_part
        lower = replicates.bounds(replicates.share_of(ok.ravel(), parts), CONFIDENCE)[0]
        means = ok.mean(axis=1)
        told += not isnan(lower)
        held += lower <= 1.0 - chance
        t_lower = means.mean() - stats.t.ppf(0.9, number_of - 1) * stats.sem(means)
        t_held += not isnan(lower) and t_lower <= 1.0 - chance
    assert told > 0.7 * SOME
    assert held / told >= 0.877 - 4.0 * np.sqrt(0.1 / told)
    assert t_held < held


def test_interval__of_chosen_runs_is_that_of_a_ratio() -> None:
    """A share among runs whose number differs from part to part covers as it says."""
    generator = np.random.default_rng(4)
    parts = parts_of(20, 60)
    held = 0
    for _ in range(TRIALS):
        chosen = generator.random(1200) < 0.3
        ok = (generator.random((20, 60)) < generator.beta(4.0, 4.0, (20, 1))).ravel()
        found = replicates.interval(ok, parts, CONFIDENCE, chosen)
        assert found.runs == chosen.sum()
        held += found.lower <= 0.5 <= found.upper
    assert held / TRIALS == pytest.approx(CONFIDENCE, abs=SLACK)


@pytest.mark.parametrize(
    ("failures", "number_of", "note"),
    [
        (0, 20, "none: failures in 0 of the 10 replicates that an interval needs"),
        (450, 20, "none: failures in 9 of the 10 replicates that an interval needs"),
        (995, 20, "none: successes in 1 of the 10 replicates that an interval needs"),
        (500, 10, "none: 10 of the 20 replicates that an interval needs"),
    ],
)
def test_interval__is_none_rather_than_short(failures: int, number_of: int, note: str) -> None:
    ok = np.arange(1000) >= failures
    found = replicates.interval(ok, parts_of(number_of, 1000 // number_of), CONFIDENCE)
    assert found.method == note
    assert isnan(found.lower)
    assert isnan(found.upper)
    assert found.successes == 1000 - failures


def test_interval__of_a_hypercube_without_failures_is_that_of_independent_runs_or_longer() -> None:
    even = parts_of(20, 50)._replace(is_even=True)
    found = replicates.interval(np.ones(1000, bool), even, CONFIDENCE)
    exact = binomial.interval(1000, 1000, CONFIDENCE)
    assert found.upper == 1.0
    assert 0.99 * exact.lower < found.lower < exact.lower


def test_interval__of_no_runs_is_none() -> None:
    chosen = np.zeros(1000, bool)
    found = replicates.interval(np.ones(1000, bool), parts_of(20, 50), CONFIDENCE, chosen)
    assert (found.method, isnan(found.lower)) == ("none: no runs", True)


def test_interval__of_no_parts_is_none() -> None:
    found = replicates.interval(np.zeros(0, bool), parts_of(0, 0), CONFIDENCE)
    assert found.method == "none: 0 of the 20 replicates that an interval needs"


@pytest.mark.parametrize(
    ("design", "trials"),
    [
        ({"design": "latin_hypercube", "points": 50}, 800),
        ({"design": "sobol", "points": 64}, 20),
    ],
)
def test_interval__covers_the_draws_of_a_design(design: dict[str, Any], trials: int) -> None:
    """A sum of two normals below a limit: the success of a run, its probability known."""
    runs = 20 * design["points"]
    laws = {"a": law(), "b": law()}
    held = 0
    shorter = []
    for seed in range(trials):
        drawn = draw(varied(design, laws, seed=seed), 0, runs)
        ok = drawn["a"] + drawn["b"] < np.sqrt(2.0)
        found = replicates.interval(ok, parts_of(20, design["points"]), CONFIDENCE)
        held += found.lower <= stats.norm.cdf(1.0) <= found.upper
        exact = binomial.interval(found.successes, runs, CONFIDENCE)
        shorter.append((found.upper - found.lower) / (exact.upper - exact.lower))
    assert held / trials == pytest.approx(CONFIDENCE, abs=4.0 * np.sqrt(0.09 / trials))
    assert np.mean(shorter) < 0.9


@pytest.mark.parametrize("failures", [3, 10, 30])
def test_limit__covers_few_failures_of_real_hypercubes(failures: int) -> None:
    """Failing takes either a sum of inputs, or two that go together, which shun no hypercube."""
    chance = failures / 1000.0
    parts = parts_of(20, 50)._replace(is_even=True)
    laws = {"a": law(), "b": law()}
    held = {"sum": 0, "both": 0}
    for seed in range(SOME // 2):
        drawn = draw(varied({"design": "latin_hypercube", "points": 50}, laws, seed=seed), 0, 1000)
        a, b = drawn["a"], drawn["b"]
        each = stats.norm.ppf(1.0 - (chance / 2.0) ** 0.5)
        failed = {
            "sum": a + b > np.sqrt(2.0) * stats.norm.ppf(1.0 - chance),
            "both": (np.minimum(a, b) > each) | (np.maximum(a, b) < -each),
        }
        for name, where in failed.items():
            lower, _ = replicates.bounds(replicates.share_of(~where, parts), CONFIDENCE)
            held[name] += lower <= 1.0 - chance
    assert min(held.values()) / (SOME // 2) >= CONFIDENCE - 4.0 * np.sqrt(0.09 / (SOME // 2))


def test_percentile__covers_where_runs_hang_together() -> None:
    generator = np.random.default_rng(5)
    parts = parts_of(25, 40)
    true = stats.norm.ppf(0.9) * np.sqrt(2.0)
    held = independent = 0
    for _ in range(TRIALS // 2):
        values = (generator.normal(size=(25, 40)) + generator.normal(size=(25, 1))).ravel()
        found = replicates.percentile(values, parts, 0.9, CONFIDENCE)
        held += found.lower <= true <= found.upper
        short = percentile(values, 0.9, CONFIDENCE)
        independent += short.lower <= true <= short.upper
    # 25 parts whose own tails differ widely: t is an approximation, and the other far off
    assert held / (TRIALS // 2) > 0.85
    assert independent / (TRIALS // 2) < 0.5


def test_percentile__sorts_lost_runs_as_worst_and_has_no_limit_in_the_far_tail() -> None:
    values = np.arange(1000.0)
    values[:50] = np.nan
    found = replicates.percentile(values, parts_of(20, 50), 0.9, CONFIDENCE)
    assert (found.value, found.not_finite) == (949.0, 50)  # 900th of 950 and 50 infinite ones
    far = replicates.percentile(np.arange(1000.0), parts_of(20, 50), 0.995, CONFIDENCE)
    assert (far.lower, far.upper) == (-inf, inf)


def test_percentile__of_even_parts_is_that_of_independent_runs_or_wider() -> None:
    """Where the parts differ no more than by chance; and so few runs bound no far tail."""
    even = parts_of(20, 50)._replace(is_even=True)
    values = np.random.default_rng(8).permutation(1000).astype(float)
    for fraction in (0.5, 0.9, 0.99):
        found = replicates.percentile(values, even, fraction, CONFIDENCE)
        exact = percentile(values, fraction, CONFIDENCE)
        assert found.lower <= found.value <= found.upper
        assert found.upper - found.lower >= 0.7 * (exact.upper - exact.lower)
    far = replicates.percentile(values, even, 0.999, CONFIDENCE)
    assert far.upper == inf == percentile(values, 0.999, CONFIDENCE).upper
    mirrored = replicates.percentile(-values, even, 0.001, CONFIDENCE, "low")
    assert mirrored.lower == -inf


def test_percentile__of_real_hypercubes_covers() -> None:
    held = 0
    for seed in range(SOME // 2):
        design = {"design": "latin_hypercube", "points": 50}
        drawn = draw(varied(design, {"a": law(), "b": law()}, seed=seed), 0, 1000)
        limit = replicates.quantile_limit(
            drawn["a"] + drawn["b"], parts_of(20, 50)._replace(is_even=True), 0.99, 0.9, "high"
        )
        held += limit >= np.sqrt(2.0) * stats.norm.ppf(0.99)
    assert held / (SOME // 2) >= CONFIDENCE - 4.0 * np.sqrt(0.09 / (SOME // 2))


# --- strata ---------------------------------------------------------------------------------------


def test_stratified__covers_and_is_shorter_than_the_exact_one() -> None:
    generator = np.random.default_rng(6)
    chance = np.linspace(0.05, 0.95, 10)
    stratum = np.tile(np.arange(10), 40)
    held = conservative = 0
    lengths = []
    for _ in range(TRIALS):
        ok = generator.random(400) < chance[stratum]
        found = strata.interval(ok, stratum, CONFIDENCE)
        exact = binomial.interval(int(ok.sum()), 400, CONFIDENCE)
        held += found.lower <= 0.5 <= found.upper
        conservative += exact.lower <= 0.5 <= exact.upper
        lengths.append((found.upper - found.lower) / (exact.upper - exact.lower))
    assert held / TRIALS == pytest.approx(CONFIDENCE, abs=SLACK)
    assert conservative / TRIALS > 0.94
    # the stratified sigma over the binomial one, and some more off an exact interval
    ratio = np.sqrt(4.0 * np.mean(chance * (1.0 - chance)))
    assert 0.9 * ratio < np.mean(lengths) < ratio


def test_stratified__of_one_stratum_is_the_binomial_variance() -> None:
    ok = np.arange(400) < 300
    found = strata.interval(ok, np.zeros(400, int), CONFIDENCE)
    reach = stats.t.ppf(0.95, 399) * np.sqrt(0.75 * 0.25 / 399)
    assert found.upper - found.lower == pytest.approx(2.0 * reach)
    assert found.method == strata.STRATIFIED


@pytest.mark.parametrize(
    ("failures", "stratum"),
    [
        (99, np.tile(np.arange(10), 40)),  # too few failures
        (100, np.repeat(np.arange(4), 100)),  # a stratum that always fails, others never
        (120, np.minimum(np.arange(400), 200)),  # not proportional: an unfinished store
    ],
)
def test_stratified__falls_back_on_the_exact_interval(failures: int, stratum: np.ndarray) -> None:
    ok = np.arange(400) >= failures
    found = strata.interval(ok, stratum, CONFIDENCE)
    exact = stats.binomtest(400 - failures, 400).proportion_ci(CONFIDENCE)
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high))
    assert found.method == strata.CONSERVATIVE != binomial.EXACT


# --- nested ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "groups", "size"), [(20, 1, 60, 50), (4, 4, 40, 20), (200, 1, 100, 10)]
)
def test_spread__limits_hold_for_any_law_of_the_groups(
    a: float, b: float, groups: int, size: int
) -> None:
    generator = np.random.default_rng(7)
    fractions = (0.1, 0.5, 0.9)
    true = stats.beta.ppf(fractions, a, b)
    below, above = np.zeros(3), np.zeros(3)
    for _ in range(TRIALS // 2):
        successes = generator.binomial(size, generator.beta(a, b, groups))
        found = nested.spread(successes, size, fractions, CONFIDENCE)
        below += [one.lower <= at for one, at in zip(found.percentiles, true, strict=True)]
        above += [one.upper >= at for one, at in zip(found.percentiles, true, strict=True)]
    least = CONFIDENCE - 4.0 * np.sqrt(0.09 / (TRIALS // 2))
    assert (below / (TRIALS // 2) >= least).all()
    assert (above / (TRIALS // 2) >= least).all()


def test_spread__limits_close_in_on_the_truth_with_large_groups() -> None:
    generator = np.random.default_rng(8)
    successes = generator.binomial(20_000, generator.beta(20.0, 1.0, 2000))
    found = nested.spread(successes, 20_000, (0.1,), CONFIDENCE)
    (tenth,) = found.percentiles
    true = stats.beta.ppf(0.1, 20.0, 1.0)
    assert tenth.lower < true < tenth.upper
    # percentiles 8.7 and 15.5 by order statistics of 2,000 at 0.095 and 0.145, and 1.6 sigma within
    ends = stats.beta.ppf([0.087, 0.155], 20.0, 1.0)
    assert (tenth.lower, tenth.upper) == pytest.approx(
        (ends[0] - 0.004, ends[1] + 0.003), abs=0.006
    )
    assert found.sigma == pytest.approx(stats.beta.std(20.0, 1.0), rel=0.1)


def test_spread__chance_within_groups_is_no_spread() -> None:
    successes = np.random.default_rng(9).binomial(50, 0.9, 400)
    found = nested.spread(successes, 50, (0.5,), CONFIDENCE)
    assert found.sigma < 0.02 < np.std(successes / 50)


def test_spread__few_groups_bound_nothing() -> None:
    found = nested.spread(np.array([10, 9]), 10, (0.1, 0.5), CONFIDENCE)
    assert [one.lower for one in found.percentiles] == [0.0, 0.0]
    assert found.percentiles[1].upper == 1.0
