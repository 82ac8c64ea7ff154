"""Strikes, balance and rest: rings against points, the plumb line by hand."""

from math import cos, pi, radians, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.structs import Site, State
from tests.models import kit
from tests.models.vehicle import filled, limits, stage

physics = kit.interpreted()
touchdown = physics.touchdown

UP = (0.0, 0.0, 1.0)


def _state(turn: Rotation | None = None, **more: Any) -> State:
    usual = dict.fromkeys(("r_enu_m", "v_enu_mps", "omega_body_radps"), (0.0,) * 3)
    q = (1.0, 0.0, 0.0, 0.0) if turn is None else tuple(turn.as_quat(scalar_first=True))
    return filled(State, **usual | {"q_body_to_enu": q} | more)


@given(
    st.tuples(*[st.floats(-1.5, 1.5)] * 3),
    st.floats(-1.0, 3.0),
    st.floats(0.1, 3.0),
    st.floats(0.0, 0.2),
    st.floats(0.0, 6.28),
)
def test_ring_clearance__is_that_of_its_lowest_point(
    vector: tuple, z: float, radius: float, slope: float, azimuth: float
) -> None:
    turn = Rotation.from_rotvec(vector)
    site = filled(Site, slope_rad=slope, slope_azimuth_rad=azimuth)
    normal = physics.legs.ground_normal(site)
    state = _state(turn, r_enu_m=(1.0, -2.0, 4.0))
    angles = np.linspace(0.0, 2.0 * pi, 3601)
    ring = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full_like(angles, z)], 1)
    heights = (turn.apply(ring) + [1.0, -2.0, 4.0]) @ normal
    found, _ = touchdown.ring_clearance(state, normal, z, radius)
    # 0.1 deg between points: radius (1 - cos 0.05 deg)
    assert found == pytest.approx(heights.min(), abs=radius * 4e-7 + 1e-12)


@given(st.tuples(*[st.floats(-2.0, 2.0)] * 3), st.tuples(*[st.floats(-1.0, 1.0)] * 3))
def test_ring_clearance__rate_is_never_faster_than_its_bound(v: tuple, omega: tuple) -> None:
    turn = Rotation.from_rotvec([0.1, -0.2, 0.3])
    state = _state(turn, v_enu_mps=v, omega_body_radps=omega, r_enu_m=(0.0, 0.0, 5.0))
    now, rate = touchdown.ring_clearance(state, UP, 1.6, 1.675)
    dt = 1e-6
    later = _state(
        turn * Rotation.from_rotvec(np.multiply(dt, omega)),
        r_enu_m=(dt * v[0], dt * v[1], 5.0 + dt * v[2]),
    )
    then, _ = touchdown.ring_clearance(later, UP, 1.6, 1.675)
    assert (then - now) / dt >= rate - 1e-4


def test_hull_clearance__counts_the_nose_of_a_stage_on_its_side() -> None:
    lying = _state(Rotation.from_rotvec([0.0, radians(100.0), 0.0]), r_enu_m=(0.0, 0.0, 2.0))
    height, _ = touchdown.hull_clearance(lying, UP, stage().legs)
    assert height == pytest.approx(2.0 - 17.0 * sin(radians(10.0)))
    upright, _ = touchdown.hull_clearance(_state(), UP, stage().legs)
    assert upright == pytest.approx(1.6)


def test_tip_margin__is_the_edge_distance_less_the_plumb_lines_travel() -> None:
    case = stage()
    body = physics.mass.body(500.0, 200.0, 9.8, case)
    share = cos(pi / 4)
    level = touchdown.tip_margin(_state(), body, case.legs, share)
    assert level == pytest.approx(3.8 * share)
    for lean in (0.1, 0.3):
        found = touchdown.tip_margin(
            _state(Rotation.from_rotvec([lean, 0.0, 0.0])), body, case.legs, share
        )
        h = body.cg_body_m[2]
        assert found == pytest.approx(3.8 * share * cos(lean) - h * sin(lean))
    # Gone where tan(lean) = b / h, the static tip-over angle
    lean = np.arctan(3.8 * share / body.cg_body_m[2])
    over = touchdown.tip_margin(_state(Rotation.from_rotvec([lean, 0, 0])), body, case.legs, share)
    assert over == pytest.approx(0.0, abs=1e-12)


