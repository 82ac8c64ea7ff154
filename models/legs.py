"""Landing legs: stroke with spring, damper and crush core; pads that stick and slip; uneven ground.

A leg is a massless strut whose pad meets the ground plane; its stroke is how far the ground has
pushed the pad along the ground's normal. Spring and damper (in parallel) stand in series with a
crush core of constant load, and in parallel with a stop at full stroke. A pad sticks to an anchor
through the strut's side stiffness and slips where that force would leave the friction cone,
dragging the anchor along: a true stick state without creep.
Source: series element: Simo & Hughes, Computational Inelasticity (1998), ch. 1 (return mapping);
friction: Cundall & Strack, Geotechnique 29 (1979) 47. Left out: pad mass, bending, mud, a strut's
own friction.
"""

from models.elementary import sincos
from models.jit import kernel
from models.rotation import conjugate, rotate
from models.structs import Footing, LegState, Wrench
from models.vectors import add, cross, dot, norm, scale, sub


@kernel
def ground_normal(site):
    """Unit normal of the pad's mean plane, in enu: it leans to the downhill side.  §12.4"""
    sin_slope, cos_slope = sincos(site.slope_rad)
    sin_azimuth, cos_azimuth = sincos(site.slope_azimuth_rad)
    return (sin_slope * sin_azimuth, sin_slope * cos_azimuth, cos_slope)


@kernel
def foot(state, leg):
    """Position m and velocity m/s in enu of the pad of the unloaded leg."""
    q = state.q_body_to_enu
    arm = (leg.x_m, leg.y_m, 0.0)
    r = add(state.r_enu_m, rotate(q, arm))
    v = add(state.v_enu_mps, rotate(q, cross(state.omega_body_radps, arm)))
    return r, v


@kernel
def clearance(state, leg, normal):
    """Height of the pad over the ground under it, m, and its rate, m/s, along the normal."""
    r, v = foot(state, leg)
    return dot(normal, r) - leg.ground_m, dot(normal, v)


@kernel
def unloaded(state, leg, normal):
    """A leg's memory before it carries: nothing crushed, the pad's anchor where the pad is."""
    r, _ = foot(state, leg)
    stroke = leg.ground_m - dot(normal, r)
    return LegState(0.0, stroke, r, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@kernel
def normal_load(stroke, rate, crushed, leg, legs):
    """Load along the normal, N.  §12.1

    N = min(k (s - c) + d s', F_crush) + k_stop (s - s_max)+,   never pulling, 0 off the ground
    """
    elastic = leg.stiffness_npm * (stroke - crushed) + leg.damping_nspm * rate
    load = min(max(elastic, 0.0), leg.crush_load_n) if stroke > crushed else 0.0
    return load + leg.stop_stiffness_npm * max(stroke - legs.stroke_m, 0.0)


@kernel
def side_load(off, v, normal, load, leg, legs):
    """Friction force, N, within the cone mu N, and the trial force before the cut.  §12.2

        trial = -k_t off - c_t v,   both in the ground plane

    off: the pad from its anchor, m; the result is in the axes of off, v and normal.
    """
    off = sub(off, scale(dot(normal, off), normal))
    slide = sub(v, scale(dot(normal, v), normal))
    trial = sub(scale(-legs.grip_stiffness_npm, off), scale(legs.grip_damping_nspm, slide))
    size = norm(trial)
    cone = leg.friction * load
    keep = cone / size if size > cone else 1.0
    return scale(keep, trial), trial


@kernel
def footing(state, normal):
    """The ground as the vehicle sees it at this state: what all its legs share.  §12"""
    down = conjugate(state.q_body_to_enu)
    return Footing(
        height_m=dot(normal, state.r_enu_m),
        normal_body=rotate(down, normal),
        v_body_mps=rotate(down, state.v_enu_mps),
    )


@kernel
def wrench(state, ground, leg_state, leg, legs):
    """What the ground does through one leg: force N and moment N m about the base centre.  §12

    ground: see footing. All in body axes.
    """
    n, w = ground.normal_body, state.omega_body_radps
    arm = (leg.x_m, leg.y_m, 0.0)
    v = add(ground.v_body_mps, cross(w, arm))
    stroke = leg.ground_m - (ground.height_m + dot(n, arm))
    load = normal_load(stroke, -dot(n, v), leg_state.crushed_m, leg, legs)
    load = load * (1.0 - leg_state.collapsed)
    to_base = rotate(conjugate(state.q_body_to_enu), sub(state.r_enu_m, leg_state.anchor_enu_m))
    side, _ = side_load(add(to_base, arm), v, n, load, leg, legs)
    force = add(scale(load, n), side)
    return Wrench(force, cross(add(arm, scale(max(stroke, 0.0), n)), force))


@kernel
def _crushed(stroke, before, leg, dt):
    """Shortening of the crush core after a step, m.  §12.3

    The implicit step of the series element: the smallest c+ >= c with
        k (s+ - c+) + d ((s+ - c+) - (s - c)) / dt <= F_crush
    """
    d_over_dt = leg.damping_nspm / dt
    elastic = before.stroke_m - before.crushed_m
    held = (leg.crush_load_n + d_over_dt * max(elastic, 0.0)) / (leg.stiffness_npm + d_over_dt)
    crushing = max(before.crushed_m, stroke - held)
    return crushing if stroke > before.crushed_m else before.crushed_m


@kernel
def _anchored(r, v, normal, load, before, leg, legs):
    """Where the pad sticks after a step, and how far it has slid, m.  §12.2

    The anchor follows the pad in the air, stays while it sticks, is dragged while it slips.
    """
    force, trial = side_load(sub(r, before.anchor_enu_m), v, normal, load, leg, legs)
    slips = norm(trial) > leg.friction * load
    touching = load > 0.0
    slide = sub(v, scale(dot(normal, v), normal))
    pull = add(force, scale(legs.grip_damping_nspm, slide))
    dragged = sub(r, scale(-1.0 / legs.grip_stiffness_npm, pull))
    old = before.anchor_enu_m
    anchor = (
        (dragged[0] if slips else old[0]) if touching else r[0],
        (dragged[1] if slips else old[1]) if touching else r[1],
        (dragged[2] if slips else old[2]) if touching else r[2],
    )
    moved = sub(anchor, old)
    moved = sub(moved, scale(dot(normal, moved), normal))
    return anchor, before.slid_m + (norm(moved) if touching and slips else 0.0)


@kernel
def settle(state, before, leg, legs, normal, dt):
    """The leg's memory after a step: crush, collapse, anchor, contact switch, peaks.  §12.3"""
    r, v = foot(state, leg)
    stroke = leg.ground_m - dot(normal, r)
    rate = -dot(normal, v)
    crushed = _crushed(stroke, before, leg, dt)
    load = normal_load(stroke, rate, crushed, leg, legs) * (1.0 - before.collapsed)
    anchor, slid = _anchored(r, v, normal, load, before, leg, legs)
    return LegState(
        crushed_m=crushed,
        stroke_m=stroke,
        anchor_enu_m=anchor,
        load_n=load,
        peak_load_n=max(before.peak_load_n, load),
        peak_stroke_m=max(before.peak_stroke_m, stroke),
        slid_m=slid,
        collapsed=1.0 if load > leg.collapse_load_n else before.collapsed,
        pressed_s=before.pressed_s + dt if load > legs.switch_load_n else 0.0,
    )
