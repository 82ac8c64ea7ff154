"""Requirements in a campaign file: four kinds, their plans, and every mistake in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.outcomes import Outcome
from pipeline import requirements
from pipeline.asked import Requirement
from tests.pipeline.campaign_files import Edit, edited, problems, put

CAUSE = {"name": "tip-overs", "kind": "cause", "outcome": "tip_over", "share_at_most": 0.002}
PERCENTILE = {
    "name": "soft", "kind": "percentile", "metric": "touchdown_vertical_speed_mps",
    "percentile": 99, "at_most": 1.2,
}  # fmt: skip
ZONE = {"name": "pad", "kind": "zone", "probability": 0.99, "radius_m": 5.0}
CORNERS = [[-6, -6], [6, -6], [6, 6], [-6, 6]]


def asked(section: dict[str, Any], **more: Any) -> Edit:
    """The requirement beside the campaign's own."""

    def edit(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        campaign["requirements"].append({"confidence": 0.9, **section, **more})

    return edit


def read(folder: Path, section: dict[str, Any], **more: Any) -> Requirement:
    return edited(folder, asked(section, **more)).requirements[1]


# --- kinds ----------------------------------------------------------------------------------------


def test_kind__is_success_if_not_given(tmp_path):
    found = edited(tmp_path).requirements[0]
    assert (found.kind, found.probability, found.plan.kind) == ("success", 0.99, "fixed")


def test_cause__limits_a_share_of_the_runs(tmp_path):
    found = read(tmp_path, CAUSE)
    assert found.probability == 0.998
    ended = [Outcome.at_rest, Outcome.tip_over, Outcome.off_pad, Outcome.scrubbed]
    lost = [Outcome.diverged, Outcome.infrastructure_error]  # may have tipped over
    ok = requirements.success({"outcome": np.array([*ended, *lost], float)}, found)
    assert ok.tolist() == [True, False, True, True, False, False]


@pytest.mark.parametrize(
    ("limits", "probability"),
    [({"percentile": 99, "at_most": 1.2}, 0.99), ({"percentile": 1, "at_least": 0.1}, 0.99)],
)
def test_percentile__is_a_share_beyond_its_limit(tmp_path, limits, probability):
    section = {**PERCENTILE, "at_most": None, **limits}
    found = read(tmp_path, {key: value for key, value in section.items() if value is not None})
    assert found.probability == probability
    speed = np.array([0.05, 0.5, 1.3, np.nan])
    ok = requirements.success(
        {"outcome": np.zeros(4), "touchdown_vertical_speed_mps": speed}, found
    )
    beyond = [True, True, False, False] if "at_most" in limits else [False, True, True, False]
    assert ok.tolist() == beyond


def test_zone__by_radius_or_corners(tmp_path):
    metrics = {
        "outcome": np.zeros(3),
        "touchdown_miss_m": np.array([1.0, 7.0, np.nan]),
        "rest_east_m": np.array([5.0, 5.0, np.nan]),
        "rest_north_m": np.array([5.0, 7.0, np.nan]),
    }
    circle = read(tmp_path, ZONE)
    assert requirements.success(metrics, circle).tolist() == [True, False, False]
    square = read(tmp_path, {**ZONE, "radius_m": None, "inside_m": CORNERS, "at": "rest"})
    assert requirements.success(metrics, square).tolist() == [True, False, False]
    margin = requirements.margin(metrics, square)
    assert margin[:2] == pytest.approx([1.0 / 6.0, -1.0 / 6.0])
    assert margin[2] == -np.inf


def test_kinds__survive_the_canonical_text(tmp_path):
    plans = [
        {"kind": "curtailed", "allowed_failures": 2},
        {"kind": "group_sequential", "looks": [500, 1500]},
        {"kind": "e_process"},
    ]
    sections = [
        {**CAUSE, "plan": plans[0]},
        {**PERCENTILE, "plan": plans[1]},
        {**ZONE, "plan": plans[2]},
    ]
    campaign = edited(tmp_path, *map(asked, sections), put("campaign.newly_broken_at_most", 0.01))
    assert type(campaign).from_canonical(campaign.canonical()) == campaign
    assert [one.plan.kind for one in campaign.requirements[1:]] == [p["kind"] for p in plans]


# --- mistakes -------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({**CAUSE, "kind": "reason"}, "kind: got 'reason', expected one of 'success', 'cause', "),
    ({**CAUSE, "outcome": "tipover"}, "outcome: unknown outcome 'tipover', did you mean tip_over?"),
    ({**CAUSE, "share_at_most": 0.0}, "share_at_most: got 0.0, expected > 0"),
    ({**CAUSE, "share_at_most": 1.0}, "share_at_most: got 1.0, expected < 1"),
    ({**CAUSE, "probability": 0.9}, "probability: unknown key"),
    ({**PERCENTILE, "metric": "touchdown_sped_mps"}, "metric: unknown metric 'touchdown_sped_mps'"),
    ({**PERCENTILE, "percentile": 100}, "percentile: got 100, expected < 100"),
    ({**PERCENTILE, "at_least": 0.1}, "expected at_most or at_least, one of them"),
    ({**ZONE, "probability": 1.5}, "probability: got 1.5, expected < 1"),
    ({**ZONE, "confidence": 0.0}, "confidence: got 0.0, expected > 0"),
    ({**ZONE, "radius_m": -1.0}, "radius_m: got -1.0, expected > 0"),
    ({**ZONE, "inside_m": CORNERS}, "expected radius_m or inside_m, one of them"),
    ({**ZONE, "radius_m": None, "inside_m": CORNERS[:2]}, "inside_m: got "),
    (
        {**ZONE, "radius_m": None, "inside_m": [CORNERS[i] for i in (0, 2, 1, 3)]},
        "inside_m: got [[-6.0, -6.0], [6.0, 6.0], [6.0, -6.0], [-6.0, 6.0]], expected corners of a "
        "polygon whose sides do not cross",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("section", "message"), WRONG)
def test_load__names_the_mistake_in_a_requirement(tmp_path, section, message):
    [found] = problems(tmp_path, asked(section))
    where = found.removeprefix("campaign.yaml: requirements.1")
    assert where != found
    assert where.lstrip(".: ").startswith(message), found


PLANS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "sequential"}, "plan.kind: got 'sequential', expected one of 'fixed', 'curtailed', "),
    ({"kind": "curtailed"}, "plan.allowed_failures: missing, expected a value"),
    ({"kind": "curtailed", "allowed_failures": -1}, "plan.allowed_failures: got -1, expected >= 0"),
    (
        {"kind": "curtailed", "allowed_failures": 90},
        "plan.allowed_failures: got 90, which takes 10,336 runs to show 0.99 at 90 % confidence, "
        "expected a plan for the campaign's 10,000",
    ),
    (
        {"kind": "group_sequential", "looks": [500, 400]},
        "plan.looks: got [500, 400], expected ascending numbers of runs",
    ),
    (
        {"kind": "group_sequential", "looks": [500, 20000]},
        "plan.looks: got a look at 20,000, expected none beyond the campaign's 10,000 runs",
    ),
    (
        {"kind": "group_sequential", "looks": [100, 200]},
        "plan.looks: got 200 for the last look, at which nothing can show 0.99 at 90 % confidence, "
        "expected at least 230",
    ),
    (
        {"kind": "group_sequential", "looks": [500, 1000], "allowed_failures": [0]},
        "plan: got allowed_failures [0], expected 2 numbers, one for each look, none smaller than "
        "the one before",
    ),
    (
        {"kind": "group_sequential", "looks": [500, 1000], "allowed_failures": [2, 6]},
        "plan.allowed_failures: got [2, 6], with which a design of just 0.99 passes ",
    ),
    ({"kind": "e_process", "runs": 5}, "plan.runs: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "message"), PLANS)
def test_load__names_the_mistake_in_a_plan(tmp_path, plan, message):
    [found] = problems(tmp_path, put("campaign.requirements.0.plan", plan))
    assert found.startswith(f"campaign.yaml: requirements.0.{message}"), found


def test_load__an_e_process_needs_more_runs_than_a_fixed_plan(tmp_path):
    plan = put("campaign.requirements.0.plan", {"kind": "e_process"})
    [found] = problems(tmp_path, plan, put("campaign.runs", 296))
    assert found == (
        "campaign.yaml: requirements.0.plan: got 296 runs, with which an e-process can never show "
        "0.99 at 90 % confidence, expected at least 297"
    )
    assert edited(tmp_path, plan, put("campaign.runs", 297))


@pytest.mark.parametrize("kind", ["curtailed", "group_sequential", "e_process"])
def test_load__only_a_fixed_plan_fits_strata(tmp_path, kind):
    plan = {
        "curtailed": {"kind": kind, "allowed_failures": 2},
        "group_sequential": {"kind": kind, "looks": [500, 1000]},
        "e_process": {"kind": kind},
    }[kind]
    strata = put("campaign.sampling", {"design": "strata", "bins": {"thrust_scale": 10}})
    [found] = problems(tmp_path, strata, put("campaign.requirements.0.plan", plan))
    assert found.endswith(
        f"plan.kind: got {kind}, which judges the first of the runs, expected fixed with "
        "sampling.design strata"
    )


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_load__margin_outside_its_range(tmp_path, share):
    [found] = problems(tmp_path, put("campaign.newly_broken_at_most", share))
    assert found.startswith(f"campaign.yaml: newly_broken_at_most: got {share}, expected ")
