"""Paired rows of a file: several parameters that were measured together are drawn together."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from pipeline.laws import Discrete, Floats, KnownAt, LawBase, Number, Tag, Text
from pipeline.records import Strict


class Rows(Strict):
    """Rows of a CSV file, each as likely as any other; a run takes all its columns from one.

    So whatever hangs together in the file hangs together in the runs.
    """

    file: Text
    """Path of the CSV file, from the campaign's folder."""
    columns: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Its columns to draw; each is named as the parameter it is."""
    known: KnownAt = Field(alias="class")
    """Known at assembly, known on the day, or unknown in flight."""
    tag: Tag
    source: Text
    values: Annotated[tuple[tuple[Number, ...], ...], Field(min_length=1)] | None = None
    """The rows as read from the file, a value for each column: not written by hand."""

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, given: Any) -> Any:
        columns = given.get("columns") if isinstance(given, dict) else None
        if isinstance(columns, list | tuple) and len(set(map(str, columns))) < len(columns):
            raise ValueError(f"columns: got {list(columns)}, expected each once")
        return given

    @cached_property
    def table(self) -> Floats:
        """Values `(row, column)`."""
        return np.array(self.values or (), np.float64).reshape(-1, len(self.columns))

    @cached_property
    def laws(self) -> dict[str, LawBase]:
        """The law of each column by itself."""
        pedigree = self.model_dump(include={"known", "tag", "source"}, by_alias=True)
        laws: dict[str, LawBase] = {}
        for name, column in zip(self.columns, self.table.T, strict=True):
            values, times = np.unique(column, return_counts=True)
            shares = (times / column.size).tolist()
            points = {"law": "discrete", "values": values.tolist(), "probabilities": shares}
            laws[name] = Discrete.model_validate(pedigree | points)
        return laws

    def at(self, uniform: Floats) -> dict[str, Floats]:
        """Values `(run,)` of each column, of the rows that uniforms `(run,)` choose."""
        number_of = len(self.table)
        row = np.minimum((uniform * number_of).astype(np.intp), number_of - 1)
        return dict(zip(self.columns, self.table[row].T, strict=True))
