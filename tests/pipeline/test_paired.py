"""Paired statistics: published tables, enumeration, and coverage of the shift of a percentile."""

from itertools import product
from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from pipeline.statistics import paired
from pipeline.statistics.paired import Table
from pipeline.statistics.shift import percentile_shift

# Worked examples of Fagerland, Lydersen & Laake (Stat. Med. 33:2850, 2014), Agresti & Min (2005)
# and large tables of few discordant runs: counts, confidence, Tango's limits (Stat. Med. 17:891)
TANGO = [
    (Table(1, 1, 7, 12), 0.90, 0.074631, 0.481622),
    (Table(59, 6, 16, 80), 0.95, 0.005433, 0.124023),
    (Table(14, 0, 5, 22), 0.95, 0.025836, 0.255442),
    (Table(50, 20, 40, 50), 0.95, 0.030865, 0.218064),
    (Table(36, 2, 12, 0), 0.80, 0.111936, 0.292756),
    (Table(990, 0, 0, 10), 0.90, -0.002698, 0.002698),
    (Table(982, 8, 1, 9), 0.90, -0.013257, -0.002493),
    (Table(9858, 30, 12, 100), 0.90, -0.002949, -0.000759),
]
# The same sources: broken, saved, exact one-sided p-value of a worse candidate
MCNEMAR = [(1, 7, 0.99609375), (6, 16, 0.9915497303), (1, 5, 0.984375), (12, 30, 0.998556)]


@pytest.mark.parametrize(("table", "confidence", "lower", "upper"), TANGO)
def test_tango_interval__as_published(table, confidence, lower, upper):
    assert paired.tango_interval(table, confidence) == pytest.approx((lower, upper), abs=6e-7)


@pytest.mark.parametrize(("table", "confidence", "lower", "upper"), TANGO)
def test_tango_interval__mirrors_when_the_designs_change_places(table, confidence, lower, upper):
    other = Table(table.both_succeed, table.saved, table.broken, table.both_fail)
    assert paired.tango_interval(other, confidence) == pytest.approx((-upper, -lower), abs=6e-7)


@pytest.mark.parametrize("table", [Table(0, 5, 0, 0), Table(0, 0, 7, 0), Table(5, 0, 0, 0)])
def test_tango_interval__of_an_extreme_table_stays_within_bounds(table):
    lower, upper = paired.tango_interval(table, 0.9)
    assert -1.0 <= lower <= table.gain <= upper <= 1.0


@pytest.mark.parametrize(("broken", "saved", "p_value"), MCNEMAR)
def test_chance_of_as_many__as_published(broken, saved, p_value):
    assert paired.chance_of_as_many(broken, saved) == pytest.approx(p_value, rel=1e-6)


def test_chance_of_as_many__is_a_fair_coin_s():
    for broken, saved in product(range(12), repeat=2):
        found = paired.chance_of_as_many(broken, saved)
        assert found == pytest.approx(stats.binom.sf(broken - 1, broken + saved, 0.5))


def test_fewest_discordant__is_where_a_coin_can_first_tell():
    fewest = paired.FEWEST_DISCORDANT
    assert paired.chance_of_as_many(fewest, 0) <= 0.05 < paired.chance_of_as_many(fewest - 1, 0)


def test_table__counts_each_kind_of_pair():
    before = np.array([1, 1, 1, 0, 0, 1], bool)
    after = np.array([1, 0, 1, 1, 0, 1], bool)
    found = paired.table(before, after)
    assert found == Table(3, 1, 1, 1)
    assert (found.runs, found.discordant, found.gain) == (6, 2, 0.0)


def test_holm__by_hand():
    # 0.01 * 4, 0.02 * 3, then no less than before; 0.5 is capped
    assert paired.holm([0.5, 0.01, 0.9, 0.02]) == pytest.approx([1.0, 0.04, 1.0, 0.06])
    assert paired.holm([0.04, 0.03]) == pytest.approx([0.06, 0.06])
    assert paired.holm([]) == []


# --- shift of a percentile ------------------------------------------------------------------------


