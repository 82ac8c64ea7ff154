"""One leg by itself: load, crush, friction, memory; figures by hand."""

from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.structs import Leg, Legs, LegState, Site, State
from tests.models.kit import interpreted
from tests.models.vehicle import filled, stage

physics = interpreted()
legs = physics.legs

SHARED = stage().legs
LEG = filled(
    Leg,
    **dict(x_m=3.8, stiffness_npm=700e3, damping_nspm=30e3, crush_load_n=130e3),
    **dict(stop_stiffness_npm=10e6, friction=0.45, collapse_load_n=1e12),
)
UP = (0.0, 0.0, 1.0)
DT = 0.002


def _state(
    r: tuple = (0.0, 0.0, 0.0), v: tuple = (0.0, 0.0, 0.0), omega: tuple = (0.0,) * 3
) -> Any:
    return filled(
        State,
        **dict(r_enu_m=r, v_enu_mps=v, q_body_to_enu=(1.0, 0.0, 0.0, 0.0), omega_body_radps=omega),
    )


def _memory(**more: Any) -> LegState:
    return filled(LegState, anchor_enu_m=(3.8, 0.0, 0.0))._replace(**more)


# --- along the normal -----------------------------------------------------------------------------


def test_normal_load__spring_damper_crush_and_stop() -> None:
    def load(stroke: float, rate: float, crushed: float = 0.0) -> float:
        return legs.normal_load(stroke, rate, crushed, LEG, SHARED)

    assert load(0.1, 0.0) == pytest.approx(70e3)
    assert load(0.1, 1.0) == pytest.approx(100e3)
    assert load(0.1, -5.0) == 0.0  # never pulls
    assert load(-0.01, 5.0) == 0.0  # nor pushes in the air
    assert load(0.1, 0.0, 0.09) == pytest.approx(7e3)  # spring over a crushed core
    assert load(0.1, 9.0) == 130e3  # the core yields
    assert load(0.36, 0.0, 0.30) == pytest.approx(42e3 + 0.01 * 10e6)  # stop beside it


@given(st.floats(-0.1, 0.6), st.floats(-5.0, 5.0), st.floats(0.0, 0.5))
def test_normal_load__is_never_negative(stroke: float, rate: float, crushed: float) -> None:
    assert legs.normal_load(stroke, rate, crushed, LEG, SHARED) >= 0.0


def _pressed(path: np.ndarray, leg: Leg) -> list[LegState]:
    """The memory along a prescribed path of strokes, one each step."""
    memory, found = _memory(), []
    for before, now in zip(path[:-1], path[1:], strict=True):
        rate = (now - before) / DT
        memory = legs.settle(_state((0, 0, -now), (0, 0, -rate)), memory, leg, SHARED, UP, DT)
        found.append(memory)
    return found


@pytest.mark.parametrize("damping", [0.0, 30e3])
def test_crush__shortens_at_its_load_and_stays_shortened(damping: float) -> None:
    """Pressed at speed w: crush begins where k s + d w = F and then takes all of the speed."""
    leg = LEG._replace(damping_nspm=damping, crush_load_n=100e3)
    speed, most = 0.5, 0.30
    path = np.concatenate([np.arange(0.0, most, speed * DT), np.arange(most, -0.01, -speed * DT)])
    found = _pressed(path, leg)
    deepest = int(np.argmax([m.stroke_m for m in found]))
    # Fully developed, the element's own rate is zero (the core takes it all): k (s - c) = F
    crushed = found[deepest].crushed_m
    assert crushed == pytest.approx(most - 100e3 / 700e3, abs=speed * DT)
    assert found[deepest - 5].load_n == pytest.approx(100e3)
    assert found[-1].crushed_m == pytest.approx(crushed)
    gone = next(m for m in found[deepest:] if m.load_n == 0.0)
    # On the way out the spring pushes until k (s - c) = d w
    assert gone.stroke_m == pytest.approx(crushed + damping * speed / 700e3, abs=2.0 * speed * DT)


