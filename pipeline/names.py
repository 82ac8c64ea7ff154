"""What files may name: parameters, metrics, failures and outcomes of the models.

Spelt as files spell them (`_deg` for `_rad`); nothing is listed twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic_core import core_schema

from models.dispersion import DISPERSIONS
from models.metrics import Metrics
from models.outcomes import Initiator, Outcome
from pipeline.spelling import hint, in_file

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
