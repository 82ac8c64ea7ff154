"""The laws a dispersed parameter may follow, each as the inverse CDF of one uniform.

A value is `law.quantile(u)` for one `u` strictly inside (0, 1): no rejection, so one uniform
makes one value, and a better design meets the same draws as its baseline. Parameters are those
of the value itself, one sigma, in the unit the parameter's name says; a published 3-sigma is
divided by three where the YAML is written. Every value keeps its pedigree beside it: its class
of uncertainty (Hanson & Beard, NASA/TP-2010-216447), a tag and a source.

`Law` is what a campaign holds; the key `law` selects the model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic_core import InitErrorDetails
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Positive = Annotated[Number, Field(gt=0)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]

SMALLEST_CONTENT = 1e-6  # share of a normal that its truncation must keep; below it digits are lost
PROBABILITY_SUM_TOLERANCE = 1e-9  # decimals written in YAML do not add to 1 exactly


class LawBase(BaseModel, ABC):
    """What every law has: where its value comes from, and the four things one can ask of it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )

    known: Literal["assembly", "day", "flight"] = Field(alias="class")
    """Known at assembly, known on the day, or unknown in flight."""
    tag: Literal["P", "P2", "D", "K", "E"]
    """Published, second-hand, derived, general knowledge, or estimate."""
    source: Text
    """Where the numbers come from, or why they were estimated so."""

    @abstractmethod
    def quantile(self, u: ArrayLike) -> Floats:
        """Inverse CDF: the values `(run,)` at the uniforms `u` `(run,)`, each inside (0, 1)."""

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Floats:
        """Probability `(run,)` of a value not above `x` `(run,)`."""

    @abstractmethod
    def describe(self) -> str:
        """The law in a few words, for the report."""

    def median(self) -> float:
        """The value of a nominal flight."""
        return float(self.quantile(0.5))


class Normal(LawBase):
    """Gaussian."""

    law: Literal["normal"]
    mean: Number
    sigma: Positive

    def quantile(self, u: ArrayLike) -> Floats:
        return self.mean + self.sigma * ndtri(np.asarray(u, float))

    def cdf(self, x: ArrayLike) -> Floats:
        return ndtr((np.asarray(x, float) - self.mean) / self.sigma)

    def describe(self) -> str:
        return f"normal, mean {self.mean:g}, sigma {self.sigma:g}"


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
        _above_lower(upper, info)
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
        return _above_lower(upper, info)

    def quantile(self, u: ArrayLike) -> Floats:
        return self.lower + (self.upper - self.lower) * np.asarray(u, float)

    def cdf(self, x: ArrayLike) -> Floats:
        share = (np.asarray(x, float) - self.lower) / (self.upper - self.lower)
        return np.clip(share, 0.0, 1.0)

    def describe(self) -> str:
        return f"uniform, {self.lower:g} to {self.upper:g}"


def _above_lower(upper: float, info: ValidationInfo) -> float:
    lower = info.data.get("lower")  # absent when it was itself refused
    if lower is not None and not upper > lower:
        raise ValueError(f"got {upper:g}, expected > lower, {lower:g}")
    return upper


class LogNormal(LawBase):
    """A value whose natural logarithm is Gaussian.

    `median` is the median of the value, in its unit; `sigma_log` the sigma of its natural
    logarithm, without unit: 0.1 is about 10 %. The mean lies above the median by
    exp(sigma_log^2 / 2).
    """

    law: Literal["log_normal"]
    scale: Positive = Field(alias="median")
    sigma_log: Positive

    def quantile(self, u: ArrayLike) -> Floats:
        return self.scale * np.exp(self.sigma_log * ndtri(np.asarray(u, float)))

    def cdf(self, x: ArrayLike) -> Floats:
        positive = np.maximum(np.asarray(x, float), np.finfo(float).tiny)
        sigmas: Floats = np.log(positive / self.scale) / self.sigma_log
        return ndtr(sigmas)

    def describe(self) -> str:
        return f"log-normal, median {self.scale:g}, sigma of the logarithm {self.sigma_log:g}"


class Weibull(LawBase):
    """F(x) = 1 - exp(-((x - location) / scale)^shape), from `location` upwards."""

    law: Literal["weibull"]
    shape: Positive
    scale: Positive
    location: Number = 0.0

    def quantile(self, u: ArrayLike) -> Floats:
        exponential: Floats = -np.log1p(-np.asarray(u, float))
        return self.location + self.scale * np.power(exponential, 1.0 / self.shape)

    def cdf(self, x: ArrayLike) -> Floats:
        above = np.maximum(np.asarray(x, float) - self.location, 0.0)
        return -np.expm1(-((above / self.scale) ** self.shape))

    def describe(self) -> str:
        start = f", from {self.location:g}" if self.location else ""
        return f"Weibull, shape {self.shape:g}, scale {self.scale:g}{start}"


