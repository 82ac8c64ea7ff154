"""NASA's check cases 1, 2, 6 and 7 for six-degree-of-freedom simulations.

Source of the figures: NASA/TM-2015-218675 (Jackson, Shelton, Jackson, Castro, Noble & Jennings),
atmospheric cases 1 (dropped sphere without drag), 2 (tumbling brick), 6 (sphere with drag), 7 (in a
steady wind): medians of four to six NASA simulators over a rotating WGS 84 ellipsoid, from 9,144 m
at the equator. The kernel's ground is flat, with effective gravity over height and Coriolis.

The flat Earth with constant gravity is a reference of its own: the same fall integrated by scipy
from the equations as written here, with their own standard atmosphere.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from pipeline.verification.check import Case, Row, apart, truncation
from pipeline.verification.flights import G_MPS2, at, flown, last, matrix_of, rates
from pipeline.verification.rigid_body import tumbled

TIMES_S = (10.0, 20.0, 30.0)
DROP_M = 9144.0
SPHERE = {"dry_kg": 14.593902937206364} | dict.fromkeys(
    ("ixx_kgm2", "iyy_kgm2", "izz_kgm2"), 4.880944613993042
)
DRAG_AREA_M2 = 0.1 * 0.018241465452480003
WIND_MPS = 6.096  # from the west
BRICK_KGM2 = (0.0025682174740883053, 0.008421011037627346, 0.009754655939231735)
NED = (0.0, 0.5**0.5, 0.5**0.5, 0.0)  # body x north, y east, z down
EARTH_M = 6378137.0

# Medians of NASA's simulators at these times: altitude m, east and down speed m/s
NASA = {
    1: (
        (8656.38220154, 0.0711180160203, 97.526041292),
        (7193.3798866, 0.284526376384, 195.081870607),
        (4754.54604703, 0.64038817906, 292.697326062),
    ),
    6: (
        (8658.69226939, 0.0702712486404, 96.5947755662),
        (7232.04103041, 0.270164434087, 187.128634729),
        (4963.50023541, 0.561724739924, 263.350309736),
    ),
    7: (
        (8658.71681913, 0.158339989637, 96.5897059487),
        (7232.14126297, 0.635582698089, 187.118695756),
        (4963.71892385, 1.43511355096, 263.336920169),
    ),
}
HELD_BY_DRAG_M = NASA[6][-1][0] - NASA[1][-1][0]  # of the fall of 30 s
# Case 2: rates p, q, r in deg/s
NASA_BRICK_DPS = (
    (-2.4188901053, -23.5525765158, 28.1285882842),
    (-5.42275933108, 22.7159262745, 28.6082843062),
    (12.618423766, -17.3974441013, 31.1196030061),
)


def _sphere(case: int, rotating: bool) -> xr.Dataset:
    earth = {"gravity_model": "effective", "latitude_deg": 0.0} if rotating else {}
    windy: dict[str, Any] = {"profile": "constant", "speed_mps": WIND_MPS, "from_deg": 270.0}
    return flown(
        duration_s=30.0,
        site=earth,
        mass=SPHERE,
        aero={"sphere_m2": DRAG_AREA_M2} if case > 1 else {},
        wind=windy if case == 7 else {},
        start={"up_m": DROP_M},
    )


def _against_nasa(case: int) -> Iterator[Row]:
    """Altitude and east speed of a sphere over the turning Earth."""
    flight = _sphere(case, rotating=True)
    figures = np.array(NASA[case])
    altitude = [at(flight, t, "r_enu_m")[2] for t in TIMES_S]
    east = [at(flight, t, "v_enu_mps")[0] for t in TIMES_S]
    _, east_mps, down_mps = figures[-1]
    centrifugal, t = east_mps**2 / EARTH_M, TIMES_S[-1]  # m/s2, which the flat Earth lacks
    metres = centrifugal * t**2 / 6.0
    why = "v_east^2 / r is left out, which grows from zero: t^2 / 6 of it"
    if case > 1:
        metres += 1e-5 * HELD_BY_DRAG_M
        why += "; standard atmospheres agree to 1e-5: that share of what drag holds back"
    yield Row("altitude over the turning Earth", "m", apart(altitude, figures[:, 0]), metres, why)
    turning = 0.5 * east_mps * down_mps / EARTH_M * t
    why = "local axes of the ellipsoid turn under the sphere: at most v_east v_down t / 2 r"
    error = apart(east, figures[:, 1])
    yield Row("east speed over the turning Earth", "m/s", error, turning, why)


def _density(altitude_m: float) -> float:
    """US76 to 11 km geopotential: rho0 theta^(n - 1), with R of ISO 2533 (1975)."""
    h = altitude_m * 6356766.0 / (6356766.0 + altitude_m)
    density0 = 101325.0 / (287.05287 * 288.15)
    return density0 * (1.0 - 0.0065 * h / 288.15) ** (G_MPS2 / (287.05287 * 0.0065) - 1.0)


def _flat_fall(case: int) -> Any:
    """Position and velocity at TIMES_S, by DOP853 from equations written here."""
    wind = WIND_MPS if case == 7 else 0.0
    pull = 0.5 * (DRAG_AREA_M2 if case > 1 else 0.0) / SPHERE["dry_kg"]

    def rate(_: float, y: np.ndarray) -> np.ndarray:
        through = y[3:] - [wind, 0.0, 0.0]
        drag = pull * _density(y[2]) * np.linalg.norm(through) * through
        return np.concatenate([y[3:], -drag - [0.0, 0.0, G_MPS2]])

    begin = [0.0, 0.0, DROP_M, 0.0, 0.0, 0.0]
    solved = solve_ivp(rate, (0.0, 30.0), begin, "DOP853", TIMES_S, rtol=1e-12, atol=1e-12)
    return solved.y.T


def _against_scipy(case: int) -> Iterator[Row]:
    """Position over a flat Earth with constant gravity."""
    flight, expected = _sphere(case, rotating=False), _flat_fall(case)
    error = apart([at(flight, t, "r_enu_m") for t in TIMES_S], expected[:, :3])
    if case == 1:
        why = "asked: 1e-6 m; Runge-Kutta is exact here, rounding leaves 1e-9 m"
        yield Row("position over a flat Earth", "m", error, 1e-6, why)
        return
    curvature = 4.2559 * (0.0065 / 255.7) ** 2  # of ln(rho) over height, 1/m2
    within_a_tick = curvature * (expected[-1, 5] * 0.02) ** 2 / 6.0
    why = "density exponential over a tick: (v dt)^2 / 6 d2 ln(rho)/dh2 of what drag holds back"
    yield Row("position over a flat Earth", "m", error, within_a_tick * HELD_BY_DRAG_M, why)


def _sphere_falls(case: int) -> Iterator[Row]:
    yield from _against_scipy(case)
    yield from _against_nasa(case)


def _brick_tumbles() -> Iterator[Row]:
    """Rates against NASA; rates, attitude and fall against scipy and the closed form."""
    omega = tuple(np.radians((10.0, 20.0, 30.0)))
    names = ("ixx_kgm2", "iyy_kgm2", "izz_kgm2")
    flight = flown(
        duration_s=30.0,
        site={"air": "vacuum"},
        mass={"dry_kg": 2.2679618958564327} | dict(zip(names, BRICK_KGM2, strict=True)),
        start=rates(omega) | {"q_body_to_enu": NED, "up_m": DROP_M},
    )
    found = np.array([at(flight, t, "omega_body_radps") for t in TIMES_S])
    published = np.radians(NASA_BRICK_DPS)
    why = "1e-4 deg/s: a thirtieth of the simulators' spread"
    yield Row("rates p, q, r", "rad/s", apart(found, published), float(np.radians(1e-4)), why)
    _, matrix = tumbled(np.diag(BRICK_KGM2), omega, NED, 30.0)
    fastest = float(np.linalg.norm(omega))
    step = truncation(fastest, 0.01, 30.0)
    why = "Runge-Kutta at 10 ms: (w h)^4 / 120 of w t"
    turned = step * (1.0 + fastest * 30.0)
    why += ", and rates off by it turn on"
    yield Row("attitude against scipy", "rad", apart(matrix_of(flight), matrix), turned, why)
    fallen = DROP_M - G_MPS2 * 30.0**2 / 2.0
    why = "asked: 1e-6 m; Runge-Kutta is exact here, rounding leaves 1e-9 m"
    error = apart(last(flight, "r_enu_m")[2], fallen)
    yield Row("altitude over a flat Earth", "m", error, 1e-6, why)


_SOURCE = "NASA/TM-2015-218675; scipy"
CASES = (
    Case("NESC 1, dropped sphere", _SOURCE, partial(_sphere_falls, 1)),
    Case("NESC 2, tumbling brick", _SOURCE, _brick_tumbles),
    Case("NESC 6, sphere with drag", _SOURCE, partial(_sphere_falls, 6)),
    Case("NESC 7, sphere in wind", _SOURCE, partial(_sphere_falls, 7)),
)
