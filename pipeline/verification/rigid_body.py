"""Rigid bodies against exact solutions: Jacobi's, the pencil's precession, conservation.

Where no closed form is at hand, by other equations than the kernel's: momentum in space and
rotation matrices instead of rates and quaternions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import acos, asin, radians, sin, sqrt

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation
from scipy.special import ellipj, ellipkinc

from pipeline.verification.check import Case, Row, apart, truncation
from pipeline.verification.flights import VOID, flown, last, matrix_of, rates

INERTIA_KGM2 = (1000.0, 4000.0, 5000.0)
OMEGA_RADPS = (0.3, 0.1, 0.5)
TIME_S, STEP_S = 60.0, 0.01
_AXES = ("ixx_kgm2", "iyy_kgm2", "izz_kgm2")
_WHY = "Runge-Kutta at 10 ms: (w h)^4 / 120 of w t"
_TURNED = _WHY + ", and rates off by it turn on"


def _spun(
    inertia: tuple[float, ...], omega: tuple[float, float, float], time_s: float, **more: float
) -> xr.Dataset:
    """A free body upright at the start; more: products of inertia."""
    mass = {"dry_kg": 1000.0} | dict(zip(_AXES, inertia, strict=True)) | more
    return flown(duration_s=time_s, site=VOID, mass=mass, start=rates(omega))


def skew(omega: np.ndarray) -> np.ndarray:
    """The matrix of the vector product with rates: [w]x."""
    p, q, r = omega
    return np.array([[0.0, -r, q], [r, 0.0, -p], [-q, p, 0.0]])


def tumbled(
    inertia: np.ndarray, omega: Sequence[float], q: Sequence[float], time_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rates and attitude of a free body: R' = R [w]x with R I w constant, by DOP853."""
    at_start = Rotation.from_quat(np.array(q), scalar_first=True).as_matrix()
    momentum = at_start @ inertia @ np.array(omega)

    def rate(_: float, flat: np.ndarray) -> np.ndarray:
        matrix = flat.reshape(3, 3)
        turning: np.ndarray = matrix @ skew(np.linalg.solve(inertia, matrix.T @ momentum))
        return turning.ravel()

    end = solve_ivp(rate, (0, time_s), at_start.ravel(), method="DOP853", rtol=1e-13, atol=1e-14)
    matrix = end.y[:, -1].reshape(3, 3)
    return np.linalg.solve(inertia, matrix.T @ momentum), matrix


def jacobi(inertia: tuple[float, ...], omega: tuple[float, ...], time_s: float) -> np.ndarray:
    """Rates of a free body with I1 < I2 < I3 and H^2 > 2 T I2, by Jacobi's elliptic functions.

    w = (A cn, B sn, C dn)(lam t + u0 | m): Landau & Lifshitz, Mechanics, 3rd ed., sec. 37.
    """
    i1, i2, i3 = inertia
    energy2 = sum(i * w * w for i, w in zip(inertia, omega, strict=True))
    momentum2 = sum((i * w) ** 2 for i, w in zip(inertia, omega, strict=True))
    low, high = energy2 * i3 - momentum2, momentum2 - energy2 * i1
    modulus = (i2 - i1) * low / ((i3 - i2) * high)
    b = sqrt(low / (i2 * (i3 - i2)))
    begin = float(ellipkinc(asin(omega[1] / b), modulus))
    lam = sqrt((i3 - i2) * high / (i1 * i2 * i3))
    sn, cn, dn, _ = ellipj(lam * time_s + begin, modulus)
    a, c = sqrt(low / (i1 * (i3 - i1))), sqrt(high / (i3 * (i3 - i1)))
    return np.array([a * cn, b * sn, c * dn])


def _asymmetric() -> Iterator[Row]:
    """A minute of tumbling about the axis of greatest inertia."""
    flight = _spun(INERTIA_KGM2, OMEGA_RADPS, TIME_S)
    fastest = float(np.linalg.norm(OMEGA_RADPS))
    step = truncation(fastest, STEP_S, TIME_S)
    expected = jacobi(INERTIA_KGM2, OMEGA_RADPS, TIME_S)
    found = last(flight, "omega_body_radps")
    yield Row("rates", "rad/s", apart(found, expected), step * fastest, _WHY)
    _, matrix = tumbled(np.diag(INERTIA_KGM2), OMEGA_RADPS, (1.0, 0.0, 0.0, 0.0), TIME_S)
    turned = step * (1.0 + fastest * TIME_S)
    yield Row("attitude", "rad", apart(matrix_of(flight), matrix), turned, _TURNED)
    omega = flight["omega_body_radps"].to_numpy()
    q = Rotation.from_quat(flight["q_body_to_enu"].to_numpy(), scalar_first=True)
    momentum = q.apply(omega * np.array(INERTIA_KGM2))
    error = apart(momentum, momentum[0]) / float(np.linalg.norm(momentum[0]))
    yield Row("angular momentum in space", "1", error, turned, _TURNED)


