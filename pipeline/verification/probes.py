"""Small compiled entries to single functions of the kernel, for what no flight can show."""

from __future__ import annotations

from typing import Any

import numpy as np

from models import sensors, turbulence
from models.flight import TICK_S, WANDER_S, WANDER_TICKS
from models.jit import entry
from models.structs import Seed, SensorMemory, State
from pipeline.case.build import NEUTRAL

_SEED = Seed(21.0, 4.0)


def scales(heights_m: np.ndarray, w20_mps: float, sigma_high_mps: float) -> np.ndarray:
    """Turbulence lengths m and intensities m/s (height, L_u L_w sigma_u sigma_w)."""
    found = np.empty((len(heights_m), 4))
    wind = NEUTRAL.wind._replace(w20_mps=w20_mps, sigma_high_mps=sigma_high_mps)
    _scales(np.ascontiguousarray(heights_m, np.float64), wind, found)
    return found


@entry
def _scales(heights_m, wind, found):  # type: ignore[no-untyped-def]
    for row in range(len(heights_m)):
        found[row] = turbulence.lengths_and_intensities(heights_m[row], wind)


def inertial(imu: Any, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    """Angle rad and velocity m/s increments (tick, axis) of a unit at rest, by its clocks."""
    angle, velocity = np.empty((ticks, 3)), np.empty((ticks, 3))
    zero, upright = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
    rest = State(zero, zero, upright, zero, *(0.0,) * (len(State._fields) - 4))
    memory = SensorMemory(zero, zero, upright, *(zero,) * (len(SensorMemory._fields) - 3))
    _inertial(rest, memory, imu, angle, velocity)
    return angle, velocity


@entry
def _inertial(state, memory, imu, angle, velocity):  # type: ignore[no-untyped-def]
    nothing = (0.0, 0.0, 0.0)  # to hold against
    for tick in range(len(angle)):
        now = float(tick)
        measured, memory = sensors.imu_increments(state, memory, nothing, imu, _SEED, now, TICK_S)
        interval = WANDER_S if tick % WANDER_TICKS == 0 else 0.0
        memory = sensors.wander(memory, imu, _SEED, now, interval)
        angle[tick] = measured.angle_body_rad
        velocity[tick] = measured.velocity_body_mps
