"""Success from metrics: what counts, what never does, by how much, and why not."""

from math import inf, nan, radians

import numpy as np
import pytest

from models.outcomes import Outcome
from pipeline import requirements
from pipeline.asked import Requirement, SuccessRequirement
from pipeline.batch import metric_names
from pipeline.config import load_campaign
from tests.pipeline.results import LANDING

TEN_OUTCOMES = [
    Outcome.at_rest,  # 0: a good landing
    Outcome.at_rest,  # 1: too fast
    Outcome.at_rest,  # 2: tilted
    Outcome.tip_over,  # 3: too fast as well
    Outcome.diverged,  # 4: no numbers
    Outcome.scrubbed,  # 5: never flew
    Outcome.infrastructure_error,  # 6: lost
    Outcome.time_out,  # 7: all limits kept, but it never came to rest
    Outcome.at_rest,  # 8: its tilt is not a number
    Outcome.at_rest,  # 9: too fast and tilted
]
TEN = {
    "outcome": np.array(TEN_OUTCOMES, float),
    "touchdown_vertical_speed_mps": np.array([0.5, 2.5, 0.5, 2.5, nan, nan, nan, 0.5, 0.5, 3.0]),
    "touchdown_tilt_rad": np.radians([1.5, 1.0, 4.5, 1.0, nan, nan, nan, 1.0, nan, 4.0]),
}


@pytest.fixture
def landing() -> Requirement:
    return SuccessRequirement.model_validate(LANDING)


def requirement(*holds: dict) -> Requirement:
    return SuccessRequirement.model_validate(LANDING | {"holds": holds})


def test_success__is_one_run_of_the_ten(landing):
    assert requirements.success(TEN, landing).tolist() == [True] + 9 * [False]


def test_success__at_the_limit_itself_is_kept():
    asked = requirement({"metric": "touchdown_tilt_deg", "at_most": 3.0})
    tilt = {
        "outcome": np.zeros(2),
        "touchdown_tilt_rad": np.array([radians(3.0), np.nextafter(radians(3.0), 1)]),
    }
    assert requirements.success(tilt, asked).tolist() == [True, False]


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_success__value_that_is_not_finite_holds_no_bound(value):
    metrics = {"outcome": np.zeros(1), "touchdown_miss_m": np.array([value])}
    for bound in ({"at_most": 1.0}, {"at_least": -1.0}):
        asked = requirement({"metric": "touchdown_miss_m", **bound})
        assert not requirements.success(metrics, asked).any()


@pytest.mark.parametrize("outcome", ["scrubbed", "time_out", "diverged", "infrastructure_error"])
def test_success__never_of_a_run_that_did_not_end(outcome):
    asked = requirement({"outcome": outcome})
    metrics = {"outcome": np.array([float(Outcome[outcome])])}
    assert not requirements.success(metrics, asked).any()
    assert requirements.margin(metrics, asked).tolist() == [-1.0]


def test_success__other_outcome_may_be_asked_for():
    asked = requirement({"outcome": "off_pad"})
    metrics = {"outcome": np.array([float(Outcome.off_pad), float(Outcome.at_rest)])}
    assert requirements.success(metrics, asked).tolist() == [True, False]


def test_condition_margin__is_signed_and_in_the_unit_of_the_metric(landing):
    speed, tilt = landing.holds[1:]
    assert requirements.condition_margin(TEN, speed)[[0, 1]].tolist() == [1.5, -0.5]
    found = requirements.condition_margin(TEN, tilt)[[0, 2]]
    np.testing.assert_allclose(found, np.radians([1.5, -1.5]), rtol=1e-12)


def test_condition_margin__of_a_band_is_the_nearer_limit():
    asked = requirement({"metric": "flight_time_s", "at_least": 50.0, "at_most": 52.0})
    times = {"outcome": np.zeros(3), "flight_time_s": np.array([49.0, 50.5, 51.75])}
    found = requirements.condition_margin(times, asked.holds[0])
    assert found.tolist() == [-1.0, 0.5, 0.25]


def test_margin__is_the_least_over_its_limit(landing):
    found = requirements.margin(TEN, landing)
    # 1.5 of 3 deg left; 0.5 over 2 m/s; 1.5 over 3 deg; worse of -1 (outcome) and -0.25; time-out
    np.testing.assert_allclose(found[[0, 1, 2, 3, 7]], [0.5, -0.25, -0.5, -1.0, -1.0], rtol=1e-12)


def test_margin__is_minus_infinity_without_touchdown(landing):
    assert requirements.margin(TEN, landing)[[4, 5, 6, 8]].tolist() == [-inf] * 4


def test_margin__of_a_limit_of_zero_has_the_scale_one():
    asked = requirement({"metric": "gimbal_saturated_s", "at_most": 0.0})
    saturated = {"outcome": np.zeros(2), "gimbal_saturated_s": np.array([0.0, 0.25])}
    assert requirements.margin(saturated, asked).tolist() == [0.0, -0.25]


def test_margin__is_at_least_zero_exactly_where_a_run_succeeds(landing):
    generator = np.random.default_rng(1)
    metrics = {
        "outcome": generator.choice([0, 1, 4, 10], 500, p=[0.7, 0.1, 0.1, 0.1]).astype(float),
        "touchdown_vertical_speed_mps": generator.choice([1.9, 2.0, 2.1, nan], 500),
        "touchdown_tilt_rad": generator.choice(np.radians([2.9, 3.0, 3.1]), 500),
    }
    found = requirements.margin(metrics, landing) >= 0.0
    np.testing.assert_array_equal(found, requirements.success(metrics, landing))
    assert 0 < found.sum() < 500


def test_causes__outcome_first_then_the_conditions_as_written(landing):
    why = requirements.causes(TEN, landing)
    fast, tilted = "touchdown vertical speed above 2 m/s", "touchdown tilt above 3 deg"
    expected = [
        fast,
        tilted,
        "tip_over",
        "diverged",
        "scrubbed",
        "infrastructure_error",
        "time_out",
        tilted,
        fast,
    ]
    assert why.code[0] == -1
    assert [why.labels[code] for code in why.code[1:]] == expected


def test_causes__counts_are_by_frequency(landing):
    counts = requirements.causes(TEN, landing).counts()
    assert list(counts.values()) == [2, 2, 1, 1, 1, 1, 1]
    assert sum(counts.values()) == 9


def test_causes__of_a_band_names_both_ends():
    asked = requirement({"metric": "flight_time_s", "at_least": 50.0, "at_most": 52.0})
    assert requirements.breach(asked.holds[0]) == "flight time above 52 or below 50 s"
    assert requirements.label(asked.holds[0]) == "flight time at most 52 and at least 50 s"


def test_count_successes__reads_the_columns_of_the_campaign_s_store():
    campaign = load_campaign("hop_178m")
    names = metric_names(campaign)
    rows = np.zeros((3, len(names)))
    rows[1, names.index("touchdown_vertical_speed_mps")] = 1e3
    rows[2, names.index("outcome")] = Outcome.tip_over
    assert requirements.count_successes(campaign.canonical(), rows) == 1
