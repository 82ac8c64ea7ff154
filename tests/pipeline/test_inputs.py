"""Inputs as drawn against inputs as asked."""

from math import exp, pi, sqrt

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import special, stats

from pipeline.laws import Law
from pipeline.summary.inputs import check_branches, check_inputs, shape_of_law
from tests.pipeline.results import campaign, dataset, normal, pedigree

EVENLY = (np.arange(1000) + 0.5) / 1000  # quantiles of a perfect sample
KEYS = {"class": "flight", **pedigree()}


def law(**keys):
    return TypeAdapter(Law).validate_python({**keys, **KEYS})


def checked(name: str, values: np.ndarray, name_in_file: str, asked: dict):
    laws = {name_in_file: asked}
    results = dataset(values.size, {name: values}, dispersions=laws)
    return check_inputs(results, campaign(values.size, dispersions=laws))[0]


def test_check__draws_that_follow_their_law_pass():
    found = checked(
        "thrust_scale", stats.norm.ppf(EVENLY, 1.0, 0.01), "thrust_scale", normal(1.0, 0.01)
    )
    assert found.p_value > 0.99
    assert not found.is_suspect
    assert found.drawn.mean == pytest.approx(1.0)
    assert found.asked.sigma == pytest.approx(0.01, rel=1e-6)


def test_check__wrong_sigma_is_flagged():
    found = checked(
        "thrust_scale", stats.norm.ppf(EVENLY, 1.0, 0.02), "thrust_scale", normal(1.0, 0.01)
    )
    assert found.is_suspect


def test_check__angles_are_compared_in_the_unit_of_the_file():
    drawn = np.radians(stats.norm.ppf(EVENLY, 0.0, 0.25))
    found = checked("pad_slope_rad", drawn, "pad_slope_deg", normal(0.0, 0.25))
    assert found.name == "pad_slope_rad"
    assert found.drawn.sigma == pytest.approx(0.25, rel=0.01)
    assert found.p_value > 0.99


def test_check__rows_that_were_lost_are_left_out():
    drawn = stats.norm.ppf(EVENLY, 1.0, 0.01)
    drawn[::100] = np.nan
    found = checked("thrust_scale", drawn, "thrust_scale", normal(1.0, 0.01))
    assert found.p_value > 0.99
    assert found.drawn.mean == pytest.approx(1.0, abs=1e-3)


def test_check__no_draws_at_all_is_no_alarm():
    found = checked("thrust_scale", np.full(3, np.nan), "thrust_scale", normal(1.0, 0.01))
    assert not found.is_suspect
    assert np.isnan(found.drawn.mean)


@pytest.mark.parametrize(("ones", "suspect"), [(100, False), (160, True)])
def test_check__few_values_are_counted(ones, suspect):
    asked = {"law": "bernoulli", "probability": 0.1, **KEYS}
    found = checked("wind_member", np.repeat([1.0, 0.0], [ones, 1000 - ones]), "wind_member", asked)
    assert found.test == "chi-square"
    assert found.is_suspect is suspect


def test_check__value_that_the_law_does_not_know_is_flagged():
    asked = {"law": "discrete", "values": [0.0, 1.0], "probabilities": [0.5, 0.5], **KEYS}
    found = checked("wind_member", np.array([0.0, 1.0, 2.0]), "wind_member", asked)
    assert (found.p_value, found.is_suspect) == (0.0, True)


@pytest.mark.parametrize(
    ("asked", "mean", "sigma"),
    [
        (law(law="normal", mean=-3.0, sigma=0.5), -3.0, 0.5),
        (law(law="uniform", lower=2.0, upper=5.0), 3.5, 3.0 / sqrt(12.0)),
        (
            law(law="log_normal", median=2.0, sigma_log=0.5),
            2.0 * exp(0.125),
            2.0 * exp(0.125) * sqrt(exp(0.25) - 1.0),
        ),
        (
            law(law="weibull", shape=2.0, scale=3.0),
            3.0 * sqrt(pi) / 2.0,
            3.0 * sqrt(1.0 - pi / 4.0),
        ),
        (law(law="discrete", values=[1.0, 5.0], probabilities=[0.25, 0.75]), 4.0, sqrt(3.0)),
        (law(law="bernoulli", probability=0.001), 0.001, sqrt(0.001 * 0.999)),
        (law(law="truncated_normal", mean=0.0, sigma=1.0, lower=-1.0, upper=1.0), 0.0, 0.5395603),
    ],
    ids=lambda value: getattr(value, "law", None),
)
def test_shape_of_law__has_the_closed_form_moments(asked, mean, sigma):
    found = shape_of_law(asked)
    assert found.mean == pytest.approx(mean, rel=1e-6, abs=1e-9)
    assert found.sigma == pytest.approx(sigma, rel=1e-6)


def test_shape_of_law__percentiles_are_the_law_s():
    found = shape_of_law(law(law="normal", mean=0.0, sigma=2.0))
    assert found.p95 == pytest.approx(2.0 * special.ndtri(0.95))
    assert found.p50 == 0.0


def test_check_branches__frequency_against_probability():
    results = dataset(1000, {"initiator": np.repeat([1, 0], [10, 990])})
    (branch,) = check_branches(results, campaign(1000), 0.9)
    assert (branch.name, branch.drawn.successes, branch.drawn.runs) == ("engine_out", 10, 1000)
    assert branch.p_value == pytest.approx(1.0)


def test_check_branches__failure_drawn_too_often_has_a_small_p():
    results = dataset(1000, {"initiator": np.repeat([1, 0], [40, 960])})
    assert check_branches(results, campaign(1000), 0.9)[0].p_value < 1e-6
