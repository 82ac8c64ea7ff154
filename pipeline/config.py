"""Reading a campaign: every mistake in its files at once, then plain frozen values.

A message names the file, the key, what was found and what was expected. What can be checked is
checked even where another section is wrong; nothing is flown, written or compiled for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline import checks
from pipeline.campaign import Campaign, CampaignFile, Vehicle
from pipeline.errors import BadInput, problems_of
from pipeline.laws import LAW_KEYS

__all__ = ["Campaign", "campaign_schema", "load_campaign"]

_PACKAGED = Path(__file__).resolve().parents[1] / "campaigns"  # installed beside this package
_FOLDERS = (Path("campaigns"), _PACKAGED)


def load_campaign(named: Path | str) -> Campaign:
    """The campaign in a file, with the vehicle that it names. BadInput lists every mistake.

    named: a path, or a name in ./campaigns or among the package's own, with or without `.yaml`.
    """
    path = _find(named, Path(), "campaign", str(named))
    given, problems = _read_mapping(path)
    sections, mistakes = _validated(CampaignFile, given)
    problems += [f"{path}: {mistake}" for mistake in mistakes]

    vehicle: dict[str, Any] = {}
    vehicle_path = path
    if isinstance(name := sections.get("vehicle"), str):
        try:
            vehicle_path = _find(name, path.parent, "vehicle", f"{path}: vehicle")
            vehicle, more = _read_mapping(vehicle_path)
            parts, mistakes = _validated(Vehicle, vehicle)
            problems += more + [f"{vehicle_path}: {mistake}" for mistake in mistakes]
            sections |= {key: part for key, part in parts.items() if key != "name"}
        except BadInput as bad:
            problems += bad.problems

    for problem in checks.problems(sections):
        key = problem.partition(":")[0].partition(".")[0]
        file = vehicle_path if key in Vehicle.model_fields else path
        problems.append(f"{file}: {problem}")
    if problems:
        raise BadInput(problems)
    return Campaign.model_validate({**given, "vehicle": vehicle})


def campaign_schema() -> str:
    """JSON Schema of a campaign file, for editors."""
    return json.dumps(CampaignFile.model_json_schema(), indent=2)


def _find(named: Path | str, first: Path, what: str, where: str) -> Path:
    """The file of that name in the first of the folders that has it. BadInput if none does."""
    names = [named] if Path(named).suffix else [named, f"{named}.yaml"]
    places = [folder / name for folder in (first, *_FOLDERS) for name in names]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(dict.fromkeys(str(place) for place in places))
    raise BadInput(f"{where}: found no file {looked}; expected a {what} file")


# --- validation -----------------------------------------------------------------------------------


def _validated(model: type[BaseModel], given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The sections of a file that are sound, and the mistakes in the others."""
    try:
        whole = model.model_validate(given)
        return {name: getattr(whole, name) for name in model.model_fields}, []
    except ValidationError as error:
        mistakes = [line.replace(".[key]:", ":") for line in problems_of(error, LAW_KEYS)]
    sections = {}
    for name, field in model.model_fields.items():
        try:
            value = given.get(name, field.get_default(call_default_factory=True))
            sections[name] = TypeAdapter(field.rebuild_annotation()).validate_python(value)
        except ValidationError:
            continue
    return sections, mistakes


# --- YAML -----------------------------------------------------------------------------------------


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where it is


class _Loader(_SafeLoader):
    """YAML's safe subset; a key given twice is a mistake instead of a silent override."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self.repeated: list[str] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        for key in (key for key in keys if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if key.value in lines:
                self.repeated.append(
                    f"{key.value}: given twice, in lines {lines[key.value]} and {line}, "
                    "expected once"
                )
            lines[key.value] = line
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.add_implicit_resolver(  # 1e-3 is a number to YAML 1.2 and to people, a text to YAML 1.1
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _read_mapping(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The keys and values of a YAML file, and its keys given twice. BadInput if it is not one."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"{path}: not YAML: {_flat(error)}") from error
    try:
        given = loader.get_single_data()
    except yaml.YAMLError as error:
        raise BadInput(f"{path}: not YAML: {_flat(error)}") from error
    finally:
        loader.dispose()
    if not isinstance(given, dict):
        raise BadInput(f"{path}: got {_kind(given)}, expected keys and values")
    return given, [f"{path}: {repeated}" for repeated in loader.repeated]


def _flat(error: Exception) -> str:
    """An error's message on one line."""
    return " ".join(str(error).split())


def _kind(value: Any) -> str:
    if value is None:
        return "an empty file"
    return "a list" if isinstance(value, Iterable) and not isinstance(value, str) else repr(value)
