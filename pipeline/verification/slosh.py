"""Slosh in flight against NASA SP-106: tanks under thrust, pushed aside by a little gimbal."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.optimize import curve_fit

from pipeline.verification.check import Case, Row, relative
from pipeline.verification.flights import G_MPS2, STIFF, VACUUM, flown

TIME_S, STEP_S = 40.0, 0.01
_SIDEWAYS = 1e-4  # rad of gimbal


class Tank(NamedTuple):
    """A tank, what it hangs in, and its first mode by SP-106 with the vehicle held."""

    radius_m: float
    height_m: float  # of liquid
    liquid_kg: float
    dry_kg: float
    axial_mps2: float
    omega_radps: float  # published
    bob_kg: float

    @property
    def rest_kg(self) -> float:
        """All that does not slosh."""
        return self.dry_kg + self.liquid_kg - self.bob_kg

    @property
    def coupled_radps(self) -> float:
        """Frequency on a vehicle free to move sideways: omega sqrt(1 + m_bob / m_rest)."""
        return self.omega_radps * sqrt(1.0 + self.bob_kg / self.rest_kg)


SHALLOW = Tank(1.0, 0.1, 1000.0, 1e5, G_MPS2, 1.813105064, 827.5052603)
MEDIUM = Tank(1.0, 0.25, 1000.0, 1e5, G_MPS2, 2.787451956, 782.347311)
DEEP = Tank(0.5, 0.8, 300.0, 1200.0, 12.0, 6.629101248766414, 84.75100009781818)
HARD = MEDIUM._replace(axial_mps2=4.0 * G_MPS2, omega_radps=2.0 * MEDIUM.omega_radps)
TANKS = (
    (SHALLOW, "h = 0.1 R"),
    (HARD, "h = 0.25 R at 4 g"),
    (DEEP, "free vehicle"),
)


def _sloshing(tank: Tank) -> xr.Dataset:
    """Flown for TIME_S on a vehicle that does not turn."""
    volume = pi * tank.radius_m**2 * tank.height_m
    return flown(
        duration_s=TIME_S,
        site=VACUUM,
        mass={"dry_kg": tank.dry_kg} | STIFF,
        lox={
            "load_kg": tank.liquid_kg,
            "density_kgpm3": tank.liquid_kg / volume,
            "radius_m": tank.radius_m,
            "bottom_z_m": 0.0,
        },
        engine={"thrust_vac_n": (tank.dry_kg + tank.liquid_kg) * tank.axial_mps2},
        program={"throttle": 1.0, "gimbal_x_deg": float(np.degrees(_SIDEWAYS))},
        start={"up_m": 5000.0},
    )


def _swing(flight: xr.Dataset, guess_radps: float) -> tuple[float, float]:
    """Mean angle and frequency of the swing from rest, mean (1 - cos w t), by least squares."""

    def model(t: np.ndarray, mean: float, frequency: float) -> np.ndarray:
        swung: np.ndarray = mean * (1.0 - np.cos(frequency * t))
        return swung

    t, angle = flight["time_s"].to_numpy(), flight["lox_slosh_y_rad"].to_numpy()
    (mean, frequency), _ = curve_fit(model, t, angle, p0=(angle.mean(), 1.001 * guess_radps))
    return float(mean), float(frequency)


def _swings() -> Iterator[Row]:
    """Frequencies, and the angle about which the liquid swings: a / f, that of the thrust."""
    why = "Runge-Kutta at 10 ms: (w h)^4 / 120; 1 - cos of the gimbal's 1e-4 rad; figures' digits"
    for tank, words in TANKS:
        mean, found = _swing(_sloshing(tank), tank.coupled_radps)
        step = (tank.coupled_radps * STEP_S) ** 4 / 120.0 + _SIDEWAYS**2 + 1e-9
        error = relative(found, tank.coupled_radps)
        yield Row(f"frequency, {words}", "1", error, step, why)
    # The last of them: a fit of n points of amplitude a finds it better than a w h
    why = "Runge-Kutta takes the amplitude down by (w h)^6 / 144 a step"
    shrunk = (tank.coupled_radps * STEP_S) ** 6 / 144.0 * TIME_S / STEP_S
    yield Row("angle hung aside", "1", relative(mean, np.tan(_SIDEWAYS)), shrunk + step, why)


CASES = (Case("slosh", "NASA SP-106; Dodge (2000)", _swings),)
