"""From first contact to the end of a run: what is latched, what may strike, when it rests or tips.

Left out: deformation of hull and bell; they only tell of a strike.
"""

from math import sqrt

from models import navigation, sensors
from models.jit import kernel
from models.rotation import conjugate, multiply, rotate, to_rotation_vector, up_in_body
from models.structs import Snapshot
from models.vectors import add, cross, dot, norm


@kernel
def ring_clearance(state, normal, z_m, radius_m):
    """Height of a ring's lowest point over the pad plane, m, and a bound on its rate, m/s.  §18.5

    n . r + z n_z - b sqrt(n_x^2 + n_y^2),   n in body components, b the ring's radius
    """
    n = rotate(conjugate(state.q_body_to_enu), normal)
    height = dot(normal, state.r_enu_m) + z_m * n[2] - radius_m * sqrt(n[0] * n[0] + n[1] * n[1])
    w = state.omega_body_radps
    turning = sqrt(w[0] * w[0] + w[1] * w[1]) * (abs(z_m) + radius_m)
    return height, dot(normal, state.v_enu_mps) - turning


@kernel
def hull_clearance(state, normal, legs):
    """Lowest of hull base, nose, m, and of their rates, m/s."""
    base, base_rate = ring_clearance(state, normal, legs.hull_bottom_z_m, legs.hull_radius_m)
    nose, nose_rate = ring_clearance(state, normal, legs.length_m, 0.0)
    return min(base, nose), min(base_rate, nose_rate)


@kernel
def snapshot(state, est, body, gravity_mps2, tick_s, since_s, case, design):
    """State and estimate this long after the tick at tick_s, for the metrics.  §18.7

    The estimate is the tick's, carried on by what it has last felt.
    """
    imu = case.imu
    r_imu, v_imu = sensors.point_motion(state, (imu.x_m, imu.y_m, imu.z_m))
    est = navigation.carried_on(est, gravity_mps2, since_s)
    base = navigation.at_base(est, design.imu)
    off = to_rotation_vector(multiply(conjugate(est.q_body_to_enu), state.q_body_to_enu))
    return Snapshot(
        time_s=tick_s + since_s,
        r_enu_m=state.r_enu_m,
        v_enu_mps=state.v_enu_mps,
        q_body_to_enu=state.q_body_to_enu,
        omega_body_radps=state.omega_body_radps,
        cg_body_m=body.cg_body_m,
        est_r_enu_m=base.r_enu_m,
        est_v_enu_mps=base.v_enu_mps,
        est_tilt_error_rad=sqrt(off[0] * off[0] + off[1] * off[1]),
        nees=navigation.nees(est, r_imu, v_imu),
    )


@kernel
def tip_margin(state, body, legs, edge_share):
    """Plumb line of the centre of mass to the nearest line of pads, m; negative = beyond.  §18.6

    edge_share = cos(pi / n): the support polygon's inner radius over the pads' circle. The plumb
    line is taken against the polygon's nearest side, whatever its azimuth: a lower bound.
    """
    offset = rotate(state.q_body_to_enu, body.cg_body_m)
    cosine = up_in_body(state.q_body_to_enu)[2]
    lateral = sqrt(offset[0] * offset[0] + offset[1] * offset[1])
    return edge_share * legs.foot_radius_m * cosine - lateral


@kernel
def cg_motion(state, body):
    """Velocity of the centre of mass, m/s, enu."""
    return add(
        state.v_enu_mps, rotate(state.q_body_to_enu, cross(state.omega_body_radps, body.cg_body_m))
    )


@kernel
def is_quiet(state, body, support_n, limits):
    """Whether everything that could still move is slow: centre of mass and rates.  §18.5"""
    slow = norm(cg_motion(state, body)) < limits.rest_speed_mps
    return slow and norm(state.omega_body_radps) < limits.rest_rate_radps and support_n > 0.0
