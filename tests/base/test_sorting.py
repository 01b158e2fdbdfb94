"""Pairs in order, against NumPy's lexical sort, which is stable too."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distsp.base.sorting import order_of_pairs, sorted_pairs

LARGEST = 2**31 - 1
numbers = st.one_of(st.integers(0, 3), st.integers(0, LARGEST))


def check(first: np.ndarray, second: np.ndarray) -> None:
    """Compare both functions with NumPy; neither changes what it is given."""
    before = first.copy(), second.copy()
    expected = np.lexsort((second, first))
    order = order_of_pairs(first, second)
    assert np.array_equal(order, expected)
    for got, column in zip(sorted_pairs(first, second), (first, second), strict=True):
        assert got.dtype == np.int32
        assert np.array_equal(got, column[expected])
    assert np.array_equal(first, before[0])
    assert np.array_equal(second, before[1])


@given(st.lists(st.tuples(numbers, numbers), max_size=60))
@example([(LARGEST, LARGEST), (0, 0), (LARGEST, 0), (0, LARGEST)])
@example([(0, 0), (0, 0)])
def test_order_of_pairs(pairs):
    check(*np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy())


@pytest.mark.parametrize("largest", [0, 1, 2**11 - 1, 2**11, 2**22 - 1, 2**22, LARGEST])
@pytest.mark.parametrize("other", [0, 5, LARGEST])
def test_order_of_many_pairs(largest, other):
    # Any number of digits, of which all have different widths.
    rng = np.random.default_rng(largest + other)
    check(rng.integers(0, largest + 1, 5000), rng.integers(0, other + 1, 5000))


@given(st.lists(st.tuples(st.integers(0, 2**62), numbers), max_size=40))
@example([(2**62, 1), (1, LARGEST), (2**62, 0), (2**33, LARGEST), (2**33, 5)])
def test_order_of_pairs_that_one_number_may_not_hold(pairs):
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
    assert np.array_equal(order_of_pairs(first, second), np.lexsort((second, first)))
