"""A campaign as plain frozen values: vehicle, site, mission, laws, failures, requirements.

The sections are generated from the models' records (records.py); names of dispersions, failures
and metrics are those of the models, in a file's spelling. `CampaignFile` is what a file holds,
`Campaign` the same with all other files read in: complete, so that a worker needs none.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from models import structs, wind
from pipeline.asked import AnyRequirement, Count, Open
from pipeline.errors import BadInput
from pipeline.laws import Law, Number, Text
from pipeline.names import DispersionName, InitiatorName, MetricName
from pipeline.records import Quantity, Strict, Tag, numbers, quantities, section
from pipeline.sampling import Correlation, Design, Independent, Rows
from pipeline.winds import LAW_OF_WIND, WindTable

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


_PhaseNumbers: Any = numbers(structs.Phase, terminal=bool, burn=bool)
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
    burn: Annotated[bool, Field(strict=True)] = False
    """A landing burn: falls unpowered, then brakes at `acceleration_mps2` to the waypoint."""


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


class Published(Strict):
    """A published figure of a real flight, to be ranked among the runs; nothing is tuned to it."""

    metric: MetricName
    value: Number
    tag: Tag
    source: Text


class ParameterRows(Rows):
    """Rows of a CSV file whose columns are parameters."""

    columns: Annotated[tuple[DispersionName, ...], Field(min_length=1)]


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
    mission: Annotated[tuple[MissionPhase, ...], Field(min_length=1)]
    steps: Steps = Steps()
    sampling: Design = Independent()
    dispersions: dict[DispersionName, Law]
    correlations: tuple[Correlation, ...] = ()
    """Rank correlations of dispersions; pairs not named have none."""
    rows: dict[Text, ParameterRows] = {}
    """Parameters drawn together, from rows of a file; they stand in no dispersion."""
    failures: dict[InitiatorName, Branch]
    """In this order they share the unit interval; a branch added at the end moves no other."""
    requirements: Annotated[tuple[AnyRequirement, ...], Field(min_length=1)]
    newly_broken_at_most: Open | None = None
    """Share of the runs that a candidate may break which its baseline lands: the gate's margin."""
    published: tuple[Published, ...] = ()


class CampaignFile(_Plan):
    """A campaign file."""

    wind: WindInFile
    vehicle: Text
    """Path of the vehicle file, from this file's folder, ./campaigns or the package's own."""
    vehicle_changes: dict[str, Quantity] = {}
    """Values that replace the vehicle file's, by `section.key`: a design change, or a variant."""


class Campaign(_Plan):
    """A campaign with everything in it."""

    wind: Wind
    vehicle: Vehicle
    runs_override: bool = False
    """Whether `runs` was given on the command line instead of in the file."""

    def with_runs(self, n_runs: int) -> Campaign:
        """The campaign with another number of runs, which it then records.

        BadInput below one, and where its design has no such number.
        """
        problem = "expected >= 1" if n_runs < 1 else self.sampling.problem(n_runs)
        if problem:
            raise BadInput(f"--runs: {problem if n_runs > 0 else f'got {n_runs}, {problem}'}")
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
