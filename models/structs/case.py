"""One run as nature has it: site, wind, vehicle and errors, as designed or as drawn for the run."""

from typing import NamedTuple

MAX_LEGS = 6


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
    ground: float = 1.0  # 0 = none: a body may fall for ever


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
    base_force_fraction: float = 0.0  # of thrust: return flow on the hull's base there


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
    lift_m2: float  # potential lift: force over dynamic pressure and sin(2 alpha) / 2
    cp_crossflow_z_m: float
    cp_lift_nose_first_z_m: float
    cp_lift_base_first_z_m: float
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


class Imu(NamedTuple):
    """Strapdown inertial unit, at its place on the vehicle."""

    x_m: float
    y_m: float
    z_m: float
    gyro_noise_radps_rthz: float  # angle random walk
    gyro_walk_radps2_rthz: float  # rate random walk
    accel_noise_mps2_rthz: float  # velocity random walk
    accel_walk_mps3_rthz: float
    gyro_instability_radps: float = 0.0  # in-run: 1 sigma of a drift that forgets itself
    accel_instability_mps2: float = 0.0
    instability_time_s: float = 100.0
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
    correction_delay_s: float = 0.0  # age of a correction when it comes
    correction_interval_s: float = 0.0  # from one correction to the next
    correction_phase_s: float = 0.0  # since one, at the start
    age_error_east: float = 0.0  # of ageing corrections, in sigmas of its growth
    age_error_north: float = 0.0
    age_error_up: float = 0.0
    bias_east_m: float = 0.0  # of target against reference station
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
    boresight_x_rad: float = 0.0  # of the beam against body -z, about body x
    boresight_y_rad: float = 0.0


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
