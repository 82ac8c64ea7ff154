"""What every law has, and the types that its keys are made of."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

Floats = NDArray[np.float64]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Positive = Annotated[Number, Field(gt=0)]
Fraction = Annotated[Number, Field(ge=0, le=1)]


def _printable(text: str) -> str:
    """Text without control characters and the like; spaces of every width are none."""
    if odd := [c for c in text if not (c.isprintable() or unicodedata.category(c) == "Zs")]:
        raise ValueError(f"got {odd[0]!a} in {text!a}, expected printable characters")
    return text


def _printable_lines(text: str) -> str:
    for line in text.split("\n"):
        _printable(line)
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_printable_lines)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
"""On one line: it stands in tables, and at the head of lines that say more."""
KnownAt = Literal["assembly", "day", "flight"]
Tag = Literal["P", "P2", "D", "K", "E"]

SMALLEST_CONTENT = 1e-6  # share of a law that its limits must keep; below it digits are lost
LARGEST_UNIFORM = 1.0 - 2.0**-53


class LawBase(BaseModel, ABC):
    """What every law has: where its value comes from, and the four things one can ask of it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )

    known: KnownAt = Field(alias="class")
    """Known at assembly, known on the day, or unknown in flight."""
    tag: Tag
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

    def points(self) -> tuple[Floats, Floats] | None:
        """Places and probabilities of a law that has but a few values; None where it has no such.

        Only a law without them is continuous.
        """
        return None

    def jumps(self) -> Floats:
        """The values that have a probability of their own, ascending."""
        points = self.points()
        return np.zeros(0) if points is None else points[0]


def above_lower(upper: float, info: ValidationInfo) -> float:
    """The upper of two limits, if it is one."""
    lower = info.data.get("lower")  # absent when it was itself refused
    if lower is not None and not upper > lower:
        raise ValueError(f"got {upper:g}, expected > lower, {lower:g}")
    return upper
