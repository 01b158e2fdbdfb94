"""Elements that move within an array, also where they overlap with what they were."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distsp.base import move
from distsp.base.compiled import compiled


@compiled
def moved(array, source, target, n):
    """Move elements, in compiled code."""
    move.move(array, source, target, n)


@given(
    places=st.tuples(*[st.integers(0, 20)] * 3).filter(lambda p: max(p[0], p[1]) + p[2] <= 20),
    dtype=st.sampled_from([np.int32, np.float64]),
)
def test_what_moves_arrives_whole_and_nothing_else_changes(places, dtype):
    source, target, n = places
    expected = list(range(20))
    expected[target : target + n] = range(source, source + n)
    for move_in in (moved, move._move):
        array = np.arange(20, dtype=dtype)
        move_in(array, source, target, n)
        assert array.tolist() == expected
