"""Batches: the same bytes for every split, histories that stop where the run does, one compile."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.flight import TICK_S
from models.lanes import LANES, fly_blocks
from models.metrics import Metrics
from models.outcomes import Initiator, Outcome
from pipeline import batch, build, kernel
from pipeline.config import Campaign, load_campaign
from pipeline.store import Batch
from tests.pipeline.campaign_files import CAMPAIGN, edited, put

N_RUNS, N_HISTORIES = 40, 20
FAILING = {
    name: {"probability": 0.06, "tag": "E", "source": "test"}
    for name in ("engine_no_start", "leg_not_deployed", "leg_weak_damper", "leg_collapse")
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Forty runs, some of which end early or badly, half of them with a history."""
    return edited(
        tmp_path_factory.mktemp("campaign"),
        put("campaign.runs", N_RUNS),
        put("campaign.history", {"runs": N_HISTORIES, "every_ticks": 25}),
        put("campaign.failures", FAILING),
    )


@pytest.fixture(scope="module")
def whole(campaign: Campaign) -> Batch:
    return batch.fly_batch(campaign.canonical(), 0, N_RUNS)


def column(campaign: Campaign, flown: Batch, name: str) -> np.ndarray:
    return flown.metrics[:, batch.metric_names(campaign).index(name)]


@pytest.mark.parametrize("cuts", [(16,), (7,), (1, 21)])
def test_fly_batch__rows_are_the_same_bytes_for_every_split(
    campaign: Campaign, whole: Batch, cuts: tuple[int, ...]
) -> None:
    ends = (0, *cuts, N_RUNS)
    parts = [
        batch.fly_batch(campaign.canonical(), start, stop)
        for start, stop in zip(ends, ends[1:], strict=False)
    ]
    for values, pieces in zip(
        whole[:3], zip(*(part[:3] for part in parts), strict=True), strict=True
    ):
        assert np.concatenate(pieces).tobytes() == values.tobytes()


def test_fly_batch__has_runs_that_land_and_runs_that_do_not(
    campaign: Campaign, whole: Batch
) -> None:
    ended = set(column(campaign, whole, "outcome"))
    assert {Outcome.at_rest, Outcome.no_start} <= ended
    failed = column(campaign, whole, "initiator")
    assert {Initiator.none, Initiator.engine_no_start} <= set(failed)
    assert (
        column(campaign, whole, "outcome")[failed == Initiator.engine_no_start] == Outcome.no_start
    ).all()


def test_fly_batch__fits_the_layout_of_a_store(campaign: Campaign, whole: Batch) -> None:
    layout = batch.layout(campaign, batch_runs=16)
    assert whole.inputs.shape == (N_RUNS, len(layout.input_names))
    assert whole.metrics.shape == (N_RUNS, len(layout.metric_names))
    assert whole.history.shape == layout.history_shape(0, N_RUNS)
    assert whole.history.dtype == np.float32
    assert whole.kernel_s > 0.0
    for name, spec in layout.codes.items():
        assert spec.knows(column(campaign, whole, name))


def test_fly_batch__keeps_no_history_beyond_the_campaigns(campaign: Campaign) -> None:
    layout = batch.layout(campaign, batch_runs=16)
    flown = batch.fly_batch(campaign.canonical(), 32, 34)
    assert flown.history.shape == layout.history_shape(32, 34)
    assert flown.history.shape[0] == 0


def test_fly_batch__stores_what_was_drawn(campaign: Campaign, whole: Batch) -> None:
    drawn = build.draws(campaign, 0, N_RUNS)
    for place, name in enumerate(batch.input_names(campaign)):
        np.testing.assert_array_equal(whole.inputs[:, place], drawn[name])


def test_metric_names__leave_out_legs_that_are_not_there(
    campaign: Campaign, tmp_path: Path
) -> None:
    assert set(Metrics._fields) - set(batch.metric_names(campaign)) == {
        f"{what}_{leg}_{unit}" for what, unit in (("stroke", "m"), ("load", "n")) for leg in (4, 5)
    }
    six = edited(tmp_path, put("vehicle.legs", 6))
    assert batch.metric_names(six) == Metrics._fields


# --- histories ------------------------------------------------------------------------------------


def test_history__begins_at_rest_on_the_pad_and_ends_with_the_run(
    campaign: Campaign, whole: Batch
) -> None:
    times = np.array(batch.history_times(campaign))
    assert times[1] == 25 * TICK_S
    names = batch.history_names()
    end_s = column(campaign, whole, "end_time_s")
    for run, history in enumerate(whole.history):
        known = np.isfinite(history).all(axis=-1)
        assert (known == np.isfinite(history).any(axis=-1)).all()
        # a sample each time, that of the end included
        np.testing.assert_array_equal(known, times < end_s[run] + 0.5 * TICK_S)
        assert history[0, names.index("up_m")] == 0.0
        assert history[0, names.index("tilt_rad")] == 0.0


