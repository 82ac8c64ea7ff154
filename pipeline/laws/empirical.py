"""A law that is a column of measured values."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from pipeline.laws.base import Floats, Number, Text
from pipeline.laws.cut import Cuttable


class Empirical(Cuttable):
    """What was measured: the quantiles of a column of a CSV file, linear between its values.

    The k-th smallest of n is the quantile (k - 1) / (n - 1), so nothing lies beyond the smallest
    and the largest. `cut_sigmas` count standard deviations from the mean.
    """

    law: Literal["empirical"]
    file: Text | None = None
    """Path of the CSV file, from the campaign's folder."""
    column: Text | None = None
    values: Annotated[tuple[Number, ...], Field(min_length=2)] | None = None
    """What the column holds, in the file's order; written here where there is no file."""

    @field_validator("values")
    @classmethod
    def _differ(cls, values: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if values is not None and min(values) == max(values):
            raise ValueError(f"got {values[0]:g} throughout, expected values that differ")
        return values

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        named = (self.file is not None, self.column is not None)
        if named not in ((True, True), (False, False)) or not (all(named) or self.values):
            raise ValueError("expected either values, or file and column")
        return self

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Ascending values, and the probability of each."""
        values = np.sort(self.values or ())
        return values, np.linspace(0.0, 1.0, values.size)

    def jumps(self) -> Floats:
        values, times = np.unique(self._table[0], return_counts=True)
        return values[times > 1]

    def _quantile(self, u: Floats) -> Floats:
        values, shares = self._table
        return np.interp(u, shares, values)

    def _cdf(self, x: Floats) -> Floats:
        values, shares = self._table
        # np.interp may take any of equal values; the probability not above them is the last one's
        after = np.searchsorted(values, x, side="right")
        low, high = np.clip(after - 1, 0, None), np.clip(after, None, values.size - 1)
        width = values[high] - values[low]
        part = np.divide(x - values[low], width, out=np.zeros(np.shape(x)), where=width > 0.0)
        share = shares[low] + np.clip(part, 0.0, 1.0) * (shares[high] - shares[low])
        return np.where(after == 0, 0.0, share)

    def _describe(self) -> str:
        origin = f" of {self.file}" if self.file else ""
        values, _ = self._table
        return f"{values.size} values{origin}, {values[0]:g} to {values[-1]:g}, linear between them"

    def _middle(self, sigmas: float) -> float:
        values, _ = self._table
        return float(values.mean() + sigmas * values.std(ddof=1))
