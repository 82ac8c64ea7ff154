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

DRIFT_GYRO, DRIFT_ACCEL, DRIFT_TIME_S = 2.4e-6, 5e-4, 100.0  # 0.5 deg/h, 0.05 mg: STIM300 class


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
    why = "four; one is sqrt(9 / 16 M) of M clusters, 1.9 %; steps of 1 s are 0.25 % off"
    increments = probes.inertial(imu, TICKS)
    cluster = 500
    expected = sqrt(cluster * TICK_S / 3.0)
    for name, of_ticks, k in zip(
        ("rate", "acceleration"), increments, (K_GYRO, K_ACCEL), strict=True
    ):
        found = allan(of_ticks / TICK_S, cluster) / k / expected
        error = apart(found, 1.0) / _scatter(2.25, cluster)
        yield Row(f"{name} random walk, 10 s", "standard errors", error, STANDARD_ERRORS, why)


def _clusters_of_a_drift(x: float, count: int) -> np.ndarray:
    """Covariances of cluster means at lags 0 .. count - 1, over the variance; x = tau / T."""
    first = 2.0 * (x - 1.0 + np.exp(-x)) / x**2
    later = (1.0 - np.exp(-x)) ** 2 / x**2 * np.exp(-x * np.arange(count - 1))
    return np.concatenate([[first], later])


def _drift() -> Iterator[Row]:
    """In-run instability, a first-order Gauss-Markov process: over a tenth of its time to once.

    Allan variance C0 - C1 of the cluster means; differences of neighbours have the covariances
    2 Cm - Cm-1 - Cm+1, of which the variance of the estimate is 2 / M sum rho^2. IEEE Std 952,
    C.19, in the parameters of its autocovariance s^2 e^(-t/T).
    """
    imu = NEUTRAL.imu._replace(
        gyro_instability_radps=DRIFT_GYRO,
        accel_instability_mps2=DRIFT_ACCEL,
        instability_time_s=DRIFT_TIME_S,
    )
    why = "four; one is sqrt(sum rho^2 / 2 M) of M clusters, rho of neighbours' differences"
    increments = probes.inertial(imu, TICKS)
    for name, of_ticks, s in zip(
        ("rate", "acceleration"), increments, (DRIFT_GYRO, DRIFT_ACCEL), strict=True
    ):
        errors = []
        for cluster in (500, 1500, 5000):
            c = _clusters_of_a_drift(cluster * TICK_S / DRIFT_TIME_S, 200)
            differences = 2.0 * c[1:-1] - c[:-2] - c[2:]
            rho = differences / (2.0 * (c[0] - c[1]))
            found = allan(of_ticks / TICK_S, cluster) / s / sqrt(c[0] - c[1])
            errors.append((found - 1.0) / _scatter(2.0 + 4.0 * float(np.sum(rho**2)), cluster))
        quantity = f"{name} drift, 10 to 100 s"
        yield Row(quantity, "standard errors", apart(errors, 0.0), STANDARD_ERRORS, why)


def _inertial() -> Iterator[Row]:
    for rows in (_white, _walks, _drift):
        yield from rows()


CASES = (Case("Allan deviation", "IEEE Std 952", _inertial),)
