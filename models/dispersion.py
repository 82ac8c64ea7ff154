"""What a campaign can vary, by name, and how each name acts on the design: the whole list, once.

A name is a `Scale` of design values, an `Offset` on them, or a `Value` that replaces them.
`disperse` turns the design and a batch of draws into the cases the kernel flies. Plain numpy; runs
once per batch.
"""

from collections.abc import Mapping
from functools import reduce
from math import cos, pi, sin
from typing import Any, NamedTuple

import numpy as np

from models.outcomes import Initiator
from models.structs import MAX_LEGS, Case, Leg

_WEAK_DAMPING = 0.3  # EST: share of the damping left in a weak damper
_FOLDING_SHARE = 0.05  # EST: load an unlatched leg carries, as a share of its crush load
_COLLAPSE_SHARE = 0.2  # EST: load at which a flawed leg collapses, as a share of its crush load


class Scale(NamedTuple):
    """Multiplies the design values."""

    fields: tuple[str, ...]
    neutral: float = 1.0


class Offset(NamedTuple):
    """Adds to the design values."""

    fields: tuple[str, ...]
    neutral: float = 0.0


class Value(NamedTuple):
    """Replaces the design values."""

    fields: tuple[str, ...]
    neutral: float | None = None


_INERTIA = tuple(f"mass.{i}_kgm2" for i in ("ixx", "iyy", "izz"))

