"""Dryden turbulence: scales of the specification, and spectra and correlation of what is generated.

Source: MIL-F-8785C (1980), 3.7.1.2 (spectra), 3.7.2.1, 3.7.2.2 and fig. 7 (medium altitude),
3.7.3.4 (low altitude).
"""

from math import exp, pi

import numpy as np
import pytest
from scipy import signal

from models import noise
from models import turbulence as compiled
from models.structs import Seed, Wind
from tests.models.kit import interpreted
from tests.models.vehicle import filled

turbulence = interpreted().turbulence

FOOT_M = 0.3048
MODERATE_W20_MPS = 15.43333333  # 30 knots at 20 ft

# Height ft, L_u = L_v m, L_w m, sigma_u = sigma_v m/s, sigma_w m/s, moderate
LOW_ALTITUDE = [
    (5.0, 23.05480061, 3.048, 3.029529638, 1.543333333),  # not below 10 ft
    (10.0, 23.05480061, 3.048, 3.029529638, 1.543333333),
    (20.0, 43.7658672, 6.096, 2.977304562, 1.543333333),
    (50.0, 94.72807375, 15.24, 2.8376423, 1.543333333),
    (100.0, 153.9756133, 30.48, 2.648126514, 1.543333333),
    (500.0, 287.9315177, 152.4, 1.907924344, 1.543333333),
    (1000.0, 304.8, 304.8, 1.543333333, 1.543333333),
]

# One-sided spectra at 50 m and 20 m/s, moderate: frequency rad/s, u, v, w in (m/s)^2 s/rad
SPECTRA = [
    (0.01584893192, 37.96583439, 19.93409308, 1.898399897),
    (0.2511886432, 5.223630347, 7.134744546, 2.128284813),
    (3.981071706, 0.02400254516, 0.03598902317, 0.05645275098),
]


def _wind(**more: float) -> Wind:
    return filled(Wind, **{"w20_mps": MODERATE_W20_MPS, "sigma_high_mps": 1.5} | more)


@pytest.mark.parametrize(("height_ft", "l_u", "l_w", "sigma_u", "sigma_w"), LOW_ALTITUDE)
def test_lengths_and_intensities__are_the_specifications(
    height_ft: float, l_u: float, l_w: float, sigma_u: float, sigma_w: float
) -> None:
    found = turbulence.lengths_and_intensities(height_ft * FOOT_M, _wind())
    assert found == pytest.approx((l_u, l_w, sigma_u, sigma_w), rel=1e-8)


def test_lengths__anchors_in_feet() -> None:
    l_u, _, sigma_u, sigma_w = turbulence.lengths_and_intensities(100 * FOOT_M, _wind())
    assert l_u / FOOT_M == pytest.approx(505.169, abs=5e-4)
    assert sigma_u / sigma_w == pytest.approx(1.715849, abs=5e-7)


def test_comparison__feet_and_metres_swapped_would_be_seen() -> None:
    l_u, *_ = turbulence.lengths_and_intensities(50.0 / FOOT_M, _wind())
    assert abs(l_u / 202.2895917 - 1.0) > 0.3


def test_lengths_and_intensities__blend_linearly_to_medium_altitude() -> None:
    low, middle, high = (
        np.array(turbulence.lengths_and_intensities(h * FOOT_M, _wind()))
        for h in (1000.0, 1500.0, 2000.0)
    )
    np.testing.assert_allclose(middle, 0.5 * (low + high), rtol=1e-12)
    np.testing.assert_allclose(high, [1750 * FOOT_M, 1750 * FOOT_M, 1.5, 1.5], rtol=1e-12)
    assert tuple(turbulence.lengths_and_intensities(9000.0, _wind())) == tuple(high)


def test_intensities__no_wind_at_20_ft_is_no_turbulence_at_any_height() -> None:
    for height in (5.0, 300.0, 450.0, 800.0):
        assert turbulence.lengths_and_intensities(height, _wind(w20_mps=0.0))[2:] == (0.0, 0.0)


# --- what is generated ----------------------------------------------------------------------------


