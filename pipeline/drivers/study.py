"""From a store to what drives its failures.

Injected failures come first, each against all other runs. Then the runs without one, and those of
each that neither always nor never fails, are looked at apart from the others: all failures, and
those of each cause. Where failures are too few to compare they are listed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from models.outcomes import Initiator, Outcome
from pipeline.asked import Requirement
from pipeline.drivers.contrast import FEWEST_FAILURES, Contrast, Mask, compared, of_parts, of_runs
from pipeline.drivers.inputs import MEMBER, Inputs, Sample
from pipeline.drivers.pairs import MOST_PAIRS, Shares, bound_pairs
from pipeline.drivers.values import ALL_FAILURES, Drivers, Failed, Group, Level, Pair, Stratum
from pipeline.errors import BadInput
from pipeline.kept import KeptCampaign
from pipeline.requirements import Causes, causes, margin, outcomes
from pipeline.sampling import Independent, Nested
from pipeline.statistics.drivers import chance_of_level
from pipeline.store import open_store
from pipeline.summary.estimate import Estimator
from pipeline.summary.summarise import CONFIDENCE
from pipeline.summary.values import NO_FAILURE

ALARM = 0.05  # chance that anything stands out in a stratum that nothing drives
SHOWN = 6  # strongest inputs of a group, told tenth by tenth
MOST_LISTED = 1_000


def find_each(dataset: xr.Dataset, named: str | None = None) -> tuple[Drivers, ...]:
    """What drives failures of each requirement, or of the one of that name. Raises as `find`."""
    campaign = KeptCampaign.of(dataset.attrs)
    names = [one.name for one in campaign.requirements] if named is None else [named]
    return tuple(find(dataset, campaign, name) for name in names)


def find(
    dataset: xr.Dataset, campaign: KeptCampaign | None = None, named: str | None = None
) -> Drivers:
    """What drives failures of the requirement of that name, the first if none is named.

    dataset: from `open_store`. Raises BadInput for a requirement that is not there, or no run.
    """
    campaign = KeptCampaign.of(dataset.attrs) if campaign is None else campaign
    return _Study(dataset, campaign, _requirement(campaign, named)).drivers()


def opened(path: str | os.PathLike[str]) -> xr.Dataset:
    """The store at that path. Raises BadInput if there is none, or no run in it yet."""
    if Path(path).is_file():
        raise BadInput(
            f"{path}: is a file, expected a store: fly the campaign first with `hoverslam run`, "
            "or ask for --sobol METRIC"
        )
    dataset = open_store(path)
    if not dataset.sizes.get("run", 0):
        raise BadInput(f"{path}: no run has been flown yet, nothing to compare")
    return dataset


def _requirement(campaign: KeptCampaign, named: str | None) -> Requirement:
    for requirement in campaign.requirements:
        if named in (None, requirement.name):
            return requirement
    one_of = ", ".join(repr(requirement.name) for requirement in campaign.requirements)
    raise BadInput(f"--requirement: got {named!r}, expected one of {one_of}")


class _Runs(NamedTuple):
    """How each run `(row,)` ended."""

    why: Causes
    initiator: NDArray[np.int64]
    flown: Mask  # neither lost to the machines nor scrubbed


class _Study:
    """One requirement of one store."""

    def __init__(
        self, dataset: xr.Dataset, campaign: KeptCampaign, requirement: Requirement
    ) -> None:
        self.dataset, self.campaign, self.requirement = dataset, campaign, requirement
        self.inputs = Inputs.of(dataset, campaign)
        estimator = Estimator.of(campaign, self.inputs.run)
        self.shares = Shares(self.inputs, estimator, CONFIDENCE)
        self.runs = _Runs(
            causes(dataset, requirement),
            np.asarray(dataset["initiator"]).astype(np.int64),
            ~np.isin(outcomes(dataset), (Outcome.infrastructure_error, Outcome.scrubbed)),
        )
        self.failed: Mask = (self.runs.why.code >= 0) & self.runs.flown
        self.told = np.zeros(self.failed.shape, bool)  # failures compared under their cause

    def drivers(self) -> Drivers:
        """All there is to say."""
        strata = tuple(self._strata())
        listed = self._listed()
        return Drivers(
            name=self.campaign.name,
            state=str(self.dataset.attrs["state"]),
            requirement=self.requirement.name,
            runs=int(self.failed.size),
            failures=int(self.failed.sum()),
            lost=self._ended(Outcome.infrastructure_error),
            scrubbed=self._ended(Outcome.scrubbed),
            confidence=CONFIDENCE,
            alarm=ALARM,
            inputs=len(self.inputs.names(Initiator.none)) - 1,
            caveat=_caveat(self.campaign),
            initiators=self._initiators(),
            strata=strata,
            listed=listed[:MOST_LISTED],
            not_listed=max(0, len(listed) - MOST_LISTED),
        )

    def _ended(self, outcome: Outcome) -> int:
        return int(np.count_nonzero(outcomes(self.dataset) == outcome))

    # --- injected failures and winds: values without an order ---

    def _initiators(self) -> tuple[Level, ...]:
        """How often runs fail by injected failure; nothing where there are too few failures."""
        if not self.campaign.failures or self.failed.sum() < FEWEST_FAILURES:
            return ()
        code = self.runs.initiator
        labels = {int(c): Initiator(int(c)).name for c in np.unique(code)}
        labels[int(Initiator.none)] = NO_FAILURE
        return self._levels(code, labels, self.runs.flown)

    def _members(self, chosen: Mask) -> tuple[Level, ...]:
        """The same by member of an ensemble of winds; a group that shares one is not one run."""
        if MEMBER not in self.dataset or self.inputs.part(MEMBER) is not None:
            return ()
        if self.failed[chosen].sum() < FEWEST_FAILURES:
            return ()
        member = np.nan_to_num(self.inputs.values(MEMBER), nan=-1.0).astype(np.int64)
        labels = {int(m): f"wind {m}" for m in np.unique(member[chosen])}
        return self._levels(member, labels, chosen)

    def _levels(
        self, code: NDArray[np.int64], labels: dict[int, str], chosen: Mask
    ) -> tuple[Level, ...]:
        failures, runs = int(self.failed[chosen].sum()), int(chosen.sum())
        found = []
        for level, label in labels.items():
            among = chosen & (code == level)
            share = self.shares.estimator.interval(self.failed, CONFIDENCE, among)
            p_value = chance_of_level(share.successes, share.runs, failures, runs)
            is_driver = p_value <= ALARM / len(labels) and share.fraction > failures / runs
            of_all = share.successes / failures
            found.append(Level(label, share, of_all, p_value, is_driver))
        return tuple(sorted(found, key=lambda level: -level.failed.successes))

    # --- inputs with an order ---

    def _strata(self) -> Iterator[Stratum]:
        for code in (Initiator.none, *(Initiator[name] for name in self.campaign.failures)):
            chosen = self.runs.flown & (self.runs.initiator == code)
            failures = int(self.failed[chosen].sum())
            enough = min(failures, int(chosen.sum()) - failures) >= FEWEST_FAILURES
            if code == Initiator.none or enough:
                groups = tuple(self._groups(code, chosen)) if enough else ()
                label = NO_FAILURE if code == Initiator.none else code.name
                yield Stratum(label, int(chosen.sum()), failures, self._members(chosen), groups)

    def _groups(self, initiator: Initiator, chosen: Mask) -> Iterator[Group]:
        succeeded = chosen & ~self.failed
        kinds = dict(self._kinds(chosen))
        names = self.inputs.names(initiator)
        contrasts = {
            label: self._contrasts(names, failed, succeeded) for label, failed in kinds.items()
        }
        each = [contrast.rows for of in contrasts.values() for contrast in of.values()]
        sample = self.inputs.sample(names, np.unique(np.concatenate(each)))
        for label, failed in kinds.items():
            yield self._group(label, (failed, succeeded), contrasts[label], sample, len(kinds))

    def _kinds(self, chosen: Mask) -> Iterator[tuple[str, Mask]]:
        """Failures to be compared `(row,)` by their label: all, and each cause with enough."""
        failed = chosen & self.failed
        yield ALL_FAILURES, failed
        for code in np.unique(self.runs.why.code[failed]):
            of_cause = failed & (self.runs.why.code == code)
            if of_cause.sum() >= FEWEST_FAILURES:
                self.told |= of_cause
                if of_cause.sum() < failed.sum():
                    yield self.runs.why.labels[code], of_cause

    def _contrasts(
        self, names: tuple[str, ...], failed: Mask, succeeded: Mask
    ) -> dict[str, Contrast]:
        parts = {name: self.inputs.part(name) for name in names}
        runs = of_runs(failed, succeeded)
        shared = next((part for part in parts.values() if part is not None), None)
        groups = runs if shared is None else of_parts(failed, succeeded, shared)
        return {name: runs if parts[name] is None else groups for name in names}

    def _group(
        self,
        label: str,
        ended: tuple[Mask, Mask],
        contrasts: dict[str, Contrast],
        sample: Sample,
        kinds: int,
    ) -> Group:
        failed, succeeded = ended
        either = failed | succeeded
        drivers = list(compared(contrasts, sample, self.inputs, ALARM / kinds / len(contrasts)))
        strong = [k for k, driver in enumerate(drivers) if driver.is_driver][:SHOWN]
        for k in strong:
            tenths = self.shares.tenths(drivers[k].name, failed, either)
            drivers[k] = drivers[k]._replace(tenths=tenths)
        own = [name for name in contrasts if self.inputs.part(name) is None]
        looked_at = of_runs(failed, succeeded)
        bound, floor = bound_pairs(own, looked_at.failed, sample, self.inputs, ALARM / kinds)
        return Group(
            label,
            int(failed.sum()),
            int(succeeded.sum()),
            (looked_at.failed.size, looked_at.succeeded.size),
            tuple(drivers),
            tuple(
                Pair(a, b, tau, self.shares.cells(a, b, failed, either))
                for a, b, tau in bound[:MOST_PAIRS]
            ),
            floor,
        )

    # --- one by one ---

    def _listed(self) -> tuple[Failed, ...]:
        """Failures that stand in no comparison of their cause, by injected failure and cause."""
        rows = np.flatnonzero(self.failed & ~self.told)
        left = margin(self.dataset, self.requirement)
        order = np.lexsort((rows, self.runs.why.code[rows], self.runs.initiator[rows]))
        return tuple(
            Failed(
                int(self.inputs.run[row]),
                self.runs.why.labels[self.runs.why.code[row]],
                Initiator(int(self.runs.initiator[row])).name,
                float(left[row]),
            )
            for row in rows[order]
        )


def _caveat(campaign: KeptCampaign) -> str:
    """What keeps the floors from being exact under that design; empty where they are."""
    design = campaign.sampling
    if isinstance(design, Independent):
        return ""
    if isinstance(design, Nested):
        return (
            "inputs that a group of runs shares are compared by groups: those that fail more often "
            "than all runs together against the others"
        )
    return (
        "floors and probabilities are those of independent runs; these are spread more evenly over "
        "each input, which makes noise smaller in general, not always"
    )
