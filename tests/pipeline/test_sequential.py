"""Plans that stop early: against published and tabulated figures, and every sequence by hand."""

from collections.abc import Callable
from itertools import product
from math import comb, exp, inf, log

import numpy as np
import pytest
from scipy import integrate, stats

from pipeline.statistics import binomial, e_process, sequential
from pipeline.statistics.sequential import Boundary, Stop

LOOKS = (500, 1000, 1500, 2000, 2500)
TEN_LOOKS = tuple(range(250, 2501, 250))

# 0.99 at 90 %, exact binomial spending after Lan & DeMets (Biometrika 70:659, 1983), failing at a
# look: looks, failures allowed, true reliability, chance to pass, expected runs
GROUP_SEQUENTIAL = [
    (LOOKS, (0, 4, 8, 12, 17), 0.99, 0.09508624332431576, 1937.364671927594),
    (LOOKS, (0, 4, 8, 12, 17), 0.995, 0.9301479844720959, 1468.4992565833275),
    (LOOKS, (0, 4, 8, 12, 17), 0.98, 5.600180552548089e-05, 1144.037317639564),
    (LOOKS, (-1, 2, 7, 12, 17), 0.99, 0.07414564106930652, 1983.2400144159337),
    (LOOKS, (-1, 2, 7, 12, 17), 0.9975, 0.9999204714834432, 1247.5451650190257),
    (TEN_LOOKS, (-1, -1, 0, 2, 5, 7, 10, 12, 15, 17), 0.99, 0.09162191810629236, 1847.76181),
]
# Spending after Pocock
SPREAD = [
    (LOOKS, (0, 4, 8, 12, 17)),
    (tuple(range(300, 2401, 300)), (-1, 1, 3, 6, 8, 10, 13, 15)),
    (TEN_LOOKS, (-1, 0, 2, 4, 6, 8, 10, 12, 14, 16)),
]
# Truncated Jeffreys mixture, one-sided at 1 - risk each: runs, failures, risk, lower, upper
ANYTIME = [
    (10, 0, 0.05, 0.686198, 1.0),
    (10, 2, 0.05, 0.370162, 0.990287),
    (10, 10, 0.1, 0.0, 0.256864),
    (300, 0, 0.1, 0.990102, 1.0),
    (1000, 10, 0.1, 0.979061, 0.997349),
    (10000, 20, 0.1, 0.996490, 0.999250),
]


def at_looks(looks: tuple[int, ...], allowed: tuple[int, ...]) -> Boundary:
    """A plan that also fails at its looks only, as in the tables."""
    return Boundary(np.array(looks), np.array(allowed), np.full(len(looks), allowed[-1] + 1))


# --- group sequential -----------------------------------------------------------------------------


@pytest.mark.parametrize(("looks", "allowed", "true", "passes", "runs"), GROUP_SEQUENTIAL)
def test_chances__of_tabulated_plans(looks, allowed, true, passes, runs):
    found = sequential.chances(at_looks(looks, allowed), true)
    assert found.passes == pytest.approx(passes, rel=1e-8)
    assert found.fails == pytest.approx(1.0 - passes, rel=1e-8)
    assert found.expected_runs == pytest.approx(runs, rel=1e-8)


@pytest.mark.parametrize(("looks", "allowed", "true", "passes", "runs"), GROUP_SEQUENTIAL)
def test_group_sequential__failing_at_once_keeps_the_risk_and_saves_runs(
    looks, allowed, true, passes, runs
):
    found = sequential.chances(sequential.group_sequential(looks, allowed), true)
    assert found.passes == pytest.approx(passes, rel=1e-8)
    assert found.expected_runs < runs


@pytest.mark.parametrize(("looks", "allowed"), SPREAD)
def test_spread_allowed__as_tabulated(looks, allowed):
    assert sequential.spread_allowed(looks, 0.99, 0.9) == allowed


def test_spread_allowed__no_plan_where_the_last_look_is_too_early():
    assert sequential.spread_allowed((100, 229), 0.99, 0.9) == (-1, -1)
    assert sequential.spread_allowed((100, 230), 0.99, 0.9) == (-1, 0)


# --- e-process ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("runs", "failures", "risk", "lower", "upper"), ANYTIME)
def test_anytime_bounds__as_tabulated(runs, failures, risk, lower, upper):
    found = e_process.anytime_bounds(Stop(None, runs, failures), 1.0 - risk)
    assert found == pytest.approx((lower, upper), abs=6e-7)


