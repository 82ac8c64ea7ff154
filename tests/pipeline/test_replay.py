"""Replay: the store's own bytes again, what differs named, and a story that fits the numbers."""

import json
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from models import jit
from models.flight import TICK_S
from models.outcomes import Outcome
from pipeline import batch, replay, story
from pipeline.campaign import Branch, Campaign
from pipeline.config import load_campaign
from pipeline.errors import BadInput
from pipeline.laws import Bernoulli, Discrete, LogNormal, Normal, Uniform
from pipeline.replay import Replay, refly
from pipeline.store import (
    BatchRecord,
    BatchStatus,
    Provenance,
    Store,
    finish,
    open_store,
    prepare_store,
    write_batch,
)
from pipeline.words import MISSING

N_RUNS = 20
PEDIGREE = {"class": "flight", "tag": "E", "source": "for this test"}
Fly = Callable[[Campaign], Path]


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign("hop_178m").with_runs(N_RUNS)


def begun(path: Path, campaign: Campaign) -> Store:
    provenance = Provenance(campaign.canonical(), jit.PHYSICS_DIGEST, jit.TARGET)
    return prepare_store(path, batch.layout(campaign, batch_runs=8), provenance)


def write(store: Store, campaign: Campaign, index: int) -> None:
    rows = batch.fly_batch(campaign.canonical(), *store.layout.runs_of(index))
    write_batch(store, index, rows, BatchRecord(BatchStatus.COMMITTED, rows.kernel_s, "here"))


@pytest.fixture(scope="module")
def fly(tmp_path_factory: pytest.TempPathFactory) -> Fly:
    """Fly a campaign into a finished store, in this process."""

    def flown(campaign: Campaign) -> Path:
        path = tmp_path_factory.mktemp("flown") / "store.zarr"
        store = begun(path, campaign)
        for index in range(store.layout.n_batches):
            write(store, campaign, index)
        finish(store)
        return path

    return flown


@pytest.fixture(scope="module")
def flown(fly: Fly, campaign: Campaign) -> Path:
    return fly(campaign)


@pytest.fixture(scope="module")
def flight(flown: Path) -> Replay:
    return refly(flown, 3)


# --- the row --------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [0, 7, 8, N_RUNS - 1])
def test_refly__gives_the_bytes_of_the_store_wherever_in_a_block_the_run_was(
    flown: Path, run: int
) -> None:
    again = refly(flown, run)
    assert (again.changes, again.differences) == ((), ())
    assert again.is_faithful
    stored = open_store(flown).sel(run=run)
    for name, value in (again.inputs | again.metrics).items():
        np.testing.assert_array_equal(value, stored[name].values, err_msg=name)


def test_refly__tells_runs_apart(flown: Path) -> None:
    first, second = refly(flown, 0), refly(flown, 1)
    assert replay.differences(first.inputs, second.inputs)
    assert replay.differences(first.metrics, second.metrics)


def test_refly__a_changed_row_is_named_and_not_faithful(fly: Fly, campaign: Campaign) -> None:
    path = fly(campaign.with_runs(2))
    miss = zarr.open_array(path / "touchdown_miss_m")
    was = float(np.asarray(miss[1]))
    miss[1] = np.nextafter(was, 9.0)
    again = refly(path, 1)
    assert len(again.differences) == 1
    assert again.differences[0].startswith("touchdown_miss_m: store ")
    assert repr(was) in again.differences[0]
    assert not again.is_faithful
    assert refly(path, 0).is_faithful
    told = story.story(again)
    assert "DIFFERS from its row in the store in 1 of" in told
    assert again.differences[0] in told


