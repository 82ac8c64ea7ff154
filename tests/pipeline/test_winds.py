"""Winds from tables: the file and each mistake in it, and what they do to flights."""

import csv
from math import cos, exp, floor, log, radians, sin, sqrt
from pathlib import Path

import numpy as np
import pytest

from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build
from pipeline.config import Campaign, load_campaign
from pipeline.csv_file import MOST_ROWS
from pipeline.errors import BadInput
from pipeline.store import Provenance, prepare_store
from pipeline.winds import as_array, read_winds, wind_at
from tests.pipeline.campaign_files import ROOT, Edit, drop, edited, problems, put

HEADER = "member,height_m,east_mps,north_mps\n"
PAIR = HEADER + "0,0,1,0\n0,100,2,0\n1,0,0,3\n1,100,0,9\n"
PEDIGREE = {"tag": "E", "source": "test"}
MEMBER = {"law": "discrete_uniform", "lower": 0, "upper": 1, "class": "day", **PEDIGREE}
BY_LAW = ("speed_mps", "from_deg", "exponent", "roughness_m", "veer_degpm")
OF_LAW = ("wind_speed_mps", "wind_from_deg", "wind_exponent", "wind_veer_degpm")
N_RUNS = 24


def csv_file(folder: Path, text: str = PAIR) -> Path:
    path = folder / "winds.csv"
    path.write_text(text)
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    """What is said of a file, its name left out."""
    with pytest.raises(BadInput) as caught:
        read_winds(csv_file(folder, text))
    return [problem.removeprefix(f"{folder}/winds.csv: ") for problem in caught.value.problems]


TABLE: tuple[Edit, ...] = (
    *(drop(f"campaign.wind.{key}") for key in BY_LAW),
    *(drop(f"campaign.dispersions.{name}") for name in OF_LAW),
    put("campaign.wind.profile.value", "table"),
    put("campaign.wind.table", "winds.csv"),
)
ENSEMBLE: tuple[Edit, ...] = (*TABLE, put("campaign.dispersions.wind_member", MEMBER))


def flown(campaign: Campaign, start: int = 0, stop: int = N_RUNS) -> np.ndarray:
    """Metrics (run, metric)."""
    return batch.fly_batch(campaign.with_runs(N_RUNS).canonical(), start, stop).metrics


def column(campaign: Campaign, metrics: np.ndarray, name: str) -> np.ndarray:
    return metrics[:, batch.metric_names(campaign).index(name)]


# --- the file -------------------------------------------------------------------------------------


def test_read__profiles_by_member_and_wind_at_a_height(tmp_path: Path) -> None:
    winds = read_winds(csv_file(tmp_path))
    assert [(table.height_m, table.north_mps) for table in winds] == [
        ((0.0, 100.0), (0.0, 0.0)),
        ((0.0, 100.0), (3.0, 9.0)),
    ]
    assert as_array(winds).shape == (2, 2, 3)
    for height_m, expected in ((-5.0, [0.0, 3.0]), (50.0, [0.0, 6.0]), (200.0, [0.0, 9.0])):
        np.testing.assert_array_equal(wind_at(winds, height_m)[1], expected)


def test_read__one_profile_without_member_columns_in_any_order(tmp_path: Path) -> None:
    text = '\ufeff# a comment\n"north_mps", height_m ,east_mps\n\n1,0,2\n# on the way\n3,10,4\n'
    (only,) = read_winds(csv_file(tmp_path, text))
    assert (only.height_m, only.east_mps, only.north_mps) == ((0.0, 10.0), (2.0, 4.0), (1.0, 3.0))


