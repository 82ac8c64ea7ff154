"""Bodies on legs, flown by the compiled kernel: what stays where it is, and what comes back.

Drops, slides, foot loads and tipping over are verification cases (pipeline/verification). Contact
steps are 0.1 ms (200 to a tick) unless a test says otherwise.
"""

from math import radians
from typing import Any

import numpy as np
import pytest

from tests.models import kit
from tests.models.bodies import body, flight

G = 9.80665
FINE = (2, 200)
STIFF = (1e12, 1e12, 1e12)  # inertia of a body that does not turn
LOST_M = 1e3


def _on_legs(mass_kg: float, inertia: tuple, **parts: Any) -> Any:
    """A body over four legs at 3 m, the first along body x, in standard gravity."""
    usual = dict(site=dict(gravity_mps2=G), legs=dict(foot_radius_m=3.0))
    merged = {k: usual.get(k, {}) | parts.get(k, {}) for k in usual | parts}
    return body(mass_kg, inertia, **merged)


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
