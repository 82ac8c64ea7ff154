"""What may lie between a candidate and its baseline, and what must not."""

import numpy as np
import pytest

from models.outcomes import Initiator
from pipeline.compare import Terms, as_text, compare_stores
from pipeline.errors import BadInput, DamagedStore
from pipeline.ruling import Ruling
from tests.pipeline.pairs import HEAVIER, compared, ending, reasons
from tests.pipeline.results import LANDING, dataset, failing, normal, pedigree, write_store

# --- what may differ ------------------------------------------------------------------------------


def test_changes__vehicle_and_physics_may_differ_and_are_told():
    other = dataset(50, attributes={"physics_digest": "fedcba9876543210"}, vehicle=HEAVIER)
    text = as_text(compared(dataset(50), other))
    assert "physics: baseline 0123456789abcdef, candidate fedcba9876543210" in text
    assert "vehicle: both Test stage" in text
    assert "vehicle.mass.dry_kg.value: baseline 1.0, candidate 2.0" in text


def test_changes__requirements_may_differ_and_are_told():
    weaker = dataset(50, requirements=[LANDING | {"probability": 0.5}])
    found = compared(dataset(50), weaker)
    assert found.changes == ("requirements.0.probability: baseline 0.99, candidate 0.5",)


def rows(values: list[list[float]], *columns: str) -> dict[str, object]:
    names = list(columns or ("friction", "lag_s"))
    return {"file": "lot.csv", "columns": names, "class": "assembly", "values": values} | pedigree()


OTHERS = [
    ("seed", {"seed": 8}, "differs from the baseline in seed: seed: baseline 7, candidate 8"),
    (
        "dispersions",
        {"dispersions": {"thrust_scale": normal(1.0, 0.02)}},
        "dispersions.thrust_scale.sigma: baseline 0.01, candidate 0.02",
    ),
    (
        "failures",
        {"failures": {"engine_out": {"probability": 0.5, **pedigree()}}},
        "failures.engine_out.probability: baseline 0.01, candidate 0.5",
    ),
    (
        "mission",
        {"mission": [{"up_m": 10.0}]},
        "in mission: mission: baseline none, candidate a li",
    ),
    (
        "site",
        {"site": {"pad_radius_m": {"value": 9.0, **pedigree("P")}}},
        "site.pad_radius_m.value",
    ),
    ("wind", {"wind": {"gust_mps": 1.0}}, "differs from the baseline in wind: "),
    ("sampling", {"sampling": {"design": "strata", "bins": {"thrust_scale": 2}}}, "in sampling: "),
    (
        "correlations",
        {"correlations": [{"a": "thrust_scale", "b": "isp_scale", "rho": 0.5, **pedigree()}]},
        "correlations: baseline none, candidate a list of 1",
    ),
    (
        "rows",
        {"rows": {"lot": rows([[1.0, 2.0], [3.0, 4.0]])}},
        "rows: baseline none, candidate keys and values",
    ),
    ("steps", {"steps": {"flight": 4, "contact": 20}}, "in steps: "),
    ("limits", {"limits": {"time_s": 9.0}}, "in limits: "),
    ("start", {"start": {"up_m": 9.0}}, "in start: "),
]


@pytest.mark.parametrize(("section", "change", "said"), OTHERS)
def test_mismatch__of_what_decides_the_runs_is_invalid_unless_named(section, change, said):
    before, after = dataset(50), dataset(50, **change)
    text = reasons(before, after)
    assert said in text
    assert f"(--allow {section} accepts it)" in text
    allowed = compared(before, after, may_differ=(section,))
    assert allowed.ruling is Ruling.PASS
    assert any(change.startswith(f"--allow {section}: ") for change in allowed.changes)


def test_mismatch__every_section_is_named_at_once():
    text = reasons(dataset(50), dataset(50, seed=8, mission=[]), may_differ=("wind",))
    assert "in mission" in text
    assert "in seed" in text


def test_mismatch__other_numbers_of_runs():
    text = reasons(failing(50, 0), failing(40, 0))
    assert "differs from the baseline in runs: runs: baseline 50, candidate 40" in text
    drawn = {"thrust_scale": np.ones(50)}, {"thrust_scale": np.ones(40)}
    found = compared(dataset(50, drawn[0]), dataset(40, drawn[1]), may_differ=("runs",))
    assert (found.ruling, found.evidence.runs) == (Ruling.PASS, 40)


def test_mismatch__other_draws_from_the_same_seed_and_law():
    other = dataset(50, {"thrust_scale": np.full(50, 1.0)})
    assert "other draws of thrust_scale in 50 of 50 runs" in reasons(dataset(50), other)
    rounded = dataset(50)
    rounded["thrust_scale"] = rounded["thrust_scale"] * (1.0 + 1e-15)
    assert compared(dataset(50), rounded).ruling is Ruling.PASS


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (rows([[1.0, 2.0], [3.0, 5.0]]), "rows.lot.values.1.1: baseline 4.0, candidate 5.0"),
        (rows([[1.0, 2.0]]), "rows.lot.values: baseline a list of 2, candidate a list of 1"),
        (rows([[1.0, 2.0], [3.0, 4.0]], "friction", "isp_scale"), "rows.lot.columns.1: baseline"),
    ],
)
def test_mismatch__rows_of_a_file_by_name_number_and_content(other, said):
    before = dataset(50, rows={"lot": rows([[1.0, 2.0], [3.0, 4.0]])})
    text = reasons(before, dataset(50, rows={"lot": other}))
    assert said in text
    assert "(--allow rows accepts it)" in text


