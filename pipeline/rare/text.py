"""What came out about a rare failure, for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.rare.answer import Answer, Part
from pipeline.rare.crude import ACCURACY
from pipeline.rare.estimate import Estimate
from pipeline.rare.flight import NO_FAILURE
from pipeline.words import count, number, percent


def as_text(answer: Answer) -> str:
    """The answer in some lines: what it takes, each method, what fails, all strata together."""
    return "\n".join(
        [
            f"{answer.campaign}: how often {answer.requirement!r} fails",
            *_machine(answer),
            f"without an injected failure ({_margin(answer)}):",
            *_methods(answer),
            *_failures(answer),
            *_strata(answer),
        ]
    )


def duration(seconds: float) -> str:
    """A time in the unit that fits: 40 s, 12 min, 5 h, 8 d."""
    for size, name in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def _margin(answer: Answer) -> str:
    if not answer.slacks:
        return "no metric leads to its failures: the margin jumps"
    return f"margin: least of {', '.join(answer.slacks)}"


def _machine(answer: Answer) -> Iterator[str]:
    speed = f"{answer.runs_per_s:,.0f} runs/s on {answer.threads} threads"
    yield f"  pilot: {answer.pilot.notes[0]}; {speed}"
    needs = "; ".join(
        f"{number(need.probability)}: {count(need.runs)} runs, {duration(need.seconds)}"
        for need in answer.needs
    )
    yield f"  crude Monte Carlo to {percent(ACCURACY)} (one sigma) would take, at {needs}"


def _methods(answer: Answer) -> Iterator[str]:
    for estimate in answer.estimates:
        yield f"  {estimate.method}: {_value(estimate)}; {count(estimate.runs)} runs"
        yield from (f"    {note}" for note in estimate.notes)
    yield from (f"  {reason}" for reason in answer.not_flown)


def _value(estimate: Estimate) -> str:
    if not estimate.is_trusted:
        said = number(estimate.probability)
        return f"not to be trusted: {'; '.join(estimate.doubts)} (it says {said})"
    limits = (estimate.lower, estimate.upper, estimate.confidence)
    return _probability(estimate.probability, *limits)


def _probability(probability: float, lower: float, upper: float, confidence: float) -> str:
    limits = f"{number(lower)} to {number(upper)} at {percent(confidence)}"
    return f"{number(probability)}, {limits}"


def _failures(answer: Answer) -> Iterator[str]:
    found = answer.failures
    if found is None:
        return
    causes = ", ".join(
        f"{name.replace('_', ' ')} {percent(round(share, 3))}"
        for name, share in found.causes.items()
    )
    yield f"  failures, {found.looked_at} looked at: {causes}"
    common = ", ".join(
        f"{c.name} {number(c.median)} ({c.shift:+.1f} sigma, spread {c.spread:.1f})"
        for c in found.common
    )
    yield f"  what they have in common: {common or 'nothing that stands out'}"


def _strata(answer: Answer) -> Iterator[str]:
    if len(answer.parts) == 1 and answer.parts[0].name == NO_FAILURE:
        return
    yield "with injected failures (their probabilities are estimates):"
    yield from (_part(part) for part in answer.parts)
    total = answer.total
    all_runs = _probability(total.probability, total.lower, total.upper, total.confidence)
    yield f"  all runs: {all_runs} or more (limits of the parts added up)"


def _part(part: Part) -> str:
    e = part.estimate
    interval = f"{number(e.lower)} to {number(e.upper)}" if e.is_trusted else "not to be trusted"
    return (
        f"  {part.name.replace('_', ' '):<20} {number(part.probability):>9}  fails "
        f"{number(e.probability)}, {interval}"
    )
