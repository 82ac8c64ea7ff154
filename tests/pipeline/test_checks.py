"""Checks between sections: each campaign that cannot fly, and the numbers that say why."""

import re
from pathlib import Path

import pytest

from pipeline.config import load_campaign
from pipeline.errors import BadInput
from tests.pipeline.campaign_files import Edit, problems, put

LAW = {"law": "normal", "mean": 1.0, "sigma": 0.1, "class": "flight", "tag": "E", "source": "test"}
OPEN_ENDED = {"probability": 0.01, "tag": "E", "source": "test"}

# (what is spoilt, the one message it makes)
PHYSICS = [
    (
        put("vehicle.engine.thrust_vac_n.value", 100000.0),
        r"vehicle.yaml: engine.thrust_vac_n: got 100,000 N, which leaves [\d,]+ N at the site's "
        r"air pressure of 89,\d+ Pa, expected more than the lift-off weight of [\d,]+ N "
        r"\([\d,]+ kg\)",
    ),
    (
        put("vehicle.gains.start_throttle.value", 0.5),
        r"vehicle.yaml: gains.start_throttle: got 0.5, which makes [\d,]+ N at the site, expected "
        r"more than the [\d,]+ N at which the clamps open \(gains.release_thrust_to_weight\)",
    ),
    (
        put("vehicle.engine.throttle_min.value", 0.7),
        r"vehicle.yaml: engine.throttle_min: got 0.7, which makes [\d,]+ N at the site, expected "
        r"less than the weight of [\d,]+ N of the empty vehicle \([\d,]+ kg dry with residuals\): "
        r"every phase needs to hover and descend",
    ),
    (
        put("vehicle.engine.dead_time_s.value", 0.3),
        r"vehicle.yaml: engine.dead_time_s: got 0.3, expected at most 0.14, which is all that acts",
    ),
    (
        put("vehicle.fuel.residual_kg.value", 5000.0),
        r"vehicle.yaml: fuel.residual_kg: got 5000, expected less than load_kg, \d+",
    ),
    (
        put("campaign.mission.2.up_m", 3.0),
        r"campaign.yaml: mission.2.up_m: got 3, expected below 0: the mission never reaches the "
        r"ground unless its last waypoint lies under it",
    ),
    (
        put("campaign.mission.2.terminal", False),
        r"campaign.yaml: mission.2.terminal: got false, expected true: the last phase ends with "
        r"cut-off",
    ),
    (
        put("campaign.mission.0.terminal", True),
        r"campaign.yaml: mission.0.terminal: got true, expected it on the last phase only",
    ),
    (
        put("campaign.mission.1.up_m", 0.0),
        r"campaign.yaml: mission.1.up_m: got 0, expected > 0 before the last phase",
    ),
    (
        put("campaign.mission.2.east_m", 30.0),
        r"campaign.yaml: mission.2: lands 30 m from the target, expected within pad_radius_m, 10",
    ),
    (
        put("campaign.mission.1.name", "ascent"),
        r"campaign.yaml: mission: got the name 'ascent' 2 times, expected each name once",
    ),
    (
        put("campaign.mission.0.speed_mps", 0.0),
        r"campaign.yaml: mission.0.speed_mps: got 0, expected > 0",
    ),
    (
        put("campaign.limits.time_s.value", 10.0),
        r"campaign.yaml: limits.time_s: got 10, expected more than the [\d.]+ s the mission takes "
        r"at its speeds",
    ),
    (
        put("campaign.start", {"open_loop": 1}),
        r"campaign.yaml: start.open_loop: got 1, expected 0: a campaign has no program",
    ),
    (
        put("campaign.wind.exponent.value", 1.5),
        r"campaign.yaml: wind.exponent: got 1.5, expected 0 to 0.6",
    ),
    (
        put("campaign.wind.roughness_m.value", 20.0),
        r"campaign.yaml: wind.roughness_m: got 20, expected less than reference_height_m, 10",
    ),
    (
        put("campaign.site.slope_deg.value", 40.0),
        r"campaign.yaml: site.slope_deg: got 40, expected 0 to [\d.]+, where a vehicle on pads of "
        r"friction [\d.]+ begins to slide",
    ),
    (
        put("campaign.site.elevation_m.value", 40000.0),
        r"campaign.yaml: site.elevation_m: got 40000, expected -500 to 30000",
    ),
    (
        put("campaign.dispersions.thrust_scale", LAW | {"sigma": 0.2}),
        r"campaign.yaml: dispersions.thrust_scale: got draws down to -0.6\d*, expected none below "
        r"0 \(`lower` cuts a law\)",
    ),
    (
        put("campaign.dispersions.friction", LAW | {"mean": 0.4}),
        r"campaign.yaml: dispersions.friction: got draws down to -0.4\d*, expected none below 0 "
        r"\(`lower` cuts a law\)",
    ),
    (
        put("campaign.dispersions.wind_roughness_m", LAW | {"sigma": 0.01}),
        r"campaign.yaml: dispersions.wind_roughness_m: has no effect with wind.profile power_law, "
        r"expected profile log_law",
    ),
    (
        put("campaign.dispersions.pad_height_4_m", LAW),
        r"campaign.yaml: dispersions.pad_height_4_m: the vehicle has 4 legs, counted from 0",
    ),
    (
        put("campaign.requirements.0.holds.1", {"metric": "stroke_5_m", "at_most": 0.1}),
        r"campaign.yaml: requirements.0.holds.1.metric: got stroke_5_m, the vehicle has 4 legs, "
        r"counted from 0",
    ),
    (
        put("campaign.failures.engine_out", OPEN_ENDED),
        r"campaign.yaml: failures.engine_out.time_s: missing, expected a law: seconds after "
        r"release",
    ),
    (
        put("campaign.failures.engine_out", OPEN_ENDED | {"time_s": LAW | {"mean": -20.0}}),
        r"campaign.yaml: failures.engine_out.time_s: got times down to -20.\d+, expected none "
        r"below 0",
    ),
    (
        put("campaign.failures.leg_collapse", OPEN_ENDED | {"probability": 0.99}),
        r"campaign.yaml: failures: got probabilities that add to 1.01\d*, expected less than 1",
    ),
]


@pytest.mark.parametrize(("edit", "message"), PHYSICS)
def test_checks__refuses_what_cannot_fly(edit: Edit, message: str, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, edit)
    assert re.fullmatch(message, found)


BURN = Path("campaigns/landing_burn.yaml").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "acceleration_mps2: 4.0",
            "acceleration_mps2: 9.0",
            r"mission.0.acceleration_mps2: got 9, expected 2.26 \(throttle floor, empty\) to 8.3\d "
            r"\(full thrust, full tanks\)",
        ),
        (
            "engine.throttle_min:",
            "engine.throtle_min:",
            r"vehicle_changes.engine.throtle_min: not in the vehicle file, did you mean "
            r"engine.throttle_min",
        ),
        (
            "engine.throttle_min: {value: 0.66,",
            "engine.throttle_min: {value: lots,",
            r"engine.throttle_min.*number",
        ),
    ],
)
def test_landing_burn__refuses_what_cannot_brake_and_changes_of_nothing(
    right: str, wrong: str, message: str, tmp_path: Path
) -> None:
    assert BURN.count(right) == 1
    path = tmp_path / "burn.yaml"
    path.write_text(BURN.replace(right, wrong))
    with pytest.raises(BadInput, match=message):
        load_campaign(path)
