"""What the navigation filter thinks of its error, against the error, over a campaign's flights."""

import numpy as np
import pytest
from scipy.stats import chi2

from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build
from pipeline.config import load_campaign


def _nees(name: str, runs: int) -> np.ndarray:
    """Normalised error squared at touchdown of the runs that stand, none with a failure."""
    campaign = load_campaign(f"campaigns/{name}.yaml").model_copy(update={"failures": {}})
    setup = build.setup(campaign)
    cases = build.cases(campaign, setup.design, build.draws(campaign, 0, runs), 0, runs)
    rows, *_ = batch.fly(setup, *cases, 0, 1)
    landed = rows[:, Metrics._fields.index("outcome")] == Outcome.at_rest
    assert landed.sum() > 0.98 * runs
    return rows[landed, Metrics._fields.index("navigation_nees")]


def test_hop__filter_is_consistent() -> None:
    """The sum over n runs of a consistent filter is chi-square with 6 n degrees of freedom.

    Bar-Shalom, Li & Kirubarajan (2001), sec. 5.4; its 99 % band. With 2,048 runs: 5.80 to 6.20.
    """
    found = _nees("hop_178m", 2048)
    low, high = chi2.ppf([0.005, 0.995], 6 * len(found)) / len(found)
    assert low < found.mean() < high


def test_landing_burn__filter_is_no_more_than_a_fifth_off() -> None:
    """Its 15 s are start-up and transients, to which no constant process noise fits."""
    assert _nees("landing_burn", 1024).mean() == pytest.approx(6.0, rel=0.2)
