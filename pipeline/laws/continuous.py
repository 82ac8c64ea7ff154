"""Laws with a formula and without steps."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, ValidationInfo, field_validator
from scipy.special import gamma, ndtr, ndtri

from pipeline.laws.base import SMALLEST_CONTENT, Floats, LawBase, Number, Positive, above_lower
from pipeline.laws.cut import Cuttable


class Normal(Cuttable):
    """Gaussian. With `cut_sigmas` its limits lie at mean +- so many sigma."""

    law: Literal["normal"]
    mean: Number
    sigma: Positive

    def _quantile(self, u: Floats) -> Floats:
        return self.mean + self.sigma * ndtri(u)

    def _cdf(self, x: Floats) -> Floats:
        return ndtr((x - self.mean) / self.sigma)

    def _describe(self) -> str:
        return f"normal, mean {self.mean:g}, sigma {self.sigma:g}"

    def _middle(self, sigmas: float) -> float:
        return self.mean + sigmas * self.sigma


class TruncatedNormal(LawBase):
    """Gaussian cut at two limits; `mean` and `sigma` are those before the cut."""

    law: Literal["truncated_normal"]
    mean: Number
    sigma: Positive
    lower: Number
    upper: Number

    @field_validator("upper")
    @classmethod
    def _keeps_enough(cls, upper: float, info: ValidationInfo) -> float:
        above_lower(upper, info)
        if {"mean", "sigma", "lower"} <= info.data.keys():
            below, content, _ = _cut(
                info.data["mean"], info.data["sigma"], info.data["lower"], upper
            )
            if content < SMALLEST_CONTENT:
                raise ValueError(
                    f"got {upper:g}, expected limits that keep at least "
                    f"{SMALLEST_CONTENT:g} of the normal, these keep {content:.1g}"
                )
        return upper

    def quantile(self, u: ArrayLike) -> Floats:
        uniform = np.asarray(u, float)
        below, content, side = _cut(self.mean, self.sigma, self.lower, self.upper)
        tail = below + content * (uniform if side > 0 else 1.0 - uniform)
        return np.clip(self.mean + side * self.sigma * ndtri(tail), self.lower, self.upper)

    def cdf(self, x: ArrayLike) -> Floats:
        below, content, side = _cut(self.mean, self.sigma, self.lower, self.upper)
        inside = np.clip(np.asarray(x, float), self.lower, self.upper)
        share: Floats = (ndtr(side * (inside - self.mean) / self.sigma) - below) / content
        return np.clip(share if side > 0 else 1.0 - share, 0.0, 1.0)

    def describe(self) -> str:
        return (
            f"normal, mean {self.mean:g}, sigma {self.sigma:g}, "
            f"cut at {self.lower:g} and {self.upper:g}"
        )


def _cut(mean: float, sigma: float, lower: float, upper: float) -> tuple[float, float, int]:
    """Probability below the limits, between them, and the side they were taken from.

    Limits above the mean are mirrored (side -1): near 1 a probability has no digits left.
    """
    side = -1 if lower > mean else 1
    first, last = (lower, upper) if side > 0 else (upper, lower)
    below = float(ndtr(side * (first - mean) / sigma))
    return below, float(ndtr(side * (last - mean) / sigma)) - below, side


class Uniform(LawBase):
    """Every value between two limits equally likely."""

    law: Literal["uniform"]
    lower: Number
    upper: Number

    @field_validator("upper")
    @classmethod
    def _is_above_lower(cls, upper: float, info: ValidationInfo) -> float:
        return above_lower(upper, info)

    def quantile(self, u: ArrayLike) -> Floats:
        return self.lower + (self.upper - self.lower) * np.asarray(u, float)

    def cdf(self, x: ArrayLike) -> Floats:
        share = (np.asarray(x, float) - self.lower) / (self.upper - self.lower)
        return np.clip(share, 0.0, 1.0)

    def describe(self) -> str:
        return f"uniform, {self.lower:g} to {self.upper:g}"


class LogNormal(Cuttable):
    """A value whose natural logarithm is Gaussian.

    `median` is the median of the value, in its unit; `sigma_log` the sigma of its natural
    logarithm, without unit: 0.1 is about 10 %. The mean lies above the median by
    exp(sigma_log^2 / 2). `cut_sigmas` cut its logarithm.
    """

    law: Literal["log_normal"]
    scale: Positive = Field(alias="median")
    sigma_log: Positive

    def _quantile(self, u: Floats) -> Floats:
        return self.scale * np.exp(self.sigma_log * ndtri(u))

    def _cdf(self, x: Floats) -> Floats:
        positive = np.maximum(x, np.finfo(float).tiny)
        sigmas: Floats = np.log(positive / self.scale) / self.sigma_log
        return ndtr(sigmas)

    def _describe(self) -> str:
        return f"log-normal, median {self.scale:g}, sigma of the logarithm {self.sigma_log:g}"

    def _middle(self, sigmas: float) -> float:
        return float(self.scale * np.exp(sigmas * self.sigma_log))


class Weibull(Cuttable):
    """F(x) = 1 - exp(-((x - location) / scale)^shape), from `location` upwards.

    `cut_sigmas` count standard deviations from its mean.
    """

    law: Literal["weibull"]
    shape: Positive
    scale: Positive
    location: Number = 0.0

    def _quantile(self, u: Floats) -> Floats:
        exponential: Floats = -np.log1p(-u)
        return self.location + self.scale * np.power(exponential, 1.0 / self.shape)

    def _cdf(self, x: Floats) -> Floats:
        above = np.maximum(x - self.location, 0.0)
        return -np.expm1(-((above / self.scale) ** self.shape))

    def _describe(self) -> str:
        start = f", from {self.location:g}" if self.location else ""
        return f"Weibull, shape {self.shape:g}, scale {self.scale:g}{start}"

    def _middle(self, sigmas: float) -> float:
        first, second = (float(gamma(1.0 + k / self.shape)) for k in (1, 2))  # moments at scale 1
        return self.location + self.scale * (first + sigmas * sqrt(second - first**2))
