"""Designs: a run is the same run for any split, and each design keeps what it promises."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from pipeline.errors import problems_of
from pipeline.laws import KnownAt
from pipeline.sampling import Design, uniforms
from pipeline.sampling.design import DesignBase, Stream
from pipeline.sampling.draws import draw
from pipeline.sampling.replicated import SOBOL_DIMENSIONS, _sobol_points
from tests.pipeline.varied import SEED, law, rows, varied

ADAPTER: TypeAdapter[DesignBase] = TypeAdapter(Design)
DESIGNS: dict[str, dict[str, Any]] = {
    "independent": {"design": "independent"},
    "strata": {"design": "strata", "bins": {"a": 3, "c": 4}},
    "latin_hypercube": {"design": "latin_hypercube", "points": 30},
    "sobol": {"design": "sobol", "points": 16},
    "nested": {"design": "nested", "outer": ["assembly"], "inner_runs": 12},
}
LAWS = {"a": law(known="assembly"), "b": law(), "c": law("uniform", lower=0.0, upper=1.0)}
MEASURED = {"days": rows(["x", "y"], [[k, k * k] for k in range(6)])}
# of 2,000 comparisons in all; the seed is fixed, so a failure is a defect or a new seed
FALSE_ALARM = 1e-6


def of(name: str) -> DesignBase:
    return ADAPTER.validate_python(DESIGNS[name])


def stream(name: str = "a", known: KnownAt = "day", dimension: int = 0) -> Stream:
    return Stream(SEED, name, known, dimension)


@pytest.mark.parametrize("name", DESIGNS)
def test_draw__of_a_run_is_the_same_for_every_split_and_order(name: str) -> None:
    campaign = varied(DESIGNS[name], LAWS, rows=MEASURED)
    whole = draw(campaign, 0, 240)
    assert whole.keys() == {"a", "b", "c", "x", "y"}
    for start, stop in ((201, 240), (0, 1), (29, 31), (1, 29), (31, 201), (90, 90)):
        for key, values in draw(campaign, start, stop).items():
            np.testing.assert_array_equal(values, whole[key][start:stop])


@pytest.mark.parametrize("name", DESIGNS)
def test_draw__a_parameter_at_the_end_shifts_no_other(name: str) -> None:
    alone = draw(varied(DESIGNS[name], LAWS, rows=MEASURED), 0, 120)
    more = {**MEASURED, "nights": rows(["z"], [[1.0], [2.0]])}
    beside = draw(varied(DESIGNS[name], LAWS | {"d": law()}, rows=more), 0, 120)
    for key, values in alone.items():
        np.testing.assert_array_equal(values, beside[key])


@pytest.mark.parametrize("name", DESIGNS)
def test_draw__another_seed_draws_other_values(name: str) -> None:
    first, second = (draw(varied(DESIGNS[name], LAWS, seed=seed), 0, 60) for seed in (1, 2))
    for key in LAWS:
        assert not np.isin(first[key], second[key]).any()


@pytest.mark.parametrize("name", DESIGNS)
def test_uniforms__follow_their_law_and_not_each_other(name: str) -> None:
    """A distance beyond chance for independent runs is beyond it for the designs, too."""
    runs = 960 if name != "nested" else 960 * 12
    columns = [of(name).uniforms(stream(n, k, d), 0, runs) for d, (n, k) in enumerate(KNOWN)]
    for column in columns:
        assert 0.0 < column.min() < column.max() < 1.0
        sample = np.unique(column)  # a group counts once
        limit = stats.kstwo.isf(FALSE_ALARM, sample.size)
        assert stats.kstest(sample, "uniform").statistic < limit
    correlation = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    groups = runs // (12 if name == "nested" else 1)
    assert np.abs(correlation).max() < stats.norm.isf(FALSE_ALARM / 2) / np.sqrt(groups)


KNOWN: list[tuple[str, KnownAt]] = [("a", "assembly"), ("b", "day"), ("c", "flight")]


def test_independent__is_the_stream_itself() -> None:
    drawn = of("independent").uniforms(stream("thrust_scale"), 5, 50)
    np.testing.assert_array_equal(drawn, uniforms(SEED, "thrust_scale", 5, 50))


# --- strata ---------------------------------------------------------------------------------------


def test_strata__every_block_visits_every_combination_of_bins_once() -> None:
    design: Any = of("strata")
    a, c = (design.uniforms(stream(name), 0, 240) for name in "ac")
    cells = (a * 3).astype(int) + 3 * (c * 4).astype(int)
    for block in cells.reshape(-1, 12):
        assert sorted(block) == list(range(12))
    # in an order of its own, and the stratum of a run is the one it was drawn from
    assert len({tuple(block) for block in cells.reshape(-1, 12)}) == 20
    np.testing.assert_array_equal(design.stratum(SEED, np.arange(240)), cells)
    np.testing.assert_array_equal(design.stratum(SEED, np.array([77, 3, 120])), cells[[77, 3, 120]])


def test_strata__other_parameters_are_drawn_for_themselves() -> None:
    drawn = of("strata").uniforms(stream("b"), 0, 50)
    np.testing.assert_array_equal(drawn, uniforms(SEED, "b", 0, 50))


def test_strata__variance_between_bins_is_gone() -> None:
    """The mean of a uniform in 24 strata: sigma 1 / sqrt(12 N) becomes 1 / (24 sqrt(12 N))."""
    design = ADAPTER.validate_python({"design": "strata", "bins": {"a": 24}})
    means = design.uniforms(stream(), 0, 240 * 400).reshape(400, 240).mean(axis=1)
    expected = 1.0 / (24.0 * np.sqrt(12.0 * 240.0))
    # standard error of a sigma from 400 values is 3.5 %; five of them
    assert means.std() == pytest.approx(expected, rel=0.18)


# --- Latin hypercubes and Sobol points ------------------------------------------------------------


@pytest.mark.parametrize(("name", "points"), [("latin_hypercube", 30), ("sobol", 16)])
def test_replicate__has_one_value_in_every_cell(name: str, points: int) -> None:
    drawn = of(name).uniforms(stream(), 0, 20 * points)
    for replicate in drawn.reshape(20, points):
        assert sorted((replicate * points).astype(int)) == list(range(points))
    assert np.unique(drawn).size == drawn.size


def test_latin_hypercube__cells_are_in_random_order_and_values_anywhere_in_them() -> None:
    design = ADAPTER.validate_python({"design": "latin_hypercube", "points": 2})
    drawn = design.uniforms(stream(), 0, 4000).reshape(2000, 2)
    upper_first = np.count_nonzero(drawn[:, 0] > 0.5)
    assert stats.binomtest(upper_first, 2000).pvalue > FALSE_ALARM
    within = (2.0 * drawn) % 1.0
    assert stats.kstest(within.ravel(), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("powers", [(0, 6), (1, 5), (3, 3), (5, 1), (6, 0)])
def test_sobol__every_box_of_the_net_holds_one_point(powers: tuple[int, int]) -> None:
    """Its first two dimensions are a (0, m, 2)-net (Sobol, 1967), and a scramble keeps nets."""
    points = _sobol_points(SEED, 64, 0, 128)
    assert points.shape == (128, SOBOL_DIMENSIONS)
    boxes = [(points[:, k] * 2**power).astype(int) for k, power in enumerate(powers)]
    for scramble in (boxes[0] * 2 ** powers[1] + boxes[1]).reshape(2, 64):
        assert sorted(scramble) == list(range(64))
    assert not np.isin(points[:64, 0], points[64:, 0]).any()
    np.testing.assert_array_equal(_sobol_points(SEED, 64, 40, 100), points[40:100])


def test_sobol__integrates_a_smooth_function_at_its_rate() -> None:
    """Error of a mean over 256 points in 3 dimensions, by 64 scrambles: far below N^-1/2."""
    design = ADAPTER.validate_python({"design": "sobol", "points": 256})
    axes = [design.uniforms(stream(d, dimension=k), 0, 64 * 256) for k, d in enumerate("abc")]
    product = np.prod([1.0 + (u - 0.5) for u in axes], axis=0).reshape(64, 256)
    plain = np.sqrt(((1.0 + 1.0 / 12.0) ** 3 - 1.0) / 256)
    assert product.mean() == pytest.approx(1.0, abs=plain / 100)
    assert product.mean(axis=1).std() < plain / 20


def test_latin_hypercube__leaves_a_sum_only_the_variance_within_cells() -> None:
    """Stein, Technometrics 29:143, 1987. Three uniforms, 100 cells: sqrt(3 / 12) 100^-1.5."""
    design = ADAPTER.validate_python({"design": "latin_hypercube", "points": 100})
    total = np.sum([design.uniforms(stream(name), 0, 40_000) for name in "abc"], axis=0)
    means = total.reshape(400, 100).mean(axis=1)
    # standard error of a sigma from 400 values is 3.5 %; five of them
    assert means.std() == pytest.approx(np.sqrt(3.0 / 12.0) * 100**-1.5, rel=0.18)


# --- nested ---------------------------------------------------------------------------------------


def test_nested__a_group_shares_its_outer_draw_and_nothing_else() -> None:
    drawn = draw(varied(DESIGNS["nested"], LAWS), 0, 240)
    groups = drawn["a"].reshape(20, 12)
    assert (groups == groups[:, :1]).all()
    assert np.unique(groups[:, 0]).size == 20
    assert np.unique(drawn["b"]).size == 240


# --- numbers of runs ------------------------------------------------------------------------------

RUNS = [
    ("independent", 1, ""),
    ("strata", 24, ""),
    ("strata", 12, "got 12, expected at least 24: two in each stratum"),
    (
        "strata",
        100,
        "got 100, expected a multiple of 12, the strata of sampling.bins: 96 or 108",
    ),
    ("latin_hypercube", 600, ""),
    ("latin_hypercube", 30, ""),
    (
        "latin_hypercube",
        60,
        "got 60, which is 2 replicates of 30, expected at least 20 of them (600), "
        "or one without intervals (30)",
    ),
    (
        "latin_hypercube",
        7,
        "got 7, expected a multiple of 30, the points of a replicate: 30",
    ),
    ("sobol", 256, ""),
    (
        "sobol",
        240,
        "got 240, which is 15 replicates of 16, expected at least 16 of them (256), "
        "or one without intervals (16)",
    ),
    ("nested", 24, ""),
    ("nested", 12, "got 12, expected at least 24: two groups"),
    ("nested", 30, "got 30, expected a multiple of 12, sampling.inner_runs: 24 or 36"),
]


@pytest.mark.parametrize(("name", "runs", "message"), RUNS)
def test_problem__a_design_grows_by_whole_parts(name: str, runs: int, message: str) -> None:
    assert of(name).problem(runs) == message


DESCRIPTIONS = {
    "independent": "independent runs",
    "strata": "proportional strata: bins 3 of a, 4 of c; 200 runs in each stratum",
    "latin_hypercube": "Latin hypercubes: 80 of 30 runs",
    "sobol": "scrambled Sobol points: 150 scrambles of 16 runs",
    "nested": "nested: 200 groups that share class assembly, 12 runs each",
}


@pytest.mark.parametrize("name", DESIGNS)
def test_describe__says_what_was_done(name: str) -> None:
    assert of(name).describe(2400) == DESCRIPTIONS[name]
    assert bool(of(name).no_gate) == (name not in ("independent", "strata"))
    assert ADAPTER.validate_json(ADAPTER.dump_json(of(name))) == of(name)


MISTAKES = [
    ({}, "design: missing, expected a value"),
    (
        {"design": "halton"},
        "design: got 'halton', expected one of 'independent', 'strata', 'latin_hypercube', "
        "'sobol', 'nested'",
    ),
    ({"design": "sobol"}, "points: missing, expected a value"),
    ({"design": "sobol", "points": 500}, "points: got 500, expected a power of two: 256 or 512"),
    ({"design": "sobol", "points": 1}, "points: got 1, expected >= 2"),
    ({"design": "latin_hypercube", "points": 0.5}, "points: got 0.5, expected a whole number"),
    ({"design": "latin_hypercube", "point": 9}, "point: unknown key, did you mean points?"),
    ({"design": "strata", "bins": {}}, "bins: got {}, expected at least 1 of them"),
    ({"design": "strata", "bins": {"a": 1}}, "bins.a: got 1, expected >= 2"),
    (
        {"design": "nested", "outer": ["assembly", "assembly"], "inner_runs": 5},
        "outer: got ['assembly', 'assembly'], expected each class once",
    ),
    (
        {"design": "nested", "outer": ["factory"], "inner_runs": 5},
        "outer.0: got 'factory', expected 'assembly', 'day' or 'flight'",
    ),
]


@pytest.mark.parametrize(("keys", "message"), MISTAKES, ids=[text[:40] for _, text in MISTAKES])
def test_design__mistake_names_key_found_and_expected(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(keys)
    assert problems_of(caught.value) == [message]
