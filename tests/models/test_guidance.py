"""Guidance: the reference reaches its waypoints within limits; cut-off by votes or backup."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.structs import BaseEstimate, Demand, Phase
from tests.models import vehicle
from tests.models.kit import interpreted
from tests.models.vehicle import filled, gains, phase

guidance = interpreted().guidance

DT = 0.02
REST = (0.0, 0.0, 0.0)


def _demand(r: tuple = REST, v: tuple = REST, **more: float) -> Demand:
    return filled(Demand, r_enu_m=r, v_enu_mps=v, a_enu_mps2=REST, **more)


def _base(height: float, speed: float = -0.8, felt: float = 9.80665) -> BaseEstimate:
    return filled(
        BaseEstimate,
        **dict(r_enu_m=(0.0, 0.0, height), v_enu_mps=(0.0, 0.0, speed)),
        **dict(
            omega_body_radps=REST, accel_body_mps2=(0.0, 0.0, felt), q_body_to_enu=(1.0, 0, 0, 0)
        ),
    )


def _run(mission: list[Phase], time_s: float, start: Demand | None = None) -> list[Any]:
    """Demands of a released mission, one each tick."""
    demand = _demand() if start is None else start
    found = [demand]
    for _ in range(round(time_s / DT)):
        index = min(int(demand.phase), len(mission) - 1)
        demand = guidance.advanced(demand, _base(0.0), mission[index], 1.0, gains(), DT)
        found.append(demand)
    return found


def test_reference__climbs_to_its_waypoint_stops_there_and_comes_down() -> None:
    mission = vehicle.hop(178.0)
    found = _run(mission, 120.0)
    heights = np.array([d.r_enu_m[2] for d in found])
    speeds = np.array([d.v_enu_mps[2] for d in found])
    # Arrived means within 5 cm and what it covers in 50 ms
    assert heights.max() == pytest.approx(178.0, abs=0.06)
    top = int(np.argmax(heights))
    assert abs(speeds[top]) < 0.2
    assert found[top + 50].phase == 1.0
    last = [d for d in found if d.phase == 2.0]
    assert last[0].r_enu_m[2] == pytest.approx(3.0, abs=0.05 + 0.05 * 0.9)
    assert last[100].v_enu_mps[2] == pytest.approx(-0.8, abs=1e-9)
    # The last phase never ends by itself: the reference goes on into the ground
    assert found[-1].phase == 2.0
    assert found[-1].r_enu_m[2] < 0.0


def test_reference__keeps_its_limits_and_is_the_integral_of_its_rates() -> None:
    found = _run(vehicle.hop(178.0), 90.0)
    speeds = np.array([d.v_enu_mps[2] for d in found])
    accelerations = np.array([d.a_enu_mps2[2] for d in found])
    heights = np.array([d.r_enu_m[2] for d in found])
    assert np.max(np.abs(speeds)) <= 6.0 + 1e-12
    assert np.max(np.abs(accelerations)) <= 1.5 + 1e-12
    np.testing.assert_allclose(np.diff(speeds), accelerations[1:] * DT, atol=1e-12)
    trapezoid = 0.5 * (speeds[1:] + speeds[:-1]) * DT
    np.testing.assert_allclose(np.diff(heights), trapezoid, atol=1e-12)


def test_reference__takes_the_time_of_a_trapezoid() -> None:
    """Up 100 m at 10 m/s with 2 m/s2 up, and 80 % of it to brake: t = d/v + v/2a + v/2b."""
    found = _run([phase(100.0, 10.0, 0.0, 2.0), phase(100.0, 1.0, 0.0, 1.0, terminal=1.0)], 30.0)
    first = next(i for i, d in enumerate(found) if d.phase > 0.0) * DT
    exact = 100.0 / 10.0 + 10.0 / (2 * 2.0) + 10.0 / (2 * 1.6)
    # Arrival is called 5 cm before: sqrt(2 * 0.05 / 1.6) = 0.25 s early, and 2 ticks to see it
    assert exact - 0.4 < first < exact + 0.3


@given(
    st.floats(-60.0, 60.0),
    st.floats(-60.0, 60.0),
    st.floats(0.3, 1.5),
    st.floats(1.0, 8.0),
)
def test_reference__flies_straight_to_a_lateral_waypoint(
    east: float, north: float, acceleration: float, speed: float
) -> None:
    away = phase(
        *(50.0, 5.0, 0.0, 1.0),
        **dict(east_m=east, north_m=north),
        **dict(lateral_speed_mps=speed, lateral_acceleration_mps2=acceleration),
    )
    done = phase(50.0, 1.0, 0.0, 1.0, terminal=1.0, east_m=east, north_m=north)
    distance = sqrt(east * east + north * north)
    time_s = (
        20.0 + distance / speed + 2.0 * speed / acceleration + 4 * sqrt(distance / acceleration)
    )
    found = _run([away, done], time_s, _demand(r=(0.0, 0.0, 50.0)))
    assert found[-1].phase == 1.0
    places = np.array([d.r_enu_m[:2] for d in found])
    velocities = np.array([d.v_enu_mps[:2] for d in found])
    assert np.linalg.norm(places[-1] - [east, north]) < 0.1
    assert np.max(np.linalg.norm(velocities, axis=1)) <= speed + 1e-9
    # Straight: nothing across the line to the waypoint
    across = places @ np.array([-north, east]) / max(distance, 1e-9)
    assert np.max(np.abs(across)) < 0.05


def test_reference__stands_still_until_release() -> None:
    held = guidance.advanced(
        _demand(r=(1.0, 2.0, 3.0)), _base(0.0), vehicle.hop()[0], 0.0, gains(), DT
    )
    assert held.r_enu_m == (1.0, 2.0, 3.0)
    assert held.v_enu_mps == REST
    assert held.phase == 0.0


# --- landing burn ---------------------------------------------------------------------------------

BURN = phase(0.0, 0.0, 0.6, 8.0, terminal=1.0, burn=1.0, lead_s=1.0)


def test_burn__is_lit_at_the_height_it_takes_to_stop() -> None:
    """From 60 m/s: 64.9 m fallen in the lead of 1 s, to 69.8 m/s; (v^2 - 0.6^2) / 16 to brake."""
    v1 = 60.0 + 9.80665
    height = 60.0 + 0.5 * 9.80665 + (v1 * v1 - 0.36) / 16.0
    assert guidance.stopping_height(60.0, BURN, gains()) == pytest.approx(height)
    for above, lit in ((0.1, False), (-0.1, True)):
        falling = _base(height + above, speed=-60.0)
        demand = guidance.advanced(_demand(), falling, BURN, 1.0, gains(), DT)
        assert guidance.is_falling(demand, BURN) is not lit
        # Until then, and as it is lit, the reference is where the vehicle is
        assert demand.r_enu_m[2] == pytest.approx(height + above, abs=60.0 * DT + 0.01)


@pytest.mark.parametrize("height", [300.0, 40.0, 1.0, -0.2])
def test_burn__follows_a_profile_of_speed_over_the_estimated_height(height: float) -> None:
    """v = sqrt(0.36 + 16 h), with 8 m/s2 fed forward; the end speed once it is there."""
    lit = _demand(burn_s=2.0)
    demand = guidance.advanced(lit, _base(height, speed=-30.0), BURN, 1.0, gains(), DT)
    assert demand.r_enu_m == pytest.approx((BURN.east_m, BURN.north_m, height))
    speed = sqrt(0.36 + 16.0 * max(height, 0.0))
    assert demand.v_enu_mps == pytest.approx((0.0, 0.0, -speed))
    assert demand.a_enu_mps2 == pytest.approx((0.0, 0.0, 8.0 if height > 0.0 else 0.0))
    assert demand.burn_s == pytest.approx(2.0 + DT)


def test_burn__that_stops_low_over_the_ground_is_cut_off() -> None:
    lit = _demand(burn_s=8.0)
    for speed, cut in ((-0.1, False), (0.01, True)):
        after = guidance.cut_off(lit, _base(0.1, speed=speed), 0.0, BURN, gains(), DT)
        assert (after.cut_off > 0.0) is cut
    high = guidance.cut_off(lit, _base(100.0, speed=0.1), 0.0, BURN, gains(), DT)
    assert high.cut_off == 0.0


# --- cut-off --------------------------------------------------------------------------------------

TERMINAL = phase(-20.0, 0.8, 0.8, 1.2, terminal=1.0)
HOLDING = phase(10.0, 0.8, 0.8, 1.2)


def _cut(base: BaseEstimate, votes: float, where: Phase = TERMINAL) -> bool:
    return guidance.cut_off(_demand(), base, votes, where, gains(), DT).cut_off > 0.0


@pytest.mark.parametrize(
    ("height", "votes", "felt", "where", "cut"),
    [
        (0.0, 2.0, 9.8, TERMINAL, True),  # two pads
        (0.0, 1.0, 9.8, TERMINAL, False),  # one pad alone
        (0.0, 1.0, 14.0, TERMINAL, True),  # one pad and a jolt
        (0.0, 0.0, 40.0, TERMINAL, False),  # a jolt alone
        (1.0, 4.0, 40.0, TERMINAL, False),  # too high to believe it
        (0.0, 4.0, 40.0, HOLDING, False),  # not in the last phase
    ],
)
def test_cut_off__by_votes_low_in_the_last_phase(
    height: float, votes: float, felt: float, where: Phase, cut: bool
) -> None:
    assert _cut(_base(height, felt=felt), votes, where) is cut


def test_cut_off__backup_acts_after_its_time_low_and_slow() -> None:
    demand, base = _demand(), _base(0.1, speed=0.05)
    ticks = 0
    while demand.cut_off == 0.0 and ticks < 1000:
        demand = guidance.cut_off(demand, base, 0.0, TERMINAL, gains(), DT)
        ticks += 1
    assert ticks * DT == pytest.approx(1.5, abs=2.1 * DT)
    # Moving on resets it, and once off it stays off
    moving = guidance.cut_off(
        _demand(low_s=1.4), _base(0.1, speed=-0.8), 0.0, TERMINAL, gains(), DT
    )
    assert moving.low_s == 0.0
    off = guidance.cut_off(_demand(cut_off=1.0), _base(5.0), 0.0, TERMINAL, gains(), DT)
    assert off.cut_off == 1.0


def test_reference__stands_still_at_a_waypoint_it_has_reached() -> None:
    """No chatter: it waits 20 m aside for a hold that never ends, in height and sideways."""
    hold = phase(50.0, 5.0, 0.0, 1.5, east_m=20.0, terminal=1.0)
    found = _run([hold], 60.0, _demand(r=(0.0, 0.0, 30.0)))
    last = found[-500:]
    assert max(abs(d.a_enu_mps2[k]) for d in last for k in range(3)) < 1e-6
    assert last[-1].r_enu_m == pytest.approx((20.0, 0.0, 50.0), abs=1e-3)


def test_reference__waits_in_height_until_it_has_arrived_sideways() -> None:
    """A waypoint to be passed at 0.6 m/s, 15 m aside: it stops there, then goes on."""
    aside = phase(3.0, 5.0, 0.6, 1.5, east_m=15.0)
    found = _run([aside, vehicle.hop()[2]], 60.0, _demand(r=(0.0, 0.0, 10.0)))
    before = [d for d in found if d.phase == 0.0]
    assert min(d.r_enu_m[2] for d in before) > 2.9
    assert abs(before[-10].v_enu_mps[2]) < 0.7
    assert found[-1].phase == 1.0
