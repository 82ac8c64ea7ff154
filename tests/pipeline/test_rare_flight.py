"""Flying given points: the same flights as a campaign's, wherever they come from."""

import numpy as np

from pipeline import batch, build, sampling
from pipeline.config import load_campaign
from pipeline.names import FAILURE_DRAWS
from tests.pipeline.campaign_files import CAMPAIGN

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
