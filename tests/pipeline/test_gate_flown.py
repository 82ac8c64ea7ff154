"""Gating a campaign: what is flown, when it stops, and that who is quick changes nothing."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import jit
from models.outcomes import Outcome
from pipeline import batch
from pipeline.campaign import Campaign
from pipeline.compare import Terms
from pipeline.errors import BadInput, Interrupted
from pipeline.gate import flown
from pipeline.gate.flown import Ask, gate, gate_campaign
from pipeline.gate.watch import decided_at
from pipeline.ruling import Ruling
from pipeline.statistics.sequential import Stop
from pipeline.store import (
    Batch,
    BatchRecord,
    BatchStatus,
    Provenance,
    State,
    Store,
    finish,
    open_store,
    pending_batches,
    prepare_store,
    write_batch,
)
from pipeline.summary import as_text, summarise
from pipeline.verdicts import Judgement
from tests.pipeline.campaign_files import edited, put, write

BATCH_RUNS = 100
CURTAILED = {"kind": "curtailed", "allowed_failures": 2}  # 531 runs
LOOKS = {"kind": "group_sequential", "looks": [300, 500, 1000]}
Order = Iterable[int]


def campaign(folder: Path, runs: int = 1000, plan: Any = CURTAILED, **more: Any) -> Campaign:
    edits = [put("campaign.runs", runs), put("campaign.history.runs", 0)]
    edits += [put("campaign.requirements.0.plan", plan)] if plan else []
    return edited(folder, *edits, *(put(f"campaign.{key}", value) for key, value in more.items()))


class Pilot:
    """Flies nothing: perfect landings but for the runs that fail, batches landing in any order."""

    def __init__(self, failing: Iterable[int] = (), order: Order | None = None) -> None:
        self.failing = set(failing)
        self.order = order
        self.interrupted = False  # after half of the runs
        self.landed: list[int] = []

    def fly_campaign(
        self,
        campaign: Campaign,
        path: Path,
        scheduler: str | None,
        stream: Any,
        watch: Callable[[Store], Callable[[int], bool]] = lambda store: lambda batch: False,
    ) -> None:
        layout = batch.layout(campaign, BATCH_RUNS)
        store = prepare_store(
            path, layout, Provenance(campaign.canonical(), jit.PHYSICS_DIGEST, jit.TARGET)
        )
        if store.state == State.FINISHED:
            return
        enough = watch(store)
        pending = pending_batches(store)
        if any([enough(done) for done in range(layout.n_batches) if done not in pending]):
            return
        for index in self.order or pending:
            write_batch(
                store, index, self.rows(store, index), BatchRecord(BatchStatus.COMMITTED, 0, "")
            )
            self.landed.append(index)
            if self.interrupted and len(self.landed) == layout.n_batches // 2:
                raise Interrupted("by the user")
            if enough(index):
                break
        if not pending_batches(store):
            finish(store)

    def rows(self, store: Store, index: int) -> Batch:
        start, stop = store.layout.runs_of(index)
        metrics = np.zeros((stop - start, len(store.layout.metric_names)))
        column = store.layout.metric_names.index("outcome")
        metrics[[run in self.failing for run in range(start, stop)], column] = Outcome.tip_over
        return Batch(
            np.zeros((stop - start, len(store.layout.input_names))),
            metrics,
            np.empty(store.layout.history_shape(start, start), np.float32),
            0.0,
        )


@pytest.fixture
def pilot(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pilot]:
    def take_off(*arguments: Any, **more: Any) -> Pilot:
        found = Pilot(*arguments, **more)
        monkeypatch.setattr(flown, "fly_campaign", found.fly_campaign)
        return found

    return take_off


def gated(asked: Campaign, out: Path, **ask: Any) -> Judgement:
    return gate_campaign(asked, Ask(out=out, **ask), None)


def baseline(asked: Campaign, path: Path, failing: Iterable[int] = ()) -> Path:
    """A finished store of the campaign."""
    Pilot(failing).fly_campaign(asked, path, None, None)
    return path


# --- stopping -------------------------------------------------------------------------------------


def test_gate__stops_with_the_batch_in_which_the_plan_passes(tmp_path, pilot):
    flight = pilot()
    found = gated(campaign(tmp_path), tmp_path / "a.zarr")
    assert (found.ruling, found.stopped_at, found.runs) == (Ruling.PASS, 529, 529)
    assert flight.landed == list(range(6))
    assert open_store(tmp_path / "a.zarr").attrs["state"] == "stopped"


def test_gate__stops_with_the_batch_in_which_the_plan_fails(tmp_path, pilot):
    flight = pilot(failing=[3, 70, 120])
    found = gated(campaign(tmp_path), tmp_path / "a.zarr")
    assert (found.ruling, found.stopped_at) == (Ruling.FAIL, 121)
    assert flight.landed == [0, 1]


def test_gate__goes_by_the_order_of_runs_not_of_landings(tmp_path, pilot):
    """Three failures land first, in late runs: going by what came back would refuse the design."""
    late = [550, 551, 552]
    flight = pilot(failing=late, order=[5, *range(5), *range(6, 10)])
    found = gated(campaign(tmp_path), tmp_path / "a.zarr")
    assert (found.ruling, found.stopped_at) == (Ruling.PASS, 529)
    assert flight.landed[-1] == 4


@pytest.mark.parametrize("failing", [(3, 70, 120), (3, 500)])
def test_gate__says_the_same_whoever_is_quick(tmp_path, pilot, failing):
    found = []
    for number, order in enumerate(
        [range(10), reversed(range(10)), [7, 2, 0, 1, *range(3, 7), 8, 9]]
    ):
        pilot(failing=failing, order=list(order))
        found.append(gated(campaign(tmp_path), tmp_path / f"{number}.zarr"))
    assert len({judgement.ruling for judgement in found}) == 1
    stopped = [judgement for judgement in found if judgement.stopped_at is not None]
    assert len({(judgement.verdicts, judgement.stopped_at) for judgement in stopped}) == 1


def test_gate__again_flies_nothing_and_says_the_same(tmp_path, pilot):
    pilot()
    first = gated(campaign(tmp_path), tmp_path / "a.zarr")
    flight = pilot()
    assert gated(campaign(tmp_path), tmp_path / "a.zarr") == first
    assert flight.landed == []


@pytest.mark.parametrize("plan", [CURTAILED, LOOKS, {"kind": "e_process"}])
@pytest.mark.parametrize("failing", [(), tuple(range(0, 200, 8))])
def test_gate__a_store_that_its_plan_stopped_is_judged_by_that_plan(tmp_path, pilot, plan, failing):
    """Later failures that happened to land are no part of it: they depend on who was quick."""
    pilot([*failing, 598], order=[5, 0, 1, 2, 3, 4])
    first = gated(campaign(tmp_path, plan=plan), tmp_path / "a.zarr")
    assert first.stopped_at < 600
    again = gate(str(tmp_path / "a.zarr"), Ask(), None)
    assert again == first
    assert again.ruling is (Ruling.FAIL if failing else Ruling.PASS)
    text = as_text(summarise(open_store(tmp_path / "a.zarr")))
    assert f"stopped after {first.stopped_at} of 1,000 runs, where its plans had decided" in text
    assert f"{first.stopped_at} runs, stopped" in text


def test_gate__a_store_whose_flight_was_interrupted_is_invalid(tmp_path, pilot):
    flight = pilot()
    flight.interrupted = True
    with pytest.raises(Interrupted):
        gated(campaign(tmp_path), tmp_path / "a.zarr")
    found = gate(str(tmp_path / "a.zarr"), Ask(), None)
    assert found.ruling is Ruling.INVALID
    assert "the store is unfinished (flying): 500 of 1,000 runs" in found.text()


def test_gate__a_stopped_store_flies_on_where_more_is_asked(tmp_path, pilot):
    """A margin on newly broken runs takes more runs than the requirement alone."""
    main = baseline(campaign(tmp_path), tmp_path / "main.zarr")
    pilot()
    assert gated(campaign(tmp_path), tmp_path / "a.zarr").stopped_at == 529
    pilot()
    terms = Terms((), 0.003)
    found = gated(campaign(tmp_path), tmp_path / "a.zarr", baseline=main, terms=terms)
    assert (found.ruling, found.stopped_at, found.runs) == (Ruling.PASS, None, 1000)
    assert found.verdicts[0].evidence.runs == 531


def test_gate__a_stopped_baseline_pairs_the_runs_it_has(tmp_path, pilot):
    main = tmp_path / "main.zarr"
    pilot()
    gated(campaign(tmp_path), main)
    pilot(failing=[10, 20, 30])
    found = gated(campaign(tmp_path), tmp_path / "a.zarr", baseline=main)
    assert found.comparison.evidence.runs == 31


def test_gate__a_baseline_that_stopped_too_early_for_a_margin_is_refused(tmp_path, pilot):
    main = tmp_path / "main.zarr"
    pilot()
    gated(campaign(tmp_path), main)
    flight = pilot()
    said = (
        "whose 529 of 1,000 planned runs can never show newly_broken_at_most 0.003; .* to the end"
    )
    with pytest.raises(BadInput, match=said):
        gated(campaign(tmp_path), tmp_path / "a.zarr", baseline=main, terms=Terms((), 0.003))
    assert flight.landed == []


def test_gate__a_baseline_too_small_for_a_margin_is_refused(tmp_path, pilot):
    main = baseline(campaign(tmp_path, 600), tmp_path / "main.zarr")
    flight = pilot()
    said = "whose 600 of 600 planned runs can never show newly_broken_at_most 0.003; it takes at"
    terms = Terms(("runs",), 0.003)
    with pytest.raises(BadInput, match=said):
        gated(campaign(tmp_path), tmp_path / "a.zarr", baseline=main, terms=terms)
    assert flight.landed == []


def test_gate__flies_all_where_the_plan_is_fixed_and_undecided(tmp_path, pilot):
    pilot(failing=range(0, 700, 70))
    found = gated(campaign(tmp_path, plan=None), tmp_path / "a.zarr")
    assert (found.ruling, found.stopped_at, found.runs) == (Ruling.INCONCLUSIVE, None, 1000)
    assert gate(str(tmp_path / "a.zarr"), Ask(), None).verdicts == found.verdicts


def test_gate__one_requirement_that_fails_ends_it_for_all(tmp_path, pilot):
    softer = {
        "name": "soft", "kind": "cause", "outcome": "off_pad", "share_at_most": 0.01,
        "confidence": 0.9, "plan": CURTAILED,
    }  # fmt: skip
    edits = [put("campaign.runs", 1000), put("campaign.history.runs", 0)]
    edits += [put("campaign.requirements.0.plan", CURTAILED)]
    asked = edited(tmp_path, *edits, lambda campaign, _: campaign["requirements"].append(softer))
    pilot(failing=[0, 1, 2])
    found = gated(asked, tmp_path / "a.zarr")
    assert [verdict.ruling for verdict in found.verdicts] == [Ruling.FAIL, Ruling.INCONCLUSIVE]
    assert "undecided after 3 of 531 planned runs" in found.text()
    pilot()
    assert gated(asked, tmp_path / "b.zarr").ruling is Ruling.PASS


@pytest.mark.parametrize(
    ("stops", "runs"),
    [
        ([Stop(True, 500, 0)], 500),
        ([Stop(True, 500, 0), Stop(True, 300, 0)], 500),
        ([Stop(True, 500, 0), Stop(None, 600, 1)], None),
        ([Stop(None, 600, 1), Stop(False, 40, 3), Stop(False, 70, 3)], 40),
    ],
)
def test_decided_at__first_failure_or_last_pass(stops, runs):
    assert decided_at(stops) == runs


# --- against a baseline ---------------------------------------------------------------------------


def test_gate__with_a_margin_flies_until_that_is_decided_too(tmp_path, pilot):
    asked = campaign(tmp_path, newly_broken_at_most=0.005)
    main = baseline(asked, tmp_path / "main.zarr", failing=[5])
    flight = pilot(failing=[5])
    found = gated(asked, tmp_path / "a.zarr", baseline=main)
    assert found.ruling is Ruling.PASS
    assert len(flight.landed) == 10
    assert found.comparison.margins[0].ruling is Ruling.PASS
    assert found.comparison.evidence.pairs[0].table.discordant == 0


def test_gate__stops_as_soon_as_too_many_are_broken(tmp_path, pilot):
    asked = campaign(tmp_path, plan=None, newly_broken_at_most=0.005)
    main = baseline(asked, tmp_path / "main.zarr")
    flight = pilot(failing=range(9))
    found = gated(asked, tmp_path / "a.zarr", baseline=main)
    assert found.comparison.margins[0].ruling is Ruling.FAIL
    assert found.ruling is Ruling.FAIL
    assert flight.landed == [0]
    assert "candidate stopped early: limits and p-values below are those" in found.text()
    alone = gate(str(tmp_path / "a.zarr"), Ask(), None)
    assert alone.ruling is Ruling.INCONCLUSIVE
    assert "stopped after 9 runs: a margin on its baseline, which is not given" in alone.text()


def test_gate__a_failing_baseline_has_nothing_to_break(tmp_path, pilot):
    asked = campaign(tmp_path, plan=None, newly_broken_at_most=0.005)
    main = baseline(asked, tmp_path / "main.zarr", failing=range(9))
    pilot(failing=range(9))
    found = gated(asked, tmp_path / "a.zarr", baseline=main)
    assert found.comparison.margins[0].ruling is Ruling.PASS
    assert found.comparison.evidence.pairs[0].table.broken == 0


def test_gate__a_baseline_of_fewer_runs_pairs_those(tmp_path, pilot):
    main = baseline(campaign(tmp_path, 600), tmp_path / "main.zarr")
    pilot()
    terms = Terms(("runs",), 0.005)
    found = gated(campaign(tmp_path, plan=None), tmp_path / "a.zarr", baseline=main, terms=terms)
    assert (found.ruling, found.comparison.evidence.runs) == (Ruling.PASS, 600)
    assert found.comparison.margins[0].finding.runs == 600


def test_gate__a_mismatch_is_found_before_anything_flies(tmp_path, pilot):
    main = baseline(campaign(tmp_path, seed=1), tmp_path / "main.zarr")
    flight = pilot()
    found = gated(campaign(tmp_path, seed=2), tmp_path / "a.zarr", baseline=main)
    assert found.ruling is Ruling.INVALID
    assert "seed: baseline 1, candidate 2" in found.text()
    assert flight.landed == []
    assert not (tmp_path / "a.zarr").exists()


# --- bad input ------------------------------------------------------------------------------------


def test_gate__a_plan_that_can_never_pass_is_refused_before_it_flies(tmp_path, pilot):
    flight = pilot()
    with pytest.raises(BadInput, match=r"got 200 runs, which can never show .* at least 230"):
        gated(campaign(tmp_path, 200, plan=None), tmp_path / "a.zarr")
    assert flight.landed == []


def test_gate__a_margin_that_can_never_be_shown_is_refused_before_it_flies(tmp_path, pilot):
    main = baseline(campaign(tmp_path), tmp_path / "main.zarr")
    flight = pilot()
    said = "newly_broken_at_most: got 0.001, which 1,000 runs can never show.*at least 2,302"
    with pytest.raises(BadInput, match=said):
        gated(campaign(tmp_path), tmp_path / "a.zarr", baseline=main, terms=Terms((), 0.001))
    assert flight.landed == []


def test_gate__a_design_that_no_bound_fits_is_refused_before_it_flies(tmp_path, pilot):
    flight = pilot()
    design = {"design": "latin_hypercube", "points": 50}
    with pytest.raises(BadInput, match="sampling: got Latin hypercubes.*can be gated"):
        gated(campaign(tmp_path, plan=None, sampling=design), tmp_path / "a.zarr")
    assert flight.landed == []


def test_gate__a_baseline_that_would_be_its_own_candidate(tmp_path, pilot):
    main = baseline(campaign(tmp_path), tmp_path / "main.zarr")
    pilot()
    with pytest.raises(BadInput, match="to which the campaign itself is flown"):
        gated(campaign(tmp_path), main, baseline=main)


@pytest.mark.parametrize("terms", [Terms(("seed",)), Terms((), 0.01)])
def test_gate__terms_without_a_baseline(tmp_path, terms):
    with pytest.raises(BadInput, match="expected --baseline with them"):
        gate(str(tmp_path / "a.zarr"), Ask(terms=terms), None)


@pytest.mark.parametrize("more", [{"out": Path("b.zarr")}, {"scheduler": "tcp://127.0.0.1:1"}])
def test_gate__where_to_fly_a_store(tmp_path, more):
    with pytest.raises(BadInput, match="is a store, which is not flown"):
        gate(str(tmp_path / "a.zarr"), Ask(**more), None)


def test_gate__takes_a_campaign_by_its_file(tmp_path, pilot, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, put("campaign.runs", 1000), put("campaign.history.runs", 0))
    pilot()
    assert gate(str(path), Ask(), None).ruling is Ruling.PASS
    assert (tmp_path / "results" / "hop_178m.zarr").is_dir()
    with pytest.raises(BadInput, match="no such store"):
        gate("results/none.zarr", Ask(), None)
    with pytest.raises(BadInput, match="expected a campaign file"):
        gate("none", Ask(), None)
