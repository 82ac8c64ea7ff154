"""How an estimate settles as runs are added, in the order of their numbers.

Each with its interval at each number of runs, for that number alone: looked at all along, the
truth lies outside somewhere more often. Of runs that hang together there are no intervals here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.kept import KeptCampaign
from pipeline.laws import Floats
from pipeline.requirements import Columns, Mask
from pipeline.spelling import inside
from pipeline.statistics.binomial import interval
from pipeline.statistics.footprint import inside_radius, miss_distance
from pipeline.statistics.order import Side, lower_index, quantile_rank, upper_index

POINTS = 48  # of a curve
FIRST_RUNS = 20
TAIL = 0.99  # of the percentiles followed


class Settling(NamedTuple):
    """An estimate over the number of runs; each `(point,)`."""

    what: str
    name: str  # of the store, for the unit; empty for a share
    runs: np.ndarray
    value: Floats
    lower: Floats  # NaN where so few runs give none, or none fits the design
    upper: Floats


def settling(
    metrics: Columns, campaign: KeptCampaign, confidence: float, worst: dict[str, Side]
) -> Iterator[Settling]:
    """Landing inside the pad, CEP, R95, and the tail of each metric that a requirement limits.

    worst: the side on which each metric is bad, as far as it is to be followed. Nothing below
    FIRST_RUNS runs.
    """
    is_exact = not campaign.sampling.no_gate
    east_m, north_m = (
        np.asarray(metrics[name], float) for name in ("touchdown_east_m", "touchdown_north_m")
    )
    if east_m.size < FIRST_RUNS:
        return
    inside_pad = inside_radius(east_m, north_m, campaign.pad_radius_m)
    miss_m = miss_distance(east_m, north_m)
    found = [
        of_share("inside the pad", inside_pad, confidence),
        of_quantile(("CEP", "touchdown_miss_m"), miss_m, 0.50, confidence),
        of_quantile(("R95", "touchdown_miss_m"), miss_m, 0.95, confidence),
    ]
    for name in _limited(campaign):
        if name in metrics and name in worst:
            bad = np.inf if worst[name] == "high" else -np.inf
            values = np.asarray(metrics[name], float)
            placed = np.where(np.isfinite(values), values, bad)
            fraction = TAIL if worst[name] == "high" else 1.0 - TAIL
            found.append(of_quantile(("", name), placed, fraction, confidence))
    nowhere = np.full(found[0].runs.shape, np.nan)
    for one in found:
        yield one if is_exact else one._replace(lower=nowhere, upper=nowhere)


def steps(runs: int) -> np.ndarray:
    """Numbers of runs `(point,)` at which an estimate is told, evenly on a logarithmic scale."""
    return np.unique(np.geomspace(FIRST_RUNS, runs, POINTS).round().astype(int))


def of_share(what: str, ok: Mask, confidence: float) -> Settling:
    """The share of runs `(run,)` that are ok."""
    runs = steps(ok.size)
    met = np.cumsum(ok)[runs - 1]
    found = [interval(int(k), int(n), confidence) for k, n in zip(met, runs, strict=True)]
    limits = (np.array([getattr(f, end) for f in found]) for end in ("lower", "upper"))
    return Settling(what, "", runs, met / runs, *limits)


def of_quantile(
    names: tuple[str, str], values: Floats, fraction: float, confidence: float
) -> Settling:
    """A quantile of values `(run,)` without a NaN. names: what it is, and the store's name."""
    runs, one_sided = steps(values.size), 0.5 + 0.5 * confidence
    found = [
        _ranked(
            values[:n],
            (
                lower_index(n, fraction, one_sided),
                quantile_rank(n, fraction),
                upper_index(n, fraction, one_sided),
            ),
        )
        for n in runs.tolist()
    ]
    lower, value, upper = np.array(found).T
    return Settling(*names, runs, value, lower, upper)


def _ranked(values: Floats, ranks: Sequence[int | None]) -> list[float]:
    """Order statistics of so many values; NaN for a rank that is none."""
    wanted = sorted({rank - 1 for rank in ranks if rank is not None})
    placed = np.partition(values, wanted)
    return [np.nan if rank is None else float(placed[rank - 1]) for rank in ranks]


def _limited(campaign: KeptCampaign) -> list[str]:
    """The metrics that a requirement limits, as the store names them, each once."""
    asked = [condition for requirement in campaign.requirements for condition in requirement.holds]
    return list(dict.fromkeys(inside(c.metric) for c in asked if c.metric is not None))
