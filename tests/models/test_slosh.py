"""The slosh pendulum against NASA SP-106's figures, and against conservation of momentum.

Figures: Dodge (2000), table 3.1, evaluated independently (the sum over 4,000 modes of 2 / (xi^2 -
1) is 1).
"""

from itertools import product
from math import sqrt, tanh
from typing import Any

import numpy as np
import pytest
from scipy.special import j1, jnp_zeros

from models.structs import Actuation, Air, State, Tank, Wrench
from tests.models import bodies
from tests.models.kit import interpreted
from tests.models.vehicle import filled

physics = interpreted()

# R = 0.5 m, h = 0.8 m, 300 kg, 12 m/s2
TANK = filled(Tank, load_kg=300.0, density_kgpm3=300.0 / (np.pi * 0.25 * 0.8), radius_m=0.5)
OMEGA_RADPS, BOB_KG, FIXED_KG, LENGTH_M = (
    6.629101248766414,
    84.75100009781818,
    215.248999902,
    0.2730687118470065,
)
FREE_VEHICLE_RADPS = 6.824704525517575  # on a vehicle of 1,200 kg dry that may move sideways


def test_pendulum__has_the_published_frequency_mass_and_length() -> None:
    bob = physics.slosh.pendulum(300.0, 12.0, TANK)
    assert jnp_zeros(1, 1)[0] == pytest.approx(physics.slosh.XI, abs=1e-14)
    assert bob.length_m == pytest.approx(LENGTH_M, rel=1e-9)
    assert bob.mass_kg == pytest.approx(BOB_KG, rel=1e-9)
    assert sqrt(12.0 / bob.length_m) == pytest.approx(OMEGA_RADPS, rel=1e-9)


def test_pendulum__hangs_where_its_force_acts() -> None:
    """The hinge is where the pressure on wall and bottom acts, integrated here.

    First mode: p ~ J1(xi r / R) cos(a) cosh(xi (z + h) / R), z from the surface down (Ibrahim,
    Liquid Sloshing
    Dynamics, 2005, sec. 1.2). A force F at the hinge must have the moment of that pressure about
    the bottom.
    """
    radius, h, xi = 0.5, 0.8, physics.slosh.XI
    z = np.linspace(0.0, h, 20001)  # over the bottom
    wall = np.cosh(xi * z / radius)
    # Side force of the wall, per unit; on the bottom the moment  int p r cos(a) dA
    force = np.pi * radius * j1(xi) * np.trapezoid(wall, z)
    wall_moment = np.pi * radius * j1(xi) * np.trapezoid(wall * z, z)
    r = np.linspace(0.0, radius, 20001)
    bottom_moment = np.pi * np.trapezoid(j1(xi * r / radius) * r * r, r)
    bob = physics.slosh.pendulum(300.0, 12.0, TANK)
    # The bottom is pressed where the wave stands: it tips the tank as a force higher up would
    assert bob.hinge_z_m == pytest.approx((wall_moment + bottom_moment) / force, rel=1e-6)


def test_pendulum__keeps_the_liquids_centre_of_mass() -> None:
    bob = physics.slosh.pendulum(300.0, 12.0, TANK)
    fixed, z, _ = physics.mass._fixed_liquid(300.0, bob, TANK)
    assert fixed == pytest.approx(FIXED_KG, rel=1e-9)
    assert fixed * z + bob.mass_kg * (bob.hinge_z_m - bob.length_m) == pytest.approx(300.0 * 0.4)


@pytest.mark.parametrize(("scale", "factor"), [(0.9, 0.9), (1.1, 1.1)])
def test_pendulum__frequency_scale_scales_the_frequency(scale: float, factor: float) -> None:
    bob = physics.slosh.pendulum(300.0, 12.0, TANK._replace(slosh_frequency_scale=scale))
    assert sqrt(12.0 / bob.length_m) == pytest.approx(factor * OMEGA_RADPS, rel=1e-9)


