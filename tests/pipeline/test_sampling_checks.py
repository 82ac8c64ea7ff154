"""Design, correlations and measured values in a campaign file: read in, and each mistake told."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline import batch, build
from pipeline.config import Campaign, load_campaign
from pipeline.errors import BadInput
from pipeline.laws import Empirical
from pipeline.sampling import Independent, LatinHypercube
from tests.pipeline.campaign_files import CAMPAIGN, Edit, drop, edited, problems, put

PEDIGREE = {"tag": "E", "source": "test"}
UNITS = """# gyros of a lot
serial,gyro_bias_x_dps,gyro_bias_y_dps
A1,0.001,-0.002
A2,0.002,-0.004
A3,-0.003,0.006
"""
ROWS = {"file": "units.csv", "columns": ["gyro_bias_x_dps", "gyro_bias_y_dps"],
        "class": "assembly", **PEDIGREE}  # fmt: skip
MEASURED = {"law": "empirical", "file": "units.csv", "column": "gyro_bias_x_dps",
            "class": "assembly", **PEDIGREE}  # fmt: skip
GYROS = "campaign.dispersions.gyro_bias_{}_dps"
IN_ROWS = (
    drop(GYROS.format("x")),
    drop(GYROS.format("y")),
    put("campaign.rows", {"lot": ROWS}),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "units.csv").write_text(UNITS)
    return tmp_path


def pair(a: str, b: str, rho: float) -> dict[str, Any]:
    return {"a": a, "b": b, "rho": rho, **PEDIGREE}


def sampling(**keys: Any) -> Edit:
    return put("campaign.sampling", keys)


# --- what is read ---------------------------------------------------------------------------------


def test_load__independent_is_the_default_and_stands_in_the_text() -> None:
    campaign = load_campaign(CAMPAIGN)
    assert campaign.sampling == Independent()
    assert '"design": "independent"' in campaign.canonical()


def test_load__rows_are_a_part_of_the_text_and_of_every_run(folder: Path) -> None:
    campaign = edited(folder, *IN_ROWS)
    (folder / "units.csv").unlink()
    again = Campaign.from_canonical(campaign.canonical())
    assert again == campaign
    drawn = build.draws(again, 0, 100)
    pairs = np.degrees(np.column_stack([drawn["gyro_bias_x_radps"], drawn["gyro_bias_y_radps"]]))
    np.testing.assert_allclose(
        np.unique(pairs, axis=0), [[-0.003, 0.006], [0.001, -0.002], [0.002, -0.004]]
    )
    assert {"gyro_bias_x_radps", "gyro_bias_y_radps"} <= set(batch.input_names(again))
    assert np.degrees(build.median_draw(again)["gyro_bias_y_radps"]) == pytest.approx(-0.002)


def test_load__a_column_becomes_a_law(folder: Path) -> None:
    campaign = edited(folder, put(GYROS.format("x"), MEASURED))
    law = campaign.dispersions["gyro_bias_x_dps"]
    assert isinstance(law, Empirical)
    assert law.values == (0.001, 0.002, -0.003)
    assert "units.csv" in law.describe()
    assert Campaign.from_canonical(campaign.canonical()) == campaign


def test_load__the_shape_of_a_campaign_with_everything(folder: Path) -> None:
    campaign = edited(
        folder,
        *IN_ROWS,
        sampling(design="latin_hypercube", points=500),
        put("campaign.correlations", [pair("wind_speed_mps", "gust_mps", 0.7)]),
    )
    assert isinstance(campaign.sampling, LatinHypercube)
    whole = build.draws(campaign, 480, 520)
    for name, values in build.draws(campaign, 499, 501).items():
        np.testing.assert_array_equal(values, whole[name][19:21])


def test_with_runs__grows_by_whole_parts(folder: Path) -> None:
    campaign = edited(folder, sampling(design="latin_hypercube", points=500))
    grown = campaign.with_runs(12_000)
    assert grown.runs == 12_000
    before, after = build.draws(campaign, 0, 1000), build.draws(grown, 0, 1000)
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])
    with pytest.raises(BadInput, match=r"^--runs: got 10001, expected a multiple of 500, the poi"):
        campaign.with_runs(10_001)
    with pytest.raises(BadInput, match=r"^--runs: got 0, expected >= 1$"):
        campaign.with_runs(0)


def test_page__every_example_loads(tmp_path: Path) -> None:
    """The examples of campaigns/SAMPLING.md in the reference campaign, files beside it."""
    page = (CAMPAIGN.parent / "SAMPLING.md").read_text(encoding="utf-8")
    (tmp_path / "hot_fires.csv").write_text("thrust_scale\n0.99\n1.004\n1.0\n")
    (tmp_path / "imu_lot.csv").write_text(
        "gyro_bias_x_dps,gyro_bias_y_dps,accel_bias_x_mps2\n0.0001,0.0,0.001\n-0.0001,0.0,0.0\n"
    )
    examples = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.S)]
    assert [list(example) for example in examples] == [
        ["sampling"], ["correlations"], ["dispersions"], ["dispersions", "rows"]
    ]  # fmt: skip

    for example in examples:
        assert edited(tmp_path, _with(example))
    designs = re.findall(r"^\| `(\w+)`(?:, `(.*)`)? ", page, re.M)
    assert [name for name, _ in designs] == [
        "independent", "strata", "latin_hypercube", "sobol", "nested"
    ]  # fmt: skip
    for name, keys in designs:
        given = yaml.safe_load(f"{{design: {name}, {keys.replace('`, `', ', ')}}}")
        assert edited(tmp_path, put("campaign.sampling", given), put("campaign.runs", 20_480_000))


def _with(example: dict[str, Any]) -> Edit:
    """Put an example in; what it draws in rows is no dispersion any more."""

    def edit(campaign: dict[str, Any], vehicle: dict[str, Any]) -> None:
        for key, part in example.items():
            campaign[key] = campaign[key] | part if key == "dispersions" else part
        for rows in campaign.get("rows", {}).values():
            for name in rows["columns"]:
                del campaign["dispersions"][name]

    return edit


# --- mistakes -------------------------------------------------------------------------------------

MISTAKES = [
    (
        [sampling(design="sobol", points=512)],
        ["campaign.yaml: runs: got 10000, expected a multiple of 512, the points of a replicate: "
         "9,728 or 10,240"],
    ),
    (
        [sampling(design="latin_hypercube", points=1000)],
        ["campaign.yaml: runs: got 10000, which is 10 replicates of 1000, expected at least 20 of "
         "them (20000), or one without intervals (1000)"],
    ),
    (
        [sampling(design="sobol", points=500)],
        ["campaign.yaml: sampling.points: got 500, expected a power of two: 256 or 512"],
    ),
    (
        [sampling(design="strata", bins={"wind_speed": 10})],
        ["campaign.yaml: sampling.bins: got 'wind_speed', expected one of the dispersions, "
         "did you mean wind_speed_mps (unit missing)?"],
    ),
    (
        [sampling(design="nested", outer=["flight"], inner_runs=300)],
        ["campaign.yaml: runs: got 10000, expected a multiple of 300, sampling.inner_runs: "
         "9,900 or 10,200"],
    ),
    (
        [put("campaign.dispersions", {}), sampling(design="nested", outer=["day"], inner_runs=10)],
        ["campaign.yaml: sampling.outer: got 'day', a class that no dispersion has"],
    ),
    (
        [put("campaign.correlations", [pair("wind_speed_mps", "gusts", 0.5)])],
        ["campaign.yaml: correlations.0.b: got 'gusts', expected one of the dispersions, "
         "did you mean gust_mps?"],
    ),
    (
        [put("campaign.correlations", [pair("gust_mps", "gust_mps", 0.5)])],
        ["campaign.yaml: correlations.0.b: got gust_mps, expected another parameter than a"],
    ),
    (
        [put("campaign.correlations", [pair("gust_mps", "friction", 0.5),
                                       pair("friction", "gust_mps", 0.4)])],
        ["campaign.yaml: correlations: friction and gust_mps 2 times"],
    ),
    (
        [put("campaign.dispersions.friction", {"law": "discrete", "values": [0.3, 0.5],
             "probabilities": [0.5, 0.5], "class": "flight", **PEDIGREE}),
         put("campaign.correlations", [pair("gust_mps", "friction", 0.5)])],
        ["campaign.yaml: correlations.0.b: friction is one of 0.3 (0.5), 0.5 (0.5), expected a "
         "continuous law: ranks of steps tie"],
    ),
    (
        [put("campaign.correlations", [pair("gust_mps", "friction", 0.9),
                                       pair("gust_mps", "isp_scale", 0.9),
                                       pair("friction", "isp_scale", -0.5)])],
        ["campaign.yaml: correlations: cannot all hold at once (the matrix is not positive "
         "definite), expected, nearest to what was asked: friction with gust_mps 0.5871 (asked "
         "0.9), friction with isp_scale -0.2562 (asked -0.5), gust_mps with isp_scale 0.5871 "
         "(asked 0.9)"],
    ),
    ([put("campaign.rows", {"lot": ROWS})], [
        "campaign.yaml: rows.lot.columns: gyro_bias_x_dps stands in dispersions, too, expected it "
        "once",
        "campaign.yaml: rows.lot.columns: gyro_bias_y_dps stands in dispersions, too, expected it "
        "once",
    ]),
    (
        [*IN_ROWS, put("campaign.correlations", [pair("gust_mps", "gyro_bias_x_dps", 0.5)])],
        ["campaign.yaml: correlations.0.b: gyro_bias_x_dps is drawn in rows, which correlate it "
         "as measured"],
    ),
    (
        [*IN_ROWS, put("campaign.rows.lot.columns", ["gyro_bias_x_dps", "serial"])],
        ["units.csv: line 3: serial: got 'A1', expected a finite number",
         "units.csv: line 4: serial: got 'A2', expected a finite number",
         "units.csv: line 5: serial: got 'A3', expected a finite number",
         "campaign.yaml: rows.lot.columns.1: unknown parameter 'serial'"],
    ),
    (
        [*IN_ROWS, put("campaign.rows.lot.columns", ["gyro_bias_z_dps"])],
        ["campaign.yaml: rows.lot: got 'gyro_bias_z_dps', expected a column of units.csv, did you "
         "mean gyro_bias_y_dps or gyro_bias_x_dps?",
         "campaign.yaml: rows.lot.columns: gyro_bias_z_dps stands in dispersions, too, expected "
         "it once"],
    ),
    (
        [put(GYROS.format("x"), MEASURED | {"file": "lots.csv"})],
        ["campaign.yaml: dispersions.gyro_bias_x_dps.file: found no file lots.csv, "
         "campaigns/lots.csv, PACKAGED/lots.csv; expected a CSV file"],
    ),
    (
        [put(GYROS.format("x"), MEASURED | {"values": [1.0, 2.0]})],
        ["campaign.yaml: dispersions.gyro_bias_x_dps.values: got values and a file, expected the "
         "file alone"],
    ),
    (
        [put(GYROS.format("x"), {"law": "empirical", "class": "assembly", **PEDIGREE})],
        ["campaign.yaml: dispersions.gyro_bias_x_dps: expected either values, or file and column"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "messages"), MISTAKES, ids=[m[0][15:60] for _, m in MISTAKES])
def test_load__mistake_names_key_found_and_expected(
    edits: list[Edit], messages: list[str], folder: Path
) -> None:
    packaged = str(CAMPAIGN.parent)
    found = [problem.replace(packaged, "PACKAGED") for problem in problems(folder, *edits)]
    assert found == messages
