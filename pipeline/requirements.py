"""Success, decided from a run's metrics: the one place where it is.

A run succeeds if every condition of a requirement holds. A value that is not finite holds nothing,
and a run that was scrubbed, timed out, diverged or got lost is no success whatever is asked of it;
only where a requirement limits one way to end, any other known end will do. A run's margin is the
continuous form of the same: at least zero exactly where it succeeds.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from models.outcomes import Outcome
from pipeline.asked import Condition, Requirement
from pipeline.batch import metric_names
from pipeline.campaign import Campaign
from pipeline.errors import BadInput
from pipeline.polygon import distance_inside
from pipeline.spelling import inside, to_si
from pipeline.words import number, spoken, unit

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NEVER_A_SUCCESS = (
    Outcome.scrubbed,
    Outcome.time_out,
    Outcome.diverged,
    Outcome.infrastructure_error,
)
ENDED_UNKNOWN = (Outcome.diverged, Outcome.infrastructure_error)
OUTCOME_MARGIN = 1.0  # an outcome has no scale: as good, or as bad, as a whole limit to spare


class Columns(Protocol):
    """Metrics by name, each `(run,)`: a dataset or a mapping of arrays."""

    def __getitem__(self, name: str, /) -> Any: ...

    def __contains__(self, name: object, /) -> bool: ...


class Causes(NamedTuple):
    """Why each run failed."""

    labels: tuple[str, ...]  # outcomes by name, then what breaks each condition
    code: NDArray[np.int64]  # (run,) index into labels; -1 for a success

    def counts(self) -> dict[str, int]:
        """Failures by cause, most frequent first."""
        found = np.bincount(self.code[self.code >= 0], minlength=len(self.labels))
        order = np.argsort(-found, kind="stable")
        return {self.labels[i]: int(found[i]) for i in order if found[i]}


def success(metrics: Columns, requirement: Requirement) -> Mask:
    """Whether each run `(run,)` meets the requirement; never where a value is not finite."""
    met = ~hopeless(metrics, requirement)
    for condition in requirement.holds:
        met &= holds(metrics, condition)
    return met


def holds(metrics: Columns, condition: Condition) -> Mask:
    """Whether one condition holds in each run `(run,)`."""
    if condition.outcome is not None:
        return outcomes(metrics) == Outcome[condition.outcome]
    if condition.not_outcome is not None:
        return outcomes(metrics) != Outcome[condition.not_outcome]
    return condition_margin(metrics, condition) >= 0.0


def condition_margin(metrics: Columns, condition: Condition) -> Floats:
    """What each run `(run,)` leaves to the limit, in the metric's unit; negative beyond it.

    Minus infinity where the metric has no value: the run did not touch down, or never came to it.
    An outcome leaves plus or minus OUTCOME_MARGIN. Raises BadInput for a metric that is not there.
    """
    if condition.inside_m is not None:
        east, north = (_values(metrics, f"{place(condition)}_{to}_m") for to in ("east", "north"))
        deep = distance_inside(condition.inside_m, east, north)
        return np.where(np.isfinite(deep), deep, -np.inf)
    if condition.metric is None:
        return np.where(holds(metrics, condition), OUTCOME_MARGIN, -OUTCOME_MARGIN)
    values = _values(metrics, condition.metric)
    left = np.full(values.shape, np.inf)
    if condition.at_most is not None:
        left = np.minimum(left, to_si(condition.metric, condition.at_most) - values)
    if condition.at_least is not None:
        left = np.minimum(left, values - to_si(condition.metric, condition.at_least))
    return np.where(np.isfinite(values), left, -np.inf)


def margin(metrics: Columns, requirement: Requirement) -> Floats:
    """The least margin of each run `(run,)` over the limit it belongs to; at least 0 = success."""
    least = np.where(hopeless(metrics, requirement), -OUTCOME_MARGIN, np.inf)
    for condition in requirement.holds:
        least = np.minimum(least, condition_margin(metrics, condition) / _size(condition))
    return least


def causes(metrics: Columns, requirement: Requirement) -> Causes:
    """Why each run failed: its outcome if not at rest, else the first condition it broke."""
    ended = outcomes(metrics)
    labels = (*(member.name for member in Outcome), *map(breach, requirement.holds))
    code = np.full(ended.shape, -1)
    for number_of, condition in reversed(list(enumerate(requirement.holds))):
        code[~holds(metrics, condition)] = len(Outcome) + number_of
    elsewhere = ended != Outcome.at_rest
    code[elsewhere] = ended[elsewhere]
    code[success(metrics, requirement)] = -1
    return Causes(labels, code)


def outcomes(metrics: Columns) -> NDArray[np.int64]:
    """Outcome code of each run `(run,)`."""
    return np.asarray(metrics["outcome"]).astype(np.int64)


def label(condition: Condition) -> str:
    """A condition in words: `touchdown tilt at most 3 deg`."""
    if condition.inside_m is not None:
        return f"{place(condition)} inside the zone of {len(condition.inside_m)} corners"
    if condition.not_outcome is not None:
        return f"outcome not {_plain_name(condition.not_outcome)}"
    return _in_words(condition, "outcome", "at most", "at least", " and ")


def breach(condition: Condition) -> str:
    """What breaks it, in words: `touchdown tilt above 3 deg`."""
    if condition.inside_m is not None:
        return f"{place(condition)} outside the zone"
    if condition.not_outcome is not None:
        return f"outcome {_plain_name(condition.not_outcome)}"
    return _in_words(condition, "outcome not", "above", "below", " or ")


def _in_words(condition: Condition, is_: str, most: str, least: str, join: str) -> str:
    if condition.metric is None:
        return f"{is_} {_plain_name(str(condition.outcome))}"
    name = inside(condition.metric)
    bounds = ((most, condition.at_most), (least, condition.at_least))
    limits = [f"{words} {_plain(limit)}" for words, limit in bounds if limit is not None]
    return " ".join([spoken(name), join.join(limits), unit(name)]).strip()


def count_successes(campaign_json: str, metrics: Floats) -> int:
    """Successes among the rows `(run, metric)` of a batch, by the campaign's first requirement.

    campaign_json: the canonical text. Columns as in the campaign's store.
    """
    campaign = Campaign.from_canonical(campaign_json)
    columns = dict(zip(metric_names(campaign), metrics.T, strict=True))
    return int(np.count_nonzero(success(columns, campaign.requirements[0])))


def place(condition: Condition) -> str:
    """Where a zone is asked for: touchdown or rest."""
    return condition.at or "touchdown"


def _values(metrics: Columns, name_in_file: str) -> Floats:
    """A metric `(run,)`. BadInput if it is not there."""
    name = inside(name_in_file)
    if name not in metrics:
        raise BadInput(f"requirements: {name_in_file}: the store has no such metric")
    return np.asarray(metrics[name], float)


def hopeless(metrics: Columns, requirement: Requirement) -> Mask:
    """Runs `(run,)` whose end alone makes them no success."""
    never = ENDED_UNKNOWN if requirement.kind == "cause" else NEVER_A_SUCCESS
    return np.isin(outcomes(metrics), never)


def _size(condition: Condition) -> float:
    """The larger of a condition's limits without sign, in SI; 1 where that is zero."""
    if condition.inside_m is not None:
        return float(np.max(np.abs(condition.inside_m)))
    if condition.metric is None:
        return 1.0
    limits = [x for x in (condition.at_most, condition.at_least) if x is not None]
    return max(abs(to_si(condition.metric, limit)) for limit in limits) or 1.0


def _plain_name(outcome: str) -> str:
    return outcome.replace("_", " ")


def _plain(limit: float) -> str:
    return f"{limit:g}" if abs(limit) < 1e5 else number(limit)
