"""Bodies on legs, flown by the compiled kernel: drops, slides, slopes, foot loads.

Closed forms as in any text on dynamics, evaluated independently and checked there by an adaptive
integrator; each
test names its formula. Contact steps are 0.1 ms (200 to a tick) unless a test says otherwise.
"""

from math import atan, cos, exp, radians, sin, sqrt, tan
from typing import Any

import numpy as np
import pytest

from tests.models import bodies, kit
from tests.models.bodies import body, flight
from tests.models.vehicle import changed

G = 9.80665
FINE = (2, 200)
STIFF = (1e12, 1e12, 1e12)  # inertia of a body that does not turn
LOST_M = 1e3
NUDGE = 1e-9  # m/s into the ground: legs carry from the first step on
TOUCHING_M = -1e-12  # a start just in contact: the damper's jump falls on the first step's edge


def _on_legs(mass_kg: float, inertia: tuple, **parts: Any) -> Any:
    """A body over four legs at 3 m, the first along body x, in standard gravity."""
    usual = dict(site=dict(gravity_mps2=G), legs=dict(foot_radius_m=3.0))
    merged = {k: usual.get(k, {}) | parts.get(k, {}) for k in usual | parts}
    return body(mass_kg, inertia, **merged)


# --- drops ----------------------------------------------------------------------------------------


def _drop(stiffness: float, damping: float, speed: float, time_s: float) -> kit.Flown:
    case = _on_legs(
        *(1500.0, STIFF),
        legs=dict(stiffness_npm=stiffness / 4, damping_nspm=damping / 4),
        start=dict(up_m=TOUCHING_M, v_up_mps=-speed),
    )
    return flight(case, time_s, steps=FINE, n_legs=4)


def test_drop__damped_follows_the_closed_form_until_lift_off() -> None:
    """m x'' = m g - k x - c x' with x(0) = 0, x'(0) = v; damping ratio 0.158."""
    m, k, c, v = 1500.0, 240e3, 6e3, 2.0
    flown = _drop(k, c, v, 0.40)
    decay, static = c / (2 * m), m * G / k
    wd = sqrt(k / m - decay**2)
    for t in np.arange(0.02, 0.321, 0.02):
        swing = -static * np.cos(wd * t) + (v - decay * static) / wd * np.sin(wd * t)
        assert -bodies.at(flown, t)[2] == pytest.approx(static + exp(-decay * t) * swing, abs=1e-6)
    assert flown.metrics["peak_stroke_m"][0] == pytest.approx(0.18145678327335246, abs=1e-6)
    assert 4 * flown.metrics["peak_leg_load_n"][0] == pytest.approx(45054.0612, rel=1e-3)
    # No leg pulls: it lets go where its force is zero, at 0.32120 s and 0.86515 m/s, and flies
    for t in (0.34, 0.38):
        expected = 0.8651526911063119 - G * (t - 0.3212035492993743)
        assert bodies.at(flown, t)[5] == pytest.approx(expected, abs=1e-4)


def test_drop__undamped_comes_back_with_its_speed() -> None:
    flown = _drop(240e3, 0.0, 1.0, 0.40)
    assert flown.metrics["peak_stroke_m"][0] == pytest.approx(0.16132483513311646, abs=1e-6)
    expected = 1.0 - G * (0.38 - 0.35263880789826946)
    assert bodies.at(flown, 0.38)[5] == pytest.approx(expected, abs=1e-5)


def test_drop__crush_core_takes_the_energy_at_its_load() -> None:
    """s = m v^2 / (2 (F - m g)); the spring before the core adds half its own stroke's share."""
    m, v, force, spring = 1500.0, 3.0, 10e3, 1e7
    case = _on_legs(
        *(m, STIFF),
        legs=dict(stiffness_npm=spring, crush_load_n=force, damping_nspm=0.0),
        start=dict(up_m=TOUCHING_M, v_up_mps=-v),
    )
    flown = flight(case, 0.2, steps=FINE, n_legs=4)
    elastic = force / spring
    share = 4 * force / (2.0 * (4 * force - m * G))
    # Yielding is decided at the end of a step: one step's travel, 3 m/s * 0.1 ms, at most
    stroke = flown.metrics["peak_stroke_m"][0]
    assert stroke == pytest.approx(0.2669036507476762 + elastic * share, abs=3e-4)
    assert flown.metrics["peak_crush_m"][0] == pytest.approx(stroke - elastic, abs=1e-5)
    assert flown.metrics["peak_leg_load_n"][0] == pytest.approx(force, rel=1e-9)


# --- friction -------------------------------------------------------------------------------------


