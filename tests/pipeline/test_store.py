"""The life of a store: created, flown, compacted; kills, refusals, what is never read as data."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from zarr.storage import LocalStore

from pipeline.errors import BadInput, StoreProblem
from pipeline.store import (
    BatchRecord,
    BatchStatus,
    Store,
    StoreLayout,
    exclusive,
    finish,
    fly_on,
    open_store,
    pending_batches,
    prepare_store,
    stop,
    store_attributes,
    sweep,
    write_batch,
)
from tests.pipeline import fake_batch
from tests.pipeline.stores import (
    CAMPAIGN,
    RECORD,
    expected,
    fly,
    fly_all,
    new_store,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


# --- an unfinished store ------------------------------------------------------------------------


def test_unfinished_store__plain_xarray_sees_no_rows(store: Store) -> None:
    fly(store, 0)
    dataset = xr.open_zarr(store.path)
    assert dataset.attrs["state"] == "flying"
    assert not dataset.variables


def test_unfinished_store__shows_committed_runs_only(store: Store) -> None:
    fly(store, 0)
    fly(store, 5)
    dataset = open_store(store.path)
    runs = [*range(16), *range(80, 96)]
    assert dataset.attrs["state"] == "flying"
    assert dataset.attrs["runs_committed"] == 32
    np.testing.assert_array_equal(dataset["run"], runs)
    for name, values in expected().items():
        rows = runs if "run" in dataset[name].dims else runs[:16]
        np.testing.assert_array_equal(dataset[name].values, values[rows], err_msg=name)
    assert dataset["outcome"].dtype == np.int8
    assert dataset["tilt_rad"].attrs["units"] == "rad"


def test_unfinished_store__without_any_batch_has_no_rows(store: Store) -> None:
    assert open_store(store.path).sizes["run"] == 0


def test_unfinished_store__rows_without_commit_mark_are_not_flown(store: Store) -> None:
    fly_all(store)
    Path(store.path, "flying", "batch_record", "c", "3").unlink()
    assert pending_batches(store) == [3]


@pytest.mark.parametrize("chunk", ["inputs/c/2/0", "metrics/c/2/0", "history/c/2/0/0"])
def test_unfinished_store__a_committed_batch_without_its_chunk_is_flown_again(
    store: Store, chunk: str
) -> None:
    fly_all(store)
    Path(store.path, "flying", chunk).unlink()
    assert pending_batches(store) == [2]
    assert 32 not in open_store(store.path)["run"]
    with pytest.raises(StoreProblem, match="1 of 7 batches are not flown"):
        finish(store)


@pytest.mark.parametrize("name", ["inputs", "metrics"])
def test_unfinished_store__a_committed_batch_with_a_chunk_cut_short_is_flown_again(
    store: Store, name: str
) -> None:
    fly_all(store)
    chunk = Path(store.path, "flying", name, "c", "3", "0")
    chunk.write_bytes(chunk.read_bytes()[:-8])
    assert pending_batches(store) == [3]
    assert open_store(store.path).sizes["run"] == 84


def test_unfinished_store__lost_batches_are_flown_again(store: Store) -> None:
    lost = store.layout.lost_rows(*store.layout.runs_of(4))
    write_batch(store, 4, lost, BatchRecord(BatchStatus.INFRASTRUCTURE_ERROR, 0.0, "none"))
    assert 4 in pending_batches(store)
    rows = open_store(store.path)
    assert set(rows["outcome"].values) == {fake_batch.Outcome.INFRASTRUCTURE_ERROR}
    assert np.isnan(rows["touchdown_speed_mps"]).all()


def test_unfinished_store__keeps_its_own_batch_size(store: Store) -> None:
    again = prepare_store(store.path, fake_batch.layout(batch_runs=50), fake_batch.provenance())
    assert again.layout.batch_runs == 16


def test_stopped_store__has_the_runs_its_plans_looked_at_until_it_flies_on(store: Store) -> None:
    for batch in (0, 1, 2):
        fly(store, batch)
    stop(store.path, 40)
    found = open_store(store.path)
    assert (found.attrs["state"], found.attrs["stopped_at"]) == ("stopped", 40)
    assert np.asarray(found["run"]).tolist() == list(range(40))
    again = prepare_store(store.path, fake_batch.layout(), fake_batch.provenance())
    assert again.state == "stopped"
    fly_on(store.path)
    assert "stopped_at" not in store_attributes(store.path)
    assert open_store(store.path).sizes["run"] == 48
    stop(store.path, 40)
    fly_all(store)
    finish(store)
    assert "stopped_at" not in store_attributes(store.path)
    stop(store.path, 40)
    assert store_attributes(store.path)["state"] == "finished", "whole is more than enough"


def test_sweep__deletes_what_killed_writers_left(store: Store) -> None:
    leftover = Path(store.path, "flying", "metrics", "c", "0", "0.1234.partial")
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"torn")
    sweep(store.path)
    assert not leftover.exists()


# --- kills --------------------------------------------------------------------------------------

KILLED_AFTER = """
import os, signal, sys
from pipeline.store import {module} as module
from pipeline.store import prepare_store, finish
from tests.pipeline import fake_batch
from tests.pipeline.stores import fly_all

