"""The step-size study: what it counts, what it prints, when it fails, and that it flies pairs."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from models.outcomes import Outcome
from pipeline import batch
from pipeline.campaign import Campaign, Steps
from pipeline.config import load_campaign
from pipeline.errors import BadInput, ExitCode, Interrupted, StoreProblem
from pipeline.steps import Study, compared, halved, study
from tests.pipeline.campaign_files import CAMPAIGN
from tests.pipeline.results import dataset

N_RUNS = 16


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign(CAMPAIGN)


def flown(campaign: Campaign, steps: Steps) -> xr.Dataset:
    """A few runs as `open_store` gives them."""
    text = campaign.with_runs(N_RUNS).model_copy(update={"steps": steps}).canonical()
    metrics = batch.fly_batch(text, 0, N_RUNS).metrics
    columns = dict(zip(batch.metric_names(campaign), metrics.T, strict=True))
    return xr.Dataset(
        {name: ("run", values) for name, values in columns.items()}, {"run": np.arange(N_RUNS)}
    )


@pytest.fixture(scope="module")
def coarse(campaign: Campaign) -> xr.Dataset:
    return flown(campaign, campaign.steps)


# --- flights --------------------------------------------------------------------------------------


def test_compared__equal_steps_change_nothing(campaign: Campaign, coarse: xr.Dataset) -> None:
    found = compared(campaign, coarse, flown(campaign, campaign.steps))
    assert [(row.median, row.p99) for row in found.changes] == [(0.0, 0.0)] * 6
    assert {row.runs for row in found.changes} == {N_RUNS}
    assert (found.flips, set(found.success_flips.values())) == ((), {0})
    assert found.exit_code is ExitCode.DONE


def test_compared__halved_steps_move_every_metric_a_little(
    campaign: Campaign, coarse: xr.Dataset
) -> None:
    found = compared(campaign, coarse, flown(campaign, halved(campaign.steps)))
    assert (found.steps, found.halved) == (Steps(flight=2, contact=5), Steps(flight=4, contact=10))
    changes = {row.label: row for row in found.changes}
    assert all(0.0 < row.median <= row.p99 for row in found.changes)
    # far below the requirements: 10 m, 1 m/s, 3 deg
    assert changes["touchdown position, each axis"].p99 < 100.0
    assert changes["touchdown speed"].p99 < 50.0
    assert changes["touchdown tilt"].p99 < 0.3


# --- counts, on made-up runs ----------------------------------------------------------------------


def of(campaign: Campaign, **columns: np.ndarray) -> Study:
    """1,000 perfect landings against the same with other columns."""
    more = ("rest_east_m", "rest_north_m", "peak_leg_load_n")
    plain = dataset(1000, {name: np.ones(1000) for name in more})
    return compared(campaign, plain, plain.assign({k: ("run", v) for k, v in columns.items()}))


def some(n: int, value: float, otherwise: float = 0.0) -> np.ndarray:
    """The value in the first n of 1,000 runs."""
    return np.where(np.arange(1000) < n, value, otherwise)


@pytest.mark.parametrize(("n", "code"), [(2, ExitCode.DONE), (3, ExitCode.FAIL)])
def test_study__fails_above_two_in_a_thousand_outcomes(
    campaign: Campaign, n: int, code: ExitCode
) -> None:
    found = of(campaign, outcome=some(n, Outcome.tip_over, Outcome.at_rest))
    assert found.exit_code is code
    assert [flip.run for flip in found.flips] == list(range(n))
    assert found.success_flips == {"landing success": n}
    assert "0 (at rest to tip over), 1 (at rest to tip over)" in found.markdown()
    verdict = "holds" if code is ExitCode.DONE else "does not hold"
    assert f"Outcomes that flip: {n} of 1,000 (0.{n}0 %)." in found.markdown()
    assert f"At most 0.2 % may: {verdict}." in found.markdown()


def test_study__fails_where_successes_flip_though_outcomes_do_not(campaign: Campaign) -> None:
    found = of(campaign, touchdown_vertical_speed_mps=some(3, 2.5, 1.0))
    assert (found.flips, found.success_flips) == ((), {"landing success": 3})
    assert found.exit_code is ExitCode.FAIL


def test_study__many_flips_are_told_in_part(campaign: Campaign) -> None:
    text = of(campaign, outcome=some(25, Outcome.off_pad)).markdown()
    assert "19 (at rest to off pad) and 5 more." in text


def test_change__is_the_absolute_change_where_both_flights_have_the_metric(
    campaign: Campaign,
) -> None:
    north = dataset(1000)["touchdown_north_m"].values
    found = of(campaign, touchdown_north_m=np.where(np.arange(1000) < 400, np.nan, north - 0.003))
    change = found.changes[0]
    assert change.runs == 1000  # east, which none has lost
    assert (change.median, change.p99) == pytest.approx((0.0, 3.0), abs=1e-9)
    speed = of(campaign, touchdown_speed_mps=some(990, np.nan)).changes[1]
    assert speed.runs == 10


def test_change__of_no_run_is_a_dash(campaign: Campaign) -> None:
    text = of(campaign, peak_stroke_m=some(1000, np.nan)).markdown()
    assert "| peak stroke | – mm | – mm | 0 |" in text


def test_study__of_lost_runs_is_refused(campaign: Campaign) -> None:
    with pytest.raises(StoreProblem, match="2 runs were lost"):
        of(campaign, outcome=some(2, Outcome.infrastructure_error))


def test_markdown__is_a_table_with_its_steps(campaign: Campaign, coarse: xr.Dataset) -> None:
    lines = compared(campaign, coarse, coarse).markdown().splitlines()
    assert re.match(
        r"16 runs of `hop_178m` flown twice .* 10 ms in flight and 4 ms in contact "
        r"\(`steps: {flight: 2, contact: 5}`\), .* 5 ms in flight and 2 ms in contact "
        r"\(`steps: {flight: 4, contact: 10}`\)\. Physics `[0-9a-f]{16}`",
        lines[0],
    )
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {5}
    assert table[2] == "| touchdown position, each axis | 0 mm | 0 mm | 16 |"


# --- the command ----------------------------------------------------------------------------------


def test_study__says_that_it_keeps_nothing_when_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*arguments: object) -> None:
        raise Interrupted("the same command resumes")

    monkeypatch.setattr("pipeline.steps.fly_campaign", interrupted)
    with pytest.raises(Interrupted, match="keeps nothing"):
        study("hop_178m", 16, sys.stderr)


def test_study__refuses_what_cannot_be_flown() -> None:
    with pytest.raises(BadInput, match="--runs: got 0, expected >= 1"):
        study("hop_178m", 0, sys.stderr)
    with pytest.raises(BadInput, match="found no file no_such_hop"):
        study("no_such_hop", 16, sys.stderr)


def test_command__flies_both_and_writes_the_table(tmp_path: Path) -> None:
    script, out = Path(sys.executable).parent / "hoverslam", tmp_path / "new" / "steps.md"
    words = [script, "steps", "hop_178m", "--runs", "32", "--out", out]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    assert done.stderr.count("32 of 32 runs") == 2
    assert out.read_text() in done.stderr
    assert "| peak leg load | " in out.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["new"]
