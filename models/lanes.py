"""Many runs side by side: the one compiled function that campaigns, replays and single cases call.

A block of LANES runs lies in one flat buffer (rows.py). Each loop over lanes loads a run's records, calls the scalar
physics, stores the result; the compiler makes packed instructions of it. First all lanes fly until each has come
within reach of the ground or ended; a lane that has is parked. Then the contact loop takes the parked lanes to rest, with
legs and a shorter step. Only what is per block or branchy is scalar: phase changes, parking, the final row.

Nothing here depends on a neighbour: every lane runs the same packed instructions on its own rows.
"""

from math import cos, nan, pi
from typing import NamedTuple

import numpy as np

from models import (
    actuation,
    atmosphere,
    dynamics,
    flight,
    legs,
    mass,
    navigation,
    noise,
    sensors,
    touchdown,
    turbulence,
    wind,
)
from models.elementary import sincos
from models.flight import TICK_S
from models.jit import entry, kernel, plain
from models.metrics import Metrics, metrics
from models.outcomes import IN_FLIGHT
from models.rows import LANES, access, layout
from models.structs import (
    MAX_LEGS,
    MAX_PHASES,
    Actuation,
    Air,
    Body,
    Case,
    Command,
    Contact,
    Demand,
    Estimate,
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
    Trend,
    Tuning,
    Wrench,
)
from models.vectors import Vec3, add, norm


class Tables(NamedTuple):
    """Arrays that all lanes read. Empty where a case has no use for them, never absent."""

    phases: np.ndarray  # (MAX_PHASES * PHASE_ROWS,): the mission's phases, the last one repeated
    winds: np.ndarray  # (member, level, 3): height m, east and north m/s; heights rise
    program: np.ndarray  # (time, 5): time s, throttle, gimbal x and y rad, roll
    waves: np.ndarray  # (4, 4): for each of the four: mean, amplitude, frequency rad/s, phase rad


_Pair = tuple[float, float]
_Four = tuple[float, float, float, float]

# What each lane holds. `y0` is the state; `y`, `k`, `total` are the integrator's.
_L, ROWS = layout(
    LANES,
    y0=State, memory=SensorMemory, gusts=turbulence.Gusts, est=Estimate, demand=Demand, command=Command,
    actuation=Actuation, air=Air, body=Body, log=Log, snap=Snapshot, contact=Contact, ground=Wrench,
    y=State, k=State, total=State, case=Case, phase=Phase, program=Program, trig=_Pair, earth=Vec3, normal=Vec3, table=_Four,
    start_kg=_Pair,
)  # fmt: skip
STATE_ROWS = _L["y0"].rows
HUGE = 1.0e300  # beyond it a number counts as not finite
_FINITE = (_L["log"].first + Log._fields.index("finite")) * LANES
DYNAMIC_ROWS = _L["air"].first  # y0 to actuation: what the finite check covers

# What all lanes share
_U, UNIFORM_ROWS = layout(
    1, design=Case, gains=Gains, tuning=Tuning, plant=Plant, limits=Limits, flight_steps=_Pair
)
PHASE_ROWS = len(Phase._fields)
_phase_of = access(Phase, 0, 1).load

# Each leg: constants and memory, one after the other
_G, LEG_ROWS = layout(LANES, leg=Leg, memory=LegState)
LEG_SIZE = LEG_ROWS * LANES
_LEG_MEMORY = _G["memory"].first

