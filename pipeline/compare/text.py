"""A comparison in words, for a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from pipeline.compare.values import Changed, Comparison, Evidence, Margin, MetricShift, Pairs
from pipeline.ruling import Ruling
from pipeline.summary.text import as_plain
from pipeline.words import between, count, for_people, number, percent, share, spoken, unit

MOST_LISTED = 20  # runs, and causes; the JSON has them all


def as_text(found: Comparison) -> str:
    """Everything that matters of a comparison, some lines."""
    lines = [f"{found.candidate.store} against the baseline {found.baseline.store}"]
    lines += [f"  {line}" for line in design_lines(found)]
    lines += [f"  cannot be compared: {reason}" for reason in found.reasons]
    lines += [f"  {line}" for line in stopped_lines(found)]
    if found.evidence is not None:
        lines += _evidence(found.evidence, found.candidate.store)
    lines += [margin_line(margin) for margin in found.margins]
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


def stopped_lines(found: Comparison) -> Iterator[str]:
    """That limits are to be taken with care where a plan has chosen the number of runs."""
    if found.stopped and found.evidence is not None:
        yield (
            f"{' and '.join(found.stopped)} stopped early: limits and p-values below are those "
            f"of a fixed number of runs, the {count(found.evidence.runs)} of both"
        )


def _evidence(found: Evidence, store: str) -> Iterator[str]:
    yield f"  rows that changed at all: {count(found.rows_changed)} of {count(found.runs)}"
    yield from (f"  {line}" for line in scrubbed_lines(found))
    for pairs in found.pairs:
        yield from (f"  {line}" for line in table_lines(pairs))
        yield f"  {gain_line(pairs)}"
        yield f"  {evidence_line(pairs, len(found.pairs))}"
        yield f"  {broken_line(pairs)}"
        if changed := [move for move in pairs.transitions if move.before != move.after]:
            yield "  causes that changed, baseline -> candidate:"
            for move in changed[:MOST_LISTED]:
                ends = f"{plain(move.before)} -> {plain(move.after)}"
                yield f"    {count(move.runs):>8}  {ends}"
            yield from _rest(len(changed))
        yield from _listed("newly broken", pairs.newly_broken, store)
        yield from _listed("newly saved", pairs.newly_saved, store)
    yield from shift_lines(found)


def scrubbed_lines(found: Evidence) -> Iterator[str]:
    """Runs that never lifted off, apart from those that failed in flight."""
    if any(found.scrubbed):
        before, after = map(count, found.scrubbed)
        yield f"scrubbed, which is no success: {before} of the baseline, {after} of the candidate"


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


def evidence_line(pairs: Pairs, requirements: int = 1) -> str:
    """What McNemar's exact test makes of the discordant runs, among so many requirements."""
    discordant = count(pairs.table.discordant)
    if not pairs.is_evidence:
        return f"no evidence either way: {discordant} discordant runs, fewer than 5"
    risk = 1.0 - pairs.confidence
    if pairs.p_value_worse <= risk:
        said = f"the candidate is worse: p = {number(pairs.p_value_worse)} if it were not"
    elif pairs.p_value_better <= risk:
        said = f"the candidate is better: p = {number(pairs.p_value_better)} if it were not"
    else:
        worst = min(pairs.p_value_worse, pairs.p_value_better)
        said = f"no evidence either way: p = {number(worst)}"
    among = f", Holm over {requirements} requirements" if requirements > 1 else ""
    return f"{said} (McNemar, exact, one-sided, {discordant} discordant runs{among})"


def broken_line(pairs: Pairs) -> str:
    """The share that is newly broken, with its exact bound."""
    return (
        f"newly broken: {share(pairs.table.broken / pairs.runs)} of the runs, at most "
        f"{share(pairs.broken_at_most)} at {percent(pairs.confidence)} confidence"
    )


def margin_line(margin: Margin) -> str:
    """The verdict on newly broken runs."""
    found = margin.finding
    undecided = margin.ruling is Ruling.INCONCLUSIVE
    is_short = undecided and found.runs < margin.fewest_runs
    is_cut = undecided and found.runs < margin.planned_runs
    cut = f"{count(found.runs)} of {count(margin.planned_runs)} planned runs"
    return (
        f"{margin.ruling}  newly broken runs, {margin.requirement}: asked at most "
        f"{margin.at_most:g} at {percent(margin.confidence)} confidence; "
        f"{count(found.failures)} of {count(found.runs)}, at "
        f"least {share(1.0 - found.upper_bound)}, at most {share(1.0 - found.lower_bound)}"
        + (f"; it takes {count(margin.fewest_runs)} runs" if is_short else "")
        + (f"; undecided: compared after {cut}" if is_cut else "")
    )


def shift_lines(found: Evidence) -> Iterator[str]:
    """Percentiles that requirements limit, and others that moved, at the risk of one false alarm
    among all.
    """
    moved = [one for one in found.shifts if one.is_alarm]
    yield (
        f"  percentiles that moved: {count(len(moved))} of {count(len(found.shifts))} tested "
        f"(exact paired test, {percent(1.0 - found.confidence)} risk of any false alarm, Holm)"
    )
    yield from (f"    {line}" for line in told_shifts(found))


def told_shifts(found: Evidence) -> list[str]:
    """The percentiles worth a line: with a requirement, or moved."""
    return [
        *(shift_in_words(one) for one in found.shifts if one.requirement or one.is_alarm),
        *(f"{name}: its percentile is not bounded by so few runs" for name in found.not_bounded),
    ]


def shift_in_words(one: MetricShift) -> str:
    """Metric, percentile, before and after, interval of the shift."""
    shift, name = one.shift, one.metric
    old, new, by = (
        number(float(for_people(name, value)))
        for value in (shift.baseline, shift.candidate, shift.shift)
    )
    limits = between(name, shift.lower, shift.upper)
    asked = f"{one.requirement}: " if one.requirement else ""
    still = "" if one.is_alarm else ", no evidence that it moved"
    return (
        f"{asked}p{100.0 * shift.fraction:g} {spoken(name)}: {old} -> {new} {unit(name)}".rstrip()
        + f", by {by} ({limits} at {percent(shift.confidence)}){still}"
    )


def signed(value: float) -> str:
    """A difference of shares with its sign."""
    return f"{value:+.4f}".replace("-", "−")


def changed_in_words(one: Changed) -> str:
    """How a run ended before and after, and what was injected."""
    injected = "" if one.initiator == "none" else f" ({plain(one.initiator)})"
    return f"{plain(one.before)} -> {plain(one.after)}{injected}"


def replay_line(one: Changed, store: str) -> str:
    """The command that shows the run, and why one would."""
    return f"hoverslam replay {shlex.quote(store)} {one.run}  # {changed_in_words(one)}"


def plain(end: str) -> str:
    """An outcome, cause or initiator as people read it."""
    return end.replace("_", " ")


def _listed(what: str, runs: tuple[Changed, ...], store: str) -> Iterator[str]:
    if not runs:
        return
    yield f"  {what}, {count(len(runs))} runs:"
    for one in runs[:MOST_LISTED]:
        yield f"    {replay_line(one, store)}"
    yield from _rest(len(runs))


def _rest(found: int) -> Iterator[str]:
    if found > MOST_LISTED:
        yield f"    and {count(found - MOST_LISTED)} more"
