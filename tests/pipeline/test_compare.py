"""A candidate beside its baseline: what may differ, what is found, and that A/A finds nothing."""

import json

import numpy as np
import pytest
from scipy import stats

from models.outcomes import Initiator
from pipeline.compare import Comparison, Terms, as_json, as_text, compare_stores
from pipeline.errors import BadInput
from pipeline.ruling import Ruling
from pipeline.statistics.paired import Table
from tests.pipeline.pairs import HEAVIER, compared, ending
from tests.pipeline.results import LANDING, dataset, failing, write_store

# --- what is found --------------------------------------------------------------------------------


@pytest.fixture
def changed() -> Comparison:
    """Of 1,000 runs 8 newly broken and 1 newly saved."""
    before = ending(1000, tip_over=range(10))
    after = ending(1000, tip_over=range(9), off_pad=range(100, 106), no_start=range(106, 108))
    before["initiator"] = after["initiator"] = np.where(
        np.arange(1000) == 106, Initiator.engine_no_start, 0
    )
    after["touchdown_tilt_rad"] = np.full(1000, 0.01)
    return compared(dataset(1000, before), dataset(1000, after, vehicle=HEAVIER))


def test_pairs__counts_and_exact_tests(changed):
    [found] = changed.evidence.pairs
    assert found.table == Table(982, 8, 1, 9)
    assert found.p_value_worse == pytest.approx(stats.binom.sf(7, 9, 0.5))
    assert (found.gain_lower, found.gain_upper) == pytest.approx((-0.013257, -0.002493), abs=1e-6)
    assert found.broken_at_most == pytest.approx(stats.beta.ppf(0.9, 9, 992))
    assert changed.ruling is Ruling.PASS, "without a margin a comparison refuses nothing"


def test_pairs__lists_runs_with_both_ends_and_the_failure(changed):
    [found] = changed.evidence.pairs
    broken, [saved] = found.newly_broken, found.newly_saved
    assert [one.run for one in broken] == list(range(100, 108))
    assert broken[6] == (106, "success", "no_start", "engine_no_start")
    assert saved == (9, "tip_over", "success", "none")


def test_pairs__transitions_of_causes_are_complete(changed):
    moves = {(move.before, move.after): move.runs for move in changed.evidence.pairs[0].transitions}
    assert moves == {
        ("success", "success"): 982,
        ("tip_over", "tip_over"): 9,
        ("success", "off_pad"): 6,
        ("success", "no_start"): 2,
        ("tip_over", "success"): 1,
    }


def test_pairs__alarms_only_where_a_metric_moved(changed):
    alarms = {one.metric for one in changed.evidence.shifts if one.is_alarm}
    assert alarms == {"touchdown_tilt_rad"}
    assert changed.evidence.rows_changed == 1000


def test_text__tells_it_all(changed):
    text = as_text(changed)
    for said in (
        "new.zarr against the baseline main.zarr",
        "physics: both 0123456789abcdef",
        "vehicle.mass.dry_kg.value: baseline 1.0, candidate 2.0",
        "success 0.9900 -> 0.9830, gain −0.0070 (−0.0133 to −0.0025 at 90 %, Tango, approximate)",
        "the candidate is worse: p = 0.0195 if it were not (McNemar, exact, one-sided, 9 discord",
        "newly broken: 0.00800 of the runs, at most 0.0130 at 90 % confidence",
        "6  success -> off pad",
        "hoverslam replay new.zarr 106  # success -> no start (engine no start)",
        "hoverslam replay new.zarr 9  # tip over -> success",
        "p50 touchdown tilt: 0 -> 0.573 deg, by 0.573 (0.573 to 0.573 at 90 %)",
    ):
        assert said in text, said


def test_json__is_one_line_with_everything(changed):
    line = as_json(changed)
    assert "\n" not in line
    read = json.loads(line)
    assert read["ruling"] == "PASS"
    assert read["evidence"]["pairs"][0]["table"]["broken"] == 8
    assert len(read["evidence"]["pairs"][0]["newly_broken"]) == 8


