"""Who flew what, when and with which code: the facts at the head of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from pipeline.kept import KeptCampaign
from pipeline.words import count, number

Facts = list[tuple[str, str]]


def campaign_facts(attributes: Mapping[str, Any], campaign: KeptCampaign) -> Facts:
    """What was asked for."""
    runs = count(campaign.runs)
    if campaign.runs_override:
        runs += " (given on the command line)"
    return [
        ("campaign", campaign.name),
        ("vehicle", f"{campaign.vehicle.name}, {campaign.vehicle.legs} legs"),
        ("runs", runs),
        ("sampling", campaign.sampling.describe(campaign.runs)),
        ("seed", str(campaign.seed)),
        ("campaign digest", attributes["campaign_digest"]),
        ("physics digest", attributes["physics_digest"]),
        ("compiled for", attributes["target"]),
    ]


def store_facts(dataset: xr.Dataset, store: str) -> Facts:
    """What there is, and what made it."""
    attributes = dataset.attrs
    versions = [f"{name} {version}" for name, version in attributes["package_versions"].items()]
    facts = [
        ("store", store),
        ("state", f"{attributes['state']}, {count(dataset.sizes['run'])} runs"),
        ("flown", f"{attributes['created_utc']} to {attributes.get('finished_utc', 'unfinished')}"),
        ("hoverslam", attributes["hoverslam_version"]),
        ("packages", ", ".join(versions)),
    ]
    if "batch_kernel_s" in dataset:
        kernel_s = float(np.sum(np.asarray(dataset["batch_kernel_s"])))
        if kernel_s > 0.0:
            rate = number(dataset.sizes["run"] / kernel_s)
            facts.append(("kernel", f"{number(kernel_s)} s, {rate} runs per second and core"))
    return facts
