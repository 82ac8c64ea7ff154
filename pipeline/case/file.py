"""A case file: one flight of an arbitrary body, given value by value.

Its sections are the kernel's records, spelt as in campaign and vehicle files; what is left out is
neutral (build.py). The actuators follow the section `program`; no flight software flies.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from models import structs
from pipeline.campaign import Steps
from pipeline.laws import Number, Positive, Text
from pipeline.records import Strict, numbers
from pipeline.spelling import in_file
from pipeline.winds import Column, WindTable

LONGEST_S = 1800.0  # 90,000 rows of history in each of the kernel's lanes: 400 MB


def _section(
    struct: Any, required: str = "", without: str = "", more: Any = None, **words: Any
) -> Any:
    """Section of a record with every key optional but the required ones.

    without: fields that have no say in a case; more: keys beside the record's; words: fields of
    another type than a number.
    """
    keys: dict[str, Any] = dict(more or {})
    hidden = {in_file(field) for field in without.split()}
    for key, field in numbers(struct, **words).model_fields.items():
        if key not in hidden:
            default = ... if key in required.split() else None
            keys[key] = (field.rebuild_annotation(), default)
    return create_model(struct.__name__, __base__=Strict, __doc__=struct.__doc__, **keys)


# --- open-loop program ----------------------------------------------------------------------------


class Wave(Strict):
    """mean + amplitude sin(frequency t + phase), in the unit of the command."""

    mean: Number = 0.0
    amplitude: Number = 0.0
    frequency_radps: Number = 0.0
    phase_deg: Number = 0.0


def _constant(given: Any) -> Any:
    """A plain number is a constant command."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return {"mean": given} if is_number else given


Command = Annotated[Wave, BeforeValidator(_constant, json_schema_input_type=Number | Wave)]


class ProgramTable(Strict):
    """Commands over time, linear between rows and held beyond them; a column left out is zero.

    Kinks should fall on control ticks, every 0.02 s: within a tick a command is a parabola.
    """

    time_s: Annotated[Column, Field(min_length=2)]
    throttle: Column | None = None
    gimbal_x_deg: Column | None = None
    gimbal_y_deg: Column | None = None
    roll: Column | None = None


class Program(Strict):
    """What the actuators are told: for each command a wave and the table's column, added."""

    throttle: Command = Wave()
    """Share of engine.thrust_vac_n."""
    gimbal_x_deg: Command = Wave()
    """Turn of the nozzle about body x; thrust along (sin y cos x, -sin x, cos x cos y)."""
    gimbal_y_deg: Command = Wave()
    """Turn of the nozzle about body y."""
    roll: Command = Wave()
    """Share of the thrusters' couple 2 force_n arm_m about body z."""
    table: ProgramTable | None = None


# --- sections -------------------------------------------------------------------------------------


_ATTITUDE: dict[str, Any] = {
    "q_body_to_enu": (Annotated[tuple[Number, Number, Number, Number], Field()], None),
    # Or: turns of an upright body about its own z, then its own y, then its own x
    "turn_z_deg": (Number, None),
    "turn_y_deg": (Number, None),
    "turn_x_deg": (Number, None),
}
_PADS: dict[str, Any] = {
    "count": (Annotated[int, Field(ge=1, le=structs.MAX_LEGS, strict=True)], ...),
    "pad_heights_m": (tuple[Number, ...], None),  # of the ground under each pad
}
_Site = _section(
    structs.Site,
    without="pad_radius_m",
    air=Literal["us76", "vacuum", "uniform"],
    gravity_model=Literal["constant", "effective"],
)
_Wind = _section(
    structs.Wind,
    without="member",
    more={"table": (WindTable, None)},
    profile=Literal["none", "constant", "linear", "power_law", "log_law", "table"],
)
_Mass = _section(structs.Mass, required="dry_kg ixx_kgm2 iyy_kgm2 izz_kgm2")
_Tank = _section(structs.Tank, required="load_kg density_kgpm3 radius_m bottom_z_m")
_Engine = _section(
    structs.Engine,
    without="throttle_min throttle_quantum throttle_scale dead_time_s start_slew_per_s tailoff_s",
)
_Gimbal = _section(structs.Gimbal, without="null_x_rad null_y_rad")
_Thrusters = _section(structs.Thrusters, without="delay_s min_pulse_s")
_Aero = _section(structs.Aero)
_Legs = _section(
    structs.Legs,
    required="foot_radius_m stiffness_npm",
    without="switch_load_n switch_delay_s",
    more=_PADS,
)
_Start = _section(structs.Start, without="q0 q1 q2 q3 held open_loop", more=_ATTITUDE)

_Sections: Any = create_model(
    "_Sections",
    __base__=Strict,
    site=(_Site, _Site()),
    wind=(_Wind, _Wind()),
    mass=(_Mass, ...),
    lox=(_Tank | None, None),
    fuel=(_Tank | None, None),
    engine=(_Engine, _Engine()),
    gimbal=(_Gimbal, _Gimbal()),
    thrusters=(_Thrusters, _Thrusters()),
    aero=(_Aero, _Aero()),
    legs=(_Legs | None, None),
    start=(_Start, _Start()),
)


class FlyCase(_Sections):
    """A case file: required are its duration, the mass and the inertia."""

    name: Text = "case"
    description: Text | None = None
    duration_s: Annotated[Positive, Field(le=LONGEST_S)]
    """Flown to the first control tick, every 0.02 s, at or after this."""
    steps: Steps = Steps()
    seed: Annotated[int, Field(ge=0, lt=2**64, strict=True)] = 0
    """Of turbulence, where wind.w20_mps asks for any."""
    program: Program = Program()

    def canonical(self) -> str:
        """The case as JSON text that loads again."""
        return json.dumps(self.model_dump(mode="json", by_alias=True, exclude_none=True), indent=1)


def case_schema() -> str:
    """JSON Schema of a case file, for editors."""
    return json.dumps(FlyCase.model_json_schema(), indent=2)
