"""Whole flights of the test stage: symmetries, order of events, every way to end, clocks."""

from math import radians
from typing import Any

import numpy as np
import pytest

from models.lanes import LANES
from models.outcomes import PRECEDENCE, Initiator, Outcome, Violation
from models.structs import Case, Log
from tests.models import kit
from tests.models.vehicle import (
    centred,
    changed,
    filled,
    gains,
    limits,
    phase,
    quiet,
    stage,
    tuning,
)

TICK_S = 0.02
NO_START_ERRORS = tuning()._replace(start_errors=0.0)


def _still(**parts: Any) -> Case:
    """The stage with perfect sensors on the axis, no backlash, in steady wind."""
    calm = changed(quiet(centred(stage())), gimbal=dict(backlash_rad=0.0))
    return changed(calm, **parts)


def _setup(**parts: Any) -> kit.Setup:
    return kit.setup(centred(stage()), **{"tuning": NO_START_ERRORS} | parts)


def _one(metrics: dict[str, np.ndarray], name: str, run: int = 0) -> float:
    return float(metrics[name][run])


# --- symmetry -------------------------------------------------------------------------------------

# Loops gain little over a 14 s hop: rounding (1e-16 of 170 kN) ends below this
MIRROR_M = 1e-7


def test_mirror__wind_from_the_other_side_lands_on_the_other_side() -> None:
    """Everything symmetric but the wind: east and west, north and south, and turned by 90 deg."""
    winds = [radians(a) for a in (270.0, 90.0, 180.0, 0.0, 240.0, 120.0)]
    cases = [_still(wind=dict(from_rad=a, speed_mps=9.0, gust_mps=4.0)) for a in winds]
    cases = [changed(c, wind=dict(gust_from_rad=a)) for c, a in zip(cases, winds, strict=True)]
    flown = kit.fly(cases, _setup(), slots=900)
    east, north = flown.metrics["touchdown_east_m"], flown.metrics["touchdown_north_m"]
    assert abs(east[0]) > 1e-3
    assert east[0] == pytest.approx(-east[1], abs=MIRROR_M)
    assert north[0] == pytest.approx(0.0, abs=MIRROR_M)
    assert north[2] == pytest.approx(-north[3], abs=MIRROR_M)
    assert north[2] == pytest.approx(east[0], abs=MIRROR_M)  # no preferred direction
    assert east[4] == pytest.approx(-east[5], abs=MIRROR_M)
    assert north[4] == pytest.approx(north[5], abs=MIRROR_M)
    # And all the way, not at the end alone
    one, other = flown.history[0], flown.history[1]
    mirror = np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(
        one[:, kit.VELOCITY], mirror * other[:, kit.VELOCITY], atol=1e-6, equal_nan=True
    )


def test_mirror__is_a_property_that_an_error_would_break() -> None:
    flown = kit.fly(
        [_still(wind=dict(from_rad=radians(a)), mass=dict(cg_x_m=0.01)) for a in (270.0, 90.0)],
        _setup(),
    )
    east = flown.metrics["touchdown_east_m"]
    assert abs(east[0] + east[1]) > 100 * MIRROR_M


def test_still_air__goes_straight_up_and_down() -> None:
    flown = kit.fly(_still(wind=dict(speed_mps=0.0)), _setup(), slots=900)
    rows = flown.history[0]
    assert np.nanmax(np.abs(rows[:, :2])) < 1e-9
    assert _one(flown.metrics, "touchdown_tilt_rad") < 1e-9
    assert _one(flown.metrics, "max_altitude_m") == pytest.approx(12.0, abs=0.2)


# --- order of events ------------------------------------------------------------------------------


def _clearances(row: np.ndarray, legs: list[Any]) -> list[float]:
    """Heights of the unloaded pads over level ground."""
    w, x, y, z = row[kit.QUATERNION]
    up = np.array([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])
    return [row[2] + up @ [leg.x_m, leg.y_m, 0.0] - leg.ground_m for leg in legs]


