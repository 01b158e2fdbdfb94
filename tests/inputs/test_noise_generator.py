"""Noise: against numbers drawn one by one, their distribution, and against NEST's noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distsp.inputs import NoiseGenerator
from distsp.neurons.values import BLOCK_NEURONS
from distsp.rng.streams import Purpose, philox, stream_key

H = 0.1
KEY = stream_key(3, Purpose.NOISE, 5)


def normal(neuron: int, begin: int, second: int) -> float:
    """Return a number of the pair of intervals that begins in a step, in plain Python."""
    counter = neuron, begin % 2**32, begin // 2**32, 0
    w0, w1, w2, w3 = (int(word) for word in philox(KEY, *map(np.uint64, counter)))
    u, v = ((high * 2**20 + (low >> 12) + 0.5) / 2**52 for high, low in ((w0, w1), (w2, w3)))
    turn = math.sin if second else math.cos
    return math.sqrt(-2.0 * math.log(u)) * turn(2.0 * math.pi * v)


@given(
    mean=st.sampled_from([0.0, -30.0]),
    modulated=st.booleans(),
    interval=st.integers(1, 12),
    start=st.integers(0, 15),
    since=st.integers(0, 20),
    duration=st.integers(0, 30),
    delay=st.integers(1, 12),
    step=st.integers(0, 60),
    n_steps=st.integers(1, 12),
    n=st.sampled_from([1, 2, 7, BLOCK_NEURONS]),
    first_id=st.integers(0, 1000),
    stride=st.integers(1, 4),
    late=st.sampled_from([0, 2**34]),
)
def test_each_interval_has_a_number_of_its_own(
    arrived,
    mean,
    modulated,
    interval,
    start,
    since,
    duration,
    delay,
    step,
    n_steps,
    n,
    first_id,
    stride,
    late,
):
    start, step = start + late, step + late
    wave = {"std_mod": 60.0, "frequency": 150.0, "phase": 40.0} if modulated else {}
    parameters = NoiseGenerator(mean=mean, std=80.0, dt=interval * H, start=start * H, **wave)
    begin = start + since
    _, _, current = arrived(
        parameters,
        begin,
        begin + duration,
        delay,
        -0.5,
        step,
        n_steps,
        n,
        first_id=first_id,
        stride=stride,
        key=KEY,
    )
    expected = np.zeros((n_steps, n))
    for lag in range(n_steps):
        now = step + lag - delay
        if begin <= now < begin + duration:
            which = (now - start) // interval
            variance = 80.0**2
            if modulated:
                t = (start + which * interval) * H / 1000.0
                variance += 60.0**2 * math.sin(2.0 * math.pi * 150.0 * t + math.radians(40.0))
            for j in range(n):
                pair = start + which // 2 * 2 * interval
                drawn = normal(first_id + j * stride, pair, which % 2)
                expected[lag, j] = -0.5 * (mean + math.sqrt(variance) * drawn)
    # The time of a late step is a large number, and so its sine is less exact.
    np.testing.assert_allclose(current, expected, rtol=1e-13, atol=1e-2 if late else 1e-11)


def test_a_number_is_the_same_wherever_it_stands_in_a_block(arrived):
    parameters = NoiseGenerator(std=1.0, dt=H)

    def numbers(first_id, n):
        return arrived(parameters, step=31, n_steps=5, n=n, first_id=first_id, key=KEY)[2]

    whole = numbers(100, 100)
    for first in range(0, 100, 7):
        part = numbers(100 + first, min(13, 100 - first))
        assert part.tobytes() == whole[:, first : first + 13].tobytes()


def test_numbers_are_normal_and_independent(arrived):
    parameters = NoiseGenerator(std=1.0, dt=H)
    blocks = [
        arrived(parameters, step=1, n_steps=100, n=400, first_id=400 * i, key=KEY)[2]
        for i in range(5)
    ]
    drawn = np.concatenate(blocks, axis=1)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    n = drawn.size
    for moment, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(drawn**moment) - expected) < 4.0 * math.sqrt(variance / n)
    for shift in (1, 2, 3):
        for a, b in ((drawn[shift:], drawn[:-shift]), (drawn[:, shift:], drawn[:, :-shift])):
            assert abs(np.mean(a * b)) < 4.0 / math.sqrt(a.size)
            assert abs(np.mean(a**2 * b**2) - 1.0) < 4.0 * math.sqrt(8.0 / a.size)


def test_without_deviation_is_as_in_nest(as_nest):
    as_nest("noise_generator")


def test_mean_and_variance_are_those_of_nest(nest, potentials):
    n = 2000
    for case, mean, variance in zip(
        nest["noise"], nest["noise_mean"], nest["noise_variance"], strict=True
    ):
        own = potentials(case, n, len(mean))
        noisy = variance > 1e-9
        assert noisy.sum() > 80
        error = np.sqrt((variance + own.var(axis=1)) / n)
        assert np.all(np.abs(own.mean(axis=1) - mean)[noisy] < 4.5 * error[noisy])
        ratio = own.var(axis=1)[noisy] / variance[noisy]
        assert np.all(np.abs(np.log(ratio)) < 4.5 * math.sqrt(4.0 / n))
        assert own.var(axis=1)[~noisy].max(initial=0.0) < 1e-9


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"std": -1.0}, "std: -1.0 must be greater than or equal to 0"),
        ({"dt": 0.25}, "dt: 0.25 ms must be a whole multiple of the resolution, 0.1 ms"),
        ({"dt": 0.0}, "dt: 0.0 must be greater than 0"),
        ({"std_mod": 7.0}, "std_mod: 7.0 pA must be at most std, 5.0 pA"),
        ({"mean": -1e200}, "mean: -1e+200 pA must be at most 1e+150"),
        ({"stop": -1.0}, "stop: -1.0 must be greater than or equal to 0"),
    ],
)
def test_what_is_refused(refused, bad, told):
    refused("noise_generator", {"std": 5.0}, bad, told)
