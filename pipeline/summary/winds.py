"""Landings by wind profile, where the runs of a campaign share the profiles of an ensemble."""

from __future__ import annotations

import numpy as np

from pipeline.requirements import Columns
from pipeline.statistics import replicates
from pipeline.statistics.footprint import inside_radius, miss_distance, radius
from pipeline.statistics.replicates import Parts
from pipeline.summary.estimate import Estimator
from pipeline.summary.values import InWind, Winds

MEMBER = "wind_member"
FEWEST_PROFILES = 20  # for limits that are to hold for other winds: as for replicates


def by_wind(
    metrics: Columns, pad_radius_m: float, confidence: float, estimator: Estimator
) -> Winds | None:
    """Landings of each member of an ensemble of winds; None where there is none, or only one."""
    if MEMBER not in metrics:
        return None
    drawn = np.asarray(metrics[MEMBER], float)
    member = np.where(np.isfinite(drawn), drawn, -1.0).astype(np.intp)  # lost runs have none
    east_m, north_m = (np.asarray(metrics[f"touchdown_{to}_m"], float) for to in ("east", "north"))
    ok = inside_radius(east_m, north_m, pad_radius_m)
    members = []
    for name in np.unique(member[member >= 0]).tolist():
        rows = member == name
        r95 = radius(east_m[rows], north_m[rows], 0.95, confidence)
        if estimator.parts is not None:
            r95 = r95._replace(upper_m=np.inf)  # its runs are not independent
        down = rows & np.isfinite(east_m) & np.isfinite(north_m)
        mean_east_m, mean_north_m = (
            float(position_m[down].mean()) if down.any() else np.nan
            for position_m in (east_m, north_m)
        )
        inside_pad = estimator.interval(ok, confidence, rows)
        count = r95.runs, r95.not_down
        members.append(InWind(name, *count, mean_east_m, mean_north_m, inside_pad, r95))
    if len(members) < 2:
        return None
    flown = member >= 0
    parts = Parts(member[flown], FEWEST_PROFILES, "profiles")
    miss_m = miss_distance(east_m, north_m)[flown]
    return Winds(
        tuple(sorted(members, key=lambda one: (-one.r95.radius_m, one.member))),
        replicates.interval(ok[flown], parts, confidence),
        replicates.quantile_limit(miss_m, parts, 0.95, confidence, "high"),
    )
