"""Every dispersed parameter reaches the flight: a large change moves a named metric the right way.

Sixteen runs of the reference hop in a steady 6 m/s west wind with light turbulence, flown twice
with the same noise: once as they are, once with one parameter changed. The shift of the metric's
mean must have the stated sign and at least the stated size, about half of what the named mechanism
gives. `pytest -s` prints the table. A parameter that did nothing, or acted on the wrong axis, would
fail here; the last test shows it.
"""

from math import radians
from typing import NamedTuple

import numpy as np
import pytest

from models import dispersion
from models.dispersion import DISPERSIONS, Scale
from models.metrics import Metrics
from models.outcomes import Initiator
from models.structs import MAX_LEGS
from pipeline import batch, build
from pipeline.config import load_campaign

RUNS = 16
LOST_FIX = {"initiator": float(Initiator.lost_fix), "failure_time_s": 0.0}
BLIND = {**LOST_FIX, "accel_bias_z_mps2": 0.05}
GUST = {"gust_mps": 8.0}
SLOPE = {"pad_slope_rad": radians(2.0)}
TURNING = {"thrust_offset_y_m": 0.1}  # a roll moment for the thrusters to hold
ENGINE_OUT = {"initiator": float(Initiator.engine_out), "failure_time_s": 20.0}
NO_LEG = {"initiator": float(Initiator.leg_not_deployed), "failure_leg": 1.0}
CALM = {"wind_speed_mps": 0.0}
AGED = {"gnss_age_error_east": 1.0}
SPOILT = {"gnss_age_error_east": 20.0}  # by the age of the correction
LOG_LAW, TABLE = "log law", "table"  # wind profiles of the design
BURN = "landing burn"  # another campaign


class Effect(NamedTuple):
    """One parameter, changed to `value`, moves the mean of `metric` by `shift` or more."""

    name: str
    value: float
    metric: str
    shift: float
    why: str
    context: dict[str, float] = {}  # noqa: RUF012  read only
    scene: str = ""


