"""What verdicts say: in a table, in a terminal, in a CI, and of runs that say nothing."""

import shlex
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
import xarray as xr

from models.outcomes import Outcome
from pipeline.compare import Terms, as_text
from pipeline.fitness import Results
from pipeline.gate import judge_results
from pipeline.gate.junit import junit
from pipeline.gate.markdown import markdown
from pipeline.ruling import Ruling
from pipeline.verdicts import Judgement
from tests.pipeline.campaign_files import edited, problems, put
from tests.pipeline.pairs import compared
from tests.pipeline.results import LANDING, dataset, failing

NAME = "campaign.requirements.0.name"
CAUSE = {
    "name": "tips", "kind": "cause", "outcome": "tip_over", "share_at_most": 0.01,
    "confidence": 0.9,
}  # fmt: skip


def judged(results: xr.Dataset, baseline: xr.Dataset | None = None, **terms: Any) -> Judgement:
    against = None if baseline is None else Results(baseline, "main.zarr")
    return judge_results(Results(results, "new.zarr"), against, Terms(**terms))


def stopped(runs: int, at: int) -> xr.Dataset:
    attributes = {"state": "stopped", "stopped_at": at}
    return dataset(runs, attributes=attributes).isel(run=slice(0, at))


# --- against a baseline ---------------------------------------------------------------------------


def test_margin__of_a_baseline_that_stopped_early_says_why_it_is_undecided():
    found = judged(dataset(4000), stopped(4000, 458), newly_broken_at_most=0.002)
    assert found.comparison.ruling is Ruling.INCONCLUSIVE
    said = "undecided: compared after 458 of 4,000 planned runs"
    assert said in found.text()
    assert said in markdown(found)
    whole = judged(dataset(4000), dataset(4000), newly_broken_at_most=0.002)
    assert "undecided" not in whole.text()


def test_compare__warns_that_runs_of_another_seed_are_not_paired():
    others = failing(50, 3, seed=8)
    found = compared(dataset(50), others, may_differ=("seed",))
    [warning] = [line for line in as_text(found).splitlines() if "warning" in line]
    assert warning.strip().startswith("warning: another seed: runs are not paired")
    assert "warning" not in as_text(compared(dataset(50), dataset(50), may_differ=("seed",)))


def test_replay__of_a_store_with_a_space_is_one_word_to_the_shell():
    before = Results(dataset(50), "main.zarr")
    found = judge_results(Results(failing(50, 1), "my new.zarr"), before, Terms())
    for text in (found.text(), markdown(found)):
        [line] = [line for line in text.splitlines() if "hoverslam replay" in line]
        assert shlex.split(line, comments=True) == ["hoverslam", "replay", "my new.zarr", "0"]


# --- Markdown, JUnit ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        (r"a \| b", r"a \\\| b"),
        ("[l](x)", r"\[l\](x)"),
        ("`x` *y*", r"\`x\` \*y\*"),
        ("&lt;", "&amp;lt;"),
    ],
)
def test_markdown__a_name_is_told_letter_by_letter(name, cell):
    text = markdown(judged(failing(10, 0, requirements=[LANDING | {"name": name}])))
    assert f"| {cell} | 0.99 at 90 % confidence | 10 |" in text


@pytest.mark.parametrize(("failures", "ruling"), [(0, "INCONCLUSIVE"), (50, "FAIL")])
def test_junit__message_gives_the_figures(failures, ruling):
    [case] = ET.fromstring(junit(judged(failing(100, failures)))).iter("testcase")
    message = case[0].get("message")
    assert message.startswith(f"{ruling}  landing: asked 0.99 at 90 % confidence; 100 runs, ")
    assert f"100 runs, {failures} failures, at least 0." in message


def test_junit__message_of_an_invalid_store_says_why():
    [case] = ET.fromstring(junit(judged(failing(9, 0, attributes={"state": "flying"})))).iter(
        "testcase"
    )
    assert "the store is unfinished" in case[0].get("message")
    assert "9 runs, 0 failures" not in case[0].get("message")


