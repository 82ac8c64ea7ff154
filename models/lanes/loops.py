"""The loops over lanes: each loads a run's records, calls the scalar physics, stores the result.

The compiler makes packed instructions of them; what is branchy (tables, the latch at first contact)
stands in a loop of its own. Nothing depends on a neighbour: every lane runs the same instructions
on its own rows.
"""

from math import cos, pi

from models import actuation, dynamics, flight, legs, mass, touchdown, wind
from models.flight import TICK_S
from models.jit import plain
from models.lanes import block
from models.lanes.rows import LANES
from models.structs import MAX_PHASES, Wrench
from models.vectors import add, norm

# --- the finite watch -----------------------------------------------------------------------------


_AT_ONCE = 8  # rows; one by one, each would wait for the flag of the one before


@plain
def distrust(buffer, rows, first, count):
    """Spoil the sticky flag of the lanes where one of these rows is not finite.  §18.9

    A number times zero is zero, infinity and NaN times zero are NaN, and so is the flag from then
    on.
    """
    whole = count - count % _AT_ONCE
    for row in range(0, whole, _AT_ONCE):
        for lane in range(LANES):
            at = first + row * LANES + lane
            some = rows[at] + rows[at + LANES] + rows[at + 2 * LANES] + rows[at + 3 * LANES]
            at += 4 * LANES
            more = rows[at] + rows[at + LANES] + rows[at + 2 * LANES] + rows[at + 3 * LANES]
            buffer[block.FINITE + lane] += 0.0 * (some + more)
    for row in range(whole, count):
        for lane in range(LANES):
            buffer[block.FINITE + lane] += 0.0 * rows[first + row * LANES + lane]


@plain
def watch(buffer, leg_rows, n_legs):
    """The sticky flag: spoilt where anything that the integration has changed is not finite.  §18.9

    Clamps, selects and minima turn a NaN into an ordinary number, so this looks at the rows
    themselves, before a tick uses them; watch_tick looks at all after it. n_legs: 0 in flight,
    where no leg's memory changes.
    """
    distrust(buffer, buffer, 0, block.INTEGRATED_ROWS)
    for number in range(n_legs):
        first = number * block.LEG_SIZE + block.LEG_CASE_ROWS * LANES
        distrust(buffer, leg_rows, first, block.LEG_ROWS - block.LEG_CASE_ROWS)


@plain
def watch_tick(buffer):
    """The same for anything that a tick may have changed."""
    distrust(buffer, buffer, 0, block.DYNAMIC_ROWS)


# --- one control tick -----------------------------------------------------------------------------


@plain
def look_up(buffer, tables):
    """What each lane reads from shared tables: mission phase, wind profile, open-loop program."""
    for lane in range(LANES):
        case, log = block.load_case(buffer, lane), block.load_log(buffer, lane)
        number = block.load_demand(buffer, lane).phase
        if number != block.load_phase_number(buffer, lane):
            index = min(max(int(number), 0), MAX_PHASES - 1)
            block.store_phase(buffer, lane, block.phase_of(tables.phases, index * block.PHASE_ROWS))
            block.store_phase_number(buffer, lane, number)
        if case.wind.profile == wind.TABLE:
            height = block.load_y0(buffer, lane).r_enu_m[2]
            met = wind.from_table(height, case.wind.member, tables.winds)
            block.store_table(buffer, lane, met)
        if case.start.open_loop > 0.0:
            asked = actuation.program_at(log.time_s, TICK_S, tables.program, tables.waves)
            block.store_program(buffer, lane, asked)


@plain
def stir(buffer):
    """Turbulence, on the lanes whose slow clock ticks."""
    for lane in range(LANES):
        swirl, gusts = flight.stir(
            block.load_y0(buffer, lane), block.load_gusts(buffer, lane),
            block.load_swirl(buffer, lane), block.load_table(buffer, lane),
            block.load_fixed(buffer, lane), block.load_log(buffer, lane),
            block.load_case(buffer, lane),
        )  # fmt: skip
        block.store_swirl(buffer, lane, swirl)
        block.store_gusts(buffer, lane, gusts)


@plain
def air(buffer):
    """Air and wind for the coming tick."""
    for lane in range(LANES):
        case, state = block.load_case(buffer, lane), block.load_y0(buffer, lane)
        felt = flight.air(
            state, block.load_swirl(buffer, lane), block.load_table(buffer, lane),
            block.load_fixed(buffer, lane), case,
        )  # fmt: skip
        block.store_air(buffer, lane, felt)


@plain
def weigh(buffer):
    """Mass properties, on the lanes whose slow clock ticks."""
    for lane in range(LANES):
        case, state = block.load_case(buffer, lane), block.load_y0(buffer, lane)
        told, ground = block.load_actuation(buffer, lane), block.load_ground(buffer, lane)
        felt = block.load_air(buffer, lane)
        axial = flight.axial_specific_force(state, told, felt, ground, case)
        body = mass.body(state.lox_kg, state.fuel_kg, axial, case)
        if flight.is_every(flight.SLOW_TICKS, block.load_log(buffer, lane).tick):
            block.store_body(buffer, lane, body)


