"""A stand-in for the physics: cheap rows that depend on the run id alone."""

import json
import os
import resource
import signal
import time
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.store import Batch, CodeSpec, Provenance, StoreLayout
from pipeline.task import Job

MODULE = "tests.pipeline.fake_batch"
N_HISTORY_RUNS = 40
TIME_S = tuple(0.5 * step for step in range(11))


class Outcome(IntEnum):
    AT_REST = 0
    TIP_OVER = 1
    INFRASTRUCTURE_ERROR = 9


class Violation(IntFlag):
    TILT = 1
    SPEED = 2


def layout(n_runs: int = 100, batch_runs: int = 16) -> StoreLayout:
    return StoreLayout(
        n_runs=n_runs,
        batch_runs=batch_runs,
        input_names=("thrust_scale", "wind_speed_mps"),
        metric_names=("touchdown_speed_mps", "flight_time_s", "outcome", "violations"),
        codes={"outcome": CodeSpec.of(Outcome), "violations": CodeSpec.of(Violation)},
        history_names=("height_m", "tilt_rad"),
        n_history_runs=min(n_runs, N_HISTORY_RUNS),
        time_s=TIME_S,
    )


def provenance(n_runs: int = 100, **campaign: Any) -> Provenance:
    text = json.dumps({"name": "fake", "runs": n_runs, **campaign}, sort_keys=True)
    return Provenance(text, "p" * 16, "x86-64-v3", sampling_digest="s" * 16)


def job(provenance: Provenance) -> Job:
    return Job(provenance.campaign, f"{MODULE}:fly_batch", f"{MODULE}:count_successes")


def fly_batch(campaign_json: str, start: int, stop: int) -> Batch:
    """Rows of runs start .. stop - 1; the campaign may ask for trouble on the way."""
    campaign = json.loads(campaign_json)
    slow = start >= campaign.get("slow_from", 0)
    time.sleep(campaign.get("sleep_s", 0.0) if slow else 0.0)
    _trouble(campaign, range(start, stop))
    run = np.arange(start, stop)
    noise = np.sin(12.9898 * run) % 1.0
    inputs = np.column_stack([1.0 + 0.01 * noise, 10.0 * noise])
    outcome = (run % 7 == 3) * Outcome.TIP_OVER
    violations = (run % 5 == 1) * Violation.SPEED + (run % 11 == 2) * Violation.TILT
    speed = np.where(run % 13 == 5, np.nan, 2.0 * noise)
    metrics = np.column_stack([speed, 51.0 + noise, outcome, violations])
    kept = run[run < min(campaign["runs"], N_HISTORY_RUNS)]
    height = kept[:, None] + np.array(TIME_S)
    history = np.stack([height, 0.1 * height], axis=-1).astype(np.float32)
    return Batch(inputs, metrics, history, kernel_s=0.001)


def _trouble(campaign: dict[str, Any], runs: range) -> None:
    """What may befall a worker: a campaign names the run it happens in."""
    if campaign.get("deadly_run") in runs:
        os.kill(os.getpid(), signal.SIGKILL)
    if campaign.get("once_deadly_run") in runs and not (mark := Path(campaign["mark"])).exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if campaign.get("broken_run") in runs:
        raise ZeroDivisionError("a mistake in the code")
    if campaign.get("full_disk_run") in runs:
        # from here on this process cannot write: the system refuses, as it would on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def count_successes(campaign_json: str, metrics: np.ndarray) -> int:
    return int(np.count_nonzero(np.isfinite(metrics[:, 0]) & (metrics[:, 2] == Outcome.AT_REST)))
