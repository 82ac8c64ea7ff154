"""Laws cut by limits or by sigmas against scipy.stats, and empirical laws against their values."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from pipeline.errors import problems_of
from pipeline.laws import LAW_KEYS, Law, LawBase

ADAPTER: TypeAdapter[LawBase] = TypeAdapter(Law)
PEDIGREE = {"class": "flight", "tag": "E", "source": "estimate"}
UNIFORMS = np.linspace(1e-6, 1 - 1e-6, 1001)
ENDS = np.array([2.0**-53, 1.0 - 2.0**-53])

NORMAL = {"law": "normal", "mean": 1.0, "sigma": 2.0}
LOG_NORMAL = {"law": "log_normal", "median": 0.3, "sigma_log": 0.4}
WEIBULL = {"law": "weibull", "shape": 2.1, "scale": 4.0, "location": 1.0}
MEASURED = {"law": "empirical", "values": [4.0, 1.0, 2.5, 9.0]}
# Mean and standard deviation of the last two, from elsewhere
_WEIBULL = stats.weibull_min(2.1, loc=1.0, scale=4.0)
_HIGHEST = _WEIBULL.mean() + 1.5 * _WEIBULL.std()
_LOWEST = _WEIBULL.mean() - 1.5 * _WEIBULL.std()

CUTS = {
    "limits": (NORMAL | {"lower": -1.0, "upper": 7.0}, stats.truncnorm(-1.0, 3.0, 1.0, 2.0)),
    "below only": (NORMAL | {"lower": 0.0}, stats.truncnorm(-0.5, np.inf, 1.0, 2.0)),
    "above only": (NORMAL | {"upper": 0.0}, stats.truncnorm(-np.inf, -0.5, 1.0, 2.0)),
    "three sigma": (NORMAL | {"cut_sigmas": 3.0}, stats.truncnorm(-3.0, 3.0, 1.0, 2.0)),
    "weibull": (
        WEIBULL | {"lower": 2.0, "upper": 6.0},
        stats.truncweibull_min(2.1, 0.25, 1.25, loc=1.0, scale=4.0),
    ),
    "weibull by sigma": (
        WEIBULL | {"cut_sigmas": 1.5},
        stats.truncweibull_min(2.1, (_LOWEST - 1) / 4, (_HIGHEST - 1) / 4, loc=1.0, scale=4.0),
    ),
    "measured": (
        MEASURED | {"upper": 4.0},
        stats.rv_histogram(([1.0, 1.0], [1.0, 2.5, 4.0]), density=False),
    ),
}


def law_of(keys: dict[str, object]) -> LawBase:
    return ADAPTER.validate_python(keys | PEDIGREE)


@pytest.mark.parametrize("name", CUTS)
def test_cut__equals_scipy(name: str) -> None:
    keys, reference = CUTS[name]
    law, values = law_of(keys), reference.ppf(UNIFORMS)
    np.testing.assert_allclose(law.quantile(UNIFORMS), values, rtol=1e-9, atol=1e-12)
    x = np.concatenate([[-1e3], values, [1e3]])
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), atol=1e-12)
    assert "cut" in law.describe()


def test_cut__of_a_log_normal_is_that_of_its_logarithm() -> None:
    law = law_of(LOG_NORMAL | {"cut_sigmas": 2.0})
    scores = stats.truncnorm(-2.0, 2.0).ppf(UNIFORMS)
    np.testing.assert_allclose(law.quantile(UNIFORMS), 0.3 * np.exp(0.4 * scores), rtol=1e-9)


@pytest.mark.parametrize("name", CUTS)
def test_cut__no_value_passes_a_limit_at_the_extreme_uniforms(name: str) -> None:
    keys, reference = CUTS[name]
    low, high = law_of(keys).quantile(ENDS)
    assert np.isfinite([low, high]).all()
    assert reference.support()[0] - 1e-12 <= low < high <= reference.support()[1] + 1e-12


def test_cut__far_out_keeps_enough_digits() -> None:
    """A millionth of the law is left: its uniforms have 10 digits, its values as many."""
    law = law_of({"law": "normal", "mean": 0.0, "sigma": 1.0, "lower": 4.7})
    np.testing.assert_allclose(
        law.quantile(UNIFORMS), stats.truncnorm(4.7, np.inf).ppf(UNIFORMS), rtol=1e-6
    )


def test_cut__absent_changes_no_byte() -> None:
    wide = law_of(NORMAL | {"lower": -1e9})
    np.testing.assert_array_equal(law_of(NORMAL).quantile(UNIFORMS), wide.quantile(UNIFORMS))
    assert "lower" not in law_of(NORMAL).model_dump(exclude_none=True)


def test_empirical__quantiles_are_those_of_its_values() -> None:
    values = np.array([3.0, 1.0, 1.0, 7.0, 2.0, 2.0, 2.0])
    law = law_of({"law": "empirical", "values": values.tolist()})
    np.testing.assert_allclose(law.quantile(UNIFORMS), np.quantile(values, UNIFORMS))
    # the probability not above a value counts all that are equal to it
    np.testing.assert_allclose(law.cdf(np.array([0.9, 1.0, 2.0, 7.0])), [0.0, 1 / 6, 4 / 6, 1.0])


MISTAKES = [
    (
        NORMAL | {"cut_sigmas": 3.0, "lower": 0.0},
        "got cut_sigmas and limits, expected either cut_sigmas or lower and upper",
    ),
    (NORMAL | {"cut_sigmas": 0.0}, "cut_sigmas: got 0.0, expected > 0"),
    (NORMAL | {"lower": 2.0, "upper": 1.0}, "upper: got 1, expected > lower, 2"),
    (NORMAL | {"lower": 15.0}, "got limits that keep 1e-12 of the law, expected at least 1e-06"),
    (WEIBULL | {"upper": 0.5}, "got limits that keep 0 of the law, expected at least 1e-06"),
    (MEASURED | {"values": [1.0]}, "values: got [1.0], expected at least 2 of them"),
    (MEASURED | {"values": [1, 1]}, "values: got 1 throughout, expected values that differ"),
]


@pytest.mark.parametrize(("keys", "message"), MISTAKES, ids=[text[:40] for _, text in MISTAKES])
def test_cut__mistake_says_what_was_expected(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        law_of(keys)
    assert [problem.removeprefix(": ") for problem in problems_of(caught.value, LAW_KEYS)] == [
        message
    ]