@pytest.mark.parametrize(("successes", "failures", "p0"), [(50, 0, 0.9), (40, 3, 0.8), (3, 9, 0.5)])
def test_log_e_value__is_the_mixture_s_likelihood_ratio(successes, failures, p0):
    def prior(p: float) -> float:
        return (p * (1.0 - p)) ** -0.5

    def ratio(p: float) -> float:
        return prior(p) * (p / p0) ** successes * ((1.0 - p) / (1.0 - p0)) ** failures

    expected = integrate.quad(ratio, p0, 1.0)[0] / integrate.quad(prior, p0, 1.0)[0]
    assert exp(e_process.log_e_value(successes, failures, p0)) == pytest.approx(expected, rel=1e-6)


def test_log_e_value__is_a_fair_game_at_the_limit():
    """Its mean stays 1 over every number of runs: what makes it hold whenever one looks."""
    for runs in (1, 7, 40):
        mean = sum(
            comb(runs, f)
            * 0.9 ** (runs - f)
            * 0.1**f
            * exp(e_process.log_e_value(runs - f, f, 0.9))
            for f in range(runs + 1)
        )
        assert mean == pytest.approx(1.0, rel=1e-9)


def test_log_e_value__that_vanishes_is_no_error():
    assert e_process.log_e_value(0, 5000, 0.999999) == -inf


def test_e_process__stops_where_the_e_value_reaches_one_over_the_risk():
    plan = e_process.e_process(1000, 0.99, 0.9)
    for look, passes, fails in zip(*(column.tolist() for column in plan), strict=True):
        for failures in range(min(look, 40) + 1):
            good = e_process.log_e_value(look - failures, failures, 0.99) >= log(10.0)
            bad = e_process.log_e_value(failures, look - failures, 1.0 - 0.99) >= log(10.0)
            assert (failures <= passes, failures >= fails) == (good, bad), (look, failures)


def test_e_process__needs_297_runs_without_a_failure():
    assert int(np.argmax(e_process.e_process(400, 0.99, 0.9).pass_at >= 0)) + 1 == 297


# --- every sequence -------------------------------------------------------------------------------

SMALL: list[tuple[str, Boundary]] = [
    ("fixed", sequential.fixed(12, 0.7, 0.8)),
    ("curtailed", sequential.curtailed(12, 2)),
    ("group sequential", sequential.group_sequential((4, 8, 12), (0, 1, 3))),
    ("e-process", e_process.e_process(12, 0.6, 0.7)),
]


@pytest.mark.parametrize(("name", "plan"), SMALL)
@pytest.mark.parametrize("true", [0.5, 0.7, 0.95])
def test_chances__are_those_of_every_sequence_walked(name, plan, true):
    passes = fails = runs = 0.0
    for outcome in product((False, True), repeat=12):
        stop = sequential.walk(np.array(outcome), plan)
        chance = true ** (12 - sum(outcome)) * (1.0 - true) ** sum(outcome)
        passes += chance * (stop.passed is True)
        fails += chance * (stop.passed is False)
        runs += chance * stop.runs
    found = sequential.chances(plan, true)
    assert found == pytest.approx((passes, fails, runs), abs=1e-12)


@pytest.mark.parametrize(("name", "plan"), SMALL)
def test_bounds__cover_at_every_true_reliability(name, plan):
    """Over all sequences, at most one in five may have a limit on the wrong side."""
    stops = [sequential.walk(np.array(o), plan) for o in product((False, True), repeat=12)]
    found = {stop: sequential.bounds(plan, stop, 0.8) for stop in set(stops)}
    failures = np.array([sum(o) for o in product((False, True), repeat=12)])
    for true in np.linspace(0.05, 0.95, 19):
        weights = true ** (12 - failures) * (1.0 - true) ** failures
        lower, upper = (np.array([found[stop][side] for stop in stops]) for side in (0, 1))
        assert weights[lower > true].sum() <= 0.2 + 1e-9
        assert weights[upper < true].sum() <= 0.2 + 1e-9


@pytest.mark.parametrize("failures", [0, 1, 7, 18])
def test_bounds__without_an_early_look_are_clopper_pearson_s(failures):
    plan = Boundary(np.array([400]), np.array([1]), np.array([9]))
    stop = Stop(failures <= 1, 400, failures)
    expected = [
        side(400 - failures, 400, 0.9) for side in (binomial.lower_bound, binomial.upper_bound)
    ]
    assert sequential.bounds(plan, stop, 0.9) == pytest.approx(expected, abs=1e-9)


def test_bounds__of_a_plan_that_passes_reach_what_it_shows():
    plan = sequential.group_sequential(LOOKS, (0, 4, 8, 12, 17))
    for runs, failures in zip(LOOKS, (0, 4, 8, 12, 17), strict=True):
        lower, upper = sequential.bounds(plan, Stop(True, runs, failures), 0.9)
        assert 0.99 <= lower < 1.0 - failures / runs <= upper <= 1.0


# --- walking --------------------------------------------------------------------------------------


