"""How far a campaign is: counted as batches land, shown as a bar or as a line now and then."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.statistics.binomial import interval
from pipeline.store import StoreLayout
from pipeline.task import Tally

LINE_EVERY_S = 10.0
CONFIDENCE = 0.9  # of the interval shown on the way; verdicts have their own


class Progress(NamedTuple):
    """How far a campaign is."""

    runs_done: int
    runs_total: int
    successes: int
    outcomes: dict[str, int]  # runs by outcome, most frequent first
    flown: int  # runs of this session alone
    elapsed_s: float  # of this session's flights

    @property
    def runs_per_s(self) -> float:
        return self.flown / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def left_s(self) -> float:
        """Time to go; infinite before the first batch has landed."""
        rate = self.runs_per_s
        return (self.runs_total - self.runs_done) / rate if rate else math.inf


class Scoreboard:
    """Adds up tallies, those of earlier sessions included, and tells a listener."""

    def __init__(self, layout: StoreLayout, listener: Callable[[Progress], None]) -> None:
        self.layout = layout
        self.listener = listener
        self.runs = self.successes = self.flown = 0
        self.outcomes: Counter[int] = Counter()
        self.started_s = 0.0

    def add(self, counts: Tally) -> None:
        """Count what an earlier session has flown."""
        self.runs += counts.runs
        self.successes += counts.successes
        self.outcomes.update(counts.outcomes)

    def start(self) -> None:
        """Set the clock of this session: the workers are up."""
        self.started_s = time.monotonic()
        self.listener(self.progress())

    def land(self, counts: Tally) -> None:
        """Count a batch that has just landed."""
        self.add(counts)
        self.flown += counts.runs
        self.listener(self.progress())

    def progress(self) -> Progress:
        names = {code: name for name, code in self.layout.codes["outcome"].meanings.items()}
        return Progress(
            runs_done=self.runs,
            runs_total=self.layout.n_runs,
            successes=self.successes,
            outcomes={names[code]: count for code, count in self.outcomes.most_common()},
            flown=self.flown,
            elapsed_s=time.monotonic() - self.started_s,
        )


def flight_line(progress: Progress) -> str:
    """Runs done, runs per second, time left."""
    done, total = progress.runs_done, progress.runs_total
    rate = f"{progress.runs_per_s:,.0f} runs/s"
    return f"{done:,} of {total:,} runs, {rate}, {_clock(progress.left_s)} left"


def outcome_line(progress: Progress, is_exact: bool = True) -> str:
    """Success so far, with its exact interval where there is one, and outcomes by frequency."""
    if not progress.runs_done:
        return "no run has landed yet"
    share = interval(progress.successes, progress.runs_done, CONFIDENCE)
    outcomes = ", ".join(f"{name} {count:,}" for name, count in progress.outcomes.items())
    limits = f" ({share.lower:.4f} to {share.upper:.4f} at {CONFIDENCE:.0%})" if is_exact else ""
    return f"success {share.fraction:.4f}{limits}; {outcomes}"


def _clock(seconds: float) -> str:
    if math.isinf(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def show(stream: TextIO, is_exact: bool = True) -> Iterator[Callable[[Progress], None]]:
    """A listener that keeps `stream` up to date for as long as this lasts.

    On a terminal a bar with two lines; elsewhere a line every ten seconds and at the end.
    is_exact: whether binomial intervals fit the runs.
    """
    if stream.isatty():
        with Live(console=Console(file=stream), refresh_per_second=4) as live:
            yield lambda progress: live.update(_bar(progress, is_exact))
    else:
        yield _Lines(stream, is_exact)


def _bar(progress: Progress, is_exact: bool) -> Table:
    rows = Table.grid()
    rows.add_row(ProgressBar(total=progress.runs_total, completed=progress.runs_done, width=60))
    rows.add_row(Text(flight_line(progress)))
    rows.add_row(Text(outcome_line(progress, is_exact)))
    return rows


class _Lines:
    """Writes a line now and then, the first and the last always."""

    def __init__(self, stream: TextIO, is_exact: bool) -> None:
        self.stream = stream
        self.is_exact = is_exact
        self.due_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if now_s < self.due_s and progress.runs_done < progress.runs_total:
            return
        self.due_s = now_s + LINE_EVERY_S
        self.stream.write(f"{flight_line(progress)}; {outcome_line(progress, self.is_exact)}\n")
        self.stream.flush()
