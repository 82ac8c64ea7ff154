"""What the failures found are like: why they fail, and which parameters they have in common."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator as Random

from pipeline.asked import Requirement
from pipeline.rare.answer import Common, Failures
from pipeline.rare.flight import Flights
from pipeline.rare.importance import FITTED_TO, moved
from pipeline.rare.points import Indices, Points
from pipeline.requirements import causes

LOOKED_AT = 256  # failures flown again
TOLD = 5  # parameters


def tell_apart(
    flights: Flights, requirement: Requirement, failures: Points, random: Random
) -> tuple[Points, dict[str, Indices]]:
    """Some of the failures, in their order, and which of them each cause failed, by its name."""
    some = failures.take(np.sort(random.permutation(len(failures.seed))[:FITTED_TO]))
    if not len(some.seed):
        return some, {}
    found = causes(flights.fly(some), requirement)
    return some, {
        found.labels[code].replace("_", " "): np.flatnonzero(found.code == code)
        for code in np.unique(found.code)
    }


def look(
    flights: Flights, requirement: Requirement, failures: Points, random: Random
) -> Failures | None:
    """Causes of some of the failures, flown again, and what most of all moves; None without any."""
    if not len(failures.seed):
        return None
    some = failures.take(random.permutation(len(failures.seed))[:LOOKED_AT])
    counts = causes(flights.fly(some), requirement).counts()
    values = flights.values(some)
    common = []
    for k in moved(failures)[:TOLD]:
        name, u = flights.coordinates[k], failures.u[:, k]
        median = float(np.median(values[name])) if name in values else float("nan")
        common.append(Common(name, median, float(u.mean()), float(u.std())))
    shares = {name: number / len(some.seed) for name, number in counts.items()}
    return Failures(len(some.seed), shares, tuple(common))
