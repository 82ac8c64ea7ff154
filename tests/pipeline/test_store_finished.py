"""A finished store: what it says, and what is damage."""

import json
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.errors import StoreProblem
from pipeline.store import (
    Store,
    damage,
    finish,
    open_store,
    prepare_store,
)
from tests.pipeline import fake_batch
from tests.pipeline.stores import expected, finished_store, fly_all, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


# --- a finished store ---------------------------------------------------------------------------


def test_finished_store__opens_with_plain_xarray_as_named_variables(store: Store) -> None:
    fly_all(store)
    finish(store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = xr.open_zarr(store.path)
    for name, values in expected().items():
        np.testing.assert_array_equal(dataset[name].values, values, err_msg=name)
    assert dataset["touchdown_speed_mps"].dims == ("run",)
    assert dataset["touchdown_speed_mps"].attrs == {
        "long_name": "touchdown speed",
        "units": "m s-1",
        "role": "metric",
    }
    assert dataset["thrust_scale"].attrs["role"] == "input"
    assert dataset["height_m"].dims == ("history_run", "time")
    np.testing.assert_array_equal(dataset["time_s"], fake_batch.TIME_S)
    assert "time_s" in dataset.coords
    np.testing.assert_array_equal(dataset["run"], np.arange(100))


def test_finished_store__codes_are_small_integers_that_explain_themselves(store: Store) -> None:
    fly_all(store)
    finish(store)
    dataset = xr.open_zarr(store.path)
    assert dataset["outcome"].dtype == np.int8
    assert dataset["outcome"].attrs["flag_values"] == [0, 1, 9]
    assert dataset["outcome"].attrs["flag_meanings"] == "at_rest tip_over infrastructure_error"
    assert dataset["violations"].dtype == np.uint32
    assert dataset["violations"].attrs["flag_masks"] == [1, 2]
    assert dataset["violations"].attrs["role"] == "code"


def test_finished_store__says_what_flew_it(store: Store) -> None:
    fly_all(store)
    finish(store)
    attributes = xr.open_zarr(store.path).attrs
    provenance = fake_batch.provenance()
    assert attributes["state"] == "finished"
    assert attributes["campaign"] == provenance.campaign
    assert attributes["campaign_digest"] == provenance.campaign_digest
    assert attributes["physics_digest"] == provenance.physics_digest
    assert attributes["target"] == provenance.target
    assert attributes["n_runs"] == 100
    assert attributes["package_versions"]["zarr"].startswith("3.")
    assert attributes["created_utc"] <= attributes["finished_utc"]


def test_finished_store__keeps_how_it_was_flown_apart_from_the_rows(store: Store) -> None:
    fly_all(store)
    finish(store)
    dataset = xr.open_zarr(store.path)
    assert dataset["batch_kernel_s"].dims == ("batch",)
    np.testing.assert_array_equal(dataset["batch_kernel_s"], [0.5] * 7)
    assert set(dataset["batch_worker"].values) == {"here"}
    assert not Path(store.path, "flying").exists()


def test_finished_store__is_taken_up_as_finished(store: Store) -> None:
    fly_all(store)
    finish(store)
    again = prepare_store(store.path, fake_batch.layout(), fake_batch.provenance())
    assert again.state == "finished"


@pytest.mark.parametrize("batch_runs", [1, 7, 64, 1000])
def test_finished_store__rows_are_the_same_for_any_batch_size(
    tmp_path: Path, batch_runs: int
) -> None:
    reference = open_store(finished_store(tmp_path / "reference.zarr").path)
    dataset = open_store(finished_store(tmp_path / "other.zarr", batch_runs).path)
    same = [name for name in reference.variables if not str(name).startswith("batch_")]
    xr.testing.assert_identical(
        reference[same].drop_attrs(deep=False), dataset[same].drop_attrs(deep=False)
    )


def test_finished_store__a_missing_chunk_is_an_error_not_data(store: Store) -> None:
    fly_all(store)
    finish(store)
    Path(store.path, "touchdown_speed_mps", "c", "0").unlink()
    missing = r"damaged: touchdown_speed_mps: chunk c/0 \(run 0 to 99\) is missing"
    with pytest.raises(StoreProblem, match=missing):
        open_store(store.path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chunk: chunk[: len(chunk) // 2],
        lambda chunk: b"",
        lambda chunk: chunk[::-1],
        lambda chunk: chunk[:-7] + bytes([chunk[-7] ^ 1]) + chunk[-6:],
    ],
)
def test_finished_store__a_chunk_that_has_changed_is_an_error_not_data(
    store: Store, spoil: Callable[[bytes], bytes]
) -> None:
    fly_all(store)
    finish(store)
    chunk = Path(store.path, "touchdown_speed_mps", "c", "0")
    chunk.write_bytes(spoil(chunk.read_bytes()))
    said = r"damaged: touchdown_speed_mps: chunk c/0 \(run 0 to 99\) cannot be read: "
    with pytest.raises(StoreProblem, match=said):
        open_store(store.path)


def test_finished_store__without_a_variable_that_every_store_has_is_damaged(store: Store) -> None:
    fly_all(store)
    finish(store)
    root = Path(store.path, "zarr.json")
    told = json.loads(root.read_text())
    del told["consolidated_metadata"]["metadata"]["outcome"]
    root.write_text(json.dumps(told))
    with pytest.raises(StoreProblem, match="damaged: outcome: is missing"):
        open_store(store.path)


def test_damage__names_the_chunk_and_its_rows_or_how_many(store: Store) -> None:
    fly_all(store)
    assert damage(store.path) == []
    finish(store)
    assert damage(store.path) == []
    Path(store.path, "tilt_rad", "c", "0", "0").unlink()
    [said, remedy] = damage(store.path)
    assert said == "damaged: tilt_rad: chunk c/0/0 (history_run 0 to 39) is missing"
    assert "fly it again" in remedy
    for chunks in Path(store.path).glob("*/c"):
        shutil.rmtree(chunks)
    assert re.fullmatch(r"damaged: \d+ chunks more", damage(store.path)[-2])
