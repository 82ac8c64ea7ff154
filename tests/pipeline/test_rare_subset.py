"""Subset simulation: chains keep the law, seeds included; plateaus and scatter are told."""

import numpy as np
import pytest
from scipy import stats

from pipeline.rare import subset
from pipeline.rare.estimate import Estimate
from pipeline.rare.points import Floats, Points, Search, draw, lockstep
from pipeline.rare.subset import Size
from tests.benchmarks.rare_problems import PROBLEMS, Problem, noise_of

SMALL = Size(samples=500, replicates=20)


def problem(name: str) -> Problem:
    return next(p for p in PROBLEMS if p.name == name)


def holds(estimate: Estimate, exact: float) -> bool:
    """Whether the 99.9 % interval of one seed does; what 95 % cover is for rare_acceptance.py."""
    lower, upper = estimate.interval(0.999)
    return lower < exact < upper


def noisy(points: Points) -> Floats:
    """A margin in which a coordinate and the seed's noise weigh alike."""
    return 1.0 - points.u[:, 0] - noise_of(points.seed)


def stepped(start: Points, limit: float, steps: int, random: np.random.Generator) -> Points:
    """Where chains are that began at `start`, within the level, after so many steps."""

    def walk() -> Search[Points]:
        chains = subset._Samples(start, (yield start), np.arange(len(start.seed)))
        for _ in range(steps):
            chains, _ = yield from subset._moved(chains, np.array([0.7, 0.7]), limit, random)
        return chains.points

    return lockstep(noisy, [walk()])[0]


def test_chains__leave_the_law_within_a_level_as_it_is() -> None:
    """Independent draws of the level stay such under the chains: coordinates and seed alike."""
    random = np.random.default_rng(4)
    points = draw(random, 60_000, 2)
    start = points.take(noisy(points) <= 0.0)
    end = stepped(start, 0.0, 5, random)
    assert np.all(noisy(end) <= 0.0)
    assert np.mean(end.seed == start.seed) < 0.3  # they have moved
    fresh = draw(random, 60_000, 2)
    fresh = fresh.take(noisy(fresh) <= 0.0)
    for mine, theirs in (
        (end.u[:, 0], fresh.u[:, 0]),
        (end.u[:, 1], fresh.u[:, 1]),
        (noise_of(end.seed), noise_of(fresh.seed)),
        (end.u[:, 0] + noise_of(end.seed), fresh.u[:, 0] + noise_of(fresh.seed)),
    ):
        assert stats.ks_2samp(mine, theirs).pvalue > 1e-3


def test_chains__that_keep_the_seed_of_a_refused_proposal_would_show() -> None:
    """The comparison above can fail: a seed that is taken without its margin leaves the level."""
    random = np.random.default_rng(5)
    points = draw(random, 20_000, 2)
    start = points.take(noisy(points) <= 0.0)
    spoilt = Points(start.u, draw(random, len(start.seed), 2).seed)
    assert not np.all(noisy(spoilt) <= 0.0)
    assert stats.ks_2samp(noise_of(spoilt.seed), noise_of(start.seed)).pvalue < 1e-6


def test_lockstep__gives_each_search_what_it_would_find_alone() -> None:
    easy = problem("linear_beta3_d2")

    def searches() -> list[Search[subset.Replicate]]:
        return [subset.search(2, 300, np.random.default_rng(seed)) for seed in range(3)]

    together = lockstep(easy.limit_state, searches())
    alone = [lockstep(easy.limit_state, [one])[0] for one in searches()]
    assert [r.probability for r in together] == [r.probability for r in alone]
    assert [r.limits for r in together] == [r.limits for r in alone]


@pytest.mark.parametrize("samples", [100, 155, 203])
def test_search__never_asks_for_nothing_and_counts_its_runs(samples: int) -> None:
    """Also where chains are of two lengths, or fewer than the groups they are moved in."""
    stairs, sizes = problem("stairs_beta4_d2"), []

    def limit_state(points: Points) -> Floats:
        sizes.append(len(points.seed))
        return stairs.limit_state(points)

    search = subset.search(2, samples, np.random.default_rng(14))
    found = lockstep(limit_state, [search])[0]
    assert min(sizes) > 0
    assert sum(sizes) == found.runs


