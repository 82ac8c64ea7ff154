"""Vectors of three components as plain tuples (a tuple costs 1 ns inside a kernel, an array 32)."""

from math import sqrt

from models.jit import kernel

Vec3 = tuple[float, float, float]


@kernel
def add(a, b):
    """Sum of two vectors."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


@kernel
def sub(a, b):
    """Difference of two vectors."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


@kernel
def scale(k, a):
    """A vector times a number."""
    return (k * a[0], k * a[1], k * a[2])


@kernel
def dot(a, b):
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@kernel
def cross(a, b):
    """Vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@kernel
def norm(a):
    """Length of a vector."""
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


@kernel
def clip(x, low, high):
    """x held between low and high. A NaN becomes a limit: the finite watch looks out for that."""
    return min(max(x, low), high)
