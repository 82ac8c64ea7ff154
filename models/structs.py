"""Every record that crosses a kernel boundary: named tuples of floats, 3-vectors and quaternions.

SI and radians throughout; a name ends in its unit, a vector names its frame (`enu`, `body`). The vehicle
and campaign files use these very field names (with `_deg` for `_rad`), so there is no mapping table.

Body frame: origin on the vehicle axis in the plane of the deployed, unloaded foot pads ("the base centre"),
z to the nose, x and y lateral. World frame: origin on the landing target at ground level, east, north, up.
"""

from typing import NamedTuple

from models.rotation import Quat
from models.vectors import Vec3

MAX_LEGS = 6
MAX_PHASES = 8
DELAY_TICKS = 8  # length of the command delay line, control ticks


# --- what a run is made of: design values, after dispersion those of one run ------------------------------


class Site(NamedTuple):
    """Ground, gravity and air at the landing site."""

    elevation_m: float  # ground above sea level
    pad_radius_m: float
    slope_rad: float  # of the pad
    slope_azimuth_rad: float  # downhill direction, clockwise from north
    latitude_rad: float
    gravity_mps2: float = 9.80665  # CGPM 1901; used when gravity_model is 0
    gravity_model: float = 0.0  # 0 constant, 1 effective gravity over height with Coriolis
    air: float = 1.0  # 0 vacuum, 1 US Standard Atmosphere 1976, 2 one density and no pressure
    density_kgpm3: float = 1.225  # where air is 2
    density_scale: float = 1.0
    temperature_offset_k: float = 0.0
    pressure_scale: float = 1.0


class Wind(NamedTuple):
    """Mean wind over height, turbulence, one gust."""

    profile: float  # 0 power law, 1 log law, 2 linear in height, 3 table
    speed_mps: float  # at reference_height_m
    from_rad: float  # the direction it comes from, clockwise from north, at reference_height_m
    reference_height_m: float
    exponent: float  # of the power law
    roughness_m: float  # of the log law
    veer_radpm: float  # direction change with height, clockwise positive
    w20_mps: float  # wind at 20 ft that sets the turbulence intensity; 0 = no turbulence
    sigma_high_mps: float  # intensity above 2,000 ft, MIL-F-8785C fig. 7
    airspeed_floor_mps: float  # keeps the turbulence moving in hover
    gust_mps: float  # peak of the 1-cosine gust
    gust_from_rad: float
    gust_height_m: float  # top of the layer it fills, crossed in descent
    gust_thickness_m: float
    shear_per_s: float = 0.0  # of the linear profile
    member: float = 0.0  # of the table's ensemble


class Mass(NamedTuple):
    """The dry vehicle."""

    dry_kg: float
    cg_z_m: float
    ixx_kgm2: float  # about the dry centre of mass
    iyy_kgm2: float
    izz_kgm2: float
    cg_x_m: float = 0.0
    cg_y_m: float = 0.0
    ixy_kgm2: float = 0.0  # products as integrals of x y dm
    ixz_kgm2: float = 0.0
    iyz_kgm2: float = 0.0


class Tank(NamedTuple):
    """An upright cylindrical tank on the axis."""

    load_kg: float
    residual_kg: float  # unusable
    density_kgpm3: float
    radius_m: float
    bottom_z_m: float
    slosh_damping_ratio: float
    slosh_frequency_scale: float = 1.0
    slosh_mass_scale: float = 1.0  # 0 freezes the liquid


