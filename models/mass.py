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
    per_kg = 1.0 / (m0 + m1 + m2)
    x = m0 * dry.cg_x_m * per_kg
    y = m0 * dry.cg_y_m * per_kg
    z = (m0 * dry.cg_z_m + m1 * z1 + m2 * z2) * per_kg
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
    inverse = _inverse(ixx, iyy, izz, -ixy, -ixz, -iyz)
    lox_share = case.engine.mixture_ratio / (1.0 + case.engine.mixture_ratio)
    return Body((x, y, z), ixx, iyy, izz, ixy, ixz, iyz, inverse, lox_share, bob_lox, bob_fuel)


@kernel
def _inverse(a, c, d, e, f, g):
    """Inverse of the symmetric matrix [a e f; e c g; f g d]: xx, yy, zz, xy, xz, yz.  §5.3"""
    c11, c12, c13 = c * d - g * g, f * g - e * d, e * g - f * c
    k = 1.0 / (a * c11 + e * c12 + f * c13)
    return (
        k * c11, k * (a * d - f * f), k * (a * c - e * e), k * c12, k * c13, k * (e * f - a * g),
    )  # fmt: skip


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
    xx, yy, zz, xy, xz, yz = b.inverse_per_kgm2
    return (
        xx * mx + xy * my + xz * mz,
        xy * mx + yy * my + yz * mz,
        xz * mx + yz * my + zz * mz,
    )
