"""What compiled functions take and hand over."""

import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest

from distsp.base.compiled import borrowed, compiled, inlined


class Pair(NamedTuple):
    a: np.ndarray
    rest: tuple[np.ndarray, int]


@compiled
def lend(pair):
    lent = borrowed(pair)
    lent.a[1:] += lent.rest[0][0] * lent.rest[1]
    return lent.a.sum(), lent.rest[0].shape


def test_borrowed_arrays_are_the_same_and_still_their_owners():
    pair = Pair(np.arange(3.0), (np.full((2, 2), 10.0), 2))
    counts = [sys.getrefcount(pair.a), sys.getrefcount(pair.rest[0])]
    assert lend(pair) == (0 + 21 + 22, (2, 2))
    assert pair.a.tolist() == [0, 21, 22]
    assert [sys.getrefcount(pair.a), sys.getrefcount(pair.rest[0])] == counts


def largest(pair, n):
    best = pair.a
    for i in range(n):
        row = pair.rest[0][i]
        if row[0] > best[0]:
            best = row
    return best[0]


@compiled
def largest_borrowed(pair, n):
    return largest_inlined(borrowed(pair), n)


largest_inlined, largest_counted = inlined(largest), compiled(largest)


@pytest.mark.parametrize(
    ("function", "counts"), [(largest_counted, True), (largest_borrowed, False)]
)
def test_references_to_borrowed_arrays_are_not_counted(function, counts):
    # Of machine code that an earlier run of the tests has kept there is nothing to inspect.
    function = numba.njit(function.py_func)
    assert function(Pair(np.arange(3.0), (np.array([[4.0], [7.0], [5.0]]), 1)), 3) == 7.0
    (code,) = function.inspect_llvm().values()
    body = code[code.index("define ") :]
    assert ("@NRT_incref" in body[: body.index("\n}")]) == counts
