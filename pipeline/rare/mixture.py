"""A mixture of normals fitted to failures: one component or more for each failure mode.

Fitted by expectation-maximisation (Dempster, Laird & Rubin, J. R. Stat. Soc. B 39:1, 1977) from
k-means++ starts; the number of components is the one with the least BIC (Schwarz, Ann. Stat.
6:461, 1978). The fit steers where importance sampling looks; no probability rests on it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator as Random
from scipy.cluster.vq import kmeans2
from scipy.special import logsumexp

from pipeline.rare.points import Floats

MOST_COMPONENTS = 8
PATIENCE = 2  # components more that do not help: then no further are tried
ITERATIONS = 100
ENOUGH = 1e-6  # gain of the mean log-likelihood, nats, at which the iteration ends
LEAST_VARIANCE = 1e-3  # added to a component's, in every direction
TRACE = 1e-9  # of every point belongs to every component: none is left without points
WIDENING = 2.0  # of the variance in narrow directions: failures thin out slower than a normal


class Mixture(NamedTuple):
    """Components of a mixture of normals in standard normal space."""

    shares: Floats  # (component,), sum 1
    means: Floats  # (component, coordinate)
    roots: Floats  # (component, coordinate, coordinate) Cholesky factors of the covariances

    def log_parts(self, x: Floats) -> Floats:
        """Log of share times density of each component at x (point, coordinate)."""
        standard = (x - self.means[:, None, :]) @ np.linalg.inv(self.roots).transpose(0, 2, 1)
        volume = np.log(np.diagonal(self.roots, axis1=1, axis2=2)).sum(axis=1)
        constant = np.log(self.shares) - volume - 0.5 * x.shape[1] * np.log(2.0 * np.pi)
        return (constant[:, None] - 0.5 * np.einsum("kpi,kpi->kp", standard, standard)).T

    def log_density(self, x: Floats) -> Floats:
        """Log density (point,) at x (point, coordinate)."""
        return logsumexp(self.log_parts(x), axis=1)

    def draw(self, count: int, random: Random) -> Floats:
        """Independent points (point, coordinate)."""
        which = random.choice(len(self.shares), count, p=self.shares)
        standard = random.standard_normal((count, self.means.shape[1]))
        return self.means[which] + np.einsum("pij,pj->pi", self.roots[which], standard)

    def widened(self) -> Mixture:
        """The mixture with its narrow directions widened, to the nominal spread at most."""
        values, vectors = np.linalg.eigh(self.roots @ self.roots.transpose(0, 2, 1))
        wide = np.maximum(values, np.minimum(1.0, WIDENING * values))
        covariances = (vectors * wide[:, None, :]) @ vectors.transpose(0, 2, 1)
        return self._replace(roots=np.linalg.cholesky(covariances))


def fewest(dimension: int) -> int:
    """Points that the smallest mixture takes to be fitted."""
    return 2 * (dimension + 1)


def around(x: Floats) -> Mixture:
    """One normal about the middle of points (point, coordinate) too few to show their spread."""
    return Mixture(np.ones(1), x.mean(axis=0)[None, :], np.eye(x.shape[1])[None, :, :])


def joined(parts: Sequence[Mixture], shares: Floats) -> Mixture:
    """All components of some mixtures, given the share (part,) of each."""
    return Mixture(
        np.concatenate([share * part.shares for share, part in zip(shares, parts, strict=True)]),
        np.concatenate([part.means for part in parts]),
        np.concatenate([part.roots for part in parts]),
    )


def fit(x: Floats, random: Random) -> Mixture:
    """The mixture that describes points (point, coordinate) best. ValueError for too few."""
    n_points, dimension = x.shape
    if n_points < fewest(dimension):
        raise ValueError(f"points: got {n_points}, expected >= {fewest(dimension)}")
    per_component = 1 + dimension + dimension * (dimension + 1) // 2
    found: list[tuple[float, Mixture]] = []  # BIC, and the mixture, by number of components
    for count in range(1, min(MOST_COMPONENTS, n_points // fewest(dimension)) + 1):
        mixture = _fit(x, count, random)
        free = count * per_component - 1
        bic = free * np.log(n_points) - 2.0 * mixture.log_density(x).sum()
        found.append((float(bic), mixture))
        best = min(range(count), key=lambda number: found[number][0])
        if count - 1 - best >= PATIENCE:
            break
    return found[best][1]


def _fit(x: Floats, count: int, random: Random) -> Mixture:
    """A mixture of so many components."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # an empty cluster
        _, label = kmeans2(x, count, minit="++", rng=random)
    belongs = np.eye(count)[label] + TRACE
    mixture, before = _maximised(x, belongs), -np.inf
    for _ in range(ITERATIONS):
        parts = mixture.log_parts(x)
        highest = parts.max(axis=1, keepdims=True)
        belongs = np.exp(parts - highest)
        total = belongs.sum(axis=1, keepdims=True)
        likelihood = float((highest + np.log(total)).mean())
        if likelihood < before + ENOUGH:
            break
        before = likelihood
        mixture = _maximised(x, belongs / total + TRACE)
    return mixture


def _maximised(x: Floats, belongs: Floats) -> Mixture:
    """The components, given how much of each point belongs to each: (point, component)."""
    weight = belongs.sum(axis=0)
    means = (belongs.T @ x) / weight[:, None]
    off = x - means[:, None, :]
    covariances = (belongs.T[:, :, None] * off).transpose(0, 2, 1) @ off / weight[:, None, None]
    roots = np.linalg.cholesky(covariances + LEAST_VARIANCE * np.eye(x.shape[1]))
    return Mixture(weight / weight.sum(), means, roots)
