"""The flight software's side: what it is told, believes and asks for, and how it is tuned."""

from typing import NamedTuple

from models.rotation import Quat
from models.vectors import Vec3

MAX_PHASES = 8

Four = tuple[float, float, float, float]
Eight = tuple[float, float, float, float, float, float, float, float]


class Increments(NamedTuple):
    """What the inertial unit reports each tick."""

    angle_body_rad: Vec3
    velocity_body_mps: Vec3


class Aids(NamedTuple):
    """What satellite navigation and altimeter report on an aiding tick."""

    fix: float  # 1 = valid
    r_enu_m: Vec3  # antenna, some time ago
    v_enu_mps: Vec3
    echo: float  # 1 = the altimeter has a return
    range_m: float


class HorizontalCovariance(NamedTuple):
    """Of position p, velocity v and acceleration bias b on one horizontal axis, SI.

    And with the bias c of the satellite fix, which is not estimated.
    """

    pp: float
    pv: float
    pb: float
    vv: float
    vb: float
    bb: float
    pc: float = 0.0
    vc: float = 0.0
    bc: float = 0.0


class VerticalCovariance(NamedTuple):
    """Of height p, vertical speed v, acceleration bias b and the altimeter's bias a, SI.

    And with the bias c of the satellite fix, which is not estimated.
    """

    pp: float
    pv: float
    pb: float
    pa: float
    vv: float
    vb: float
    va: float
    bb: float
    ba: float
    aa: float
    pc: float = 0.0
    vc: float = 0.0
    bc: float = 0.0
    ac: float = 0.0


class Estimate(NamedTuple):
    """The navigation filter: motion of the inertial unit, attitude, biases, covariances."""

    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    accel_body_mps2: Vec3  # specific force, smoothed over a tick
    bias_enu_mps2: Vec3
    altimeter_bias_m: float
    horizontal: HorizontalCovariance  # the same for east and north
    vertical: VerticalCovariance
    mass_kg: float  # lift-off mass less the estimated flow
    since_fix_s: float


class BaseEstimate(NamedTuple):
    """The estimate brought to the base centre: what guidance and control see."""

    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    accel_body_mps2: Vec3
    mass_kg: float
    since_fix_s: float


class Phase(NamedTuple):
    """One leg of the mission: a waypoint and how to go there."""

    east_m: float
    north_m: float
    up_m: float
    speed_mps: float
    end_speed_mps: float
    acceleration_mps2: float
    lateral_speed_mps: float
    lateral_acceleration_mps2: float
    terminal: float  # 1 = ends with cut-off
    burn: float = 0.0  # 1 = falls unpowered, then brakes in one burn to the waypoint
    lead_s: float = 0.0  # from the ignition command to thrust, in such a phase


class Demand(NamedTuple):
    """Guidance: the reference that control tracks, and where in the mission it is."""

    r_enu_m: Vec3
    v_enu_mps: Vec3
    a_enu_mps2: Vec3
    phase: float
    low_s: float  # time spent low and slow in the terminal phase, for the backup cut-off
    cut_off: float  # 1 = engine commanded off for good
    burn_s: float  # since ignition of a landing burn; 0 before


class Gains(NamedTuple):
    """Design of the control loops; never dispersed."""

    vertical_frequency_radps: float
    vertical_damping_ratio: float
    vertical_integral_per_s: float
    lateral_frequency_radps: float
    lateral_damping_ratio: float
    lateral_integral_per_s: float
    lateral_error_limit_m: float  # a larger error asks for no more: it closes at an even speed
    attitude_frequency_radps: float
    attitude_damping_ratio: float
    attitude_integral_per_s: float
    tilt_limit_rad: float
    attitude_error_limit_rad: float  # a larger error turns no faster: spares the gimbal its stops
    fix_timeout_s: float  # without a fix for so long, only the drift is stopped
    roll_rate_gain_s: float  # rate's share in the switching function
    roll_dead_band_rad: float
    start_throttle: float
    release_thrust_to_weight: float
    start_time_limit_s: float
    cut_off_votes: float
    cut_off_height_m: float
    cut_off_accel_mps2: float  # beyond the commanded specific force: counts as one more vote
    gravity_mps2: float  # the flight software's
    backup_speed_mps: float
    backup_time_s: float


class Tuning(NamedTuple):
    """Design of the navigation filter; never dispersed."""

    start_position_m: float  # 1 sigma at switch-on
    start_velocity_mps: float
    start_errors: float  # 1 = the run draws them, 0 = none (nominal flight)
    bias_mps2: float  # acceleration bias, gravity through the tilt error included
    bias_walk_mps3_rthz: float
    accel_noise_mps2_rthz: float  # beside the accelerometer's own: vibration, aliasing
    altimeter_bias_m: float
    gnss_bias_m: float  # 1 sigma of a fix's slow error, horizontal; upwards half as much again
    gnss_time_s: float  # 1 sigma of a fix's time tag


class Plant(NamedTuple):
    """What the flight software believes of the vehicle: linear between full and empty."""

    full_kg: float
    empty_kg: float
    full_inertia_kgm2: float  # lateral
    empty_inertia_kgm2: float
    full_arm_m: float  # centre of mass over the gimbal
    empty_arm_m: float
    full_percussion_z_m: float  # centre of percussion against the gimbal, over the base centre
    empty_percussion_z_m: float
    thrust_vac_n: float
    exit_area_m2: float
    isp_vac_s: float
    isp_throttle_slope: float
    throttle_min: float
    ground_pressure_pa: float
    gravity_mps2: float
    gimbal_travel_rad: float
    roll_min_pulse_s: float


class Command(NamedTuple):
    """Control: what is asked of the actuators, and the loops' memory."""

    throttle: float
    gimbal_x_rad: float
    gimbal_y_rad: float
    roll: float
    roll_age_s: float
    integral_enu_mps2: Vec3
    integral_x_radps2: float
    integral_y_radps2: float
    line: Eight  # throttle commands, newest first
    roll_line: Four
