"""Campaign files: each mistake and its message, several at once, and what a good one becomes."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline.config import Campaign, campaign_schema, load_campaign
from pipeline.errors import BadInput
from tests.pipeline.campaign_files import CAMPAIGN, Edit, drop, edited, problems, put, rename, write

# (what is spoilt, the one message it makes)
SPELLING = [
    (
        rename("campaign.dispersions.thrust_scale", "thrust_scal"),
        "campaign.yaml: dispersions.thrust_scal: unknown parameter 'thrust_scal', "
        "did you mean thrust_scale or roll_thrust_scale or throttle_scale?",
    ),
    (
        rename("campaign.dispersions.gimbal_null_x_deg", "gimbal_null_x"),
        "campaign.yaml: dispersions.gimbal_null_x: unknown parameter 'gimbal_null_x', "
        "did you mean gimbal_null_x_deg (unit missing)?",
    ),
    (
        rename("campaign.dispersions.gimbal_null_x_deg", "gimbal_null_x_rad"),
        "campaign.yaml: dispersions.gimbal_null_x_rad: unknown parameter 'gimbal_null_x_rad', "
        "did you mean gimbal_null_x_deg (degrees in files)?",
    ),
    (
        rename("campaign.dispersions.thrust_scale", "qqqqqq"),
        "campaign.yaml: dispersions.qqqqqq: unknown parameter 'qqqqqq'",
    ),
    (
        rename("campaign.dispersions.thrust_scale", "initiator"),
        "campaign.yaml: dispersions.initiator: unknown parameter 'initiator'",
    ),
    (
        rename("vehicle.engine.thrust_vac_n", "thrust_vac"),
        "vehicle.yaml: engine.thrust_vac: unknown key, did you mean thrust_vac_n (unit missing)?",
    ),
    (
        rename("vehicle.gimbal.travel_deg", "travel_rad"),
        "vehicle.yaml: gimbal.travel_rad: unknown key, did you mean travel_deg (degrees in files)?",
    ),
    (
        rename("vehicle.engine", "engin"),
        "vehicle.yaml: engin: unknown key, did you mean engine or gains?",
    ),
    (
        put("campaign.requirements.0.holds.1.metric", "touchdown_tilt"),
        "campaign.yaml: requirements.0.holds.1.metric: unknown metric 'touchdown_tilt', "
        "did you mean touchdown_tilt_deg (unit missing)?",
    ),
    (
        put("campaign.requirements.0.holds.0.outcome", "at_rst"),
        "campaign.yaml: requirements.0.holds.0.outcome: unknown outcome 'at_rst', "
        "did you mean at_rest?",
    ),
    (
        rename("campaign.failures.engine_out", "engine_ut"),
        "campaign.yaml: failures.engine_ut: unknown failure 'engine_ut', "
        "did you mean engine_out or engine_no_start?",
    ),
    (
        rename("campaign.wind.profile", "profil"),
        "campaign.yaml: wind.profil: unknown key, did you mean profile?",
    ),
]
VALUES = [
    (drop("campaign.seed"), "campaign.yaml: seed: missing, expected a value"),
    (drop("vehicle.lox.load_kg"), "vehicle.yaml: lox.load_kg: missing, expected a value"),
    (
        put("vehicle.mass.dry_kg", 7500.0),
        "vehicle.yaml: mass.dry_kg: got 7500.0, expected {value: ..., tag: ..., source: ...}",
    ),
    (
        put("vehicle.mass.dry_kg.value", "7500 kg"),
        "vehicle.yaml: mass.dry_kg.value: got '7500 kg', expected a number, without quotes; "
        "YAML wants a point in 1.0e-3",
    ),
    (
        put("vehicle.mass.dry_kg.value", 0.0),
        "vehicle.yaml: mass.dry_kg.value: got 0.0, expected > 0",
    ),
    (
        put("vehicle.lox.residual_kg.value", -1.0),
        "vehicle.yaml: lox.residual_kg.value: got -1.0, expected >= 0",
    ),
    (
        put("vehicle.mass.dry_kg.source", ""),
        "vehicle.yaml: mass.dry_kg.source: got '', expected text",
    ),
    (
        put("vehicle.mass.dry_kg.tag", "X"),
        "vehicle.yaml: mass.dry_kg.tag: got 'X', expected 'P', 'P2', 'D', 'K' or 'E'",
    ),
    (put("vehicle.legs", 7), "vehicle.yaml: legs: got 7, expected <= 6"),
    (
        put("campaign.dispersions.thrust_scale.sigma", -0.01),
        "campaign.yaml: dispersions.thrust_scale.sigma: got -0.01, expected > 0",
    ),
    (
        put("campaign.dispersions.thrust_scale.law", "gaussian"),
        "campaign.yaml: dispersions.thrust_scale.law: got 'gaussian', expected one of 'normal', "
        "'truncated_normal', 'uniform', 'log_normal', 'weibull', 'empirical', 'discrete', "
        "'discrete_uniform', 'bernoulli'",
    ),
    (
        put("campaign.wind.profile.value", "cubic"),
        "campaign.yaml: wind.profile.value: got 'cubic', "
        "expected 'power_law', 'log_law', 'linear' or 'table'",
    ),
    (put("campaign.runs", 0), "campaign.yaml: runs: got 0, expected >= 1"),
    (put("campaign.runs", 1.5), "campaign.yaml: runs: got 1.5, expected a whole number"),
    (
        put("campaign.requirements.0.probability", 1.0),
        "campaign.yaml: requirements.0.probability: got 1.0, expected < 1",
    ),
    (
        put("campaign.requirements.0.holds.1", {"metric": "touchdown_miss_m"}),
        "campaign.yaml: requirements.0.holds.1: got {'metric': 'touchdown_miss_m'}, expected "
        "either metric with at_most or at_least, or outcome, or not_outcome, or inside_m",
    ),
    (
        put("campaign.name", "../hop"),
        "campaign.yaml: name: got '../hop', expected letters, digits, _ - and .: "
        "it names the store",
    ),
    (put("campaign.site", 3), "campaign.yaml: site: got 3, expected keys and values"),
]


@pytest.mark.parametrize(("edit", "message"), SPELLING + VALUES)
def test_load__names_file_key_found_and_expected(edit: Edit, message: str, tmp_path: Path) -> None:
    assert problems(tmp_path, edit) == [message]


def test_load__tells_all_mistakes_of_both_files_at_once(tmp_path: Path) -> None:
    spelling = [edit for edit, _ in (SPELLING[0], SPELLING[8])]
    values = [
        put("campaign.dispersions.isp_scale.sigma", -1.0),
        put("vehicle.gimbal.travel_deg.tag", "Z"),
    ]
    physics = [
        put("vehicle.engine.thrust_vac_n.value", 100000.0),
        put("campaign.mission.2.up_m", 3.0),
    ]
    found = problems(tmp_path, *spelling, *values, *physics)
    keys = {problem.split(": ")[1] for problem in found}
    assert keys == {
        "dispersions.thrust_scal",
        "requirements.0.holds.1.metric",
        "dispersions.isp_scale.sigma",
        "gimbal.travel_deg.tag",
        "engine.thrust_vac_n",
        "mission.2.up_m",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "not YAML: while parsing a flow sequence"),
        ("a: &x !!python/object:os.system {}", "not YAML: could not determine a constructor"),
        ("- 1\n- 2\n", "got a list, expected keys and values"),
        ("", "got an empty file, expected keys and values"),
        ("just words", "got 'just words', expected keys and values"),
        ("? [1, 2]\n: 3", "not YAML: while constructing a mapping"),
        ("!!map [1, 2]", "not YAML: expected a mapping node"),
        ("a: \x00", "not YAML: unacceptable character"),
    ],
)
def test_load__refuses_what_is_no_mapping_in_yaml(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=re.escape(f"{path}: {message}")):
        load_campaign(path)


def test_load__refuses_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(BadInput, match="not YAML"):
        load_campaign(path)


def test_load__refuses_a_key_given_twice(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text()
    path.write_text(text + "runs: 7\n")
    with pytest.raises(BadInput) as caught:
        load_campaign(path)
    (problem,) = caught.value.problems
    last = text.count("\n") + 1
    assert re.search(rf"runs: given twice, in lines \d+ and {last}, expected once$", problem)


def test_load__says_where_it_looked_for_a_missing_vehicle(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, put("campaign.vehicle", "vehicles/none.yaml"))
    assert found.startswith("campaign.yaml: vehicle: found no file vehicles/none.yaml, campaigns/")
    assert found.endswith("none.yaml; expected a vehicle file")


def test_load__says_where_it_looked_for_a_missing_campaign() -> None:
    with pytest.raises(
        BadInput, match=r"^nowhere.yaml: found no file nowhere.yaml, .*campaign file"
    ):
        load_campaign("nowhere.yaml")


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "+1.e-3", "0.001", "1.0E-03"])
def test_load__reads_every_way_to_write_a_number(number: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace('"sigma": 0.0033', f'"sigma": {number}'))
    assert load_campaign(path).dispersions["isp_scale"].sigma == 0.001  # type: ignore[attr-defined]


def test_load__finds_the_packages_campaigns_and_vehicles_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = write(tmp_path, put("campaign.vehicle", "vehicles/hyperbola_2y.yaml"))
    assert load_campaign("hop_178m") == load_campaign(CAMPAIGN) == load_campaign(here)


def test_campaign__keeps_everything_through_its_canonical_text() -> None:
    campaign = load_campaign(CAMPAIGN)
    text = campaign.canonical()
    again = Campaign.from_canonical(text)
    assert again == campaign
    assert again.canonical() == text
    assert list(again.failures) == list(campaign.failures)  # their order decides who fails
    assert json.loads(text)["vehicle"]["mass"]["dry_kg"]["source"]


def test_campaign__canonical_text_does_not_depend_on_how_numbers_are_written(
    tmp_path: Path,
) -> None:
    as_integers = edited(tmp_path, put("campaign.limits.time_s.value", 120))
    as_floats = edited(tmp_path, put("campaign.limits.time_s.value", 120.0))
    assert as_integers.canonical() == as_floats.canonical()


def test_campaign__records_another_number_of_runs() -> None:
    campaign = load_campaign(CAMPAIGN)
    fewer = campaign.with_runs(512)
    kept = json.loads(fewer.canonical())
    assert (kept["runs"], kept["runs_override"]) == (512, True)
    assert campaign.with_runs(campaign.runs) == campaign
    with pytest.raises(BadInput, match="--runs: got 0, expected >= 1"):
        campaign.with_runs(0)


def test_campaign__is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_campaign(CAMPAIGN).runs = 1  # type: ignore[misc]


def test_schema__knows_the_keys_of_the_reference_campaign() -> None:
    schema = json.loads(campaign_schema())
    campaign = yaml.safe_load(CAMPAIGN.read_text())
    assert campaign.keys() <= schema["properties"].keys()
    assert schema["properties"]["vehicle"]["type"] == "string"
    names = schema["properties"]["dispersions"]["propertyNames"]["enum"]
    assert campaign["dispersions"].keys() <= set(names)
