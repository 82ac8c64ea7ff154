"""How often a campaign fails a requirement: which method, how much of it, and what came out.

A pilot measures the kernel's speed and the spread of each slack. Crude Monte Carlo is flown where
it fits the budget: there is nothing to doubt about it. Where it does not fit, subset simulation
finds the failures and importance sampling aims at them; each has random numbers of its own, so
that they check one another. Injected failures are strata of their own, and counted: given one,
failing is not rare. Time decides what is flown, never what comes out of it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TextIO

import numpy as np

from models import jit
from pipeline import kernel
from pipeline.cluster import read_resources
from pipeline.config import load_campaign
from pipeline.rare import crude, importance, subset
from pipeline.rare.answer import Answer, Part, Total, best, checked
from pipeline.rare.ask import Ask, check
from pipeline.rare.crude import Need, need
from pipeline.rare.desk import Desk, Pilot, desk
from pipeline.rare.estimate import CONFIDENCE, Estimate, Found
from pipeline.rare.failures import look, tell_apart
from pipeline.rare.flight import Flights, Stratum, strata
from pipeline.rare.margin import Margin
from pipeline.rare.points import Points
from pipeline.rare.text import duration
from pipeline.words import count

PILOT_RUNS = 2048
BRANCH_RUNS = 512  # of each injected failure
ENOUGH_FAILURES = 3  # of the pilot, to size crude Monte Carlo by their share
USUAL_RARE = (1e-3, 1e-4, 1e-5, 1e-6)
PLANNED_LEVELS = 6  # of subset simulation, down to 1e-6


def assess(named: str, ask: Ask, stream: TextIO) -> Answer:
    """Probability of failing a requirement of the campaign called `named`.

    Tells `stream` how far it is. Raises BadInput before anything is compiled or flown.
    """
    campaign = load_campaign(named)
    requirement = check(campaign, ask)
    threads = read_resources().n_workers
    stream.write("compiling the flight kernel, or finding it compiled\n")
    kernel.warm_up()
    at = desk(campaign, requirement, threads, stream)

    nominal, *branches = strata(campaign)
    flights = at.flights(nominal)
    pilot = at.pilot(flights, PILOT_RUNS)
    study = _Study(at, ask, flights, pilot)
    found = study.methods()
    estimates = checked([pilot.counted, *(each.estimate for each in found)])[1:]
    closest = best((pilot.counted, *estimates))
    parts = [Part(nominal.name, nominal.probability, closest)]
    parts += [_branch(at, stratum, pilot.margin) for stratum in branches]
    return Answer(
        campaign=campaign.name,
        campaign_digest=sha256(campaign.canonical().encode()).hexdigest(),
        physics_digest=jit.PHYSICS_DIGEST,
        requirement=requirement.name,
        threads=threads,
        runs_per_s=pilot.runs_per_s,
        slacks=tuple(pilot.margin.spreads),
        needs=_needs(closest.probability, pilot.runs_per_s),
        pilot=pilot.counted,
        estimates=tuple(estimates),
        not_flown=tuple(study.not_flown),
        failures=look(flights, requirement, found[0].failures, at.random("look"))
        if found
        else None,
        parts=tuple(parts),
        total=_total(parts),
    )


# --- which methods --------------------------------------------------------------------------------


class _Study:
    """The runs without an injected failure, by the methods that ask and budget allow."""

    def __init__(self, at: Desk, ask: Ask, flights: Flights, pilot: Pilot) -> None:
        self.at, self.ask, self.flights, self.pilot = at, ask, flights, pilot
        self.limit_state = at.limit_state(flights, pilot.margin)
        self.dimension = len(flights.coordinates)
        self.not_flown: list[str] = []

    def methods(self) -> list[Found]:
        """What was flown, method by method."""
        if self._counts():
            return self._crude()
        found = self._subset()
        if found and self.ask.method != "subset":
            found += self._importance(found[0].failures)
        return found

    def _counts(self) -> bool:
        """Whether crude Monte Carlo is asked for, or fits the budget."""
        if self.ask.method != "auto" or self.ask.runs is not None:
            return self.ask.method in ("auto", "crude")
        enough = self.pilot.counted.failures_counted >= ENOUGH_FAILURES
        return enough and self._seconds(_sized(self.pilot.counted)) <= self._left_s()

    def _crude(self) -> list[Found]:
        runs = self.ask.runs or _sized(self.pilot.counted)
        if self.ask.runs is None and not self._affordable("crude Monte Carlo", runs):
            return []
        random = self.at.random("crude")
        return [crude.estimate(self.limit_state, self.dimension, random, runs)]

    def _subset(self) -> list[Found]:
        size = subset.Size(self.ask.samples)
        further = (PLANNED_LEVELS - 1) * (1.0 - subset.LEVEL_SHARE)
        planned = round(size.replicates * size.samples * (1.0 + further))
        if not self._affordable("subset simulation", planned):
            return []
        random = self.at.random("subset")
        return [subset.estimate(self.limit_state, self.dimension, random, size)]

    def _importance(self, failures: Points) -> list[Found]:
        """Importance sampling aimed at the failures, if there is anything to aim at."""
        names, size = self.flights.coordinates, importance.USUAL
        if not self._affordable("importance sampling", size.runs * size.replicates):
            return []
        random = self.at.random("importance")
        failures, modes = tell_apart(self.flights, self.at.requirement, failures, random)
        named = [names.index(name) for name in self.ask.parameters]
        coordinates = np.array(named) if named else importance.moved_by_any(failures, modes)
        pilot = importance.Pilot(failures, coordinates, modes)
        if obstacle := importance.obstacle(pilot):
            self.not_flown.append(f"importance sampling: not flown, {obstacle}")
            return []
        aimed = importance.aim(pilot, random)
        flown = importance.estimate(self.limit_state, random, pilot, aimed, size)
        note = f"aimed in {', '.join(names[k] for k in coordinates)}; at {', '.join(modes)}"
        return [Found(flown._replace(notes=(*flown.notes, note)), failures)]

    def _affordable(self, method: str, runs: int) -> bool:
        """Whether so many runs fit what is left of the budget; says so if not."""
        left_s = self._left_s()
        if self._seconds(runs) <= left_s:
            return True
        self.not_flown.append(
            f"{method}: not flown, some {count(runs)} runs would take "
            f"{duration(self._seconds(runs))}, {duration(left_s)} of the budget are left"
        )
        return False

    def _seconds(self, runs: int) -> float:
        return runs / self.pilot.runs_per_s

    def _left_s(self) -> float:
        return max(0.0, self.ask.budget_s - self.at.clock.elapsed_s())


def _sized(pilot: Estimate) -> int:
    """Runs that crude Monte Carlo takes at the pilot's share of failures, or at its upper limit."""
    return need(pilot.probability if pilot.failures_counted else pilot.upper, 1.0).runs


def _needs(probability: float, runs_per_s: float) -> tuple[Need, ...]:
    asked = sorted({p for p in (probability, *USUAL_RARE) if p > 0.0}, reverse=True)
    return tuple(need(p, runs_per_s) for p in asked)


# --- strata ---------------------------------------------------------------------------------------


def _branch(at: Desk, stratum: Stratum, margin: Margin) -> Part:
    """One injected failure, counted."""
    flights = at.flights(stratum)
    limit_state, random = at.limit_state(flights, margin), at.random(stratum.name)
    found = crude.estimate(limit_state, len(flights.coordinates), random, BRANCH_RUNS)
    return Part(stratum.name, stratum.probability, found.estimate)


def _total(parts: list[Part]) -> Total:
    """All strata; each part's limits at the confidence with which all hold at once (Bonferroni)."""
    each = 1.0 - (1.0 - CONFIDENCE) / len(parts)
    limits = np.array([part.estimate.interval(each) for part in parts])
    shares = np.array([part.probability for part in parts])
    values = np.array([part.estimate.probability for part in parts])
    lower, upper = shares @ limits
    return Total(float(shares @ values), float(lower), float(upper), CONFIDENCE)
