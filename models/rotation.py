"""Attitude quaternions, scalar first, named by direction.

`q_body_to_enu` turns body components into enu ones. The small-angle forms serve turns within one
tick: below 0.1 rad.
Source: Diebel, Representing Attitude: Euler Angles, Unit Quaternions, and Rotation Vectors (2006);
Stevens, Lewis & Johnson, Aircraft Control and Simulation, 3rd ed., sec. 1.8.
"""

from math import sqrt

from models.jit import kernel

Quat = tuple[float, float, float, float]


@kernel
def rotate(q_a_to_b, v_a):
    """Components in frame b of a vector given in frame a:  v_b = q v_a q*."""
    w, x, y, z = q_a_to_b
    # t = 2 q_vec x v,  v' = v + w t + q_vec x t
    tx = 2.0 * (y * v_a[2] - z * v_a[1])
    ty = 2.0 * (z * v_a[0] - x * v_a[2])
    tz = 2.0 * (x * v_a[1] - y * v_a[0])
    return (
        v_a[0] + w * tx + y * tz - z * ty,
        v_a[1] + w * ty + z * tx - x * tz,
        v_a[2] + w * tz + x * ty - y * tx,
    )


@kernel
def conjugate(q):
    """The opposite rotation: q_b_to_a from q_a_to_b."""
    return (q[0], -q[1], -q[2], -q[3])


@kernel
def multiply(q_b_to_c, q_a_to_b):
    """Composition q_a_to_c: first a to b, then b to c."""
    aw, ax, ay, az = q_b_to_c
    bw, bx, by, bz = q_a_to_b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


@kernel
def normalised(q):
    """The quaternion brought back to unit length."""
    k = 1.0 / sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return (k * q[0], k * q[1], k * q[2], k * q[3])


@kernel
def quaternion_rate(q_body_to_enu, omega_body):
    """Time derivative of the attitude, 1/s:  q' = 1/2 q o (0, omega_body)."""
    w, x, y, z = q_body_to_enu
    p, q, r = omega_body
    return (
        0.5 * (-x * p - y * q - z * r),
        0.5 * (w * p + y * r - z * q),
        0.5 * (w * q + z * p - x * r),
        0.5 * (w * r + x * q - y * p),
    )


@kernel
def from_rotation_vector(phi):
    """Quaternion of a small rotation vector, rad, to fifth order: error below 1e-9 at 0.1 rad.

    Its length is one to that error.
    """
    s2 = 0.25 * (phi[0] * phi[0] + phi[1] * phi[1] + phi[2] * phi[2])  # (half angle)^2
    k = 0.5 * (1.0 - s2 / 6.0 + s2 * s2 / 120.0)
    return (1.0 - 0.5 * s2 + s2 * s2 / 24.0, k * phi[0], k * phi[1], k * phi[2])


@kernel
def to_rotation_vector(q):
    """Rotation vector, rad, of a small rotation:  2 asin(|q_vec|) q_vec / |q_vec|, fifth order."""
    s2 = q[1] * q[1] + q[2] * q[2] + q[3] * q[3]
    k = 2.0 * (1.0 + s2 / 6.0 + 3.0 * s2 * s2 / 40.0)
    k = k if q[0] >= 0.0 else -k
    return (k * q[1], k * q[2], k * q[3])


@kernel
def up_in_body(q_body_to_enu):
    """The world's up axis in body components; its z is the cosine of the tilt."""
    w, x, y, z = q_body_to_enu
    return (2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y))
