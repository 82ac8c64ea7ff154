"""Laws: quantile and CDF against scipy.stats, and each mistake a user can write."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from pipeline.errors import problems_of
from pipeline.laws import LAW_KEYS, LAWS, Law, LawBase

ADAPTER: TypeAdapter[LawBase] = TypeAdapter(Law)
PEDIGREE = {"class": "flight", "tag": "E", "source": "estimate"}

# the smallest and largest uniform that sampling can make, and all between
ENDS = (2.0**-53, 1.0 - 2.0**-53)
UNIFORMS = np.concatenate([ENDS[:1], np.linspace(1e-6, 1 - 1e-6, 1001), ENDS[1:]])

CONTINUOUS = {
    "normal": ({"mean": -3.0, "sigma": 0.02}, stats.norm(-3.0, 0.02)),
    "truncated_normal": (
        {"mean": 1.0, "sigma": 2.0, "lower": -1.0, "upper": 7.0},
        stats.truncnorm(-1.0, 3.0, 1.0, 2.0),
    ),
    "uniform": ({"lower": -2.0, "upper": 5.0}, stats.uniform(-2.0, 7.0)),
    "log_normal": ({"median": 0.3, "sigma_log": 0.4}, stats.lognorm(0.4, scale=0.3)),
    "weibull": (
        {"shape": 2.1, "scale": 4.0, "location": 1.0},
        stats.weibull_min(2.1, loc=1.0, scale=4.0),
    ),
    "empirical": (
        {"values": [4.0, 1.0, 2.5, 9.0]},
        stats.rv_histogram(([1.0, 1.0, 1.0], [1.0, 2.5, 4.0, 9.0]), density=False),
    ),
}
DISCRETE = {
    "discrete": {"values": [0.0, 2.0, 5.0], "probabilities": [0.2, 0.5, 0.3]},
    "discrete_uniform": {"lower": -2, "upper": 11},
    "bernoulli": {"probability": 0.03},
}
ALL = {name: keys for name, (keys, _) in CONTINUOUS.items()} | DISCRETE


def law_of(name: str, **keys: object) -> LawBase:
    return ADAPTER.validate_python({"law": name, **keys, **PEDIGREE})


def problems(**keys: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(keys)
    return problems_of(caught.value, LAW_KEYS)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_quantile__equals_scipy(name: str) -> None:
    keys, reference = CONTINUOUS[name]
    # Both are the same real number to rounding; 1 - u in the reference costs 1e-16 / (1 - u),
    # 1e-10 at u = 1 - 1e-6, so the far end is left to the test of the ends.
    inner = UNIFORMS[1:-1]
    np.testing.assert_allclose(law_of(name, **keys).quantile(inner), reference.ppf(inner), 1e-9)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_cdf__equals_scipy(name: str) -> None:
    keys, reference = CONTINUOUS[name]
    x = np.concatenate([[-1e3], reference.ppf(UNIFORMS[1:-1]), [1e3]])
    np.testing.assert_allclose(law_of(name, **keys).cdf(x), reference.cdf(x), atol=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_quantile__is_finite_and_rises_from_end_to_end(name: str) -> None:
    values = law_of(name, **ALL[name]).quantile(UNIFORMS)
    assert values.shape == UNIFORMS.shape
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("name", ALL)
def test_median__is_the_quantile_of_one_half(name: str) -> None:
    law = law_of(name, **ALL[name])
    assert law.median() == law.quantile(0.5)
    assert type(law.median()) is float


@given(st.floats(*ENDS))
def test_discrete_quantile__is_the_first_value_whose_cdf_reaches_u(u: float) -> None:
    for name, keys in DISCRETE.items():
        law = law_of(name, **keys)
        value = law.quantile(u)
        assert law.cdf(value) >= u - 2e-16  # one rounding of a sum of probabilities
        assert law.cdf(np.nextafter(value, -np.inf)) < u


def test_discrete__rounding_of_its_probabilities_loses_nothing() -> None:
    """Ten times 0.1 adds to 1 - 1e-16 in binary."""
    law = law_of("discrete", values=list(range(10)), probabilities=[0.1] * 10)
    assert law.cdf(9.0) == 1.0
    assert law.quantile(ENDS[1]) == 9.0


def test_truncated_normal__keeps_its_digits_on_the_far_side() -> None:
    left = law_of("truncated_normal", mean=0.0, sigma=1.0, lower=-4.6, upper=-4.2)
    right = law_of("truncated_normal", mean=0.0, sigma=1.0, lower=4.2, upper=4.6)
    mirrored = -left.quantile(1.0 - UNIFORMS)
    # 1 - u is exact for the uniforms in use only to 1e-16 in u; the quantile's slope here is < 1
    np.testing.assert_allclose(right.quantile(UNIFORMS), mirrored, rtol=1e-12)
    assert right.quantile(ENDS[1]) <= 4.6
    np.testing.assert_allclose(right.cdf(right.quantile(UNIFORMS)), UNIFORMS, atol=1e-9)


def test_log_normal__median_is_the_median_and_the_mean_lies_above() -> None:
    law = law_of("log_normal", median=2.0, sigma_log=0.5)
    assert law.median() == 2.0
    assert np.exp(0.5) * 2.0 == pytest.approx(law.quantile(stats.norm.cdf(1.0)), rel=1e-12)


def test_bernoulli__a_higher_probability_keeps_every_failure() -> None:
    rare = law_of("bernoulli", probability=0.1).quantile(UNIFORMS)
    often = law_of("bernoulli", probability=0.2).quantile(UNIFORMS)
    assert (often >= rare).all()
    assert law_of("bernoulli", probability=0.0).quantile(UNIFORMS).max() == 0.0
    assert law_of("bernoulli", probability=1.0).quantile(UNIFORMS).min() == 1.0


@pytest.mark.parametrize("name", ALL)
def test_law__survives_json_and_describes_itself(name: str) -> None:
    law = law_of(name, **ALL[name])
    assert ADAPTER.validate_json(ADAPTER.dump_json(law)) == law
    assert "class" in ADAPTER.dump_python(law)
    assert law.describe()


def test_laws__each_is_tested_here() -> None:
    assert {law.model_fields["law"].annotation.__args__[0] for law in LAWS} == set(ALL)


NORMAL = {"law": "normal", "mean": 1.0, "sigma": 0.1}
CUT = {"law": "truncated_normal", "mean": 0.0, "sigma": 1.0}
MISTAKES = [
    ({**NORMAL, "sigma": -0.01}, "sigma: got -0.01, expected > 0"),
    ({**NORMAL, "sigma": 0.0}, "sigma: got 0.0, expected > 0"),
    ({**NORMAL, "sigma": float("nan")}, "sigma: got nan, expected a finite number"),
    ({**NORMAL, "mean": True}, "mean: got True, expected a number"),
    (
        {**NORMAL, "mean": "1e-3"},
        "mean: got '1e-3', expected a number, without quotes; YAML wants a point in 1.0e-3",
    ),
    ({**NORMAL, "sgima": 1.0}, "sgima: unknown key, did you mean sigma?"),
    ({**NORMAL, "source": "  "}, "source: got '  ', expected text"),
    ({**NORMAL, "class": "never"}, "class: got 'never', expected 'assembly', 'day' or 'flight'"),
    ({"law": "normal", "mean": 1.0}, "sigma: missing, expected a value"),
    ({"mean": 1.0}, "law: missing, expected a value"),
    ({"law": "uniform", "lower": 2.0, "upper": 1.0}, "upper: got 1, expected > lower, 2"),
    ({**CUT, "lower": 1.0, "upper": 1.0}, "upper: got 1, expected > lower, 1"),
    (
        {**CUT, "lower": 6.0, "upper": 9.0},
        "upper: got 9, expected limits that keep at least 1e-06 of the normal, these keep 1e-09",
    ),
    ({"law": "log_normal", "median": 0.0, "sigma_log": 0.1}, "median: got 0.0, expected > 0"),
    ({"law": "weibull", "shape": 0.0, "scale": 1.0}, "shape: got 0.0, expected > 0"),
    (
        {"law": "discrete", "values": [0, 1], "probabilities": [0.5, 0.4]},
        "probabilities: got a sum of 0.9, expected 1",
    ),
    (
        {"law": "discrete", "values": [0, 1], "probabilities": [1.0]},
        "probabilities: got 1 of them, expected 2, one for a value",
    ),
    (
        {"law": "discrete", "values": [1, 1], "probabilities": [0.5, 0.5]},
        "values: got [1.0, 1.0], expected each value once, in increasing order",
    ),
    ({"law": "bernoulli", "probability": 1.5}, "probability: got 1.5, expected <= 1"),
]


@pytest.mark.parametrize(("keys", "message"), MISTAKES, ids=[text[:40] for _, text in MISTAKES])
def test_law__mistake_names_key_found_and_expected(keys: dict[str, object], message: str) -> None:
    assert problems(**(PEDIGREE | keys)) == [message]


def test_law__unknown_name_lists_the_known() -> None:
    (message,) = problems(law="gaussian", **PEDIGREE)
    assert message.startswith("law: got 'gaussian', expected one of 'normal', 'truncated_normal'")


def test_law__all_mistakes_appear_at_once() -> None:
    found = problems(law="truncated_normal", mean="x", sigma=-1.0, lower=2.0, upper=1.0)
    where = [message.split(":")[0] for message in found]
    assert where == ["class", "tag", "source", "mean", "sigma", "upper"]


def test_law__cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        law_of("normal", mean=1.0, sigma=0.1).mean = 2.0  # type: ignore[attr-defined]
