"""The inputs of a store as candidates for drivers: which there are, and which were drawn together.

A control stands among them: a stream of random numbers like that of any parameter, never flown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtri

from models.outcomes import Initiator
from pipeline import sampling
from pipeline.drivers.values import CONTROL
from pipeline.kept import KeptCampaign
from pipeline.laws import Floats
from pipeline.sampling import Nested
from pipeline.spelling import in_file, inside, to_si
from pipeline.statistics.drivers import normal_scores

Rows = NDArray[np.intp]

MEMBER = "wind_member"  # one name among others, without an order
_FOLLOW_IT = ("wind_speed_mps", "wind_from_rad")
_TIME, _LEG = "failure_time_s", "failure_leg"  # act only where a failure is injected
_LEAST = 1e-12  # probability that a score stands for


class Sample(NamedTuple):
    """The inputs of some rows, each column read once."""

    rows: Rows  # ascending
    columns: dict[str, Floats]

    def at(self, name: str, rows: Rows) -> Floats:
        """Values `(row,)` of one input at some of the rows."""
        return self.columns[name][np.searchsorted(self.rows, rows)]


class Inputs(NamedTuple):
    """What was drawn in each run of a dataset."""

    dataset: xr.Dataset
    campaign: KeptCampaign
    run: Rows  # (row,) numbers of the runs

    @classmethod
    def of(cls, dataset: xr.Dataset, campaign: KeptCampaign) -> Inputs:
        """The inputs of a dataset from `open_store`."""
        return cls(dataset, campaign, np.asarray(dataset["run"]).astype(np.intp))

    def names(self, initiator: Initiator) -> tuple[str, ...]:
        """Inputs with an order that act in runs with that injected failure, the control last."""
        drawn = [
            str(name)
            for name, variable in self.dataset.data_vars.items()
            if variable.attrs.get("role") == "input" and name not in (MEMBER, _TIME, _LEG)
        ]
        branch = self.campaign.failures.get(initiator.name)
        timed = branch is not None and branch.time_s is not None
        return (*drawn, *([_TIME] if timed else []), CONTROL)

    def values(self, name: str) -> Floats:
        """Values `(row,)` of one input, in SI and radians."""
        if name != CONTROL:
            return np.asarray(self.dataset[name], float)
        stop = int(self.run.max(initial=-1)) + 1
        return sampling.uniforms(self.campaign.seed, CONTROL, 0, stop)[self.run]

    def sample(self, names: Iterable[str], rows: Rows) -> Sample:
        """Those inputs at those rows."""
        return Sample(rows, {name: self.values(name)[rows] for name in names})

    def part(self, name: str) -> Rows | None:
        """The part of the design `(row,)` whose runs share that input; None if each has its own."""
        design = self.campaign.sampling
        if not isinstance(design, Nested) or name == CONTROL:
            return None
        law = sampling.laws(self.campaign).get(in_file(name))
        of_group = law is None or law.known in design.outer  # without a law: it follows another
        if of_group or in_file(name) in sampling.mixed(self.campaign):
            return self.run // design.part_runs
        return None

    def scores(self, name: str, values: Floats) -> Floats:
        """Standard normal scores of values `(value,)` of one input, by its law where it has one."""
        law = self.campaign.dispersions.get(in_file(name))
        if law is None or law.points() is not None:
            return normal_scores(values)
        below = law.cdf(values / to_si(in_file(name), 1.0))
        return np.asarray(ndtri(np.clip(below, _LEAST, 1.0 - _LEAST)))

    def related(self, a: str, b: str) -> bool:
        """Whether two inputs were not drawn independently of each other."""
        named = {a, b}
        pairs = ({inside(pair.a), inside(pair.b)} for pair in self.campaign.correlations)
        rows = ({inside(c) for c in rows.columns} for rows in self.campaign.rows.values())
        follow = named <= set(_FOLLOW_IT) and MEMBER in self.dataset
        return follow or any(named <= one for one in (*pairs, *rows))
