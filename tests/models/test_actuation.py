"""From commands to actuators: delays, quantisation, and every failure at work from its time on."""

from math import radians, sin
from typing import Any

import numpy as np
import pytest

from models.outcomes import Initiator
from models.structs import Actuation, Command, Program, State, Trend
from tests.models import kit
from tests.models.vehicle import changed, filled, stage

physics = kit.interpreted()
actuation = physics.actuation

DT = 0.02
LINE = (0.60, 0.50, 0.40, 0.30, 0.20, 0.10, 0.05, 0.01)  # newest first


def _command(**more: Any) -> Command:
    usual = dict(line=LINE, roll_line=(1.0, 0.0, -1.0, 0.0), integral_enu_mps2=(0.0,) * 3)
    return filled(Command, **usual | more)


def _before(**more: Any) -> Actuation:
    return filled(Actuation, **{"lit": 1.0, "throttle": 0.55} | more)


def _state(**more: Any) -> State:
    usual = dict.fromkeys(("r_enu_m", "v_enu_mps", "omega_body_radps"), (0.0,) * 3)
    full = {"q_body_to_enu": (1.0, 0.0, 0.0, 0.0), "lox_kg": 900.0, "fuel_kg": 300.0}
    return filled(State, **usual | full | {"throttle": 0.5} | more)


def _case(**parts: Any) -> Any:
    plain = changed(
        stage(), engine=dict(throttle_quantum=0.0, dead_time_s=0.0), thrusters=dict(delay_s=0.0)
    )
    return changed(plain, **parts)


def _told(case: Any, late: float = 0.0, since_s: float = 10.0, **parts: Any) -> Actuation:
    return actuation.actuation(
        parts.get("before", _before()),
        parts.get("command", _command()),
        parts.get("program", filled(Program)),
        parts.get("state", _state()),
        *(since_s, late, case, DT),
    )


# --- delays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dead_time", "expected"), [(0.0, 0.6), (0.02, 0.5), (0.04, 0.4), (0.05, 0.35), (0.14, 0.01)]
)
def test_throttle__waits_its_dead_time_between_ticks_too(dead_time: float, expected: float) -> None:
    told = _told(_case(engine=dict(dead_time_s=dead_time)))
    assert told.throttle == pytest.approx(expected)


def test_throttle__dead_time_beyond_the_line_is_the_lines_end() -> None:
    assert _told(_case(engine=dict(dead_time_s=9.0))).throttle == pytest.approx(0.01)


def test_throttle__is_quantised_after_its_delay_and_scaled_by_the_valve() -> None:
    case = _case(engine=dict(dead_time_s=0.045, throttle_quantum=0.1, throttle_scale=1.02))
    assert _told(case).throttle == pytest.approx(1.02 * 0.4)  # 0.375 rounds up to 0.4
    assert _told(_case(engine=dict(throttle_quantum=0.25))).throttle == pytest.approx(0.5)


def test_computer__late_commands_come_later_and_missed_ones_not_at_all() -> None:
    case = _case()
    before = _before(gimbal_x_rad=0.01)
    command = _command(gimbal_x_rad=0.03)
    half, missed = (_told(case, late, before=before, command=command) for late in (0.5, 1.0))
    assert half.throttle == pytest.approx(0.55)
    assert missed.throttle == pytest.approx(0.50)
    assert half.gimbal_x_rad == pytest.approx(0.02)
    assert missed.gimbal_x_rad == pytest.approx(0.01)
    assert missed.roll == pytest.approx(0.0)


@pytest.mark.parametrize(("delay", "roll"), [(0.0, 1.0), (0.01, 0.5), (0.02, 0.0), (0.04, -1.0)])
def test_roll__waits_the_valves_delay(delay: float, roll: float) -> None:
    assert _told(_case(thrusters=dict(delay_s=delay))).roll == pytest.approx(roll)


def test_gimbal__null_offset_adds_to_the_command() -> None:
    case = _case(gimbal=dict(null_x_rad=0.002, null_y_rad=-0.001))
    told = _told(case, command=_command(gimbal_x_rad=0.01, gimbal_y_rad=0.02))
    assert (told.gimbal_x_rad, told.gimbal_y_rad) == pytest.approx((0.012, 0.019))


def test_valve__ramps_up_runs_and_tails_off_with_its_own_figures() -> None:
    case = _case()
    held = _told(case, before=_before(held=1.0))
    assert held.throttle_slew_per_s == case.engine.start_slew_per_s
    running = _told(case)
    assert running.throttle_slew_per_s == case.engine.slew_per_s
    assert running.throttle_lag_s == case.engine.lag_s
    off = _told(case, command=_command(line=(0.0,) * 8))
    assert off.throttle_lag_s == case.engine.tailoff_s
    # The tail-off is the lag's alone: its impulse is T tau, not cut by the slew limit
    assert off.throttle_slew_per_s > 100.0


