"""Flying on real workers: identical rows however they are flown, kills, Ctrl-C, full disks."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from distributed import Client

from pipeline.cluster import Resources, connect
from pipeline.errors import StoreProblem
from pipeline.execute import execute
from pipeline.progress import Progress
from pipeline.store import Store, open_store, pending_batches, prepare_store, stop, write_batch
from pipeline.store.layout import BatchRecord, BatchStatus
from tests.pipeline import fake_batch

Connect = Callable[[], AbstractContextManager[Client]]


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Connect]:
    with connect(Resources(workers=2)) as client:
        yield lambda: nullcontext(client)


def prepared(path: Path, n_runs: int = 100, batch_runs: int = 16, **campaign: Any) -> Store:
    provenance = fake_batch.provenance(n_runs, **campaign)
    return prepare_store(path, fake_batch.layout(n_runs, batch_runs), provenance)


def job(n_runs: int = 100, **campaign: Any) -> fake_batch.Job:
    return fake_batch.job(fake_batch.provenance(n_runs, **campaign))


def assert_rows_as_flown_in_one_piece(path: str | Path, n_runs: int) -> None:
    dataset = open_store(path)
    assert dataset.attrs["state"] == "finished"
    layout = fake_batch.layout(n_runs)
    rows = fake_batch.fly_batch(fake_batch.provenance(n_runs).campaign, 0, n_runs)
    for names, columns in (
        (layout.input_names, rows.inputs.T),
        (layout.metric_names, rows.metrics.T),
        (layout.history_names, np.moveaxis(rows.history, 2, 0)),
    ):
        for name, values in zip(names, columns, strict=True):
            np.testing.assert_array_equal(dataset[name].values, values, err_msg=name)


# --- the same rows, however flown ---------------------------------------------------------------


@pytest.mark.parametrize("batch_runs", [5, 64])
def test_execute__two_workers_and_any_batch_size_give_the_same_rows(
    tmp_path: Path, two_workers: Connect, batch_runs: int
) -> None:
    store = prepared(tmp_path / "two.zarr", batch_runs=batch_runs)
    execute(store, job(), two_workers)
    assert_rows_as_flown_in_one_piece(store.path, 100)


def test_execute__one_worker_gives_the_same_rows(tmp_path: Path) -> None:
    store = prepared(tmp_path / "one.zarr")
    execute(store, job(), partial(connect, Resources(workers=1)))
    assert_rows_as_flown_in_one_piece(store.path, 100)


def test_execute__a_finished_store_needs_no_workers(tmp_path: Path, two_workers: Connect) -> None:
    store = prepared(tmp_path / "finished.zarr")
    execute(store, job(), two_workers)

    def refuse() -> AbstractContextManager[Client]:
        raise AssertionError("started workers for nothing")

    again = prepared(tmp_path / "finished.zarr")
    execute(again, job(), refuse, warm_up=refuse)
    assert_rows_as_flown_in_one_piece(store.path, 100)


def test_execute__stops_once_it_is_enough_and_the_same_call_completes_the_store(
    tmp_path: Path, two_workers: Connect
) -> None:
    told: list[int] = []

    def enough(batch: int) -> bool:
        told.append(batch)
        return {0, 1, 2} <= set(told)

    store = prepared(tmp_path / "enough.zarr", n_runs=400, batch_runs=4)
    execute(store, job(400), two_workers, enough=enough)
    left = pending_batches(store)
    assert 50 < len(left) <= 97
    assert open_store(store.path).attrs["state"] == "flying"
    assert len(told) == len(set(told))

    def refuse() -> AbstractContextManager[Client]:
        raise AssertionError("started workers for nothing")

    told.clear()
    execute(store, job(400), refuse, enough=enough)
    assert set(told) == set(range(100)) - set(left)

    stop(store.path, 12)
    execute(store, job(400), refuse, enough=enough)
    assert open_store(store.path).attrs["state"] == "stopped"
    half = iter(range(10))
    execute(store, job(400), two_workers, enough=lambda batch: batch in left and not next(half, 0))
    assert open_store(store.path).attrs["state"] == "flying", "more than its plans had asked"
    execute(store, job(400), two_workers)
    assert open_store(store.path).attrs["state"] == "finished"


def test_execute__warms_up_before_workers_start(tmp_path: Path, two_workers: Connect) -> None:
    order = []

    def connected() -> AbstractContextManager[Client]:
        order.append("workers")
        return two_workers()

    store = prepared(tmp_path / "warm.zarr")
    execute(store, job(), connected, warm_up=lambda: order.append("warm up"))
    assert order == ["warm up", "workers"]


def test_execute__tells_how_far_it_is_earlier_sessions_included(
    tmp_path: Path, two_workers: Connect
) -> None:
    store = prepared(tmp_path / "progress.zarr")
    rows = fake_batch.fly_batch(job().campaign, 32, 48)
    write_batch(store, 2, rows, BatchRecord(BatchStatus.COMMITTED, 0.0, "earlier"))
    told: list[Progress] = []
    execute(store, job(), two_workers, on_progress=told.append)
    assert told[0].runs_done == 16
    assert told[0].flown == 0
    assert [p.runs_done for p in told] == sorted(p.runs_done for p in told)
    last = told[-1]
    metrics = fake_batch.fly_batch(job().campaign, 0, 100).metrics
    assert (last.runs_done, last.runs_total, last.flown) == (100, 100, 84)
    assert last.successes == fake_batch.count_successes("", metrics)
    assert last.outcomes == {"at_rest": 86, "tip_over": 14}
    assert last.runs_per_s > 0
    assert last.left_s == 0


# --- what goes wrong on workers -----------------------------------------------------------------


def test_execute__a_worker_that_dies_is_survived(tmp_path: Path, two_workers: Connect) -> None:
    trouble = {"once_deadly_run": 37, "mark": str(tmp_path / "died")}
    store = prepared(tmp_path / "survived.zarr", **trouble)
    execute(store, job(**trouble), two_workers)
    assert Path(trouble["mark"]).exists()
    assert_rows_as_flown_in_one_piece(store.path, 100)


def test_execute__runs_that_kill_every_worker_become_infrastructure_errors(tmp_path: Path) -> None:
    store = prepared(tmp_path / "lost.zarr", 48, batch_runs=4, deadly_run=37)
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        execute(store, job(48, deadly_run=37), partial(connect, Resources(workers=2)))
    dataset = open_store(store.path)
    lost = dataset["outcome"].values == fake_batch.Outcome.INFRASTRUCTURE_ERROR
    np.testing.assert_array_equal(np.flatnonzero(lost), [37])
    assert np.isnan(dataset["flight_time_s"].values[37])
    np.testing.assert_array_equal(np.flatnonzero(dataset["batch_status"] != 1), [37 // 4])
    # its neighbours in the batch were flown all the same
    flown = fake_batch.fly_batch(job(48).campaign, 0, 48).metrics[:, 1]
    np.testing.assert_array_equal(np.delete(dataset["flight_time_s"], 37), np.delete(flown, 37))


def test_execute__a_mistake_in_the_code_is_a_crash_and_can_be_resumed(
    tmp_path: Path, two_workers: Connect
) -> None:
    store = prepared(tmp_path / "broken.zarr", broken_run=99)
    with pytest.raises(ZeroDivisionError, match="a mistake in the code"):
        execute(store, job(broken_run=99), two_workers)
    assert 0 < len(pending_batches(store)) < store.layout.n_batches
    execute(store, job(), two_workers)
    assert_rows_as_flown_in_one_piece(store.path, 100)


def test_execute__a_worker_that_cannot_write_stops_it_resumable(tmp_path: Path) -> None:
    store = prepared(tmp_path / "full.zarr", full_disk_run=50)
    with pytest.raises(StoreProblem, match="File too large.*finished batches stay valid"):
        execute(store, job(full_disk_run=50), partial(connect, Resources(workers=1)))
    committed = open_store(store.path)["run"].values
    assert 0 < len(committed) < 100
    flown = fake_batch.fly_batch(job().campaign, 0, 100).metrics[committed, 1]
    np.testing.assert_array_equal(open_store(store.path)["flight_time_s"], flown)


# --- what happens to the driver -----------------------------------------------------------------


class Driver:
    """The fake campaign flown in a process group of its own."""

    def __init__(self, root: Path, path: Path, n_runs: int, **campaign: Any) -> None:
        arguments = [sys.executable, "-m", "tests.pipeline.fake_driver"]
        self.process = subprocess.Popen(
            [*arguments, str(path), str(n_runs), json.dumps(campaign)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, runs: int) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if int(line) >= runs:
                return

    def send(self, number: int) -> None:
        """To the whole group, workers included, as a terminal's Ctrl-C."""
        os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


