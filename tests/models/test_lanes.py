"""Runs side by side: no run knows its neighbours, and no NaN hides."""

from math import inf, nan, radians, tan
from typing import Any

import numpy as np
import pytest

from models import turbulence
from models.lanes import block
from models.lanes.rows import LANES, flatten, names
from models.outcomes import IN_FLIGHT, Outcome
from models.structs import Actuation, Case, Command, Demand, Estimate, LegState, SensorMemory, State
from tests.models import bodies, drive, kit
from tests.models.vehicle import changed, limits, stage

DIVERGED = float(Outcome.diverged)

# Everything that changes in flight, in the order of the buffer
WATCHED = [
    f"{part}.{name}"
    for part, record in (
        ("y0", State),
        ("actuation", Actuation),
        ("memory", SensorMemory),
        ("gusts", turbulence.Gusts),
        ("est", Estimate),
        ("demand", Demand),
        ("command", Command),
    )
    for name in names(record)
]


# --- neighbours -----------------------------------------------------------------------------------


def _windy(seed: int, **parts: Any) -> Case:
    usual = changed(kit.seeded(stage(), seed), wind=dict(w20_mps=4.0, from_rad=0.4 * seed))
    return changed(usual, **parts)


# Neighbours as bad as they come: an early crash, NaN from the start, one that never ends
CRASH = _windy(90, failure=dict(initiator=1.0, time_s=3.0))
NAN = _windy(91, mass=dict(dry_kg=nan))
ENDLESS = _windy(92, legs=dict(damping_nspm=0.0, grip_damping_nspm=0.0), engine=dict(lag_s=0.3))
NO_START = _windy(93, failure=dict(initiator=14.0))


@pytest.fixture(scope="module")
def alone() -> kit.Flown:
    """One run in every lane."""
    return kit.fly([_windy(1)] * LANES, _setup(), slots=1200)


def _setup() -> kit.Setup:
    return kit.setup(stage(), limits=limits()._replace(time_s=40.0))


def test_lanes__the_same_run_gives_the_same_bytes_in_every_lane(alone: kit.Flown) -> None:
    assert alone.metrics["outcome"][0] == Outcome.at_rest
    assert len(set(alone.bytes_of)) == 1
    assert len({alone.history[lane].tobytes() for lane in range(LANES)}) == 1


@pytest.mark.parametrize("lane", range(LANES))
def test_lanes__a_run_does_not_know_its_neighbours(alone: kit.Flown, lane: int) -> None:
    neighbours = [CRASH, NAN, ENDLESS, NO_START] * 4
    neighbours[lane] = _windy(1)
    flown = kit.fly(neighbours, _setup(), slots=1200)
    found = set(flown.metrics["outcome"].astype(int))
    assert {Outcome.diverged, Outcome.no_start, Outcome.time_out, Outcome.at_rest} <= found
    assert flown.bytes_of[lane] == alone.bytes_of[0]
    assert flown.history[lane].tobytes() == alone.history[0].tobytes()


def test_lanes__a_run_over_a_slope_does_not_know_its_neighbours() -> None:
    """Ground that lies 145 m over the target: high up by its height, close by the slope."""
    slope, east = radians(20.0), 400.0
    site = dict(slope_rad=slope, slope_azimuth_rad=1.5 * np.pi)
    start = dict(east_m=east, up_m=tan(slope) * east + 12.0, v_up_mps=-10.0, held=0.0)
    over = changed(kit.seeded(stage(), 1), site=site, start=start)
    alone = kit.fly([over], _setup())
    beside = kit.fly([over, *[_windy(9)] * (LANES - 1)], _setup())
    assert alone.bytes_of[0] == beside.bytes_of[0]
    assert alone.metrics["end_time_s"][0] < 5.0  # it meets the ground where that is


def test_lanes__sixteen_different_runs_fly_as_they_do_alone() -> None:
    cases = [_windy(seed) for seed in range(LANES)]
    together = kit.fly(cases, _setup())
    assert len(set(together.bytes_of)) == LANES
    for lane in (0, 7, 15):
        assert kit.fly(cases[lane], _setup()).bytes_of[0] == together.bytes_of[lane]


def test_history__recording_changes_nothing_and_ends_with_the_run(alone: kit.Flown) -> None:
    silent = kit.fly(_windy(1), _setup())
    assert silent.bytes_of[0] == alone.bytes_of[0]
    sparse = kit.fly(_windy(1), _setup(), slots=1200, every=7)
    assert sparse.bytes_of[0] == alone.bytes_of[0]
    rows = alone.history[0]
    assert sparse.history[0, : len(rows[::7])].tobytes() == rows[::7].tobytes()
    ended = int(np.count_nonzero(np.isfinite(rows[:, kit.TIME])))
    assert not np.isfinite(rows[ended:]).any()
    assert rows[ended - 1, kit.TIME] == pytest.approx(alone.metrics["end_time_s"][0])


