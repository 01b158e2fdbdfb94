"""The stepped current: against a search one step at a time, and against NEST."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.inputs import StepCurrentGenerator

H = 0.1


@given(
    steps=st.lists(st.integers(0, 40), unique=True, max_size=6).map(sorted),
    begin=st.integers(0, 15),
    duration=st.integers(0, 30),
    delay=st.integers(1, 12),
    step=st.integers(0, 40),
    n_steps=st.integers(1, 12),
    weight=st.sampled_from([1.0, -1 / 3]),
    late=st.sampled_from([0, 2**34]),
)
def test_the_amplitude_is_that_of_the_last_time(
    arrived, steps, begin, duration, delay, step, n_steps, weight, late
):
    times, values = [(late + s) * H for s in steps], [1.0 / 3**i for i in range(len(steps))]
    parameters = StepCurrentGenerator(amplitude_times=times, amplitude_values=values)
    expected = np.zeros((n_steps, 2))
    for lag in range(n_steps):
        now = step + lag - delay
        if begin <= now < begin + duration:
            passed = [v for s, v in zip(steps, values, strict=True) if s <= now]
            expected[lag] = weight * (passed[-1] if passed else 0.0)
    excitation, inhibition, current = arrived(
        parameters, late + begin, late + begin + duration, delay, weight, late + step, n_steps, 2
    )
    assert current.tolist() == expected.tolist()
    assert not excitation.any()
    assert not inhibition.any()


def test_is_as_in_nest(as_nest):
    as_nest("step_current_generator")


GOOD = {"amplitude_times": [0.0, 2.0], "amplitude_values": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (
            {"amplitude_times": [2.0, 1.0]},
            "amplitude_times: [2.0, 1.0] must be ascending: 1.0 ms comes after 2.0 ms",
        ),
        ({"amplitude_times": [2.0, 2.0]}, "amplitude_times: [2.0, 2.0] must be ascending: 2.0 ms"),
        (
            {"amplitude_times": [0.1, 0.25]},
            "amplitude_times.1: 0.25 ms must be a whole multiple of the resolution, 0.1 ms",
        ),
        ({"amplitude_times": [-0.1, 0.1]}, "amplitude_times.0: -0.1 ms must not be negative"),
        ({"amplitude_times": [0.1, 1e300]}, "amplitude_times.1: 1e+300 ms is more steps of"),
        ({"amplitude_times": [0.1, float("nan")]}, "amplitude_times.1: nan must be a finite"),
        (
            {"amplitude_values": [1.0]},
            "amplitude_values: [1.0] must have one value for each of amplitude_times, 2, and has 1",
        ),
        ({"amplitude_values": [1.0, "x"]}, "amplitude_values.1: 'x' must be a valid number"),
        ({"amplitude_values": 1.0}, "amplitude_values: 1.0 must be a valid list"),
        ({"start": 2.0, "stop": 1.0}, "stop: 1.0 ms is before 2.0"),
    ],
)
def test_what_is_refused(refused, bad, told):
    refused("step_current_generator", GOOD, bad, told)
