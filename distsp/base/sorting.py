"""Pairs of whole numbers in order, digit by digit: faster than comparing them.

NumPy's sort takes two to four times as long on processors that are slow to write part of a vector,
and its stable one seven times.
"""

import numpy as np

from distsp.base.arrays import Int32s, Ints, UInt64s
from distsp.base.bits import ONE, WORD_BITS
from distsp.base.compiled import compiled, inlined

DIGIT_BITS = 11
"""Bits of a digit at most: as many places are written to in turn, which must fit the cache."""


@compiled
def sorted_pairs(first: Ints, second: Ints) -> tuple[Int32s, Int32s]:
    """Return pairs in order of their first number, and those that have it equal of their second.

    Parameters
    ----------
    first, second : array (n,) of int64
        Of at most 31 bits, none below 0.

    Examples
    --------
    >>> sorted_pairs(np.array([4, 2, 4]), np.array([7, 9, 5]))
    (array([2, 4, 4], dtype=int32), array([9, 5, 7], dtype=int32))
    """
    packed, n_low, n_bits = _packed(first, second)
    packed, _ = _in_order(packed, np.empty(0, np.int64), n_bits)
    low = (ONE << n_low) - ONE
    sorted_first, sorted_second = np.empty(len(packed), np.int32), np.empty(len(packed), np.int32)
    for i in range(len(packed)):
        sorted_first[i] = np.int32(packed[i] >> n_low)
        sorted_second[i] = np.int32(packed[i] & low)
    return sorted_first, sorted_second


def order_of_pairs(first: Ints, second: Ints) -> Ints:
    """Return where pairs stand in order of their numbers; equal ones stay in their order.

    Parameters
    ----------
    first, second : array (n,) of int64
        None below 0.

    Examples
    --------
    >>> order_of_pairs(np.array([4, 2, 4, 2]), np.array([7, 9, 5, 9]))
    array([1, 3, 2, 0])
    """
    order, packable = _order(first, second)
    return order if packable else np.lexsort((second, first))


@compiled
def _order(first: Ints, second: Ints) -> tuple[Ints, bool]:
    """Return the order of pairs, and whether it is right: one number may not hold both."""
    packed, _, n_bits = _packed(first, second)
    if n_bits > WORD_BITS:
        return np.arange(0), False
    return _in_order(packed, np.arange(len(packed)), n_bits)[1], True


@inlined
def _packed(first: Ints, second: Ints) -> tuple[UInt64s, np.uint64, int]:
    """Return each pair as one number, how many bits its second one has, and how many both."""
    every_first, every_second = np.uint64(0), np.uint64(0)
    for i in range(len(first)):
        every_first |= np.uint64(first[i])
        every_second |= np.uint64(second[i])
    n_low, n_high = np.uint64(0), np.uint64(0)
    while every_second >> n_low:
        n_low += ONE
    while every_first >> n_high:
        n_high += ONE
    packed = np.empty(len(first), np.uint64)
    for i in range(len(first)):
        packed[i] = np.uint64(first[i]) << n_low | np.uint64(second[i])
    return packed, n_low, int(n_low + n_high)


@inlined
def _in_order(numbers: UInt64s, places: Ints, n_bits: int) -> tuple[UInt64s, Ints]:
    """Return numbers in order, and their places, if there are any, as they went along."""
    n_digits = -(-n_bits // DIGIT_BITS)
    width = -(-n_bits // max(n_digits, 1))
    mask, placed = np.uint64((1 << width) - 1), len(places) > 0
    others, other_places = np.empty_like(numbers), np.empty_like(places)
    for digit in range(n_digits):
        shift = np.uint64(digit * width)
        begin = np.zeros((1 << width) + 1, np.uint64)
        for number in numbers:
            begin[((number >> shift) & mask) + ONE] += ONE
        for k in range(1 << width):
            begin[k + 1] += begin[k]
        for i in range(len(numbers)):
            value = (numbers[i] >> shift) & mask
            others[begin[value]] = numbers[i]
            if placed:
                other_places[begin[value]] = places[i]
            begin[value] += ONE
        numbers, others = others, numbers
        places, other_places = other_places, places
    return numbers, places
