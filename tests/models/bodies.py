"""Plain bodies as cases, and their flights: no engine, air or liquid, gravity if asked for."""

from typing import Any

from models.structs import (
    Altimeter,
    Case,
    Engine,
    Gimbal,
    Gnss,
    Legs,
    Limits,
    Mass,
    Site,
    Start,
    Tank,
    Wind,
)
from tests.models import kit, vehicle
from tests.models.vehicle import changed, filled

FOREVER_S = 1.0e9
_DROP = 1.0e-15  # kg: a tank that is not empty, so that no run ends for lack of propellant


def body(
    mass_kg: float = 1000.0, inertia: tuple[float, ...] = (1e3, 1e3, 1e3), **parts: Any
) -> Case:
    """A rigid body in a vacuum without gravity, not clamped. parts: fields of its parts."""
    tank = filled(Tank, load_kg=_DROP, density_kgpm3=1000.0, radius_m=1.0, slosh_mass_scale=0.0)
    case = filled(
        Case,
        site=filled(Site, air=0.0, gravity_mps2=0.0, pad_radius_m=1e9),
        wind=filled(
            Wind,
            reference_height_m=10.0,
            roughness_m=0.03,
            airspeed_floor_mps=1.0,
            gust_thickness_m=1.0,
        ),
        mass=filled(
            Mass, dry_kg=mass_kg, ixx_kgm2=inertia[0], iyy_kgm2=inertia[1], izz_kgm2=inertia[2]
        ),
        lox=tank,
        fuel=tank,
        engine=filled(Engine, isp_vac_s=300.0, mixture_ratio=1.0, exit_radius_m=1.0, exit_z_m=1e3),
        gimbal=filled(Gimbal, travel_rad=0.5, rate_radps=1.0),
        legs=filled(
            Legs,
            **dict(foot_radius_m=1.0, grip_stiffness_npm=1e6, crush_load_n=1e12, stroke_m=1e3),
            **dict(length_m=1e3, hull_bottom_z_m=1e3, switch_load_n=1e12, ultimate_load_n=1e15),
        ),
        gnss=filled(Gnss, horizontal_noise_m=1.0, vertical_noise_m=1.0, velocity_noise_mps=1.0),
        altimeter=filled(Altimeter, noise_m=1.0),
        start=filled(Start, held=0.0, open_loop=1.0),
    )
    return changed(case, **parts)


def limits(time_s: float, **more: float) -> Limits:
    """A run that only its time ends, unless told otherwise."""
    return filled(
        Limits,
        **dict(time_s=time_s, tilt_lost_rad=10.0, tip_over_rad=10.0, rest_time_s=FOREVER_S) | more,
    )


def flight(
    cases: Case | list[Case], time_s: float, steps: tuple[int, int] = (2, 10), **more: Any
) -> kit.Flown:
    """The histories of bodies over some time, one row each control tick, the last one at time_s.

    more: n_legs, legs, every, or fields of the limits.
    """
    first = cases[0] if isinstance(cases, list) else cases
    call = {key: more.pop(key) for key in ("n_legs", "legs", "every") if key in more}
    call = {"n_legs": 0} | call
    ticks = round(time_s / 0.02)
    made = kit.setup(
        first,
        limits=limits(time_s + 0.01, **more),
        steps=steps,
        plant=filled(type(vehicle.plant(first)), **_BELIEFS),
    )
    return kit.fly(cases, made, slots=ticks // call.get("every", 1) + 1, **call)


# Whatever keeps the flight software finite: it has no say in an open-loop flight.
_BELIEFS = dict(
    **dict(full_kg=2.0, empty_kg=1.0, full_inertia_kgm2=1.0, empty_inertia_kgm2=1.0),
    **dict(full_arm_m=1.0, empty_arm_m=1.0, thrust_vac_n=1.0, isp_vac_s=300.0),
)
