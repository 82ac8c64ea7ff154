"""Binomial bounds and plans against published examples, printed tables and scipy's own test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics import binomial

# Exact to rounding of the incomplete beta function and its inverse.
ROUNDING = 1e-9

# successes, runs, two-sided confidence, lower, upper. The first is an example of Newcombe, Stat.
# Med. 17:857 (1998), printed there as 0.2527 to 0.3676; all computed with scipy 1.17.1.
CLOPPER_PEARSON = [
    (81, 263, 0.80, 0.2707952671789956, 0.3473771743878333),
    (15, 148, 0.95, 0.057844010083448576, 0.161650490349479),
    (0, 20, 0.80, 0.0, 0.10874906186625448),
    (10, 10, 0.95, 0.6915028921812392, 1.0),
    (998, 1000, 0.80, 0.9946865146359689, 0.9994680638026591),
    (99_999, 100_000, 0.95, 0.9999442848396523, 0.9999997468219523),
]
WILSON = [
    (81, 263, 0.80, 0.27278813300373866, 0.3455647470926316),
    (15, 148, 0.95, 0.0623863995307363, 0.16048724172330803),
    (0, 20, 0.95, 0.0, 0.16112515805281938),
    (1000, 1000, 0.80, 0.9983603185557033, 1.0),
]
# probability, allowed failures, runs at 90 % confidence: method of Hanson & Beard,
# NASA/TP-2010-216447, consumer's risk 10 %; recomputed from binomial sums.
PLANS = [
    *[(0.99, 0, 230), (0.99, 1, 388), (0.99, 2, 531), (0.99, 3, 667), (0.99, 5, 926)],
    *[(0.9973, 0, 852), (0.9973, 1, 1440), (0.9973, 2, 1970), (0.9973, 5, 3433)],
    *[(0.99865, 0, 1705), (0.99865, 1, 2880), (0.99865, 3, 4947), (0.99865, 5, 6868)],
]


@pytest.mark.parametrize(("successes", "runs", "confidence", "lower", "upper"), CLOPPER_PEARSON)
def test_interval__equals_reference(
    successes: int, runs: int, confidence: float, lower: float, upper: float
) -> None:
    found = binomial.interval(successes, runs, confidence)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=ROUNDING)
    assert found.fraction == successes / runs
    assert "exact" in found.method


def test_interval__equals_newcombes_printed_example() -> None:
    found = binomial.interval(81, 263, 0.95)
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.2527, 0.3676)


@pytest.mark.parametrize(("successes", "runs", "confidence", "lower", "upper"), WILSON)
def test_wilson__equals_reference_and_says_approximate(
    successes: int, runs: int, confidence: float, lower: float, upper: float
) -> None:
    found = binomial.wilson(successes, runs, confidence)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=ROUNDING)
    assert "approximate" in found.method


@given(st.integers(1, 3000), st.data(), st.floats(0.5, 0.999))
def test_bounds__equal_scipys_test(runs: int, data: st.DataObject, confidence: float) -> None:
    """scipy solves the tail sums by root finding; here the beta quantile is used."""
    successes = data.draw(st.integers(0, runs))
    test = stats.binomtest(successes, runs, alternative="greater")
    lower = test.proportion_ci(confidence, method="exact").low
    assert binomial.lower_bound(successes, runs, confidence) == pytest.approx(lower, abs=ROUNDING)
    test = stats.binomtest(successes, runs, alternative="less")
    upper = test.proportion_ci(confidence, method="exact").high
    assert binomial.upper_bound(successes, runs, confidence) == pytest.approx(upper, abs=ROUNDING)


def test_lower_bound__never_covers_less_than_stated_and_wilson_does() -> None:
    """Exact coverage, summed over every outcome of 200 runs; Wilson shows that it can fail."""
    runs, confidence = 200, 0.90
    counts = np.arange(runs + 1)
    bounds = {
        "exact": np.array([binomial.lower_bound(s, runs, confidence) for s in counts]),
        "wilson": np.array([binomial.wilson(s, runs, 2 * confidence - 1).lower for s in counts]),
    }
    reliability = np.linspace(0.5, 0.9995, 1000)[:, None]
    weight = stats.binom.pmf(counts, runs, reliability)
    worst = {
        name: np.where(bound <= reliability, weight, 0.0).sum(axis=1).min()
        for name, bound in bounds.items()
    }
    assert worst["exact"] >= confidence
    assert worst["wilson"] < confidence


@pytest.mark.parametrize(("probability", "allowed", "runs"), PLANS)
def test_runs_needed__equals_hanson_and_beard(probability: float, allowed: int, runs: int) -> None:
    assert binomial.runs_needed(probability, 0.90, allowed) == runs
    assert binomial.allowed_failures(runs, probability, 0.90) == allowed
    # one run less shows it only with one failure less, or not at all
    assert binomial.allowed_failures(runs - 1, probability, 0.90) == (
        allowed - 1 if allowed else None
    )
    # the bound and the plan are one test
    assert binomial.lower_bound(runs - allowed, runs, 0.90) >= probability
    assert binomial.lower_bound(runs - 1 - allowed, runs - 1, 0.90) < probability


def test_runs_needed__meets_a_tie_exactly() -> None:
    """Of 35 fair coins at least 18 show heads with probability one half: no rounding decides."""
    assert binomial.runs_needed(0.5, 0.5, 17) == 35
    assert binomial.runs_needed(0.5, 0.5, 7) == 15


def test_plan__states_risk_and_margin() -> None:
    """To pass 9 times in 10 a design must have 0.998, 0.99667, 0.995: rounded up to be safe."""
    for allowed, runs, risk, reliability in [
        (2, 531, 0.09970014487748699, 0.998),
        (5, 926, 0.09963728784686496, 0.99667),
        (13, 1893, 0.09992719846917938, 0.995),
    ]:
        plan = binomial.plan(0.99, 0.90, allowed)
        assert plan.runs == runs
        assert plan.consumer_risk == pytest.approx(risk, abs=ROUNDING)
        assert reliability - 1e-4 < plan.reliability_for_9_in_10 <= reliability
        passes = binomial.pass_probability(runs, allowed, plan.reliability_for_9_in_10)
        assert passes == pytest.approx(0.9, abs=ROUNDING)


def test_plan_table__lists_a_plan_for_each_number_of_failures() -> None:
    table = binomial.plan_table(0.999, 0.90, (0, 3))
    assert [(plan.runs, plan.allowed_failures) for plan in table] == [(2302, 0), (6679, 3)]


@given(st.integers(1, 2000), st.data(), st.floats(0.01, 0.999))
def test_pass_probability__is_the_binomial_sum(
    runs: int, data: st.DataObject, reliability: float
) -> None:
    allowed = data.draw(st.integers(0, runs))
    summed = stats.binom.pmf(np.arange(allowed + 1), runs, 1.0 - reliability).sum()
    found = binomial.pass_probability(runs, allowed, reliability)
    assert found == pytest.approx(summed, abs=ROUNDING)


def test_allowed_failures__too_few_runs_can_show_nothing() -> None:
    assert binomial.allowed_failures(229, 0.99, 0.90) is None
    assert binomial.allowed_failures(0, 0.99, 0.90) is None


def test_interval__without_runs_knows_nothing() -> None:
    for found in (binomial.interval(0, 0, 0.9), binomial.wilson(0, 0, 0.9)):
        assert (found.lower, found.upper) == (0.0, 1.0)
        assert np.isnan(found.fraction)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binomial.lower_bound(3, 2, 0.9), "got 3 of 2"),
        (lambda: binomial.upper_bound(-1, 2, 0.9), "got -1 of 2"),
        (lambda: binomial.interval(1, 2, 1.0), "confidence: got 1.0"),
        (lambda: binomial.wilson(1, 2, float("nan")), "confidence: got nan"),
        (lambda: binomial.runs_needed(1.0, 0.9), "probability: got 1.0"),
        (lambda: binomial.runs_needed(0.9, 0.9, -1), "allowed_failures: got -1"),
        (lambda: binomial.runs_needed(1 - 1e-15, 0.9), "no plan under 1e.12 runs"),
        (lambda: binomial.reliability_to_pass(10, 11), "got 11 of 10"),
    ],
)
def test_binomial__refuses_impossible_counts_and_shares(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
