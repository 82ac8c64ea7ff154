"""From campaign to numbers: units, beliefs, and draws that do not depend on who draws them."""

from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import structs
from models.lanes import PHASE_ROWS, UNIFORM_ROWS
from models.lanes.rows import flatten, names
from models.outcomes import Initiator
from pipeline import build
from pipeline.batch import input_names
from pipeline.config import Campaign, load_campaign
from pipeline.laws import LAWS
from tests.pipeline.campaign_files import CAMPAIGN, drop, edited, put

SURE = {"probability": 0.5, "tag": "E", "source": "test"}


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign(CAMPAIGN)


def test_design__is_the_vehicle_at_its_site_in_si_and_radians(campaign: Campaign) -> None:
    case, vehicle = build.design(campaign), campaign.vehicle
    assert case.mass.dry_kg == vehicle.mass.dry_kg.value
    assert case.gimbal.travel_rad == pytest.approx(vehicle.gimbal.travel_deg.value * pi / 180)
    assert case.gimbal.rate_radps == pytest.approx(vehicle.gimbal.rate_dps.value * pi / 180)
    assert case.gimbal.natural_frequency_radps == vehicle.gimbal.natural_frequency_radps.value
    assert case.legs.foot_radius_m == vehicle.landing_legs.foot_radius_m.value
    assert case.wind.from_rad == pytest.approx(campaign.wind.from_deg.value * pi / 180)
    assert case.wind.profile == 0.0  # power law
    assert case.start == structs.Start()
    assert case.engine.misalignment_x_rad == 0.0  # left out of the file


def test_design__every_leaf_is_a_finite_float(campaign: Campaign) -> None:
    leaves = flatten(build.design(campaign))
    assert {type(leaf) for leaf in leaves} == {float}
    assert np.isfinite(leaves).all()


def test_design__a_start_in_the_campaign_counts(tmp_path: Path) -> None:
    start = {"up_m": 100.0, "omega_z_dps": 180.0, "held": 0}
    case = build.design(edited(tmp_path, put("campaign.start", start)))
    assert case.start == structs.Start(up_m=100.0, omega_z_radps=pi, held=0.0)


def test_setup__lays_out_what_all_runs_share(campaign: Campaign) -> None:
    shared = build.setup(campaign)
    assert shared.shared.shape == (UNIFORM_ROWS,)
    assert shared.shared.dtype == np.float64
    assert shared.shared[-2:].tolist() == [campaign.steps.flight, campaign.steps.contact]
    assert shared.tables.phases.shape == (structs.MAX_PHASES * PHASE_ROWS,)
    phases = shared.tables.phases.reshape(structs.MAX_PHASES, PHASE_ROWS)
    last = len(campaign.mission) - 1
    up = structs.Phase._fields.index("up_m")
    assert phases[: last + 1, up].tolist() == [phase.up_m for phase in campaign.mission]
    assert (phases[last:] == phases[last]).all()  # unused phases repeat the last
    assert phases[:, structs.Phase._fields.index("terminal")].tolist() == [0.0] * last + [1.0] * (
        structs.MAX_PHASES - last
    )


def test_plant__believes_the_design(campaign: Campaign) -> None:
    case = build.design(campaign)
    belief = build.plant(case, build.record(structs.Gains, campaign.vehicle.gains))
    propellant = case.lox.load_kg + case.fuel.load_kg
    residual = case.lox.residual_kg + case.fuel.residual_kg
    assert belief.full_kg == case.mass.dry_kg + propellant
    assert belief.empty_kg == pytest.approx(case.mass.dry_kg + residual + 0.1 * propellant)
    assert belief.thrust_vac_n == case.engine.thrust_vac_n
    assert belief.empty_inertia_kgm2 < belief.full_inertia_kgm2
    # Between the residuals' and the full load's centre of mass, above the gimbal
    assert 0.0 < belief.full_arm_m < case.gnss.z_m
    # US Standard Atmosphere 1976, table I: 89,876 Pa at 1,000 m
    assert belief.ground_pressure_pa == pytest.approx(89876, abs=1)


# --- draws ----------------------------------------------------------------------------------------


def test_draws__of_a_run_are_the_same_for_every_split(campaign: Campaign) -> None:
    whole = build.draws(campaign, 0, 40)
    parts = [build.draws(campaign, *ends) for ends in ((0, 7), (7, 24), (24, 40))]
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([part[name] for part in parts]))


