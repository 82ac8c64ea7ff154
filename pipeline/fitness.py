"""Whether a store may be judged at all: whole, its own, and flown without too many losses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from models.outcomes import Outcome
from pipeline.errors import BadInput, DamagedStore
from pipeline.kept import KeptCampaign
from pipeline.names import CODES
from pipeline.requirements import outcomes, success
from pipeline.store import State, open_store, store_attributes
from pipeline.words import count, percent

MOST_INFRASTRUCTURE_ERRORS = 0.001  # share of the runs; beyond it no verdict


class Results(NamedTuple):
    """A store to be judged."""

    dataset: xr.Dataset  # from `open_store`; no more than attributes where that is impossible
    store: str = ""
    damaged: tuple[str, ...] = ()  # why it cannot be opened, or lacks what its campaign asks

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Results:
        """The store at `path`.

        Raises BadInput if there is none, DamagedStore if it does not say what was asked of it.
        """
        store, attributes = os.fspath(path), store_attributes(path)
        try:
            campaign = KeptCampaign.of(attributes)
        except BadInput as bad:
            raise DamagedStore(store, bad.problems) from bad
        try:
            dataset = open_store(path)
            problems = tuple(_lacking(dataset, campaign))
        except DamagedStore as found:
            problems = found.problems
        return cls(xr.Dataset(attrs=attributes) if problems else dataset, store, problems)

    @property
    def runs(self) -> int:
        return int(self.dataset.sizes.get("run", 0))

    @property
    def stopped_at(self) -> int | None:
        """Runs after which its plans had decided, if it was stopped there."""
        if self.dataset.attrs["state"] != State.STOPPED:
            return None
        return int(self.dataset.attrs.get("stopped_at") or 0)


def unfit(results: Results) -> list[str]:
    """Why a store cannot be judged; empty if it can."""
    if results.damaged:
        return list(results.damaged)
    dataset, attributes, found = results.dataset, results.dataset.attrs, results.runs
    expected = int(attributes["n_runs"]) if results.stopped_at is None else results.stopped_at
    reasons = list(_wrong_numbers(results))
    if attributes["state"] not in (State.FINISHED, State.STOPPED):
        reasons.append(
            f"the store is unfinished ({attributes['state']}): {count(found)} of "
            f"{count(expected)} runs; `hoverslam run` resumes it"
        )
    if hashlib.sha256(attributes["campaign"].encode()).hexdigest() != attributes["campaign_digest"]:
        reasons.append("the campaign kept in the store is not the one it was flown with")
    if not found:
        return [*reasons, "the store has no runs"]
    if lacking := [name for name in CODES if name not in dataset]:
        return [*reasons, f"the store has no {' and no '.join(lacking)}"]
    return [
        *reasons,
        *_wrong_design(dataset),
        *_wrong_ids(dataset, expected),
        *_too_many_lost(dataset),
    ]


def _lacking(dataset: xr.Dataset, campaign: KeptCampaign) -> dict[str, None]:
    """Metrics that its own requirements need and that a store with runs does not have."""
    lacking: dict[str, None] = {}
    if "outcome" in dataset:
        for asked in campaign.requirements:
            try:
                success(dataset.isel(run=slice(1)), asked)
            except BadInput as bad:
                lacking |= dict.fromkeys(bad.problems)
    return lacking


def _wrong_numbers(results: Results) -> Iterator[str]:
    """Where the store does not hold as many runs as its campaign has."""
    asked, held = KeptCampaign.of(results.dataset.attrs).runs, int(results.dataset.attrs["n_runs"])
    if asked != held:
        yield f"the store is of {count(held)} runs, its campaign of {count(asked)}"
    if results.stopped_at is not None and not 1 <= results.stopped_at <= held:
        yield f"stopped_at: got {results.stopped_at}, expected 1 to {count(held)}"


def _wrong_design(dataset: xr.Dataset) -> Iterator[str]:
    sampling = KeptCampaign.of(dataset.attrs).sampling
    if sampling.no_gate:
        yield f"{sampling.describe(dataset.sizes['run'])}: {sampling.no_gate}"


def _wrong_ids(dataset: xr.Dataset, expected: int) -> Iterator[str]:
    ids, times = np.unique(np.asarray(dataset["run"]), return_counts=True)
    if missing := expected - np.count_nonzero((ids >= 0) & (ids < expected)):
        yield f"{count(int(missing))} of {count(expected)} run ids are missing"
    if strangers := np.count_nonzero((ids < 0) | (ids >= expected)):
        yield f"{count(int(strangers))} run ids are not of this campaign"
    if twice := np.count_nonzero(times > 1):
        yield f"{count(int(twice))} run ids are there more than once"


def _too_many_lost(dataset: xr.Dataset) -> Iterator[str]:
    found = dataset.sizes["run"]
    errors = int(np.count_nonzero(outcomes(dataset) == Outcome.infrastructure_error))
    if errors > MOST_INFRASTRUCTURE_ERRORS * found:
        yield (
            f"{count(errors)} of {count(found)} runs are infrastructure errors, "
            f"more than {percent(MOST_INFRASTRUCTURE_ERRORS)}"
        )
