"""Where landings fall: share inside the pad, radii about the target, ellipses with their content.

Positions are those of the base centre, east and north of the target, metres, one row for a run. A
run whose position is not finite did not touch down: it lies outside every circle, and every result
counts it. Radii are about the *target*: about the mean they would hide a bias. Anchors: with a
bias of two sigma the R95 is 3.83 sigma; 2.45 sigma, which it would be without, hold 58 %.
"""

from __future__ import annotations

from math import copysign, inf, nan, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.statistics.binomial import runs_needed
from pipeline.statistics.gaussian import expected_sigmas, radius_holding, tolerance_sigmas
from pipeline.statistics.order import Floats, sample_quantile, sort_with_worst, upper_index

FLATTEST = 1e-12  # ratio of variances below which a cloud is a line, its ellipse undefined


class Radius(NamedTuple):
    """Circle about the target that holds a share of the runs, and an upper limit of its radius.

    Content 0.5 is the CEP, 0.95 the R95. Infinite where more runs than the share leaves out did
    not touch down; the limit also where the runs are too few for one.
    """

    content: float
    radius_m: float
    upper_m: float
    confidence: float
    runs: int
    not_down: int
    gaussian_m: float = nan  # of `gaussian_radius`, to be told beside it


class Ellipse(NamedTuple):
    """Ellipse of landings. Where there is none, `note` says why and its numbers are NaN."""

    claim: str  # what may be said of its content, in words
    content: float
    confidence: float | None  # None: expected content only
    runs: int
    not_down: int
    centre_east_m: float = nan
    centre_north_m: float = nan
    semi_major_m: float = nan
    semi_minor_m: float = nan
    major_from_east_rad: float = nan  # counter-clockwise, towards north, in (-pi/2, pi/2]
    scale_sigma: float = nan
    note: str = ""


class Shape(NamedTuple):
    """Mean and principal axes of a cloud."""

    centre_m: Floats  # (2,) east, north
    sigma_m: Floats  # (2,) minor, major
    axes: Floats  # (2, 2) columns: unit vectors of minor and major


def inside_radius(east_m: ArrayLike, north_m: ArrayLike, radius_m: float) -> NDArray[np.bool_]:
    """Whether each run `(run,)` touched down within `radius_m` of the target."""
    miss_m = miss_distance(east_m, north_m)
    return np.isfinite(miss_m) & (miss_m <= radius_m)


def radius(east_m: ArrayLike, north_m: ArrayLike, content: float, confidence: float) -> Radius:
    """Radius about the target of a `content` of all runs, with its one-sided upper limit."""
    ordered, not_down = sort_with_worst(miss_distance(east_m, north_m), "high")
    index = upper_index(ordered.size, content, confidence)
    return Radius(
        content,
        sample_quantile(ordered, content),
        inf if index is None else float(ordered[index - 1]),
        confidence,
        ordered.size,
        not_down,
    )


def gaussian_radius(east_m: ArrayLike, north_m: ArrayLike, content: float) -> float:
    """Radius about the target of a `content` of all runs, if the touchdowns were a Gaussian cloud.

    By quadrature, from their mean and covariance; infinite where too many runs did not touch down.
    """
    position_m = _positions(east_m, north_m)
    down = _is_down(position_m)
    shape = _shape(position_m[down])
    if isinstance(shape, str):
        return nan
    of_down = content * len(down) / down.sum()
    if of_down >= 1.0:
        return inf
    return radius_holding(of_down, shape.centre_m @ shape.axes, shape.sigma_m)


def miss_distance(east_m: ArrayLike, north_m: ArrayLike) -> Floats:
    """Horizontal distance `(run,)` from the target, m; infinite without touchdown."""
    miss_m = np.hypot(np.asarray(east_m, float), np.asarray(north_m, float))
    return np.where(np.isfinite(miss_m), miss_m, inf)


def gaussian_ellipse(
    east_m: ArrayLike, north_m: ArrayLike, content: float, confidence: float | None = None
) -> Ellipse:
    """Ellipse of a Gaussian cloud by the mean and covariance of the runs that touched down.

    Without a confidence it is expected to hold `content`: on average over campaigns, not in this
    one. With a confidence it holds at least that, so often. Of another shape either may miss its
    content by far.
    """
    position_m = _positions(east_m, north_m)
    down = _is_down(position_m)
    claim = f"expected content {100 * content:g} %"
    if confidence is not None:
        claim = f"{_contains(content, confidence)} if Gaussian"
    ellipse = Ellipse(claim, content, confidence, len(down), int((~down).sum()))
    shape = _shape(position_m[down])
    if isinstance(shape, str):
        return ellipse._replace(note=shape)
    runs = int(down.sum())
    if confidence is None:
        return _fitted(ellipse, shape, expected_sigmas(content, runs))
    return _fitted(ellipse, shape, tolerance_sigmas(content, confidence, runs))


