"""Laws of a few values."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, ValidationInfo, field_validator

from pipeline.laws.base import Floats, Fraction, LawBase, Number, above_lower

PROBABILITY_SUM_TOLERANCE = 1e-9  # decimals written in YAML do not add to 1 exactly
_MOST_NAMED = 8  # values that a description lists


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
        if len(self.values) > _MOST_NAMED:
            return f"one of {len(self.values)} values, {self.values[0]:g} to {self.values[-1]:g}"
        pairs = zip(self.values, self.probabilities, strict=True)
        return "one of " + ", ".join(f"{value:g} ({part:g})" for value, part in pairs)

    def points(self) -> tuple[Floats, Floats]:
        return np.array(self.values), np.array(self.probabilities)


class DiscreteUniform(LawBase):
    """Every whole number from `lower` to `upper`, both included, equally likely."""

    law: Literal["discrete_uniform"]
    lower: Annotated[int, Field(strict=True)]
    upper: Annotated[int, Field(strict=True)]

    @field_validator("upper")
    @classmethod
    def _is_above_lower(cls, upper: int, info: ValidationInfo) -> int:
        above_lower(upper, info)
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

    def points(self) -> tuple[Floats, Floats]:
        return self.values, np.full(self.values.size, 1.0 / self.values.size)


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

    def points(self) -> tuple[Floats, Floats]:
        return np.array([0.0, 1.0]), np.array([1.0 - self.probability, self.probability])
