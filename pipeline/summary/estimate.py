"""Which interval goes with which design: the one place that decides.

Independent runs have exact intervals. Proportional strata have that of their stratified variance,
and exact ones, conservatively, where a limit is wanted or failures are few. Latin hypercubes, Sobol
sets and nested groups have intervals over replicates or groups, or none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.kept import KeptCampaign
from pipeline.requirements import Mask
from pipeline.sampling import LatinHypercube, Nested, Strata
from pipeline.statistics import binomial, nested, order, replicates, strata
from pipeline.statistics.binomial import Proportion
from pipeline.statistics.nested import Spread
from pipeline.statistics.order import Floats, Percentile, Side, Tolerance
from pipeline.statistics.replicates import Parts

Indices = NDArray[np.intp]

OUTER_FRACTIONS = (0.05, 0.10, 0.50, 0.90, 0.95)
_GROUPS = "groups"


class Estimator(NamedTuple):
    """How shares and percentiles of a campaign's runs are bounded."""

    parts: Parts | None = None  # where runs hang together: what is independent
    stratum: Indices | None = None  # (run,) where there are strata

    @classmethod
    def of(cls, campaign: KeptCampaign, runs: Indices) -> Estimator:
        """The estimator for runs `(run,)` of that campaign, by their numbers."""
        design = campaign.sampling
        if isinstance(design, Strata):
            return cls(stratum=design.stratum(campaign.seed, runs))
        if design.no_gate:
            what = _GROUPS if isinstance(design, Nested) else "replicates"
            is_even = isinstance(design, LatinHypercube)
            return cls(Parts(runs // design.part_runs, design.fewest_parts, what, is_even))
        return cls()

    def interval(self, ok: Mask, confidence: float, chosen: Mask | None = None) -> Proportion:
        """Two-sided interval of the share of `ok` `(run,)` among the chosen, all if not given."""
        if self.parts is not None:
            return replicates.interval(ok, self.parts, confidence, chosen)
        if self.stratum is not None and chosen is None:
            return strata.interval(ok, self.stratum, confidence)
        met = ok if chosen is None else ok[chosen]
        return binomial.interval(int(met.sum()), met.size, confidence)

    def limits(
        self, ok: Mask, confidence: float, chosen: Mask | None = None
    ) -> tuple[float, float]:
        """One-sided lower and upper limit of the same share, each at `confidence`."""
        if self.parts is not None:
            return replicates.bounds(replicates.share_of(ok, self.parts, chosen), confidence)
        met = ok if chosen is None else ok[chosen]
        successes, runs = int(met.sum()), met.size
        return (
            binomial.lower_bound(successes, runs, confidence),
            binomial.upper_bound(successes, runs, confidence),
        )

    def percentile(
        self, values: Floats, fraction: float, confidence: float, worst: Side
    ) -> Percentile:
        """The `fraction` quantile of a metric `(run,)` with its two-sided interval."""
        if self.parts is None:
            return order.percentile(values, fraction, confidence, worst)
        return replicates.percentile(values, self.parts, fraction, confidence, worst)

    def upper_limit(self, values: Floats, fraction: float, confidence: float) -> float:
        """One-sided upper limit of the same; infinite where there is none."""
        if self.parts is None:
            return order.upper_limit(values, fraction, confidence)
        return replicates.quantile_limit(values, self.parts, fraction, confidence, "high")

    def tolerance(
        self, values: Floats, content: float, confidence: float, worst: Side
    ) -> Tolerance:
        """The limit of a metric `(run,)` that at least `content` of all runs do not pass."""
        if self.parts is None:
            return order.tolerance(values, content, confidence, worst)
        fraction = content if worst == "high" else 1.0 - content
        found = replicates.quantile_limit(values, self.parts, fraction, confidence, worst, worst)
        return Tolerance(content, confidence, found, None, values.size, None)

    def spread(self, ok: Mask, confidence: float) -> Spread | None:
        """The success probability of whole groups, spread over them; None where there are none."""
        if self.parts is None or self.parts.what != _GROUPS or not ok.size:
            return None
        _, group, sizes = np.unique(self.parts.of_run, return_inverse=True, return_counts=True)
        successes = np.bincount(group, ok).astype(np.intp)[sizes == sizes.max()]
        return nested.spread(successes, int(sizes.max()), OUTER_FRACTIONS, confidence)


INDEPENDENT = Estimator()
