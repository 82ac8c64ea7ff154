"""Flying runs: from a range of run numbers to rows of inputs and metrics, and histories.

Every flight, campaign or replay, goes through `fly`: full blocks of the one compiled function,
the last filled up with copies of its last run, and arguments of the same types each time, so
that no second version is ever compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.flight import TICK_S
from models.lanes import HISTORY_CHANNELS, LANES, LEG_CASE_ROWS, flatten, fly_blocks
from models.metrics import Metrics
from models.outcomes import Initiator, Outcome, Violation
from models.structs import MAX_LEGS, Case, Leg
from pipeline import build, sampling
from pipeline.build import Setup
from pipeline.campaign import Campaign
from pipeline.checks import leg_of
from pipeline.kernel import warm_up
from pipeline.laws import Floats
from pipeline.spelling import inside
from pipeline.store import Batch, CodeSpec, StoreLayout

Flown = tuple[np.ndarray, np.ndarray, float, np.ndarray]

_HISTORY = (
    "east_m", "north_m", "up_m", "v_east_mps", "v_north_mps", "v_up_mps",
    "tilt_rad", "throttle", "gimbal_x_rad", "gimbal_y_rad",
)  # fmt: skip
# Where the kernel's history keeps what the store's is made of (lanes.fly.record)
_MOTION, _LATERAL_QUATERNION, _ENGINE = slice(0, 6), slice(7, 9), slice(14, 17)

_BLOCKS_AT_ONCE = 64  # what waits for contact takes 7 MB; a lane is rarely empty there
_LAST_INPUTS = ("failure_time_s", "failure_leg")  # the initiator itself is a metric
_NO_UNIT = (
    "ground_effect", "failure_leg", "navigation_nees",
    "gnss_age_error_east", "gnss_age_error_north", "gnss_age_error_up",
)  # fmt: skip


# --- names ----------------------------------------------------------------------------------------


def input_names(campaign: Campaign) -> tuple[str, ...]:
    """Names of the inputs a run is stored with: its draws, in SI and radians."""
    drawn = (inside(name) for name in sampling.names(campaign))
    return (*drawn, *build.followers(campaign), *_LAST_INPUTS)


def metric_names(campaign: Campaign) -> tuple[str, ...]:
    """Names of the metrics; those of legs the vehicle does not have are left out."""
    return tuple(name for name in Metrics._fields if leg_of(name) < campaign.vehicle.legs)


def history_names() -> tuple[str, ...]:
    """Channels of a stored history: the base centre's motion, tilt, throttle, nozzle."""
    return _HISTORY


def history_times(campaign: Campaign) -> tuple[float, ...]:
    """Times of a stored history, s after the ignition command."""
    step_s = campaign.history.every_ticks * TICK_S
    slots = int(float(campaign.limits.time_s) / step_s) + 1
    return tuple(round(slot * step_s, 9) for slot in range(slots))


def layout(campaign: Campaign, batch_runs: int) -> StoreLayout:
    """What a store of this campaign holds."""
    return StoreLayout(
        n_runs=campaign.runs,
        batch_runs=batch_runs,
        input_names=input_names(campaign),
        metric_names=metric_names(campaign),
        codes={
            "outcome": CodeSpec.of(Outcome),
            "violations": CodeSpec.of(Violation),
            "initiator": CodeSpec.of(Initiator),
        },
        history_names=history_names(),
        n_history_runs=min(campaign.history.runs, campaign.runs),
        time_s=history_times(campaign),
        dimensionless=_NO_UNIT,
    )


# --- a batch --------------------------------------------------------------------------------------


def fly_batch(campaign_json: str, start: int, stop: int) -> Batch:
    """Runs start .. stop - 1 of a campaign given as canonical text."""
    campaign, shared = prepared(campaign_json)
    kept = min(max(min(campaign.history.runs, campaign.runs), start), stop)
    slots = len(history_times(campaign))
    # Those that keep a history, then the others
    pieces = [
        _fly_range(campaign, shared, first, last, slots_)
        for first, last, slots_ in ((start, kept, slots), (kept, stop, 0))
        if last > first
    ]
    history = [p.history for p in pieces if p.history.shape[1] == slots]
    return Batch(
        inputs=np.concatenate([p.inputs for p in pieces]),
        metrics=np.concatenate([p.metrics for p in pieces]),
        history=history[0] if history else np.empty((0, slots, len(_HISTORY)), np.float32),
        kernel_s=sum(p.kernel_s for p in pieces),
    )