@plain
def navigate(buffer, shared):
    """Inertial unit and strapdown."""
    design, plant = block.load_design(shared, 0), block.load_plant(shared, 0)
    for lane in range(LANES):
        memory, est = flight.navigate(
            block.load_y0(buffer, lane), block.load_memory(buffer, lane),
            block.load_est(buffer, lane), block.load_air(buffer, lane),
            block.load_earth(buffer, lane), block.load_command(buffer, lane).throttle,
            block.load_case(buffer, lane), design, plant, block.load_log(buffer, lane).tick,
        )  # fmt: skip
        block.store_memory(buffer, lane, memory)
        block.store_est(buffer, lane, est)


@plain
def aid(buffer, shared):
    """Satellite fix and altimeter, on the lanes whose slow clock ticks."""
    design, tuning = block.load_design(shared, 0), block.load_tuning(shared, 0)
    for lane in range(LANES):
        est = flight.aid(
            block.load_y0(buffer, lane), block.load_est(buffer, lane),
            block.load_memory(buffer, lane), block.load_log(buffer, lane),
            block.load_case(buffer, lane), design, tuning, block.load_normal(buffer, lane),
        )  # fmt: skip
        block.store_est(buffer, lane, est)


@plain
def wander(buffer):
    """The inertial units' slow errors, on the lanes whose clock for them ticks."""
    for lane in range(LANES):
        memory = flight.wandered(
            block.load_memory(buffer, lane), block.load_log(buffer, lane),
            block.load_case(buffer, lane),
        )  # fmt: skip
        block.store_memory(buffer, lane, memory)


@plain
def feel(buffer, shared, leg_rows, n_legs):
    """What legs and ground say: reach of the lowest point, strikes, support, switches.

    Of lanes that are near the ground: what a lane is told must not hang on its neighbours.
    """
    limits = block.load_limits(shared, 0)
    edge_share = cos(pi / max(n_legs, 2))
    for lane in range(LANES):
        state, case = block.load_y0(buffer, lane), block.load_case(buffer, lane)
        normal, before = block.load_normal(buffer, lane), block.load_contact(buffer, lane)
        support = norm(block.load_ground(buffer, lane).force_body_n)
        climbed = flight.has_left(block.load_log(buffer, lane), case)
        now = flight.hull(
            state, block.load_body(buffer, lane), support, normal, climbed, case, edge_share, limits
        )
        near = flight.is_near(state, normal, case)
        block.store_contact(buffer, lane, flight.renewed(near, before, now))
    for number in range(n_legs):
        at = number * block.LEG_SIZE
        for lane in range(LANES):
            state, case = block.load_y0(buffer, lane), block.load_case(buffer, lane)
            normal, before = block.load_normal(buffer, lane), block.load_contact(buffer, lane)
            climbed = flight.has_left(block.load_log(buffer, lane), case)
            now = flight.felt_leg(
                before, state, block.load_leg(leg_rows, at + lane),
                block.load_leg_memory(leg_rows, at + lane), normal, climbed, case.legs,
            )  # fmt: skip
            near = flight.is_near(state, normal, case)
            block.store_contact(buffer, lane, flight.renewed(near, before, now))


@plain
def control(buffer, shared):
    """Actuators take the last command; guidance and control make the next."""
    design, gains = block.load_design(shared, 0), block.load_gains(shared, 0)
    plant = block.load_plant(shared, 0)
    for lane in range(LANES):
        case, log = block.load_case(buffer, lane), block.load_log(buffer, lane)
        state, command = block.load_y0(buffer, lane), block.load_command(buffer, lane)
        before, program = block.load_actuation(buffer, lane), block.load_program(buffer, lane)
        told = flight.actuated(before, command, program, state, log, case)
        block.store_actuation(buffer, lane, told)
        votes = flight.switch_votes(block.load_contact(buffer, lane).pressed, log, case)
        demand, command = flight.software(
            block.load_est(buffer, lane), block.load_demand(buffer, lane), command,
            block.load_phase(buffer, lane), votes, log, case, design, gains, plant,
        )  # fmt: skip
        block.store_demand(buffer, lane, demand)
        block.store_command(buffer, lane, command)


@plain
def keep_log(buffer, shared):
    """Book-keeping: clamps, extremes, terminal events, hand-over."""
    gains, limits = block.load_gains(shared, 0), block.load_limits(shared, 0)
    for lane in range(LANES):
        log, state = block.load_log(buffer, lane), block.load_y0(buffer, lane)
        told, case = block.load_actuation(buffer, lane), block.load_case(buffer, lane)
        freed = flight.opened(state, told, block.load_air(buffer, lane), case, gains)
        log = flight.logged(
            log, state, block.load_demand(buffer, lane), block.load_command(buffer, lane),
            block.load_contact(buffer, lane), freed, told.held, case, limits, gains,
        )  # fmt: skip
        block.store_log(buffer, lane, log)
        if freed:
            block.store_actuation(buffer, lane, flight.unclamped(told))