def test_pendulum__damping_decays_as_a_damping_ratio() -> None:
    bob = physics.slosh.pendulum(300.0, 12.0, TANK._replace(slosh_damping_ratio=0.02))
    assert bob.damping_per_s == pytest.approx(2 * 0.02 * OMEGA_RADPS, rel=1e-9)


@pytest.mark.parametrize("liquid", [-0.5, 0.0, 1e-9, 1e-3, 5.0, 3000.0])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1.3, 5.0])
@pytest.mark.parametrize("axial", [-5.0, 0.0, 60.0])
def test_pendulum__is_finite_and_never_outweighs_its_liquid(
    liquid: float, scale: float, axial: float
) -> None:
    bob = physics.slosh.pendulum(liquid, axial, TANK._replace(slosh_mass_scale=scale))
    fixed, z, inertia = physics.mass._fixed_liquid(
        liquid, bob, TANK._replace(slosh_mass_scale=scale)
    )
    assert np.isfinite([*bob, fixed, z, inertia]).all()
    assert 0.0 <= bob.mass_kg <= max(liquid, 0.0)
    assert bob.length_m > 0.0
    assert inertia >= 0.0
    assert abs(z) < 10.0


# --- coupled to the vehicle -----------------------------------------------------------------------


def _rates(case: Any, force: tuple, moment: tuple, angles: tuple, damping: float = 0.0) -> Any:
    """Derivative of a resting, sloshing vehicle under a force and moment from outside."""
    state = filled(
        State,
        q_body_to_enu=(1.0, 0.0, 0.0, 0.0),
        **dict(r_enu_m=(0.0,) * 3, v_enu_mps=(0.0,) * 3, omega_body_radps=(0.0,) * 3),
        **dict(lox_kg=case.lox.load_kg, fuel_kg=case.fuel.load_kg),
        **dict(lox_slosh_x_rad=angles[0], lox_slosh_y_rad=angles[1]),
        **dict(fuel_slosh_x_rad=angles[2], fuel_slosh_y_rad=angles[3]),
        **dict(lox_slosh_rate_x_radps=0.2, fuel_slosh_rate_y_radps=-0.3),
    )
    axial = force[2] / physics.mass.total(state, case.mass)
    made = physics.mass.body(state.lox_kg, state.fuel_kg, axial, case)
    made = made._replace(
        lox=made.lox._replace(damping_per_s=damping), fuel=made.fuel._replace(damping_per_s=damping)
    )
    told = filled(Actuation)
    derivative = physics.dynamics.rates(
        state, told, filled(Air), made, Wrench(force, moment), (0.0,) * 3, 0.0, case
    )
    return state, made, derivative, axial


def _vehicle() -> Any:
    dry = dict(cg_x_m=0.02, cg_y_m=-0.03, cg_z_m=1.5, ixz_kgm2=40.0, iyz_kgm2=-25.0, ixy_kgm2=15.0)
    return bodies.body(
        *(1200.0, (2500.0, 2600.0, 600.0)),
        mass=dry,
        lox=TANK._replace(bottom_z_m=0.7, slosh_mass_scale=1.0)._asdict(),
        fuel=dict(load_kg=120.0, radius_m=0.45, bottom_z_m=2.4, slosh_mass_scale=1.0),
    )


