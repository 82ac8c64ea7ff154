"""Case files flown against the outside world: `fly` and the kernel behind it, together.

Oracles are closed forms, published figures, or an integration (DOP853) of equations written here in
another form: momenta and rotation matrices instead of rates and quaternions.
"""

from math import atan2, cosh, degrees, exp, hypot, log, pi, radians, sin, tanh
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from pipeline.case import fly_case, load_case
from tests.pipeline.case_flights import BODY, STIFF, VOID, flown, last, matrix_of, rates

G = 9.80665

# --- rotation -------------------------------------------------------------------------------------


def tumbled(inertia: np.ndarray, omega: tuple, q: tuple, time_s: float) -> tuple:
    """Rates and attitude of a free body: R' = R [w]x with R I w constant, by DOP853."""
    at_start = Rotation.from_quat(q, scalar_first=True).as_matrix()
    momentum = at_start @ inertia @ np.array(omega)

    def rate(_: float, flat: np.ndarray) -> np.ndarray:
        matrix = flat.reshape(3, 3)
        p, q_, r = np.linalg.solve(inertia, matrix.T @ momentum)
        return (matrix @ np.array([[0, -r, q_], [r, 0, -p], [-q_, p, 0]])).ravel()

    end = solve_ivp(rate, (0, time_s), at_start.ravel(), method="DOP853", rtol=1e-12, atol=1e-14)
    matrix = end.y[:, -1].reshape(3, 3)
    return np.linalg.solve(inertia, matrix.T @ momentum), matrix


@pytest.mark.parametrize("products", [(0.0, 0.0, 0.0), (300.0, -400.0, 500.0)])
def test_torque_free__body_tumbles_as_its_momentum_says(products: tuple[float, ...]) -> None:
    """RK4 at 10 ms: (h w)^4 w t / 120 = 1.3e-10 rad at 0.6 rad/s and 20 s; allowed 1e-9."""
    omega, q = (0.3, 0.1, 0.5), (0.5, -0.5, 0.1, 0.7)
    names = ("ixy_kgm2", "ixz_kgm2", "iyz_kgm2")
    flight = flown(
        duration_s=20.0,
        site=VOID,
        mass=BODY | dict(zip(names, products, strict=True)),
        start=rates(omega) | {"q_body_to_enu": q},
    )
    ixy, ixz, iyz = products
    inertia = np.diag([1e3, 4e3, 5e3]) - np.array([[0, ixy, ixz], [ixy, 0, iyz], [ixz, iyz, 0]])
    expected, matrix = tumbled(inertia, omega, q, 20.0)
    np.testing.assert_allclose(last(flight, "omega_body_radps"), expected, atol=1e-9)
    np.testing.assert_allclose(matrix_of(flight), matrix, atol=1e-9)


def test_start__turns_are_about_body_z_then_y_then_x() -> None:
    turned = flown(start={"turn_z_deg": 30.0, "turn_y_deg": -70.0, "turn_x_deg": 20.0}, site=VOID)
    expected = Rotation.from_euler("ZYX", [30.0, -70.0, 20.0], degrees=True).as_matrix()
    np.testing.assert_allclose(matrix_of(turned), expected, atol=1e-15)


# --- NESC check cases, NASA/TM-2015-218675 --------------------------------------------------------

NED = (0.0, 0.5**0.5, 0.5**0.5, 0.0)  # body x north, y east, z down
BRICK = (0.0025682174740883053, 0.008421011037627346, 0.009754655939231735)  # kg m2


def test_nesc_1__sphere_dropped_on_a_flat_earth() -> None:
    """Constant gravity: 9144 m - g t^2 / 2 after 30 s."""
    flight = flown(duration_s=30.0, site={"air": "vacuum"}, start={"up_m": 9144.0})
    assert last(flight, "r_enu_m") == pytest.approx([0.0, 0.0, 4731.0075], abs=1e-6)
    assert last(flight, "v_enu_mps") == pytest.approx([0.0, 0.0, -294.1995], abs=1e-9)


def test_nesc_1__sphere_dropped_on_the_turning_earth() -> None:
    """NASA's simulators: 4754.546 m after 30 s, a figure with 1 mm digits."""
    site = {"air": "vacuum", "gravity_model": "effective", "latitude_deg": 0.0}
    flight = flown(duration_s=30.0, site=site, start={"up_m": 9144.0})
    assert last(flight, "r_enu_m")[2] == pytest.approx(4754.546, abs=1e-3)


