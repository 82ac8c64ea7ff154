"""Flights along a line against closed forms: burns, the landing burn, drag, wind, damping."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, cosh, exp, hypot, log, radians, sin, tanh
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from pipeline.verification.check import Case, Row, apart, relative, rounding, truncation
from pipeline.verification.flights import BODY, G_MPS2, VACUUM, at, flown, last, matrix_of, rates

ISP_S, FLOW_KGPS, LIFT_OFF_KG, LOAD_KG = 240.0, 9.0, 2000.0, 600.0
EXHAUST_MPS = ISP_S * G_MPS2
_TANK = {"load_kg": LOAD_KG, "density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 0.0}
_ROCKET: dict[str, Any] = {
    "site": VACUUM,
    "mass": BODY | {"dry_kg": LIFT_OFF_KG - LOAD_KG},
    "fuel": _TANK,
    "engine": {"thrust_vac_n": FLOW_KGPS * EXHAUST_MPS, "isp_vac_s": ISP_S},
}
_ROUNDS = "each step rounds"
_STEP_S = 0.01


def _burnt(time_s: float) -> tuple[float, float, float]:
    """Mass kg, speed gained m/s and height gained m in a vertical burn from rest.

    v = ve ln(m0 / m) - g t,  h = ve [t - (m0 / mu - t) ln(m0 / m)] - g t^2 / 2: Sutton & Biblarz,
    Rocket Propulsion Elements, 9th ed., sec. 4.1.
    """
    mass = LIFT_OFF_KG - FLOW_KGPS * time_s
    ratio = log(LIFT_OFF_KG / mass)
    full = EXHAUST_MPS * (time_s - (LIFT_OFF_KG / FLOW_KGPS - time_s) * ratio)
    return mass, EXHAUST_MPS * ratio - G_MPS2 * time_s, full - G_MPS2 * time_s**2 / 2.0


def _tsiolkovsky() -> Iterator[Row]:
    """A vertical burn of 60 s in vacuum and constant gravity."""
    flight = flown(duration_s=60.0, **_ROCKET, program={"throttle": 1.0})
    mass, speed, height = _burnt(60.0)
    step = truncation(FLOW_KGPS / mass, _STEP_S, 60.0) + rounding(6000)
    why = f"Runge-Kutta: (h m'/m)^4 / 120 of t m'/m, 1e-19; {_ROUNDS}"
    error = apart(last(flight, "v_enu_mps")[2], speed)
    yield Row("speed gained", "m/s", error, step * EXHAUST_MPS, f"{why}, of ve")
    error = apart(last(flight, "r_enu_m")[2] - 1000.0, height)
    yield Row("height gained", "m", error, step * EXHAUST_MPS * 60.0, f"{why}, of ve t")


def _hover() -> Iterator[Row]:
    """Thrust equal to the weight: m = m0 exp(-g t / ve)."""
    times = np.arange(0.0, 30.021, 0.01)
    weight = LIFT_OFF_KG * np.exp(-times * G_MPS2 / EXHAUST_MPS)
    table = {
        "time_s": times.tolist(),
        "throttle": (weight * G_MPS2 / FLOW_KGPS / EXHAUST_MPS).tolist(),
    }
    flight = flown(duration_s=30.0, **_ROCKET, program={"table": table})
    burnt = LIFT_OFF_KG - last(flight, "mass_kg")
    expected = LIFT_OFF_KG * -np.expm1(-30.0 / ISP_S)
    # A parabola leaves f''' dt^3 / 72 sqrt(3) of a function: f''' = weight / Isp^3
    parabola = (0.02 / ISP_S) ** 3 / 125.0
    step = parabola + rounding(3000)
    why = f"command is a parabola within a tick: (dt / Isp)^3 / 72 sqrt 3; {_ROUNDS}"
    error = apart(burnt, expected)
    yield Row("propellant burnt in 30 s", "kg", error, step * LIFT_OFF_KG, f"{why}, of all mass")


def _landing_burn() -> Iterator[Row]:
    """Lit at the height from which it stops on the ground: h = v^2 / 2 (T / m - g)."""
    push, mass, down = 24e3, 1500.0, 60.0
    braking = push / mass - G_MPS2
    height, time_s = down**2 / 2.0 / braking, down / braking
    flight = flown(
        duration_s=time_s - 0.02,
        site=VACUUM,
        mass=BODY | {"dry_kg": mass},
        engine={"thrust_vac_n": push},
        program={"throttle": 1.0},
        start={"up_m": height, "v_up_mps": -down},
    )
    r, v = last(flight, "r_enu_m")[2], last(flight, "v_enu_mps")[2]
    # The last tick in the air; from there at the same braking
    why = f"Runge-Kutta is exact here; {_ROUNDS}"
    left, rounds = v * v / 2.0 / braking, rounding(2 * len(flight["time_s"]))
    yield Row("height where the speed is zero", "m", apart(r, left), rounds * height, why)
    stops = float(flight["time_s"][-1]) - v / braking
    yield Row("time to zero speed", "s", apart(stops, time_s), rounds * time_s, why)


def _landing_burn_with_flow() -> Iterator[Row]:
    """The same with mass flow, from where 10 s of burn end on the ground at rest."""
    time_s = 10.0
    light: dict[str, Any] = {"mass": BODY | {"dry_kg": 900.0}, "fuel": _TANK | {"load_kg": 100.0}}
    ratio = log(1000.0 / (1000.0 - FLOW_KGPS * time_s))
    down = EXHAUST_MPS * ratio - G_MPS2 * time_s
    gained = EXHAUST_MPS * (time_s - (1000.0 / FLOW_KGPS - time_s) * ratio)
    height = down * time_s - gained + G_MPS2 * time_s**2 / 2.0
    flight = flown(
        **_ROCKET | light | {"duration_s": time_s},
        program={"throttle": 1.0},
        start={"up_m": height, "v_up_mps": -down},
    )
    why = f"Runge-Kutta: (h m'/m)^4 / 120 of t m'/m, 1e-20; {_ROUNDS}"
    rounds = rounding(1000)
    error = apart(last(flight, "r_enu_m")[2], 0.0)
    yield Row("height at zero speed", "m", error, rounds * height, why)
    yield Row(
        "speed at the ground", "m/s", apart(last(flight, "v_enu_mps")[2], 0.0), rounds * down, why
    )


def _drag_fall() -> Iterator[Row]:
    """v = vt tanh(g t / vt),  x = vt^2 / g ln cosh(g t / vt), on each kind of area."""
    mass, density, area = 100.0, 1.2, 0.5
    terminal = (2.0 * mass * G_MPS2 / (density * area)) ** 0.5
    found = []
    for key in ("sphere_m2", "axial_base_first_m2", "box_z_m2"):
        flight = flown(
            duration_s=20.0,
            site={"air": "uniform", "density_kgpm3": density},
            mass=BODY | {"dry_kg": mass},
            aero={key: area},
        )
        speeds = [-at(flight, t, "v_enu_mps")[2] for t in (2.0, 10.0, 20.0)]
        found.append([*speeds, 1000.0 - last(flight, "r_enu_m")[2]])
    rate = G_MPS2 / terminal
    expected = [terminal * tanh(t * rate) for t in (2.0, 10.0, 20.0)]
    expected.append(terminal**2 / G_MPS2 * log(cosh(20.0 * rate)))
    error = relative(found, [expected] * 3)
    step = truncation(2.0 * rate, _STEP_S, 20.0) + rounding(2000)
    why = f"Runge-Kutta: (h / tau)^4 / 120 of t / tau, tau = vt / 2 g; {_ROUNDS}"
    yield Row("speed and way", "1", error, step, why)


def _wind_shear() -> Iterator[Row]:
    """A sphere falls through a wind linear in height; DOP853 in the plane of the wind."""
    flight = flown(
        duration_s=15.0,
        site={"air": "uniform", "density_kgpm3": 1.2},
        mass=BODY | {"dry_kg": 100.0},
        aero={"sphere_m2": 2.0},
        wind={
            **{"profile": "linear", "speed_mps": 5.0, "from_deg": 240.0},
            **{"reference_height_m": 200.0, "shear_per_s": 0.02},
        },
    )
    drag = 0.5 * 1.2 * 2.0 / 100.0

    def rate(_: float, y: np.ndarray) -> list[float]:
        wind = 5.0 + 0.02 * (y[1] - 200.0)
        pull = -drag * hypot(y[2] - wind, y[3])
        return [y[2], y[3], pull * (y[2] - wind), pull * y[3] - G_MPS2]

    begin = [0.0, 1000.0, 0.0, 0.0]
    end = solve_ivp(rate, (0.0, 15.0), begin, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    way, side = end[0], radians(60.0)  # where the wind blows to
    terminal = (G_MPS2 / drag) ** 0.5
    step = truncation(2.0 * drag * hypot(*end[2:], 20.0), _STEP_S, 15.0) * terminal
    why = "Runge-Kutta: (h / tau)^4 / 120 of t / tau, tau = 1 / 2 k v, of the terminal speed's way"
    error = apart(last(flight, "r_enu_m"), [way * sin(side), way * cos(side), end[1]])
    yield Row("position", "m", error, step * 15.0, why)


def _rate_damping() -> Iterator[Row]:
    """w = w0 exp(-c t / I); of coefficients c = rho V / 2 S L^2 |C| / 2, as in NESC case 3."""
    density, speed, area, length, coefficient = 1.2, 50.0, 0.5, 2.0, -1.5
    air = {"air": "uniform", "density_kgpm3": density, "gravity_mps2": 0.0}
    moment = -area * length**2 * coefficient / 2.0  # m4
    start = {"v_east_mps": speed} | rates((0.0, 0.0, 0.4))
    decay = density * speed / 2.0 * moment / BODY["izz_kgm2"]
    found = []
    for aero in ({"damping_z_m4": moment}, {"damping_z_nms": decay * BODY["izz_kgm2"]}):
        flight = flown(duration_s=4.0, site=air, aero=aero, start=start)
        found.append(last(flight, "omega_body_radps")[2])
    step = truncation(decay, _STEP_S, 4.0) + rounding(400)
    why = f"Runge-Kutta: (h / tau)^4 / 120 of t / tau; {_ROUNDS}"
    yield Row("rate after 4 s", "1", relative(found, 0.4 * exp(-decay * 4.0)), step, why)


def _weathercock() -> Iterator[Row]:
    """I a'' = -rho V^2 / 2 A l sin a, at a speed that does not change; DOP853."""
    density, speed, area, arm = 1.2, 50.0, 0.5, 2.0
    flight = flown(
        duration_s=5.0,
        site={"air": "uniform", "density_kgpm3": density, "gravity_mps2": 0.0},
        mass=BODY | {"dry_kg": 1e14},
        aero={"sphere_m2": area, "cp_sphere_z_m": -arm},
        start={"v_up_mps": speed, "turn_x_deg": 40.0},
    )
    stiffness = density * speed**2 / 2.0 * area * arm / BODY["ixx_kgm2"]
    begin = [radians(40.0), 0.0]

    def rate(_: float, y: np.ndarray) -> list[float]:
        return [y[1], -stiffness * sin(y[0])]

    end = solve_ivp(rate, (0.0, 5.0), begin, "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    tilt, _, _ = Rotation.from_matrix(matrix_of(flight)).as_rotvec()
    step = truncation(stiffness**0.5, _STEP_S, 5.0) * radians(40.0)
    why = "Runge-Kutta at 10 ms: (w h)^4 / 120 of w t, of the swing"
    yield Row("angle after 5 s", "rad", apart(tilt, end[0]), step, why)


def _falling_stage() -> Iterator[Row]:
    """Lift, crossflow, axial drag and damping of a leaning stage that falls base first, in wind.

    DOP853 in the plane of the wind, about the centre of mass, force by force at its own place.
    """
    mass, inertia, cg, rho, wind = 8000.0, 150e3, 6.5, 1.1, 8.0
    lift, crossflow, axial, damping = 17.6, 36.0, 10.6, 600.0  # m2, m2, m2, m4
    z_lift, z_crossflow, down, lean, time_s = 4.0, 8.6, 40.0, 3.0, 6.0
    flight = flown(
        duration_s=time_s,
        site={"air": "uniform", "density_kgpm3": rho},
        mass={
            "dry_kg": mass,
            "ixx_kgm2": inertia,
            "iyy_kgm2": inertia,
            "izz_kgm2": 15e3,
            "cg_z_m": cg,
        },
        aero={
            **{"lift_m2": lift, "cp_lift_base_first_z_m": z_lift, "damping_x_m4": damping},
            **{"crossflow_m2": crossflow, "cp_crossflow_z_m": z_crossflow},
            "axial_base_first_m2": axial,
        },
        wind={"profile": "constant", "speed_mps": wind, "from_deg": 180.0},
        start={"v_up_mps": -down, "turn_x_deg": lean},
    )

    def rate(_: float, y: np.ndarray) -> list[float]:
        along, across = np.array([-sin(y[4]), cos(y[4])]), np.array([cos(y[4]), sin(y[4])])
        air = y[2:4] - [wind, 0.0]  # of the centre of mass
        speed_along = air @ along
        at_lift = air @ across - y[5] * (z_lift - cg)
        at_crossflow = air @ across - y[5] * (z_crossflow - cg)
        pull = -0.5 * rho * lift * abs(speed_along) * at_lift
        push = -0.5 * rho * crossflow * abs(at_crossflow) * at_crossflow
        drag = -0.5 * rho * axial * abs(speed_along) * speed_along
        force = (pull + push) * across + drag * along
        at_base = np.hypot(speed_along, air @ across + y[5] * cg)
        moment = -(z_lift - cg) * pull - (z_crossflow - cg) * push
        turning = moment - 0.5 * rho * at_base * damping * y[5]
        return [y[2], y[3], force[0] / mass, force[1] / mass - G_MPS2, y[5], turning / inertia]

    angle = radians(lean)
    begin = [-cg * sin(angle), 1000.0 + cg * cos(angle), 0.0, -down, angle, 0.0]
    end = solve_ivp(rate, (0.0, time_s), begin, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    base = [0.0, end[0] + cg * sin(end[4]), end[1] - cg * cos(end[4])]
    tilt, _, _ = Rotation.from_matrix(matrix_of(flight)).as_rotvec()
    # Its fastest change: crossflow and lift on the lateral speed, with the speeds of the end
    fastest = 0.5 * rho * (lift * 100.0 + 2.0 * crossflow * 50.0) * cg**2 / inertia
    step = truncation(fastest, _STEP_S, time_s)
    why = "Runge-Kutta at 10 ms: (h / tau)^4 / 120 of t / tau, tau of the quickest damping"
    yield Row("lean", "rad", apart(tilt, end[4]), step, why)
    yield Row("position", "m", apart(last(flight, "r_enu_m"), base), step * down * time_s, why)


CASES = (
    Case("Tsiolkovsky", "Sutton & Biblarz, sec. 4.1", _tsiolkovsky),
    Case("hover", "closed form", _hover),
    Case("hoverslam stopping height", "closed form", _landing_burn),
    Case("hoverslam with mass flow", "closed form", _landing_burn_with_flow),
    Case("drag fall", "closed form", _drag_fall),
    Case("wind shear", "scipy", _wind_shear),
    Case("rate damping", "closed form", _rate_damping),
    Case("weathercock", "scipy", _weathercock),
    Case("falling stage", "scipy", _falling_stage),
)
