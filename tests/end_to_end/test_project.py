"""The project's own promises: what is locked, what may import what, what the README names."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import dask.config
import distributed  # noqa: F401  (its defaults enter dask.config)
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BIN = Path(sys.executable).parent
# Somebody's home or work folder, and the address of a package index.
FOREIGN = re.compile(r"(?<![\w.}])/(?:home|root|Users|work|opt|tmp)/\w|://[\w.:/-]+/simple\b")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    wide = os.environ | {"COLUMNS": "200"}  # help that folds would hide an option's name
    return subprocess.run(
        command, cwd=cwd, env=wide, capture_output=True, text=True, timeout=300, check=False
    )


def locked(project_root: Path) -> dict[str, list[str]]:
    """Requirement name to the words after it in the lock: version pin, then hashes."""
    text = re.sub(r"#.*", "", (project_root / "requirements.lock").read_text())
    words = [entry.split() for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]
    return {first.partition("==")[0]: [first, *rest] for first, *rest in words}


# ---- lock ---------------------------------------------------------------------------------------


def test_lock__pins_and_hashes_everything_and_names_no_address(project_root: Path) -> None:
    text = (project_root / "requirements.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE), "an option of pip, not a pin"
    entries = locked(project_root)
    assert {"setuptools", "wheel", "pytest", "numba"} <= entries.keys()
    for first, *hashes in entries.values():
        assert re.fullmatch(r"[a-z0-9-]+==\S+", first)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes)


def test_lock__satisfies_pyproject(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]
    entries = locked(project_root)
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        version = entries[canonicalize_name(wanted.name)][0].partition("==")[2]
        assert version in wanted.specifier, f"{text}: the lock has {version}; run `make lock`"


# ---- tree ---------------------------------------------------------------------------------------


def project_texts(project_root: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every file under version control."""
    listed = run("git", "ls-files", cwd=project_root)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        yield name, (project_root / name).read_text(errors="ignore")


def test_tree__names_no_machine(project_root: Path) -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in project_texts(project_root)
        for number, line in enumerate(text.splitlines(), start=1)
        if FOREIGN.search(line)
    ]
    assert not found, "\n".join(found)


def test_ci__is_executable_and_runs_the_readme_s_test_command(project_root: Path) -> None:
    script = project_root / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make --no-print-directory test" in script.read_text()
    assert "make test" in (project_root / "README.md").read_text()


# ---- import rules -------------------------------------------------------------------------------

# One line for each contract that breaks it: the list of contracts must not shrink unseen.
OFFENCES = {
    "models/aero.py": "import yaml",
    "models/guidance.py": "import models.dynamics",
    "models/dynamics.py": "import models.guidance",
    "pipeline/summary.py": "import zarr",
    "pipeline/gate/judge.py": "import dask",
    "pipeline/batch.py": "import bokeh",
    "pipeline/errors.py": "import pipeline.summary",
}


def test_imports__keep_the_rules(project_root: Path) -> None:
    result = run(BIN / "lint-imports", "--no-logo", "--no-cache", cwd=project_root)
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports__each_rule_can_break(project_root: Path, tmp_path: Path) -> None:
    shutil.copy(project_root / "pyproject.toml", tmp_path)
    for package in ("models", "pipeline"):
        shutil.copytree(project_root / package, tmp_path / package)
    for name, offence in OFFENCES.items():
        with (tmp_path / name).open("a") as source:
            source.write(f"\n{offence}\n")
    result = run(BIN / "lint-imports", "--no-logo", "--no-cache", cwd=tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert " KEPT" not in result.stdout, result.stdout


# ---- dask_config.yaml ---------------------------------------------------------------------------


def leaves(tree: Mapping, prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        name = f"{prefix}{key}"
        yield from leaves(value, f"{name}.") if isinstance(value, Mapping) else [name]


def test_dask_config__names_only_keys_that_exist(project_root: Path) -> None:
    """Dask takes a misspelt key without a word."""
    tree = yaml.safe_load((project_root / "dask_config.yaml").read_text())
    assert set(tree) == {"hoverslam", "distributed"}
    assert set(tree["hoverslam"]) == {"workers", "threads_per_worker", "memory_limit", "batch_runs"}
    known = set(leaves(dask.config.merge(*dask.config.defaults)))
    assert set(leaves({"distributed": tree["distributed"]})) <= known


# ---- README -------------------------------------------------------------------------------------


def readme_commands(project_root: Path) -> list[str]:
    """Lines and code spans of the README that are commands, without prompt and comment."""
    text = (project_root / "README.md").read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    lines = [line for block in blocks for line in block.splitlines()] + spans
    return [
        command
        for line in lines
        if (command := line.strip().removeprefix("$ ").split("#")[0].strip())
        and re.match(r"(make|hoverslam)\s+[a-z]", command)
    ]


def test_readme__names_only_targets_of_the_makefile(project_root: Path) -> None:
    makefile = (project_root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    commands = [c.split() for c in readme_commands(project_root) if c.startswith("make ")]
    named = {target for _, *targets_of_line in commands for target in targets_of_line}
    assert {"demo", "test"} <= named
    assert named <= targets


def test_readme__names_only_verbs_and_options_of_the_command(project_root: Path) -> None:
    commands = [c.split() for c in readme_commands(project_root) if c.startswith("hoverslam ")]
    assert {"run", "report", "gate", "replay"} <= {verb for _, verb, *_ in commands}
    for _, verb, *words in commands:
        shown = run(BIN / "hoverslam", verb, "--help", cwd=project_root)
        assert shown.returncode == 0, f"README names `hoverslam {verb}`: {shown.stderr}"
        for option in (word.strip("[]") for word in words if word.strip("[]").startswith("--")):
            assert option.partition("=")[0] in shown.stdout, f"hoverslam {verb} has no {option}"
