"""Verdicts as Markdown, short enough for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.compare import Comparison
from pipeline.compare.text import (
    broken_line,
    design_lines,
    evidence_line,
    gain_line,
    margin_line,
    replay_line,
    scrubbed_lines,
    stopped_lines,
    told_shifts,
)
from pipeline.compare.values import Changed, Evidence, Pairs
from pipeline.summary.text import scrubbed_in_words
from pipeline.verdicts import Judgement, Verdict
from pipeline.words import count, share

MOST_LISTED = 20  # of runs and of percentiles; the JSON has them all


def markdown(judgement: Judgement) -> str:
    """A summary: the verdict, a table of requirements, the step from the baseline, what to do."""
    lines = [
        f"## {judgement.ruling}: {_plain(judgement.campaign)}",
        "",
        f"{count(judgement.runs)} runs of seed {judgement.seed}, "
        f"physics `{judgement.physics_digest}`, campaign `{judgement.campaign_digest[:12]}`, "
        f"`{judgement.target}`"
        + ("" if judgement.stopped_at is None else "; stopped early, as planned"),
        "",
    ]
    if judgement.verdicts:
        lines += _requirements(judgement.verdicts)
    if judgement.scrubbed:
        lines.append(f"- {scrubbed_in_words(judgement.scrubbed, judgement.runs)}")
    lines += [f"- not judged: {_plain(what)}" for what in judgement.unjudged]
    if judgement.comparison is not None:
        lines += _comparison(judgement.comparison)
    return "\n".join(lines).rstrip() + "\n"


def _requirements(verdicts: Iterable[Verdict]) -> Iterator[str]:
    yield "| verdict | requirement | asked | runs | failures | at least | at most |"
    yield "|---|---|---|---:|---:|---:|---:|"
    for verdict in verdicts:
        found = verdict.evidence
        cells = ["", "", "", ""]
        if found is not None:
            bounds = (found.lower_bound, found.upper_bound)
            cells = [count(found.runs), count(found.failures), *map(share, bounds)]
        head = (f"**{verdict.ruling}**", _cell(verdict.requirement), _cell(verdict.asked))
        yield f"| {' | '.join((*head, *cells))} |"
    yield ""
    for verdict in verdicts:
        for reason in verdict.reasons:
            yield f"- {_plain(reason)}"
    yield from _folded(
        "Plans, risks, success by injected failure",
        (line for verdict in verdicts for line in (verdict.text(), "")),
    )


def _comparison(found: Comparison) -> Iterator[str]:
    yield f"### Against the baseline `{found.baseline.store}`"
    yield ""
    for line in design_lines(found):
        yield f"- {_plain(line)}"
    for reason in found.reasons:
        yield f"- **cannot be compared**: {_plain(reason)}"
    yield ""
    if found.evidence is None:
        return
    for line in stopped_lines(found):
        yield f"_{line}_"
        yield ""
    for margin in found.margins:
        yield f"- {_plain(margin_line(margin))}"
    yield from (f"- {line}" for line in scrubbed_lines(found.evidence))
    for pairs in found.evidence.pairs:
        yield from _pairs(pairs, len(found.evidence.pairs), found.candidate.store)
    yield from _moved(found.evidence)


def _pairs(pairs: Pairs, requirements: int, store: str) -> Iterator[str]:
    counts = pairs.table
    yield ""
    yield f"| {_cell(pairs.requirement)} | candidate succeeds | candidate fails |"
    yield "|---|---:|---:|"
    yield f"| baseline succeeds | {count(counts.both_succeed)} | **{count(counts.broken)}** |"
    yield f"| baseline fails | {count(counts.saved)} | {count(counts.both_fail)} |"
    yield ""
    for line in (evidence_line(pairs, requirements), gain_line(pairs), broken_line(pairs)):
        yield f"- {line}"
    yield ""
    yield from _changed("Newly broken", pairs.newly_broken, store)
    yield from _changed("Newly saved", pairs.newly_saved, store)


def _changed(title: str, runs: tuple[Changed, ...], store: str) -> Iterator[str]:
    if not runs:
        return
    listed = [replay_line(one, store) for one in runs]
    yield from _folded(f"{title}: {count(len(runs))} runs", _first(listed))


def _moved(found: Evidence) -> Iterator[str]:
    if told := told_shifts(found):
        moved = sum(one.is_alarm for one in found.shifts)
        title = f"Percentiles that moved: {count(moved)} of {count(len(found.shifts))} tested"
        yield from _folded(title, _first(told))


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], *([f"and {count(more)} more"] if more > 0 else [])]


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines as they are, folded away under a title."""
    yield f"<details><summary>{_plain(title)}</summary>"
    yield ""
    yield "```"
    yield from (line.replace("```", "'''") for line in lines)
    yield "```"
    yield ""
    yield "</details>"
    yield ""


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    escaped = re.sub(r"([\\`*\[\]~])", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
