"""One whole flight in six degrees of freedom, thrust and gimbal moving; the integrator's order.

The reference integrates the same flight from momentum, a rotation matrix and matrix products; its
end was computed elsewhere too, by two other methods (Radau, and Runge-Kutta at 1 ms), which agree
to 8e-12.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import degrees, log, log2, radians, sin

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from pipeline.verification.check import Case, Row, apart
from pipeline.verification.flights import (
    G_MPS2,
    VOID,
    flown,
    last,
    matrix_of,
    rates,
)
from pipeline.verification.rigid_body import skew

TIME_S, TICK_S = 12.0, 0.02
MASS_KG, INERTIA_KGM2, ARM_M, PUSH_N = 1500.0, (9000.0, 9500.0, 2000.0), 3.0, 18000.0
OMEGA_RADPS, V_MPS = (0.02, -0.03, 0.05), (2.0, -1.0, -5.0)
# Where it ends: position, attitude
END_M = (-307.1543745242523, 164.45998016854392, 74.54625888187094)
END_Q = (0.7384167296466213, -0.4465354560565608, -0.47425062095442017, 0.17445104868327443)


def _composite(steps: int) -> xr.Dataset:
    """Flown with so many integration steps per tick."""
    axes = ("ixx_kgm2", "iyy_kgm2", "izz_kgm2")
    east, north, up = V_MPS
    return flown(
        duration_s=TIME_S,
        steps={"flight": steps},
        site={"air": "vacuum"},
        mass={"dry_kg": MASS_KG} | dict(zip(axes, INERTIA_KGM2, strict=True)),
        engine={"thrust_vac_n": PUSH_N, "gimbal_z_m": -ARM_M},
        start=rates(OMEGA_RADPS)
        | {"up_m": 100.0, "v_east_mps": east, "v_north_mps": north, "v_up_mps": up},
        program={
            "throttle": {"mean": 1.0, "amplitude": 0.1, "frequency_radps": 0.8},
            "gimbal_x_deg": {"amplitude": 1.5, "frequency_radps": 2.0},
            "gimbal_y_deg": {
                "amplitude": 1.0,
                "frequency_radps": 1.3,
                "phase_deg": degrees(0.5),
            },
        },
    )


def _by_scipy() -> tuple[np.ndarray, np.ndarray]:
    """Position and attitude at the end: angular momentum in space, rotation matrix."""
    inertia = np.array(INERTIA_KGM2)

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        matrix, momentum = y[6:15].reshape(3, 3), y[15:]
        about_x = Rotation.from_euler("x", radians(1.5) * sin(2.0 * t))
        about_y = Rotation.from_euler("y", radians(1.0) * sin(1.3 * t + 0.5))
        push = PUSH_N * (1.0 + 0.1 * sin(0.8 * t)) * (about_y * about_x).apply([0.0, 0.0, 1.0])
        force = matrix @ push
        turning = matrix @ skew(matrix.T @ momentum / inertia)
        torque = np.cross(-ARM_M * matrix[:, 2], force)
        fall = force / MASS_KG - [0.0, 0.0, G_MPS2]
        return np.concatenate([y[3:6], fall, turning.ravel(), torque])

    momentum = inertia * OMEGA_RADPS
    begin = np.concatenate([[0.0, 0.0, 100.0], V_MPS, np.eye(3).ravel(), momentum])
    end = solve_ivp(rate, (0.0, TIME_S), begin, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    return end[:3], end[6:15].reshape(3, 3)


def _flown_whole() -> Iterator[Row]:
    """Errors of the step are 3e-10 m; a command's parabola within a tick dt leaves more.

    Its error has no mean but a moment, A w^3 dt^5 / 720 a tick, which adds over half a period to
    (T l / I) A w^2 dt^4 / 360 of attitude; twice that for two gimbal axes.
    """
    flight = _composite(steps=2)
    r, matrix = _by_scipy()
    swing = radians(1.5) * 2.0**2 * TICK_S**4 / 360.0
    turned = 2.0 * PUSH_N * ARM_M / INERTIA_KGM2[0] * swing
    why = "commands are parabolas within a tick: 2 (T l / I) A w^2 dt^4 / 360"
    far = PUSH_N / MASS_KG * turned * TIME_S**2 / 2.0
    yield Row("position", "m", apart(last(flight, "r_enu_m"), r), far, f"{why} T/m t^2 / 2")
    yield Row("attitude", "rad", apart(matrix_of(flight), matrix), turned, why)
    error = apart(last(flight, "r_enu_m"), END_M)
    yield Row("position, computed elsewhere", "m", error, far, f"{why} T/m t^2 / 2")


def _order(errors: list[float], rate_radps: float) -> Row:
    """The observed order between errors of steps halved one after the other."""
    found = [log2(a / b) for a, b in zip(errors, errors[1:], strict=False)]
    largest = rate_radps * TICK_S / 2.0 / log(2.0)
    why = "next term of the error, w h of the first: w h / 2 ln 2 at the largest step"
    return Row("order of convergence less 4", "1", apart(found, 4.0), largest, why)


def _free_body_halved() -> Iterator[Row]:
    """Errors of a fast free body at 20, 10 and 5 ms: of the body of torque-free motion, 10 x.

    Reference: DOP853 at 1e-13, in the body's own time of 10 s.
    """
    exact = np.array(
        [
            *(-0.8183849924459088, 0.31581225498330023, -0.1143500727818917, 0.4662967773815828),
            *(0.9591534110544034, -3.013307938804577, 4.489096251952397),
        ]
    )
    errors = []
    for steps in (1, 2, 4):
        flight = flown(
            duration_s=1.0, site=VOID, steps={"flight": steps}, start=rates((3.0, 1.0, 5.0))
        )
        end = [*last(flight, "q_body_to_enu"), *(last(flight, "omega_body_radps"))]
        errors.append(apart(end, exact))
    yield _order(errors, float(np.linalg.norm((3.0, 1.0, 5.0))))


def _composite_halved() -> Iterator[Row]:
    """Change of the end by halving the step, once and once more."""
    ends = [last(_composite(steps), "r_enu_m") for steps in (1, 2, 4, 8)]
    yield _order([apart(a, b) for a, b in zip(ends, ends[1:], strict=False)], 2.0)


CASES = (
    Case("composite 6-DOF flight", "scipy; Radau", _flown_whole),
    Case("RK4, free body", "step halving", _free_body_halved),
    Case("RK4, composite flight", "step halving", _composite_halved),
)
