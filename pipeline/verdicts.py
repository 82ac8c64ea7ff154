"""What the gate says: a ruling on each requirement with its evidence, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.compare import Comparison, as_text
from pipeline.errors import ExitCode
from pipeline.ruling import Ruling
from pipeline.summary import Given
from pipeline.summary.text import as_plain, given_table, scrubbed_in_words
from pipeline.words import count, share


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

    runs: int  # judged: those that the plan looked at
    failures: int
    lower_bound: float
    upper_bound: float
    plan: str  # in words
    planned_runs: int
    allowed_failures: int | None  # in the planned runs; None: they cannot pass
    fewest_runs: int  # that can pass
    reliability_for_9_in_10: float | None  # true reliability that passes 9 times in 10
    risks: tuple[Risk, ...]
    figure: str  # the quantity a limit was set on, in words; empty for a success rate
    needed: Needed | None  # only where a fixed plan is inconclusive
    given: tuple[Given, ...]  # all runs flown, no injected failure, each branch


class Verdict(NamedTuple):
    """The ruling on one requirement."""

    requirement: str
    kind: str  # of requirement
    asked: str  # in words
    probability: float
    confidence: float
    ruling: Ruling
    reasons: tuple[str, ...]  # why the store cannot be judged, or says too little
    evidence: Evidence | None  # None where there is not a single run

    def text(self) -> str:
        """Ruling and evidence for people, some lines."""
        lines = [f"{self.ruling}  {self.requirement}: asked {self.asked}"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.evidence is not None:
            lines += [f"  {line}" for line in evidence_lines(self.evidence)]
            lines += [f"  {line}" for line in self._undecided(self.evidence)]
            if self.kind == "success":
                lines += given_table(self.evidence.given, self.confidence)
        return "\n".join(lines)

    def _undecided(self, found: Evidence) -> Iterator[str]:
        if self.ruling is Ruling.INCONCLUSIVE and found.runs < found.planned_runs:
            yield (
                f"undecided after {count(found.runs)} of {count(found.planned_runs)} planned runs: "
                "its limits are those of so many planned from the start"
            )


class Judgement(NamedTuple):
    """The verdicts on all requirements of a campaign, and on its baseline; all must hold."""

    store: str
    campaign: str
    seed: int
    campaign_digest: str
    physics_digest: str
    target: str
    runs: int  # flown
    scrubbed: int  # of these: never lifted off, no success
    stopped_at: int | None  # runs after which the plans had decided, if the flight stopped there
    verdicts: tuple[Verdict, ...]
    comparison: Comparison | None  # None without a baseline
    unjudged: tuple[str, ...] = ()  # what the campaign asks and nobody has looked at

    @property
    def ruling(self) -> Ruling:
        """The worst of the verdicts."""
        rulings = [verdict.ruling for verdict in self.verdicts]
        if self.comparison is not None:
            rulings.append(self.comparison.ruling)
        return min(rulings, key=list(Ruling).index)

    @property
    def exit_code(self) -> ExitCode:
        return self.ruling.exit_code

    def text(self) -> str:
        """All verdicts for people, the campaign's last."""
        flown = f"{count(self.runs)} runs of seed {self.seed}, physics {self.physics_digest}"
        lines = [f"{self.campaign}: {flown}", *(verdict.text() for verdict in self.verdicts)]
        if self.scrubbed:
            lines.append(scrubbed_in_words(self.scrubbed, self.runs))
        if self.comparison is not None:
            lines.append(as_text(self.comparison))
        lines += [f"not judged: {what}" for what in self.unjudged]
        if self.stopped_at is not None:
            alone = (
                self.comparison is None
                and any(
                    one.ruling is Ruling.INCONCLUSIVE and not one.reasons for one in self.verdicts
                )
                and self.ruling is Ruling.INCONCLUSIVE
            )
            what = "a margin on its baseline, which is not given here," if alone else "the plans"
            lines.append(f"stopped after {count(self.stopped_at)} runs: {what} had decided")
        return "\n".join([*lines, f"verdict: {self.ruling} (exit {int(self.exit_code)})"])

    def json(self) -> str:
        """The same for scripts, on one line."""
        return json.dumps(
            {"ruling": self.ruling, "exit_code": int(self.exit_code), **as_plain(self)}
        )


def evidence_lines(found: Evidence) -> Iterator[str]:
    """Counts, bounds, plan and risks in words."""
    yield f"plan: {found.plan}"
    runs, failures = count(found.runs), count(found.failures)
    yield (
        f"{runs} runs, {failures} failures: success {share(1.0 - found.failures / found.runs)}, "
        f"at least {share(found.lower_bound)}, at most {share(found.upper_bound)}"
    )
    if found.figure:
        yield found.figure
    planned = count(found.planned_runs)
    if found.allowed_failures is None:
        yield f"{planned} runs cannot pass: it takes {count(found.fewest_runs)} without a failure"
    else:
        reliable = share(found.reliability_for_9_in_10 or 0.0)
        yield (
            f"{planned} runs pass with at most {count(found.allowed_failures)} failures; "
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
