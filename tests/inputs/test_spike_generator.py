"""Given spikes: against a sum over all of them, against NEST, and against spikes of neurons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.engine.simulation import Simulation
from distsp.inputs import SpikeGenerator
from distsp.network.network import Network

H = 0.1


@given(
    stamps=st.lists(st.integers(1, 40), max_size=10).map(sorted),
    weighted=st.booleans(),
    begin=st.integers(0, 15),
    duration=st.integers(0, 30),
    delay=st.integers(1, 12),
    step=st.integers(0, 40),
    n_steps=st.integers(1, 12),
    weight=st.sampled_from([1.0, -1 / 3]),
    late=st.sampled_from([0, 2**34]),
)
def test_each_spike_arrives_a_delay_after_its_step(
    arrived, stamps, weighted, begin, duration, delay, step, n_steps, weight, late
):
    times, own = [(late + s) * H for s in stamps], [(-1.0) ** i / 3**i for i in range(len(stamps))]
    parameters = SpikeGenerator(spike_times=times, spike_weights=own if weighted else [])
    expected = np.zeros((2, n_steps, 3))
    for stamp, factor in zip(stamps, own if weighted else [1.0] * len(own), strict=True):
        emitted = stamp - 1
        lag = emitted + delay - step
        if begin <= emitted < begin + duration and 0 <= lag < n_steps:
            expected[0 if weight * factor > 0 else 1, lag] += weight * factor
    excitation, inhibition, current = arrived(
        parameters, late + begin, late + begin + duration, delay, weight, late + step, n_steps, 3
    )
    assert [excitation.tolist(), inhibition.tolist()] == expected.tolist()
    assert not current.any()


def test_is_as_in_nest(as_nest):
    as_nest("spike_generator")


@pytest.mark.parametrize("delay", [H, 1.7])
def test_a_spike_travels_as_one_of_a_neuron(delay):
    def run(times):
        net = Network(resolution=H)
        source = net.create("iaf_psc_exp", 1, name="A", I_e=900.0)
        target = net.create("iaf_psc_exp", 2, name="B")
        net.synapse_type("s", weight=80.0, delay=delay)
        if times is None:
            net.connect(source, target, "s", "all_to_all")
        else:
            net.drive(net.input("spike_generator", spike_times=times), target, 80.0, delay)
        net.record_spikes(source)
        simulation, potentials = Simulation(net), []
        for _ in range(60):
            simulation.run(0.7)
            potentials.append(target.V_m)
        return simulation.spikes(source)[0], np.array(potentials)

    times, of_neuron = run(None)
    assert len(times) > 3
    assert run(times)[1].tobytes() == of_neuron.tobytes()


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"spike_times": [0.0, 1.0]}, "spike_times.0: 0.0 ms must be at least 1 step of the resol"),
        (
            {"spike_times": [1.0, 0.5]},
            "spike_times: [1.0, 0.5] must be ascending: 0.5 ms comes after 1.0 ms",
        ),
        ({"spike_times": [1.0, 1.55]}, "spike_times.1: 1.55 ms must be a whole multiple of the re"),
        (
            {"spike_weights": [1.0]},
            "spike_weights: [1.0] must have one value for each of spike_times, 2, and has 1",
        ),
        ({"spike_weights": [1.0, None]}, "spike_weights.1: None must be a valid number"),
        ({"spike_multiplicities": [1, 2]}, "spike_multiplicities: there is no such key"),
    ],
)
def test_what_is_refused(refused, bad, told):
    refused("spike_generator", {"spike_times": [1.0, 1.0]}, bad, told)
