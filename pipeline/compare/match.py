"""Whether two stores may be compared: a design change, and nothing else, between them.

Vehicle and physics are the design. Wishes and words (requirements, name, what is recorded) change
no run. All else decides which runs are flown: it must be the same, or be named as allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.outcomes import Outcome
from pipeline.campaign import Campaign
from pipeline.errors import BadInput
from pipeline.names import FAILURE_DRAWS
from pipeline.requirements import outcomes
from pipeline.spelling import hint, inside
from pipeline.words import count

_DESIGN = ("vehicle",)
_CHANGES_NO_RUN = (
    "name", "description", "history", "requirements", "newly_broken_at_most", "published",
    "runs_override",
)  # fmt: skip
DECIDES_RUNS = tuple(sorted(Campaign.model_fields.keys() - {*_DESIGN, *_CHANGES_NO_RUN}))
"""Sections of a campaign that may differ only if named."""

_SHOWN = 3  # differences of a section
_SHOWN_OF_DESIGN = 12
_ROUNDING = 1e-9  # relative: another library may round a draw otherwise


def check_names(may_differ: Iterable[str]) -> None:
    """BadInput for a name that is no section that may be allowed to differ."""
    problems = [
        f"--allow: got {name!r}{hint(name, DECIDES_RUNS)}, expected one of "
        f"{', '.join(DECIDES_RUNS)}; {' and '.join((*_DESIGN, 'physics'))} may differ anyway"
        for name in may_differ
        if name not in DECIDES_RUNS
    ]
    if problems:
        raise BadInput(problems)


def mismatches(
    baseline: xr.Dataset, candidate: xr.Dataset, may_differ: Iterable[str]
) -> Iterator[str]:
    """Every reason why the runs of two stores are not the same runs."""
    before, after = (json.loads(d.attrs["campaign"]) for d in (baseline, candidate))
    for key in sorted((before.keys() | after.keys()) - {*_DESIGN, *_CHANGES_NO_RUN, *may_differ}):
        found = list(_differences(key, before.get(key), after.get(key)))
        if found or (found := list(_reordered(key, before, after))):
            some = _some(found, _SHOWN)
            yield f"differs from the baseline in {key}: {some} (--allow {key} accepts it)"
    yield from _other_draws(baseline, candidate, _drawn_alike(before, after))


def changes(
    baseline: xr.Dataset, candidate: xr.Dataset, may_differ: Iterable[str]
) -> Iterator[str]:
    """What differs and may: the target, the design, what was named, and the wishes."""
    for key, name in (("target", "target"), ("sampling_digest", "sampling code")):
        old, new = baseline.attrs.get(key), candidate.attrs.get(key)
        if old != new and None not in (old, new):
            yield f"{name}: baseline {old}, candidate {new}"
    before, after = (json.loads(d.attrs["campaign"]) for d in (baseline, candidate))
    for key in (*_DESIGN, *may_differ, "requirements"):
        if found := list(_differences(key, before.get(key), after.get(key))):
            allowed = f"--allow {key}: " if key in may_differ else ""
            yield f"{allowed}{_some(found, _SHOWN_OF_DESIGN)}"


def same_runs(baseline: xr.Dataset, candidate: xr.Dataset) -> tuple[Any, Any, Any]:
    """The run ids that both have, ascending, and the rows of each that hold them; all `(run,)`."""
    ids = np.asarray(baseline["run"]), np.asarray(candidate["run"])
    return np.intersect1d(ids[0], ids[1], return_indices=True)


def _reordered(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Where the same names in another order are drawn otherwise."""
    is_mixed = after.get("correlations") or _design(after) == "sobol"
    if key != "failures" and not (key in ("dispersions", "rows") and is_mixed):
        return
    for old, new in zip(before.get(key) or (), after.get(key) or (), strict=False):
        if old != new:
            yield f"{key}: baseline {old}, candidate {new}: in another order others are drawn"
            return


def _design(campaign: Mapping[str, Any]) -> str:
    return str(campaign.get("sampling", {}).get("design", "independent"))


def _drawn_alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Names in the store of everything that both draw from the same seed, laws and design."""

    def differs(*keys: str) -> bool:
        return any(before.get(key) != after.get(key) for key in keys)

    if differs("seed", "sampling"):
        return
    if _design(after) != "independent" and differs("runs", "dispersions", "rows"):
        return
    if not differs("failures"):
        yield from FAILURE_DRAWS
    if not differs("correlations") and not (after.get("correlations") and differs("dispersions")):
        laws = before["dispersions"]
        yield from (
            inside(one) for one, law in after["dispersions"].items() if laws.get(one) == law
        )
    groups = before.get("rows") or {}
    for name, rows in (after.get("rows") or {}).items():
        if groups.get(name) == rows:
            yield from (inside(column) for column in rows["columns"])


def _other_draws(
    baseline: xr.Dataset, candidate: xr.Dataset, names: Iterable[str]
) -> Iterator[str]:
    """Of these, what is lacking, or drawn otherwise although all that makes it is the same."""
    if "run" not in baseline.coords or "run" not in candidate.coords:
        return
    runs, before, after = same_runs(baseline, candidate)
    stores = ((baseline, before), (candidate, after))
    lost = np.any([outcomes(d)[rows] == Outcome.infrastructure_error for d, rows in stores], axis=0)
    for name in names:
        named = (("baseline", baseline), ("candidate", candidate))
        if lacking := [who for who, dataset in named if name not in dataset]:
            yield f"no draws of {name} in the {' and the '.join(lacking)}, which drew them"
            continue
        old, new = (np.asarray(dataset[name], float)[rows] for dataset, rows in stores)
        other = ~lost & ~np.isclose(new, old, rtol=_ROUNDING, atol=0.0)
        if differing := int(np.count_nonzero(other)):
            yield (
                f"the baseline has other draws of {name} in {count(differing)} of "
                f"{count(runs.size)} runs, from the same seed and law: it was sampled otherwise"
            )


def _differences(where: str, before: Any, after: Any) -> Iterator[str]:
    """Leaves of two JSON values that differ, each with its path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(f"{where}.{key}", before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{where}.{number}", old, new)
    elif before != after:
        yield f"{where}: baseline {_brief(before)}, candidate {_brief(after)}"


def _brief(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "keys and values"
    return str(value)


def _some(found: list[str], shown: int) -> str:
    more = [f"{count(len(found) - shown)} more"] if len(found) > shown else []
    return "; ".join([*found[:shown], *more])
