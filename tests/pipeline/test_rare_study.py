"""Which method is flown for a rare failure, and what is said; flights are faked but for one."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.errors import BadInput, ExitCode
from pipeline.rare import Answer, Ask, as_text, assess, study
from pipeline.rare.answer import checked
from pipeline.rare.estimate import from_counts
from pipeline.rare.flight import NO_FAILURE, Flights
from pipeline.rare.points import Floats, Points
from pipeline.rare.text import duration
from tests.pipeline.campaign_files import Edit, drop, put, write

MEAN_MPS, SIGMA_MPS = 0.6, 0.3  # of the faked vertical speed, moved by one parameter alone
MOVES = "thrust_scale"
QUIET = {
    "outcome": 0.0,
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


def fake_fly(self: Flights, points: Points) -> dict[str, Floats]:
    """A landing whose vertical speed follows one parameter; an injected failure makes it 9 m/s."""
    count = len(points.seed)
    flown = {name: np.full(count, value) for name, value in QUIET.items()}
    moves = points.u[:, self.coordinates.index(MOVES)]
    flown["touchdown_vertical_speed_mps"] = MEAN_MPS + SIGMA_MPS * moves
    if self.stratum.name != NO_FAILURE:
        flown["touchdown_vertical_speed_mps"] = np.full(count, 9.0)
    return flown


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flights, "fly", fake_fly)


def vertical(sigmas: float) -> Edit:
    """Ask for a vertical speed that so many sigmas exceed."""
    condition = {
        "metric": "touchdown_vertical_speed_mps",
        "at_most": MEAN_MPS + SIGMA_MPS * sigmas,
    }
    asked = {"name": "soft", "probability": 0.99, "confidence": 0.9, "holds": [condition]}
    return put("campaign.requirements", [asked])


NO_FAILURES = put("campaign.failures", {})


def answered(folder: Path, ask: Ask, *edits: Edit) -> Answer:
    """The answer on the reference campaign after edits."""
    return assess(str(write(folder, *edits)), ask, io.StringIO())


# --- which methods --------------------------------------------------------------------------------


@pytest.mark.usefixtures("faked")
def test_auto__counts_where_that_fits_the_budget(tmp_path: Path) -> None:
    answer = answered(tmp_path, Ask(), vertical(2.0), NO_FAILURES)
    assert [e.method for e in answer.estimates] == ["crude Monte Carlo"]
    lower, upper = answer.best.interval(0.999)
    assert lower < stats.norm.sf(2.0) < upper
    assert answer.best.runs == pytest.approx(100.0 / answer.pilot.probability, rel=0.05)
    assert answer.exit_code == ExitCode.DONE


@pytest.mark.usefixtures("faked")
def test_auto__of_a_rare_failure_flies_subset_and_aims_at_its_failures(tmp_path: Path) -> None:
    answer = answered(tmp_path, Ask(samples=500), vertical(4.0), NO_FAILURES)
    assert [e.method for e in answer.estimates] == ["subset simulation", "importance sampling"]
    for estimate in answer.estimates:
        lower, upper = estimate.interval(0.999)
        assert estimate.is_trusted
        assert lower < stats.norm.sf(4.0) < upper
    assert answer.best.method == "importance sampling"  # the closer of the two
    assert answer.failures is not None
    assert answer.failures.causes == {"touchdown vertical speed above 1.8 m/s": 1.0}
    assert [c.name for c in answer.failures.common] == [MOVES]
    assert answer.failures.common[0].shift == pytest.approx(4.2, abs=0.1)
    assert answer.failures.common[0].median == pytest.approx(1.0 + 0.008 * 4.17, abs=0.001)


@pytest.mark.usefixtures("faked")
def test_method__is_the_one_asked_for(tmp_path: Path) -> None:
    subset = answered(tmp_path, Ask(method="subset", samples=300), vertical(2.0), NO_FAILURES)
    assert [e.method for e in subset.estimates] == ["subset simulation"]
    crude = answered(tmp_path, Ask(runs=5000), vertical(4.0), NO_FAILURES)
    assert [(e.method, e.runs) for e in crude.estimates] == [("crude Monte Carlo", 5000)]


@pytest.mark.usefixtures("faked")
def test_parameters__are_what_importance_sampling_moves(tmp_path: Path) -> None:
    named = Ask(method="importance", samples=500, parameters=(MOVES, "isp_scale"))
    answer = answered(tmp_path, named, vertical(4.0), NO_FAILURES)
    assert answer.estimates[1].notes[-1] == (
        f"aimed in {MOVES}, isp_scale; at touchdown vertical speed above 1.8 m/s"
    )
    assert answer.estimates[1].is_trusted

    beside = Ask(method="importance", samples=500, parameters=("isp_scale",))
    answer = answered(tmp_path, beside, vertical(4.0), NO_FAILURES)
    assert not answer.estimates[1].is_trusted  # nothing that matters was moved


@pytest.mark.usefixtures("faked")
def test_budget__that_is_too_small_flies_nothing_and_says_what_it_takes(tmp_path: Path) -> None:
    answer = answered(tmp_path, Ask(budget_s=1e-6), vertical(4.0), NO_FAILURES)
    assert answer.estimates == ()
    assert answer.exit_code == ExitCode.INCONCLUSIVE
    assert "subset simulation: not flown, some 220,000 runs would take" in as_text(answer)
    assert answer.best == answer.pilot  # what was counted stays true

    answer = answered(tmp_path, Ask("soft", "crude", budget_s=1e-6), vertical(2.0), NO_FAILURES)
    assert "crude Monte Carlo: not flown" in as_text(answer)


@pytest.mark.usefixtures("faked")
def test_answer__is_the_same_for_the_same_campaign(tmp_path: Path) -> None:
    first, second = (
        answered(tmp_path, Ask(samples=300), vertical(4.0), NO_FAILURES) for _ in range(2)
    )
    assert first.estimates == second.estimates
    other = answered(
        tmp_path, Ask(samples=300), vertical(4.0), NO_FAILURES, put("campaign.seed", 7)
    )
    assert other.estimates[0].probability != first.estimates[0].probability


# --- what is said ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("faked")
def test_answer__of_a_margin_that_jumps_is_not_trusted(tmp_path: Path) -> None:
    cause = {
        "name": "starts",
        "kind": "cause",
        "outcome": "no_start",
        "share_at_most": 0.01,
        "confidence": 0.9,
    }
    answer = answered(
        tmp_path, Ask(samples=300), put("campaign.requirements", [cause]), NO_FAILURES
    )
    text = as_text(answer)
    assert "no metric leads to its failures: the margin jumps" in text
    assert "subset simulation: not to be trusted: 20 of 20 replicates got stuck" in text
    assert "importance sampling: not flown" in text
    assert answer.exit_code == ExitCode.INCONCLUSIVE
    said = json.loads(answer.json())
    assert (said["estimates"][0]["lower"], said["estimates"][0]["trusted"]) == (None, False)
    assert said["best"]["method"] == "crude Monte Carlo"


@pytest.mark.usefixtures("faked")
def test_strata__add_up(tmp_path: Path) -> None:
    branch: dict[str, Any] = {"tag": "E", "source": "a test"}
    failures = {
        "leg_collapse": branch | {"probability": 0.01},
        "false_switch": branch | {"probability": 0.02},
    }
    answer = answered(tmp_path, Ask(runs=4000), vertical(2.0), put("campaign.failures", failures))
    assert [(p.name, p.estimate.probability) for p in answer.parts[1:]] == [
        ("leg_collapse", 1.0),
        ("false_switch", 1.0),
    ]
    nominal = answer.parts[0].estimate.probability
    assert answer.total.probability == pytest.approx(0.03 + 0.97 * nominal)
    assert answer.total.lower < 0.03 + 0.97 * stats.norm.sf(2.0) < answer.total.upper
    assert "leg collapse" in as_text(answer)


@pytest.mark.usefixtures("faked")
def test_json__is_one_line_with_every_number(tmp_path: Path) -> None:
    answer = answered(tmp_path, Ask(runs=2000), vertical(2.0), NO_FAILURES)
    line = answer.json()
    said = json.loads(line)
    assert "\n" not in line
    assert said["estimates"][0]["runs"] == 2000
    assert said["best"]["probability"] == answer.best.probability
    assert said["needs"][0]["runs"] > 0
    assert said["exit_code"] == 0


def test_estimates__that_contradict_each_other_are_doubted_unless_counted() -> None:
    counted = from_counts(100, 10_000)
    low = from_counts(10, 10_000)._replace(method="subset simulation", replicates=(1e-3,) * 20)
    other = low._replace(method="importance sampling", replicates=(2e-3,) * 20)
    doubted = checked([counted, low, other])
    assert [each.is_trusted for each in doubted] == [True, False, False]
    assert doubted[1].doubts == (
        "crude Monte Carlo and subset simulation contradict each other",
        "subset simulation and importance sampling contradict each other",
    )
    assert checked([low, low]) == [low, low]


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (600, "10 min"), (9_000, "2 h"), (900_000, "10 d")]
)
def test_duration__is_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# --- bad input ------------------------------------------------------------------------------------


def test_ask__says_every_mistake_at_once(tmp_path: Path) -> None:
    wrong = Ask("landing", "subset", 0, -1.0, 5, ("isp_scal", MOVES, MOVES))
    with pytest.raises(BadInput) as caught:
        answered(tmp_path, wrong)
    assert caught.value.problems == [
        "--requirement: got 'landing', expected one of 'landing success'",
        "--runs: got 0, expected >= 1",
        "--runs: counts the runs of --method crude, got --method subset",
        "--budget-s: got -1, expected > 0",
        "--samples: got 5, expected >= 100",
        "--parameters: unknown parameter 'isp_scal', did you mean isp_scale or lift_scale or "
        "thrust_scale?",
        "--parameters: got isp_scal, thrust_scale, thrust_scale, expected each once",
        "--parameters: are those of --method importance, got --method subset",
    ]


def test_ask__names_the_requirement_where_there_are_several(tmp_path: Path) -> None:
    condition = {"metric": "touchdown_miss_m", "at_most": 10.0}
    two = [
        {"name": name, "probability": 0.9, "confidence": 0.9, "holds": [condition]}
        for name in ("near", "nearer")
    ]
    with pytest.raises(BadInput, match="--requirement: missing, expected one of 'near', 'nearer'"):
        answered(tmp_path, Ask(), put("campaign.requirements", two))


def test_campaign__that_is_wrong_is_not_flown(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="requirements: missing"):
        answered(tmp_path, Ask(), drop("campaign.requirements"))


# --- flown ----------------------------------------------------------------------------------------


def test_assess__flies_the_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it on real flights: early cut-off fails often, no failure never."""
    monkeypatch.setattr(study, "PILOT_RUNS", 64)
    monkeypatch.setattr(study, "BRANCH_RUNS", 32)

    def one_branch(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        campaign["failures"] = {"early_cut_off": campaign["failures"]["early_cut_off"]}

    answer = answered(tmp_path, Ask(runs=64), one_branch)
    assert answer.estimates[0].failures_counted == 0
    assert answer.parts[1].name == "early_cut_off"
    assert 0.5 < answer.parts[1].estimate.probability <= 1.0
    assert "all runs" in as_text(answer)
