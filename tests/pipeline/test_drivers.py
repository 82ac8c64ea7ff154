"""Statistics of drivers: exact floors, shares of two inputs, on problems with closed answers.

Anchors are exact: published laws of Kolmogorov's and Kendall's statistics by scipy 1.17.1, and for
u1 .. u5 independent standard normal the runs that fail where .8 u1 + .5 u2 + .3 u3 + .141421 u4 +
0 u5 exceeds beta, of which distances and failure probability have closed forms.
"""

from itertools import permutations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics import drivers

RARE = 1e-6  # false-alarm rate of each simulated comparison; seeds are fixed

# failures, inputs, risk that any of them exceeds it, distance: kstwo.isf(risk / inputs, failures)
FLOORS = [
    (5, 1, 0.05, 0.5632751983660635),
    (10, 100, 0.05, 0.6042975664049504),
    (20, 20, 0.05, 0.3952358029725024),
    (20, 20, 0.01, 0.4390749443214334),
    (30, 200, 0.01, 0.407971984075894),
    (50, 5, 0.05, 0.22603706070636317),
    (100, 20, 0.05, 0.18068782366302463),
]


@pytest.mark.parametrize(("failures", "inputs", "risk", "distance"), FLOORS)
def test_noise_floor__is_that_of_one_sample_where_successes_are_many(
    failures: int, inputs: int, risk: float, distance: float
) -> None:
    """Between the published limit and the same of two samples of a finite number."""
    many = 20_000
    found = drivers.noise_floor(failures, many, risk / inputs)
    assert distance < found <= distance * sqrt(1.0 + failures / many) + 2.0 / many


@given(st.integers(3, 40), st.integers(3, 400), st.floats(1e-4, 0.2))
def test_noise_floor__is_the_least_distance_with_that_risk(m: int, n: int, alpha: float) -> None:
    """By scipy's exact law, of samples drawn until one has about that distance."""
    floor = drivers.noise_floor(m, n, alpha)
    assert floor == drivers.noise_floor(n, m, alpha)
    few, many = sorted((m, n))
    if floor <= 1.0:
        least = round(floor * many)
        assert least == 0 or drivers._chance(few, many, least) <= alpha
        assert drivers._chance(few, many, least - 1) > alpha
    else:
        assert drivers._chance(few, many, many) > alpha


def test_chance__is_that_of_two_samples_just_so_far_apart() -> None:
    """The samples made for the floor lie as far apart as they should; three by hand."""
    for few, many, steps in ((3, 10, 4), (20, 1000, 300), (40, 40, 11)):
        between = steps - 0.5 + (many - steps) / few * np.arange(few)
        assert stats.ks_2samp(between, np.arange(many)).statistic == pytest.approx(steps / many)
    # two of each: of the six orders two are 1 apart, and all are at least 1/2
    assert drivers._chance(2, 2, 2) == pytest.approx(2 / 6)
    assert drivers._chance(2, 2, 1) == pytest.approx(1.0)


def test_noise_floor__is_exceeded_no_more_often_than_it_says() -> None:
    """Twenty inputs without a say, 20 failures of 320 runs: 2,000 campaigns."""
    generator = np.random.default_rng(1)
    floor = drivers.noise_floor(20, 300, 0.05 / 20)
    draws = generator.random((2000, 20, 320))
    order = np.argsort(draws, axis=2) < 20  # which of the ordered runs failed
    walk = np.cumsum(np.where(order, 1 / 20, -1 / 300), axis=2)
    exceeded = (np.abs(walk).max(axis=2) >= floor - 1e-12).any(axis=1).sum()
    assert stats.binom.ppf(RARE, 2000, 0.02) <= exceeded <= stats.binom.isf(RARE, 2000, 0.05)


