"""What people read: names, units, degrees, digits."""

from math import inf, nan, pi

import numpy as np
import pytest

from pipeline import words


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("touchdown_tilt_rad", "touchdown tilt, deg"),
        ("touchdown_rate_radps", "touchdown rate, deg/s"),
        ("wind_veer_radpm", "wind veer, deg/m"),
        ("touchdown_speed_mps", "touchdown speed, m/s"),
        ("accel_bias_x_mps2", "accel bias x, m/s²"),
        ("inertia_product_xz_kgm2", "inertia product xz, kg m²"),
        ("throttle", "throttle"),
        ("thrust_scale", "thrust scale"),
        ("ground_effect", "ground effect"),  # no unit in its name
    ],
)
def test_titled__has_the_unit_people_read(name, title):
    assert words.titled(name) == title


def test_for_people__turns_radians_into_degrees_and_nothing_else():
    assert words.for_people("touchdown_tilt_rad", pi) == pytest.approx(180.0)
    assert words.for_people("gyro_bias_x_radps", np.array([pi / 2])) == pytest.approx([90.0])
    assert words.for_people("gimbal_natural_frequency_radps", 31.4) == 31.4
    assert words.for_people("touchdown_speed_mps", 2.5) == 2.5
    assert words.for_people("ground_effect", 0.5) == 0.5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.684, "1.68"),
        (-0.0253, "−0.0253"),
        (999.96, "1,000"),
        (178.42, "178"),
        (34904.06, "34,904"),
        (2.994e6, "2.99×10⁶"),
        (-6.93e-4, "−6.93×10⁻⁴"),
        (nan, "–"),
        (inf, "∞"),
        (-inf, "−∞"),
    ],
)
def test_number__has_three_digits(value, text):
    assert words.number(value) == text


def test_number__has_more_digits_if_asked():
    assert words.number(178.4236, 6) == "178.424"


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.5, "0.5000"), (0.9932, "0.99320"), (0.99998651, "0.9999865"), (1.0, "1.0000"), (nan, "–")],
)
def test_share__tells_itself_from_one(probability, text):
    assert words.share(probability) == text


def test_share__of_less_than_one_is_never_printed_as_one():
    for failures in range(1, 10):
        assert float(words.share(1.0 - 10.0**-failures)) < 1.0


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.9, "90 %"), (0.9973, "99.73 %"), (0.001, "0.1 %")]
)
def test_percent__has_no_needless_digits(fraction, text):
    assert words.percent(fraction) == text


def test_between__says_where_an_end_is_open():
    assert words.between("touchdown_tilt_rad", 0.0, pi / 180) == "0 to 1.00"
    assert words.between("touchdown_miss_m", 2.0, inf) == "2.00 to none"
    assert words.between("touchdown_miss_m", inf, inf) == "none"


def test_fixed__takes_its_decimals_from_the_scale():
    assert words.fixed(0.99996, 0.005) == "0.99996"
    assert words.fixed(-2e-9, 0.005) == "0.00000"
    assert words.fixed(1.004, 150.0) == "1"
    assert words.fixed(nan, 1.0) == "–"
    assert words.fixed(3.14159, 0.0) == "3.14"


def test_digits_for__shows_the_spread_of_a_narrow_metric():
    assert words.digits_for(178.39, 0.06) == 6
    assert words.digits_for(0.38, 0.8) == 3
    assert words.digits_for(inf, 1.0) == 3


def test_sentence__keeps_the_capitals_of_names():
    assert words.sentence("IMU misalignment x") == "IMU misalignment x"
    assert words.sentence("touchdown tilt") == "Touchdown tilt"
