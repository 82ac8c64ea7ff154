"""Joins config, store and execution: one call flies a campaign into a store, or goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

from models import jit
from pipeline import batch, build, kernel, progress
from pipeline.campaign import Campaign
from pipeline.cluster import connect, read_resources
from pipeline.config import load_campaign
from pipeline.execute import execute
from pipeline.store import Provenance, State, Store, prepare_store
from pipeline.task import Job

RESULTS = Path("results")


def fly(
    named: str, n_runs: int | None, out: Path | None, scheduler: str | None, stream: TextIO
) -> Path:
    """Fly the campaign called `named` into a store; its path. Tells `stream` how far it is.

    Raises as `fly_campaign`; BadInput if the campaign cannot be flown.
    """
    campaign = load_campaign(named)
    if n_runs is not None:
        campaign = campaign.with_runs(n_runs)
    if campaign.sampling.no_gate:
        stream.write(f"not gated: {campaign.sampling.no_gate}\n")
    path = out or RESULTS / f"{campaign.name}.zarr"
    fly_campaign(campaign, path, scheduler, stream)
    return path


def fly_campaign(
    campaign: Campaign,
    path: Path,
    scheduler: str | None,
    stream: TextIO,
    watch: Callable[[Store], Callable[[int], bool]] = lambda store: lambda batch: False,
) -> None:
    """Fly a campaign into the store at `path`. Tells `stream` how far it is.

    watch: makes of the store what is told each batch that has landed, and says when to stop.

    A begun store is resumed, a finished one is left as it is. Nothing is written before the
    Dask configuration has been found good and the scheduler at the address, if one is given, has
    answered.

    Raises BadInput, StoreProblem, Interrupted.
    """
    resources = read_resources()
    cluster = partial(connect, resources, scheduler)
    if scheduler is not None and not path.exists():
        with cluster():
            pass
    canonical = campaign.canonical()
    store = prepare_store(
        path,
        batch.layout(campaign, resources.batch_runs),
        Provenance(canonical, jit.PHYSICS_DIGEST, jit.TARGET),
    )
    if store.state == State.FINISHED:
        stream.write(f"{path}: finished before, nothing to fly\n")

    def compile_kernel() -> None:
        stream.write("compiling the flight kernel, or finding it compiled\n")
        kernel.compile_once()
        build.setup(campaign)  # has small compiled functions of its own

    with progress.show(stream, is_exact=not campaign.sampling.no_gate) as listener:
        execute(store, Job(canonical), cluster, listener, compile_kernel, watch(store))
