"""The plan of a campaign: what a flight will draw, checked against laws and correlations."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline import batch, build, cli
from pipeline.config import Campaign, load_campaign
from pipeline.errors import BadInput, ExitCode
from pipeline.kept import KeptCampaign
from pipeline.plan import plan, told, write
from pipeline.sampling import laws
from pipeline.spelling import inside, to_si
from pipeline.summary.agreement import agreement, distance, expectation
from pipeline.summary.correlations import check_correlations, strongest_stray
from pipeline.summary.inputs import check_inputs
from tests.pipeline.campaign_files import CAMPAIGN, drop, edited, put

PEDIGREE = {"tag": "E", "source": "test"}
PAIR = {"a": "wind_speed_mps", "b": "turbulence_w20_mps", "rho": 0.7, **PEDIGREE}
OTHER = {"a": "density_scale", "b": "temperature_offset_k", "rho": -0.6, **PEDIGREE}
UNITS = "gyro_bias_x_dps,gyro_bias_y_dps\n0.0001,-0.0002\n0.00007,0.0001\n-0.00013,0.00003\n"
DESIGNS: dict[str, dict[str, Any]] = {
    "independent": {"design": "independent"},
    "strata": {"design": "strata", "bins": {"wind_speed_mps": 16, "gust_mps": 8}},
    "latin_hypercube": {"design": "latin_hypercube", "points": 128},
    "sobol": {"design": "sobol", "points": 4096},
    "nested": {"design": "nested", "outer": ["assembly", "day"], "inner_runs": 8},
}
RUNS = 4096


@pytest.fixture(scope="module", params=DESIGNS)
def campaign(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "units.csv").write_text(UNITS)
    lot = {"file": "units.csv", "columns": ["gyro_bias_x_dps", "gyro_bias_y_dps"],
           "class": "assembly", **PEDIGREE}  # fmt: skip
    return edited(
        folder,
        put("campaign.runs", RUNS),
        put("campaign.sampling", DESIGNS[request.param]),
        put("campaign.correlations", [PAIR, OTHER]),
        drop("campaign.dispersions.gyro_bias_x_dps"),
        drop("campaign.dispersions.gyro_bias_y_dps"),
        put("campaign.rows", {"lot": lot}),
    )


@pytest.fixture(scope="module")
def drawn(campaign: Campaign) -> xr.Dataset:
    return plan(campaign)


def kept(campaign: Campaign) -> KeptCampaign:
    return KeptCampaign.of({"campaign": campaign.canonical()})


def test_plan__is_what_a_flight_draws(campaign: Campaign, drawn: xr.Dataset) -> None:
    flown = build.draws(campaign, 1000, 1010)
    for name in batch.input_names(campaign):
        np.testing.assert_array_equal(drawn[name].values[1000:1010], flown[name])
        assert drawn[name].attrs["units"]
    assert drawn.sizes == {"run": campaign.runs}


def test_plan__follows_laws_and_correlations_under_every_design(
    campaign: Campaign, drawn: xr.Dataset
) -> None:
    asked = kept(campaign)
    checks = check_inputs(drawn, asked)
    assert len(checks) == len(laws(campaign))
    assert [check.name for check in checks if check.is_suspect] == []
    assert not any(pair.is_suspect for pair in check_correlations(drawn, asked))
    stray = strongest_stray(drawn, asked)
    assert stray is not None
    assert not stray.is_suspect
    text = told(drawn)
    assert "all drawn as asked" in text
    assert campaign.sampling.describe(campaign.runs) in text
    assert "rank correlation of wind_speed_mps and turbulence_w20_mps: asked 0.7" in text
    assert ("not gated" in text) == bool(campaign.sampling.no_gate)


def test_plan__of_another_law_is_noticed(campaign: Campaign, drawn: xr.Dataset) -> None:
    """A sigma 15 % too large, and an input taken for its neighbour."""
    spoilt = drawn.copy()
    sigma = 1.0 + (drawn["thrust_scale"] - 1.0) * 1.15
    spoilt["thrust_scale"] = sigma
    spoilt["isp_scale"] = drawn["throttle_scale"]
    suspects = {check.name for check in check_inputs(spoilt, kept(campaign)) if check.is_suspect}
    assert suspects == {"thrust_scale", "isp_scale"}
    assert "NOT AS ASKED: thrust_scale, isp_scale, correlation of " in told(spoilt)
    stray = strongest_stray(spoilt, kept(campaign))
    assert stray is not None
    assert {stray.a, stray.b} == {"isp_scale", "throttle_scale"}
    assert stray.is_suspect


def test_plan__of_no_correlation_is_noticed(campaign: Campaign, drawn: xr.Dataset) -> None:
    spoilt = drawn.copy()
    spoilt["wind_speed_mps"] = ("run", np.roll(drawn["wind_speed_mps"].values, 16))
    pair, other = check_correlations(spoilt, kept(campaign))
    assert pair.is_suspect
    assert not other.is_suspect


def test_plan__of_too_few_sobol_points_shows_what_they_do(tmp_path: Path) -> None:
    """In 80 dimensions 128 points lie so badly for some pairs that their ranks are correlated."""
    few = {"design": "sobol", "points": 128}
    campaign = edited(tmp_path, put("campaign.runs", 2048), put("campaign.sampling", few))
    stray = strongest_stray(plan(campaign), kept(campaign))
    assert stray is not None
    assert stray.is_suspect
    assert " !" in told(plan(campaign))


def test_plan__says_where_in_its_design_a_run_stands(campaign: Campaign, drawn: xr.Dataset) -> None:
    names = {"strata": "stratum", "latin_hypercube": "replicate", "sobol": "replicate",
             "nested": "group"}  # fmt: skip
    name = names.get(campaign.sampling.design)
    assert {"stratum", "replicate", "group"} & set(drawn.data_vars) == ({name} if name else set())
    if name is not None:
        sizes = np.bincount(drawn[name].values)
        assert (sizes == sizes[0]).all()


# --- limits of each design ------------------------------------------------------------------------


def test_limit__of_a_hypercube_is_one_cell(tmp_path: Path) -> None:
    """No chance in it, so a shift of one cell is seen; an unfinished store has a wider one."""
    campaign = edited(
        tmp_path, put("campaign.runs", 2000), put("campaign.sampling", DESIGNS["latin_hypercube"]
                                                  | {"points": 100})
    )  # fmt: skip
    law = campaign.dispersions["thrust_scale"]
    values = build.draws(campaign, 0, 2000)["thrust_scale"]
    whole = expectation(campaign, "thrust_scale", np.arange(2000))
    found = agreement(law, values, whole, 1e-4)
    assert found.limit == pytest.approx(0.01, rel=1e-6)
    assert found.distance <= 0.01
    assert agreement(law, values + 0.1 * 0.008, whole, 1e-4).is_suspect
    half = expectation(campaign, "thrust_scale", np.arange(1950))
    assert half.missing == pytest.approx(0.025)
    assert not agreement(law, values[:1950], half, 1e-4).is_suspect


def test_limit__within_bins_is_that_of_the_fullest_chance(tmp_path: Path) -> None:
    """Of 8 bins with 512 draws each; the distance is an eighth of the worst bin's."""
    strata = {"design": "strata", "bins": {"thrust_scale": 8}}
    campaign = edited(tmp_path, put("campaign.runs", 4096), put("campaign.sampling", strata))
    expected = expectation(campaign, "thrust_scale", np.arange(4096))
    values = build.draws(campaign, 0, 4096)["thrust_scale"]
    found = agreement(campaign.dispersions["thrust_scale"], values, expected, 0.01)
    free = agreement(campaign.dispersions["thrust_scale"], values, expected._replace(cells=1), 0.01)
    assert found.limit < free.limit / 2
    assert found.distance < found.limit


