"""A test stage and its mission in Python: tests of the physics need no campaign file.

Round numbers of the size of a 10 t hop stage; none is a claim about a vehicle that flew.
"""

from math import radians
from typing import Any, get_type_hints

from models.structs import (
    Aero,
    Altimeter,
    Case,
    Engine,
    Gains,
    Gimbal,
    Gnss,
    Imu,
    Legs,
    Limits,
    Mass,
    Phase,
    Plant,
    Site,
    Tank,
    Thrusters,
    Tuning,
    Wind,
)

QUIET_IMU = dict.fromkeys(
    (
        "gyro_noise_radps_rthz", "gyro_walk_radps2_rthz",
        "accel_noise_mps2_rthz", "accel_walk_mps3_rthz",
    ),
    0.0,
)  # fmt: skip


def filled(record: Any, **values: Any) -> Any:
    """A record with the values given, its defaults, and zero (or a filled record) for the rest."""
    hints = get_type_hints(record)
    unknown = set(values) - set(hints)
    if unknown:
        raise TypeError(f"{record.__name__} has no {sorted(unknown)}")
    made = {}
    for field, kind in hints.items():
        if field in values:
            made[field] = values[field]
        elif field in record._field_defaults:
            made[field] = record._field_defaults[field]
        else:
            made[field] = filled(kind) if hasattr(kind, "_fields") else 0.0
    return record(**made)


def changed(case: Any, **parts: dict[str, float]) -> Any:
    """A record of records with some fields of its parts replaced."""
    return case._replace(**{p: getattr(case, p)._replace(**f) for p, f in parts.items()})


def stage() -> Case:
    """The test stage on a flat pad at 1,000 m, in 5 m/s of steady wind from the west."""
    return filled(
        Case,
        site=filled(Site, elevation_m=1000.0, pad_radius_m=10.0, latitude_rad=radians(41.0)),
        wind=filled(
            Wind,
            **dict(speed_mps=5.0, from_rad=radians(270.0), reference_height_m=10.0, exponent=1 / 7),
            **dict(roughness_m=0.03, airspeed_floor_mps=1.5, gust_thickness_m=30.0),
        ),
        mass=filled(Mass, dry_kg=7500.0, cg_z_m=6.6, ixx_kgm2=150e3, iyy_kgm2=150e3, izz_kgm2=15e3),
        lox=tank(load_kg=2230.0, residual_kg=60.0, density_kgpm3=1141.0, bottom_z_m=5.2),
        fuel=tank(load_kg=770.0, residual_kg=20.0, density_kgpm3=422.6, bottom_z_m=8.6),
        engine=Engine(
            **dict(thrust_vac_n=171300.0, exit_area_m2=0.24, isp_vac_s=312.0, mixture_ratio=2.9),
            **dict(isp_throttle_slope=0.08, throttle_min=0.4, throttle_quantum=0.002, lag_s=0.25),
            **dict(slew_per_s=0.4, start_slew_per_s=0.5, dead_time_s=0.04, tailoff_s=0.15),
            **dict(gimbal_z_m=2.2, exit_z_m=0.75, exit_radius_m=0.28),
        ),
        gimbal=Gimbal(
            **dict(natural_frequency_radps=31.4, damping_ratio=0.7, travel_rad=radians(8.0)),
            **dict(rate_radps=radians(15.0), backlash_rad=radians(0.05)),
        ),
        thrusters=filled(Thrusters, force_n=300.0, arm_m=1.6, delay_s=0.02, min_pulse_s=0.04),
        aero=filled(
            Aero,
            **dict(axial_nose_first_m2=7.0, axial_base_first_m2=10.6, crossflow_m2=36.0),
            **dict(lift_m2=17.6, cp_crossflow_z_m=8.6),
            **dict(cp_lift_nose_first_z_m=14.0, cp_lift_base_first_z_m=4.0),
            **dict(damping_x_m4=600.0, damping_y_m4=600.0, damping_z_m4=20.0),
        ),
        legs=Legs(
            **dict(stiffness_npm=700e3, damping_nspm=30e3, crush_load_n=130e3, stroke_m=0.35),
            **dict(stop_stiffness_npm=10e6, friction=0.45, foot_radius_m=3.8),
            **dict(grip_stiffness_npm=2e6, grip_damping_nspm=20e3, first_azimuth_rad=radians(45.0)),
            **dict(hull_radius_m=1.675, hull_bottom_z_m=1.6, length_m=17.0),
            **dict(switch_load_n=4000.0, switch_delay_s=0.02, ultimate_load_n=400e3),
        ),
        imu=filled(
            Imu,
            **dict(x_m=0.4, z_m=14.0, gyro_noise_radps_rthz=4.36e-5, gyro_walk_radps2_rthz=1e-7),
            **dict(accel_noise_mps2_rthz=1e-3, accel_walk_mps3_rthz=2e-5),
        ),
        gnss=filled(
            Gnss,
            **dict(x_m=1.5, z_m=15.5, horizontal_noise_m=0.02, vertical_noise_m=0.03),
            **dict(velocity_noise_mps=0.03, latency_s=0.02),
        ),
        altimeter=filled(
            Altimeter,
            **dict(y_m=-1.5, z_m=1.7, noise_m=0.07, noise_fraction=0.005, max_range_m=1000.0),
            dropout_height_m=4.0,
        ),
    )


