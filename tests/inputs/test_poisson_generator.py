"""Poisson trains of several rates: each count is that of its random word, and its rate's table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distsp.engine.simulation import Simulation
from distsp.inputs import PoissonGenerator
from distsp.network.network import Network
from distsp.rng.poisson import poisson_tables, poisson_thresholds
from distsp.rng.streams import Purpose, philox, stream_key

H = 0.1
KEY = stream_key(3, Purpose.POISSON, 5)
RATES = [0.0, 10.0, 3000.0, 2e5, 4e6, 1e-9]


def count(rate: float, neuron: int, step: int) -> int:
    """Return the count of a neuron in a step, in plain Python."""
    base, thresholds = poisson_thresholds(rate * H / 1000.0)
    counter = neuron, step // 4 % 2**32, step // 4 // 2**32, 0
    word = int(philox(KEY, *map(np.uint64, counter))[step % 4])
    return base + sum(word > t for t in thresholds.tolist())


where = {
    "begin": st.integers(0, 15),
    "duration": st.integers(0, 30),
    "delay": st.integers(1, 12),
    "step": st.integers(0, 40),
    "n_steps": st.integers(1, 12),
    "weight": st.sampled_from([1.0, -1 / 3]),
    "late": st.sampled_from([0, 2**34]),
}


@given(
    rate=st.sampled_from(RATES),
    steps=st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=6).map(sorted),
    values=st.lists(st.sampled_from(RATES), min_size=6, max_size=6),
    **where,
)
def test_the_rate_is_that_of_the_last_time(
    arrived, rate, steps, values, begin, duration, delay, step, n_steps, weight, late
):
    values = values[: len(steps)]
    times = [(late + s) * H for s in steps]
    parameters = PoissonGenerator(rate=rate, rate_times=times, rate_values=values)
    expected = np.zeros((n_steps, 3))
    for lag in range(n_steps):
        now = step + lag - delay
        if begin <= now < begin + duration:
            current = [rate, *(v for s, v in zip(steps, values, strict=True) if s <= now)][-1]
            expected[lag] = [weight * count(current, 7 + 2 * j, late + now) for j in range(3)]
    added = arrived(
        parameters,
        late + begin,
        late + begin + duration,
        delay,
        weight,
        late + step,
        n_steps,
        3,
        first_id=7,
        stride=2,
        key=KEY,
    )
    here = 0 if weight > 0 else 1
    assert added[here].tolist() == expected.tolist()
    assert not added[1 - here].any()


@given(
    rates=st.lists(st.sampled_from(RATES), min_size=6, max_size=6),
    targets=st.permutations([0, 1, 2, 3, 4, 5, -1, -1]),
    lo=st.integers(0, 4),
    **where,
)
def test_a_target_has_its_rate(
    arrived, rates, targets, lo, begin, duration, delay, step, n_steps, weight, late
):
    parameters = PoissonGenerator(rate=rates)
    expected = np.zeros((n_steps, 4))
    for lag in range(n_steps):
        now = step + lag - delay
        if begin <= now < begin + duration:
            for j, target in enumerate(targets[lo : lo + 4]):
                if target >= 0:
                    expected[lag, j] = weight * count(rates[target], 7 + 2 * j, late + now)
    added = arrived(
        parameters,
        late + begin,
        late + begin + duration,
        delay,
        weight,
        late + step,
        n_steps,
        4,
        lo=lo,
        first_id=7,
        stride=2,
        key=KEY,
        targets=targets,
    )
    here = 0 if weight > 0 else 1
    assert added[here].tolist() == expected.tolist()
    assert not added[1 - here].any()


@pytest.mark.parametrize(("lo", "n"), [(0, 150), (0, 64), (50, 80), (127, 2), (128, 22)])
def test_rates_of_many_neurons(arrived, lo, n):
    rates = np.geomspace(1.0, 1e6, 150)[np.random.default_rng(1).permutation(150)].tolist()
    added, _, _ = arrived(
        PoissonGenerator(rate=rates),
        step=30,
        n_steps=3,
        n=n,
        lo=lo,
        first_id=lo,
        key=KEY,
        targets=range(150),
    )
    expected = [[count(rates[lo + j], lo + j, 29 + lag) for j in range(n)] for lag in range(3)]
    assert added.tolist() == expected


@given(st.lists(st.floats(0.0, 2000.0), min_size=1, max_size=8))
def test_tables_have_the_probabilities_of_the_distribution(means):
    base, ends, thresholds = poisson_tables(np.array(means))
    for i, mean in enumerate(means):
        own = thresholds[ends[i] : ends[i + 1]].astype(float)
        assert len(own) % 4 == 0
        own = own[own < 0xFFFFFFFF]
        exact = stats.poisson.cdf(base[i] + np.arange(len(own)), mean)
        np.testing.assert_allclose((own + 1.0) / 2**32, exact, rtol=0, atol=2.0**-32)
        assert stats.poisson.cdf(base[i] - 1, mean) < 2.0**-32
        assert stats.poisson.sf(base[i] + len(own), mean) < 2.0**-32


def run(change=None, parts=False, **parameters):
    """Return potentials during a run in which an input is changed at 3 ms."""
    net = Network(resolution=H, seed=8)
    a = net.create("iaf_psc_exp", 5, name="A", V_th=1e4)
    b = net.create("iaf_psc_delta", 4, name="B", V_th=1e4)
    noise = net.input("poisson_generator", "noise", **parameters)
    net.drive(noise, a[1:4] + b[::2] if parts else a + b, weight=1.0, delay=0.8)
    net.synapse_type("unused", weight=1.0, delay=0.7)
    simulation, found = Simulation(net), []
    simulation.run(3.0)
    if change is not None:
        noise.set(**change)
    for _ in range(5):
        simulation.run(1.1)
        found.append(np.concatenate([a.V_m, b.V_m]))
    return np.array(found).tobytes()


def test_rates_in_time_are_changes_between_two_runs():
    at_once = run(rate=5000.0, rate_times=[3.0], rate_values=[900.0])
    assert at_once == run(rate=5000.0, change={"rate": 900.0})
    assert at_once != run(rate=5000.0)
    off_and_on = run(rate_times=[0.0, 3.0], rate_values=[5000.0, 900.0])
    assert off_and_on == at_once


@pytest.mark.parametrize(("parts", "n"), [(False, 9), (True, 5)])
def test_rates_of_targets_that_are_equal_are_one_rate(parts, n):
    assert run(rate=[700.0] * n, parts=parts) == run(rate=700.0, parts=parts)
    given = np.linspace(0.0, 4000.0, n)
    each = run(rate=given, parts=parts)
    assert each == run(rate=tuple(given), parts=parts)
    assert each == run(rate=given, change={"rate": list(given)}, parts=parts)


def test_rates_must_be_as_many_as_there_are_targets():
    net = Network(resolution=H)
    a = net.create("iaf_psc_exp", 5, name="A")
    noise = net.input("poisson_generator", "noise", rate=[1.0, 2.0])
    told = (
        r"inputs\.noise\.rate: \[1\.0, 2\.0\] must have one rate for each of 5 targets, and has 2"
    )
    with pytest.raises(ValueError, match=told):
        net.drive(noise, a, weight=1.0, delay=1.0)
    net.drive(noise, a[:2], weight=1.0, delay=1.0)
    with pytest.raises(ValueError, match=r"inputs\.noise\.rate: .* 2 targets, and has 3"):
        noise.rate = [1.0, 2.0, 3.0]
    assert noise.rate == (1.0, 2.0)
    noise.rate = 5.0
    net.drive(noise, a, weight=1.0, delay=1.0)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"rate": None}, "rate: is missing; it must be given: rate of each train (Hz), or one fo"),
        ({"rate": -1.0}, "rate: -1.0 must be greater than or equal to 0"),
        ({"rate": "x"}, "rate: 'x' must be a valid number"),
        ({"rate": [1.0, -2.0]}, "rate.1: -2.0 must be greater than or equal to 0"),
        ({"rate": [1.0, "x"]}, "rate.1: 'x' must be a valid number"),
        ({"rate": [1.0, 1e12]}, "rate.1: 1000000000000.0 must be at most 1e+10"),
        ({"rate": 1e12}, "rate: 1000000000000.0 must be at most 1e+10"),
        ({"rate_times": [1.0]}, "rate_values: [] must have one value for each of rate_times, 1, "),
        ({"rate_values": [1.0]}, "rate_values: [1.0] must have one value for each of rate_times,"),
        (
            {"rate_times": [1.0, 0.5], "rate_values": [1.0, 2.0]},
            "rate_times: [1.0, 0.5] must be ascending: 0.5 ms comes after 1.0 ms",
        ),
        (
            {"rate_times": [1.0], "rate_values": [1e12]},
            "rate_values.0: 1000000000000.0 must be at most 1e+10",
        ),
        (
            {"rate": [1.0], "rate_times": [1.0], "rate_values": [1.0]},
            "rate: [1.0] must be a number beside rate_times",
        ),
    ],
)
def test_what_is_refused(refused, bad, told):
    refused("poisson_generator", {"rate": 1.0}, bad, told)
