"""The checks can fail: each of these small errors is caught by what is named beside it.

A copy of the physics gets one sign, factor or frame wrong and flies a verification case, or runs
tests of the function, interpreted and in a process of its own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.errors import ExitCode


class Mutant(NamedTuple):
    """What is wrong, where: right text and wrong text; the case, or tests as `file::names`."""

    error: str
    module: str
    right: str
    wrong: str
    caught_by: str


FLOWN = [
    Mutant(
        "geometric altitude taken for geopotential",
        *("atmosphere.py", "altitude_m * (EARTH_RADIUS_M / (EARTH_RADIUS_M + altitude_m))"),
        *("altitude_m", "US76"),
    ),
    Mutant(
        "back pressure pushes",
        *("engine.py", "- ambient_pa * engine.exit_area_m2", "+ ambient_pa * engine.exit_area_m2"),
        "US76",
    ),
    Mutant(
        "centrifugal part of gravity added",
        *("atmosphere.py", "- spin * r", "+ spin * r", "effective gravity"),
    ),
    Mutant(
        "Coriolis to the west",
        *("dynamics.py", "scale(2.0, cross(earth_rate", "scale(-2.0, cross(earth_rate"),
        "Coriolis",
    ),
    Mutant(
        "metres in the formula for feet",
        *("turbulence.py", "height_m / FOOT_M, 10.0, 1000.0", "height_m, 10.0, 1000.0"),
        "Dryden scales",
    ),
    Mutant(
        "rotation in the wrong sense",
        *("rotation.py", "v_a[0] + w * tx + y * tz", "v_a[0] - w * tx + y * tz"),
        "composite 6-DOF flight",
    ),
    Mutant(
        "stages weighed in the wrong order",
        *("lanes/loops.py", "_WEIGHT = (1.0 / 6.0, 1.0 / 3.0", "_WEIGHT = (1.0 / 3.0, 1.0 / 6.0"),
        "RK4, free body",
    ),
    Mutant(
        "product of inertia with the wrong sign",
        *("mass.py", "-b.ixy_kgm2, -b.ixz_kgm2", "-b.ixy_kgm2, b.ixz_kgm2"),
        "products of inertia",
    ),
    Mutant(
        "local gravity in the specific impulse",
        *("engine.py", "(G0_MPS2 * isp)", "(9.81 * isp)", "hoverslam with mass flow"),
    ),
    Mutant(
        "dynamic pressure without its half",
        *("aero.py", "half_rho = 0.5 * rho", "half_rho = rho", "wind shear"),
    ),
    Mutant(
        "wind blows to where it comes from",
        *("wind.py", "return -sine, -cosine", "return sine, cosine", "wind shear"),
    ),
    Mutant(
        "damping ratio counted once",
        *("gimbal.py", "2.0 * gimbal.damping_ratio", "gimbal.damping_ratio", "gimbal step"),
    ),
]

TESTED = [
    Mutant(
        "a forward step inflates the turbulence",
        *("turbulence.py", "0.5 - e * e * (0.5 + r + r * r)", "0.5 - e * e * (0.5 + r)"),
        "test_turbulence.py::stationary_covariance",
    ),
    Mutant(
        "pendulum driven by its hinge instead of its bob",
        *("slosh.py", "return bob.hinge_z_m - bob.length_m", "return bob.hinge_z_m"),
        "test_slosh.py::conserves",
    ),
    Mutant(
        "leg that pulls",
        *("legs.py", "min(max(elastic, 0.0), leg.crush_load_n)", "min(elastic, leg.crush_load_n)"),
        "test_legs.py::spring_damper",
    ),
    Mutant(
        "friction along the slide",
        *("legs.py", "scale(-legs.grip_stiffness_npm, off)", "scale(legs.grip_stiffness_npm, off)"),
        "test_legs.py::sticks",
    ),
    Mutant(
        "altitude error grows without its velocity",
        *("navigation.py", "a_pv = p.pv + dt * p.vv", "a_pv = p.pv - dt * p.vv"),
        "test_navigation.py::textbook",
    ),
    Mutant(
        "gimbal pushes the lean further",
        *("control.py", "-inertia / (arm * force)", "inertia / (arm * force)"),
        "test_control.py::upright",
    ),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """The physics, its plumbing and its tests, where they may be spoilt; one run at a time."""
    place = tmp_path_factory.mktemp("mutants")
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("models", "pipeline", "tests/models"):
        shutil.copytree(project_root / folder, place / folder, ignore=leave)
    shutil.copy(project_root / "tests" / "conftest.py", place / "tests")
    _replaced(place / "models" / "lanes" / "rows.py", "LANES = 16", "LANES = 1")
    return place


def _replaced(source: Path, right: str, wrong: str) -> str:
    """Put wrong for right in a source; what stood there."""
    text = source.read_text()
    assert right in text, f"{source.name} no longer says {right!r}: write this anew"
    source.write_text(text.replace(right, wrong))
    return text


def _ran(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _verified(place: Path, cases: list[str]) -> subprocess.CompletedProcess[str]:
    return _ran(place, "-c", "from pipeline.cli import main; main()", "verify", *cases)


def _tested(place: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    files, chosen = zip(*(test.split("::") for test in tests), strict=True)
    command = ["-m", "pytest", "-x", "-q", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command += ["-c", os.devnull, "--rootdir", str(place), "-k", " or ".join(chosen)]
    return _ran(place, *command, *(f"tests/models/{file}" for file in sorted(set(files))))


def _spoilt(place: Path, mutant: Mutant) -> subprocess.CompletedProcess[str]:
    source = place / "models" / mutant.module
    text = _replaced(source, mutant.right, mutant.wrong)
    try:
        by_tests = "::" in mutant.caught_by
        return (_tested if by_tests else _verified)(place, [mutant.caught_by])
    finally:
        source.write_text(text)


def _name(mutant: Mutant) -> str:
    return mutant.error.replace(" ", "-")


@pytest.mark.parametrize("mutant", FLOWN, ids=_name)
def test_mutant__is_caught_by_a_verification_case(copied: Path, mutant: Mutant) -> None:
    done = _spoilt(copied, mutant)
    assert done.returncode == ExitCode.FAIL, done.stdout + done.stderr
    assert "FAILS" in done.stdout


@pytest.mark.parametrize("mutant", TESTED, ids=_name)
def test_mutant__is_caught_by_a_test_of_the_function(copied: Path, mutant: Mutant) -> None:
    done = _spoilt(copied, mutant)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "AssertionError" in done.stdout or "assert " in done.stdout


def test_unspoilt__copy_passes_the_same_cases_and_tests(copied: Path) -> None:
    """Otherwise any mutant would seem caught."""
    done = _verified(copied, sorted({mutant.caught_by for mutant in FLOWN}))
    assert done.returncode == ExitCode.DONE, done.stdout + done.stderr
    done = _tested(copied, sorted({mutant.caught_by for mutant in TESTED}))
    assert done.returncode == 0, done.stdout + done.stderr