BUFFER_SIZE = ROWS * LANES
LEGS_SIZE = MAX_LEGS * LEG_SIZE
CASE_ROWS = _L["case"].rows
_CASE_AT = _L["case"].first * LANES
LEG_CASE_ROWS = _G["leg"].rows
METRIC_NAMES = Metrics._fields

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
load_ground, store_ground = _L["ground"].load, _L["ground"].store
load_y, store_y = _L["y"].load, _L["y"].store
load_k, store_k = _L["k"].load, _L["k"].store
load_total, store_total = _L["total"].load, _L["total"].store
load_case, store_case = _L["case"].load, _L["case"].store
load_phase, store_phase = _L["phase"].load, _L["phase"].store
load_program, store_program = _L["program"].load, _L["program"].store
load_trig, store_trig = _L["trig"].load, _L["trig"].store
load_earth, store_earth = _L["earth"].load, _L["earth"].store
load_normal, store_normal = _L["normal"].load, _L["normal"].store
load_table, store_table = _L["table"].load, _L["table"].store
load_start_kg, store_start_kg = _L["start_kg"].load, _L["start_kg"].store
load_design = _U["design"].load
load_gains = _U["gains"].load
load_tuning = _U["tuning"].load
load_plant = _U["plant"].load
load_limits = _U["limits"].load
load_steps = _U["flight_steps"].load
load_leg, load_leg_memory, store_leg_memory = _G["leg"].load, _G["memory"].load, _G["memory"].store


# --- start ---------------------------------------------------------------------------------------------------


