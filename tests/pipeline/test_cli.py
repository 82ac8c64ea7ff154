"""The command's surface: exit codes, messages, help, what it prints where. Nothing flies here."""

import errno
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import yaml

from pipeline import cli, errors, run
from pipeline.gate import flown
from tests.pipeline.results import failing, write_store

VERBS = (
    "plan",
    "run",
    "report",
    "gate",
    "compare",
    "drivers",
    "rare",
    "replay",
    "fly",
    "steps",
    "schema",
)
HELP_WITHIN_S = 0.8  # on a busy machine; on a quiet one it takes a tenth of this
# Each takes longer to import than all of `--help` may last.
HEAVY = ("bokeh", "dask", "distributed", "numba", "numpy", "pandas", "pydantic", "scipy", "xarray")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def hoverslam(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command in this process."""

    def call(*words: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["hoverslam", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        code = end.value.code
        return Result(code if isinstance(code, int) else 0, *capfd.readouterr())

    return call


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let `run` end with an exception."""

    def end_with(error: BaseException) -> None:
        def fly(*arguments: Any) -> None:
            raise error

        monkeypatch.setattr(run, "fly", fly)

    return end_with


# --- help -----------------------------------------------------------------------------------------


def test_help__names_every_verb_and_exit_code(hoverslam: Command) -> None:
    shown = hoverslam("--help")
    assert shown.code == 0
    assert all(re.search(rf"^  {verb}\b", shown.out, re.MULTILINE) for verb in VERBS)
    folded = " ".join(shown.out.split())
    assert re.search(r"0 done.* 1 crash.* 2 bad.* 3 / 4 / 5 .* 6 stopped.* 130 inter", folded)


@pytest.mark.parametrize("verb", VERBS)
def test_help__of_each_verb_has_an_example_that_parses(hoverslam: Command, verb: str) -> None:
    shown = hoverslam(verb, "--help")
    assert shown.code == 0
    example = re.search(rf"Example: hoverslam {verb}\b", " ".join(shown.out.split()))
    assert example, shown.out


def test_help__without_words_is_a_usage_error(hoverslam: Command) -> None:
    assert hoverslam().code == errors.ExitCode.BAD_INPUT


def test_help__is_quick() -> None:
    took_s = []
    for _ in range(3):
        began = time.monotonic()
        script = Path(sys.executable).parent / "hoverslam"
        subprocess.run([script, "--help"], check=True, capture_output=True, timeout=60)
        took_s.append(time.monotonic() - began)
    assert median(took_s) < HELP_WITHIN_S


def test_help__imports_nothing_heavy() -> None:
    code = "import sys, pipeline.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert "typer" in done.stdout.split()
    assert not set(HEAVY) & set(done.stdout.split())


# --- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadInput(["first mistake", "second mistake"]), 2),
        (errors.StoreProblem("the store is gone"), 6),
        (errors.Interrupted("stopped with 3 runs"), 130),
    ],
)
def test_main__foreseen_errors_have_their_exit_code_and_message(
    hoverslam: Command,
    ending: Callable[[BaseException], None],
    error: errors.HoverslamError,
    code: int,
) -> None:
    ending(error)
    result = hoverslam("run", "any.yaml")
    assert result.code == code
    assert result.out == ""
    assert result.err.splitlines() == [f"hoverslam: {line}" for line in str(error).splitlines()]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_main__a_refused_write_stops_without_traceback(
    hoverslam: Command, ending: Callable[[BaseException], None], number: int
) -> None:
    ending(OSError(number, os.strerror(number), "some/file"))
    result = hoverslam("run", "any.yaml")
    assert result.code == errors.ExitCode.STOPPED
    assert result.err.startswith(f"hoverslam: some/file: {os.strerror(number)}")
    assert "Traceback" not in result.err


def test_main__ctrl_c_before_the_flight_is_130(
    hoverslam: Command, ending: Callable[[BaseException], None]
) -> None:
    ending(KeyboardInterrupt())
    assert hoverslam("run", "any.yaml").code == errors.ExitCode.INTERRUPTED


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), FileNotFoundError(2, "a bug")])
def test_main__a_crash_is_never_taken_for_anything_else(
    monkeypatch: pytest.MonkeyPatch,
    ending: Callable[[BaseException], None],
    error: Exception,
) -> None:
    """What leaves `main` as an exception is a traceback and exit 1."""
    ending(error)
    monkeypatch.setattr(sys, "argv", ["hoverslam", "run", "any.yaml"])
    with pytest.raises(type(error), match="a bug"):
        cli.main()