def test_crush__does_not_begin_below_its_load() -> None:
    found = _pressed(np.arange(0.0, 0.17, 0.0005), LEG)
    assert max(m.crushed_m for m in found) == 0.0


def test_collapse__a_flawed_leg_carries_nothing_from_then_on() -> None:
    flawed = LEG._replace(collapse_load_n=50e3)
    path = np.concatenate([np.arange(0.0, 0.1, 0.001), np.arange(0.1, 0.05, -0.001)])
    found = _pressed(path, flawed)
    first = next(i for i, m in enumerate(found) if m.collapsed)
    assert found[first].peak_load_n >= 50e3
    assert all(m.load_n == 0.0 for m in found[first + 1 :])


def test_switch__counts_the_time_under_load() -> None:
    found = _pressed(np.concatenate([np.zeros(3), np.full(20, 0.01), np.full(3, -0.01)]), LEG)
    assert found[12].pressed_s == pytest.approx(11 * DT)
    assert found[-1].pressed_s == 0.0


# --- sideways -------------------------------------------------------------------------------------


def test_friction__sticks_within_the_cone_and_is_cut_to_it_beyond() -> None:
    def side(offset: float, slide: float) -> float:
        force, _ = legs.side_load((offset, 0.0, 0.0), (slide, 0.0, 0.0), UP, 10e3, LEG, SHARED)
        assert force[1] == force[2] == 0.0
        return force[0]

    assert side(0.001, 0.0) == pytest.approx(-2e3)
    assert side(0.001, 0.05) == pytest.approx(-2e3 - 1e3)
    assert side(0.1, 0.0) == pytest.approx(-4500.0)
    assert side(-0.1, 0.0) == pytest.approx(4500.0)


@given(
    st.tuples(*[st.floats(-1.0, 1.0)] * 3),
    st.tuples(*[st.floats(-3.0, 3.0)] * 3),
    st.floats(0, 1e5),
)
def test_friction__stays_in_its_cone_and_in_the_plane(r: tuple, v: tuple, load: float) -> None:
    slope = radians(5.0)
    normal = (sin(slope), 0.0, cos(slope))
    force, _ = legs.side_load(r, v, normal, load, LEG, SHARED)
    assert np.linalg.norm(force) <= 0.45 * load * (1.0 + 1e-12)
    assert abs(np.dot(force, normal)) <= 1e-9 * (1.0 + load)


def test_friction__of_a_steady_slide_is_mu_times_load_against_it() -> None:
    """The anchor is dragged along: one force at every speed, and sticking again without creep."""
    memory, x = _memory(stroke_m=0.02), 0.0
    for _ in range(200):
        x += 0.3 * DT
        memory = legs.settle(_state((x, 0.0, -0.02), (0.3, 0.0, 0.0)), memory, LEG, SHARED, UP, DT)
    off = np.subtract((3.8 + x, 0.0, -0.02), memory.anchor_enu_m)
    force, trial = legs.side_load(tuple(off), (0.3, 0.0, 0.0), UP, memory.load_n, LEG, SHARED)
    assert memory.load_n == pytest.approx(14e3)
    assert force[0] == pytest.approx(-0.45 * 14e3)
    assert trial[0] == pytest.approx(-0.45 * 14e3, rel=1e-9)  # the anchor stands at the cone's edge
    assert memory.slid_m == pytest.approx(200 * 0.3 * DT, rel=0.05)
    resting = legs.settle(_state((x, 0.0, -0.02)), memory, LEG, SHARED, UP, DT)
    assert resting.anchor_enu_m == memory.anchor_enu_m


def test_anchor__follows_the_pad_in_the_air() -> None:
    memory = legs.settle(_state((0.5, -0.2, 0.1)), _memory(), LEG, SHARED, UP, DT)
    assert memory.anchor_enu_m == pytest.approx((4.3, -0.2, 0.1))
    assert memory.slid_m == 0.0
    assert memory.load_n == 0.0