def _slide(speed: float, slope_deg: float, friction: float, time_s: float) -> np.ndarray:
    """History of a block on its legs, started along the line of steepest ascent, towards east."""
    m, k, a = 1500.0, 1e6, radians(slope_deg)
    sink = m * G * cos(a) / (4 * k)
    case = _on_legs(
        *(m, STIFF),
        site=dict(slope_rad=a, slope_azimuth_rad=radians(270.0)),
        legs=dict(
            **dict(stiffness_npm=k, damping_nspm=2e4, friction=friction, stroke_m=LOST_M),
            **dict(grip_stiffness_npm=1e8, grip_damping_nspm=1e5),
        ),
        start=dict(
            **dict(east_m=sink * sin(a), up_m=-sink * cos(a)),
            **dict(
                v_east_mps=speed * cos(a) + NUDGE * sin(a), v_up_mps=speed * sin(a) - NUDGE * cos(a)
            ),
            **dict(q0=cos(a / 2), q2=-sin(a / 2)),  # body z along the slope's normal
        ),
    )
    return flight(case, time_s, steps=FINE, n_legs=4).history[0]


@pytest.mark.parametrize(
    ("slope_deg", "distance"), [(0.0, 0.9177445916801354), (5.0, 0.7840578756001709)]
)
def test_slide__stops_after_the_coulomb_distance(slope_deg: float, distance: float) -> None:
    """d = v^2 / (2 g (mu cos a + sin a)), up the slope."""
    rows = _slide(3.0, slope_deg, 0.5, 1.2)
    a = radians(slope_deg)
    along = rows[:, 0] * cos(a) + rows[:, 2] * sin(a)
    # Give of the struts m g mu / (4 k_t) = 0.02 mm, and one step's travel v dt = 0.3 mm
    assert along[-1] - along[0] == pytest.approx(distance, abs=1e-3)
    assert abs(along[-1] - along[-10]) < 1e-6


@pytest.mark.parametrize("slope_deg", [20.0, 26.0])
def test_slope__holds_a_block_below_the_friction_angle(slope_deg: float) -> None:
    """mu = 0.5 holds to atan 0.5 = 26.565 deg: no creep in 10 s."""
    assert slope_deg < np.degrees(atan(0.5))
    rows = _slide(0.0, slope_deg, 0.5, 10.0)
    settled, end = rows[50, :3], rows[-1, :3]
    assert np.linalg.norm(end - settled) < 1e-6
    assert np.linalg.norm(end - rows[0, :3]) < 1e-3


def test_slope__lets_a_block_go_beyond_the_friction_angle() -> None:
    """a = g (sin a - mu cos a) on 30 deg."""
    rows = _slide(0.0, 30.0, 0.5, 1.0)
    a = radians(30.0)
    speed = np.linalg.norm(rows[[25, 50], 3:6], axis=1)
    assert (speed[1] - speed[0]) / 0.5 == pytest.approx(G * (sin(a) - 0.5 * cos(a)), rel=1e-3)


def test_parked__ten_minutes_on_a_slope_without_creep() -> None:
    """The test stage's own legs at their own step, friction 0.3 on 1 deg: under 1 mm in 600 s."""
    case = body(
        *(8000.0, (150e3, 150e3, 15e3)),
        site=dict(gravity_mps2=G, slope_rad=radians(1.0), slope_azimuth_rad=radians(60.0)),
        mass=dict(cg_z_m=6.6),
        legs=dict(
            **dict(foot_radius_m=3.8, stiffness_npm=700e3, damping_nspm=30e3, friction=0.3),
            **dict(grip_stiffness_npm=2e6, grip_damping_nspm=20e3, first_azimuth_rad=radians(45)),
        ),
        start=dict(up_m=0.08),
    )
    rows = flight(case, 600.0, steps=(2, 10), n_legs=4, every=500).history[0]
    moved = np.linalg.norm(rows[1:, :3] - rows[1, :3], axis=1)  # from 10 s on
    assert rows[-1, kit.TIME] == pytest.approx(600.0)
    assert np.max(moved) < 1e-3
    # And by what margin: nothing that would add up over an hour
    assert np.max(moved) < 1e-6


def test_start__standing_on_its_legs_stays_there() -> None:
    """Unclamped, at rest, sunk to its static stroke: nothing moves from the first tick on."""
    m, k = 1500.0, 1e6
    case = _on_legs(
        m, STIFF, legs=dict(stiffness_npm=k, friction=0.5), start=dict(up_m=-m * G / (4 * k))
    )
    rows = flight(case, 0.2, steps=FINE, n_legs=4).history[0]
    assert np.max(np.abs(rows[:, 2] - rows[0, 2])) < 1e-9


# --- foot loads and tipping -----------------------------------------------------------------------


