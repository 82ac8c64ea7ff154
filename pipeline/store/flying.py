"""A store in flight: batches land as whole chunks of 2-D arrays, their commit mark last.

    flying/inputs        (run, input)                   chunk = one batch
    flying/metrics       (run, metric)                  chunk = one batch
    flying/history       (history_run, time, channel)   shard = one batch
    flying/batch_record  (batch)                        chunk = one batch: the commit mark

One batch is one writer's; nobody else touches its chunks. A batch whose record or any of whose
chunks is missing has not been flown, whatever the arrays would read there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from pipeline.errors import StoreProblem
from pipeline.store.layout import Batch, BatchRecord, BatchStatus, Provenance, StoreLayout
from pipeline.store.root import (
    State,
    new_attributes,
    read_attributes,
    refuse_another,
    refuse_other_layout,
    store_errors,
    write_root,
)

# An all-NaN chunk is data, too: without this it would not be written and count as missing.
zarr.config.set({"array.write_empty_chunks": True})

# zstd compresses histories little better and four times slower.
HISTORY_CODEC = BloscCodec(cname="lz4", clevel=3, shuffle="shuffle")

_INNER_CHUNK = (50, 500, 4)  # (history_run, time, channel) of a history's shard


class Store(NamedTuple):
    """A store by its address: what travels between driver and workers."""

    path: str  # absolute
    layout: StoreLayout
    state: State


def prepare_store(
    path: str | os.PathLike[str], layout: StoreLayout, provenance: Provenance
) -> Store:
    """Create the store at `path`, or take up the one that is there, with its own batch size.

    Raises BadInput if `path` holds something else or a store begun with another campaign, physics,
    target or layout; StoreProblem if it cannot be written.
    """
    address = os.path.abspath(path)
    with store_errors(address):
        attributes = read_attributes(address)
        if attributes is None:
            attributes = new_attributes(layout, provenance)
            write_root(address, attributes)
        refuse_another(address, attributes, layout, provenance)
        layout = layout.model_copy(update={"batch_runs": attributes["batch_runs"]})
        if attributes["state"] == State.CREATING:
            _create_flying(address, layout)
            attributes["state"] = State.FLYING
            write_root(address, attributes)
        if attributes["state"] != State.FINISHED:
            refuse_other_layout(address, read_layout(address), layout)
        return Store(address, layout, State(attributes["state"]))


def _create_flying(path: str, layout: StoreLayout) -> None:
    group = zarr.create_group(
        f"{path}/flying", overwrite=True, attributes={"layout": layout.model_dump(mode="json")}
    )
    # no compression: these are rewritten when the store is finished
    for name, columns in (("input", layout.input_names), ("metric", layout.metric_names)):
        group.create_array(
            f"{name}s",
            shape=(layout.n_runs, len(columns)),
            chunks=(layout.batch_runs, max(1, len(columns))),
            dtype="float64",
            fill_value=np.nan,
            compressors=None,
            dimension_names=("run", name),
        )
    if layout.n_history_batches:
        _create_history(group, layout)
    group.create_array(
        "batch_record",
        shape=(layout.n_batches,),
        chunks=(1,),
        dtype="string",
        compressors=None,
        dimension_names=("batch",),
    )


def _create_history(group: zarr.Group, layout: StoreLayout) -> None:
    """The history array; a shard holds whole inner chunks, so its sizes are multiples of theirs."""
    _, n_times, n_channels = layout.history_shape(0, 1)
    most_runs, most_times, most_channels = _INNER_CHUNK
    runs = max(n for n in range(1, most_runs + 1) if layout.batch_runs % n == 0)
    inner = (runs, min(most_times, n_times), min(most_channels, n_channels))
    group.create_array(
        "history",
        shape=(layout.n_history_runs, n_times, n_channels),
        chunks=inner,
        shards=(
            layout.batch_runs,
            -(-n_times // inner[1]) * inner[1],
            -(-n_channels // inner[2]) * inner[2],
        ),
        dtype="float32",
        fill_value=np.nan,
        compressors=HISTORY_CODEC,
        dimension_names=("history_run", "time", "channel"),
    )


def open_flying(path: str) -> zarr.Group:
    """The group of a store in flight. Raises StoreProblem if this process cannot see it."""
    try:
        return zarr.open_group(f"{path}/flying", mode="r+")
    except FileNotFoundError as error:
        raise StoreProblem(
            f"{path}: no store in flight there, seen from {os.uname().nodename}; "
            "every worker must see the same file system"
        ) from error


def read_layout(path: str) -> StoreLayout:
    """The layout that the store in flight at `path` was created with."""
    return StoreLayout.model_validate(open_flying(path).attrs["layout"])


def write_batch(store: Store, index: int, batch: Batch, record: BatchRecord) -> None:
    """Write the rows of batch `index`, then its commit mark.

    Raises ValueError for rows of another shape or unknown codes; StoreProblem if
    the store cannot be written.
    """
    layout = store.layout
    start, stop = layout.runs_of(index)
    _check(layout, start, stop, batch)
    with store_errors(store.path):
        group = open_flying(store.path)
        array_of(group, "inputs")[start:stop] = batch.inputs
        array_of(group, "metrics")[start:stop] = batch.metrics
        if n_histories := len(batch.history):
            array_of(group, "history")[start : start + n_histories] = batch.history
        array_of(group, "batch_record")[index] = json.dumps(record._asdict())


def array_of(group: zarr.Group, name: str) -> zarr.Array:
    """One of a group's arrays."""
    return cast(zarr.Array, group[name])


