"""Start and end of the runs in a block: what is put into the lanes, what comes out of them."""

from math import nan

from models import atmosphere, flight, legs, navigation, noise, sensors, turbulence
from models.elementary import sincos
from models.jit import kernel, plain
from models.lanes import block
from models.lanes.block import LEG_CASE_ROWS
from models.lanes.loops import distrust
from models.lanes.rows import LANES
from models.metrics import metrics
from models.outcomes import IN_FLIGHT
from models.structs import MAX_LEGS, Actuation, Command, Demand, Log, State, Trend, Wrench

_ZERO = (0.0, 0.0, 0.0)


@kernel
def started_state(case):
    """The state at ignition."""
    s = case.start
    return State(
        (s.east_m, s.north_m, s.up_m), (s.v_east_mps, s.v_north_mps, s.v_up_mps),
        (s.q0, s.q1, s.q2, s.q3), (s.omega_x_radps, s.omega_y_radps, s.omega_z_radps),
        case.lox.load_kg, case.fuel.load_kg, s.throttle,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip


@kernel
def idle(case):
    """Actuators and command before the first tick: clamps closed if the run starts held."""
    level = Trend(0.0, 0.0)
    told = Actuation(
        0.0, 1.0, case.engine.lag_s, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        level, level, level, level, case.start.held,
    )  # fmt: skip
    line = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    roll_line = (0.0, 0.0, 0.0, 0.0)
    return told, Command(0.0, 0.0, 0.0, 0.0, 9.0, _ZERO, 0.0, 0.0, line, roll_line)


@kernel
def new_log(case):
    """The log before the first tick; a run that does not start held is released at once."""
    release = -1.0 if case.start.held > 0.0 else 0.0
    return Log(
        mode=0.0,
        tick=0.0,
        outcome=IN_FLIGHT,
        finite=1.0,
        release_s=release,
        cut_off_s=-1.0,
        max_altitude_m=case.start.up_m,
        peak_tilt_rad=0.0,
        peak_rate_radps=0.0,
        peak_gimbal_rad=0.0,
        peak_throttle=0.0,
        min_throttle=1.0,
        saturated_s=0.0,
        quiet_s=0.0,
        tip_margin_m=1.0e3,
        touched=0.0,
        time_s=0.0,
    )


@plain
def fill(buffer, leg_rows, cases, leg_cases):
    """The runs of a block and their legs into its rows."""
    buffer[block.CASE_AT : block.CASE_AT + block.CASE_ROWS * LANES] = cases
    size = LEG_CASE_ROWS * LANES
    for number in range(MAX_LEGS):
        at = number * block.LEG_SIZE
        leg_rows[at : at + size] = leg_cases[number * size : (number + 1) * size]


@plain
def place_legs(buffer, leg_rows, lane, n_legs):
    """A lane's legs where the pads are now: at the start, and when it comes into contact."""
    state, normal = block.load_y0(buffer, lane), block.load_normal(buffer, lane)
    for number in range(n_legs):
        at = number * block.LEG_SIZE + lane
        memory = legs.unloaded(state, block.load_leg(leg_rows, at), normal)
        block.store_leg_memory(leg_rows, at, memory)


@plain
def start(buffer, shared, leg_rows, n_legs):
    """Every lane at ignition."""
    design, tuning = block.load_design(shared, 0), block.load_tuning(shared, 0)
    plant = block.load_plant(shared, 0)
    for lane in range(LANES):
        case = block.load_case(buffer, lane)
        state = started_state(case)
        sin_lat, cos_lat = sincos(case.site.latitude_rad)
        normal = legs.ground_normal(case.site)
        block.store_fixed(buffer, lane, flight.fixed(case))
        block.store_normal(buffer, lane, normal)
        block.store_earth(buffer, lane, atmosphere.earth_rate(sin_lat, cos_lat, case.site))
        block.store_y0(buffer, lane, state)
        block.store_memory(buffer, lane, sensors.imu_memory(state, case.imu, case.seed))

        # What is drawn at the start
        n0, n1, n2, n3 = noise.normals(case.seed, noise.START, 0.0)
        m0, _, _, _ = noise.normals(case.seed, noise.START, 1.0)
        place = noise.normals(case.seed, noise.START, 2.0)
        speed = noise.normals(case.seed, noise.START, 3.0)
        est = navigation.aligned(state, case, design, tuning, plant.full_kg, place, speed)
        block.store_gusts(buffer, lane, turbulence.started(n0, n1, n2, n3, m0))
        block.store_est(buffer, lane, est)

        told, command = idle(case)
        demand = Demand(state.r_enu_m, state.v_enu_mps, _ZERO, 0.0, 0.0, 0.0, 0.0)
        block.store_demand(buffer, lane, demand)
        block.store_command(buffer, lane, command)
        block.store_actuation(buffer, lane, told)
        block.store_ground(buffer, lane, Wrench(_ZERO, _ZERO))
        block.store_log(buffer, lane, new_log(case))
        block.store_phase_number(buffer, lane, -1.0)  # none looked up yet
        block.store_start_kg(buffer, lane, state.lox_kg + state.fuel_kg)
        place_legs(buffer, leg_rows, lane, n_legs)
    distrust(buffer, buffer, block.CASE_AT, block.CASE_ROWS)
    for number in range(n_legs):
        distrust(buffer, leg_rows, number * block.LEG_SIZE, LEG_CASE_ROWS)


@kernel
def _placed(six, number, value):
    """Six values with one replaced."""
    a, b, c, d, e, f = six
    return (
        value if number == 0 else a,
        value if number == 1 else b,
        value if number == 2 else c,
        value if number == 3 else d,
        value if number == 4 else e,
        value if number == 5 else f,
    )


@plain
def final_row(buffer, leg_rows, lane, n_legs, shared, row):
    """The metrics of the run in this lane, into its row."""
    strokes = (nan, nan, nan, nan, nan, nan)
    loads = (nan, nan, nan, nan, nan, nan)
    crush, slid = 0.0, 0.0
    for number in range(n_legs):
        memory = block.load_leg_memory(leg_rows, number * block.LEG_SIZE + lane)
        strokes = _placed(strokes, number, memory.peak_stroke_m)
        loads = _placed(loads, number, memory.peak_load_n)
        crush = max(crush, memory.crushed_m)
        slid = max(slid, memory.slid_m)
    result = metrics(
        block.load_y0(buffer, lane), block.load_log(buffer, lane), block.load_snap(buffer, lane),
        strokes, loads, crush, slid, block.load_start_kg(buffer, lane),
        block.load_case(buffer, lane), block.load_limits(shared, 0),
    )  # fmt: skip
    for k in range(len(result)):
        row[k] = result[k]