@lru_cache(maxsize=4)
def prepared(campaign_json: str) -> tuple[Campaign, Setup]:
    """A campaign of that canonical text and what its runs share, made once per process."""
    campaign = Campaign.from_canonical(campaign_json)
    return campaign, build.setup(campaign)


def _fly_range(campaign: Campaign, shared: Setup, start: int, stop: int, slots: int) -> Batch:
    """Rows of runs start .. stop - 1, with histories of that many slots."""
    drawn = build.draws(campaign, start, stop)
    runs = build.cases(campaign, shared.design, drawn, start, stop)
    metrics, history, kernel_s, _ = fly(shared, *runs, slots, campaign.history.every_ticks)
    columns = [Metrics._fields.index(name) for name in metric_names(campaign)]
    return Batch(
        inputs=np.column_stack([drawn[name] for name in input_names(campaign)]),
        metrics=np.ascontiguousarray(metrics[:, columns]),
        history=_stored(history),
        kernel_s=kernel_s,
    )


def fly_points(
    campaign: Campaign, shared: Setup, uniforms: Mapping[str, Floats], seeds: NDArray[np.uint64]
) -> dict[str, Floats]:
    """Metrics (run,) by name of runs at given uniforms of `build.draws_at` and noise seeds (run,).

    The values drawn are with them under their own names, all in SI and radians.
    """
    drawn = build.draws_at(campaign, uniforms)
    runs = build.cases_at(campaign, shared.design, drawn, seeds)
    metrics, *_ = fly(shared, *runs, 0, campaign.history.every_ticks)
    return drawn | dict(zip(Metrics._fields, metrics.T, strict=True))


def _stored(history: np.ndarray) -> np.ndarray:
    """Histories (run, time, channel) as stored, of the kernel's; NaN after a run's end."""
    # Tilt of body z against up: cosine 1 - 2 (q1^2 + q2^2), sine of its half the root
    half = np.sqrt(np.sum(history[..., _LATERAL_QUATERNION] ** 2, axis=-1, keepdims=True))
    tilt = 2.0 * np.arcsin(np.minimum(half, 1.0))
    channels = [history[..., _MOTION], tilt, history[..., _ENGINE]]
    return np.concatenate(channels, axis=-1).astype(np.float32)


# --- the kernel -----------------------------------------------------------------------------------


def fly(
    setup: Setup, case: Case, legs: list[Leg], n_runs: int, history_slots: int, every_ticks: int
) -> Flown:
    """Fly runs whose case and legs have floats or (run,) arrays as leaves.

    Returns metrics (run, metric of Metrics), the kernel's history (run, slot, channel), one slot
    each `every_ticks` control ticks and NaN after the end, seconds spent in the kernel, and its
    effort (4,): lane-ticks flown and paid for, in flight and in contact.
    """
    warm_up()
    if n_runs < 1:
        raise ValueError(f"n_runs: got {n_runs}, expected >= 1")
    n_blocks = -(-n_runs // LANES)
    case_rows = _blocks(flatten(case), n_runs)
    leg_rows = _blocks(flatten(tuple(legs)) + _no_legs(MAX_LEGS - len(legs)), n_runs)
    metrics = np.empty((n_blocks * LANES, len(Metrics._fields)))
    history = np.full((n_blocks * LANES, history_slots, HISTORY_CHANNELS), np.nan)
    effort = np.zeros(4)
    began = perf_counter()
    for first in range(0, n_blocks, _BLOCKS_AT_ONCE):
        blocks = slice(first, first + _BLOCKS_AT_ONCE)
        runs = slice(first * LANES, (first + _BLOCKS_AT_ONCE) * LANES)
        fly_blocks(
            *(case_rows[blocks], leg_rows[blocks], setup.shared, setup.tables, setup.n_legs),
            *(history[runs], every_ticks, metrics[runs], effort),
        )
    return metrics[:n_runs], history[:n_runs], perf_counter() - began, effort


def _no_legs(count: int) -> list[float]:
    """Leaves that stand for legs the vehicle does not have."""
    return [0.0] * (count * LEG_CASE_ROWS)


def _blocks(leaves: list[Any], n_runs: int) -> np.ndarray:
    """Leaves as the kernel takes them: (block, leaf * lane), filled up with the last run."""
    n_blocks = -(-n_runs // LANES)
    table = np.empty((len(leaves), n_blocks * LANES))
    for row, leaf in zip(table, leaves, strict=True):
        row[:n_runs] = leaf
        row[n_runs:] = row[n_runs - 1]
    blocks = table.reshape(len(leaves), n_blocks, LANES).transpose(1, 0, 2)
    return np.ascontiguousarray(blocks).reshape(n_blocks, -1)
