"""How often one requirement is met: over all runs, and always also within each failure branch.

The probabilities of the branches are estimates, so the headline is one, too; what the vehicle does
without any failure, and what it survives, are not hidden in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.outcomes import Initiator, Outcome
from pipeline.asked import Requirement
from pipeline.requirements import Causes, Columns, Mask, causes, label, margin, outcomes, success
from pipeline.statistics.binomial import plan, plan_table
from pipeline.summary.estimate import INDEPENDENT, Estimator
from pipeline.summary.values import (
    ALL_RUNS,
    LAUNCHED,
    NO_FAILURE,
    Advice,
    Cause,
    Given,
    RequirementSummary,
    WorstRun,
)

MOST_ADVISED = 1e9  # runs
WORST_PER_CAUSE = 3  # so that a frequent cause does not hide the others
_NOT_FLOWN = (Outcome.scrubbed, Outcome.infrastructure_error)


def requirement_summary(
    metrics: Columns, requirement: Requirement, estimator: Estimator = INDEPENDENT
) -> RequirementSummary:
    """Success of all runs and of each branch, failures by cause, and the worst runs.

    Runs that were scrubbed are no success, and stand in no cause and no branch: they never flew.
    """
    ok = success(metrics, requirement)
    why = causes(metrics, requirement)
    scrubbed = outcomes(metrics) == Outcome.scrubbed
    initiator = np.asarray(metrics["initiator"]).astype(np.int64)
    return RequirementSummary(
        name=requirement.name,
        conditions=tuple(label(condition) for condition in requirement.holds),
        probability=requirement.probability,
        confidence=requirement.confidence,
        given=tuple(
            _given(name, ok, chosen, requirement.confidence, estimator)
            for name, chosen in _groups(initiator, outcomes(metrics))
        ),
        causes=tuple(
            Cause(name, number_of, _by_initiator(initiator, why.code == why.labels.index(name)))
            for name, number_of in why.counts().items()
            if name != Outcome.scrubbed.name
        ),
        scrubbed=int(np.count_nonzero(scrubbed & ~ok)),
        worst=_worst(metrics, requirement, why, initiator),
        advice=advice(requirement.probability, requirement.confidence, int(np.sum(~ok))),
        outer=estimator.spread(ok, requirement.confidence),
    )


def advice(probability: float, confidence: float, failures: int) -> Advice:
    """How many runs would show that probability, the failures as given and other numbers of them.

    Where the plan for so many failures takes more than MOST_ADVISED runs there is none to give.
    """
    plans = tuple(plan_table(probability, confidence))
    about = failures / (1.0 - probability)  # runs at which the share itself would just be met
    as_flown = plan(probability, confidence, failures) if about <= MOST_ADVISED else None
    return Advice(plans, as_flown)


def _groups(initiator: NDArray[np.int64], ended: NDArray[np.int64]) -> Iterator[tuple[str, Mask]]:
    """The runs to count success among, by name; a scrubbed one stands only among all."""
    launched = ended != Outcome.scrubbed
    yield ALL_RUNS, np.ones(initiator.shape, bool)
    if not launched.all():
        yield LAUNCHED, launched
    yield NO_FAILURE, launched & (initiator == Initiator.none)
    for branch in Initiator:
        if branch is not Initiator.none and branch in initiator[launched]:
            yield branch.name, launched & (initiator == branch)


def _given(name: str, ok: Mask, chosen: Mask, confidence: float, estimator: Estimator) -> Given:
    among = None if name == ALL_RUNS else chosen
    lower, upper = estimator.limits(ok, confidence, among)
    return Given(name, estimator.interval(ok, confidence, among), lower, upper)


def _by_initiator(initiator: NDArray[np.int64], chosen: Mask) -> dict[str, int]:
    codes, counts = np.unique(initiator[chosen], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {Initiator(int(codes[i])).name: int(counts[i]) for i in order}


def _worst(
    metrics: Columns, requirement: Requirement, why: Causes, initiator: NDArray[np.int64]
) -> tuple[WorstRun, ...]:
    """Failed runs of least margin, only so many of each cause; those not flown are left out."""
    margins = margin(metrics, requirement)
    failed = (why.code >= 0) & ~np.isin(outcomes(metrics), _NOT_FLOWN)
    chosen: list[int] = []
    for cause in np.unique(why.code[failed]):
        rows = np.flatnonzero(failed & (why.code == cause))
        chosen += rows[np.argsort(margins[rows], kind="stable")][:WORST_PER_CAUSE].tolist()
    chosen.sort(key=lambda row: (margins[row], why.code[row], row))
    run = np.asarray(metrics["run"])
    miss_m, speed_mps = (
        np.asarray(metrics[name]) for name in ("touchdown_miss_m", "touchdown_speed_mps")
    )
    return tuple(
        WorstRun(
            run=int(run[row]),
            margin=float(margins[row]),
            cause=why.labels[why.code[row]],
            initiator=Initiator(int(initiator[row])).name,
            touchdown_miss_m=float(miss_m[row]),
            touchdown_speed_mps=float(speed_mps[row]),
        )
        for row in chosen
    )
