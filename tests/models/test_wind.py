"""Mean wind and gust: laws by hand, the sense of directions, what a flight meets of a table."""

from math import log, radians

import numpy as np
import pytest

from models.structs import Wind
from tests.models.kit import interpreted
from tests.models.vehicle import filled

wind = interpreted().wind

BASE = dict(speed_mps=6.0, reference_height_m=10.0, exponent=1 / 7, roughness_m=0.03)


def _mean(height_m: float, w: Wind) -> tuple[float, float]:
    """Mean wind m/s and its slope 1/s."""
    return wind.mean_speed(height_m, w, wind.per_log_reference(w))


def test_mean_speed__power_law() -> None:
    w = filled(Wind, **BASE)
    assert _mean(10.0, w)[0] == pytest.approx(6.0)
    assert _mean(1280.0, w)[0] == pytest.approx(12.0, rel=1e-9)  # 128^(1/7) = 2
    assert _mean(0.0, w)[0] == pytest.approx(_mean(1.0, w)[0])


def test_mean_speed__log_law() -> None:
    w = filled(Wind, profile=1.0, **BASE)
    assert _mean(10.0, w)[0] == pytest.approx(6.0)
    assert _mean(300.0, w)[0] == pytest.approx(6.0 * log(1e4) / log(1e3 / 3), rel=1e-12)


def test_mean_speed__the_two_laws_agree_within_three_percent_to_343_m() -> None:
    """The shape of the profile does not matter at these heights."""
    power, logarithmic = filled(Wind, **BASE), filled(Wind, profile=1.0, **BASE)
    for height in (10.0, 50.0, 100.0, 178.0, 343.0):
        one, other = (_mean(height, w)[0] for w in (power, logarithmic))
        assert one == pytest.approx(other, rel=0.035)  # 3 % as rounded: 3.01 % at 343 m


def test_mean_speed__linear() -> None:
    w = filled(Wind, **BASE | {"profile": 2.0, "shear_per_s": 0.1})
    assert _mean(40.0, w) == (pytest.approx(9.0), 0.1)


@pytest.mark.parametrize("profile", [0.0, 1.0, 2.0])
def test_mean_speed__slope_is_the_derivative(profile: float) -> None:
    w = filled(Wind, profile=profile, shear_per_s=0.02, **BASE)
    for height in (2.0, 10.0, 200.0):
        low, high = (_mean(height + d, w)[0] for d in (-1e-3, 1e-3))
        assert _mean(height, w)[1] == pytest.approx((high - low) / 2e-3, rel=1e-6)
    assert _mean(0.5, filled(Wind, **BASE))[1] == 0.0


def test_direction__wind_from_the_west_blows_east() -> None:
    def towards(degrees: float) -> tuple[float, float]:
        return wind.direction(
            10.0, filled(Wind, from_rad=radians(degrees), reference_height_m=10.0)
        )

    assert towards(270.0) == pytest.approx((1.0, 0.0), abs=1e-15)
    assert towards(0.0) == pytest.approx((0.0, -1.0), abs=1e-15)
    assert towards(90.0) == pytest.approx((-1.0, 0.0), abs=1e-15)


def test_direction__veers_clockwise_with_height() -> None:
    w = filled(Wind, from_rad=radians(270.0), reference_height_m=10.0, veer_radpm=radians(0.1))
    east, north = wind.direction(110.0, w)  # 10 deg later: from 280 deg
    assert (east, north) == pytest.approx((np.sin(radians(100)), np.cos(radians(100))), abs=1e-12)


def test_gust__is_one_minus_cosine_over_its_layer() -> None:
    w = filled(Wind, gust_mps=8.0, gust_height_m=60.0, gust_thickness_m=30.0)
    found = [wind.gust_speed(h, w) for h in (61.0, 60.0, 52.5, 45.0, 37.5, 30.0, 10.0)]
    assert found == pytest.approx([0.0, 0.0, 4.0, 8.0, 4.0, 0.0, 0.0], abs=1e-12)


def test_from_table__is_linear_between_levels_and_held_beyond() -> None:
    winds = np.array(
        [[[0, 1, 0], [100, 3, 5], [200, 3, -5]], [[0, 9, 9], [1, 9, 9], [2, 9, 9]]], float
    )
    assert wind.from_table(50.0, 0.0, winds) == pytest.approx((2.0, 2.5, 0.02, 0.05))
    assert wind.from_table(150.0, 0.0, winds) == pytest.approx((3.0, 0.0, 0.0, -0.1))
    assert wind.from_table(-5.0, 0.0, winds) == pytest.approx((1.0, 0.0, 0.0, 0.0))
    assert wind.from_table(900.0, 0.0, winds) == pytest.approx((3.0, -5.0, 0.0, 0.0))
    assert wind.from_table(50.0, 1.0, winds)[:2] == (9.0, 9.0)
