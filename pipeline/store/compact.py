"""The last step of a store: from one row per run to one named variable per quantity.

Nothing here depends on who flew what or in which batches, but for the `batch_*` variables. A kill
at any point leaves the flying arrays whole until the finished root stands; the next run starts
the step again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from pipeline.errors import StoreProblem
from pipeline.store.flying import HISTORY_CODEC, Store, array_of, open_flying, read_records
from pipeline.store.layout import BatchStatus, CodeSpec, StoreLayout
from pipeline.store.root import State, read_attributes, store_errors, utc_now, write_root
from pipeline.units import long_name_of

# Runs per chunk of the finished variables: 1 MB of float64, and what compaction holds at once
# is that times the number of metrics.
RUN_CHUNK = 131_072
HISTORY_CHUNK = 512
_CODEC = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")


class Variable(NamedTuple):
    """One named variable of a finished store."""

    name: str
    dtype: str
    dims: tuple[str, ...]
    attributes: dict[str, Any]


def variable(layout: StoreLayout, name: str) -> Variable:
    """How the input, metric or history called `name` stands in a finished store."""
    attributes: dict[str, Any] = {"long_name": long_name_of(name), "units": layout.unit(name)}
    if name in layout.history_names:
        attributes |= {"role": "history", "coordinates": "time_s history_run"}
        return Variable(name, "float32", ("history_run", "time"), attributes)
    if (spec := layout.codes.get(name)) is not None:
        attributes |= {"role": "code", **spec.attributes()}
        return Variable(name, spec.dtype, ("run",), attributes)
    role = "input" if name in layout.input_names else "metric"
    return Variable(name, "float64", ("run",), attributes | {"role": role})


def finish(store: Store) -> None:
    """Turn a store whose batches are all flown into a finished one; again, if need be.

    Raises StoreProblem if batches are missing or the store cannot be written.
    """
    attributes = read_attributes(store.path)
    if attributes is None:
        raise StoreProblem(f"{store.path}: the store is gone")
    with store_errors(store.path):
        if attributes["state"] != State.FINISHED:
            _refuse_incomplete(store)
            attributes.pop("stopped_at", None)
            attributes["state"] = State.COMPACTING
            write_root(store.path, attributes)
            names = [*_write_coordinates(store), *_write_rows(store), *_write_histories(store)]
            names += _write_batches(store)
            attributes |= {"state": State.FINISHED, "finished_utc": utc_now()}
            write_root(store.path, attributes, _metadata(store.path, names))
        _drop_flying(store.path)


def _drop_flying(path: str) -> None:
    """Remove the rows as flown: by now they are safe under their names."""
    shutil.rmtree(f"{path}/flying", ignore_errors=True)


def _refuse_incomplete(store: Store) -> None:
    records = read_records(store)
    missing = [index for index in range(store.layout.n_batches) if index not in records]
    if missing:
        raise StoreProblem(
            f"{store.path}: {len(missing)} of {store.layout.n_batches} batches are not flown "
            f"(the first is {missing[0]}); the same command resumes"
        )


def _write_coordinates(store: Store) -> list[str]:
    layout = store.layout
    ids = {"units": "1", "role": "index"}
    run = {"long_name": "run", **ids}
    _write(store.path, Variable("run", "int64", ("run",), run), np.arange(layout.n_runs))
    if not layout.n_history_batches:
        return ["run"]
    history_run = Variable(
        "history_run", "int64", ("history_run",), {"long_name": "run with a history", **ids}
    )
    _write(store.path, history_run, np.arange(layout.n_history_runs))
    clock = {"long_name": "time since the start of the run", "units": "s", "role": "index"}
    _write(store.path, Variable("time_s", "float64", ("time",), clock), np.array(layout.time_s))
    return ["run", "history_run", "time_s"]


def _write_rows(store: Store) -> list[str]:
    """Inputs and metrics, a block of runs at a time."""
    layout = store.layout
    written: list[str] = []
    flying = open_flying(store.path)
    for source, names in (("inputs", layout.input_names), ("metrics", layout.metric_names)):
        shape, chunks = (layout.n_runs,), (min(RUN_CHUNK, layout.n_runs),)
        arrays = [_create(store.path, variable(layout, name), shape, chunks) for name in names]
        for rows in _blocks(layout.n_runs, RUN_CHUNK):
            block = np.asarray(array_of(flying, source)[rows])
            for column, array in enumerate(arrays):
                array[rows] = block[:, column].astype(array.dtype)
        written += names
    return written


def _write_histories(store: Store) -> list[str]:
    layout = store.layout
    if not layout.n_history_batches:
        return []
    flying = open_flying(store.path)
    shape = (layout.n_history_runs, len(layout.time_s))
    chunks = (min(HISTORY_CHUNK, shape[0]), shape[1])
    arrays = [
        _create(store.path, variable(layout, name), shape, chunks, HISTORY_CODEC)
        for name in layout.history_names
    ]
    for rows in _blocks(layout.n_history_runs, HISTORY_CHUNK):
        block = np.asarray(array_of(flying, "history")[rows])
        for channel, array in enumerate(arrays):
            array[rows] = np.ascontiguousarray(block[..., channel])
    return list(layout.history_names)


def _write_batches(store: Store) -> list[str]:
    """What depends on how the campaign was flown, apart from the rows."""
    records = [record for _, record in sorted(read_records(store).items())]
    flags = CodeSpec.of(BatchStatus).attributes()
    columns: list[tuple[str, str, dict[str, Any], list]] = [
        ("batch_status", "int8", {"units": "1", **flags}, [r.status for r in records]),
        ("batch_kernel_s", "float64", {"units": "s"}, [r.kernel_s for r in records]),
        ("batch_worker", "string", {}, [r.worker for r in records]),
    ]
    for name, dtype, more, values in columns:
        attributes = {"long_name": long_name_of(name), "role": "batch", **more}
        _write(store.path, Variable(name, dtype, ("batch",), attributes), np.array(values))
    return [name for name, *_ in columns]


def _blocks(length: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, length)) for start in range(0, length, size))


def _write(path: str, what: Variable, values: np.ndarray) -> None:
    """A small variable in one chunk, or a long one in chunks of runs."""
    chunks = (min(RUN_CHUNK, len(values)),)
    _create(path, what, values.shape, chunks)[:] = values


def _create(
    path: str,
    what: Variable,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    codec: BloscCodec = _CODEC,
) -> zarr.Array:
    """A fresh, empty array in the place of whatever an earlier attempt left."""
    fill_value: dict[str, Any] = {"float64": np.nan, "float32": np.nan, "string": ""}
    return zarr.create_array(
        path,
        name=what.name,
        shape=shape,
        chunks=chunks,
        dtype=what.dtype,
        fill_value=fill_value.get(what.dtype, 0),
        compressors=[codec, Crc32cCodec()],  # a chunk that has changed is known for one
        dimension_names=what.dims,
        attributes=what.attributes,
        overwrite=True,
    )


def _metadata(path: str, names: list[str]) -> dict[str, Any]:
    return {name: json.loads(Path(path, name, "zarr.json").read_text()) for name in names}
