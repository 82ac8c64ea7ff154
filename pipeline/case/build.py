"""From a case to what the kernel flies: its values laid over a neutral body.

Neutral is a rigid body over flat ground in standard gravity and standard air, on which nothing acts
but what the case gives: no wind, no drag, no liquid, no thrust, no legs, actuators that do at once
what the program says.
"""

from __future__ import annotations

from math import ceil, cos, radians, sin
from typing import Any, TypeVar

import numpy as np

from models import wind
from models.dispersion import leg_cases
from models.flight import TICK_S
from models.lanes import flatten
from models.structs import (
    MAX_PHASES,
    Aero,
    Altimeter,
    Case,
    Engine,
    Gains,
    Gimbal,
    Gnss,
    Imu,
    Legs,
    Limits,
    Mass,
    Phase,
    Plant,
    Seed,
    Site,
    Start,
    Tank,
    Thrusters,
    Tuning,
    Wind,
)
from pipeline.build import Runs, Setup, tables
from pipeline.case.file import FlyCase
from pipeline.spelling import in_file, to_si
from pipeline.winds import as_array

Record = TypeVar("Record")
Quaternion = tuple[float, float, float, float]

# Beyond any case, yet far from where the kernel takes a number for infinite
_ENDLESS = 1e15  # N, m
_NO_FLOW_S = 1e99  # specific impulse
_TRACE_KG = 1e-30  # a tank that is not empty: an empty one ends the flight
_NEVER_S = 1e9
_CLEAR_M = 10.0  # hull and nozzle over the pads, unless told: they strike when the body lies down
_POINT_M = 1e-9

_WORDS: dict[str, dict[str, float]] = {
    "air": {"vacuum": 0.0, "us76": 1.0, "uniform": 2.0},
    "gravity_model": {"constant": 0.0, "effective": 1.0},
    "profile": {
        "none": wind.LINEAR,  # of no speed
        "constant": wind.LINEAR,  # without shear
        "linear": wind.LINEAR,
        "power_law": wind.POWER_LAW,
        "log_law": wind.LOG_LAW,
        "table": wind.TABLE,
    },
}
_COMMANDS = ("throttle", "gimbal_x_deg", "gimbal_y_deg", "roll")


def _neutral(struct: type[Record], **values: float) -> Record:
    """A record of zeros, its own defaults and these values."""
    kind: Any = struct
    made: Record = kind(**dict.fromkeys(kind._fields, 0.0) | kind._field_defaults | values)
    return made


_NO_LIQUID = _neutral(
    Tank, load_kg=_TRACE_KG, density_kgpm3=1000.0, radius_m=1.0, slosh_mass_scale=0.0
)
_NO_TANK_HELD = _NO_LIQUID._replace(load_kg=0.0, slosh_mass_scale=1.0)
NEUTRAL = Case(
    site=_neutral(Site, pad_radius_m=_ENDLESS),
    wind=_neutral(
        Wind,
        profile=float(wind.LINEAR),
        reference_height_m=10.0,
        roughness_m=0.03,
        airspeed_floor_mps=1.0,
        gust_thickness_m=1.0,
    ),
    mass=_neutral(Mass),
    lox=_NO_LIQUID,
    fuel=_NO_LIQUID,
    engine=_neutral(
        Engine, thrust_vac_n=1.0, isp_vac_s=_NO_FLOW_S, exit_radius_m=_POINT_M, slew_per_s=_ENDLESS
    ),
    gimbal=_neutral(Gimbal, damping_ratio=1.0, travel_rad=radians(90.0), rate_radps=_ENDLESS),
    thrusters=_neutral(Thrusters),
    aero=_neutral(Aero),
    legs=_neutral(
        Legs,
        crush_load_n=_ENDLESS,
        stroke_m=_ENDLESS,
        ultimate_load_n=_ENDLESS,
        grip_stiffness_npm=1e8,
        grip_damping_nspm=1e5,
        switch_load_n=_ENDLESS,
    ),
    imu=_neutral(Imu),
    gnss=_neutral(Gnss, horizontal_noise_m=1.0, vertical_noise_m=1.0, velocity_noise_mps=1.0),
    altimeter=_neutral(Altimeter, noise_m=1.0),
    start=_neutral(Start, held=0.0, open_loop=1.0),
)
_BELOW_A_HULL = {"hull_bottom_z_m": _CLEAR_M, "length_m": _CLEAR_M}

# The flight software flies along without a say: values that keep it finite
_IDLE = (
    _neutral(Gains, gravity_mps2=1.0, start_throttle=1.0, cut_off_votes=_NEVER_S),
    _neutral(Tuning),
    _neutral(
        Plant,
        **dict.fromkeys(("full_kg", "thrust_vac_n", "isp_vac_s", "full_arm_m", "empty_arm_m"), 2.0),
        **dict.fromkeys(("empty_kg", "full_inertia_kgm2", "empty_inertia_kgm2"), 1.0),
    ),
)


def n_ticks(case: FlyCase) -> int:
    """Control ticks until the case is over."""
    return ceil(round(case.duration_s / TICK_S, 6))


