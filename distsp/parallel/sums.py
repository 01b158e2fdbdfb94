"""Sums that do not depend on how the numbers are dealt to the ranks."""

from fractions import Fraction

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import compiled
from distsp.parallel.ranks import Ranks

LIMB = 2.0**26


@compiled
def _limbs(numbers: Floats) -> Ints:
    """Return the sum of `numbers` in units of 1, 2**-26 and 2**-52, as exact integers."""
    total = np.zeros(3, dtype=np.int64)
    for number in numbers:
        whole = np.floor(number)
        middle = np.floor((number - whole) * LIMB)
        total[0] += np.int64(whole)
        total[1] += np.int64(middle)
        total[2] += np.int64(np.rint(((number - whole) * LIMB - middle) * LIMB))
    return total


def means(ranks: Ranks, parts: list[Floats], counts: list[int]) -> list[float]:
    """Return the means over all ranks of several quantities, the same on any number of ranks.

    Integers add up to the same sum in any order, floating-point numbers do not: so each number is
    taken apart into three integers, exact to 2**-53.

    Parameters
    ----------
    ranks : Ranks
    parts : list of arrays of float64
        This rank's numbers of each quantity, below 2**62 in size.
    counts : list of int
        How many numbers of each quantity there are on all ranks.

    Examples
    --------
    >>> means(Ranks(), [np.array([0.25, 0.5])], [2])
    [0.375]
    """
    total = ranks.sum(np.array([_limbs(part) for part in parts], dtype=np.int64).reshape(-1, 3))
    return [
        float((Fraction(int(a)) + Fraction(int(b), 2**26) + Fraction(int(c), 2**52)) / count)
        for (a, b, c), count in zip(total, counts, strict=True)
    ]