def change_attributes(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the attributes of a store's root."""
    root = path / "zarr.json"
    document = json.loads(root.read_text())
    change(document["attributes"])
    root.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("physics_digest", "0123", f"physics: store 0123, here {jit.PHYSICS_DIGEST}"),
        ("target", "znver5", f"target: store znver5, here {jit.TARGET}"),
        ("sampling_digest", "0" * 16, "sampling: store 0000000000000000, here "),
        ("package_versions", {"numba": "0.1"}, "numba: store 0.1, here "),
    ],
)
def test_refly__says_what_is_not_as_it_was(
    fly: Fly, campaign: Campaign, key: str, value: Any, said: str
) -> None:
    path = fly(campaign.with_runs(1))

    def change(kept: dict[str, Any]) -> None:
        kept[key] = kept[key] | value if isinstance(value, dict) else value

    change_attributes(path, change)
    again = refly(path, 0)
    assert len(again.changes) == 1
    assert again.changes[0].startswith(said)
    assert f"not as when the store was flown: {said}" in story.story(again)
    # a difference then has its reason
    assert again._replace(differences=("touchdown_miss_m: ...",)).is_faithful


def test_refly__refuses_a_campaign_of_other_physics_and_says_what_does_not_fit(
    fly: Fly, campaign: Campaign
) -> None:
    path = fly(campaign.with_runs(1))

    def change(kept: dict[str, Any]) -> None:
        text = json.loads(kept["campaign"])
        del text["vehicle"]["engine"]["lag_s"]
        kept.update(campaign=json.dumps(text), physics_digest="older")

    change_attributes(path, change)
    with pytest.raises(BadInput) as refusal:
        refly(path, 0)
    first, *problems = refusal.value.problems
    assert (
        f"physics older; its campaign cannot be flown with the physics here, {jit.PHYSICS_DIGEST}"
        in first
    )
    assert problems == ["  campaign.vehicle.engine.lag_s: missing, expected a value"]


def test_refly__flies_what_nobody_survived_to_fly(tmp_path: Path, campaign: Campaign) -> None:
    store = begun(tmp_path / "lost.zarr", campaign.with_runs(1))
    lost = BatchRecord(BatchStatus.INFRASTRUCTURE_ERROR, 0.0, "nobody")
    write_batch(store, 0, store.layout.lost_rows(0, 1), lost)
    finish(store)
    again = refly(store.path, 0)
    assert again.metrics["outcome"] != Outcome.infrastructure_error
    assert again.was_lost
    assert again.is_faithful
    assert "the store has no row of it" in story.story(again)


@pytest.mark.parametrize("run", [-1, N_RUNS])
def test_refly__refuses_a_run_outside_with_the_range(flown: Path, run: int) -> None:
    with pytest.raises(BadInput, match=rf"RUN: got {run}, expected 0 to {N_RUNS - 1}, "):
        refly(flown, run)


def test_refly__of_an_unfinished_store_has_what_is_flown(
    tmp_path: Path, campaign: Campaign
) -> None:
    store = begun(tmp_path / "begun.zarr", campaign)
    with pytest.raises(BadInput, match=r"run 8 .* not flown yet"):
        refly(store.path, 8)
    write(store, campaign, 1)
    assert refly(store.path, 8).differences == ()
    with pytest.raises(BadInput, match=r"run 7 .* not flown yet"):
        refly(store.path, 7)


# --- the history ----------------------------------------------------------------------------------


def test_history__passes_through_the_samples_of_the_store(
    flown: Path, flight: Replay, campaign: Campaign
) -> None:
    """The store's channels are made elsewhere from the same flight: names must mean the same."""
    stored = open_store(flown).sel(history_run=flight.run)
    sampled = flight.history.isel(time=slice(None, None, campaign.history.every_ticks))
    r, v, q = (sampled[name].values for name in ("r_enu_m", "v_enu_mps", "q_body_to_enu"))
    up_in_body = 1.0 - 2.0 * (q[:, 1] ** 2 + q[:, 2] ** 2)
    expected = {
        **{name: r[:, i] for i, name in enumerate(("east_m", "north_m", "up_m"))},
        **{name: v[:, i] for i, name in enumerate(("v_east_mps", "v_north_mps", "v_up_mps"))},
        "tilt_rad": np.arccos(np.minimum(up_in_body, 1.0)),
        **{name: sampled[name].values for name in ("throttle", "gimbal_x_rad", "gimbal_y_rad")},
    }
    slots = sampled.sizes["time"]
    np.testing.assert_allclose(sampled["time_s"], stored["time_s"][:slots], rtol=0, atol=1e-9)
    assert slots > 50
    for name, values in expected.items():
        found = stored[name].values
        np.testing.assert_allclose(found[:slots], values, rtol=1e-6, atol=1e-6, err_msg=name)
        assert np.isnan(found[slots:]).all()


