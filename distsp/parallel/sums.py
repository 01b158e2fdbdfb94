"""Sums that do not depend on how the numbers are dealt to the ranks."""

from math import nan

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import compiled
from distsp.parallel.ranks import Ranks

LIMB = 2.0**26
LARGE = 2.0**31
"""Up to here the sum of the whole parts of as many numbers as there may be neurons has 64 bits."""

HIGH = 40
"""Limbs of 26 bits that the largest number has."""

FINEST = 52
SHIFTS = (FINEST, FINEST - 26, FINEST - 52, *(FINEST + 26 * i for i in range(HIGH)))
"""Limb i counts units of 2 ** (SHIFTS[i] - FINEST)."""


@compiled
def _limbs(numbers: Floats) -> Ints:
    """Return the sum of `numbers` in each of the units of `SHIFTS`, as exact integers.

    The last entry is how many of them are not finite.
    """
    total = np.zeros(4 + HIGH, dtype=np.int64)
    for number in numbers:
        if not np.isfinite(number):
            total[3 + HIGH] += 1
            continue
        whole = np.floor(number)
        middle = np.floor((number - whole) * LIMB)
        total[1] += np.int64(middle)
        total[2] += np.int64(np.rint(((number - whole) * LIMB - middle) * LIMB))
        if abs(whole) < LARGE:
            total[0] += np.int64(whole)
            continue
        sign, rest, place = (-1 if whole < 0.0 else 1), abs(whole), 3
        while rest > 0.0:
            above = np.floor(rest / LIMB)
            total[place] += sign * np.int64(rest - above * LIMB)
            rest, place = above, place + 1
    return total


def means(ranks: Ranks, parts: list[Floats], counts: list[int]) -> list[float]:
    """Return the means over all ranks of several quantities, the same on any number of ranks.

    Integers add up to the same sum in any order, floating-point numbers do not: so each number is
    taken apart into integers, exact to 2**-53. A mean of numbers that are not all finite is none.

    Parameters
    ----------
    ranks : Ranks
    parts : list of arrays of float64
        This rank's numbers of each quantity.
    counts : list of int
        How many numbers of each quantity there are on all ranks.

    Examples
    --------
    >>> means(Ranks(), [np.array([0.25, 0.5])], [2])
    [0.375]
    """
    limbs = np.array([_limbs(part) for part in parts], dtype=np.int64)
    total = ranks.sum(limbs.reshape(-1, len(SHIFTS) + 1)).tolist()
    return [
        sum(n << shift for n, shift in zip(sums, SHIFTS, strict=True)) / (count << FINEST)
        if not wild
        else nan
        for (*sums, wild), count in zip(total, counts, strict=True)
    ]
