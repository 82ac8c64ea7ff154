"""What happened in a replayed run, in words: how it ended, what came when, what was rare."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.special import ndtri

from models.outcomes import Initiator, Outcome, Violation
from pipeline import sampling
from pipeline.asked import Condition
from pipeline.campaign import Campaign
from pipeline.replay import Replay, Row
from pipeline.requirements import holds, label
from pipeline.spelling import inside, to_si
from pipeline.words import number, quantity, spoken

MOST_INPUTS = 6
MOST_DIFFERENCES = 12
_SMALLEST_TAIL = 1e-16  # a draw at the very limit of a truncated law


class Event(NamedTuple):
    """Something that happened, at a time after the ignition command."""

    time_s: float
    what: str


class RareInput(NamedTuple):
    """A drawn input and how far out it lies."""

    name: str
    value: float  # SI and radians
    median: float
    sigmas: float  # of a normal value as far out, signed
    share: float  # of draws at least as far out, on either side


def story(flight: Replay) -> str:
    """Outcome, comparison with the store, timeline and rare inputs, some lines each."""
    lines = [*_ending(flight), *_comparison(flight), "timeline, s after the ignition command:"]
    lines += [f"{event.time_s:9.2f}  {event.what}" for event in timeline(flight)]
    lines.append("inputs furthest from their medians:")
    lines += [_input(rare) for rare in rare_inputs(flight.campaign, flight.run)[:MOST_INPUTS]]
    return "\n".join(lines)


# --- how it ended, and whether the store says the same --------------------------------------------


def _ending(flight: Replay) -> Iterator[str]:
    campaign, metrics = flight.campaign, flight.metrics
    columns = {name: np.array([value]) for name, value in metrics.items()}
    yield f"run {flight.run} of {campaign.name}: {_name(Outcome(int(metrics['outcome'])))}"
    for asked in campaign.requirements:
        broken = [condition for condition in asked.holds if not holds(columns, condition)[0]]
        words = "no success: " + "; ".join(_broken(metrics, broken)) if broken else "success"
        yield f"  {asked.name}: {words}"
    limits = [_name(bit) for bit in Violation(int(metrics["violations"]))]
    yield f"  limits broken: {', '.join(limits) or 'none'}"
    yield f"  injected failure: {_failure(flight)}"


def _broken(metrics: Row, conditions: list[Condition]) -> Iterator[str]:
    """Conditions that do not hold, with what was found."""
    for condition in conditions:
        name = inside(condition.metric or "")
        if condition.metric is None:
            yield f"not {label(condition)}"
        elif isfinite(metrics[name]):
            yield f"{label(condition)} (it was {quantity(name, metrics[name])})"
    if not isfinite(metrics["touchdown_speed_mps"]):
        yield "never touched down"


def _failure(flight: Replay) -> str:
    which = Initiator(int(flight.metrics["initiator"]))
    if which is Initiator.none:
        return "none"
    branch = flight.campaign.failures[which.name]
    where = f", leg {flight.inputs['failure_leg']:.0f}" if which.name.startswith("leg_") else ""
    return f"{_name(which)}, probability {branch.probability:g}{where}"


def _comparison(flight: Replay) -> Iterator[str]:
    if flight.was_lost:
        yield "the store has no row of it: nobody survived to fly it (infrastructure error)"
        return
    count = len(flight.inputs) + len(flight.metrics)
    for change in flight.changes:
        yield f"not as when the store was flown: {change}"
    if not flight.differences:
        yield f"identical to its row in the store, all {count} values to the last bit"
        return
    yield f"DIFFERS from its row in the store in {len(flight.differences)} of {count} values:"
    yield from (f"  {line}" for line in flight.differences[:MOST_DIFFERENCES])
    if (more := len(flight.differences) - MOST_DIFFERENCES) > 0:
        yield f"  and {more} more"


def _name(code: Outcome | Violation | Initiator) -> str:
    return str(code.name).replace("_", " ")


# --- timeline -------------------------------------------------------------------------------------


def timeline(flight: Replay) -> list[Event]:
    """What happened, in order; times are exact to a control tick."""
    history, metrics = flight.history, flight.metrics
    time_s = history["time_s"].values
    held = flight.campaign.start.held != 0.0
    events = [Event(0.0, "ignition commanded" if held else "in flight")]
    release_s = _release_s(history) if held else 0.0
    if release_s is not None:
        events += [Event(release_s, "released")] if held else []
        events += _injected(flight, release_s)
        events += _phases(flight)
        highest = int(np.argmax(history["r_enu_m"].values[:, 2]))
        altitude = quantity("max_altitude_m", metrics["max_altitude_m"], 5)
        events.append(Event(time_s[highest], f"highest, {altitude}"))
        if isfinite(metrics["flight_time_s"]):
            events += _touchdown(history, metrics, release_s + metrics["flight_time_s"])
    events.append(Event(metrics["end_time_s"], _end(metrics)))
    return sorted(events, key=lambda event: event.time_s)


def _release_s(history: xr.Dataset) -> float | None:
    """The last tick on the clamps; None if the vehicle never left them."""
    motion = np.hstack([history["r_enu_m"].values, history["v_enu_mps"].values])
    moved = np.flatnonzero((motion != motion[0]).any(axis=1))
    return float(history["time_s"].values[moved[0] - 1]) if moved.size else None


def _phases(flight: Replay) -> Iterator[Event]:
    """When guidance went on to each later phase of the mission."""
    phase = flight.history["mission_phase"].values
    for tick in np.flatnonzero(np.diff(phase) > 0.0) + 1:
        name = flight.campaign.mission[int(phase[tick])].name
        yield Event(float(flight.history["time_s"].values[tick]), f"{name} begins")


def _injected(flight: Replay, release_s: float) -> Iterator[Event]:
    which = Initiator(int(flight.metrics["initiator"]))
    if which is not Initiator.none and flight.campaign.failures[which.name].time_s is not None:
        yield Event(release_s + flight.inputs["failure_time_s"], f"injected: {_name(which)}")


def _touchdown(history: xr.Dataset, metrics: Row, contact_s: float) -> Iterator[Event]:
    speeds = (
        f"{quantity(f'touchdown_{way}_speed_mps', metrics[f'touchdown_{way}_speed_mps'])} {word}"
        for way, word in (("vertical", "down"), ("lateral", "sideways"))
    )
    tilt = quantity("touchdown_tilt_rad", metrics["touchdown_tilt_rad"])
    rate = quantity("touchdown_rate_radps", metrics["touchdown_rate_radps"])
    miss = quantity("touchdown_miss_m", metrics["touchdown_miss_m"])
    what = f"{', '.join(speeds)}, tilt {tilt}, {rate}, {miss} from the target"
    yield Event(contact_s, f"first contact: {what}")
    if isfinite(delay_s := metrics["cut_off_delay_s"]):
        yield Event(contact_s + delay_s, "engine cut off" + " before contact" * (delay_s < 0.0))
    yield from _legs(history)


def _legs(history: xr.Dataset) -> Iterator[Event]:
    """When all legs stand, and the deepest stroke."""
    time_s, load_n = history["time_s"].values, history["leg_load_n"].values
    if (standing := (load_n > 0.0).all(axis=1)).any():
        yield Event(time_s[np.argmax(standing)], "all legs on the ground")
    stroke_m = history["leg_stroke_m"].values
    tick, leg = np.unravel_index(np.argmax(stroke_m), stroke_m.shape)
    deepest = quantity("leg_stroke_m", stroke_m[tick, leg])
    yield Event(time_s[tick], f"deepest stroke: {deepest}, leg {leg}")


def _end(metrics: Row) -> str:
    ended = _name(Outcome(int(metrics["outcome"])))
    if not isfinite(metrics["rest_miss_m"]):
        return ended
    miss, tilt = (quantity(n, metrics[n]) for n in ("rest_miss_m", "rest_tilt_rad"))
    return f"{ended}: {miss} from the target, tilt {tilt}"


# --- inputs ---------------------------------------------------------------------------------------


def rare_inputs(campaign: Campaign, run: int) -> list[RareInput]:
    """The dispersed inputs of a run as drawn, those furthest from their medians first."""
    drawn = sampling.draw(campaign, run, run + 1)
    found = []
    for name, law in sampling.laws(campaign).items():
        value = float(drawn[name][0])
        # Chance to be no higher, and to be no lower: both count the value itself, which matters
        # where a law is discrete
        no_higher = float(law.cdf(value))
        no_lower = 1.0 - float(law.cdf(np.nextafter(value, -np.inf)))
        tail = min(max(min(no_higher, no_lower), _SMALLEST_TAIL), 0.5)
        sigmas = float(ndtri(tail)) * (1.0 if no_higher < no_lower else -1.0)
        median, value = to_si(name, law.median()), to_si(name, value)
        found.append(RareInput(inside(name), value, median, sigmas, 2.0 * tail))
    return sorted(found, key=lambda rare: rare.share)


def _input(rare: RareInput) -> str:
    value, median = quantity(rare.name, rare.value), quantity(rare.name, rare.median)
    return (
        f"  {spoken(rare.name)} {value} (median {median}): {rare.sigmas:+.1f} sigma, "
        f"one run in {number(1.0 / rare.share, 2)} is as far out"
    )
