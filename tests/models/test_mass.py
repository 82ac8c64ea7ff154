"""Mass properties against clouds of point masses, which know no parallel-axis theorem."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.structs import Tank
from tests.models import bodies
from tests.models.kit import interpreted
from tests.models.vehicle import filled, stage

mass = interpreted().mass


def _tensor(b: Any) -> np.ndarray:
    """The inertia tensor of mass properties: products enter it with a minus."""
    return np.array(
        [
            [b.ixx_kgm2, -b.ixy_kgm2, -b.ixz_kgm2],
            [-b.ixy_kgm2, b.iyy_kgm2, -b.iyz_kgm2],
            [-b.ixz_kgm2, -b.iyz_kgm2, b.izz_kgm2],
        ]
    )


def _cloud_tensor(points: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of mass and inertia tensor about it of point masses."""
    centre = masses @ points / masses.sum()
    off = points - centre
    square = np.einsum("i,ij,ij->", masses, off, off)
    return centre, square * np.eye(3) - np.einsum("i,ij,ik->jk", masses, off, off)


def _dry_cloud(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Forty point masses of an irregular dry vehicle."""
    rng = np.random.default_rng(seed)
    return rng.normal((0.1, -0.05, 6.0), (1.0, 1.1, 4.0), (40, 3)), rng.uniform(50.0, 300.0, 40)


def _cylinder_cloud(kilograms: float, radius: float, low: float, height: float) -> Any:
    """Points of a full cylinder, a fine midpoint rule over radius, azimuth and height.

    Each point stands for the liquid turning with the tank sideways, not about the axis: see below.
    """
    r = radius * np.sqrt((np.arange(60) + 0.5) / 60)
    a = 2.0 * np.pi * (np.arange(24) + 0.5) / 24
    z = low + height * (np.arange(200) + 0.5) / 200
    grid = np.stack(np.meshgrid(r, a, z, indexing="ij"), axis=-1).reshape(-1, 3)
    points = np.stack(
        [grid[:, 0] * np.cos(grid[:, 1]), grid[:, 0] * np.sin(grid[:, 1]), grid[:, 2]], 1
    )
    return points, np.full(len(points), kilograms / len(points))


def _irregular(seed: int) -> Any:
    """A case whose dry mass is the cloud, with frozen liquid in both tanks."""
    points, masses = _dry_cloud(seed)
    centre, tensor = _cloud_tensor(points, masses)
    return bodies.body(
        mass=dict(
            **dict(dry_kg=masses.sum(), cg_x_m=centre[0], cg_y_m=centre[1], cg_z_m=centre[2]),
            **dict(ixx_kgm2=tensor[0, 0], iyy_kgm2=tensor[1, 1], izz_kgm2=tensor[2, 2]),
            **dict(ixy_kgm2=-tensor[0, 1], ixz_kgm2=-tensor[0, 2], iyz_kgm2=-tensor[1, 2]),
        ),
        lox=dict(load_kg=2000.0, radius_m=1.2, bottom_z_m=4.0, density_kgpm3=1141.0),
        fuel=dict(load_kg=700.0, radius_m=1.0, bottom_z_m=9.0, density_kgpm3=422.6),
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_body__equals_a_cloud_of_point_masses(seed: int) -> None:
    case = _irregular(seed)
    found = mass.body(2000.0, 700.0, 9.8, case)
    clouds = [_dry_cloud(seed)]
    for kilograms, tank in ((2000.0, case.lox), (700.0, case.fuel)):
        height = kilograms / (tank.density_kgpm3 * np.pi * tank.radius_m**2)
        clouds.append(_cylinder_cloud(kilograms, tank.radius_m, tank.bottom_z_m, height))
    points, masses = (np.concatenate(parts) for parts in zip(*clouds, strict=True))
    centre, tensor = _cloud_tensor(points, masses)
    # The liquid does not turn about the axis: take away what the cloud has for that, m R^2 / 2
    tensor[2, 2] -= 0.5 * (2000.0 * 1.2**2 + 700.0 * 1.0**2)
    # Midpoint rule: relative 1 / (4 * 60^2) on R^2 and 1 / 200^2 on h^2
    np.testing.assert_allclose(found.cg_body_m, centre, rtol=1e-9)
    np.testing.assert_allclose(_tensor(found), tensor, rtol=1e-4, atol=1e-4 * 2000.0)


def test_body__sign_of_products_would_be_seen() -> None:
    case = _irregular(1)
    products = dict(ixz_kgm2=-case.mass.ixz_kgm2)
    wrong = case._replace(mass=case.mass._replace(**products))
    right, other = (_tensor(mass.body(2000.0, 700.0, 9.8, c)) for c in (case, wrong))
    assert np.max(np.abs(right - other)) > 0.2  # far above the 0.2 kg m2 of the test above


def test_body__sloshing_part_is_taken_out_of_the_same_liquid() -> None:
    """Fixed liquid and bobs together have the mass and the centre of mass of the frozen liquid."""
    case = stage()
    loose = mass.body(2000.0, 700.0, 9.8, case)
    frozen_tanks = [t._replace(slosh_mass_scale=0.0) for t in (case.lox, case.fuel)]
    frozen = mass.body(2000.0, 700.0, 9.8, case._replace(lox=frozen_tanks[0], fuel=frozen_tanks[1]))
    total = 7500.0 + 2700.0
    body_kg = total - loose.lox.mass_kg - loose.fuel.mass_kg
    moment = body_kg * loose.cg_body_m[2]
    for bob in (loose.lox, loose.fuel):
        moment += bob.mass_kg * (bob.hinge_z_m - bob.length_m)
    assert frozen.lox.mass_kg == 0.0
    assert moment / total == pytest.approx(frozen.cg_body_m[2], rel=1e-12)


@given(st.floats(-1.0, 3000.0), st.floats(-1.0, 1000.0), st.floats(0.0, 3.0), st.floats(-1.0, 30.0))
def test_body__stays_physical_with_any_liquid(
    lox: float, fuel: float, scale: float, axial: float
) -> None:
    """Inertia positive and triangular (I1 + I2 > I3), not below that without liquid."""
    case = stage()
    tanks = [t._replace(slosh_mass_scale=scale) for t in (case.lox, case.fuel)]
    found = mass.body(lox, fuel, axial, case._replace(lox=tanks[0], fuel=tanks[1]))
    principal = np.linalg.eigvalsh(_tensor(found))
    assert principal[0] > 0.0
    assert principal[0] + principal[1] > principal[2]
    assert 1.4e5 < found.ixx_kgm2 < 2.5e5
    assert 5.0 < found.cg_body_m[2] < 9.0


def test_angular_acceleration__solves_eulers_equations() -> None:
    case = _irregular(2)
    b = mass.body(2000.0, 700.0, 9.8, case)
    moment, omega = np.array([900.0, -300.0, 50.0]), np.array([0.3, -0.2, 0.5])
    expected = np.linalg.solve(_tensor(b), moment - np.cross(omega, _tensor(b) @ omega))
    found = mass.angular_acceleration(tuple(moment), tuple(omega), b)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_liquid_height__of_a_litre() -> None:
    tank = filled(Tank, density_kgpm3=1000.0, radius_m=1.0 / np.sqrt(np.pi))
    assert interpreted().slosh.liquid_height(1.0, tank) == pytest.approx(1e-3)