def test_history__agrees_with_the_metrics(campaign: Campaign, whole: Batch) -> None:
    names = batch.history_names()
    up, east = (whole.history[:, :, names.index(name)] for name in ("up_m", "east_m"))
    highest = column(campaign, whole, "max_altitude_m")[:N_HISTORIES]
    rest_east = column(campaign, whole, "rest_east_m")[:N_HISTORIES]
    landed = np.isfinite(rest_east)
    assert landed.any()
    # between two samples, half a second apart about the top, it moves less than g / 8 of a second
    assert np.all(np.nanmax(up, axis=1) <= highest + 1e-3)
    assert np.all(np.nanmax(up, axis=1)[landed] > highest[landed] - 1.3)
    last = np.isfinite(east).sum(axis=1) - 1
    np.testing.assert_allclose(
        east[landed, last[landed]], rest_east[landed], atol=0.02 * 0.5 + 1e-3
    )  # at rest it moves less than limits.rest_speed_mps


# --- the kernel -----------------------------------------------------------------------------------


def test_fly__recording_changes_no_metric(campaign: Campaign) -> None:
    shared = build.setup(campaign)
    runs = build.cases(campaign, shared.design, build.draws(campaign, 0, 3), 0, 3)
    plain, *_ = batch.fly(shared, *runs, 0, 1)
    recorded, history, *_ = batch.fly(shared, *runs, 50, 3)
    assert plain.tobytes() == recorded.tobytes()
    assert history.shape[:2] == (3, 50)


def test_fly__refuses_no_runs(campaign: Campaign) -> None:
    shared, runs = build.nominal(campaign)
    with pytest.raises(ValueError, match="n_runs: got 0"):
        batch.fly(shared, runs.case, runs.legs, 0, 0, 1)


def test_fly__pays_for_full_blocks(campaign: Campaign) -> None:
    shared, runs = build.nominal(campaign)
    *_, effort = batch.fly(shared, *runs, 0, 1)
    flown, paid = effort[0] + effort[2], effort[1] + effort[3]
    assert flown == paid  # the block is filled up with copies of its one run
    assert flown % LANES == 0


def test_fly__nominal_flight_lands(campaign: Campaign) -> None:
    shared, runs = build.nominal(campaign)
    metrics, *_ = batch.fly(shared, *runs, 0, 1)
    row = Metrics(*metrics[0])
    assert row.outcome == Outcome.at_rest
    assert row.violations == 0
    assert row.touchdown_miss_m < float(campaign.site.pad_radius_m)


def test_fly__never_compiles_a_second_version(campaign: Campaign, whole: Batch) -> None:
    assert whole.metrics.size
    kernel.warm_up()
    batch.fly_batch(campaign.canonical(), 3, 5)
    assert len(fly_blocks.signatures) == 1


def test_warm_up__leaves_a_cache_that_another_process_finds() -> None:
    kernel.warm_up()
    lines = (
        "from models.lanes import fly_blocks; from pipeline.kernel import warm_up",
        "warm_up()",
        "seen = fly_blocks.stats; assert seen.cache_hits and not seen.cache_misses, seen",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=CAMPAIGN.parents[1],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_prepared__reads_a_campaign_once_per_process(campaign: Campaign) -> None:
    before = batch.prepared.cache_info().hits
    for _ in range(2):
        batch.fly_batch(campaign.canonical(), 0, 1)
    assert batch.prepared.cache_info().hits > before


def test_load__reference_campaign_has_a_layout() -> None:
    reference = load_campaign(CAMPAIGN)
    layout = batch.layout(reference, batch_runs=256)
    assert layout.n_runs == reference.runs
    assert layout.unit("touchdown_tilt_rad") == "rad"


def test_kernel__flies_the_same_bytes_where_it_was_compiled(tmp_path: Path) -> None:
    """One process finds an empty cache, the other a full one: the same rows to the last bit."""
    lines = (
        "import sys",
        "from pipeline import batch",
        "from pipeline.config import load_campaign",
        f"text = load_campaign({str(CAMPAIGN)!r}).canonical()",
        "sys.stdout.write(batch.fly_batch(text, 0, 16).metrics.tobytes().hex())",
    )
    rows = [
        subprocess.run(
            [sys.executable, "-c", "\n".join(lines)],
            cwd=CAMPAIGN.parents[1],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert len(rows[0]) > 16 * 8
    assert rows[0] == rows[1]
