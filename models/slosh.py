"""Lateral slosh in an upright cylindrical tank: the equivalent pendulum of the first mode.

Source: Abramson (ed.), The Dynamic Behavior of Liquids in Moving Containers, NASA SP-106 (1966),
ch. 6, and Dodge, The New Dynamic Behavior of Liquids in Moving Containers (2000), ch. 3:

    L     = R / (xi tanh(xi h / R)),                 omega^2 = f_z / L
    m_s/m = 2 R tanh(xi h / R) / (xi (xi^2 - 1) h)
    bob   at  h/2 - (2R/xi) tanh(xi h / 2R)  above the liquid's centre of mass

with xi = 1.841184 and f_z the axial specific force (not gravity). Small angles; no other modes, no
rotary or swirl motion, no liquid impact: beyond about 0.3 rad the model overstates.
"""

from math import pi, sqrt

from models.elementary import exp
from models.jit import kernel
from models.structs import Pendulum

_MOST_OF_IT = 0.95  # of the liquid: a dispersed bob never outweighs what it is part of
XI = 1.8411837813406593  # first zero of J1'


@kernel
def _tanhs(x):
    """tanh(x) and tanh(x / 2), and 1 / tanh(x), of x > 0; e = exp(x).

    tanh(x/2) = (e - 1) / (e + 1),   tanh(x) = (e^2 - 1) / (e^2 + 1)
    """
    e = exp(min(x, 100.0))
    a, b, c = e - 1.0, e + 1.0, e * e + 1.0
    per = 1.0 / (a * b * c)  # one division for the three
    return a * b * (a * b) * per, a * c * a * per, c * c * per


@kernel
def liquid_height(liquid_kg, tank):
    """Height of the liquid over the tank bottom, m.  §6.1"""
    return liquid_kg / (tank.density_kgpm3 * pi * tank.radius_m * tank.radius_m)


@kernel
def pendulum(liquid_kg, axial_mps2, tank):
    """The pendulum of this much liquid under this axial specific force.  §6.2"""
    h = max(liquid_height(liquid_kg, tank), 1.0e-3)
    per_radius = XI / tank.radius_m
    x = h * per_radius
    tanh, tanh_half, per_tanh = _tanhs(x)
    f2 = tank.slosh_frequency_scale * tank.slosh_frequency_scale
    per_both = 1.0 / (x * f2)  # one division for two
    share = 2.0 / (XI * XI - 1.0) * tanh * f2 * per_both
    per_m = tanh * per_radius * f2
    length = tank.radius_m / XI * per_tanh * x * per_both
    bob_over_cg = 0.5 * h - 2.0 * tank.radius_m / XI * tanh_half
    bob_z = tank.bottom_z_m + 0.5 * h + bob_over_cg
    omega = sqrt(abs(axial_mps2) * per_m)
    mass = max(liquid_kg, 0.0) * min(share * tank.slosh_mass_scale, _MOST_OF_IT)
    return Pendulum(mass, length, per_m, bob_z + length, 2.0 * tank.slosh_damping_ratio * omega)


@kernel
def rest_z(bob):
    """Height of the hanging bob over the base centre, m."""
    return bob.hinge_z_m - bob.length_m


@kernel
def swing(angle, rate, bob_mps2, axial_mps2, bob):
    """Angular acceleration of the pendulum on one axis, rad/s2.  §6.3

        theta'' = -(a_bob + f_z theta) / L - 2 zeta omega theta'

    theta is the deflection in body axes, so a_bob is the specific acceleration (gravity left out)
    of the vehicle's point where the bob hangs at rest. Finite where f_z vanishes; below zero the
    liquid would leave for the other end of its tank, which is left out: it floats.
    """
    return -(bob_mps2 + max(axial_mps2, 0.0) * angle) * bob.per_m - bob.damping_per_s * rate


@kernel
def pull(angle, rate, axial_mps2, bob):
    """Side force N and its moment N m about the base centre, of the pendulum on one axis.  §6.4

    The string pulls at the hinge with m f_z theta; the liquid's friction m L 2 zeta omega theta'
    acts where the bob is.
    """
    string = bob.mass_kg * max(axial_mps2, 0.0) * angle
    friction = bob.mass_kg * bob.damping_per_s * bob.length_m * rate
    return string + friction, string * bob.hinge_z_m + friction * rest_z(bob)
