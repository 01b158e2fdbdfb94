"""Bits of 64-bit words, in compiled code."""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from distsp.base.compiled import PLAIN, inlined

WORD_BITS = 64

WORD_SHIFT, BIT_MASK = np.uint64(6), np.uint64(WORD_BITS - 1)
"""From a number to the word that has its bit, and to the place of the bit there."""

ONE = np.uint64(1)


def _typed_ones(_typing_context: Any, word: Any) -> Any:
    def generate(_context: Any, builder: Any, _call: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


def _ones(word: np.uint64) -> np.uint64:
    return np.uint64(int(word).bit_count())


ones: Any = _ones if PLAIN else intrinsic(_typed_ones)
"""How many bits of a word (uint64) are set: one instruction of the processor."""


@inlined
def has_bit(words: Any, number: Any) -> np.uint64:
    """Return the bit (0 or 1) of a number, uint64, in an array of words."""
    return (words[number >> WORD_SHIFT] >> (number & BIT_MASK)) & ONE


@inlined
def ones_below(word: np.uint64, number: np.uint64) -> np.uint64:
    """Return how many bits of the word of a number, uint64, stand below its own."""
    return ones(word & ((ONE << (number & BIT_MASK)) - ONE))


@inlined
def lowest_bit(word: np.uint64) -> np.uint64:
    """Return the place of the lowest bit that is set in a word other than 0."""
    return ones((word - ONE) & ~word)