DISPERSIONS: dict[str, Scale | Offset | Value] = {
    # Air and wind
    "density_scale": Scale(("site.density_scale",)),
    "temperature_offset_k": Offset(("site.temperature_offset_k",)),
    "pressure_scale": Scale(("site.pressure_scale",)),
    "wind_speed_mps": Value(("wind.speed_mps",)),
    "wind_from_rad": Value(("wind.from_rad",)),
    "wind_exponent": Value(("wind.exponent",)),
    "wind_roughness_m": Value(("wind.roughness_m",)),
    "wind_veer_radpm": Value(("wind.veer_radpm",)),
    "wind_member": Value(("wind.member",)),
    "turbulence_w20_mps": Value(("wind.w20_mps",)),
    "gust_mps": Value(("wind.gust_mps",)),
    "gust_from_rad": Value(("wind.gust_from_rad",)),
    "gust_height_m": Value(("wind.gust_height_m",)),
    # Mass and slosh
    "dry_mass_scale": Scale(("mass.dry_kg",)),
    "lox_load_scale": Scale(("lox.load_kg",)),
    "fuel_load_scale": Scale(("fuel.load_kg",)),
    "cg_offset_x_m": Offset(("mass.cg_x_m",)),
    "cg_offset_y_m": Offset(("mass.cg_y_m",)),
    "cg_offset_z_m": Offset(("mass.cg_z_m",)),
    "inertia_scale": Scale(_INERTIA),
    "inertia_product_xz_kgm2": Offset(("mass.ixz_kgm2",)),
    "inertia_product_yz_kgm2": Offset(("mass.iyz_kgm2",)),
    "slosh_frequency_scale": Scale(("lox.slosh_frequency_scale", "fuel.slosh_frequency_scale")),
    "slosh_damping_scale": Scale(("lox.slosh_damping_ratio", "fuel.slosh_damping_ratio")),
    "slosh_mass_scale": Scale(("lox.slosh_mass_scale", "fuel.slosh_mass_scale")),
    # Engine, gimbal, roll thrusters
    "thrust_scale": Scale(("engine.thrust_vac_n",)),
    "throttle_scale": Scale(("engine.throttle_scale",)),
    "isp_scale": Scale(("engine.isp_vac_s",)),
    "mixture_ratio_scale": Scale(("engine.mixture_ratio",)),
    "engine_lag_scale": Scale(("engine.lag_s",)),
    "engine_dead_time_s": Value(("engine.dead_time_s",)),
    "tailoff_scale": Scale(("engine.tailoff_s",)),
    "ground_effect": Value(("engine.ground_effect",)),
    "base_force_fraction": Value(("engine.base_force_fraction",)),
    "thrust_misalignment_x_rad": Offset(("engine.misalignment_x_rad",)),
    "thrust_misalignment_y_rad": Offset(("engine.misalignment_y_rad",)),
    "thrust_offset_x_m": Offset(("engine.offset_x_m",)),
    "thrust_offset_y_m": Offset(("engine.offset_y_m",)),
    "gimbal_bandwidth_scale": Scale(("gimbal.natural_frequency_radps",)),
    "gimbal_backlash_rad": Value(("gimbal.backlash_rad",)),
    "gimbal_null_x_rad": Offset(("gimbal.null_x_rad",)),
    "gimbal_null_y_rad": Offset(("gimbal.null_y_rad",)),
    "roll_thrust_scale": Scale(("thrusters.force_n",)),
    "roll_delay_s": Value(("thrusters.delay_s",)),
    # Aerodynamics
    "axial_drag_scale": Scale(("aero.axial_nose_first_m2", "aero.axial_base_first_m2")),
    "crossflow_drag_scale": Scale(("aero.crossflow_m2",)),
    "lift_scale": Scale(("aero.lift_m2",)),
    "center_of_pressure_offset_m": Offset(
        ("aero.cp_crossflow_z_m", "aero.cp_lift_nose_first_z_m", "aero.cp_lift_base_first_z_m")
    ),
    "rate_damping_scale": Scale(("aero.damping_x_m4", "aero.damping_y_m4", "aero.damping_z_m4")),
    # Sensors
    "gyro_bias_x_radps": Offset(("imu.gyro_bias_x_radps",)),
    "gyro_bias_y_radps": Offset(("imu.gyro_bias_y_radps",)),
    "gyro_bias_z_radps": Offset(("imu.gyro_bias_z_radps",)),
    "gyro_scale": Scale(("imu.gyro_scale",)),
    "gyro_noise_scale": Scale(("imu.gyro_noise_radps_rthz", "imu.gyro_walk_radps2_rthz")),
    "gyro_instability_scale": Scale(("imu.gyro_instability_radps",)),
    "accel_bias_x_mps2": Offset(("imu.accel_bias_x_mps2",)),
    "accel_bias_y_mps2": Offset(("imu.accel_bias_y_mps2",)),
    "accel_bias_z_mps2": Offset(("imu.accel_bias_z_mps2",)),
    "accel_scale": Scale(("imu.accel_scale",)),
    "accel_noise_scale": Scale(("imu.accel_noise_mps2_rthz", "imu.accel_walk_mps3_rthz")),
    "accel_instability_scale": Scale(("imu.accel_instability_mps2",)),
    "imu_misalignment_x_rad": Offset(("imu.misalignment_x_rad",)),
    "imu_misalignment_y_rad": Offset(("imu.misalignment_y_rad",)),
    "imu_misalignment_z_rad": Offset(("imu.misalignment_z_rad",)),
    "gnss_noise_scale": Scale(
        ("gnss.horizontal_noise_m", "gnss.vertical_noise_m", "gnss.velocity_noise_mps")
    ),
    "gnss_latency_s": Value(("gnss.latency_s",)),
    "gnss_correction_delay_s": Value(("gnss.correction_delay_s",)),
    "gnss_correction_phase_s": Value(("gnss.correction_phase_s",)),
    "gnss_age_error_east": Value(("gnss.age_error_east",)),
    "gnss_age_error_north": Value(("gnss.age_error_north",)),
    "gnss_age_error_up": Value(("gnss.age_error_up",)),
    "gnss_bias_east_m": Offset(("gnss.bias_east_m",)),
    "gnss_bias_north_m": Offset(("gnss.bias_north_m",)),
    "gnss_bias_up_m": Offset(("gnss.bias_up_m",)),
    "altimeter_noise_scale": Scale(("altimeter.noise_m", "altimeter.noise_fraction")),
    "altimeter_bias_m": Offset(("altimeter.bias_m",)),
    "altimeter_boresight_x_rad": Offset(("altimeter.boresight_x_rad",)),
    "altimeter_boresight_y_rad": Offset(("altimeter.boresight_y_rad",)),
    "altimeter_dropout_height_m": Value(("altimeter.dropout_height_m",)),
    "alignment_east_rad": Offset(("alignment.x_rad",)),
    "alignment_north_rad": Offset(("alignment.y_rad",)),
    "alignment_up_rad": Offset(("alignment.z_rad",)),
    "computer_jitter_s": Value(("computer.jitter_s",)),
    "missed_cycle_fraction": Value(("computer.missed_fraction",)),
    # State at the start, of a flight that begins in the air
    "start_east_m": Offset(("start.east_m",)),
    "start_north_m": Offset(("start.north_m",)),
    "start_up_m": Offset(("start.up_m",)),
    "start_v_east_mps": Offset(("start.v_east_mps",)),
    "start_v_north_mps": Offset(("start.v_north_mps",)),
    "start_v_up_mps": Offset(("start.v_up_mps",)),
    # Ground and legs
    "pad_slope_rad": Value(("site.slope_rad",)),
    "pad_slope_azimuth_rad": Value(("site.slope_azimuth_rad",)),
    "friction": Value(("legs.friction",)),
    "leg_stiffness_scale": Scale(("legs.stiffness_npm",)),
    "leg_damping_scale": Scale(("legs.damping_nspm",)),
    "crush_load_scale": Scale(("legs.crush_load_n",)),
    "switch_load_scale": Scale(("legs.switch_load_n",)),
    "switch_delay_s": Value(("legs.switch_delay_s",)),
    **{f"pad_height_{k}_m": Value(()) for k in range(MAX_LEGS)},
    # The injected failure
    "initiator": Value(("failure.initiator",)),
    "failure_time_s": Value(("failure.time_s",)),
    "failure_leg": Value(("failure.leg",)),
}


