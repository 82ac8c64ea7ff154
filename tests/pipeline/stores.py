"""Stores of the fake campaign: flown batch by batch, or finished."""

from pathlib import Path

import numpy as np

from pipeline.store import (
    BatchRecord,
    BatchStatus,
    Store,
    finish,
    pending_batches,
    prepare_store,
    write_batch,
)
from tests.pipeline import fake_batch

RECORD = BatchRecord(BatchStatus.COMMITTED, kernel_s=0.5, worker="here")
CAMPAIGN = fake_batch.provenance().campaign


def fly(store: Store, batch: int) -> None:
    rows = fake_batch.fly_batch(CAMPAIGN, *store.layout.runs_of(batch))
    write_batch(store, batch, rows, RECORD)


def fly_all(store: Store) -> None:
    for batch in pending_batches(store):
        fly(store, batch)


def finished_store(path: Path, batch_runs: int = 16) -> Store:
    store = prepare_store(path, fake_batch.layout(batch_runs=batch_runs), fake_batch.provenance())
    fly_all(store)
    finish(store)
    return store


def new_store(folder: Path) -> Store:
    return prepare_store(
        folder / "results" / "fake.zarr", fake_batch.layout(), fake_batch.provenance()
    )


def expected() -> dict[str, np.ndarray]:
    """Every run variable of the fake campaign, flown in one piece."""
    rows = fake_batch.fly_batch(CAMPAIGN, 0, 100)
    layout = fake_batch.layout()
    columns = dict(zip(layout.input_names, rows.inputs.T, strict=True))
    columns |= dict(zip(layout.metric_names, rows.metrics.T, strict=True))
    return columns | dict(zip(layout.history_names, np.moveaxis(rows.history, 2, 0), strict=True))
