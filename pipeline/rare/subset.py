"""Subset simulation: a small probability as a product of larger ones, level by level.

The levels are sets {margin <= b} with falling b, each about a tenth of the one before (Au & Beck,
Prob. Eng. Mech. 16:263, 2001). Within a level Markov chains start from the samples that reached
it. A proposal is

    u' = sqrt(1 - s^2) u + s xi,   xi standard normal, coordinate by coordinate
    seed' drawn from its law

and is taken if its margin lies in the level (conditional sampling: Papaioannou et al., Prob. Eng.
Mech. 41:89, 2015). The first line is reversible with respect to the standard normal, the second
with respect to the seed's law because it forgets the old seed; so both together leave the law of
(u, seed) within the level as it is, whatever s. The spread s follows that of the level's seeds and
is tuned from one group of chains to the next, towards an acceptance of 0.44; a chain's own past
never tunes it. Where noise decides, most new seeds are refused and chains hardly move: the
replicates then scatter, and chains that do not move or that descend from too few are told.

A margin with steps or plateaus: where many samples share the margin at a level's limit, the limit
is the observed value whose share is nearest to a tenth. Where none leads on, the search ends and
says so.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator as Random

from pipeline.rare.estimate import CONFIDENCE, Found, Work, from_replicates
from pipeline.rare.points import (
    Floats,
    Indices,
    LimitState,
    Mask,
    Points,
    Search,
    draw,
    draw_seeds,
    join,
    lockstep,
)
from pipeline.words import count, number, percent

LEVEL_SHARE = 0.1  # of a level's samples that start the next
GROUPS = 10  # of chains; the spread of the proposal is tuned in between
TARGET_ACCEPTANCE = 0.44  # Papaioannou et al. 2015, section 5.2
FIRST_SPREAD = 0.6  # of the proposal, in spreads of the level's samples
LEAST_SPREAD = 0.1  # smaller steps do not get a refused seed accepted
MOST_LEVELS = 12  # below 1e-12 nobody knows the laws' tails
MOST_HELD = 0.5  # a level that holds more of the samples leads nowhere
LEAST_ACCEPTANCE = 0.01  # of a level, in half of the replicates
MOST_FROM_ONE_SAMPLE = 0.9  # of a replicate's failures, in half of the replicates


class Size(NamedTuple):
    """How much to fly."""

    samples: int = 2000  # in each level of a replicate
    replicates: int = 20


USUAL = Size()


class Replicate(NamedTuple):
    """One independent search."""

    probability: float
    limits: tuple[float, ...]  # of the levels passed
    least_acceptance: float  # of the chains in any level; 1 where none was needed
    failures: Points  # those of its last level
    largest_lineage: float  # share of them that descend from one sample of the first level
    runs: int
    stuck: str  # why it could not go on; empty if it arrived


class _Samples(NamedTuple):
    """Samples of a level, equally weighted."""

    points: Points
    margins: Floats
    lineage: Indices  # sample of the first level that each descends from

    def take(self, which: Indices | Mask) -> _Samples:
        return _Samples(self.points.take(which), self.margins[which], self.lineage[which])


def estimate(limit_state: LimitState, dimension: int, random: Random, size: Size = USUAL) -> Found:
    """Probability of a margin below zero, by independent replicates flown side by side."""
    found = lockstep(
        limit_state, [search(dimension, size.samples, own) for own in random.spawn(size.replicates)]
    )
    work = Work(
        "subset simulation", sum(r.runs for r in found), _doubts(found), _notes(found, size)
    )
    return Found(
        from_replicates(work, [r.probability for r in found], CONFIDENCE),
        join([r.failures for r in found]),
    )


def search(dimension: int, samples: int, random: Random) -> Search[Replicate]:
    """One replicate with so many samples in each level."""
    points = draw(random, samples, dimension)
    now = _Samples(points, (yield points), np.arange(samples))
    wanted = max(2, round(LEVEL_SHARE * samples))
    probability, runs, least = 1.0, samples, 1.0
    limits: list[float] = []
    while True:
        failed = now.margins < 0.0
        limit, held = _next_limit(now.margins, wanted)
        stuck = _dead_end(now.margins, limit, held, len(limits))
        if failed.sum() >= wanted or stuck is not None:
            return Replicate(
                probability=probability * float(failed.mean()),
                limits=tuple(limits),
                least_acceptance=least,
                failures=now.points.take(failed),
                largest_lineage=_largest_share(now.lineage[failed]),
                runs=runs,
                stuck=stuck or "",
            )
        limits.append(limit)
        probability *= float(held.mean())
        seeds = now.take(random.permutation(np.flatnonzero(held))[:wanted])
        now, acceptance = yield from _grown(seeds, limit, samples, random)
        least, runs = min(least, acceptance), runs + samples - len(seeds.margins)


# --- levels ---------------------------------------------------------------------------------------


def _next_limit(margins: Floats, wanted: int) -> tuple[float, Mask]:
    """The observed margin whose share is nearest to the one wanted, and who lies within it."""
    limit = float(np.partition(margins, wanted - 1)[wanted - 1])
    held, below = margins <= limit, margins < limit
    n_held, n_below = int(held.sum()), int(below.sum())
    if n_below and n_held * n_below > wanted * wanted:  # nearer on the scale of logarithms
        return float(margins[below].max()), below
    return limit, held


def _dead_end(margins: Floats, limit: float, held: Mask, n_levels: int) -> str | None:
    """Why the next level would lead nowhere; None if it leads on, empty if failures are here."""
    if n_levels >= MOST_LEVELS:
        return f"no failure within {MOST_LEVELS} levels"
    if held.mean() <= MOST_HELD:
        return None
    if (margins < 0.0).any():
        return ""
    tied = percent(round(float(np.mean(margins == limit)), 2))
    return f"{tied} of a level share the margin {number(limit)} and none fails, a plateau"


def _largest_share(lineage: Indices) -> float:
    """Share of the most frequent value; 0 where there is none."""
    return float(np.unique(lineage, return_counts=True)[1].max(initial=0) / max(len(lineage), 1))


# --- chains ---------------------------------------------------------------------------------------


def _grown(
    seeds: _Samples, limit: float, samples: int, random: Random
) -> Search[tuple[_Samples, float]]:
    """So many samples of {margin <= limit} by chains from the seeds, and the acceptance."""
    n_seeds = len(seeds.margins)
    scale = seeds.points.u.std(axis=0)
    lengths = np.full(n_seeds, samples // n_seeds)
    lengths[: samples % n_seeds] += 1  # samples of a chain, its seed included
    made, spread, taken, tried = [seeds], FIRST_SPREAD, 0, 0
    for number_of, group in enumerate(np.array_split(np.arange(n_seeds), GROUPS), start=1):
        chains, hits, asked = seeds.take(group), 0, 0
        for step in range(1, int(lengths[group].max(initial=1))):
            chains = chains.take(lengths[group][: len(chains.margins)] > step)
            chains, accepted = yield from _moved(
                chains, np.minimum(1.0, spread * scale), limit, random
            )
            made.append(chains)
            hits, asked = hits + accepted, asked + len(chains.margins)
        taken, tried = taken + hits, tried + asked
        excess = hits / max(asked, 1) - TARGET_ACCEPTANCE
        spread = max(LEAST_SPREAD, spread * float(np.exp(excess / np.sqrt(number_of))))
    grown = _Samples(
        join([part.points for part in made]),
        np.concatenate([part.margins for part in made]),
        np.concatenate([part.lineage for part in made]),
    )
    return grown, taken / max(tried, 1)


def _moved(
    chains: _Samples, sigma: Floats, limit: float, random: Random
) -> Search[tuple[_Samples, int]]:
    """Every chain one step on, and how many took their proposal."""
    shape = chains.points.u.shape
    proposed = Points(
        np.sqrt(1.0 - sigma**2) * chains.points.u + sigma * random.standard_normal(shape),
        draw_seeds(random, shape[0]),
    )
    margins = yield proposed
    taken = margins <= limit
    points = Points(
        np.where(taken[:, None], proposed.u, chains.points.u),
        np.where(taken, proposed.seed, chains.points.seed),
    )
    moved = _Samples(points, np.where(taken, margins, chains.margins), chains.lineage)
    return moved, int(taken.sum())


# --- what to say ----------------------------------------------------------------------------------


def _doubts(found: list[Replicate]) -> list[str]:
    doubts = []
    if stuck := [r.stuck for r in found if r.stuck]:
        doubts.append(f"{len(stuck)} of {len(found)} replicates got stuck: {stuck[0]}")
    acceptance = float(np.median([r.least_acceptance for r in found]))
    if acceptance < LEAST_ACCEPTANCE:
        doubts.append(
            f"chains hardly move: in half of the replicates {percent(round(acceptance, 4))} of the "
            "proposals or fewer are taken in some level; the noise decides, not the parameters"
        )
    lineage = float(np.median([r.largest_lineage for r in found]))
    if lineage > MOST_FROM_ONE_SAMPLE:
        doubts.append(
            f"single chains dominate: in half of the replicates {percent(round(lineage, 2))} of "
            "the failures or more descend from one sample of the first level"
        )
    return doubts


def _notes(found: list[Replicate], size: Size) -> list[str]:
    levels = sorted({len(r.limits) + 1 for r in found})
    acceptance = min(r.least_acceptance for r in found)
    return [
        f"{size.replicates} replicates, {count(size.samples)} samples in each of "
        f"{levels[0]}{f' to {levels[-1]}' if len(levels) > 1 else ''} levels; "
        f"least acceptance {number(acceptance, 2)}"
    ]