@pytest.mark.parametrize("code", [0, 3, 4, 5])
def test_gate__exits_with_the_verdict_and_prints_it_for_scripts(
    hoverslam: Command, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    verdict = SimpleNamespace(
        text=lambda: "in words", json=lambda: '{"in": "json"}', exit_code=errors.ExitCode(code)
    )
    monkeypatch.setattr(flown, "gate", lambda target, ask, stream: verdict)
    assert hoverslam("gate", "any.zarr") == (code, '{"in": "json"}\n', "in words\n")


@pytest.mark.parametrize(
    "words",
    [
        ("land",),
        ("fly",),
        ("schema", "vehicle"),
        ("run",),
        ("run", "a.yaml", "--run", "3"),
        ("run", "a.yaml", "--runs", "many"),
        ("replay", "a.zarr"),
        ("replay", "a.zarr", "first"),
        ("gate",),
    ],
)
def test_main__wrong_words_are_bad_input(hoverslam: Command, words: tuple[str, ...]) -> None:
    result = hoverslam(*words)
    assert result.code == errors.ExitCode.BAD_INPUT
    assert result.out == ""
    assert "Usage: hoverslam" in result.err


# --- bad input: a message, exit 2, no store left behind -------------------------------------------


@pytest.fixture
def campaign(project_root: Path) -> dict[str, Any]:
    """The reference campaign as keys and values, its vehicle by full path."""
    given = yaml.safe_load((project_root / "campaigns" / "hop_178m.yaml").read_text())
    vehicle = project_root / "campaigns" / given["vehicle"]
    return given | {"vehicle": str(vehicle)}


def refused(hoverslam: Command, out: Path, *words: str | Path) -> str:
    """What `run` says when it refuses; it must have left nothing at `out`."""
    result = hoverslam("run", *words, "--out", out)
    assert (result.code, result.out) == (errors.ExitCode.BAD_INPUT, "")
    assert "Traceback" not in result.err
    assert not out.exists()
    return result.err


def test_run__a_missing_campaign_says_where_it_looked(hoverslam: Command, tmp_path: Path) -> None:
    said = refused(hoverslam, tmp_path / "s.zarr", "no_such_hop")
    assert "no_such_hop.yaml" in said
    assert "campaigns/no_such_hop.yaml" in said


def test_run__a_file_that_is_not_yaml(hoverslam: Command, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("runs: [1, 2\n")
    said = refused(hoverslam, tmp_path / "s.zarr", file)
    assert f"{file}: not YAML" in said


def test_run__names_all_mistakes_at_once(
    hoverslam: Command, tmp_path: Path, campaign: dict[str, Any]
) -> None:
    laws = campaign["dispersions"]
    laws["thrust_skale"] = laws.pop("thrust_scale")
    laws["wind_speed_mps"] |= {"scale": -1.0}
    file = tmp_path / "mistaken.yaml"
    file.write_text(yaml.safe_dump(campaign | {"runs": 0, "vehicle": "vehicles/none.yaml"}))
    said = refused(hoverslam, tmp_path / "s.zarr", file).splitlines()
    for what in ("thrust_skale.*thrust_scale", "wind_speed_mps.scale.*-1", "runs: got 0", "none"):
        assert [line for line in said if re.search(f"^hoverslam: {file}: .*{what}", line)], what


def test_run__zero_runs(hoverslam: Command, tmp_path: Path) -> None:
    said = refused(hoverslam, tmp_path / "s.zarr", "hop_178m", "--runs", "0")
    assert said == "hoverslam: --runs: got 0, expected >= 1\n"


def test_run__a_dask_configuration_that_is_wrong(
    hoverslam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "none.yaml"))
    said = refused(hoverslam, tmp_path / "s.zarr", "hop_178m", "--runs", "16")
    assert "DASK_CONFIG" in said


def test_run__does_not_touch_what_is_not_a_store(hoverslam: Command, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("years of work")
    result = hoverslam("run", "hop_178m", "--runs", "16", "--out", thesis)
    assert result.code == errors.ExitCode.BAD_INPUT
    assert f"{thesis}: exists and is not a store" in result.err
    assert [entry.name for entry in thesis.iterdir()] == ["chapter.txt"]


def test_run__a_place_that_cannot_be_written_is_a_stop(hoverslam: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "s.zarr"
    result = hoverslam("run", "hop_178m", "--runs", "16", "--out", out)
    assert result.code == errors.ExitCode.STOPPED
    assert f"{out}: Not a directory" in result.err


@pytest.mark.parametrize(
    "words", [("report",), ("gate",), ("compare", "b.zarr"), ("drivers",), ("replay", "0")]
)
def test_verbs__a_store_that_is_not_there_is_bad_input(
    hoverslam: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    verb, *more = words
    result = hoverslam(verb, tmp_path / "none.zarr", *more)
    assert (result.code, result.out) == (errors.ExitCode.BAD_INPUT, "")
    assert "none.zarr: no such store" in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "a.zarr"),
        ("gate", "b.zarr", "--baseline", "a.zarr"),
        ("compare", "a.zarr", "b.zarr"),
        ("compare", "b.zarr", "a.zarr"),
        ("report", "a.zarr"),
        ("drivers", "a.zarr"),
        ("replay", "a.zarr", "0"),
    ],
)
def test_verbs__a_damaged_store_is_invalid_and_says_where(
    hoverslam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.zarr", "b.zarr"):
        write_store(tmp_path / name, failing(400, 0))
    chunk = tmp_path / "a.zarr" / "touchdown_tilt_rad" / "c" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-20])
    result = hoverslam(*words)
    assert result.code == errors.ExitCode.INVALID
    assert "damaged: touchdown_tilt_rad: chunk c/0 (run 0 to 399) cannot be read" in result.err
    assert "such a store cannot be mended: fly it again" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "is a file, expected a store: fly the campaign first"),
        (("--points", "64"), "--points: those of a design of --sobol, which is missing"),
        (("--sobol", "slid_m", "--requirement", "landing success"), "--requirement: of a store"),
        (("--sobol", "slid", "--points", "5"), "did you mean slid_m"),
        (("--sobol", "slid", "--points", "5"), "--points: got 5, expected a power of two"),
    ],
)
def test_drivers__of_a_campaign_names_all_mistakes_before_it_flies(
    hoverslam: Command, project_root: Path, words: tuple[str, ...], said: str
) -> None:
    result = hoverslam("drivers", project_root / "campaigns" / "hop_178m.yaml", *words)
    assert (result.code, result.out) == (errors.ExitCode.BAD_INPUT, "")
    assert said in result.err
    assert "flights" not in result.err