def test_history__of_a_run_that_crashed_does_not_depend_on_how_long_others_fly() -> None:
    short, long = _windy(90, failure=dict(initiator=1.0, time_s=3.0)), _windy(5)
    with_company = kit.fly([short, long], _setup(), slots=1200)
    without = kit.fly([short], _setup(), slots=1200)
    assert with_company.history[0].tobytes() == without.history[0].tobytes()


# --- the finite watch -----------------------------------------------------------------------------


def _blocks() -> tuple:
    cases = [_windy(seed) for seed in range(LANES)]
    rows, leg_rows = kit.packed(cases, [kit.legs_of(case) for case in cases])
    return rows, leg_rows, *kit.arrays(_setup())


def test_watch__covers_every_row_that_changes_in_flight() -> None:
    assert len(WATCHED) == block.DYNAMIC_ROWS


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_nan__in_any_state_estimate_or_filter_variable_ends_as_diverged(value: float) -> None:
    """One run at a time is spoilt, in another lane each time; its neighbours fly on."""
    outcomes = np.full((len(WATCHED), LANES), nan)
    drive.spoil(*_blocks(), 4, 300, 0, len(WATCHED), value, outcomes)
    hidden = [name for row, name in enumerate(WATCHED) if outcomes[row, row % LANES] != DIVERGED]
    assert hidden == []
    for row in range(len(WATCHED)):
        assert set(np.delete(outcomes[row], row % LANES)) == {IN_FLIGHT}


def test_nan__the_unspoilt_block_flies_on() -> None:
    """The same with a value that is finite but where it does no harm: the test above can fail."""
    outcomes = np.full((1, LANES), nan)
    row = WATCHED.index("est.since_fix_s")
    drive.spoil(*_blocks(), 4, 300, row, 1, 0.5, outcomes)
    assert set(outcomes[0]) == {IN_FLIGHT}


def test_nan__in_a_legs_memory_ends_as_diverged() -> None:
    case = bodies.body(
        *(8000.0, (150e3, 150e3, 15e3)),
        site=dict(gravity_mps2=9.80665),
        legs=dict(foot_radius_m=3.8, stiffness_npm=700e3, damping_nspm=30e3, friction=0.4),
        start=dict(up_m=-0.02),
    )
    rows, leg_rows = kit.packed([case] * LANES, [kit.legs_of(case)] * LANES)
    made = kit.setup(case, limits=bodies.limits(60.0))
    fields = names(LegState)
    outcomes = np.full((4 * len(fields), LANES), nan)
    drive.spoil_legs(rows, leg_rows, *kit.arrays(made), 4, 10, nan, outcomes)
    hidden = [
        f"leg {place // len(fields)} {fields[place % len(fields)]}"
        for place in range(len(outcomes))
        if outcomes[place, place % LANES] != DIVERGED
    ]
    assert hidden == []
    for place, row in enumerate(outcomes):
        assert set(np.delete(row, place % LANES)) == {IN_FLIGHT}


@pytest.mark.parametrize("part", [part for part in Case._fields if part != "start"])
def test_nan__among_a_runs_inputs_ends_as_diverged(part: str) -> None:
    """Also where this flight would never read it, or would read it as "no limit" or "no
    friction"."""
    fields = getattr(stage(), part)._fields
    hidden = []
    for first in range(0, len(fields), LANES):
        some = fields[first : first + LANES]
        flown = kit.fly([changed(_windy(3), **{part: {field: nan}}) for field in some], _setup())
        outcomes = flown.metrics["outcome"]
        hidden += [f for f, found in zip(some, outcomes, strict=True) if found != DIVERGED]
    assert hidden == []


# --- rows -----------------------------------------------------------------------------------------


def test_rows__flatten_follows_the_names() -> None:
    case = stage()
    values = flatten(case)
    found = dict(zip(names(Case), values, strict=True))
    assert found["mass.dry_kg"] == 7500.0
    assert found["seed.high"] == case.seed.high
    assert len(values) == block.CASE_ROWS


def test_rows__store_then_load_is_the_same_record() -> None:
    plain = kit.interpreted()
    buffer = np.arange(block.BUFFER_SIZE, dtype=float)
    state = plain.lanes.block.load_y0(buffer, 3)
    assert state.r_enu_m == (3.0, 19.0, 35.0)
    other = np.zeros_like(buffer)
    plain.lanes.block.store_y0(other, 3, state)
    assert plain.lanes.block.load_y0(other, 3) == state
    assert np.count_nonzero(other) == block.STATE_ROWS
