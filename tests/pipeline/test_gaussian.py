"""Sizes of Gaussian ellipses and discs against published tables, quadrature and simulation."""

from math import exp

import numpy as np
import pytest
from scipy import stats

from pipeline.statistics import gaussian

# content, size in sigmas: sqrt(chi2.ppf(p, 2)) and 1 - exp(-k^2 / 2)
KNOWN = [
    (0.3934693402873665, 1.0),
    (0.8646647167633873, 2.0),
    (0.9499942682437953, 2.4477),
    (0.9888910034617577, 3.0),
    (0.99, 3.0348542587702925),
    (0.9973, 3.4393323497364543),
]
# runs, content, size expected to hold it (Chew 1966, Hotelling's T2)
EXPECTED = [
    (5, 0.5, 1.6791441419507016),
    (5, 0.99865, 19.701861837272684),
    (10, 0.9973, 5.790547679402365),
    (20, 0.95, 2.807003444876813),
    (200, 0.99865, 3.71537321541398),
    (10_000, 0.999, 3.7185784526755556),
]
# runs, content, confidence, size: 65,536 quasi-random draws of mean and covariance
SURE = [
    (50, 0.99, 0.90, 3.52912879892905),
    (100, 0.99, 0.95, 3.3992695257083163),
    (200, 0.9973, 0.90, 3.6561450831183917),
    (1000, 0.99, 0.50, 3.041865687404612),
    (1000, 0.99, 0.90, 3.105049472547476),
    (1000, 0.9973, 0.95, 3.540961714909997),
    (2000, 0.9973, 0.90, 3.494022919862975),
]
# sigma major, minor, bias major, minor, content, radius: adaptive quadrature over a disc
DISCS = [
    (1.0, 0.9, 0.0, 0.5, 0.95, 2.4729866192396885),
    (1.0, 0.9, 0.0, 1.0, 0.90, 2.4986221589982947),
    (1.0, 0.6, 0.0, 0.0, 0.9973, 3.075961915509264),
    (1.0, 0.6, 1.0, 1.0, 0.50, 1.6299204794371729),
    (1.0, 0.25, 0.0, 2.0, 0.95, 2.874695288701191),
    (1.0, 0.2, 0.0, 0.0, 0.95, 1.9704075010445345),
    (1.0, 0.1, 0.0, 1.0, 0.99, 2.767056670197227),
]


@pytest.mark.parametrize(("content", "sigmas"), KNOWN)
def test_known_sigmas__follow_chi_square(content: float, sigmas: float) -> None:
    assert gaussian.known_sigmas(content) == pytest.approx(sigmas, rel=1e-12)
    assert 1.0 - exp(-0.5 * sigmas**2) == pytest.approx(content, rel=1e-12)
    assert np.sqrt(stats.chi2.ppf(content, 2)) == pytest.approx(sigmas, rel=1e-12)


@pytest.mark.parametrize(("runs", "content", "sigmas"), EXPECTED)
def test_expected_sigmas__equal_hotellings(runs: int, content: float, sigmas: float) -> None:
    assert gaussian.expected_sigmas(content, runs) == pytest.approx(sigmas, rel=1e-9)


@pytest.mark.parametrize(("runs", "content", "confidence", "sigmas"), SURE)
def test_tolerance_sigmas__equal_the_table(
    runs: int, content: float, confidence: float, sigmas: float
) -> None:
    """To the error that it states: some thousandths."""
    assert gaussian.tolerance_sigmas(content, confidence, runs) == pytest.approx(sigmas, rel=5e-3)


def test_sizes__hold_what_they_claim_of_a_gaussian() -> None:
    """4,000 clouds of 60 runs: the contents are exact, so only their mean and share are chance."""
    runs, repeats, content = 60, 4000, 0.95
    generator = np.random.default_rng(1)
    clouds = generator.standard_normal((repeats, runs, 2))
    centre = clouds.mean(axis=1)
    covariance = np.array([np.cov(cloud, rowvar=False) for cloud in clouds])
    variance, axes = np.linalg.eigh(covariance)
    centre = np.einsum("kji,kj->ki", axes, centre)

    def held(sigmas: float) -> np.ndarray:
        a, b = sigmas * np.sqrt(variance.T)
        return gaussian._held((b, a, centre[:, 1], centre[:, 0]), gaussian._FINE)

    expected = held(gaussian.expected_sigmas(content, runs))
    assert expected.mean() == pytest.approx(content, abs=5 * expected.std() / repeats**0.5)
    sure = (held(gaussian.tolerance_sigmas(content, 0.90, runs)) >= content).sum()
    # the size is good to some thousandths, which moves the share by a hundredth
    assert stats.binom.ppf(1e-6, repeats, 0.89) <= sure <= stats.binom.isf(1e-6, repeats, 0.91)
    plain = (held(gaussian.known_sigmas(content)) >= content).mean()
    assert plain < 0.45  # what an ellipse without either is worth


@pytest.mark.parametrize("case", DISCS)
def test_radius_holding__equals_adaptive_quadrature(case: tuple[float, ...]) -> None:
    major, minor, bias_major, bias_minor, content, radius = case
    for turn in (slice(None), slice(None, None, -1)):
        sigma, bias = np.array([major, minor])[turn], np.array([bias_major, bias_minor])[turn]
        found = gaussian.radius_holding(content, bias, sigma)
        assert found == pytest.approx(radius, rel=1e-9)
        assert gaussian.content_of_disc(found, bias, sigma) == pytest.approx(content, abs=1e-9)


def test_content_of_disc__agrees_with_the_noncentral_chi_square() -> None:
    """For a round cloud, and far from the target; scaling metres changes nothing."""
    for bias, radius in ((0.0, 1.0), (2.0, 2.4477468), (30.0, 31.0)):
        centre, sigma = np.array([0.6 * bias, -0.8 * bias]), np.ones(2)
        exact = stats.ncx2.cdf(radius**2, 2, bias**2) if bias else stats.chi2.cdf(radius**2, 2)
        assert gaussian.content_of_disc(radius, centre, sigma) == pytest.approx(exact, abs=1e-9)
        larger = gaussian.content_of_disc(1e3 * radius, 1e3 * centre, 1e3 * sigma)
        assert larger == pytest.approx(exact, abs=1e-9)
