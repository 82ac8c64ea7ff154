"""The record of what the intervals of rare failures cover: its rows, their sum, its page."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.rare.estimate import Estimate
from tests.benchmarks.rare_problems import Problem

POOLED_AT_LEAST = 0.92  # coverage of the 95 % intervals that are trusted
SEEDS = 20
FEWEST_COVER = 14  # of twenty, in any problem; a refusal covers nothing
MOST_MISSES = SEEDS - FEWEST_COVER
MOST_DEVIATIONS = 3.0  # of ln(estimate / p), in coefficients of variation
SUBSET, IMPORTANCE, TOLD = "subset simulation", "importance sampling", "as told"
METHODS = (SUBSET, IMPORTANCE, TOLD)
DIGITS = 6  # significant, of what is kept


class Row(NamedTuple):
    """Estimates of one problem by one method, (seed,) each."""

    problem: str
    exact: float
    method: str
    probability: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    trusted: tuple[bool, ...]
    calls: int  # of the limit state, the median
    doubts: dict[str, int]  # why not to be trusted: how many say so

    @property
    def hits(self) -> tuple[bool, ...]:
        """Whether each interval holds the exact value, trusted or not."""
        limits = zip(self.lower, self.upper, strict=True)
        return tuple(low <= self.exact <= high for low, high in limits)

    @property
    def covered(self) -> int:
        """Intervals that are trusted and hold the exact value."""
        return sum(hit and good for hit, good in zip(self.hits, self.trusted, strict=True))

    @property
    def width(self) -> float | None:
        """Median of upper over lower limit, of those trusted; None without any."""
        limits = zip(self.lower, self.upper, self.trusted, strict=True)
        ratios = [high / low for low, high, good in limits if good]
        return float(np.median(ratios)) if ratios else None

    @property
    def log_error(self) -> float | None:
        """Logarithm of mean estimate over exact value; None where none found a failure."""
        mean = float(np.mean(self.probability))
        return float(np.log(mean / self.exact)) if mean else None

    @property
    def variation(self) -> float | None:
        """Coefficient of variation of the estimates; None where none found a failure."""
        mean = float(np.mean(self.probability))
        return float(np.std(self.probability, ddof=1)) / mean if mean else None

    @property
    def holds(self) -> bool:
        """Whether the mean is near and enough intervals cover.

        Importance sampling may refuse a problem, for it is never flown alone; of those trusted so
        few may miss. The others have to cover: there a refusal counts as a miss.
        """
        refused = len(self.trusted) - sum(self.trusted)
        misses = len(self.trusted) - self.covered - (refused if self.method == IMPORTANCE else 0)
        if self.log_error is None or self.variation is None:
            return not any(self.trusted) and misses <= MOST_MISSES
        near = abs(self.log_error) < MOST_DEVIATIONS * self.variation
        return misses <= MOST_MISSES and (near or not any(self.trusted))


def row(problem: Problem, method: str, found: Sequence[Estimate]) -> Row:
    """What a method said from each seed."""
    reasons = Counter(_kind(doubt) for estimate in found for doubt in estimate.doubts)
    return Row(
        problem=problem.name,
        exact=problem.probability,
        method=method,
        probability=tuple(_kept(estimate.probability) for estimate in found),
        lower=tuple(_kept(estimate.lower) for estimate in found),
        upper=tuple(_kept(estimate.upper) for estimate in found),
        trusted=tuple(estimate.is_trusted for estimate in found),
        calls=round(float(np.median([estimate.runs for estimate in found]))),
        doubts=dict(reasons.most_common()),
    )


def _kept(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _kind(doubt: str) -> str:
    """A doubt without its figures."""
    return re.sub(r"[\d.,]+( %)?", "N", doubt.split(":")[0])


def pooled(found: Sequence[Row], method: str) -> float:
    """Coverage of the trusted intervals of a method, all problems together."""
    mine = [r for r in found if r.method == method]
    return sum(r.covered for r in mine) / sum(sum(r.trusted) for r in mine)


def accepted(found: Sequence[Row]) -> bool:
    """Whether every problem holds and every method covers, pooled."""
    pools = [pooled(found, method) for method in METHODS]
    return all(r.holds for r in found) and min(pools) >= POOLED_AT_LEAST


# --- as a file -----------------------------------------------------------------------------------


def read(path: Path) -> list[Row]:
    """The rows of a record."""
    kept = json.loads(path.read_text())
    return [Row(**{k: _frozen(v) for k, v in one.items()}) for one in kept["rows"]]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def write(path: Path, about: dict[str, Any], found: Sequence[Row]) -> None:
    """A record: a line for each row."""
    lines = ",\n".join(json.dumps(r._asdict()) for r in found)
    text = json.dumps(about | {"rows": []}, indent=1).removesuffix("[]\n}")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{text}[\n{lines}\n]\n}}\n")


def page(about: dict[str, Any], found: Sequence[Row]) -> Iterator[str]:
    """The record for people."""
    sizes = about["with"]["sizes"]
    yield "# Rare failures: what the intervals cover\n"
    yield (
        f"Written by `make soak` on {about['date']} ({about['machine']}, numpy {about['numpy']}, "
        f"scipy {about['scipy']}). Each row is {about['with']['seeds']} estimates from fresh "
        f"seeds, each of {sizes['subset']['replicates']} replicates with the sizes that `hoverslam "
        f"rare` uses: {sizes['subset']['samples']:,} samples in each level, "
        f"{sizes['importance']['runs']:,} runs of importance sampling.\n"
    )
    yield (
        "Cover: 95 % intervals that are trusted and hold the exact value. An estimate not to be "
        "trusted is counted beside, and as no cover. Width: upper over lower limit, the median of "
        "those trusted. Error: ln of the mean estimate over the exact value; it has to stay below "
        "3 times the variation of the estimates. As told: what `hoverslam rare` would say, the "
        "closer of the two that are trusted and do not contradict each other, at the cost of "
        "both.\n"
    )
    yield (
        f"Asked: {POOLED_AT_LEAST} of the trusted intervals cover, pooled; in no problem fewer "
        f"than {FEWEST_COVER} of {SEEDS}. Importance sampling is never flown alone and may refuse: "
        f"of those trusted at most {MOST_MISSES} miss. It does not take problems in which failures "
        "move more than a dozen coordinates, or none enough.\n"
    )
    for method, share in about["pooled_coverage"].items():
        mine = [r for r in found if r.method == method]
        trusted = sum(sum(r.trusted) for r in mine)
        yield (
            f"- {method}: {sum(r.covered for r in mine)} of {trusted} trusted intervals cover, "
            f"{share:.4f}; {sum(len(r.trusted) for r in mine) - trusted} estimates not to be "
            f"trusted; least cover of a problem {min(r.covered for r in mine)}"
        )
    yield (
        "\n| problem | exact | method | cover | not to be trusted | median estimate | width "
        "| error | variation | calls | why not to be trusted |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    yield from (_line(r) for r in found)


def _line(r: Row) -> str:
    n = len(r.trusted)
    why = "; ".join(f"{reason} ({times})" for reason, times in r.doubts.items())
    cells = (
        r.problem,
        f"{r.exact:.4g}",
        r.method,
        f"{r.covered} of {n}",
        n - sum(r.trusted),
        f"{np.median(r.probability):.4g}",
        _plain(r.width, ".3g"),
        _plain(r.log_error, "+.4f"),
        _plain(r.variation, ".4f"),
        f"{r.calls:,}",
        why,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _plain(value: float | None, spec: str) -> str:
    return "–" if value is None else f"{value:{spec}}"
