"""Total Sobol indices of a campaign's metrics and margins, from flights of a design made for them.

A factor is one coordinate of the campaign's draws: a parameter, a file of rows, or all parameters
that are correlated with each other, which only together are independent of the others. The seed of
all noise is a factor of its own. Flown without injected failures: given one, the others hardly
matter, and its own say is that of `drivers`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from math import isfinite
from typing import Any, NamedTuple, TextIO
from zlib import crc32

import numpy as np
from scipy.special import ndtri

from models import jit
from pipeline import build, kernel, sampling
from pipeline.campaign import Campaign
from pipeline.cluster import read_resources
from pipeline.config import load_campaign
from pipeline.errors import BadInput
from pipeline.laws import Floats
from pipeline.names import METRIC_NAMES
from pipeline.rare.flight import Flights, strata
from pipeline.rare.points import Points, draw_seeds, join
from pipeline.rare.text import duration
from pipeline.requirements import margin
from pipeline.spelling import hint, inside
from pipeline.statistics.sobol import REPLICATES, Total, base_points, totals
from pipeline.words import count

CONFIDENCE = 0.90
NOISE = "noise"
FEWEST_POINTS = 8
TELL_EVERY_S = 10.0


class Ask(NamedTuple):
    """Which quantities, and from how many points."""

    quantities: tuple[str, ...]  # metrics as a file spells them, or requirements: their margins
    points: int = 32  # of each of the replicates


class Factor(NamedTuple):
    """What is moved at once: coordinates of a point, or the seed of the noise."""

    names: tuple[str, ...]
    columns: tuple[int, ...]  # none: the noise

    @property
    def label(self) -> str:
        return " + ".join(self.names)


class Index(NamedTuple):
    """The total index of one factor."""

    factor: str
    total: Total


class Shares(NamedTuple):
    """The total indices of one quantity, largest first."""

    quantity: str
    mean: float  # SI; of the points that have a value
    sigma: float
    without_value: float  # share of the points
    indices: tuple[Index, ...]

    @property
    def sum(self) -> float:
        """Of all indices: above one by as much as factors act together."""
        return sum(index.total.value for index in self.indices)


class Answer(NamedTuple):
    """Total indices of a campaign."""

    campaign: str
    campaign_digest: str
    physics_digest: str
    confidence: float
    replicates: int
    points: int  # of each replicate
    factors: int
    runs: int
    quantities: tuple[Shares, ...]


def indices(named: str, ask: Ask, stream: TextIO) -> Answer:
    """Total indices of the campaign called `named`; tells `stream` what it costs.

    Raises BadInput with every mistake before anything is compiled or flown.
    """
    campaign = load_campaign(named)
    check(campaign, ask)
    found = factors(campaign)
    runs = REPLICATES * ask.points * (1 + len(found))
    stream.write(
        f"{count(runs)} flights without injected failures: {REPLICATES} scrambled Sobol sets of "
        f"{ask.points} points, each flown again for {len(found)} factors\n"
    )
    kernel.warm_up()
    flights = Flights(
        campaign, build.setup(campaign), strata(campaign)[0], read_resources().n_workers
    )
    flown = _flown(flights, found, ask, stream)
    return Answer(
        campaign=campaign.name,
        campaign_digest=sha256(campaign.canonical().encode()).hexdigest(),
        physics_digest=jit.PHYSICS_DIGEST,
        confidence=CONFIDENCE,
        replicates=REPLICATES,
        points=ask.points,
        factors=len(found),
        runs=runs,
        quantities=tuple(_shares(name, flown[name], found) for name in ask.quantities),
    )


def check(campaign: Campaign, ask: Ask) -> None:
    """BadInput with every mistake in the ask."""
    known = (*METRIC_NAMES, *(requirement.name for requirement in campaign.requirements))
    problems = [
        f"--sobol: got {name!r}, expected a metric or a requirement{hint(name, known)}"
        for name in ask.quantities
        if name not in known
    ]
    if len(set(ask.quantities)) < len(ask.quantities):
        problems.append(f"--sobol: got {', '.join(ask.quantities)}, expected each once")
    if ask.points < FEWEST_POINTS or ask.points & (ask.points - 1):
        problems.append(
            f"--points: got {ask.points}, expected a power of two, at least {FEWEST_POINTS}"
        )
    if problems:
        raise BadInput(problems)


def factors(campaign: Campaign) -> list[Factor]:
    """What varies in a campaign, in parts that are independent of each other, the noise last."""
    names = sampling.coordinates(campaign)
    group = {name: {name} for name in names}
    for pair in campaign.correlations:
        joined = group[pair.a] | group[pair.b]
        group |= dict.fromkeys(joined, joined)
    found = dict.fromkeys(tuple(n for n in names if n in group[name]) for name in names)
    return [
        *(Factor(members, tuple(names.index(name) for name in members)) for members in found),
        Factor((NOISE,), ()),
    ]


def _flown(flights: Flights, found: list[Factor], ask: Ask, stream: TextIO) -> dict[str, Floats]:
    """Each quantity `(1 + factor, replicate, point)`: at A, then with one factor of B."""
    campaign = flights.campaign
    random = np.random.default_rng([campaign.seed, crc32(b"sobol")])
    began_s = told_s = time.monotonic()
    shape = (1 + len(found), REPLICATES, ask.points)
    values = {name: np.empty(shape) for name in ask.quantities}
    for replicate, its_own in enumerate(random.spawn(REPLICATES)):
        flown = flights.fly(join(list(_design(flights, found, ask.points, its_own))))
        for name, column in values.items():
            column[:, replicate] = _quantity(campaign, name, flown).reshape(1 + len(found), -1)
        now_s = time.monotonic()
        if replicate == 0 or now_s >= told_s + TELL_EVERY_S:
            told_s, each_s = now_s, (now_s - began_s) / (replicate + 1)
            left = duration(each_s * (REPLICATES - replicate - 1))
            stream.write(f"{replicate + 1} of {REPLICATES} sets flown, {left} left\n")
    return values


def _design(
    flights: Flights, found: list[Factor], points: int, random: np.random.Generator
) -> Iterator[Points]:
    """Points A of one replicate, then for each factor the same with that factor of B."""
    a, b = map(ndtri, base_points(len(flights.coordinates), points, random))
    seeds, other_seeds = draw_seeds(random, points), draw_seeds(random, points)
    yield Points(a, seeds)
    for factor in found:
        moved = a.copy()
        columns = list(factor.columns)
        moved[:, columns] = b[:, columns]
        yield Points(moved, seeds if columns else other_seeds)


def _quantity(campaign: Campaign, name: str, flown: dict[str, Any]) -> Floats:
    """A metric, or the margin of a requirement, of each run flown."""
    for requirement in campaign.requirements:
        if requirement.name == name:
            return margin(flown, requirement)
    return np.asarray(flown[inside(name)], float)


def _shares(name: str, values: Floats, found: list[Factor]) -> Shares:
    base, known = values[0], np.isfinite(values[0])
    every = totals(base, values[1:], CONFIDENCE)
    rated = [Index(factor.label, total) for factor, total in zip(found, every, strict=True)]
    rated.sort(key=lambda index: -index.total.value if isfinite(index.total.value) else 0.0)
    has_any = bool(known.any())
    return Shares(
        quantity=name,
        mean=float(base[known].mean()) if has_any else np.nan,
        sigma=float(base[known].std()) if has_any else np.nan,
        without_value=1.0 - float(known.mean()),
        indices=tuple(rated),
    )
