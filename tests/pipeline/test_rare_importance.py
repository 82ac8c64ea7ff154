"""Importance sampling: modes found and missed, weights, what it refuses."""

import numpy as np
import pytest
from scipy import stats

from pipeline.rare import importance, mixture, subset
from pipeline.rare.importance import DEFENSIVE_SHARE, Pilot, Size, alike
from pipeline.rare.points import Floats, Indices, Points, draw, join
from tests.benchmarks.rare_problems import PROBLEMS

TWO = np.array([0, 1])


def two_modes(points: Points) -> Floats:
    """Failure beyond 3 sigma on either side of the first coordinate."""
    return 3.0 - np.abs(points.u[:, 0])


def pilot_of(failures: Points, coordinates: Indices = TWO) -> Pilot:
    """What to aim at where nothing tells failures apart."""
    return Pilot(failures, coordinates, alike(failures))


def failures_of(points: Points, right: bool, left: bool) -> Points:
    """Points made failures on the right, on the left, or on both sides."""
    signs = np.array([1.0] * right + [-1.0] * left)
    u = points.u.copy()
    u[:, 0] = (3.0 + np.abs(u[:, 0]) / 4.0) * np.resize(signs, len(u))
    return Points(u, points.seed)


def test_fit__finds_the_modes() -> None:
    random = np.random.default_rng(1)
    u = failures_of(draw(random, 1000, 2), True, True).u
    fitted = mixture.fit(u, random)
    sides = np.array([fitted.shares[fitted.means[:, 0] > 0].sum(), fitted.shares.sum()])
    np.testing.assert_allclose(sides, [0.5, 1.0], atol=0.02)
    assert np.all(np.abs(fitted.means[:, 0]) > 2.9)


def test_mixture__density_is_that_of_its_draws() -> None:
    random = np.random.default_rng(2)
    fitted = mixture.fit(failures_of(draw(random, 500, 2), True, True).u, random)
    parts = [
        share * stats.multivariate_normal(mean, root @ root.T).pdf([3.1, 0.2])
        for share, mean, root in zip(*fitted, strict=True)
    ]
    assert fitted.log_density(np.array([[3.1, 0.2]]))[0] == pytest.approx(np.log(sum(parts)))
    drawn = fitted.draw(20_000, random)
    mean = fitted.shares @ fitted.means
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.1)


def test_fit__refuses_too_few() -> None:
    with pytest.raises(ValueError, match="points: got 3, expected >= 6"):
        mixture.fit(np.zeros((3, 2)), np.random.default_rng(3))


def test_estimate__covers_both_modes() -> None:
    random = np.random.default_rng(4)
    pilot = pilot_of(failures_of(draw(random, 500, 2), True, True), TWO)
    found = importance.estimate(two_modes, random, pilot, importance.aim(pilot, random))
    assert found.is_trusted
    lower, upper = found.interval(0.999)
    assert lower < 2.0 * stats.norm.sf(3.0) < upper
    assert upper / lower < 1.1


def test_estimate__of_a_pilot_that_missed_a_mode_is_not_trusted() -> None:
    """The defensive share meets the other side: few heavy runs, and they are told."""
    random = np.random.default_rng(5)
    pilot = pilot_of(failures_of(draw(random, 500, 2), True, False), TWO)
    aimed = importance.aim(pilot, random)
    few = importance.estimate(two_modes, random, pilot, aimed)
    assert "weights degenerate" in " ".join(few.doubts)
    many = importance.estimate(two_modes, random, pilot, aimed, Size(runs=20_000, replicates=20))
    assert "a mode is not covered" in " ".join(many.doubts)


def main_and_small(random: np.random.Generator, small: int) -> tuple[Points, dict[str, Indices]]:
    """990 failures beyond 3 on the right, some few beyond 4.5 on the other axis."""
    many = failures_of(draw(random, 990, 2), True, False)
    few = draw(random, small, 2)
    few.u[:, 1] = 4.5 + np.abs(few.u[:, 1]) / 6.0
    order = random.permutation(990 + small)
    modes = {"main": np.flatnonzero(order < 990), "small": np.flatnonzero(order >= 990)}
    return join([many, few]).take(order), modes


def main_or_small(points: Points) -> Floats:
    return np.minimum(3.0 - points.u[:, 0], 4.5 - points.u[:, 1])


@pytest.mark.parametrize("small", [3, 10])
def test_aim__gives_every_mode_found_a_share(small: int) -> None:
    """Also a mode of which so few are known that no normal can be fitted to them."""
    random = np.random.default_rng(13)
    failures, modes = main_and_small(random, small)
    pilot = Pilot(failures, TWO, modes)
    aimed = importance.aim(pilot, random)
    shares, means, _ = aimed.mixture
    assert shares.sum() == pytest.approx(1.0)
    assert shares[means[:, 1] > 4.0].sum() == pytest.approx(0.05 / 1.04, rel=0.02)
    found = importance.estimate(main_or_small, random, pilot, aimed)
    lower, upper = found.interval(0.999)
    assert found.is_trusted
    assert lower < 1.0 - stats.norm.cdf(3.0) * stats.norm.cdf(4.5) < upper


