"""Lists of times: against one time after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.base.errors import InputError
from distsp.base.time_grid import whole_steps, whole_times

times = st.one_of(
    st.integers(-3, 200).map(lambda n: n * 0.1),
    st.floats(-1.0, 10.0),
    st.sampled_from([1e15, 1e300, float("inf"), float("nan"), 0.3, 0.30000000000000004]),
)


@given(times=st.lists(times, max_size=6), least=st.integers(0, 2), repeated=st.booleans())
def test_the_first_wrong_time_is_told(times, least, repeated):
    def one_by_one():
        steps = [whole_steps(f"t.{i}", time, 0.1, least) for i, time in enumerate(times)]
        for i in range(1, len(steps)):
            if steps[i] < steps[i - 1] + (not repeated):
                told = f"must be ascending: {times[i]} ms comes after {times[i - 1]} ms"
                raise InputError(told)
        return steps

    expected, told = [], ""
    try:
        expected = one_by_one()
    except InputError as error:
        told = str(error)
    if told:
        with pytest.raises(InputError, match=r"^t") as caught:
            whole_times("t", times, 0.1, least, repeated)
        assert told in str(caught.value)
    else:
        found = whole_times("t", times, 0.1, least, repeated)
        assert found.dtype == np.int64
        assert found.tolist() == expected


def test_a_time_of_32_bits_is_divided_in_64():
    assert whole_steps("t", np.float32(10_000_001), 0.1) == 100_000_010
    assert whole_steps("t", np.float32(0.5), 0.1) == 5
    assert whole_steps("t", np.int8(100), 0.1) == 1000
    assert whole_times("t", np.array([0.5, 10_000_001], np.float32), 0.1)[1] == 100_000_010


def test_a_time_that_no_float_holds_is_told():
    with pytest.raises(InputError, match=r"^t: 1000+\.\.\. ms is more than can be counted$"):
        whole_steps("t", 10**400, 0.1)
