"""A campaign as plain frozen values: vehicle, site, mission, laws, failures, requirements.

The sections are generated from the models' records (records.py); names of dispersions, failures
and metrics are those of the models, in a file's spelling. `CampaignFile` is what a file holds,
`Campaign` the same with vehicle and winds read in: complete, so that a worker needs no file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, create_model, model_validator
from pydantic_core import core_schema

from models import structs, wind
from models.dispersion import DISPERSIONS
from models.metrics import Metrics
from models.outcomes import Initiator, Outcome
from pipeline.errors import BadInput
from pipeline.laws import Law, Number, Text
from pipeline.records import Strict, Tag, numbers, quantities, section
from pipeline.spelling import hint, in_file
from pipeline.winds import LAW_OF_WIND, WindTable

Count = Annotated[int, Field(ge=1, strict=True)]
Open = Annotated[Number, Field(gt=0, lt=1)]  # strictly between 0 and 1

CODES = ("outcome", "violations", "initiator")
"""Metrics that are codes, not measures."""
FAILURE_DRAWS = ("initiator", "failure_time_s", "failure_leg")
"""Dispersions that follow from the section `failures`."""

DISPERSION_NAMES = tuple(in_file(name) for name in DISPERSIONS if name not in FAILURE_DRAWS)
METRIC_NAMES = tuple(in_file(name) for name in Metrics._fields if name not in CODES)
INITIATOR_NAMES = tuple(member.name for member in Initiator if member is not Initiator.none)
OUTCOME_NAMES = tuple(member.name for member in Outcome)


@dataclass(frozen=True)
class OneOf:
    """Annotation of a text that must be one of the models' names; a wrong one gets a hint."""

    known: tuple[str, ...]
    what: str

    def check(self, name: str) -> str:
        """The name, if it is known."""
        if name not in self.known:
            raise ValueError(f"unknown {self.what} {name!r}{hint(name, self.known)}")
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.known)}


DispersionName = Annotated[str, OneOf(DISPERSION_NAMES, "parameter")]
MetricName = Annotated[str, OneOf(METRIC_NAMES, "metric")]
InitiatorName = Annotated[str, OneOf(INITIATOR_NAMES, "failure")]
OutcomeName = Annotated[str, OneOf(OUTCOME_NAMES, "outcome")]


# --- vehicle --------------------------------------------------------------------------------------

VEHICLE_RECORDS = {
    "mass": structs.Mass,
    "lox": structs.Tank,
    "fuel": structs.Tank,
    "engine": structs.Engine,
    "gimbal": structs.Gimbal,
    "thrusters": structs.Thrusters,
    "aero": structs.Aero,
    "landing_legs": structs.Legs,
    "imu": structs.Imu,
    "gnss": structs.Gnss,
    "altimeter": structs.Altimeter,
    "computer": structs.Computer,
    "gains": structs.Gains,
    "tuning": structs.Tuning,
}
"""Sections of a vehicle file, and the record each describes."""

_sections: dict[str, Any] = {n: section(quantities(r)) for n, r in VEHICLE_RECORDS.items()}
_VehicleSections: Any = create_model("_VehicleSections", __base__=Strict, **_sections)


class Vehicle(_VehicleSections):
    """A vehicle file: one section for each record of the vehicle, every value a quantity."""

    name: Text
    legs: Annotated[int, Field(ge=1, le=structs.MAX_LEGS, strict=True)]


# --- campaign -------------------------------------------------------------------------------------

WIND_PROFILES = {
    "power_law": wind.POWER_LAW,
    "log_law": wind.LOG_LAW,
    "linear": wind.LINEAR,
    "table": wind.TABLE,
}


class WindProfile(Strict):
    """How the mean wind changes with height, by name."""

    value: Literal["power_law", "log_law", "linear", "table"]
    tag: Tag
    source: Text

    def __float__(self) -> float:
        return float(WIND_PROFILES[self.value])


_wind_keys: Any = quantities(structs.Wind, profile=WindProfile)
_optional: Any = {
    key: (_wind_keys.model_fields[key].rebuild_annotation(), None) for key in LAW_OF_WIND
}
_WindKeys: Any = create_model("_WindKeys", __base__=_wind_keys, **_optional)