COLUMNS = "height_m, east_mps, north_mps, and member where there are several profiles"
FILES = [
    ("", [f"got no rows, expected a line of names, {COLUMNS}, and rows of them"]),
    (HEADER, [f"got no rows, expected a line of names, {COLUMNS}, and rows of them"]),
    (
        "height_m,east_mps\n0,1\n",
        [f"line 1: got columns height_m, east_mps, expected {COLUMNS}"],
    ),
    (
        "# theirs\nheight_m;east_mps;north_mps\n0;1;2\n",
        [f"line 2: got columns height_m;east_mps;north_mps, expected {COLUMNS}"],
    ),
    (
        "height_m,east_mps,east_mps,north_mps\n0,1,1,2\n",
        [f"line 1: got columns height_m, east_mps, east_mps, north_mps, expected {COLUMNS}"],
    ),
    (
        HEADER + "0,0,1\n0,x,1,nan\n0,20,inf,1\n",
        [
            "line 2: got 3 values, expected 4",
            "line 3: height_m: got 'x', expected a finite number",
            "line 3: north_mps: got 'nan', expected a finite number",
            "line 4: east_mps: got 'inf', expected a finite number",
        ],
    ),
    (
        HEADER + "0,0,1,1\n0,10,1,1\n0,10,1,1\n0,5,1,1\n",
        [
            "line 4: height_m: got 10, expected more than 10, the level below",
            "line 5: height_m: got 5, expected more than 10, the level below",
        ],
    ),
    (HEADER + "1,0,1,1\n1,10,1,1\n", ["line 2: member: got 1, expected 0, the first"]),
    (
        HEADER + "0,0,1,1\n0,10,1,1\n2,0,1,1\n2,10,1,1\n0,20,1,1\n",
        [
            "line 4: member: got 2, expected 0 or 1: members stand one after the other",
            "line 6: member: got 0, expected 2 or 3: members stand one after the other",
        ],
    ),
    (HEADER + "0,0,1,1\n", ["member 0: got 1 level, expected 2 or more"]),
    (
        HEADER + "0,0,1,1\n0,10,1,1\n1,0,1,1\n1,10,1,1\n1,20,1,1\n",
        ["member 1: got 3 levels, expected 2, as many as member 0"],
    ),
    (
        "height_m,east_mps,north_mps\n" + "0,0,0\n" * (MOST_ROWS + 1),
        ["got 20,001 rows, expected at most 20,000"],
    ),
]


@pytest.mark.parametrize(("text", "messages"), FILES)
def test_read__names_every_mistake_and_its_line(
    text: str, messages: list[str], tmp_path: Path
) -> None:
    assert mistakes(tmp_path, text) == messages


def test_read__a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "winds.csv").write_bytes(b"height_m\xff\xfe")
    with pytest.raises(BadInput, match=r"winds\.csv: not a CSV file: .*utf-8"):
        read_winds(tmp_path / "winds.csv")


# --- in a campaign --------------------------------------------------------------------------------

