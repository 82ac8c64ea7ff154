"""Random numbers by seed, parameter name and run."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.laws import Floats, LawBase
from pipeline.sampling.streams import run_seeds, uniforms

__all__ = ["draw", "run_seeds", "uniforms"]


def draw(laws: Mapping[str, LawBase], seed: int, start: int, stop: int) -> dict[str, Floats]:
    """Values `(run,)` of each dispersed parameter, by name, in the unit its name says."""
    return {name: law.quantile(uniforms(seed, name, start, stop)) for name, law in laws.items()}