@kernel
def _started_state(case):
    """The state at ignition."""
    s = case.start
    return State(
        (s.east_m, s.north_m, s.up_m), (s.v_east_mps, s.v_north_mps, s.v_up_mps), (s.q0, s.q1, s.q2, s.q3),
        (s.omega_x_radps, s.omega_y_radps, s.omega_z_radps), case.lox.load_kg, case.fuel.load_kg, s.throttle,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip


@plain
def fill(buffer, leg_rows, cases, leg_cases):
    """The runs of a block and their legs into its rows."""
    buffer[_CASE_AT : _CASE_AT + CASE_ROWS * LANES] = cases
    size = LEG_CASE_ROWS * LANES
    for number in range(MAX_LEGS):
        to = number * LEG_SIZE
        leg_rows[to : to + size] = leg_cases[number * size : (number + 1) * size]


@plain
def start(buffer, shared, leg_rows, n_legs):
    """Every lane at ignition."""
    design, tuning = load_design(shared, 0), load_tuning(shared, 0)
    plant = load_plant(shared, 0)
    zero = (0.0, 0.0, 0.0)
    for lane in range(LANES):
        case = load_case(buffer, lane)
        state = _started_state(case)
        sin_lat, cos_lat = sincos(case.site.latitude_rad)
        store_trig(buffer, lane, (sin_lat, cos_lat))
        store_normal(buffer, lane, legs.ground_normal(case.site))
        store_earth(buffer, lane, atmosphere.earth_rate(sin_lat, cos_lat, case.site))
        store_y0(buffer, lane, state)
        store_memory(buffer, lane, sensors.imu_memory(state, case.imu))
        n0, n1, n2, n3 = noise.normals(case.seed, noise.START, 0.0)
        m0, m1, m2, _ = noise.normals(case.seed, noise.START, 1.0)
        p, v = (
            noise.normals(case.seed, noise.START, 2.0),
            noise.normals(case.seed, noise.START, 3.0),
        )
        store_gusts(buffer, lane, turbulence.started(n0, n1, n2, n3, m0))
        store_est(
            buffer, lane, navigation.aligned(state, case, design, tuning, plant.full_kg, p, v)
        )
        store_demand(buffer, lane, Demand(state.r_enu_m, state.v_enu_mps, zero, 0.0, 0.0, 0.0, 0.0))
        line = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        idle = (0.0, 0.0, 0.0, 0.0)
        store_command(buffer, lane, Command(0.0, 0.0, 0.0, 0.0, 9.0, zero, 0.0, 0.0, line, idle))
        held = case.start.held
        level = Trend(0.0, 0.0)
        store_actuation(
            buffer, lane,
            Actuation(0.0, 1.0, case.engine.lag_s, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, level, level, level, level, held),
        )  # fmt: skip
        for number in range(n_legs):
            at = number * LEG_SIZE + lane
            memory = legs.unloaded(state, load_leg(leg_rows, at), load_normal(buffer, lane))
            store_leg_memory(leg_rows, at, memory)
        store_start_kg(buffer, lane, (state.lox_kg + state.fuel_kg, 0.0))
        store_ground(buffer, lane, Wrench(zero, zero))
        release = -1.0 if held > 0.0 else 0.0
        store_log(
            buffer, lane,
            Log(0.0, 0.0, IN_FLIGHT, 1.0, release, -1.0, state.r_enu_m[2], 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0,
                1.0e3, 0.0, 0.0),
        )  # fmt: skip
    distrust(buffer, _CASE_AT, CASE_ROWS)
    for number in range(n_legs):
        distrust_legs(buffer, leg_rows, number, 0, LEG_CASE_ROWS)


@plain
def distrust(buffer, first, rows):
    """Clear the sticky flag of the lanes where one of these rows is not finite."""
    for row in range(rows):
        for lane in range(LANES):
            sound = abs(buffer[first + row * LANES + lane]) < HUGE
            buffer[_FINITE + lane] = buffer[_FINITE + lane] if sound else 0.0


@plain
def distrust_legs(buffer, leg_rows, number, first, last):
    """Clear the sticky flag of the lanes where one of these rows of a leg is not finite."""
    for row in range(first, last):
        at = number * LEG_SIZE + row * LANES
        for lane in range(LANES):
            sound = abs(leg_rows[at + lane]) < HUGE
            buffer[_FINITE + lane] = buffer[_FINITE + lane] if sound else 0.0


# --- one control tick ----------------------------------------------------------------------------------------


@plain
def air_and_mass(buffer):
    """Air, wind and mass properties for the coming tick."""
    for lane in range(LANES):
        case = load_case(buffer, lane)
        state = load_y0(buffer, lane)
        log = load_log(buffer, lane)
        felt, gusts = flight.air(
            state,
            load_gusts(buffer, lane),
            load_table(buffer, lane),
            load_trig(buffer, lane),
            log.tick,
            case,
        )
        store_air(buffer, lane, felt)
        store_gusts(buffer, lane, gusts)
        axial = flight.axial_specific_force(
            state, load_actuation(buffer, lane), felt, load_ground(buffer, lane), case
        )
        store_body(buffer, lane, mass.body(state.lox_kg, state.fuel_kg, axial, case))


@plain
def navigate(buffer, shared):
    """Inertial unit and strapdown."""
    design, plant = load_design(shared, 0), load_plant(shared, 0)
    for lane in range(LANES):
        memory, est = flight.navigate(
            load_y0(buffer, lane), load_memory(buffer, lane), load_est(buffer, lane), load_air(buffer, lane),
            load_earth(buffer, lane), load_command(buffer, lane).throttle, load_case(buffer, lane), design, plant, load_log(buffer, lane).tick,
        )  # fmt: skip
        store_memory(buffer, lane, memory)
        store_est(buffer, lane, est)


@plain
def aid(buffer, shared):
    """Satellite fix and altimeter, on the lanes that are due."""
    design, tuning = load_design(shared, 0), load_tuning(shared, 0)
    for lane in range(LANES):
        memory, est = flight.aid(
            load_y0(buffer, lane), load_memory(buffer, lane), load_est(buffer, lane), load_log(buffer, lane),
            load_case(buffer, lane), design, tuning, load_normal(buffer, lane),
        )  # fmt: skip
        store_memory(buffer, lane, memory)
        store_est(buffer, lane, est)


@plain
def look_up(buffer, tables):
    """What each lane reads from tables all share: mission phase, wind profile, open-loop program."""
    for lane in range(LANES):
        case, log = load_case(buffer, lane), load_log(buffer, lane)
        index = min(max(int(load_demand(buffer, lane).phase), 0), MAX_PHASES - 1)
        store_phase(buffer, lane, _phase_of(tables.phases, index * PHASE_ROWS))
        if case.wind.profile == 3.0:
            height = load_y0(buffer, lane).r_enu_m[2]
            store_table(buffer, lane, wind.from_table(height, case.wind.member, tables.winds))
        if case.start.open_loop > 0.0:
            store_program(
                buffer, lane, actuation.program_at(log.time_s, TICK_S, tables.program, tables.waves)
            )


@plain
def control(buffer, shared):
    """Actuators take the last command; guidance and control make the next."""
    design, gains, plant = load_design(shared, 0), load_gains(shared, 0), load_plant(shared, 0)
    for lane in range(LANES):
        case, log, state = load_case(buffer, lane), load_log(buffer, lane), load_y0(buffer, lane)
        command = load_command(buffer, lane)
        store_actuation(
            buffer,
            lane,
            flight.actuated(
                load_actuation(buffer, lane), command, load_program(buffer, lane), state, log, case
            ),
        )
        votes = flight.switch_votes(load_contact(buffer, lane).pressed, log, case)
        demand, command = flight.software(
            load_est(buffer, lane), load_demand(buffer, lane), command, load_phase(buffer, lane), votes, log, design,
            gains, plant,
        )  # fmt: skip
        store_demand(buffer, lane, demand)
        store_command(buffer, lane, command)


@plain
def feel(buffer, shared, leg_rows, n_legs):
    """What legs and ground say: reach of the lowest point, strikes, support, switches."""
    limits = load_limits(shared, 0)
    share = cos(pi / max(n_legs, 2))
    for lane in range(LANES):
        support = norm(load_ground(buffer, lane).force_enu_n)
        climbed = flight.has_left(load_log(buffer, lane), load_case(buffer, lane))
        store_contact(
            buffer, lane,
            flight.hull(
                load_y0(buffer, lane), load_body(buffer, lane), support, load_normal(buffer, lane), climbed,
                load_case(buffer, lane), share, limits,
            ),
        )  # fmt: skip
    for number in range(n_legs):
        at = number * LEG_SIZE
        for lane in range(LANES):
            climbed = flight.has_left(load_log(buffer, lane), load_case(buffer, lane))
            store_contact(
                buffer, lane,
                flight.felt_leg(
                    load_contact(buffer, lane), load_y0(buffer, lane), load_leg(leg_rows, at + lane),
                    load_leg_memory(leg_rows, at + lane), load_normal(buffer, lane), climbed, load_case(buffer, lane).legs,
                ),
            )  # fmt: skip


@plain
def watch(buffer, leg_rows, n_legs):
    """The sticky flag: cleared where anything that changes in flight is not finite.

    Clamps, selects and minima turn a NaN into an ordinary number, so this looks at the rows themselves, before a tick
    has used them and again after.
    """
    distrust(buffer, 0, DYNAMIC_ROWS)
    for number in range(n_legs):
        distrust_legs(buffer, leg_rows, number, _LEG_MEMORY, LEG_ROWS)


@plain
def keep_log(buffer, shared):
    """Book-keeping: clamps, extremes, finite flag, terminal events, hand-over."""
    gains, limits = load_gains(shared, 0), load_limits(shared, 0)
    for lane in range(LANES):
        log, state, told, case = (
            load_log(buffer, lane), load_y0(buffer, lane), load_actuation(buffer, lane), load_case(buffer, lane)
        )  # fmt: skip
        freed = flight.opened(state, told, load_air(buffer, lane), log, case, gains)
        log = flight.logged(
            log, state, load_demand(buffer, lane), load_command(buffer, lane), load_contact(buffer, lane),
            freed, told.held, case, limits, gains,
        )  # fmt: skip
        store_log(buffer, lane, log)
        if freed:
            store_actuation(buffer, lane, flight.unclamped(told))


# --- integration ---------------------------------------------------------------------------------------------

_STAGE = (0.0, 0.5, 0.5, 1.0)  # classic Runge-Kutta: where each stage is evaluated
_WEIGHT = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)
_Y0, _Y, _K, _TOTAL = (_L[n].first * LANES for n in ("y0", "y", "k", "total"))
_STATE_SIZE = STATE_ROWS * LANES


