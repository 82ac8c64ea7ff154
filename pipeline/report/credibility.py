"""What may be believed, and why: the list that every report ends with.

Verified: the code does what its equations say, checked against an independent source. Validated:
the result agrees with the real thing. Whoever adds a check adds its line here; a line without a
check behind it stays `neither`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Claim(NamedTuple):
    """One subject, and how far it may be believed."""

    subject: str
    status: Literal["verified", "validated", "neither"]
    because: str


CLAIMS = (
    Claim(
        "Probabilities, bounds and sample plans",
        "verified",
        "against published tables and worked examples, and by simulated coverage "
        "(tests/pipeline/test_binomial.py)",
    ),
    Claim(
        "Percentiles, radii and ellipses",
        "verified",
        "against order-statistics tables, quadrature and simulated coverage "
        "(tests/pipeline/test_order.py, test_footprint.py)",
    ),
    Claim(
        "Laws and draws of the inputs",
        "verified",
        "against scipy.stats (tests/pipeline/test_laws.py, test_sampling.py), and for this "
        "campaign in the table of inputs above",
    ),
    Claim(
        "Landing reliability of the vehicle",
        "neither",
        "not validated: there are two public flights, which bound no reliability of interest; "
        "their figures are shown for plausibility only, and nothing is tuned to them",
    ),
    Claim(
        "Vehicle data",
        "neither",
        "few values are published; the others are estimates and are counted as such above",
    ),
    Claim(
        "Probabilities of injected failures",
        "neither",
        "estimates; therefore success is always also shown given each of them and given none",
    ),
    Claim(
        "A second seed, a smaller integration step",
        "neither",
        "not part of one store; fly the campaign with another seed or with more steps, and compare",
    ),
)
