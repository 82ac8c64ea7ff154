"""Flying given points: the same flights as a campaign's, wherever they come from."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from models.outcomes import Initiator
from pipeline import batch, build, sampling
from pipeline.config import load_campaign
from pipeline.names import FAILURE_DRAWS
from pipeline.rare.flight import NO_FAILURE, Flights, strata
from pipeline.rare.points import Points, draw
from tests.pipeline.campaign_files import CAMPAIGN, edited, put

RUNS = 16


def test_fly_points__flies_a_run_of_the_campaign_at_its_uniforms_and_seed() -> None:
    campaign = load_campaign(CAMPAIGN)
    names = (*sampling.coordinates(campaign), *FAILURE_DRAWS)
    uniforms = {name: sampling.uniforms(campaign.seed, name, 100, 100 + RUNS) for name in names}
    seeds = sampling.run_seeds(campaign.seed, 100, 100 + RUNS)
    found = batch.fly_points(campaign, build.setup(campaign), uniforms, seeds)

    rows = batch.fly_batch(campaign.canonical(), 100, 100 + RUNS)
    for name, column in zip(batch.metric_names(campaign), rows.metrics.T, strict=True):
        np.testing.assert_array_equal(found[name], column, err_msg=name)
    for name, column in zip(batch.input_names(campaign), rows.inputs.T, strict=True):
        np.testing.assert_array_equal(found[name], column, err_msg=name)


# --- strata ---------------------------------------------------------------------------------------


def test_strata__share_all_runs_among_the_failures_and_none() -> None:
    campaign = load_campaign(CAMPAIGN)
    parts = strata(campaign)
    assert parts[0].name == NO_FAILURE
    assert sum(part.probability for part in parts) == pytest.approx(1.0)
    assert [part.name for part in parts[1:]] == list(campaign.failures)


@pytest.mark.parametrize("number", [0, 1, 14])
def test_flights__of_a_stratum_all_have_its_failure(number: int) -> None:
    campaign = load_campaign(CAMPAIGN)
    part = strata(campaign)[number]
    flights = Flights(campaign, build.setup(campaign), part, threads=2)
    flown = flights.fly(draw(np.random.default_rng(1), 40, len(flights.coordinates)))
    code = 0 if part.name == NO_FAILURE else Initiator[part.name]
    assert flown["initiator"].tolist() == [float(code)] * 40


def test_flights__do_not_depend_on_the_threads() -> None:
    campaign = load_campaign(CAMPAIGN)
    setup, part = build.setup(campaign), strata(campaign)[0]
    one, three = (Flights(campaign, setup, part, threads) for threads in (1, 3))
    points = draw(np.random.default_rng(2), 40, len(one.coordinates))
    first, second = one.fly(points), three.fly(points)
    for name, column in first.items():
        np.testing.assert_array_equal(column, second[name], err_msg=name)


def test_values__follow_the_laws_and_the_rank_correlations(tmp_path: Path) -> None:
    pair = {"a": "thrust_scale", "b": "isp_scale", "rho": 0.7, "tag": "E", "source": "a test"}
    campaign = edited(tmp_path, put("campaign.correlations", [pair]))
    flights = Flights(campaign, build.setup(campaign), strata(campaign)[0], threads=1)
    points = draw(np.random.default_rng(3), 4000, len(flights.coordinates))
    values = flights.values(points)
    law = campaign.dispersions["wind_speed_mps"]
    assert stats.kstest(values["wind_speed_mps"], law.cdf).pvalue > 1e-3
    rank = stats.spearmanr(values["thrust_scale"], values["isp_scale"]).statistic
    assert rank == pytest.approx(0.7, abs=0.03)


def test_values__are_finite_in_the_farthest_tails() -> None:
    campaign = load_campaign(CAMPAIGN)
    flights = Flights(campaign, build.setup(campaign), strata(campaign)[0], threads=1)
    far = np.repeat([[-40.0], [40.0]], len(flights.coordinates), axis=1)
    values = flights.values(Points(far, np.zeros(2, np.uint64)))
    assert all(np.isfinite(value).all() for value in values.values())
