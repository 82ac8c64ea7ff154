"""A store as a dataset of named variables over `run`, finished or not."""

from __future__ import annotations

import os

import numpy as np
import xarray as xr
import zarr

from pipeline.errors import BadInput, StoreProblem
from pipeline.store.compact import RUN_CHUNK, variable
from pipeline.store.flying import Store, read_layout, read_records
from pipeline.store.root import State, read_attributes, store_errors


def open_store(path: str | os.PathLike[str]) -> xr.Dataset:
    """The store at `path`, lazily: values are read when they are asked for.

    An unfinished store gives the committed runs only (coordinate `run`); its attribute `state` is
    not `finished`, and `runs_committed` counts them.

    Raises BadInput if there is no store, StoreProblem if chunks of a finished one are missing.
    """
    address = os.path.abspath(path)
    attributes = read_attributes(address)
    if attributes is None:
        raise BadInput(f"{address}: no such store")
    with store_errors(address):
        if attributes["state"] == State.FINISHED:
            _refuse_damaged(address)
            return xr.open_dataset(address, engine="zarr", chunks=None, cache=False)
        if attributes["state"] == State.CREATING:
            return xr.Dataset(attrs=attributes | {"runs_committed": 0})
        return _partial(address, attributes)


def _refuse_damaged(path: str) -> None:
    """A missing chunk would read as NaN without a word."""
    for name, array in zarr.open_group(path, mode="r").arrays():
        if (found := array.nchunks_initialized) != array.nchunks:
            raise StoreProblem(
                f"{path}: damaged: {name} has {found} of {array.nchunks} chunks; fly it again"
            )


def _partial(path: str, attributes: dict) -> xr.Dataset:
    """The committed runs of a store in flight, under the names they will have."""
    layout = read_layout(path)
    store = Store(path, layout, State(attributes["state"]))
    committed = [np.arange(*layout.runs_of(batch)) for batch in sorted(read_records(store))]
    runs = np.concatenate(committed) if committed else np.arange(0)
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
