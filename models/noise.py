"""Random numbers from a counter: the same sample for the same (run, stream, tick), ask who may.

Philox4x32 with ten rounds: Salmon, Moraes, Dror & Shaw, Parallel Random Numbers: As Easy as 1, 2, 3
(SC11); tests compare it with the authors' known answers. Only 32 x 32 -> 64 bit products, which
packed instructions have. Key = the run's seed, counter = (tick, stream).
"""

from math import sqrt

import numpy as np

from models.elementary import log, sincos_turns, to_float, to_word
from models.jit import kernel

# Streams: one for each source of noise. A new source takes a new number and disturbs no other.
TURBULENCE_UV = 1
TURBULENCE_W = 2
GYRO = 3
ACCELEROMETER = 4
GNSS_POSITION = 5
GNSS_VELOCITY = 6
ALTIMETER = 7
START = 8
GYRO_WALK = 9
ACCELEROMETER_WALK = 10
COMPUTER = 11
GYRO_INSTABILITY = 12
ACCELEROMETER_INSTABILITY = 13

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_ZERO = np.uint64(0)
_TWO_M32 = 2.0**-32


@kernel
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four random 32-bit words of a counter of four and a key of two.  §11.1

    All are held in uint64.
    """
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _WORD, (p0 >> _HALF) ^ c3 ^ k1, p0 & _WORD
        k0 = (k0 + _W0) & _WORD
        k1 = (k1 + _W1) & _WORD
    return c0, c1, c2, c3


@kernel
def _normal_pair(word_a, word_b):
    """Two standard normals of two words: Box & Muller (1958). Largest magnitude 6.8.  §11.2"""
    radius = sqrt(-2.0 * log((to_float(word_a) + 0.5) * _TWO_M32))
    sine, cosine = sincos_turns(to_float(word_b) * _TWO_M32)
    return radius * cosine, radius * sine


@kernel
def normals(seed, stream, tick):
    """Four independent standard normals for this run's seed, stream and tick.  §11.2"""
    a, b, c, d = philox(
        to_word(tick), np.uint64(stream), _ZERO, _ZERO, to_word(seed.low), to_word(seed.high)
    )
    n0, n1 = _normal_pair(a, b)
    n2, n3 = _normal_pair(c, d)
    return n0, n1, n2, n3


@kernel
def six_normals(seed, stream, second, tick):
    """Six independent standard normals, of two streams: four of the first, two of the other."""
    n0, n1, n2, n3 = normals(seed, stream, tick)
    n4, n5, _, _ = normals(seed, second, tick)
    return n0, n1, n2, n3, n4, n5


@kernel
def uniforms(seed, stream, tick):
    """Two independent uniforms in (0, 1) for this run's seed, stream and tick.  §11.2"""
    a, b, _, _ = philox(
        to_word(tick), np.uint64(stream), _ZERO, _ZERO, to_word(seed.low), to_word(seed.high)
    )
    return (to_float(a) + 0.5) * _TWO_M32, (to_float(b) + 0.5) * _TWO_M32