class Discrete(LawBase):
    """One of several values, each with its probability."""

    law: Literal["discrete"]
    values: Annotated[tuple[Number, ...], Field(min_length=1)]
    probabilities: tuple[Fraction, ...]

    @field_validator("values")
    @classmethod
    def _are_increasing(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= sooner for sooner, later in zip(values, values[1:], strict=False)):
            raise ValueError(f"got {list(values)}, expected each value once, in increasing order")
        return values

    @field_validator("probabilities")
    @classmethod
    def _add_to_one(cls, parts: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        values = info.data.get("values")  # absent when they were refused themselves
        if values is not None and len(values) != len(parts):
            raise ValueError(f"got {len(parts)} of them, expected {len(values)}, one for a value")
        if abs(sum(parts) - 1.0) > PROBABILITY_SUM_TOLERANCE:
            raise ValueError(f"got a sum of {sum(parts):g}, expected 1")
        return parts

    def quantile(self, u: ArrayLike) -> Floats:
        steps = np.cumsum(self.probabilities)[:-1]  # the last step is 1 but for rounding
        return np.asarray(self.values)[np.searchsorted(steps, np.asarray(u, float))]

    def cdf(self, x: ArrayLike) -> Floats:
        steps = np.append(0.0, np.cumsum(self.probabilities))
        steps[-1] = 1.0
        return steps[np.searchsorted(self.values, np.asarray(x, float), side="right")]

    def describe(self) -> str:
        pairs = zip(self.values, self.probabilities, strict=True)
        return "one of " + ", ".join(f"{value:g} ({part:g})" for value, part in pairs)


class DiscreteUniform(LawBase):
    """Every whole number from `lower` to `upper`, both included, equally likely."""

    law: Literal["discrete_uniform"]
    lower: Annotated[int, Field(strict=True)]
    upper: Annotated[int, Field(strict=True)]

    @field_validator("upper")
    @classmethod
    def _is_above_lower(cls, upper: int, info: ValidationInfo) -> int:
        _above_lower(upper, info)
        return upper

    @property
    def values(self) -> Floats:
        """All of them, in order."""
        return np.arange(self.lower, self.upper + 1, dtype=float)

    def quantile(self, u: ArrayLike) -> Floats:
        steps = self.cdf(self.values)[:-1]
        return self.values[np.searchsorted(steps, np.asarray(u, float))]

    def cdf(self, x: ArrayLike) -> Floats:
        below = np.floor(np.asarray(x, float)) - self.lower + 1
        return np.clip(below / (self.upper - self.lower + 1), 0.0, 1.0)

    def describe(self) -> str:
        return f"whole number, {self.lower} to {self.upper}"


class Bernoulli(LawBase):
    """1 with a probability, else 0. Raising the probability keeps every run that had a 1."""

    law: Literal["bernoulli"]
    probability: Fraction

    def quantile(self, u: ArrayLike) -> Floats:
        return np.where(np.asarray(u, float) > 1.0 - self.probability, 1.0, 0.0)

    def cdf(self, x: ArrayLike) -> Floats:
        at = np.asarray(x, float)
        return np.where(at >= 1.0, 1.0, np.where(at >= 0.0, 1.0 - self.probability, 0.0))

    def describe(self) -> str:
        return f"yes with probability {self.probability:g}"


def _without_tag(value: Any, validate: ValidatorFunctionWrapHandler) -> LawBase:
    """Validate a law; name a mistake by the keys of the file.

    Pydantic puts the chosen law into the path (`thrust_scale.normal.sigma`); nobody wrote that.
    """
    try:
        law: LawBase = validate(value)
    except ValidationError as error:
        mistakes = [
            InitErrorDetails(
                type=mistake["type"],
                loc=mistake["loc"][1:],
                input=mistake["input"],
                ctx=mistake.get("ctx", {}),
            )
            for mistake in error.errors(include_url=False)
        ]
        raise ValidationError.from_exception_data(error.title, mistakes) from None
    return law


LAWS = (
    Normal, TruncatedNormal, Uniform, LogNormal, Weibull, Discrete, DiscreteUniform, Bernoulli,
)  # fmt: skip

LAW_KEYS = frozenset(
    field.alias or name for law in LAWS for name, field in law.model_fields.items()
)
"""Every key a law may hold, to suggest from when one is misspelt."""

Law = Annotated[
    Annotated[
        Normal
        | TruncatedNormal
        | Uniform
        | LogNormal
        | Weibull
        | Discrete
        | DiscreteUniform
        | Bernoulli,
        Field(discriminator="law"),
    ],
    WrapValidator(_without_tag),
]
