"""From dataset to summary."""

from __future__ import annotations

from collections import Counter

import numpy as np
import xarray as xr

from models.outcomes import Initiator, Outcome, Violation
from pipeline.kept import KeptCampaign
from pipeline.requirements import Columns, outcomes
from pipeline.spelling import inside
from pipeline.statistics.footprint import (
    Ellipse,
    Radius,
    gaussian_ellipse,
    gaussian_radius,
    inside_radius,
    miss_distance,
    radius,
    split_half_ellipse,
)
from pipeline.summary.distribution import metric_summary, published_rank, shown_metrics
from pipeline.summary.estimate import INDEPENDENT, Estimator
from pipeline.summary.success import requirement_summary
from pipeline.summary.values import Landings, Summary
from pipeline.summary.winds import by_wind
from pipeline.words import count

CONFIDENCE = 0.90  # of every interval that no requirement sets
ELLIPSE_CONTENT = 0.99


def summarise(dataset: xr.Dataset, campaign: KeptCampaign | None = None) -> Summary:
    """The results in a dataset from `open_store`, by the requirements of its campaign.

    campaign: the one kept in the dataset if not given. Reads one variable at a time.
    """
    if campaign is None:
        campaign = KeptCampaign.of(dataset.attrs)
    ended = _counts(outcomes(dataset), Outcome)
    estimator = Estimator.of(campaign, np.asarray(dataset["run"]).astype(np.intp))
    return Summary(
        name=campaign.name,
        state=str(dataset.attrs["state"]),
        stopped=_stopped(dataset),
        runs=dataset.sizes["run"],
        outcomes=ended,
        violations=_bit_counts(dataset),
        initiators=_counts(np.asarray(dataset["initiator"]), Initiator),
        infrastructure_errors=ended.get(Outcome.infrastructure_error.name, 0),
        scrubbed=ended.get(Outcome.scrubbed.name, 0),
        diverged=ended.get(Outcome.diverged.name, 0),
        confidence=CONFIDENCE,
        requirements=tuple(
            requirement_summary(dataset, r, estimator) for r in campaign.requirements
        ),
        landings=landings(dataset, campaign.pad_radius_m, estimator),
        metrics=tuple(
            metric_summary(dataset, name, worst, CONFIDENCE, estimator)
            for name, worst in shown_metrics(campaign.requirements).items()
            if name in dataset
        ),
        published=tuple(
            published_rank(dataset, figure, CONFIDENCE, estimator)
            for figure in campaign.published
            if inside(figure.metric) in dataset
        ),
        sampling=campaign.sampling.describe(campaign.runs),
        no_gate=campaign.sampling.no_gate,
    )


def landings(metrics: Columns, pad_radius_m: float, estimator: Estimator = INDEPENDENT) -> Landings:
    """Footprint of the touchdowns; runs that did not touch down are counted in every share."""
    east_m, north_m = (
        np.asarray(metrics[name], float) for name in ("touchdown_east_m", "touchdown_north_m")
    )
    miss_m = miss_distance(east_m, north_m)

    def circle(content: float) -> Radius:
        upper_m = estimator.upper_limit(miss_m, content, CONFIDENCE)
        gaussian_m = gaussian_radius(east_m, north_m, content)
        found = radius(east_m, north_m, content, CONFIDENCE)
        return found._replace(upper_m=upper_m, gaussian_m=gaussian_m)

    guaranteed = split_half_ellipse(east_m, north_m, ELLIPSE_CONTENT, CONFIDENCE)
    if estimator.parts is not None:
        guaranteed = Ellipse(*guaranteed[:5], note="its content is known for independent runs only")
    return Landings(
        runs=east_m.size,
        not_down=int(np.count_nonzero(~np.isfinite(miss_m))),
        pad_radius_m=pad_radius_m,
        inside_pad=estimator.interval(inside_radius(east_m, north_m, pad_radius_m), CONFIDENCE),
        cep=circle(0.50),
        r95=circle(0.95),
        guaranteed=guaranteed,
        gaussian=gaussian_ellipse(east_m, north_m, ELLIPSE_CONTENT),
        gaussian_tolerance=gaussian_ellipse(east_m, north_m, ELLIPSE_CONTENT, CONFIDENCE),
        winds=by_wind(metrics, pad_radius_m, CONFIDENCE, estimator),
    )


def _counts(codes: np.ndarray, meaning: type[Outcome] | type[Initiator]) -> dict[str, int]:
    """Runs by the name of their code, most frequent first."""
    counted = Counter(codes.astype(np.int64).tolist())
    return {meaning(code).name: number_of for code, number_of in counted.most_common()}


def _stopped(dataset: xr.Dataset) -> str:
    if "stopped_at" not in dataset.attrs:
        return ""
    flown, planned = (count(int(dataset.attrs[name])) for name in ("stopped_at", "n_runs"))
    return (
        f"stopped after {flown} of {planned} runs, where its plans had decided: limits below are "
        "those of a fixed number of runs, the verdict is the plans'"
    )


def _bit_counts(metrics: Columns) -> dict[str, int]:
    """Runs that broke each limit, most frequent first."""
    mask = np.asarray(metrics["violations"]).astype(np.int64)
    counted = Counter({str(bit.name): int(np.count_nonzero(mask & bit)) for bit in Violation})
    return {name: number_of for name, number_of in counted.most_common() if number_of}