def test_hand_over__comes_on_a_tick_before_any_foot_touches() -> None:
    """Wherever a pad is below the ground its leg has that stroke: the ground was never missed.

    Were a lane handed over late, its pads would be in the ground with legs that do not know of it.
    """
    rng = np.random.default_rng(8)
    cases, legs = [], []
    for lane in range(LANES):
        case = changed(
            kit.seeded(stage(), lane),
            wind=dict(w20_mps=10.0, speed_mps=8.0, from_rad=rng.uniform(0, 6.3)),
            failure=dict(initiator=float(Initiator.engine_out if lane % 4 == 3 else 0), time_s=9.0),
        )
        cases.append(case)
        heights = {f"pad_height_{k}_m": rng.normal(0.0, 0.02) for k in range(4)}
        legs.append(kit.legs_of(case, 4, **heights))
    flown = kit.fly(cases, kit.setup(stage()), slots=1500, legs=legs)
    touched, in_the_air = 0, []
    for lane in range(LANES):
        released = flown.metrics["end_time_s"][lane] > 3.0
        assert released
        for row in flown.history[lane]:
            # From 3 s on: before, the stage stands in its clamps, pads a little in uneven ground
            if not np.isfinite(row[kit.TIME]) or row[kit.TIME] < 3.0:
                continue
            strokes = row[kit.LEGS : kit.LEGS + 8 : 2]
            for height, stroke in zip(_clearances(row, legs[lane]), strokes, strict=True):
                if height < 0.0:
                    assert stroke == pytest.approx(-height, abs=1e-12)
                    touched += 1
                if height > 0.5:
                    in_the_air.append(stroke)
    assert touched > 200  # the comparison had something to compare
    assert max(in_the_air) == 0.0  # nor does any leg remember the ground it left


def test_touchdown__is_latched_at_first_contact() -> None:
    flown = kit.fly(_still(), _setup(), slots=1200)
    rows = flown.history[0]
    loads = rows[:, kit.LEGS + 1 : kit.LEGS + 9 : 2].max(axis=1)
    first = int(np.argmax(loads > 0.0))
    release_s = rows[first, kit.TIME] - _one(flown.metrics, "flight_time_s")
    assert 0.0 < release_s - (rows[np.argmax(rows[:, 2] > 0.0), kit.TIME] - TICK_S) < 2 * TICK_S
    before, after = rows[first - 1], rows[first]
    for name, column in (("touchdown_east_m", 0), ("touchdown_north_m", 1)):
        low, high = sorted((before[column], after[column]))
        # The ground may turn it round within the tick: half of it at 1 m/s2
        assert low - 1e-4 <= _one(flown.metrics, name) <= high + 1e-4
    speed = _one(flown.metrics, "touchdown_vertical_speed_mps")
    assert min(-before[5], -after[5]) - 1e-3 <= speed <= max(-before[5], -after[5]) + 0.01


def test_precedence__is_what_the_book_keeping_does() -> None:
    """Two terminal events on one tick: the one that stands first in outcomes.PRECEDENCE wins."""
    plain = kit.interpreted()
    contact = filled(plain.structs.Contact, hull_m=-1.0, bell_m=-1.0, quiet=1.0, reach_m=1.0)
    upside_down = (0.0, 1.0, 0.0, 0.0)
    zero = (0.0, 0.0, 0.0)
    state = filled(
        plain.structs.State,
        **dict(r_enu_m=(99.0, 0.0, 1.0), v_enu_mps=zero, omega_body_radps=zero),
        q_body_to_enu=upside_down,
    )
    case = changed(stage(), wind=dict(speed_mps=99.0))
    bounds = limits()._replace(
        time_s=0.0, mean_wind_mps=1.0, abort_cross_range_m=1.0, rest_time_s=0.0
    )

    def ending(mode: float, **removed: Any) -> Outcome:
        log = filled(Log, mode=mode, outcome=-1.0, finite=1.0, release_s=0.0)._replace(
            **removed.pop("log", {})
        )
        found = plain.flight.logged(
            *(log, removed.get("state", state), filled(plain.structs.Demand, r_enu_m=zero)),
            filled(plain.structs.Command),
            removed.get("contact", contact),
            *(False, removed.get("held", 0.0)),
            *(removed.get("case", case), removed.get("limits", bounds), gains()),
        )
        return Outcome(int(found.outcome))

    calm = dict(case=changed(stage(), wind=dict(speed_mps=0.5)))
    # In contact: take away the first event, and the next in the list comes up
    clear = contact._replace(hull_m=1.0)
    open_bell = clear._replace(bell_m=1.0)
    upright = state._replace(q_body_to_enu=(1.0, 0.0, 0.0, 0.0))
    home = upright._replace(r_enu_m=zero)
    moving, restless = open_bell._replace(quiet=0.0), bounds._replace(rest_time_s=1.0)
    chain = [
        ending(1.0, log={"finite": 0.0}),
        ending(1.0),
        ending(1.0, **calm, held=1.0, limits=bounds, log={"time_s": 99.0, "release_s": -1.0}),
        ending(1.0, **calm),
        ending(1.0, **calm, contact=clear),
        ending(1.0, **calm, contact=open_bell),
        ending(1.0, **calm, contact=open_bell, state=upright),
        ending(1.0, **calm, contact=open_bell, state=home),
        ending(1.0, **calm, contact=moving, state=home, limits=restless),
    ]
    flying = [
        ending(0.0, **calm),
        ending(0.0, **calm, state=upright),
        ending(0.0, **calm, state=upright, limits=bounds._replace(abort_cross_range_m=0.0)),
    ]
    landed = [o for o in PRECEDENCE if o in chain]
    assert chain == landed
    assert flying == [o for o in PRECEDENCE if o in flying]
    assert set(chain) | set(flying) == set(PRECEDENCE)


