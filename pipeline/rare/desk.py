"""What a study of one requirement flies with: flights, margin, random numbers, and a clock."""

from __future__ import annotations

import time
from typing import NamedTuple, TextIO
from zlib import crc32

import numpy as np
from numpy.random import Generator as Random

from models.structs import Limits
from pipeline import build
from pipeline.asked import Requirement
from pipeline.build import Setup
from pipeline.campaign import Campaign
from pipeline.rare.estimate import Estimate, from_counts
from pipeline.rare.flight import Flights, Stratum
from pipeline.rare.margin import Margin, calibrated
from pipeline.rare.points import Floats, LimitState, Points, draw
from pipeline.rare.text import duration
from pipeline.records import record
from pipeline.words import count

TELL_EVERY_S = 10.0


class Clock:
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


class Desk(NamedTuple):
    """One requirement of one campaign on one machine."""

    campaign: Campaign
    requirement: Requirement
    setup: Setup
    threads: int
    clock: Clock

    def random(self, purpose: str) -> Random:
        """Random numbers of one purpose, the same for the same campaign and requirement."""
        words = f"rare/{self.requirement.name}/{purpose}".encode()
        return np.random.default_rng([self.campaign.seed, crc32(words)])

    def flights(self, stratum: Stratum) -> Flights:
        return Flights(self.campaign, self.setup, stratum, self.threads)

    def limit_state(self, flights: Flights, margin: Margin) -> LimitState:
        """Margins at points, each flight counted."""

        def limit_state(points: Points) -> Floats:
            margins = margin.at(flights.fly(points))
            self.clock.flown(len(margins))
            return margins

        return limit_state

    def pilot(self, flights: Flights, runs: int) -> Pilot:
        """So many independent runs, for what has to be known before anything else is flown."""
        began_s = self.clock.elapsed_s()
        flown = flights.fly(draw(self.random("pilot"), runs, len(flights.coordinates)))
        took_s = self.clock.elapsed_s() - began_s
        limits = record(Limits, self.campaign.limits)
        margin = calibrated(self.requirement, self.setup.design, limits, flown)
        failures = int((margin.at(flown) < 0.0).sum())
        return Pilot(margin, from_counts(failures, runs), runs / took_s)


class Pilot(NamedTuple):
    """What a few runs say."""

    margin: Margin
    counted: Estimate
    runs_per_s: float


def desk(campaign: Campaign, requirement: Requirement, threads: int, stream: TextIO) -> Desk:
    """A desk for one requirement; its clock runs from now on."""
    return Desk(campaign, requirement, build.setup(campaign), threads, Clock(stream))