class Engine(NamedTuple):
    """One variable-thrust engine."""

    thrust_vac_n: float  # at full throttle
    exit_area_m2: float
    isp_vac_s: float  # at full throttle
    isp_throttle_slope: float  # loss of Isp, fraction per unit of throttle below 1
    mixture_ratio: float  # oxidiser over fuel, by mass
    throttle_min: float
    throttle_quantum: float
    lag_s: float  # 0 = none
    slew_per_s: float
    start_slew_per_s: float
    dead_time_s: float
    tailoff_s: float
    gimbal_z_m: float
    exit_z_m: float
    exit_radius_m: float
    throttle_scale: float = 1.0  # achieved over commanded
    offset_x_m: float = 0.0
    offset_y_m: float = 0.0
    misalignment_x_rad: float = 0.0  # about body x
    misalignment_y_rad: float = 0.0  # about body y
    ground_effect: float = 0.0  # share of thrust gained at zero height


class Gimbal(NamedTuple):
    """Two equal actuators, about body x and body y."""

    natural_frequency_radps: float  # 0 = ideal
    damping_ratio: float
    travel_rad: float
    rate_radps: float
    backlash_rad: float
    null_x_rad: float = 0.0
    null_y_rad: float = 0.0


class Thrusters(NamedTuple):
    """A pair of cold-gas thrusters for each roll direction."""

    force_n: float  # each
    arm_m: float
    delay_s: float
    min_pulse_s: float


class Aero(NamedTuple):
    """Drag areas: coefficient times reference area."""

    axial_nose_first_m2: float
    axial_base_first_m2: float
    crossflow_m2: float
    lift_m2: float  # potential lift, force per dynamic pressure and unit of sin(2 alpha) / 2
    cp_crossflow_z_m: float
    cp_lift_z_m: float
    damping_x_m4: float  # moment per rho/2 |v| omega: area times length squared
    damping_y_m4: float
    damping_z_m4: float
    sphere_m2: float = 0.0  # the same from every side
    cp_sphere_z_m: float = 0.0
    box_x_m2: float = 0.0  # each axis by its own component of the air's speed
    box_y_m2: float = 0.0
    box_z_m2: float = 0.0
    cp_box_z_m: float = 0.0
    damping_x_nms: float = 0.0  # absolute rate damping, N m per rad/s
    damping_y_nms: float = 0.0
    damping_z_nms: float = 0.0


class Legs(NamedTuple):
    """What all legs share; each pad's own values are in Leg."""

    stiffness_npm: float
    damping_nspm: float
    crush_load_n: float
    stroke_m: float
    stop_stiffness_npm: float
    ultimate_load_n: float  # beyond it a leg breaks and carries no more
    friction: float
    grip_stiffness_npm: float
    grip_damping_nspm: float
    foot_radius_m: float  # of the foot circle
    first_azimuth_rad: float  # of leg 0 from body x towards body y
    hull_radius_m: float
    hull_bottom_z_m: float
    length_m: float  # nose above the base centre
    switch_load_n: float
    switch_delay_s: float


class Imu(NamedTuple):
    """Strapdown inertial unit, at its place on the vehicle."""

    x_m: float
    y_m: float
    z_m: float
    gyro_noise_radps_rthz: float  # angle random walk
    gyro_walk_radps2_rthz: float  # rate random walk
    accel_noise_mps2_rthz: float  # velocity random walk
    accel_walk_mps3_rthz: float
    gyro_bias_x_radps: float = 0.0
    gyro_bias_y_radps: float = 0.0
    gyro_bias_z_radps: float = 0.0
    gyro_scale: float = 1.0  # reported over true
    accel_bias_x_mps2: float = 0.0
    accel_bias_y_mps2: float = 0.0
    accel_bias_z_mps2: float = 0.0
    accel_scale: float = 1.0
    misalignment_x_rad: float = 0.0
    misalignment_y_rad: float = 0.0
    misalignment_z_rad: float = 0.0


class Gnss(NamedTuple):
    """RTK satellite navigation at the antenna."""

    x_m: float
    y_m: float
    z_m: float
    horizontal_noise_m: float
    vertical_noise_m: float
    velocity_noise_mps: float
    latency_s: float
    bias_east_m: float = 0.0  # of the correction: constant over a hop
    bias_north_m: float = 0.0
    bias_up_m: float = 0.0