@plain
def stage(buffer, reach):
    """y = y0 + reach k."""
    for i in range(_STATE_SIZE):
        buffer[_Y + i] = buffer[_Y0 + i] + reach * buffer[_K + i]


@plain
def accumulate(buffer, weight):
    """total += weight k."""
    for i in range(_STATE_SIZE):
        buffer[_TOTAL + i] += weight * buffer[_K + i]


@plain
def clear(buffer):
    """total = 0, k = 0."""
    for i in range(_STATE_SIZE):
        buffer[_TOTAL + i] = 0.0
        buffer[_K + i] = 0.0


@plain
def rates(buffer, since_s):
    """k = derivative at y, this long after the tick."""
    for lane in range(LANES):
        store_k(
            buffer, lane,
            dynamics.rates(
                load_y(buffer, lane), load_actuation(buffer, lane), load_air(buffer, lane), load_body(buffer, lane),
                load_ground(buffer, lane), load_earth(buffer, lane), since_s, load_case(buffer, lane),
            ),
        )  # fmt: skip


@plain
def conclude(buffer, since_s, dt):
    """y0 += dt total; unit quaternion, nozzle inside its backlash."""
    for i in range(_STATE_SIZE):
        buffer[_Y0 + i] += dt * buffer[_TOTAL + i]
    for lane in range(LANES):
        state, case = load_y0(buffer, lane), load_case(buffer, lane)
        state, actuation_now = dynamics.concluded(
            state, load_actuation(buffer, lane), since_s, case
        )
        store_y0(buffer, lane, state)
        store_actuation(buffer, lane, actuation_now)


