"""Guidance: reference position, velocity and acceleration that run through the mission's waypoints.

Each phase goes to a waypoint with a trapezoidal speed profile, vertical and lateral apart; the next
phase begins when the reference has arrived. The reference starts at release. A landing burn, for an
engine that cannot hover, falls unpowered until the height that it takes to stop, then brakes
evenly to the waypoint. Sees the estimate, never the state. EST: a planner of this kind, none is
published for the vehicle.
"""

from math import sqrt

from models.jit import kernel
from models.structs import Demand
from models.vectors import clip

EASING_S = 0.2  # EST: ten ticks; the last centimetres to a waypoint
PROFILE_SHARE = 0.8  # EST: of the acceleration limit used to plan braking; the rest follows it


@kernel
def braking_speed(distance_m, a_mps2):
    """Speed, m/s, from which a reference comes to rest over a distance.  §15.1

        v = d / T  for d < a T^2,   else sqrt(2 a (d - a T^2 / 2))

    The root alone is steepest at its end: a reference that has arrived would chatter.
    """
    zone = a_mps2 * EASING_S * EASING_S
    beyond = max(distance_m - 0.5 * zone, 0.0)
    return distance_m / EASING_S if distance_m < zone else sqrt(2.0 * a_mps2 * beyond)


@kernel
def _vertical(h, v, end, phase, released, dt):
    """Reference height m, speed m/s and acceleration m/s2 one tick later.  §15.1

    v_allowed = min(v_max, sqrt(v_end^2 + v_brake^2)),   a = clip((v_allowed - v) / dt, +-a_max)
    """
    d = phase.up_m - h
    a_max = phase.acceleration_mps2
    brake = braking_speed(abs(d), PROFILE_SHARE * a_max)
    allowed = min(phase.speed_mps, sqrt(end * end + brake * brake))
    wanted = allowed if d >= 0.0 else -allowed
    a = released * clip((wanted - v) / dt, -a_max, a_max)
    return h + v * dt + 0.5 * a * dt * dt, v + a * dt, a


@kernel
def stopping_height(sink_mps, phase, gains):
    """Height over the waypoint, m, at which this sink rate asks for the landing burn.  §15.3

    v1 = v + g t,   h = v t + g t^2 / 2 + (v1^2 - v_end^2) / (2 a),   t the engine's lead
    """
    g, t, end = gains.gravity_mps2, phase.lead_s, phase.end_speed_mps
    v1 = sink_mps + g * t
    braking = (v1 * v1 - end * end) / (2.0 * phase.acceleration_mps2)
    return sink_mps * t + 0.5 * g * t * t + max(braking, 0.0)


@kernel
def sink_profile(height_m, phase):
    """Sink rate, m/s, of even braking that ends with the end speed at the waypoint.  §15.3

    v = sqrt(v_end^2 + 2 a h)
    """
    end = phase.end_speed_mps
    return sqrt(end * end + 2.0 * phase.acceleration_mps2 * max(height_m, 0.0))


@kernel
def is_falling(demand, phase):
    """Whether a landing burn is still to come.  §15.3"""
    return phase.burn > 0.0 and demand.burn_s == 0.0


@kernel
def _lateral(x, y, vx, vy, phase, released, dt):
    """Reference east and north, speeds and accelerations a tick later, straight there.  §15.1"""
    dx, dy = phase.east_m - x, phase.north_m - y
    d = sqrt(dx * dx + dy * dy)
    a_max = phase.lateral_acceleration_mps2
    allowed = min(phase.lateral_speed_mps, braking_speed(d, PROFILE_SHARE * a_max))
    per_m = allowed / max(d, 1.0e-6)
    ax, ay = (per_m * dx - vx) / dt, (per_m * dy - vy) / dt
    size = sqrt(ax * ax + ay * ay)
    keep = released * (a_max / size if size > a_max else 1.0)
    ax, ay = keep * ax, keep * ay
    return x + vx * dt, y + vy * dt, vx + ax * dt, vy + ay * dt, ax, ay


