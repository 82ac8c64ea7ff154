"""The plan of a campaign: the inputs of every run, drawn as a flight will draw them, and checked.

Written for a look before flying. Names, units and values are those that the store will have; the
checks are those that a report makes of a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from models.outcomes import Initiator
from pipeline import batch, build, history
from pipeline.campaign import Campaign
from pipeline.errors import BadInput
from pipeline.kept import KeptCampaign
from pipeline.sampling import Independent, Nested, Strata
from pipeline.statistics.binomial import plan_table
from pipeline.summary.correlations import CorrelationCheck, check_correlations, strongest_stray
from pipeline.summary.inputs import ALARM, InputCheck, check_branches, check_inputs
from pipeline.summary.summarise import CONFIDENCE
from pipeline.summary.text import plans_in_words
from pipeline.words import count, fixed, number, titled

FORMATS = (".csv", ".nc")
_AT_ONCE = 8192  # runs drawn at a time
_HEADS = (
    *("input, as drawn", "mean", "sigma", "least", "5 %", "50 %", "95 %", "largest"),
    *("distance", "limit  ", "law, as asked"),
)


def plan(campaign: Campaign) -> xr.Dataset:
    """Inputs `(run,)` of every run, named as in a store, and the part of the design it lies in."""
    names = (*batch.input_names(campaign), "initiator")
    columns = {name: np.empty(campaign.runs) for name in names}
    for start in range(0, campaign.runs, _AT_ONCE):
        stop = min(start + _AT_ONCE, campaign.runs)
        drawn = build.draws(campaign, start, stop)
        for name, column in columns.items():
            column[start:stop] = drawn[name]
    layout = batch.layout(campaign, _AT_ONCE)
    codes = layout.codes["initiator"]
    variables: dict[str, Any] = {
        name: ("run", column, {"units": layout.unit(name)}) for name, column in columns.items()
    }
    initiator = columns["initiator"].astype(codes.dtype)
    variables["initiator"] = ("run", initiator, codes.attributes())
    runs = np.arange(campaign.runs)
    parts = {name: ("run", of_run) for name, of_run in _parts(campaign, runs)}
    attributes = {"campaign": campaign.canonical()}
    return xr.Dataset(parts | variables, {"run": runs}, attributes)


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write a plan as CSV or netCDF 3, by the ending of `path`; half a file never has that name.

    Raises BadInput for another ending, OSError if it cannot be written.
    """
    check_format(path)
    if path.suffix == ".nc":
        history.write(dataset, path)
        return
    frame = dataset.to_dataframe()
    frame["initiator"] = [Initiator(code).name for code in frame["initiator"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    frame.to_csv(partial)
    partial.replace(path)


def check_format(path: Path) -> None:
    """Raise BadInput unless a plan can be written under that name."""
    if path.suffix not in FORMATS:
        raise BadInput(f"--out: got {path}, expected a name that ends in {' or '.join(FORMATS)}")


def told(dataset: xr.Dataset) -> str:
    """A plan for people: its design, each input as asked and as drawn, and what does not agree."""
    campaign = KeptCampaign.of(dataset.attrs)
    checks = check_inputs(dataset, campaign)
    lines = [
        f"{campaign.name}: {count(dataset.sizes['run'])} runs, seed {campaign.seed}",
        f"sampling: {campaign.sampling.describe(campaign.runs)}",
    ]
    if campaign.sampling.no_gate:
        lines.append(f"not gated: {campaign.sampling.no_gate}")
    lines += _table(checks)
    pairs = list(check_correlations(dataset, campaign))
    lines += [_correlation(pair) for pair in pairs]
    if (stray := strongest_stray(dataset, campaign)) is not None:
        lines.append(f"not asked for, the strongest: {_correlation(stray)}")
        pairs.append(stray)
    lines.append(_failures(dataset, campaign))
    if not campaign.sampling.no_gate:
        lines += [
            f"{asked.name}: {plans_in_words(plan_table(asked.probability, asked.confidence))}"
            for asked in campaign.requirements
        ]
    suspects = [check.name for check in checks if check.is_suspect]
    suspects += [f"correlation of {pair.a} and {pair.b}" for pair in pairs if pair.is_suspect]
    said = f"NOT AS ASKED: {', '.join(suspects)}" if suspects else "all drawn as asked"
    return "\n".join([*lines, f"{count(len(checks))} inputs: {said}"])


def _parts(campaign: Campaign, runs: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Where in its design each run `(run,)` stands."""
    design = campaign.sampling
    if isinstance(design, Strata):
        yield "stratum", design.stratum(campaign.seed, runs)
    elif not isinstance(design, Independent):
        name = "group" if isinstance(design, Nested) else "replicate"
        yield name, runs // design.part_runs


def _table(checks: tuple[InputCheck, ...]) -> Iterator[str]:
    """A line for each input in columns: what was drawn, its distance from the law, the law."""
    rows = [_HEADS, *(_row(check) for check in checks)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEADS))]
    for name, *cells, law in rows:
        columns = [cell.rjust(width) for cell, width in zip(cells, widths[1:-1], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *columns, law])


def _row(check: InputCheck) -> tuple[str, ...]:
    drawn, found = check.drawn, check.agreement
    values = (
        *(drawn.mean, drawn.sigma, check.least),
        *(drawn.p05, drawn.p50, drawn.p95, check.largest),
    )
    shown = [fixed(value, check.asked.sigma) for value in values]
    flag = " !" if check.is_suspect else "  "
    distances = (number(found.distance), number(found.limit) + flag)
    return (titled(check.name), *shown, *distances, check.law.describe())


def _failures(dataset: xr.Dataset, campaign: KeptCampaign) -> str:
    """How many runs have an injected failure, and the branches drawn too often or too seldom."""
    branches = check_branches(dataset, campaign, CONFIDENCE)
    drawn = sum(branch.drawn.successes for branch in branches)
    expected = sum(branch.probability for branch in branches) * dataset.sizes["run"]
    odd = [b for b in branches if b.p_value < ALARM / len(branches)]
    flags = ", ".join(f"{b.name} {count(b.drawn.successes)} times, p {b.p_value:.1g}" for b in odd)
    flagged = f"; NOT AS ASKED: {flags}" if flags else ""
    return f"injected failures: {count(drawn)} runs, {number(expected)} expected{flagged}"


def _correlation(pair: CorrelationCheck) -> str:
    limits = f"{pair.lower:.3f} to {pair.upper:.3f}"
    flag = " !" if pair.is_suspect else ""
    return (
        f"rank correlation of {pair.a} and {pair.b}: asked {pair.asked:g}, drawn {pair.drawn:.3f}, "
        f"expected {limits} (approximate){flag}"
    )
