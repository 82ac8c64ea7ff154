"""Tipping over: the static angle, the speed at which a vehicle that is caught goes over.

A rigid vehicle that slides sideways and is caught at its leading feet keeps its angular momentum
about them; it goes over if what is left lifts the centre of mass over the edge:

    v = sqrt(2 m g R (1 - cos(atan(b / h) - slope)) I_p) / (m h),  R^2 = b^2 + h^2,  I_p = I + m R^2

The figures of this formula were confirmed by an independent three-dimensional contact engine within
2 % for friction well above b / h; legs that give way raise the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import atan, cos, radians, sin, sqrt
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.spatial.transform import Rotation

from pipeline.case import FlyCase
from pipeline.verification.check import Case, Row, apart
from pipeline.verification.flights import G_MPS2, VACUUM, abreast, last, made

MASS_KG, FEET_M, HEIGHT_M = 1500.0, 3.0, 4.0  # of the static tip-over
STIFF_NPM = 1e9
SOFT_M = 1e-4  # stroke under the weight, of the dynamic tip-over
_TRIES = 16  # of a search, flown abreast


def _tilt(flight: xr.Dataset) -> float:
    """Of body z against up at the end, rad."""
    _, x, y, _ = last(flight, "q_body_to_enu")
    return 2.0 * float(np.arcsin(min(1.0, float(np.hypot(x, y)))))


def _found(tried: np.ndarray, cases: list[FlyCase], balance_rad: float) -> float:
    """Between the last that stays and the first that goes over; NaN if they do not part there."""
    over = np.array([_tilt(flight) > balance_rad for flight in abreast(cases)])
    first = int(np.argmax(over))
    if first == 0 or not over[first:].all():
        return float("nan")
    return float(tried[first - 1] + tried[first]) / 2.0


def _leaning(azimuth_deg: float, slope_rad: float) -> FlyCase:
    """Standing on a slope whose fall line is at an azimuth from body x, the first leg."""
    downhill = radians(90.0 - azimuth_deg)
    axis = np.array([-cos(downhill), sin(downhill), 0.0])
    q = Rotation.from_rotvec(slope_rad * axis).as_quat(scalar_first=True)
    return made(
        duration_s=12.0,
        steps={"contact": 200},
        site=VACUUM
        | {
            "slope_deg": float(np.degrees(slope_rad)),
            "slope_azimuth_deg": float(np.degrees(downhill)),
        },
        mass={"dry_kg": MASS_KG, "cg_z_m": HEIGHT_M}
        | dict.fromkeys(("ixx_kgm2", "iyy_kgm2", "izz_kgm2"), 3e3),
        legs={
            **{"count": 4, "foot_radius_m": FEET_M, "friction": 3.0},
            **{"stiffness_npm": STIFF_NPM, "damping_nspm": 1e6},
            **{"grip_stiffness_npm": STIFF_NPM, "grip_damping_nspm": 1e6},
        },
        start={"up_m": -1e-12, "v_up_mps": -1e-9, "q_body_to_enu": q.tolist()},
    )


def _static_tip() -> Iterator[Row]:
    """atan of the edge's distance along the fall line over the height of the mass.

    Downhill an edge, 20 deg beside a foot, a foot.
    """
    reach, spread = FEET_M / sqrt(2.0), 0.01
    errors = []
    for azimuth_deg, edge_m in ((45.0, reach), (20.0, reach / cos(radians(25.0))), (0.0, FEET_M)):
        expected = atan(edge_m / HEIGHT_M)
        tried = expected + np.linspace(-spread, spread, _TRIES)
        found = _found(tried, [_leaning(azimuth_deg, a) for a in tried], expected + 0.1)
        errors.append(apart(found, expected))
    gives = MASS_KG * G_MPS2 / STIFF_NPM
    early = sqrt(gives / HEIGHT_M) + spread / (_TRIES - 1)
    why = "a leg gives d = m g / k as it settles: sqrt(d / h) of angle; half the grid of the search"
    yield Row("angle, edge to foot downhill", "rad", apart(errors, 0.0), early, why)


class Caught(NamedTuple):
    """A vehicle that slides down a slope sideways and is caught, and the speed that tips it."""

    mass_kg: float
    inertia_kgm2: float
    feet_m: float
    height_m: float  # of the centre of mass
    gravity_mps2: float
    mode: str  # what leads: edge or vertex
    slope_deg: float

    @property
    def edge_m(self) -> float:
        """Distance of the leading feet."""
        return self.feet_m / sqrt(2.0) if self.mode == "edge" else self.feet_m

    @property
    def threshold_mps(self) -> float:
        """Of the rigid vehicle, by the formula above."""
        m, h, lever = self.mass_kg, self.height_m, self.edge_m**2 + self.height_m**2
        lift = sqrt(lever) * (1.0 - cos(atan(self.edge_m / h) - radians(self.slope_deg)))
        about_edge = self.inertia_kgm2 + m * lever
        return sqrt(2.0 * m * self.gravity_mps2 * lift * about_edge) / (m * h)

    def case(self, share: float) -> FlyCase:
        """On legs SOFT_M soft and critically damped, at a share of the threshold."""
        a, speed = radians(self.slope_deg), share * self.threshold_mps
        stiffness = self.mass_kg * self.gravity_mps2 / 4.0 / SOFT_M
        damping = 2.0 * sqrt(stiffness * self.mass_kg / 4.0)
        inertia = dict.fromkeys(("ixx_kgm2", "iyy_kgm2", "izz_kgm2"), self.inertia_kgm2)
        gravity: dict[str, Any] = {"gravity_mps2": self.gravity_mps2}
        return made(
            duration_s=8.0,
            steps={"contact": 100},
            site=VACUUM | gravity | {"slope_deg": self.slope_deg, "slope_azimuth_deg": 90.0},
            mass={"dry_kg": self.mass_kg, "cg_z_m": self.height_m} | inertia,
            legs={
                **{"count": 4, "foot_radius_m": self.feet_m, "friction": 4.0},
                **{"first_azimuth_deg": 45.0 if self.mode == "edge" else 0.0},
                **{"stiffness_npm": stiffness, "damping_nspm": damping},
                **{"grip_stiffness_npm": stiffness, "grip_damping_nspm": damping},
            },
            start={
                **{"up_m": -1e-9, "turn_y_deg": self.slope_deg},
                **{"v_east_mps": speed * cos(a), "v_up_mps": -speed * sin(a) - 1e-9},
            },
        )


CAUGHT = (
    Caught(1500.0, 9e3, 3.0, 4.0, 9.80665, "edge", 0.0),  # hop stage
    Caught(1500.0, 9e3, 3.0, 4.0, 9.80665, "edge", 5.0),
    Caught(1500.0, 9e3, 3.0, 4.0, 9.80665, "vertex", 0.0),
    Caught(1500.0, 12e3, 2.0, 5.0, 9.80665, "edge", 0.0),  # tall stage
    Caught(1500.0, 12e3, 2.0, 5.0, 9.80665, "vertex", 2.0),
    Caught(26e3, 5e6, 9.0, 14.0, 9.80665, "edge", 0.0),  # booster
    Caught(7e3, 20e3, 4.0, 3.5, 1.622, "edge", 0.0),  # lander on the Moon
)


def _dynamic_tip() -> Iterator[Row]:
    """Shares of the threshold from 0.95 to 1.05, flown abreast."""
    tried = np.linspace(0.95, 1.05, _TRIES)
    found = []
    for vehicle in CAUGHT:
        balance = atan(vehicle.edge_m / vehicle.height_m)
        found.append(_found(tried, [vehicle.case(share) for share in tried], balance))
    why = "how far an independent contact engine is from the formula"
    yield Row("speed of seven vehicles", "1", apart(found, 1.0), 0.02, why)


def _slides() -> Iterator[Row]:
    """With friction far below b / h it slides at twice the speed that would tip it."""
    vehicle = CAUGHT[0]
    case = vehicle.case(2.0)
    legs = case.legs.model_copy(update={"friction": 0.2})
    (flight,) = abreast([case.model_copy(update={"legs": legs})])
    way = (2.0 * vehicle.threshold_mps) ** 2 / (2.0 * 0.2 * vehicle.gravity_mps2)
    error = apart(last(flight, "r_enu_m")[0], way)
    why = "legs and struts give d = 0.1 mm: mu d of way while they settle, mu d of strut"
    yield Row("way", "m", error, 2.0 * 0.2 * SOFT_M, why)


CASES = (
    Case("static tip-over", "geometry", _static_tip),
    Case("dynamic tip-over", "rigid-plastic formula", _dynamic_tip),
    Case("sliding instead of tipping", "Coulomb", _slides),
)
