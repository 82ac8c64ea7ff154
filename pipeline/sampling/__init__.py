"""What each run draws: a function of campaign and run number alone, in any order and by anyone.

`streams` makes random numbers by name and run, `designs` lays the uniforms of many runs out,
`copula` correlates them, `rows` draws what was measured together; `draws` joins these with the
laws.
"""

from pipeline.sampling.copula import Correlation
from pipeline.sampling.design import DesignBase
from pipeline.sampling.designs import Design, Independent, Nested, Strata
from pipeline.sampling.draws import Varied, coordinates, draw, laws, mixed, names, values
from pipeline.sampling.replicated import LatinHypercube, Sobol
from pipeline.sampling.rows import Rows
from pipeline.sampling.streams import run_seeds, uniforms

__all__ = [
    "Correlation",
    "Design",
    "DesignBase",
    "Independent",
    "LatinHypercube",
    "Nested",
    "Rows",
    "Sobol",
    "Strata",
    "Varied",
    "coordinates",
    "draw",
    "laws",
    "mixed",
    "names",
    "run_seeds",
    "uniforms",
    "values",
]