# --- every way to end -----------------------------------------------------------------------------


def _end(case: Case, **parts: Any) -> tuple[Outcome, kit.Flown]:
    flown = kit.fly(case, _setup(**parts))
    return Outcome(int(flown.metrics["outcome"][0])), flown


def test_outcome__at_rest_on_the_pad() -> None:
    outcome, flown = _end(_still())
    assert outcome == Outcome.at_rest
    assert Violation(int(flown.metrics["violations"][0])) == Violation(0)
    assert _one(flown.metrics, "rest_tilt_rad") < 1e-3


def test_outcome__off_pad() -> None:
    """Blown a few centimetres off a pad of a millimetre; the base centre decides."""
    assert _end(_still(site=dict(pad_radius_m=1e-3)))[0] == Outcome.off_pad


def test_outcome__no_start_and_scrubbed() -> None:
    assert _end(_still(failure=dict(initiator=float(Initiator.engine_no_start))))[0] == (
        Outcome.no_start
    )
    outcome, flown = _end(_still(), limits=limits()._replace(mean_wind_mps=4.0))
    assert outcome == Outcome.scrubbed
    assert not np.isfinite(flown.metrics["touchdown_miss_m"][0])


def test_outcome__propellant_depleted_on_the_way() -> None:
    dry = _still(lox=dict(load_kg=360.0), fuel=dict(load_kg=770.0))
    outcome, flown = _end(dry)
    assert outcome == Outcome.propellant_depleted
    assert _one(flown.metrics, "propellant_left_kg") == 0.0


def test_outcome__aborted_outside_the_corridor() -> None:
    blown = _still(wind=dict(speed_mps=12.0))
    for corridor in (
        dict(abort_cross_range_m=0.2),
        dict(abort_tilt_rad=radians(0.5)),
        dict(abort_rate_radps=radians(0.5)),
    ):
        assert _end(blown, limits=limits()._replace(**corridor))[0] == Outcome.aborted
    wide = limits()._replace(abort_tilt_rad=0.3, abort_rate_radps=1.0)  # and no limit to the side
    assert _end(blown, limits=wide)[0] == Outcome.at_rest


def test_outcome__gust_rule_looks_at_the_wind_on_the_ground() -> None:
    """3 sigma of the turbulence over the mean: 3 * 0.1 * 4 m/s / (0.177 + 0.0165)^0.4 = 2.31."""
    windy = _still(wind=dict(speed_mps=5.0, w20_mps=4.0, gust_mps=30.0))
    for limit, outcome in ((7.30, Outcome.scrubbed), (7.33, Outcome.at_rest)):
        calm = changed(windy, wind=dict(gust_mps=0.0))
        assert _end(calm, limits=limits()._replace(gust_wind_mps=limit))[0] == outcome
    # A gust that waits aloft forbids nothing
    assert _end(windy, limits=limits()._replace(gust_wind_mps=8.0))[0] != Outcome.scrubbed


def test_outcome__attitude_lost_with_a_stuck_gimbal() -> None:
    case = _still(
        failure=dict(initiator=float(Initiator.stuck_gimbal), time_s=1.0), wind=dict(speed_mps=15.0)
    )
    tall = kit.setup(stage(), height_m=178.0).mission
    assert _end(case, mission=tall)[0] == Outcome.attitude_lost


@pytest.mark.parametrize("initiator", ["leg_not_deployed", "leg_not_latched"])
def test_outcome__a_missing_leg_ends_in_a_tip_over(initiator: str) -> None:
    case = _still(failure=dict(initiator=float(Initiator[initiator]), leg=1.0))
    outcome, flown = _end(case)
    assert outcome in (Outcome.tip_over, Outcome.hull_strike, Outcome.bell_strike)
    assert flown.metrics["initiator"][0] == Initiator[initiator]


def test_outcome__bell_strike_of_a_fall() -> None:
    case = _still(failure=dict(initiator=float(Initiator.engine_out), time_s=6.0))
    assert _end(case)[0] in (Outcome.bell_strike, Outcome.hull_strike, Outcome.tip_over)


def test_outcome__time_out_counts_as_none_of_the_others() -> None:
    assert _end(_still(), limits=limits()._replace(time_s=5.0))[0] == Outcome.time_out


# --- clocks ---------------------------------------------------------------------------------------


