"""A design change gated as a team would: baseline, candidate, files for the CI, exit codes."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from pipeline.errors import ExitCode
from pipeline.ruling import Ruling
from tests.pipeline.campaign_files import put, write

HOVERSLAM = Path(sys.executable).parent / "hoverslam"
N_RUNS = 192
PLAN = {"kind": "curtailed", "allowed_failures": 1}  # 77 runs
Done = subprocess.CompletedProcess[str]


def hoverslam(cwd: Path, *words: str | Path) -> Done:
    ours = {"DASK_HOVERSLAM__BATCH_RUNS": "16", "DASK_HOVERSLAM__WORKERS": "1"}
    return subprocess.run(
        [HOVERSLAM, *words],
        cwd=cwd,
        env=os.environ | ours,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def campaign(folder: Path, *edits) -> Path:
    folder.mkdir(exist_ok=True)
    return write(
        folder,
        put("campaign.runs", N_RUNS),
        put("campaign.history.runs", 0),
        put("campaign.requirements.0.probability", 0.95),
        put("campaign.requirements.0.plan", PLAN),
        *edits,
    )


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A folder with the baseline's store, and a candidate with weak dampers, gated against it."""
    folder = tmp_path_factory.mktemp("gate")
    flown = hoverslam(folder, "run", campaign(folder / "main"), "--out", "main.zarr")
    assert flown.returncode == 0, flown.stderr
    weaker = put("vehicle.landing_legs.damping_nspm.value", 12000.0)
    done = hoverslam(
        folder, "gate", campaign(folder / "new", weaker), "--baseline", "main.zarr",
        "--out", "new.zarr", "--junit", "gate.xml", "--markdown", "out/gate.md",
    )  # fmt: skip
    return folder, done


def test_gate__flies_a_campaign_and_holds_it_against_its_baseline(gated: tuple[Path, Done]) -> None:
    _, done = gated
    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == Ruling(found["ruling"]).exit_code
    assert found["verdicts"][0]["evidence"]["plan"] == "curtailed, 77 runs, 1 failures allowed"
    assert found["comparison"]["changes"] == [
        "vehicle.landing_legs.damping_nspm.value: baseline 30000.0, candidate 12000.0"
    ]
    moved = {
        s["metric"]
        for s in found["comparison"]["evidence"]["shifts"]
        if s["corrected_p_value"] < 0.1
    }
    assert "peak_stroke_m" in moved
    assert "p50 peak stroke: " in done.stderr


def test_gate__writes_what_a_ci_shows(gated: tuple[Path, Done]) -> None:
    folder, done = gated
    ruling = json.loads(done.stdout)["ruling"]
    suite = ET.parse(folder / "gate.xml").getroot().find("testsuite")
    assert [case.get("name") for case in suite.findall("testcase")] == [
        "landing success",
        "against the baseline",
    ]
    assert (folder / "out" / "gate.md").read_text().startswith(f"## {ruling}: hop_178m\n")


def test_gate__the_store_that_it_stopped_is_judged_alike_and_can_be_flown_on(
    gated: tuple[Path, Done],
) -> None:
    folder, done = gated
    first = json.loads(done.stdout)
    assert first["stopped_at"] < N_RUNS
    words = ("--baseline", "main.zarr")
    again = hoverslam(folder, "gate", "new.zarr", *words)
    assert (again.returncode, json.loads(again.stdout)) == (done.returncode, first)
    flown = hoverslam(folder, "run", folder / "new" / "campaign.yaml", "--out", "new.zarr")
    assert f"hop_178m: {N_RUNS} runs, finished" in flown.stderr


def test_gate__a_store_with_itself_has_no_discordant_run(gated: tuple[Path, Done]) -> None:
    folder, _ = gated
    done = hoverslam(folder, "compare", "main.zarr", "main.zarr")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["evidence"]
    [pairs] = found["pairs"]
    assert (pairs["table"]["broken"], pairs["table"]["saved"], found["rows_changed"]) == (0, 0, 0)
    assert "no evidence either way: 0 discordant runs" in done.stderr


def test_gate__the_same_design_flown_anew_has_no_discordant_run(gated: tuple[Path, Done]) -> None:
    """A/A: another flight of the same campaign, by the gate."""
    folder, _ = gated
    done = hoverslam(
        folder, "gate", folder / "main" / "campaign.yaml", "--baseline", "main.zarr",
        "--out", "again.zarr", "--newly-broken-at-most", "0.05",
    )  # fmt: skip
    found = json.loads(done.stdout)["comparison"]
    assert found["evidence"]["rows_changed"] == 0
    assert found["margins"][0]["ruling"] == "PASS"


def test_gate__another_seed_is_invalid_and_nothing_flies(gated: tuple[Path, Done]) -> None:
    folder, _ = gated
    other = campaign(folder / "other", put("campaign.seed", 1))
    words = ("gate", other, "--baseline", "main.zarr", "--out", "other.zarr")
    done = hoverslam(folder, *words)
    assert done.returncode == ExitCode.INVALID
    assert "differs from the baseline in seed: seed: baseline 20231102, candidate 1" in done.stderr
    assert not (folder / "other.zarr").exists()


def test_gate__a_mistake_is_bad_input(gated: tuple[Path, Done]) -> None:
    folder, _ = gated
    done = hoverslam(folder, "gate", "main.zarr", "--baseline", "main.zarr", "--allow", "sed")
    assert (done.returncode, done.stdout) == (ExitCode.BAD_INPUT, "")
    assert "hoverslam: --allow: got 'sed', did you mean seed?" in done.stderr


# --- the hosted CI --------------------------------------------------------------------------------


def test_workflow__runs_commands_that_exist(project_root: Path) -> None:
    workflow = yaml.safe_load((project_root / ".github" / "workflows" / "gate.yml").read_text())
    steps = workflow["jobs"]["gate"]["steps"]
    lines = [line.strip() for step in steps for line in step.get("run", "").splitlines()]
    commands = [line.split() for line in lines if line.startswith(".venv/bin/hoverslam ")]
    assert [verb for _, verb, *_ in commands] == ["run", "gate"]
    for _, verb, target, *options in commands:
        assert (project_root / target).is_file()
        shown = hoverslam(project_root, verb, "--help").stdout
        for option in options:
            assert not option.startswith("--") or option in shown, (
                f"hoverslam {verb} has no {option}"
            )
    [baseline] = re.findall(r"--baseline (\S+)", " ".join(lines))
    assert baseline == "../baseline/results/hop_178m.zarr"
    makes = [line.split()[1] for line in lines if line.startswith("make ")]
    assert set(makes) == {".venv/.ready"}


def test_workflow__page_names_verbs_and_options_that_exist(project_root: Path) -> None:
    page = (project_root / "campaigns" / "RED_GATE.md").read_text()
    for verb in set(re.findall(r"hoverslam (\w+)", page)):
        assert hoverslam(project_root, verb, "--help").returncode == 0
    gate = hoverslam(project_root, "gate", "--help").stdout
    for option in set(re.findall(r"--[a-z][a-z-]+", page)) - {"--out"}:
        assert option in gate, option
