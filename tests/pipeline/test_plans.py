"""Plans of requirements: what they promise before a flight, and what they say after one."""

import numpy as np
import pytest
from scipy import stats

from pipeline import plan_checks, plans
from pipeline.asked import (
    CurtailedPlan,
    EProcessPlan,
    FixedPlan,
    GroupSequentialPlan,
    Plan,
    SuccessRequirement,
)
from pipeline.sampling import Independent, LatinHypercube
from pipeline.statistics import sequential

FIXED = FixedPlan()
CURTAILED = CurtailedPlan(kind="curtailed", allowed_failures=2)
LOOKS = GroupSequentialPlan(kind="group_sequential", looks=(500, 1000, 1500, 2000, 2500))
E_PROCESS = EProcessPlan(kind="e_process")


def asked(plan: Plan, probability: float = 0.99, confidence: float = 0.9) -> SuccessRequirement:
    holds = ({"outcome": "at_rest"},)
    return SuccessRequirement(
        name="landing", probability=probability, confidence=confidence, holds=holds, plan=plan
    )


def failing(runs: int, *where: int) -> np.ndarray:
    return np.isin(np.arange(runs), where)


# --- promises -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "words", "runs", "allowed", "fewest"),
    [
        (FIXED, "fixed, 3,000 runs", 3000, 22, 230),
        (CURTAILED, "curtailed, 531 runs, 2 failures allowed", 531, 2, 531),
        (
            LOOKS,
            "group sequential, looks (failures allowed) at 500 (0), 1,000 (4), 1,500 (8), "
            "2,000 (12), 2,500 (17)",
            2500,
            17,
            500,
        ),
        (E_PROCESS, "e-process, a look after every run up to 3,000", 3000, 16, 297),
    ],
)
def test_promise__of_each_plan_in_3000_runs(plan, words, runs, allowed, fewest):
    found = plans.promise(asked(plan), 3000)
    assert found[:4] == (words, runs, allowed, fewest)


@pytest.mark.parametrize("plan", [FIXED, CURTAILED, LOOKS, E_PROCESS])
def test_promise__nine_in_ten_pass_with_the_margin_told(plan):
    reliable = plans.promise(asked(plan), 3000).reliability_for_9_in_10
    assert plans.pass_probability(asked(plan), 3000, reliable) == pytest.approx(0.9, abs=1e-6)
    assert 0.99 < reliable < 0.9985


def test_promise__published_margins():
    margins = {k: CurtailedPlan(kind="curtailed", allowed_failures=k) for k in (2, 5, 13)}
    found = {k: plans.promise(asked(plan), 3000) for k, plan in margins.items()}
    assert [found[k].runs for k in (2, 5, 13)] == [531, 926, 1893]
    reliable = [found[k].reliability_for_9_in_10 for k in (2, 5, 13)]
    assert reliable == pytest.approx([0.998, 0.99667, 0.995], abs=8e-5)


@pytest.mark.parametrize(("plan", "fewest"), [(FIXED, 230), (E_PROCESS, 297)])
def test_promise__too_few_runs_promise_nothing(plan, fewest):
    found = plans.promise(asked(plan), fewest - 1)
    assert (found.allowed_failures, found.reliability_for_9_in_10) == (None, None)
    assert found.fewest_runs == fewest
    assert plans.pass_probability(asked(plan), fewest - 1, 1.0) == 0.0


# --- findings -------------------------------------------------------------------------------------


def test_finding__a_fixed_plan_speaks_of_all_runs():
    found = plans.finding(asked(FIXED), 1000, failing(1000, 3, 500))
    assert (found.passed, found.runs, found.failures) == (True, 1000, 2)
    assert found.lower_bound == pytest.approx(stats.beta.ppf(0.1, 998, 3))
    assert found.stopped_at < 1000


def test_finding__a_curtailed_plan_leaves_out_the_runs_beyond_it():
    late = failing(1000, 3, 540, 541, 542, 543)
    found = plans.finding(asked(CURTAILED), 1000, late)
    assert (found.passed, found.runs, found.failures) == (True, 531, 1)
    assert found.lower_bound == pytest.approx(stats.beta.ppf(0.1, 530, 2))


