"""What circles and ellipses hold of a Gaussian cloud in two dimensions.

How large an ellipse has to be, in sigmas, for a content that is

    known      sqrt(-2 ln(1 - p))                             mean and covariance known
    expected   sqrt(2 (n^2 - 1) / (n (n - 2)) F_p(2, n - 2))  both estimated from n: Hotelling
    sure       the quantile, over such estimates, of the size that holds p of the true cloud

(Chew, J. Am. Stat. Assoc. 61:605, 1966; Krishnamoorthy & Mondal, Commun. Stat. Simul. Comput.
35:461, 2006). Anchors: 1, 2, 3 sigma hold 39.3, 86.5, 98.9 %; 99 % takes 3.035 sigma, and with 90 %
confidence 3.330 from 100 runs, 3.105 from 1,000, 3.055 from 10,000.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, gammaincinv, ndtr, ndtri

from pipeline.statistics.order import Floats

Ellipses = tuple[Floats, Floats, Floats, Floats]
Rule = tuple[Floats, Floats]  # nodes and weights on (-1, 1)

DRAWS = 2048  # of estimates
_FAR = 7.0  # sigmas: beyond them lies less than 1e-11
_QUICK, _FINE = (np.polynomial.legendre.leggauss(nodes) for nodes in (32, 64))
_GOLDEN = 1.1673039782614187  # x^6 = x + 1: steps 1/x .. 1/x^5 fill five dimensions evenly


def known_sigmas(content: float) -> float:
    """Size of the ellipse that holds `content` where mean and covariance are known."""
    return sqrt(-2.0 * log(1.0 - content))


def expected_sigmas(content: float, runs: int) -> float:
    """Size by estimates from so many runs, that holds `content` on average. At least three runs."""
    return sqrt(2.0 * (runs**2 - 1.0) / (runs * (runs - 2.0)) * fdtri(2.0, runs - 2.0, content))


@lru_cache(maxsize=64)
def tolerance_sigmas(content: float, confidence: float, runs: int) -> float:
    """Size by estimates from so many runs, that holds at least `content` so often.

    Over 2,048 evenly spread estimates, always the same ones: to some thousandths from a
    hundred runs on. At least three runs.
    """
    steps = _GOLDEN ** -np.arange(1.0, 6.0)
    u = (0.5 + np.arange(1.0, DRAWS + 1.0) * steps[:, None]) % 1.0
    # Wishart by Bartlett's triangle; the mean is as likely in any direction
    first, second = (np.sqrt(2.0 * gammaincinv(0.5 * (runs - k), u[k - 1])) for k in (1, 2))
    beside, x, y = ndtri(u[2]), *(ndtri(u[3:]) / sqrt(runs))
    half, root_det = 0.5 * (first**2 + beside**2 + second**2), first * second
    a = np.sqrt((half + np.sqrt(np.maximum(half**2 - root_det**2, 0.0))) / (runs - 1.0))
    b = root_det / (runs - 1.0) / a
    enough = (np.hypot(x, y) + known_sigmas(content)) / b  # holds a disc that holds it
    found = _least(lambda k: _held((k * a, k * b, x, y), _QUICK) >= content, enough, 16)
    return float(np.quantile(found, confidence))


def _least(holds: Callable[[Floats], NDArray[np.bool_]], enough: Floats, halvings: int) -> Floats:
    """The size `(ellipse,)` from which on each holds its content, below one that does."""
    low, high = np.zeros(enough.shape), enough
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        held = holds(middle)
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    return high


def _held(ellipses: Ellipses, rule: Rule) -> Floats:
    """What ellipses `(ellipse,)` hold of the standard Gaussian: semi-axes a, b, centres x, y.

        int phi(x + a sin t) [Phi(y + b cos t) - Phi(y - b cos t)] a cos t dt

    by Gauss & Legendre, over the part of the axis a that is not _FAR out.
    """
    a, b, x, y = ellipses
    low, high = (np.arcsin(np.clip((end - x) / a, -1.0, 1.0)) for end in (-_FAR, _FAR))
    middle, width = 0.5 * (low + high), 0.5 * (high - low)
    angle = middle[..., None] + width[..., None] * rule[0]
    along = x[..., None] + a[..., None] * np.sin(angle)
    across = b[..., None] * np.cos(angle)
    density = np.exp(-0.5 * along**2) / sqrt(2.0 * pi) * a[..., None] * np.cos(angle)
    inside = ndtr(y[..., None] + across) - ndtr(y[..., None] - across)
    return np.asarray((density * inside) @ rule[1] * width)


def content_of_disc(radius_m: float, centre_m: Floats, sigma_m: Floats) -> float:
    """What a disc about the origin holds of a Gaussian: mean and sigma along its axes `(2,)`."""
    return float(_held(_in_sigmas(np.array([radius_m]), centre_m, sigma_m), _FINE)[0])


def radius_holding(content: float, centre_m: Floats, sigma_m: Floats) -> float:
    """Radius about the origin that holds `content` of such a Gaussian."""
    enough = np.hypot(*centre_m) + known_sigmas(content) * np.max(sigma_m)

    def holds(radius_m: Floats) -> NDArray[np.bool_]:
        return _held(_in_sigmas(radius_m, centre_m, sigma_m), _FINE) >= content

    return float(_least(holds, np.array([enough]), 48)[0])


def _in_sigmas(radius_m: Floats, centre_m: Floats, sigma_m: Floats) -> Ellipses:
    """Discs `(disc,)` as the ellipses that they are in sigmas, the longer axis first."""
    first, second = np.argsort(sigma_m)
    x, y = (np.full(radius_m.shape, -centre_m[k] / sigma_m[k]) for k in (first, second))
    return radius_m / sigma_m[first], radius_m / sigma_m[second], x, y