def shift(before, after, fraction=0.5, confidence=0.9, worst="high"):
    return percentile_shift(before, after, fraction, confidence, worst)


def test_percentile_shift__of_the_same_values_is_zero_and_certain_of_nothing():
    values = np.random.default_rng(1).normal(size=500)
    found = shift(values, values)
    assert (found.shift, found.p_value) == (0.0, 1.0)
    assert found.lower < 0.0 < found.upper


def test_percentile_shift__sees_what_the_pairing_shows():
    """A shift of a fiftieth of sigma, which unpaired intervals of 2,000 runs would not tell."""
    random = np.random.default_rng(2)
    before = random.normal(size=2000)
    found = shift(before, before + 0.1 + 0.001 * random.normal(size=2000))
    assert 0.0 < found.lower < 0.1 < found.upper
    assert found.p_value < 0.001
    unpaired = 2.0 * 1.64 * (np.pi / 2.0 / 2000.0) ** 0.5 * 2.0**0.5  # of two medians
    assert found.upper - found.lower < 0.6 * unpaired


def test_percentile_shift__turns_with_the_order_of_the_designs():
    random = np.random.default_rng(3)
    before, after = random.normal(size=(2, 400))
    there, back = shift(before, after), shift(after, before)
    assert there.shift == -back.shift
    # each takes the interval of its own baseline's percentile; they agree but for that
    assert there.lower == pytest.approx(-back.upper, abs=0.1)


def test_percentile_shift__of_values_that_are_not_there_goes_to_the_worst_side():
    values = np.arange(400.0)
    lost = np.where(values < 300, values, nan)
    assert shift(values, lost).candidate == 199.0
    assert shift(values, lost, 0.9).candidate == inf
    assert shift(values, lost, 0.1, worst="low").candidate == -inf
    assert shift(lost, values, 0.9) is None  # the baseline's percentile is not finite


def test_percentile_shift__needs_runs():
    assert shift(np.arange(5.0), np.arange(5.0)) is None
    assert shift(np.arange(300.0), np.arange(300.0), 0.99) is None


def test_percentile_shift__of_constant_values():
    found = shift(np.ones(300), np.ones(300))
    assert (found.lower, found.shift, found.upper, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    moved = shift(np.ones(300), np.full(300, 3.0))
    assert (moved.lower, moved.upper) == (2.0, 2.0)
    assert moved.p_value < 0.001


def close(random: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Heavy tails, the candidate near its baseline."""
    before = random.standard_t(3, runs)
    return before, before + 0.3 + 0.1 * random.normal(size=runs)


def independent(random: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    return random.exponential(1.0, runs), random.exponential(2.0, runs)


def in_steps(random: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Few values, many ties, most of them zero."""
    before = random.poisson(0.5, runs)
    return before.astype(float), np.maximum(before - random.integers(0, 2, runs), 0).astype(float)


def quantile_of(law, fraction: float) -> float:
    """True quantile, of so large a sample that its error is small against any interval."""
    return float(np.quantile(law, fraction, method="inverted_cdf"))


@pytest.mark.parametrize("pairs", [close, independent, in_steps])
def test_percentile_shift__covers_as_often_as_it_says(pairs):
    truth = pairs(np.random.default_rng(0), 4_000_000)
    random = np.random.default_rng(20261122)
    for fraction in (0.5, 0.8):
        true = quantile_of(truth[1], fraction) - quantile_of(truth[0], fraction)
        found = [shift(*pairs(random, 200), fraction) for _ in range(300)]
        covered = sum(one.lower - 1e-3 <= true <= one.upper + 1e-3 for one in found)
        assert covered >= stats.binom.ppf(0.001, 300, 0.9)


def test_percentile_shift__false_alarms_stay_within_the_risk():
    random = np.random.default_rng(4)
    found = [shift(*random.permuted(random.normal(size=(200, 2)), axis=1).T) for _ in range(300)]
    assert sum(one.p_value <= 0.1 for one in found) <= stats.binom.ppf(0.999, 300, 0.1)
