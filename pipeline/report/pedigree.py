"""Where the campaign's values come from: how many are published, how many are estimates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

TAGS = {
    "P": "published",
    "P2": "second-hand",
    "D": "derived",
    "K": "general knowledge",
    "E": "estimate",
}
CLASSES = {
    "assembly": "known at assembly",
    "day": "known on the day",
    "flight": "unknown in flight",
}


class Pedigree(NamedTuple):
    """How many values of one part of the campaign carry each tag."""

    part: str
    by_tag: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_tag.values())


def pedigrees(campaign_json: str) -> tuple[Pedigree, ...]:
    """Tags counted by part of the canonical campaign, the sum last; flight figures left out."""
    campaign = json.loads(campaign_json)
    parts = {
        name: Counter(_tags(section))
        for name, section in campaign.items()
        if isinstance(section, dict | list) and name != "published"
    }
    found = [_pedigree(name, tags) for name, tags in parts.items() if tags]
    everything: Counter[str] = sum(parts.values(), Counter())
    return (*found, _pedigree("all", everything))


def classes(campaign_json: str) -> dict[str, int]:
    """Dispersed parameters by class of uncertainty, failure times included."""
    campaign = json.loads(campaign_json)
    counted = Counter(_values(campaign, "class"))
    return {name: counted[name] for name in CLASSES}


def _pedigree(part: str, tags: Counter[str]) -> Pedigree:
    return Pedigree(part, {tag: tags[tag] for tag in TAGS})


def _tags(value: Any) -> Iterator[str]:
    return _values(value, "tag")


def _values(value: Any, key: str) -> Iterator[str]:
    """Every value of a key anywhere below."""
    if isinstance(value, dict):
        if isinstance(value.get(key), str):
            yield value[key]
        for part in value.values():
            yield from _values(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part, key)