def test_compare__of_a_store_with_itself_finds_nothing(tmp_path):
    path = write_store(tmp_path / "same.zarr", failing(400, 7))
    found = compare_stores(path, path, Terms())
    assert found.ruling is Ruling.PASS
    assert found.evidence.pairs[0].table == Table(393, 0, 0, 7)
    assert (found.evidence.rows_changed, found.changes) == (0, ())
    assert not [one for one in found.evidence.shifts if one.is_alarm]
    assert all(one.shift.shift == 0.0 for one in found.evidence.shifts)
    assert "no evidence either way: 0 discordant runs" in as_text(found)


def test_text__four_discordant_runs_are_no_evidence():
    four = compared(dataset(100), dataset(100, ending(100, tip_over=range(4))))
    assert "no evidence either way: 4 discordant runs, fewer than 5" in as_text(four)
    five = compared(dataset(100), dataset(100, ending(100, tip_over=range(5))))
    assert "the candidate is worse" in as_text(five)
    better = compared(dataset(100, ending(100, tip_over=range(5))), dataset(100))
    assert "the candidate is better" in as_text(better)


def test_text__many_runs_are_cut_and_counted():
    found = compared(dataset(100), dataset(100, ending(100, tip_over=range(30))))
    assert as_text(found).count("hoverslam replay") == 20
    assert "and 10 more" in as_text(found)
    assert len(json.loads(as_json(found))["evidence"]["pairs"][0]["newly_broken"]) == 30


def test_compare__rows_are_matched_by_run_id():
    results = failing(100, 5)
    found = compared(results, results.isel(run=slice(None, None, -1)))
    assert (found.evidence.pairs[0].table.discordant, found.evidence.rows_changed) == (0, 0)


# --- several requirements -------------------------------------------------------------------------

SOFT = {"name": "soft", "kind": "percentile", "metric": "touchdown_tilt_deg", "percentile": 80,
        "at_most": 3.0, "confidence": 0.8}  # fmt: skip
TIPS = {"name": "tips", "kind": "cause", "outcome": "tip_over", "share_at_most": 0.1,
        "confidence": 0.9}  # fmt: skip
PAD = {"name": "on the pad", "kind": "zone", "radius_m": 5.0, "probability": 0.9,
       "confidence": 0.9}  # fmt: skip
SLOW = {"name": "slow", "probability": 0.9, "confidence": 0.9,
        "holds": [{"metric": "touchdown_speed_mps", "at_most": 1.0}]}  # fmt: skip


