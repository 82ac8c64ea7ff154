"""The Dryden model of MIL-F-8785C, as written there: scales, correlations, spectra.

Source: MIL-F-8785C (1980), 3.7.1.2 (spectra), 3.7.2.1, 3.7.2.2, fig. 7 (medium altitude), 3.7.3.4
(low altitude). Axes: u along the mean wind, v to its left, w up.
"""

from __future__ import annotations

from math import exp, pi, sqrt
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

FOOT_M, TICK_S = 0.3048, 0.02
W20_MPS = 15.43333333333333  # 30 knots at 20 ft: moderate
SIGMA_HIGH_MPS = 1.5

# Of the wind above: height ft, L_u = L_v m, L_w m, sigma_u = sigma_v m/s, sigma_w m/s, moderate
SCALES = np.array(
    [
        (5.0, 23.05480061, 3.048, 3.029529638, 1.543333333),  # not below 10 ft
        (10.0, 23.05480061, 3.048, 3.029529638, 1.543333333),
        (20.0, 43.7658672, 6.096, 2.977304562, 1.543333333),
        (50.0, 94.72807375, 15.24, 2.8376423, 1.543333333),
        (100.0, 153.9756133, 30.48, 2.648126514, 1.543333333),
        (164.042, 202.2895917, 50.0000016, 2.459202224, 1.543333333),  # 50 m
        (500.0, 287.9315177, 152.4, 1.907924344, 1.543333333),
        (1000.0, 304.8, 304.8, 1.543333333, 1.543333333),
        # Between 1,000 and 2,000 ft linear in height, above 1,750 ft and the intensity of fig. 7
        (1500.0, 419.1, 419.1, 1.521666667, 1.521666667),
        (2000.0, 533.4, 533.4, 1.5, 1.5),
        (3000.0, 533.4, 533.4, 1.5, 1.5),
    ]
)


class Axis(NamedTuple):
    """One component: its length m and intensity m/s, its speed m/s past the body."""

    length_m: float
    sigma_mps: float
    speed_mps: float
    along: bool  # u; otherwise v or w

    def correlation(self, lag_s: np.ndarray) -> np.ndarray:
        """e^(-x) along the wind, e^(-x) (1 - x / 2) across it, at x = V t / L.

        The Fourier pairs of the spectra; von Karman & Howarth's relation f + x f' / 2.
        """
        x = self.speed_mps * np.abs(lag_s) / self.length_m
        across: np.ndarray = np.exp(-x) * (1.0 if self.along else 1.0 - 0.5 * x)
        return across

    def spectrum(self, omega: np.ndarray) -> np.ndarray:
        """One-sided spectrum over rad/s, (m/s)^2 s; its integral is the variance."""
        x2 = (self.length_m * omega / self.speed_mps) ** 2
        level = self.sigma_mps**2 * self.length_m / (pi * self.speed_mps)
        along = 2.0 * level / (1.0 + x2)
        across = level * (1.0 + 3.0 * x2) / (1.0 + x2) ** 2
        return along if self.along else across

    def over_ticks(self) -> np.ndarray:
        """Correlation over ticks as far as it is felt, both ways."""
        reach = int(12.0 * self.length_m / self.speed_mps / TICK_S)
        return self.correlation(TICK_S * np.arange(-reach, reach + 1))

    def intensity_error(self, samples: int) -> float:
        """Relative standard error of an intensity: half that of a mean square, 2 / n sum rho^2."""
        return 0.5 * sqrt(2.0 / samples * float(np.sum(self.over_ticks() ** 2)))

    def length_of(self, found: float, lag_s: float) -> float:
        """The length whose correlation at a lag is the one found, m."""

        def off(x: float) -> float:
            return float(self.correlation(np.array(x * self.length_m / self.speed_mps))) - found

        return self.speed_mps * lag_s / float(brentq(off, 0.0, 1.5))

    def length_error(self, samples: int) -> float:
        """Relative standard error of a length found from the correlation at half a length.

        Bartlett's formula: Box, Jenkins & Reinsel, Time Series Analysis, 4th ed., sec. 2.1.6.
        """
        rho, lag = self.over_ticks(), self.half_length_ticks()
        ahead, behind = np.roll(rho, -lag), np.roll(rho, lag)
        here = exp(-0.5) * (1.0 if self.along else 0.75)
        terms = rho**2 + ahead * behind + 2.0 * (here * rho) ** 2 - 4.0 * here * rho * behind
        slope = 0.5 * exp(-0.5) * (1.0 if self.along else 1.25)  # d rho / d ln L
        return sqrt(float(terms.sum()) / samples) / slope

    def half_length_ticks(self) -> int:
        """Ticks in which half a length passes by."""
        return round(0.5 * self.length_m / self.speed_mps / TICK_S)


def axes_at(height_ft: float, speed_mps: float) -> dict[str, Axis]:
    """The three components at a height of SCALES."""
    _, length_u, length_w, sigma_u, sigma_w = SCALES[SCALES[:, 0] == height_ft][0]
    return {
        "u": Axis(length_u, sigma_u, speed_mps, along=True),
        "v": Axis(length_u, sigma_u, speed_mps, along=False),
        "w": Axis(length_w, sigma_w, speed_mps, along=False),
    }
