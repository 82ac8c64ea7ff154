"""Causes of failure pass by the runs that were launched.

A scrubbed run did not end in any way in flight. It stands in no cause, and speaks for the design
no more than against it: a cause passes only where the launched runs alone would show it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from models.outcomes import Outcome
from pipeline.asked import CauseRequirement, Requirement
from pipeline.plans import Finding
from pipeline.requirements import outcomes
from pipeline.statistics.binomial import runs_needed
from pipeline.words import count


def too_few_launched(dataset: xr.Dataset, asked: Requirement, found: Finding) -> tuple[str, ...]:
    """Why a requirement that passes by its plan is undecided all the same; empty if it is not."""
    if not isinstance(asked, CauseRequirement) or asked.outcome == Outcome.scrubbed.name:
        return ()
    judged = outcomes(dataset.sortby("run"))[: found.runs]
    launched = int(np.count_nonzero(judged != Outcome.scrubbed))
    needed = runs_needed(asked.probability, asked.confidence, found.failures)
    if launched >= needed:
        return ()
    return (
        f"undecided: {count(launched)} of {count(found.runs)} runs were launched, and a scrubbed "
        f"run says nothing of a cause; it takes {count(needed)} launched to pass with "
        f"{count(found.failures)} failures",
    )
