"""Footprint: circles about the target, ellipses that hold what they claim, runs not down."""

from math import inf, isnan, nan, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics import footprint, gaussian
from pipeline.statistics.footprint import Ellipse
from pipeline.statistics.order import percentile

RARE = 1e-6  # false-alarm rate of each simulated comparison; seeds are fixed

# sigma east, sigma north, bias east, bias north, content, radius about the target: adaptive
# quadrature of the bivariate normal over a disc.
EXACT_RADII = [
    (1.0, 1.0, 0.0, 0.0, 0.50, 1.1774100225154744),
    (1.0, 1.0, 0.0, 2.0, 0.95, 3.8262529437912285),
    (1.0, 0.5, 1.0, 1.0, 0.95, 2.9184811257902514),
    (1.0, 0.3, 1.0, 0.0, 0.95, 2.663709483603025),
    (1.0, 0.7, 0.0, 2.0, 0.50, 2.230351175335855),
]


def cross(angle_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Four points about (10, -5) with sigmas 2 and 1 along axes turned by the angle."""
    along = np.array([2.0, -2.0, 0.0, 0.0]) * np.sqrt(1.5)  # variance of four points: 2 a^2 / 3
    across = np.array([0.0, 0.0, 1.0, -1.0]) * np.sqrt(1.5)
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return 10.0 + cos * along - sin * across, -5.0 + sin * along + cos * across


def heavy_tailed(generator: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Student's t with three degrees of freedom, stretched and correlated."""
    gauss = generator.standard_normal((2, runs))
    along, across = gauss / np.sqrt(generator.chisquare(3, runs) / 3.0)
    return 3.0 * along + 0.5, along + across - 0.2


@pytest.mark.parametrize("case", EXACT_RADII)
def test_radius__agrees_with_quadrature(case: tuple[float, ...]) -> None:
    """The exact radius lies in the distribution-free interval of 100,000 draws; the radius
    about the mean, which forgets the bias, does not."""
    sigma_east, sigma_north, bias_east, bias_north, content, exact = case
    draws = np.random.default_rng(11).standard_normal((2, 100_000))
    east, north = bias_east + sigma_east * draws[0], bias_north + sigma_north * draws[1]

    expected = percentile(np.hypot(east, north), content, 1.0 - RARE)
    assert expected.lower <= exact <= expected.upper
    found = footprint.radius(east, north, content, 0.90)
    assert expected.lower <= found.radius_m < found.upper_m <= expected.upper
    if bias_east or bias_north:
        about_mean = footprint.radius(east - east.mean(), north - north.mean(), content, 0.90)
        assert about_mean.radius_m < expected.lower


@pytest.mark.parametrize("case", EXACT_RADII)
def test_gaussian_radius__agrees_with_quadrature(case: tuple[float, ...]) -> None:
    """By quadrature from the cloud's own mean and covariance: within their error of the exact."""
    sigma_east, sigma_north, bias_east, bias_north, content, exact = case
    draws = np.random.default_rng(18).standard_normal((2, 40_000))
    east, north = bias_east + sigma_east * draws[0], bias_north + sigma_north * draws[1]
    assert footprint.gaussian_radius(east, north, content) == pytest.approx(exact, rel=0.02)


def test_gaussian_radius__of_a_heavy_tail_says_too_little() -> None:
    """Which is what it is told for, beside the one by order statistics."""
    cloud = heavy_tailed(np.random.default_rng(19), 40_000)
    assert footprint.gaussian_radius(*cloud, 0.99) < 0.9 * footprint.radius(*cloud, 0.99, 0.9)[1]


def test_gaussian_radius__counts_runs_not_down() -> None:
    """Of 100 runs 10 did not touch down: 0.45 of all is half of the others, 0.95 is nowhere."""
    east, north = np.random.default_rng(20).standard_normal((2, 100))
    east[:10] = nan
    alone = footprint.gaussian_radius(east[10:], north[10:], 0.5)
    assert footprint.gaussian_radius(east, north, 0.45) == pytest.approx(alone)
    assert footprint.gaussian_radius(east, north, 0.95) == inf
    assert isnan(footprint.gaussian_radius(east[:12], north[:12], 0.5))


def test_radius__limit_is_the_order_statistic() -> None:
    """300 runs, 95 %, confidence 90 %: the 291st smallest; the estimate is the 285th."""
    distance = np.random.default_rng(12).permutation(np.arange(1.0, 301.0))
    found = footprint.radius(0.6 * distance, -0.8 * distance, 0.95, 0.90)
    assert (found.radius_m, found.upper_m) == pytest.approx((285.0, 291.0), rel=1e-15)


def test_radius__run_not_down_lies_outside_every_circle() -> None:
    east, north = np.linspace(0.0, 1.0, 100), np.zeros(100)
    east[[3, 4, 5]], north[[5, 6, 7]] = nan, [nan, inf, -inf]
    cep, r95 = (footprint.radius(east, north, content, 0.9) for content in (0.5, 0.95))
    assert (cep.runs, cep.not_down) == (100, 5)
    assert 0.5 < cep.radius_m < cep.upper_m < 1.0
    assert r95.radius_m == 1.0
    assert r95.upper_m == inf
    east[8] = nan
    assert footprint.radius(east, north, 0.95, 0.9).radius_m == inf


def test_miss_distance__is_infinite_without_touchdown() -> None:
    assert footprint.miss_distance([3.0, nan, inf], [4.0, 0.0, nan]).tolist() == [5.0, inf, inf]


def test_inside_radius__counts_runs_not_down_as_outside() -> None:
    east = np.array([0.0, 3.0, 3.1, nan, inf])
    north = np.array([0.0, 4.0, 4.0, 0.0, nan])
    found = footprint.inside_radius(east, north, 5.0)
    assert found.tolist() == [True, True, False, False, False]
    assert footprint.inside_radius(east, north, inf).sum() == 5 - 2


@pytest.mark.parametrize("runs", [40, 400])
def test_gaussian_ellipse__is_as_large_as_its_claim_takes(runs: int) -> None:
    """Known sizes are those of test_gaussian.py; a confidence makes it larger, runs smaller."""
    cloud = [np.tile(part, runs // 4) for part in cross(0.0)]
    expected = footprint.gaussian_ellipse(*cloud, 0.99)
    sure = footprint.gaussian_ellipse(*cloud, 0.99, 0.90)
    assert expected.scale_sigma == gaussian.expected_sigmas(0.99, runs)
    assert sure.scale_sigma == gaussian.tolerance_sigmas(0.99, 0.90, runs)
    assert gaussian.known_sigmas(0.99) < expected.scale_sigma < sure.scale_sigma
    assert expected.claim == "expected content 99 %"
    assert sure.claim == "contains at least 99 % with 90 % confidence if Gaussian"


@given(st.floats(-pi / 2 + 0.01, pi / 2 - 0.01))
def test_gaussian_ellipse__turns_with_the_cloud(angle_rad: float) -> None:
    ellipse = footprint.gaussian_ellipse(*cross(angle_rad), 0.5)
    assert (ellipse.centre_east_m, ellipse.centre_north_m) == pytest.approx((10.0, -5.0))
    sigmas = ellipse.scale_sigma
    assert (ellipse.semi_major_m, ellipse.semi_minor_m) == pytest.approx((2.0 * sigmas, sigmas))
    assert ellipse.major_from_east_rad == pytest.approx(angle_rad, abs=1e-9)
    assert ellipse.confidence is None


def test_outline__lies_on_the_edge() -> None:
    ellipse = footprint.gaussian_ellipse(*cross(0.4), 0.9)
    line = footprint.outline(ellipse, 37)
    centre = np.array([ellipse.centre_east_m, ellipse.centre_north_m])
    np.testing.assert_allclose(line[0], line[-1])
    for factor, inside in ((0.999, True), (1.001, False)):
        east, north = (centre + factor * (line - centre)).T
        assert (footprint.inside_ellipse(ellipse, east, north) == inside).all()


def test_split_half_ellipse__holds_its_content_where_the_gaussian_does_not() -> None:
    """400 heavy-tailed clouds of 1,000 runs; the content of each ellipse from 100,000 draws.

    The count with at least 99 % inside is binomial with at least 0.90: fewer than its 1e-6
    quantile is a defect. The normal-theory ellipse at its own claim falls far below.
    """
    generator = np.random.default_rng(13)
    population = heavy_tailed(generator, 100_000)
    repeats, held = 400, {"split": 0, "gaussian": 0}
    for _ in range(repeats):
        cloud = heavy_tailed(generator, 1000)
        for name, ellipse in (
            ("split", footprint.split_half_ellipse(*cloud, 0.99, 0.90)),
            ("gaussian", footprint.gaussian_ellipse(*cloud, 0.99)),
        ):
            held[name] += footprint.inside_ellipse(ellipse, *population).mean() >= 0.99
    fewest = stats.binom.ppf(RARE, repeats, 0.90)
    assert held["split"] >= fewest
    assert held["gaussian"] < fewest


def test_split_half_ellipse__size_comes_from_the_odd_runs_only() -> None:
    """Distances known by construction: form 2 by 1, the odd runs on a ray along its long axis."""
    east, north = np.empty(600), np.empty(600)
    east[0::2], north[0::2] = (np.tile(part, 75) for part in cross(0.0))
    sigma = np.sqrt(75 * 12.0 / 299)  # 75 crosses, each 2 a^2 = 12; of 300 points
    steps = np.random.default_rng(14).permutation(np.arange(1.0, 301.0))
    east[1::2], north[1::2] = 10.0 + steps, -5.0
    ellipse = footprint.split_half_ellipse(east, north, 0.95, 0.90)
    assert ellipse.semi_major_m == pytest.approx(291.0)  # the 291st of 300
    assert ellipse.scale_sigma == pytest.approx(291.0 / sigma)
    assert ellipse.semi_minor_m == pytest.approx(291.0 / 2.0)
    assert ellipse.claim == "contains at least 95 % with 90 % confidence"
    assert ellipse == footprint.split_half_ellipse(east, north, 0.95, 0.90)


def test_split_half_ellipse__runs_not_down_are_counted_and_move_no_other() -> None:
    """A run that did not touch down leaves the others in their halves."""
    east, north = heavy_tailed(np.random.default_rng(15), 2000)
    east[::50] = nan  # even runs: of the form only
    ellipse = footprint.split_half_ellipse(east, north)
    assert (ellipse.runs, ellipse.not_down) == (2000, 40)
    form = footprint.gaussian_ellipse(east[0::2], north[0::2], 0.99)
    assert ellipse.centre_east_m == form.centre_east_m
    assert not footprint.inside_ellipse(ellipse, east, north)[::50].any()


@pytest.mark.parametrize(
    ("runs", "note"),
    [
        (458, "229 touchdowns in the odd runs, needs 230: fly 460 runs"),
        (460, ""),
        (0, "0 touchdowns in the odd runs, needs 230: fly 460 runs"),
    ],
)
def test_split_half_ellipse__too_few_runs_say_so(runs: int, note: str) -> None:
    ellipse = footprint.split_half_ellipse(*heavy_tailed(np.random.default_rng(16), runs))
    assert ellipse.note == note
    assert isnan(ellipse.semi_major_m) == bool(note)


@pytest.mark.parametrize("build", [footprint.gaussian_ellipse, footprint.split_half_ellipse])
def test_ellipse__of_a_line_or_of_nothing_is_a_note(build: object) -> None:
    steps = np.arange(1000.0)
    for east, north in ((steps, 2.0 * steps), (np.ones(1000), np.ones(1000)), (steps * nan, steps)):
        ellipse: Ellipse = build(east, north, 0.99)  # type: ignore[operator]
        assert ellipse.note
        assert isnan(ellipse.semi_major_m)
        assert not footprint.inside_ellipse(ellipse, east, north).any()