@plain
def fly_step(buffer, since_s, dt):
    """One Runge-Kutta step in free flight, begun this long after the tick."""
    clear(buffer)
    for s in range(4):
        stage(buffer, _STAGE[s] * dt)
        rates(buffer, since_s + _STAGE[s] * dt)
        accumulate(buffer, _WEIGHT[s])
    conclude(buffer, since_s + dt, dt)


@plain
def push(buffer, leg_rows, n_legs):
    """ground = what all legs do to the vehicle at y."""
    zero = (0.0, 0.0, 0.0)
    for lane in range(LANES):
        store_ground(buffer, lane, Wrench(zero, zero))
    for number in range(n_legs):
        at = number * LEG_SIZE
        for lane in range(LANES):
            one = legs.wrench(
                load_y(buffer, lane), load_leg_memory(leg_rows, at + lane), load_leg(leg_rows, at + lane),
                load_case(buffer, lane).legs, load_normal(buffer, lane),
            )  # fmt: skip
            sum_ = load_ground(buffer, lane)
            store_ground(
                buffer, lane,
                Wrench(add(sum_.force_enu_n, one.force_enu_n), add(sum_.moment_body_nm, one.moment_body_nm)),
            )  # fmt: skip


@plain
def settle(buffer, leg_rows, n_legs, dt):
    """Legs' memory after a contact step."""
    for number in range(n_legs):
        at = number * LEG_SIZE
        for lane in range(LANES):
            store_leg_memory(
                leg_rows, at + lane,
                legs.settle(
                    load_y0(buffer, lane), load_leg_memory(leg_rows, at + lane), load_leg(leg_rows, at + lane),
                    load_case(buffer, lane).legs, load_normal(buffer, lane), dt,
                ),
            )  # fmt: skip


@plain
def contact_step(buffer, leg_rows, n_legs, since_s, dt):
    """One Runge-Kutta step on the ground, begun this long after the tick."""
    clear(buffer)
    for s in range(4):
        stage(buffer, _STAGE[s] * dt)
        push(buffer, leg_rows, n_legs)
        rates(buffer, since_s + _STAGE[s] * dt)
        accumulate(buffer, _WEIGHT[s])
    conclude(buffer, since_s + dt, dt)
    settle(buffer, leg_rows, n_legs, dt)


