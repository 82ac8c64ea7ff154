"""Intervals of rare failures, and when an estimate is not to be trusted."""

import numpy as np
import pytest
from scipy import stats

from pipeline.rare import crude
from pipeline.rare.estimate import (
    Work,
    contradict,
    exact_interval,
    from_counts,
    from_replicates,
    log_interval,
)
from pipeline.rare.points import Points

WORK = Work("a method", 100, (), ())


def test_log_interval__is_student_t_on_the_logarithm_of_the_mean() -> None:
    values = [1e-5, 2e-5, 3e-5, 2e-5, 1e-5, 3e-5, 2e-5, 2e-5, 1e-5, 3e-5]
    mean, error = 2e-5, stats.sem(values)
    factor = np.exp(2.262157 * error / mean)  # t of 9 degrees of freedom, from a table
    assert log_interval(values, 0.95) == pytest.approx((mean / factor, mean * factor), rel=1e-6)


def test_log_interval__of_zeros_says_nothing() -> None:
    assert log_interval([0.0] * 10, 0.95) == (0.0, 1.0)


def test_log_interval__covers_the_mean_of_skewed_replicates() -> None:
    random = np.random.default_rng(1)
    draws = 1e-4 * random.lognormal(0.0, 0.5, (4000, 20))
    limits = [log_interval(replicates, 0.95) for replicates in draws]
    covered = [low <= 1e-4 * np.exp(0.125) <= high for low, high in limits]
    assert np.mean(covered) > 0.93


def test_from_replicates__takes_ten_at_least() -> None:
    with pytest.raises(ValueError, match="got 9, expected >= 10"):
        from_replicates(WORK, [1e-3] * 9, 0.95)


def test_from_replicates__doubts_what_one_replicate_carries() -> None:
    assert from_replicates(WORK, [1e-6] * 20, 0.95).is_trusted
    found = from_replicates(WORK, [1e-6] * 19 + [1e-3], 0.95)
    assert not found.is_trusted
    assert "the replicates disagree: one of 20 carries 98 %" in found.doubts[0]


def test_from_replicates__doubts_zero() -> None:
    assert from_replicates(WORK, [0.0] * 10, 0.95).doubts == ("no replicate found a failure",)


def test_from_counts__is_clopper_pearson() -> None:
    found = from_counts(3, 1000)
    exact = stats.binomtest(3, 1000).proportion_ci(0.95, method="exact")
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert found.interval(0.9) == exact_interval(3, 1000, 0.9)
    assert from_counts(0, 1000).upper == pytest.approx(1.0 - 0.025 ** (1 / 1000))


def test_contradict__means_nothing_in_common() -> None:
    low, high = from_counts(10, 10_000), from_counts(100, 10_000)
    assert contradict(low, high)
    assert contradict(high, low)
    assert not contradict(low, low)


def test_need__gives_the_stated_deviation() -> None:
    needed = crude.need(1e-4, runs_per_s=1000.0)
    assert needed.runs == pytest.approx(999_900, abs=1)
    assert needed.seconds == needed.runs / 1000.0
    assert np.sqrt((1 - 1e-4) / (needed.runs * 1e-4)) == pytest.approx(0.1, rel=1e-5)


def test_crude__counts_every_failure() -> None:
    def limit_state(points: Points) -> np.ndarray:
        return 2.0 - points.u[:, 0]

    found = crude.estimate(limit_state, 3, np.random.default_rng(2), 10_000)
    assert found.estimate.runs == 10_000
    assert found.estimate.failures_counted == len(found.failures.seed)
    assert np.all(found.failures.u[:, 0] > 2.0)
    assert found.estimate.lower < stats.norm.sf(2.0) < found.estimate.upper


def test_crude__refuses_a_margin_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="margins: got NaN"):
        crude.estimate(lambda points: points.u[:, 0] * np.nan, 1, np.random.default_rng(3), 10)
