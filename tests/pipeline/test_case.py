"""Case files: what they may say, each mistake and its message, and what a flight leaves."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml

from models.lanes import fly_blocks
from pipeline.case import FlyCase, case_schema, fly_case, load_case
from pipeline.errors import BadInput
from pipeline.verification.flights import BODY, HIGH, flown, made

# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., FlyCase]:
    """A case file of these sections, loaded."""

    def loaded(**given: Any) -> FlyCase:
        usual: dict[str, Any] = {"duration_s": 1, "mass": BODY, "start": HIGH}
        (tmp_path / "some.yaml").write_text(yaml.safe_dump(usual | given))
        return load_case(tmp_path / "some.yaml")

    return loaded


def test_load__duration_mass_and_inertia_are_enough(load: Callable[..., FlyCase]) -> None:
    case = load()
    assert (case.name, case.duration_s, case.legs) == ("some", 1.0, None)
    assert FlyCase.model_validate(json.loads(case.canonical())) == case


def test_load__nothing_is_required_but_them(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("name: nothing\nmass: {}\n")
    with pytest.raises(BadInput) as bad:
        load_case(tmp_path / "empty.yaml")
    keys = [problem.split(": ")[1] for problem in bad.value.problems]
    missing = {"duration_s", "mass.dry_kg", "mass.ixx_kgm2", "mass.iyy_kgm2", "mass.izz_kgm2"}
    assert set(keys) == missing | {"start.up_m"}


TABLE = {"time_s": [0, 1, 1], "throttle": [0, 1]}
FULL = {"load_kg": 100, "density_kgpm3": 1000, "radius_m": 0.5, "bottom_z_m": 0}
MISTAKES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"duration_s": 1e6}, ("duration_s: got 1000000.0, expected <= 1800",)),
    ({"aro": {}}, ("aro: unknown key, did you mean aero?",)),
    (
        {"site": {"slope_rad": 0.1, "gravity": 1.0}},
        (
            "site.slope_rad: unknown key, did you mean slope_deg (degrees in files)?",
            "site.gravity: unknown key, did you mean gravity_mps2 (unit missing)?",
        ),
    ),
    ({"site": {"air": "thin"}}, ("site.air: got 'thin', expected 'us76', 'vacuum' or 'uniform'",)),
    (
        {"site": {"density_kgpm3": 1.0, "latitude_deg": 41.0}},
        (
            "site.density_kgpm3: has no effect with site.air us76, expected air uniform",
            "site.latitude_deg: has no effect, expected site.gravity_model effective with it",
        ),
    ),
    (
        {"wind": {"speed_mps": 3.0}},
        ("wind.speed_mps: has no effect with wind.profile none",),
    ),
    (
        {"gimbal": {"rate_dps": 5.0, "backlash_deg": 0.1}, "engine": {"slew_per_s": 0.1}},
        (
            "gimbal.rate_dps: has no effect without gimbal.natural_frequency_radps",
            "gimbal.backlash_deg: has no effect without gimbal.natural_frequency_radps",
            "engine.slew_per_s: has no effect without engine.lag_s",
        ),
    ),
    (
        {
            "engine": {"thrust_vac_n": 1000.0},
            "program": {"throttle": {"mean": 0.5, "amplitude": -0.6, "frequency_radps": 1.0}},
        },
        ("program.throttle: got values down to -0.1, expected none below 0",),
    ),
    (
        {"wind": {"profile": "power_law", "speed_mps": 3.0, "from_deg": 0.0, "shear_per_s": 0.1}},
        (
            "wind.reference_height_m: missing, expected a value with wind.profile power_law",
            "wind.shear_per_s: has no effect with wind.profile power_law",
            "wind.exponent: missing, expected a value with wind.profile power_law",
        ),
    ),
    (
        {"mass": BODY | {"ixy_kgm2": 3000.0}},
        (
            "mass: got products of inertia that leave a principal moment of -854 kg m2, "
            "expected all three > 0",
        ),
    ),
    (
        {"start": HIGH | {"q_body_to_enu": [1, 1, 0, 0], "turn_x_deg": 1.0}},
        (
            "start.turn_x_deg: expected either q_body_to_enu or turns, got both",
            "start.q_body_to_enu: got a length of 1.41421356, expected 1",
        ),
    ),
    (
        {"start": {}},
        (
            "start.up_m: got 0, expected > 0: a body without legs ends where its base centre "
            "meets the ground",
        ),
    ),
    (
        {"program": {"throttle": 1.0, "roll": {"amplitude": 1.0}}},
        (
            "engine.thrust_vac_n: missing, expected a value where program.throttle is given",
            "thrusters.force_n: missing, expected a value where program.roll is given",
            "thrusters.arm_m: missing, expected a value where program.roll is given",
        ),
    ),
    (
        {"engine": {"thrust_vac_n": 1.0, "isp_vac_s": 300.0}},
        ("fuel: missing, expected a tank from which engine.isp_vac_s is burnt",),
    ),
    (
        {"engine": {"isp_vac_s": 300.0}, "fuel": FULL, "lox": FULL},
        ("engine.mixture_ratio: missing, expected a value where lox and fuel are burnt",),
    ),
    (
        {"program": {"table": TABLE}, "engine": {"thrust_vac_n": 1.0}},
        (
            "program.table.time_s: got values that do not rise, expected each above the last",
            "program.table.throttle: got 2 values, expected 3 as in time_s",
        ),
    ),
    (
        {"legs": {"count": 7, "foot_radius": 1.0, "stiffness_npm": -1.0}},
        (
            "legs.count: got 7, expected <= 6",
            "legs.foot_radius: unknown key, did you mean foot_radius_m (unit missing)?",
            "legs.stiffness_npm: got -1.0, expected >= 0",
        ),
    ),
    (
        {
            "legs": {
                "count": 3,
                "foot_radius_m": 1.0,
                "stiffness_npm": 1.0,
                "pad_heights_m": [0.1],
            }
        },
        ("legs.pad_heights_m: got 1, expected 3, one a leg",),
    ),
]


@pytest.mark.parametrize(("given", "expected"), MISTAKES)
def test_load__says_what_is_wrong_all_at_once(
    load: Callable[..., FlyCase], given: dict[str, Any], expected: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as bad:
        load(**given)
    said = [problem.split("some.yaml: ")[1] for problem in bad.value.problems]
    assert sorted(said) == sorted(expected)


def test_schema__names_all_keys_with_their_units() -> None:
    schema = json.loads(case_schema())
    keys = {key for section in schema["$defs"].values() for key in section.get("properties", [])}
    assert {"sphere_m2", "damping_y_m4", "q_body_to_enu", "shear_per_s", "crush_load_n"} <= keys
    assert schema["required"] == ["mass", "duration_s"]
    assert not {"open_loop", "throttle_quantum", "pad_radius_m"} & keys  # no say in a case


def test_fly__a_case_made_in_python_is_checked_too() -> None:
    with pytest.raises(BadInput, match="wind.speed_mps: has no effect"):
        fly_case(made(wind={"speed_mps": 3.0}))


# --- what a flight leaves -------------------------------------------------------------------------


def test_fly__every_tick_by_name_and_unit_and_how_it_ended() -> None:
    flight = flown(duration_s=0.5)
    np.testing.assert_allclose(flight["time_s"], np.arange(26) * 0.02, atol=1e-12)
    assert flight["v_enu_mps"].attrs["units"] == "m s-1"
    assert flight["max_altitude_m"].item() == 1000.0
    assert flight.attrs["outcome"] == "time_out"
    assert "leg_load_n" not in flight
    assert json.loads(flight.attrs["case"])["mass"]["dry_kg"] == 1000.0
    assert flown(duration_s=2.0, start={"up_m": 1.0}).attrs["outcome"] == "hull_strike"


def test_fly__never_compiles_the_kernel_again() -> None:
    legs = {"count": 3, "foot_radius_m": 2.0, "stiffness_npm": 1e5}
    waves = {"program": {"throttle": 0.5}, "engine": {"thrust_vac_n": 1e4}}
    for case in ({}, {"legs": legs}, waves):
        flown(duration_s=0.1, **case)
    assert len(fly_blocks.signatures) == 1


EXAMPLES = ("torque_free_body", "drag_fall", "leg_drop", "sliding_block")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example__flies_to_its_end(project_root: Path, name: str) -> None:
    flight = fly_case(load_case(project_root / "campaigns" / "cases" / f"{name}.yaml"))
    assert flight.attrs["outcome"] == "time_out"


def test_command__writes_what_python_gives(project_root: Path, tmp_path: Path) -> None:
    case, out = project_root / "campaigns" / "cases" / "leg_drop.yaml", tmp_path / "drop.nc"
    words = [Path(sys.executable).parent / "hoverslam", "fly", case, "--out", out]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout == f"{out}\n"
    assert "leg_drop: flown to its duration, 0.30 s" in done.stderr
    with xr.open_dataset(out, engine="scipy") as read:
        xr.testing.assert_equal(read.load(), fly_case(load_case(case)))
        assert read.attrs["physics_digest"]