# --- integration: classic Runge-Kutta -------------------------------------------------------------

_STAGE = (0.0, 0.5, 0.5, 1.0)  # where each stage is evaluated
_KEEP = (0.0, 1.0, 1.0, 1.0)  # of the total so far; what is left of a run that diverged may be NaN
_WEIGHT = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)


@plain
def rates(buffer, since_s, reach, keep, weight):
    """k = derivative at y0 + reach k, this long after the tick; total = keep total + weight k."""
    for lane in range(LANES):
        k = dynamics.rates(
            block.load_moved(buffer, lane, reach), block.load_actuation(buffer, lane),
            block.load_air(buffer, lane), block.load_body(buffer, lane),
            block.load_ground(buffer, lane), block.load_earth(buffer, lane), since_s,
            block.load_case(buffer, lane),
        )  # fmt: skip
        block.store_k(buffer, lane, k)
        block.add_to_total(buffer, lane, keep, weight, k)


@plain
def conclude(buffer, since_s, dt):
    """y0 += dt total; unit quaternion, nozzle inside its backlash."""
    for lane in range(LANES):
        state, told = block.load_stepped(buffer, lane, dt), block.load_actuation(buffer, lane)
        case = block.load_case(buffer, lane)
        state, told = dynamics.concluded(state, told, since_s, case)
        block.store_y0(buffer, lane, state)
        block.store_actuation(buffer, lane, told)


@plain
def fly_step(buffer, since_s, dt):
    """One step in free flight, begun this long after the tick."""
    for s in range(4):
        rates(buffer, since_s + _STAGE[s] * dt, _STAGE[s] * dt, _KEEP[s], _WEIGHT[s])
    conclude(buffer, since_s + dt, dt)


@plain
def push(buffer, leg_rows, n_legs, reach):
    """ground = what all legs do to the vehicle at y0 + reach k."""
    zero = (0.0, 0.0, 0.0)
    for lane in range(LANES):
        state, normal = block.load_moved(buffer, lane, reach), block.load_normal(buffer, lane)
        block.store_footing(buffer, lane, legs.footing(state, normal))
        block.store_ground(buffer, lane, Wrench(zero, zero))
    for number in range(n_legs):
        at = number * block.LEG_SIZE
        for lane in range(LANES):
            one = legs.wrench(
                block.load_moved(buffer, lane, reach), block.load_footing(buffer, lane),
                block.load_leg_memory(leg_rows, at + lane),
                block.load_leg(leg_rows, at + lane), block.load_case(buffer, lane).legs,
            )  # fmt: skip
            sum_ = block.load_ground(buffer, lane)
            force = add(sum_.force_body_n, one.force_body_n)
            moment = add(sum_.moment_body_nm, one.moment_body_nm)
            block.store_ground(buffer, lane, Wrench(force, moment))


@plain
def settle(buffer, leg_rows, n_legs, dt):
    """Legs' memory after a contact step."""
    for number in range(n_legs):
        at = number * block.LEG_SIZE
        for lane in range(LANES):
            memory = legs.settle(
                block.load_y0(buffer, lane), block.load_leg_memory(leg_rows, at + lane),
                block.load_leg(leg_rows, at + lane), block.load_case(buffer, lane).legs,
                block.load_normal(buffer, lane), dt,
            )  # fmt: skip
            block.store_leg_memory(leg_rows, at + lane, memory)


@plain
def contact_step(buffer, leg_rows, n_legs, since_s, dt):
    """One step on the ground, begun this long after the tick."""
    for s in range(4):
        push(buffer, leg_rows, n_legs, _STAGE[s] * dt)
        rates(buffer, since_s + _STAGE[s] * dt, _STAGE[s] * dt, _KEEP[s], _WEIGHT[s])
    conclude(buffer, since_s + dt, dt)
    settle(buffer, leg_rows, n_legs, dt)


@plain
def take(buffer, shared, since_s):
    """State and estimate of the lanes still in the air, this long after the tick.  §18.7"""
    design, plant = block.load_design(shared, 0), block.load_plant(shared, 0)
    for lane in range(LANES):
        log = block.load_log(buffer, lane)
        if log.mode == 1.0 and log.touched == 0.0:
            snap = touchdown.snapshot(
                block.load_y0(buffer, lane), block.load_est(buffer, lane),
                block.load_body(buffer, lane), plant.gravity_mps2,
                log.time_s - flight.TICK_S, since_s,
                block.load_case(buffer, lane), design,
            )  # fmt: skip
            block.store_snap(buffer, lane, snap)


@plain
def latch(buffer, leg_rows, n_legs):
    """First contact: lanes whose first pad touched in this step keep what was taken before it."""
    for lane in range(LANES):
        log = block.load_log(buffer, lane)
        touching = False
        for number in range(n_legs):
            memory = block.load_leg_memory(leg_rows, number * block.LEG_SIZE + lane)
            touching = touching or memory.load_n > 0.0
        if touching and log.mode == 1.0 and log.touched == 0.0:
            block.store_log(buffer, lane, flight.touching(log))