EFFECTS = [
    Effect("density_scale", 1.3, "peak_tilt_rad", 0.010, "drag grows by 30 %"),
    Effect("temperature_offset_k", 40.0, "peak_tilt_rad", -0.004, "air 14 % thinner"),
    Effect("pressure_scale", 0.8, "propellant_used_kg", -40.0, "4 kN less back pressure"),
    Effect("wind_speed_mps", 10.0, "peak_tilt_rad", 0.05, "drag with the square of the wind"),
    Effect("wind_from_rad", radians(180), "touchdown_north_m", -0.3, "lean left over from aloft"),
    Effect("wind_exponent", 0.3, "peak_tilt_rad", 0.02, "more wind aloft"),
    Effect("wind_roughness_m", 0.3, "peak_tilt_rad", 0.01, "21 % more aloft", {}, LOG_LAW),
    Effect("wind_veer_radpm", radians(0.5), "touchdown_north_m", 0.2, "north wind aloft"),
    Effect("wind_member", 1.0, "peak_tilt_rad", 0.05, "second profile blows", {}, TABLE),
    Effect("turbulence_w20_mps", 20.0, "touchdown_rate_radps", 0.004, "five times the gusts"),
    Effect("gust_mps", 8.0, "peak_rate_radps", 0.010, "one gust of 8 m/s"),
    Effect("gust_from_rad", radians(180), "touchdown_north_m", 0.06, "from the south", GUST),
    Effect("gust_height_m", 30.0, "touchdown_rate_radps", 0.002, "met just before landing", GUST),
    Effect("dry_mass_scale", 1.05, "propellant_used_kg", 30.0, "3.6 % more weight to carry"),
    Effect("lox_load_scale", 1.1, "propellant_left_kg", 100.0, "223 kg more, some of it burnt"),
    Effect("fuel_load_scale", 1.1, "propellant_left_kg", 40.0, "77 kg more, some of it burnt"),
    Effect("cg_offset_x_m", 0.1, "touchdown_east_m", -0.12, "trim leans against it"),
    Effect("cg_offset_y_m", 0.1, "touchdown_north_m", -0.12, "trim leans against it"),
    Effect("cg_offset_z_m", 1.0, "peak_gimbal_rad", -0.004, "longer arm of the gimbal"),
    Effect("inertia_scale", 1.3, "peak_rate_radps", 0.0007, "the loop is tuned for less"),
    Effect("inertia_product_xz_kgm2", 2e4, "touchdown_roll_rad", 0.001, "pitch couples to roll"),
    Effect("inertia_product_yz_kgm2", 2e4, "touchdown_roll_rad", 0.004, "pitch couples to roll"),
    Effect("slosh_frequency_scale", 1.5, "peak_tilt_rad", 0.001, "stiffer pendulums"),
    Effect("slosh_damping_scale", 10.0, "peak_rate_radps", -0.0006, "slosh dies out"),
    Effect("slosh_mass_scale", 0.1, "peak_tilt_rad", 0.001, "the liquid turns with the body"),
    Effect("thrust_scale", 0.9, "peak_throttle", 0.06, "a weaker engine opens further"),
    Effect("throttle_scale", 0.9, "flight_time_s", 0.08, "height error until trimmed"),
    Effect("isp_scale", 0.9, "propellant_used_kg", 150.0, "11 % more flow"),
    Effect("mixture_ratio_scale", 0.3, "outcome", 4.9, "the fuel tank runs dry (code 5)"),
    Effect("engine_lag_scale", 2.0, "max_altitude_m", -0.012, "slow at the top"),
    Effect("engine_dead_time_s", 0.14, "peak_leg_load_n", 2000.0, "slow at the ground"),
    Effect("tailoff_scale", 3.0, "propellant_used_kg", 5.0, "burns on after cut-off"),
    Effect("ground_effect", 0.1, "touchdown_vertical_speed_mps", -0.05, "a cushion of thrust"),
    Effect(
        "base_force_fraction",
        0.1,
        "touchdown_vertical_speed_mps",
        -0.02,
        "a cushion under the base",
    ),
    Effect("thrust_misalignment_x_rad", radians(1), "touchdown_north_m", -0.1, "-y thrust"),
    Effect("thrust_misalignment_y_rad", radians(1), "touchdown_east_m", 0.1, "+x thrust"),
    Effect("thrust_offset_x_m", 0.05, "touchdown_east_m", 0.09, "moment trimmed by gimbal"),
    Effect("thrust_offset_y_m", 0.05, "touchdown_north_m", 0.09, "moment trimmed by gimbal"),
    Effect("gimbal_bandwidth_scale", 0.4, "peak_rate_radps", 0.0008, "less phase margin"),
    Effect("gimbal_backlash_rad", radians(0.6), "peak_rate_radps", 0.003, "limit cycle"),
    Effect("gimbal_null_x_rad", radians(1), "touchdown_north_m", -0.1, "as a misalignment"),
    Effect("gimbal_null_y_rad", radians(1), "touchdown_east_m", 0.1, "as a misalignment"),
    Effect("roll_thrust_scale", 4.0, "touchdown_roll_rate_radps", 0.001, "coarser pulses", TURNING),
    Effect("roll_delay_s", 0.06, "touchdown_roll_rad", -0.001, "longer pulses back", TURNING),
    Effect("axial_drag_scale", 3.0, "min_throttle", -0.006, "drag carries in the descent"),
    Effect("crossflow_drag_scale", 2.0, "peak_tilt_rad", 0.02, "twice the side force"),
    Effect("lift_scale", 4.0, "peak_tilt_rad", 0.04, "side force while moving along the axis"),
    Effect("center_of_pressure_offset_m", 4.0, "peak_gimbal_rad", 0.015, "a longer arm"),
    Effect("rate_damping_scale", 20.0, "peak_tilt_rad", 0.001, "slower to turn into the wind"),
    Effect("gyro_bias_x_radps", radians(0.02), "touchdown_north_m", -0.1, "tilt error of 1 deg"),
    Effect("gyro_bias_y_radps", radians(0.02), "touchdown_east_m", 0.1, "tilt error of 1 deg"),
    Effect("gyro_bias_z_radps", radians(0.2), "touchdown_roll_rad", 0.1, "10 deg of heading"),
    Effect("gyro_scale", 1.05, "touchdown_east_m", -0.03, "lean overestimated by 5 %"),
    Effect("gyro_noise_scale", 50.0, "navigation_tilt_error_rad", 0.01, "angle random walk"),
    Effect("accel_bias_x_mps2", 0.02, "touchdown_east_m", -5.0, "b t^2 / 2 unseen", LOST_FIX),
    Effect("accel_bias_y_mps2", 0.02, "touchdown_north_m", -5.0, "b t^2 / 2 unseen", LOST_FIX),
    Effect("accel_bias_z_mps2", 0.2, "peak_throttle", -0.001, "climb rate overestimated"),
    Effect("accel_scale", 1.02, "flight_time_s", 0.08, "0.2 m/s2 too much felt"),
    Effect("accel_noise_scale", 50.0, "navigation_velocity_error_mps", 0.03, "velocity walk"),
    Effect("imu_misalignment_x_rad", radians(2), "touchdown_north_m", 0.2, "tilt misread"),
    Effect("imu_misalignment_y_rad", radians(2), "touchdown_east_m", -0.2, "tilt misread"),
    Effect("imu_misalignment_z_rad", radians(5), "touchdown_north_m", 0.1, "turned axes"),
    Effect("gnss_noise_scale", 20.0, "navigation_error_m", 0.1, "fixes of 0.4 m"),
    Effect("gnss_latency_s", 0.3, "max_altitude_m", -0.3, "braking seen late"),
    Effect("gyro_instability_scale", 100.0, "navigation_tilt_error_rad", 0.002, "drift"),
    Effect("accel_instability_scale", 20.0, "navigation_error_m", 2.0, "drift", LOST_FIX),
    Effect("gnss_correction_delay_s", 9.0, "touchdown_east_m", -0.1, "east by estimate", AGED),
    Effect("gnss_correction_phase_s", 0.7, "navigation_error_m", -0.005, "fresher", SPOILT),
    Effect("gnss_age_error_east", 10.0, "touchdown_east_m", -0.07, "east by estimate"),
    Effect("gnss_age_error_north", 10.0, "touchdown_north_m", -0.07, "north by estimate"),
    Effect("gnss_age_error_up", 20.0, "navigation_vertical_error_m", 0.1, "up by estimate"),
    Effect("gnss_bias_east_m", 0.5, "touchdown_east_m", -0.4, "it lands where it thinks"),
    Effect("gnss_bias_north_m", 0.5, "touchdown_north_m", -0.4, "it lands where it thinks"),
    Effect("gnss_bias_up_m", 0.3, "max_altitude_m", -0.2, "it climbs where it thinks"),
    Effect("altimeter_noise_scale", 20.0, "navigation_nees", 2.0, "noise the filter is not told"),
    Effect("altimeter_bias_m", 1.0, "navigation_vertical_error_m", 0.03, "no fix", LOST_FIX),
    Effect("altimeter_boresight_x_rad", radians(10), "max_altitude_m", -0.5, "far", LOST_FIX),
    Effect("altimeter_boresight_y_rad", radians(10), "max_altitude_m", -0.5, "far", LOST_FIX),
    Effect("altimeter_dropout_height_m", 60.0, "navigation_error_m", 0.05, "blind below", BLIND),
    Effect("alignment_east_rad", radians(1), "touchdown_north_m", -0.2, "tilt misread"),
    Effect("alignment_north_rad", radians(1), "touchdown_east_m", 0.2, "tilt misread"),
    Effect("alignment_up_rad", radians(10), "touchdown_roll_rad", 0.1, "heading misread"),
    Effect("computer_jitter_s", 0.02, "peak_rate_radps", 0.0002, "10 ms more delay"),
    Effect("missed_cycle_fraction", 0.5, "peak_rate_radps", 0.0002, "half the commands lost"),
    Effect("pad_slope_rad", radians(2), "rest_tilt_rad", 0.025, "it stands on the slope"),
    Effect("pad_slope_azimuth_rad", radians(90), "load_3_n", -3000.0, "other side down", SLOPE),
    Effect("friction", 0.05, "slid_m", 0.02, "it glides"),
    Effect("start_east_m", 40.0, "touchdown_east_m", 5.0, "24 m made up at 2 m/s", CALM, BURN),
    Effect("start_north_m", 40.0, "touchdown_north_m", 5.0, "24 m made up at 2 m/s", CALM, BURN),
    Effect("start_up_m", 40.0, "flight_time_s", 0.5, "a longer fall", CALM, BURN),
    Effect("start_v_east_mps", 10.0, "touchdown_east_m", 5.0, "not all made up", CALM, BURN),
    Effect("start_v_north_mps", 10.0, "touchdown_north_m", 5.0, "not all made up", CALM, BURN),
    Effect("start_v_up_mps", -8.0, "flight_time_s", -0.15, "a shorter fall", CALM, BURN),
    Effect("leg_stiffness_scale", 0.5, "peak_stroke_m", 0.02, "twice the static stroke"),
    Effect("leg_damping_scale", 0.3, "peak_leg_load_n", 3000.0, "rebound"),
    Effect("crush_load_scale", 0.15, "peak_crush_m", 0.2, "crushes under the weight"),
    Effect("switch_load_scale", 6.0, "cut_off_delay_s", 0.3, "switches late or never"),
    Effect("switch_delay_s", 0.3, "cut_off_delay_s", 0.28, "0.28 s more of debouncing"),
    *(
        Effect(f"pad_height_{k}_m", 0.05, f"stroke_{k}_m", 0.005, "this leg lands on a step")
        for k in range(4)
    ),
    Effect("initiator", float(Initiator.engine_no_start), "outcome", 7.9, "no start (code 8)"),
    Effect("failure_time_s", 35.0, "end_time_s", 8.0, "engine out later", ENGINE_OUT),
    Effect("failure_leg", 0.0, "load_1_n", 5000.0, "leg 1 carries, leg 0 not", NO_LEG),
]


