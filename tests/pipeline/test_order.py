"""Order statistics against Wilks' numbers, scipy's quantile test and simulated coverage."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics import order

# runs, quantile, confidence, index of the upper limit: binomial sums, scipy 1.17.1.
UPPER_INDEX = [
    (100, 0.50, 0.90, 57),
    (1000, 0.50, 0.95, 527),
    (300, 0.95, 0.90, 291),
    (10_000, 0.95, 0.90, 9529),
    (10_000, 0.95, 0.95, 9537),
    (300, 0.99, 0.90, 300),
    (100, 0.99, 0.90, None),
    (2000, 0.9973, 0.95, 1999),
    (500, 0.9973, 0.90, None),
]


@pytest.mark.parametrize(("runs", "fraction", "confidence", "index"), UPPER_INDEX)
def test_upper_index__equals_reference(
    runs: int, fraction: float, confidence: float, index: int | None
) -> None:
    assert order.upper_index(runs, fraction, confidence) == index
    # the same read from the other end
    mirrored = None if index is None else runs + 1 - index
    assert order.lower_index(runs, 1.0 - fraction, confidence) == mirrored


@given(st.integers(1, 500), st.floats(0.01, 0.99), st.floats(0.5, 0.99))
def test_upper_index__is_the_first_with_its_confidence(
    runs: int, fraction: float, confidence: float
) -> None:
    """Tail of the binomial from scipy.stats; a tie may fall either way by rounding."""
    achieved = stats.binom.cdf(np.arange(runs), runs, fraction)  # of ranks 1 to runs
    index = order.upper_index(runs, fraction, confidence)
    if index is None:
        assert achieved[-1] < confidence + 1e-9
    else:
        assert achieved[index - 1] >= confidence - 1e-9
        assert index == 1 or achieved[index - 2] < confidence + 1e-9


def test_wilks_runs__equals_the_95_95_series() -> None:
    """Wilks 1941; the series used in nuclear safety, one- and two-sided, orders 1 to 5 and 3."""
    one = [order.wilks_runs(0.95, 0.95, number) for number in range(1, 6)]
    two = [order.wilks_runs(0.95, 0.95, number, sides=2) for number in range(1, 4)]
    assert one == [59, 93, 124, 153, 181]
    assert two == [93, 153, 208]


# content, confidence, order, one- and two-sided runs: Wilks 1941, by beta content
WILKS = [
    (0.90, 0.95, 1, 29, 46),
    (0.99, 0.50, 1, 69, 168),
    (0.99, 0.99, 1, 459, 662),
    (0.9973, 0.95, 1, 1109, 1756),
    (0.99865, 0.90, 1, 1705, 2880),
    (0.999, 0.99, 1, 4603, 6636),
]


@pytest.mark.parametrize(("content", "confidence", "rank", "one", "two"), WILKS)
def test_wilks_runs__equals_the_table(content, confidence, rank, one, two) -> None:
    assert order.wilks_runs(content, confidence, rank) == one
    assert order.wilks_runs(content, confidence, rank, sides=2) == two


@pytest.mark.parametrize("worst", ["high", "low"])
@pytest.mark.parametrize(
    ("runs", "content", "confidence", "rank"),
    [(58, 0.95, 0.95, None), (59, 0.95, 0.95, 1), (93, 0.95, 0.95, 2), (10_000, 0.95, 0.9, 472)],
)
def test_tolerance__is_the_order_statistic(runs, content, confidence, rank, worst) -> None:
    """Wilks' series, and the 9,529th of 10,000; the other way round for a low worst."""
    values = np.random.default_rng(6).permutation(np.arange(1.0, runs + 1.0))
    found = order.tolerance(values, content, confidence, worst)
    assert (found.rank, found.runs) == (rank, runs)
    assert found.needed == order.wilks_runs(content, confidence)
    if rank is None:
        assert abs(found.limit) == inf
    else:
        assert found.limit == (runs + 1 - rank if worst == "high" else rank)
        fraction = content if worst == "high" else 1.0 - content
        if worst == "high":
            assert found.limit == order.upper_limit(values, fraction, confidence)


def test_tolerance__holds_its_content_as_often_as_it_says() -> None:
    """2,000 samples of 300 runs from a skewed law; by its law the content is exact."""
    samples = np.random.default_rng(7).exponential(size=(2000, 300))
    limits = np.array([order.tolerance(row, 0.95, 0.90).limit for row in samples])
    held = int((1.0 - np.exp(-limits) >= 0.95).sum())
    achieved = stats.binom.cdf(290, 300, 0.95)  # of the 291st: 0.91, the least above 0.90
    assert achieved >= 0.90
    assert stats.binom.ppf(1e-6, 2000, achieved) <= held <= stats.binom.isf(1e-6, 2000, achieved)


