"""The same physics without lanes: one run at a time, its state in locals, no buffer.

What packed instructions gain is measured against this (bench_kernel.py). Same functions, same
compiler flags, same order of a tick as models/lanes/fly.py; for vehicles with four legs.
"""

from __future__ import annotations

from math import cos, nan, pi

import numpy as np

from models import (
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
)
from models.elementary import sincos
from models.flight import SLOW_TICKS, TICK_S, WANDER_TICKS
from models.jit import entry, kernel
from models.lanes import block, ends
from models.lanes.rows import _leaves
from models.metrics import metrics
from models.structs import MAX_PHASES, Demand, Log, State, Wrench
from models.vectors import add, norm

N_LEGS = 4
_ZERO = (0.0, 0.0, 0.0)
_HELD_STILL = 1.0e9


def _moved():
    """State a plus factor times state b."""
    template, ones = _leaves(State, "a")
    _, others = _leaves(State, "b")
    sums = [f"{one} + factor * {other}" for one, other in zip(ones, others, strict=True)]
    space = {"State": State}
    exec(f"def moved(a, b, factor):\n    return {template.format(*sums)}\n", space)
    return kernel(space["moved"])


moved = _moved()


@kernel
def _sum(one, other):
    return Wrench(
        add(one.force_body_n, other.force_body_n), add(one.moment_body_nm, other.moment_body_nm)
    )


@kernel
def _push(y, memories, mine, normal, shared_legs):
    """What all legs do to the vehicle."""
    ground = legs.footing(y, normal)
    a = legs.wrench(y, ground, memories[0], mine[0], shared_legs)
    b = legs.wrench(y, ground, memories[1], mine[1], shared_legs)
    c = legs.wrench(y, ground, memories[2], mine[2], shared_legs)
    d = legs.wrench(y, ground, memories[3], mine[3], shared_legs)
    return _sum(_sum(a, b), _sum(c, d))


@kernel
def _finite(state, est, command):
    """A number times zero is zero unless it is none."""
    r, v, w = state.r_enu_m, state.v_enu_mps, state.omega_body_radps
    total = r[0] + r[1] + r[2] + v[0] + v[1] + v[2] + w[0] + w[1] + w[2] + state.throttle
    total += est.r_enu_m[0] + est.r_enu_m[1] + est.r_enu_m[2] + command.throttle
    return 0.0 * total


