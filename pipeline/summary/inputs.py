"""Inputs as drawn against inputs as asked: a law misread or a parameter mixed up shows here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy  # its parts load when first used: scipy.stats takes half a second
import xarray as xr
from scipy.special import ndtr

from models.outcomes import Initiator
from pipeline import sampling
from pipeline.kept import KeptCampaign
from pipeline.laws import Floats, LawBase
from pipeline.spelling import inside, to_si
from pipeline.statistics.binomial import Proportion, interval
from pipeline.summary.agreement import Agreement, Expectation, agreement, expectation

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
    least: float
    largest: float
    agreement: Agreement

    @property
    def p_value(self) -> float:
        """Of the draws, if they follow the law; 0 or 1 where a design leaves nothing to chance."""
        return self.agreement.p_value

    @property
    def test(self) -> str:
        return self.agreement.test

    @property
    def is_suspect(self) -> bool:
        return self.agreement.is_suspect


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
    laws = sampling.laws(campaign)
    alarm = ALARM / max(1, len(laws))  # Bonferroni
    runs = np.asarray(dataset["run"]).astype(np.intp)
    checks = []
    for name, law in laws.items():
        values = np.asarray(dataset[inside(name)], float) / to_si(name, 1.0)
        flown = np.isfinite(values)
        expected = expectation(campaign, name, runs[flown])
        checks.append(_check(name, law, values[flown], expected, alarm))
    return tuple(checks)


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
        p_value = np.nan
        if runs:
            p_value = float(scipy.stats.binomtest(found, runs, branch.probability).pvalue)
        share = interval(found, runs, confidence)
        checks.append(
            BranchCheck(name, branch.probability, branch.tag, branch.source, share, p_value)
        )
    return tuple(checks)


def _check(
    name: str, law: LawBase, values: Floats, expected: Expectation, alarm: float
) -> InputCheck:
    return InputCheck(
        inside(name),
        law,
        shape_of_law(law),
        _shape_of(values),
        float(np.min(values, initial=np.inf)),
        float(np.max(values, initial=-np.inf)),
        agreement(law, values, expected, alarm),
    )


def shape_of_law(law: LawBase) -> Shape:
    """A law's mean, sigma and percentiles; moments by the trapezoidal rule over normal scores."""
    points = law.points()
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
