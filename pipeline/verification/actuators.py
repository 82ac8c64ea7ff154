"""Engine, gimbal and roll thrusters answering open-loop commands."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, pi, radians

import numpy as np

from pipeline.verification.check import Case, Row, apart, rounding
from pipeline.verification.flights import BODY, VOID, flown, last


def _engine_lag() -> Iterator[Row]:
    """A step of throttle: u = 1 - e^(-t / tau); what the lag costs of impulse is T tau."""
    tau, time_s = 0.15, 3.0
    flight = flown(
        duration_s=time_s,
        site=VOID,
        engine={"thrust_vac_n": 5000.0, "lag_s": tau},
        program={"throttle": 1.0},
    )
    t = flight["time_s"].to_numpy()
    # e^-x of a step, x = h / tau, is off by x^5 e^x / 120; t / tau e^(-t / tau) <= 1 / e
    share = (0.01 / tau) ** 4 / 120.0 * exp(0.01 / tau)
    why = "Runge-Kutta at 10 ms: x^4 e^x / 120 e, x = h / tau, largest at t = tau"
    error = apart(flight["throttle"], 1.0 - np.exp(-t / tau))
    yield Row("throttle after a step", "1", error, share / exp(1.0), why)
    lost = 5.0 * time_s - last(flight, "v_enu_mps")[2]
    expected = 5.0 * tau * (1.0 - exp(-time_s / tau))
    why = "Runge-Kutta at 10 ms: x^4 e^x / 120 of T tau / m"
    yield Row("speed lost to the lag", "m/s", apart(lost, expected), share * 5.0 * tau, why)


def _gimbal_step() -> Iterator[Row]:
    """y = 1 - e^(-z w t) (cos wd t + z / sqrt(1 - z^2) sin wd t): Ogata, 5th ed., sec. 5-3."""
    w, z, steps, angle = 20.0, 0.7, 8, radians(2.0)
    flight = flown(
        steps={"flight": steps},
        site=VOID,
        gimbal={"natural_frequency_radps": w, "damping_ratio": z},
        program={"gimbal_y_deg": 2.0},
    )
    t, root = flight["time_s"].to_numpy(), (1.0 - z * z) ** 0.5
    swing = np.cos(w * root * t) + z / root * np.sin(w * root * t)
    exact = 1.0 - np.exp(-z * w * t) * swing
    h = 0.02 / steps
    # Error of the mode e^(-z w t): (w h)^4 / 120 of w t e^(-z w t), at most 1 / z e; over the root
    step = (w * h) ** 4 / 120.0 / z / exp(1.0) / root
    why = "Runge-Kutta at 2.5 ms: (w h)^4 / 120 z e sqrt(1 - z^2)"
    error = apart(flight["gimbal_y_rad"] / angle, exact)
    yield Row("angle over commanded", "1", error, step, why)
    peak = float(flight["gimbal_y_rad"].max()) / angle - 1.0
    overshoot = exp(-pi * z / root)
    top_s = pi / (w * root)
    beside = w * float(np.min(np.abs(t - top_s)))
    off = beside**2 / 2.0 * exp(-z * w * top_s) + step
    why = "nearest tick is beside the peak: (w dt)^2 / 2 e^(-z w t); Runge-Kutta"
    yield Row("overshoot", "1", apart(peak, overshoot), off, why)


def _roll() -> Iterator[Row]:
    """I w' = 2 F a sin(W t):  w = 2 F a (1 - cos W t) / (I W)."""
    force, arm, frequency = 100.0, 1.5, 2.0
    flight = flown(
        duration_s=3.0,
        site=VOID,
        thrusters={"force_n": force, "arm_m": arm},
        program={"roll": {"amplitude": 1.0, "frequency_radps": frequency}},
    )
    t = flight["time_s"].to_numpy()
    turn = 2.0 * force * arm / BODY["izz_kgm2"]
    exact = np.zeros((len(t), 3))
    exact[:, 2] = turn * (1.0 - np.cos(frequency * t)) / frequency
    parabola = (frequency * 0.02) ** 3 / 125.0 * 0.02
    why = "command is a parabola within a tick: (W dt)^3 / 72 sqrt 3, without mean over a tick"
    error = apart(flight["omega_body_radps"], exact)
    yield Row("rates", "rad/s", error, turn * parabola + rounding(300), why)


CASES = (
    Case("engine lag", "closed form", _engine_lag),
    Case("gimbal step", "Ogata, sec. 5-3", _gimbal_step),
    Case("roll thrusters", "closed form", _roll),
)
