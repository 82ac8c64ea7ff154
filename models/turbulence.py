"""Continuous Dryden turbulence: low altitude, blend from 1,000 to 2,000 ft, medium altitude.

u along the mean wind, v horizontal to its left, w up. Lengths and intensities in feet inside, as
the specification gives them; metres outside. The filters are the exact discrete ones and their
states are kept at unit variance, so they start stationary and stay so while height and airspeed
change.
Source: MIL-F-8785C (1980), 3.7.1.2 (spectra), 3.7.2 (medium altitude), 3.7.3.4 (low altitude).
Anchors: at 100 ft L_u = 505.169 ft, sigma_u / sigma_w = 1.715849.
"""

from math import sqrt
from typing import NamedTuple

from models.elementary import exp, log
from models.jit import kernel
from models.vectors import clip

FOOT_M = 0.3048
SQRT3 = 1.7320508075688772
_MEDIUM_LENGTH_FT = 1750.0


class Gusts(NamedTuple):
    """Filter states: u of unit variance, v and w pairs of covariance [1, 1/2; 1/2, 1/2]."""

    u: float
    v1: float
    v2: float
    w1: float
    w2: float


@kernel
def lengths_and_intensities(height_m, wind):
    """Scale lengths L_u = L_v, L_w in m and intensities sigma_u = sigma_v, sigma_w in m/s.  §4.1

        below 1,000 ft   L_w = h,  L_u = h / (0.177 + 0.000823 h)^1.2
                         sigma_w = 0.1 W20,  sigma_u = sigma_w / (0.177 + 0.000823 h)^0.4
        above 2,000 ft   L = 1750 ft, sigma of fig. 7
        between          linear in height

    h in feet, not below 10 ft.
    """
    h = clip(height_m / FOOT_M, 10.0, 1000.0)
    ln_shape = log(0.177 + 0.000823 * h)
    l_w = h
    l_u = h * exp(-1.2 * ln_shape)
    sigma_w = 0.1 * wind.w20_mps
    sigma_u = sigma_w * exp(-0.4 * ln_shape)
    blend = clip((height_m / FOOT_M - 1000.0) / 1000.0, 0.0, 1.0)
    high = wind.sigma_high_mps if wind.w20_mps > 0.0 else 0.0
    l_u = (l_u + blend * (_MEDIUM_LENGTH_FT - l_u)) * FOOT_M
    l_w = (l_w + blend * (_MEDIUM_LENGTH_FT - l_w)) * FOOT_M
    sigma_u = sigma_u + blend * (high - sigma_u)
    sigma_w = sigma_w + blend * (high - sigma_w)
    return l_u, l_w, sigma_u, sigma_w


@kernel
def started(n0, n1, n2, n3, n4):
    """Filter states drawn from their stationary law, of five standard normals.  §4.3"""
    return Gusts(n0, n1, 0.5 * n1 + 0.5 * n2, n3, 0.5 * n3 + 0.5 * n4)


@kernel
def _second_order(x1, x2, r, n1, n2):
    """One exact step of  x1' = (noise - x1) / tau,  x2' = (x1 - x2) / tau,  r = dt / tau.  §4.3

    Noise covariance Q = P - F P F^T with the stationary P = [1, 1/2; 1/2, 1/2].
    """
    e = exp(-r)
    q11 = 1.0 - e * e
    q12 = 0.5 - e * e * (0.5 + r)
    q22 = 0.5 - e * e * (0.5 + r + r * r)
    root = sqrt(q11)
    along = q12 / max(root, 1.0e-150)
    across = sqrt(max(q22 - along * along, 0.0))
    return e * x1 + root * n1, e * (x2 + r * x1) + along * n1 + across * n2


@kernel
def advanced(gusts, airspeed_mps, l_u, l_w, dt, noise_uv, noise_w):
    """Filter states one tick later.  §4.2

    H_u = 1 / (1 + L s / V): exact first-order step; H_v,w: see _second_order.
    """
    r_u = airspeed_mps * dt / l_u
    r_w = airspeed_mps * dt / l_w
    e = exp(-r_u)
    u = e * gusts.u + sqrt(1.0 - e * e) * noise_uv[0]
    v1, v2 = _second_order(gusts.v1, gusts.v2, r_u, noise_uv[1], noise_uv[2])
    w1, w2 = _second_order(gusts.w1, gusts.w2, r_w, noise_w[0], noise_w[1])
    return Gusts(u, v1, v2, w1, w2)


@kernel
def velocity(gusts, sigma_u, sigma_w):
    """Turbulence (u, v, w), m/s, of the filter states.  §4.2

    (1 + sqrt3 tau s) / (1 + tau s)^2 = sqrt3 / (1 + tau s) + (1 - sqrt3) / (1 + tau s)^2,
    whose variance on unit x1 is 2, hence the 1/sqrt2.
    """
    k = 0.7071067811865476
    v = k * (SQRT3 * gusts.v1 + (1.0 - SQRT3) * gusts.v2)
    w = k * (SQRT3 * gusts.w1 + (1.0 - SQRT3) * gusts.w2)
    return sigma_u * gusts.u, sigma_u * v, sigma_w * w
