"""A candidate design beside its baseline, on the same runs.

Both met the same winds, noise and failures (common random numbers), so a run that ends otherwise
does so for the design. What is said of the difference is exact for such pairs, whatever they have
in common; only Tango's interval is an approximation, and it decides nothing.
"""

from pipeline.compare.compare import (
    NoneBroken,
    broken,
    compare,
    compare_stores,
    margins_of,
    refused,
)
from pipeline.compare.match import check_names
from pipeline.compare.text import as_json, as_text
from pipeline.compare.values import Comparison, Terms

__all__ = [
    "Comparison",
    "NoneBroken",
    "Terms",
    "as_json",
    "as_text",
    "broken",
    "check_names",
    "compare",
    "compare_stores",
    "margins_of",
    "refused",
]
