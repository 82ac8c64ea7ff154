"""A comparison in words, for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pipeline.compare.values import Changed, Comparison, Margin, MetricShift, Pairs
from pipeline.statistics.paired import FEWEST_DISCORDANT
from pipeline.summary.text import as_plain
from pipeline.words import between, count, for_people, number, percent, share, spoken, unit

MOST_LISTED = 20  # runs, and causes; the JSON has them all
STOPPED = (
    "the candidate stopped early: limits and p-values below are those of a fixed number of runs"
)


def as_text(found: Comparison) -> str:
    """Everything that matters of a comparison, some lines."""
    lines = [f"{found.candidate.store} against the baseline {found.baseline.store}"]
    lines += [f"  {line}" for line in design_lines(found)]
    lines += [f"  cannot be compared: {reason}" for reason in found.reasons]
    if found.stopped_at is not None:
        lines.append(f"  {STOPPED}")
    if found.pairs is not None:
        lines += _pairs(found.pairs, found.candidate.store)
    if found.margin is not None and found.pairs is not None:
        lines.append(margin_line(found.margin, found.pairs.confidence))
    return "\n".join(lines)


def as_json(found: Comparison) -> str:
    """The same for scripts, whole, on one line."""
    return json.dumps({"ruling": found.ruling, **as_plain(found)})


def design_lines(found: Comparison) -> Iterator[str]:
    """Physics and vehicle of both, and all that differs."""
    for name in ("physics_digest", "vehicle"):
        old, new = getattr(found.baseline, name), getattr(found.candidate, name)
        both = f"both {old}" if old == new else f"baseline {old}, candidate {new}"
        yield f"{name.partition('_')[0]}: {both}"
    yield from found.changes


def _pairs(pairs: Pairs, store: str) -> Iterator[str]:
    yield from (f"  {line}" for line in table_lines(pairs))
    yield f"  {gain_line(pairs)}"
    yield f"  {evidence_line(pairs)}"
    yield f"  {broken_line(pairs)}"
    yield f"  rows that changed at all: {count(pairs.rows_changed)} of {count(pairs.runs)}"
    if changed := [move for move in pairs.transitions if move.before != move.after]:
        yield "  causes that changed, baseline -> candidate:"
        for move in changed[:MOST_LISTED]:
            ends = f"{plain(move.before)} -> {plain(move.after)}"
            yield f"    {count(move.runs):>8}  {ends}"
        yield from _rest(len(changed))
    yield from shift_lines(pairs)
    yield from _listed("newly broken", pairs.newly_broken, store)
    yield from _listed("newly saved", pairs.newly_saved, store)


def table_lines(pairs: Pairs) -> Iterator[str]:
    """The 2x2 table."""
    found = pairs.table
    yield f"{pairs.requirement}, {count(pairs.runs)} runs"
    yield f"{'':<20}{'candidate succeeds':>20}{'candidate fails':>18}"
    yield (
        f"{'baseline succeeds':<20}{count(found.both_succeed):>20}{count(found.broken):>18}"
        "  newly broken"
    )
    yield (
        f"{'baseline fails':<20}{count(found.saved):>20}{count(found.both_fail):>18}"
        "  (newly saved on the left)"
    )


def gain_line(pairs: Pairs) -> str:
    """Success of both, and Tango's interval."""
    found = pairs.table
    before = (found.both_succeed + found.broken) / found.runs
    after = (found.both_succeed + found.saved) / found.runs
    return (
        f"success {share(before)} -> {share(after)}, gain {signed(found.gain)} "
        f"({signed(pairs.gain_lower)} to {signed(pairs.gain_upper)} at "
        f"{percent(pairs.confidence)}, Tango, approximate)"
    )


def evidence_line(pairs: Pairs) -> str:
    """What McNemar's exact test makes of the discordant runs."""
    discordant = count(pairs.table.discordant)
    if pairs.table.discordant < FEWEST_DISCORDANT:
        return f"no evidence either way: {discordant} discordant runs, fewer than 5"
    risk = 1.0 - pairs.confidence
    if pairs.p_value_worse <= risk:
        said = f"the candidate is worse: p = {number(pairs.p_value_worse)} if it were not"
    elif pairs.p_value_better <= risk:
        said = f"the candidate is better: p = {number(pairs.p_value_better)} if it were not"
    else:
        worst = min(pairs.p_value_worse, pairs.p_value_better)
        said = f"no evidence either way: p = {number(worst)}"
    return f"{said} (McNemar, exact, one-sided, {discordant} discordant runs)"


def broken_line(pairs: Pairs) -> str:
    """The share that is newly broken, with its exact bound."""
    return (
        f"newly broken: {share(pairs.table.broken / pairs.runs)} of the runs, at most "
        f"{share(pairs.broken_at_most)} at {percent(pairs.confidence)} confidence"
    )


def margin_line(margin: Margin, confidence: float) -> str:
    """The verdict on newly broken runs."""
    found = margin.finding
    return (
        f"{margin.ruling}  newly broken runs: asked at most {margin.at_most:g} at "
        f"{percent(confidence)} confidence; {count(found.failures)} of {count(found.runs)}, at "
        f"least {share(1.0 - found.upper_bound)}, at most {share(1.0 - found.lower_bound)}"
    )


def shift_lines(pairs: Pairs) -> Iterator[str]:
    """Percentiles that moved, at the risk of one false alarm among all."""
    moved = [one for one in pairs.shifts if one.is_alarm]
    yield (
        f"  percentiles that moved: {count(len(moved))} of {count(len(pairs.shifts))} tested "
        f"(exact paired test, {percent(1.0 - pairs.confidence)} risk of any false alarm, Holm)"
    )
    for one in moved:
        yield f"    {shift_in_words(one)}"


def shift_in_words(one: MetricShift) -> str:
    """Metric, percentile, before and after, interval of the shift."""
    shift, name = one.shift, one.metric
    old, new, by = (
        number(float(for_people(name, value)))
        for value in (shift.baseline, shift.candidate, shift.shift)
    )
    limits = between(name, shift.lower, shift.upper)
    return (
        f"p{100.0 * shift.fraction:g} {spoken(name)}: {old} -> {new} {unit(name)}".rstrip()
        + f", by {by} ({limits} at {percent(shift.confidence)})"
    )


def signed(value: float) -> str:
    """A difference of shares with its sign."""
    return f"{value:+.4f}".replace("-", "−")


def changed_in_words(one: Changed) -> str:
    """How a run ended before and after, and what was injected."""
    injected = "" if one.initiator == "none" else f" ({plain(one.initiator)})"
    return f"{plain(one.before)} -> {plain(one.after)}{injected}"


def plain(end: str) -> str:
    """An outcome, cause or initiator as people read it."""
    return end.replace("_", " ")


def _listed(what: str, runs: tuple[Changed, ...], store: str) -> Iterator[str]:
    if not runs:
        return
    yield f"  {what}, {count(len(runs))} runs:"
    for one in runs[:MOST_LISTED]:
        yield f"    hoverslam replay {store} {one.run}  # {changed_in_words(one)}"
    yield from _rest(len(runs))


def _rest(found: int) -> Iterator[str]:
    if found > MOST_LISTED:
        yield f"    and {count(found - MOST_LISTED)} more"
