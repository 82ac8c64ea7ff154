"""A campaign as results are judged by: the parts of it that a store keeps and that a reader needs.

Mission and vehicle are not read, so that a store flown by another version of the models can still
be summed up, judged and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.asked import AnyRequirement
from pipeline.campaign import Branch, Published
from pipeline.errors import BadInput, problems_of
from pipeline.laws import Law
from pipeline.sampling import Correlation, Design, Independent, Rows


class _Part(BaseModel):
    """Frozen; keys that nobody here needs are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Quantity(_Part):
    value: float


class _Site(_Part):
    pad_radius_m: _Quantity


class _Vehicle(_Part):
    name: str
    legs: int


class KeptCampaign(_Part):
    """What was asked of the runs of a store."""

    name: str
    description: str
    seed: int
    runs: int
    runs_override: bool = False
    site: _Site
    vehicle: _Vehicle
    sampling: Design = Independent()
    dispersions: Mapping[str, Law]  # by the name in the file, degrees
    correlations: tuple[Correlation, ...] = ()
    rows: Mapping[str, Rows] = {}
    failures: Mapping[str, Branch]
    requirements: tuple[AnyRequirement, ...]
    newly_broken_at_most: float | None = None
    published: tuple[Published, ...] = ()

    @property
    def pad_radius_m(self) -> float:
        return self.site.pad_radius_m.value

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> KeptCampaign:
        """The campaign in the attributes of a store. BadInput if it is of another version."""
        try:
            return cls.model_validate_json(attributes["campaign"])
        except ValidationError as error:
            version = attributes.get("hoverslam_version", "unknown")
            raise BadInput(
                [f"the store's campaign, of hoverslam {version}, cannot be read:"]
                + [f"  {problem}" for problem in problems_of(error)]
            ) from error
