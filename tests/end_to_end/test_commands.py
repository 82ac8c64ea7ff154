"""The commands as a user types them, each a process: run, resume, report, gate, replay."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from models import jit
from pipeline.errors import ExitCode

HOVERSLAM = Path(sys.executable).parent / "hoverslam"
N_RUNS = 64
STORE = "results/hop_178m.zarr"
Done = subprocess.CompletedProcess[str]


def environment(**more: str) -> Mapping[str, str]:
    """Small batches on two workers, whatever the machine."""
    ours = {"DASK_HOVERSLAM__BATCH_RUNS": "16", "DASK_HOVERSLAM__WORKERS": "2"}
    return os.environ | ours | more


def on_a_full_disk() -> None:
    """From here on this process cannot write much, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))


def hoverslam(
    cwd: Path, *words: str | Path, before: Callable[[], None] | None = None, **more: str
) -> Done:
    return subprocess.run(
        [HOVERSLAM, *words],
        cwd=cwd,
        env=environment(**more),
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A folder in which the reference campaign was flown, and what the command said."""
    folder = tmp_path_factory.mktemp("commands")
    return folder, hoverslam(folder, "run", "hop_178m", "--runs", str(N_RUNS))


@pytest.fixture(scope="module")
def folder(flown: tuple[Path, Done]) -> Path:
    assert flown[1].returncode == 0, flown[1].stderr
    return flown[0]


def metrics(dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """Every variable over `run`, and every history."""
    return {
        str(name): array.values
        for name, array in dataset.data_vars.items()
        if {"run", "history_run"} & set(array.dims)
    }


# --- run ------------------------------------------------------------------------------------------


def test_run__prints_the_store_for_scripts_and_the_results_for_people(
    flown: tuple[Path, Done],
) -> None:
    done = flown[1]
    assert (done.returncode, done.stdout) == (0, f"{STORE}\n")
    for said in (
        f"{N_RUNS} of {N_RUNS} runs, ",
        " runs/s, ",
        "success ",
        "confidence",
        "no injected failure",
        "failures by cause: ",
        "CEP ",
        "R95 ",
        "ellipse: ",
        f"report: hoverslam report {STORE}",
    ):
        assert said in done.stderr, said
    assert "distributed" not in done.stderr
    assert "\x1b" not in done.stderr, "control characters in a pipe"


def test_run__leaves_a_store_that_plain_xarray_opens(folder: Path) -> None:
    dataset = xr.open_zarr(folder / STORE)
    assert dataset.sizes["run"] == N_RUNS
    assert dataset["touchdown_vertical_speed_mps"].attrs["units"] == "m s-1"
    assert dataset["up_m"].dims == ("history_run", "time")
    campaign = json.loads(dataset.attrs["campaign"])
    assert (campaign["runs"], campaign["runs_override"]) == (N_RUNS, True)
    assert dataset.attrs["physics_digest"] == jit.PHYSICS_DIGEST
    assert dataset.attrs["target"] == jit.TARGET
    # most hops land, or something is badly wrong
    assert np.count_nonzero(dataset["outcome"].values == 0) > 0.8 * N_RUNS


def test_run__on_a_finished_store_says_so_and_sums_it_up_again(
    flown: tuple[Path, Done], folder: Path
) -> None:
    before = (folder / STORE / "zarr.json").read_bytes()
    done = hoverslam(folder, "run", "hop_178m", "--runs", str(N_RUNS))
    assert (done.returncode, done.stdout) == (0, f"{STORE}\n")
    finished, *summary = done.stderr.splitlines()
    assert finished == f"{STORE}: finished before, nothing to fly"
    assert summary == flown[1].stderr.splitlines()[-len(summary) :]
    assert (folder / STORE / "zarr.json").read_bytes() == before


def test_run__refuses_a_store_of_another_campaign_and_says_what_differs(folder: Path) -> None:
    before = (folder / STORE / "zarr.json").read_bytes()
    done = hoverslam(folder, "run", "hop_178m", "--runs", str(N_RUNS + 1))
    assert (done.returncode, done.stdout) == (ExitCode.BAD_INPUT, "")
    assert f"n_runs: the store has {N_RUNS}, this run has {N_RUNS + 1}" in done.stderr
    assert (folder / STORE / "zarr.json").read_bytes() == before


def test_run__without_a_scheduler_at_the_address_leaves_no_store(tmp_path: Path) -> None:
    words = ("run", "hop_178m", "--runs", "16", "--scheduler", "tcp://127.0.0.1:1")
    done = hoverslam(tmp_path, *words, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s")
    assert (done.returncode, done.stdout) == (ExitCode.STOPPED, "")
    assert "--scheduler tcp://127.0.0.1:1: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_run__resumes_after_ctrl_c_and_holds_the_same_rows(folder: Path, tmp_path: Path) -> None:
    n_runs = 12 * N_RUNS
    words = ("run", "hop_178m", "--runs", str(n_runs))
    first = subprocess.Popen(
        [HOVERSLAM, *words],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    committed = tmp_path / STORE / "flying" / "batch_record" / "c"
    until_s = time.monotonic() + 400.0
    while not (committed.exists() and any(committed.iterdir())):
        assert first.poll() is None, "ended before its first batch"
        assert time.monotonic() < until_s
        time.sleep(0.02)
    # Ctrl-C reaches every process of the terminal
    os.killpg(first.pid, signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == ExitCode.INTERRUPTED, said
    assert "the same command resumes" in said
    assert "Traceback" not in said

    # What is there is no result yet
    judged = hoverslam(tmp_path, "gate", STORE)
    assert judged.returncode == ExitCode.INVALID
    assert json.loads(judged.stdout)["ruling"] == "INVALID"
    unflown = hoverslam(tmp_path, "replay", STORE, str(n_runs - 1))
    assert unflown.returncode == ExitCode.BAD_INPUT
    assert "not flown yet" in unflown.stderr

    # The rest is flown with other workers, seen on a terminal
    code, screen = on_a_terminal(tmp_path, *words, DASK_HOVERSLAM__WORKERS="1")
    assert code == 0, screen
    assert "━" in screen
    assert f"{n_runs} of {n_runs} runs, " in screen
    whole, part = (metrics(xr.open_zarr(at / STORE)) for at in (tmp_path, folder))
    assert len(part) > 50
    for name, values in part.items():
        np.testing.assert_array_equal(whole[name][:N_RUNS], values, err_msg=name)


def on_a_terminal(cwd: Path, *words: str, **more: str) -> tuple[int, str]:
    """Exit code, and what a terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [HOVERSLAM, *words],
        cwd=cwd,
        env=environment(TERM="xterm", COLUMNS="120", **more),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # how a terminal says that nobody is left on the other side
    finally:
        os.close(ours)
    return process.wait(timeout=60), shown.decode(errors="replace")


# --- report ---------------------------------------------------------------------------------------


def test_report__writes_one_page_and_prints_its_path(folder: Path) -> None:
    done = hoverslam(folder, "report", STORE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "results/hop_178m.html\n"
    page = (folder / "results" / "hop_178m.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "hop_178m" in page


# --- what cannot be written -----------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "more"), [("report", ()), ("replay", ("5",))])
def test_out__that_the_system_refuses_is_a_stop(
    folder: Path, tmp_path: Path, verb: str, more: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out"
    done = hoverslam(folder, verb, STORE, *more, "--out", out)
    assert (done.returncode, done.stdout) == (ExitCode.STOPPED, "")
    assert f"hoverslam: {tmp_path / 'file'}" in done.stderr
    assert "not written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("verb", "more"), [("report", ()), ("replay", ("5",))])
def test_out__on_a_full_disk_is_a_stop_and_leaves_no_half_file(
    folder: Path, tmp_path: Path, verb: str, more: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    done = hoverslam(folder, verb, STORE, *more, "--out", out, before=on_a_full_disk)
    assert (done.returncode, done.stdout) == (ExitCode.STOPPED, "")
    assert re.search(rf"hoverslam: {out}.*: File too large; not written", done.stderr)
    assert not out.exists()


@pytest.mark.parametrize(("verb", "more"), [("report", ()), ("replay", ("5",))])
def test_out__never_replaces_what_is_no_file(
    folder: Path, tmp_path: Path, verb: str, more: tuple[str, ...]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = hoverslam(folder, verb, STORE, *more, "--out", pipe)
    assert (done.returncode, done.stdout) == (ExitCode.BAD_INPUT, "")
    assert f"--out: {pipe} is there and is no file" in done.stderr
    assert pipe.is_fifo()


# --- gate -----------------------------------------------------------------------------------------


def test_gate__exits_with_what_it_prints(folder: Path) -> None:
    done = hoverslam(folder, "gate", STORE)
    [line] = done.stdout.splitlines()
    verdict = json.loads(line)
    assert done.returncode == verdict["exit_code"]
    # so few runs can fail the requirement, never show it
    assert done.returncode in (ExitCode.FAIL, ExitCode.INCONCLUSIVE)
    assert verdict["ruling"] == ExitCode(done.returncode).name
    assert f"{N_RUNS} runs" in done.stderr


# --- replay ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [0, N_RUNS - 1])
def test_replay__gives_the_bytes_of_the_store(folder: Path, run: int) -> None:
    done = hoverslam(folder, "replay", STORE, str(run))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"run {run} of hop_178m: " in done.stderr
    assert "identical to its row in the store" in done.stderr
    assert "ignition commanded" in done.stderr
    assert "sigma, one run in " in done.stderr


def test_replay__writes_the_history_where_it_is_told(folder: Path) -> None:
    done = hoverslam(folder, "replay", STORE, "5", "--out", "run_5.nc")
    assert (done.returncode, done.stdout) == (0, "run_5.nc\n")
    with xr.open_dataset(folder / "run_5.nc", engine="scipy") as dataset:
        assert dataset.attrs["run"] == 5
        assert dataset["r_enu_m"].sizes["time"] > 2000


def test_replay__of_a_run_outside_names_the_range(folder: Path) -> None:
    done = hoverslam(folder, "replay", STORE, str(N_RUNS))
    assert (done.returncode, done.stdout) == (ExitCode.BAD_INPUT, "")
    assert f"RUN: got {N_RUNS}, expected 0 to {N_RUNS - 1}" in done.stderr


def test_run__gives_the_same_bytes_on_one_worker_in_odd_batches(
    flown: tuple[Path, Done], tmp_path: Path
) -> None:
    """All that is stored of a run, its history too; batches say themselves how they were flown."""
    one = {"DASK_HOVERSLAM__BATCH_RUNS": "7", "DASK_HOVERSLAM__WORKERS": "1"}
    done = hoverslam(tmp_path, "run", "hop_178m", "--runs", str(N_RUNS), **one)
    assert done.returncode == 0, done.stderr
    with xr.open_zarr(flown[0] / STORE) as usual, xr.open_zarr(tmp_path / STORE) as odd:
        names = [name for name in usual.data_vars if not str(name).startswith("batch_")]
        assert len(names) > 140
        for name in names:
            assert usual[name].to_numpy().tobytes() == odd[name].to_numpy().tobytes(), name