def tank(**values: float) -> Tank:
    """A baffled tank of 1.2 m radius."""
    return filled(Tank, radius_m=1.2, slosh_damping_ratio=0.02, **values)


def centred(case: Case) -> Case:
    """The case with its sensors on the axis: nothing about it has a side."""
    on_axis = {"x_m": 0.0, "y_m": 0.0}
    return changed(case, imu=on_axis, gnss=on_axis, altimeter=on_axis)


def quiet(case: Case) -> Case:
    """The case with sensors free of noise."""
    return changed(
        case,
        imu=QUIET_IMU,
        gnss=dict(horizontal_noise_m=0.0, vertical_noise_m=0.0, velocity_noise_mps=0.0),
        altimeter=dict(noise_m=0.0, noise_fraction=0.0),
    )


def gains() -> Gains:
    """Control loops that fly the test stage."""
    return Gains(
        **dict(vertical_frequency_radps=0.9, vertical_damping_ratio=1.0),
        **dict(lateral_frequency_radps=0.25, lateral_damping_ratio=0.9),
        **dict(
            vertical_integral_per_s=0.25, lateral_integral_per_s=0.08, lateral_error_limit_m=20.0
        ),
        **dict(attitude_frequency_radps=1.6, attitude_damping_ratio=1.4),
        **dict(attitude_integral_per_s=0.3, tilt_limit_rad=radians(8.0), fix_timeout_s=2.0),
        attitude_error_limit_rad=radians(6.0),
        **dict(roll_rate_gain_s=1.5, roll_dead_band_rad=radians(1.0), start_throttle=0.85),
        **dict(release_thrust_to_weight=1.05, start_time_limit_s=6.0, cut_off_votes=2.0),
        **dict(cut_off_height_m=0.6, cut_off_accel_mps2=3.0, gravity_mps2=9.80665),
        **dict(backup_speed_mps=0.15, backup_time_s=1.5),
    )


def tuning() -> Tuning:
    """A navigation filter for the sensors of the test stage."""
    return Tuning(
        **dict(start_position_m=0.02, start_velocity_mps=0.01, start_errors=1.0),
        **dict(bias_mps2=0.01, bias_walk_mps3_rthz=1.2e-3, accel_noise_mps2_rthz=2e-3),
        **dict(altimeter_bias_m=0.08, gnss_bias_m=0.02, gnss_time_s=0.0),
    )


def limits() -> Limits:
    """When a flight of the test stage is over: no launch limits, no abort corridor."""
    return filled(
        Limits,
        **dict(time_s=120.0, tilt_lost_rad=1.0, tip_over_rad=0.7, rest_speed_mps=0.02),
        **dict(rest_rate_radps=0.005, rest_time_s=1.0, vertical_speed_mps=2.0),
        **dict(lateral_speed_mps=1.0, tilt_rad=radians(3.0), rate_radps=radians(2.0)),
    )


def phase(up_m: float, speed: float, end_speed: float, acceleration: float, **more: Any) -> Phase:
    """A leg of the mission, straight up or down unless told otherwise."""
    return filled(
        Phase,
        **dict(up_m=up_m, speed_mps=speed, end_speed_mps=end_speed, acceleration_mps2=acceleration),
        **(dict(lateral_speed_mps=3.0, lateral_acceleration_mps2=0.2) | more),
    )


def hop(height_m: float = 12.0) -> list[Phase]:
    """Up, down, and the last metres at 0.8 m/s."""
    return [
        phase(height_m, 6.0, 0.0, 1.5),
        phase(3.0, 6.0, 0.8, 1.5),
        phase(-20.0, 0.8, 0.8, 1.2, terminal=1.0),
    ]


def plant(case: Case) -> Plant:
    """What the flight software believes of the test stage: hand-made, near its design."""
    return filled(
        Plant,
        **dict(full_kg=10500.0, empty_kg=8000.0, full_inertia_kgm2=157e3, empty_inertia_kgm2=152e3),
        **dict(
            full_arm_m=4.6, empty_arm_m=4.4, full_percussion_z_m=10.0, empty_percussion_z_m=11.0
        ),
        **dict(thrust_vac_n=171300.0, exit_area_m2=0.24, isp_vac_s=312.0, isp_throttle_slope=0.08),
        **dict(throttle_min=0.4, ground_pressure_pa=89875.0, gravity_mps2=9.80665),
        gimbal_travel_rad=radians(8.0),
        roll_min_pulse_s=0.04,
    )