@pytest.fixture
def several() -> Comparison:
    """Ten runs more tip over, six others come down fast, and all lean more."""
    random = np.random.default_rng(5)
    tilt = random.uniform(0.0, 0.04, 500)
    before = {"touchdown_tilt_rad": tilt}
    after = ending(500, tip_over=range(10))
    after["touchdown_speed_mps"] = np.where(np.arange(500) // 6 == 20, 1.5, 0.0)
    after["touchdown_tilt_rad"] = tilt + 0.01
    asked = {"requirements": [LANDING, TIPS, SOFT, PAD, SLOW]}
    return compared(
        dataset(500, before, **asked), dataset(500, after, **asked), newly_broken_at_most=0.03
    )


def test_several__each_requirement_has_its_table_and_test(several):
    found = {pairs.requirement: pairs for pairs in several.evidence.pairs}
    assert {name: pairs.table for name, pairs in found.items()} == {
        "landing": Table(490, 10, 0, 0),
        "tips": Table(490, 10, 0, 0),
        "soft": Table(500, 0, 0, 0),
        "on the pad": Table(500, 0, 0, 0),
        "slow": Table(494, 6, 0, 0),
    }
    assert [one.run for one in found["slow"].newly_broken] == list(range(120, 126))
    assert found["soft"].confidence == 0.8
    text = as_text(several)
    for name in found:
        assert f"  {name}, 500 runs" in text
    assert "6 discordant runs, Holm over 5 requirements" in text


def test_several__p_values_are_corrected_for_their_number(several):
    """Holm: the smallest of five times five, the next times four, ..., never smaller than before"""
    found = [pairs.p_value_worse for pairs in several.evidence.pairs]
    assert found == pytest.approx([5 * 0.5**10, 5 * 0.5**10, 1.0, 1.0, 3 * 0.5**6])
    assert "the candidate is worse: p = 0.0469 if it were not" in as_text(several)


def test_several__every_declared_percentile_is_compared_as_declared(several):
    [declared] = [one for one in several.evidence.shifts if one.requirement]
    assert (declared.requirement, declared.metric) == ("soft", "touchdown_tilt_rad")
    assert (declared.shift.fraction, declared.shift.confidence) == (0.8, 0.8)
    assert declared.shift.shift == pytest.approx(0.01)
    assert declared.is_alarm
    assert "soft: p80 touchdown tilt: " in as_text(several)


def test_several__a_margin_is_set_to_every_requirement_on_success(several):
    assert [(one.requirement, one.ruling) for one in several.margins] == [
        ("landing", Ruling.INCONCLUSIVE),
        ("slow", Ruling.PASS),
    ]
    assert several.ruling is Ruling.INCONCLUSIVE
    assert [line.split(":")[0] for line in as_text(several).splitlines()[-2:]] == [
        "INCONCLUSIVE  newly broken runs, landing",
        "PASS  newly broken runs, slow",
    ]


def test_several__a_declared_percentile_that_so_few_runs_cannot_bound_is_told(several):
    few = dataset(8, requirements=[LANDING, SOFT])
    text = as_text(compared(few, few))
    assert "soft: its percentile is not bounded by so few runs" in text
    assert several.evidence.not_bounded == ()


def test_several__a_declared_percentile_counts_lost_runs_as_its_requirement_does():
    """A run that never came down has no tilt, and lies beyond every limit."""
    lost = ending(100, time_out=range(30))
    found = compared(dataset(100, requirements=[SOFT]), dataset(100, lost, requirements=[SOFT]))
    [declared] = [one for one in found.evidence.shifts if one.requirement]
    assert declared.shift.candidate == np.inf


def test_scrubbed__runs_are_told_apart():
    windy = ending(100, scrubbed=range(10), tip_over=range(20, 22))
    text = as_text(compared(dataset(100, windy), dataset(100, windy)))
    assert "scrubbed, which is no success: 10 of the baseline, 10 of the candidate" in text


# --- margin ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "ruling"),
    [(0, Ruling.PASS), (5, Ruling.PASS), (6, Ruling.INCONCLUSIVE), (14, Ruling.INCONCLUSIVE),
     (15, Ruling.FAIL)],
)  # fmt: skip
def test_margin__one_in_a_hundred_of_a_thousand(broken, ruling):
    candidate = dataset(1000, ending(1000, tip_over=range(broken)))
    found = compared(dataset(1000), candidate, newly_broken_at_most=0.01)
    assert found.ruling is ruling
    passes = stats.beta.ppf(0.9, broken + 1, 1000 - broken) <= 0.01
    fails = broken > 0 and stats.beta.ppf(0.1, broken, 1001 - broken) > 0.01
    assert (passes, fails) == (ruling is Ruling.PASS, ruling is Ruling.FAIL)
    last = as_text(found).splitlines()[-1]
    assert last.startswith(f"{ruling}  newly broken runs, landing: asked at most 0.01")


def test_margin__that_so_few_runs_cannot_show_says_how_many_it_takes():
    found = compared(dataset(1000), dataset(1000), newly_broken_at_most=0.001)
    assert found.ruling is Ruling.INCONCLUSIVE
    assert as_text(found).endswith("at most 0.00230; it takes 2,302 runs")


def test_margin__saved_runs_do_not_make_up_for_broken_ones():
    before = dataset(1000, ending(1000, tip_over=range(100)))
    after = dataset(1000, ending(1000, tip_over=range(100, 130)))
    assert compared(before, after, newly_broken_at_most=0.01).ruling is Ruling.FAIL


def test_margin__of_the_campaign_holds_unless_another_is_given():
    candidate = dataset(1000, ending(1000, tip_over=range(30)), newly_broken_at_most=0.01)
    assert compared(dataset(1000), candidate).ruling is Ruling.FAIL
    assert compared(dataset(1000), candidate, newly_broken_at_most=0.1).ruling is Ruling.PASS


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_margin__outside_its_range_is_bad_input(share):
    with pytest.raises(BadInput, match=r"--newly-broken-at-most: got .*, expected inside \(0, 1\)"):
        compared(dataset(10), dataset(10), newly_broken_at_most=share)
