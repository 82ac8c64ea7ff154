"""Rank correlation: asked and drawn, under every design; matrices that cannot be, and the nearest.

Rows of a file are here, too: what was measured together is drawn together.
"""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from pipeline.errors import problems_of
from pipeline.sampling import Correlation, Rows
from pipeline.sampling.copula import is_valid, nearest, pearson, spearman
from pipeline.sampling.draws import correlated, draw, laws, mixed
from tests.pipeline.varied import PEDIGREE, law, pair, rows, varied

RUNS = 30_720
LAWS = {
    "wind": law("weibull", shape=2.0, scale=3.5),
    "gust": law("log_normal", median=1.0, sigma_log=0.5),
    "thrust": law("normal", mean=1.0, sigma=0.01, known="assembly"),
    "load": law("uniform", lower=0.0, upper=1.0),
}
ASKED = (pair("gust", "wind", 0.8), pair("thrust", "wind", -0.5), pair("gust", "thrust", -0.3))
DESIGNS: list[dict[str, Any]] = [
    {"design": "independent"},
    {"design": "strata", "bins": {"gust": 16}},
    {"design": "latin_hypercube", "points": 1536},
    {"design": "sobol", "points": 1024},
]
IDS = [design["design"] for design in DESIGNS]


@pytest.mark.parametrize("design", DESIGNS, ids=IDS)
def test_correlate__ranks_are_as_asked_and_laws_are_met(design: dict[str, Any]) -> None:
    campaign = varied(design, LAWS, ASKED)
    drawn = draw(campaign, 0, RUNS)
    found, _ = stats.spearmanr(np.column_stack([drawn[name] for name in LAWS]))
    asked = np.array(
        [[1, 0.8, -0.5, 0], [0.8, 1, -0.3, 0], [-0.5, -0.3, 1, 0], [0, 0, 0, 1]], float
    )
    # Bonett & Wright, Psychometrika 65:23, 2000: sigma (1 - rho^2) sqrt((1 + rho^2 / 2) / (N - 3))
    sigma = (1.0 - asked**2) * np.sqrt((1.0 + asked**2 / 2.0) / (RUNS - 3))
    assert (np.abs(found - asked) <= 5.0 * sigma).all()
    for name, of in campaign.dispersions.items():
        cdf: Any = of.cdf
        assert stats.kstest(drawn[name], cdf).pvalue > 1e-6


@pytest.mark.parametrize("design", [*DESIGNS, {"design": "nested", "outer": ["assembly"],
                                               "inner_runs": 8}])  # fmt: skip
def test_correlate__of_a_run_is_the_same_for_every_split(design: dict[str, Any]) -> None:
    campaign = varied(design, LAWS, ASKED)
    whole = draw(campaign, 0, 200)
    for start, stop in ((3, 4), (17, 190)):
        for name, values in draw(campaign, start, stop).items():
            np.testing.assert_array_equal(values, whole[name][start:stop])


@pytest.mark.parametrize("design", DESIGNS, ids=IDS)
def test_correlate__moves_only_those_that_follow(design: dict[str, Any]) -> None:
    before = draw(varied(design, LAWS), 0, 64)
    campaign = varied(design, LAWS, ASKED)
    after = draw(campaign, 0, 64)
    moved = {name for name in LAWS if (before[name] != after[name]).any()}
    assert moved == mixed(campaign)
    first = "gust" if design["design"] == "strata" else "wind"  # what is stratified leads
    assert correlated(campaign)[0] == first
    assert moved == {"wind", "gust", "thrust"} - {first}


def test_correlate__several_groups_have_a_first_each() -> None:
    campaign = varied(
        laws=LAWS, correlations=(pair("wind", "gust", 0.5), pair("load", "thrust", 0.5))
    )
    assert mixed(campaign) == {"gust", "load"}


def test_correlate__a_group_of_runs_still_shares_its_outer_draw() -> None:
    """What is known at assembly leads, so no inner draw gets into it."""
    design = {"design": "nested", "outer": ["assembly"], "inner_runs": 64}
    drawn = draw(varied(design, LAWS, (pair("wind", "thrust", 0.9),)), 0, 64 * 200)
    thrust, wind = (drawn[name].reshape(200, 64) for name in ("thrust", "wind"))
    assert (thrust == thrust[:, :1]).all()
    assert (wind.std(axis=1) > 0.0).all()
    # the mean wind of a group follows its thrust
    assert stats.spearmanr(thrust[:, 0], wind.mean(axis=1)).statistic > 0.9


