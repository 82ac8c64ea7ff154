"""What the gate says: a ruling on each requirement with its evidence, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from pipeline.errors import ExitCode
from pipeline.summary import Given
from pipeline.summary.text import as_plain, given_table
from pipeline.words import count, percent, share


class Ruling(StrEnum):
    """The verdicts, the worst first."""

    INVALID = "INVALID"  # the store cannot be judged
    FAIL = "FAIL"  # the upper bound lies below the requirement
    INCONCLUSIVE = "INCONCLUSIVE"  # the runs show neither
    PASS = "PASS"  # the lower bound reaches the requirement

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Ruling.INVALID: ExitCode.INVALID,
    Ruling.FAIL: ExitCode.FAIL,
    Ruling.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Ruling.PASS: ExitCode.DONE,
}


class Risk(NamedTuple):
    """How often a design of that true reliability passes with so many runs."""

    reliability: float
    pass_probability: float


class Needed(NamedTuple):
    """Runs in all that would settle an inconclusive verdict."""

    without_more_failures: int  # passes if no further run fails
    at_this_share: int | None  # settles it, about, if failures go on as they came; None: never
    ruling_at_this_share: Ruling


class Evidence(NamedTuple):
    """What the runs show about one requirement; bounds are one-sided at its confidence."""

    runs: int
    failures: int
    lower_bound: float
    upper_bound: float
    allowed_failures: int | None  # with so many runs; None: too few even without a failure
    fewest_runs: int  # that can pass, without a failure
    reliability_for_9_in_10: float | None  # true reliability that passes 9 times in 10
    risks: tuple[Risk, ...]
    needed: Needed | None  # only where the verdict is inconclusive
    given: tuple[Given, ...]  # all runs, no injected failure, each branch


class Verdict(NamedTuple):
    """The ruling on one requirement."""

    requirement: str
    probability: float
    confidence: float
    ruling: Ruling
    reasons: tuple[str, ...]  # why the store cannot be judged
    evidence: Evidence | None  # None where there is not a single run

    def text(self) -> str:
        """Ruling and evidence for people, some lines."""
        asked = f"{self.probability:g} at {percent(self.confidence)} confidence"
        lines = [f"{self.ruling}  {self.requirement}: asked {asked}"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.evidence is not None:
            lines += [f"  {line}" for line in _evidence(self.evidence)]
            lines += given_table(self.evidence.given, self.confidence)
        return "\n".join(lines)


class Judgement(NamedTuple):
    """The verdicts on all requirements of a campaign; all must hold."""

    store: str
    campaign: str
    campaign_digest: str
    physics_digest: str
    target: str
    verdicts: tuple[Verdict, ...]

    @property
    def ruling(self) -> Ruling:
        """The worst of the verdicts."""
        return min((v.ruling for v in self.verdicts), key=list(Ruling).index)

    @property
    def exit_code(self) -> ExitCode:
        return self.ruling.exit_code

    def text(self) -> str:
        """All verdicts for people, the campaign's last."""
        lines = [verdict.text() for verdict in self.verdicts]
        return "\n".join([*lines, f"verdict: {self.ruling} (exit {int(self.exit_code)})"])

    def json(self) -> str:
        """The same for scripts, on one line."""
        return json.dumps(
            {"ruling": self.ruling, "exit_code": int(self.exit_code), **as_plain(self)}
        )


def _evidence(found: Evidence) -> Iterator[str]:
    runs, failures = count(found.runs), count(found.failures)
    yield (
        f"{runs} runs, {failures} failures: success {share(1.0 - found.failures / found.runs)}, "
        f"at least {share(found.lower_bound)}, at most {share(found.upper_bound)}"
    )
    if found.allowed_failures is None:
        yield f"{runs} runs cannot pass: it takes {count(found.fewest_runs)} without a failure"
    else:
        reliable = share(found.reliability_for_9_in_10 or 0.0)
        yield (
            f"{runs} runs pass with at most {count(found.allowed_failures)} failures; "
            f"a design passes 9 times in 10 if its reliability is {reliable}"
        )
        chances = [f"{r.reliability:.6g}: {r.pass_probability:.3f}" for r in found.risks]
        yield f"probability to pass by true reliability: {', '.join(chances)}"
    if found.needed is not None:
        yield _needed(found.needed)


def _needed(needed: Needed) -> str:
    text = f"to decide: {count(needed.without_more_failures)} runs in all if no more fail; "
    if needed.at_this_share is None:
        return text + "never at this share of failures, which is the very one allowed"
    return text + (
        f"about {count(needed.at_this_share)} if failures go on as they came, "
        f"then {needed.ruling_at_this_share}"
    )