def test_nesc_2__brick_tumbles() -> None:
    """NASA's p, q, r after 30 s: 12.61842, -17.39744, 31.11960 deg/s, on a turning Earth (1e-4)."""
    omega = tuple(radians(value) for value in (10.0, 20.0, 30.0))
    names = ("ixx_kgm2", "iyy_kgm2", "izz_kgm2")
    flight = flown(
        duration_s=30.0,
        site={"air": "vacuum"},
        mass={"dry_kg": 2.2679618958564327} | dict(zip(names, BRICK, strict=True)),
        start=rates(omega) | {"q_body_to_enu": NED, "up_m": 9144.0},
    )
    expected, matrix = tumbled(np.diag(BRICK), omega, NED, 30.0)
    np.testing.assert_allclose(last(flight, "omega_body_radps"), expected, atol=1e-9)
    np.testing.assert_allclose(matrix_of(flight), matrix, atol=1e-9)
    published = [12.61842, -17.39744, 31.11960]
    assert np.degrees(last(flight, "omega_body_radps")) == pytest.approx(published, abs=1e-4)
    assert last(flight, "r_enu_m")[2] == pytest.approx(4731.0075, abs=1e-6)


# --- thrust ---------------------------------------------------------------------------------------


def test_tsiolkovsky__vertical_burn_in_vacuum() -> None:
    """v = ve ln(m0/m) - g t,  h = ve [t - (m0/mu - t) ln(m0/m)] - g t^2 / 2,  ve = 240 s g0."""
    m0, mu, ve, t = 2000.0, 9.0, 240.0 * G, 60.0
    tank = {"load_kg": 600.0, "density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 0.0}
    flight = flown(
        duration_s=t,
        site={"air": "vacuum"},
        mass=BODY | {"dry_kg": m0 - 600.0},
        fuel=tank,
        engine={"thrust_vac_n": mu * ve, "isp_vac_s": 240.0},
        program={"throttle": 1.0},
    )
    ratio = log(m0 / (m0 - mu * t))
    height = ve * (t - (m0 / mu - t) * ratio) - G * t * t / 2
    assert height == pytest.approx(3405.473632317895, rel=1e-12)  # an integration elsewhere
    assert last(flight, "r_enu_m")[2] - 1000.0 == pytest.approx(height, rel=1e-9)
    assert last(flight, "v_enu_mps")[2] == pytest.approx(ve * ratio - G * t, rel=1e-9)
    assert last(flight, "mass_kg") == pytest.approx(1460.0, rel=1e-12)


def test_program__table_is_linear_between_its_rows() -> None:
    """Throttle from 0 to 1 over 2 s, then held: v = F t^2 / 4 m, then F (t - 1) / m."""
    flight = flown(
        duration_s=3.0,
        site=VOID,
        engine={"thrust_vac_n": 5000.0},
        program={"table": {"time_s": [0.0, 2.0], "throttle": [0.0, 1.0]}},
    )
    speed = flight["v_enu_mps"][:, 2].to_numpy()
    assert speed[[50, 100, 150]] == pytest.approx([1.25, 5.0, 10.0], rel=1e-12)
    assert flight["throttle"][50].item() == pytest.approx(0.5)


def test_program__roll_turns_about_the_axis_only() -> None:
    """I w' = 2 F a sin(W t):  w = 2 F a (1 - cos W t) / (I W)."""
    flight = flown(
        duration_s=pi,
        site=VOID,
        thrusters={"force_n": 100.0, "arm_m": 1.5},
        program={"roll": {"amplitude": 1.0, "frequency_radps": 2.0}},
    )
    t = flight["time_s"].to_numpy()
    turning = flight["omega_body_radps"].to_numpy()
    expected = 300.0 / (5000.0 * 2.0) * (1.0 - np.cos(2.0 * t))
    np.testing.assert_allclose(turning[:, 2], expected, atol=1e-10)
    assert not turning[:, :2].any()


def test_engine__throttle_lags() -> None:
    """First order: v = F/m [t - tau (1 - e^(-t / tau))]; RK4 at 10 ms, tau 0.15 s: 1e-7."""
    tau, push = 0.15, {"thrust_vac_n": 5000.0, "lag_s": 0.15}
    flight = flown(site=VOID, engine=push, program={"throttle": 1.0})
    t = flight["time_s"].to_numpy()
    late = 1.0 - np.exp(-t / tau)
    np.testing.assert_allclose(flight["throttle"], late, atol=1e-6)
    np.testing.assert_allclose(flight["v_enu_mps"][:, 2], 5.0 * (t - tau * late), atol=1e-6)


def test_gimbal__step_of_a_second_order_actuator() -> None:
    """y = 1 - e^(-z w t) (cos wd t + z / sqrt(1 - z^2) sin wd t);  w = 20 rad/s, z = 0.7."""
    w, z = 20.0, 0.7
    flight = flown(
        steps={"flight": 8},
        site=VOID,
        gimbal={"natural_frequency_radps": w, "damping_ratio": z},
        program={"gimbal_y_deg": 2.0},
    )
    t, root = flight["time_s"].to_numpy(), (1.0 - z * z) ** 0.5
    swing = np.cos(w * root * t) + z / root * np.sin(w * root * t)
    expected = radians(2.0) * (1.0 - np.exp(-z * w * t) * swing)
    # RK4 at 2.5 ms: (w h)^4 / 120 = 5e-8 of it
    np.testing.assert_allclose(flight["gimbal_y_rad"], expected, atol=1e-8)
    assert not flight["gimbal_x_rad"].any()


def test_tanks__burn_by_the_mixture_ratio_until_one_is_dry() -> None:
    """10 kg/s at 3 to 1: 30 kg of oxygen less residual last (30 - 1.5) / 7.5 = 3.8 s."""
    size = {"density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 0.0}
    flight = flown(
        duration_s=10.0,
        site=VOID,
        lox=size | {"load_kg": 30.0, "residual_kg": 1.5},
        fuel=size | {"load_kg": 20.0},
        engine={"thrust_vac_n": 10.0 * 300.0 * G, "isp_vac_s": 300.0, "mixture_ratio": 3.0},
        program={"throttle": 1.0},
    )
    assert flight.attrs["outcome"] == "propellant_depleted"
    assert flight["time_s"][-1].item() == pytest.approx(3.8, abs=0.021)
    assert flight["propellant_used_kg"].item() == pytest.approx(38.0, abs=0.21)


# A 6-DOF flight with sinusoidal thrust and gimbal, 12 s, by DOP853; Radau differs by 8e-12:
# position, velocity, quaternion, rates.
COMPOSITE = (
    *(-307.1543745242523, 164.45998016854392, 74.54625888187094),
    *(-74.5263884739003, 42.141012804128124, -20.036394636722047),
    *(0.7384167296466213, -0.4465354560565608, -0.47425062095442017, 0.17445104868327443),
    *(-0.06268402251179926, -0.13709972836924536, 0.027492619461064648),
)


def composite(steps: int) -> np.ndarray:
    """Its end, flown with so many steps per tick."""
    flight = flown(
        duration_s=12.0,
        steps={"flight": steps},
        site={"air": "vacuum"},
        mass={"dry_kg": 1500.0, "ixx_kgm2": 9000.0, "iyy_kgm2": 9500.0, "izz_kgm2": 2000.0},
        engine={"thrust_vac_n": 18000.0, "gimbal_z_m": -3.0},
        start=rates((0.02, -0.03, 0.05))
        | {"up_m": 100.0, "v_east_mps": 2.0, "v_north_mps": -1.0, "v_up_mps": -5.0},
        program={
            "throttle": {"mean": 1.0, "amplitude": 0.1, "frequency_radps": 0.8},
            "gimbal_x_deg": {"amplitude": 1.5, "frequency_radps": 2.0},
            "gimbal_y_deg": {
                "amplitude": 1.0,
                "frequency_radps": 1.3,
                "phase_deg": degrees(0.5),
            },
        },
    )
    names = ("r_enu_m", "v_enu_mps", "q_body_to_enu", "omega_body_radps")
    return np.concatenate([last(flight, name) for name in names])


def test_composite__meets_the_reference_and_converges_in_the_fourth_order() -> None:
    """The step's error is 3e-10 m; a command's parabola within a tick h leaves more.

    Its error has no mean but a moment, A w^3 h^5 / 720 a tick, which adds over half a period to
    (T l / I) A w^2 h^4 / 360 = 2.8e-10 rad of attitude, and T/m t^2 / 2 of it in place: 2.4e-7 m.
    Allowed is twice that, for two gimbal axes.
    """
    ends = [composite(steps) for steps in (2, 4, 8)]
    attitude_rad = 18000.0 * 3.0 / 9000.0 * radians(1.5) * 2.0**2 * 0.02**4 / 360.0
    allowed_m = 2.0 * attitude_rad * 12.0 * 12.0**2 / 2.0
    for end in ends:
        miss = np.abs(end - COMPOSITE)
        assert np.max(miss[:3]) < allowed_m
        assert np.max(miss[3:6]) < 2.0 * attitude_rad * 12.0 * 12.0
        assert np.max(miss[6:10]) < 2.0 * attitude_rad
    halved = [np.max(np.abs(a - b)[:3]) for a, b in zip(ends, ends[1:], strict=False)]
    assert halved[0] < 1e-9
    assert halved[0] / halved[1] == pytest.approx(16.0, rel=0.15)


# --- air ------------------------------------------------------------------------------------------


def test_drag_fall__in_uniform_air() -> None:
    """v = vt tanh(g t / vt),  x = vt^2 / g ln cosh(g t / vt)."""
    vt = (2.0 * 100.0 * G / (1.2 * 0.5)) ** 0.5
    for areas in ({"sphere_m2": 0.5}, {"box_z_m2": 0.5}, {"axial_base_first_m2": 0.5}):
        flight = flown(
            duration_s=20.0,
            site={"air": "uniform", "density_kgpm3": 1.2},
            mass=BODY | {"dry_kg": 100.0},
            aero=areas,
        )
        assert -last(flight, "v_enu_mps")[2] == pytest.approx(vt * tanh(20.0 * G / vt), rel=1e-9)
        fallen = vt * vt / G * log(cosh(20.0 * G / vt))
        assert 1000.0 - last(flight, "r_enu_m")[2] == pytest.approx(fallen, rel=1e-9)


def test_wind__linear_in_height_carries_a_falling_sphere() -> None:
    """From 240 deg, 5 m/s at 200 m and 0.02 /s more above; DOP853 over height, not time."""
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

    def rate(_: float, y: np.ndarray) -> list[float]:
        wind = 5.0 + 0.02 * (y[1] - 200.0)
        pull = -0.5 * 1.2 * 2.0 / 100.0 * hypot(y[2] - wind, y[3])
        return [y[2], y[3], pull * (y[2] - wind), pull * y[3] - G]

    begin = [0.0, 1000.0, 0.0, 0.0]
    end = solve_ivp(rate, (0, 15.0), begin, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    east, north, up = last(flight, "r_enu_m")
    # RK4 at 10 ms with a time constant of 1 s: (h / tau)^4 / 120 of 200 m
    assert [hypot(east, north), up] == pytest.approx(end[:2], abs=1e-6)
    assert atan2(east, north) == pytest.approx(radians(60.0), abs=1e-12)


def test_wind__table_and_constant_blow_alike() -> None:
    aero, mass = {"sphere_m2": 2.0}, BODY | {"dry_kg": 100.0}
    table = {"height_m": [0.0, 2000.0], "east_mps": [0.0, 0.0], "north_mps": [-4.0, -4.0]}
    winds = (
        {"profile": "constant", "speed_mps": 4.0, "from_deg": 0.0},
        {"profile": "table", "table": table},
    )
    by_law, by_table = (flown(duration_s=5.0, aero=aero, mass=mass, wind=wind) for wind in winds)
    assert last(by_law, "v_enu_mps") == pytest.approx(last(by_table, "v_enu_mps"), abs=1e-12)
    assert -4.0 < last(by_law, "v_enu_mps")[1] < -2.0  # from the north


def test_damping__absolute_and_of_coefficients() -> None:
    """w = w0 exp(-c t / I);  M = q S L C (w L / 2 V) makes c = rho V / 2 times S L^2 |C| / 2."""
    rho, speed, area, length, coefficient = 1.2, 50.0, 0.5, 2.0, -1.5
    air = {"air": "uniform", "density_kgpm3": rho, "gravity_mps2": 0.0}
    moment = -area * length**2 * coefficient / 2.0  # m4
    start = {"v_east_mps": speed} | rates((0.0, 0.0, 0.4))
    of_air = flown(duration_s=4.0, site=air, aero={"damping_z_m4": moment}, start=start)
    absolute = flown(duration_s=4.0, site=air, aero={"damping_z_nms": 45.0}, start=start)
    expected = 0.4 * exp(-rho * speed / 2.0 * moment * 4.0 / 5000.0)
    assert expected == pytest.approx(0.4 * exp(-45.0 * 4.0 / 5000.0))
    for flight in (of_air, absolute):
        assert last(flight, "omega_body_radps")[2] == pytest.approx(expected, rel=1e-10)


def test_centre_of_pressure__swings_a_body_like_a_pendulum() -> None:
    """I a'' = -rho V^2 / 2 A l sin a, at a speed that does not change; DOP853."""
    rho, speed, area, arm, inertia = 1.2, 50.0, 0.5, 2.0, 1000.0
    flight = flown(
        duration_s=5.0,
        site={"air": "uniform", "density_kgpm3": rho, "gravity_mps2": 0.0},
        mass=BODY | {"dry_kg": 1e14},
        aero={"sphere_m2": area, "cp_sphere_z_m": -arm},
        start={"v_up_mps": speed, "turn_x_deg": 40.0},
    )
    stiffness = rho * speed**2 / 2.0 * area * arm / inertia
    end = solve_ivp(
        lambda _, y: [y[1], -stiffness * sin(y[0])],
        **{"t_span": (0.0, 5.0), "y0": [radians(40.0), 0.0]},
        **{"method": "DOP853", "rtol": 1e-12, "atol": 1e-12},
    ).y[:, -1]
    tilt, _, _ = Rotation.from_matrix(matrix_of(flight)).as_rotvec()
    # RK4 at 10 ms over w t = 6 rad: (w h)^4 w t / 120 = 1e-9
    assert [tilt, last(flight, "omega_body_radps")[0]] == pytest.approx(end, abs=1e-8)


def test_turbulence__follows_the_seed() -> None:
    air = {"aero": {"sphere_m2": 5.0}, "wind": {"w20_mps": 10.0}, "start": {"up_m": 200.0}}
    one, again, other = (last(flown(seed=seed, **air), "v_enu_mps") for seed in (1, 1, 2**63 + 1))
    assert np.array_equal(one, again)
    assert np.all(np.abs(one - other) > 1e-5)


# --- liquids and legs -----------------------------------------------------------------------------


def test_slosh__on_and_off() -> None:
    """A side push swings the liquid unless its slosh is scaled to zero."""
    tank = {"load_kg": 400.0, "density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 1.0}
    swings = []
    for scale in (0.0, 1.0):
        flight = flown(
            site={"air": "vacuum"},
            fuel=tank | {"slosh_mass_scale": scale},
            engine={"thrust_vac_n": 15000.0},
            program={"throttle": 1.0, "gimbal_x_deg": 3.0},
        )
        assert np.abs(flight["fuel_slosh_y_rad"]).max() > 1e-3
        swings.append(last(flight, "v_enu_mps")[1])
    # Liquid that hangs back leaves the rest of the vehicle more of the push
    assert abs(swings[1] / swings[0] - 1.0) > 0.01


@pytest.mark.parametrize("count", [3, 4, 6])
def test_leg_drop__of_any_number_of_legs(count: int) -> None:
    """m x'' = m g - k x - c x': 0.181457 m and 45,054.06 N on all, wherever the legs stand."""
    flight = flown(
        duration_s=0.3,
        steps={"contact": 200},
        site={"air": "vacuum"},
        mass={"dry_kg": 1500.0} | STIFF,
        legs={
            **{"count": count, "foot_radius_m": 3.0, "first_azimuth_deg": 10.0},
            **{"stiffness_npm": 240e3 / count, "damping_nspm": 6e3 / count},
        },
        start={"up_m": -1e-12, "v_up_mps": -2.0},
    )
    assert flight.sizes["leg"] == count
    assert flight["peak_stroke_m"].item() == pytest.approx(0.18145678327335246, abs=1e-6)
    peak = count * flight["peak_leg_load_n"].item()
    assert peak == pytest.approx(45054.06120146068, rel=1e-3)
    assert f"load_{count - 1}_n" in flight
    assert f"load_{count}_n" not in flight


def test_slide__up_a_slope_stops_after_the_coulomb_distance(project_root: Path) -> None:
    """d = v^2 / (2 g (mu cos a + sin a)) = 0.784058 m, along 5 deg."""
    file = project_root / "campaigns" / "cases" / "sliding_block.yaml"
    flight = fly_case(load_case(file))
    moved = last(flight, "r_enu_m") - flight["r_enu_m"][0].to_numpy()
    assert moved[2] == pytest.approx(hypot(*moved) * sin(radians(5.0)), abs=1e-5)
    # One step, 0.1 ms, at 3 m/s, and the side stiffness of the pads, m g mu / 4 k = 0.02 mm
    assert hypot(*moved) == pytest.approx(0.7840578756001709, abs=4e-4)
    assert np.linalg.norm(last(flight, "v_enu_mps")) < 1e-6
