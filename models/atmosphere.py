"""US Standard Atmosphere 1976 below 32 km geopotential altitude, and gravity.

Source: NOAA-S/T 76-1562 (1976), eqs. 18, 23, 33a, 33b, 42, table 4.
Anchors: rho(0) = 1.2250 kg/m3, p(0) = 101325 Pa, T(11 km geopotential) = 216.65 K.
Valid from -500 m to 32 km; above, the 20 km layer is continued.
"""

from models.elementary import exp, log
from models.jit import kernel
from models.vectors import clip

G0_MPS2 = 9.80665  # standard gravity, CGPM 1901
R_AIR = 287.05287  # specific gas constant of air, J/(kg K): 8314.32 / 28.9644, US76
EARTH_RADIUS_M = 6356766.0  # US76's, for geopotential only
_G_OVER_R = G0_MPS2 / R_AIR
_T0, _P0 = 288.15, 101325.0
_T11, _P11 = 216.65, 22632.06397
_P20 = 5474.888670
_LAPSE_0, _LAPSE_20 = -0.0065, 0.001  # K/m

# WGS 84: NIMA TR8350.2, 3rd ed., ch. 3
_GM = 3.986004418e14
_J2 = 1.08262982e-3
_EQUATOR_M = 6378137.0
_SPIN_RADPS = 7.292115e-5
_FLATTENING = 1.0 / 298.257223563


@kernel
def standard(altitude_m):
    """Pressure Pa, temperature K, lapse rate K/m at a geometric altitude above sea level.  §2.1

    H = R Z / (R + Z)
    p = p_b (T / T_b)^(-g0 / (R L))   or   p = p_b exp(-g0 (H - H_b) / (R T_b)) where L = 0
    """
    h = altitude_m * (EARTH_RADIUS_M / (EARTH_RADIUS_M + altitude_m))
    lowest = h < 11000.0
    isothermal = (h >= 11000.0) and (h < 20000.0)
    lapse = _LAPSE_0 if lowest else _LAPSE_20
    t_base = _T0 if lowest else _T11
    p_base = _P0 if lowest else _P20
    p_base = _P11 if isothermal else p_base
    above = h if lowest else h - 20000.0
    t_layer = t_base + lapse * above
    per_base = 1.0 / _T0 if lowest else 1.0 / _T11
    ln_gradient = -(_G_OVER_R / lapse) * log(t_layer * per_base)
    ln_isothermal = -_G_OVER_R / _T11 * (h - 11000.0)
    pressure = p_base * exp(ln_isothermal if isothermal else ln_gradient)
    temperature = _T11 if isothermal else t_layer
    return pressure, temperature, 0.0 if isothermal else lapse


@kernel
def air_at(height_m, site):
    """Density, pressure and their logarithmic slopes at a height above the site's ground.  §2.2

        rho = f_rho f_p p / (R (T + dT))
        d ln rho / dh = -(g0 / (R T) + L / T) (R / (R + Z))^2

    Returns (rho kg/m3, slope 1/m, p Pa, slope 1/m). The slopes, used within a tick only, leave out
    the temperature offset's share.
    """
    altitude = clip(site.elevation_m + height_m, -500.0, 32000.0)
    pressure, temperature, lapse = standard(altitude)
    ratio = EARTH_RADIUS_M / (EARTH_RADIUS_M + altitude)
    p_slope = -_G_OVER_R / temperature * ratio * ratio
    rho_slope = p_slope - lapse / temperature * ratio * ratio
    p = site.pressure_scale * pressure if site.air == 1.0 else 0.0
    rho = site.density_scale * p / (R_AIR * (temperature + site.temperature_offset_k))
    uniform = site.air == 2.0
    rho = site.density_scale * site.density_kgpm3 if uniform else rho
    return rho, (0.0 if uniform else rho_slope), p, p_slope


@kernel
def gravity_at(height_m, sin_latitude, site):
    """Downward gravity, m/s2, and its slope, 1/s2, at a height above ground.  §2.3

    model 0: constant. Model 1: effective gravity of the J2 field less the centrifugal part,

        g = GM / r^2 (1 + 1.5 J2 (a / r)^2 (1 - 3 sin^2 lat)) - W^2 r cos^2 lat

    r from the Earth's centre, on the ellipsoid's radius at that latitude.
    """
    s2 = sin_latitude * sin_latitude
    r = _EQUATOR_M * (1.0 - _FLATTENING * s2) + site.elevation_m + height_m
    per_r = 1.0 / r
    a2 = (_EQUATOR_M * per_r) * (_EQUATOR_M * per_r)
    newton = _GM * per_r * per_r
    j2 = 1.5 * _J2 * a2 * (1.0 - 3.0 * s2)
    spin = _SPIN_RADPS * _SPIN_RADPS * (1.0 - s2)
    g = newton * (1.0 + j2) - spin * r
    slope = -newton * per_r * (2.0 + 4.0 * j2) - spin
    effective = site.gravity_model > 0.5
    return (g if effective else site.gravity_mps2), (slope if effective else 0.0)


@kernel
def earth_rate(sin_latitude, cos_latitude, site):
    """The Earth's rotation in east, north, up, rad/s; zero under constant gravity.  §2.3"""
    spin = _SPIN_RADPS if site.gravity_model > 0.5 else 0.0
    return (0.0, spin * cos_latitude, spin * sin_latitude)
