"""Air and gravity against published figures.

US76: NOAA-S/T 76-1562 (1976), tables I and II at GEOMETRIC altitude, as three independent packages
give them
(they agree to 4.5e-6). Gravity: Somigliana's formula with the constants of NIMA TR8350.2 (2000),
eq. 4-1.
"""

from math import radians, sin, sqrt

import numpy as np
import pytest

from models.structs import Site
from tests.models.kit import interpreted
from tests.models.vehicle import filled

atmosphere = interpreted().atmosphere

# Geometric altitude m, temperature K, pressure Pa, density kg/m3
US76 = [
    (0.0, 288.15, 101325.0, 1.22500002),
    (500.0, 284.900256, 95461.2855, 1.16727328),
    (1000.0, 281.651022, 89876.2776, 1.11165967),
    (5000.0, 255.675543, 54048.2622, 0.736428613),
    (10000.0, 223.252093, 26499.8731, 0.41351033),
    (12000.0, 216.65, 19399.4205, 0.311937971),
    (15000.0, 216.65, 12111.8032, 0.194754855),
    (20000.0, 216.65, 5529.29786, 0.088909767),
    (25000.0, 221.552065, 2549.2148, 0.0400837929),
    (30000.0, 226.509084, 1197.027, 0.0184101151),
]


@pytest.mark.parametrize(("altitude", "temperature", "pressure", "density"), US76)
def test_air__is_us76_at_geometric_altitude(
    altitude: float, temperature: float, pressure: float, density: float
) -> None:
    p, t, _ = atmosphere.standard(altitude)
    rho, _, p_site, _ = atmosphere.air_at(altitude - 800.0, filled(Site, elevation_m=800.0))
    assert t == pytest.approx(temperature, rel=1e-5)
    assert p == pytest.approx(pressure, rel=1e-5)
    assert p_site == pytest.approx(pressure, rel=1e-5)
    assert rho == pytest.approx(density, rel=1e-5)


def test_comparison__geometric_taken_for_geopotential_would_be_seen() -> None:
    _, _, _, density = US76[4]
    wrong = 10000.0 * (1.0 + 10000.0 / atmosphere.EARTH_RADIUS_M)  # geopotential 10 km is this high
    rho, *_ = atmosphere.air_at(wrong, filled(Site))
    assert abs(rho / density - 1.0) == pytest.approx(0.0019, abs=2e-4)


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


def _normal_gravity(latitude_deg: float) -> float:
    """Gravity on the WGS 84 ellipsoid, m/s2."""
    s2 = sin(radians(latitude_deg)) ** 2
    return 9.7803253359 * (1.0 + 0.00193185265241 * s2) / sqrt(1.0 - 0.00669437999013 * s2)


@pytest.mark.parametrize("latitude_deg", [0.0, 28.5, 41.0, 60.0, 90.0])
def test_gravity__is_normal_gravity_on_the_ellipsoid(latitude_deg: float) -> None:
    site = filled(Site, gravity_model=1.0)
    g, _ = atmosphere.gravity_at(0.0, sin(radians(latitude_deg)), site)
    # Left out: J4 (4e-6 of g) and geodetic against geocentric latitude (0.19 deg: 2e-5 of g)
    assert g == pytest.approx(_normal_gravity(latitude_deg), rel=2.5e-5)


def test_gravity__falls_with_height_as_published_for_the_free_air() -> None:
    """-3.0877e-6 + 4.3e-9 sin^2(lat) per s^2: Torge & Mueller, Geodesy, 4th ed., eq. 4.60."""
    site = filled(Site, gravity_model=1.0)
    for latitude in (0.0, 41.0, 90.0):
        s = sin(radians(latitude))
        _, slope = atmosphere.gravity_at(0.0, s, site)
        assert slope == pytest.approx(-3.0877e-6 + 4.3e-9 * s * s, rel=5e-4)
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
