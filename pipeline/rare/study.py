"""How often a campaign fails a requirement: which method, how much of it, and what came out.

A pilot measures the kernel's speed and the spread of each slack. Crude Monte Carlo is flown where
it fits the budget: there is nothing to doubt about it. Where it does not fit, subset simulation
finds the failures and importance sampling aims at them; each has random numbers of its own, so
that they check one another. Injected failures are strata of their own, and counted: given one,
failing is not rare. Time decides what is flown, never what comes out of it.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TextIO
from zlib import crc32

import numpy as np
from numpy.random import Generator as Random

from models import jit
from models.structs import Limits
from pipeline import build, kernel
from pipeline.asked import Requirement
from pipeline.campaign import Campaign
from pipeline.cluster import read_resources
from pipeline.config import load_campaign
from pipeline.rare import crude, importance, subset
from pipeline.rare.answer import Answer, Common, Failures, Part, Total, best
from pipeline.rare.ask import Ask, check
from pipeline.rare.crude import need
from pipeline.rare.estimate import CONFIDENCE, Estimate, Found, contradict, from_counts
from pipeline.rare.flight import Flights, Stratum, strata
from pipeline.rare.margin import Margin, calibrated
from pipeline.rare.points import Floats, LimitState, Points, draw
from pipeline.rare.text import duration
from pipeline.records import record
from pipeline.requirements import causes
from pipeline.words import count

PILOT_RUNS = 2048
BRANCH_RUNS = 512  # of each injected failure
ENOUGH_FAILURES = 3  # of the pilot, to size crude Monte Carlo by their share
USUAL_RARE = (1e-3, 1e-4, 1e-5, 1e-6)
PLANNED_LEVELS = 6  # of subset simulation, down to 1e-6
LOOKED_AT = 256  # failures flown again to say what they are
TOLD_COMMON = 5
TELL_EVERY_S = 10.0


def assess(named: str, ask: Ask, stream: TextIO) -> Answer:
    """Probability of failing a requirement of the campaign called `named`.

    Tells `stream` how far it is. Raises BadInput before anything is compiled or flown.
    """
    campaign = load_campaign(named)
    requirement = check(campaign, ask)
    threads = read_resources().n_workers
    stream.write("compiling the flight kernel, or finding it compiled\n")
    kernel.warm_up()
    return _Study(campaign, requirement, ask, _Clock(stream), threads).answer()


class _Clock:
    """Time since the first flight, and a line about it now and then."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.began_s = self.told_s = time.monotonic()
        self.runs = 0

    def elapsed_s(self) -> float:
        return time.monotonic() - self.began_s

    def flown(self, runs: int) -> None:
        """Count runs that have landed."""
        self.runs += runs
        if time.monotonic() >= self.told_s + TELL_EVERY_S:
            self.told_s = time.monotonic()
            self.stream.write(f"{count(self.runs)} runs, {duration(self.elapsed_s())}\n")


