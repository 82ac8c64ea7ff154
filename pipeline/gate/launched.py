"""Causes of failure, judged as their plans say, and by the runs that were launched at all.

A scrubbed run did not end in any way in flight. It stands in no cause, and speaks for the design
no more than against it: a cause passes only where the launched runs alone would show it.
"""

from __future__ import annotations

import os

import numpy as np
import xarray as xr

from models.outcomes import Outcome
from pipeline.asked import CauseRequirement, Requirement
from pipeline.compare import Terms
from pipeline.fitness import Results
from pipeline.gate.judge import judge_dataset as dataset_by_plan
from pipeline.gate.judge import judge_results as results_by_plan
from pipeline.kept import KeptCampaign
from pipeline.requirements import outcomes
from pipeline.ruling import Ruling
from pipeline.statistics.binomial import runs_needed
from pipeline.verdicts import Judgement, Verdict
from pipeline.words import count


def judge(
    store: str | os.PathLike[str],
    baseline: str | os.PathLike[str] | None = None,
    terms: Terms | None = None,
) -> Judgement:
    """The verdicts on the store at that path, by the requirements of its own campaign.

    A store that is not what was written is INVALID. Raises BadInput if there is no store.
    """
    against = None if baseline is None else Results.of(baseline)
    return judge_results(Results.of(store), against, terms)


def judge_dataset(dataset: xr.Dataset, campaign: KeptCampaign, store: str = "") -> Judgement:
    """The verdicts on a dataset from `open_store`."""
    return _by_launched(dataset_by_plan(dataset, campaign, store), dataset, campaign)


def judge_results(
    results: Results, baseline: Results | None = None, terms: Terms | None = None
) -> Judgement:
    """The verdicts on a store, and on the step from its baseline."""
    judgement = results_by_plan(results, baseline, terms)
    return _by_launched(judgement, results.dataset, KeptCampaign.of(results.dataset.attrs))


def _by_launched(judgement: Judgement, dataset: xr.Dataset, campaign: KeptCampaign) -> Judgement:
    pairs = zip(judgement.verdicts, campaign.requirements, strict=True)
    return judgement._replace(verdicts=tuple(_verdict(*pair, dataset) for pair in pairs))


def _verdict(verdict: Verdict, asked: Requirement, dataset: xr.Dataset) -> Verdict:
    """The verdict, undecided where it passes on runs that never lifted off."""
    found = verdict.evidence
    if verdict.ruling is not Ruling.PASS or found is None:
        return verdict
    if not isinstance(asked, CauseRequirement) or asked.outcome == Outcome.scrubbed.name:
        return verdict
    judged = outcomes(dataset.sortby("run"))[: found.runs]
    launched = int(np.count_nonzero(judged != Outcome.scrubbed))
    needed = runs_needed(asked.probability, asked.confidence, found.failures)
    if launched >= needed:
        return verdict
    reason = (
        f"undecided: {count(launched)} of {count(found.runs)} runs were launched, and a scrubbed "
        f"run says nothing of a cause; it takes {count(needed)} launched to pass with "
        f"{count(found.failures)} failures"
    )
    return verdict._replace(ruling=Ruling.INCONCLUSIVE, reasons=(reason,))
