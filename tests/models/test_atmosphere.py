"""Air and gravity: slopes, dispersions, switches.

Their figures, US76 and normal gravity, are verification cases (pipeline/verification).
"""

from math import radians, sin

import numpy as np
import pytest

from models.structs import Site
from tests.models.kit import interpreted
from tests.models.vehicle import filled

atmosphere = interpreted().atmosphere


@pytest.mark.parametrize("height", [0.0, 100.0, 343.0, 4000.0, 11000.0, 18000.0, 24000.0])
def test_air__slopes_are_the_derivatives(height: float) -> None:
    site = filled(Site, elevation_m=1000.0)
    h = 1.0
    _, rho_slope, _, p_slope = atmosphere.air_at(height, site)
    low, high = atmosphere.air_at(height - h, site), atmosphere.air_at(height + h, site)
    # Central difference over 2 m: third derivative of ln rho times h^2 / 6, below 1e-12
    assert rho_slope == pytest.approx(np.log(high[0] / low[0]) / (2 * h), rel=1e-6)
    assert p_slope == pytest.approx(np.log(high[2] / low[2]) / (2 * h), rel=1e-6)


def test_air__scales_do_what_their_names_say() -> None:
    base = atmosphere.air_at(50.0, filled(Site))
    dense = atmosphere.air_at(50.0, filled(Site, density_scale=1.05))
    warm = atmosphere.air_at(50.0, filled(Site, temperature_offset_k=20.0))
    high = atmosphere.air_at(50.0, filled(Site, pressure_scale=1.02))
    assert dense[0] == pytest.approx(1.05 * base[0])
    assert dense[2] == base[2]
    assert warm[0] / base[0] == pytest.approx(287.825 / 307.825, rel=1e-6)  # ideal gas
    assert high[2] == pytest.approx(1.02 * base[2])
    assert high[0] == pytest.approx(1.02 * base[0])


def test_air__vacuum_and_uniform_air_are_data() -> None:
    vacuum = atmosphere.air_at(50.0, filled(Site, air=0.0))
    assert (vacuum[0], vacuum[2]) == (0.0, 0.0)
    uniform = atmosphere.air_at(9000.0, filled(Site, air=2.0, density_kgpm3=1.2))
    assert (uniform[0], uniform[1], uniform[2]) == (1.2, 0.0, 0.0)


def test_gravity__slope_is_the_derivative() -> None:
    site = filled(Site, gravity_model=1.0)
    for latitude in (0.0, 41.0, 90.0):
        s = sin(radians(latitude))
        _, slope = atmosphere.gravity_at(0.0, s, site)
        low, high = (atmosphere.gravity_at(h, s, site)[0] for h in (-500.0, 500.0))
        assert slope == pytest.approx((high - low) / 1000.0, rel=1e-6)


def test_gravity__constant_model_is_constant_and_has_no_earth_rate() -> None:
    site = filled(Site)
    assert atmosphere.gravity_at(5000.0, 0.6, site) == (9.80665, 0.0)
    assert atmosphere.earth_rate(0.6, 0.8, site) == (0.0, 0.0, 0.0)


def test_earth_rate__points_north_at_the_equator_and_up_at_the_pole() -> None:
    site = filled(Site, gravity_model=1.0)
    assert atmosphere.earth_rate(0.0, 1.0, site) == (0.0, 7.292115e-5, 0.0)
    assert atmosphere.earth_rate(1.0, 0.0, site) == (0.0, 0.0, 7.292115e-5)