def test_foot_loads__of_an_offset_centre_of_mass() -> None:
    """Four springs under a mass off its axis, the lean of its height included."""
    case = _on_legs(
        *(1500.0, (9e3, 9e3, 2e3)),
        mass=dict(cg_x_m=0.3, cg_y_m=-0.1, cg_z_m=4.0),
        legs=dict(stiffness_npm=60e3, damping_nspm=12e3, friction=0.0, stroke_m=LOST_M),
        start=dict(up_m=-0.05),
    )
    flown = flight(case, 12.0, n_legs=4)
    loads = flown.history[0, -1, kit.LEGS + 1 : kit.LEGS + 9 : 2]
    expected = [4455.372409771371, 3418.2008634095423, 2899.6150902286277, 3936.7866365904565]
    # What the linear solution leaves out: tilt 4.3 mrad squared, and 12 s of settling
    np.testing.assert_allclose(loads, expected, rtol=2e-4)
    assert loads.sum() == pytest.approx(1500.0 * G, rel=1e-6)


@pytest.mark.parametrize(
    ("azimuth_deg", "static_deg"),
    [(45.0, 27.938352729602354), (0.0, 36.86989764584402), (20.0, 30.334229120774573)],
)
def test_static_tip__is_the_angle_of_the_support_edge(
    azimuth_deg: float, static_deg: float
) -> None:
    """atan of the edge's distance along the fall line over the height, 3 m feet and 4 m height.

    Vertex downhill 36.9 deg, edge downhill 27.9 deg, 20 deg beside the vertex 30.3 deg.
    """
    fates = []
    for slope_deg in (static_deg - 0.6, static_deg + 0.6):
        a = radians(slope_deg)
        downhill = radians(90.0 - azimuth_deg)  # azimuth from body x (east) to north
        axis = np.array([-cos(downhill), sin(downhill), 0.0]) * sin(a / 2)
        case = _on_legs(
            *(1500.0, (3e3, 3e3, 3e3)),
            site=dict(slope_rad=a, slope_azimuth_rad=downhill),
            mass=dict(cg_z_m=4.0),
            legs=dict(
                **dict(stiffness_npm=1e8, damping_nspm=2e5, friction=3.0, stroke_m=LOST_M),
                **dict(grip_stiffness_npm=1e8, grip_damping_nspm=2e5),
            ),
            start=dict(q0=cos(a / 2), q1=axis[0], q2=axis[1], up_m=TOUCHING_M, v_up_mps=-NUDGE),
        )
        flown = flight(case, 12.0, steps=FINE, n_legs=4, tip_over_rad=a + radians(20.0))
        fates.append(flown.metrics["outcome"][0])
    assert fates == [10.0, 1.0]  # time-out: stands; tip-over


def test_bounce__in_vacuum_keeps_its_energy_and_its_place() -> None:
    """Undamped legs on level ground: ten seconds of bounces, no drift, no turn, height kept."""
    case = _on_legs(
        *(1500.0, (9e3, 9e3, 2e3)),
        mass=dict(cg_z_m=2.0),
        legs=dict(stiffness_npm=60e3, friction=0.5, stroke_m=LOST_M),
        start=dict(up_m=0.3),
    )
    rows = flight(case, 10.0, steps=FINE, n_legs=4).history[0]
    assert np.max(np.abs(rows[:, :2])) < 1e-9
    assert np.max(np.abs(rows[:, kit.RATES])) < 1e-9
    assert np.max(rows[-150:, 2]) == pytest.approx(0.3, rel=5e-3)


def test_legs__any_number_up_to_six_share_a_drop() -> None:
    """Three, four and six legs of the same total stiffness give the same stroke."""
    strokes = []
    for count in (3, 4, 6):
        case = _on_legs(
            *(1500.0, STIFF),
            legs=dict(stiffness_npm=240e3 / count, damping_nspm=6e3 / count),
            start=dict(up_m=TOUCHING_M, v_up_mps=-2.0),
        )
        flown = flight(case, 0.3, steps=FINE, n_legs=count)
        strokes.append(flown.metrics["peak_stroke_m"][0])
    assert strokes == pytest.approx([0.18145678327335246] * 3, abs=1e-6)


def test_comparison__a_leg_that_pulls_would_be_seen() -> None:
    """With tension the damped drop would let go at x = 0 with 0.525 m/s instead of 0.865 m/s."""
    assert abs(0.8651526911063119 - 0.5249094133601571) > 1e-4
    assert tan(radians(26.565)) == pytest.approx(0.5, abs=1e-4)
    assert changed(body(), site=dict(gravity_mps2=1.0)).site.gravity_mps2 == 1.0
