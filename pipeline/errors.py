"""Errors that end a command, and the exit codes that scripts may trust.

A bad campaign is one of these before the first run; a bad run is a row in the results, never an
exception. Whatever else escapes is a crash (exit 1) and can never be read as a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    DONE = 0
    CRASH = 1
    BAD_INPUT = 2
    FAIL = 3
    INCONCLUSIVE = 4
    INVALID = 5
    STOPPED = 6  # store or infrastructure; running the same command again resumes
    INTERRUPTED = 130


class HoverslamError(Exception):
    """A foreseen end of a command: a message for people and an exit code for scripts."""

    exit_code: ExitCode = ExitCode.CRASH


class BadInput(HoverslamError):  # noqa: N818 - named for what the user reads
    """What the user gave cannot be flown; carries every mistake found, one line each."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class StoreProblem(HoverslamError):  # noqa: N818 - named for what the user reads
    """The store or the machines behind it stopped the work; finished batches stay valid."""

    exit_code = ExitCode.STOPPED


class DamagedStore(StoreProblem):
    """A store is not what was written: nothing may be read off it, and nothing resumes it."""

    exit_code = ExitCode.INVALID

    def __init__(self, path: str, problems: Iterable[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        super().__init__(path, self.problems)

    def __str__(self) -> str:
        return "\n".join(f"{self.path}: {problem}" for problem in self.problems)


class Interrupted(HoverslamError):  # noqa: N818 - named for what the user reads
    """The user stopped the command; finished batches stay valid."""

    exit_code = ExitCode.INTERRUPTED


# pydantic's error types by their first word: float_parsing, float_type, ...
_EXPECTED_BY_KIND = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "finite": "a finite number",
    "json": "JSON",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "dict": "keys and values",
    "model": "keys and values",
}


def problems_of(error: ValidationError, known_keys: Iterable[str] = ()) -> list[str]:
    """Every mistake in a validation error as `path.to.key: got ..., expected ...`.

    `known_keys` are the names to suggest from when a key is unknown.
    """
    names = list(known_keys)
    return [_problem(detail, names) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails, known_keys: list[str]) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"{where}: missing, expected a value"
        case "extra_forbidden":
            close = get_close_matches(str(detail["loc"][-1]), known_keys, n=3)
            remedy = f", did you mean {' or '.join(close)}?" if close else ""
            return f"{where}: unknown key{remedy}"
        case "union_tag_not_found":
            return f"{_join(where, context)}: missing, expected a value"
        case "union_tag_invalid":
            expected = f"one of {context['expected_tags']}"
            return f"{_join(where, context)}: got {context['tag']!r}, expected {expected}"
        case "value_error":
            return f"{where}: {context['error']}"
        case _:
            return f"{where}: got {detail['input']!r}, expected {_expected(detail)}"


def _join(where: str, context: dict[str, str]) -> str:
    """The path of a discriminator: pydantic quotes its name."""
    return ".".join(part for part in (where, context["discriminator"].strip("'")) if part)


def _expected(detail: ErrorDetails) -> str:
    """The right-hand side of a message; pydantic's own words where none shorter is known."""
    context = detail.get("ctx", {})
    for key, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")):
        if key in context:
            return f"{sign} {context[key]:g}"
    match detail["type"]:
        case "too_short":
            return f"at least {context['min_length']} of them"
        case "string_too_short":
            return "text"
        case "float_type" if isinstance(detail["input"], str):
            return "a number, without quotes; YAML wants a point in 1.0e-3"
    return _EXPECTED_BY_KIND.get(
        detail["type"].partition("_")[0], detail["msg"].removeprefix("Input should be ")
    )