@pytest.mark.parametrize("name", ["RP22", "stairs_beta4_d2", "seed_beta3_d2_share0.1"])
def test_estimate__holds_the_exact_value(name: str) -> None:
    known = problem(name)
    found = subset.estimate(
        known.limit_state, known.dimension, np.random.default_rng(6), Size(1000, 20)
    )
    assert found.estimate.is_trusted
    assert holds(found.estimate, known.probability)
    assert np.all(known.limit_state(found.failures) < 0.0)


def test_estimate__is_the_same_for_the_same_random_numbers() -> None:
    easy = problem("RP22")
    first, second = (
        subset.estimate(easy.limit_state, 2, np.random.default_rng(7), SMALL).estimate
        for _ in range(2)
    )
    assert first == second


def test_estimate__takes_minus_infinity_for_a_failure() -> None:
    """Runs that never came to a margin, beside others that fail by one."""

    def limit_state(points: Points) -> Floats:
        lost = points.u[:, 1] > 2.5
        return np.where(lost, -np.inf, 3.0 - points.u[:, 0])

    found = subset.estimate(limit_state, 2, np.random.default_rng(8), Size(2000, 20))
    exact = 1.0 - stats.norm.cdf(3.0) * stats.norm.cdf(2.5)
    assert holds(found.estimate, exact)


def test_estimate__of_a_plateau_says_that_it_leads_nowhere() -> None:
    """A margin that only says landed or not: +1 everywhere, the failures beyond reach."""

    def limit_state(points: Points) -> Floats:
        return np.where(points.u[:, 0] > 5.0, -1.0, 1.0)

    found = subset.estimate(limit_state, 2, np.random.default_rng(9), SMALL)
    assert not found.estimate.is_trusted
    said = " ".join(found.estimate.doubts)
    assert "20 of 20 replicates got stuck" in said
    assert "100 % of a level share the margin 1.00 and none fails, a plateau" in said
    assert "no replicate found a failure" in said


def test_estimate__passes_a_plateau_where_some_lie_lower() -> None:
    """Nine tenths share a margin: the level is the rest."""

    def limit_state(points: Points) -> Floats:
        return np.where(points.u[:, 0] < 1.5, 4.0, 3.5 - points.u[:, 0])

    found = subset.estimate(limit_state, 1, np.random.default_rng(10), Size(2000, 20))
    assert found.estimate.is_trusted
    assert holds(found.estimate, stats.norm.sf(3.5))


def test_estimate__where_noise_decides_says_that_chains_hardly_move() -> None:
    """Hardly a new seed is taken: a level is made of copies of a few."""

    def limit_state(points: Points) -> Floats:
        return 4.7 - 0.1 * points.u[:, 0] - noise_of(points.seed)

    found = subset.estimate(limit_state, 1, np.random.default_rng(11), Size(200, 20))
    assert not found.estimate.is_trusted
    assert "chains hardly move" in " ".join(found.estimate.doubts)


def test_estimate__where_all_descend_from_one_says_that_single_chains_dominate() -> None:
    """Ten seeds in each of ten levels: in the end all have one ancestor."""
    found = subset.estimate(
        lambda points: 6.0 - points.u[:, 0], 1, np.random.default_rng(11), Size(100, 20)
    )
    assert "single chains dominate" in " ".join(found.estimate.doubts)


def test_estimate__where_replicates_scatter_says_that_they_disagree() -> None:
    """A mode that few replicates find."""
    hidden = problem("RP110")
    found = subset.estimate(hidden.limit_state, 2, np.random.default_rng(12), Size(200, 10))
    assert not found.estimate.is_trusted


def test_estimate__takes_ten_replicates_at_least() -> None:
    with pytest.raises(ValueError, match="replicates: got 9"):
        subset.estimate(problem("RP53").limit_state, 2, np.random.default_rng(13), Size(100, 9))
