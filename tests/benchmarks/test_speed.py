"""The short share of the benchmarks that CI runs: ratios within one run, never times."""

from pipeline import build, kernel
from pipeline.config import load_campaign
from tests.benchmarks.bench_kernel import lanes_against_scalar


def test_lanes__fly_at_least_twice_as_fast_as_one_run_at_a_time_and_land_where_it_lands() -> None:
    """Both compile the same functions with the same flags; only the order of additions differs."""
    campaign = load_campaign("campaigns/hop_178m.yaml")
    kernel.warm_up()
    found = lanes_against_scalar(campaign, build.setup(campaign), n=32, repeats=3)
    assert found["lanes_over_scalar"] >= 2.0
    assert found["lanes_against_scalar_outcomes_that_differ"] == 0
    assert found["lanes_against_scalar_largest_m_at_touchdown"] < 1e-8
