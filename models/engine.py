"""One variable-thrust engine: thrust and flow, throttle lag with slew limit, ramp-up and tail-off.

Source: Sutton & Biblarz, Rocket Propulsion Elements, 9th ed., eqs. 3-29 and 2-5. EST: lag, slew and
tail-off; the throttle dynamics of cryogenic engines are poorly known: let a campaign take them
wide.
"""

from models.atmosphere import G0_MPS2
from models.jit import kernel
from models.vectors import clip


@kernel
def thrust(throttle, ambient_pa, engine):
    """Thrust, N.  §7.1

        T = u T_vac - p_a A_e,  not below zero

    Valid for throttle 0 or throttle_min..1; separation of the nozzle flow is left out.
    """
    return max(throttle * engine.thrust_vac_n - ambient_pa * engine.exit_area_m2, 0.0)


@kernel
def mass_flow(throttle, engine):
    """Propellant burnt, kg/s.  §7.2

        mdot = u T_vac / (g0 Isp(u)),   Isp(u) = Isp_vac (1 - k (1 - u))

    EST: the loss of Isp is linear in the throttle.
    """
    isp = engine.isp_vac_s * (1.0 - engine.isp_throttle_slope * (1.0 - throttle))
    return throttle * engine.thrust_vac_n / (G0_MPS2 * isp)


@kernel
def throttle_rate(throttle, target, actuation):
    """Rate of the achieved throttle, 1/s: a first-order lag within a slew limit, EST.  §7.3

    u' = clip((u_target - u) / tau, +-slew);   no lag at all where tau = 0
    """
    lag = max(actuation.throttle_lag_s, 1.0e-9)
    slew = actuation.throttle_slew_per_s
    rate = clip((target - throttle) / lag, -slew, slew)
    return rate if actuation.throttle_lag_s > 0.0 else 0.0


@kernel
def ground_effect(height_m, engine):
    """Factor on thrust near the ground, EST with zero as its centre.  §7.4

    1 + k / (1 + (h / d)^2),   d the nozzle's exit diameter, h of the exit plane
    """
    h, d = max(height_m + engine.exit_z_m, 0.0), 2.0 * engine.exit_radius_m
    return 1.0 + engine.ground_effect * d * d / (d * d + h * h)


@kernel
def base_force(height_m, thrust_n, engine, legs):
    """Force of the plume's return flow on the hull's base, N; EST with zero as its centre.  §7.4

    k T / (1 + (h / D)^2),   D the hull's diameter, h of its base over the ground
    """
    h, d = max(height_m + legs.hull_bottom_z_m, 0.0), 2.0 * legs.hull_radius_m
    return engine.base_force_fraction * thrust_n * d * d / max(d * d + h * h, 1.0e-9)


@kernel
def direction(angle_x, angle_y):
    """Unit thrust in body axes of a nozzle turned about body x, then y.  §7.5

        d = (sin b cos a, -sin a, cos a cos b)

    Sines and cosines by series: below 1e-10 at 0.2 rad.
    """
    xx, yy = angle_x * angle_x, angle_y * angle_y
    sin_x = angle_x * (1.0 - xx / 6.0 * (1.0 - xx / 20.0 * (1.0 - xx / 42.0)))
    sin_y = angle_y * (1.0 - yy / 6.0 * (1.0 - yy / 20.0 * (1.0 - yy / 42.0)))
    cos_x = 1.0 - xx / 2.0 * (1.0 - xx / 12.0 * (1.0 - xx / 30.0 * (1.0 - xx / 56.0)))
    cos_y = 1.0 - yy / 2.0 * (1.0 - yy / 12.0 * (1.0 - yy / 30.0 * (1.0 - yy / 56.0)))
    return (sin_y * cos_x, -sin_x, cos_x * cos_y)
