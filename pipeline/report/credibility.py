"""What may be believed, and why: the list that every report ends with.

Verified: the code does what its equations say, checked against an independent source. Validated:
the result agrees with the real thing. Whoever adds a check adds its line here, a verification case
its name; a line without a check behind it stays `neither`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Claim(NamedTuple):
    """One subject, and how far it may be believed."""

    subject: str
    status: Literal["verified", "validated", "neither"]
    reason: str
    cases: tuple[str, ...] = ()  # of `hoverslam verify`

    @property
    def because(self) -> str:
        """The reason, with the cases that anybody can fly again."""
        flown = f"; hoverslam verify: {'; '.join(self.cases)}" if self.cases else ""
        return self.reason + flown


CLAIMS = (
    Claim(
        "Probabilities, bounds, percentiles, ellipses",
        "verified",
        "published tables and worked examples, quadrature, simulated coverage: "
        "tests/pipeline/test_binomial.py, tests/pipeline/test_order.py, "
        "tests/pipeline/test_footprint.py, tests/pipeline/test_gaussian.py, "
        "tests/pipeline/test_replicates.py",
    ),
    Claim(
        "Verdicts: risks of every plan, comparison of two designs",
        "verified",
        "published tables, every sequence of a small plan, 2,000 synthetic campaigns of each: "
        "tests/pipeline/test_sequential.py, tests/pipeline/test_paired.py, "
        "tests/benchmarks/gate_rates.md",
    ),
    Claim(
        "What drives failures, shares of variance",
        "verified",
        "exact laws of the statistics, functions with closed forms, campaigns that nothing "
        "drives: "
        "tests/pipeline/test_drivers.py, tests/pipeline/test_driver_study.py, "
        "tests/pipeline/test_sobol.py",
    ),
    Claim(
        "Laws and draws of the inputs",
        "verified",
        "scipy.stats, nets and strata by count: tests/pipeline/test_laws.py, "
        "tests/pipeline/test_cut_laws.py, tests/pipeline/test_sampling.py, "
        "tests/pipeline/test_designs.py, tests/pipeline/test_copula.py; "
        "for this campaign, the table of inputs above",
    ),
    Claim(
        "Air, gravity, wind, turbulence",
        "verified",
        "NASA's check cases, US Standard Atmosphere 1976, WGS 84, MIL-F-8785C: "
        "tests/models/test_atmosphere.py, tests/models/test_wind.py, "
        "tests/models/test_turbulence.py",
        (
            *("NESC 1, dropped sphere", "NESC 6, sphere with drag", "NESC 7, sphere in wind"),
            *("US76", "effective gravity", "Coriolis", "wind shear"),
            *("Dryden scales", "Dryden turbulence"),
        ),
    ),
    Claim(
        "Motion of a rigid body, its integration",
        "verified",
        "NASA's check cases, Jacobi's solution, equations in another form",
        (
            *("NESC 2, tumbling brick", "torque-free body", "products of inertia"),
            *("precession of a pencil", "composite 6-DOF flight"),
            *("RK4, free body", "RK4, composite flight"),
        ),
    ),
    Claim(
        "Mass, engine, actuators, aerodynamics, slosh",
        "verified",
        "closed forms, point masses, NASA SP-106: tests/models/test_mass.py, "
        "tests/models/test_engine.py, tests/models/test_aero.py, tests/models/test_slosh.py",
        (
            *("Tsiolkovsky", "hover", "hoverslam stopping height", "hoverslam with mass flow"),
            *("engine lag", "gimbal step", "fixed gimbal", "roll thrusters"),
            *("drag fall", "rate damping", "weathercock", "falling stage", "slosh"),
        ),
    ),
    Claim(
        "Legs, friction, standing, tipping over",
        "verified",
        "closed forms, statics, the rigid-plastic threshold: tests/models/test_legs.py, "
        "tests/models/test_contact.py",
        (
            *("leg drop", "leg drop with rebound", "leg crush", "sliding distance"),
            *("friction angle", "static foot loads", "static foot loads on a slope"),
            *("static tip-over", "dynamic tip-over", "sliding instead of tipping"),
        ),
    ),
    Claim(
        "Sensors",
        "verified",
        "IEEE Std 952, geometry: tests/models/test_sensors.py",
        ("Allan deviation",),
    ),
    Claim(
        "Flight software: navigation, guidance, control",
        "verified",
        "textbook filter, figures of the linear loops: tests/models/test_navigation.py, "
        "tests/models/test_guidance.py, tests/models/test_control.py",
    ),
    Claim(
        "The nominal hop",
        "verified",
        "a hand calculation of lean and fuel; meets the published altitude and time it was "
        "designed for: tests/verification/test_nominal.py",
    ),
    Claim(
        "Each dispersed parameter acts, and the right way",
        "verified",
        "a large change moves a named metric by a stated amount: "
        "tests/verification/test_dispersions.py",
    ),
    Claim(
        "The flight as a whole",
        "neither",
        "no other simulation has flown this campaign; structural flexibility, plume on the ground "
        "beyond two factors, and soil are left out",
    ),
    Claim(
        "Landing reliability of the real vehicle",
        "neither",
        "not validated: the public flights are too few to bound any reliability of interest; "
        "their figures are shown for plausibility only, and nothing is tuned to them",
    ),
    Claim(
        "Vehicle data and probabilities of injected failures",
        "neither",
        "few values are published; the others are estimates, counted as such above. Therefore "
        "success is always also shown given each failure and given none",
    ),
    Claim(
        "A second seed, a smaller integration step",
        "neither",
        "not part of one store: fly the campaign with another seed or more steps, and compare",
    ),
)
