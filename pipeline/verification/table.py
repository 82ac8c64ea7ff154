"""The checks as a table: line by line for a terminal, by case between two marks of a README."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.verification.check import Check

BEGIN, END = "<!-- verification: begin, made by `make verify` -->", "<!-- verification: end -->"
_MARKED = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)

_WIDTHS = (30, 26, 34, 15, 9, 9)
_HEADINGS = ("case", "source", "quantity", "unit", "error", "tolerance")


def headline() -> str:
    """Headings over the lines of a terminal."""
    return _columns(_HEADINGS) + "verdict"


def line(check: Check) -> str:
    """A check in one line."""
    numbers = (f"{check.error:.1e}", f"{check.tolerance:.1e}")
    return _columns((*check[:3], check.unit, *numbers)) + verdict(check)


def verdict(check: Check) -> str:
    """Whether it holds, in words."""
    return "holds" if check.holds else "FAILS"


def _columns(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<{width}}  " for cell, width in zip(cells, _WIDTHS, strict=True))


def markdown(checks: Sequence[Check]) -> str:
    """A row for each case, with its errors and their tolerances."""
    rows = ["| case | source | error (tolerance) | verdict |", "|---|---|---|---|"]
    for name, group in groupby(checks, key=lambda check: check.case):
        case = list(group)
        errors = "; ".join(_short(check) for check in case)
        failed = [check for check in case if not check.holds]
        rows.append(f"| {name} | {case[0].source} | {errors} | {verdict((failed or case)[0])} |")
    return "\n".join(rows)


def _short(check: Check) -> str:
    unit = "" if check.unit == "1" else f" {check.unit}"
    return f"{check.quantity}: {check.error:.1e} ({check.tolerance:.1e}){unit}"


def write_table(readme: Path, checks: Sequence[Check]) -> None:
    """Put the table between the marks of a README."""
    table = f"{BEGIN}\n{markdown(checks)}\n{END}"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(_MARKED.sub(lambda _: table, text), encoding="utf-8")


def check_marks(readme: Path) -> None:
    """BadInput if a file cannot take the table."""
    try:
        text = readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--readme: cannot read {readme}: {error}") from error
    if not _MARKED.search(text):
        raise BadInput(f"--readme: {readme} lacks the marks {BEGIN} and {END}")
