"""A campaign's results in numbers: how often it lands, why not, where, and how hard.

`summarise` reads a dataset one variable at a time, so a million runs need no more memory than a
few of its columns. What it returns are plain frozen values; `as_json` and `as_text` write them.
"""

from pipeline.requirements import count_successes
from pipeline.summary.summarise import summarise
from pipeline.summary.text import as_json, as_text
from pipeline.summary.values import (
    Cause,
    Given,
    Landings,
    MetricSummary,
    PublishedRank,
    RequirementSummary,
    Summary,
    WorstRun,
)

__all__ = [
    "Cause",
    "Given",
    "Landings",
    "MetricSummary",
    "PublishedRank",
    "RequirementSummary",
    "Summary",
    "WorstRun",
    "as_json",
    "as_text",
    "count_successes",
    "summarise",
]
