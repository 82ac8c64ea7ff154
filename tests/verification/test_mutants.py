"""The checks can fail: each of these small errors is caught by the tests named beside it.

A copy of the physics gets one sign, factor or frame wrong and runs a test file interpreted, in a
process of its own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Error, module, right, wrong, test file, tests
MUTANTS = [
    (
        "rotation in the wrong sense",
        *("rotation.py", "v_a[0] + w * tx + y * tz", "v_a[0] - w * tx + y * tz"),
        *("test_rotation.py", "leaning_east"),
    ),
    (
        "geometric altitude taken for geopotential",
        *(
            "atmosphere.py",
            "EARTH_RADIUS_M * altitude_m / (EARTH_RADIUS_M + altitude_m)",
            "altitude_m",
        ),
        *("test_atmosphere.py", "us76"),
    ),
    (
        "centrifugal part of gravity added",
        *("atmosphere.py", "- spin * r", "+ spin * r"),
        *("test_atmosphere.py", "normal_gravity"),
    ),
    (
        "metres in the formula for feet",
        *("turbulence.py", "height_m / FOOT_M, 10.0, 1000.0", "height_m, 10.0, 1000.0"),
        *("test_turbulence.py", "specifications"),
    ),
    (
        "a forward step inflates the turbulence",
        *(
            "turbulence.py",
            "q22 = 0.5 - e * e * (0.5 + r + r * r)",
            "q22 = 0.5 - e * e * (0.5 + r)",
        ),
        *("test_turbulence.py", "stationary_covariance"),
    ),
    (
        "product of inertia with the wrong sign",
        *("mass.py", "m0 * dx * dz - x * (m1", "m0 * dx * dz + x * (m1"),
        *("test_mass.py", "cloud"),
    ),
    (
        "pendulum driven by its hinge instead of its bob",
        *("slosh.py", "return bob.hinge_z_m - bob.length_m", "return bob.hinge_z_m"),
        *("test_slosh.py", "conserves"),
    ),
    (
        "back pressure pushes",
        *("engine.py", "- ambient_pa * engine.exit_area_m2", "+ ambient_pa * engine.exit_area_m2"),
        *("test_engine.py", "ambient_pressure"),
    ),
    (
        "dynamic pressure without its half",
        *("aero.py", "half_rho = 0.5 * rho", "half_rho = rho"),
        *("test_aero.py", "sphere_and_box or sums_lift"),
    ),
    (
        "damping ratio counted once",
        *("gimbal.py", "2.0 * gimbal.damping_ratio", "gimbal.damping_ratio"),
        *("test_engine.py", "second_order"),
    ),
    (
        "leg that pulls",
        *("legs.py", "min(max(elastic, 0.0), leg.crush_load_n)", "min(elastic, leg.crush_load_n)"),
        *("test_legs.py", "spring_damper"),
    ),
    (
        "friction along the slide",
        *("legs.py", "scale(-legs.grip_stiffness_npm, off)", "scale(legs.grip_stiffness_npm, off)"),
        *("test_legs.py", "sticks"),
    ),
    (
        "altitude error grows without its velocity",
        *("navigation.py", "a_pv = p.pv + dt * p.vv", "a_pv = p.pv - dt * p.vv"),
        *("test_navigation.py", "textbook"),
    ),
    (
        "noise per sample not scaled by the tick",
        *("sensors.py", "root = sqrt(dt)", "root = 1.0"),
        *("test_sensors.py", "allan"),
    ),
    (
        "gimbal pushes the lean further",
        *("control.py", "-inertia / (arm * force)", "inertia / (arm * force)"),
        *("test_control.py", "upright"),
    ),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """The physics and its tests, where they may be spoilt."""
    place = tmp_path_factory.mktemp("mutants")
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("models", "tests/models"):
        shutil.copytree(project_root / folder, place / folder, ignore=leave)
    shutil.copy(project_root / "tests" / "conftest.py", place / "tests")
    return place


def _tested(place: Path, files: list[str], chosen: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--import-mode=importlib"]
    command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(place)]
    return subprocess.run(
        [*command, *(f"tests/models/{file}" for file in files), "-k", chosen],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0].replace(" ", "-"))
def test_mutant__is_caught(copied: Path, mutant: tuple[str, ...]) -> None:
    _, module, right, wrong, file, chosen = mutant
    source = copied / "models" / module
    text = source.read_text()
    assert right in text, f"{module} no longer says {right!r}: write this mutant anew"
    source.write_text(text.replace(right, wrong))
    try:
        done = _tested(copied, [file], chosen)
    finally:
        source.write_text(text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "AssertionError" in done.stdout or "assert " in done.stdout


def test_unspoilt__copy_passes_the_same_tests(copied: Path) -> None:
    """Otherwise any mutant would seem caught."""
    files = sorted({mutant[4] for mutant in MUTANTS})
    done = _tested(copied, files, " or ".join(mutant[5] for mutant in MUTANTS))
    assert done.returncode == 0, done.stdout + done.stderr