def test_estimate__that_leaves_a_mode_out_is_not_trusted() -> None:
    """Named is the coordinate of one mode; the other, a hundredth, shows in none of the runs."""
    random = np.random.default_rng(14)
    failures, modes = main_and_small(random, 10)
    blind = Pilot(failures, np.array([0]), modes)
    aimed = importance.aim(blind, random)
    found = importance.estimate(main_or_small, random, blind, aimed, Size(4000, 20))
    assert len(found.doubts) == 1
    assert "it hardly meets 1 % of the failures found, 'small' most of all" in found.doubts[0]


def test_moved_by_any__adds_what_a_small_mode_moves() -> None:
    random = np.random.default_rng(15)
    failures, modes = main_and_small(random, 10)
    assert importance.moved(failures).tolist() == [0]
    assert importance.moved_by_any(failures, modes).tolist() == [0, 1]
    last = join([failures.take(modes["main"]), failures.take(modes["small"])])
    of_one_search = {"small": np.arange(990, 1000)}
    assert importance.moved_by_any(last, of_one_search).tolist() == [0]


def test_weights__are_bounded_by_the_defensive_share() -> None:
    random = np.random.default_rng(6)
    pilot = pilot_of(failures_of(draw(random, 500, 2), True, False), TWO)
    wide = importance.aim(pilot, random).mixture.widened()
    weights, thin = importance._weights(8.0 * random.standard_normal((10_000, 2)), wide)
    assert weights.max() <= 1.0 / DEFENSIVE_SHARE + 1e-9
    assert 0 < thin.sum() < len(thin)


def test_weights__make_the_law_of_the_mixture() -> None:
    """Weighted, the points are the law again: mean weight 1, moments of a standard normal."""
    random = np.random.default_rng(7)
    pilot = pilot_of(failures_of(draw(random, 500, 3), True, True), TWO)
    wide = importance.aim(pilot, random).mixture.widened()
    points = importance._aimed(random, 3, pilot, wide, 200_000)
    weights, _ = importance._weights(points.u[:, TWO], wide)
    assert weights.mean() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose((weights[:, None] * points.u**2).mean(axis=0), 1.0, atol=0.06)


def test_effective__of_equal_weights_is_their_number() -> None:
    assert importance.effective(np.full(40, 0.3)) == pytest.approx(40.0)
    assert importance.effective(np.array([1.0, 0.0, 0.0])) == 1.0
    assert importance.effective(np.zeros(3)) == 0.0


def test_estimate__of_degenerate_weights_is_not_trusted() -> None:
    """Aimed beside the failures: one heavy run in a hundred light ones."""
    random = np.random.default_rng(8)
    u = draw(random, 500, 2).u * 0.1 + np.array([3.9, 3.0])
    pilot = pilot_of(Points(u, draw(random, 500, 2).seed), TWO)
    found = importance.estimate(two_modes, random, pilot, importance.aim(pilot, random))
    assert not found.is_trusted


def test_estimate__without_a_failure_is_not_trusted() -> None:
    random = np.random.default_rng(9)
    pilot = pilot_of(failures_of(draw(random, 500, 2), True, True), TWO)
    aimed = importance.aim(pilot, random)
    found = importance.estimate(lambda points: np.ones(len(points.seed)), random, pilot, aimed)
    assert found.doubts == ("no replicate found a failure",)


def test_moved__names_what_failures_move() -> None:
    random = np.random.default_rng(10)
    points = draw(random, 2000, 4)
    points.u[:, 2] = 0.5 * points.u[:, 2] + 3.0
    points.u[:, 1] += 1.0
    assert importance.moved(points).tolist() == [2, 1]
    assert importance.moved(points.take(slice(0, 3))).tolist() == [2]  # three show only the large


def test_obstacle__says_why_there_is_nothing_to_aim_at() -> None:
    many = draw(np.random.default_rng(11), 100, 20)
    assert importance.obstacle(pilot_of(many, TWO)) == ""
    assert "move no coordinate" in importance.obstacle(pilot_of(many, np.array([], int)))
    assert "move 20 coordinates" in importance.obstacle(pilot_of(many, np.arange(20)))
    few = many.take(slice(0, 4))
    assert (
        importance.obstacle(pilot_of(few, TWO))
        == "4 failures are too few to aim at in 2 coordinates"
    )


@pytest.mark.parametrize("name", ["RP111", "corners_beta2_d4"])
def test_estimate__agrees_with_subset_simulation_or_says_what_it_leaves_out(name: str) -> None:
    """Four modes are covered; of sixteen it misses parts, and the failures found tell so."""
    problem = next(p for p in PROBLEMS if p.name == name)
    random = np.random.default_rng(12)
    found = subset.estimate(problem.limit_state, problem.dimension, random)
    pilot = pilot_of(found.failures, importance.moved(found.failures))
    aimed = importance.estimate(problem.limit_state, random, pilot, importance.aim(pilot, random))
    lower, upper = found.estimate.interval(0.999)
    assert lower < problem.probability < upper
    if name == "RP111":
        lower, upper = aimed.interval(0.999)
        assert aimed.is_trusted
        assert lower < problem.probability < upper
    else:
        assert "it hardly meets" in " ".join(aimed.doubts)
