"""A plan that may look after every run: it passes or fails where an e-value has grown enough.

The e-value is what a gambler has made of one unit by betting, at fair odds, against the claim that
the true probability is no higher than the one asked. Against a true claim nobody gets rich: the
chance of ever holding 1 / risk is at most the risk, however often one looks.

Anchors: it shows 0.99 at 90 % after 297 runs without failure, where a fixed plan needs 230; 10
failures in 1,000 runs bound the probability by 0.97906 and 0.99735, at 90 % on either side.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from math import inf, log, log1p

import numpy as np
import scipy  # its parts load when first used: scipy.optimize takes a third of a second
from scipy.special import betainc, betaln

from pipeline.statistics.sequential import Boundary, Stop

_EDGE = 1e-12  # how near to 0 and 1 a bound is looked for


def e_process(runs: int, probability: float, confidence: float) -> Boundary:
    """May look after every run up to `runs`: passes or fails where the e-value says so."""
    enough = -log1p(-confidence)
    all_runs = np.arange(1, runs + 1)

    def fewest_to_pass(failures: int) -> int:
        start = failures + 1
        return start + bisect_left(
            range(start, runs + 1),
            True,
            key=lambda n: log_e_value(n - failures, failures, probability) >= enough,
        )

    def fewest_to_fail(successes: int) -> int:
        start = successes + 1
        return start + bisect_left(
            range(start, runs + 1),
            True,
            key=lambda n: log_e_value(n - successes, successes, 1.0 - probability) >= enough,
        )

    passing = _frontier(fewest_to_pass, runs)
    failing = _frontier(fewest_to_fail, runs)
    most_failures = np.searchsorted(passing, all_runs, side="right") - 1
    most_successes = np.searchsorted(failing, all_runs, side="right") - 1
    return Boundary(
        all_runs, most_failures, np.where(most_successes < 0, runs + 1, all_runs - most_successes)
    )


def _frontier(fewest: Callable[[int], int], runs: int) -> list[int]:
    """Fewest runs that decide with 0, 1, 2 ... against, as far as `runs` go."""
    found: list[int] = []
    while (needed := fewest(len(found))) <= runs:
        found.append(needed)
    return found


def log_e_value(successes: int, failures: int, probability: float) -> float:
    """Log of the evidence that a true probability exceeds the one given.

        M = B(s+1/2, f+1/2) I_q0(f+1/2, s+1/2) / (B(1/2,1/2) I_q0(1/2,1/2) p0^s q0^f),  q0 = 1 - p0

    The likelihood ratio against p0 under Jeffreys' prior cut off below p0. At or below p0 it is a
    supermartingale: it ever reaches 1/risk with at most that risk (Ville 1939; Robbins, Ann. Math.
    Stat. 41:1397, 1970).
    """
    s, f, q0 = successes + 0.5, failures + 0.5, 1.0 - probability
    above = betainc(f, s, q0)
    if above == 0.0:
        return -inf
    return float(
        betaln(s, f)
        - betaln(0.5, 0.5)
        + log(above)
        - log(betainc(0.5, 0.5, q0))
        - successes * log(probability)
        - failures * log(q0)
    )


def anytime_bounds(stop: Stop, confidence: float) -> tuple[float, float]:
    """One-sided limits of the reliability that hold however often one looks."""
    successes, failures = stop.runs - stop.failures, stop.failures
    lower = _anytime_lower(successes, failures, confidence)
    return lower, 1.0 - _anytime_lower(failures, successes, confidence)


def _anytime_lower(successes: int, failures: int, confidence: float) -> float:
    """The largest probability that the e-value refuses."""
    enough = -log1p(-confidence)

    def refuses(probability: float) -> float:
        return enough - log_e_value(successes, failures, probability)

    share = min(successes / (successes + failures), 1.0 - _EDGE) if successes else _EDGE
    if refuses(_EDGE) >= 0.0:
        return 0.0
    return float(scipy.optimize.brentq(refuses, _EDGE, share, xtol=_EDGE))