def test_history__agrees_with_the_row(flight: Replay) -> None:
    history, metrics = flight.history, flight.metrics
    time_s = history["time_s"].values
    np.testing.assert_allclose(np.diff(time_s), TICK_S, rtol=0, atol=1e-9)
    assert time_s[-1] == pytest.approx(metrics["end_time_s"], abs=1.5 * TICK_S)
    np.testing.assert_allclose((history["q_body_to_enu"] ** 2).sum("quaternion"), 1.0, atol=1e-9)
    burnt_kg = float(history["mass_kg"][0] - history["mass_kg"][-1])
    assert burnt_kg == pytest.approx(metrics["propellant_used_kg"], abs=0.1)
    top_m = float(history["r_enu_m"].sel(enu="up").max())
    assert top_m == pytest.approx(metrics["max_altitude_m"], abs=0.01)
    in_flight = time_s < times(flight)["first contact"] - TICK_S
    rate = np.linalg.norm(history["omega_body_radps"].values[in_flight], axis=1).max()
    assert rate == pytest.approx(metrics["peak_rate_radps"], rel=1e-6)
    # peaks fall between the ticks, so a sample may only be lower
    for channel, peak in (("leg_stroke_m", "stroke"), ("leg_load_n", "load")):
        unit = channel.rpartition("_")[2]
        for leg in range(history.sizes["leg"]):
            sampled = float(history[channel].sel(leg=leg).max())
            assert 0.5 * metrics[f"{peak}_{leg}_{unit}"] < sampled
            assert sampled <= metrics[f"{peak}_{leg}_{unit}"] * (1.0 + 1e-12)