def test_draws__are_in_radians(campaign: Campaign) -> None:
    drawn = build.draws(campaign, 0, 2000)
    law: Any = campaign.dispersions["thrust_misalignment_x_deg"]
    spread = np.std(drawn["thrust_misalignment_x_rad"])
    # standard error of a sigma from 2,000 values: 1.6 %; four of them
    assert spread == pytest.approx(law.sigma * pi / 180, rel=0.064)
    assert 6.0 < drawn["wind_from_rad"].max() < 2 * pi


def test_draws__hold_every_stored_input(campaign: Campaign) -> None:
    drawn = build.draws(campaign, 0, 3)
    assert set(input_names(campaign)) == drawn.keys() - {"initiator"}
    assert {values.shape for values in drawn.values()} == {(3,)}


def test_draws__another_parameter_shifts_no_other(campaign: Campaign, tmp_path: Path) -> None:
    fewer = edited(tmp_path, drop("campaign.dispersions.density_scale"))
    before, after = build.draws(campaign, 0, 20), build.draws(fewer, 0, 20)
    for name, values in after.items():
        np.testing.assert_array_equal(values, before[name])


def test_failures__one_at_most_each_with_its_share(tmp_path: Path) -> None:
    late = {"law": "uniform", "lower": 10.0, "upper": 20.0, "class": "flight", "tag": "E"}
    branches = {
        "leg_collapse": SURE,
        "engine_out": SURE | {"probability": 0.3, "time_s": late | {"source": "test"}},
    }
    drawn = build.draws(edited(tmp_path, put("campaign.failures", branches)), 0, 4000)
    code = drawn["initiator"]
    shares = [np.mean(code == c) for c in (Initiator.leg_collapse, Initiator.engine_out)]
    # four standard errors of a share of 4,000
    assert shares == pytest.approx([0.5, 0.3], abs=4 * np.sqrt(0.25 / 4000))
    out = code == Initiator.engine_out
    assert (drawn["failure_time_s"][~out] == 0.0).all()
    assert 10.0 < drawn["failure_time_s"][out].min() < drawn["failure_time_s"][out].max() < 20.0
    assert set(drawn["failure_leg"]) == {0.0, 1.0, 2.0, 3.0}


def test_failures__a_branch_at_the_end_takes_only_healthy_runs(tmp_path: Path) -> None:
    few = {"leg_collapse": SURE | {"probability": 0.2}}
    more = few | {"false_switch": SURE | {"probability": 0.2}}
    before, after = (
        build.draws(edited(tmp_path, put("campaign.failures", branches)), 0, 500)["initiator"]
        for branches in (few, more)
    )
    hit = before != Initiator.none
    np.testing.assert_array_equal(after[hit], before[hit])
    assert set(after[~hit]) == {Initiator.none, Initiator.false_switch}


# --- nominal --------------------------------------------------------------------------------------


def test_nominal__has_medians_and_no_noise(campaign: Campaign) -> None:
    shared, runs = build.nominal(campaign)
    case, design = runs.case, shared.design
    values = {
        name: float(np.broadcast_to(leaf, (1,))[0])
        for name, leaf in zip(names(structs.Case), flatten(case), strict=True)
    }
    for name, value in values.items():
        part, field = name.split(".")
        if part in ("imu", "gnss", "altimeter") and any(
            word in field for word in ("noise", "walk", "bias")
        ):
            assert value == 0.0, name
    assert values["wind.w20_mps"] == values["wind.gust_mps"] == 0.0
    assert values["failure.initiator"] == 0.0
    assert values["wind.speed_mps"] == campaign.dispersions["wind_speed_mps"].median()
    # The flight software keeps its own idea of the noise
    assert design.imu.gyro_noise_radps_rthz > 0.0
    tuning = structs.Tuning._fields.index("start_errors")
    rows = len(names(structs.Case)) + len(structs.Gains._fields)
    assert shared.shared[rows + tuning] == 0.0


def test_median_draw__is_every_laws_own_median(campaign: Campaign) -> None:
    medians = build.median_draw(campaign)
    assert medians.keys() == build.draws(campaign, 0, 1).keys()
    assert medians["thrust_scale"] == 1.0
    assert medians["wind_from_rad"] == pytest.approx(pi)


def test_campaign__has_laws_of_several_kinds(campaign: Campaign) -> None:
    kinds = {type(law) for law in campaign.dispersions.values()}
    assert len(kinds) >= 5
    assert kinds <= set(LAWS)
    assert len(campaign.dispersions) >= 60