# (what is spoilt, the file of winds, the messages it makes)
CAMPAIGNS = [
    (
        [*ENSEMBLE, drop("campaign.wind.table")],
        PAIR,
        ["campaign.yaml: wind.table: missing, expected a CSV file with wind.profile table"],
    ),
    (
        [
            put("campaign.wind.table", "winds.csv"),
            put("campaign.wind.member", {"value": 0.0, **PEDIGREE}),
        ],
        HEADER + "0,0,1,1\n0,10,1,1\n",
        [
            "campaign.yaml: wind.table: has no effect with wind.profile power_law, "
            "expected profile table",
            "campaign.yaml: wind.member: has no effect with wind.profile power_law, "
            "expected profile table",
        ],
    ),
    (
        [drop("campaign.wind.speed_mps"), drop("campaign.wind.roughness_m")],
        PAIR,
        [
            f"campaign.yaml: wind.{key}: missing, expected a value with wind.profile power_law"
            for key in ("speed_mps", "roughness_m")
        ],
    ),
    (
        [
            *ENSEMBLE,
            put("campaign.wind.speed_mps", {"value": 4.0, **PEDIGREE}),
            put("campaign.wind.shear_per_s", {"value": 0.1, **PEDIGREE}),
        ],
        PAIR,
        [
            f"campaign.yaml: wind.{key}: has no effect with wind.profile table"
            for key in ("speed_mps", "shear_per_s")
        ],
    ),
    (
        [
            *ENSEMBLE,
            put("campaign.dispersions.wind_speed_mps", MEMBER),
            put("campaign.dispersions.wind_exponent", MEMBER),
        ],
        PAIR,
        [
            "campaign.yaml: dispersions.wind_speed_mps: has no effect with wind.profile table, "
            "expected profile power_law or log_law or linear",
            "campaign.yaml: dispersions.wind_exponent: has no effect with wind.profile table, "
            "expected profile power_law",
        ],
    ),
    (
        [put("campaign.dispersions.wind_member", MEMBER)],
        PAIR,
        [
            "campaign.yaml: dispersions.wind_member: has no effect with wind.profile power_law, "
            "expected profile table"
        ],
    ),
    (
        TABLE,
        PAIR,
        [
            "campaign.yaml: dispersions.wind_member: missing, expected a law over members 0 to 1 "
            "of wind.table, or wind.member for one of them"
        ],
    ),
    (
        ENSEMBLE,
        HEADER + "0,0,1,1\n0,10,1,1\n",
        [
            "campaign.yaml: dispersions.wind_member: has no effect with the one profile of "
            "wind.table"
        ],
    ),
    (
        [*TABLE, put("campaign.dispersions.wind_member", MEMBER | {"upper": 2})],
        PAIR,
        [
            "campaign.yaml: dispersions.wind_member: got whole number, 0 to 2, expected whole "
            "numbers from 0 to 1, discrete_uniform or discrete"
        ],
    ),
    (
        [*TABLE, put("campaign.dispersions.wind_member", MEMBER | {"law": "uniform"})],
        PAIR,
        [
            "campaign.yaml: dispersions.wind_member: got uniform, 0 to 1, expected whole "
            "numbers from 0 to 1, discrete_uniform or discrete"
        ],
    ),
    (
        [*TABLE, put("campaign.wind.member", {"value": 1.5, **PEDIGREE})],
        PAIR,
        ["campaign.yaml: wind.member: got 1.5, expected a whole number, 0 to 1"],
    ),
    (
        ENSEMBLE,
        PAIR.replace("0,100,2", "0,-1,2"),
        ["winds.csv: line 3: height_m: got -1, expected more than 0, the level below"],
    ),
]


@pytest.mark.parametrize(("edits", "text", "messages"), CAMPAIGNS)
def test_load__names_what_does_not_act_and_what_is_missing(
    edits: list[Edit], text: str, messages: list[str], tmp_path: Path
) -> None:
    csv_file(tmp_path, text)
    assert problems(tmp_path, *edits) == messages


def test_load__a_missing_file_says_where_it_looked(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, *ENSEMBLE)
    assert said.startswith("campaign.yaml: wind.table: found no file winds.csv, ")
    assert said.endswith("; expected a CSV file")


def test_load__a_discrete_law_and_a_fixed_member_will_do(tmp_path: Path) -> None:
    csv_file(tmp_path)
    uneven = {**MEMBER, "law": "discrete", "values": [0, 1], "probabilities": [0.9, 0.1]}
    del uneven["lower"], uneven["upper"]
    assert edited(tmp_path, *TABLE, put("campaign.dispersions.wind_member", uneven)).wind.table
    fixed = edited(tmp_path, *TABLE, put("campaign.wind.member", {"value": 1.0, **PEDIGREE}))
    assert build.design(fixed).wind.member == 1.0
    assert build.design(fixed).wind.speed_mps == pytest.approx(3.6)
    assert batch.input_names(fixed)[-1] == "failure_leg"
    assert "wind_speed_mps" not in batch.input_names(fixed)


def test_campaign__holds_the_profiles_itself(tmp_path: Path) -> None:
    file = csv_file(tmp_path)
    campaign = edited(tmp_path, *ENSEMBLE)
    text = campaign.canonical()
    file.unlink()
    again = Campaign.from_canonical(text)
    assert again == campaign
    assert (again.wind.table or ())[1].north_mps == (3.0, 9.0)
    csv_file(tmp_path, PAIR.replace("1,100,0,9", "1,100,0,8.9"))
    assert edited(tmp_path, *ENSEMBLE).canonical() != text


