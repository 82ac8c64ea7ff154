"""Bodies on legs: drops, rebound, crush, slides, what holds on a slope, foot loads.

Contact steps are 0.1 ms. A start 1e-12 m in the ground puts the first touch on the first step.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, hypot, pi, radians, sin, sqrt
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from pipeline.verification.check import Case, Row, apart, relative, rounding, truncation
from pipeline.verification.flights import G_MPS2, STIFF, VACUUM, at, flown, last

MASS_KG, FEET_M = 1500.0, 3.0
STEP_S = 1e-4  # 200 of a tick
GRIP_NPM = 1e8
STIFF_NPM = 1e6  # each leg of a sliding block
_TOUCHING = {"up_m": -1e-12}
_FINE = {"contact": 200}


class Drop(NamedTuple):
    """m x'' = m g - k x - c x' from x = 0 at a speed: x down, until the legs let go."""

    stiffness_npm: float  # of all legs
    damping_nspm: float
    speed_mps: float

    def moved(self, t: Any) -> tuple[Any, Any, Any]:
        """Stroke m, its rate m/s and the load N at times."""
        k, c, v = self
        decay, static = c / (2.0 * MASS_KG), MASS_KG * G_MPS2 / k
        w = sqrt(k / MASS_KG - decay**2)
        a, b = -static, (v - decay * static) / w
        sine, cosine, fading = np.sin(w * t), np.cos(w * t), np.exp(-decay * t)
        x = static + fading * (a * cosine + b * sine)
        rate = fading * ((w * b - decay * a) * cosine - (w * a + decay * b) * sine)
        return x, rate, k * x + c * rate

    def lets_go_s(self) -> float:
        """When the load comes back to zero."""
        half = pi / sqrt(self.stiffness_npm / MASS_KG)
        return float(brentq(lambda t: float(self.moved(t)[2]), 0.6 * half, 1.6 * half, xtol=1e-14))

    def flown(self, time_s: float) -> xr.Dataset:
        """The drop in the kernel, on four legs."""
        k, c, v = self
        return flown(
            duration_s=time_s,
            steps=_FINE,
            site=VACUUM,
            mass={"dry_kg": MASS_KG} | STIFF,
            legs={
                **{"count": 4, "foot_radius_m": FEET_M},
                **{"stiffness_npm": k / 4.0, "damping_nspm": c / 4.0},
            },
            start=_TOUCHING | {"v_up_mps": -v},
        )


def _damped_drop() -> Iterator[Row]:
    """Damping ratio 0.158: stroke over time, deepest stroke, largest load."""
    drop = Drop(240e3, 6e3, 2.0)
    flight = drop.flown(0.32)
    t = flight["time_s"].to_numpy()
    stroke, _, _ = drop.moved(t)
    fine, _, load = drop.moved(np.linspace(0.0, 0.3, 300_001))
    w, deepest = sqrt(drop.stiffness_npm / MASS_KG), float(fine.max())
    sunk = 1e-12 + (truncation(w, STEP_S, 0.32) + rounding(3200)) * deepest
    why = "starts 1e-12 m in the ground; Runge-Kutta: (w h)^4 / 120 of w t; each step rounds"
    yield Row("stroke over time", "m", apart(-flight["r_enu_m"][:, 2], stroke), sunk, why)
    stopping = drop.stiffness_npm * deepest / MASS_KG - G_MPS2
    why = "looked at once a step: x'' h^2 / 8"
    error = apart(flight["peak_stroke_m"], deepest)
    yield Row("deepest stroke", "m", error, stopping * STEP_S**2 / 8.0 + sunk, why)
    error = relative(4.0 * flight["peak_leg_load_n"], load.max())
    why = "looked at once a step: (w h)^2 / 8"
    yield Row("largest load", "1", error, (w * STEP_S) ** 2 / 8.0, why)


def _rebound() -> Iterator[Row]:
    """Speed up, in the air again: legs let go where they carry nothing, and never pull."""
    for drop, words in ((Drop(240e3, 0.0, 1.0), "undamped"), (Drop(240e3, 6e3, 2.0), "damped")):
        gone_s = drop.lets_go_s()
        _, down, _ = drop.moved(gone_s)
        flight = drop.flown(0.4)
        expected = -down - G_MPS2 * (0.38 - gone_s)
        found = at(flight, 0.38, "v_enu_mps")[2]
        jerk = (drop.stiffness_npm * abs(down) + drop.damping_nspm * G_MPS2) / MASS_KG
        why = "lets go within a step: F' h^2 / 2 m, F' = k v + c g"
        error = apart(found, expected)
        yield Row(f"speed up, {words}", "m/s", error, jerk * STEP_S**2 / 2.0, why)


