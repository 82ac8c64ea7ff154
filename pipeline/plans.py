"""How a requirement is judged by its plan: how far, with which bounds, and at which risks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from math import log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.asked import (
    CurtailedPlan,
    EProcessPlan,
    FixedPlan,
    GroupSequentialPlan,
    Requirement,
)
from pipeline.sampling import DesignBase, Independent
from pipeline.statistics import binomial, sequential
from pipeline.statistics.binomial import MOST_RUNS, ROUNDING, runs_needed
from pipeline.statistics.sequential import Boundary
from pipeline.words import count, percent


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


def boundary(asked: Requirement, runs: int) -> Boundary:
    """Where the plan of a requirement stops, in a campaign of so many runs."""
    probability, confidence = asked.probability, asked.confidence
    match asked.plan:
        case FixedPlan():
            return sequential.fixed(runs, probability, confidence)
        case CurtailedPlan(allowed_failures=allowed):
            needed = runs_needed(probability, confidence, allowed)
            return sequential.curtailed(needed, allowed)
        case GroupSequentialPlan(looks=looks):
            return sequential.group_sequential(looks, _allowed_at_looks(asked, asked.plan))
        case EProcessPlan():
            return sequential.e_process(runs, probability, confidence)


def finding(asked: Requirement, runs: int, failed: NDArray[np.bool_]) -> Finding:
    """What the runs `(run,)` flown, in run order and at least one, say of a campaign of `runs`."""
    limits, confidence = boundary(asked, runs), asked.confidence
    stop = sequential.walk(failed, limits)
    if isinstance(asked.plan, EProcessPlan):
        return Finding(
            stop.passed, stop.runs, *stop[1:], *sequential.anytime_bounds(stop, confidence)
        )
    if isinstance(asked.plan, GroupSequentialPlan):
        return Finding(
            stop.passed, stop.runs, *stop[1:], *sequential.bounds(limits, stop, confidence)
        )
    # Certain before its end or not, these plans speak of all their runs, and Clopper-Pearson holds
    judged = min(failed.size, int(limits.runs[-1]))
    failures = int(np.count_nonzero(failed[:judged]))
    return Finding(
        stop.passed,
        stop.runs,
        judged,
        failures,
        binomial.lower_bound(judged - failures, judged, confidence),
        binomial.upper_bound(judged - failures, judged, confidence),
    )


def promise(asked: Requirement, runs: int) -> Promise:
    """What the plan of a requirement will do in a campaign of so many runs."""
    limits = boundary(asked, runs)
    last, allowed = int(limits.runs[-1]), int(limits.pass_at[-1])
    if allowed < 0:
        return Promise(_in_words(asked, limits), last, None, fewest_runs(asked), None)
    if is_decided_at_the_end(asked):
        fewest, reliable = fewest_runs(asked), binomial.reliability_to_pass(last, allowed)
    else:
        fewest = int(limits.runs[np.argmax(limits.pass_at >= 0)])
        reliable = sequential.reliability_to_pass(limits)
    return Promise(_in_words(asked, limits), last, allowed, fewest, reliable)


def pass_probability(asked: Requirement, runs: int, reliability: float) -> float:
    """How often a design of true `reliability` passes in a campaign of so many runs."""
    limits = boundary(asked, runs)
    allowed = int(limits.pass_at[-1])
    if allowed < 0:
        return 0.0
    if is_decided_at_the_end(asked):
        return binomial.pass_probability(int(limits.runs[-1]), allowed, reliability)
    return sequential.chances(limits, reliability).passes


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
                key=lambda runs: sequential.log_e_value(runs, 0, probability) >= enough,
            )
    return runs_needed(probability, confidence)


# --- plans that cannot do what they are asked -----------------------------------------------------


def problems(requirements: Iterable[Requirement], runs: int, sampling: DesignBase) -> Iterator[str]:
    """Every declared plan that cannot reach its confidence in `runs`, with what could."""
    for number, asked in enumerate(requirements):
        if not (is_decided_at_the_end(asked) or isinstance(sampling, Independent)):
            yield (
                f"requirements.{number}.plan.kind: got {asked.plan.kind}, which stops on the first "
                "of the runs, expected fixed or curtailed unless sampling.design is independent"
            )
        for where, problem in _problems(asked, runs):
            yield f"requirements.{number}.plan{where}: {problem}"


def ungateable(
    requirements: Iterable[Requirement], runs: int, sampling: DesignBase
) -> Iterator[str]:
    """Why a campaign cannot be gated: its design, or a requirement that its runs can never show."""
    if sampling.no_gate:
        yield f"sampling: got {sampling.describe(runs)}: {sampling.no_gate}"
    yield from problems(requirements, runs, sampling)
    for number, asked in enumerate(requirements):
        needed = fewest_runs(asked)
        if isinstance(asked.plan, FixedPlan) and needed > runs:
            yield (
                f"requirements.{number}: got {count(runs)} runs, which can never show "
                f"{_what(asked)}, expected at least {count(needed)}"
            )


def _problems(asked: Requirement, runs: int) -> Iterator[tuple[str, str]]:
    """Key below the plan, and what is wrong there."""
    match asked.plan:
        case CurtailedPlan(allowed_failures=allowed):
            if (needed := fewest_runs(asked)) > runs:
                yield (
                    ".allowed_failures",
                    f"got {allowed}, which takes {count(needed)} runs to show {_what(asked)}, "
                    f"expected a plan for the campaign's {count(runs)}",
                )
        case GroupSequentialPlan():
            yield from _problems_of_looks(asked, asked.plan, runs)
        case EProcessPlan():
            if (needed := fewest_runs(asked)) > runs:
                yield (
                    "",
                    f"got {count(runs)} runs, with which an e-process can never show "
                    f"{_what(asked)}, expected at least {count(needed)}",
                )


def _problems_of_looks(
    asked: Requirement, plan: GroupSequentialPlan, runs: int
) -> Iterator[tuple[str, str]]:
    last = plan.looks[-1]
    if last > runs:
        yield (
            ".looks",
            f"got a look at {count(last)}, expected none beyond the campaign's {count(runs)} runs",
        )
    if last < (needed := fewest_runs(asked)):
        yield (
            ".looks",
            f"got {count(last)} for the last look, at which nothing can show {_what(asked)}, "
            f"expected at least {count(needed)}",
        )
        return
    if plan.allowed_failures is None:
        return
    limits = sequential.group_sequential(plan.looks, plan.allowed_failures)
    risk = sequential.chances(limits, asked.probability).passes
    if risk > (1.0 - asked.confidence) * (1.0 + ROUNDING) or plan.allowed_failures[-1] < 0:
        possible = sequential.spread_allowed(plan.looks, asked.probability, asked.confidence)
        yield (
            ".allowed_failures",
            f"got {list(plan.allowed_failures)}, with which a design of just "
            f"{asked.probability:g} passes {percent(round(risk, 6))} of the time, expected more "
            f"than none and at most {percent(1.0 - asked.confidence)}: {list(possible)} would do",
        )


# --- helpers --------------------------------------------------------------------------------------


def is_decided_at_the_end(asked: Requirement) -> bool:
    """Whether stopping early never changes what the plan would say of all its runs."""
    return isinstance(asked.plan, FixedPlan | CurtailedPlan)


def _allowed_at_looks(asked: Requirement, plan: GroupSequentialPlan) -> tuple[int, ...]:
    if plan.allowed_failures is not None:
        return plan.allowed_failures
    return sequential.spread_allowed(plan.looks, asked.probability, asked.confidence)


def _what(asked: Requirement) -> str:
    return f"{asked.probability:g} at {percent(asked.confidence)} confidence"


def _in_words(asked: Requirement, limits: Boundary) -> str:
    last = count(int(limits.runs[-1]))
    match asked.plan:
        case CurtailedPlan(allowed_failures=allowed):
            return f"curtailed, {last} runs, {count(allowed)} failures allowed"
        case GroupSequentialPlan(looks=looks):
            allowed_at = zip(looks, _allowed_at_looks(asked, asked.plan), strict=True)
            told = [
                f"{count(look)} ({allowed if allowed >= 0 else '-'})"
                for look, allowed in allowed_at
            ]
            return f"group sequential, looks (failures allowed) at {', '.join(told)}"
        case EProcessPlan():
            return f"e-process, a look after every run up to {last}"
    return f"fixed, {last} runs"
