"""One run of a store, flown again: its row compared bit by bit, its history tick by tick.

The campaign is the one kept in the store, the draw that of the run's number, the flight that of
every campaign: the same compiled function on a full block. So under the same physics, target and
packages the row comes out in the same bytes; where one of those differs, the replay says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from pydantic import ValidationError

from models import jit
from models.flight import TICK_S
from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build, history
from pipeline.campaign import Campaign
from pipeline.errors import BadInput, problems_of
from pipeline.sources import SAMPLING_DIGEST, package_versions
from pipeline.store import open_store

Row = dict[str, float]


class Replay(NamedTuple):
    """A run flown again, beside what the store has of it."""

    run: int
    campaign: Campaign
    inputs: Row  # as drawn, in SI and radians
    metrics: Row
    history: xr.Dataset  # (time,) and (time, component), one sample per control tick
    changes: tuple[str, ...]  # what is not as it was when the store was flown
    differences: tuple[str, ...]  # values that are not, to the last bit, those of the store
    was_lost: bool  # the store's row says that nobody survived to fly it

    @property
    def is_faithful(self) -> bool:
        """Whether the store's row came out again, or had a reason not to."""
        return self.was_lost or bool(self.changes) or not self.differences


def refly(path: str | os.PathLike[str], run: int) -> Replay:
    """Fly run number `run` of the store at `path` again.

    Raises BadInput if there is no such store, no such run in it, or if it was flown by a version
    whose campaigns this one does not understand.
    """
    dataset = open_store(path)
    row = _row_of(dataset, path, run)
    campaign = _campaign_of(dataset.attrs, path)
    shared = build.setup(campaign)
    drawn = build.draws(campaign, run, run + 1)
    runs = build.cases(campaign, shared.design, drawn, run, run + 1)
    slots = round(float(campaign.limits.time_s) / TICK_S) + 1
    rows, histories, _, _ = batch.fly(shared, *runs, slots, every_ticks=1)
    flown = dict(zip(Metrics._fields, rows[0].tolist(), strict=True))
    metrics = {name: flown[name] for name in batch.metric_names(campaign)}
    inputs = {name: float(drawn[name][0]) for name in batch.input_names(campaign)}
    stored = {name: float(row[name]) for name in (*inputs, *metrics)}
    return Replay(
        run=run,
        campaign=campaign,
        inputs=inputs,
        metrics=metrics,
        history=history.of(histories[0], shared.n_legs),
        changes=_changes(dataset.attrs),
        differences=differences(stored, inputs | metrics),
        was_lost=stored["outcome"] == Outcome.infrastructure_error,
    )


def _campaign_of(attributes: dict, path: str | os.PathLike[str]) -> Campaign:
    """The campaign kept in the store; BadInput if another version's is not one of ours."""
    try:
        return Campaign.from_canonical(attributes["campaign"])
    except ValidationError as error:
        flown_with = f"hoverslam {attributes['hoverslam_version']}"
        raise BadInput(
            [
                f"{path}: flown with {flown_with}, physics {attributes['physics_digest']}; its "
                f"campaign cannot be flown with the physics here, {jit.PHYSICS_DIGEST}:",
                *(f"  campaign.{problem}" for problem in problems_of(error)),
            ]
        ) from error


def _row_of(dataset: xr.Dataset, path: str | os.PathLike[str], run: int) -> xr.Dataset:
    """The store's row of one run; BadInput, with the range, if it has none."""
    n_runs = dataset.attrs["n_runs"]
    if not 0 <= run < n_runs:
        raise BadInput(f"RUN: got {run}, expected 0 to {n_runs - 1}, the runs of {path}")
    if "run" not in dataset.coords or run not in dataset["run"]:
        raise BadInput(f"RUN: run {run} of {path} is not flown yet; `hoverslam run` goes on")
    return dataset.drop_dims(["time", "batch"], errors="ignore").sel(run=run).load()


def _changes(attributes: dict) -> tuple[str, ...]:
    """What differs between here and where the store was flown, of all that a row depends on."""
    pairs = [
        ("physics", attributes["physics_digest"], jit.PHYSICS_DIGEST),
        ("target", attributes["target"], jit.TARGET),
        ("sampling", attributes.get("sampling_digest"), SAMPLING_DIGEST),
        *((n, attributes["package_versions"].get(n), v) for n, v in package_versions().items()),
    ]
    return tuple(f"{name}: store {old}, here {new}" for name, old, new in pairs if old != new)


def differences(stored: Row, flown: Row) -> tuple[str, ...]:
    """Every value that is not the same to the last bit, NaN included."""
    return tuple(
        f"{name}: store {old!r}, replay {flown[name]!r}"
        for name, old in stored.items()
        if np.float64(old).tobytes() != np.float64(flown[name]).tobytes()
    )


def write_history(flight: Replay, path: Path) -> None:
    """Write the history as netCDF 3, with the run and its campaign in the attributes.

    Raises OSError if it cannot be written; half a file never has that name.
    """
    kept = {"run": flight.run, "campaign": flight.campaign.canonical()}
    history.write(flight.history.assign_attrs(kept), path)
