"""Quaternions against scipy's rotations, written by other people; identities."""

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.models.kit import interpreted

rotation = interpreted().rotation
ROUNDING = 1e-14  # some tens of operations on numbers of order one

component = st.floats(-1.0, 1.0)
vectors = st.tuples(component, component, component)
quaternions = (
    st.tuples(component, component, component, component)
    .filter(lambda q: 0.1 < sum(c * c for c in q))
    .map(lambda q: tuple(c / sqrt(sum(d * d for d in q)) for c in q))
)


def _scipy(q: tuple[float, ...]) -> Rotation:
    return Rotation.from_quat(q, scalar_first=True)


@given(quaternions, vectors)
def test_rotate__equals_scipy_and_keeps_length(q: tuple, v: tuple) -> None:
    turned = rotation.rotate(q, v)
    np.testing.assert_allclose(turned, _scipy(q).apply(v), atol=ROUNDING)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(v), abs=ROUNDING)


@given(quaternions, quaternions, vectors)
def test_multiply__reads_as_first_a_to_b_then_b_to_c(q2: tuple, q1: tuple, v: tuple) -> None:
    both = rotation.multiply(q2, q1)
    np.testing.assert_allclose(
        rotation.rotate(both, v), rotation.rotate(q2, rotation.rotate(q1, v)), atol=ROUNDING
    )
    assert np.linalg.norm(both) == pytest.approx(1.0, abs=ROUNDING)


@given(quaternions, vectors)
def test_conjugate__turns_back(q: tuple, v: tuple) -> None:
    back = rotation.rotate(rotation.conjugate(q), rotation.rotate(q, v))
    np.testing.assert_allclose(back, v, atol=ROUNDING)


@given(quaternions)
def test_up_in_body__is_the_worlds_up_axis(q: tuple) -> None:
    np.testing.assert_allclose(
        rotation.up_in_body(q), _scipy(q).inv().apply((0.0, 0.0, 1.0)), atol=ROUNDING
    )


@given(quaternions, vectors)
def test_quaternion_rate__is_the_derivative_of_a_turn_in_body_axes(q: tuple, omega: tuple) -> None:
    h = 1e-4
    later, earlier = (
        (_scipy(q) * Rotation.from_rotvec(s * h * np.array(omega))).as_quat(scalar_first=True)
        for s in (1, -1)
    )
    # scipy may return either sign of a quaternion
    later, earlier = (p * np.sign(np.dot(p, q)) for p in (later, earlier))
    numeric = (later - earlier) / (2 * h)
    # Central difference: h^2 omega^3 / 48 at most, and rounding 1e-16 / h
    np.testing.assert_allclose(rotation.quaternion_rate(q, omega), numeric, atol=3e-9)


@given(st.tuples(*[st.floats(-0.057, 0.057)] * 3))
def test_rotation_vectors__small_turns_there_and_back(phi: tuple) -> None:
    q = rotation.from_rotation_vector(phi)
    expected = Rotation.from_rotvec(phi).as_quat(scalar_first=True)
    np.testing.assert_allclose(q, expected, atol=1e-9)  # stated: below 1e-9 at 0.1 rad
    np.testing.assert_allclose(rotation.to_rotation_vector(q), phi, atol=1e-9)
    minus = tuple(-c for c in q)
    np.testing.assert_allclose(rotation.to_rotation_vector(minus), phi, atol=1e-9)


def test_up_in_body__of_a_stage_leaning_east_points_west_in_body_x() -> None:
    """Sense of rotation by hand: body z leans towards east by a turn about north (y)."""
    q = Rotation.from_rotvec([0.0, 0.1, 0.0]).as_quat(scalar_first=True)
    nose = rotation.rotate(tuple(q), (0.0, 0.0, 1.0))
    assert nose[0] == pytest.approx(np.sin(0.1))
    assert rotation.up_in_body(tuple(q))[0] == pytest.approx(-np.sin(0.1))
    assert rotation.up_in_body((1.0, 0.0, 0.0, 0.0)) == (0.0, 0.0, 1.0)


def test_normalised__brings_back_unit_length() -> None:
    assert np.linalg.norm(rotation.normalised((3.0, 1.0, -2.0, 0.5))) == pytest.approx(1.0)


def test_comparison__a_wrong_sense_would_be_seen() -> None:
    q = tuple(Rotation.from_rotvec([0.0, 0.0, pi / 3]).as_quat(scalar_first=True))
    right, wrong = rotation.rotate(q, (1.0, 0.0, 0.0)), _scipy(q).inv().apply((1.0, 0.0, 0.0))
    assert np.max(np.abs(right - wrong)) > 1.0
