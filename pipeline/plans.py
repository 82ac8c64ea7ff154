"""How a requirement is judged by its plan: how far, with which bounds, and at which risks."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from math import log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.asked import (
    CurtailedPlan,
    EProcessPlan,
    FixedPlan,
    GroupSequentialPlan,
    Plan,
    Requirement,
)
from pipeline.statistics import binomial, e_process, sequential
from pipeline.statistics.binomial import MOST_RUNS, runs_needed
from pipeline.statistics.sequential import Boundary, Stop
from pipeline.words import count


class Finding(NamedTuple):
    """What runs say under a plan; limits are one-sided at the requirement's confidence."""

    passed: bool | None  # None: undecided
    stopped_at: int  # runs after which that was certain
    runs: int  # judged
    failures: int
    lower_bound: float
    upper_bound: float


class Promise(NamedTuple):
    """What a plan will do, told before anything is flown."""

    words: str
    runs: int  # at most
    allowed_failures: int | None  # in so many; None: it cannot pass
    fewest_runs: int  # that can pass
    reliability_for_9_in_10: float | None


class _Course(NamedTuple):
    """A plan with all that its chances depend on."""

    plan: Plan
    probability: float
    confidence: float
    runs: int  # of the campaign


def boundary(asked: Requirement, runs: int) -> Boundary:
    """Where the plan of a requirement stops, in a campaign of so many runs."""
    return _boundary(_course(asked, runs))


def finding(asked: Requirement, runs: int, failed: NDArray[np.bool_]) -> Finding:
    """What the runs `(run,)` flown, in run order and at least one, say of a campaign of `runs`."""
    course = _course(asked, runs)
    limits = _boundary(course)
    stop = sequential.walk(failed, limits)
    judged, last = stop, int(limits.runs[-1])
    if is_decided_at_the_end(asked) and failed.size >= last:
        # Certain before their end or not, these plans speak of all their runs
        judged = Stop(stop.passed, last, int(np.count_nonzero(failed[:last])))
    return Finding(stop.passed, stop.runs, judged.runs, judged.failures, *_bounds(course, judged))


def promise(asked: Requirement, runs: int) -> Promise:
    """What the plan of a requirement will do in a campaign of so many runs."""
    course = _course(asked, runs)
    limits = _boundary(course)
    last, allowed = int(limits.runs[-1]), int(limits.pass_at[-1])
    if allowed < 0:
        return Promise(_in_words(course), last, None, fewest_runs(asked), None)
    fewest = fewest_runs(asked)
    if isinstance(asked.plan, GroupSequentialPlan):
        fewest = int(limits.runs[np.argmax(limits.pass_at >= 0)])
    return Promise(_in_words(course), last, allowed, fewest, _reliability_for_9_in_10(course))


def pass_probability(asked: Requirement, runs: int, reliability: float) -> float:
    """How often a design of true `reliability` passes in a campaign of so many runs."""
    return _pass_probability(_course(asked, runs), reliability)


def fewest_runs(asked: Requirement) -> int:
    """Fewest runs with which a plan of this kind can pass at all, none of them a failure."""
    probability, confidence = asked.probability, asked.confidence
    match asked.plan:
        case CurtailedPlan(allowed_failures=allowed):
            return runs_needed(probability, confidence, allowed)
        case EProcessPlan():
            enough = -log1p(-confidence)
            return bisect_left(
                range(MOST_RUNS),
                True,
                key=lambda runs: e_process.log_e_value(runs, 0, probability) >= enough,
            )
    return runs_needed(probability, confidence)


# --- a course -------------------------------------------------------------------------------------


def _course(asked: Requirement, runs: int) -> _Course:
    return _Course(asked.plan, asked.probability, asked.confidence, runs)


@lru_cache(maxsize=64)
def _boundary(course: _Course) -> Boundary:
    match course.plan:
        case FixedPlan():
            return sequential.fixed(course.runs, course.probability, course.confidence)
        case CurtailedPlan(allowed_failures=allowed):
            needed = runs_needed(course.probability, course.confidence, allowed)
            return sequential.curtailed(needed, allowed)
        case GroupSequentialPlan():
            return sequential.group_sequential(course.plan.looks, _allowed_at_looks(course))
        case EProcessPlan():
            return e_process.e_process(course.runs, course.probability, course.confidence)


@lru_cache(maxsize=1024)
def _bounds(course: _Course, judged: Stop) -> tuple[float, float]:
    """One-sided limits of the reliability that fit the plan."""
    match course.plan:
        case GroupSequentialPlan():
            return sequential.bounds(_boundary(course), judged, course.confidence)
        case EProcessPlan():
            return e_process.anytime_bounds(judged, course.confidence)
    successes = judged.runs - judged.failures
    return (
        binomial.lower_bound(successes, judged.runs, course.confidence),
        binomial.upper_bound(successes, judged.runs, course.confidence),
    )


@lru_cache(maxsize=1024)
def _pass_probability(course: _Course, reliability: float) -> float:
    limits = _boundary(course)
    last, allowed = int(limits.runs[-1]), int(limits.pass_at[-1])
    if allowed < 0:
        return 0.0
    if isinstance(course.plan, FixedPlan | CurtailedPlan):
        return binomial.pass_probability(last, allowed, reliability)
    return sequential.pass_probability(limits, reliability)


@lru_cache(maxsize=64)
def _reliability_for_9_in_10(course: _Course) -> float:
    limits = _boundary(course)
    if isinstance(course.plan, FixedPlan | CurtailedPlan):
        return binomial.reliability_to_pass(int(limits.runs[-1]), int(limits.pass_at[-1]))
    return sequential.reliability_to_pass(limits)


def _allowed_at_looks(course: _Course) -> tuple[int, ...]:
    if not isinstance(course.plan, GroupSequentialPlan):
        return ()
    if course.plan.allowed_failures is not None:
        return course.plan.allowed_failures
    return sequential.spread_allowed(course.plan.looks, course.probability, course.confidence)


def is_decided_at_the_end(asked: Requirement) -> bool:
    """Whether stopping early never changes what the plan would say of all its runs."""
    return isinstance(asked.plan, FixedPlan | CurtailedPlan)


def _in_words(course: _Course) -> str:
    last = count(int(_boundary(course).runs[-1]))
    match course.plan:
        case CurtailedPlan(allowed_failures=allowed):
            return f"curtailed, {last} runs, {count(allowed)} failures allowed"
        case GroupSequentialPlan(looks=looks):
            allowed_at = zip(looks, _allowed_at_looks(course), strict=True)
            told = [f"{count(look)} ({most if most >= 0 else '-'})" for look, most in allowed_at]
            return f"group sequential, looks (failures allowed) at {', '.join(told)}"
        case EProcessPlan():
            return f"e-process, a look after every run up to {last}"
    return f"fixed, {last} runs"
