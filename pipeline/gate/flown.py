"""Gating a campaign: fly what its plans need, in run order, and judge that."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import xarray as xr

from models import jit
from pipeline import plan_checks, plans
from pipeline.asked import Requirement
from pipeline.campaign import Campaign
from pipeline.compare import Terms, broken, check_names, margin_of, refused
from pipeline.config import load_campaign
from pipeline.errors import BadInput
from pipeline.fitness import Results
from pipeline.gate.judge import judge, judge_results
from pipeline.gate.watch import Plan, Watch, decided_at
from pipeline.requirements import Columns, Mask, success
from pipeline.run import RESULTS, fly_campaign
from pipeline.statistics.sequential import walk
from pipeline.store import Provenance, State, open_store
from pipeline.verdicts import Judgement


class Ask(NamedTuple):
    """What the gate is asked, beyond the store or campaign itself."""

    baseline: Path | None = None
    terms: Terms = Terms()
    out: Path | None = None  # store of a campaign
    scheduler: str | None = None  # to fly it on


def gate(target: str, ask: Ask, stream: TextIO) -> Judgement:
    """The verdicts on a store, or on a campaign, which is flown as far as its plans need.

    target: a folder, or a name that ends in .zarr, is a store; all else a campaign. Raises
    BadInput, and what flying raises.
    """
    check_names(ask.terms.may_differ)
    if ask.baseline is None and ask.terms != Terms():
        raise BadInput("--allow, --newly-broken-at-most: expected --baseline with them")
    if Path(target).is_dir() or target.endswith(".zarr"):
        if ask.out is not None or ask.scheduler is not None:
            raise BadInput(f"--out, --scheduler: {target} is a store, which is not flown")
        return judge(target, ask.baseline, ask.terms)
    return gate_campaign(load_campaign(target), ask, stream)


def gate_campaign(campaign: Campaign, ask: Ask, stream: TextIO) -> Judgement:
    """Fly a campaign until its plans have decided, and judge it. Raises as `gate`.

    A plan that can never pass and a baseline that does not match are found before anything flies.
    """
    path = ask.out or RESULTS / f"{campaign.name}.zarr"
    needed = plan_checks.ungateable(campaign.requirements, campaign.runs, campaign.sampling)
    if problems := [f"{campaign.name}: {problem}" for problem in needed]:
        raise BadInput(problems)
    baseline = None if ask.baseline is None else Results.of(ask.baseline)
    if ask.baseline is not None and ask.baseline.resolve() == path.resolve():
        raise BadInput(
            f"--baseline: got {path}, to which the campaign itself is flown; give another --out"
        )
    if baseline is not None:
        unflown = _unflown(campaign, path)
        if comparison := refused(baseline, unflown, ask.terms):
            return judge_results(unflown)._replace(verdicts=(), comparison=comparison)
    followed = [_plan(asked, campaign.runs) for asked in campaign.requirements]
    margin = margin_of(campaign, ask.terms)
    if baseline is not None and margin is not None:
        followed.append(_paired(margin, campaign, baseline.dataset))
    fly_campaign(campaign, path, ask.scheduler, stream, lambda store: Watch(store, followed))
    return judge_results(_as_far_as_needed(path, followed), baseline, ask.terms)


def _plan(asked: Requirement, runs: int) -> Plan:
    """A requirement's plan, to be followed."""

    def failed(metrics: Columns, start: int, stop: int) -> Mask:
        return ~success(metrics, asked)

    return Plan(plans.boundary(asked, runs), failed)


def _paired(margin: Requirement, campaign: Campaign, baseline: xr.Dataset) -> Plan:
    """The margin's plan, by the baseline's runs of the same numbers."""
    first = campaign.requirements[0]
    landed = success(baseline.sortby("run"), first)[: campaign.runs]

    def failed(metrics: Columns, start: int, stop: int) -> Mask:
        before = landed[start:stop]
        return broken(before, success(metrics, first)[: before.size])

    return Plan(plans.boundary(margin, landed.size), failed)


def _as_far_as_needed(path: Path, followed: list[Plan]) -> Results:
    """The store, cut where its plans had decided if it was not flown to the end.

    What landed beyond is left out: it depends on who was quick.
    """
    dataset = open_store(path)
    if dataset.attrs["state"] == State.FINISHED:
        return Results(dataset, str(path))
    runs = np.asarray(dataset["run"])
    whole = int(np.argmin(np.append(runs, -1) == np.arange(runs.size + 1)))  # without a gap
    first = dataset.isel(run=slice(0, whole))
    stopped_at = decided_at(walk(plan.failed(first, 0, whole), plan.boundary) for plan in followed)
    return Results(dataset.isel(run=slice(0, stopped_at)), str(path), stopped_at=stopped_at)


def _unflown(campaign: Campaign, path: Path) -> Results:
    """The campaign as a store that has no runs yet."""
    provenance = Provenance(campaign.canonical(), jit.PHYSICS_DIGEST, jit.TARGET)
    attributes = {
        "campaign": provenance.campaign,
        "campaign_digest": provenance.campaign_digest,
        "physics_digest": provenance.physics_digest,
        "target": provenance.target,
        "n_runs": campaign.runs,
        "state": State.CREATING,
    }
    return Results(xr.Dataset(attrs=attributes), str(path))
