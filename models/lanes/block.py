"""What a block of lanes holds: every record's place in the flat buffers, its loader and storer.

`buffer` holds what each lane has of its own, `leg_rows` its legs, `shared` what all lanes share;
see rows.py for the arrangement.
"""

from typing import NamedTuple

import numpy as np

from models.lanes.rows import LANES, access, added, layout, loaded_sum
from models.structs import (
    MAX_LEGS,
    Actuation,
    Air,
    Body,
    Case,
    Command,
    Contact,
    Demand,
    Estimate,
    Fixed,
    Footing,
    Gains,
    Leg,
    LegState,
    Limits,
    Log,
    Phase,
    Plant,
    Program,
    SensorMemory,
    Snapshot,
    State,
    Tuning,
    Wrench,
)
from models.turbulence import Gusts
from models.vectors import Vec3

_Pair = tuple[float, float]
_Four = tuple[float, float, float, float]


class Tables(NamedTuple):
    """Arrays that all lanes read. Empty where a case has no use for them, never absent."""

    phases: np.ndarray  # (MAX_PHASES * PHASE_ROWS,): the mission's phases, the last one repeated
    winds: np.ndarray  # (member, level, 3): height m, east and north m/s; heights rise
    program: np.ndarray  # (time, 5): time s, throttle, gimbal x and y rad, roll
    waves: np.ndarray  # (4, 4): for each of the four: mean, amplitude, frequency rad/s, phase rad


# Each lane: first all that changes in flight and that the finite check covers, `y0` to `command`;
# of these the integration changes `y0` and `actuation`, the tick all of them;
# `y0` is the state, `k` and `total` are the integrator's
_L, ROWS = layout(
    LANES,
    y0=State, actuation=Actuation, memory=SensorMemory, gusts=Gusts, est=Estimate, demand=Demand,
    command=Command, air=Air, body=Body, log=Log, snap=Snapshot, contact=Contact, ground=Wrench,
    footing=Footing, swirl=Vec3,
    k=State, total=State, case=Case, phase=Phase, program=Program, fixed=Fixed, earth=Vec3,
    normal=Vec3, table=_Four, phase_number=float, start_kg=float,
)  # fmt: skip
BUFFER_SIZE = ROWS * LANES
DYNAMIC_ROWS = _L["air"].first
INTEGRATED_ROWS = _L["memory"].first
STATE_ROWS = _L["y0"].rows
Y0, K, TOTAL = (_L[name].first * LANES for name in ("y0", "k", "total"))
FINITE = (_L["log"].first + Log._fields.index("finite")) * LANES
CASE_AT, CASE_ROWS = _L["case"].first * LANES, _L["case"].rows

load_y0, store_y0 = _L["y0"].load, _L["y0"].store
load_memory, store_memory = _L["memory"].load, _L["memory"].store
load_gusts, store_gusts = _L["gusts"].load, _L["gusts"].store
load_est, store_est = _L["est"].load, _L["est"].store
load_demand, store_demand = _L["demand"].load, _L["demand"].store
load_command, store_command = _L["command"].load, _L["command"].store
load_actuation, store_actuation = _L["actuation"].load, _L["actuation"].store
load_air, store_air = _L["air"].load, _L["air"].store
load_body, store_body = _L["body"].load, _L["body"].store
load_log, store_log = _L["log"].load, _L["log"].store
load_snap, store_snap = _L["snap"].load, _L["snap"].store
load_contact, store_contact = _L["contact"].load, _L["contact"].store
load_footing, store_footing = _L["footing"].load, _L["footing"].store
load_swirl, store_swirl = _L["swirl"].load, _L["swirl"].store
load_ground, store_ground = _L["ground"].load, _L["ground"].store
store_k = _L["k"].store
load_moved = loaded_sum(State, _L["y0"], _L["k"], LANES)
load_stepped = loaded_sum(State, _L["y0"], _L["total"], LANES)
add_to_total = added(State, _L["total"], LANES)
load_case = _L["case"].load
load_phase, store_phase = _L["phase"].load, _L["phase"].store
load_program, store_program = _L["program"].load, _L["program"].store
load_fixed, store_fixed = _L["fixed"].load, _L["fixed"].store
load_earth, store_earth = _L["earth"].load, _L["earth"].store
load_normal, store_normal = _L["normal"].load, _L["normal"].store
load_table, store_table = _L["table"].load, _L["table"].store
load_phase_number, store_phase_number = _L["phase_number"].load, _L["phase_number"].store
load_start_kg, store_start_kg = _L["start_kg"].load, _L["start_kg"].store

# Each leg of each lane: constants and memory, one leg after the other
_G, LEG_ROWS = layout(LANES, leg=Leg, memory=LegState)
LEG_SIZE = LEG_ROWS * LANES
LEGS_SIZE = MAX_LEGS * LEG_SIZE
LEG_CASE_ROWS = _G["leg"].rows
load_leg = _G["leg"].load
load_leg_memory, store_leg_memory = _G["memory"].load, _G["memory"].store

# What all lanes share: the flight software's design, and integration steps in flight and contact
_U, UNIFORM_ROWS = layout(
    1, design=Case, gains=Gains, tuning=Tuning, plant=Plant, limits=Limits, steps=_Pair
)
load_design, load_gains = _U["design"].load, _U["gains"].load
load_tuning, load_plant = _U["tuning"].load, _U["plant"].load
load_limits, load_steps = _U["limits"].load, _U["steps"].load

# The table of phases
PHASE_ROWS = len(Phase._fields)
phase_of = access(Phase, 0, 1).load
