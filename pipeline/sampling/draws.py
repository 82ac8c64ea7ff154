"""What a campaign draws: each run's inputs from seed, laws, rows, correlations and design alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pipeline.laws import Floats, KnownAt, LawBase
from pipeline.sampling import copula
from pipeline.sampling.copula import Correlations, Names
from pipeline.sampling.design import DesignBase, Stream
from pipeline.sampling.replicated import SOBOL_DIMENSIONS
from pipeline.sampling.rows import Rows


class Varied(Protocol):
    """The parts of a campaign that a draw is a function of."""

    @property
    def seed(self) -> int: ...

    @property
    def dispersions(self) -> Mapping[str, LawBase]: ...

    @property
    def rows(self) -> Mapping[str, Rows]: ...

    @property
    def correlations(self) -> Correlations: ...

    @property
    def sampling(self) -> DesignBase: ...


def draw(campaign: Varied, start: int, stop: int) -> dict[str, Floats]:
    """Values `(run,)` of each dispersed parameter, by name, in the unit its name says."""
    design, streams = campaign.sampling, _streams(campaign)
    uniforms = {name: design.uniforms(stream, start, stop) for name, stream in streams.items()}
    return values(campaign, uniforms)


def coordinates(campaign: Varied) -> Names:
    """What a run takes a uniform for: each parameter, and each file of rows."""
    return tuple(_streams(campaign))


def values(campaign: Varied, uniforms: Mapping[str, Floats]) -> dict[str, Floats]:
    """Values `(run,)` of each dispersed parameter at independent uniforms of each coordinate."""
    if campaign.correlations:
        uniforms = copula.correlate(uniforms, campaign.correlations, correlated(campaign))
    found = {name: law.quantile(uniforms[name]) for name, law in campaign.dispersions.items()}
    for name, rows in campaign.rows.items():
        found |= rows.at(uniforms[_rows_stream(name)])
    return found


def laws(campaign: Varied) -> dict[str, LawBase]:
    """The law of every parameter drawn, by name, those drawn in rows last."""
    found = dict(campaign.dispersions)
    for rows in campaign.rows.values():
        found |= rows.laws
    return found


def names(campaign: Varied) -> Names:
    """The parameters drawn, in the same order."""
    columns = (column for rows in campaign.rows.values() for column in rows.columns)
    return (*campaign.dispersions, *columns)


def correlated(campaign: Varied) -> Names:
    """The correlated parameters in the order in which they are mixed: those that lead first."""
    laws, design = campaign.dispersions, campaign.sampling
    order = sorted(laws, key=lambda name: not design.leads(name, laws[name].known))
    return copula.members(campaign.correlations, order)


def mixed(campaign: Varied) -> frozenset[str]:
    """The parameters that no longer have the uniforms of their design, but a mixture of several."""
    if not campaign.correlations:
        return frozenset()
    return copula.mixed(campaign.correlations, correlated(campaign))


def _streams(campaign: Varied) -> dict[str, Stream]:
    """What to draw a uniform for. Rows of a file have one for all their columns."""
    known: dict[str, KnownAt] = {name: law.known for name, law in campaign.dispersions.items()}
    streams = {
        name: Stream(campaign.seed, name, at, dimension)
        for dimension, (name, at) in enumerate(known.items())
    }
    for number, (name, rows) in enumerate(campaign.rows.items(), 1):
        stream = _rows_stream(name)
        streams[stream] = Stream(campaign.seed, stream, rows.known, SOBOL_DIMENSIONS - number)
    return streams


def _rows_stream(name: str) -> str:
    return f"rows.{name}"
