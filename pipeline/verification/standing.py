"""Standing: static foot loads under a mass that is off the axis, on springs and on a slope."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, exp, radians, sin

import numpy as np
from scipy.optimize import fsolve
from scipy.spatial.transform import Rotation

from pipeline.verification.check import Case, Row, relative, rounding
from pipeline.verification.flights import G_MPS2, VACUUM, flown, last

MASS_KG, FEET_M = 1500.0, 3.0
CG_M = (0.3, -0.1, 4.0)
_CG = dict(zip(("cg_x_m", "cg_y_m", "cg_z_m"), CG_M, strict=True))
_WHEEL = {"ixx_kgm2": 9e3, "iyy_kgm2": 9e3, "izz_kgm2": 2e3}


def _pads(count: int) -> np.ndarray:
    """Pads (leg, 3) on their circle, the first along body x."""
    turns = 2.0 * np.pi * np.arange(count) / count
    return FEET_M * np.column_stack([np.cos(turns), np.sin(turns), np.zeros(count)])


def _on_springs(stiffness_npm: float) -> np.ndarray:
    """Loads of four springs under an offset mass, N: forces and moments balance as it leans."""
    pads, weight = _pads(4), MASS_KG * G_MPS2

    def unbalance(pose: np.ndarray) -> list[float]:
        lean = Rotation.from_rotvec([pose[1], pose[2], 0.0])
        feet = lean.apply(pads) - [0.0, 0.0, pose[0]]
        loads = -stiffness_npm * feet[:, 2]
        arms = feet - (lean.apply(CG_M) - [0.0, 0.0, pose[0]])
        return [
            loads.sum() / weight - 1.0,
            float(loads @ arms[:, 0]) / weight,
            float(loads @ arms[:, 1]) / weight,
        ]

    pose = fsolve(unbalance, [0.06, 0.0, 0.0], xtol=1e-14)
    lean = Rotation.from_rotvec([pose[1], pose[2], 0.0])
    loads: np.ndarray = -stiffness_npm * (lean.apply(pads)[:, 2] - pose[0])
    return loads


def _compliant_loads() -> Iterator[Row]:
    """Four springs that lean by 4.5 mrad under the mass, without friction."""
    stiffness, damping, time_s = 60e3, 12e3, 30.0
    flight = flown(
        duration_s=time_s,
        site=VACUUM,
        mass={"dry_kg": MASS_KG} | _WHEEL | _CG,
        legs={
            **{"count": 4, "foot_radius_m": FEET_M, "stiffness_npm": stiffness},
            **{"damping_nspm": damping, "friction": 0.0},
        },
        start={"up_m": -0.05},
    )
    found, expected = last(flight, "leg_load_n"), _on_springs(stiffness)
    rocking = damping * FEET_M**2 / (_WHEEL["ixx_kgm2"] + MASS_KG * CG_M[2] ** 2)  # decay, 1/s
    settled = exp(-rocking * time_s) + rounding(10 * round(time_s / 0.02))
    why = "settled: e^(-c R^2 t / I) about the pads; each step rounds"
    yield Row("four springs", "1", relative(found, expected), settled, why)


def _determinate_loads() -> Iterator[Row]:
    """Three stiff legs on a slope of 5 deg: the plumb line of the mass shares out the weight."""
    stiffness, slope_deg, downhill_deg = 1e8, 5.0, 70.0
    a, azimuth = radians(slope_deg), radians(downhill_deg)
    normal = np.array([sin(a) * sin(azimuth), sin(a) * cos(azimuth), cos(a)])
    axis = np.cross([0.0, 0.0, 1.0], normal) / sin(a)
    upright = Rotation.from_rotvec(a * axis)
    flight = flown(
        duration_s=4.0,
        steps={"contact": 200},
        site=VACUUM | {"slope_deg": slope_deg, "slope_azimuth_deg": downhill_deg},
        mass={"dry_kg": MASS_KG} | _WHEEL | _CG,
        legs={
            **{"count": 3, "foot_radius_m": FEET_M, "stiffness_npm": stiffness},
            **{"damping_nspm": 2e5, "friction": 0.9},
            **{"grip_stiffness_npm": stiffness, "grip_damping_nspm": 2e5},
        },
        start={"up_m": -1e-9, "q_body_to_enu": upright.as_quat(scalar_first=True).tolist()},
    )
    down = upright.inv().apply([0.0, 0.0, -1.0])
    plumb = np.array(CG_M[:2]) - CG_M[2] * down[:2] / down[2]
    shares = np.linalg.solve(np.vstack([_pads(3)[:, :2].T, np.ones(3)]), [*plumb, 1.0])
    expected = shares * MASS_KG * G_MPS2 * cos(a)
    leaning = MASS_KG * G_MPS2 * float(np.linalg.norm(plumb)) / (1.5 * stiffness * FEET_M**2)
    share = leaning * CG_M[2] / FEET_M / float(shares.min())
    why = "legs give: m g h d / 1.5 k R^3 over the least share, d the plumb line's offset"
    error = relative(last(flight, "leg_load_n"), expected)
    yield Row("three legs on 5 deg", "1", error, share, why)


CASES = (
    Case("static foot loads", "statics", _compliant_loads),
    Case("static foot loads on a slope", "statics", _determinate_loads),
)
