"""Two synthetic designs to be compared."""

import numpy as np
import xarray as xr

from models.outcomes import Outcome
from pipeline.compare import Comparison, Terms, compare
from pipeline.fitness import Results
from pipeline.ruling import Ruling
from tests.pipeline.results import pedigree

VEHICLE = {"name": "Test stage", "legs": 4, "mass": {"dry_kg": {"value": 1.0, **pedigree("K")}}}
HEAVIER = {**VEHICLE, "mass": {"dry_kg": {"value": 2.0, **pedigree("K")}}}


def ending(runs: int, **ends: range) -> dict[str, np.ndarray]:
    """Outcomes: at rest but for the runs named."""
    outcome = np.zeros(runs, int)
    for name, where in ends.items():
        outcome[list(where)] = Outcome[name]
    return {"outcome": outcome}


def compared(baseline: xr.Dataset, candidate: xr.Dataset, **terms: object) -> Comparison:
    return compare(Results(baseline, "main.zarr"), Results(candidate, "new.zarr"), Terms(**terms))


def reasons(baseline: xr.Dataset, candidate: xr.Dataset, **terms: object) -> str:
    found = compared(baseline, candidate, **terms)
    assert found.ruling is Ruling.INVALID
    assert found.evidence is None
    return "; ".join(found.reasons)
