"""The results of a campaign as a Zarr store: written batch by batch, read as a dataset.

Driver: `prepare_store`, then within `exclusive`: `sweep`, `pending_batches`, `finish`.
Worker: `write_batch`. Reader: `open_store`, or plain `xarray.open_zarr` once it is finished.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.store.compact import finish
from pipeline.store.flying import (
    Store,
    pending_batches,
    prepare_store,
    read_metrics,
    read_records,
    sweep,
    write_batch,
)
from pipeline.store.layout import (
    INFRASTRUCTURE_ERROR,
    Batch,
    BatchRecord,
    BatchStatus,
    CodeSpec,
    Provenance,
    StoreLayout,
)
from pipeline.store.root import State, exclusive, fly_on, stop

if TYPE_CHECKING:
    from pipeline.store.read import damage, open_store, store_attributes

__all__ = [
    "INFRASTRUCTURE_ERROR",
    "Batch",
    "BatchRecord",
    "BatchStatus",
    "CodeSpec",
    "Provenance",
    "State",
    "Store",
    "StoreLayout",
    "damage",
    "exclusive",
    "finish",
    "fly_on",
    "open_store",
    "pending_batches",
    "prepare_store",
    "read_metrics",
    "read_records",
    "stop",
    "store_attributes",
    "sweep",
    "write_batch",
]


def __getattr__(name: str) -> Any:
    """What reads a store is imported when it is asked for: who flies needs no xarray."""
    if name in ("damage", "open_store", "store_attributes"):
        return getattr(import_module("pipeline.store.read"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
