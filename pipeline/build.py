"""From a campaign to what the kernel flies: records and arrays of floats, in SI and radians.

`design` is the vehicle at its site as designed; `setup` what all runs share; `cases` what each run
has of its own. Everything is forced to float here, once, so that the kernel never compiles twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models import mass
from models.atmosphere import air_at
from models.dispersion import disperse, leg_cases
from models.jit import entry
from models.lanes import UNIFORM_ROWS, Tables, flatten
from models.outcomes import Initiator
from models.structs import (
    MAX_PHASES,
    Alignment,
    Case,
    Failure,
    Gains,
    Leg,
    Limits,
    Phase,
    Plant,
    Site,
    Start,
    Tuning,
    Wind,
)
from pipeline import sampling
from pipeline.campaign import VEHICLE_RECORDS, Campaign
from pipeline.laws import Floats
from pipeline.names import FAILURE_DRAWS
from pipeline.records import record
from pipeline.spelling import inside, to_si
from pipeline.winds import as_array, wind_at

_SECTIONS = {"legs": "landing_legs"}  # of a case's parts, where the vehicle file says otherwise
_NO_LAW = {"exponent": 0.0, "roughness_m": 0.03, "veer_degpm": 0.0}  # where a table is the wind
_EMPTY_SHARE = 0.1  # of the load: at touchdown some is left beside the residuals
# Words in the names of sensor errors
_NOISES = ("noise", "walk", "bias", "instability", "age_error")


class Setup(NamedTuple):
    """What all runs of a campaign share."""

    design: Case
    shared: np.ndarray  # (UNIFORM_ROWS,)
    tables: Tables
    n_legs: int


class Runs(NamedTuple):
    """What each run has of its own; leaves are floats or (run,) arrays."""

    case: Case
    legs: list[Leg]
    n_runs: int


# --- as designed ----------------------------------------------------------------------------------


def design(campaign: Campaign) -> Case:
    """The vehicle at its site, nothing dispersed."""
    vehicle = campaign.vehicle
    parts: dict[str, Any] = {
        part: record(VEHICLE_RECORDS[section], getattr(vehicle, section))
        for part in Case._fields
        if (section := _SECTIONS.get(part, part)) in VEHICLE_RECORDS
    }
    return Case(
        site=record(Site, campaign.site),
        wind=_wind(campaign),
        start=record(Start, campaign.start),
        **parts,
    )


def _wind(campaign: Campaign) -> Wind:
    """The wind as designed; a table leaves nothing to a law."""
    if campaign.wind.table is None:
        return record(Wind, campaign.wind)
    none = _NO_LAW | {"speed_mps": 0.0, "from_deg": 0.0}
    case = record(Wind, campaign.wind.model_copy(update=none))
    met = {name: float(value) for name, value in _at_reference(campaign, case.member).items()}
    return case._replace(speed_mps=met["wind_speed_mps"], from_rad=met["wind_from_rad"])


def _at_reference(campaign: Campaign, member: ArrayLike) -> dict[str, Floats]:
    """Speed and direction that members of the wind table have at the reference height.

    The launch rule looks there, whatever the profile.
    """
    east, north = wind_at(campaign.wind.table or (), float(campaign.wind.reference_height_m))
    chosen = np.asarray(member, np.intp)
    return {
        "wind_speed_mps": np.hypot(east, north)[chosen],
        "wind_from_rad": np.arctan2(-east, -north)[chosen] % (2.0 * np.pi),
    }


@entry
def _masses(lox_kg: float, fuel_kg: float, case: Any) -> Any:
    """Lateral inertia, kg m2, and height of the centre of mass, m, at 1 g."""
    body = mass.body(lox_kg, fuel_kg, 9.80665, case)
    return body.ixx_kgm2, body.cg_body_m[2]


@entry
def _ground_pressure(site: Any) -> Any:
    """Air pressure at ground level, Pa."""
    return air_at(0.0, site)[2]


def plant(case: Case, gains: Gains) -> Plant:
    """What the flight software believes of the vehicle: its design.

    Mass properties are linear between full and empty; empty is dry with the residuals and a tenth
    of the load, about what is left at touchdown.
    """
    tanks = (case.lox, case.fuel)
    beliefs = case.engine._asdict() | {
        **_loaded("full", [tank.load_kg for tank in tanks], case),
        **_loaded("empty", [t.residual_kg + _EMPTY_SHARE * t.load_kg for t in tanks], case),
        "ground_pressure_pa": _ground_pressure(case.site),
        "gravity_mps2": gains.gravity_mps2,
        "gimbal_travel_rad": case.gimbal.travel_rad,
        "roll_min_pulse_s": case.thrusters.min_pulse_s,
    }
    return Plant(**{field: beliefs[field] for field in Plant._fields})


def _loaded(state: str, liquids_kg: list[float], case: Case) -> dict[str, float]:
    """Mass, lateral inertia, gimbal arm and centre of percussion with so much in the tanks."""
    kilograms = case.mass.dry_kg + sum(liquids_kg)
    inertia, cg = _masses(liquids_kg[0], liquids_kg[1], case)
    arm = cg - case.engine.gimbal_z_m
    return {
        f"{state}_kg": kilograms,
        f"{state}_inertia_kgm2": inertia,
        f"{state}_arm_m": arm,
        f"{state}_percussion_z_m": cg + inertia / (kilograms * arm),
    }


def setup(campaign: Campaign, **tuning: float) -> Setup:
    """What all runs share. tuning: values of the navigation filter that replace the vehicle's."""
    case = design(campaign)
    gains = record(Gains, campaign.vehicle.gains)
    shared = flatten(
        (
            case,
            gains,
            record(Tuning, campaign.vehicle.tuning)._replace(**tuning),
            plant(case, gains),
            record(Limits, campaign.limits),
            (campaign.steps.flight, campaign.steps.contact),
        )
    )
    if len(shared) != UNIFORM_ROWS:
        raise RuntimeError(f"the kernel shares {UNIFORM_ROWS} values, {len(shared)} were made")
    # Phases that the mission does not use repeat its last
    mission = [record(Phase, phase) for phase in campaign.mission]
    mission += [mission[-1]] * (MAX_PHASES - len(mission))
    winds = {} if campaign.wind.table is None else {"winds": as_array(campaign.wind.table)}
    return Setup(
        case,
        np.array(shared, np.float64),
        tables(phases=np.array(flatten(tuple(mission)), np.float64), **winds),
        campaign.vehicle.legs,
    )


