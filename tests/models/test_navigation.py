"""Navigation: strapdown against exact motion, filter against matrices, consistency.

Matrix filter: Brown & Hwang, 4th ed., eqs. 4.2.8 to 4.2.19, in Joseph's form, written here with
numpy.
"""

from math import hypot, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.spatial.transform import Rotation

from models.structs import (
    Aids,
    Estimate,
    HorizontalCovariance,
    Increments,
    Tuning,
    VerticalCovariance,
)
from tests.models import kit, vehicle
from tests.models.vehicle import centred, changed, filled, quiet, stage

physics = kit.interpreted()
navigation = physics.navigation

DT = 0.02
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


def _estimate(**more: Any) -> Estimate:
    zero = (0.0, 0.0, 0.0)
    vectors = ("r_enu_m", "v_enu_mps", "omega_body_radps", "accel_body_mps2", "bias_enu_mps2")
    return filled(Estimate, **dict.fromkeys(vectors, zero) | {"q_body_to_enu": UPRIGHT} | more)


# --- strapdown ------------------------------------------------------------------------------------


def _body_motion(t: float) -> tuple[Rotation, np.ndarray]:
    """Attitude and specific force (enu) of a wobbling, accelerating flight."""
    turn = Rotation.from_euler("xyz", [0.05 * np.sin(2 * t), 0.04 * np.cos(3 * t), 0.1 * t])
    return turn, np.array([0.5 * np.sin(t), -0.3 * t, 11.0 + np.cos(2 * t)])


def test_propagated__follows_an_exact_flight() -> None:
    """Increments integrated from the true motion bring the estimate along it.

    What is left: the middle attitude for the whole tick, errors of (omega dt)^2 f / 24 and of the
    commuting turns,
    about 1e-5 m/s^2 here, over 2 s.
    """
    r0, v0 = np.array([3.0, -2.0, 50.0]), np.array([1.0, 0.5, -4.0])
    est = _estimate(
        r_enu_m=tuple(r0),
        v_enu_mps=tuple(v0),
        q_body_to_enu=tuple(_body_motion(0.0)[0].as_quat(scalar_first=True)),
    )
    gravity = np.array([0.0, 0.0, 9.80665])
    for k in range(100):
        t = k * DT
        turn = _body_motion(t)[0].inv() * _body_motion(t + DT)[0]
        felt, _ = quad_vec(lambda s: _body_motion(s)[0].inv().apply(_body_motion(s)[1]), t, t + DT)
        # The inertial unit of the model reports in the tick's middle attitude
        middle = _body_motion(t)[0] * Rotation.from_rotvec(0.5 * turn.as_rotvec())
        change, _ = quad_vec(lambda s: _body_motion(s)[1], t, t + DT)
        np.testing.assert_allclose(felt, middle.inv().apply(change), atol=3e-6)
        measured = Increments(tuple(turn.as_rotvec()), tuple(middle.inv().apply(change)))
        est = navigation.propagated(est, measured, 9.80665, 40.0, DT, DT)
    velocity, _ = quad_vec(lambda s: _body_motion(s)[1] - gravity, 0.0, 2.0)
    place, _ = quad_vec(lambda s: (2.0 - s) * (_body_motion(s)[1] - gravity), 0.0, 2.0)
    np.testing.assert_allclose(est.v_enu_mps, v0 + velocity, atol=1e-9)
    np.testing.assert_allclose(est.r_enu_m, r0 + 2.0 * v0 + place, atol=2e-4)  # trapezoid: dt^2/12
    assert est.mass_kg == pytest.approx(-80.0)
    attitude = Rotation.from_quat(est.q_body_to_enu, scalar_first=True)
    assert (attitude.inv() * _body_motion(2.0)[0]).magnitude() < 1e-9


def test_propagated__takes_off_the_estimated_bias() -> None:
    est = _estimate(bias_enu_mps2=(0.1, -0.2, 0.3))
    still = Increments((0.0, 0.0, 0.0), (0.0, 0.0, 9.80665 * DT))
    found = navigation.propagated(est, still, 9.80665, 0.0, DT, DT)
    assert found.v_enu_mps == pytest.approx((-0.1 * DT, 0.2 * DT, -0.3 * DT), abs=1e-15)


