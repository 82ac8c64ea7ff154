"""The gate: do the exact bounds reach what the campaign asks?

PASS if the one-sided lower Clopper-Pearson bound reaches the requirement, FAIL if the upper bound
at the same confidence lies below it, INCONCLUSIVE if neither, INVALID if the store cannot be
judged. All requirements must hold, each at its own risk, without a correction for their number;
the worst verdict is the campaign's. Every run counts: one that was scrubbed or lost is no success.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_left

import numpy as np
import xarray as xr
from scipy.special import betainc

from models.outcomes import Outcome
from pipeline.asked import Requirement
from pipeline.kept import KeptCampaign
from pipeline.requirements import outcomes
from pipeline.statistics.binomial import (
    MOST_RUNS,
    allowed_failures,
    pass_probability,
    reliability_to_pass,
    runs_needed,
    shows,
)
from pipeline.store import State, open_store
from pipeline.summary.success import requirement_summary
from pipeline.summary.values import RequirementSummary
from pipeline.verdicts import Evidence, Judgement, Needed, Risk, Ruling, Verdict
from pipeline.words import count, percent

MOST_INFRASTRUCTURE_ERRORS = 0.001  # share of the runs; beyond it no verdict
RISK_STEPS = (1.0, 0.5, 0.2, 0.1)  # of the unreliability asked for


def judge(store: str | os.PathLike[str]) -> Judgement:
    """The verdicts on the store at that path, by the requirements of its own campaign.

    Raises BadInput if there is no store, StoreProblem if a finished one is damaged.
    """
    dataset = open_store(store)
    return judge_dataset(dataset, KeptCampaign.of(dataset.attrs), os.fspath(store))


def judge_dataset(dataset: xr.Dataset, campaign: KeptCampaign, store: str = "") -> Judgement:
    """The verdicts on a dataset from `open_store`."""
    reasons = tuple(unfit(dataset))
    return Judgement(
        store=store,
        campaign=campaign.name,
        campaign_digest=str(dataset.attrs["campaign_digest"]),
        physics_digest=str(dataset.attrs["physics_digest"]),
        target=str(dataset.attrs["target"]),
        verdicts=tuple(_verdict(dataset, asked, reasons) for asked in campaign.requirements),
    )


def unfit(dataset: xr.Dataset) -> list[str]:
    """Why a dataset cannot be judged; empty if it can."""
    reasons = []
    attributes = dataset.attrs
    expected, found = int(attributes["n_runs"]), dataset.sizes.get("run", 0)
    if attributes["state"] != State.FINISHED:
        reasons.append(
            f"the store is unfinished ({attributes['state']}): {count(found)} of "
            f"{count(expected)} runs; `hoverslam run` resumes it"
        )
    if hashlib.sha256(attributes["campaign"].encode()).hexdigest() != attributes["campaign_digest"]:
        reasons.append("the campaign kept in the store is not the one it was flown with")
    if not found:
        return [*reasons, "the store has no runs"]
    ids, times = np.unique(np.asarray(dataset["run"]), return_counts=True)
    if missing := expected - np.count_nonzero((ids >= 0) & (ids < expected)):
        reasons.append(f"{count(int(missing))} of {count(expected)} run ids are missing")
    if strangers := np.count_nonzero((ids < 0) | (ids >= expected)):
        reasons.append(f"{count(int(strangers))} run ids are not of this campaign")
    if twice := np.count_nonzero(times > 1):
        reasons.append(f"{count(int(twice))} run ids are there more than once")
    errors = int(np.count_nonzero(outcomes(dataset) == Outcome.infrastructure_error))
    if errors > MOST_INFRASTRUCTURE_ERRORS * found:
        reasons.append(
            f"{count(errors)} of {count(found)} runs are infrastructure errors, "
            f"more than {percent(MOST_INFRASTRUCTURE_ERRORS)}"
        )
    return reasons


def evidence(found: RequirementSummary, ruling: Ruling) -> Evidence:
    """What the runs show about a requirement, and what more would be needed."""
    runs, failures = found.overall.interval.runs, found.failures
    allowed = allowed_failures(runs, found.probability, found.confidence)
    asked = [1.0 - step * (1.0 - found.probability) for step in RISK_STEPS]
    return Evidence(
        runs=runs,
        failures=failures,
        lower_bound=found.overall.lower_bound,
        upper_bound=found.overall.upper_bound,
        allowed_failures=allowed,
        fewest_runs=runs_needed(found.probability, found.confidence),
        reliability_for_9_in_10=None if allowed is None else reliability_to_pass(runs, allowed),
        risks=()
        if allowed is None
        else tuple(Risk(true, pass_probability(runs, allowed, true)) for true in asked),
        needed=_needed(found) if ruling is Ruling.INCONCLUSIVE else None,
        given=found.given,
    )


def _verdict(dataset: xr.Dataset, asked: Requirement, reasons: tuple[str, ...]) -> Verdict:
    runs = dataset.sizes.get("run", 0)
    found = requirement_summary(dataset, asked) if runs else None
    if found is None or reasons:
        ruling = Ruling.INVALID
    elif shows(runs, found.failures, asked.probability, asked.confidence):
        ruling = Ruling.PASS
    elif found.overall.upper_bound < asked.probability:
        ruling = Ruling.FAIL
    else:
        ruling = Ruling.INCONCLUSIVE
    return Verdict(
        requirement=asked.name,
        probability=asked.probability,
        confidence=asked.confidence,
        ruling=ruling,
        reasons=reasons,
        evidence=None if found is None else evidence(found, ruling),
    )


def _needed(found: RequirementSummary) -> Needed:
    """Runs that would settle it: if no more fail, and, about, if failures go on as they came."""
    runs, failures = found.overall.interval.runs, found.failures
    probability, confidence = found.probability, found.confidence
    doing_well = failures < (1.0 - probability) * runs

    def settled(more: int) -> bool:
        # The same tests as the verdict's, with failures between whole numbers
        expected = failures / runs * more
        if doing_well:
            return bool(betainc(more - expected, expected + 1.0, probability) <= 1.0 - confidence)
        return bool(betainc(more - expected + 1.0, expected, probability) > confidence)

    at_this_share = runs + bisect_left(range(runs, MOST_RUNS), True, key=settled)
    return Needed(
        without_more_failures=runs_needed(probability, confidence, failures),
        at_this_share=at_this_share if at_this_share < MOST_RUNS else None,
        ruling_at_this_share=Ruling.PASS if doing_well else Ruling.FAIL,
    )
