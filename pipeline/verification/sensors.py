"""The inertial unit's noise by its Allan deviation.

No flight shows what a sensor reports: probes.inertial calls the kernel's functions on its clocks.
Source: IEEE Std 952 (1997), annex C: sigma = N / sqrt(tau) of white noise, K sqrt(tau / 3) of a
random walk. Scatter of an Allan variance over M adjacent clusters: Lesage & Audoin, IEEE Trans.
IM-22 (1973) 157.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import radians, sqrt

import numpy as np

from pipeline.case.build import NEUTRAL
from pipeline.verification import probes
from pipeline.verification.check import Case, Row, apart

TICK_S = 0.02
TICKS = 2**18  # 87 minutes
STANDARD_ERRORS = 4.0
ARW, VRW = radians(0.15) / 60.0, 0.06 / 60.0  # 0.15 deg/sqrt h, 0.06 m/s/sqrt h: STIM300 class
K_GYRO, K_ACCEL = 1e-6, 2e-5  # rad/s2/sqrt Hz, m/s3/sqrt Hz


def allan(rate: np.ndarray, cluster: int) -> float:
    """Allan deviation of a rate (tick, axis) over clusters of ticks, its axes taken together."""
    whole = len(rate) // cluster * cluster
    means = rate[:whole].reshape(-1, cluster, rate.shape[1]).mean(axis=1)
    return float(np.sqrt(0.5 * np.mean(np.diff(means, axis=0) ** 2)))


def _scatter(relative_variance: float, cluster: int) -> float:
    """Relative standard error of a deviation: half that of its variance, of all three axes."""
    return 0.5 * sqrt(relative_variance / (3.0 * (TICKS // cluster - 1)))


def _white() -> Iterator[Row]:
    """Random walks of angle and velocity, over a tick, half a second and five."""
    imu = NEUTRAL.imu._replace(gyro_noise_radps_rthz=ARW, accel_noise_mps2_rthz=VRW)
    why = "four; one is sqrt(3 / 4 M) of M clusters, 0.1, 0.5 and 1.5 %"
    increments = probes.inertial(imu, TICKS)
    for name, of_ticks, n in zip(("angle", "velocity"), increments, (ARW, VRW), strict=True):
        errors = []
        for cluster in (1, 25, 250):
            found = allan(of_ticks / TICK_S, cluster) * sqrt(cluster * TICK_S) / n
            errors.append((found - 1.0) / _scatter(3.0, cluster))
        quantity = f"{name} random walk, 0.02 to 5 s"
        yield Row(quantity, "standard errors", apart(errors, 0.0), STANDARD_ERRORS, why)


def _walks() -> Iterator[Row]:
    """Random walks of rate and acceleration, over ten seconds: hundred steps of theirs."""
    imu = NEUTRAL.imu._replace(gyro_walk_radps2_rthz=K_GYRO, accel_walk_mps3_rthz=K_ACCEL)
    why = "four; one is sqrt(9 / 16 M) of M clusters, 1.9 %; steps of 0.1 s are 0.005 % off"
    increments = probes.inertial(imu, TICKS)
    cluster = 500
    expected = sqrt(cluster * TICK_S / 3.0)
    for name, of_ticks, k in zip(
        ("rate", "acceleration"), increments, (K_GYRO, K_ACCEL), strict=True
    ):
        found = allan(of_ticks / TICK_S, cluster) / k / expected
        error = apart(found, 1.0) / _scatter(2.25, cluster)
        yield Row(f"{name} random walk, 10 s", "standard errors", error, STANDARD_ERRORS, why)


def _inertial() -> Iterator[Row]:
    yield from _white()
    yield from _walks()


CASES = (Case("Allan deviation", "IEEE Std 952", _inertial),)
