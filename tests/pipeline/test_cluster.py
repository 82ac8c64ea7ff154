"""The Dask configuration is honoured, its mistakes named; workers with other physics refused."""

import signal
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest

from models import jit
from pipeline.cluster import FlightCheck, Resources, connect, read_resources
from pipeline.errors import BadInput, StoreProblem


@pytest.fixture(autouse=True)
def _configuration_restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration but the project's, and the same again afterwards."""
    monkeypatch.setenv("DASK_CONFIG", "")  # so that the fixture restores it, whatever a test does
    yield
    monkeypatch.undo()
    dask.config.refresh()


def configure(folder: Path, text: str) -> Path:
    path = folder / "dask_config.yaml"
    path.write_text(text)
    return path


def test_resources__dask_config_file_is_honoured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure(
        tmp_path,
        "hoverslam: {workers: 3, memory_limit: 512MiB, batch_runs: 64}\n"
        "distributed: {scheduler: {allowed-failures: 5}}\n",
    )
    monkeypatch.setenv("DASK_CONFIG", str(path))
    assert read_resources() == Resources(workers=3, memory_limit="512MiB", batch_runs=64)
    assert dask.config.get("distributed.scheduler.allowed-failures") == 5


def test_resources__file_in_the_working_directory_comes_before_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, "hoverslam: {workers: 7}\n")
    monkeypatch.chdir(tmp_path)
    assert read_resources().n_workers == 7


def test_resources__projects_file_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_resources().batch_runs == 256
    assert dask.config.get("distributed.worker.memory.spill") is False


def test_resources__environment_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_CONFIG", str(configure(tmp_path, "hoverslam: {workers: 3}\n")))
    monkeypatch.setenv("DASK_HOVERSLAM__WORKERS", "5")
    assert read_resources().workers == 5


def test_resources__a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_CONFIG", "nowhere.yaml")
    with pytest.raises(BadInput, match=r"DASK_CONFIG: nowhere.yaml does not exist"):
        read_resources()


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "hoverslam: {wokers: 3, batch_runs: 0, memory_limit: plenty}\n",
            [
                "hoverslam.wokers: unknown key, did you mean workers?",
                "hoverslam.batch_runs: got 0, expected > 0",
                "hoverslam.memory_limit: got 'plenty', expected a size such as 2GiB",
            ],
        ),
        ("hoverslam: [1, 2]\n", ["hoverslam: got [1, 2], expected keys and values"]),
        ("hoverslam: {workers: 3\n", ["is malformed"]),
    ],
)
def test_resources__every_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, messages: list[str]
) -> None:
    path = configure(tmp_path, text)
    monkeypatch.setenv("DASK_CONFIG", str(path))
    with pytest.raises(BadInput) as refusal:
        read_resources()
    for message in [str(path), *messages]:
        assert message in str(refusal.value)


def test_connect__starts_the_workers_asked_for_and_they_ignore_interrupts() -> None:
    def signals() -> list[int]:
        """Those ignored, and those held back since before the worker was."""
        status = Path("/proc/self/status").read_text()
        return [int(status.split(f"{key}:")[1].split()[0], 16) for key in ("SigIgn", "SigBlk")]

    with connect(Resources(workers=1, memory_limit="512MiB")) as client:
        assert list(client.nthreads().values()) == [1]
        workers = client.scheduler_info()["workers"].values()
        assert [worker["memory_limit"] for worker in workers] == [512 * 2**20]
        sigint_bit = 1 << 1
        for masks in client.run(signals).values():
            assert all(mask & sigint_bit for mask in masks)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_connect__a_worker_with_other_physics_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jit, "PHYSICS_DIGEST", "another")
    with (
        pytest.raises(StoreProblem, match=r"worker tcp://.*: its physics are .*'another'"),
        connect(Resources(workers=1)),
    ):
        pass


def test_connect__an_existing_scheduler_is_used() -> None:
    with connect(Resources(workers=1)) as local:
        address = local.scheduler.address
        with connect(Resources(workers=64), scheduler=address) as client:
            assert client.nthreads() == local.nthreads()


def test_connect__no_scheduler_at_the_address_is_a_clear_error() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(StoreProblem, match=r"--scheduler tcp://127.0.0.1:1: "),
        connect(Resources(), scheduler="tcp://127.0.0.1:1"),
    ):
        pass


def test_flight_check__travels_with_the_drivers_physics() -> None:
    assert FlightCheck(local=True).sources[:2] == (jit.PHYSICS_DIGEST, jit.TARGET)
