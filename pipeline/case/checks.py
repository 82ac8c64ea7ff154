"""What must hold between the keys of a case for each of them to act.

As in pipeline.checks: a check takes the sections it needs and yields a message for each mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from math import hypot
from typing import Any

import numpy as np

from pipeline.case.file import Wave
from pipeline.checks import mistakes

Problems = Iterator[str]

# Which keys set the mean wind, by its profile; those of a profile that it cannot do without
_WIND = ("speed_mps", "from_deg")
_OVER_HEIGHT = (*_WIND, "reference_height_m", "veer_degpm")
_WIND_KEYS: dict[str, tuple[Collection[str], Collection[str]]] = {
    "none": ((), ()),
    "constant": (_WIND, _WIND),
    "linear": ((*_OVER_HEIGHT, "shear_per_s"), (*_WIND, "shear_per_s", "reference_height_m")),
    "power_law": ((*_OVER_HEIGHT, "exponent"), (*_WIND, "exponent", "reference_height_m")),
    "log_law": ((*_OVER_HEIGHT, "roughness_m"), (*_WIND, "roughness_m", "reference_height_m")),
    "table": (("table",), ("table",)),
}
_UNIT_WITHIN = 1e-6  # of a quaternion typed by hand


def problems(sections: Mapping[str, Any]) -> list[str]:
    """Every mistake that the checks find in the sections given."""
    return mistakes(_CHECKS, sections)


def _inertia_is_a_body_s(mass: Any) -> Problems:
    ixy, ixz, iyz = (-(value or 0.0) for value in (mass.ixy_kgm2, mass.ixz_kgm2, mass.iyz_kgm2))
    tensor = [[mass.ixx_kgm2, ixy, ixz], [ixy, mass.iyy_kgm2, iyz], [ixz, iyz, mass.izz_kgm2]]
    least = float(np.linalg.eigvalsh(np.array(tensor))[0])
    if least <= 0.0:
        yield (
            f"mass: got products of inertia that leave a principal moment of {least:.3g} kg m2, "
            "expected all three > 0"
        )


def _attitude_is_one(start: Any) -> Problems:
    turns = [k for k in ("turn_z_deg", "turn_y_deg", "turn_x_deg") if getattr(start, k) is not None]
    if start.q_body_to_enu is None:
        return
    if turns:
        yield f"start.{turns[0]}: expected either q_body_to_enu or turns, got both"
    size = hypot(*start.q_body_to_enu)
    if abs(size - 1.0) > _UNIT_WITHIN:
        yield f"start.q_body_to_enu: got a length of {size:.9g}, expected 1"


def _starts_above_ground(start: Any, legs: Any) -> Problems:
    height = start.up_m or 0.0
    if legs is None and height <= 0.0:
        yield (
            f"start.up_m: got {height:g}, expected > 0: a body without legs ends where its base "
            "centre meets the ground"
        )


def _site_keys_act(site: Any) -> Problems:
    air, gravity = site.air or "us76", site.gravity_model or "constant"
    if site.density_kgpm3 is not None and air != "uniform":
        yield f"site.density_kgpm3: has no effect with site.air {air}, expected air uniform"
    if site.gravity_mps2 is not None and gravity != "constant":
        yield "site.gravity_mps2: has no effect with site.gravity_model effective"
    if site.latitude_deg is not None and gravity != "effective":
        yield "site.latitude_deg: has no effect, expected site.gravity_model effective with it"


def _wind_keys_act(wind: Any) -> Problems:
    profile = wind.profile or "none"
    allowed, needed = _WIND_KEYS[profile]
    every = dict.fromkeys(key for keys, _ in _WIND_KEYS.values() for key in keys)
    for key in every:
        given = getattr(wind, key) is not None
        if given and key not in allowed:
            yield f"wind.{key}: has no effect with wind.profile {profile}"
        if not given and key in needed:
            yield f"wind.{key}: missing, expected a value with wind.profile {profile}"
    if wind.table is not None:
        yield from _is_table("wind.table", wind.table, "height_m")


def _engine_has_what_it_needs(engine: Any, program: Any, lox: Any, fuel: Any) -> Problems:
    column = program.table.throttle if program.table else None
    if engine.thrust_vac_n is None and (program.throttle != Wave() or column):
        yield "engine.thrust_vac_n: missing, expected a value where program.throttle is given"
    if engine.isp_vac_s is not None and fuel is None:
        yield "fuel: missing, expected a tank from which engine.isp_vac_s is burnt"
    if engine.isp_vac_s is not None and lox is not None and engine.mixture_ratio is None:
        yield "engine.mixture_ratio: missing, expected a value where lox and fuel are burnt"
    if engine.mixture_ratio and lox is None:
        yield "lox: missing, expected a tank where engine.mixture_ratio is given"


def _actuator_keys_act(engine: Any, gimbal: Any, program: Any) -> Problems:
    if gimbal.natural_frequency_radps is None:
        for key in ("damping_ratio", "rate_dps", "backlash_deg"):
            if getattr(gimbal, key) is not None:
                yield f"gimbal.{key}: has no effect without gimbal.natural_frequency_radps"
    if engine.slew_per_s is not None and not engine.lag_s:
        yield "engine.slew_per_s: has no effect without engine.lag_s"
    wave, column = program.throttle, program.table.throttle if program.table else None
    least = wave.mean - abs(wave.amplitude) + (min(column) if column else 0.0)
    if least < 0.0:
        yield f"program.throttle: got values down to {least:.3g}, expected none below 0"


def _thrusters_have_what_they_need(thrusters: Any, program: Any) -> Problems:
    column = program.table.roll if program.table else None
    if program.roll != Wave() or column:
        for key in ("force_n", "arm_m"):
            if getattr(thrusters, key) is None:
                yield f"thrusters.{key}: missing, expected a value where program.roll is given"


def _program_is_a_table(program: Any) -> Problems:
    if program.table is not None:
        yield from _is_table("program.table", program.table, "time_s")


def _each_pad_has_its_ground(legs: Any) -> Problems:
    if legs is not None and legs.pad_heights_m and len(legs.pad_heights_m) != legs.count:
        yield f"legs.pad_heights_m: got {len(legs.pad_heights_m)}, expected {legs.count}, one a leg"


def _is_table(where: str, table: Any, first: str) -> Problems:
    rows = getattr(table, first)
    if not np.all(np.diff(rows) > 0.0):
        yield f"{where}.{first}: got values that do not rise, expected each above the last"
    for key in type(table).model_fields:
        column = getattr(table, key)
        if column is not None and len(column) != len(rows):
            yield f"{where}.{key}: got {len(column)} values, expected {len(rows)} as in {first}"


_CHECKS: tuple[Callable[..., Problems], ...] = (
    _inertia_is_a_body_s,
    _attitude_is_one,
    _starts_above_ground,
    _site_keys_act,
    _wind_keys_act,
    _engine_has_what_it_needs,
    _actuator_keys_act,
    _thrusters_have_what_they_need,
    _program_is_a_table,
    _each_pad_has_its_ground,
)
