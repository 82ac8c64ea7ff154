"""Mass, centre of mass and inertia while propellant burns off.

Each tank's liquid is a cylinder of its own height standing on the tank bottom; its sloshing part
is taken out and hangs as a pendulum (slosh.py), the rest moves with the vehicle. The centre of mass
moves along body z and, with a laterally offset dry vehicle, sideways. Left out: reaction of the
flow inside the vehicle (jet damping), about 0.2 % of the attitude loop's damping at 40 kg/s.
"""

from models.jit import kernel
from models.slosh import liquid_height, pendulum, rest_z
from models.structs import Body


@kernel
def total(state, mass):
    """Mass of the vehicle, kg.  §5.1"""
    return mass.dry_kg + state.lox_kg + state.fuel_kg


@kernel
def _fixed_liquid(liquid_kg, bob, tank):
    """The liquid that does not slosh: mass kg, centre's height m, lateral inertia kg m2.  §5.2

    Fixed part and bob together keep the liquid's centre of mass. Lateral inertia of a solid
    cylinder (EST, an upper bound); the liquid does not turn with the tank about the axis.
    """
    liquid = max(liquid_kg, 0.0)
    h = liquid_height(liquid, tank)
    fixed = liquid - bob.mass_kg
    moment = liquid * (tank.bottom_z_m + 0.5 * h) - bob.mass_kg * rest_z(bob)
    z = moment / fixed if fixed > 1.0e-6 else tank.bottom_z_m
    lateral = fixed * (0.25 * tank.radius_m * tank.radius_m + h * h / 12.0)
    return fixed, z, lateral


@kernel
def body(lox_kg, fuel_kg, axial_mps2, case):
    """Mass properties with this much propellant.  §5.1

    Parallel-axis theorem over dry vehicle and the two fixed liquids, about their common centre
    of mass.
    """
    dry = case.mass
    bob_lox = pendulum(lox_kg, axial_mps2, case.lox)
    bob_fuel = pendulum(fuel_kg, axial_mps2, case.fuel)
    m1, z1, i1 = _fixed_liquid(lox_kg, bob_lox, case.lox)
    m2, z2, i2 = _fixed_liquid(fuel_kg, bob_fuel, case.fuel)
    m0 = dry.dry_kg
    m = m0 + m1 + m2
    x = m0 * dry.cg_x_m / m
    y = m0 * dry.cg_y_m / m
    z = (m0 * dry.cg_z_m + m1 * z1 + m2 * z2) / m
    dx, dy, dz = dry.cg_x_m - x, dry.cg_y_m - y, dry.cg_z_m - z
    d1, d2 = z1 - z, z2 - z
    liquid = m1 + m2
    lateral = i1 + i2 + m1 * d1 * d1 + m2 * d2 * d2 + m0 * dz * dz
    ixx = dry.ixx_kgm2 + lateral + m0 * dy * dy + liquid * y * y
    iyy = dry.iyy_kgm2 + lateral + m0 * dx * dx + liquid * x * x
    izz = dry.izz_kgm2 + m0 * (dx * dx + dy * dy) + liquid * (x * x + y * y)
    ixy = dry.ixy_kgm2 + m0 * dx * dy + liquid * x * y
    ixz = dry.ixz_kgm2 + m0 * dx * dz - x * (m1 * d1 + m2 * d2)
    iyz = dry.iyz_kgm2 + m0 * dy * dz - y * (m1 * d1 + m2 * d2)
    return Body((x, y, z), ixx, iyy, izz, ixy, ixz, iyz, bob_lox, bob_fuel)


@kernel
def angular_acceleration(moment, omega, b):
    """I^-1 (M - omega x I omega), rad/s2, for the symmetric inertia tensor.  §5.3

    Euler's equations with products of inertia; the tensor's off-diagonal terms are minus the
    products.
    """
    p, q, r = omega
    a, e, f = b.ixx_kgm2, -b.ixy_kgm2, -b.ixz_kgm2
    c, g, d = b.iyy_kgm2, -b.iyz_kgm2, b.izz_kgm2
    hx = a * p + e * q + f * r
    hy = e * p + c * q + g * r
    hz = f * p + g * q + d * r
    mx = moment[0] - (q * hz - r * hy)
    my = moment[1] - (r * hx - p * hz)
    mz = moment[2] - (p * hy - q * hx)
    # Cofactors of the symmetric matrix
    c11, c12, c13 = c * d - g * g, f * g - e * d, e * g - f * c
    c22, c23, c33 = a * d - f * f, e * f - a * g, a * c - e * e
    k = 1.0 / (a * c11 + e * c12 + f * c13)
    return (
        k * (c11 * mx + c12 * my + c13 * mz),
        k * (c12 * mx + c22 * my + c23 * mz),
        k * (c13 * mx + c23 * my + c33 * mz),
    )
