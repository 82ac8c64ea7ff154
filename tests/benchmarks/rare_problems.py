"""Problems whose failure probability is known, for the methods of pipeline/rare.

Definitions and exact values: the four-branch series system, the RP problems of the TNO
reliability workshop as collected in otbenchmark, linear limit states in many dimensions (Au & Beck
2001; Engelund & Rackwitz 1993), hyperspheres. Values were computed by closed form or quadrature;
those of RP8 and RP38 by conditional expectation, good to six digits. The stairs, the corners and
those whose noise hides behind a seed are our own, with closed forms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from pipeline.rare.points import Floats, Points, Seeds


class Problem(NamedTuple):
    """A limit state in standard normal space with its exact probability of failure."""

    name: str
    dimension: int
    limit_state: Callable[[Points], Floats]
    probability: float


def _of(margin: Callable[..., Floats]) -> Callable[[Points], Floats]:
    """A limit state from a function of the coordinates, each (point,)."""
    return lambda points: margin(*points.u.T)


def _least(*margins: Floats) -> Floats:
    return np.minimum.reduce(np.broadcast_arrays(*margins))


def _four_branch(x1: Floats, x2: Floats) -> Floats:
    bowl, diagonal = 3.0 + 0.1 * (x1 - x2) ** 2, (x1 + x2) / np.sqrt(2.0)
    straight = 6.0 / np.sqrt(2.0)
    return _least(bowl - diagonal, bowl + diagonal, x1 - x2 + straight, x2 - x1 + straight)


def _rp22(x1: Floats, x2: Floats) -> Floats:
    return 2.5 - (x1 + x2) / np.sqrt(2.0) + 0.1 * (x1 - x2) ** 2


def _rp28(u1: Floats, u2: Floats) -> Floats:
    return (78064.0 + 11710.0 * u1) * (0.0104 + 0.00156 * u2) - 146.14


def _rp31(x1: Floats, x2: Floats) -> Floats:
    return 2.0 - x2 + 256.0 * x1**4


def _rp35(x1: Floats, x2: Floats) -> Floats:
    return _least(2.0 - x2 + np.exp(-0.1 * x1**2) + (0.2 * x1) ** 4, 4.5 - x1 * x2)


def _rp53(u1: Floats, u2: Floats) -> Floats:
    x1, x2 = 1.5 + u1, 2.5 + u2
    return np.sin(2.5 * x1) + 2.0 - (x1**2 + 4.0) * (x2 - 1.0) / 20.0


def _rp75(x1: Floats, x2: Floats) -> Floats:
    return 3.0 - x1 * x2


def _rp89(x1: Floats, x2: Floats) -> Floats:
    return _least(-(x1**2) - x2 + 8.0, -x1 / 5.0 - x2 + 6.0)


def _rp110(x0: Floats, x1: Floats) -> Floats:
    return _least(
        np.where(x0 <= 3.5, 0.85 - 0.1 * x0, 4.0 - x0),
        np.where(x1 <= 2.0, 2.3 - x1, 0.5 - 0.1 * x1),
    )


def _rp111(x1: Floats, x2: Floats) -> Floats:
    return 12.5 - np.abs(x1 * x2)


def _rp8(*u: Floats) -> Floats:
    mean = np.array([120.0, 120.0, 120.0, 120.0, 50.0, 40.0])[:, None]
    sd = np.array([12.0, 12.0, 12.0, 12.0, 10.0, 8.0])[:, None]
    log_variance = np.log1p((sd / mean) ** 2)
    x = mean * np.exp(np.sqrt(log_variance) * np.stack(u) - 0.5 * log_variance)
    return np.array([1.0, 2.0, 2.0, 1.0, -5.0, -5.0]) @ x


def _rp38(*u: Floats) -> Floats:
    means = np.array([350.0, 50.8, 3.81, 173.0, 9.38, 33.1, 0.036])[:, None]
    x1, x2, x3, x4, x5, x6, x7 = means * (1.0 + 0.1 * np.stack(u))
    over = x4**2 - 4.0 * x5 * x6 * x7**2 + x4 * (x6 + 4.0 * x5 + 2.0 * x6 * x7)
    under = x4 * x5 * (x4 + x6 + 2.0 * x6 * x7)
    return 15.59e4 - x1 * x2**3 / (2.0 * x3**3) * over / under


def _union(u1: Floats, u2: Floats, u3: Floats, u4: Floats) -> Floats:
    return _least(3.0 - u1, 3.2 - u2, 4.0 - np.hypot(u3, u4))


def _linear(beta: float, dimension: int) -> Problem:
    def limit_state(points: Points) -> Floats:
        return beta * np.sqrt(dimension) - points.u.sum(axis=1)

    return Problem(f"linear_beta{beta:g}_d{dimension}", dimension, limit_state, float(ndtr(-beta)))


def _hypersphere(radius: float) -> Problem:
    def limit_state(points: Points) -> Floats:
        return radius - np.linalg.norm(points.u, axis=1)

    probability = float(np.exp(-0.5 * radius**2))  # survival of chi-square with two degrees
    return Problem(f"hypersphere_d2_r{radius:g}", 2, limit_state, probability)


def _stairs(beta: float, steps: float) -> Problem:
    """A margin with so many steps to a standard deviation: every level's limit is a tie."""

    def limit_state(points: Points) -> Floats:
        return np.floor(steps * (beta - points.u.sum(axis=1) / np.sqrt(2.0))) / steps

    return Problem(f"stairs_beta{beta:g}_d2", 2, limit_state, float(ndtr(-beta)))


