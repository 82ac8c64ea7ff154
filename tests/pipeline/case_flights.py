"""Cases of a plain body, flown."""

from math import degrees
from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial.transform import Rotation

from pipeline.case import FlyCase, fly_case

BODY = {"dry_kg": 1000.0, "ixx_kgm2": 1000.0, "iyy_kgm2": 4000.0, "izz_kgm2": 5000.0}
STIFF = {"ixx_kgm2": 1e12, "iyy_kgm2": 1e12, "izz_kgm2": 1e12}  # a body that does not turn
VOID = {"air": "vacuum", "gravity_mps2": 0.0}
HIGH = {"up_m": 1000.0}


def made(**given: Any) -> FlyCase:
    """A case of the usual body, high up, with these sections."""
    usual: dict[str, Any] = {"duration_s": 1.0, "mass": BODY, "start": {}}
    merged = usual | given
    return FlyCase.model_validate(merged | {"start": HIGH | merged["start"]})


def flown(**given: Any) -> xr.Dataset:
    """The flight of a case of the usual body."""
    return fly_case(made(**given))


def last(flight: xr.Dataset, name: str) -> np.ndarray:
    """A variable's last row."""
    return flight[name][-1].to_numpy()


def matrix_of(flight: xr.Dataset) -> np.ndarray:
    """The last attitude as a matrix, body to ENU."""
    return Rotation.from_quat(last(flight, "q_body_to_enu"), scalar_first=True).as_matrix()


def rates(omega_radps: tuple[float, float, float]) -> dict[str, float]:
    """Body rates as a file gives them."""
    names = ("omega_x_dps", "omega_y_dps", "omega_z_dps")
    return dict(zip(names, map(degrees, omega_radps), strict=True))