def test_tolerance__a_broken_value_is_worst() -> None:
    values = np.arange(1.0, 301.0)
    values[:9] = nan
    assert order.tolerance(values, 0.95, 0.90).limit == 300.0
    values[:10] = nan
    assert order.tolerance(values, 0.95, 0.90).limit == inf
    none = order.tolerance([], 0.95, 0.90)
    assert (none.rank, none.limit) == (None, inf)


@pytest.mark.parametrize(("runs", "fraction"), [(200, 0.5), (1000, 0.95), (1000, 0.01)])
def test_percentile__equals_scipys_quantile_test(runs: int, fraction: float) -> None:
    """An independent inversion of the same binomial test (Conover)."""
    values = np.random.default_rng(1).standard_normal(runs)
    interval = stats.quantile_test(values, p=fraction).confidence_interval(0.9)
    found = order.percentile(values, fraction, 0.9)
    assert (found.lower, found.upper) == (interval.low, interval.high)
    expected = np.quantile(values, fraction, method="inverted_cdf")
    assert found.value == expected


def test_percentile__covers_as_often_as_it_says() -> None:
    """2,000 samples of a skewed law; false alarm 1e-6. A normal-theory interval does not pass."""
    runs, fraction, confidence, repeats = 300, 0.95, 0.90, 2000
    samples = np.random.default_rng(2).exponential(size=(repeats, runs)) ** 2
    true = np.log(1.0 / (1.0 - fraction)) ** 2
    fewest = stats.binom.ppf(1e-6, repeats, confidence)

    intervals = [order.percentile(row, fraction, confidence) for row in samples]
    assert sum(found.lower <= true <= found.upper for found in intervals) >= fewest

    normal = samples.mean(axis=1) + 1.645 * samples.std(axis=1)
    half = 1.645 * samples.std(axis=1) * np.sqrt((1.0 + 1.645**2 / 2.0) / runs)
    assert (np.abs(normal - true) <= half).sum() < fewest


@pytest.mark.parametrize("broken", [nan, inf, -inf])
def test_percentile__a_broken_value_sorts_as_worst(broken: float) -> None:
    values = np.arange(1.0, 101.0)
    values[0] = broken  # was the smallest, 1
    high = order.percentile(values, 0.99, 0.5, worst="high")
    assert (high.value, high.not_finite) == (100.0, 1)
    assert order.percentile(values, 0.995, 0.5, worst="high").value == inf
    low = order.percentile(values, 0.01, 0.5, worst="low")
    assert (low.value, low.not_finite) == (-inf, 1)
    assert order.percentile(values, 0.02, 0.5, worst="low").value == 2.0


def test_percentile__too_few_runs_give_no_limit() -> None:
    found = order.percentile(np.arange(10.0), 0.99, 0.9)
    assert found.upper == inf
    assert found.value == 9.0
    assert order.upper_limit(np.arange(10.0), 0.99, 0.9) == inf


def test_percentile__of_no_runs_is_nan_without_limits() -> None:
    found = order.percentile([], 0.5, 0.9)
    assert isnan(found.value)
    assert (found.lower, found.upper, found.runs) == (-inf, inf, 0)


@pytest.mark.parametrize("fraction", [k / 100 for k in range(1, 100)])
def test_sample_quantile__rank_is_not_moved_by_rounding(fraction: float) -> None:
    """0.07 * 100 is 7.000000000000001 in binary; the 7th of 100 is meant."""
    assert order.sample_quantile(np.arange(1.0, 101.0), fraction) == round(100 * fraction)


def test_upper_limit__is_the_value_at_its_index() -> None:
    values = np.random.default_rng(3).permutation(np.arange(1.0, 301.0))
    assert order.upper_limit(values, 0.95, 0.90) == 291.0


@pytest.mark.parametrize("fraction", [0.0, 1.0, nan])
def test_percentile__refuses_a_share_outside(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction: got"):
        order.percentile([1.0], fraction, 0.9)


def test_wilks_runs__refuses_order_zero() -> None:
    with pytest.raises(ValueError, match="order: got 0"):
        order.wilks_runs(0.95, 0.95, 0)