# --- in flight ------------------------------------------------------------------------------------


@pytest.fixture
def ensemble(tmp_path: Path) -> Campaign:
    csv_file(tmp_path)
    return edited(tmp_path, *ENSEMBLE)


def test_flight__in_a_table_is_that_in_the_same_wind_by_a_law(tmp_path: Path) -> None:
    """5 m/s from the west at 10 m and 2 m/s more for every 100 m, of which both are exact."""
    csv_file(tmp_path, "height_m,east_mps,north_mps\n-90,3,0\n110,7,0\n1010,25,0\n")
    by_table = edited(tmp_path, *TABLE)
    linear = (
        put("campaign.wind.profile.value", "linear"),
        put("campaign.wind.speed_mps.value", 5.0),
        put("campaign.wind.from_deg.value", 270.0),
        put("campaign.wind.shear_per_s", {"value": 0.02, **PEDIGREE}),
        *(drop(f"campaign.dispersions.{name}") for name in OF_LAW),
    )
    by_law = edited(tmp_path, *linear)
    case = build.design(by_table).wind
    assert (case.speed_mps, case.from_rad) == pytest.approx((5.0, radians(270.0)), rel=1e-12)
    rows, expected = flown(by_table), flown(by_law)
    np.testing.assert_allclose(rows, expected, rtol=1e-6, atol=1e-6)


def test_flight__each_run_meets_the_profile_that_it_has_drawn(
    ensemble: Campaign, tmp_path: Path
) -> None:
    member = build.draws(ensemble, 0, N_RUNS)["wind_member"]
    assert set(member) == {0.0, 1.0}
    rows = flown(ensemble)
    for profile in (0, 1):
        lines = [line[2:] for line in PAIR.splitlines() if line.startswith(("m", str(profile)))]
        csv_file(tmp_path, "\n".join(["height_m,east_mps,north_mps", *lines[1:]]))
        alone = flown(edited(tmp_path, *TABLE))
        assert rows[member == profile].tobytes() == alone[member == profile].tobytes()
        assert not np.array_equal(rows[member != profile], alone[member != profile])


def test_flight__a_member_is_one_uniform_of_its_own(ensemble: Campaign) -> None:
    """Another member moves no other draw, and a run's does not depend on who draws it."""
    whole, part = build.draws(ensemble, 0, N_RUNS), build.draws(ensemble, 7, 9)
    np.testing.assert_array_equal(whole["wind_member"][7:9], part["wind_member"])
    one = ensemble.model_copy(
        update={
            "dispersions": {k: v for k, v in ensemble.dispersions.items() if k != "wind_member"}
        }
    )
    for name, values in build.draws(one, 0, N_RUNS).items():
        np.testing.assert_array_equal(values, whole[name])


def test_flight__inputs_hold_the_member_and_its_wind_at_the_reference_height(
    ensemble: Campaign,
) -> None:
    names = batch.input_names(ensemble)
    inputs = batch.fly_batch(ensemble.canonical(), 0, N_RUNS).inputs
    member, speed, origin = (
        inputs[:, names.index(name)] for name in ("wind_member", "wind_speed_mps", "wind_from_rad")
    )
    np.testing.assert_allclose(speed, np.where(member == 0.0, 1.1, 3.6))
    np.testing.assert_allclose(origin, np.radians(np.where(member == 0.0, 270.0, 180.0)))


