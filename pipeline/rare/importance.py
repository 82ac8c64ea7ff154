"""Importance sampling from a mixture fitted to failures, with a defensive share of the law itself.

    p = mean of 1{margin < 0} phi(x) / q(x),   q = a phi + (1 - a) sum_k s_k N(mu_k, S_k)

over the named coordinates x. The others and the noise seed are drawn from their law and weigh
nothing. The share a bounds every weight by 1 / a (Hesterberg, Technometrics 37:185, 1995): a mode
that the mixture missed then shows as few heavy runs, which are told, and not as nothing at all.

Every mode found, which in a campaign is every cause of failure, has components of its own and a
share of the mixture that does not vanish. Whether that covers them is asked of failures that a fit
has not seen: half of those found, weighed under a fit to the other half. Of n runs

    n p / m  sum of q / phi over the failures of a region, m of them found in all

are expected to meet the region. The largest one, by heaviest weights first, that fewer than three
meet is likely missed, and nothing in the replicates would tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.random import Generator as Random

from pipeline.rare.estimate import CONFIDENCE, Estimate, Work, from_replicates
from pipeline.rare.mixture import Mixture, around, fewest, fit, joined
from pipeline.rare.points import (
    Floats,
    Indices,
    LimitState,
    Mask,
    Points,
    draw,
    join,
    margins_at,
)
from pipeline.words import count, number, percent

DEFENSIVE_SHARE = 0.2
MOST_COORDINATES = 12  # in more, weights of a fitted covariance degenerate
LEAST_SHIFT = 0.05  # nats by which failures move a coordinate that is worth naming
NOISE = 10.0  # nats times number of failures: chance alone moves a coordinate by about one
FITTED_TO = 4000  # failures at most
LEAST_OF_MODE = 0.05  # of the mixture goes to each mode found, before shares are made to add up
LEAST_EFFECTIVE = 200  # effective failures, all replicates together
MOST_FROM_ONE_RUN = 0.05  # of the estimate
UNSEEN = 3.0  # expected runs that all miss it with a chance of 5 %
MOST_MISSED = 0.5  # of the half width of the interval: a bias of about one standard error
MOST_UNCOVERED = 0.2  # of the estimate from where the mixture is thinner than the law's share


class Size(NamedTuple):
    """How much to fly."""

    runs: int = 2000  # in each replicate
    replicates: int = 20


USUAL = Size()


class Pilot(NamedTuple):
    """What to aim at."""

    failures: Points  # those of one search after those of another: halves are independent
    coordinates: Indices  # that the mixture is made over
    modes: Mapping[str, Indices]  # which of the failures belong to each mode, by its name


class Aim(NamedTuple):
    """Where to look."""

    mixture: Mixture
    weights: Floats  # (failure,) of the failures found, each under a fit to the other half


def alike(failures: Points) -> dict[str, Indices]:
    """All failures as one mode, where nothing tells them apart."""
    return {"failure": np.arange(len(failures.seed))}


def moved(failures: Points) -> Indices:
    """Coordinates that failures move, most first, by m^2 / 2 + (s^2 - 1 - ln s^2) / 2 nats.

    That is the divergence of a normal with their mean m and spread s from the standard one.
    """
    if not len(failures.seed):
        return np.empty(0, np.intp)
    mean, variance = failures.u.mean(axis=0), np.maximum(failures.u.var(axis=0), 1e-9)
    nats = 0.5 * (mean**2 + variance - 1.0 - np.log(variance))
    order = np.argsort(-nats, kind="stable")
    return order[nats[order] > LEAST_SHIFT + NOISE / len(failures.seed)]


def moved_by_any(failures: Points, modes: Mapping[str, Indices]) -> Indices:
    """Coordinates that all failures move, then those that some mode does while they are not many.

    The failures of a small mode descend from few samples, which move coordinates by chance: what
    counts is moved in both halves of the failures, which are of different searches.
    """
    pooled, middle = moved(failures), len(failures.seed) // 2
    extra: dict[int, None] = {}
    for which in modes.values():
        halves = which[which < middle], which[which >= middle]
        first, second = (moved(failures.take(half)) for half in halves)
        extra |= dict.fromkeys(int(k) for k in first if k in second and k not in pooled)
    room = max(0, MOST_COORDINATES - len(pooled))
    return np.array([*pooled, *list(extra)[:room]], np.intp)


def obstacle(pilot: Pilot) -> str:
    """Why there is nothing to aim at; empty if there is."""
    n_failures, n_coordinates = len(pilot.failures.seed), len(pilot.coordinates)
    if n_failures == 0:
        return "there is no failure to aim at"
    if n_coordinates == 0:
        return "failures move no coordinate enough to aim at"
    if n_coordinates > MOST_COORDINATES:
        return (
            f"failures move {n_coordinates} coordinates, weights degenerate beyond "
            f"{MOST_COORDINATES}: name those that matter"
        )
    if n_failures < fewest(n_coordinates):
        return f"{n_failures} failures are too few to aim at in {n_coordinates} coordinates"
    return ""


def aim(pilot: Pilot, random: Random) -> Aim:
    """Where to look, for a pilot that has no obstacle."""
    x = pilot.failures.u[:, pilot.coordinates]
    half = np.arange(len(x)) < len(x) // 2
    weights = np.empty(len(x))
    for seen in (half, ~half):
        fitted = _fitted(x, pilot.modes, seen, random)
        weights[~seen], _ = _weights(x[~seen], fitted.widened())
    return Aim(_fitted(x, pilot.modes, np.ones(len(x), bool), random), weights)


def _fitted(x: Floats, modes: Mapping[str, Indices], seen: Mask, random: Random) -> Mixture:
    """Components for each mode that has points (point, coordinate) among those seen."""
    parts, sizes = [], []
    for which in modes.values():
        mine = which[seen[which]]
        some = random.permutation(mine)[: FITTED_TO // 2]
        if len(mine):
            parts.append(
                fit(x[some], random) if len(some) >= fewest(x.shape[1]) else around(x[some])
            )
            sizes.append(len(mine))
    shares = np.maximum(np.array(sizes) / sum(sizes), LEAST_OF_MODE)
    return joined(parts, shares / shares.sum())


def estimate(
    limit_state: LimitState, random: Random, pilot: Pilot, aimed: Aim, size: Size = USUAL
) -> Estimate:
    """Probability of a margin below zero."""
    wide = aimed.mixture.widened()
    dimension = pilot.failures.u.shape[1]
    points = [
        _aimed(own, dimension, pilot, wide, size.runs) for own in random.spawn(size.replicates)
    ]
    failed = margins_at(limit_state, join(points)) < 0.0
    weights, thin = _weights(join(points).u[:, pilot.coordinates], wide)
    weights = np.where(failed, weights, 0.0)
    values = weights.reshape(size.replicates, size.runs).mean(axis=1)
    work = Work(
        "importance sampling",
        len(weights),
        _doubts(weights, thin),
        _notes(weights, thin, aimed.mixture, size),
    )
    found = from_replicates(work, values.tolist(), CONFIDENCE)
    return found._replace(doubts=(*found.doubts, *_missed(found, pilot, aimed)))


def _aimed(random: Random, dimension: int, pilot: Pilot, wide: Mixture, runs: int) -> Points:
    """Points of one replicate: from the mixture, a share of them from the law."""
    points = draw(random, runs, dimension)
    aimed = np.flatnonzero(random.random(runs) >= DEFENSIVE_SHARE)
    points.u[np.ix_(aimed, pilot.coordinates)] = wide.draw(len(aimed), random)
    return points


def _weights(x: Floats, wide: Mixture) -> tuple[Floats, Floats]:
    """Weights (point,), and whether the mixture is thinner there than the share of the law."""
    law = -0.5 * (x**2).sum(axis=1) - 0.5 * x.shape[1] * np.log(2.0 * np.pi)
    aimed = wide.log_density(x) + np.log1p(-DEFENSIVE_SHARE)
    defended = law + np.log(DEFENSIVE_SHARE)
    return np.exp(law - np.logaddexp(aimed, defended)), aimed < defended


# --- what to say ----------------------------------------------------------------------------------


def effective(weights: Floats) -> float:
    """Equally weighted runs that would say as much (Kish 1965); 0 for none."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0


