"""Stores that are not what was flown: none of them gets a verdict, whatever its rows would say."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from pipeline.compare import Terms, compare_stores
from pipeline.errors import BadInput, DamagedStore, ExitCode
from pipeline.gate import judge
from pipeline.ruling import Ruling
from pipeline.store import open_store, stop
from tests.pipeline.pairs import reasons
from tests.pipeline.results import LANDING, dataset, failing, write_store

RUNS = 300


def finished(path: Path) -> Path:
    return write_store(path, failing(RUNS, 0))


def stopped(path: Path, runs: int = 230) -> Path:
    """A store whose plan had decided after so many runs; it flew them, and some more."""
    plan = LANDING | {"plan": {"kind": "curtailed", "allowed_failures": 0}}
    write_store(path, failing(RUNS, 0, requirements=[plan]), batches=25)
    stop(path, runs)
    return path


def edit(path: Path, **attributes: Any) -> None:
    """Change what a store's root says; None takes it away."""
    root = path / "zarr.json"
    told = json.loads(root.read_text())
    kept = told["attributes"] | attributes
    told["attributes"] = {name: value for name, value in kept.items() if value is not None}
    root.write_text(json.dumps(told))


def refused(path: Path) -> str:
    """Why the gate gives no verdict on a store."""
    try:
        found = judge(path)
    except DamagedStore as error:
        return str(error)
    assert found.ruling is Ruling.INVALID
    return "; ".join(found.verdicts[0].reasons)


def test_sound_stores__pass(tmp_path):
    assert judge(finished(tmp_path / "whole.zarr")).ruling is Ruling.PASS
    assert judge(stopped(tmp_path / "stopped.zarr")).ruling is Ruling.PASS


# --- numbers of runs ------------------------------------------------------------------------------


def test_runs__fewer_than_the_campaign_has_are_no_whole_store(tmp_path):
    cut = failing(RUNS, 0).isel(run=slice(230))
    path = write_store(tmp_path / "cut.zarr", cut)
    said = "the store is of 230 runs, its campaign of 300"
    assert said in refused(path)
    found = compare_stores(path, finished(tmp_path / "whole.zarr"), Terms())
    assert f"baseline: {said}" in found.reasons


@pytest.mark.parametrize("runs", [0, -5, 301])
def test_runs__stopped_outside_the_campaign(tmp_path, runs):
    path = stopped(tmp_path / "odd.zarr")
    edit(path, stopped_at=runs)
    assert f"stopped_at: got {runs}, expected 1 to 300" in refused(path)


def test_runs__a_stopped_store_that_says_it_is_shorter(tmp_path):
    path = stopped(tmp_path / "odd.zarr")
    edit(path, n_runs=229)
    said = refused(path)
    assert "the store is of 229 runs, its campaign of 300" in said
    assert "stopped_at: got 230, expected 1 to 229" in said


# --- codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["outcome", "initiator"])
@pytest.mark.parametrize("code", [77.0, 0.5, np.nan])
def test_codes__of_a_stopped_store_that_mean_nothing(tmp_path, name, code):
    path = stopped(tmp_path / "odd.zarr")
    flying = zarr.open_group(path / "flying", mode="r+")
    column = flying.attrs["layout"]["metric_names"].index(name)
    flying["metrics"][40:45, column] = code
    assert f"damaged: {name} holds {code:g}, which mean nothing" in refused(path)


def test_codes__beyond_the_last_run_judged_decide_nothing(tmp_path):
    path = stopped(tmp_path / "odd.zarr", runs=235)
    flying = zarr.open_group(path / "flying", mode="r+")
    column = flying.attrs["layout"]["metric_names"].index("outcome")
    flying["metrics"][235:, column] = 77.0
    assert judge(path).ruling is Ruling.PASS


# --- roots and chunks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("campaign", None, "campaign: missing"),
        ("campaign", "{", "campaign: got '{', expected JSON"),
        ("campaign", "[]", "campaign: got [], expected keys and values"),
        ("campaign", "{}", "the store's campaign, of hoverslam 0.1.0, cannot be read"),
        ("physics_digest", None, "physics_digest: missing"),
        ("n_runs", "many", "n_runs: got 'many', expected a whole number"),
        ("stopped_at", "x", "stopped_at: got 'x', expected a whole number"),
        ("state", "landed", "state: got 'landed'"),
    ],
)
def test_root__that_does_not_say_what_every_store_says(tmp_path, attribute, value, said):
    path = stopped(tmp_path / "odd.zarr")
    edit(path, **{attribute: value})
    assert said in refused(path)
    with pytest.raises(DamagedStore, match="odd.zarr") as told:
        compare_stores(path, finished(tmp_path / "whole.zarr"), Terms())
    assert told.value.exit_code is ExitCode.INVALID


@pytest.mark.parametrize("make", [finished, stopped])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: root.unlink(), "damaged: zarr.json is missing"),
        (lambda root: root.write_text(root.read_text()[:500]), "zarr.json cannot be read"),
        (lambda root: root.write_text("[]"), "zarr.json is not that of a group"),
    ],
)
def test_root__cut_or_gone(
    tmp_path: Path, make: Callable[[Path], Path], spoil: Callable[[Path], object], said: str
) -> None:
    path = make(tmp_path / "odd.zarr")
    spoil(path / "zarr.json")
    assert said in refused(path)


def test_root__a_folder_that_is_no_store_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no such store"):
        judge(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(BadInput, match="is not a store"):
        judge(tmp_path)


def test_chunk__of_a_stopped_store_cut_short_is_a_batch_less(tmp_path):
    path = stopped(tmp_path / "odd.zarr")
    chunk = path / "flying" / "metrics" / "c" / "3" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-8])
    assert "10 of 230 run ids are missing" in refused(path)
    assert np.isfinite(open_store(path)["touchdown_tilt_rad"]).all()


def test_chunk__of_the_rows_in_flight_unreadable(tmp_path):
    path = stopped(tmp_path / "odd.zarr")
    (path / "flying" / "zarr.json").write_text("{")
    assert "damaged: cannot be read" in refused(path)


# --- what is lacking ------------------------------------------------------------------------------


def test_metric__that_the_campaign_asks_for_is_gone(tmp_path):
    path = finished(tmp_path / "odd.zarr")
    shutil.rmtree(path / "touchdown_tilt_rad")
    root = path / "zarr.json"
    told = json.loads(root.read_text())
    del told["consolidated_metadata"]["metadata"]["touchdown_tilt_rad"]
    root.write_text(json.dumps(told))
    said = "requirements: touchdown_tilt_deg: the store has no such metric"
    assert refused(path) == said
    found = compare_stores(path, finished(tmp_path / "whole.zarr"), Terms())
    assert found.reasons == (f"baseline: {said}",)


@pytest.mark.parametrize("name", ["thrust_scale", "initiator", "failure_time_s", "failure_leg"])
def test_draws__lacking_in_a_store_are_told(name):
    both = dataset(50), dataset(50).drop_vars(name)
    said = "the store has no initiator" if name == "initiator" else f"no draws of {name} in the"
    assert said in reasons(*both)
    assert said in reasons(*both[::-1])


def test_draws__without_a_value_are_other_draws():
    blank = dataset(50).assign(thrust_scale=("run", np.full(50, np.nan)))
    assert "other draws of thrust_scale in 50 of 50 runs" in reasons(blank, dataset(50))


def test_draws__of_another_leg():
    other = dataset(50).assign(failure_leg=xr.ones_like(dataset(50)["failure_leg"]))
    assert "other draws of failure_leg in 50 of 50 runs" in reasons(dataset(50), other)
