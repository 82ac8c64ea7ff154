"""The kernel's history of one run as named variables, and as a netCDF file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from models import jit
from models.lanes import FIRST_LEG_CHANNEL
from pipeline.units import unit_of

# Where a history's channels stand: lanes.fly.record
_ENU, _BODY = ("east", "north", "up"), ("x", "y", "z")
_CHANNELS: dict[str, tuple[slice | int, str, tuple[str, ...], str]] = {
    "r_enu_m": (slice(0, 3), "enu", _ENU, "position of the base centre"),
    "v_enu_mps": (slice(3, 6), "enu", _ENU, "velocity of the base centre"),
    "q_body_to_enu": (slice(6, 10), "quaternion", ("w", *_BODY), "attitude, body to ENU"),
    "omega_body_radps": (slice(10, 13), "body", _BODY, "body rates"),
    "mass_kg": (13, "", (), "mass"),
    "throttle": (14, "", (), "throttle"),
    "gimbal_x_rad": (15, "", (), "gimbal x"),
    "gimbal_y_rad": (16, "", (), "gimbal y"),
    "lox_slosh_x_rad": (18, "", (), "slosh angle of the oxygen, x"),
    "lox_slosh_y_rad": (19, "", (), "slosh angle of the oxygen, y"),
    "fuel_slosh_x_rad": (20, "", (), "slosh angle of the fuel, x"),
    "fuel_slosh_y_rad": (21, "", (), "slosh angle of the fuel, y"),
    "mission_phase": (22, "", (), "mission phase, from 0"),
}
_LEG_CHANNELS = {"leg_stroke_m": "leg stroke", "leg_load_n": "leg load"}
_TIME = 17
_DIMENSIONLESS = ("q_body_to_enu", "mission_phase")


def of(channels: np.ndarray, n_legs: int) -> xr.Dataset:
    """A history as recorded, (time, channel), as named variables; empty slots left out."""
    flown = channels[np.isfinite(channels[:, _TIME])]
    variables = {}
    for name, (where, dim, _, meaning) in _CHANNELS.items():
        dims = ("time", dim) if dim else ("time",)
        variables[name] = (dims, flown[:, where], _attributes(name, meaning))
    legs = flown[:, FIRST_LEG_CHANNEL : FIRST_LEG_CHANNEL + 2 * n_legs]
    for offset, (name, meaning) in enumerate(_LEG_CHANNELS.items()):
        variables[name] = (("time", "leg"), legs[:, offset::2], _attributes(name, meaning))
    coordinates = {dim: (dim, list(labels)) for _, dim, labels, _ in _CHANNELS.values() if dim}
    clock = _attributes("time_s", "time since the ignition command")
    return xr.Dataset(
        variables,
        {**coordinates, "leg": np.arange(n_legs), "time_s": ("time", flown[:, _TIME], clock)},
    )


def _attributes(name: str, meaning: str) -> dict[str, str]:
    return {"long_name": meaning, "units": unit_of(name, _DIMENSIONLESS)}


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write as netCDF 3, with the physics in the attributes.

    Raises OSError if it cannot be written; half a file never has that name.
    """
    provenance = {"physics_digest": jit.PHYSICS_DIGEST, "target": jit.TARGET}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(dataset.assign_attrs(provenance).to_netcdf(engine="scipy"))
    partial.replace(path)
