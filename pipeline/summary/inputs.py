"""Inputs as drawn against inputs as asked: a law misread or a parameter mixed up shows here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import ndtr
from scipy.stats import binomtest, chisquare, kstest

from models.outcomes import Initiator
from pipeline.kept import KeptCampaign
from pipeline.laws import Bernoulli, Discrete, DiscreteUniform, Floats, LawBase
from pipeline.spelling import inside, to_si
from pipeline.statistics.binomial import Proportion, interval

ALARM = 0.01  # chance that any input at all is flagged although every law was met
_SCORES = np.linspace(-8.0, 8.0, 3201)  # of the standard normal, to integrate a law's quantiles


class Shape(NamedTuple):
    """A distribution in five numbers, in the unit of the campaign file."""

    mean: float
    sigma: float
    p05: float
    p50: float
    p95: float


class InputCheck(NamedTuple):
    """One dispersed parameter: what was asked and what was drawn."""

    name: str  # of the store
    law: LawBase
    asked: Shape
    drawn: Shape
    p_value: float  # of the draws, if they follow the law
    test: str
    is_suspect: bool


class BranchCheck(NamedTuple):
    """One injected failure: how often it was asked for, and how often it was drawn."""

    name: str
    probability: float
    tag: str
    source: str
    drawn: Proportion
    p_value: float


def check_inputs(dataset: xr.Dataset, campaign: KeptCampaign) -> tuple[InputCheck, ...]:
    """Each dispersed parameter's draws against its law, in the campaign's order."""
    alarm = ALARM / max(1, len(campaign.dispersions))  # Bonferroni
    return tuple(
        _check(inside(name), law, drawn_values(dataset, name), alarm)
        for name, law in campaign.dispersions.items()
    )


def drawn_values(dataset: xr.Dataset, name_in_file: str) -> Floats:
    """Draws `(run,)` of a parameter in the file's unit; without rows that were lost."""
    values = np.asarray(dataset[inside(name_in_file)], float)
    return values[np.isfinite(values)] / to_si(name_in_file, 1.0)


def check_branches(
    dataset: xr.Dataset, campaign: KeptCampaign, confidence: float
) -> tuple[BranchCheck, ...]:
    """Each injected failure's frequency against its probability."""
    initiator = np.asarray(dataset["initiator"]).astype(np.int64)
    runs = initiator.size
    checks = []
    for name, branch in campaign.failures.items():
        found = int(np.count_nonzero(initiator == Initiator[name]))
        p_value = float(binomtest(found, runs, branch.probability).pvalue) if runs else np.nan
        share = interval(found, runs, confidence)
        checks.append(
            BranchCheck(name, branch.probability, branch.tag, branch.source, share, p_value)
        )
    return tuple(checks)


def _check(name: str, law: LawBase, values: Floats, alarm: float) -> InputCheck:
    p_value, test = _agreement(law, values)
    return InputCheck(
        name, law, shape_of_law(law), _shape_of(values), p_value, test, p_value < alarm
    )


def _agreement(law: LawBase, values: Floats) -> tuple[float, str]:
    """Chance of draws that far from the law, and the test that says so."""
    if values.size == 0:
        return np.nan, "no draws"
    points = _points(law)
    if points is None:
        cdf: Any = law.cdf
        return float(kstest(values, cdf).pvalue), "Kolmogorov-Smirnov"
    places, probabilities = points
    if not np.isin(values, places).all():
        return 0.0, "value that cannot be"
    possible = probabilities > 0.0
    observed = np.array([np.count_nonzero(values == place) for place in places])[possible]
    if observed.size < 2:
        return 1.0, "one value"
    return float(chisquare(observed, probabilities[possible] * values.size).pvalue), "chi-square"


def shape_of_law(law: LawBase) -> Shape:
    """A law's mean, sigma and percentiles; moments by the trapezoidal rule over normal scores."""
    points = _points(law)
    if points is None:
        places, weights = law.quantile(ndtr(_SCORES)), np.exp(-0.5 * _SCORES**2)
        weights = weights / weights.sum()
    else:
        places, weights = points
    mean = float(weights @ places)
    sigma = float(np.sqrt(weights @ (places - mean) ** 2))
    return Shape(mean, sigma, *(float(law.quantile(p)) for p in (0.05, 0.5, 0.95)))


def _shape_of(values: Floats) -> Shape:
    if values.size < 2:
        return Shape(*[np.nan] * 5)
    percentiles = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
    return Shape(float(values.mean()), float(values.std(ddof=1)), *percentiles)


def _points(law: LawBase) -> tuple[Floats, Floats] | None:
    """Places and probabilities of a law that has but a few values."""
    match law:
        case Discrete():
            return np.array(law.values), np.array(law.probabilities)
        case DiscreteUniform():
            return law.values, np.full(law.values.size, 1.0 / law.values.size)
        case Bernoulli():
            return np.array([0.0, 1.0]), np.array([1.0 - law.probability, law.probability])
    return None