@kernel
def arrived(demand, phase):
    """Whether the reference has reached this phase's waypoint.  §15.1

    In height within 5 cm and what it covers in 50 ms, sideways within 10 cm; a terminal phase ends
    with cut-off only.
    """
    dx, dy = phase.east_m - demand.r_enu_m[0], phase.north_m - demand.r_enu_m[1]
    vertical = abs(phase.up_m - demand.r_enu_m[2]) < 0.05 + 0.05 * abs(demand.v_enu_mps[2])
    return vertical and dx * dx + dy * dy < 0.01 and phase.terminal == 0.0


@kernel
def _burnt(demand, base, phase, gains, dt):
    """Reference height m, speed m/s and acceleration m/s2 of a landing burn, and its age s.  §15.3

    The reference is at the estimated height: the burn follows a profile of speed over height, so
    that an engine that comes up late or early, drag and thrust bias leave no debt in position.
    """
    h = base.r_enu_m[2] - phase.up_m
    sink = max(-base.v_enu_mps[2], 0.0)
    lit = demand.burn_s > 0.0 or h < stopping_height(sink, phase, gains)
    braking = phase.acceleration_mps2 if h > 0.0 else 0.0
    return base.r_enu_m[2], -sink_profile(h, phase), braking, demand.burn_s + dt if lit else 0.0


@kernel
def advanced(demand, base, phase, released, gains, dt):
    """The demand one tick later; it stands still until release (released = 1).  §15.1

    Sideways a landing burn goes straight for the waypoint: it has no time for a profile.
    """
    r, v = demand.r_enu_m, demand.v_enu_mps
    # A reference that is not there sideways waits at its height
    east, north = phase.east_m - r[0], phase.north_m - r[1]
    there = phase.terminal > 0.0 or east * east + north * north < 0.01
    end = phase.end_speed_mps if there else 0.0
    h, vz, az = _vertical(r[2], v[2], end, phase, released, dt)
    x, y, vx, vy, ax, ay = _lateral(r[0], r[1], v[0], v[1], phase, released, dt)
    burn_h, burn_vz, burn_az, burn_s = _burnt(demand, base, phase, gains, dt)
    burning = phase.burn > 0.0
    x, y = phase.east_m if burning else x, phase.north_m if burning else y
    h = burn_h if burning else h
    vx, vy, vz = 0.0 if burning else vx, 0.0 if burning else vy, burn_vz if burning else vz
    ax, ay, az = 0.0 if burning else ax, 0.0 if burning else ay, burn_az if burning else az
    done = released if arrived(demand, phase) else 0.0
    return Demand(
        r_enu_m=(x, y, h),
        v_enu_mps=(vx, vy, vz),
        a_enu_mps2=(ax, ay, az),
        phase=demand.phase + done,
        low_s=demand.low_s,
        cut_off=demand.cut_off,
        burn_s=burn_s if burning else 0.0,
    )


@kernel
def cut_off(demand, base, votes, phase, gains, dt):
    """Cut-off by leg-contact votes and estimated height and acceleration; a backup timer.  §15.2

    One vote more if the specific force along the axis exceeds what the reference asks for. The
    backup acts when the vehicle has been low and slow for longer than any descent would allow. A
    landing burn that has come to a stop low over the ground is over: it would climb again.
    """
    terminal = phase.terminal > 0.0
    low = base.r_enu_m[2] < gains.cut_off_height_m
    excess = base.accel_body_mps2[2] - asked_specific_force(demand, gains)
    count = votes + (1.0 if excess > gains.cut_off_accel_mps2 else 0.0)
    voted = terminal and low and count >= gains.cut_off_votes
    slow = terminal and low and abs(base.v_enu_mps[2]) < gains.backup_speed_mps
    low_s = demand.low_s + dt if slow else 0.0
    stopped = terminal and low and demand.burn_s > phase.lead_s and base.v_enu_mps[2] > 0.0
    now = voted or stopped or low_s > gains.backup_time_s
    return Demand(
        r_enu_m=demand.r_enu_m,
        v_enu_mps=demand.v_enu_mps,
        a_enu_mps2=demand.a_enu_mps2,
        phase=demand.phase,
        low_s=low_s,
        cut_off=1.0 if now else demand.cut_off,
        burn_s=demand.burn_s,
    )


@kernel
def asked_specific_force(demand, gains):
    """Specific force the reference asks for along the axis, m/s2."""
    return gains.gravity_mps2 + demand.a_enu_mps2[2]