def test_propellant__the_first_empty_tank_puts_the_engine_out_for_good() -> None:
    case = _case()
    assert _told(case, state=_state(lox_kg=60.0)).lit == 0.0
    assert _told(case, state=_state(fuel_kg=19.0)).lit == 0.0
    assert _told(case, state=_state(lox_kg=60.1, fuel_kg=20.1)).lit == 1.0
    assert _told(case, before=_before(lit=0.0)).lit == 0.0


# --- failures -------------------------------------------------------------------------------------


def _failing(name: str, **more: Any) -> Any:
    return _case(failure=dict(initiator=float(Initiator[name]), time_s=5.0), **more)


@pytest.mark.parametrize("name", [i.name for i in Initiator])
def test_failure__does_nothing_before_its_time_or_on_the_pad(name: str) -> None:
    if name == "engine_no_start":  # acts on the pad by its nature
        return
    assert _told(_failing(name), since_s=4.99) == _told(_case())
    held = _before(held=1.0)
    assert _told(_failing(name), since_s=-1.0, before=held) == _told(
        _case(), since_s=-1.0, before=held
    )


@pytest.mark.parametrize("name", ["engine_out", "early_cut_off", "engine_no_start"])
def test_failure__engine_gives_nothing(name: str) -> None:
    told = _told(_failing(name))
    assert told.throttle == 0.0
    if name == "engine_out":
        assert told.throttle_lag_s < stage().engine.tailoff_s
    else:
        assert told.throttle_lag_s == stage().engine.tailoff_s


def test_failure__engine_that_never_starts_stays_cold_on_the_pad() -> None:
    told = _told(_failing("engine_no_start"), since_s=-1.0, before=_before(held=1.0))
    assert told.throttle == 0.0


def test_failure__stuck_throttle_stays_where_it_stands_until_cut_off() -> None:
    assert _told(_failing("stuck_throttle")).throttle == 0.5
    assert _told(_failing("stuck_throttle"), command=_command(line=(0.0,) * 8)).throttle == 0.0


def test_failure__sticky_valve_moves_for_large_demands_alone() -> None:
    case = _failing("valve_stiction")
    small = _command(line=(0.53,) * 8)
    assert _told(case, command=small).throttle == 0.5  # where it stands
    assert _told(case).throttle == pytest.approx(0.6)


def test_failure__stuck_gimbal_stays_where_it_stands() -> None:
    standing = _state(gimbal_x_rad=0.03, gimbal_y_rad=-0.02)
    before = _before(gimbal_x_rad=0.02, gimbal_y_rad=-0.01)
    command = _command(gimbal_x_rad=0.1, gimbal_y_rad=0.1)
    told = _told(_failing("stuck_gimbal"), before=before, command=command, state=standing)
    assert (told.gimbal_x_rad, told.gimbal_y_rad) == (0.03, -0.02)


# --- open loop ------------------------------------------------------------------------------------


def test_program__overrides_the_flight_software() -> None:
    program = filled(
        Program,
        **dict(throttle=0.9, gimbal_x_rad=0.01, gimbal_y_rad=0.02, roll=0.5),
        throttle_trend=Trend(0.1, 0.2),
    )
    told = _told(_case(start=dict(open_loop=1.0)), program=program)
    assert told.throttle == 0.9
    assert (told.gimbal_x_rad, told.gimbal_y_rad, told.roll) == (0.01, 0.02, 0.5)
    assert told.throttle_trend == Trend(0.1, 0.2)
    closed = _told(_case(), program=program)
    assert closed.throttle == 0.6
    assert closed.throttle_trend == Trend(0.0, 0.0)


def test_program__adds_table_mean_and_sine() -> None:
    table = np.array(
        [[0.0, 0.5, 0.0, 0.0, 0.0], [1.0, 0.7, 0.1, 0.0, 1.0], [3.0, 0.7, 0.0, 0.2, 1.0]]
    )
    waves = np.array([[0.01, 0.02, 3.0, 0.4], [0.0] * 4, [0.0, radians(1.0), 5.0, 0.0], [0.0] * 4])
    for t in (0.0, 0.4, 1.0, 2.5, 9.0):
        found = actuation.program_at(t, DT, table, waves)
        for since in (0.0, 0.01, 0.02):
            at = t + since
            columns = [np.interp(at, table[:, 0], table[:, k]) for k in (1, 2, 3, 4)]
            throttle = columns[0] + 0.01 + 0.02 * sin(3.0 * at + 0.4)
            gimbal_y = columns[2] + radians(1.0) * sin(5.0 * at)
            trend, value = found.throttle_trend, found.throttle
            assert value + since * (trend.slope + since * trend.curve) == pytest.approx(throttle)
            trend, value = found.gimbal_y_trend, found.gimbal_y_rad
            assert value + since * (trend.slope + since * trend.curve) == pytest.approx(
                gimbal_y, abs=1e-12
            )
            assert found.gimbal_x_rad == pytest.approx(np.interp(t, table[:, 0], table[:, 2]))
            assert found.roll == pytest.approx(np.interp(t, table[:, 0], table[:, 4]))
