"""Aerodynamics: senses, symmetries, passivity; figures by hand from Allen & Perkins' sum."""

from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.structs import Aero
from tests.models.kit import interpreted
from tests.models.vehicle import filled, stage

aero = interpreted().aero
STAGE = stage().aero

speed = st.floats(-60.0, 60.0)
velocities = st.tuples(speed, speed, speed)
STILL = (0.0, 0.0, 0.0)


@given(velocities)
def test_wrench__drag_opposes_motion(v: tuple) -> None:
    force, _ = aero.wrench(v, STILL, 1.2, STAGE)
    assert np.dot(force, v) <= 0.0


@given(velocities, st.tuples(*[st.floats(-2.0, 2.0)] * 3))
def test_wrench__air_never_drives_a_turning_body(v: tuple, omega: tuple) -> None:
    """Power of force and moment of the crossflow, of the box and of the damping is never positive.

    (Potential lift and a sphere off the base centre act with a speed that is not their own
    place's.)
    """
    plain = STAGE._replace(lift_m2=0.0)
    force, moment = aero.wrench(v, omega, 1.2, plain)
    assert np.dot(force, v) + np.dot(moment, omega) <= 1e-9 * (1.0 + np.dot(v, v)) ** 2


@given(velocities, st.tuples(*[st.floats(-1.0, 1.0)] * 3))
def test_wrench__mirrors_with_the_flow(v: tuple, omega: tuple) -> None:
    """Reflected in the plane x = 0: forces reflect as vectors, moments as axial vectors."""
    mirror = np.array([-1.0, 1.0, 1.0])
    force, moment = aero.wrench(v, omega, 1.2, STAGE)
    other, turned = aero.wrench(tuple(mirror * v), tuple(-mirror * omega), 1.2, STAGE)
    np.testing.assert_allclose(other, mirror * force, atol=1e-9)
    np.testing.assert_allclose(turned, -mirror * moment, atol=1e-9)


@given(velocities, st.floats(-3.0, 3.0))
def test_wrench__has_no_preferred_side(v: tuple, angle: float) -> None:
    turn = Rotation.from_euler("z", angle)
    force, moment = aero.wrench(v, STILL, 1.2, STAGE)
    other, turned = aero.wrench(tuple(turn.apply(v)), STILL, 1.2, STAGE)
    np.testing.assert_allclose(other, turn.apply(force), atol=1e-7)
    np.testing.assert_allclose(turned, turn.apply(moment), atol=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 5.0, 45.0, 90.0, 135.0, 180.0])
def test_wrench__sums_lift_crossflow_and_axial_drag(degrees: float) -> None:
    """Allen & Perkins, NACA 1048: N = q (S_l sin(2a) / 2 + S_c sin^2 a), A = q S_a cos^2 a."""
    a, q = radians(degrees), 0.5 * 1.1 * 30.0**2
    v = (30.0 * sin(a), 0.0, 30.0 * cos(a))
    force, moment = aero.wrench(v, STILL, 1.1, STAGE)
    lift, crossflow = q * 17.6 * abs(sin(a) * cos(a)), q * 36.0 * sin(a) ** 2
    axial = q * (7.0 if cos(a) > 0.0 else 10.6) * cos(a) ** 2
    assert force[0] == pytest.approx(-(lift + crossflow), abs=1e-9)
    assert force[2] == pytest.approx(-axial * np.sign(cos(a)), abs=1e-9)
    z_l = 14.0 if cos(a) > 0.0 else 4.0
    # A wind from +x against the upper half tips body z towards -x: a turn of negative sense about y
    assert moment[1] == pytest.approx(-(z_l * lift + 8.6 * crossflow), abs=1e-6)


def test_wrench__lift_turns_over_a_stage_that_falls_base_first() -> None:
    """A small lean to the side the air comes from grows: lift acts below the centre of mass."""
    lift_only = filled(Aero, lift_m2=17.6, cp_lift_nose_first_z_m=14.0, cp_lift_base_first_z_m=4.0)
    cg = (0.0, 0.0, 6.5)
    for vz, sense in ((-50.0, 1.0), (50.0, 1.0)):
        # Leaning by +0.02 about y, body x meets the air with v_x = -sin(lean) v_z
        force, moment = aero.wrench((-0.02 * vz, 0.0, vz), STILL, 1.1, lift_only)
        about_cg = moment[1] - np.cross(cg, force)[1]
        assert sense * about_cg > 0.0
    fins = lift_only._replace(cp_lift_base_first_z_m=9.5)
    force, moment = aero.wrench((0.02 * 50.0, 0.0, -50.0), STILL, 1.1, fins)
    assert moment[1] - np.cross(cg, force)[1] < 0.0


def test_wrench__crossflow_acts_with_the_speed_of_its_own_place() -> None:
    """Turning about a point at the centre of pressure leaves no crossflow there."""
    plain = filled(Aero, crossflow_m2=36.0, cp_crossflow_z_m=8.6)
    force, moment = aero.wrench((-0.2 * 8.6, 0.0, 0.0), (0.0, 0.2, 0.0), 1.2, plain)
    assert force == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert moment == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_wrench__damping_figures() -> None:
    damped = filled(Aero, damping_x_m4=600.0, damping_z_m4=20.0, damping_y_nms=7.0)
    _, moment = aero.wrench((0.0, 0.0, -10.0), (0.1, 0.2, 0.3), 1.2, damped)
    assert moment == pytest.approx((-0.6 * 10 * 600 * 0.1, -7.0 * 0.2, -0.6 * 10 * 20 * 0.3))


def test_wrench__sphere_and_box_figures() -> None:
    v = (3.0, 4.0, 12.0)
    force, moment = aero.wrench(v, STILL, 2.0, filled(Aero, sphere_m2=0.1, cp_sphere_z_m=2.0))
    np.testing.assert_allclose(force, -0.1 * 13.0 * np.array(v))
    np.testing.assert_allclose(moment, np.cross((0, 0, 2.0), force))
    box = filled(Aero, box_x_m2=1.0, box_y_m2=2.0, box_z_m2=3.0, cp_box_z_m=-1.0)
    force, moment = aero.wrench((-3.0, 4.0, -12.0), STILL, 2.0, box)
    np.testing.assert_allclose(force, [9.0, -32.0, 432.0])
    np.testing.assert_allclose(moment, np.cross((0, 0, -1.0), force))


def test_wrench__is_nothing_at_rest_and_in_a_vacuum() -> None:
    assert not np.any(aero.wrench(STILL, STILL, 1.2, STAGE))
    assert not np.any(aero.wrench((5.0, 3.0, -9.0), (0.1, 0.2, 0.3), 0.0, STAGE))