def split_half_ellipse(
    east_m: ArrayLike, north_m: ArrayLike, content: float = 0.99, confidence: float = 0.90
) -> Ellipse:
    """Ellipse that contains at least `content` with `confidence`, whatever the cloud's shape.

    Its form comes from the even runs, its size from an order statistic of the odd ones, which the
    form has not seen: their distances are independent values, so the limit of their quantile is
    exact. Of the runs that touched down; the row is the run, so the split is the same every time.
    """
    position_m = _positions(east_m, north_m)
    down = _is_down(position_m)
    claim = _contains(content, confidence)
    ellipse = Ellipse(claim, content, confidence, len(down), int((~down).sum()))

    form_m, size_m = position_m[0::2][down[0::2]], position_m[1::2][down[1::2]]
    index = upper_index(len(size_m), content, confidence)
    if index is None:
        needed = runs_needed(content, confidence)
        note = f"{len(size_m)} touchdowns in the odd runs, needs {needed}: fly {2 * needed} runs"
        return ellipse._replace(note=note)
    shape = _shape(form_m)
    if isinstance(shape, str):
        return ellipse._replace(note=shape)
    return _fitted(ellipse, shape, float(np.sort(_sigmas(shape, size_m))[index - 1]))


def _contains(content: float, confidence: float) -> str:
    return f"contains at least {100 * content:g} % with {100 * confidence:g} % confidence"


def inside_ellipse(ellipse: Ellipse, east_m: ArrayLike, north_m: ArrayLike) -> NDArray[np.bool_]:
    """Whether each position `(run,)` lies inside; False without touchdown or without ellipse."""
    along, across = _along_and_across(ellipse, east_m, north_m)
    return np.hypot(along / ellipse.semi_major_m, across / ellipse.semi_minor_m) <= 1.0


def outline(ellipse: Ellipse, points: int = 181) -> Floats:
    """Closed outline `(point, 2)`, east and north in metres, for a plot."""
    angle = np.linspace(0.0, 2.0 * pi, points)
    along, across = ellipse.semi_major_m * np.cos(angle), ellipse.semi_minor_m * np.sin(angle)
    cos, sin = np.cos(ellipse.major_from_east_rad), np.sin(ellipse.major_from_east_rad)
    return np.column_stack(
        [
            ellipse.centre_east_m + cos * along - sin * across,
            ellipse.centre_north_m + sin * along + cos * across,
        ]
    )


def _along_and_across(
    ellipse: Ellipse, east_m: ArrayLike, north_m: ArrayLike
) -> tuple[Floats, Floats]:
    """Offsets `(run,)` from the centre along the major and the minor axis, m."""
    east = np.asarray(east_m, float) - ellipse.centre_east_m
    north = np.asarray(north_m, float) - ellipse.centre_north_m
    cos, sin = np.cos(ellipse.major_from_east_rad), np.sin(ellipse.major_from_east_rad)
    return cos * east + sin * north, cos * north - sin * east


def _positions(east_m: ArrayLike, north_m: ArrayLike) -> Floats:
    """Positions `(run, 2)`, m."""
    return np.column_stack([np.asarray(east_m, float), np.asarray(north_m, float)])


def _is_down(position_m: Floats) -> NDArray[np.bool_]:
    """Whether each run `(run,)` has a finite position `(run, 2)`."""
    return np.isfinite(position_m[:, 0]) & np.isfinite(position_m[:, 1])


def _shape(position_m: Floats) -> Shape | str:
    """Mean and principal axes of finite positions `(run, 2)`; or why there are none."""
    if len(position_m) < 3:
        return f"{len(position_m)} touchdowns, too few for a covariance"
    variance, axes = np.linalg.eigh(np.cov(position_m, rowvar=False))
    if not variance[0] > FLATTEST * variance[1]:
        return "the touchdowns lie on one line or point"
    return Shape(position_m.mean(axis=0), np.sqrt(variance), axes)


def _sigmas(shape: Shape, position_m: Floats) -> Floats:
    """Mahalanobis distance `(run,)` of positions `(run, 2)`."""
    principal = (position_m - shape.centre_m) @ shape.axes / shape.sigma_m
    return np.hypot(principal[:, 0], principal[:, 1])


def _fitted(ellipse: Ellipse, shape: Shape, scale_sigma: float) -> Ellipse:
    """The ellipse with a cloud's centre and axes, `scale_sigma` of its sigmas large."""
    east, north = shape.axes[:, 1]
    angle = float(np.arctan2(north, east))
    if not -pi / 2 < angle <= pi / 2:  # an axis has two ends; name the eastern one
        angle -= copysign(pi, angle)
    return ellipse._replace(
        centre_east_m=float(shape.centre_m[0]),
        centre_north_m=float(shape.centre_m[1]),
        semi_major_m=scale_sigma * float(shape.sigma_m[1]),
        semi_minor_m=scale_sigma * float(shape.sigma_m[0]),
        major_from_east_rad=angle,
        scale_sigma=scale_sigma,
    )
