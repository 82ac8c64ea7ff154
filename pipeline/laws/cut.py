"""Limits on a continuous law, or so many sigmas from its middle.

A cut law keeps what lies between its limits, in its old proportions:

    F(x) = (F0(x) - F0(lower)) / (F0(upper) - F0(lower))        lower <= x <= upper

so one uniform still makes one value. Parameters are those before the cut.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from math import inf
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import ValidationInfo, field_validator, model_validator

from pipeline.laws.base import (
    LARGEST_UNIFORM,
    SMALLEST_CONTENT,
    Floats,
    LawBase,
    Number,
    Positive,
    above_lower,
)


class Cut(NamedTuple):
    """Limits of a law, and the probabilities below them before the cut."""

    lower: float
    upper: float
    below: float
    content: float


class Cuttable(LawBase):
    """A continuous law that limits may cut, on one side or both."""

    lower: Number | None = None
    """Least value; what lies below is cut off."""
    upper: Number | None = None
    """Largest value; what lies above is cut off."""
    cut_sigmas: Positive | None = None
    """Cut at so many sigmas from the middle, instead of at limits."""

    @field_validator("upper")
    @classmethod
    def _is_above_lower(cls, upper: float | None, info: ValidationInfo) -> float | None:
        return None if upper is None else above_lower(upper, info)

    @model_validator(mode="after")
    def _keeps_enough(self) -> Self:
        limits = (self.lower, self.upper)
        if self.cut_sigmas is not None and limits != (None, None):
            raise ValueError(
                "got cut_sigmas and limits, expected either cut_sigmas or lower and upper"
            )
        if self.cut is not None and self.cut.content < SMALLEST_CONTENT:
            raise ValueError(
                f"got limits that keep {max(self.cut.content, 0.0):.1g} of the law, "
                f"expected at least {SMALLEST_CONTENT:g}"
            )
        return self

    @cached_property
    def cut(self) -> Cut | None:
        """The cut; None where there is none."""
        lower, upper = self.lower, self.upper
        if self.cut_sigmas is not None:
            lower, upper = self._middle(-self.cut_sigmas), self._middle(self.cut_sigmas)
        if lower is None and upper is None:
            return None
        below = 0.0 if lower is None else float(self._cdf(np.array(lower)))
        upto = 1.0 if upper is None else float(self._cdf(np.array(upper)))
        return Cut(
            -inf if lower is None else lower, inf if upper is None else upper, below, upto - below
        )

    def quantile(self, u: ArrayLike) -> Floats:
        uniform = np.asarray(u, float)
        if (cut := self.cut) is None:
            return self._quantile(uniform)
        inside = np.minimum(cut.below + cut.content * uniform, LARGEST_UNIFORM)
        return np.clip(self._quantile(inside), cut.lower, cut.upper)

    def cdf(self, x: ArrayLike) -> Floats:
        at = np.asarray(x, float)
        if (cut := self.cut) is None:
            return self._cdf(at)
        inside = self._cdf(np.clip(at, cut.lower, cut.upper))
        share = np.clip((inside - cut.below) / cut.content, 0.0, 1.0)
        return np.where(at >= cut.upper, 1.0, np.where(at < cut.lower, 0.0, share))

    def describe(self) -> str:
        if self.cut_sigmas is not None:
            return f"{self._describe()}, cut at {self.cut_sigmas:g} sigma"
        ends = (("below", self.lower), ("above", self.upper))
        limits = [f"{side} {end:g}" for side, end in ends if end is not None]
        return self._describe() + (f", cut {' and '.join(limits)}" if limits else "")

    @abstractmethod
    def _quantile(self, u: Floats) -> Floats:
        """Inverse CDF before the cut."""

    @abstractmethod
    def _cdf(self, x: Floats) -> Floats:
        """CDF before the cut."""

    @abstractmethod
    def _describe(self) -> str:
        """The law before the cut."""

    @abstractmethod
    def _middle(self, sigmas: float) -> float:
        """The value so many sigmas above the middle of the law, before the cut."""
