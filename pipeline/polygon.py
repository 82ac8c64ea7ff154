"""Simple polygons on the ground: whether points lie inside, and how far from the edge.

Corners are east and north of the target, m; the last joins the first.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Corner = tuple[float, float]
Corners = tuple[Corner, ...]
Side = tuple[Corner, Corner]
Floats = NDArray[np.float64]


def distance_inside(corners: Corners, east_m: ArrayLike, north_m: ArrayLike) -> Floats:
    """Distance `(point,)` to the nearest side, m; negative outside, NaN where a point is not."""
    east, north = np.asarray(east_m, float), np.asarray(north_m, float)
    known = np.isfinite(east) & np.isfinite(north)
    east, north = np.where(known, east, np.nan), np.where(known, north, np.nan)
    nearest = np.full(east.shape, np.inf)
    inside = np.zeros(east.shape, bool)
    for (east_0, north_0), (east_1, north_1) in sides(corners):
        over_east, over_north = east_1 - east_0, north_1 - north_0
        along = (east - east_0) * over_east + (north - north_0) * over_north
        along = np.clip(along / (over_east**2 + over_north**2), 0.0, 1.0)
        away = np.hypot(east - east_0 - along * over_east, north - north_0 - along * over_north)
        nearest = np.minimum(nearest, away)
        # A ray to the east leaves the polygon through an odd number of sides
        if over_north != 0.0:
            at_east = east_0 + (north - north_0) * over_east / over_north
            inside ^= ((north_0 > north) != (north_1 > north)) & (east < at_east)
    return np.where(known, np.where(inside, nearest, -nearest), np.nan)


def is_simple(corners: Corners) -> bool:
    """Whether the sides meet at their common corners and nowhere else."""
    around = sides(corners)
    if any(start == end for start, end in around):
        return False
    last = len(around) - 1
    for (i, one), (j, other) in combinations(enumerate(around), 2):
        if j == i + 1:
            clear = not _turns_back(one, other)
        elif (i, j) == (0, last):
            clear = not _turns_back(other, one)
        else:
            clear = not _meet(one, other)
        if not clear:
            return False
    return True


def sides(corners: Corners) -> list[Side]:
    """Each side as its two corners, in order."""
    return list(zip(corners, (*corners[1:], corners[0]), strict=True))


def _turn(a: Corner, b: Corner, c: Corner) -> float:
    """Twice the area of a triangle: positive counter-clockwise, zero on a line."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _turns_back(one: Side, following: Side) -> bool:
    """Whether a side runs back over the one before."""
    (a, b), (_, c) = one, following
    ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return _turn(a, b, c) == 0.0 and ahead < 0.0


def _meet(one: Side, other: Side) -> bool:
    """Whether two sides have a point in common."""
    (a, b), (c, d) = one, other
    crossing = _turn(a, b, c) * _turn(a, b, d) < 0.0 and _turn(c, d, a) * _turn(c, d, b) < 0.0
    touching = [(a, b, c), (a, b, d), (c, d, a), (c, d, b)]
    return crossing or any(_lies_on(*three) for three in touching)


def _lies_on(start: Corner, end: Corner, point: Corner) -> bool:
    """Whether a point lies on a side."""
    within = all(
        min(low, high) <= at <= max(low, high)
        for low, high, at in zip(start, end, point, strict=True)
    )
    return within and _turn(start, end, point) == 0.0
