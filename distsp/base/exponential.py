"""An exponential that vectorises, with the same bits wherever in a loop it stands.

NumPy's is a call for each number. The argument is reduced to at most ln(2) / 2 (Cody & Waite 1980),
a polynomial does the rest; the result is within 1.1 units in the last place.
"""

import numpy as np

from distsp.base.compiled import inlined

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln(2) in two parts, the first with so few bits that its product with an exponent is exact."""

MAGIC = 6755399441055744.0
"""1.5 * 2**52: what is added to it is rounded to a whole number, in the last bits of the sum."""

LOWEST, HIGHEST = -708.0, 709.0
"""Arguments beyond these are taken for these: nothing overflows, nothing is denormal."""

BIAS, MANTISSA_BITS = np.int64(1023), np.int64(52)


@inlined
def fast_exp(x: float) -> float:
    """Return the exponential of `x`, of -708 for what is below and of 709 for what is above."""
    x = min(max(x, LOWEST), HIGHEST)
    shifted = x * LOG2_E + MAGIC
    whole = shifted - MAGIC
    r = (x - whole * LN2_HIGH) - whole * LN2_LOW
    # The Taylor series up to r**13: |r| is at most 0.35.
    p = 1.6059043836821613e-10 * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    power = (np.float64(shifted).view(np.int64) + BIAS) << MANTISSA_BITS
    return p * np.int64(power).view(np.float64)


@inlined
def little_exp(x: float) -> float:
    """Return the exponential of a small number: its power series up to x**7."""
    square = x * x
    p = 0.001388888888888889 + 0.0001984126984126984 * x
    p = (0.041666666666666664 + 0.008333333333333333 * x) + square * p
    p = (0.5 + 0.16666666666666666 * x) + square * p
    return (1.0 + x) + square * p
