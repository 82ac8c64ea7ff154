"""What must hold between the sections of a campaign for it to fly at all: sanity, with the numbers.

A check takes the sections it needs, as its parameters are named, and yields a message for each
mistake, beginning with the key; it runs when all those sections could be read, so one report
names mistakes of spelling and of physics alike. No equation of motion: thrust and air are those
of `models`.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import atan, degrees, hypot
from typing import Any, get_type_hints

from models import engine as propulsion
from models.atmosphere import air_at
from models.dispersion import DISPERSIONS, Offset, Scale, Value
from models.jit import entry
from models.structs import MAX_PHASES, Case, Engine, Site
from pipeline import plan_checks, sampling_checks
from pipeline.laws import Bernoulli, Discrete, DiscreteUniform, LawBase
from pipeline.records import may_be_negative, record
from pipeline.spelling import inside
from pipeline.winds import LAW_OF_WIND

Problems = Iterator[str]

# Initiators that act from the start, or whenever legs and switches come into play
TIMELESS = frozenset(
    {
        "false_switch", "missing_switch", "leg_weak_damper", "leg_not_latched",
        "leg_not_deployed", "leg_collapse", "engine_no_start",
    }
)  # fmt: skip

SMALLEST_UNIFORM = 2.0**-53  # of sampling.uniforms
_ATMOSPHERE_M = (-500.0, 30000.0)  # where the atmosphere is valid with a hop on top
_STEEPEST_EXPONENT = 0.6  # of the wind's power law; beyond it is no open ground
_BY_LAW = ("power_law", "log_law", "linear")  # profiles of the wind that have no table
# Dispersions of the wind that act with some profiles only
_ACTS_WITH = {
    **dict.fromkeys(("wind_speed_mps", "wind_from_deg", "wind_veer_degpm"), _BY_LAW),
    "wind_exponent": ("power_law",),
    "wind_roughness_m": ("log_law",),
    "wind_member": ("table",),
}


def problems(sections: Mapping[str, Any]) -> list[str]:
    """Every mistake that the checks find in the sections given, vehicle's and campaign's."""
    if {"dispersions", "rows"} <= sections.keys():
        sections = {**sections, "laws": _placed(sections["dispersions"], sections["rows"])}
    return mistakes([*_CHECKS, *sampling_checks.CHECKS], sections)


def _placed(dispersions: Any, rows: Any) -> dict[str, LawBase]:
    """The law of everything drawn, by its place in the file; the last word is its name."""
    laws = {f"dispersions.{name}": law for name, law in dispersions.items()}
    for group, drawn in rows.items():
        laws |= {f"rows.{group}.{name}": law for name, law in drawn.laws.items()}
    return laws


def _name(where: str) -> str:
    return where.rpartition(".")[2]


def mistakes(checks: Iterable[Callable[..., Problems]], sections: Mapping[str, Any]) -> list[str]:
    """What these checks find, each asked only if all the sections that it takes are there."""
    found: list[str] = []
    for check in checks:
        needs = inspect.signature(check).parameters
        if needs.keys() <= sections.keys():
            found += check(**{name: sections[name] for name in needs})
    return found


@entry
def _ground_thrust(throttle: float, site: Any, engine: Any) -> Any:
    """Thrust at the site, N, and the air pressure there, Pa."""
    pressure = air_at(0.0, site)[2]
    return propulsion.thrust(throttle, pressure, engine), pressure


# --- vehicle --------------------------------------------------------------------------------------


def _lifts_off(
    mass: Any, lox: Any, fuel: Any, engine: Any, gains: Any, site: Any, start: Any
) -> Problems:
    if start.held == 0.0:
        return  # begins in the air
    ground = record(Site, site)
    kilograms = float(mass.dry_kg) + float(lox.load_kg) + float(fuel.load_kg)
    weight = kilograms * ground.gravity_mps2
    thrust, pressure = _ground_thrust(1.0, ground, record(Engine, engine))
    if thrust <= weight:
        yield (
            f"engine.thrust_vac_n: got {float(engine.thrust_vac_n):,.0f} N, which leaves "
            f"{thrust:,.0f} N at the site's air pressure of {pressure:,.0f} Pa, expected more than "
            f"the lift-off weight of {weight:,.0f} N ({kilograms:,.0f} kg)"
        )
        return
    thrust, _ = _ground_thrust(float(gains.start_throttle), ground, record(Engine, engine))
    needed = float(gains.release_thrust_to_weight) * weight
    if thrust <= needed:
        yield (
            f"gains.start_throttle: got {float(gains.start_throttle):g}, which makes "
            f"{thrust:,.0f} N at the site, expected more than the {needed:,.0f} N at which "
            f"the clamps open (gains.release_thrust_to_weight)"
        )


def _can_descend(mass: Any, lox: Any, fuel: Any, engine: Any, site: Any, mission: Any) -> Problems:
    if all(phase.burn for phase in mission):
        return  # a landing burn needs no hover
    ground = record(Site, site)
    kilograms = float(mass.dry_kg) + float(lox.residual_kg) + float(fuel.residual_kg)
    weight = kilograms * ground.gravity_mps2
    floor = float(engine.throttle_min)
    thrust, _ = _ground_thrust(floor, ground, record(Engine, engine))
    if thrust >= weight:
        yield (
            f"engine.throttle_min: got {floor:g}, which makes {thrust:,.0f} N at the site, "
            f"expected less than the weight of {weight:,.0f} N of the empty vehicle "
            f"({kilograms:,.0f} kg dry with residuals): every phase needs to hover and descend"
        )


def _tanks_hold_usable_propellant(lox: Any, fuel: Any) -> Problems:
    for name, tank in (("lox", lox), ("fuel", fuel)):
        load, residual = float(tank.load_kg), float(tank.residual_kg)
        if residual >= load:
            yield f"{name}.residual_kg: got {residual:g}, expected less than load_kg, {load:g}"


# What the kernel can hold back: seven ticks of throttle commands, three of roll, one of jitter
_LONGEST = {
    "engine_dead_time_s": ("engine.dead_time_s", 0.14),
    "roll_delay_s": ("thrusters.delay_s", 0.06),
    "computer_jitter_s": ("computer.jitter_s", 0.02),
    "missed_cycle_fraction": ("computer.missed_fraction", 1.0),
}


def _delays_are_kept(engine: Any, thrusters: Any, computer: Any, dispersions: Any) -> Problems:
    parts = {"engine": engine, "thrusters": thrusters, "computer": computer}
    for name, (key, most) in _LONGEST.items():
        part, field = key.split(".")
        given = getattr(parts[part], field)
        if given is not None and float(given) > most:
            yield f"{key}: got {float(given):g}, expected at most {most:g}, which is all that acts"
        law = dispersions.get(name)
        if law is not None and (longest := float(law.quantile(1.0 - SMALLEST_UNIFORM))) > most:
            yield f"dispersions.{name}: got draws up to {longest:.3g}, expected at most {most:g}"


# --- site and wind --------------------------------------------------------------------------------


def _pad_holds(site: Any, landing_legs: Any) -> Problems:
    steepest = degrees(atan(float(landing_legs.friction)))
    slope = float(site.slope_deg)
    if not 0.0 <= slope < steepest:
        yield (
            f"site.slope_deg: got {slope:g}, expected 0 to {steepest:.3g}, where a vehicle on "
            f"pads of friction {float(landing_legs.friction):g} begins to slide"
        )


def _air_is_known(site: Any) -> Problems:
    lowest, highest = _ATMOSPHERE_M
    elevation = float(site.elevation_m)
    if not lowest <= elevation <= highest:
        yield f"site.elevation_m: got {elevation:g}, expected {lowest:g} to {highest:g}"


def _wind_keys_act(wind: Any) -> Problems:
    profile = wind.profile.value
    if profile == "table":
        if wind.table is None:
            yield "wind.table: missing, expected a CSV file with wind.profile table"
        for key in (*LAW_OF_WIND, "shear_per_s"):
            if getattr(wind, key) is not None:
                yield f"wind.{key}: has no effect with wind.profile table"
        return
    for key in LAW_OF_WIND:
        if getattr(wind, key) is None:
            yield f"wind.{key}: missing, expected a value with wind.profile {profile}"
    for key in ("table", "member"):
        if getattr(wind, key) is not None:
            yield f"wind.{key}: has no effect with wind.profile {profile}, expected profile table"


def _wind_blows(wind: Any) -> Problems:
    if wind.exponent is not None and not 0.0 <= float(wind.exponent) <= _STEEPEST_EXPONENT:
        yield f"wind.exponent: got {float(wind.exponent):g}, expected 0 to {_STEEPEST_EXPONENT:g}"
    reference = float(wind.reference_height_m)
    if wind.roughness_m is not None and float(wind.roughness_m) >= reference:
        yield (
            f"wind.roughness_m: got {float(wind.roughness_m):g}, expected less than "
            f"reference_height_m, {reference:g}"
        )


def _members_are_there(wind: Any, winds: Any, laws: Any) -> Problems:
    last = len(winds) - 1
    if wind.member is not None and float(wind.member) not in range(last + 1):
        yield f"wind.member: got {float(wind.member):g}, expected a whole number, 0 to {last}"
    where = next((where for where in laws if _name(where) == "wind_member"), None)
    if where is None:
        if last > 0 and wind.member is None:
            yield (
                f"dispersions.wind_member: missing, expected a law over members 0 to {last} of "
                "wind.table, or wind.member for one of them"
            )
        return
    if last == 0:
        yield f"{where}: has no effect with the one profile of wind.table"
    elif not _draws_members(laws[where], last):
        yield (
            f"{where}: got {laws[where].describe()}, expected whole numbers from 0 to "
            f"{last}, discrete_uniform or discrete"
        )


def _draws_members(law: LawBase, last: int) -> bool:
    match law:
        case Discrete() | DiscreteUniform():
            return all(value in range(last + 1) for value in law.values)
        case Bernoulli():
            return last >= 1
    return False


# --- mission --------------------------------------------------------------------------------------


def _mission_lands(mission: Any, site: Any) -> Problems:
    if len(mission) > MAX_PHASES:
        yield f"mission: got {len(mission)} phases, expected at most {MAX_PHASES}"
    yield from _repeated("mission", [phase.name for phase in mission])
    *before, last = mission
    for number, phase in enumerate(before):
        if phase.terminal:
            yield f"mission.{number}.terminal: got true, expected it on the last phase only"
        if phase.up_m <= 0.0:
            yield f"mission.{number}.up_m: got {phase.up_m:g}, expected > 0 before the last phase"
    where = f"mission.{len(before)}"
    if not last.terminal:
        yield f"{where}.terminal: got false, expected true: the last phase ends with cut-off"
    if last.up_m >= 0.0 and not last.burn:
        yield (
            f"{where}.up_m: got {last.up_m:g}, expected below 0: the mission never reaches the "
            "ground unless its last waypoint lies under it"
        )
    away, radius = hypot(last.east_m, last.north_m), float(site.pad_radius_m)
    if away > radius:
        yield f"{where}: lands {away:g} m from the target, expected within pad_radius_m, {radius:g}"


def _burns_brake(mission: Any, mass: Any, lox: Any, fuel: Any, engine: Any, site: Any) -> Problems:
    """A landing burn asks for a thrust the engine has: at its heaviest, and dry at its lightest."""
    ground = record(Site, site)
    dry = float(mass.dry_kg) + float(lox.residual_kg) + float(fuel.residual_kg)
    full = float(mass.dry_kg) + float(lox.load_kg) + float(fuel.load_kg)
    most, _ = _ground_thrust(1.0, ground, record(Engine, engine))
    least, _ = _ground_thrust(float(engine.throttle_min), ground, record(Engine, engine))
    low, high = least / dry - ground.gravity_mps2, most / full - ground.gravity_mps2
    for number, phase in enumerate(mission):
        if phase.burn and not low <= phase.acceleration_mps2 <= high:
            yield (
                f"mission.{number}.acceleration_mps2: got {phase.acceleration_mps2:g}, expected "
                f"{low:.3g} (throttle floor, empty) to {high:.3g} (full thrust, full tanks)"
            )


def _software_flies(start: Any) -> Problems:
    if start.open_loop:
        yield f"start.open_loop: got {start.open_loop:g}, expected 0: a campaign has no program"


def _mission_ends_in_time(mission: Any, start: Any, limits: Any) -> Problems:
    height, least = start.up_m or 0.0, 0.0
    for number, phase in enumerate(mission):
        if phase.burn:
            continue
        if phase.speed_mps <= 0.0:
            yield f"mission.{number}.speed_mps: got {phase.speed_mps:g}, expected > 0"
            return
        least += abs(max(phase.up_m, 0.0) - height) / phase.speed_mps
        height = max(phase.up_m, 0.0)
    if least > float(limits.time_s):
        yield (
            f"limits.time_s: got {float(limits.time_s):g}, expected more than the {least:.3g} s "
            "the mission takes at its speeds"
        )


# --- what varies, what fails, what must hold ------------------------------------------------------


def _draws_stay_physical(laws: Any) -> Problems:
    for where, law in laws.items():
        how = DISPERSIONS[inside(_name(where))]
        lowest = float(law.quantile(SMALLEST_UNIFORM))
        if lowest < 0.0 and not _may_draw_below_zero(how):
            yield (
                f"{where}: got draws down to {lowest:.3g}, expected none below 0 "
                "(`lower` cuts a law)"
            )


def _may_draw_below_zero(how: Scale | Offset | Value) -> bool:
    if isinstance(how, Value):
        records = get_type_hints(Case)
        parts = [path.split(".") for path in how.fields]
        return all(may_be_negative(records[part], field) for part, field in parts)
    return isinstance(how, Offset)


def _draws_act(laws: Any, wind: Any, legs: Any) -> Problems:
    for where in laws:
        profiles = _ACTS_WITH.get(_name(where), (wind.profile.value,))
        if wind.profile.value not in profiles:
            yield (
                f"{where}: has no effect with wind.profile {wind.profile.value}, "
                f"expected profile {' or '.join(profiles)}"
            )
        pad = re.fullmatch(r"pad_height_(\d)_m", _name(where))
        if pad and int(pad[1]) >= legs:
            yield f"{where}: the vehicle has {legs} legs, counted from 0"


def _branches_fit(failures: Any) -> Problems:
    total = sum(branch.probability for branch in failures.values())
    if total >= 1.0:
        yield f"failures: got probabilities that add to {total:g}, expected less than 1"
    for name, branch in failures.items():
        if branch.time_s is None:
            if name not in TIMELESS:
                yield f"failures.{name}.time_s: missing, expected a law: seconds after release"
        elif (soonest := float(branch.time_s.quantile(SMALLEST_UNIFORM))) < 0.0:
            yield f"failures.{name}.time_s: got times down to {soonest:.3g}, expected none below 0"


def _requirements_differ(requirements: Any) -> Problems:
    yield from _repeated("requirements", [requirement.name for requirement in requirements])


def _plans_can_pass(requirements: Any, runs: Any, sampling: Any) -> Problems:
    yield from plan_checks.problems(requirements, runs, sampling)


def _metrics_exist(requirements: Any, legs: Any) -> Problems:
    for number, requirement in enumerate(requirements):
        for place, condition in enumerate(requirement.holds):
            if leg_of(condition.metric or "") >= legs:
                yield (
                    f"requirements.{number}.holds.{place}.metric: got {condition.metric}, "
                    f"the vehicle has {legs} legs, counted from 0"
                )


def leg_of(metric: str) -> int:
    """The leg whose metric this is, -1 for a metric of no single leg."""
    found = re.fullmatch(r"(?:stroke|load)_(\d)_\w+", metric)
    return int(found[1]) if found else -1


def _repeated(where: str, names: list[str]) -> Problems:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{where}: got the name {name!r} {count} times, expected each name once"


_CHECKS: tuple[Callable[..., Problems], ...] = (
    _lifts_off,
    _can_descend,
    _tanks_hold_usable_propellant,
    _delays_are_kept,
    _pad_holds,
    _air_is_known,
    _wind_keys_act,
    _wind_blows,
    _members_are_there,
    _mission_lands,
    _mission_ends_in_time,
    _burns_brake,
    _software_flies,
    _draws_stay_physical,
    _draws_act,
    _branches_fit,
    _requirements_differ,
    _plans_can_pass,
    _metrics_exist,
)
