"""A store as a dataset of named variables over `run`, finished or not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from pydantic import BaseModel, Json, PositiveInt, StrictInt, ValidationError

from pipeline.errors import BadInput, DamagedStore, problems_of
from pipeline.store.compact import variable
from pipeline.store.flying import Store, array_of, open_flying, read_layout, read_records
from pipeline.store.root import State, read_attributes, store_errors

_ALWAYS = ("run", "outcome")
_MOST_CHUNKS = 10  # of a damaged store, told one by one
_FLY_AGAIN = "such a store cannot be mended: fly it again"


class _Root(BaseModel):
    """What the root of every store says, whoever reads it."""

    state: State
    campaign: Json[dict[str, Any]]
    campaign_digest: str
    physics_digest: str
    target: str
    hoverslam_version: str
    package_versions: dict[str, str]
    n_runs: PositiveInt
    stopped_at: StrictInt | None = None


def open_store(path: str | os.PathLike[str]) -> xr.Dataset:
    """The store at `path`, checked, then lazy.

    Opening reads once, to see that it is whole, every chunk of a finished store but those of
    histories, and the codes of an unfinished one; values are then read when they are asked for.

    An unfinished store gives the committed runs only (coordinate `run`); its attribute `state` is
    not `finished`, and `runs_committed` counts them. One that its plans have stopped gives the
    first `stopped_at` runs: what landed beyond depends on who was quick.

    Raises BadInput if there is no store, DamagedStore if it is not what was written.
    """
    address = os.path.abspath(path)
    attributes = store_attributes(address)
    try:
        with store_errors(address):
            return _open(address, attributes)
    except (RuntimeError, ValueError, KeyError) as error:  # what cannot be decoded
        raise DamagedStore(address, [f"damaged: cannot be read: {error}", _FLY_AGAIN]) from error


def _open(path: str, attributes: dict[str, Any]) -> xr.Dataset:
    if attributes["state"] == State.FINISHED:
        if missing := damage(path):
            raise DamagedStore(path, missing)
        return xr.open_dataset(path, engine="zarr", chunks=None, cache=False)
    if attributes["state"] == State.CREATING:
        return xr.Dataset(attrs=attributes | {"runs_committed": 0})
    if not Path(path, "flying").is_dir():
        raise DamagedStore(path, [f"damaged: {attributes['state']}, without any flying rows"])
    return _partial(path, attributes)


def store_attributes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What the store at `path` says of itself.

    Raises BadInput if there is no store, DamagedStore if it does not say what every store says.
    """
    address = os.path.abspath(path)
    if spoilt := _spoilt_root(Path(address)):
        raise DamagedStore(address, [f"damaged: zarr.json {spoilt}", _FLY_AGAIN])
    attributes = read_attributes(address)
    if attributes is None:
        raise BadInput(f"{address}: no such store")
    try:
        _Root.model_validate(attributes)
    except ValidationError as error:
        problems = [f"damaged: zarr.json: {problem}" for problem in problems_of(error)]
        raise DamagedStore(address, [*problems, _FLY_AGAIN]) from error
    return attributes


def _spoilt_root(folder: Path) -> str:
    """What is wrong with the root of a folder that holds a store's arrays; empty if nothing."""
    root = folder / "zarr.json"
    if not root.exists():
        return "is missing" if any(folder.glob("*/zarr.json")) else ""
    try:
        told = json.loads(root.read_bytes())
    except ValueError as error:
        return f"cannot be read: {error}"
    is_group = isinstance(told, dict) and isinstance(told.get("attributes", {}), dict)
    return "" if is_group else "is not that of a group"


def damage(path: str | os.PathLike[str]) -> list[str]:
    """Chunks of a finished store that are missing or cannot be read, a line each.

    A missing one would read as NaN without a word. Every chunk but those of histories is read.
    None of an unfinished store: it flies again what it lacks. Raises BadInput if there is no store.
    """
    address = os.path.abspath(path)
    if store_attributes(address)["state"] != State.FINISHED:
        return []
    with store_errors(address):
        arrays = dict(zarr.open_group(address, mode="r").arrays())
    lacking = [f"damaged: {name}: is missing" for name in _ALWAYS if name not in arrays]
    spoilt = [line for name, array in arrays.items() for line in _spoilt(address, name, array)]
    told = [*lacking, *spoilt[:_MOST_CHUNKS]]
    if more := len(spoilt) - _MOST_CHUNKS:
        told += [f"damaged: {more} chunks more"] if more > 0 else []
    return [*told, _FLY_AGAIN] if told else []


def _spoilt(path: str, name: str, array: zarr.Array) -> Iterator[str]:
    """Chunks of one array that are not there, or not as they were written."""
    for index in np.ndindex(*array.cdata_shape):
        key = array.metadata.encode_chunk_key(index)
        where = f"damaged: {name}: chunk {key} ({_rows(array, index)})"
        if not Path(path, name, key).is_file():
            yield f"{where} is missing"
        elif array.attrs.get("role") != "history":
            try:
                values = np.asarray(array.get_block_selection(index))
            except (RuntimeError, ValueError, OSError) as error:  # decompression, checksum, disk
                yield f"{where} cannot be read: {error}"
                continue
            known = array.attrs.get("flag_values")
            if isinstance(known, list) and (odd := np.setdiff1d(values, known)).size:
                yield f"{where} holds {', '.join(map(str, odd.tolist()))}, which mean nothing"


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
        runs = runs[runs < (attributes.get("stopped_at") or 0)]
    if odd := list(_odd_codes(store, runs)):
        raise DamagedStore(path, [*odd, _FLY_AGAIN])
    # Blocks of one batch: those of a batch that is not committed are never read
    flying = xr.open_dataset(
        f"{path}/flying", engine="zarr", chunks={"run": layout.batch_runs}, consolidated=False
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


def _odd_codes(store: Store, runs: np.ndarray) -> Iterator[str]:
    """Codes of these runs, whole batches but the last, that mean nothing; NaN would pass for 0."""
    layout = store.layout
    metrics = array_of(open_flying(store.path), "metrics")
    columns = [layout.metric_names.index(name) for name in layout.codes]
    batches = np.unique(runs // layout.batch_runs).tolist()
    blocks = [np.asarray(metrics[slice(*layout.runs_of(b))])[:, columns] for b in batches]
    codes = np.concatenate(blocks)[: runs.size] if blocks else np.empty((0, len(columns)))
    for (name, spec), values in zip(layout.codes.items(), codes.T, strict=True):
        if odd := [f"{value:g}" for value in np.unique(values) if not spec.knows(value)]:
            yield f"damaged: {name} holds {', '.join(odd[:_MOST_CHUNKS])}, which mean nothing"
