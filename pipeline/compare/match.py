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

from pipeline.campaign import Campaign
from pipeline.errors import BadInput
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
        if found := list(_differences(key, before.get(key), after.get(key))):
            some = _some(found, _SHOWN)
            yield f"differs from the baseline in {key}: {some} (--allow {key} accepts it)"
    if not {"seed", "dispersions", "runs"} & set(may_differ) and before["runs"] == after["runs"]:
        yield from _other_draws(baseline, candidate, after["dispersions"])


def changes(
    baseline: xr.Dataset, candidate: xr.Dataset, may_differ: Iterable[str]
) -> Iterator[str]:
    """What differs and may: the target, the design, what was named, and the wishes."""
    old, new = baseline.attrs["target"], candidate.attrs["target"]
    if old != new:
        yield f"target: baseline {old}, candidate {new}"
    before, after = (json.loads(d.attrs["campaign"]) for d in (baseline, candidate))
    for key in (*_DESIGN, *may_differ, "requirements"):
        if found := list(_differences(key, before.get(key), after.get(key))):
            allowed = f"--allow {key}: " if key in may_differ else ""
            yield f"{allowed}{_some(found, _SHOWN_OF_DESIGN)}"


def same_runs(baseline: xr.Dataset, candidate: xr.Dataset) -> tuple[Any, Any, Any]:
    """The run ids that both have, ascending, and the rows of each that hold them; all `(run,)`."""
    ids = np.asarray(baseline["run"]), np.asarray(candidate["run"])
    return np.intersect1d(ids[0], ids[1], return_indices=True)


def _other_draws(
    baseline: xr.Dataset, candidate: xr.Dataset, dispersions: Iterable[str]
) -> Iterator[str]:
    """Parameters whose draws differ although everything that makes them is the same."""
    if "run" not in baseline.coords or "run" not in candidate.coords:
        return
    runs, before, after = same_runs(baseline, candidate)
    for name in (inside(one) for one in dispersions):
        if name not in baseline or name not in candidate:
            continue
        old = np.asarray(baseline[name], float)[before]
        new = np.asarray(candidate[name], float)[after]
        known = np.isfinite(old) & np.isfinite(new)  # a lost run has none
        other = known & (np.abs(new - old) > _ROUNDING * np.maximum(np.abs(old), np.abs(new)))
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
