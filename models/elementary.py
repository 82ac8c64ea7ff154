"""log, exp, sine and cosine as short polynomials, so that many runs can be computed side by side.

The standard library's versions are calls, which cannot be vectorised. These hold to about 1e-15
relative (log), 1e-16 (4 + |x|) relative (exp for |x| < 700) and 2e-15 absolute (sine and cosine,
within a turn), which tests/models compares with the library. Method: argument reduction on the bits
of the number, then a series; Muller, Elementary Functions, 3rd ed., chs. 3 and 11.
"""

from math import pi, sqrt

import numpy as np

from models.jit import kernel

_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ONE = np.uint64(0x3FF0000000000000)
_TWO_52_BITS = np.uint64(0x4330000000000000)
_TWO_52 = 4503599627370496.0
_SHIFT_52 = np.uint64(52)
_LN2 = 0.6931471805599453
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10
_SQRT2 = 1.4142135623730951


@kernel
def to_float(word):
    """A whole number below 2^52 held in 64 bits, as a float."""
    return np.uint64(word | _TWO_52_BITS).view(np.float64) - _TWO_52


@kernel
def to_word(x):
    """A whole float from 0 to 2^52 as a 64-bit word."""
    return np.float64(x + _TWO_52).view(np.uint64) & _MANTISSA


@kernel
def log(x):
    """Natural logarithm of a positive, normal x.

    x = 2^e m with m in [sqrt(1/2), sqrt(2)),  ln m = 2 artanh(s),  s = (m - 1) / (m + 1)
    """
    bits = np.float64(x).view(np.uint64)
    e = to_float(bits >> _SHIFT_52) - 1023.0
    m = np.uint64((bits & _MANTISSA) | _ONE).view(np.float64)
    high = m > _SQRT2
    m = 0.5 * m if high else m
    e = e + 1.0 if high else e
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = z * (
        1 / 3
        + z
        * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z / 17))))))
    )
    return e * _LN2 + 2.0 * (s + s * series)


@kernel
def exp(x):
    """Exponential, for |x| < 700.

    x = n ln 2 + r with |r| <= ln 2 / 2,  e^x = 2^n e^r, e^r by its series
    """
    n = np.floor(x * (1.0 / _LN2) + 0.5)
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    tail = 1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600 + r / 6227020800))
    tail = 1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * tail)))
    series = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * tail)))))
    power = to_word(n + 1023.0) << _SHIFT_52
    return series * np.uint64(power).view(np.float64)


@kernel
def power(x, y):
    """x to the y, for positive x."""
    return exp(y * log(x))


@kernel
def sincos_turns(turns):
    """Sine and cosine of an angle given in turns (1 turn = 2 pi), for |turns| < 1e6."""
    quarter = np.floor(4.0 * turns + 0.5)
    a = (4.0 * turns - quarter) * (0.5 * pi)  # within +-pi/4
    z = a * a
    s = 1.0 - z / 6 * (
        1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110 * (1 - z / 156 * (1 - z / 210)))))
    )
    c = 1.0 - z / 2 * (
        1 - z / 12 * (1 - z / 30 * (1 - z / 56 * (1 - z / 90 * (1 - z / 132 * (1 - z / 182)))))
    )
    s = a * s
    k = quarter - 4.0 * np.floor(0.25 * quarter)  # 0, 1, 2, 3
    odd = (k == 1.0) or (k == 3.0)
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if k >= 2.0 else sine
    cosine = -cosine if (k == 1.0) or (k == 2.0) else cosine
    return sine, cosine


@kernel
def sincos(angle_rad):
    """Sine and cosine of an angle in radians."""
    return sincos_turns(angle_rad * (0.5 / pi))


# Of arctan(sqrt u) / sqrt u up to u = tan^2(pi/8), by interpolation at Chebyshev's points: 6e-17
_A3, _A5, _A7 = -0.3333333333333312, 0.1999999999994091, -0.14285714279259093
_A9, _A11, _A13 = 0.11111110745407911, -0.0909089682186362, 0.07692045525186794
_A15, _A17, _A19 = -0.06662953651646665, 0.05846889384859074, -0.05035144300297071
_A21, _A23 = 0.037966166485091817, -0.01780627245721283


@kernel
def arctan(x):
    """Arc tangent, rad: by its complement beyond 1, then halved once.

    atan x = pi/2 - atan(1/x),   atan x = 2 atan(x / (1 + sqrt(1 + x^2)))
    """
    size = abs(x)
    steep = size > 1.0
    t = 1.0 / size if steep else size
    t = t / (1.0 + sqrt(1.0 + t * t))
    u = t * t
    tail = _A13 + u * (_A15 + u * (_A17 + u * (_A19 + u * (_A21 + u * _A23))))
    series = u * (_A3 + u * (_A5 + u * (_A7 + u * (_A9 + u * (_A11 + u * tail)))))
    angle = 2.0 * (t + t * series)
    angle = 0.5 * pi - angle if steep else angle
    return -angle if x < 0.0 else angle


@kernel
def arccos(c):
    """Arc cosine, rad, of c held within +-1:  2 atan( sqrt((1 - c) / (1 + c)) )."""
    c = min(max(c, -1.0), 1.0)
    return 2.0 * arctan(sqrt((1.0 - c) / max(1.0 + c, 1.0e-16)))