@plain
def latch(buffer, shared, leg_rows, n_legs, since_tick):
    """First contact: state and estimate of the lanes whose first pad has just touched."""
    design, tuning = load_design(shared, 0), load_tuning(shared, 0)
    for lane in range(LANES):
        log = load_log(buffer, lane)
        if log.mode != 1.0 or log.touched > 0.0:
            continue
        touching = False
        for number in range(n_legs):
            touching = touching or load_leg_memory(leg_rows, number * LEG_SIZE + lane).load_n > 0.0
        if touching:
            snap = touchdown.snapshot(
                load_y0(buffer, lane), load_est(buffer, lane), load_body(buffer, lane), log.time_s + since_tick,
                load_case(buffer, lane), design, tuning,
            )  # fmt: skip
            store_snap(buffer, lane, snap)
            store_log(buffer, lane, flight.touching(log))


# --- a block -------------------------------------------------------------------------------------------------


# History: state (position, velocity, quaternion, rates), mass, throttle, nozzle x and y, time, slosh angles, mission phase, then stroke
# and load of each leg
FIRST_LEG_CHANNEL = 23
HISTORY_CHANNELS = FIRST_LEG_CHANNEL + 2 * MAX_LEGS


@plain
def record(buffer, parked, mode, leg_rows, n_legs, history, stride):
    """One row of history for each lane that is in this mode and due."""
    for lane in range(LANES):
        log = load_log(buffer, lane)
        tick = int(log.tick)
        slot = tick // stride
        gone = load_log(parked, lane).mode != mode
        if gone or tick % stride != 0 or slot >= history.shape[1]:
            continue
        at = history[lane, slot]
        for i in range(13):
            at[i] = buffer[_Y0 + i * LANES + lane]
        state, case, act = (
            load_y0(buffer, lane),
            load_case(buffer, lane),
            load_actuation(buffer, lane),
        )
        at[13] = mass.total(state, case.mass)
        at[14] = state.throttle
        at[15] = act.play_x_rad
        at[16] = act.play_y_rad
        at[17] = log.time_s
        at[18] = state.lox_slosh_x_rad
        at[19] = state.lox_slosh_y_rad
        at[20] = state.fuel_slosh_x_rad
        at[21] = state.fuel_slosh_y_rad
        at[22] = load_demand(buffer, lane).phase
        for number in range(n_legs):
            memory = load_leg_memory(leg_rows, number * LEG_SIZE + lane)
            at[FIRST_LEG_CHANNEL + 2 * number] = max(memory.stroke_m, 0.0)
            at[FIRST_LEG_CHANNEL + 2 * number + 1] = memory.load_n


@plain
def park(buffer, leg_rows, parked, parked_legs, mode):
    """Keep every lane that has just left this mode as it is now; what its rows do later does not count."""
    for lane in range(LANES):
        if load_log(parked, lane).mode == mode and load_log(buffer, lane).mode > mode:
            for row in range(ROWS):
                parked[row * LANES + lane] = buffer[row * LANES + lane]
            for row in range(MAX_LEGS * LEG_ROWS):
                parked_legs[row * LANES + lane] = leg_rows[row * LANES + lane]


@plain
def waiting(parked, mode):
    """How many lanes are still in this mode."""
    count = 0
    for lane in range(LANES):
        count += 1 if load_log(parked, lane).mode == mode else 0
    return count


@plain
def any_due(buffer):
    """Whether some lane has an aiding tick."""
    due = False
    for lane in range(LANES):
        due = due or int(load_log(buffer, lane).tick) % flight.AIDING_TICKS == 0
    return due


@plain
def tick(buffer, shared, tables, leg_rows, n_legs):
    """All that happens on a control tick, before the integration to the next one."""
    watch(buffer, leg_rows, n_legs)
    look_up(buffer, tables)
    air_and_mass(buffer)
    navigate(buffer, shared)
    if any_due(buffer):
        aid(buffer, shared)
    feel(buffer, shared, leg_rows, n_legs)
    control(buffer, shared)
    watch(buffer, leg_rows, n_legs)
    keep_log(buffer, shared)


