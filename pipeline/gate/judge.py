"""From a store to verdicts.

PASS if the one-sided lower bound reaches the requirement, FAIL if the upper bound at the same
confidence lies below it or a declared plan's allowed failures are exceeded, INCONCLUSIVE if
neither, INVALID if the store cannot be judged. Runs are taken in run order, never in the order in
which they came back: crashes end first. All requirements must hold, each at its own risk, without
a correction for their number; the worst verdict is the campaign's. Every run counts: one that was
scrubbed or lost is no success.
"""

from __future__ import annotations

import os
from bisect import bisect_left

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import betainc

from models.outcomes import Outcome
from pipeline.asked import FixedPlan, Requirement
from pipeline.compare import Terms, compare
from pipeline.fitness import Results, unfit
from pipeline.gate.figures import asked_in_words, figure
from pipeline.gate.launched import too_few_launched
from pipeline.kept import KeptCampaign
from pipeline.plans import Finding, finding, pass_probability, promise
from pipeline.requirements import outcomes, success
from pipeline.ruling import Ruling, ruling_of
from pipeline.statistics.binomial import MOST_RUNS, runs_needed
from pipeline.summary.success import requirement_summary
from pipeline.verdicts import Evidence, Judgement, Needed, Risk, Verdict

Rows = NDArray[np.intp]

RISK_STEPS = (1.0, 0.5, 0.2, 0.1)  # of the unreliability asked for


def judge(
    store: str | os.PathLike[str],
    baseline: str | os.PathLike[str] | None = None,
    terms: Terms | None = None,
) -> Judgement:
    """The verdicts on the store at that path, by the requirements of its own campaign.

    A store that is not what was written is INVALID. Raises BadInput if there is no store,
    DamagedStore, with the same exit code, if one does not even say what was asked of it.
    """
    against = None if baseline is None else Results.of(baseline)
    return judge_results(Results.of(store), against, terms)


def judge_dataset(dataset: xr.Dataset, campaign: KeptCampaign, store: str = "") -> Judgement:
    """The verdicts on a dataset from `open_store`."""
    return _judged(Results(dataset, store), campaign)


def judge_results(
    results: Results, baseline: Results | None = None, terms: Terms | None = None
) -> Judgement:
    """The verdicts on a store, and on the step from its baseline."""
    campaign = KeptCampaign.of(results.dataset.attrs)
    judgement = _judged(results, campaign)
    if baseline is None:
        at_most = campaign.newly_broken_at_most
        unjudged = () if at_most is None else (f"newly_broken_at_most {at_most:g}, no baseline",)
        return judgement._replace(unjudged=unjudged)
    return judgement._replace(comparison=compare(baseline, results, terms or Terms()))


def _judged(results: Results, campaign: KeptCampaign) -> Judgement:
    reasons = tuple(unfit(results))
    attributes = results.dataset.attrs
    return Judgement(
        store=results.store,
        campaign=campaign.name,
        seed=campaign.seed,
        campaign_digest=str(attributes["campaign_digest"]),
        physics_digest=str(attributes["physics_digest"]),
        target=str(attributes["target"]),
        runs=results.runs,
        scrubbed=_scrubbed(results.dataset),
        stopped_at=results.stopped_at,
        verdicts=tuple(
            _verdict(results.dataset, asked, reasons, bool(campaign.sampling.no_gate))
            for asked in campaign.requirements
        ),
        comparison=None,
    )


def _scrubbed(dataset: xr.Dataset) -> int:
    if not dataset.sizes.get("run", 0):
        return 0
    return int(np.count_nonzero(outcomes(dataset) == Outcome.scrubbed))


def _verdict(
    dataset: xr.Dataset, asked: Requirement, reasons: tuple[str, ...], is_unbounded: bool
) -> Verdict:
    """The ruling on one requirement. is_unbounded: no exact bound fits the design."""
    evidence = None
    ruling = Ruling.INVALID
    if dataset.sizes.get("run", 0) and not is_unbounded:
        rows = np.argsort(np.asarray(dataset["run"]), kind="stable")
        found = finding(asked, int(dataset.attrs["n_runs"]), ~success(dataset, asked)[rows])
        if not reasons:
            ruling = ruling_of(found.passed)
        evidence = _evidence(dataset, asked, found, rows, ruling)
        if ruling is Ruling.PASS and (reasons := too_few_launched(dataset, asked, found)):
            ruling = Ruling.INCONCLUSIVE
    return Verdict(
        requirement=asked.name,
        kind=asked.kind,
        asked=asked_in_words(asked),
        probability=asked.probability,
        confidence=asked.confidence,
        ruling=ruling,
        reasons=reasons,
        evidence=evidence,
    )


def _evidence(
    dataset: xr.Dataset, asked: Requirement, found: Finding, rows: Rows, ruling: Ruling
) -> Evidence:
    """What the runs show about a requirement, and what more would be needed.

    rows: those of the runs in run order, `(run,)`.
    """
    planned = int(dataset.attrs["n_runs"])
    plan = promise(asked, planned)
    reliable = [1.0 - step * (1.0 - asked.probability) for step in RISK_STEPS]
    is_fixed = isinstance(asked.plan, FixedPlan) and found.runs == planned
    undecided = ruling is Ruling.INCONCLUSIVE and is_fixed
    return Evidence(
        runs=found.runs,
        failures=found.failures,
        lower_bound=found.lower_bound,
        upper_bound=found.upper_bound,
        plan=plan.words,
        planned_runs=plan.runs,
        allowed_failures=plan.allowed_failures,
        fewest_runs=plan.fewest_runs,
        reliability_for_9_in_10=plan.reliability_for_9_in_10,
        risks=()
        if plan.allowed_failures is None
        else tuple(Risk(true, pass_probability(asked, planned, true)) for true in reliable),
        figure=figure(dataset, asked, found, rows),
        needed=_needed(asked, found) if undecided else None,
        given=requirement_summary(dataset, asked).given,
    )


def _needed(asked: Requirement, found: Finding) -> Needed:
    """Runs that would settle it: if no more fail, and, about, if failures go on as they came."""
    runs, failures = found.runs, found.failures
    probability, confidence = asked.probability, asked.confidence
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