# --- names and limits -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\nb", "bell \x07", "back\u202ewards", "a\u2028b"])
def test_name__holds_printable_characters_only(tmp_path, name):
    [found] = problems(tmp_path, put(NAME, name))
    assert found.startswith("campaign.yaml: requirements.0.name: got ")
    assert found.endswith(f"in {name!a}, expected printable characters")


def test_name__in_any_script_and_with_any_space(tmp_path):
    name = "着陸 à 99\u202f%"
    assert edited(tmp_path, put(NAME, name)).requirements[0].name == name


def test_description__may_have_lines_but_no_control_characters(tmp_path):
    assert edited(tmp_path, put("campaign.description", "one\ntwo")).description == "one\ntwo"
    [found] = problems(tmp_path, put("campaign.description", "one\x1b[2J"))
    assert "description: got '\\x1b' in 'one\\x1b[2J', expected printable characters" in found


def test_condition__that_no_value_can_meet_is_a_mistake(tmp_path):
    limits = {"metric": "touchdown_miss_m", "at_most": 1, "at_least": 3}
    [found] = problems(tmp_path, put("campaign.requirements.0.holds", [limits]))
    assert "got at_most 1 and at_least 3, which no value can meet, expected at_least not" in found
    edited(tmp_path, put("campaign.requirements.0.holds", [limits | {"at_least": 1}]))


# --- runs that were never launched ----------------------------------------------------------------


def scrubbing(runs: int, scrubbed: int, tipped: int = 0, **more: Any) -> xr.Dataset:
    """Landings but for the first so many, which tip over, and the last, which are scrubbed."""
    outcome = np.zeros(runs, int)
    outcome[:tipped] = Outcome.tip_over
    outcome[runs - scrubbed :] = Outcome.scrubbed
    return dataset(runs, {"outcome": outcome}, requirements=[CAUSE | more])


@pytest.mark.parametrize(
    ("scrubbed", "tipped", "ruling"),
    [
        (600, 0, Ruling.INCONCLUSIVE),
        (371, 0, Ruling.INCONCLUSIVE),  # 229 launched
        (370, 0, Ruling.PASS),
        (213, 1, Ruling.INCONCLUSIVE),  # 387 launched
        (212, 1, Ruling.PASS),
        (300, 30, Ruling.FAIL),
    ],
)
def test_cause__passes_only_by_runs_that_were_launched(scrubbed, tipped, ruling):
    found = judged(scrubbing(600, scrubbed, tipped))
    assert found.ruling is ruling
    assert ("a scrubbed run says nothing" in found.text()) == (ruling is Ruling.INCONCLUSIVE)


def test_cause__where_nothing_was_launched_says_so_everywhere():
    found = judged(scrubbing(600, 600))
    said = "undecided: 0 of 600 runs were launched"
    assert all(said in text for text in (found.text(), markdown(found), junit(found)))
    assert "it takes 230 launched to pass with 0 failures" in found.text()


def test_cause__of_a_curtailed_plan_looks_at_the_runs_that_it_judges():
    plan = {"kind": "curtailed", "allowed_failures": 0}
    late = scrubbing(600, 300, plan=plan)
    assert judged(late).ruling is Ruling.PASS
    early = late.assign(outcome=("run", late["outcome"].values[::-1]))
    assert judged(early).ruling is Ruling.INCONCLUSIVE


def test_cause__that_asks_after_scrubbed_runs_is_judged_by_all():
    asked = {"outcome": "scrubbed", "share_at_most": 0.5}
    assert judged(scrubbing(600, 200, **asked)).ruling is Ruling.PASS


def test_stopped__a_plan_that_passed_on_scrubbed_runs_is_no_margin_of_a_baseline():
    plan = {"kind": "curtailed", "allowed_failures": 0}
    found = scrubbing(600, 600, plan=plan).isel(run=slice(0, 230))
    text = judged(found.assign_attrs(state="stopped", stopped_at=230)).text()
    assert "stopped after 230 runs: the plans had decided" in text
