"""The verification cases hold, and what is said of them in README and reports is so."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.case import fly_case
from pipeline.cli import app
from pipeline.errors import BadInput, ExitCode
from pipeline.report.credibility import CLAIMS
from pipeline.verification import CASES, Case, Check, verify
from pipeline.verification.check import Row, apart, checks_of, relative
from pipeline.verification.flights import abreast, made
from pipeline.verification.table import BEGIN, END, markdown

# A subject of the README's list, and cases that show it
ASKED = {
    "NESC 1", "NESC 2", "NESC 6", "NESC 7", "US76", "Dryden scales", "Dryden turbulence",
    "torque-free body", "Tsiolkovsky", "hoverslam stopping height", "drag fall", "engine lag",
    "gimbal step", "leg drop", "leg drop with rebound", "leg crush", "sliding distance",
    "static foot loads", "static tip-over", "dynamic tip-over", "slosh", "Allan deviation",
    "RK4", "composite 6-DOF flight",
}  # fmt: skip
NUMBER = re.compile(r"\d\.\de[+-]\d\d")


@pytest.fixture(scope="session")
def checks() -> Callable[[str], list[Check]]:
    """The checks of a case, flown once."""
    return cache(lambda name: checks_of(CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_case__holds(name: str, checks: Callable[[str], list[Check]]) -> None:
    found = checks(name)
    assert found
    for check in found:
        assert check.holds, f"{check.quantity}: {check.error} beyond {check.tolerance}"
        assert check.tolerance > 0.0
        assert check.why
        assert check.source
    assert len({check.quantity for check in found}) == len(found)


def test_cases__are_those_asked_for() -> None:
    names = {name.partition(",")[0] for name in CASES}
    assert names >= ASKED


def test_readme__tells_every_check_and_its_verdict(
    checks: Callable[[str], list[Check]], project_root: Path
) -> None:
    """All but the digits of the errors: `make verify` writes them."""
    text = (project_root / "README.md").read_text(encoding="utf-8")
    told = text.partition(BEGIN)[2].partition(END)[0].strip()
    flown = markdown([check for name in CASES for check in checks(name)])
    assert NUMBER.sub("#", told) == NUMBER.sub("#", flown)


# --- it can fail ----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [1.1, float("nan"), float("inf")])
def test_check__beyond_its_tolerance_or_no_number_fails(error: float) -> None:
    assert not Check("case", "source", "quantity", "m", error, 1.0, "why").holds
    assert Check("case", "source", "quantity", "m", 1.0, 1.0, "why").holds


def test_error__of_what_is_not_a_number_is_none() -> None:
    nan = float("nan")
    assert not apart([1.0, nan], [1.0, 1.0]) <= 1e9
    assert not relative([nan, 2.0], [1.0, 2.0]) <= 1e9
    assert apart([[1.0, 2.0]], [[1.5, 1.0]]) == 1.0
    assert relative(3.0, 2.0) == 0.5


def test_verify__unknown_case_names_close_ones() -> None:
    with pytest.raises(BadInput) as bad:
        verify(["drag fll", "drag fall", "NESC 6", "?"])
    close, begun, neither = (line.partition("expected ")[2] for line in bad.value.problems)
    assert close == "drag fall"
    assert begun == "NESC 6, sphere with drag"
    assert neither.split(" or ") == list(CASES)


def test_abreast__flies_each_case_as_if_alone() -> None:
    cases = [made(start={"v_east_mps": speed}, aero={"sphere_m2": 2.0}) for speed in (0.0, 30.0)]
    for together, case in zip(abreast(cases), cases, strict=True):
        alone = fly_case(case)
        assert together["r_enu_m"].equals(alone["r_enu_m"])


# --- the command ----------------------------------------------------------------------------------


def wrong_case(error: float) -> dict[str, Case]:
    row = Row("sum", "m", error, 1e-3, "by hand")
    return {"two and two": Case("two and two", "arithmetic", lambda: iter([row]))}


@pytest.mark.parametrize(
    ("error", "code", "verdict"), [(0.0, ExitCode.DONE, "holds"), (1.0, ExitCode.FAIL, "FAILS")]
)
def test_command__exit_code_is_the_verdict(
    error: float, code: ExitCode, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.verification.CASES", wrong_case(error))
    done = CliRunner().invoke(app, ["verify"])
    assert done.exit_code == code
    (line,) = [line for line in done.stdout.splitlines() if "two and two" in line]
    assert line.split()[-5:] == ["sum", "m", f"{error:.1e}", "1.0e-03", verdict]
    assert ("by hand" in done.stdout) is (error > 0.0)


def test_command__writes_the_table_between_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.verification.CASES", wrong_case(0.0))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert CliRunner().invoke(app, ["verify", "--readme", str(page)]).exit_code == ExitCode.DONE
    before, first, *rows, last, after = page.read_text().splitlines()
    assert (before, first, last, after) == ("before", BEGIN, END, "after")
    assert rows[2] == "| two and two | arithmetic | sum: 0.0e+00 (1.0e-03) m | holds |"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--readme", "none.md"], "cannot read none.md"),
        (["--readme", "plain.md"], "plain.md lacks the marks"),
        (["US76", "--readme", "plain.md"], "expected no CASE beside it"),
        (["US77"], "expected US76"),
    ],
)
def test_command__mistakes_are_told_before_any_flight(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.md").write_text("no marks\n")
    done = CliRunner().invoke(app, ["verify", *arguments])
    assert isinstance(done.exception, BadInput)
    assert message in str(done.exception)
    assert done.stdout == ""


# --- reports --------------------------------------------------------------------------------------


def test_claims__that_something_is_verified_name_cases_that_there_are() -> None:
    named = [name for claim in CLAIMS for name in claim.cases]
    assert [name for name in named if name not in CASES] == []
    assert set(named) == set(CASES), "a case that no claim rests on"
    assert all(claim.status == "verified" for claim in CLAIMS if claim.cases)
