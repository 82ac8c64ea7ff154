"""Sampling: run 1234 is run 1234 anywhere, and the draws follow the laws asked for."""

import hashlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import stats

from pipeline.laws import Law, LawBase
from pipeline.sampling import Independent, draw, run_seeds, uniforms

PEDIGREE = {"class": "day", "tag": "E", "source": "estimate"}
LAWS: dict[str, LawBase] = TypeAdapter(dict[str, Law]).validate_python(
    {
        "normal": {"law": "normal", "mean": 1.0, "sigma": 0.1, **PEDIGREE},
        "truncated": {
            **{"law": "truncated_normal", "mean": 0.0, "sigma": 1.0, "lower": -1.0, "upper": 3.0},
            **PEDIGREE,
        },
        "uniform": {"law": "uniform", "lower": -2.0, "upper": 5.0, **PEDIGREE},
        "log_normal": {"law": "log_normal", "median": 0.3, "sigma_log": 0.4, **PEDIGREE},
        "weibull": {"law": "weibull", "shape": 2.0, "scale": 5.0, **PEDIGREE},
        "discrete": {
            **{"law": "discrete", "values": [0, 1, 3], "probabilities": [0.2, 0.5, 0.3]},
            **PEDIGREE,
        },
        "bernoulli": {"law": "bernoulli", "probability": 0.1, **PEDIGREE},
    }
)
SEED = 20231102
RUNS = 20_000
FALSE_ALARM = 1e-6  # per comparison; the seed is fixed, so a failure is a defect or a new seed


FROZEN_UNIFORMS = [0.224102802331844, 0.5832218306904079, 0.15426182997929339]
FROZEN_SEEDS = [18295060060257402902, 1700198139741526973]
# Before there were designs: sha256 of uniforms and seeds of runs 0 to 9,999, and first values
FROZEN_NAMES = ("thrust_scale", "wind_speed_mps", "gnss_noise_scale", "friction", "initiator")
FROZEN_DIGEST = "6d2197446a2bbf99db69056f6d3d589019d03a64f7cf1fb67d6926447a75d04a"
FROZEN_VALUES = {
    "thrust_scale": [1.007275476233497, 1.0077974293271426, 1.0054325087729248],
    "wind_speed_mps": [2.7153037822402983, 5.760865654508313, 6.680458408503434],
    "gnss_noise_scale": [0.9834669133719035, 0.6771846047900814, 0.8120017588372432],
    "friction": [0.2794446040780785, 0.6272254346924163, 0.38860302745945546],
}
FROZEN_LAWS = {
    "thrust_scale": {"law": "normal", "mean": 1.0, "sigma": 0.008},
    "wind_speed_mps": {"law": "weibull", "shape": 2.0, "scale": 3.5},
    "gnss_noise_scale": {"law": "log_normal", "median": 1.0, "sigma_log": 0.2},
    "friction": {
        **{"law": "truncated_normal", "mean": 0.45, "sigma": 0.06},
        **{"lower": 0.25, "upper": 0.65},
    },
}


def of(laws: dict[str, LawBase]) -> Any:
    """A campaign of these laws and nothing else that varies."""
    return SimpleNamespace(
        seed=SEED, dispersions=laws, correlations=(), rows={}, sampling=Independent()
    )


