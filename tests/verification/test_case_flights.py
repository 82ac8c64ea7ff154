"""What a case file says reaches the flight: programs, tanks, winds, seeds, slosh, any legs.

Flights of which outsiders know the outcome are verification cases (pipeline/verification).
"""

from math import hypot, radians, sin
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.case import fly_case, load_case
from pipeline.verification.flights import (
    BODY,
    G_MPS2,
    STIFF,
    VACUUM,
    VOID,
    flown,
    last,
    matrix_of,
)

# --- rotation -------------------------------------------------------------------------------------


def test_start__turns_are_about_body_z_then_y_then_x() -> None:
    turned = flown(start={"turn_z_deg": 30.0, "turn_y_deg": -70.0, "turn_x_deg": 20.0}, site=VOID)
    expected = Rotation.from_euler("ZYX", [30.0, -70.0, 20.0], degrees=True).as_matrix()
    np.testing.assert_allclose(matrix_of(turned), expected, atol=1e-15)


# --- thrust ---------------------------------------------------------------------------------------


def test_program__table_is_linear_between_its_rows() -> None:
    """Throttle from 0 to 1 over 2 s, then held: v = F t^2 / 4 m, then F (t - 1) / m."""
    flight = flown(
        duration_s=3.0,
        site=VOID,
        engine={"thrust_vac_n": 5000.0},
        program={"table": {"time_s": [0.0, 2.0], "throttle": [0.0, 1.0]}},
    )
    speed = flight["v_enu_mps"][:, 2].to_numpy()
    assert speed[[50, 100, 150]] == pytest.approx([1.25, 5.0, 10.0], rel=1e-12)
    assert flight["throttle"][50].item() == pytest.approx(0.5)


def test_tanks__burn_by_the_mixture_ratio_until_one_is_dry() -> None:
    """10 kg/s at 3 to 1: 30 kg of oxygen less residual last (30 - 1.5) / 7.5 = 3.8 s."""
    size = {"density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 0.0}
    flight = flown(
        duration_s=10.0,
        site=VOID,
        lox=size | {"load_kg": 30.0, "residual_kg": 1.5},
        fuel=size | {"load_kg": 20.0},
        engine={"thrust_vac_n": 10.0 * 300.0 * G_MPS2, "isp_vac_s": 300.0, "mixture_ratio": 3.0},
        program={"throttle": 1.0},
    )
    speed = flight["v_enu_mps"][:, 2].to_numpy()
    pushed = np.flatnonzero(np.diff(speed) > 0.0)
    assert flight["time_s"][pushed[-1]].item() == pytest.approx(3.8, abs=0.021)
    assert flight.attrs["outcome"] == "time_out"  # it flies on without thrust
    assert flight["propellant_used_kg"].item() == pytest.approx(38.0, abs=0.21)


# --- air ------------------------------------------------------------------------------------------


def test_wind__table_and_constant_blow_alike() -> None:
    aero, mass = {"sphere_m2": 2.0}, BODY | {"dry_kg": 100.0}
    table = {"height_m": [0.0, 2000.0], "east_mps": [0.0, 0.0], "north_mps": [-4.0, -4.0]}
    winds = (
        {"profile": "constant", "speed_mps": 4.0, "from_deg": 0.0},
        {"profile": "table", "table": table},
    )
    by_law, by_table = (flown(duration_s=5.0, aero=aero, mass=mass, wind=wind) for wind in winds)
    assert last(by_law, "v_enu_mps") == pytest.approx(last(by_table, "v_enu_mps"), abs=1e-12)
    assert -4.0 < last(by_law, "v_enu_mps")[1] < -2.0  # from the north


def test_turbulence__follows_the_seed() -> None:
    air = {"aero": {"sphere_m2": 5.0}, "wind": {"w20_mps": 10.0}, "start": {"up_m": 200.0}}
    one, again, other = (last(flown(seed=seed, **air), "v_enu_mps") for seed in (1, 1, 2**63 + 1))
    assert np.array_equal(one, again)
    assert np.all(np.abs(one - other) > 1e-5)


# --- liquids and legs -----------------------------------------------------------------------------


def test_slosh__on_and_off() -> None:
    """A side push swings the liquid unless its slosh is scaled to zero."""
    tank = {"load_kg": 400.0, "density_kgpm3": 1000.0, "radius_m": 0.5, "bottom_z_m": 1.0}
    swings = []
    for scale in (0.0, 1.0):
        flight = flown(
            site=VACUUM,
            fuel=tank | {"slosh_mass_scale": scale},
            engine={"thrust_vac_n": 15000.0},
            program={"throttle": 1.0, "gimbal_x_deg": 3.0},
        )
        assert np.abs(flight["fuel_slosh_y_rad"]).max() > 1e-3
        swings.append(last(flight, "v_enu_mps")[1])
    # Liquid that hangs back leaves the rest of the vehicle more of the push
    assert abs(swings[1] / swings[0] - 1.0) > 0.01


@pytest.mark.parametrize("count", [3, 4, 6])
def test_leg_drop__of_any_number_of_legs(count: int) -> None:
    """m x'' = m g - k x - c x': 0.181457 m and 45,054.06 N on all, wherever the legs stand."""
    flight = flown(
        duration_s=0.3,
        steps={"contact": 200},
        site=VACUUM,
        mass={"dry_kg": 1500.0} | STIFF,
        legs={
            **{"count": count, "foot_radius_m": 3.0, "first_azimuth_deg": 10.0},
            **{"stiffness_npm": 240e3 / count, "damping_nspm": 6e3 / count},
        },
        start={"up_m": -1e-12, "v_up_mps": -2.0},
    )
    assert flight.sizes["leg"] == count
    assert flight["peak_stroke_m"].item() == pytest.approx(0.18145678327335246, abs=1e-6)
    peak = count * flight["peak_leg_load_n"].item()
    assert peak == pytest.approx(45054.06120146068, rel=1e-3)
    assert f"load_{count - 1}_n" in flight
    assert f"load_{count}_n" not in flight


def test_slide__up_a_slope_stops_after_the_coulomb_distance(project_root: Path) -> None:
    """d = v^2 / (2 g (mu cos a + sin a)) = 0.784058 m, along 5 deg."""
    file = project_root / "campaigns" / "cases" / "sliding_block.yaml"
    flight = fly_case(load_case(file))
    moved = last(flight, "r_enu_m") - flight["r_enu_m"][0].to_numpy()
    assert moved[2] == pytest.approx(hypot(*moved) * sin(radians(5.0)), abs=1e-5)
    # One step, 0.1 ms, at 3 m/s, and the side stiffness of the pads, m g mu / 4 k = 0.02 mm
    assert hypot(*moved) == pytest.approx(0.7840578756001709, abs=4e-4)
    assert np.linalg.norm(last(flight, "v_enu_mps")) < 1e-6
