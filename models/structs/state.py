"""What changes in flight, the book that is kept of it, and when it is over."""

from typing import NamedTuple

from models.rotation import Quat
from models.vectors import Vec3

Six = tuple[float, float, float, float, float, float]


class State(NamedTuple):
    """What the integrator advances. Position and velocity are the base centre's."""

    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    lox_kg: float
    fuel_kg: float
    throttle: float  # achieved, as a share of full vacuum thrust
    gimbal_x_rad: float
    gimbal_y_rad: float
    gimbal_rate_x_radps: float
    gimbal_rate_y_radps: float
    lox_slosh_x_rad: float  # pendulum angle: the bob's deflection along body x
    lox_slosh_y_rad: float
    lox_slosh_rate_x_radps: float
    lox_slosh_rate_y_radps: float
    fuel_slosh_x_rad: float
    fuel_slosh_y_rad: float
    fuel_slosh_rate_x_radps: float
    fuel_slosh_rate_y_radps: float


class Fixed(NamedTuple):
    """What site and wind fix for a whole run."""

    sin_latitude: float
    per_log_reference: float  # 1 / ln(h_r / z0) of the log law
    gust_to_east: float  # direction the gust blows to
    gust_to_north: float


class Pendulum(NamedTuple):
    """The sloshing part of one tank's liquid."""

    mass_kg: float
    length_m: float
    per_m: float  # 1 / length
    hinge_z_m: float
    damping_per_s: float  # 2 zeta omega


class Body(NamedTuple):
    """Mass properties over one tick, of all that does not slosh."""

    cg_body_m: Vec3
    ixx_kgm2: float
    iyy_kgm2: float
    izz_kgm2: float
    ixy_kgm2: float
    ixz_kgm2: float
    iyz_kgm2: float
    inverse_per_kgm2: Six  # of the inertia tensor: xx, yy, zz, xy, xz, yz
    lox_share: float  # of the propellant that burns
    lox: Pendulum
    fuel: Pendulum


class Trend(NamedTuple):
    """How a command changes within a tick: value + slope t + curve t^2."""

    slope: float
    curve: float


class Program(NamedTuple):
    """Open-loop commands at a tick, and their trends over it."""

    throttle: float
    gimbal_x_rad: float
    gimbal_y_rad: float
    roll: float
    throttle_trend: Trend
    gimbal_x_trend: Trend
    gimbal_y_trend: Trend
    roll_trend: Trend


class Actuation(NamedTuple):
    """What the actuators are told over one tick, after delays."""

    throttle: float  # target of the throttle valve
    throttle_slew_per_s: float
    throttle_lag_s: float
    lit: float  # 1 while propellant burns
    gimbal_x_rad: float
    gimbal_y_rad: float
    play_x_rad: float  # nozzle position inside the backlash
    play_y_rad: float
    roll: float  # -1, 0, 1
    throttle_trend: Trend  # of an open-loop program within the tick; zero under flight software
    gimbal_x_trend: Trend
    gimbal_y_trend: Trend
    roll_trend: Trend
    held: float  # 1 while clamped to the pad


class Air(NamedTuple):
    """Air and gravity about one height, with slopes for the step that follows."""

    height_m: float  # where the values hold, above ground
    density_kgpm3: float
    density_slope_per_m: float  # d ln rho / dh
    pressure_pa: float
    pressure_slope_per_m: float  # d ln p / dh
    gravity_mps2: float
    gravity_slope_per_s2: float
    wind_east_mps: float
    wind_north_mps: float
    wind_up_mps: float
    shear_east_per_s: float
    shear_north_per_s: float


class Wrench(NamedTuple):
    """Force, and moment about the base centre, from the ground, in body axes."""

    force_body_n: Vec3
    moment_body_nm: Vec3


class Footing(NamedTuple):
    """The ground as the vehicle sees it, in body axes."""

    height_m: float  # of the base centre over the mean plane
    normal_body: Vec3
    v_body_mps: Vec3  # of the base centre


class LegState(NamedTuple):
    """Memory of one leg between contact steps."""

    crushed_m: float  # permanent shortening of the crush element
    stroke_m: float
    anchor_enu_m: Vec3  # where the pad sticks
    load_n: float  # now
    peak_load_n: float
    peak_stroke_m: float
    slid_m: float
    collapsed: float
    pressed_s: float  # how long the contact switch has seen its load


class SensorMemory(NamedTuple):
    """What the inertial unit keeps between ticks: its last motion and its slow errors."""

    v_enu_mps: Vec3
    accel_enu_mps2: Vec3  # mean over the last tick
    q_body_to_enu: Quat
    gyro_walk_radps: Vec3
    accel_walk_mps2: Vec3
    gyro_drift_radps: Vec3  # in-run instability
    accel_drift_mps2: Vec3


class Contact(NamedTuple):
    """What the legs and the ground say at a tick."""

    reach_m: float  # height kept over the next tick; below zero hands over to contact
    hull_m: float
    bell_m: float
    pressed: float  # contact switches closed
    quiet: float
    tip_margin_m: float


class Snapshot(NamedTuple):
    """State and estimate at one instant: first contact of the first pad."""

    time_s: float
    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    cg_body_m: Vec3
    est_r_enu_m: Vec3  # of the base centre
    est_v_enu_mps: Vec3
    est_tilt_error_rad: float
    nees: float  # normalised estimation error squared of position and velocity


class Log(NamedTuple):
    """Where the run stands, and its extremes."""

    mode: float  # 0 flight, 1 contact, 2 over
    tick: float
    outcome: float
    finite: float  # sticky: 1 while every state and estimate was finite at every tick, then NaN
    release_s: float  # NaN-free: minus one until released
    cut_off_s: float
    max_altitude_m: float
    peak_tilt_rad: float
    peak_rate_radps: float
    peak_gimbal_rad: float
    peak_throttle: float
    min_throttle: float
    saturated_s: float  # gimbal command at its travel limit
    quiet_s: float
    tip_margin_m: float
    touched: float
    time_s: float  # now; at the end, of the run


class Limits(NamedTuple):
    """When a run is over, and what counts as a violation."""

    time_s: float
    tilt_lost_rad: float  # attitude lost in flight
    tip_over_rad: float
    rest_speed_mps: float
    rest_rate_radps: float
    rest_time_s: float
    mean_wind_mps: float  # launch limit at the reference height; 0 = none
    gust_wind_mps: float  # launch limit on the gusts of the turbulence on the ground; 0 = none
    abort_tilt_rad: float  # 0 = no limit, as of the two below
    abort_cross_range_m: float  # from the reference
    abort_rate_radps: float
    vertical_speed_mps: float  # at touchdown, design limits
    lateral_speed_mps: float
    tilt_rad: float
    rate_radps: float
    propellant_kg: float
