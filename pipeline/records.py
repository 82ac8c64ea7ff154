"""The models' records as sections of a file: pydantic models generated from them, and the way back.

A record of `models.structs` is a NamedTuple of floats; its section in a file has the same fields,
spelt as files do (`_deg` for `_rad`). Nothing is listed twice: a field added to a record is a key
of its section. Fields with a default may be left out, all others are required.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import InitErrorDetails

from pipeline.laws import Number, Positive, Text
from pipeline.spelling import hint, in_file, near, to_si

Tag = Literal["P", "P2", "D", "K", "E"]
NotNegative = Annotated[Number, Field(ge=0)]

# Positions and directions have a sign; all else a section requires is a size.
_SIGNED = re.compile(r"(^|_)(x|y|z|east|north|up|elevation)_m$|_deg$|_degpm$")
# What the physics divides by, or cannot move without: zero would spoil every run.
_POSITIVE = frozenset(
    {
        "dry_kg", "ixx_kgm2", "iyy_kgm2", "izz_kgm2", "density_kgpm3", "radius_m", "isp_vac_s",
        "thrust_vac_n", "exit_radius_m", "grip_stiffness_npm", "foot_radius_m", "arm_m", "force_n",
        "reference_height_m", "roughness_m", "gust_thickness_m", "airspeed_floor_mps",
        "pad_radius_m", "acceleration_mps2",
    }
)  # fmt: skip


class Strict(BaseModel):
    """Frozen; an unknown key is a mistake, and the message names the keys it may have been."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _hint_at_keys(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(error.title, _hinted(cls, error)) from None


def _hinted(model: type[BaseModel], error: ValidationError) -> list[InitErrorDetails]:
    """The mistakes of one model, with its own unknown keys explained.

    A misspelt key is not also reported as missing.
    """
    known = list(model.model_fields)
    meant: set[tuple[Any, ...]] = set()
    mistakes = []
    for mistake in error.errors(include_url=False):
        kind, where, context = mistake["type"], mistake["loc"], mistake.get("ctx", {})
        if kind == "extra_forbidden" and len(where) == 1:
            name = str(where[0])
            meant.update((candidate,) for candidate in near(name, known)[:1])
            kind, context = "value_error", {"error": f"unknown key{hint(name, known)}"}
        mistakes.append(InitErrorDetails(type=kind, loc=where, input=mistake["input"], ctx=context))
    return [m for m in mistakes if not _follows(m, mistakes, meant)]


def _follows(mistake: Any, others: list[Any], meant: set[tuple[Any, ...]]) -> bool:
    """Whether a mistake only follows from another: a misspelt key is missing, a list that lost
    a wrong item is short."""
    where = mistake["loc"]
    if mistake["type"] == "too_short":
        return any(len(o["loc"]) > len(where) and o["loc"][: len(where)] == where for o in others)
    return mistake["type"] == "missing" and where in meant


class Quantity(Strict):
    """A number with its pedigree."""

    value: Number
    tag: Tag
    """Published, second-hand, derived, general knowledge, or estimate."""
    source: Text
    """Where the number comes from, or why it was estimated so."""

    @model_validator(mode="before")
    @classmethod
    def _is_complete(cls, given: Any) -> Any:
        if not isinstance(given, dict | BaseModel):
            raise ValueError(f"got {given!r}, expected {{value: ..., tag: ..., source: ...}}")
        return given

    def __float__(self) -> float:
        return self.value


class Size(Quantity):
    """A quantity that is not negative."""

    value: NotNegative


class PositiveSize(Quantity):
    """A quantity above zero."""

    value: Positive


def may_be_negative(struct: Any, field: str) -> bool:
    """Whether a field of a record has a meaning below zero."""
    return field in struct._field_defaults or bool(_SIGNED.search(in_file(field)))


def quantities(struct: Any, **words: Any) -> Any:
    """Model of a section whose every key is a quantity. words: fields of another type."""
    return _section(struct, (Quantity, Size, PositiveSize), words)


def numbers(struct: Any, **words: Any) -> Any:
    """Model of a section whose every key is a plain number. words: fields of another type."""
    return _section(struct, (Number, NotNegative, Positive), words)


class _Generated(Strict):
    """Base of the models made here: they have no source that pydantic would look for."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _section(struct: Any, kinds: tuple[Any, Any, Any], words: Mapping[str, Any]) -> Any:
    signed, size, positive = kinds
    fields: dict[str, Any] = {}
    for field in struct._fields:
        kind = signed if may_be_negative(struct, field) else size
        kind = words.get(field, positive if field in _POSITIVE else kind)
        # None stands for "left out" and is never validated: an empty key is a mistake
        default = None if field in struct._field_defaults else ...
        fields[in_file(field)] = (kind, default)
    return create_model(struct.__name__, __base__=_Generated, **fields)


def section(model: Any) -> tuple[Any, Any]:
    """A model as a field of a larger one; it may be left out if all its own fields may."""
    optional = all(not field.is_required() for field in model.model_fields.values())
    return model, (model() if optional else ...)


Record = TypeVar("Record")


def record(struct: type[Record], section: Any) -> Record:
    """The record that a section describes: floats in SI and radians, defaults where left out."""
    kind: Any = struct
    given = {field: getattr(section, in_file(field), None) for field in kind._fields}
    values = {
        field: to_si(in_file(field), float(found))
        for field, found in given.items()
        if found is not None
    }
    made: Record = kind(**values)
    return made