class Altimeter(NamedTuple):
    """Radar altimeter looking along body -z."""

    x_m: float
    y_m: float
    z_m: float
    noise_m: float
    noise_fraction: float  # of the range; the larger of the two holds
    max_range_m: float
    dropout_height_m: float  # no return below this while the plume raises dust; 0 = never
    bias_m: float = 0.0


class Alignment(NamedTuple):
    """Errors of the navigation solution's attitude at start, about east, north, up."""

    x_rad: float = 0.0
    y_rad: float = 0.0
    z_rad: float = 0.0


class Start(NamedTuple):
    """Initial state, base centre."""

    east_m: float = 0.0
    north_m: float = 0.0
    up_m: float = 0.0
    v_east_mps: float = 0.0
    v_north_mps: float = 0.0
    v_up_mps: float = 0.0
    q0: float = 1.0
    q1: float = 0.0
    q2: float = 0.0
    q3: float = 0.0
    omega_x_radps: float = 0.0
    omega_y_radps: float = 0.0
    omega_z_radps: float = 0.0
    held: float = 1.0  # 1 = clamped to the pad until release
    throttle: float = 0.0  # of a run that starts with the engine lit
    open_loop: float = 0.0  # 1 = a program drives the actuators, not the flight software


class Computer(NamedTuple):
    """The flight computer beyond its delay of one tick."""

    jitter_s: float = 0.0  # a command comes later by up to this, uniformly, every tick anew
    missed_fraction: float = 0.0  # of cycles whose command never comes


class Failure(NamedTuple):
    """The injected failure of this run, if any."""

    initiator: float = 0.0  # code of outcomes.Initiator
    time_s: float = 0.0  # after release
    leg: float = 0.0  # which leg


class Seed(NamedTuple):
    """Key of all noise in this run: two 32-bit halves, held exactly in floats."""

    low: float = 0.0
    high: float = 0.0


class Case(NamedTuple):
    """One run as nature has it."""

    site: Site
    wind: Wind
    mass: Mass
    lox: Tank
    fuel: Tank
    engine: Engine
    gimbal: Gimbal
    thrusters: Thrusters
    aero: Aero
    legs: Legs
    imu: Imu
    gnss: Gnss
    altimeter: Altimeter
    alignment: Alignment = Alignment()
    start: Start = Start()
    computer: Computer = Computer()
    failure: Failure = Failure()
    seed: Seed = Seed()


# --- what changes in flight --------------------------------------------------------------------------------


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


class Pendulum(NamedTuple):
    """The sloshing part of one tank's liquid."""

    mass_kg: float
    length_m: float
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
    """Force in enu and moment about the base centre in body axes, from the ground."""

    force_enu_n: Vec3
    moment_body_nm: Vec3


class Leg(NamedTuple):
    """One leg of this run: where its pad is, how it carries, what it stands on."""

    x_m: float  # pad in body axes, in the plane z = 0
    y_m: float
    stiffness_npm: float
    damping_nspm: float
    crush_load_n: float
    stop_stiffness_npm: float
    friction: float
    ground_m: float  # height of the ground under this pad over the mean plane
    collapse_load_n: float  # the leg gives way above this load


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


# --- flight software -----------------------------------------------------------------------------------------


class SensorMemory(NamedTuple):
    """What the inertial unit keeps from one tick to the next: its last motion and its slow errors."""

    v_enu_mps: Vec3
    q_body_to_enu: Quat
    gyro_walk_radps: Vec3
    accel_walk_mps2: Vec3


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


class Estimate(NamedTuple):
    """The navigation filter: inertial unit's position and velocity, attitude, biases and covariances.

    Horizontal covariance of (position, velocity, acceleration bias), the same for east and north; vertical
    covariance of (position, velocity, acceleration bias, altimeter bias).
    """

    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    accel_body_mps2: Vec3  # specific force, smoothed over a tick
    bias_enu_mps2: Vec3
    altimeter_bias_m: float
    h_pp: float
    h_pv: float
    h_pb: float
    h_vv: float
    h_vb: float
    h_bb: float
    u_pp: float
    u_pv: float
    u_pb: float
    u_pa: float
    u_vv: float
    u_vb: float
    u_va: float
    u_bb: float
    u_ba: float
    u_aa: float
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


