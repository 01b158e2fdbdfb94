"""Normal numbers of random words, by Box & Muller (1958), in arithmetic that vectorises.

Each result is a function of its words alone, with the same bits wherever in a loop it stands. The
logarithm, the sine and the cosine are polynomials; the numbers are within 1e-14 of the exact ones.
"""

import math

import numpy as np

from distsp.base.compiled import inlined
from distsp.base.exponential import BIAS, MAGIC, MANTISSA_BITS
from distsp.rng.streams import unit

SQRT_2, LN_2, HALF_PI = 1.4142135623730951, 0.6931471805599453, 1.5707963267948966
MANTISSA, ONE = np.int64(2**52 - 1), np.int64(1023 << 52)
"""Which bits are the mantissa, and the bits of 1.0."""


@inlined
def log_of_fraction(u: float) -> float:
    """Return the logarithm of a number in (0, 1] that is not denormal."""
    bits = np.float64(u).view(np.int64)
    exponent = np.float64((bits >> MANTISSA_BITS) - BIAS)
    m = np.int64((bits & MANTISSA) | ONE).view(np.float64)
    large = m > SQRT_2
    m = 0.5 * m if large else m
    exponent = exponent + 1.0 if large else exponent
    # log(m) = 2 artanh(f), by the Taylor series: |f| is at most 0.172.
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    p = s / 21.0 + 1.0 / 19.0
    p = p * s + 1.0 / 17.0
    p = p * s + 1.0 / 15.0
    p = p * s + 1.0 / 13.0
    p = p * s + 1.0 / 11.0
    p = p * s + 1.0 / 9.0
    p = p * s + 1.0 / 7.0
    p = p * s + 1.0 / 5.0
    p = p * s + 1.0 / 3.0
    return exponent * LN_2 + (2.0 * f + 2.0 * f * s * p)


@inlined
def normal_pair(w0: np.uint64, w1: np.uint64, w2: np.uint64, w3: np.uint64) -> tuple[float, float]:
    """Return two independent standard normal numbers made of four random words."""
    radius = math.sqrt(-2.0 * log_of_fraction(unit(w0, w1)))
    quarters = 4.0 * unit(w2, w3)
    shifted = quarters + MAGIC
    quadrant = np.float64(shifted).view(np.int64) & np.int64(3)
    x = (quarters - (shifted - MAGIC)) * HALF_PI
    s = x * x
    # The Taylor series up to x**15 and x**16: |x| is at most pi / 4.
    sine = -1.0 / 1307674368000.0 * s + 1.0 / 6227020800.0
    sine = sine * s - 1.0 / 39916800.0
    sine = sine * s + 1.0 / 362880.0
    sine = sine * s - 1.0 / 5040.0
    sine = sine * s + 1.0 / 120.0
    sine = sine * s - 1.0 / 6.0
    sine = sine * s * x + x
    cosine = 1.0 / 20922789888000.0 * s - 1.0 / 87178291200.0
    cosine = cosine * s + 1.0 / 479001600.0
    cosine = cosine * s - 1.0 / 3628800.0
    cosine = cosine * s + 1.0 / 40320.0
    cosine = cosine * s - 1.0 / 720.0
    cosine = cosine * s + 1.0 / 24.0
    cosine = cosine * s - 0.5
    cosine = cosine * s + 1.0
    odd = (quadrant & np.int64(1)) != 0
    a = sine if odd else cosine
    b = cosine if odd else sine
    # Quadrant q turns by q right angles: (cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos).
    a = -a if quadrant == 1 or quadrant == 2 else a
    b = -b if quadrant >= 2 else b
    return radius * a, radius * b