def test_distance__counts_both_sides_of_a_step(tmp_path: Path) -> None:
    coin = {"law": "discrete", "values": [0.0, 1.0], "probabilities": [0.5, 0.5], "class": "day"}
    campaign = edited(tmp_path, put("campaign.dispersions.friction", coin | PEDIGREE))
    law = campaign.dispersions["friction"]
    assert distance(law, np.array([0.0, 0.0, 1.0, 1.0])) == 0.0
    assert distance(law, np.array([0.0, 0.0, 0.0, 1.0])) == 0.25


def test_check__degrees_of_a_step_come_back_from_radians(tmp_path: Path) -> None:
    """0.06 deg in radians and back is another float; it is the same step."""
    steps = {"law": "discrete", "values": [0.06, 0.7], "probabilities": [0.3, 0.7], "class": "day"}
    campaign = edited(
        tmp_path, put("campaign.runs", 500), put("campaign.dispersions.pad_slope_deg",
                                                 steps | PEDIGREE)
    )  # fmt: skip
    drawn = plan(campaign)
    back = np.unique(drawn["pad_slope_rad"].values) / to_si("pad_slope_deg", 1.0)
    assert back.tolist() != [0.06, 0.7]
    checks = {check.name: check for check in check_inputs(drawn, kept(campaign))}
    assert checks[inside("pad_slope_deg")].test == "chi-square"
    assert not checks[inside("pad_slope_deg")].is_suspect


