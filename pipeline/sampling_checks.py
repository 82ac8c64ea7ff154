"""What must hold between runs, design, laws, correlations and rows of a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.sampling import Nested, Strata
from pipeline.sampling.copula import is_valid, matrix, nearest
from pipeline.spelling import hint

Problems = Iterator[str]


def _runs_fit_the_design(runs: Any, sampling: Any) -> Problems:
    if problem := sampling.problem(runs):
        yield f"runs: {problem}"


def _design_names_what_is_drawn(sampling: Any, dispersions: Any, rows: Any) -> Problems:
    if isinstance(sampling, Strata):
        for name in sampling.bins:
            if name not in dispersions:
                yield f"sampling.bins: {_unknown(name, dispersions)}"
    if isinstance(sampling, Nested):
        there = {drawn.known for drawn in (*dispersions.values(), *rows.values())}
        for known in sampling.outer:
            if known not in there:
                yield f"sampling.outer: got {known!r}, a class that no dispersion has"


def _rows_stand_alone(rows: Any, dispersions: Any) -> Problems:
    drawn = Counter(name for part in rows.values() for name in part.columns)
    for group, part in rows.items():
        for name in part.columns:
            if name in dispersions:
                yield f"rows.{group}.columns: {name} stands in dispersions, too, expected it once"
            elif drawn[name] > 1:
                yield f"rows.{group}.columns: {name} stands in other rows, too, expected it once"


def _correlations_hold(correlations: Any, dispersions: Any, rows: Any) -> Problems:
    problems = [
        f"correlations.{number}.{problem}"
        for number, pair in enumerate(correlations)
        for problem in _problems_of_pair(pair, dispersions, rows)
    ]
    pairs = Counter(frozenset((pair.a, pair.b)) for pair in correlations)
    for pair, times in pairs.items():
        if times > 1:
            problems.append(f"correlations: {' and '.join(sorted(pair))} {times} times")
    yield from problems
    if correlations and not problems:
        yield from _contradictions(correlations)


def _problems_of_pair(pair: Any, dispersions: Any, rows: Any) -> Problems:
    in_rows = {name for part in rows.values() for name in part.columns}
    for key, name in (("a", pair.a), ("b", pair.b)):
        if name in in_rows:
            yield f"{key}: {name} is drawn in rows, which correlate it as measured"
        elif name not in dispersions:
            yield f"{key}: {_unknown(name, dispersions)}"
        elif dispersions[name].points() is not None:
            law = dispersions[name].describe()
            yield f"{key}: {name} is {law}, expected a continuous law: ranks of steps tie"
    if pair.a == pair.b:
        yield f"b: got {pair.b}, expected another parameter than a"


def _contradictions(correlations: Any) -> Problems:
    names = sorted({name for pair in correlations for name in (pair.a, pair.b)})
    asked = matrix(correlations, names)
    if is_valid(asked):
        return
    possible = nearest(asked)
    told = [
        f"{names[i]} with {names[j]} {possible[i, j]:g} (asked {asked[i, j]:g})"
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if possible[i, j] or asked[i, j]
    ]
    yield (
        "correlations: cannot all hold at once (the matrix is not positive definite), expected, "
        f"nearest to what was asked: {', '.join(told)}"
    )


def _unknown(name: str, dispersions: Any) -> str:
    return f"got {name!r}, expected one of the dispersions{hint(name, dispersions)}"


CHECKS: tuple[Callable[..., Problems], ...] = (
    _runs_fit_the_design,
    _design_names_what_is_drawn,
    _rows_stand_alone,
    _correlations_hold,
)