class _Study:
    """One requirement of one campaign."""

    def __init__(
        self, campaign: Campaign, requirement: Requirement, ask: Ask, clock: _Clock, threads: int
    ) -> None:
        self.campaign, self.requirement, self.ask, self.clock = campaign, requirement, ask, clock
        self.setup = build.setup(campaign)
        self.threads = threads
        self.not_flown: list[str] = []

    def answer(self) -> Answer:
        """Fly what the ask and the budget allow."""
        nominal, *branches = strata(self.campaign)
        flights = self._flights(nominal)
        began_s = self.clock.elapsed_s()
        pilot = flights.fly(draw(self._random("pilot"), PILOT_RUNS, len(flights.coordinates)))
        self.runs_per_s = PILOT_RUNS / (self.clock.elapsed_s() - began_s)
        limits = record(Limits, self.campaign.limits)
        margin = calibrated(self.requirement, self.setup.design, limits, pilot)
        counted = from_counts(int((margin.at(pilot) < 0.0).sum()), PILOT_RUNS)

        found = self._methods(flights, margin, counted)
        estimates = _checked([each.estimate for each in found])
        parts = [Part(nominal.name, nominal.probability, best((counted, *estimates)))]
        parts += [self._branch(stratum, margin) for stratum in branches]
        digest = sha256(self.campaign.canonical().encode()).hexdigest()
        return Answer(
            campaign=self.campaign.name,
            campaign_digest=digest,
            physics_digest=jit.PHYSICS_DIGEST,
            requirement=self.requirement.name,
            threads=self.threads,
            runs_per_s=self.runs_per_s,
            slacks=tuple(margin.spreads),
            needs=self._needs(counted, estimates),
            pilot=counted,
            estimates=tuple(estimates),
            not_flown=tuple(self.not_flown),
            failures=self._looked_at(flights, found),
            parts=tuple(parts),
            total=_total(parts),
        )

    # --- which methods ---

    def _methods(self, flights: Flights, margin: Margin, pilot: Estimate) -> list[Found]:
        """What was flown without an injected failure, method by method."""
        limit_state = self._limit_state(flights, margin)
        dimension = len(flights.coordinates)
        if self.ask.method == "crude" or self.ask.runs is not None or self._crude_fits(pilot):
            runs = self.ask.runs or _sized(pilot, self.runs_per_s)
            if self.ask.runs is None and not self._affordable("crude Monte Carlo", runs):
                return []
            return [crude.estimate(limit_state, dimension, self._random("crude"), runs)]
        size = subset.Size(self.ask.samples)
        planned = round(size.replicates * size.samples * (1.0 + 0.9 * (PLANNED_LEVELS - 1)))
        if not self._affordable("subset simulation", planned):
            return []
        found = [subset.estimate(limit_state, dimension, self._random("subset"), size)]
        if self.ask.method != "subset":
            found += self._importance(limit_state, flights, found[0].failures)
        return found

    def _crude_fits(self, pilot: Estimate) -> bool:
        enough = pilot.failures_counted >= ENOUGH_FAILURES
        runs = _sized(pilot, self.runs_per_s) if enough else 0
        return self.ask.method == "auto" and enough and runs / self.runs_per_s <= self._left_s()

    def _importance(
        self, limit_state: LimitState, flights: Flights, failures: Points
    ) -> list[Found]:
        """Importance sampling aimed at the failures, if there is anything to aim at."""
        named = [flights.coordinates.index(name) for name in self.ask.parameters]
        coordinates = np.array(named) if named else importance.moved(failures)
        pilot = importance.Pilot(failures, coordinates)
        size = importance.USUAL
        if obstacle := importance.obstacle(pilot):
            self.not_flown.append(f"importance sampling: not flown, {obstacle}")
            return []
        if not self._affordable("importance sampling", size.runs * size.replicates):
            return []
        random = self._random("importance")
        mixture = importance.aim(pilot, random)
        names = ", ".join(flights.coordinates[k] for k in coordinates)
        flown = importance.estimate(limit_state, random, pilot, mixture, size)
        return [Found(flown._replace(notes=(*flown.notes, f"aimed in {names}")), failures)]

    def _affordable(self, method: str, runs: int) -> bool:
        """Whether so many runs fit what is left of the budget; says so if not."""
        seconds, left_s = runs / self.runs_per_s, self._left_s()
        if seconds > left_s:
            self.not_flown.append(
                f"{method}: not flown, some {count(runs)} runs would take {duration(seconds)}, "
                f"{duration(left_s)} of the budget are left"
            )
        return seconds <= left_s

    def _left_s(self) -> float:
        return max(0.0, self.ask.budget_s - self.clock.elapsed_s())

    def _needs(self, pilot: Estimate, estimates: list[Estimate]) -> tuple[crude.Need, ...]:
        known = best((pilot, *estimates)).probability
        asked = [p for p in (known, *USUAL_RARE) if p > 0.0]
        return tuple(need(p, self.runs_per_s) for p in sorted(asked, reverse=True))

    # --- flying ---

    def _random(self, purpose: str) -> Random:
        """Random numbers of one purpose, the same for the same campaign and requirement."""
        words = f"rare/{self.requirement.name}/{purpose}".encode()
        return np.random.default_rng([self.campaign.seed, crc32(words)])

    def _flights(self, stratum: Stratum) -> Flights:
        return Flights(self.campaign, self.setup, stratum, self.threads)

    def _limit_state(self, flights: Flights, margin: Margin) -> LimitState:
        def limit_state(points: Points) -> Floats:
            margins = margin.at(flights.fly(points))
            self.clock.flown(len(margins))
            return margins

        return limit_state

    def _branch(self, stratum: Stratum, margin: Margin) -> Part:
        flights = self._flights(stratum)
        found = crude.estimate(
            self._limit_state(flights, margin),
            len(flights.coordinates),
            self._random(stratum.name),
            BRANCH_RUNS,
        )
        return Part(stratum.name, stratum.probability, found.estimate)

    def _looked_at(self, flights: Flights, found: list[Found]) -> Failures | None:
        """What the failures of the first method are like; None without any."""
        if not found or not len(found[0].failures.seed):
            return None
        every = found[0].failures
        which = self._random("failures").permutation(len(every.seed))[:LOOKED_AT]
        some = every.take(which)
        counted = causes(flights.fly(some), self.requirement).counts()
        values = flights.values(some)
        common = [
            Common(
                name=(name := flights.coordinates[k]),
                median=float(np.median(values[name])) if name in values else float("nan"),
                shift=float(every.u[:, k].mean()),
                spread=float(every.u[:, k].std()),
            )
            for k in importance.moved(every)[:TOLD_COMMON]
        ]
        shares = {name: n / len(some.seed) for name, n in counted.items()}
        return Failures(len(some.seed), shares, tuple(common))


def _sized(pilot: Estimate, runs_per_s: float) -> int:
    """Runs that crude Monte Carlo takes at the pilot's share of failures, or at its upper limit."""
    probability = pilot.probability if pilot.failures_counted else pilot.upper
    return need(probability, runs_per_s).runs


def _checked(estimates: list[Estimate]) -> list[Estimate]:
    """The estimates, doubted where two that are trusted contradict each other."""
    trusted = [estimate for estimate in estimates if estimate.is_trusted]
    if len(trusted) < 2 or not contradict(trusted[0], trusted[1]):
        return estimates
    doubt = f"{trusted[0].method} and {trusted[1].method} contradict each other"
    return [e._replace(doubts=(*e.doubts, doubt)) for e in estimates]


def _total(parts: list[Part]) -> Total:
    """All strata; each part's limits at the confidence with which all hold at once (Bonferroni)."""
    each = 1.0 - (1.0 - CONFIDENCE) / len(parts)
    limits = np.array([part.estimate.interval(each) for part in parts])
    shares = np.array([part.probability for part in parts])
    values = np.array([part.estimate.probability for part in parts])
    return Total(
        float(shares @ values),
        float(shares @ limits[:, 0]),
        float(shares @ limits[:, 1]),
        CONFIDENCE,
    )