def test_drivers__tells_people_and_prints_one_line_for_scripts(
    hoverslam: Command, tmp_path: Path
) -> None:
    store = write_store(tmp_path / "a.zarr", failing(400, 30))
    result = hoverslam("drivers", store, "--requirement", "landing")
    assert result.code == 0
    assert result.err.startswith("synthetic: 30 of 400 runs fail 'landing', finished")
    assert [found["failures"] for found in json.loads(result.out)] == [30]
    assert result.out.count("\n") == 1


# --- schema ---------------------------------------------------------------------------------------


def test_schema__is_json_that_knows_the_reference_campaign_s_keys(
    hoverslam: Command, campaign: dict[str, Any]
) -> None:
    result = hoverslam("schema")
    assert (result.code, result.err) == (0, "")
    assert campaign.keys() <= json.loads(result.out)["properties"].keys()


def test_schema__of_a_case_knows_its_sections(hoverslam: Command) -> None:
    result = hoverslam("schema", "case")
    assert (result.code, result.err) == (0, "")
    keys = json.loads(result.out)["properties"].keys()
    assert {"duration_s", "mass", "start", "program", "legs"} <= keys
    assert json.loads(hoverslam("schema", "campaign").out) == json.loads(hoverslam("schema").out)


# --- fly ------------------------------------------------------------------------------------------


def test_fly__names_all_mistakes_at_once_and_writes_nothing(
    hoverslam: Command, tmp_path: Path
) -> None:
    file, out = tmp_path / "odd.yaml", tmp_path / "odd.nc"
    file.write_text("duration_s: -1\nmas: {dry_kg: 1}\nwind: {profile: linear, speed_mps: 3}\n")
    result = hoverslam("fly", file, "--out", out)
    assert (result.code, result.out) == (errors.ExitCode.BAD_INPUT, "")
    said = result.err.splitlines()
    for what in ("duration_s: got -1", "mas: unknown key.*mass", "wind.shear_per_s: missing"):
        assert [line for line in said if re.search(f"^hoverslam: {file}: {what}", line)], what
    assert not out.exists()


def test_fly__a_case_that_is_not_there(hoverslam: Command, tmp_path: Path) -> None:
    result = hoverslam("fly", tmp_path / "none.yaml")
    assert result.code == errors.ExitCode.BAD_INPUT
    assert "none.yaml: No such file" in result.err
