"""The verification cases: the kernel of the campaigns against what outsiders know.

Whatever can be flown is flown through `fly`; what no flight shows is a single function called on
its own (probes.py). Oracles stand here and nowhere in a flight's path: closed forms, published
figures, integrations by scipy of equations in another form. Each tolerance is the truncation of the
step, a standard error, or cited, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pipeline.errors import BadInput
from pipeline.verification import (
    actuators,
    atmosphere,
    composite,
    legs,
    nesc,
    rigid_body,
    sensors,
    slosh,
    standing,
    tip_over,
    translation,
    turbulence,
)
from pipeline.verification.check import Case, Check, checks_of
from pipeline.verification.table import check_marks, headline, line, write_table

__all__ = ["CASES", "Case", "Check", "check_marks", "headline", "line", "verify", "write_table"]

_SUBJECTS = (
    nesc,
    atmosphere,
    turbulence,
    rigid_body,
    composite,
    translation,
    actuators,
    slosh,
    legs,
    standing,
    tip_over,
    sensors,
)
CASES: dict[str, Case] = {case.name: case for subject in _SUBJECTS for case in subject.CASES}


def verify(names: Sequence[str] = ()) -> Iterator[list[Check]]:
    """The checks of each case named, or of all; BadInput names every case there is not."""
    wrong = [_unknown(name) for name in names if name not in CASES]
    if wrong:
        raise BadInput(wrong)
    return (checks_of(CASES[name]) for name in names or CASES)


def _unknown(name: str) -> str:
    begun = [case for case in CASES if case.startswith(name)]
    meant = begun or get_close_matches(name, CASES) or list(CASES)
    return f"case {name!r}: there is none of this name, expected {' or '.join(meant)}"