@plain
def final_rows(buffer, leg_rows, n_legs, shared, rows):
    """The metrics of every lane."""
    limits = load_limits(shared, 0)
    for lane in range(LANES):
        strokes = (nan, nan, nan, nan, nan, nan)
        loads = (nan, nan, nan, nan, nan, nan)
        crush, slid = 0.0, 0.0
        for number in range(MAX_LEGS):
            if number < n_legs:
                memory = load_leg_memory(leg_rows, number * LEG_SIZE + lane)
                strokes = _placed(strokes, number, memory.peak_stroke_m)
                loads = _placed(loads, number, memory.peak_load_n)
                crush = max(crush, memory.crushed_m)
                slid = max(slid, memory.slid_m)
        result = metrics(
            load_y0(buffer, lane), load_log(buffer, lane), load_snap(buffer, lane), strokes, loads, crush, slid,
            load_start_kg(buffer, lane)[0], load_case(buffer, lane), limits,
        )  # fmt: skip
        for k in range(len(result)):
            rows[lane, k] = result[k]


@kernel
def _placed(six, number, value):
    """Six values with one replaced."""
    a, b, c, d, e, f = six
    return (
        value if number == 0 else a, value if number == 1 else b, value if number == 2 else c,
        value if number == 3 else d, value if number == 4 else e, value if number == 5 else f,
    )  # fmt: skip


@entry
def fly_block(cases, leg_cases, shared, tables, n_legs, history, stride, rows, effort):
    """Fly LANES runs to their ends.

    cases: (CASE_ROWS * LANES,), leg_cases: (MAX_LEGS * LEG_CASE_ROWS * LANES,), shared: (UNIFORM_ROWS,), tables:
    see Tables, history: (LANES, time, HISTORY_CHANNELS), filled every `stride` ticks (no times: not
    recorded), rows: (LANES, metric), out, effort: (4,), out: lane-ticks flown and paid for, in flight and in contact.
    """
    buffer = np.zeros(BUFFER_SIZE)
    leg_rows = np.zeros(LEGS_SIZE)
    fill(buffer, leg_rows, cases, leg_cases)
    start(buffer, shared, leg_rows, n_legs)
    flight_steps = int(load_steps(shared, 0)[0])
    contact_steps = int(load_steps(shared, 0)[1])
    parked, parked_legs = buffer.copy(), leg_rows.copy()
    recording = history.shape[1] > 0

    # Free flight: until every lane has come within reach of the ground, or ended
    flying = waiting(parked, 0.0)
    while flying > 0:
        if recording:
            record(buffer, parked, 0.0, leg_rows, n_legs, history, stride)
        tick(buffer, shared, tables, leg_rows, n_legs)
        park(buffer, leg_rows, parked, parked_legs, 0.0)
        for step in range(flight_steps):
            fly_step(buffer, step * TICK_S / flight_steps, TICK_S / flight_steps)
        effort[0] += flying
        effort[1] += LANES
        flying = waiting(parked, 0.0)

    # Contact: from the tick of hand-over, which has been done, to the end
    buffer[:] = parked
    leg_rows[:] = parked_legs
    landing = waiting(parked, 1.0)
    while landing > 0:
        for step in range(contact_steps):
            contact_step(
                buffer, leg_rows, n_legs, step * TICK_S / contact_steps, TICK_S / contact_steps
            )
            latch(buffer, shared, leg_rows, n_legs, (step + 1) * TICK_S / contact_steps - TICK_S)
        if recording:
            record(buffer, parked, 1.0, leg_rows, n_legs, history, stride)
        tick(buffer, shared, tables, leg_rows, n_legs)
        park(buffer, leg_rows, parked, parked_legs, 1.0)
        effort[2] += landing
        effort[3] += LANES
        landing = waiting(parked, 1.0)
    final_rows(parked, parked_legs, n_legs, shared, rows)
