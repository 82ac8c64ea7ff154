"""The causes of failure follow their drivers: twice the driver, more of that cause.

The reference campaign with its failure probabilities raised twentyfold, so that a thousand runs
show each cause; then one driver doubled. The same uniforms choose the runs: a paired comparison.
"""

import json

import pytest

from models.outcomes import Outcome
from pipeline import batch
from pipeline.campaign import Campaign
from pipeline.config import load_campaign

RUNS = 1024
RAISED = 20.0

CAUSES = [
    ("engine_no_start", Outcome.no_start),
    ("stuck_gimbal", Outcome.attitude_lost),
    ("stuck_throttle", Outcome.propellant_depleted),
    ("leg_not_deployed", Outcome.tip_over),
    ("engine_out", Outcome.bell_strike),
]


def counts(text):
    """Runs by outcome."""
    rows = batch.fly_batch(text, 0, RUNS).metrics
    names = batch.metric_names(Campaign.from_canonical(text))
    outcomes = rows[:, names.index("outcome")]
    return {outcome: int((outcomes == outcome).sum()) for outcome in Outcome}


@pytest.fixture(scope="module")
def raised():
    """Campaign text with only the branches named above, each twenty times as likely."""
    plan = json.loads(load_campaign("campaigns/hop_178m.yaml").with_runs(RUNS).canonical())
    plan["history"]["runs"] = 0
    plan["failures"] = {name: plan["failures"][name] for name, _ in CAUSES}
    for branch in plan["failures"].values():
        branch["probability"] *= RAISED
    return plan


@pytest.fixture(scope="module")
def base(raised):
    return counts(json.dumps(raised))


@pytest.mark.parametrize(("branch", "outcome"), CAUSES)
def test_cause__grows_with_its_branch(branch, outcome, raised, base):
    plan = json.loads(json.dumps(raised))
    plan["failures"][branch]["probability"] *= 2.0
    assert counts(json.dumps(plan))[outcome] > base[outcome] > 0


def test_scrubbed__grows_with_the_wind(raised, base):
    plan = json.loads(json.dumps(raised))
    plan["dispersions"]["wind_speed_mps"]["scale"] *= 2.0
    assert counts(json.dumps(plan))[Outcome.scrubbed] > base[Outcome.scrubbed] + 100
