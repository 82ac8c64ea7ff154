"""The landing burn: lit where the closed form says, followed down its profile, at rest on its legs.

An engine whose least thrust exceeds the weight cannot wait: height and speed have to run out
together. Stopping height: v1 = v + g t, h = v t + g t^2 / 2 + (v1^2 - v_end^2) / (2 a).
"""

import numpy as np
import pytest

from models.metrics import Metrics
from models.outcomes import Outcome
from pipeline import batch, build
from pipeline.config import load_campaign

UP, SINKING, MASS, THROTTLE, TIME = 2, 5, 13, 14, 17  # channels of the kernel's history
G = 9.80665


@pytest.fixture(scope="module")
def campaign():
    return load_campaign("campaigns/landing_burn.yaml")


@pytest.fixture(scope="module")
def nominal(campaign):
    rows, history, *_ = batch.fly(*_setup(campaign), 2000, 1)
    return dict(zip(Metrics._fields, rows[0], strict=True)), history[0]


def _setup(campaign):
    setup, runs = build.nominal(campaign)
    return setup, *runs


def test_burn__is_lit_at_the_stopping_height_of_the_closed_form(nominal, campaign):
    _, history = nominal
    (burn,) = campaign.mission
    lit = int(np.argmax(history[:, THROTTLE] > 0.0))
    delay_s = float(campaign.vehicle.engine.dead_time_s) + 0.02  # and the computer's tick
    commanded = lit - 1 - round(delay_s / 0.02)
    v, h = -history[commanded, SINKING], history[commanded, UP]
    v1 = v + G * burn.lead_s
    expected = v * burn.lead_s + 0.5 * G * burn.lead_s**2
    expected += (v1**2 - burn.end_speed_mps**2) / (2.0 * burn.acceleration_mps2)
    # Two ticks at 40 m/s, and what the estimate is off
    assert h == pytest.approx(expected, abs=2 * 0.02 * v * (1 + v1 / burn.acceleration_mps2))


def test_burn__least_thrust_exceeds_the_weight(campaign):
    """Otherwise it would be no hoverslam: at the floor, the site's pressure and touchdown mass."""
    engine, mass = campaign.vehicle.engine, campaign.vehicle.mass
    least = float(engine.throttle_min) * float(engine.thrust_vac_n)
    least -= 89_876.0 * float(engine.exit_area_m2)  # US Standard Atmosphere 1976 at 1,000 m
    assert least > (float(mass.dry_kg) + 250.0) * G


def test_burn__comes_down_its_profile_and_rests(nominal, campaign):
    metrics, history = nominal
    (burn,) = campaign.mission
    assert metrics["outcome"] == Outcome.at_rest
    assert 0.0 < metrics["touchdown_vertical_speed_mps"] < 2.0
    # Over the second half of the burn, drag having gone, it keeps the profile within 1 m/s
    up, sink = history[:, UP], -history[:, SINKING]
    low = (up > 5.0) & (up < 100.0) & np.isfinite(up)
    profile = np.sqrt(burn.end_speed_mps**2 + 2.0 * burn.acceleration_mps2 * up[low])
    assert np.count_nonzero(low) > 100
    np.testing.assert_allclose(sink[low], profile, atol=1.0)


def test_burn__lit_too_late_does_not_land(campaign):
    """With a lead of nothing for an engine that takes a second, it hits the ground hard."""
    late = campaign.mission[0].model_copy(update={"lead_s": 0.0, "acceleration_mps2": 7.5})
    setup, *runs = _setup(campaign.model_copy(update={"mission": (late,)}))
    rows, *_ = batch.fly(setup, *runs, 0, 1)
    metrics = dict(zip(Metrics._fields, rows[0], strict=True))
    assert metrics["touchdown_vertical_speed_mps"] > 3.0
