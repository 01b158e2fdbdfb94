"""The alternating current: against NumPy's sine, and against NEST."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.inputs import AcGenerator

H = 0.1


@given(
    amplitude=st.sampled_from([0.0, 250.0, -3.0]),
    frequency=st.sampled_from([0.0, 0.25, 50.0, 1234.5]),
    phase=st.sampled_from([0.0, 30.0, -90.0, 725.0]),
    offset=st.sampled_from([0.0, -40.0]),
    begin=st.integers(0, 15),
    duration=st.integers(0, 30),
    delay=st.integers(1, 12),
    step=st.integers(0, 40),
    n_steps=st.integers(1, 12),
    late=st.sampled_from([0, 2_000_000]),
)
def test_the_current_is_the_sine_at_the_beginning_of_a_step(
    arrived, amplitude, frequency, phase, offset, begin, duration, delay, step, n_steps, late
):
    parameters = AcGenerator(amplitude=amplitude, frequency=frequency, phase=phase, offset=offset)
    _, _, current = arrived(
        parameters, late + begin, late + begin + duration, delay, 0.5, late + step, n_steps, 2
    )
    now = late + step + np.arange(n_steps) - delay
    t = now * H / 1000.0
    wave = np.sin(2.0 * np.pi * frequency * t + np.deg2rad(phase))
    on = (now >= late + begin) & (now < late + begin + duration)
    expected = np.where(on, 0.5 * (offset + amplitude * wave), 0.0)
    np.testing.assert_allclose(current, np.stack([expected] * 2, axis=1), rtol=0, atol=2e-6)


def test_is_as_in_nest(as_nest):
    as_nest("ac_generator")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"frequency": -1.0}, "frequency: -1.0 must be greater than or equal to 0"),
        ({"phase": float("inf")}, "phase: inf must be a finite number"),
        ({"amplitude": "1"}, "amplitude: '1' must be a valid number"),
        ({"start": 0.25}, "start: 0.25 ms must be a whole multiple of the resolution, 0.1 ms"),
    ],
)
def test_what_is_refused(refused, bad, told):
    refused("ac_generator", {"amplitude": 1.0, "frequency": 50.0}, bad, told)
