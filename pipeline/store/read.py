"""A store as a dataset of named variables over `run`, finished or not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from pipeline.errors import BadInput, StoreProblem
from pipeline.store.compact import RUN_CHUNK, variable
from pipeline.store.flying import Store, read_layout, read_records
from pipeline.store.root import State, read_attributes, store_errors

_MOST_CHUNKS = 10  # of a damaged store, told one by one


def open_store(path: str | os.PathLike[str]) -> xr.Dataset:
    """The store at `path`, lazily: values are read when they are asked for.

    An unfinished store gives the committed runs only (coordinate `run`); its attribute `state` is
    not `finished`, and `runs_committed` counts them. One that its plans have stopped gives the
    first `stopped_at` runs: what landed beyond depends on who was quick.

    Raises BadInput if there is no store, StoreProblem if chunks of a finished one are missing.
    """
    address = os.path.abspath(path)
    attributes = store_attributes(address)
    with store_errors(address):
        if attributes["state"] == State.FINISHED:
            if missing := damage(address):
                raise StoreProblem("\n".join(f"{address}: {chunk}" for chunk in missing))
            return xr.open_dataset(address, engine="zarr", chunks=None, cache=False)
        if attributes["state"] == State.CREATING:
            return xr.Dataset(attrs=attributes | {"runs_committed": 0})
        return _partial(address, attributes)


def store_attributes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What the store at `path` says of itself. BadInput if there is none."""
    address = os.path.abspath(path)
    attributes = read_attributes(address)
    if attributes is None:
        raise BadInput(f"{address}: no such store")
    return attributes


def damage(path: str | os.PathLike[str]) -> list[str]:
    """Chunks that a finished store lacks, which would read as NaN without a word, a line each.

    None of an unfinished one: it flies again what it lacks. Raises BadInput if there is no store.
    """
    address = os.path.abspath(path)
    if store_attributes(address)["state"] != State.FINISHED:
        return []
    with store_errors(address):
        missing = [
            f"damaged: {name}: chunk {key} ({_rows(array, index)}) is missing"
            for name, array in zarr.open_group(address, mode="r").arrays()
            if array.nchunks_initialized != array.nchunks
            for index in np.ndindex(*array.cdata_shape)
            if not Path(address, name, key := array.metadata.encode_chunk_key(index)).exists()
        ]
    told = missing[:_MOST_CHUNKS]
    if more := len(missing) - len(told):
        told.append(f"damaged: {more} chunks more are missing")
    return [*told, "a finished store cannot be mended: fly it again"] if told else []


def _rows(array: zarr.Array, index: tuple[int, ...]) -> str:
    """The rows along the first dimension that a chunk holds: `run 0 to 99`."""
    first = index[0] * array.chunks[0]
    last = min(first + array.chunks[0], array.shape[0]) - 1
    dimension = (array.metadata.dimension_names or ("row",))[0]  # type: ignore[union-attr]
    return f"{dimension} {first} to {last}"


def _partial(path: str, attributes: dict) -> xr.Dataset:
    """The committed runs of a store in flight, under the names they will have."""
    layout = read_layout(path)
    store = Store(path, layout, State(attributes["state"]))
    committed = [np.arange(*layout.runs_of(batch)) for batch in sorted(read_records(store))]
    runs = np.concatenate(committed) if committed else np.arange(0)
    if attributes["state"] == State.STOPPED:
        runs = runs[runs < attributes["stopped_at"]]
    chunk = max(1, RUN_CHUNK // layout.batch_runs) * layout.batch_runs
    flying = xr.open_dataset(
        f"{path}/flying", engine="zarr", chunks={"run": chunk}, consolidated=False
    )
    rows = flying.isel(run=runs)
    variables = {}
    for source, dim, names in (
        ("inputs", "input", layout.input_names),
        ("metrics", "metric", layout.metric_names),
    ):
        for column, name in enumerate(names):
            what = variable(layout, name)
            values = rows[source].isel({dim: column}).astype(what.dtype)
            variables[name] = values.variable.copy()
            variables[name].attrs = what.attributes
    coordinates: dict = {"run": runs}
    if layout.n_history_batches:
        history_runs = runs[runs < layout.n_history_runs]
        coordinates |= {"history_run": history_runs, "time_s": ("time", list(layout.time_s))}
        histories = flying["history"].isel(history_run=history_runs)
        for channel, name in enumerate(layout.history_names):
            variables[name] = histories.isel(channel=channel).variable.copy()
            variables[name].attrs = variable(layout, name).attributes
    return xr.Dataset(variables, coordinates, attributes | {"runs_committed": len(runs)})
