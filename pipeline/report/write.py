"""From store to report: sum up, judge, draw, and fill the page."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from bokeh.document import Document
from bokeh.embed import components
from bokeh.resources import Resources

from pipeline.drivers import find
from pipeline.errors import BadInput
from pipeline.gate import judge_dataset
from pipeline.kept import KeptCampaign
from pipeline.report.credibility import CLAIMS
from pipeline.report.distributions import distribution_drawings
from pipeline.report.drivers import driver_drawings
from pipeline.report.envelopes import envelope_drawings
from pipeline.report.facts import campaign_facts, store_facts
from pipeline.report.inputs import input_drawings
from pipeline.report.landing import landing_drawings, touchdowns
from pipeline.report.page import render
from pipeline.report.pedigree import CLASSES, TAGS, classes, pedigrees
from pipeline.report.theme import Drawing
from pipeline.report.trends import convergence, settling_drawing, wind_drawing, wind_steps
from pipeline.requirements import causes
from pipeline.store import open_store
from pipeline.summary import Summary, summarise
from pipeline.summary.convergence import settling
from pipeline.summary.correlations import check_correlations
from pipeline.summary.distribution import CONTENTS
from pipeline.summary.estimate import Estimator
from pipeline.summary.inputs import check_branches, check_inputs

Gallery = tuple[Drawing, ...]


def write_report(store_path: str | os.PathLike[str], out_path: str | os.PathLike[str]) -> Path:
    """Write the report of the store as one HTML file; its path.

    An unfinished store is reported as far as it is, its verdict is INVALID. Raises BadInput if
    there is no store or no run in it, StoreProblem if it is damaged, OSError if the file cannot be
    written.
    """
    dataset = open_store(store_path)
    if not dataset.sizes.get("run", 0):
        raise BadInput(f"{os.fspath(store_path)}: no run has been flown yet, nothing to report")
    out = Path(out_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    partial.write_text(report_page(dataset, str(store_path)), encoding="utf-8")
    partial.replace(out)
    return out


def report_page(dataset: xr.Dataset, store: str) -> str:
    """The report on a dataset from `open_store` as HTML; `store` is named in its commands."""
    campaign = KeptCampaign.of(dataset.attrs)
    summary = summarise(dataset, campaign)
    checks = check_inputs(dataset, campaign)
    why = causes(dataset, campaign.requirements[0])
    estimator = Estimator.of(campaign, np.asarray(dataset["run"]).astype(np.intp))
    winds = wind_steps(dataset, why.code < 0, summary.confidence, estimator)
    galleries: dict[str, Gallery] = {
        "landings": tuple(landing_drawings(touchdowns(dataset, why), summary.landings)),
        "metrics": tuple(
            distribution_drawings(dataset, summary.metrics, campaign.requirements, why.code < 0)
        ),
        "envelopes": tuple(envelope_drawings(dataset)),
        "inputs": tuple(input_drawings(dataset, checks)),
        "convergence": _trend_drawings(why.code < 0, summary, winds),
        "settling": _settling_drawings(dataset, campaign, summary),
    }
    drives = find(dataset, campaign)
    by_group = driver_drawings(drives)
    script, places = _embedded([*galleries.values(), *by_group.values()])
    return render(
        {
            "campaign": campaign,
            "summary": summary,
            "headline": summary.requirements[0],
            "judgement": judge_dataset(dataset, campaign, store),
            "campaign_facts": campaign_facts(dataset.attrs, campaign),
            "store_facts": store_facts(dataset, store),
            "store": store,
            "checks": checks,
            "correlations": check_correlations(dataset, campaign),
            "branches": check_branches(dataset, campaign, summary.confidence),
            "winds": winds,
            "pedigrees": pedigrees(dataset.attrs["campaign"]),
            "classes": classes(dataset.attrs["campaign"]),
            "tag_names": TAGS,
            "class_names": CLASSES,
            "claims": CLAIMS,
            "tolerance_contents": CONTENTS,
            "drivers": drives,
            "galleries": {**galleries, "drivers": by_group},
            "places": places,
            "script": script,
            "bokeh": Resources(mode="inline", components=["bokeh"]).render_js(),
        }
    )


def _trend_drawings(ok: Any, summary: Summary, winds: Any) -> Gallery:
    headline = summary.requirements[0]
    drawn = (
        convergence(ok, headline, summary),
        wind_drawing(winds, headline),
    )
    return tuple(drawing for drawing in drawn if drawing is not None)


def _settling_drawings(dataset: xr.Dataset, campaign: KeptCampaign, summary: Summary) -> Gallery:
    worst = {metric.name: metric.worst for metric in summary.metrics}
    found = settling(dataset, campaign, summary.confidence, worst)
    return tuple(
        settling_drawing(one, summary.confidence, f"settling-{number}")
        for number, one in enumerate(found)
    )


def _embedded(galleries: Iterable[Gallery]) -> tuple[str, dict[str, str]]:
    """Script of all plots, and the element of each by its key; they share what they can."""
    plots = {drawing.key: drawing.plot for gallery in galleries for drawing in gallery}
    if not plots:
        return "", {}
    document = Document()
    with document.models.freeze():  # else every plot added walks through all of them again
        for drawn in plots.values():
            document.add_root(drawn)
    script, places = components(plots)
    return script, places
