"""How far a run is from failing its requirement: one signed number, continuous where it can be.

At least zero exactly where `requirements.success` says so; finite, but for a run that fails without
touchdown: minus infinity. It is the least of several slacks, each divided by its own spread over a
pilot, so that metres and radians compare:

- what each condition on a metric leaves to its limit;
- where an outcome would fail the run, the distance from it, as far as a metric tells:

      tip over              plumb line inside the pads
      bell or hull strike   stroke left in the legs (a stand-in: clearance itself is not kept)
      off pad               rest position inside the pad
      propellant depleted   propellant left
      attitude lost         tilt left
      aborted               tilt and rate left, each where the corridor limits it
      scrubbed              mean wind below the launch rule
      time-out              time left

  No metric tells how near a run came to no start, divergence, the corridor's sides or a launch rule
  on gusts: there the margin jumps.

A run that touches down and fails by its outcome alone, or by a metric that it never came to, has
the margin -1. One that succeeds although a stand-in is used up keeps a small positive one, in the
same order; one from which nothing leads to a failure is FAR from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from models.outcomes import Outcome
from models.structs import Case, Limits
from pipeline.asked import Requirement
from pipeline.rare.points import Floats
from pipeline.requirements import condition_margin, label, success

FAILED_BY_OUTCOME = -1.0
SMALL = 1e-3  # margins below it are those of runs that used up a stand-in
LOW_QUANTILE, LOW_SIGMAS = 0.05, 1.645  # a spread from the side on which failures lie
FAR = 1e3  # spreads: so that it never hides one that does vary

_LOST = (
    Outcome.scrubbed,
    Outcome.time_out,
    Outcome.propellant_depleted,
    Outcome.attitude_lost,
    Outcome.aborted,
)
"""Outcomes without a landing, which fail any requirement but one on another outcome."""


class Margin(NamedTuple):
    """The margin of a requirement, and the spread of each of its slacks."""

    requirement: Requirement
    design: Case
    limits: Limits
    spreads: dict[str, float]

    def at(self, flown: Mapping[str, Floats]) -> Floats:
        """Margins (run,) of runs given their metrics and draws (run,) by name."""
        least = np.full(np.shape(flown["outcome"]), np.inf)
        for name, slack in slacks(flown, self.requirement, self.design, self.limits).items():
            least = np.fmin(least, slack / self.spreads[name])
        little = SMALL * np.exp(np.minimum(least - SMALL, 0.0))
        kept = np.where(least > SMALL, np.minimum(least, FAR), little)
        broken = np.where(np.isfinite(least) & (least < 0.0), least, FAILED_BY_OUTCOME)
        touched = np.isfinite(flown["touchdown_miss_m"])
        failed = np.where(touched, broken, -np.inf)
        return np.where(success(flown, self.requirement), kept, failed)


def calibrated(
    requirement: Requirement, design: Case, limits: Limits, pilot: Mapping[str, Floats]
) -> Margin:
    """The margin with spreads taken from the runs of a pilot."""
    found = slacks(pilot, requirement, design, limits)
    return Margin(requirement, design, limits, {name: _spread(x) for name, x in found.items()})


def slacks(
    flown: Mapping[str, Floats], requirement: Requirement, design: Case, limits: Limits
) -> dict[str, Floats]:
    """What each run (run,) leaves to each limit and outcome, in the unit of its metric."""
    found = {
        label(condition): condition_margin(flown, condition)
        for condition in requirement.holds
        if condition.outcome is None and condition.not_outcome is None
    }
    fatal = _fatal(requirement)
    for outcome, by, left in _distances(flown, design, limits):
        if outcome in fatal:
            found[f"{outcome.name.replace('_', ' ')}{by}"] = left
    return found


def _fatal(requirement: Requirement) -> set[Outcome]:
    """Outcomes that fail a run."""
    banned = {Outcome[c.not_outcome] for c in requirement.holds if c.not_outcome is not None}
    if requirement.kind == "cause":
        return banned
    asked = {Outcome[c.outcome] for c in requirement.holds if c.outcome is not None}
    return banned | set(_LOST) | ((set(Outcome) - asked) if asked else set())


def _distances(
    flown: Mapping[str, Floats], design: Case, limits: Limits
) -> Iterator[tuple[Outcome, str, Floats]]:
    """How far each run stayed from an outcome, NaN where it never came to that, and by what."""
    stroke_left = design.legs.stroke_m - flown["peak_stroke_m"]
    yield Outcome.tip_over, "", flown["tip_margin_m"]
    yield Outcome.bell_strike, "", stroke_left
    yield Outcome.hull_strike, "", stroke_left
    yield Outcome.off_pad, "", design.site.pad_radius_m - flown["rest_miss_m"]
    yield Outcome.propellant_depleted, "", flown["propellant_left_kg"]
    yield Outcome.attitude_lost, "", limits.tilt_lost_rad - flown["peak_tilt_rad"]
    yield Outcome.time_out, "", limits.time_s - flown["end_time_s"]
    # Each limit of the abort corridor and of the launch rules may be none
    if limits.abort_tilt_rad > 0.0:
        yield Outcome.aborted, " by tilt", limits.abort_tilt_rad - flown["peak_tilt_rad"]
    if limits.abort_rate_radps > 0.0:
        yield Outcome.aborted, " by rate", limits.abort_rate_radps - flown["peak_rate_radps"]
    if limits.mean_wind_mps > 0.0 and "wind_speed_mps" in flown:
        yield Outcome.scrubbed, "", limits.mean_wind_mps - flown["wind_speed_mps"]


def _spread(slack: Floats) -> float:
    """Spread of a slack below its median. One that does not vary is FAR spreads from its limit."""
    finite = slack[np.isfinite(slack)]
    if finite.size == 0:
        return 1.0
    middle, low = np.quantile(finite, (0.5, LOW_QUANTILE))
    return float(middle - low) / LOW_SIGMAS or abs(float(middle)) / FAR or 1.0
