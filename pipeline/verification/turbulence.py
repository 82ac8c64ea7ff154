"""Dryden turbulence as a flight feels it: bodies too heavy to be moved, each an anemometer.

A body at rest in a mean wind is pushed by k |w| w; what it gains in a tick gives the wind w of that
tick. Many seeds fly abreast. Tolerances of what is generated are four standard errors, computed
from the specification and the time flown (dryden.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import pi, sqrt

import numpy as np

from models.lanes import LANES
from pipeline.case import FlyCase
from pipeline.verification import probes
from pipeline.verification.check import Case, Row, apart, relative
from pipeline.verification.dryden import (
    FOOT_M,
    SCALES,
    SIGMA_HIGH_MPS,
    TICK_S,
    W20_MPS,
    axes_at,
)
from pipeline.verification.flights import STIFF, abreast, made

TIME_S, STANDARD_ERRORS = 600.0, 4.0
AT_50_M = (164.042, 20.0)  # height ft, speed of the mean wind m/s
BETWEEN = (1500.0, 100.0)  # between low and medium altitude
RUNS = 4 * LANES
BANDS_RADPS, BAND = (0.25, 1.0, 4.0), 1.6  # centres; edges over centre
_DENSITY_KGPM3, _AREA_M2, _MASS_KG = 1.2, 2.0, 1.2e12


def _scales() -> Iterator[Row]:
    """No flight shows a length or an intensity to more than a percent: the function itself."""
    found = probes.scales(SCALES[:, 0] * FOOT_M, W20_MPS, SIGMA_HIGH_MPS)
    why = "digits of the figures, 5e-10, and of the wind"
    error = relative(found[:, :2], SCALES[:, 1:3])
    yield Row("lengths, 5 to 3,000 ft", "1", error, 1e-9, why)
    error = relative(found[:, 2:], SCALES[:, 3:])
    yield Row("intensities, 5 to 3,000 ft", "1", error, 1e-9, why)


def _anemometer(height_m: float, speed_mps: float, seed: int) -> FlyCase:
    """A body at rest in a mean wind from the west."""
    return made(
        duration_s=TIME_S,
        steps={"flight": 1},
        seed=seed,
        site={"air": "uniform", "density_kgpm3": _DENSITY_KGPM3, "gravity_mps2": 0.0},
        mass={"dry_kg": _MASS_KG} | STIFF,
        aero={"sphere_m2": _AREA_M2},
        wind={
            **{"profile": "constant", "speed_mps": speed_mps, "from_deg": 270.0},
            **{"w20_mps": W20_MPS, "sigma_high_mps": SIGMA_HIGH_MPS},
        },
        start={"up_m": height_m},
    )


@cache
def _felt(height_ft: float, speed_mps: float) -> np.ndarray:
    """Turbulence (run, tick, u v w), m/s."""
    pieces = []
    for first in range(0, RUNS, LANES):  # a block at a time: a history is large
        seeds = range(first, first + LANES)
        cases = [_anemometer(height_ft * FOOT_M, speed_mps, seed) for seed in seeds]
        v = np.array([flight["v_enu_mps"].to_numpy() for flight in abreast(cases)])
        pushed = np.diff(v, axis=1) / TICK_S / (_DENSITY_KGPM3 * _AREA_M2 / 2.0 / _MASS_KG)
        pieces.append(pushed / np.sqrt(np.linalg.norm(pushed, axis=2, keepdims=True)))
    return np.concatenate(pieces) - [speed_mps, 0.0, 0.0]


def _intensities() -> Iterator[Row]:
    """Root mean squares at 50 m, and half way between low and medium altitude."""
    why = "four standard errors: 1/2 sqrt(2 / n sum rho^2) of the Dryden correlation"
    for height_ft, speed in (AT_50_M, BETWEEN):
        felt = _felt(height_ft, speed)
        rms = np.sqrt(np.mean(felt**2, axis=(0, 1)))
        for (name, axis), found in zip(axes_at(height_ft, speed).items(), rms, strict=True):
            error = relative(found, axis.sigma_mps)
            allowed = STANDARD_ERRORS * axis.intensity_error(felt[..., 0].size)
            yield Row(f"intensity of {name} at {height_ft:,.0f} ft", "1", error, allowed, why)


def _lengths() -> Iterator[Row]:
    """From the correlation at half a length."""
    felt = _felt(*AT_50_M)
    why = "four standard errors of the correlation at half a length, by Bartlett's formula"
    for k, (name, axis) in enumerate(axes_at(*AT_50_M).items()):
        one, lag = felt[..., k], axis.half_length_ticks()
        correlation = float(np.mean(one[:, lag:] * one[:, :-lag]) / np.mean(one**2))
        error = relative(axis.length_of(correlation, lag * TICK_S), axis.length_m)
        allowed = STANDARD_ERRORS * axis.length_error(one.size)
        yield Row(f"length of {name}", "1", error, allowed, why)


def _spectra() -> Iterator[Row]:
    """Hann periodograms of the runs over the specified spectra, averaged in three bands.

    Mean over n ordinates, which the window correlates: standard error sqrt(35 / 18 n). The
    spectra's curvature and what folds in are below a tenth of it.
    """
    felt = _felt(*AT_50_M)
    window = np.hanning(felt.shape[1])
    density = np.zeros((len(window) // 2 + 1, 3))
    for run in felt:
        density += np.abs(np.fft.rfft(run * window[:, None], axis=0)) ** 2
    density *= TICK_S / (pi * np.sum(window**2) * len(felt))
    omega = 2.0 * pi * np.fft.rfftfreq(len(window), TICK_S)
    why = "four; one is sqrt(35 / 18 n) of the density for n ordinates of a band: 4, 2 and 1 %"
    for k, (name, axis) in enumerate(axes_at(*AT_50_M).items()):
        errors = []
        for centre in BANDS_RADPS:
            band = (omega > centre / BAND) & (omega < centre * BAND)
            share = float(np.mean(density[band, k] / axis.spectrum(omega[band])))
            standard_error = sqrt(35.0 / 18.0 / (np.count_nonzero(band) * len(felt)))
            errors.append((share - 1.0) / standard_error)
        quantity = f"spectrum of {name}, 0.16 to 6.4 rad/s"
        yield Row(quantity, "standard errors", apart(errors, 0.0), STANDARD_ERRORS, why)


def _correlation() -> Iterator[Row]:
    """u, v and w have nothing to do with each other."""
    felt = _felt(*AT_50_M).reshape(-1, 3)
    rho = axes_at(*AT_50_M)["u"].over_ticks()
    allowed = STANDARD_ERRORS * sqrt(float(np.sum(rho**2)) / len(felt))
    why = "four standard errors sqrt(sum rho^2 / n), that of u the largest"
    error = apart(np.corrcoef(felt.T), np.eye(3))
    yield Row("correlation of the three", "1", error, allowed, why)


def _generated() -> Iterator[Row]:
    for rows in (_intensities, _lengths, _spectra, _correlation):
        yield from rows()
    _felt.cache_clear()


CASES = (
    Case("Dryden scales", "MIL-F-8785C, 3.7", _scales),
    Case("Dryden turbulence", "MIL-F-8785C, 3.7", _generated),
)
