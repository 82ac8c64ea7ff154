"""Mean wind over height above ground, and one 1-cosine gust.

Power law and log law: Panofsky & Dutton, Atmospheric Turbulence (1984). Gust: the full
1-cosine of CS 25.341 (a)(2), which comes back to zero (MIL-F-8785C's stays at its peak). The two
laws agree within 3 % up to 343 m at exponent 1/7 and roughness 0.03 m.
"""

from models.elementary import exp, log, sincos, sincos_turns
from models.jit import kernel
from models.vectors import clip

POWER_LAW, LOG_LAW, LINEAR, TABLE = 0, 1, 2, 3  # Wind.profile


@kernel
def per_log_reference(wind):
    """1 / ln(h_r / z0) of the log law: the same for a whole run.  §3.1"""
    return 1.0 / log(wind.reference_height_m / wind.roughness_m)


@kernel
def mean_speed(height_m, wind, per_log):
    """Mean wind speed, m/s, and its slope with height, 1/s.  §3.1

        power law  V = V_r (h / h_r)^a
        log law    V = V_r ln(h / z0) / ln(h_r / z0)
        linear     V = V_r + s (h - h_r)

    The two laws hold their value below 1 m. per_log: see per_log_reference.
    """
    per_h = 1.0 / max(height_m, 1.0)
    ln_ratio = -log(wind.reference_height_m * per_h)
    by_power = wind.speed_mps * exp(wind.exponent * ln_ratio)
    by_log = wind.speed_mps * (1.0 + ln_ratio * per_log)
    per_m = per_h if height_m > 1.0 else 0.0
    power_slope = wind.exponent * by_power * per_m
    log_slope = wind.speed_mps * per_log * per_m
    linear = wind.profile == LINEAR
    by_log_law = wind.profile == LOG_LAW
    speed = by_log if by_log_law else by_power
    slope = log_slope if by_log_law else power_slope
    by_shear = wind.speed_mps + wind.shear_per_s * (height_m - wind.reference_height_m)
    speed = by_shear if linear else speed
    slope = wind.shear_per_s if linear else slope
    return speed, slope


@kernel
def direction(height_m, wind):
    """Unit vector (east, north) the mean wind blows towards.  §3.1

    -(sin d, cos d),   d = d_r + veer (h - h_r)
    """
    sine, cosine = sincos(wind.from_rad + wind.veer_radpm * (height_m - wind.reference_height_m))
    return -sine, -cosine


@kernel
def gust_speed(height_m, wind):
    """Speed of the gust, m/s:  V/2 (1 - cos(2 pi x / d)) for 0 < x < d below its top.  §3.2"""
    x = clip((wind.gust_height_m - height_m) / wind.gust_thickness_m, 0.0, 1.0)
    _, cosine = sincos_turns(x)
    return 0.5 * wind.gust_mps * (1.0 - cosine)


@kernel
def from_table(height_m, member, winds):
    """East and north wind, m/s, and their slopes, 1/s, of one profile of a table.  §3.3

    winds: (member, level, 3), height m, east and north m/s. Linear between levels, held beyond.
    """
    profile = winds[int(member)]
    level = 1
    while level < profile.shape[0] - 1 and profile[level, 0] < height_m:
        level += 1
    low, high = profile[level - 1], profile[level]
    thickness = high[0] - low[0]
    share = clip((height_m - low[0]) / thickness, 0.0, 1.0)
    inside = 1.0 if height_m > low[0] and height_m < high[0] else 0.0
    slope_east = (high[1] - low[1]) / thickness
    slope_north = (high[2] - low[2]) / thickness
    return (
        low[1] + share * (high[1] - low[1]),
        low[2] + share * (high[2] - low[2]),
        inside * slope_east,
        inside * slope_north,
    )
