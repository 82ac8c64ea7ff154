"""What is asked about a rare failure, and every mistake in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pipeline import sampling
from pipeline.asked import Requirement
from pipeline.campaign import Campaign
from pipeline.errors import BadInput
from pipeline.rare.importance import MOST_COORDINATES
from pipeline.spelling import hint

LEAST_SAMPLES = 100

Method = Literal["auto", "crude", "subset", "importance"]


class Ask(NamedTuple):
    """Which probability, how, and at what cost."""

    requirement: str | None = None  # its name; may be left out where there is but one
    method: Method = "auto"
    runs: int | None = None  # of crude Monte Carlo, whatever the budget
    budget_s: float = 600.0
    samples: int = 2000  # of subset simulation, in each level of a replicate
    parameters: tuple[str, ...] = ()  # for importance sampling; those that failures move if none


def check(campaign: Campaign, ask: Ask) -> Requirement:
    """The requirement that is meant. BadInput with every mistake."""
    problems = [*_requirement_problems(campaign, ask), *_number_problems(ask)]
    problems += _parameter_problems(campaign, ask)
    if problems:
        raise BadInput(problems)
    return next(r for r in campaign.requirements if ask.requirement in (None, r.name))


def _requirement_problems(campaign: Campaign, ask: Ask) -> Iterator[str]:
    names = [requirement.name for requirement in campaign.requirements]
    one_of = ", ".join(repr(name) for name in names)
    if ask.requirement is None and len(names) > 1:
        yield f"--requirement: missing, expected one of {one_of}"
    if ask.requirement is not None and ask.requirement not in names:
        yield f"--requirement: got {ask.requirement!r}, expected one of {one_of}"


def _number_problems(ask: Ask) -> Iterator[str]:
    if ask.runs is not None and ask.runs < 1:
        yield f"--runs: got {ask.runs}, expected >= 1"
    if ask.runs is not None and ask.method not in ("auto", "crude"):
        yield f"--runs: counts the runs of --method crude, got --method {ask.method}"
    if not ask.budget_s > 0.0:  # NaN fails as well
        yield f"--budget-s: got {ask.budget_s:g}, expected > 0"
    if ask.samples < LEAST_SAMPLES:
        yield f"--samples: got {ask.samples}, expected >= {LEAST_SAMPLES}"


def _parameter_problems(campaign: Campaign, ask: Ask) -> Iterator[str]:
    known = sampling.coordinates(campaign)
    for name in ask.parameters:
        if name not in known:
            yield f"--parameters: unknown parameter {name!r}{hint(name, known)}"
    if len(set(ask.parameters)) < len(ask.parameters):
        yield f"--parameters: got {', '.join(ask.parameters)}, expected each once"
    if len(ask.parameters) > MOST_COORDINATES:
        yield (
            f"--parameters: got {len(ask.parameters)}, expected at most {MOST_COORDINATES}: "
            "weights degenerate beyond"
        )
    if ask.parameters and ask.method not in ("auto", "importance"):
        yield f"--parameters: are those of --method importance, got --method {ask.method}"