def _with_products() -> Iterator[Row]:
    """Products of inertia: by momentum and rotation matrices."""
    ixy, ixz, iyz = 300.0, -400.0, 500.0
    flight = _spun(INERTIA_KGM2, OMEGA_RADPS, 20.0, ixy_kgm2=ixy, ixz_kgm2=ixz, iyz_kgm2=iyz)
    products = np.array([[0.0, ixy, ixz], [ixy, 0.0, iyz], [ixz, iyz, 0.0]])
    inertia = np.diag(INERTIA_KGM2) - products
    _, matrix = tumbled(inertia, OMEGA_RADPS, (1.0, 0.0, 0.0, 0.0), 20.0)
    fastest = float(np.linalg.norm(OMEGA_RADPS))
    step = truncation(fastest, STEP_S, 20.0)
    turned = step * (1.0 + fastest * 20.0)
    yield Row("attitude", "rad", apart(matrix_of(flight), matrix), turned, _TURNED)


def _pencil() -> Iterator[Row]:
    """A symmetric body precesses about its angular momentum in space.

    lam = (It - Ia) / It wz turns the rates, |H| / It the body about H: Goldstein, sec. 5.6.
    """
    transverse, axial, wt, wz, time_s = 9000.0, 2000.0, 0.05, 0.6, 100.0
    flight = _spun((transverse, transverse, axial), (wt, 0.0, wz), time_s)
    turn = (transverse - axial) / transverse * wz * time_s
    step = truncation(wz, STEP_S, time_s)
    momentum = np.array([transverse * wt, 0.0, axial * wz])
    precession = Rotation.from_rotvec(momentum / transverse * time_s)
    exact = (precession * Rotation.from_rotvec([0.0, 0.0, turn])).as_matrix()
    turned = step * (1.0 + wz * time_s)
    yield Row("attitude", "rad", apart(matrix_of(flight), exact), turned, _TURNED)
    q = Rotation.from_quat(flight["q_body_to_enu"].to_numpy(), scalar_first=True)
    axis = momentum / np.linalg.norm(momentum)
    nutation = np.arccos(q.apply([0.0, 0.0, 1.0]) @ axis)
    yield Row("nutation angle", "rad", apart(nutation, acos(axis[2])), turned, _TURNED)


def _fixed_gimbal() -> Iterator[Row]:
    """A gimbal held at an angle: theta = T L sin(d) t^2 / 2 I on each axis."""
    push, arm, inertia, angle, time_s = 30e3, 3.0, 9000.0, 2.0, 1.5
    alpha = push * arm * sin(radians(angle)) / inertia
    found = []
    for axis, name in enumerate(("gimbal_x_deg", "gimbal_y_deg")):
        flight = flown(
            duration_s=time_s,
            site=VOID,
            mass={"dry_kg": 1500.0} | dict(zip(_AXES, (inertia, inertia, 2000.0), strict=True)),
            engine={"thrust_vac_n": push, "gimbal_z_m": -arm},
            program={"throttle": 1.0, name: angle},
        )
        found.append(-Rotation.from_matrix(matrix_of(flight)).as_rotvec()[axis])
    expected = alpha * time_s**2 / 2.0
    # The rate is exact; the quaternion turns at it, at most w h = 5e-3 a step
    step = truncation(alpha * time_s, STEP_S, time_s)
    yield Row("angle, x and y", "rad", apart(found, expected), step, _WHY)


CASES = (
    Case("torque-free body", "Jacobi; conservation laws", _asymmetric),
    Case("products of inertia", "scipy, rotation matrices", _with_products),
    Case("precession of a pencil", "Goldstein, sec. 5.6", _pencil),
    Case("fixed gimbal", "closed form", _fixed_gimbal),
)
