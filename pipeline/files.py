"""Reading a YAML file into a frozen model, with every mistake in it at once."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.errors import BadInput, problems_of

# --- validation -----------------------------------------------------------------------------------


def validated(
    model: type[BaseModel], given: dict[str, Any], known_keys: Iterable[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The sections of a file that are sound, and the mistakes in the others.

    known_keys: names to suggest from where a key is unknown.
    """
    try:
        whole = model.model_validate(given)
        return {name: getattr(whole, name) for name in model.model_fields}, []
    except ValidationError as error:
        mistakes = [line.replace(".[key]:", ":") for line in problems_of(error, known_keys)]
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


def read_mapping(path: Path) -> tuple[dict[str, Any], list[str]]:
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
