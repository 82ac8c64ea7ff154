"""Step-size study: the same runs flown twice, with the campaign's steps and with half of them.

Draws, noise and every clock of the flight software are those of the run, so what differs between
the two flights is the integration alone: the change says how far the numbers of a campaign can be
trusted, and a run whose outcome flips is one that the step has decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TextIO

import numpy as np
import xarray as xr

from models import jit
from models.flight import TICK_S
from models.outcomes import Outcome
from pipeline.campaign import Campaign, Steps
from pipeline.config import load_campaign
from pipeline.errors import ExitCode, Interrupted, StoreProblem
from pipeline.requirements import outcomes, success
from pipeline.run import fly_campaign
from pipeline.store import open_store
from pipeline.words import count, for_people, number, percent

RUNS = 10_000
MOST_FLIPS = 0.002  # share of the runs whose outcome, or success, another step may change
_DIGITS = 2

_MOST_TOLD = 20  # runs that flip, by number


class Row(NamedTuple):
    """One row of the table."""

    label: str
    names: tuple[str, ...]  # of metrics, taken together
    unit: str = "mm"
    factor: float = 1e3  # to that unit, from the one that people read


_ROWS = (
    Row("touchdown position, each axis", ("touchdown_east_m", "touchdown_north_m")),
    Row("touchdown speed", ("touchdown_speed_mps",), "mm/s"),
    Row("touchdown tilt", ("touchdown_tilt_rad",), "deg", 1.0),
    Row("rest position, each axis", ("rest_east_m", "rest_north_m")),
    Row("peak stroke", ("peak_stroke_m",)),
    Row("peak leg load", ("peak_leg_load_n",), "N", 1.0),
)


class Change(NamedTuple):
    """How far a metric moves when the steps are halved, over the runs that have it both times."""

    label: str
    unit: str
    median: float
    p99: float
    runs: int


class Flip(NamedTuple):
    """A run that ends otherwise when the steps are halved."""

    run: int
    outcome: str
    outcome_halved: str


class Study(NamedTuple):
    """What halving both steps does to the runs of a campaign."""

    campaign: str
    runs: int
    steps: Steps
    halved: Steps
    changes: tuple[Change, ...]
    flips: tuple[Flip, ...]
    success_flips: dict[str, int]  # by requirement

    @property
    def exit_code(self) -> ExitCode:
        """DONE where neither outcomes nor successes flip too often, FAIL otherwise."""
        most = max([len(self.flips), *self.success_flips.values()])
        return ExitCode.DONE if most <= MOST_FLIPS * self.runs else ExitCode.FAIL

    def markdown(self) -> str:
        """The study as a section of Markdown."""
        return "\n".join([*self._head(), "", *self._table(), "", *self._flipped()])

    def _head(self) -> Iterator[str]:
        yield (
            f"{count(self.runs)} runs of `{self.campaign}` flown twice with the same draws and "
            f"noise: with {_told(self.steps)}, and with both halved, {_told(self.halved)}. "
            f"Physics `{jit.PHYSICS_DIGEST}`. Change of a run's metric, absolute, over the runs "
            "that have it both times:"
        )

    def _table(self) -> Iterator[str]:
        yield "| metric | median | 99th percentile | runs |"
        yield "|---|---|---|---|"
        for row in self.changes:
            median, p99 = (f"{number(x, _DIGITS)} {row.unit}" for x in (row.median, row.p99))
            yield f"| {row.label} | {median} | {p99} | {count(row.runs)} |"

    def _flipped(self) -> Iterator[str]:
        yield (
            f"Outcomes that flip: {self._share(len(self.flips))}. "
            + "".join(
                f"Successes that flip ({name}): {self._share(flips)}. "
                for name, flips in self.success_flips.items()
            )
            + f"At most {percent(MOST_FLIPS)} may: "
            + ("holds." if self.exit_code is ExitCode.DONE else "does not hold.")
        )
        if self.flips:
            told = [f"{f.run} ({f.outcome} to {f.outcome_halved})" for f in self.flips[:_MOST_TOLD]]
            more = len(self.flips) - len(told)
            words = ", ".join(told).replace("_", " ") + (f" and {count(more)} more" * (more > 0))
            yield f"Runs that flip: {words}."

    def _share(self, flips: int) -> str:
        return (
            f"{count(flips)} of {count(self.runs)} ({number(100.0 * flips / self.runs, _DIGITS)} %)"
        )


def study(named: str, n_runs: int | None, stream: TextIO) -> Study:
    """Fly the first `n_runs` runs of a campaign with both steps; 10,000 if None. Tells `stream`.

    The flights go through stores in a temporary folder. Raises BadInput, StoreProblem, Interrupted.
    """
    campaign = load_campaign(named).with_runs(RUNS if n_runs is None else n_runs)
    campaign = campaign.model_copy(
        update={"history": campaign.history.model_copy(update={"runs": 0})}
    )
    with TemporaryDirectory(prefix="hoverslam-steps-") as folder:
        flown = []
        for steps in (campaign.steps, halved(campaign.steps)):
            path = Path(folder, f"{steps.flight}_{steps.contact}.zarr")
            stream.write(f"{count(campaign.runs)} runs with {_told(steps)}\n")
            flown.append(_flown(campaign.model_copy(update={"steps": steps}), path, stream))
    return compared(campaign, *flown)


def halved(steps: Steps) -> Steps:
    """Twice as many integration steps per control tick."""
    return Steps(flight=2 * steps.flight, contact=2 * steps.contact)


def _flown(campaign: Campaign, path: Path, stream: TextIO) -> xr.Dataset:
    """The rows of a campaign, in memory; nothing else of it stays."""
    try:
        fly_campaign(campaign, path, None, stream)
        return open_store(path).load()
    except Interrupted:
        raise Interrupted("stopped; a step-size study keeps nothing and cannot resume") from None


def compared(campaign: Campaign, flown: xr.Dataset, again: xr.Dataset) -> Study:
    """The study of a campaign's runs as flown, and again with both steps halved.

    Raises StoreProblem where runs were lost: they would pass for flips, or for none.
    """
    ended, ended_again = outcomes(flown), outcomes(again)
    lost = int(np.sum(Outcome.infrastructure_error == np.stack([ended, ended_again])))
    if lost:
        raise StoreProblem(f"{count(lost)} runs were lost with their workers: nothing to compare")
    flips = tuple(
        Flip(int(run), Outcome(int(before)).name, Outcome(int(after)).name)
        for run, before, after in zip(flown["run"].values, ended, ended_again, strict=True)
        if before != after
    )
    return Study(
        campaign=campaign.name,
        runs=ended.size,
        steps=campaign.steps,
        halved=halved(campaign.steps),
        changes=tuple(_change(row, flown, again) for row in _ROWS),
        flips=flips,
        success_flips={
            asked.name: int(np.sum(success(flown, asked) != success(again, asked)))
            for asked in campaign.requirements
        },
    )


def _change(row: Row, flown: xr.Dataset, again: xr.Dataset) -> Change:
    moved = [np.abs(np.asarray(again[name]) - np.asarray(flown[name])) for name in row.names]
    finite = [for_people(name, x[np.isfinite(x)]) for name, x in zip(row.names, moved, strict=True)]
    values = row.factor * np.concatenate(finite)
    median, p99 = np.quantile(values, (0.5, 0.99)) if values.size else (np.nan, np.nan)
    return Change(row.label, row.unit, float(median), float(p99), finite[0].size)


def _told(steps: Steps) -> str:
    """Steps as times and as a campaign writes them."""
    flight, contact = (f"{1e3 * TICK_S / n:g} ms" for n in (steps.flight, steps.contact))
    written = f"{{flight: {steps.flight}, contact: {steps.contact}}}"
    return f"{flight} in flight and {contact} in contact (`steps: {written}`)"