calls, original = 0, module.{function}
def wrapped(*args, **kwargs):
    global calls
    calls += 1
    if calls == {calls}:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args, **kwargs)
module.{function} = wrapped

store = prepare_store(sys.argv[1], fake_batch.layout(), fake_batch.provenance())
fly_all(store)
finish(store)
"""


@pytest.mark.parametrize(
    ("module", "function", "calls", "state"),
    [
        ("flying", "_create_flying", 1, "creating"),
        ("flying", "_create_history", 1, "creating"),
        ("compact", "_create", 1, "compacting"),
        ("compact", "_create", 6, "compacting"),
        ("compact", "write_root", 2, "compacting"),
        ("compact", "_drop_flying", 1, "finished"),
    ],
)
def test_kill__the_same_command_finishes_with_the_same_rows(
    tmp_path: Path, project_root: Path, module: str, function: str, calls: int, state: str
) -> None:
    path = tmp_path / "killed.zarr"
    script = KILLED_AFTER.format(module=module, function=function, calls=calls)
    killed = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=project_root, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert xr.open_zarr(path).attrs["state"] == state
    if state != "finished":
        assert not xr.open_zarr(path).variables

    store = prepare_store(path, fake_batch.layout(), fake_batch.provenance())
    if store.state != "finished":
        fly_all(store)
    finish(store)
    dataset = open_store(path)
    for name, values in expected().items():
        np.testing.assert_array_equal(dataset[name].values, values, err_msg=name)
    assert not Path(path, "flying").exists()


# --- refusals -----------------------------------------------------------------------------------


def test_prepare__another_campaign_is_refused_with_both_values(store: Store) -> None:
    with pytest.raises(BadInput) as refusal:
        prepare_store(store.path, fake_batch.layout(), fake_batch.provenance(seed=2))
    text = str(refusal.value)
    assert "campaign_digest: the store has" in text
    assert "campaign.seed: the store has None, this run has 2" in text
    assert "physics_digest" not in text


def test_prepare__many_differences_are_told_in_part(tmp_path: Path) -> None:
    path, layout = tmp_path / "s.zarr", fake_batch.layout()
    prepare_store(path, layout, fake_batch.provenance(winds=list(range(30))))
    with pytest.raises(BadInput) as refusal:
        prepare_store(path, layout, fake_batch.provenance(winds=list(range(1, 31))))
    text = str(refusal.value)
    assert "campaign.winds[19]: the store has 19, this run has 20" in text
    assert "campaign.winds[20]" not in text
    assert "  and 10 more" in text


def test_prepare__another_physics_and_target_are_refused_together(store: Store) -> None:
    other = fake_batch.Provenance(CAMPAIGN, "q" * 16, "znver4", sampling_digest="s" * 16)
    with pytest.raises(BadInput) as refusal:
        prepare_store(store.path, fake_batch.layout(), other)
    assert f"physics_digest: the store has {'p' * 16}, this run has {'q' * 16}" in str(
        refusal.value
    )
    assert "target: the store has x86-64-v3, this run has znver4" in str(refusal.value)


def test_prepare__another_number_of_runs_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="n_runs: the store has 100, this run has 200"):
        prepare_store(store.path, fake_batch.layout(n_runs=200), fake_batch.provenance())


def test_prepare__another_layout_is_refused(store: Store) -> None:
    layout = fake_batch.layout().model_copy(update={"history_names": ("height_m",)})
    with pytest.raises(BadInput, match="layout.history_names: the store has"):
        prepare_store(store.path, layout, fake_batch.provenance())


def test_prepare__an_existing_path_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    before = sorted(tmp_path.rglob("*"))
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(BadInput, match="not a store of this version of hoverslam"):
            prepare_store(path, fake_batch.layout(), fake_batch.provenance())
    assert sorted(tmp_path.rglob("*")) == before


def test_prepare__an_empty_folder_is_a_place_for_a_store(tmp_path: Path) -> None:
    assert prepare_store(tmp_path, fake_batch.layout(), fake_batch.provenance()).state == "flying"


def test_open__no_store_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such store"):
        open_store(tmp_path / "nothing.zarr")


def test_exclusive__a_second_driver_is_refused(store: Store) -> None:
    with (
        exclusive(store.path),
        pytest.raises(StoreProblem, match="another hoverslam run"),
        exclusive(store.path),
    ):
        pass
    with exclusive(store.path):
        pass


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_names": ("outcome",)}, "given twice or reserved: outcome"),
        ({"input_names": ("run",)}, "given twice or reserved: run"),
        ({"input_names": ("thrust",)}, "thrust: ends in no unit"),
        ({"n_history_runs": 101}, "101 histories of 100 runs"),
    ],
)
def test_layout__names_and_sizes_must_fit_together(changes: dict, message: str) -> None:
    fields = fake_batch.layout().model_dump() | changes
    with pytest.raises(ValueError, match=message):
        StoreLayout.model_validate(fields)


def test_write__rows_of_another_shape_are_refused(store: Store) -> None:
    rows = fake_batch.fly_batch(CAMPAIGN, 0, 15)
    with pytest.raises(ValueError, match=r"inputs is \(15, 2\), expected \(16, 2\)"):
        write_batch(store, 0, rows, RECORD)


@pytest.mark.parametrize(
    ("code", "value"), [("outcome", 5.0), ("outcome", np.nan), ("violations", 4)]
)
def test_write__unknown_codes_are_refused(store: Store, code: str, value: float) -> None:
    rows = fake_batch.fly_batch(CAMPAIGN, 0, 16)
    rows.metrics[3, store.layout.metric_names.index(code)] = value
    with pytest.raises(ValueError, match=f"{code} holds"):
        write_batch(store, 0, rows, RECORD)
    assert 0 in pending_batches(store)


# --- file systems that refuse -------------------------------------------------------------------


def test_prepare__a_place_that_cannot_be_written_is_a_store_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreProblem, match="Not a directory"):
        prepare_store(tmp_path / "file" / "x.zarr", fake_batch.layout(), fake_batch.provenance())


def test_write__a_full_disk_is_a_store_problem_and_leaves_earlier_batches_valid(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fly(store, 0)

    async def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "set", full)
        with pytest.raises(StoreProblem, match="No space left on device.*batches stay valid"):
            fly(store, 1)
    assert pending_batches(store) == [1, 2, 3, 4, 5, 6]
    fly_all(store)
    finish(store)
    assert open_store(store.path).sizes["run"] == 100


def test_write__a_store_that_a_worker_cannot_see_is_named(store: Store) -> None:
    shutil.rmtree(store.path)
    with pytest.raises(StoreProblem, match="every worker must see the same file system"):
        fly(store, 0)
