"""The laws a dispersed parameter may follow, each as the inverse CDF of one uniform.

A value is `law.quantile(u)` for one `u` strictly inside (0, 1): no rejection, so one uniform
makes one value, and a better design meets the same draws as its baseline. Parameters are those
of the value itself, one sigma, in the unit the parameter's name says; a published 3-sigma is
divided by three where the YAML is written. Every value keeps its pedigree beside it: its class
of uncertainty (Hanson & Beard, NASA/TP-2010-216447), a tag and a source.

`Law` is what a campaign holds; the key `law` selects the model.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WrapValidator

from pipeline.laws.base import (
    LARGEST_UNIFORM,
    SMALLEST_CONTENT,
    Floats,
    Fraction,
    KnownAt,
    LawBase,
    Name,
    Number,
    Positive,
    Tag,
    Text,
)
from pipeline.laws.continuous import LogNormal, Normal, TruncatedNormal, Uniform, Weibull
from pipeline.laws.discrete import Bernoulli, Discrete, DiscreteUniform
from pipeline.laws.empirical import Empirical
from pipeline.laws.tagged import without_tag

__all__ = [
    "LARGEST_UNIFORM",
    "LAWS",
    "LAW_KEYS",
    "SMALLEST_CONTENT",
    "Bernoulli",
    "Discrete",
    "DiscreteUniform",
    "Empirical",
    "Floats",
    "Fraction",
    "KnownAt",
    "Law",
    "LawBase",
    "LogNormal",
    "Name",
    "Normal",
    "Number",
    "Positive",
    "Tag",
    "Text",
    "TruncatedNormal",
    "Uniform",
    "Weibull",
    "without_tag",
]

LAWS = (
    Normal,
    TruncatedNormal,
    Uniform,
    LogNormal,
    Weibull,
    Empirical,
    Discrete,
    DiscreteUniform,
    Bernoulli,
)

LAW_KEYS = frozenset(
    field.alias or name for law in LAWS for name, field in law.model_fields.items()
)
"""Every key a law may hold, to suggest from when one is misspelt."""

Law = Annotated[
    Annotated[
        Normal
        | TruncatedNormal
        | Uniform
        | LogNormal
        | Weibull
        | Empirical
        | Discrete
        | DiscreteUniform
        | Bernoulli,
        Field(discriminator="law"),
    ],
    WrapValidator(without_tag),
]
