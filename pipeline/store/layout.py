"""What a store holds: names, codes, batches; and what flew it. Plain values, no files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, PositiveInt, model_validator

from pipeline.sources import SAMPLING_DIGEST
from pipeline.units import unit_of

# The outcome that rows get which no worker survived to fly.
INFRASTRUCTURE_ERROR = "infrastructure_error"

# Names the store itself gives to variables.
_RESERVED = ("run", "history_run", "time_s", "batch_status", "batch_kernel_s", "batch_worker")


class BatchStatus(IntEnum):
    """How a batch ended; a batch without a record is still to fly."""

    COMMITTED = 1
    INFRASTRUCTURE_ERROR = 2  # some rows are missing: their workers died, again and again


class BatchRecord(NamedTuple):
    """The commit mark of a batch, written after its rows."""

    status: BatchStatus
    kernel_s: float  # spent in the compiled kernel
    worker: str  # who flew it


class Batch(NamedTuple):
    """The rows of one batch of runs, as flown."""

    inputs: np.ndarray  # (run, input) float64
    metrics: np.ndarray  # (run, metric) float64, codes included
    history: np.ndarray  # (history_run, time, channel) float32; no rows where none are kept
    kernel_s: float


class CodeSpec(BaseModel):
    """A metric that is a code: its meanings by name, exclusive or bits of a mask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    meanings: dict[str, int]
    mask: bool

    @classmethod
    def of(cls, enum: type[IntEnum] | type[IntFlag]) -> Self:
        """The spec of an enum, member names in lower case."""
        meanings = {str(member.name).lower(): int(member) for member in enum}
        return cls(meanings=meanings, mask=issubclass(enum, IntFlag))

    @property
    def dtype(self) -> str:
        return "uint32" if self.mask else "int8"

    def knows(self, values: np.ndarray) -> bool:
        """Whether each value is one of the meanings, or a sum of bits."""
        if not self.mask:
            return bool(np.isin(values, list(self.meanings.values())).all())
        if not (np.isfinite(values) & (values == np.floor(values)) & (values >= 0)).all():
            return False
        return not (values.astype(np.uint64) & ~np.uint64(sum(self.meanings.values()))).any()

    def attributes(self) -> dict[str, Any]:
        """CF flag attributes."""
        key = "flag_masks" if self.mask else "flag_values"
        return {key: list(self.meanings.values()), "flag_meanings": " ".join(self.meanings)}


class StoreLayout(BaseModel):
    """Names and sizes of everything in a store.

    `codes` says which of the metrics are codes; `outcome` must be one and know
    `infrastructure_error`. Every other name must end in a unit or stand in `dimensionless`.
    Histories are kept for runs 0 .. n_history_runs - 1, sampled at `time_s`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_runs: PositiveInt
    batch_runs: PositiveInt
    input_names: tuple[str, ...]
    metric_names: tuple[str, ...]
    codes: dict[str, CodeSpec]
    history_names: tuple[str, ...] = ()
    n_history_runs: int = 0
    time_s: tuple[float, ...] = ()
    dimensionless: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = (*self.input_names, *self.metric_names, *self.history_names)
        twice = [name for name, count in Counter((*names, *_RESERVED)).items() if count > 1]
        if twice:
            raise ValueError(f"names given twice or reserved: {', '.join(twice)}")
        if unknown := self.codes.keys() - set(self.metric_names):
            raise ValueError(f"codes that are no metric: {', '.join(sorted(unknown))}")
        if INFRASTRUCTURE_ERROR not in self.codes["outcome"].meanings:
            raise ValueError(f"the outcome codes lack {INFRASTRUCTURE_ERROR}")
        if self.n_history_runs > self.n_runs:
            raise ValueError(f"{self.n_history_runs} histories of {self.n_runs} runs")
        for name in names:
            self.unit(name)
        return self

    def unit(self, name: str) -> str:
        """CF unit of one of the store's names."""
        return unit_of(name, {*self.codes, *self.dimensionless})

    @property
    def n_batches(self) -> int:
        return -(-self.n_runs // self.batch_runs)

    @property
    def n_history_batches(self) -> int:
        """How many batches, from the first on, keep histories."""
        return -(-self.n_history_runs // self.batch_runs) if self.history_names else 0

    def runs_of(self, batch: int) -> tuple[int, int]:
        """First run of a batch and the one after its last."""
        start = batch * self.batch_runs
        return start, min(start + self.batch_runs, self.n_runs)

    def history_shape(self, start: int, stop: int) -> tuple[int, int, int]:
        """Shape (history_run, time, channel) of what runs start .. stop - 1 record."""
        rows = max(0, min(stop, self.n_history_runs) - start) if self.history_names else 0
        return rows, len(self.time_s), len(self.history_names)

    def lost_rows(self, start: int, stop: int) -> Batch:
        """Rows for runs that nobody survived to fly: NaN, outcome infrastructure_error."""
        n_runs = stop - start
        metrics = np.full((n_runs, len(self.metric_names)), np.nan)
        for name, spec in self.codes.items():
            code = spec.meanings[INFRASTRUCTURE_ERROR] if name == "outcome" else 0
            metrics[:, self.metric_names.index(name)] = code
        return Batch(
            inputs=np.full((n_runs, len(self.input_names)), np.nan),
            metrics=metrics,
            history=np.full(self.history_shape(start, stop), np.nan, np.float32),
            kernel_s=0.0,
        )


@dataclass(frozen=True)
class Provenance:
    """What a store was flown with; a store is only ever resumed under the same."""

    campaign: str  # canonical JSON
    physics_digest: str
    target: str  # instruction set the kernel was compiled for
    sampling_digest: str = SAMPLING_DIGEST  # what turns campaign and run number into a case
    notes: Mapping[str, Any] = field(default_factory=dict)  # kept in the store, not compared

    @property
    def campaign_digest(self) -> str:
        return hashlib.sha256(self.campaign.encode()).hexdigest()
