"""Plans that cannot do what they are asked, found before anything is flown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.asked import (
    CurtailedPlan,
    EProcessPlan,
    FixedPlan,
    GroupSequentialPlan,
    Requirement,
)
from pipeline.plans import fewest_runs
from pipeline.sampling import Design, Independent
from pipeline.statistics import sequential
from pipeline.statistics.binomial import ROUNDING
from pipeline.words import count, percent


def problems(requirements: Iterable[Requirement], runs: int, sampling: Design) -> Iterator[str]:
    """Every declared plan that cannot reach its confidence in `runs`, with what could."""
    for number, asked in enumerate(requirements):
        if not isinstance(asked.plan, FixedPlan) and not isinstance(sampling, Independent):
            yield (
                f"requirements.{number}.plan.kind: got {asked.plan.kind}, which judges the first "
                f"of the runs, expected fixed with sampling.design {sampling.design}"
            )
        for where, problem in _problems(asked, runs):
            yield f"requirements.{number}.plan{where}: {problem}"


def ungateable(requirements: Iterable[Requirement], runs: int, sampling: Design) -> Iterator[str]:
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
            f"{asked.probability:g} passes {percent(round(risk, 4))} of the time, expected more "
            f"than none and at most {percent(1.0 - asked.confidence)}: {list(possible)} would do",
        )


def _what(asked: Requirement) -> str:
    return f"{asked.probability:g} at {percent(asked.confidence)} confidence"