# --- geometry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("azimuth", "east", "north"), [(0, 0, 1), (90, 1, 0), (225, -0.7071, -0.7071)]
)
def test_ground_normal__leans_downhill(azimuth: float, east: float, north: float) -> None:
    site = filled(Site, slope_rad=radians(3.0), slope_azimuth_rad=radians(azimuth))
    normal = legs.ground_normal(site)
    assert normal == pytest.approx(
        (sin(radians(3)) * east, sin(radians(3)) * north, cos(radians(3))), abs=1e-5
    )


def test_clearance__of_a_stage_on_a_slope_and_of_a_raised_pad() -> None:
    site = filled(Site, slope_rad=radians(2.0), slope_azimuth_rad=radians(90.0))
    normal = legs.ground_normal(site)
    raised = LEG._replace(ground_m=0.01)
    height, rate = legs.clearance(
        _state((0, 0, 1.0), (0, 0, -0.5), (0.0, 0.1, 0.0)), raised, normal
    )
    # Pad at east 3.8 m, where the plane lies 3.8 sin(2 deg) lower; its own speed -0.5 - 0.1 * 3.8
    assert height == pytest.approx(cos(radians(2)) + 3.8 * sin(radians(2)) - 0.01)
    assert rate == pytest.approx((-0.5 - 0.38) * cos(radians(2)))


def _wrench(state: Any, memory: Any, normal: tuple = UP) -> Any:
    return legs.wrench(state, legs.footing(state, normal), memory, LEG, SHARED)


def test_wrench__of_a_leaning_turning_vehicle_is_that_of_its_foot_in_the_world() -> None:
    """Load and friction by the foot's place and velocity in enu, turned into body axes."""
    slope = radians(4.0)
    normal = (sin(slope), 0.0, cos(slope))
    turn = Rotation.from_rotvec([0.02, -0.05, 0.7])
    state = _state((0.2, 0.1, -0.45), (0.3, -0.1, -0.6), (0.1, 0.2, -0.3))._replace(
        q_body_to_enu=tuple(turn.as_quat(scalar_first=True))
    )
    r, v = (np.array(part) for part in legs.foot(state, LEG))
    stroke, rate = LEG.ground_m - np.dot(normal, r), -np.dot(normal, v)
    assert stroke > 0.01
    load = legs.normal_load(stroke, rate, 0.0, LEG, SHARED)
    memory = _memory(anchor_enu_m=tuple(r + [0.002, -0.001, 0.0]))
    off = r - memory.anchor_enu_m
    side, _ = legs.side_load(tuple(off), tuple(v), normal, load, LEG, SHARED)
    force = turn.inv().apply(load * np.array(normal) + side)
    arm = np.array([LEG.x_m, LEG.y_m, 0.0]) + stroke * turn.inv().apply(normal)
    found = _wrench(state, memory, normal)
    np.testing.assert_allclose(found.force_body_n, force, rtol=1e-9)
    np.testing.assert_allclose(found.moment_body_nm, np.cross(arm, force), rtol=1e-9)


def test_wrench__is_the_force_at_the_contact_point() -> None:
    memory = _memory(anchor_enu_m=(3.799, 0.0, 0.0))
    found = _wrench(_state((0.0, 0.0, -0.05)), memory)
    force = np.array(found.force_body_n)
    assert force == pytest.approx((-2e3, 0.0, 35e3))
    # The ground meets the pad 5 cm above where it would be unloaded
    np.testing.assert_allclose(found.moment_body_nm, np.cross((3.8, 0.0, 0.05), force))


def test_unloaded__a_run_that_starts_on_the_ground_has_no_side_force() -> None:
    state = _state((1.0, 2.0, -0.03))
    memory = legs.unloaded(state, LEG, UP)
    found = _wrench(state, memory)
    assert found.force_body_n == pytest.approx((0.0, 0.0, 21e3))


def test_legs__share_fields_have_no_second_copy_in_each_leg() -> None:
    """Friction is a leg's own (it may differ per pad); stroke and grip are shared."""
    assert not {"stroke_m", "grip_stiffness_npm"} & set(Leg._fields)
    assert {"stroke_m", "grip_stiffness_npm"} <= set(Legs._fields)
