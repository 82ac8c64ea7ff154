"""Air and gravity as a flight feels them: what slows a body down, pushes less, lets it fall.

US76: NOAA-S/T 76-1562 (1976), tables I and II at GEOMETRIC altitude, as three independent packages
give them; they agree to 4.5e-6. Gravity: Somigliana's formula with the constants of NIMA TR8350.2
(2000), eq. 4-1; its fall with height: Torge & Mueller, Geodesy, 4th ed., eq. 4.60.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, radians, sin, sqrt
from typing import Any

import numpy as np

from pipeline.verification.check import Case, Row, apart, relative
from pipeline.verification.flights import BODY, VACUUM, abreast, at, flown, last, made

# Geometric altitude m, pressure Pa, density kg/m3
US76 = np.array(
    [
        (0.0, 101325.0, 1.22500002),
        (500.0, 95461.2855, 1.16727328),
        (1000.0, 89876.2776, 1.11165967),
        (5000.0, 54048.2622, 0.736428613),
        (10000.0, 26499.8731, 0.41351033),
        (12000.0, 19399.4205, 0.311937971),
        (15000.0, 12111.8032, 0.194754855),
        (20000.0, 5529.29786, 0.088909767),
        (25000.0, 2549.2148, 0.0400837929),
        (30000.0, 1197.027, 0.0184101151),
    ]
)
UP_M, TICK_S = 500.0, 0.02
LATITUDES_DEG = (0.0, 41.0)
_SPIN_RADPS, _J4 = 7.292115e-5, 2.37091e-6  # WGS 84: NIMA TR8350.2, 3rd ed., ch. 3


def _felt(altitude_m: float) -> Any:
    """A tick of flight: drag slows it to the east, thrust less back pressure drives it up."""
    return made(
        duration_s=TICK_S,
        site={"elevation_m": altitude_m - UP_M, "gravity_mps2": 0.0},
        mass=BODY | {"dry_kg": 1e6},
        aero={"sphere_m2": 1.0},
        engine={"thrust_vac_n": 2e5, "exit_area_m2": 1.0},
        program={"throttle": 1.0},
        start={"up_m": UP_M, "v_east_mps": 100.0},
    )


def _us76() -> Iterator[Row]:
    """Density of what drag takes, k t = 1/v - 1/v0; pressure of what thrust lacks."""
    velocities = np.array(
        [
            [flight["v_enu_mps"][k].to_numpy() for k in (0, 1)]
            for flight in abreast([_felt(altitude) for altitude in US76[:, 0]])
        ]
    )
    slower = 1.0 / velocities[:, 1, 0] - 1.0 / velocities[:, 0, 0]
    density = 2.0 * 1e6 / 1.0 * slower / TICK_S
    pressure = (2e5 - 1e6 * velocities[:, 1, 2] / TICK_S) / 1.0
    why = "twice that to which three implementations agree, 4.5e-6"
    yield Row("density, 0 to 30 km", "1", relative(density, US76[:, 2]), 1e-5, why)
    yield Row("pressure, 0 to 30 km", "1", relative(pressure, US76[:, 1]), 1e-5, why)


def _falling(latitude_deg: float, elevation_m: float) -> float:
    """Gravity at an altitude, of the speed gained in a tick."""
    earth = {"gravity_model": "effective", "latitude_deg": latitude_deg}
    flight = flown(duration_s=TICK_S, site=VACUUM | earth | {"elevation_m": elevation_m - 1000.0})
    return -float(last(flight, "v_enu_mps")[2]) / TICK_S


def normal_gravity(latitude_deg: float) -> float:
    """Somigliana's gravity on the WGS 84 ellipsoid, m/s2."""
    s2 = sin(radians(latitude_deg)) ** 2
    return 9.7803253359 * (1.0 + 0.00193185265241 * s2) / sqrt(1.0 - 0.00669437999013 * s2)


def _latitude_s(latitude_deg: float) -> float:
    """Share of g that taking geodetic for geocentric latitude costs: e^2 / 2 * 0.0053 sin^2 2 lat.

    The latitudes differ by e^2 / 2 sin 2 lat, and g changes with them by 0.0053 sin 2 lat.
    """
    return 0.0067 / 2.0 * 0.0053 * sin(radians(2.0 * latitude_deg)) ** 2


def _gravity() -> Iterator[Row]:
    """On the ellipsoid, and how it falls with height."""
    for latitude_deg in LATITUDES_DEG:
        error = relative(_falling(latitude_deg, 0.0), normal_gravity(latitude_deg))
        why = "left out: 5 J4; geodetic is not geocentric latitude, e^2 / 2 * 0.0053 sin^2 2 lat"
        left_out = 5.0 * _J4 + _latitude_s(latitude_deg)
        yield Row(f"on the ellipsoid, {latitude_deg:g} deg", "1", error, left_out, why)
    low, high = (_falling(41.0, height) for height in (-500.0, 500.0))
    expected = -3.0877e-6 + 4.3e-9 * sin(radians(41.0)) ** 2
    error = relative((high - low) / 1000.0, expected)
    why = "left out: 3 times 5 J4; digits of the figures, 2.3e-5"
    yield Row("fall with height, 41 deg", "1", error, 15.0 * _J4 + 2.3e-5, why)


def _coriolis() -> Iterator[Row]:
    """From rest: east w g t^3 cos(lat) / 3, south (w t)^2 g t^2 sin(lat) cos(lat) / 6.

    Goldstein, Poole & Safko, Classical Mechanics, 3rd ed., sec. 4.10.
    """
    time_s = 8.0
    for latitude_deg in LATITUDES_DEG:
        lat = radians(latitude_deg)
        earth = {"gravity_model": "effective", "latitude_deg": latitude_deg}
        flight = flown(
            duration_s=time_s,
            site=VACUUM | earth | {"elevation_m": -300.0},
            start={"up_m": 500.0},
        )
        g, turned = normal_gravity(latitude_deg), _SPIN_RADPS * time_s
        east = turned * g * time_s**2 * cos(lat) / 3.0
        north = -(turned**2) * g * time_s**2 * sin(lat) * cos(lat) / 6.0
        error = apart(at(flight, time_s, "r_enu_m")[:2], [east, north])
        share = 2.0 * 200.0 / 6.378e6 + 5.0 * _J4 + _latitude_s(latitude_deg) + turned**2
        why = "2 h / r of g over h = 200 m; gravity as above; third order, (w t)^2"
        yield Row(f"drift of a fall, {latitude_deg:g} deg", "m", error, share * east, why)


CASES = (
    Case("US76", "NOAA-S/T 76-1562", _us76),
    Case("effective gravity", "WGS 84; Torge & Mueller", _gravity),
    Case("Coriolis", "Goldstein, sec. 4.10", _coriolis),
)
