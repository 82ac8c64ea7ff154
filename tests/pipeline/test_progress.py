"""The progress shown: numbers, interval, outcomes; a bar on a terminal, lines elsewhere."""

import io

import pytest

from pipeline import progress
from pipeline.progress import Progress, flight_line, outcome_line, show

HALF_WAY = Progress(
    runs_done=5000,
    runs_total=10_000,
    successes=4950,
    outcomes={"at_rest": 4960, "tip_over": 40},
    flown=4000,
    elapsed_s=4.0,
)


def test_flight_line__rate_and_time_left_are_of_this_session() -> None:
    assert flight_line(HALF_WAY) == "5,000 of 10,000 runs, 1,000 runs/s, 0:05 left"
    slow = HALF_WAY._replace(elapsed_s=4000.0)
    assert flight_line(slow).endswith("1 runs/s, 1:23:20 left")


def test_flight_line__before_the_first_landing_the_time_left_is_unknown() -> None:
    start = HALF_WAY._replace(runs_done=0, flown=0, elapsed_s=0.0)
    assert flight_line(start) == "0 of 10,000 runs, 0 runs/s, ? left"
    assert outcome_line(start) == "no run has landed yet"


def test_outcome_line__gives_the_exact_interval_and_the_causes() -> None:
    # Clopper-Pearson, two-sided 90 %, from quantiles of the beta distribution:
    # scipy.stats.beta.ppf(0.05, 4950, 51) = 0.987359, .ppf(0.95, 4951, 50) = 0.992199
    assert outcome_line(HALF_WAY) == (
        "success 0.9900 (0.9874 to 0.9922 at 90%); at_rest 4,960, tip_over 40"
    )


def test_show__piped_it_prints_a_line_now_and_then_and_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    clock = iter([100.0, 101.0, 111.0, 112.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with show(stream) as tell:
        for runs_done in (0, 10, 20, 10_000):
            tell(HALF_WAY._replace(runs_done=runs_done, successes=0))
    lines = stream.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "20", "10,000"]


def test_show__on_a_terminal_it_draws_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with show(stream) as tell:
        tell(HALF_WAY)
    assert "━" in stream.getvalue()
    assert "5,000 of 10,000 runs" in stream.getvalue()
    assert "tip_over 40" in stream.getvalue()