def _step_matrices(r_w: float, r_u: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Transition F (2, 2) and noise input G (2, 2) of the w filter, read off the code."""
    zero = (0.0, 0.0, 0.0, 0.0)

    def w_states(w1: float, w2: float, noise_w: tuple[float, ...]) -> np.ndarray:
        before = turbulence.Gusts(0.0, 0.0, 0.0, w1, w2)
        after = turbulence.advanced(before, 1.0, 1.0 / r_u, 1.0 / r_w, 1.0, zero, noise_w)
        return np.array([after.w1, after.w2])

    f = np.stack([w_states(1.0, 0.0, zero), w_states(0.0, 1.0, zero)], axis=1)
    g = np.stack([w_states(0.0, 0.0, tuple(n)) for n in np.eye(4)[:2]], axis=1)
    return f, g


@pytest.mark.parametrize("r", [1e-4, 0.01, 0.3, 4.0, 40.0])
def test_filters__keep_their_stationary_covariance_at_any_step(r: float) -> None:
    f, g = _step_matrices(r)
    p = np.array([[1.0, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(f @ p @ f.T + g @ g.T, p, atol=1e-14)


@pytest.mark.parametrize("r", [0.01, 0.3])
def test_filters__correlation_is_the_transverse_dryden_one(r: float) -> None:
    """e^(-x) (1 - x / 2) at x = distance over length: the Fourier pair of the w spectrum (von
    Karman
    & Howarth's relation f + x f' / 2 applied to f = e^(-x)), and e^(-x) itself along the wind."""
    f, _ = _step_matrices(r)
    p = np.array([[1.0, 0.5], [0.5, 0.5]])
    unit = [turbulence.velocity(turbulence.Gusts(0, 0, 0, *e), 1.0, 1.0)[2] for e in np.eye(2)]
    c = np.array(unit)
    for steps in (0, 1, 7, 30):
        x = steps * r
        found = c @ np.linalg.matrix_power(f, steps) @ p @ c
        assert found == pytest.approx(exp(-x) * (1.0 - 0.5 * x), abs=1e-13)
    zero = (0.0,) * 4
    along = turbulence.advanced(
        turbulence.Gusts(1.0, 0, 0, 0, 0), 1.0, 1.0 / r, 1.0, 1.0, zero, zero
    )
    assert along.u == pytest.approx(exp(-r), rel=1e-14)


def test_filters__start_in_their_stationary_law() -> None:
    columns = [np.array(turbulence.started(*n)) for n in np.eye(5)]
    covariance = sum(np.outer(c, c) for c in columns)
    pair = [[1.0, 0.5], [0.5, 0.5]]
    expected = np.zeros((5, 5))
    expected[0, 0] = 1.0
    expected[1:3, 1:3] = expected[3:, 3:] = pair
    np.testing.assert_allclose(covariance, expected, atol=1e-15)


def test_filters__do_not_move_when_nothing_passes_by() -> None:
    before = compiled.Gusts(0.3, -0.2, 0.5, 1.0, 0.1)
    ones = (1.0, 1.0, 1.0, 1.0)
    assert compiled.advanced(before, 0.0, 100.0, 30.0, 0.02, ones, ones) == pytest.approx(before)


def _generated(height: float, airspeed: float, dt: float, count: int) -> np.ndarray:
    """(time, 3) of turbulence as flown: compiled kernels, the run's own noise."""
    l_u, l_w, sigma_u, sigma_w = compiled.lengths_and_intensities(height, _wind())
    seed = Seed(11.0, 3.0)
    gusts = compiled.started(*noise.normals(seed, noise.START, 0.0), 0.3)
    found = np.empty((count, 3))
    for tick in range(count):
        uv = noise.normals(seed, noise.TURBULENCE_UV, float(tick))
        w = noise.normals(seed, noise.TURBULENCE_W, float(tick))
        gusts = compiled.advanced(gusts, airspeed, l_u, l_w, dt, uv, w)
        found[tick] = compiled.velocity(gusts, sigma_u, sigma_w)
    return found


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    """65,536 steps of 0.1 s at 50 m and 20 m/s."""
    return _generated(50.0, 20.0, 0.1, 2**16)


def test_generated__has_the_specified_variances_and_is_uncorrelated(series: np.ndarray) -> None:
    _, _, sigma_u, sigma_w = turbulence.lengths_and_intensities(50.0, _wind())
    ratio = series.var(axis=0) / np.array([sigma_u, sigma_u, sigma_w]) ** 2
    # Independent samples in 6,554 s: the integral scales of the squared signals are L / V (u) or
    # less: 10.1, 5.1, 1.25 s; relative error sqrt(2 * 2 tau / T) at most; four of them
    for found, scale_s in zip(ratio, (10.11, 5.06, 1.25), strict=True):
        assert found == pytest.approx(1.0, abs=4.0 * np.sqrt(2.0 * scale_s / 6554.0 * 2.0))
    correlation = np.corrcoef(series.T)
    assert np.max(np.abs(correlation - np.eye(3))) < 4.0 * np.sqrt(2.0 * 10.11 / 6554.0)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_generated__has_the_dryden_spectrum(series: np.ndarray, axis: int) -> None:
    frequency, density = signal.periodogram(series[:, axis], fs=10.0, window="hann")
    omega, density = 2.0 * pi * frequency, density / (2.0 * pi)
    for centre, *expected in SPECTRA:
        band = (omega > centre / 1.6) & (omega < centre * 1.6)
        # Against the specified shape, so that the slope across the band does not matter
        shape = density[band] / _dryden(omega[band], axis)
        # A periodogram's points scatter by 100 %; a Hann window halves their number. Sampling
        # at 0.1 s folds in what lies above 31 rad/s: a share of pi^2/3 (omega / 62.8)^2
        points = 0.5 * np.count_nonzero(band)
        aliased = pi * pi / 3.0 * (1.6 * centre / 62.8) ** 2
        assert shape.mean() == pytest.approx(1.0, abs=4.0 / np.sqrt(points) + aliased)
        assert _dryden(np.array([centre]), axis)[0] == pytest.approx(expected[axis], rel=1e-7)


def _dryden(omega: np.ndarray, axis: int) -> np.ndarray:
    """One-sided spectra of the specification at 50 m and 20 m/s; the table holds them to it."""
    l_u, l_w, sigma_u, sigma_w = 202.2895917, 50.0000016, 2.459202224, 1.543333333
    length, sigma = (l_w, sigma_w) if axis == 2 else (l_u, sigma_u)
    x2 = (length * omega / 20.0) ** 2
    if axis == 0:
        return sigma**2 * 2.0 * length / (pi * 20.0) / (1.0 + x2)
    return sigma**2 * length / (pi * 20.0) * (1.0 + 3.0 * x2) / (1.0 + x2) ** 2