class Demand(NamedTuple):
    """Guidance: the reference that control tracks, and where in the mission it is."""

    r_enu_m: Vec3
    v_enu_mps: Vec3
    a_enu_mps2: Vec3
    phase: float
    phase_s: float
    low_s: float  # time spent low and slow in the terminal phase, for the backup cut-off
    cut_off: float  # 1 = engine commanded off for good


class Gains(NamedTuple):
    """Design of the control loops; never dispersed."""

    vertical_frequency_radps: float
    vertical_damping_ratio: float
    vertical_integral_per_s: float
    lateral_frequency_radps: float
    lateral_damping_ratio: float
    lateral_integral_per_s: float
    attitude_frequency_radps: float
    attitude_damping_ratio: float
    attitude_integral_per_s: float
    tilt_limit_rad: float
    attitude_error_limit_rad: float  # a larger error turns no faster: keeps the gimbal off its stops
    fix_timeout_s: (
        float  # without a fix for so long, lateral control stops the drift and forgets the place
    )
    roll_rate_gain_s: float  # rate's share in the switching function
    roll_dead_band_rad: float
    start_throttle: float
    release_thrust_to_weight: float
    start_time_limit_s: float
    cut_off_votes: float
    cut_off_height_m: float
    cut_off_accel_mps2: (
        float  # specific force beyond the commanded one that counts as one more vote
    )
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
    gnss_bias_m: float


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
    roll_acceleration_radps2: float
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
    line: tuple[
        float, float, float, float, float, float, float, float
    ]  # throttle commands, newest first
    roll_line: tuple[float, float, float, float]


class Limits(NamedTuple):
    """When a run is over, and what counts as a violation."""

    time_s: float
    tilt_lost_rad: float  # attitude lost in flight
    tip_over_rad: float
    rest_speed_mps: float
    rest_rate_radps: float
    rest_time_s: float
    mean_wind_mps: float  # launch limit at the reference height; 0 = none
    gust_wind_mps: float
    abort_tilt_rad: float  # 0 = no corridor
    abort_cross_range_m: float
    abort_rate_radps: float
    vertical_speed_mps: float  # at touchdown, design limits
    lateral_speed_mps: float
    tilt_rad: float
    rate_radps: float
    propellant_kg: float


# --- bookkeeping ---------------------------------------------------------------------------------------------


class Snapshot(NamedTuple):
    """State and estimate at one instant: first contact of the first pad."""

    time_s: float
    r_enu_m: Vec3
    v_enu_mps: Vec3
    q_body_to_enu: Quat
    omega_body_radps: Vec3
    cg_body_m: Vec3
    throttle: float
    propellant_kg: float
    est_r_enu_m: Vec3  # of the base centre
    est_v_enu_mps: Vec3
    est_tilt_error_rad: float
    nees: (
        float  # normalised estimation error squared of position and velocity, 6 degrees of freedom
    )


class Log(NamedTuple):
    """Where the run stands, and its extremes."""

    mode: float  # 0 flight, 1 contact, 2 over
    tick: float
    outcome: float
    finite: float  # sticky: 1 while every state and estimate was finite at every tick
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
    contacts: float  # pads that have touched
    tip_margin_m: float
    touched: float
    time_s: float  # now; at the end, of the run


class Contact(NamedTuple):
    """What the legs and the ground say at a tick."""

    reach_m: float  # height the lowest descending point keeps over the next tick; below zero hands over to contact
    hull_m: float
    bell_m: float
    support_n: float
    pads: float  # in contact now
    pressed: float  # contact switches closed
    quiet: float
    tip_margin_m: float
