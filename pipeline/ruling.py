"""The four verdicts and the exit codes that they are."""

from __future__ import annotations

from enum import StrEnum

from pipeline.errors import ExitCode


class Ruling(StrEnum):
    """The verdicts, the worst first."""

    INVALID = "INVALID"  # store or baseline cannot be judged
    FAIL = "FAIL"  # the upper bound lies below the requirement, or allowed failures are exceeded
    INCONCLUSIVE = "INCONCLUSIVE"  # the runs show neither
    PASS = "PASS"  # the lower bound reaches the requirement

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Ruling.INVALID: ExitCode.INVALID,
    Ruling.FAIL: ExitCode.FAIL,
    Ruling.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Ruling.PASS: ExitCode.DONE,
}


def ruling_of(passed: bool | None) -> Ruling:
    """The verdict of a plan that has passed, has failed, or is undecided."""
    if passed is None:
        return Ruling.INCONCLUSIVE
    return Ruling.PASS if passed else Ruling.FAIL