@pytest.fixture(scope="module")
def campaign():
    return load_campaign("campaigns/hop_178m.yaml")


class Flights:
    """Means of metrics over the runs, each set of changes flown once."""

    def __init__(self, campaign):
        burn = load_campaign("campaigns/landing_burn.yaml")
        self.setups = {"": build.setup(campaign), BURN: build.setup(burn)}
        self.legs = campaign.vehicle.legs
        self.known = {}

    def mean(self, changes, scene):
        key = (*sorted(changes.items()), scene)
        if key not in self.known:
            base = {
                "wind_speed_mps": 6.0,
                "wind_from_rad": radians(270.0),
                "turbulence_w20_mps": 4.0,
                "gust_mps": 0.0,
            }
            draw = {name: np.full(RUNS, value) for name, value in {**base, **changes}.items()}
            setup = self.setups.get(scene, self.setups[""])
            profile = {LOG_LAW: 1.0, TABLE: 3.0}.get(scene, 0.0)
            design = setup.design._replace(wind=setup.design.wind._replace(profile=profile))
            if scene == TABLE:
                calm, windy = [[0, 0, 0], [300, 0, 0]], [[0, 6, 0], [300, 12, 0]]
                setup = setup._replace(
                    tables=setup.tables._replace(winds=np.array([calm, windy], float))
                )
            case = dispersion.disperse(design, draw, np.arange(RUNS, dtype=np.uint64) + 12345)
            legs = dispersion.leg_cases(case, self.legs, draw)
            rows, *_ = batch.fly(setup, case, legs, RUNS, 0, 1)
            self.known[key] = dict(zip(Metrics._fields, rows.mean(axis=0), strict=True))
        return self.known[key]

    def shift(self, effect):
        changed = self.mean({**effect.context, effect.name: effect.value}, effect.scene)
        return changed[effect.metric] - self.mean(effect.context, effect.scene)[effect.metric]