def test_walk__takes_the_first_look_that_decides():
    plan = sequential.group_sequential((4, 8), (0, 2))
    assert sequential.walk(np.zeros(8, bool), plan) == Stop(True, 4, 0)
    late = np.array([0, 0, 0, 1, 0, 0, 0, 0, 1, 1], bool)
    assert sequential.walk(late, plan) == Stop(True, 8, 1)
    assert sequential.walk(np.ones(8, bool), plan) == Stop(False, 3, 3)


def test_walk__undecided_at_the_end_of_the_runs():
    plan = sequential.curtailed(230, 0)
    assert sequential.walk(np.zeros(229, bool), plan) == Stop(None, 229, 0)
    assert sequential.walk(np.zeros(0, bool), plan) == Stop(None, 0, 0)


def test_curtailed__passes_when_no_failure_to_come_could_matter():
    plan = sequential.curtailed(531, 2)
    assert sequential.walk(np.zeros(531, bool), plan) == Stop(True, 529, 0)
    one = np.arange(531) == 100
    assert sequential.walk(one, plan) == Stop(True, 530, 1)
    three = np.arange(531) < 3
    assert sequential.walk(three, plan) == Stop(False, 3, 3)


@pytest.mark.parametrize("runs", [100, 230, 1000])
def test_fixed__decides_as_the_bounds_of_all_runs_do(runs):
    plan = sequential.fixed(runs, 0.99, 0.9)
    for failures in range(0, 25):
        found = sequential.walk(np.arange(runs) < failures, plan).passed
        passes = stats.binom.cdf(failures, runs, 0.01) <= 0.1
        fails = failures > 0 and stats.binom.sf(failures - 1, runs, 0.01) < 0.1
        assert found is (True if passes else False if fails else None)


def test_reliability_to_pass__is_where_nine_in_ten_pass():
    plan = sequential.group_sequential(LOOKS, (0, 4, 8, 12, 17))
    true = sequential.reliability_to_pass(plan)
    assert sequential.chances(plan, true).passes == pytest.approx(0.9, abs=1e-9)
    assert sequential.reliability_to_pass(sequential.curtailed(531, 2)) == pytest.approx(
        binomial.reliability_to_pass(531, 2), abs=1e-9
    )


# --- risks ----------------------------------------------------------------------------------------

Maker = Callable[[float, float], Boundary]
PLANS: list[Maker] = [
    lambda p, c: sequential.fixed(1000, p, c),
    lambda p, c: sequential.curtailed(binomial.runs_needed(p, c, 5), 5),
    lambda p, c: sequential.group_sequential(LOOKS, sequential.spread_allowed(LOOKS, p, c)),
    lambda p, c: e_process.e_process(2500, p, c),
]


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("probability", [0.9, 0.99, 0.997])
@pytest.mark.parametrize("make", PLANS)
def test_risk__of_passing_a_design_that_falls_short(make, probability, confidence):
    plan = make(probability, confidence)
    for short in (0.0, 0.1, 0.5):
        true = probability - short * (1.0 - probability)
        assert sequential.chances(plan, true).passes <= (1.0 - confidence) * (1.0 + 1e-9)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize("probability", [0.9, 0.99])
@pytest.mark.parametrize("make", [PLANS[0], PLANS[3]])
def test_risk__of_failing_a_design_that_holds(make, probability, confidence):
    plan = make(probability, confidence)
    for spare in (0.0, 0.2, 0.5):
        true = probability + spare * (1.0 - probability)
        assert sequential.chances(plan, true).fails <= 1.0 - confidence


@pytest.mark.parametrize("make", PLANS)
def test_risk__of_failing_a_design_with_the_margin_told(make):
    plan = make(0.99, 0.9)
    true = sequential.reliability_to_pass(plan)
    assert sequential.chances(plan, true).fails <= 0.1 + 1e-9


@pytest.mark.parametrize("true", [0.985, 0.99, 0.995, 0.998])
@pytest.mark.parametrize("make", PLANS)
def test_walk__of_2000_campaigns_has_the_rates_computed(make, true):
    """Simulated from a fixed seed; the counts lie where 999 of 1,000 such simulations do."""
    plan, campaigns = make(0.99, 0.9), 2000
    random = np.random.default_rng(20261122)
    stops = [
        sequential.walk(random.random(int(plan.runs[-1])) >= true, plan) for _ in range(campaigns)
    ]
    expected = sequential.chances(plan, true)
    for wanted, chance in ((True, expected.passes), (False, expected.fails)):
        found = sum(stop.passed is wanted for stop in stops)
        assert stats.binomtest(found, campaigns, min(chance, 1.0)).pvalue > 1e-3
    if true <= 0.99:
        assert sum(stop.passed is True for stop in stops) <= stats.binom.ppf(0.999, campaigns, 0.1)