def _crush() -> Iterator[Row]:
    """s = m v^2 / 2 (F - m g), beside the stroke e = F / k of the spring before the core.

    The spring takes F e / 2, half of what the core would: in all s + e F / 2 (F - m g).
    """
    v, force, spring = 3.0, 40e3, 4e7  # of all legs
    flight = flown(
        duration_s=0.2,
        steps=_FINE,
        site=VACUUM,
        mass={"dry_kg": MASS_KG} | STIFF,
        legs={
            **{"count": 4, "foot_radius_m": FEET_M},
            **{"stiffness_npm": spring / 4.0, "crush_load_n": force / 4.0},
        },
        start=_TOUCHING | {"v_up_mps": -v},
    )
    net = force - MASS_KG * G_MPS2
    elastic = force / spring
    crushed = MASS_KG * v**2 / 2.0 / net
    stroke = crushed + elastic * force / (2.0 * net)
    faster = spring * v * STEP_S**2 / 2.0 / MASS_KG
    why = "yields within a step: F' h^2 / 2 m of speed, v m / (F - m g) of it"
    far = faster * v * MASS_KG / net
    yield Row("stroke", "m", apart(flight["peak_stroke_m"], stroke), far, why)
    error = apart(flight["peak_crush_m"], stroke - elastic)
    yield Row("shortening that stays", "m", error, far, why)
    error = relative(4.0 * flight["peak_leg_load_n"], force)
    yield Row("load", "1", error, rounding(1), "the core's own; rounding")


def _block(speed: float, slope_deg: float, friction: float, time_s: float) -> xr.Dataset:
    """A block sunk to its static stroke, started up the slope, towards east."""
    k, a = STIFF_NPM, radians(slope_deg)
    sink = MASS_KG * G_MPS2 * cos(a) / (4.0 * k)
    return flown(
        duration_s=time_s,
        steps=_FINE,
        site=VACUUM | {"slope_deg": slope_deg, "slope_azimuth_deg": 270.0},
        mass={"dry_kg": MASS_KG} | STIFF,
        legs={
            **{"count": 4, "foot_radius_m": FEET_M, "stiffness_npm": k, "damping_nspm": 2e4},
            **{"friction": friction, "grip_stiffness_npm": GRIP_NPM},
        },
        start={
            **{"turn_y_deg": -slope_deg, "east_m": sink * sin(a), "up_m": -sink * cos(a)},
            **{"v_east_mps": speed * cos(a), "v_up_mps": speed * sin(a)},
        },
    )


def _sliding() -> Iterator[Row]:
    """d = v^2 / 2 g (mu cos a + sin a) up a slope; a = g (sin a - mu cos a) down a steep one."""
    mu, v = 0.5, 3.0
    give = MASS_KG * G_MPS2 * mu / (4.0 * GRIP_NPM)
    why = "struts give m g mu / 4 k as they begin and cease to slip"
    for slope_deg in (0.0, 5.0):
        flight = _block(v, slope_deg, mu, 1.2)
        a = radians(slope_deg)
        moved = last(flight, "r_enu_m") - flight["r_enu_m"][0].to_numpy()
        expected = v**2 / (2.0 * G_MPS2 * (mu * cos(a) + sin(a)))
        error = apart(hypot(*moved), expected)
        words = "on the level" if slope_deg == 0.0 else "5 deg uphill"
        yield Row(f"distance, {words}", "m", error, 2.0 * give, why)
    flight, a = _block(0.0, 30.0, mu, 1.0), radians(30.0)
    moved = last(flight, "r_enu_m") - flight["r_enu_m"][0].to_numpy()
    speeds = [float(np.linalg.norm(at(flight, t, "v_enu_mps"))) for t in (0.5, 1.0)]
    expected = G_MPS2 * (sin(a) - mu * cos(a))
    error = apart((speeds[1] - speeds[0]) / 0.5, expected)
    why = "Runge-Kutta is exact here; each step rounds, and struts press by the place as rounded"
    pressed = mu * 4.0 * STIFF_NPM / MASS_KG * (FEET_M + float(np.linalg.norm(moved)))
    rounds = rounding(5000, speeds[1] / 0.5) + rounding(1, pressed)
    yield Row("acceleration down 30 deg", "m/s2", error, rounds, why)


def _holds() -> Iterator[Row]:
    """mu = 0.5 holds to atan 0.5 = 26.565 deg: no creep in 10 s on 26 deg."""
    flight = _block(0.0, 26.0, 0.5, 10.0)
    moved = last(flight, "r_enu_m") - at(flight, 1.0, "r_enu_m")
    sink = MASS_KG * G_MPS2 / 4e6
    why = "a pad that sticks stays; each step rounds"
    error = float(np.linalg.norm(moved))
    yield Row("creep in 9 s on 26 deg", "m", error, rounding(90_000, sink), why)


CASES = (
    Case("leg drop", "closed form", _damped_drop),
    Case("leg drop with rebound", "closed form", _rebound),
    Case("leg crush", "closed form", _crush),
    Case("sliding distance", "Coulomb", _sliding),
    Case("friction angle", "Coulomb", _holds),
)
