"""Units follow from names: suffix table, dimensionless names, names without a unit."""

import pytest

from pipeline.units import long_name_of, unit_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("touchdown_speed_mps", "m s-1"),
        ("apogee_m", "m"),
        ("peak_acceleration_mps2", "m s-2"),
        ("tilt_rad", "rad"),
        ("tilt_deg", "degree"),
        ("roll_rate_radps", "rad s-1"),
        ("roll_rate_dps", "degree s-1"),
        ("flight_time_s", "s"),
        ("propellant_left_kg", "kg"),
        ("ixx_kgm2", "kg m2"),
        ("leg_load_n", "N"),
        ("tailoff_impulse_ns", "N s"),
        ("ambient_pa", "Pa"),
        ("temperature_offset_k", "K"),
        ("bandwidth_hz", "s-1"),
        ("gyro_noise_radps_rthz", "rad s-1 Hz-0.5"),
        ("slew_per_s", "s-1"),
        ("thrust_scale", "1"),
        ("valve_fraction", "1"),
        ("touchdown_speed_margin", "1"),
        ("friction", "1"),
    ],
)
def test_unit_of__follows_the_suffix(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_unit_of__listed_names_are_dimensionless() -> None:
    assert unit_of("outcome", dimensionless={"outcome"}) == "1"


@pytest.mark.parametrize("name", ["outcome", "m", "touchdown_speed", "speed_knots"])
def test_unit_of__a_name_without_unit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: ends in no unit"):
        unit_of(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("touchdown_speed_mps", "touchdown speed"),
        ("gyro_noise_radps_rthz", "gyro noise"),
        ("thrust_scale", "thrust scale"),
        ("gnss_bias_east_m", "GNSS bias east"),
        ("outcome", "outcome"),
    ],
)
def test_long_name_of__says_it_in_words_without_the_unit(name: str, words: str) -> None:
    assert long_name_of(name) == words
