"""The reference campaign as dictionaries, to be spoilt by tests and written to a folder."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import Campaign, load_campaign
from pipeline.errors import BadInput, ExitCode

ROOT = Path(__file__).resolve().parents[2] / "campaigns"
CAMPAIGN = ROOT / "hop_178m.yaml"
VEHICLE = ROOT / "vehicles" / "hyperbola_2y.yaml"

Edit = Callable[[dict[str, Any], dict[str, Any]], Any]


def write(folder: Path, *edits: Edit) -> Path:
    """The reference campaign and vehicle after edits(campaign, vehicle), as files in `folder`."""
    campaign, vehicle = json.loads(_reference())
    campaign["vehicle"] = "vehicle.yaml"
    for edit in edits:
        edit(campaign, vehicle)
    (folder / "vehicle.yaml").write_text(_as_yaml(vehicle))
    path = folder / "campaign.yaml"
    path.write_text(_as_yaml(campaign))
    return path


@cache
def _reference() -> str:
    """Reference campaign and vehicle, read once; as text, so that no test can spoil them."""
    return json.dumps([yaml.safe_load(p.read_text(encoding="utf-8")) for p in (CAMPAIGN, VEHICLE)])


def _as_yaml(section: dict[str, Any]) -> str:
    """A file of the section, one key a line; JSON is YAML, and quick to write."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in section.items())


def edited(folder: Path, *edits: Edit) -> Campaign:
    """The reference campaign after edits, loaded."""
    return load_campaign(write(folder, *edits))


def problems(folder: Path, *edits: Edit) -> list[str]:
    """What is said of the spoilt campaign, files named without the folder."""
    with pytest.raises(BadInput) as caught:
        load_campaign(write(folder, *edits))
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def put(where: str, value: Any) -> Edit:
    """Set a key: `vehicle.engine.throttle_min.value`, `campaign.mission.0.up_m`."""

    def edit(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        section, key = _place(where, campaign, vehicle)
        section[key] = value

    return edit


def rename(where: str, name: str) -> Edit:
    """Call a key by another name."""

    def edit(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        section, key = _place(where, campaign, vehicle)
        section[name] = section.pop(key)

    return edit


def drop(where: str) -> Edit:
    """Leave a key out."""

    def edit(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        section, key = _place(where, campaign, vehicle)
        del section[key]

    return edit


def _place(where: str, campaign: dict[str, Any], vehicle: dict[str, Any]) -> tuple[Any, Any]:
    """The section that holds a key, and the key; places in a list are numbers."""
    file, *path = (int(key) if key.isdigit() else key for key in where.split("."))
    section: Any = vehicle if file == "vehicle" else campaign
    for key in path[:-1]:
        section = section[key]
    return section, path[-1]