def tables(**given: np.ndarray) -> Tables:
    """Tables of the kernel: those given, no wind, no open-loop program."""
    none = Tables(
        phases=np.zeros(MAX_PHASES * len(Phase._fields)),
        winds=np.zeros((1, 2, 3)),
        program=np.zeros((0, 5)),
        waves=np.zeros((4, 4)),
    )
    return none._replace(**given)


# --- as drawn -------------------------------------------------------------------------------------


def draws(campaign: Campaign, start: int, stop: int) -> dict[str, Floats]:
    """Values (run,) of every dispersed parameter and the injected failure, by the models' names.

    With an ensemble of winds also speed and direction that follow from the member.
    """
    chances = {name: sampling.uniforms(campaign.seed, name, start, stop) for name in FAILURE_DRAWS}
    return _drawn(campaign, sampling.draw(campaign, start, stop), chances)


def draws_at(campaign: Campaign, uniforms: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same at given uniforms (run,) of `sampling.coordinates` and of FAILURE_DRAWS."""
    return _drawn(campaign, sampling.values(campaign, uniforms), uniforms)


def _drawn(
    campaign: Campaign, given: Mapping[str, Floats], chances: Mapping[str, Floats]
) -> dict[str, Floats]:
    values = {inside(name): to_si(name, value) for name, value in given.items()}
    return values | _follow(campaign, values) | _failures(campaign, chances)


def _follow(campaign: Campaign, drawn: dict[str, Any]) -> dict[str, Any]:
    """What follows from the values drawn."""
    return _at_reference(campaign, drawn["wind_member"]) if "wind_member" in drawn else {}


def followers(campaign: Campaign) -> tuple[str, ...]:
    """Names of the values that follow from others drawn."""
    return ("wind_speed_mps", "wind_from_rad") if "wind_member" in sampling.names(campaign) else ()


def _failures(campaign: Campaign, chances: Mapping[str, Floats]) -> dict[str, Floats]:
    """Which failure is injected, when, and on which leg.

    The branches share the unit interval in their order, so a run has one failure at most, and a
    branch added at the end takes only runs that had none.
    """
    which, when, leg = (chances[name] for name in FAILURE_DRAWS)
    code, time_s, below = np.zeros(which.shape), np.zeros(which.shape), 0.0
    for name, branch in campaign.failures.items():
        hit = (which >= below) & (which < below + branch.probability)
        code[hit] = Initiator[name]
        if branch.time_s is not None:
            time_s[hit] = branch.time_s.quantile(when[hit])
        below += branch.probability
    n_legs = campaign.vehicle.legs
    return {
        "initiator": code,
        "failure_time_s": time_s,
        "failure_leg": np.minimum(np.floor(leg * n_legs), n_legs - 1.0),
    }


def cases(campaign: Campaign, base: Case, drawn: dict[str, Floats], start: int, stop: int) -> Runs:
    """Runs start .. stop - 1. base: the design; drawn: what `draws` gives for these runs."""
    return cases_at(campaign, base, drawn, sampling.run_seeds(campaign.seed, start, stop))


def cases_at(
    campaign: Campaign, base: Case, drawn: dict[str, Floats], seeds: NDArray[np.uint64]
) -> Runs:
    """Runs with the values drawn (run,) and the noise seeds (run,) given."""
    case = disperse(base, drawn, seeds)
    return Runs(case, leg_cases(case, campaign.vehicle.legs, drawn), len(seeds))


def median_draw(campaign: Campaign) -> dict[str, float]:
    """The median of every law, by the models' names; no failure."""
    medians = {inside(n): to_si(n, law.median()) for n, law in sampling.laws(campaign).items()}
    follow = {name: float(value) for name, value in _follow(campaign, medians).items()}
    return medians | follow | {"initiator": 0.0, "failure_time_s": 0.0, "failure_leg": 0.0}


def nominal(campaign: Campaign) -> tuple[Setup, Runs]:
    """One run at the medians: no failure, no turbulence, no gust, no sensor noise or bias.

    The flight software keeps its tuning for the noise it expects; only its start errors are off.
    """
    shared = setup(campaign, start_errors=0.0)
    medians = {name: np.array([value]) for name, value in median_draw(campaign).items()}
    case = disperse(shared.design, medians, np.zeros(1, np.uint64))
    case = case._replace(
        wind=case.wind._replace(w20_mps=0.0, gust_mps=0.0),
        imu=_quiet(case.imu),
        gnss=_quiet(case.gnss),
        altimeter=_quiet(case.altimeter),
        alignment=Alignment(),
        failure=Failure(),
    )
    return shared, Runs(case, leg_cases(case, campaign.vehicle.legs, medians), 1)


def _quiet(sensor: Any) -> Any:
    """A sensor without noise and bias."""
    errors = [field for field in sensor._fields if any(word in field for word in _NOISES)]
    return sensor._replace(**dict.fromkeys(errors, 0.0))