def _get(case: Any, path: str) -> Any:
    """A value of the case, by `part.field`."""
    return reduce(getattr, path.split("."), case)


def _set(case: Case, path: str, value: Any) -> Case:
    """The case with a value replaced, by `part.field`."""
    part, field = path.split(".")
    return case._replace(**{part: getattr(case, part)._replace(**{field: value})})


def disperse(design: Case, draw: Mapping[str, np.ndarray], seeds: np.ndarray) -> Case:
    """The cases of a batch: the design with every drawn value at work.

    design: plain floats. draw: name -> (run,) values in SI and radians; names of DISPERSIONS only
    (KeyError otherwise). seeds: (run,) uint64. Returns a Case whose leaves are floats or (run,)
    arrays.
    """
    case = design
    for name, values in draw.items():
        how = DISPERSIONS[name]
        for path in how.fields:
            old = _get(case, path)
            match how:
                case Scale():
                    new = old * values
                case Offset():
                    new = old + values
                case Value():
                    new = values
            case = _set(case, path, new)
    low, high = seeds & np.uint64(0xFFFFFFFF), seeds >> np.uint64(32)
    return case._replace(seed=case.seed._replace(low=low.astype(float), high=high.astype(float)))


def leg_cases(case: Case, count: int, draw: Mapping[str, np.ndarray]) -> list[Leg]:
    """The legs of a batch, `count` of them on the foot circle, with the leg failures at work.

    Pad heights come from the draw as `pad_height_0_m` and so on. Leaves are floats or
    (run,) arrays.
    """
    legs, failure = case.legs, case.failure
    made = []
    for number in range(count):
        azimuth = legs.first_azimuth_rad + 2.0 * pi * number / count
        mine = np.asarray(failure.leg) == number
        weak = mine & (np.asarray(failure.initiator) == Initiator.leg_weak_damper)
        loose = mine & (np.asarray(failure.initiator) == Initiator.leg_not_latched)
        gone = mine & (np.asarray(failure.initiator) == Initiator.leg_not_deployed)
        flawed = mine & (np.asarray(failure.initiator) == Initiator.leg_collapse)
        carries = np.where(gone, 0.0, 1.0)
        firm = np.where(loose, _FOLDING_SHARE, 1.0)
        made.append(
            Leg(
                x_m=legs.foot_radius_m * cos(azimuth),
                y_m=legs.foot_radius_m * sin(azimuth),
                stiffness_npm=legs.stiffness_npm * carries,
                damping_nspm=legs.damping_nspm * carries * np.where(weak, _WEAK_DAMPING, 1.0),
                crush_load_n=legs.crush_load_n * firm,
                stop_stiffness_npm=legs.stop_stiffness_npm * carries * np.where(loose, 0.0, 1.0),
                friction=legs.friction,
                ground_m=draw.get(f"pad_height_{number}_m", 0.0),
                collapse_load_n=np.where(
                    flawed, _COLLAPSE_SHARE * legs.crush_load_n, legs.ultimate_load_n
                ),
            )
        )
    return made