def test_quiet__wants_slow_centre_of_mass_slow_turn_and_ground() -> None:
    case, rest = stage(), limits()
    body = physics.mass.body(500.0, 200.0, 9.8, case)

    def quiet(support: float = 8e4, **more: Any) -> bool:
        return bool(touchdown.is_quiet(_state(**more), body, support, rest))

    assert quiet()
    assert not quiet(support=0.0)
    assert not quiet(v_enu_mps=(0.03, 0.0, 0.0))
    assert not quiet(omega_body_radps=(0.0, 0.0, 0.01))
    # Rocking about the feet: the base rests, the centre of mass does not
    assert not quiet(omega_body_radps=(0.0, 0.0045, 0.0))


def test_snapshot__compares_estimate_and_truth_at_one_place() -> None:
    case = stage()
    turn = Rotation.from_rotvec([0.02, -0.01, 0.3])
    state = _state(
        turn,
        r_enu_m=(1.0, 2.0, 0.1),
        v_enu_mps=(0.1, 0.2, -0.6),
        omega_body_radps=(0.01, 0.02, 0.0),
    )
    nothing = (0.0,) * 4
    est = physics.navigation.aligned(
        state, case, case, filled(type(kit.setup().tuning)), 9000.0, nothing, nothing
    )
    est = est._replace(omega_body_radps=state.omega_body_radps)
    body = physics.mass.body(500.0, 200.0, 9.8, case)
    snap = touchdown.snapshot(state, est, body, 9.8, 12.0, 0.0, case, case)
    assert snap.est_r_enu_m == pytest.approx(state.r_enu_m, abs=1e-12)
    assert snap.est_v_enu_mps == pytest.approx(state.v_enu_mps, abs=1e-12)
    assert snap.est_tilt_error_rad == pytest.approx(0.0, abs=1e-12)
    off = est._replace(
        q_body_to_enu=tuple(
            (turn * Rotation.from_rotvec([0.003, 0.004, 0.1])).as_quat(scalar_first=True)
        )
    )
    tilted = touchdown.snapshot(state, off, body, 9.8, 12.0, 0.0, case, case)
    # Heading does not count as tilt
    assert tilted.est_tilt_error_rad == pytest.approx(0.005, rel=2e-3)


def test_snapshot__carries_the_estimate_on_by_what_it_last_felt() -> None:
    """12 ms after the tick, braking at 4 m/s2 upright: v + a t, r + v t + a t^2 / 2."""
    case, nothing = stage(), (0.0,) * 4
    upright = _state(Rotation.identity(), r_enu_m=(0.0, 0.0, 1.0), v_enu_mps=(0.5, 0.0, -2.0))
    est = physics.navigation.aligned(
        upright, case, case, filled(type(kit.setup().tuning)), 9000.0, nothing, nothing
    )
    est = est._replace(accel_body_mps2=(0.0, 0.0, 13.8), bias_enu_mps2=(0.0, 0.0, 0.0))
    body = physics.mass.body(500.0, 200.0, 9.8, case)
    snap = touchdown.snapshot(upright, est, body, 9.8, 12.0, 0.012, case, case)
    assert snap.est_v_enu_mps == pytest.approx((0.5, 0.0, -2.0 + 0.048), abs=1e-12)
    fallen = -2.0 * 0.012 + 0.5 * 4.0 * 0.012**2
    assert snap.est_r_enu_m == pytest.approx((0.006, 0.0, 1.0 + fallen), abs=1e-12)