def test_flight__pieces_from_the_campaigns_text_are_the_whole(ensemble: Campaign) -> None:
    whole = flown(ensemble)
    pieces = [flown(Campaign.from_canonical(ensemble.canonical()), *p) for p in ((0, 9), (9, 24))]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_flight__the_launch_rule_looks_at_the_table_at_the_reference_height(tmp_path: Path) -> None:
    """Member 0 has 12 m/s at 10 m and calm above, member 1 calm at 10 m and 12 m/s above."""
    rows = "0,10,12,0\n0,30,0,0\n1,10,0,0\n1,30,12,0\n"
    csv_file(tmp_path, HEADER + rows)
    campaign = edited(tmp_path, *ENSEMBLE)
    member = build.draws(campaign, 0, N_RUNS)["wind_member"]
    outcome = column(campaign, flown(campaign), "outcome")
    np.testing.assert_array_equal(outcome == Outcome.scrubbed, member == 0.0)


def test_flight__the_rule_on_gusts_adds_the_turbulence_to_the_tables_wind(tmp_path: Path) -> None:
    csv_file(tmp_path, HEADER + "0,0,9,0\n0,300,9,0\n1,0,0,6\n1,300,0,6\n")
    gusty = {"law": "discrete", "values": [4.0], "probabilities": [1.0], "class": "day", **PEDIGREE}
    campaign = edited(
        tmp_path,
        *ENSEMBLE,
        put("campaign.limits.gust_wind_mps.value", 10.0),
        put("campaign.dispersions.turbulence_w20_mps", gusty),  # 2.3 m/s on the ground
    )
    member = build.draws(campaign, 0, N_RUNS)["wind_member"]
    outcome = column(campaign, flown(campaign), "outcome")
    np.testing.assert_array_equal(outcome == Outcome.scrubbed, member == 0.0)


def test_nominal__meets_the_median_member(ensemble: Campaign) -> None:
    shared, runs = build.nominal(ensemble)
    assert float(runs.case.wind.member[0]) == 0.0
    assert float(runs.case.wind.speed_mps[0]) == pytest.approx(1.1)
    rows, *_ = batch.fly(shared, *runs, 0, 1)
    assert rows[0, Metrics._fields.index("outcome")] == Outcome.at_rest


# --- resumed --------------------------------------------------------------------------------------


def test_store__begun_with_other_winds_is_not_resumed(ensemble: Campaign, tmp_path: Path) -> None:
    def prepared(campaign: Campaign) -> None:
        provenance = Provenance(campaign.canonical(), "p" * 16, "x86-64-v3")
        prepare_store(tmp_path / "s.zarr", batch.layout(campaign, 16), provenance)

    prepared(ensemble)
    prepared(ensemble)
    csv_file(tmp_path, PAIR.replace("1,100,0,9", "1,100,0,8"))
    with pytest.raises(BadInput, match=r"wind\.table\[1\]\.north_mps\[1\]: the store has 9\.0, th"):
        prepared(edited(tmp_path, *ENSEMBLE))


# --- what comes with hoverslam --------------------------------------------------------------------


def test_low_level_jet__is_what_its_header_says() -> None:
    path = ROOT / "winds" / "low_level_jet.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    found = list(csv.DictReader(lines))
    assert len(found) == 20 * 13
    for row in found:
        k, h = int(row["member"]), float(row["height_m"])
        surface = 3.5 * sqrt(-log(1 - (k + 0.5) / 20)) * (h / 10) ** 0.143
        speed = surface + 6 * _part(0.7548777 * k) * exp(-(((h - 150) / 60) ** 2))
        angle = radians(
            360 * _part(0.6180340 * k) + 0.05 * (2 * _part(0.5698403 * k) - 1) * (h - 10)
        )
        assert float(row["east_mps"]) == pytest.approx(-speed * sin(angle), abs=0.00501)
        assert float(row["north_mps"]) == pytest.approx(-speed * cos(angle), abs=0.00501)


def _part(x: float) -> float:
    return x - floor(x)


def test_hop_in_winds__flies_the_ensemble_and_lands() -> None:
    campaign = load_campaign(ROOT / "hop_178m_winds.yaml")
    assert len(campaign.wind.table or ()) == 20
    outcome = column(campaign, flown(campaign), "outcome")
    assert (outcome == Outcome.at_rest).all()
