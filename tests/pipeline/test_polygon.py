"""Landing zones: inside, outside, how far, and which corners make no polygon."""

from math import inf, nan, sqrt

import numpy as np
import pytest

from pipeline.polygon import distance_inside, is_simple

SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
L_SHAPE = ((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 4.0), (0.0, 4.0))


@pytest.mark.parametrize("corners", [SQUARE, SQUARE[::-1], (*SQUARE[2:], *SQUARE[:2])])
def test_distance_inside__square_however_its_corners_are_told(corners):
    east, north = np.array([[0.0, 0.0], [0.5, 0.0], [2.0, 0.0], [2.0, 2.0], [-1.5, 0.3]]).T
    expected = [1.0, 0.5, -1.0, -sqrt(2.0), -0.5]
    np.testing.assert_allclose(distance_inside(corners, east, north), expected)


def test_distance_inside__notch_is_outside():
    found = distance_inside(L_SHAPE, [0.5, 3.0, 3.0], [3.0, 0.5, 3.0])
    np.testing.assert_allclose(found, [0.5, 0.5, -2.0])


def test_distance_inside__level_with_a_corner_counts_it_once():
    diamond = ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0))
    found = distance_inside(diamond, [-2.0, -0.5, 0.5, 2.0], np.zeros(4))
    assert (found > 0.0).tolist() == [False, True, True, False]


def test_distance_inside__agrees_with_a_convex_polygon_s_half_planes():
    random = np.random.default_rng(5)
    angle = np.sort(random.uniform(0.0, 2.0 * np.pi, 7))
    corners = tuple(zip(np.cos(angle).tolist(), np.sin(angle).tolist(), strict=True))
    east, north = random.uniform(-1.2, 1.2, (2, 500))
    inside = np.ones(500, bool)
    for (e0, n0), (e1, n1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        inside &= (e1 - e0) * (north - n0) - (n1 - n0) * (east - e0) > 0.0
    assert 100 < inside.sum() < 400
    assert ((distance_inside(corners, east, north) > 0.0) == inside).all()


@pytest.mark.parametrize("place", [(nan, 0.0), (0.0, nan), (inf, 0.0)])
def test_distance_inside__of_no_position_is_no_number(place):
    assert np.isnan(distance_inside(SQUARE, [place[0]], [place[1]])).all()


@pytest.mark.parametrize("corners", [SQUARE, L_SHAPE, ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))])
def test_is_simple__of_a_polygon(corners):
    assert is_simple(corners)
    assert is_simple(corners[::-1])


@pytest.mark.parametrize(
    "corners",
    [
        ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)),  # a bow tie
        ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)),  # a line
        ((0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),  # a corner twice
        ((0.0, 0.0), (2.0, 0.0), (1.0, 0.0), (1.0, 1.0)),  # back over its own side
        ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 0.0), (0.0, 2.0)),  # a corner on a side
    ],
)
def test_is_simple__not_where_sides_meet(corners):
    assert not is_simple(corners)
