"""A campaign as a limit state: standard normal coordinates in, flights, margins out.

Each coordinate is Phi^-1 of the uniform of one parameter, or of one file of rows; laws and rank
correlations are those of the campaign's own draws. A limit state flies one stratum of the campaign:
the runs without an injected failure, or those of one branch, so that

    P(fail) = sum over strata of P(stratum) P(fail | stratum).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from models.lanes import LANES
from pipeline import batch, sampling
from pipeline.build import Setup
from pipeline.campaign import Campaign
from pipeline.laws import LARGEST_UNIFORM
from pipeline.names import FAILURE_DRAWS
from pipeline.rare.points import Floats, Points

NO_FAILURE = "no injected failure"
SLICE = 2 * LANES  # runs that a thread flies at once, at most: few, so that all end together


class Stratum(NamedTuple):
    """Part of a campaign's runs: those with one injected failure, or with none."""

    name: str
    probability: float
    initiator: float  # a uniform that draws this failure


class Flights(NamedTuple):
    """Flies points of one stratum."""

    campaign: Campaign
    setup: Setup
    stratum: Stratum
    threads: int

    @property
    def coordinates(self) -> tuple[str, ...]:
        """What each coordinate of a point is, by the campaign's names."""
        own = sampling.coordinates(self.campaign)
        return own if self.stratum.name == NO_FAILURE else (*own, *FAILURE_DRAWS[1:])

    def fly(self, points: Points) -> dict[str, Floats]:
        """Metrics and draws (run,) by name, in SI and radians, on all threads."""
        count = len(points.seed)
        size = min(SLICE, -(-count // (self.threads * LANES)) * LANES)
        slices = [slice(start, start + size) for start in range(0, count, size)]
        with ThreadPoolExecutor(self.threads) as pool:
            parts = list(pool.map(lambda part: self._fly(points.take(part)), slices))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def values(self, points: Points) -> dict[str, Floats]:
        """Values (run,) of every parameter, in the unit that its name in the campaign says."""
        return sampling.values(self.campaign, self._uniforms(points))

    def _fly(self, points: Points) -> dict[str, Floats]:
        return batch.fly_points(self.campaign, self.setup, self._uniforms(points), points.seed)

    def _uniforms(self, points: Points) -> dict[str, Floats]:
        inside = np.clip(ndtr(points.u), 1.0 - LARGEST_UNIFORM, LARGEST_UNIFORM)
        fixed = np.full(len(points.seed), 0.5)
        chances = dict.fromkeys(FAILURE_DRAWS, fixed)
        chances |= dict(zip(self.coordinates, inside.T, strict=True))
        return chances | {FAILURE_DRAWS[0]: np.full_like(fixed, self.stratum.initiator)}


def strata(campaign: Campaign) -> list[Stratum]:
    """The parts of a campaign that have a probability, that without a failure first."""
    found, below = [], 0.0
    for name, branch in campaign.failures.items():
        found.append(Stratum(name, branch.probability, below + 0.5 * branch.probability))
        below += branch.probability
    none = Stratum(NO_FAILURE, 1.0 - below, LARGEST_UNIFORM)
    return [stratum for stratum in (none, *found) if stratum.probability > 0.0]
