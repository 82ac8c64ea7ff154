"""The short polynomials against the standard library, compiled as the kernel has them.

Tolerances are derived from the rounding of the argument's reduction, half a unit in the last place
(2^-53) each time; the series themselves are below it.
"""

import math

import numpy as np
import pytest

from models import elementary

_RNG = np.random.default_rng(20231102)


def _worst(error: np.ndarray) -> float:
    return float(np.max(np.abs(error)))


def test_log__agrees_with_the_library_over_all_magnitudes() -> None:
    x = np.concatenate([10.0 ** _RNG.uniform(-300, 300, 4000), _RNG.uniform(0.5, 2.0, 4000)])
    ours = np.array([elementary.log(v) for v in x])
    theirs = np.array([math.log(v) for v in x])
    # Near 1 the logarithm itself is small: one unit of x there is 2.2e-16 absolute
    assert _worst((ours - theirs) / np.maximum(np.abs(theirs), 0.1)) < 2e-15


def test_exp__agrees_with_the_library_within_its_range() -> None:
    x = _RNG.uniform(-700.0, 700.0, 8000)
    ours = np.array([elementary.exp(v) for v in x])
    theirs = np.array([math.exp(v) for v in x])
    # Compiled, the two halves of ln 2 may be joined: n ln 2, about x, then rounds once
    assert _worst((ours / theirs - 1.0) / (4.0 + np.abs(x))) < 2.0**-53


@pytest.mark.parametrize("y", [-0.4, -1.2, 1 / 7, 5.2558797])
def test_power__agrees_with_the_library(y: float) -> None:
    x = _RNG.uniform(0.05, 50.0, 2000)
    ours = np.array([elementary.power(v, y) for v in x])
    # The error of y ln x (at most 21 here) becomes relative in the power
    assert _worst(ours / x**y - 1.0) < 2e-14


def test_sincos__agree_with_the_library_over_many_turns() -> None:
    for most in (1.0, 2.0 * math.pi, 40.0):
        x = _RNG.uniform(-most, most, 8000)
        ours = np.array([elementary.sincos(v) for v in x])
        # Into turns, into quarters, back to radians: three roundings of the angle, and the result's
        assert (
            _worst(ours - np.stack([np.sin(x), np.cos(x)], axis=1)) < (3.0 * most + 8.0) * 2.0**-53
        )


def test_sincos_turns__quarter_turns_are_exact() -> None:
    found = [elementary.sincos_turns(k / 4) for k in range(-4, 9)]
    for k, (sine, cosine) in zip(range(-4, 9), found, strict=True):
        assert sine == pytest.approx((0, 1, 0, -1)[k % 4], abs=1e-16)
        assert cosine == pytest.approx((1, 0, -1, 0)[k % 4], abs=1e-16)


def test_arctan_arccos__agree_with_the_library() -> None:
    x = np.concatenate([_RNG.uniform(-3, 3, 4000), 10.0 ** _RNG.uniform(0, 12, 500)])
    assert _worst(np.array([elementary.arctan(v) for v in x]) - np.arctan(x)) < 2e-15
    c = np.concatenate([_RNG.uniform(-1, 1, 4000), [1.0, -1.0, 0.0]])
    angles = np.array([elementary.arccos(v) for v in c])
    # (1 - c) / (1 + c) loses what c itself has lost near +-1: an angle a has 1.1e-16 / a
    assert _worst((angles - np.arccos(c)) * np.sqrt(1.0 - c * c)) < 2e-15
    # At -1 the quotient is held at 2e16: 1e-8 rad short of pi
    assert elementary.arccos(-1.0) == pytest.approx(math.pi, abs=3e-8)
    assert elementary.arccos(1.5) == 0.0


@pytest.mark.parametrize("name", ["log", "exp", "arctan", "sincos"])
def test_compiled__equals_interpreted_to_rounding(name: str) -> None:
    compiled = getattr(elementary, name)
    x = _RNG.uniform(0.1, 3.0, 50)
    ours = np.array([compiled(v) for v in x])
    plain = np.array([compiled.py_func(v) for v in x])
    np.testing.assert_allclose(ours, plain, rtol=2e-15, atol=4e-16)


def test_comparison__can_fail() -> None:
    """A series one term short is seen: the tolerances above are not loose."""
    z = 0.1716**2  # the largest argument of the series of the logarithm
    missing = z**8 / 17
    assert missing > 2e-14
