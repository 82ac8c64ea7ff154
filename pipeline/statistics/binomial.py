"""Exact statements about a probability from counted successes of independent runs.

Bounds are Clopper & Pearson's (Biometrika 26:404, 1934): the limit a one-sided test at the stated
confidence cannot refuse. They never cover less than stated, with no failure at all included,
which Wald, Wilson and Jeffreys do. A sample plan (N runs, k failures allowed) is the same test
read the other way round (Hanson & Beard, NASA/TP-2010-216447). Anchors: 230 runs without failure
show 0.99 at 90 %, 531 with two; a design must reach 0.998 to pass the latter 9 times in 10.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from scipy.special import betainc, betaincinv, ndtri

EXACT = "Clopper-Pearson, exact"
APPROXIMATE = "Wilson, approximate"

MOST_RUNS = 10**12  # end of the search for a plan's runs
ROUNDING = 1e-12  # relative error granted to a risk that meets its limit exactly


class Proportion(NamedTuple):
    """A counted share of runs with its two-sided interval."""

    successes: int
    runs: int
    lower: float
    upper: float
    confidence: float
    method: str

    @property
    def fraction(self) -> float:
        """Share of successes; NaN without runs, where the interval is 0 to 1."""
        return self.successes / self.runs if self.runs else float("nan")


class Plan(NamedTuple):
    """Fly `runs`, accept at most `allowed_failures`: that shows `probability` at `confidence`."""

    probability: float
    confidence: float
    runs: int
    allowed_failures: int
    consumer_risk: float  # probability that a design just at `probability` passes
    reliability_for_9_in_10: float  # true probability a design needs to pass 9 times in 10


def lower_bound(successes: int, runs: int, confidence: float) -> float:
    """One-sided lower limit of the probability of success. Raises ValueError for bad counts."""
    _check_counts(successes, runs)
    _check_fraction("confidence", confidence)
    if successes == 0:
        return 0.0
    return float(betaincinv(successes, runs - successes + 1, 1.0 - confidence))


def upper_bound(successes: int, runs: int, confidence: float) -> float:
    """One-sided upper limit of the probability of success. Raises ValueError for bad counts."""
    _check_counts(successes, runs)
    _check_fraction("confidence", confidence)
    if successes == runs:
        return 1.0
    return float(betaincinv(successes + 1, runs - successes, confidence))


def interval(successes: int, runs: int, confidence: float) -> Proportion:
    """Two-sided exact interval: half the doubt on either side."""
    one_sided = 0.5 + 0.5 * confidence
    lower = lower_bound(successes, runs, one_sided)
    upper = upper_bound(successes, runs, one_sided)
    return Proportion(successes, runs, lower, upper, confidence, EXACT)


def wilson(successes: int, runs: int, confidence: float) -> Proportion:
    """Two-sided score interval, approximate: for plots, never for a decision.

    Wilson, J. Am. Stat. Assoc. 22:209, 1927.
    """
    _check_counts(successes, runs)
    _check_fraction("confidence", confidence)
    if runs == 0:
        return Proportion(0, 0, 0.0, 1.0, confidence, APPROXIMATE)
    share = successes / runs
    z2 = float(ndtri(0.5 + 0.5 * confidence)) ** 2 / runs
    centre = (share + 0.5 * z2) / (1.0 + z2)
    half = (z2 * share * (1.0 - share) + 0.25 * z2**2) ** 0.5 / (1.0 + z2)
    lower = 0.0 if successes == 0 else centre - half
    upper = 1.0 if successes == runs else centre + half
    return Proportion(successes, runs, lower, upper, confidence, APPROXIMATE)


def pass_probability(runs: int, allowed_failures: int, reliability: float) -> float:
    """Probability that a design of true `reliability` has at most `allowed_failures` in `runs`.

    P(F <= k) = I_p(N - k, k + 1)                    Abramowitz & Stegun 26.5.24
    """
    _check_counts(allowed_failures, runs)
    if allowed_failures == runs:
        return 1.0
    return float(betainc(runs - allowed_failures, allowed_failures + 1, reliability))


def reliability_to_pass(runs: int, allowed_failures: int, chance: float = 0.9) -> float:
    """True reliability a design needs to pass the plan with probability `chance`."""
    _check_counts(allowed_failures, runs)
    _check_fraction("chance", chance)
    if allowed_failures == runs:
        return 0.0
    return float(betaincinv(runs - allowed_failures, allowed_failures + 1, chance))


def runs_needed(probability: float, confidence: float, allowed_failures: int = 0) -> int:
    """Fewest runs that show `probability` at `confidence` with that many failures allowed.

    Raises ValueError for a probability or confidence outside (0, 1).
    """
    _check_fraction("probability", probability)
    _check_fraction("confidence", confidence)
    if allowed_failures < 0:
        raise ValueError(f"allowed_failures: got {allowed_failures}, expected >= 0")
    fewest = allowed_failures + 1
    found = fewest + bisect_left(
        range(fewest, MOST_RUNS),
        True,
        key=lambda runs: shows(runs, allowed_failures, probability, confidence),
    )
    if found >= MOST_RUNS:
        raise ValueError(f"probability: got {probability}, no plan under {MOST_RUNS:g} runs")
    return found


def allowed_failures(runs: int, probability: float, confidence: float) -> int | None:
    """Most failures with which `runs` still show `probability`; None where even none do not."""
    _check_fraction("probability", probability)
    _check_fraction("confidence", confidence)
    too_many = bisect_left(
        range(runs), True, key=lambda failures: not shows(runs, failures, probability, confidence)
    )
    return too_many - 1 if too_many else None


def shows(runs: int, failures: int, probability: float, confidence: float) -> bool:
    """Whether a design just at `probability` would do as well only with the risk left open."""
    risk = (1.0 - confidence) * (1.0 + ROUNDING)
    return pass_probability(runs, failures, probability) <= risk


def plan(probability: float, confidence: float, allowed_failures: int) -> Plan:
    """The shortest plan that shows `probability` at `confidence`, with its risks."""
    runs = runs_needed(probability, confidence, allowed_failures)
    return Plan(
        probability,
        confidence,
        runs,
        allowed_failures,
        consumer_risk=pass_probability(runs, allowed_failures, probability),
        reliability_for_9_in_10=reliability_to_pass(runs, allowed_failures),
    )


def plan_table(
    probability: float, confidence: float, failures: Iterable[int] = (0, 1, 2, 3, 5)
) -> list[Plan]:
    """The shortest plan for each number of allowed failures."""
    return [plan(probability, confidence, allowed) for allowed in failures]


def _check_counts(part: int, whole: int) -> None:
    if not 0 <= part <= whole:
        raise ValueError(f"counts: got {part} of {whole}, expected 0 <= part <= whole")


def _check_fraction(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:  # NaN fails as well
        raise ValueError(f"{name}: got {value}, expected inside (0, 1)")