class WindInFile(_WindKeys):
    """Mean wind by a law or from a table, turbulence and one gust."""

    table: Text | None = None
    """Path of a CSV file, from this file's folder, of one profile or an ensemble (winds.py)."""


class Wind(_WindKeys):
    """The same with the table read."""

    table: Annotated[tuple[WindTable, ...], Field(min_length=1)] | None = None
    """The profiles, by member; the tag and source of `profile` are theirs."""


_PhaseNumbers: Any = numbers(structs.Phase, terminal=bool)
_CampaignSections: Any = create_model(
    "_CampaignSections",
    __base__=Strict,
    site=section(quantities(structs.Site)),
    limits=section(quantities(structs.Limits)),
    start=section(numbers(structs.Start)),
)


class MissionPhase(_PhaseNumbers):
    """A waypoint and how to go there; the last phase is `terminal` and runs into the ground."""

    name: Text
    terminal: Annotated[bool, Field(strict=True)] = False


class History(Strict):
    """Which runs keep their history, and how often they are sampled."""

    runs: Annotated[int, Field(ge=0, strict=True)] = 2000
    """The first so many runs."""
    every_ticks: Count = 25
    """Control ticks from one sample to the next."""


class Steps(Strict):
    """Integration steps per control tick."""

    flight: Count = 2
    contact: Count = 10


class Branch(Strict):
    """A failure that may be injected."""

    probability: Annotated[Number, Field(ge=0, lt=1)]
    tag: Tag
    source: Text
    time_s: Law | None = None
    """When it strikes, after release; legs, switches and the start need no time."""


class Condition(Strict):
    """One thing a requirement asks of a run: a bound on a metric, or an outcome."""

    metric: MetricName | None = None
    at_most: Number | None = None
    at_least: Number | None = None
    outcome: OutcomeName | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        bounds = [b for b in (self.at_most, self.at_least) if b is not None]
        if (self.metric is None) == (self.outcome is None) or (self.metric is None) == bool(bounds):
            given = self.model_dump(exclude_none=True)
            raise ValueError(
                f"got {given}, expected either metric with at_most or at_least, or outcome"
            )
        return self


class Requirement(Strict):
    """What must hold on a share of the runs, and how sure the gate must be of it."""

    name: Text
    probability: Open
    confidence: Open
    holds: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Published(Strict):
    """A published figure of a real flight, to be ranked among the runs; nothing is tuned to it."""

    metric: MetricName
    value: Number
    tag: Tag
    source: Text


def _names_a_file(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"got {name!r}, expected letters, digits, _ - and .: it names the store")
    return name


class _Plan(_CampaignSections):
    """All of a campaign but what stands in files of its own."""

    name: Annotated[str, AfterValidator(_names_a_file)]
    description: Text
    seed: Annotated[int, Field(ge=0, strict=True)]
    runs: Count
    history: History = History()
    mission: Annotated[tuple[MissionPhase, ...], Field(min_length=2)]
    steps: Steps = Steps()
    dispersions: dict[DispersionName, Law]
    failures: dict[InitiatorName, Branch]
    """In this order they share the unit interval; a branch added at the end moves no other."""
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1)]
    published: tuple[Published, ...] = ()


class CampaignFile(_Plan):
    """A campaign file."""

    wind: WindInFile
    vehicle: Text
    """Path of the vehicle file, from this file's folder, ./campaigns or the package's own."""


class Campaign(_Plan):
    """A campaign with everything in it."""

    wind: Wind
    vehicle: Vehicle
    runs_override: bool = False
    """Whether `runs` was given on the command line instead of in the file."""

    def with_runs(self, n_runs: int) -> Campaign:
        """The campaign with another number of runs, which it then records. BadInput below one."""
        if n_runs < 1:
            raise BadInput(f"--runs: got {n_runs}, expected >= 1")
        if n_runs == self.runs:
            return self
        return self.model_copy(update={"runs": n_runs, "runs_override": True})

    def canonical(self) -> str:
        """The campaign as JSON text; equal texts fly equal runs, its digest names the campaign."""
        return json.dumps(self.model_dump(mode="json", by_alias=True, exclude_none=True), indent=1)

    @classmethod
    def from_canonical(cls, text: str) -> Campaign:
        """The campaign whose `canonical` text this is."""
        return cls.model_validate(json.loads(text))