def test_clocks__do_not_depend_on_the_integration_steps() -> None:
    """Halved steps move a noisy landing by the integrator's error, not by other noise."""
    cases = [changed(kit.seeded(stage(), seed), wind=dict(w20_mps=5.0)) for seed in range(LANES)]
    coarse, fine = (kit.fly(cases, kit.setup(stage(), steps=s)) for s in ((2, 10), (4, 20)))
    other = kit.fly([kit.seeded(case, 777) for case in cases], kit.setup(stage()))
    # A first contact is seen at the end of a contact step: 2 ms at 4 d v / m = 11 m/s2 of damping
    for name, most in (
        ("touchdown_east_m", 1e-3),
        ("touchdown_north_m", 1e-3),
        ("touchdown_vertical_speed_mps", 0.023),
    ):
        change = np.median(np.abs(coarse.metrics[name] - fine.metrics[name]))
        assert change < most
        assert np.median(np.abs(coarse.metrics[name] - other.metrics[name])) > 2 * change


def test_noise__off_makes_the_seed_irrelevant() -> None:
    flown = kit.fly([kit.seeded(_still(), s, s) for s in (1, 2, 3)], _setup())
    assert len(set(flown.bytes_of)) == 1
    noisy = kit.fly([kit.seeded(stage(), s, s) for s in (1, 2, 3)], _setup())
    assert len(set(noisy.bytes_of)) == 3


def test_clamps__hold_until_thrust_carries_the_weight() -> None:
    flown = kit.fly(_still(), _setup(), slots=300)
    rows = flown.history[0]
    held = rows[rows[:, 2] == 0.0]
    assert np.all(held[:, kit.VELOCITY] == 0.0)
    assert held[-1, kit.TIME] > 1.0
    # Release where u T_vac - p A = 1.05 m g, within the throttle's travel in two ticks
    p = kit.interpreted().atmosphere.air_at(0.0, stage().site)[2]
    asked = (1.05 * held[-1, kit.MASS] * 9.80665 + p * 0.24) / 171300.0
    assert held[-1, kit.THROTTLE] == pytest.approx(asked, abs=0.5 * 3 * TICK_S)


def test_gust__acts_on_the_way_down_alone() -> None:
    in_layer = dict(
        gust_mps=8.0, gust_from_rad=radians(180.0), gust_height_m=10.0, gust_thickness_m=8.0
    )
    calm, gusty = kit.fly([_still(), _still(wind=in_layer)], _setup(), slots=900).history
    top = int(np.nanargmax(calm[:, 2]))
    assert np.array_equal(calm[: top - 5, :13], gusty[: top - 5, :13])
    assert np.nanmax(np.abs(calm[:, 1] - gusty[:, 1])) > 1e-2


# --- compiled and interpreted ---------------------------------------------------------------------


@pytest.mark.parametrize("start", ["held", "flying", "landing"])
def test_interpreted__flies_as_the_compiled_kernel_does(start: str) -> None:
    """The same block by plain Python: equal to rounding in the first ticks of each loop."""
    starts = {
        "held": dict(held=1.0),
        "flying": dict(held=0.0, up_m=40.0, v_up_mps=-3.0, throttle=0.7, omega_x_radps=0.02),
        "landing": dict(held=0.0, up_m=0.02, v_up_mps=-1.0, throttle=0.6, omega_z_radps=0.05),
    }
    ticks = 7
    made = kit.setup(stage(), limits=limits()._replace(time_s=(ticks - 0.5) * TICK_S))
    made = made._replace(mission=[phase(30.0, 5.0, 0.0, 1.0), *made.mission[1:]])
    cases = [
        changed(
            kit.seeded(stage(), lane), start=starts[start], wind=dict(w20_mps=5.0, veer_radpm=0.001)
        )
        for lane in range(LANES)
    ]
    flown = kit.fly(cases, made, slots=ticks)

    plain = kit.interpreted().lanes
    rows, leg_rows = kit.packed(cases, [kit.legs_of(case) for case in cases])
    history = np.full_like(flown.history, np.nan)
    metrics = np.zeros((LANES, len(plain.METRIC_NAMES)))
    shared, tables = kit.arrays(made)
    with np.errstate(all="ignore"):  # branches not taken may divide by zero, as in packed code
        plain.fly_blocks(
            *(rows[np.newaxis], leg_rows[np.newaxis], shared, tables, 4),
            *(history, 1, metrics, np.zeros(4)),
        )
    np.testing.assert_allclose(history, flown.history, rtol=1e-10, atol=1e-10)
    found = np.stack([flown.metrics[name] for name in plain.METRIC_NAMES], axis=1)
    np.testing.assert_allclose(metrics, found, rtol=1e-8, atol=1e-9)