def _shares(weights: Floats, thin: Floats) -> tuple[float, float]:
    """Of the estimate: of its heaviest run, and of where the mixture is thin."""
    total = max(float(weights.sum()), np.finfo(float).tiny)
    return float(weights.max()) / total, float(weights[thin].sum()) / total


def _doubts(weights: Floats, thin: Floats) -> list[str]:
    n_effective, (heaviest, uncovered) = effective(weights), _shares(weights, thin)
    doubts = []
    if 0.0 < n_effective < LEAST_EFFECTIVE:
        doubts.append(
            f"weights degenerate: {n_effective:.0f} effective failures, expected at least "
            f"{LEAST_EFFECTIVE}"
        )
    if heaviest > MOST_FROM_ONE_RUN:
        doubts.append(f"one run carries {percent(round(heaviest, 3))} of the estimate")
    if uncovered > MOST_UNCOVERED:
        doubts.append(
            f"{percent(round(uncovered, 2))} of the estimate comes from failures outside the "
            "mixture: a mode is not covered"
        )
    return doubts


def _missed(found: Estimate, pilot: Pilot, aimed: Aim) -> list[str]:
    """Which failures it likely left out, if they matter beside its error."""
    if not found.probability:
        return []
    heaviest = np.argsort(-aimed.weights)
    n_failures = len(heaviest)
    met = found.runs * found.probability / n_failures * np.cumsum(1.0 / aimed.weights[heaviest])
    lost = heaviest[met < UNSEEN]
    share, error = len(lost) / n_failures, 0.5 * (found.upper - found.lower) / found.probability
    if share <= MOST_MISSED * error:
        return []
    among = {name: len(np.intersect1d(lost, which)) for name, which in pilot.modes.items()}
    most = max(among, key=among.__getitem__)
    where = f", {most!r} most of all" if len(among) > 1 else ""
    return [
        f"it hardly meets {percent(round(share, 3))} of the failures found{where}: too "
        f"much beside the error of {percent(round(error, 3))} that it shows"
    ]


def _notes(weights: Floats, thin: Floats, mixture: Mixture, size: Size) -> list[str]:
    heaviest, uncovered = _shares(weights, thin)
    unseen = UNSEEN / (DEFENSIVE_SHARE * len(weights))
    return [
        f"{size.replicates} replicates of {count(size.runs)} runs: {percent(DEFENSIVE_SHARE)} from "
        f"the law, the others from {len(mixture.shares)} normal"
        f"{'s' if len(mixture.shares) > 1 else ''} fitted to failures",
        f"{effective(weights):.0f} effective failures; heaviest run {heaviest:.2%} of the "
        f"estimate, failures outside the fit {uncovered:.1%}; a mode that the fit missed would "
        f"have shown if likelier than {number(unseen)}",
    ]
