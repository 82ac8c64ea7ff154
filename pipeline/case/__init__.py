"""Flying an arbitrary case with the kernel that flies campaigns.

`load_case` reads a case file, `fly_case` flies it through batch.fly, the door of every campaign:
the same compiled function on a full block; what differs is data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, history
from pipeline.case import checks
from pipeline.case.build import n_ticks, prepared
from pipeline.case.file import FlyCase, case_schema
from pipeline.checks import leg_of
from pipeline.errors import BadInput
from pipeline.files import read_mapping, validated
from pipeline.units import long_name_of, unit_of

__all__ = ["FlyCase", "case_schema", "fly_case", "load_case", "told"]

# Of the kernel's metrics, those that speak of flight software, limits or rest, which no case has
_NOT_A_CASE_S = ("navigation_", "rest_", "cut_off_", "gimbal_saturated_", "violations", "initiator")
_LATE = "end_time_s"  # the tick after the last row: the history's own times say it better


def load_case(path: Path | str) -> FlyCase:
    """The case in a file. BadInput lists every mistake in it."""
    file = Path(path)
    given, problems = read_mapping(file)
    sections, mistakes = validated(FlyCase, given)
    found = [*mistakes, *checks.problems(sections)]
    if problems or found:
        raise BadInput(problems + [f"{file}: {problem}" for problem in found])
    return FlyCase.model_validate({"name": file.stem, **given})


def fly_case(case: FlyCase) -> xr.Dataset:
    """Fly a case: its history, one row each control tick, and the metrics of its end as scalars.

    Variables (time,), (time, component) and (time, leg), named as in a replay's history; attributes
    `outcome` and `case`, the whole case as JSON. BadInput where parts of the case do not fit.
    """
    if problems := checks.problems({name: getattr(case, name) for name in FlyCase.model_fields}):
        raise BadInput(problems)
    setup, runs = prepared(case)
    rows, histories, _, _ = batch.fly(setup, *runs, n_ticks(case) + 1, every_ticks=1)
    flown = dict(zip(Metrics._fields, rows[0].tolist(), strict=True))
    dataset = history.of(histories[0], setup.n_legs).drop_vars("mission_phase")
    if setup.n_legs == 0:
        dataset = dataset.drop_dims("leg")
    for name, value in flown.items():
        if not name.startswith(_NOT_A_CASE_S) and name != _LATE and leg_of(name) < setup.n_legs:
            dataset[name] = _scalar(name, value)
    outcome = Outcome(int(flown["outcome"])).name
    return dataset.assign_attrs(name=case.name, outcome=outcome, case=case.canonical())


def _scalar(name: str, value: float) -> xr.DataArray:
    if name != "outcome":
        labels = {"long_name": long_name_of(name), "units": unit_of(name)}
        return xr.DataArray(value, attrs=labels)
    codes = {
        "flag_values": np.array(list(Outcome), np.int8),
        "flag_meanings": " ".join(member.name for member in Outcome),
    }
    return xr.DataArray(np.int8(value), attrs={"long_name": "outcome"} | codes)


def told(flown: xr.Dataset) -> str:
    """How a case ended, for people."""
    last = flown.isel(time=-1)
    east, north, up = last["r_enu_m"].to_numpy()
    speed = float(np.linalg.norm(last["v_enu_mps"]))
    outcome = str(flown.attrs["outcome"])
    ended = "its duration" if outcome == Outcome.time_out.name else outcome.replace("_", " ")
    return (
        f"{flown.attrs['name']}: flown to {ended}, {float(last['time_s']):.2f} s; base "
        f"centre {east:.3f} m east, {north:.3f} m north, {up:.3f} m up, {speed:.3f} m/s, "
        f"{float(last['mass_kg']):.3f} kg"
    )
