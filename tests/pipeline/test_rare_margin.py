"""The margin of a run: its sign is success, and it leads towards outcomes that have no scale."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outcomes import Outcome
from models.structs import Limits
from pipeline import build
from pipeline.asked import CauseRequirement, Condition, Requirement, SuccessRequirement
from pipeline.config import load_campaign
from pipeline.rare.margin import FAR, SMALL, Margin, calibrated, slacks
from pipeline.rare.points import Floats
from pipeline.records import record
from pipeline.requirements import success
from tests.pipeline.campaign_files import CAMPAIGN

CAMPAIGN_READ = load_campaign(CAMPAIGN)
DESIGN = build.design(CAMPAIGN_READ)
LIMITS = record(Limits, CAMPAIGN_READ.limits)
LANDING = CAMPAIGN_READ.requirements[0]

# A quiet landing of the reference vehicle
GOOD = {
    "outcome": 0.0,
    "touchdown_vertical_speed_mps": 0.6,
    "touchdown_lateral_speed_mps": 0.1,
    "touchdown_tilt_rad": 0.003,
    "touchdown_rate_radps": 0.003,
    "touchdown_miss_m": 0.6,
    "peak_stroke_m": 0.04,
    "tip_margin_m": 2.6,
    "rest_miss_m": 0.6,
    "propellant_left_kg": 900.0,
    "peak_tilt_rad": 0.02,
    "peak_rate_radps": 0.03,
    "end_time_s": 56.0,
    "wind_speed_mps": 3.0,
}
TOUCHDOWN = [name for name in GOOD if name.startswith(("touchdown", "rest", "tip", "peak_s"))]


def runs(*changes: dict[str, float]) -> dict[str, Floats]:
    """A run for each set of changes to the quiet landing."""
    rows = [GOOD | change for change in changes]
    return {name: np.array([row[name] for row in rows]) for name in GOOD}


def of(requirement: Requirement, limits: Limits = LIMITS) -> Margin:
    """The margin in which every slack of the quiet landing is 1."""
    quiet = slacks(runs({}), requirement, DESIGN, limits)
    spreads = {name: float(slack[0]) for name, slack in quiet.items()}
    return Margin(requirement, DESIGN, limits, spreads)


def barred(outcome: str) -> CauseRequirement:
    return CauseRequirement(
        kind="cause", name=outcome, outcome=outcome, share_at_most=0.01, confidence=0.9
    )


SOME = st.fixed_dictionaries(
    {name: st.one_of(st.floats(-5.0, 20.0), st.just(float("nan"))) for name in TOUCHDOWN}
    | {"outcome": st.sampled_from([float(member) for member in Outcome])}
)


@pytest.mark.parametrize("asked", [LANDING, barred("tip_over"), barred("no_start")])
@given(st.lists(SOME, min_size=1, max_size=8))
def test_margin__is_below_zero_exactly_where_the_run_fails(
    asked: Requirement, changes: list[dict[str, float]]
) -> None:
    flown = runs(*changes)
    margins, good = of(asked).at(flown), success(flown, asked)
    np.testing.assert_array_equal(margins >= 0.0, good)
    touched = np.isfinite(flown["touchdown_miss_m"])
    assert np.isfinite(margins[good | touched]).all()
    assert np.all(margins[~good & ~touched] == -np.inf)


def test_margin__without_touchdown_is_minus_infinity() -> None:
    lost: dict[str, Any] = dict.fromkeys(TOUCHDOWN, np.nan)
    flown = runs({}, lost | {"outcome": float(Outcome.attitude_lost)})
    margins = of(LANDING).at(flown)
    assert np.isfinite(margins[0])
    assert margins[1] == -np.inf


def test_margin__of_a_metric_that_a_landing_never_came_to_is_finite() -> None:
    """Where it would have come to rest, a run that tipped over does not say."""
    resting = Condition(metric="rest_miss_m", at_most=5.0)
    asked = SuccessRequirement(name="near", probability=0.9, confidence=0.9, holds=(resting,))
    tipped = {"outcome": float(Outcome.tip_over), "rest_miss_m": np.nan}
    assert of(asked).at(runs(tipped)).tolist() == [-1.0]


def test_margin__of_a_run_without_touchdown_that_did_not_tip_over_is_far() -> None:
    lost: dict[str, Any] = dict.fromkeys(TOUCHDOWN, np.nan)
    flown = runs(lost | {"outcome": float(Outcome.attitude_lost)})
    assert of(barred("tip_over")).at(flown).tolist() == [FAR]


@pytest.mark.parametrize(
    ("outcome", "near", "nearer"),
    [
        ("tip_over", {"tip_margin_m": 0.05}, {"tip_margin_m": 0.02}),
        ("bell_strike", {"peak_stroke_m": 0.34}, {"peak_stroke_m": 0.345}),
        ("off_pad", {"rest_miss_m": 9.7}, {"rest_miss_m": 9.9}),
        ("propellant_depleted", {"propellant_left_kg": 0.5}, {"propellant_left_kg": 0.1}),
        ("attitude_lost", {"peak_tilt_rad": 0.9}, {"peak_tilt_rad": 0.95}),
        ("scrubbed", {"wind_speed_mps": 9.7}, {"wind_speed_mps": 9.9}),
        ("time_out", {"end_time_s": 119.7}, {"end_time_s": 119.8}),
    ],
)
def test_margin__shrinks_towards_an_outcome(
    outcome: str, near: dict[str, float], nearer: dict[str, float]
) -> None:
    for asked in (LANDING, barred(outcome)):
        far, some, little = of(asked).at(runs({}, near, nearer))
        assert far > some > little > 0.0


def test_margin__jumps_where_no_metric_tells() -> None:
    """No start is not foreseen by anything a run leaves behind."""
    flown = runs({}, {"outcome": float(Outcome.no_start)})
    assert of(barred("no_start")).at(flown).tolist() == [FAR, -1.0]


NO_CORRIDOR = LIMITS._replace(abort_tilt_rad=0.0, abort_cross_range_m=0.0, abort_rate_radps=0.0)


@pytest.mark.parametrize("none", [0.0, np.nan])
def test_margin__heeds_each_limit_of_the_abort_corridor_on_its_own(none: float) -> None:
    tilt = NO_CORRIDOR._replace(abort_tilt_rad=0.1, abort_rate_radps=none)
    rate = NO_CORRIDOR._replace(abort_rate_radps=0.1, abort_tilt_rad=none)
    sides = NO_CORRIDOR._replace(abort_cross_range_m=20.0)
    flown, asked = runs({}), barred("aborted")
    assert list(slacks(flown, asked, DESIGN, tilt)) == ["aborted by tilt"]
    assert list(slacks(flown, asked, DESIGN, rate)) == ["aborted by rate"]
    assert list(slacks(flown, asked, DESIGN, NO_CORRIDOR)) == []
    assert list(slacks(flown, asked, DESIGN, sides)) == []  # no metric tells

    tilted = of(asked, tilt).at(runs({}, {"peak_tilt_rad": 0.09}, {"peak_rate_radps": 0.09}))
    assert tilted[0] == tilted[2] > tilted[1] > 0.0
    turned = of(asked, rate).at(runs({}, {"peak_tilt_rad": 0.09}, {"peak_rate_radps": 0.09}))
    assert turned[0] == turned[1] > turned[2] > 0.0


def test_margin__keeps_the_order_of_runs_that_used_up_a_stand_in() -> None:
    """At rest although the plumb line left the pads for a moment: a success, and the nearer one."""
    flown = runs({"tip_margin_m": -0.5}, {"tip_margin_m": -0.1}, {"tip_margin_m": 0.1})
    margins = of(LANDING).at(flown)
    assert 0.0 < margins[0] < margins[1] < SMALL < margins[2]


def test_margin__ignores_what_a_requirement_does_not_ask() -> None:
    flown = runs({}, {"tip_margin_m": 0.01})
    asked = SuccessRequirement(
        name="soft",
        probability=0.9,
        confidence=0.9,
        holds=(Condition(metric="touchdown_vertical_speed_mps", at_most=2.0),),
    )
    first, second = of(asked).at(flown)
    assert first == second


def test_calibrated__measures_each_slack_in_its_own_spread() -> None:
    """A spread is that of a normal towards failure; what does not vary is far from its limit."""
    random = np.random.default_rng(1)
    pilot = runs(*[{}] * 20_000)
    pilot["touchdown_lateral_speed_mps"] = 0.1 + 0.05 * random.standard_normal(20_000)
    spreads = calibrated(LANDING, DESIGN, LIMITS, pilot).spreads
    assert spreads["touchdown lateral speed at most 1 m/s"] == pytest.approx(0.05, rel=0.05)
    assert spreads["touchdown vertical speed at most 2 m/s"] == pytest.approx(1.4e-3)
    assert {"tip over", "scrubbed", "time out"} < spreads.keys()
