"""Total Sobol indices: closed forms, coverage, and a campaign whose factors are known."""

import io
import json
from math import pi
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pipeline.config import load_campaign
from pipeline.drivers import as_json, sobol
from pipeline.drivers.sobol_text import as_text
from pipeline.errors import BadInput
from pipeline.rare.flight import Flights
from pipeline.rare.points import Points
from pipeline.statistics.sobol import REPLICATES, Total, base_points, totals
from tests.pipeline.campaign_files import CAMPAIGN, Edit, put, write

RARE = 1e-6
A_OF_G = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])


def ishigami(u):
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, x uniform on (-pi, pi) (Ishigami & Homma 1990)."""
    x = pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) * (1.0 + 0.1 * x[:, 2] ** 4) + 7.0 * np.sin(x[:, 1]) ** 2


def sobol_g(u):
    return np.prod((np.abs(4.0 * u - 2.0) + A_OF_G) / (1.0 + A_OF_G), axis=1)


def linear_failure(u):
    """Whether .8 u1 + .5 u2 + .3 u3 + .141421 u4 + 0 u5 > 1.2815516, u standard normal."""
    weights = np.array([0.8, 0.5, 0.3, np.sqrt(0.02), 0.0])
    return (stats.norm.ppf(u) @ weights > 1.2815516).astype(float)


# total indices: closed forms, of the indicator by the bivariate normal law
IN_ISHIGAMI = [0.55758885521, 0.44241114479, 0.24368366406]
IN_G = [0.78714412666, 0.24219819282, 0.03431691015, 0.01046038707, *[0.0001049490519195] * 4]
IN_FAILURE = {1: 0.5417460836257, 3: 0.1554178089054, 4: 0.0}


def estimated(function, dimension: int, points: int, seed: int, confidence=0.9) -> list[Total]:
    base, moved = [], []
    for random in np.random.default_rng(seed).spawn(REPLICATES):
        a, b = base_points(dimension, points, random)
        base.append(function(a))
        mixed = [np.where(np.arange(dimension) == k, b, a) for k in range(dimension)]
        moved.append([function(u) for u in mixed])
    return totals(np.array(base), np.swapaxes(moved, 0, 1), confidence)


@pytest.mark.parametrize(
    ("function", "expected"), [(ishigami, IN_ISHIGAMI), (sobol_g, IN_G)], ids=["ishigami", "G"]
)
def test_totals__of_functions_with_closed_forms(function, expected):
    found = estimated(function, len(expected), 256, 1, confidence=1.0 - RARE)
    for total, exact in zip(found, expected, strict=True):
        assert total.lower <= exact <= total.upper
        assert total.upper - total.lower < 0.6 * exact  # and says something
        assert total.pairs == REPLICATES * 256


def test_totals__of_a_failure_that_two_inputs_hardly_move():
    found = estimated(linear_failure, 5, 256, 2, confidence=1.0 - RARE)
    for factor, exact in IN_FAILURE.items():
        assert found[factor].lower <= exact <= found[factor].upper
    assert found[4] == (0.0, 0.0, 0.0, REPLICATES * 256)


def test_totals__cover_as_often_as_they_say():
    """200 designs of 32 points: no factor held less often than a nominal 90 % may be by chance."""
    held = np.array(
        [
            [
                t.lower <= e <= t.upper
                for t, e in zip(estimated(sobol_g, 8, 32, s), IN_G, strict=True)
            ]
            for s in range(200)
        ]
    )
    assert (held.sum(axis=0) >= stats.binom.ppf(RARE, 200, 0.9)).all()
    assert (held.sum(axis=0) <= stats.binom.isf(RARE, 200, 0.9)).all()


def test_totals__pairs_without_a_value_are_left_out():
    base, moved = np.ones((16, 4)), np.zeros((1, 16, 4))
    base[:, 0], moved[0, :, 0] = np.nan, 7.0
    base[:, 1], moved[0, :, 1] = 3.0, 3.0
    moved[0, :, 2] = -np.inf
    (total,) = totals(base, moved, 0.9)
    assert total.pairs == 2 * 16
    assert np.isfinite(total.value)
    (none,) = totals(np.full((16, 4), np.nan), moved, 0.9)
    assert np.isnan(none.value)
    (still,) = totals(np.ones((16, 4)), np.ones((1, 16, 4)), 0.9)
    assert np.isnan(still.value)


# --- of a campaign --------------------------------------------------------------------------------

MOVES, WITH, OTHER = "thrust_scale", "isp_scale", "wind_speed_mps"
NAMED = {"tag": "E", "source": "a test"}


def fake_fly(self: Flights, points: Points) -> dict[str, np.ndarray]:
    """Miss and speed of a run, each a sum of scores, of which one is that of its noise seed."""
    scores = {name: points.u[:, self.coordinates.index(name)] for name in (MOVES, WITH, OTHER)}
    noise = stats.norm.ppf((points.seed.astype(float) + 0.5) / 2.0**64)
    miss_m = 2.0 * scores[MOVES] + scores[OTHER] + 2.0 * noise
    speed_mps = scores[MOVES] + scores[WITH]
    count = len(points.seed)
    return {
        "outcome": np.zeros(count),
        "touchdown_miss_m": miss_m,
        "touchdown_vertical_speed_mps": np.where(scores[OTHER] > 3.0, np.nan, speed_mps),
        "slid_m": np.zeros(count),
    }


def asked(folder: Path, ask: sobol.Ask, *edits: Edit) -> tuple[sobol.Answer, str]:
    told = io.StringIO()
    return sobol.indices(str(write(folder, *edits)), ask, told), told.getvalue()


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flights, "fly", fake_fly)
    monkeypatch.setattr(sobol.kernel, "warm_up", lambda: None)


@pytest.mark.usefixtures("faked")
def test_indices__noise_is_a_factor_and_shares_are_those_of_the_sum(tmp_path):
    """Of 2 a + b + 2 noise: 4/9, 1/9, 4/9, and nothing of any other parameter."""
    answer, told = asked(tmp_path, sobol.Ask(("touchdown_miss_m",)))
    (found,) = answer.quantities
    shares = {index.factor: index.total for index in found.indices}
    assert len(shares) == answer.factors == len(load_campaign(CAMPAIGN).dispersions) + 1
    for factor, exact in ((MOVES, 4 / 9), (OTHER, 1 / 9), (sobol.NOISE, 4 / 9)):
        total = shares.pop(factor)
        assert total.lower - 0.02 <= exact <= total.upper + 0.02
        assert total.value == pytest.approx(exact, abs=0.08)
    assert all(total == (0.0, 0.0, 0.0, 512) for total in shares.values())
    assert found.sigma == pytest.approx(3.0, rel=0.15)
    assert answer.runs == 16 * 32 * (answer.factors + 1)
    assert f"{answer.runs:,} flights" in told


@pytest.mark.usefixtures("faked")
def test_indices__correlated_parameters_are_one_factor(tmp_path):
    pairs = [{"a": MOVES, "b": WITH, "rho": 0.5, **NAMED}]
    quantity = "touchdown_vertical_speed_mps"
    answer, _ = asked(tmp_path, sobol.Ask((quantity,), 8), put("campaign.correlations", pairs))
    (found,) = answer.quantities
    assert found.indices[0].factor == f"{MOVES} + {WITH}"
    assert found.indices[0].total.value == pytest.approx(1.0, abs=0.3)
    assert 0.0 <= found.without_value < 0.1
    assert {WITH, MOVES}.isdisjoint({index.factor for index in found.indices})


@pytest.mark.usefixtures("faked")
def test_indices__of_a_margin_and_of_what_does_not_vary(tmp_path):
    """The margin of one limit on the miss has the indices of the miss."""
    holds = [{"metric": "touchdown_miss_m", "at_most": 10.0}]
    near = {"name": "near", "probability": 0.9, "confidence": 0.9, "holds": holds}
    ask = sobol.Ask(("near", "touchdown_miss_m", "slid_m"), 8)
    answer, _ = asked(tmp_path, ask, put("campaign.requirements", [near]))
    margin, miss, slid = answer.quantities
    assert [i.factor for i in margin.indices] == [i.factor for i in miss.indices]
    assert margin.indices[0].total.value == pytest.approx(miss.indices[0].total.value)
    text = as_text(answer)
    assert "it does not vary" in text
    assert f"{sobol.NOISE:<32}" in text
    read = json.loads(as_json(answer))
    assert read["quantities"][2]["indices"][0]["total"]["value"] is None


def test_indices__by_flights_come_out_the_same_again(tmp_path):
    """Two parameters and the noise of the real kernel: the wind moves the miss, a mast does not."""
    campaign = json.loads(load_campaign(CAMPAIGN).model_dump_json(by_alias=True))
    kept = {name: campaign["dispersions"][name] for name in (OTHER, "leg_stiffness_scale")}
    edits = [put("campaign.dispersions", kept)]
    first, second = (asked(tmp_path, sobol.Ask(("touchdown_miss_m",), 8), *edits) for _ in range(2))
    assert first[0] == second[0]
    shares = {i.factor: i.total for i in first[0].quantities[0].indices}
    assert shares["leg_stiffness_scale"].value == 0.0  # legs touch nothing before touchdown
    assert shares[OTHER].lower > 0.0
    assert shares[sobol.NOISE].lower > 0.0


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (sobol.Ask(("touchdown_mis_m",)), "did you mean touchdown_miss_m"),
        (sobol.Ask(("touchdown_tilt_rad",)), "degrees in files"),
        (sobol.Ask(("slid_m", "slid_m")), "expected each once"),
        (sobol.Ask(("slid_m",), 12), "got 12, expected a power of two, at least 8"),
        (sobol.Ask(("slid_m",), 4), "got 4, expected a power of two"),
        (sobol.Ask(("slid_m",), 0), "got 0, expected a power of two"),
    ],
)
def test_check__every_mistake_is_told(ask, said):
    with pytest.raises(BadInput, match=said):
        sobol.check(load_campaign(CAMPAIGN), ask)


def test_check__all_at_once():
    with pytest.raises(BadInput) as caught:
        sobol.check(load_campaign(CAMPAIGN), sobol.Ask(("nothing", "none"), 3))
    assert len(caught.value.problems) == 3
