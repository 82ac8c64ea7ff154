"""Gating a campaign: fly what its plans need, in run order, and judge that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import xarray as xr

from models import jit
from pipeline import plan_checks, plans
from pipeline.asked import Requirement
from pipeline.campaign import Campaign
from pipeline.compare import NoneBroken, Terms, broken, check_names, margins_of, refused
from pipeline.config import load_campaign
from pipeline.errors import BadInput
from pipeline.fitness import Results
from pipeline.gate.judge import judge, judge_results
from pipeline.gate.watch import Plan, Watch
from pipeline.requirements import Columns, Mask, success
from pipeline.run import RESULTS, fly_campaign
from pipeline.store import Provenance, State, Store, stop
from pipeline.verdicts import Judgement
from pipeline.words import count, percent


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
    margins = () if ask.baseline is None else margins_of(campaign, ask.terms)
    hopeless = (_hopeless(margin, campaign.runs) for margin in margins[:1])
    if problems := [f"{campaign.name}: {problem}" for problem in (*needed, *hopeless) if problem]:
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
        if problem := _cut_short(margins, campaign.runs, baseline):
            raise BadInput(problem)
    followed = [_plan(asked, campaign.runs) for asked in campaign.requirements]
    if baseline is not None:
        followed += [_paired(margin, campaign.runs, baseline.dataset) for margin in margins]
    _fly(campaign, path, followed, (ask.scheduler, stream))
    return judge_results(Results.of(path), baseline, ask.terms)


def _fly(
    campaign: Campaign, path: Path, followed: list[Plan], how: tuple[str | None, TextIO]
) -> None:
    """Fly until the plans have decided, and record in the store where they had.

    how: scheduler and stream.
    """
    watches: list[Watch] = []

    def watch(store: Store) -> Watch:
        watches.append(Watch(store, followed))
        return watches[0]

    fly_campaign(campaign, path, *how, watch)
    stopped_at = watches[0].decided_at
    if stopped_at is not None:
        stop(path, stopped_at)


def _plan(asked: Requirement, runs: int) -> Plan:
    """A requirement's plan, to be followed."""

    def failed(metrics: Columns, start: int, stop: int) -> Mask:
        return ~success(metrics, asked)

    return Plan(plans.boundary(asked, runs), failed)


def _hopeless(margin: NoneBroken, runs: int) -> str:
    """Why so many runs can never show the margin; empty if they can."""
    if (needed := plans.fewest_runs(margin)) <= runs:
        return ""
    return (
        f"newly_broken_at_most: got {1.0 - margin.probability:g}, which {count(runs)} runs can "
        f"never show at {percent(margin.confidence)} confidence, expected at least {count(needed)}"
    )


def _cut_short(margins: Iterable[NoneBroken], runs: int, baseline: Results) -> str:
    """Why so few runs of the baseline can never show a margin; empty if they can."""
    planned = min(runs, int(baseline.dataset.attrs["n_runs"]))
    for margin in margins:
        if np.any(plans.boundary(margin, planned).pass_at[: baseline.runs] >= 0):
            continue
        is_cut = baseline.stopped_at is not None
        remedy = "`hoverslam run` flies it to the end"
        return (
            f"--baseline: got {baseline.store}, whose {count(baseline.runs)} of {count(planned)} "
            f"planned runs can never show newly_broken_at_most {1.0 - margin.probability:g}; "
            + (remedy if is_cut else f"it takes at least {count(plans.fewest_runs(margin))}")
        )
    return ""


def _paired(margin: NoneBroken, runs: int, baseline: xr.Dataset) -> Plan:
    """The margin's plan, by the baseline's runs of the same numbers."""
    planned = min(runs, int(baseline.attrs["n_runs"]))
    landed = success(baseline.sortby("run"), margin.requirement)[:planned]

    def failed(metrics: Columns, start: int, stop: int) -> Mask:
        before = landed[start:stop]
        return broken(before, success(metrics, margin.requirement)[: before.size])

    return Plan(plans.boundary(margin, planned), failed)


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