def _check(layout: StoreLayout, start: int, stop: int, batch: Batch) -> None:
    expected = {
        "inputs": (stop - start, len(layout.input_names)),
        "metrics": (stop - start, len(layout.metric_names)),
        "history": layout.history_shape(start, stop),
    }
    for name, shape in expected.items():
        if (got := np.shape(getattr(batch, name))) != shape:
            raise ValueError(f"runs {start} to {stop - 1}: {name} is {got}, expected {shape}")
    for name, spec in layout.codes.items():
        values = np.unique(batch.metrics[:, layout.metric_names.index(name)])
        if not spec.knows(values):
            raise ValueError(f"runs {start} to {stop - 1}: {name} holds {values}, not all codes")


def read_records(store: Store) -> dict[int, BatchRecord]:
    """The commit marks of all batches whose chunks are all there, by batch."""
    texts = array_of(open_flying(store.path), "batch_record")[:]
    records = {}
    for index, text in enumerate(np.asarray(texts).tolist()):
        if text and _is_whole(store, index):
            fields = json.loads(text)
            records[index] = BatchRecord(**fields | {"status": BatchStatus(fields["status"])})
    return records


def _is_whole(store: Store, index: int) -> bool:
    """Whether the chunks of a batch are there: a missing one would read as NaN without a word."""
    layout, folder = store.layout, f"{store.path}/flying"
    if index < layout.n_history_batches and not os.path.exists(f"{folder}/history/c/{index}/0/0"):
        return False
    for name, columns in (("inputs", layout.input_names), ("metrics", layout.metric_names)):
        try:
            size = os.path.getsize(f"{folder}/{name}/c/{index}/0")
        except FileNotFoundError:
            return False
        if size != layout.batch_runs * max(1, len(columns)) * np.float64().nbytes:
            return False  # cut short: not compressed, so its size is known
    return True


def pending_batches(store: Store) -> list[int]:
    """Batches still to fly, in order: never committed, damaged, or lost to dying workers."""
    with store_errors(store.path):
        records = read_records(store)
    done = {i for i, record in records.items() if record.status == BatchStatus.COMMITTED}
    return [index for index in range(store.layout.n_batches) if index not in done]


def sweep(path: str) -> None:
    """Delete what writers killed in mid-write have left; only for who holds the store alone."""
    with store_errors(path):
        for leftover in Path(path).rglob("*.partial"):
            leftover.unlink(missing_ok=True)


def read_metrics(store: Store, batch: int) -> np.ndarray:
    """Metrics (run, metric) of one committed batch."""
    start, stop = store.layout.runs_of(batch)
    return np.asarray(array_of(open_flying(store.path), "metrics")[start:stop])