@pytest.fixture(scope="module")
def flights(campaign):
    return Flights(campaign)


def holds(effect, shift):
    """Whether a shift has the effect's sign and at least its size."""
    return shift * np.sign(effect.shift) >= abs(effect.shift)


def test_effects__cover_every_parameter():
    unused = {f"pad_height_{k}_m" for k in range(4, MAX_LEGS)}  # this vehicle has four legs
    assert {effect.name for effect in EFFECTS} == set(DISPERSIONS) - unused


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_parameter__moves_its_metric(effect, flights):
    shift = flights.shift(effect)
    print(  # noqa: T201  the table
        f"{effect.name:28} -> {effect.value:9.4g}  {effect.metric:30} {shift:+10.4g}"
        f"  (at least {effect.shift:+.3g}: {effect.why})"
    )
    assert holds(effect, shift)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("cg_offset_x_m", "mass.cg_y_m"),
        ("thrust_misalignment_x_rad", "engine.misalignment_y_rad"),
        ("gyro_bias_x_radps", "imu.gyro_bias_y_radps"),
        ("gnss_bias_east_m", "gnss.bias_north_m"),
        ("isp_scale", "engine.thrust_vac_n"),
    ],
)
def test_parameter__wired_to_the_wrong_field_is_caught(name, wrong, campaign, monkeypatch):
    right = DISPERSIONS[name]
    wired = Scale((wrong,)) if isinstance(right, Scale) else type(right)((wrong,))
    monkeypatch.setitem(DISPERSIONS, name, wired)
    effect = next(effect for effect in EFFECTS if effect.name == name)
    assert not holds(effect, Flights(campaign).shift(effect))