@pytest.mark.parametrize("damping", [0.0, 0.7])
@pytest.mark.parametrize("push", list(product((0.0, 900.0), (0.0, -400.0), (0.0, 19440.0))))
def test_coupling__conserves_momentum_and_angular_momentum(damping: float, push: tuple) -> None:
    """What comes from outside is what body and bobs together gain: Newton and Euler.

    An independent account: the bobs' accelerations are put together from the body's motion and the
    angles' second derivatives, and nothing of the pendulums' forces is used.
    """
    case, moment = _vehicle(), (250.0, -800.0, 90.0)
    state, made, rate, axial = _rates(case, push, moment, (0.05, -0.03, 0.02, 0.04), damping)
    turn, base = np.array(rate.omega_body_radps), np.array(rate.v_enu_mps)
    inertia = np.array(
        [
            [made.ixx_kgm2, -made.ixy_kgm2, -made.ixz_kgm2],
            [-made.ixy_kgm2, made.iyy_kgm2, -made.iyz_kgm2],
            [-made.ixz_kgm2, -made.iyz_kgm2, made.izz_kgm2],
        ]
    )
    cg = np.array(made.cg_body_m)
    bobs = [
        (made.lox, (state.lox_slosh_x_rad, state.lox_slosh_y_rad),
         (rate.lox_slosh_rate_x_radps, rate.lox_slosh_rate_y_radps)),
        (made.fuel, (state.fuel_slosh_x_rad, state.fuel_slosh_y_rad),
         (rate.fuel_slosh_rate_x_radps, rate.fuel_slosh_rate_y_radps)),
    ]  # fmt: skip
    mass = physics.mass.total(state, case.mass) - made.lox.mass_kg - made.fuel.mass_kg
    momentum = mass * (base + np.cross(turn, cg))
    spin = inertia @ turn + np.cross(cg, momentum)
    for bob, angle, angular in bobs:
        rest = np.array([0.0, 0.0, bob.hinge_z_m - bob.length_m])
        there = rest + bob.length_m * np.array([*angle, 0.0])
        acceleration = base + np.cross(turn, rest) + bob.length_m * np.array([*angular, 0.0])
        acceleration[2] = axial  # the model's: all parts share the axial acceleration
        momentum = momentum + bob.mass_kg * acceleration
        spin = spin + np.cross(there, bob.mass_kg * acceleration)
    np.testing.assert_allclose(momentum, push, atol=1e-8)
    # About z the model leaves out that a deflected bob pushed sideways has an arm: m L theta a
    arm = sum(b.mass_kg * b.length_m * 0.05 for b, *_ in bobs) * np.max(np.abs(base))
    np.testing.assert_allclose(spin[:2], moment[:2], atol=1e-7)
    assert spin[2] == pytest.approx(moment[2], abs=arm * 4.0 + 1e-7)


def test_coupling__frequency_on_a_vehicle_that_moves_sideways() -> None:
    """omega sqrt(1 + m_bob / m_rest) = 6.8247 rad/s; inertia keeps the vehicle from turning."""
    case = bodies.body(
        1200.0,
        (1e12,) * 3,
        lox=TANK._replace(slosh_mass_scale=1.0)._asdict(),
        fuel=dict(load_kg=0.0),
    )
    angle = 1e-3
    _, _, rate, _ = _rates(case, (0.0, 0.0, 1500.0 * 12.0), (0.0,) * 3, (angle, 0.0, 0.0, 0.0))
    assert sqrt(-rate.lox_slosh_rate_x_radps / angle) == pytest.approx(FREE_VEHICLE_RADPS, rel=1e-6)


def test_coupling__a_hinge_on_the_turning_axis_leaves_the_bob_behind() -> None:
    """With no axial acceleration, a turn of the vehicle alone swings the angle back."""
    bob = physics.structs.Pendulum(10.0, 0.5, 2.0, 2.0, 0.0)
    turn = 0.3  # rad/s2 about the hinge: the bob's place moves by -L turn
    assert physics.slosh.swing(0.0, 0.0, -0.5 * turn, 0.0, bob) == pytest.approx(turn)


def test_coupling__liquid_floats_below_zero_axial_force() -> None:
    """Nothing pulls it, nor does it pull; its damper still works."""
    bob = physics.structs.Pendulum(10.0, 0.5, 2.0, 2.0, 0.1)
    assert physics.slosh.pull(0.2, 0.0, -3.0, bob) == (0.0, 0.0)
    assert physics.slosh.swing(0.2, 0.0, 0.0, -3.0, bob) == 0.0
    assert physics.slosh.pull(0.2, 0.4, -3.0, bob) == physics.slosh.pull(0.2, 0.4, 0.0, bob)


def test_comparison__shallow_water_frequency_would_be_seen() -> None:
    """No tanh, or gravity for the axial acceleration: off by more than the tolerance."""
    assert abs(tanh(1.8411838 * 0.8 / 0.5) - 1.0) > 1e-3
    assert abs(sqrt(9.80665 / 12.0) - 1.0) > 0.05
