"""Flights of plain bodies through `fly`, the kernel of the campaigns, for all of this package.

Bodies of sections as in a case file, high above the ground unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import degrees
from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial.transform import Rotation

from pipeline import batch, history
from pipeline.build import Runs
from pipeline.case import FlyCase, fly_case
from pipeline.case.build import n_ticks, prepared

G_MPS2 = 9.80665  # CGPM 1901
BODY = {"dry_kg": 1000.0, "ixx_kgm2": 1000.0, "iyy_kgm2": 4000.0, "izz_kgm2": 5000.0}
STIFF = {"ixx_kgm2": 1e12, "iyy_kgm2": 1e12, "izz_kgm2": 1e12}  # a body that does not turn
VACUUM = {"air": "vacuum"}
VOID = VACUUM | {"gravity_mps2": 0.0}
HIGH = {"up_m": 1000.0}


def made(**given: Any) -> FlyCase:
    """A case of the usual body, high up, with these sections."""
    usual: dict[str, Any] = {"duration_s": 1.0, "mass": BODY, "start": {}}
    merged = usual | given
    return FlyCase.model_validate(merged | {"start": HIGH | merged["start"]})


def flown(**given: Any) -> xr.Dataset:
    """The flight of a case of the usual body."""
    return fly_case(made(**given))


def abreast(cases: Sequence[FlyCase]) -> list[xr.Dataset]:
    """Histories of cases that share duration, steps, program, wind table and number of legs.

    They are flown side by side, as the runs of a campaign are.
    """
    ready = [prepared(case) for case in cases]
    setup = ready[0][0]
    runs = [run for _, run in ready]
    legs = [_stacked(abreast) for abreast in zip(*(run.legs for run in runs), strict=True)]
    together = Runs(_stacked([run.case for run in runs]), legs, len(runs))
    _, histories, _, _ = batch.fly(setup, *together, n_ticks(cases[0]) + 1, every_ticks=1)
    return [history.of(channels, setup.n_legs) for channels in histories]


def _stacked(records: Sequence[Any]) -> Any:
    """One record of arrays (run,) of records of numbers."""
    first = records[0]
    if not isinstance(first, tuple):
        return np.array(records, np.float64)
    kind: Any = type(first)
    return kind(*(_stacked(parts) for parts in zip(*records, strict=True)))


def last(flight: xr.Dataset, name: str) -> np.ndarray:
    """A variable's last row."""
    return flight[name][-1].to_numpy()


def at(flight: xr.Dataset, time_s: float, name: str) -> np.ndarray:
    """A variable's row at a tick."""
    return flight[name][int(np.argmin(np.abs(flight["time_s"].to_numpy() - time_s)))].to_numpy()


def matrix_of(flight: xr.Dataset) -> np.ndarray:
    """The last attitude as a matrix, body to ENU."""
    return Rotation.from_quat(last(flight, "q_body_to_enu"), scalar_first=True).as_matrix()


def rates(omega_radps: Sequence[float]) -> dict[str, float]:
    """Body rates as a file gives them."""
    names = ("omega_x_dps", "omega_y_dps", "omega_z_dps")
    return dict(zip(names, map(degrees, omega_radps), strict=True))
