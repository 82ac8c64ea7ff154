"""Synthetic results: a campaign and a dataset as a store would give them, small enough to count."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from models.outcomes import Initiator, Outcome, Violation
from pipeline.kept import KeptCampaign
from pipeline.spelling import inside
from pipeline.store import (
    Batch,
    BatchRecord,
    BatchStatus,
    CodeSpec,
    Provenance,
    StoreLayout,
    finish,
    prepare_store,
    write_batch,
)
from pipeline.summary.distribution import MAIN_METRICS

LANDING: dict[str, Any] = {
    "name": "landing",
    "probability": 0.99,
    "confidence": 0.9,
    "holds": [
        {"outcome": "at_rest"},
        {"metric": "touchdown_vertical_speed_mps", "at_most": 2.0},
        {"metric": "touchdown_tilt_deg", "at_most": 3.0},
    ],
}

METRICS = (
    *dict.fromkeys([*MAIN_METRICS, "touchdown_speed_mps", "touchdown_east_m", "touchdown_north_m"]),
)
CODES = {"outcome": Outcome, "violations": Violation, "initiator": Initiator}
HISTORIES = ("up_m", "v_up_mps", "east_m", "north_m", "tilt_rad")


def pedigree(tag: str = "E", source: str = "made up") -> dict[str, str]:
    return {"tag": tag, "source": source}


def normal(mean: float, sigma: float) -> dict[str, Any]:
    return {"law": "normal", "mean": mean, "sigma": sigma, "class": "flight", **pedigree()}


def campaign_text(runs: int, **changes: Any) -> str:
    """Canonical text of a campaign, as far as results need it."""
    whole = {
        "name": "synthetic",
        "description": "a campaign without flights",
        "seed": 7,
        "runs": runs,
        "site": {"pad_radius_m": {"value": 10.0, **pedigree("P")}},
        "vehicle": {
            "name": "Test stage",
            "legs": 4,
            "mass": {"dry_kg": {"value": 1.0, **pedigree("K")}},
        },
        "dispersions": {"thrust_scale": normal(1.0, 0.01)},
        "failures": {"engine_out": {"probability": 0.01, **pedigree()}},
        "requirements": [LANDING],
    }
    return json.dumps(whole | changes)


def campaign(runs: int = 1, **changes: Any) -> KeptCampaign:
    return KeptCampaign.of({"campaign": campaign_text(runs, **changes)})


def dataset(
    runs: int, columns: Mapping[str, Any] | None = None, attributes: Any = None, **changes: Any
) -> xr.Dataset:
    """Perfect landings, but for the columns given; changes: of the campaign."""
    values: dict[str, Any] = {name: np.zeros(runs) for name in METRICS}
    values |= {name: np.zeros(runs, np.int64) for name in CODES}
    values |= dict.fromkeys(("failure_time_s", "failure_leg"), np.zeros(runs))
    values["thrust_scale"] = np.linspace(0.98, 1.02, runs)
    values |= columns or {}
    text = campaign_text(runs, **changes)
    drawn = {inside(name) for name in json.loads(text)["dispersions"]}
    return xr.Dataset(
        {
            name: ("run", np.asarray(column), {"role": "input"} if name in drawn else {})
            for name, column in values.items()
        },
        {"run": np.arange(runs)},
        {
            "campaign": text,
            "campaign_digest": hashlib.sha256(text.encode()).hexdigest(),
            "physics_digest": "0123456789abcdef",
            "target": "x86-64-v3",
            "hoverslam_version": "0.1.0",
            "package_versions": {"numpy": "2.4.6"},
            "n_runs": runs,
            "state": "finished",
            "created_utc": "2026-01-01T00:00:00+00:00",
            "finished_utc": "2026-01-01T00:01:00+00:00",
            **(attributes or {}),
        },
    )


def failing(runs: int, failures: int, **more: Any) -> xr.Dataset:
    """Landings of which the first so many tip over."""
    outcome = np.where(np.arange(runs) < failures, Outcome.tip_over, Outcome.at_rest)
    return dataset(runs, {"outcome": outcome}, **more)


def with_histories(results: xr.Dataset, flown: int, times: int = 30) -> xr.Dataset:
    """Results with a history of the first runs; each ends a step earlier than the one before."""
    clock, run = np.meshgrid(np.arange(float(times)), np.arange(flown))
    history = np.where(clock < times - run, clock + run, np.nan).astype(np.float32)
    channels = {name: (("history_run", "time"), history) for name in HISTORIES}
    return results.assign(channels).assign_coords(
        history_run=np.arange(flown), time_s=("time", np.arange(float(times)))
    )


def write_store(path: Path, results: xr.Dataset, batches: int | None = None) -> Path:
    """The same as a store: one batch of every ten runs, finished unless `batches` stops it."""
    inputs = ("thrust_scale",)
    metrics = tuple(str(name) for name in results.data_vars if name not in inputs)
    layout = StoreLayout(
        n_runs=results.sizes["run"],
        batch_runs=10,
        input_names=inputs,
        metric_names=metrics,
        codes={name: CodeSpec.of(meanings) for name, meanings in CODES.items()},
        dimensionless=("failure_leg",),
    )
    attributes = results.attrs
    store = prepare_store(
        path,
        layout,
        Provenance(attributes["campaign"], attributes["physics_digest"], attributes["target"]),
    )
    for index in range(layout.n_batches if batches is None else batches):
        rows = results.isel(run=slice(*layout.runs_of(index)))
        batch = Batch(
            *(
                np.column_stack([rows[name].values.astype(float) for name in names])
                for names in (inputs, metrics)
            ),
            history=np.empty(layout.history_shape(0, 0), np.float32),
            kernel_s=0.5,
        )
        write_batch(store, index, batch, BatchRecord(BatchStatus.COMMITTED, 0.5, "here/1"))
    if batches is None:
        finish(store)
    return path