def test_at_base__undoes_the_lever_arm() -> None:
    imu = stage().imu
    state = filled(
        physics.structs.State,
        **dict(
            r_enu_m=(5.0, 6.0, 7.0), v_enu_mps=(1.0, 2.0, 3.0), omega_body_radps=(0.1, 0.2, 0.3)
        ),
        q_body_to_enu=tuple(Rotation.from_rotvec([0.1, 0.2, 0.3]).as_quat(scalar_first=True)),
    )
    r, v = physics.sensors.point_motion(state, (imu.x_m, imu.y_m, imu.z_m))
    est = _estimate(
        **dict(r_enu_m=r, v_enu_mps=v, q_body_to_enu=state.q_body_to_enu),
        omega_body_radps=state.omega_body_radps,
    )
    base = navigation.at_base(est, imu)
    assert base.r_enu_m == pytest.approx(state.r_enu_m, abs=1e-12)
    assert base.v_enu_mps == pytest.approx(state.v_enu_mps, abs=1e-12)


# --- filter ---------------------------------------------------------------------------------------


def _joseph(p: np.ndarray, x: np.ndarray, h: np.ndarray, z: float, sigma: float) -> Any:
    """One scalar update in Joseph's form: covariance and correction.

    The last state is considered, not estimated: its gain is zero (Schmidt). The form holds for any
    gain.
    """
    gain = p @ h / (h @ p @ h + sigma * sigma)
    gain[-1] = 0.0
    keep = np.eye(len(h)) - np.outer(gain, h)
    return keep @ p @ keep.T + sigma * sigma * np.outer(gain, gain), x + gain * (z - h @ x)


def _transition(dt: float) -> np.ndarray:
    f = np.eye(5)
    f[0, 1], f[0, 2], f[1, 2] = dt, -0.5 * dt * dt, -dt
    return f


def _process(q_v: float, q_b: float, dt: float) -> np.ndarray:
    q = np.zeros((5, 5))
    q[0, 0], q[0, 1], q[1, 0], q[1, 1] = dt**3 / 3, dt**2 / 2, dt**2 / 2, dt
    q *= q_v
    q[2, 2] = q_b * dt
    return q


def _covariance(seed: int) -> np.ndarray:
    """A well-filled covariance of (position, velocity, acceleration, altimeter, fix bias)."""
    root = np.random.default_rng(seed).normal(size=(5, 5)) * [0.05, 0.03, 0.02, 0.08, 0.03]
    return root.T @ root


HORIZONTAL = np.ix_([0, 1, 2, 4], [0, 1, 2, 4])  # which has no altimeter


def _with_covariance(u: np.ndarray, **more: Any) -> Estimate:
    """An estimate with this covariance on every axis."""
    horizontal = HorizontalCovariance(*u[:3, :3][np.triu_indices(3)], *u[:3, 4])
    vertical = VerticalCovariance(*u[:4, :4][np.triu_indices(4)], *u[:4, 4])
    return _estimate(horizontal=horizontal, vertical=vertical, **more)


def _matrices(est: Estimate, fix_bias_m2: float) -> tuple[np.ndarray, np.ndarray]:
    found = []
    for part, order in ((est.horizontal, "pvbc"), (est.vertical, "pvbac")):
        matrix = np.full((len(order), len(order)), fix_bias_m2)
        for i, one in enumerate(order):
            for j, other in enumerate(order):
                if one + other != "cc":
                    matrix[i, j] = getattr(part, one + other if i <= j else other + one)
        found.append(matrix)
    return found[0], found[1]


