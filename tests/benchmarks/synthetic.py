"""Rows of the reference campaign without flights: true inputs, plausible metrics.

For what a store, a summary and a report cost at numbers of runs that nobody wants to fly for it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from models import jit
from models.outcomes import Outcome
from pipeline import batch, build
from pipeline.config import Campaign, load_campaign
from pipeline.store import (
    Batch,
    BatchRecord,
    BatchStatus,
    Provenance,
    Store,
    StoreLayout,
    finish,
    prepare_store,
    write_batch,
)

FLY_BATCH = "tests.benchmarks.synthetic:fly_batch"  # for a Job
BATCH_RUNS = 256
FAILED_SHARE = 0.006
_KERNEL_S = 0.002  # that a run would have taken


@cache
def campaign(n_runs: int) -> Campaign:
    """The reference campaign with that many runs."""
    return load_campaign("campaigns/hop_178m.yaml").with_runs(n_runs)


def fly_batch(campaign_json: str, start: int, stop: int) -> Batch:
    """Rows of runs start .. stop - 1, as `pipeline.batch.fly_batch` gives them."""
    asked, _ = batch.prepared(campaign_json)
    drawn = build.draws(asked, start, stop)
    columns = batch.metric_names(asked)
    rng = np.random.default_rng((asked.seed, start))
    metrics = rng.lognormal(0.0, 0.5, (stop - start, len(columns)))
    failed = rng.random(stop - start) < FAILED_SHARE
    known = {
        "outcome": np.where(failed, Outcome.tip_over, Outcome.at_rest),
        "violations": np.zeros(stop - start),
        "initiator": drawn["initiator"],
        "touchdown_east_m": rng.normal(0.0, 0.8, stop - start),
        "touchdown_north_m": rng.normal(0.0, 0.8, stop - start),
    }
    for name, values in known.items():
        metrics[:, columns.index(name)] = values
    shape = batch.layout(asked, BATCH_RUNS).history_shape(start, stop)
    return Batch(
        inputs=np.column_stack([drawn[name] for name in batch.input_names(asked)]),
        metrics=metrics,
        history=rng.normal(size=shape).cumsum(axis=1).astype(np.float32),
        kernel_s=_KERNEL_S * (stop - start),
    )


def empty_layout(n_runs: int) -> StoreLayout:
    """Of a store of that campaign."""
    return batch.layout(campaign(n_runs), BATCH_RUNS)


def empty_store(path: Path, n_runs: int) -> Store:
    """A store of that campaign, to be flown."""
    provenance = Provenance(campaign(n_runs).canonical(), jit.PHYSICS_DIGEST, jit.TARGET)
    return prepare_store(path, empty_layout(n_runs), provenance)


def write(store: Store, index: int, rows: Batch) -> None:
    """Commit one batch."""
    write_batch(store, index, rows, BatchRecord(BatchStatus.COMMITTED, rows.kernel_s, "here/1"))


def finished_store(path: Path, n_runs: int) -> Path:
    """A finished store of so many runs."""
    store, text = empty_store(path, n_runs), campaign(n_runs).canonical()
    for index in range(store.layout.n_batches):
        write(store, index, fly_batch(text, *store.layout.runs_of(index)))
    finish(store)
    return path