def _corners(beta: float, dimension: int) -> Problem:
    """Failure in every corner of a cube: 2^dimension modes."""

    def limit_state(points: Points) -> Floats:
        return beta - np.abs(points.u).min(axis=1)

    probability = float((2.0 * ndtr(-beta)) ** dimension)
    return Problem(f"corners_beta{beta:g}_d{dimension}", dimension, limit_state, probability)


def noise_of(seeds: Seeds) -> Floats:
    """A standard normal value (point,) of each seed, by a hash: neighbours have nothing in common.

    Finaliser of SplitMix64: Steele, Lea & Flood, OOPSLA 2014.
    """
    z = seeds + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ndtri(((z >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52)


def _noisy(beta: float, dimension: int, share: float) -> Problem:
    """A linear limit state of which the noise behind the seed makes `share` of the variance."""

    def limit_state(points: Points) -> Floats:
        known = points.u.sum(axis=1) / np.sqrt(dimension)
        noise = noise_of(points.seed)
        return beta - np.sqrt(1.0 - share) * known - np.sqrt(share) * noise

    name = f"seed_beta{beta:g}_d{dimension}_share{share:g}"
    return Problem(name, dimension, limit_state, float(ndtr(-beta)))


PROBLEMS = (
    Problem("four_branch_k6", 2, _of(_four_branch), 0.004457331490626),
    Problem("RP22", 2, _of(_rp22), 0.0042073055113),
    Problem("RP28", 2, _of(_rp28), 1.453294655003e-7),
    Problem("RP31", 2, _of(_rp31), 0.003226681209588),
    Problem("RP35", 2, _of(_rp35), 0.003478946320931),
    Problem("RP53", 2, _of(_rp53), 0.03132048568668),
    Problem("RP75", 2, _of(_rp75), 0.009819298721547),
    Problem("RP89", 2, _of(_rp89), 0.005471280529021),
    Problem("RP110", 2, _of(_rp110), 3.195788432639e-5),
    Problem("RP111", 2, _of(_rp111), 8.03508596496e-7),
    *(_linear(2.0, dimension) for dimension in (2, 10, 100, 1000)),
    *(_linear(3.0, dimension) for dimension in (2, 1000)),
    _linear(3.5, 1000),
    *(_linear(4.0, dimension) for dimension in (10, 1000)),
    *(_linear(4.75342, dimension) for dimension in (2, 10, 1000)),
    *(_linear(5.0, dimension) for dimension in (2, 100)),
    _hypersphere(3.0),
    _hypersphere(4.0),
    Problem("landing_toy_union", 4, _of(_union), 0.002370887993023),
    Problem("RP8", 6, _of(_rp8), 0.0007898454791095201),
    Problem("RP38", 7, _of(_rp38), 0.008050838552349907),
    _stairs(4.0, 3.0),
    _corners(2.0, 4),
    _noisy(3.0, 2, 0.1),
    _noisy(4.0, 10, 0.3),
)