def test_driver__killed_and_resumed_gives_the_same_rows(tmp_path: Path, project_root: Path) -> None:
    path = tmp_path / "killed.zarr"
    driver = Driver(project_root, path, 200, sleep_s=0.1)
    driver.wait_for(48)
    driver.process.send_signal(signal.SIGKILL)
    assert driver.end()[0] == -signal.SIGKILL
    dataset = open_store(path)
    assert dataset.attrs["state"] == "flying"
    assert 48 <= dataset.attrs["runs_committed"] < 200
    assert not xr.open_zarr(path).variables

    assert Driver(project_root, path, 200, sleep_s=0.1).end()[0] == 0
    assert_rows_as_flown_in_one_piece(path, 200)


def test_driver__one_interrupt_drains_what_is_in_the_air(
    tmp_path: Path, project_root: Path
) -> None:
    path = tmp_path / "drained.zarr"
    driver = Driver(project_root, path, 400, sleep_s=0.5)
    driver.wait_for(32)
    driver.send(signal.SIGINT)
    began = time.monotonic()
    code, errors = driver.end()
    assert code == 130
    assert time.monotonic() - began < 10
    stopped = re.search(r"stopped after (\d+) of 400 runs; the same command resumes", errors)
    assert stopped is not None
    landed, committed = int(stopped[1]), open_store(path).attrs["runs_committed"]
    # what had begun has landed, what had not was taken back, but for what began just then
    assert 32 < landed <= 32 + 4 * 16
    assert landed <= committed <= landed + 2 * 16


def test_driver__a_second_interrupt_drops_what_is_in_the_air(
    tmp_path: Path, project_root: Path
) -> None:
    path = tmp_path / "dropped.zarr"
    driver = Driver(project_root, path, 400, sleep_s=60.0, slow_from=16)
    driver.wait_for(16)
    driver.send(signal.SIGINT)
    time.sleep(0.3)
    driver.send(signal.SIGINT)
    code, errors = driver.end()
    assert code == 130
    assert "dropped what was not finished" in errors
    assert open_store(path).attrs["runs_committed"] == 16
