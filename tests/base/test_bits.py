"""Bits of words against Python's whole numbers; what is fetched ahead."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distsp.base import bits
from distsp.base.compiled import compiled
from distsp.base.prefetch import prefetch

words = st.integers(0, 2**64 - 1).map(np.uint64)


@compiled
def asked(word, number):
    """Ask what there is to ask of a word."""
    two = np.array([np.uint64(0), word])
    return (
        bits.ones(word),
        bits.has_bit(two, number + np.uint64(64)),
        bits.ones_below(word, number),
    )


@compiled
def lowest(word):
    """Ask for the lowest bit, in compiled code."""
    return bits.lowest_bit(word)


@given(words, st.integers(0, 63))
@example(np.uint64(2**64 - 1), 63)
def test_bits_of_a_word(word, number):
    text = f"{int(word):064b}"[::-1]
    expected = (text.count("1"), int(text[number]), text[:number].count("1"))
    assert asked(word, np.uint64(number)) == expected
    assert bits._ones(word) == expected[0]
    if word:
        assert lowest(word) == text.index("1")


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_what_is_fetched_ahead_stays_what_it_is(dtype):
    @compiled
    def total(array):
        found = 0.0
        for i in range(len(array)):
            prefetch(array, i + 100)  # also beyond the end: nothing is read
            found += array[i]
        return found

    array = np.arange(10, dtype=dtype)
    assert total(array) == 45.0