def test_finding__a_curtailed_plan_fails_with_one_failure_too_many():
    found = plans.finding(asked(CURTAILED), 1000, failing(1000, 3, 40, 400))
    assert (found.passed, found.stopped_at) == (False, 401)
    assert found.upper_bound > 0.99, "the bounds alone would not have refused it"


@pytest.mark.parametrize("where", [(), (5,), (5, 9), (3, 70, 120), (0, 1, 2), (3, 70, 530)])
def test_finding__limits_where_a_curtailed_plan_stopped_are_never_too_short(where):
    """Clopper-Pearson's of the runs flown, against the exact ones of the plan that chose them."""
    requirement, failed = asked(CURTAILED), failing(531, *where)
    flown = failed[: plans.finding(requirement, 3000, failed).stopped_at]
    found = plans.finding(requirement, 3000, flown)
    stop = sequential.Stop(found.passed, found.runs, found.failures)
    lower, upper = sequential.bounds(plans.boundary(requirement, 3000), stop, 0.9)
    assert found.lower_bound <= lower * (1.0 + 1e-9)
    assert found.upper_bound >= upper * (1.0 - 1e-9)
    decisive = found.lower_bound if found.passed else found.upper_bound
    assert decisive == pytest.approx(lower if found.passed else upper, abs=1e-9)


def test_finding__group_sequential_stops_at_its_look():
    found = plans.finding(asked(LOOKS), 3000, failing(3000, 100, 2000, 2001))
    assert (found.passed, found.stopped_at, found.runs, found.failures) == (True, 1000, 1000, 1)
    assert 0.99 < found.lower_bound < 0.999 < found.upper_bound


def test_finding__e_process_bounds_hold_whenever_it_stops():
    found = plans.finding(asked(E_PROCESS), 3000, failing(3000))
    assert (found.passed, found.stopped_at) == (True, 297)
    assert found.lower_bound == pytest.approx(0.99, abs=1e-4)
    bad = plans.finding(asked(E_PROCESS), 3000, failing(3000, *range(12)))
    assert bad.passed is False
    assert bad.upper_bound < 0.99


@pytest.mark.parametrize("plan", [CURTAILED, LOOKS, E_PROCESS])
def test_finding__undecided_where_the_runs_end_too_soon(plan):
    found = plans.finding(asked(plan), 3000, failing(100))
    assert (found.passed, found.runs) == (None, 100)


# --- what cannot be gated -------------------------------------------------------------------------


def test_ungateable__a_fixed_plan_with_too_few_runs():
    assert list(plan_checks.problems([asked(FIXED)], 229, Independent())) == []
    [found] = plan_checks.ungateable([asked(FIXED)], 229, Independent())
    assert found == (
        "requirements.0: got 229 runs, which can never show 0.99 at 90 % confidence, "
        "expected at least 230"
    )
    assert list(plan_checks.ungateable([asked(FIXED)], 230, Independent())) == []


def test_ungateable__a_design_that_no_bound_fits():
    design = LatinHypercube(design="latin_hypercube", points=50)
    [found] = plan_checks.ungateable([asked(FIXED)], 1000, design)
    assert found.startswith("sampling: got Latin hypercubes: 20 of 50 runs: ")
    assert "independent or strata can be gated" in found


def test_problems__declared_failures_at_the_risk_are_taken_and_one_more_is_not():
    fits = LOOKS.model_copy(update={"allowed_failures": (0, 4, 8, 12, 17)})
    over = LOOKS.model_copy(update={"allowed_failures": (0, 5, 9, 13, 18)})
    assert list(plan_checks.problems([asked(fits)], 3000, Independent())) == []
    [found] = plan_checks.problems([asked(over)], 3000, Independent())
    assert found.endswith("at most 10 %: [0, 4, 8, 12, 17] would do")