def distance(law: LawBase, values: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance, on both sides of every step of the sample and of the law."""
    x = np.unique(values)
    below = np.nextafter(x, -np.inf)
    sample = np.sort(values)
    at = np.searchsorted(sample, x, side="right") / values.size
    before = np.searchsorted(sample, x, side="left") / values.size
    return float(max(np.abs(at - law.cdf(x)).max(), np.abs(before - law.cdf(below)).max()))


@given(
    st.integers(0, 2**64),
    st.text(max_size=20),
    st.integers(0, 10**9),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_uniforms__do_not_depend_on_the_split(
    seed: int, name: str, start: int, first: int, second: int
) -> None:
    middle, stop = start + first, start + first + second
    whole = uniforms(seed, name, start, stop)
    parts = [uniforms(seed, name, start, middle), uniforms(seed, name, middle, stop)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    seeds = [run_seeds(seed, start, middle), run_seeds(seed, middle, stop)]
    np.testing.assert_array_equal(run_seeds(seed, start, stop), np.concatenate(seeds))


def test_uniforms__keep_the_values_they_had() -> None:
    """Changing these changes every campaign ever flown: stored runs could not be replayed."""
    first = uniforms(1, "thrust_scale", 0, 3)
    assert first.tolist() == FROZEN_UNIFORMS
    assert run_seeds(1, 1234, 1236).tolist() == FROZEN_SEEDS


def test_draw__of_independent_runs_keeps_every_byte() -> None:
    digest = hashlib.sha256()
    for name in FROZEN_NAMES:
        digest.update(uniforms(SEED, name, 0, 10_000).tobytes())
    digest.update(run_seeds(SEED, 0, 10_000).tobytes())
    assert digest.hexdigest() == FROZEN_DIGEST
    laws = {name: keys | PEDIGREE for name, keys in FROZEN_LAWS.items()}
    drawn = draw(of(TypeAdapter(dict[str, Law]).validate_python(laws)), 0, 3)
    for name, values in FROZEN_VALUES.items():  # the last bit is the mathematics library's
        np.testing.assert_allclose(drawn[name], values, rtol=1e-14)


def test_uniforms__lie_strictly_inside_at_the_extreme_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extremes = np.array([0, 2**64 - 1], np.uint64)
    monkeypatch.setattr("pipeline.sampling.streams.words", lambda *_: extremes)
    low, high = uniforms(0, "any", 0, 2)
    assert low == 2.0**-53
    assert high == 1.0 - 2.0**-53
    for law in LAWS.values():
        assert np.isfinite(law.quantile(np.array([low, high]))).all()


def test_draw__another_parameter_shifts_no_other() -> None:
    alone = draw(of({"normal": LAWS["normal"]}), 100, 200)
    beside = draw(of(LAWS), 100, 200)
    np.testing.assert_array_equal(alone["normal"], beside["normal"])
    assert list(beside) == list(LAWS)


def test_draw__differs_by_name_and_by_seed() -> None:
    reference = uniforms(SEED, "a", 0, 100)
    assert not np.isin(uniforms(SEED, "b", 0, 100), reference).any()
    assert not np.isin(uniforms(SEED + 1, "a", 0, 100), reference).any()


@pytest.mark.parametrize("name", LAWS)
def test_draw__follows_its_law(name: str) -> None:
    """Exact distance at the false-alarm rate; for laws with steps it is conservative."""
    values = draw(of(LAWS), 0, RUNS)[name]
    limit = stats.kstwo.isf(FALSE_ALARM, RUNS)
    assert distance(LAWS[name], values) < limit


def test_distance__notices_a_wrong_law() -> None:
    """The comparison can fail: a mean off by a tenth of a sigma is far beyond the limit."""
    values = draw(of(LAWS), 0, RUNS)["normal"]
    shifted = LAWS["normal"].model_copy(update={"mean": 1.01})
    assert distance(shifted, values) > stats.kstwo.isf(FALSE_ALARM, RUNS)


def test_uniforms__names_and_neighbours_are_uncorrelated() -> None:
    """Correlation of N independent pairs has sigma 1 / sqrt(N); 28 pairs, two-sided alarm."""
    columns = [uniforms(SEED, name, 0, RUNS) for name in LAWS]
    columns.append(np.roll(columns[0], 1))
    correlation = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    limit = stats.norm.isf(FALSE_ALARM / (2 * correlation.size)) / np.sqrt(RUNS)
    assert np.abs(correlation).max() < limit


def test_run_seeds__are_distinct() -> None:
    """Any two of 20,000 equal: probability 1e-11."""
    assert np.unique(run_seeds(SEED, 0, RUNS)).size == RUNS
    assert run_seeds(SEED, 0, 1).dtype == np.uint64


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4)])
def test_uniforms__refuse_a_reversed_or_negative_range(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= start <= stop"):
        uniforms(1, "a", start, stop)


def test_draw__of_no_runs_is_empty() -> None:
    assert all(values.shape == (0,) for values in draw(of(LAWS), 7, 7).values())