def test_pearson__is_the_relation_of_the_binormal() -> None:
    """rho = 6 / pi arcsin(r / 2): both ways, and known values."""
    rho = np.linspace(-0.99, 0.99, 23)
    np.testing.assert_allclose(spearman(pearson(rho)), rho, atol=1e-14)
    assert pearson(np.array(0.5)) == pytest.approx(0.5176380902)  # 2 sin(15 deg)


# --- matrices that cannot be ----------------------------------------------------------------------


def test_nearest__is_that_of_the_published_example() -> None:
    """Higham, IMA J. Numer. Anal. 22:329 (2002), section 4: 0.7607 and 0.1573 for scores' r."""
    impossible = spearman(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]))
    assert not is_valid(impossible)
    scores = pearson(nearest(impossible))
    assert scores[0, 1] == pytest.approx(0.7607, abs=3e-4)
    assert scores[1, 2] == pytest.approx(0.7607, abs=3e-4)
    assert scores[0, 2] == pytest.approx(0.1573, abs=3e-4)


def test_nearest__can_be_drawn_as_it_is_printed() -> None:
    generator = np.random.default_rng(1)
    for size in (3, 5, 8):
        rho = np.eye(size)
        above = np.triu_indices(size, 1)
        rho[above] = generator.uniform(-0.95, 0.95, above[0].size)
        rho = rho + rho.T - np.eye(size)
        found = nearest(rho)
        assert is_valid(found)
        np.testing.assert_array_equal(found, np.round(found, 4))
        np.testing.assert_array_equal(found, found.T)


def test_nearest__leaves_a_valid_matrix_alone() -> None:
    valid = np.array([[1.0, 0.3, -0.2], [0.3, 1.0, 0.5], [-0.2, 0.5, 1.0]])
    assert is_valid(valid)
    np.testing.assert_allclose(nearest(valid), valid, atol=1e-12)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"rho": 1.0}, "rho: got 1.0, expected < 1"),
        ({"rho": -1.5}, "rho: got -1.5, expected > -1"),
        ({"rho": "high"}, "rho: got 'high', expected a number, without quotes; "
                          "YAML wants a point in 1.0e-3"),
        ({"rho": 0.1, "p": 1}, "p: unknown key"),
    ],
)  # fmt: skip
def test_correlation__mistake_names_key_found_and_expected(
    keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Correlation.model_validate({"a": "x", "b": "y", **keys, **PEDIGREE})
    assert problems_of(caught.value) == [message]


# --- rows of a file -------------------------------------------------------------------------------

MEASURED = np.array([[1.0, 10.0], [2.0, 20.0], [2.0, 25.0], [4.0, 40.0]])


def test_rows__columns_are_drawn_from_one_row() -> None:
    campaign = varied(rows={"unit": rows(["x", "y"], MEASURED.tolist())})
    drawn = draw(campaign, 0, 4000)
    found, times = np.unique(np.column_stack([drawn["x"], drawn["y"]]), axis=0, return_counts=True)
    np.testing.assert_array_equal(found, MEASURED)
    assert stats.chisquare(times).pvalue > 1e-6


def test_rows__law_of_a_column_is_that_of_its_values() -> None:
    campaign = varied(rows={"unit": rows(["x", "y"], MEASURED.tolist(), known="flight")})
    found = laws(campaign)
    assert list(found) == ["a", "b", "c", "x", "y"]
    np.testing.assert_allclose(found["x"].cdf(np.array([0.9, 1.0, 2.0, 4.0])), [0, 0.25, 0.75, 1])
    assert (found["x"].known, found["x"].median()) == ("flight", 2.0)


def test_rows__a_hypercube_takes_every_row_equally_often() -> None:
    design = {"design": "latin_hypercube", "points": 40}
    drawn = draw(varied(design, rows={"unit": rows(["y"], MEASURED[:, 1:].tolist())}), 0, 800)
    for replicate in drawn["y"].reshape(20, 40):
        assert (np.unique(replicate, return_counts=True)[1] == 10).all()


def test_rows__a_group_of_runs_shares_a_row_known_before() -> None:
    design = {"design": "nested", "outer": ["assembly"], "inner_runs": 5}
    units = {"unit": rows(["y"], [[float(k)] for k in range(1000)], known="assembly")}
    drawn = draw(varied(design, rows=units), 0, 100)["y"].reshape(20, 5)
    assert (drawn == drawn[:, :1]).all()
    assert np.unique(drawn).size > 10


def test_rows__a_column_twice_is_a_mistake() -> None:
    with pytest.raises(ValidationError) as caught:
        rows(["x", "x"], MEASURED.tolist())
    assert "columns: got ['x', 'x'], expected each once" in problems_of(caught.value)[0]
    assert Rows.model_fields.keys() >= {"file", "columns", "known", "values"}