@entry
def fly_alone(case, mine, shared, phases, rows):
    """Fly one run to its end; its metrics into rows. Returns ticks in flight and in contact.

    case: Case, mine: four Leg, shared: (UNIFORM_ROWS,), phases: see block.Tables.
    """
    design, gains = block.load_design(shared, 0), block.load_gains(shared, 0)
    tuning, plant = block.load_tuning(shared, 0), block.load_plant(shared, 0)
    limits, counts = block.load_limits(shared, 0), block.load_steps(shared, 0)
    y = ends.started_state(case)
    sin_lat, cos_lat = sincos(case.site.latitude_rad)
    normal, constants = legs.ground_normal(case.site), flight.fixed(case)
    earth = atmosphere.earth_rate(sin_lat, cos_lat, case.site)
    memory = sensors.imu_memory(y, case.imu, case.seed)
    n0, n1, n2, n3 = noise.normals(case.seed, noise.START, 0.0)
    m0, _, _, _ = noise.normals(case.seed, noise.START, 1.0)
    place = noise.normals(case.seed, noise.START, 2.0)
    speed = noise.normals(case.seed, noise.START, 3.0)
    est = navigation.aligned(y, case, design, tuning, plant.full_kg, place, speed)
    gusts, swirl = turbulence.started(n0, n1, n2, n3, m0), _ZERO
    told, command = ends.idle(case)
    demand = Demand(y.r_enu_m, y.v_enu_mps, _ZERO, 0.0, 0.0, 0.0, 0.0)
    ground, log = Wrench(_ZERO, _ZERO), ends.new_log(case)
    start_kg, edge_share = y.lox_kg + y.fuel_kg, cos(pi / N_LEGS)
    m = (
        legs.unloaded(y, mine[0], normal), legs.unloaded(y, mine[1], normal),
        legs.unloaded(y, mine[2], normal), legs.unloaded(y, mine[3], normal),
    )  # fmt: skip
    body = mass.body(y.lox_kg, y.fuel_kg, 9.8, case)
    snap = touchdown.snapshot(y, est, body, plant.gravity_mps2, 0.0, 0.0, case, design)
    felt = flight.air(y, swirl, (0.0, 0.0, 0.0, 0.0), constants, case)
    program, table = block.load_program(np.zeros(block.BUFFER_SIZE), 0), (0.0, 0.0, 0.0, 0.0)
    contact = flight.hull(y, body, 0.0, normal, False, case, edge_share, limits)
    ticks = 0
    landed = 0

    while log.mode < 2.0:
        on_ground = log.mode == 1.0
        if on_ground:
            steps = int(counts[1])
            dt = TICK_S / steps
            for step in range(steps):
                since = step * dt
                if log.touched == 0.0:
                    snap = touchdown.snapshot(
                        y, est, body, plant.gravity_mps2, log.time_s - TICK_S, since, case,
                        design,
                    )  # fmt: skip
                ground = _push(y, m, mine, normal, case.legs)
                k1 = dynamics.rates(y, told, felt, body, ground, earth, since, case)
                z = moved(y, k1, 0.5 * dt)
                ground = _push(z, m, mine, normal, case.legs)
                k2 = dynamics.rates(z, told, felt, body, ground, earth, since + 0.5 * dt, case)
                z = moved(y, k2, 0.5 * dt)
                ground = _push(z, m, mine, normal, case.legs)
                k3 = dynamics.rates(z, told, felt, body, ground, earth, since + 0.5 * dt, case)
                z = moved(y, k3, dt)
                ground = _push(z, m, mine, normal, case.legs)
                k4 = dynamics.rates(z, told, felt, body, ground, earth, since + dt, case)
                y = moved(moved(moved(moved(y, k1, dt / 6), k2, dt / 3), k3, dt / 3), k4, dt / 6)
                y, told = dynamics.concluded(y, told, since + dt, case)
                m = (
                    legs.settle(y, m[0], mine[0], case.legs, normal, dt),
                    legs.settle(y, m[1], mine[1], case.legs, normal, dt),
                    legs.settle(y, m[2], mine[2], case.legs, normal, dt),
                    legs.settle(y, m[3], mine[3], case.legs, normal, dt),
                )
                load = m[0].load_n + m[1].load_n + m[2].load_n + m[3].load_n
                if load > 0.0 and log.touched == 0.0:
                    log = flight.touching(log)
            landed += 1

        # The control tick
        index = min(max(int(demand.phase), 0), MAX_PHASES - 1)
        phase = block.phase_of(phases, index * block.PHASE_ROWS)
        slow = int(log.tick) % SLOW_TICKS == 0
        if slow:
            swirl, gusts = flight.stir(y, gusts, swirl, table, constants, log, case)
        felt = flight.air(y, swirl, table, constants, case)
        if slow:
            axial = flight.axial_specific_force(y, told, felt, ground, case)
            body = mass.body(y.lox_kg, y.fuel_kg, axial, case)
        memory, est = flight.navigate(
            y, memory, est, felt, earth, command.throttle, case, design, plant, log.tick
        )
        if slow:
            est = flight.aid(y, est, memory, log, case, design, tuning, normal)
        if int(log.tick) % WANDER_TICKS == 0:
            memory = flight.wandered(memory, log, case)
        if flight.is_near(y, normal, case):
            climbed, held = flight.has_left(log, case), norm(ground.force_body_n)
            contact = flight.hull(y, body, held, normal, climbed, case, edge_share, limits)
            contact = flight.felt_leg(contact, y, mine[0], m[0], normal, climbed, case.legs)
            contact = flight.felt_leg(contact, y, mine[1], m[1], normal, climbed, case.legs)
            contact = flight.felt_leg(contact, y, mine[2], m[2], normal, climbed, case.legs)
            contact = flight.felt_leg(contact, y, mine[3], m[3], normal, climbed, case.legs)
        told = flight.actuated(told, command, program, y, log, case)
        votes = flight.switch_votes(contact.pressed, log, case)
        demand, command = flight.software(
            est, demand, command, phase, votes, log, case, design, gains, plant
        )
        watch = _finite(y, est, command)
        log = Log(
            log.mode, log.tick, log.outcome, log.finite + watch, log.release_s, log.cut_off_s,
            log.max_altitude_m, log.peak_tilt_rad, log.peak_rate_radps, log.peak_gimbal_rad,
            log.peak_throttle, log.min_throttle, log.saturated_s, log.quiet_s, log.tip_margin_m,
            log.touched, log.time_s,
        )  # fmt: skip
        freed = flight.opened(y, told, felt, case, gains)
        log = flight.logged(log, y, demand, command, contact, freed, told.held, case, limits, gains)
        told = flight.unclamped(told) if freed else told
        ticks += 1

        if log.mode == 0.0:
            steps = int(counts[0])
            dt = TICK_S / steps
            for step in range(steps):
                since = step * dt
                k1 = dynamics.rates(y, told, felt, body, ground, earth, since, case)
                z = moved(y, k1, 0.5 * dt)
                k2 = dynamics.rates(z, told, felt, body, ground, earth, since + 0.5 * dt, case)
                z = moved(y, k2, 0.5 * dt)
                k3 = dynamics.rates(z, told, felt, body, ground, earth, since + 0.5 * dt, case)
                z = moved(y, k3, dt)
                k4 = dynamics.rates(z, told, felt, body, ground, earth, since + dt, case)
                y = moved(moved(moved(moved(y, k1, dt / 6), k2, dt / 3), k3, dt / 3), k4, dt / 6)
                y, told = dynamics.concluded(y, told, since + dt, case)
        elif log.mode == 1.0 and landed == 0 and not on_ground:
            m = (
                legs.unloaded(y, mine[0], normal), legs.unloaded(y, mine[1], normal),
                legs.unloaded(y, mine[2], normal), legs.unloaded(y, mine[3], normal),
            )  # fmt: skip

    crush = max(max(m[0].crushed_m, m[1].crushed_m), max(m[2].crushed_m, m[3].crushed_m))
    slid = max(max(m[0].slid_m, m[1].slid_m), max(m[2].slid_m, m[3].slid_m))
    strokes = (
        m[0].peak_stroke_m, m[1].peak_stroke_m, m[2].peak_stroke_m, m[3].peak_stroke_m, nan, nan,
    )  # fmt: skip
    loads = (
        m[0].peak_load_n, m[1].peak_load_n, m[2].peak_load_n, m[3].peak_load_n, nan, nan,
    )  # fmt: skip
    result = metrics(y, log, snap, strokes, loads, crush, slid, start_kg, case, limits)
    for k in range(len(result)):
        rows[k] = result[k]
    return ticks - landed, landed
