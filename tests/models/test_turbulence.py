"""Dryden turbulence: the filters at any step.

Scales, and what is generated in flight, are verification cases (pipeline/verification).
Source: MIL-F-8785C (1980), 3.7.1.2.
"""

from math import exp

import numpy as np
import pytest

from models import turbulence as compiled
from models.structs import Wind
from tests.models.kit import interpreted
from tests.models.vehicle import filled

turbulence = interpreted().turbulence

MODERATE_W20_MPS = 15.43333333  # 30 knots at 20 ft


def _wind(**more: float) -> Wind:
    return filled(Wind, **{"w20_mps": MODERATE_W20_MPS, "sigma_high_mps": 1.5} | more)


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
