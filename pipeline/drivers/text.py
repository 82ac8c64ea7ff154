"""What drives failures, in some lines for people."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isnan
from typing import Any

from pipeline.drivers.contrast import FEWEST_FAILURES
from pipeline.drivers.values import CONTROL, Driver, Drivers, Failed, Group, Level, Pair, Stratum
from pipeline.statistics.binomial import Proportion
from pipeline.summary.text import as_plain
from pipeline.summary.values import NO_FAILURE
from pipeline.words import between, count, digits_for, percent, sentence, share, spoken, unit

MOST_TOLD = 8  # inputs of a group, and runs of a line


def as_text(found: Drivers, store: str) -> str:
    """Injected failures, then inputs by cause, then the failures to look at one by one."""
    lines = [
        f"{found.name}: {count(found.failures)} of {count(found.runs)} runs fail "
        f"{found.requirement!r}, {found.state}"
    ]
    if found.lost:
        lines.append(f"{count(found.lost)} runs lost to the machines are not looked at")
    if found.scrubbed:
        lines.append(f"{count(found.scrubbed)} runs scrubbed before lift-off are not looked at")
    if found.caveat:
        lines.append(f"note: {found.caveat}")
    if found.initiators:
        lines += ["injected failures, the most frequent driver first:"]
        lines += _levels(found.initiators, found.confidence)
    for stratum in found.strata:
        lines += _stratum(stratum, found)
    lines += _listed(found, store)
    return "\n".join(lines)


def as_json(found: Any) -> str:
    """The same, or total indices, as a line of JSON; a number that is not finite becomes null."""
    return json.dumps(as_plain(found))


def _levels(levels: Sequence[Level], confidence: float) -> Iterator[str]:
    yield f"  {'runs with':<24}{'failed':>16}  {'share':<13}{percent(confidence)} interval"
    for level in levels:
        if level.failed.successes or level.label == NO_FAILURE:
            found = level.failed
            of_runs = f"{count(found.successes)} of {count(found.runs)}"
            limits = f"{share(found.lower)} to {share(found.upper)}"
            odd = f", {percent(round(level.of_all, 3))} of all failures" if level.is_driver else ""
            label = level.label.replace("_", " ")
            yield f"  {label:<24}{of_runs:>16}  {share(found.fraction):<13}{limits}{odd}"


def _stratum(stratum: Stratum, found: Drivers) -> Iterator[str]:
    label = stratum.label.replace("_", " ")
    head = f"{label}: {count(stratum.failures)} of {count(stratum.runs)} runs fail"
    if not stratum.groups:
        why = f", too few to compare (it takes {FEWEST_FAILURES} of either kind): listed below"
        yield head + (why if stratum.failures else "")
        return
    yield (
        f"{head}; {found.inputs} inputs compared: a distance below its floor is noise (risk "
        f"{percent(found.alarm)} that any exceeds its own by chance)"
    )
    if driving := [level for level in stratum.members if level.is_driver]:
        yield "  winds in which more fail:"
        yield from _levels(driving, found.confidence)
    for group in stratum.groups:
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    label = sentence(group.label.replace("_", " "))
    yield f"  {label}, {count(group.failures)} against {count(group.successes)} successes"
    if group.looked_at != (group.failures, group.successes):
        failures, successes = map(count, group.looked_at)
        yield f"    distances over the first {failures} of the failures, {successes} successes"
    strong = group.above_noise
    yield from (_driver(driver) for driver in strong[:MOST_TOLD])
    if len(strong) > MOST_TOLD:
        yield f"    {len(strong) - MOST_TOLD} more above the floor"
    if not strong:
        yield f"    no input stands out of the noise; nearest: {_distance(group.drivers[0])}"
    yield f"    {_control(group.control)}"
    yield from (f"    {pair_in_words(pair)}" for pair in group.pairs)


def _driver(driver: Driver) -> str:
    text = f"    {_distance(driver)}"
    if driver.tenths:
        worst = max(driver.tenths, key=lambda tenth: tenth.failed.fraction)
        digits = digits_for(worst.upper, worst.upper - worst.lower)
        ends = between(driver.name, worst.lower, worst.upper, digits)
        where = f"{ends} {unit(driver.name)}".strip()
        text += f"; fails most at {where}: {_share(worst.failed)}"
    return f"{text}{'; ' if (note := own_in_words(driver)) else ''}{note}"


def _share(failed: Proportion) -> str:
    limits = f" ({share(failed.lower)} to {share(failed.upper)})"
    return share(failed.fraction) + ("" if isnan(failed.lower) else limits)


def _distance(driver: Driver) -> str:
    name = "control" if driver.name == CONTROL else spoken(driver.name)
    if isnan(driver.distance):
        return f"{name}: not compared"
    return f"{name}: {driver.distance:+.3f}, floor {driver.floor:.3f}"


def _control(control: Driver) -> str:
    if control.is_driver:
        return f"{_distance(control)}: THE CONTROL STANDS OUT although never flown, trust none"
    return f"{_distance(control)}: noise, as it should be"


def own_in_words(driver: Driver) -> str:
    """What is left of a driver apart from those that it was drawn together with; or nothing."""
    if driver.own_distance is None:
        return ""
    others = ", ".join(spoken(name) for name in driver.correlated_with)
    if driver.may_only_follow:
        return f"may only follow {others}: {abs(driver.own_distance):.3f} apart from it"
    return f"correlated with {others}, {abs(driver.own_distance):.3f} apart from it"


def pair_in_words(pair: Pair) -> str:
    """How two inputs act together."""
    both = f"{spoken(pair.a)} and {spoken(pair.b)}"
    how = "high with high and low with low" if pair.tau > 0.0 else "high with low"
    return f"together: {both}, {how} (tau {pair.tau:+.2f} in failed runs)"


def _listed(found: Drivers, store: str) -> Iterator[str]:
    """Failures too few to compare: those without an injected failure with their commands."""
    if found.listed:
        yield "failures to look at one by one:"
    few = len(found.listed) < FEWEST_FAILURES
    for kind, of_kind in groupby(found.listed, key=_kind):
        runs = list(of_kind)
        if few or (runs[0].initiator == "none" and len(runs) < FEWEST_FAILURES):
            for run in runs:
                yield f"  hoverslam replay {shlex.quote(store)} {run.run}  # {kind}"
            continue
        numbers = ", ".join(str(run.run) for run in runs[:MOST_TOLD])
        more = f" and {count(len(runs) - MOST_TOLD)} more" if len(runs) > MOST_TOLD else ""
        yield f"  {kind}: runs {numbers}{more}"
    if found.not_listed:
        yield f"  and {count(found.not_listed)} more failures"


def _kind(run: Failed) -> str:
    cause = run.cause.replace("_", " ")
    return cause if run.initiator == "none" else f"{run.initiator.replace('_', ' ')}, {cause}"