def test_mismatch__the_order_of_failures_decides_which_are_drawn():
    branches = {name: {"probability": 0.01, **pedigree()} for name in ("engine_out", "gnss_lost")}
    turned = dict(reversed(branches.items()))
    text = reasons(dataset(50, failures=branches), dataset(50, failures=turned))
    assert "failures: baseline engine_out, candidate gnss_lost: in another order" in text


def test_mismatch__the_order_of_dispersions_matters_only_where_it_draws_others():
    laws = {name: normal(1.0, 0.01) for name in ("thrust_scale", "isp_scale")}
    turned = dict(reversed(laws.items()))
    drawn = {"isp_scale": np.ones(50)}
    before, after = (dataset(50, drawn, dispersions=order) for order in (laws, turned))
    assert compared(before, after).ruling is Ruling.PASS
    pair = {"correlations": [{"a": "thrust_scale", "b": "isp_scale", "rho": 0.5, **pedigree()}]}
    before, after = (dataset(50, drawn, dispersions=order, **pair) for order in (laws, turned))
    assert "dispersions: baseline thrust_scale, candidate isp_scale" in reasons(before, after)


def test_mismatch__other_draws_of_failures_and_of_rows():
    lot = {"rows": {"lot": rows([[1.0, 2.0], [3.0, 4.0]])}}
    before = dataset(50, {"friction": np.ones(50)}, **lot)
    drawn = {"friction": np.full(50, 3.0), "initiator": np.full(50, Initiator.engine_out)}
    text = reasons(before, dataset(50, drawn, **lot))
    assert "other draws of initiator in 50 of 50 runs" in text
    assert "other draws of friction in 50 of 50 runs" in text


def test_mismatch__draws_of_runs_that_both_have_are_compared_where_runs_are_allowed_to_differ():
    longer = dataset(60)
    assert "other draws of thrust_scale in 49 of 50" in reasons(
        dataset(50), longer, may_differ=("runs",)
    )


def test_mismatch__a_lost_run_has_no_draws_to_differ():
    lost = dataset(2000, ending(2000, infrastructure_error=range(1)))
    lost["thrust_scale"][0] = np.nan
    [pairs] = compared(dataset(2000), lost).evidence.pairs
    assert pairs.newly_broken[0].after == "infrastructure_error"


def test_allow__an_unknown_section_is_bad_input():
    with pytest.raises(BadInput, match="--allow: got 'dispersion', did you mean dispersions"):
        compared(dataset(10), dataset(10), may_differ=("dispersion",))
    with pytest.raises(BadInput, match="vehicle and physics may differ anyway"):
        compared(dataset(10), dataset(10), may_differ=("vehicle",))


# --- baselines that cannot be used ----------------------------------------------------------------


def test_baseline__unfinished():
    half = failing(50, 0, attributes={"state": "flying"})
    assert "baseline: the store is unfinished (flying)" in reasons(half, failing(50, 0))
    assert "candidate: the store is unfinished (flying)" in reasons(failing(50, 0), half)


def test_baseline__without_some_runs_or_with_some_twice():
    whole = failing(50, 0)
    assert "baseline: 3 of 50 run ids are missing" in reasons(whole.isel(run=slice(3, None)), whole)
    twice = whole.assign_coords(run=np.maximum(whole["run"].values, 1))
    assert "baseline: 1 run ids are there more than once" in reasons(twice, whole)


def test_baseline__without_any_run():
    assert "baseline: the store has no runs" in reasons(
        failing(50, 0).isel(run=slice(0, 0)), failing(50, 0)
    )


def test_baseline__without_a_metric_that_the_candidate_asks_for():
    asked = LANDING | {"holds": [{"metric": "touchdown_miss_m", "at_most": 1.0}]}
    before = dataset(50, requirements=[asked]).drop_vars("touchdown_miss_m")
    text = reasons(before, dataset(50, requirements=[asked]))
    assert "baseline: requirements: touchdown_miss_m: the store has no such metric" in text


def test_baseline__of_another_version_is_told(tmp_path):
    path = write_store(tmp_path / "new.zarr", failing(40, 0))
    old = failing(40, 0)
    other = old.attrs["campaign"].replace('"law": "normal"', '"law": "bell"')
    write_store(tmp_path / "old.zarr", old.assign_attrs(campaign=other))
    with pytest.raises(DamagedStore, match=r"old.zarr: the store's campaign, .* cannot be read"):
        compare_stores(tmp_path / "old.zarr", path, Terms())


def test_baseline__that_is_not_there_is_bad_input(tmp_path):
    path = write_store(tmp_path / "new.zarr", failing(40, 0))
    with pytest.raises(BadInput, match="no such store"):
        compare_stores(tmp_path / "none.zarr", path, Terms())