def prepared(case: FlyCase) -> tuple[Setup, Runs]:
    """What the kernel flies: one run of an undispersed body."""
    record = kernel_case(case)
    n_legs = case.legs.count if case.legs else 0
    time_s = (n_ticks(case) + 0.5) * TICK_S
    limits = _neutral(
        Limits, time_s=time_s, tilt_lost_rad=10.0, tip_over_rad=10.0, rest_time_s=_NEVER_S
    )
    shared = flatten((record, *_IDLE, limits, (case.steps.flight, case.steps.contact)))
    phase = flatten(_neutral(Phase, terminal=1.0))
    setup = Setup(
        record,
        np.array(shared, np.float64),
        tables(phases=np.tile(phase, MAX_PHASES), **_program(case), **_winds(case)),
        n_legs,
    )
    heights = (case.legs.pad_heights_m if case.legs else None) or ()
    ground = {f"pad_height_{leg}_m": np.array(height) for leg, height in enumerate(heights)}
    return setup, Runs(record, leg_cases(record, n_legs, ground), 1)


def kernel_case(case: FlyCase) -> Case:
    """The kernel's record of the case."""
    neutral = NEUTRAL
    if case.legs is not None:
        neutral = neutral._replace(
            legs=neutral.legs._replace(**_BELOW_A_HULL),
            engine=neutral.engine._replace(exit_z_m=_CLEAR_M),
        )
    parts: dict[str, Any] = {
        name: _NO_LIQUID if tank is None else _over(_NO_TANK_HELD, tank)
        for name, tank in (("lox", case.lox), ("fuel", case.fuel))
    }
    parts |= {
        part: _over(getattr(neutral, part), getattr(case, part))
        for part in ("site", "wind", "mass", "engine", "gimbal", "thrusters", "aero")
    }
    if case.legs is not None:
        parts["legs"] = _over(neutral.legs, case.legs)
    start = _over(neutral.start, case.start)
    q = attitude(case.start)
    start = start._replace(q0=q[0], q1=q[1], q2=q[2], q3=q[3])
    if parts["engine"].lag_s == 0.0 and case.start.throttle is None:
        start = start._replace(throttle=_first_throttle(case))
    seed = Seed(float(case.seed & 0xFFFFFFFF), float(case.seed >> 32))
    return neutral._replace(start=start, seed=seed, **parts)


def _over(record: Record, section: Any) -> Record:
    """The record with what the section gives, in SI and radians."""
    kind: Any = record
    values: dict[str, float] = {}
    for field in kind._fields:
        given = getattr(section, in_file(field), None)
        if isinstance(given, str):
            values[field] = float(_WORDS[field][given])
        elif given is not None:
            values[field] = to_si(in_file(field), float(given))
    replaced: Record = kind._replace(**values)
    return replaced


def attitude(start: Any) -> Quaternion:
    """Unit quaternion, body to ENU, of a start given as one or as turns about body z, y, x."""
    if start.q_body_to_enu is not None:
        w, x, y, z = np.array(start.q_body_to_enu) / np.linalg.norm(start.q_body_to_enu)
        return float(w), float(x), float(y), float(z)
    turns = (start.turn_z_deg, start.turn_y_deg, start.turn_x_deg)
    c, b, a = (0.5 * radians(turn or 0.0) for turn in turns)
    return (
        cos(c) * cos(b) * cos(a) + sin(c) * sin(b) * sin(a),
        cos(c) * cos(b) * sin(a) - sin(c) * sin(b) * cos(a),
        cos(c) * sin(b) * cos(a) + sin(c) * cos(b) * sin(a),
        sin(c) * cos(b) * cos(a) - cos(c) * sin(b) * sin(a),
    )


def _program(case: FlyCase) -> dict[str, np.ndarray]:
    """The kernel's tables of the open-loop program."""
    waves = np.zeros((4, 4))
    for row, name in zip(waves, _COMMANDS, strict=True):
        wave = getattr(case.program, name)
        row[:2] = to_si(name, np.array([wave.mean, wave.amplitude]))
        row[2:] = wave.frequency_radps, radians(wave.phase_deg)
    table = case.program.table
    if table is None:
        return {"waves": waves}
    columns = [np.array(table.time_s)]
    for name in _COMMANDS:
        given = getattr(table, name)
        columns.append(
            np.zeros(len(table.time_s)) if given is None else to_si(name, np.array(given))
        )
    return {"waves": waves, "program": np.ascontiguousarray(np.column_stack(columns))}


def _first_throttle(case: FlyCase) -> float:
    """The throttle asked for at the start."""
    wave, table = case.program.throttle, case.program.table
    value = wave.mean + wave.amplitude * sin(radians(wave.phase_deg))
    if table is not None and table.throttle is not None:
        value += float(np.interp(0.0, table.time_s, table.throttle))
    return value


def _winds(case: FlyCase) -> dict[str, np.ndarray]:
    """The kernel's wind table, where the case has one."""
    table = case.wind.table
    if table is None:
        return {}
    return {"winds": as_array((table,))}
