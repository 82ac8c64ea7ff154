"""Spelling: every name of the models has one in files and comes back from it."""

from math import pi

import numpy as np
import pytest

from models import structs
from models.dispersion import DISPERSIONS
from models.metrics import Metrics
from pipeline.spelling import hint, in_file, inside, near, to_si

RECORDS = (*structs.Case.__annotations__.values(), structs.Phase, structs.Limits, structs.Gains)
NAMES = {*DISPERSIONS, *Metrics._fields, *(f for record in RECORDS for f in record._fields)}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_in_file__is_undone_by_inside(name: str) -> None:
    assert inside(in_file(name)) == name


def test_in_file__no_two_names_are_spelt_alike() -> None:
    assert len({in_file(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("slope_rad", "slope_deg"),
        ("gyro_bias_x_radps", "gyro_bias_x_dps"),
        ("wind_veer_radpm", "wind_veer_degpm"),
        ("natural_frequency_radps", "natural_frequency_radps"),
        ("gyro_walk_radps2_rthz", "gyro_walk_radps2_rthz"),
        ("thrust_vac_n", "thrust_vac_n"),
        ("friction", "friction"),
    ],
)
def test_in_file__writes_degrees(name: str, written: str) -> None:
    assert in_file(name) == written


def test_to_si__turns_degrees_into_radians_and_leaves_the_rest() -> None:
    assert to_si("slope_deg", 180.0) == pytest.approx(pi, rel=1e-15)
    assert to_si("rate_dps", 90.0) == pytest.approx(pi / 2, rel=1e-15)
    assert to_si("natural_frequency_radps", 31.4) == 31.4
    np.testing.assert_allclose(to_si("x_deg", np.array([0.0, 360.0])), [0.0, 2 * pi], rtol=1e-15)


def test_hint__knows_a_missing_unit_from_a_misspelt_name() -> None:
    known = ("thrust_vac_n", "throttle_min", "travel_deg")
    assert hint("thrust_vac", known) == ", did you mean thrust_vac_n (unit missing)?"
    assert hint("throttel_min", known) == ", did you mean throttle_min?"
    assert hint("travel_rad", known) == ", did you mean travel_deg (degrees in files)?"
    assert hint("zzz", known) == ""
    assert near("thrust_vac", known) == ["thrust_vac_n"]
