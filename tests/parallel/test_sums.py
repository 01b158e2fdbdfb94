"""Sums that no order changes."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distsp.parallel.ranks import Ranks
from distsp.parallel.sums import means

numbers = st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=50)


@given(numbers, st.randoms(use_true_random=False))
def test_means_do_not_depend_on_the_order(values, shuffle):
    first = means(Ranks(), [np.array(values)], [len(values)])
    shuffle.shuffle(values)
    assert means(Ranks(), [np.array(values)], [len(values)]) == first


@given(numbers)
def test_means_are_right_to_the_last_bits(values):
    [got] = means(Ranks(), [np.array(values)], [len(values)])
    exact = sum(map(Fraction, values)) / len(values)
    # Each number is taken to a multiple of 2**-52, and the exact mean of these is rounded once.
    assert abs(Fraction(got) - exact) <= Fraction(1, 2**53) + abs(exact) / 2**53


@given(st.lists(st.integers(-(2**40), 2**40).map(lambda n: n / 2**12), min_size=1, max_size=50))
def test_means_of_short_binary_numbers_are_exact(values):
    [got] = means(Ranks(), [np.array(values)], [len(values)])
    assert got == float(sum(map(Fraction, values)) / len(values))


def test_several_quantities_of_different_lengths():
    parts = [np.array([1.0, 2.0, 6.0]), np.array([-0.5]), np.array([0.125] * 10)]
    assert means(Ranks(), parts, [3, 1, 10]) == [3.0, -0.5, 0.125]
    # A rank may have none of the numbers.
    assert means(Ranks(), [np.empty(0), np.array([4.0])], [2, 1]) == [0.0, 4.0]


def test_many_numbers_of_very_different_size():
    values = np.array([1e9, 1e-9, -1e9] * 100_000)
    [got] = means(Ranks(), [values], [len(values)])
    assert abs(got * 3.0 - 1e-9) < 2.0**-52


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_means_of_numbers_of_any_size(values, shuffle):
    [got] = means(Ranks(), [np.array(values)], [len(values)])
    exact = sum(map(Fraction, values)) / len(values)
    assert abs(Fraction(got) - exact) <= Fraction(1, 2**53) + abs(exact) / 2**53
    shuffle.shuffle(values)
    assert means(Ranks(), [np.array(values)], [len(values)]) == [got]


def test_a_mean_of_what_is_not_finite_is_none():
    values = [np.array([1.0, np.inf]), np.array([1e19, 3e19]), np.array([np.nan, 1.0])]
    got = means(Ranks(), values, [2, 2, 2])
    assert np.isnan(got[0])
    assert got[1] == 2e19
    assert np.isnan(got[2])
