"""What came out about a rare failure, as a plain value and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from pipeline.errors import ExitCode
from pipeline.rare.crude import Need
from pipeline.rare.estimate import Estimate, contradict

ENOUGH_COUNTED = 10  # failures with which a count says more than any other method


class Part(NamedTuple):
    """One stratum of a campaign: its probability, and that of failing within it."""

    name: str
    probability: float
    estimate: Estimate


class Total(NamedTuple):
    """All strata together; limits add up those of the strata, each wide enough for all to hold."""

    probability: float
    lower: float
    upper: float
    confidence: float


class Common(NamedTuple):
    """What failures have in common on one parameter."""

    name: str
    median: float  # in the unit that the name says; NaN for a file of rows
    shift: float  # mean, in standard deviations of the law
    spread: float  # in standard deviations of the law


class Failures(NamedTuple):
    """What the failures found are like."""

    looked_at: int
    causes: dict[str, float]  # share by cause, most frequent first
    common: tuple[Common, ...]  # most telling first


class Answer(NamedTuple):
    """Probability of failing one requirement of a campaign."""

    campaign: str
    campaign_digest: str
    physics_digest: str
    requirement: str
    threads: int
    runs_per_s: float
    slacks: tuple[str, ...]  # what the margin is made of
    needs: tuple[Need, ...]  # of crude Monte Carlo
    pilot: Estimate
    estimates: tuple[Estimate, ...]  # without an injected failure
    not_flown: tuple[str, ...]  # methods left out, and why
    failures: Failures | None
    parts: tuple[Part, ...]  # that without a failure first, with the best estimate
    total: Total

    @property
    def best(self) -> Estimate:
        """The estimate to read, without an injected failure."""
        return best((self.pilot, *self.estimates))

    @property
    def exit_code(self) -> ExitCode:
        """INCONCLUSIVE where no method that was flown can be trusted."""
        trusted = any(estimate.is_trusted for estimate in self.estimates)
        return ExitCode.DONE if trusted else ExitCode.INCONCLUSIVE

    def json(self) -> str:
        """All of it on one line; an estimate that is not to be trusted has no limits."""
        plain = {
            **self._asdict(),
            "needs": [need._asdict() for need in self.needs],
            "pilot": _plain(self.pilot),
            "estimates": [_plain(estimate) for estimate in self.estimates],
            "best": _plain(self.best),
            "failures": None if self.failures is None else _failures(self.failures),
            "parts": [part._asdict() | {"estimate": _plain(part.estimate)} for part in self.parts],
            "total": self.total._asdict(),
            "exit_code": int(self.exit_code),
        }
        return json.dumps(plain)


def checked(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The estimates, those from replicates doubted where another that is trusted contradicts them.

    Counts are never doubted: there is nothing that they could have missed.
    """
    doubts: dict[int, list[str]] = {number: [] for number in range(len(estimates))}
    trusted = [(number, each) for number, each in enumerate(estimates) if each.is_trusted]
    for (i, one), (j, other) in combinations(trusted, 2):
        if contradict(one, other):
            said = f"{one.method} and {other.method} contradict each other"
            doubts[i] += [said] if one.replicates else []
            doubts[j] += [said] if other.replicates else []
    return [
        each._replace(doubts=(*each.doubts, *doubts[number]))
        for number, each in enumerate(estimates)
    ]


def best(estimates: tuple[Estimate, ...]) -> Estimate:
    """Counts where enough were counted, else the trusted estimate that is known most closely."""
    counted = [e for e in estimates if not e.replicates]
    most = max(counted, key=lambda e: e.runs)
    trusted = [e for e in estimates if e.is_trusted and e.replicates]
    if most.failures_counted >= ENOUGH_COUNTED or not trusted:
        return most
    return min(trusted, key=lambda e: e.upper / e.lower)


def _plain(estimate: Estimate) -> dict[str, object]:
    limits = (estimate.lower, estimate.upper) if estimate.is_trusted else (None, None)
    told = dict(zip(("lower", "upper"), limits, strict=True))
    return estimate._asdict() | told | {"trusted": estimate.is_trusted}


def _failures(found: Failures) -> dict[str, object]:
    common = [
        c._asdict() | {"median": None if c.median != c.median else c.median} for c in found.common
    ]
    return found._asdict() | {"common": common}