def test_write_history__is_read_back_with_units(flight: Replay, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    replay.write_history(flight, path)
    with xr.open_dataset(path, engine="scipy") as dataset:
        for name in flight.history.data_vars:
            np.testing.assert_array_equal(dataset[name], flight.history[name], err_msg=str(name))
            assert dataset[name].attrs["long_name"]
        units = {name: dataset[name].attrs["units"] for name in ("v_enu_mps", "leg_load_n")}
        assert units == {"v_enu_mps": "m s-1", "leg_load_n": "N"}
        assert dataset["time_s"].attrs["units"] == "s"
        assert list(dataset["enu"].values) == ["east", "north", "up"]
        assert dataset.attrs["run"] == flight.run
        assert Campaign.from_canonical(dataset.attrs["campaign"]) == flight.campaign


# --- the story ------------------------------------------------------------------------------------


def times(flight: Replay) -> dict[str, float]:
    """Times of a timeline by the first words of what happened."""
    return {
        event.what.partition(":")[0].split(",")[0]: event.time_s for event in story.timeline(flight)
    }


def test_timeline__fits_the_metrics(flight: Replay) -> None:
    metrics, at_s = flight.metrics, times(flight)
    assert metrics["outcome"] == Outcome.at_rest
    expected = ["ignition commanded", "released", "descent begins", "highest"]
    expected += ["terminal descent begins", "first contact", "at rest"]
    assert [what for what in at_s if what in expected] == expected
    assert list(at_s.values()) == sorted(at_s.values())
    assert at_s["first contact"] - at_s["released"] == pytest.approx(metrics["flight_time_s"])
    assert at_s["at rest"] == metrics["end_time_s"]
    cut_off_s = at_s["first contact"] + metrics["cut_off_delay_s"]
    assert at_s["engine cut off"] == pytest.approx(cut_off_s)
    # the same from the history: nothing moves before release, no leg bears before contact
    history = flight.history.set_index(time="time_s")
    clamped = history["r_enu_m"].sel(time=slice(None, at_s["released"]))
    assert (clamped == clamped[0]).all()
    bearing = history["time"][(history["leg_load_n"] > 0.0).any("leg")]
    assert abs(float(bearing[0]) - at_s["first contact"]) <= TICK_S * 1.001


def certain(campaign: Campaign, failure: str, **more: Any) -> Campaign:
    """One run in which this failure is as good as certain."""
    branch = Branch(probability=0.999999, tag="E", source="for this test", **more)
    return campaign.with_runs(1).model_copy(update={"failures": {failure: branch}})


def test_timeline__has_the_injected_failure_at_its_time(fly: Fly, campaign: Campaign) -> None:
    when = Uniform(law="uniform", lower=30.0, upper=31.0, **PEDIGREE)
    failed = refly(fly(certain(campaign, "engine_out", time_s=when)), 0)
    at_s = times(failed)
    since_release_s = at_s["injected"] - at_s["released"]
    assert since_release_s == pytest.approx(failed.inputs["failure_time_s"])
    assert 30.0 < since_release_s < 31.0
    told = story.story(failed)
    assert "injected failure: engine out, probability 0.999999" in told
    assert "landing success: no success" in told
    assert "touchdown vertical speed at most 2 m/s (it was" in told
    # the engine is out from then on
    throttle = failed.history["throttle"].values[failed.history["time_s"] > at_s["injected"] + 3.0]
    assert throttle.max() < 0.01


def test_timeline__of_a_run_that_never_starts(fly: Fly, campaign: Campaign) -> None:
    failed = refly(fly(certain(campaign, "engine_no_start")), 0)
    assert isnan(failed.metrics["flight_time_s"])
    assert list(times(failed)) == ["ignition commanded", "no start"]
    told = story.story(failed)
    assert "landing success: no success: not outcome at rest; never touched down" in told
    assert MISSING not in told


def test_story__of_a_good_run(flight: Replay) -> None:
    told = story.story(flight).splitlines()
    count = len(flight.inputs) + len(flight.metrics)
    assert told[0] == f"run {flight.run} of hop_178m: at rest"
    assert "  landing success: success" in told
    assert "  injected failure: none" in told
    assert f"identical to its row in the store, all {count} values to the last bit" in told
    assert any("first contact: " in line and " deg, " in line for line in told)


def test_rare_inputs__know_how_far_out_a_draw_lies(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws = {
        "thrust_scale": Normal(law="normal", mean=1.0, sigma=0.01, **PEDIGREE),
        "friction": LogNormal(law="log_normal", median=0.4, sigma_log=0.1, **PEDIGREE),
        "pad_slope_deg": Uniform(law="uniform", lower=0.0, upper=2.0, **PEDIGREE),
        "gust_mps": Bernoulli(law="bernoulli", probability=0.02, **PEDIGREE),
        "switch_delay_s": Discrete(
            law="discrete", values=(0.01, 0.02, 0.03), probabilities=(0.1, 0.8, 0.1), **PEDIGREE
        ),
    }
    drawn = {
        "thrust_scale": 0.97,
        "friction": 0.4 * np.exp(0.1),
        "pad_slope_deg": 0.5,
        "gust_mps": 1.0,
        "switch_delay_s": 0.02,
    }
    values = {name: np.array([value]) for name, value in drawn.items()}
    monkeypatch.setattr(story.sampling, "draw", lambda *arguments: values)
    rare = story.rare_inputs(campaign.model_copy(update={"dispersions": laws}), 0)
    assert [r.name for r in rare] == [
        "thrust_scale", "gust_mps", "friction", "pad_slope_rad", "switch_delay_s",
    ]  # fmt: skip
    by_name = {r.name: r for r in rare}
    assert by_name["thrust_scale"].sigmas == pytest.approx(-3.0)
    assert by_name["thrust_scale"].share == pytest.approx(0.0026998, rel=1e-4)
    assert by_name["friction"].sigmas == pytest.approx(1.0)
    assert by_name["pad_slope_rad"].share == pytest.approx(0.5)
    assert by_name["pad_slope_rad"].value == pytest.approx(np.deg2rad(0.5))
    assert by_name["pad_slope_rad"].median == pytest.approx(np.deg2rad(1.0))
    assert by_name["gust_mps"].share == pytest.approx(2 * 0.02)
    assert by_name["gust_mps"].sigmas == pytest.approx(2.0537, abs=1e-4)
    assert by_name["switch_delay_s"].share == 1.0