@pytest.mark.parametrize(
    ("share", "beta", "distance"),
    [
        (0.8, 2.3263479, 0.8205591276562),
        (0.3, 2.3263479, 0.3204571090866),
        (sqrt(0.02), 1.2815516, 0.1102337682968),
        (0.0, 1.2815516, 0.0),
    ],
)
def test_separation__of_a_linear_limit(share: float, beta: float, distance: float) -> None:
    """Failed where share * u + rest > beta: the distance in closed form, and its sign."""
    generator = np.random.default_rng(2)
    u, rest = generator.standard_normal((2, 400_000))
    fails = share * u + sqrt(1.0 - share**2) * rest > beta
    failed, succeeded = u[fails][:4000], u[~fails][:20_000]
    found = drivers.separation(failed, succeeded)
    noise = stats.kstwo.isf(RARE, failed.size) + stats.kstwo.isf(RARE, succeeded.size)
    assert abs(abs(found) - distance) < noise
    if share > 0.2:
        assert found > 0.0  # failed runs have the higher values
        assert drivers.separation(-failed, -succeeded) == pytest.approx(-found)


def test_separation__equal_values_are_never_told_apart() -> None:
    assert drivers.separation(np.zeros(30), np.zeros(300)) == 0.0
    assert drivers.chance_of(np.zeros(30), np.zeros(300)) == 1.0


def test_chance_of_level__is_hypergeometric() -> None:
    """11 of 12 runs with an engine out failed, 54 of 10,000 in all: two-sided, from the masses."""
    law = stats.hypergeom(10_000, 54, 12)
    masses = law.pmf(np.arange(13))
    expected = masses[masses <= masses[11] * (1 + 1e-7)].sum()
    assert drivers.chance_of_level(11, 12, 54, 10_000) == pytest.approx(expected, rel=1e-6)
    assert drivers.chance_of_level(0, 12, 54, 10_000) == pytest.approx(1.0)


def test_apart_from__nothing_is_left_of_a_follower_and_all_of_an_independent_input() -> None:
    generator = np.random.default_rng(3)
    leader, other = generator.standard_normal((2, 20_000))
    follower = 0.8 * leader + 0.6 * other
    own = drivers.apart_from(follower, leader[None])
    assert np.corrcoef(own, leader)[0, 1] == pytest.approx(0.0, abs=1e-3)
    assert np.corrcoef(own, other)[0, 1] > 0.999
    np.testing.assert_allclose(drivers.apart_from(other, leader[None]), other, atol=0.05)


def test_normal_scores__are_those_of_the_ranks() -> None:
    scores = drivers.normal_scores(np.array([10.0, -3.0, 1e6]))
    assert scores.tolist() == pytest.approx(stats.norm.ppf([0.5, 1 / 6, 5 / 6]).tolist())


def test_concordance__equals_scipys_kendall() -> None:
    columns = np.random.default_rng(4).random((4, 60))
    found = drivers.concordance(columns)
    for j in range(4):
        for k in range(4):
            expected = stats.kendalltau(columns[j], columns[k]).statistic
            assert found[j, k] == pytest.approx(expected, abs=1e-6)


def test_concordance_floor__counts_permutations() -> None:
    """Of all 5,040 orders of seven runs."""
    pairs = 21
    inversions = np.array(
        [
            sum(p[j] > p[k] for j in range(7) for k in range(j + 1, 7))
            for p in permutations(range(7))
        ]
    )
    tau = np.abs(1.0 - 2.0 * inversions / pairs)
    for alpha in (0.4, 0.05, 0.01, 5e-4):
        reached = [t for t in np.unique(tau) if np.mean(tau >= t - 1e-9) <= alpha]
        assert drivers.concordance_floor(7, alpha) == pytest.approx(min(reached))
    assert drivers.concordance_floor(7, 1e-4) > 1.0  # 2 of 5,040 are more than that


def test_concordance__finds_a_product_and_not_two_that_act_for_themselves() -> None:
    """u1 u2 > 3 fails where both are large, of one sign; a product of chances leaves no trace."""
    generator = np.random.default_rng(5)
    u = generator.standard_normal((3, 200_000))
    together = u[:, u[0] * u[1] > 3.0][:, :300]
    floor = drivers.concordance_floor(300, 0.05 / 3)
    found = drivers.concordance(together)
    assert found[0, 1] > 1.5 * floor
    assert max(abs(found[0, 2]), abs(found[1, 2])) < floor

    chance = stats.norm.cdf(u[0] - 1.5) * stats.norm.cdf(u[1] - 1.5)
    apart = u[:, generator.random(200_000) < chance][:, :300]
    assert abs(drivers.concordance(apart)[0, 1]) < floor