LATENCY_S, ACCEL_UP_MPS2 = 0.05, 1.7
DESIGN = changed(
    centred(quiet(stage())),
    imu=dict(accel_noise_mps2_rthz=1e-3, z_m=0.0),
    gnss=dict(
        **dict(z_m=0.0, horizontal_noise_m=0.02, vertical_noise_m=0.03, velocity_noise_mps=0.04),
        latency_s=LATENCY_S,
    ),
    altimeter=dict(z_m=0.0, noise_m=0.07, noise_fraction=0.005),
)
TUNING = filled(Tuning, bias_walk_mps3_rthz=6e-4, accel_noise_mps2_rthz=2e-3)
Q_V, Q_B = 1e-3**2 + 2e-3**2, 6e-4**2


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("fix", "echo"), [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
def test_aided__vertical_filter_is_the_textbook_one(seed: int, fix: float, echo: float) -> None:
    u = _covariance(seed)
    est = _with_covariance(
        u,
        **dict(r_enu_m=(0.0, 0.0, 30.0), v_enu_mps=(0.0, 0.0, -2.0)),
        accel_body_mps2=(0.0, 0.0, 9.80665 + ACCEL_UP_MPS2),
    )
    aid = Aids(fix, (0.0, 0.0, 30.2), (0.0, 0.0, -2.1), echo, 30.5)
    tuning = TUNING._replace(gnss_bias_m=sqrt(u[4, 4]) / 1.5, gnss_time_s=0.02)
    found = navigation.aided(est, aid, DESIGN, tuning, 0.1)

    f = _transition(0.1)
    p, x = f @ u @ f.T + _process(Q_V, Q_B, 0.1), np.zeros(5)
    if fix:
        h = np.array([1.0, -LATENCY_S, 0.0, 0.0, 1.0])
        untimely = 0.02 * 2.0
        p, x = _joseph(p, x, h, 30.2 - (30.0 + 2.0 * LATENCY_S), hypot(0.03, untimely))
        faster = -2.1 - (-2.0 - LATENCY_S * ACCEL_UP_MPS2)
        p, x = _joseph(p, x, np.array([0.0, 1.0, 0.0, 0.0, 0.0]), faster, 0.04)
    if echo:
        h = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
        p, x = _joseph(p, x, h, 30.5 - 30.0, max(0.07, 0.005 * 30.5))
    np.testing.assert_allclose(_matrices(found, u[4, 4])[1], p, rtol=1e-9, atol=1e-14)
    assert found.r_enu_m[2] == pytest.approx(30.0 + x[0], abs=1e-12)
    assert found.v_enu_mps[2] == pytest.approx(-2.0 + x[1], abs=1e-12)
    assert found.bias_enu_mps2[2] == pytest.approx(x[2], abs=1e-12)
    assert found.altimeter_bias_m == pytest.approx(x[3], abs=1e-12)
    assert (found.since_fix_s == 0.0) == bool(fix) or est.since_fix_s == 0.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_aided__horizontal_filter_is_the_textbook_one(seed: int) -> None:
    """Of east and north together."""
    u = _covariance(seed)
    est = _with_covariance(u, r_enu_m=(1.0, 2.0, 0.0), v_enu_mps=(0.3, -0.2, 0.0))
    aid = Aids(1.0, (1.1, 1.95, 0.0), (0.25, -0.1, 0.0), 0.0, 0.0)
    tuning = TUNING._replace(gnss_bias_m=sqrt(u[4, 4]), gnss_time_s=0.05)
    found = navigation.aided(est, aid, DESIGN, tuning, 0.1)
    f, q = _transition(0.1)[HORIZONTAL], _process(Q_V, Q_B, 0.1)[HORIZONTAL]
    noise = hypot(0.02, 0.05 * hypot(0.3, 0.2) / sqrt(2.0))  # of both axes, by the mean square
    for axis, place, speed in ((0, 1.1, 0.25), (1, 1.95, -0.1)):
        p, x = f @ u[HORIZONTAL] @ f.T + q, np.zeros(4)
        late = place - (est.r_enu_m[axis] - LATENCY_S * est.v_enu_mps[axis])
        p, x = _joseph(p, x, np.array([1.0, -LATENCY_S, 0.0, 1.0]), late, noise)
        p, x = _joseph(p, x, np.array([0.0, 1.0, 0.0, 0.0]), speed - est.v_enu_mps[axis], 0.04)
        assert found.r_enu_m[axis] == pytest.approx(est.r_enu_m[axis] + x[0], abs=1e-12)
        assert found.v_enu_mps[axis] == pytest.approx(est.v_enu_mps[axis] + x[1], abs=1e-12)
        assert found.bias_enu_mps2[axis] == pytest.approx(x[2], abs=1e-12)
        np.testing.assert_allclose(_matrices(found, u[4, 4])[0], p, rtol=1e-9, atol=1e-14)


def test_update__scalar_random_walk_reaches_its_steady_state() -> None:
    """P+ = (-q + sqrt(q^2 + 4 q r)) / 2 for q = 0.01, r = 1 (Brown & Hwang, sec. 4.3)."""
    q, r = 0.01, 1.0
    p, x = VerticalCovariance(1.0, *[0.0] * 13), (0.0,) * 4
    for _ in range(400):
        p = p._replace(pp=p.pp + q)
        prior = p.pp
        p, x = navigation._update(p, (1.0, 0.0, 0.0, 0.0), 0.0, r, 0.0, 1.0, x)
    assert prior == pytest.approx(0.10512492197250392, abs=1e-12)
    assert p.pp == pytest.approx(0.09512492197250393, abs=1e-12)
    assert p.pp / r == pytest.approx(0.5 * (-q + sqrt(q * q + 4 * q * r)), abs=1e-12)


def test_aided__averaging_does_not_take_away_the_bias_of_the_fix() -> None:
    """A thousand fixes with a common bias of 2 cm: position known to 2 cm, 3 cm upwards."""
    tuning = TUNING._replace(gnss_bias_m=0.02, bias_walk_mps3_rthz=0.0, accel_noise_mps2_rthz=0.0)
    design = changed(DESIGN, imu=dict(accel_noise_mps2_rthz=0.0), gnss=dict(latency_s=0.0))
    p = np.diag([1.0, 1e-12, 1e-14, 1.0, 0.0])
    est = _with_covariance(p, accel_body_mps2=(0.0, 0.0, 9.80665))
    for _ in range(1000):
        est = navigation.aided(
            est, Aids(1.0, (0.0,) * 3, (0.0,) * 3, 0.0, 5.0), design, tuning, 0.1
        )
    assert sqrt(est.horizontal.pp) == pytest.approx(0.02, rel=0.01)
    assert sqrt(est.vertical.pp) == pytest.approx(0.03, rel=0.01)


def test_aided__does_nothing_on_a_tick_that_is_not_due() -> None:
    u = _covariance(4)
    est = _with_covariance(u, r_enu_m=(1.0, 2.0, 3.0))
    nothing = Aids(0.0, (9.0,) * 3, (9.0,) * 3, 0.0, 9.0)
    assert navigation.aided(est, nothing, DESIGN, TUNING, 0.0) == est


def test_aided__sensors_without_noise_stay_finite() -> None:
    design = quiet(DESIGN)
    est = _estimate(r_enu_m=(0.0, 0.0, 5.0))
    for _ in range(3):
        est = navigation.aided(
            est, Aids(1.0, (0.0,) * 3, (0.0,) * 3, 1.0, 5.0), design, TUNING, 0.1
        )
    assert np.isfinite(physics.lanes.flatten(est)).all()


def test_nees__is_the_quadratic_form_of_the_errors() -> None:
    u = _covariance(5)
    est = _with_covariance(u, r_enu_m=(0.1, 0.2, 0.3), v_enu_mps=(0.01, 0.02, 0.03))
    expected = 0.0
    for d, e in zip((0.1, 0.2, 0.3), (0.01, 0.02, 0.03), strict=True):
        p = u[:2, :2]
        expected += np.array([d, e]) @ np.linalg.solve(p, [d, e])
    zero = (0.0, 0.0, 0.0)
    assert navigation.nees(est, zero, zero) == pytest.approx(expected, rel=1e-9)


# --- in flight ------------------------------------------------------------------------------------


def _drawn(names: Any, sigmas: Any, rng: np.random.Generator) -> dict[str, float]:
    """Normal errors by name."""
    return {name: rng.normal(0.0, sigma) for name, sigma in zip(names, sigmas, strict=True)}


def test_estimate__is_consistent_over_many_flights() -> None:
    """Normalised error squared at touchdown over 96 hops, sensor errors drawn as tuned for.

    Chi-square with 6 degrees of freedom, so the mean has 6 +- 4 sqrt(12 / 96); what is not white
    (tilt errors
    seen as slow biases) may take it a quarter either side. Bar-Shalom, Li & Kirubarajan (2001),
    sec. 5.4.
    """
    rng = np.random.default_rng(5)
    values = []
    for block in range(6):
        cases = []
        for lane in range(16):
            case = vehicle.changed(
                kit.seeded(stage(), 100 * block + lane),
                gnss=_drawn(("bias_east_m", "bias_north_m", "bias_up_m"), (0.02, 0.02, 0.03), rng),
                imu=_drawn([f"accel_bias_{a}_mps2" for a in "xyz"], [0.0075] * 3, rng),
                alignment=_drawn(("x_rad", "y_rad"), (5e-4, 5e-4), rng),
                altimeter=_drawn(("bias_m",), (0.08,), rng),
            )
            cases.append(case)
        flown = kit.fly(cases, kit.setup(stage(), height_m=40.0))
        assert np.all(flown.metrics["outcome"] == 0.0)
        values.append(flown.metrics["navigation_nees"])
    mean = np.concatenate(values).mean()
    assert mean == pytest.approx(6.0, abs=4.0 * sqrt(12.0 / 96.0) + 1.5)


def test_comparison__an_overconfident_filter_would_be_seen() -> None:
    """A filter told of a third of its satellite noise is far outside that band."""
    honest = stage()
    third = {k: getattr(honest.gnss, k) / 3.0 for k in ("horizontal_noise_m", "vertical_noise_m")}
    made = kit.setup(changed(honest, gnss=third | {"velocity_noise_mps": 0.01}), height_m=40.0)
    flown = kit.fly([kit.seeded(honest, seed) for seed in range(16)], made)
    assert flown.metrics["navigation_nees"].mean() > 6.0 + 4.0 * sqrt(12.0 / 16.0) + 1.5