# --- files ----------------------------------------------------------------------------------------


def test_write__csv_and_netcdf_hold_the_same(tmp_path: Path) -> None:
    drawn = plan(load_campaign(CAMPAIGN).with_runs(300))
    write(drawn, tmp_path / "plan.csv")
    write(drawn, tmp_path / "deep" / "plan.nc")
    table = pd.read_csv(tmp_path / "plan.csv", index_col="run")
    with xr.open_dataset(tmp_path / "deep" / "plan.nc", engine="scipy") as read:
        for name in ("thrust_scale", "wind_from_rad", "failure_time_s"):
            np.testing.assert_array_equal(read[name].values, drawn[name].values)
            np.testing.assert_allclose(table[name], drawn[name].values, rtol=1e-15)
        assert read["wind_from_rad"].attrs["units"] == "rad"
        assert Campaign.from_canonical(read.attrs["campaign"]).runs == 300
    assert "none" in set(table["initiator"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "plan.csv"]


def test_write__another_ending_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a name that ends in \.csv or \.nc"):
        write(plan(load_campaign(CAMPAIGN).with_runs(2)), tmp_path / "plan.xlsx")
    assert not list(tmp_path.iterdir())


# --- command --------------------------------------------------------------------------------------


@pytest.fixture
def hoverslam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hoverslam", *map(str, words)])
        try:
            with pytest.raises(SystemExit) as end:
                cli.main()
        finally:
            said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return call


def test_command__tells_people_and_prints_where_the_plan_is(hoverslam: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    code, out, err = hoverslam("plan", CAMPAIGN, "--runs", "200", "--out", path)
    assert (code, out) == (0, f"{path}\n")
    first, design, heads, *_, advice, last = err.splitlines()
    assert first == "hop_178m: 200 runs, seed 20231102"
    assert design == "sampling: independent runs"
    assert heads.startswith("input, as drawn")
    assert advice.startswith("landing success: for 0.99 at 90 % fly 230 independent runs without")
    assert last.endswith("inputs: all drawn as asked")
    assert len(path.read_text().splitlines()) == 201


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--runs", "0"), "--runs: got 0, expected >= 1"),
        (("--out", "plan.txt"), "--out: got plan.txt, expected a name that ends in .csv or .nc"),
    ],
)
def test_command__mistake_is_bad_input_and_writes_nothing(
    hoverslam: Any, words: tuple[str, str], message: str
) -> None:
    code, out, err = hoverslam("plan", CAMPAIGN, *words)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert err == f"hoverslam: {message}\n"
