"""Reading a campaign: every mistake in its files at once, then plain frozen values.

A message names the file, the key, what was found and what was expected. What can be checked is
checked even where another section is wrong; nothing is flown, written or compiled for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import checks
from pipeline.campaign import VEHICLE_RECORDS, Campaign, CampaignFile, Vehicle
from pipeline.errors import BadInput
from pipeline.files import read_mapping, validated
from pipeline.laws import LAW_KEYS
from pipeline.measured import read_in
from pipeline.spelling import hint
from pipeline.winds import read_winds

__all__ = ["Campaign", "campaign_schema", "load_campaign"]

_PACKAGED = Path(__file__).resolve().parents[1] / "campaigns"  # installed beside this package
_FOLDERS = (Path("campaigns"), _PACKAGED)


def load_campaign(named: Path | str) -> Campaign:
    """The campaign in a file, with all files that it names. BadInput lists every mistake.

    named: a path, or a name in ./campaigns or among the package's own, with or without `.yaml`.
    """
    path = _find(named, str(named), "campaign", Path())
    given, problems = read_mapping(path)
    given, mistakes = read_in(given, path, partial(_find, first=path.parent, ending=".csv"))
    problems += mistakes
    sections, mistakes = validated(CampaignFile, given, LAW_KEYS)
    problems += [f"{path}: {mistake}" for mistake in mistakes]

    vehicle: dict[str, Any] = {}
    vehicle_path = path
    if isinstance(name := sections.get("vehicle"), str):
        try:
            vehicle_path = _find(name, f"{path}: vehicle", "vehicle", path.parent)
            vehicle, more = read_mapping(vehicle_path)
            changes = given.get("vehicle_changes")
            problems += [f"{path}: {mistake}" for mistake in _change(vehicle, changes)]
            parts, mistakes = validated(Vehicle, vehicle, LAW_KEYS)
            problems += more + [f"{vehicle_path}: {mistake}" for mistake in mistakes]
            sections |= {key: part for key, part in parts.items() if key != "name"}
        except BadInput as bad:
            problems += bad.problems

    if isinstance(name := getattr(sections.get("wind"), "table", None), str):
        try:
            winds = read_winds(_find(name, f"{path}: wind.table", "CSV", path.parent, ".csv"))
            sections["winds"] = winds
            given = {**given, "wind": {**given["wind"], "table": winds}}
        except BadInput as bad:
            problems += bad.problems

    for problem in checks.problems(sections):
        key = problem.partition(":")[0].partition(".")[0]
        file = vehicle_path if key in Vehicle.model_fields else path
        problems.append(f"{file}: {problem}")
    if problems:
        raise BadInput(problems)
    given.pop("vehicle_changes", None)
    return Campaign.model_validate({**given, "vehicle": vehicle})


def _change(vehicle: dict[str, Any], changes: Any) -> Iterator[str]:
    """Put a campaign's changes into what a vehicle file gave; what is no key of it is a mistake."""
    for key, quantity in (changes if isinstance(changes, dict) else {}).items():
        name, _, field = str(key).partition(".")
        section = vehicle.get(name)
        if name in VEHICLE_RECORDS and isinstance(section, dict) and field in section:
            section[field] = quantity
        else:
            known = [f"{n}.{f}" for n in VEHICLE_RECORDS for f in vehicle.get(n) or ()]
            yield f"vehicle_changes.{key}: not in the vehicle file{hint(str(key), known)}"


def campaign_schema() -> str:
    """JSON Schema of a campaign file, for editors."""
    return json.dumps(CampaignFile.model_json_schema(), indent=2)


def _find(named: Path | str, where: str, what: str, first: Path, ending: str = ".yaml") -> Path:
    """The file of that name in the first of the folders that has it. BadInput if none does."""
    names = [named] if Path(named).suffix else [named, f"{named}{ending}"]
    places = [folder / name for folder in (first, *_FOLDERS) for name in names]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(dict.fromkeys(str(place) for place in places))
    raise BadInput(f"{where}: found no file {looked}; expected a {what} file")
