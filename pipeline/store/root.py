"""The root of a store: its state, its provenance, and who may write to it.

A store lives through these states, kept in the attributes of its root group:

    creating -> flying -> compacting -> finished
                flying <-> stopped

A gate stops a flight where the declared plans have decided, after `stopped_at` runs in run order:
such a store is complete by its plan. Flying on takes that back.

The root's zarr.json always carries consolidated metadata, which is what xarray believes. It lists
nothing until the last write of all, so an unfinished store opens as an empty dataset whose
attributes say so, and half-written variables are never seen.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.errors import BadInput, StoreProblem
from pipeline.sources import package_versions
from pipeline.store.layout import Provenance, StoreLayout

STORE_FORMAT = 1
_PACKAGES = ("dask", "distributed", "xarray", "zarr")  # to be told, not compared
_MOST_DIFFERENCES = 20  # told one by one


class State(StrEnum):
    CREATING = "creating"
    FLYING = "flying"
    STOPPED = "stopped"
    COMPACTING = "compacting"
    FINISHED = "finished"


@contextmanager
def store_errors(path: str) -> Iterator[None]:
    """Turn what the file system refuses into a StoreProblem that names the store."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        raise StoreProblem(
            f"{path}: {reason}{where}; finished batches stay valid, "
            "the same command resumes once that is mended"
        ) from error


@contextmanager
def exclusive(path: str) -> Iterator[None]:
    """Hold the store against a second driver; released by the system if this process dies.

    Raises StoreProblem if another process holds it.
    """
    folder = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreProblem(f"{path}: another hoverslam run is writing to it") from error
        yield
    finally:
        os.close(folder)


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_attributes(layout: StoreLayout, provenance: Provenance) -> dict[str, Any]:
    """Root attributes of a store that is about to be created."""
    return {
        **provenance.notes,
        "hoverslam_store": STORE_FORMAT,
        "state": State.CREATING,
        "campaign": provenance.campaign,
        "campaign_digest": provenance.campaign_digest,
        "physics_digest": provenance.physics_digest,
        "target": provenance.target,
        "sampling_digest": provenance.sampling_digest,
        "hoverslam_version": version("hoverslam"),
        "package_versions": package_versions() | {name: version(name) for name in _PACKAGES},
        "n_runs": layout.n_runs,
        "n_history_runs": layout.n_history_runs,
        "batch_runs": layout.batch_runs,
        "created_utc": utc_now(),
    }


def read_attributes(path: str) -> dict[str, Any] | None:
    """Root attributes of the store at `path`; None where there is nothing yet.

    Raises BadInput if something else is there.
    """
    folder = Path(path)
    if not folder.exists():
        return None
    if folder.is_dir():
        try:
            attributes = json.loads((folder / "zarr.json").read_text()).get("attributes", {})
        except FileNotFoundError:
            attributes = {}
            if all(entry.suffix == ".partial" for entry in folder.iterdir()):
                return None
        except ValueError:
            attributes = {}
        if attributes.get("hoverslam_store") == STORE_FORMAT:
            return attributes
    raise BadInput(
        f"{path}: exists and is not a store of this version of hoverslam; "
        "nothing was touched, give another path"
    )


def write_root(
    path: str, attributes: Mapping[str, Any], members: Mapping[str, Any] | None = None
) -> None:
    """Replace the root's metadata in one step; `members` are the arrays that xarray shall see."""
    document = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": dict(attributes),
        "consolidated_metadata": {
            "kind": "inline",
            "must_understand": False,
            "metadata": dict(members or {}),
        },
    }
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"zarr.json.{uuid.uuid4().hex}.partial"
    with partial.open("w") as file:
        file.write(json.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / "zarr.json")


def stop(path: str | os.PathLike[str], runs: int) -> None:
    """Record of a store in flight that its plans had decided after the first so many runs.

    Raises StoreProblem if it cannot be written, or another process flies on.
    """
    address = os.path.abspath(path)
    with exclusive(address), store_errors(address):
        attributes = read_attributes(address) or {}
        if attributes.get("state") in (State.FLYING, State.STOPPED):
            write_root(address, attributes | {"state": State.STOPPED, "stopped_at": runs})


def fly_on(path: str) -> None:
    """Take that back: more runs are to come. Only for who holds the store alone."""
    with store_errors(path):
        attributes = read_attributes(path) or {}
        if attributes.get("state") == State.STOPPED:
            del attributes["stopped_at"]
            write_root(path, attributes | {"state": State.FLYING})


def refuse_another(
    path: str, attributes: Mapping[str, Any], layout: StoreLayout, provenance: Provenance
) -> None:
    """Raise BadInput, naming each difference, unless the store was begun with the same."""
    asked = {
        "campaign_digest": provenance.campaign_digest,
        "physics_digest": provenance.physics_digest,
        "target": provenance.target,
        "sampling_digest": provenance.sampling_digest,
        "n_runs": layout.n_runs,
        "n_history_runs": layout.n_history_runs,
    }
    problems = [
        f"{path}: {name}: the store has {attributes.get(name)}, this run has {wanted}"
        for name, wanted in asked.items()
        if attributes.get(name) != wanted
    ]
    if attributes["campaign_digest"] != provenance.campaign_digest:
        kept = json.loads(attributes["campaign"])
        problems += _told(_differences(kept, json.loads(provenance.campaign), "campaign"))
    for name, here in package_versions().items():
        if (kept := attributes["package_versions"].get(name)) != here:
            problems.append(f"{path}: {name}: the store has {kept}, this run has {here}")
    if problems:
        raise BadInput([*problems, "a store is resumed only under the same; give another path"])


def refuse_other_layout(path: str, kept: StoreLayout, asked: StoreLayout) -> None:
    """Raise BadInput, naming each difference, unless the store holds what this run would write."""
    differences = _differences(kept.model_dump(), asked.model_dump(), "layout")
    if differences:
        raise BadInput([f"{path}: begun by another version of hoverslam", *differences])


def _told(differences: list[str]) -> list[str]:
    """So many of them that one can read; a table of winds may differ in thousands of places."""
    more = len(differences) - _MOST_DIFFERENCES
    return [*differences[:_MOST_DIFFERENCES], *([f"  and {more} more"] if more > 0 else [])]


def _differences(kept: Any, asked: Any, where: str) -> list[str]:
    """Every leaf in which two JSON values differ, as lines of text."""
    if isinstance(kept, dict) and isinstance(asked, dict):
        keys = sorted({*kept, *asked})
        pairs = [(f"{where}.{key}", kept.get(key), asked.get(key)) for key in keys]
    elif isinstance(kept, list) and isinstance(asked, list) and len(kept) == len(asked):
        pairs = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(kept, asked, strict=True))]
    elif kept != asked:
        return [f"  {where}: the store has {kept!r}, this run has {asked!r}"]
    else:
        return []
    return [line for name, old, new in pairs for line in _differences(old, new, name)]
