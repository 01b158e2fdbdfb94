"""Parrots repeat what arrives, each spike once, at the end of the step in which it arrives."""

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.base.errors import InputError
from distsp.parallel.ranks import Ranks

TIMES = [1.0, 1.0, 1.0, 2.3, 2.3, 7.0]


def test_spikes_are_repeated_with_their_multiplicity():
    net = Network(resolution=0.1, seed=1)
    first, second = net.create("parrot_neuron", 2, name="P"), net.create("parrot_neuron", 1)
    net.drive(net.input("spike_generator", spike_times=TIMES), first, weight=1.0, delay=0.5)
    net.synapse_type("s", weight=1.0, delay=1.5)
    net.connect(first, second, "s", "all_to_all")
    # Two recorders of one neuron do not make two of each spike.
    net.record_spikes(first)
    net.record_spikes(first[:1])
    net.record_spikes(second)
    sim = Simulation(net, Ranks())
    sim.run(20.0)
    times, ids = sim.spikes(first)
    for i in first.ids:
        assert times[ids == i] == pytest.approx(np.array(TIMES) + 0.5)
    assert sim.spikes(second)[0] == pytest.approx(np.sort(np.repeat(TIMES, 2)) + 2.0)
    assert first.spike_count.tolist() == [6, 6]
    assert second.spike_count.tolist() == [12]
    assert second.calcium.tolist() == [0.0]


def test_all_targets_of_a_parrot_share_its_train():
    net = Network(resolution=0.1, seed=1)
    parrot, cells = net.create("parrot_neuron", 1), net.create("iaf_psc_delta", 5)
    net.drive(net.poisson_generator(900.0), parrot, weight=1.0, delay=0.1)
    net.synapse_type("s", weight=5.0, delay=0.1)
    net.connect(parrot, cells, "s", "all_to_all")
    net.record_spikes(parrot + cells)
    sim = Simulation(net, Ranks())
    sim.run(1000.0)
    assert abs(parrot.spike_count[0] - 900) < 150  # five standard deviations
    assert cells.spike_count.min() > 10
    assert np.ptp(cells.spike_count) == 0
    assert np.ptp(cells.V_m) == 0.0


def test_as_many_as_a_generator_may_bring():
    net = Network(resolution=0.1, seed=1)
    parrot, cell = net.create("parrot_neuron", 3), net.create("iaf_psc_delta", 1, V_th=1e9)
    net.drive(net.poisson_generator(500_000.0), parrot, weight=1.0, delay=0.1)
    net.synapse_type("s", weight=0.001, delay=0.1)
    net.connect(parrot, cell, "s", "all_to_all")
    sim = Simulation(net, Ranks())
    sim.run(20.0)
    assert parrot.spike_count == pytest.approx(10_000, abs=500)
    net.poisson_generator(0.0)
    net.inputs["input_0"].set(rate=2e6)
    with pytest.raises(RuntimeError, match="more spikes in a step than there is room for"):
        sim.run(20.0)


WRONG = [
    (
        lambda net, p, _: net.drive(net.poisson_generator(1.0), p, weight=2.0, delay=1.0),
        "weight: 2",
    ),
    (
        lambda net, p, _: net.drive(net.input("dc_generator", amplitude=1.0), p),
        "which takes no current",
    ),
    (
        lambda net, p, c: net.connect(c, p, "s", "all_to_all"),
        "weight: 5.0 must be 1: populations.P",
    ),
    (
        lambda net, p, c: net.connect(
            c, p, "s", "explicit", sources=[0, 0], targets=[0, 0], weight=[1.0, 3.0]
        ),
        "must be 1",
    ),
    (
        lambda net, p, c: net.connect(
            c, c + p, "s", "all_to_all", weight={"distribution": "uniform", "low": 1.0, "high": 2.0}
        ),
        "must be 1",
    ),
    (
        lambda net, *_: net.create("parrot_neuron", 1, elements={"e": {"curve": "linear"}}),
        "elements: a parrot_neuron has none",
    ),
    (lambda net, *_: net.create("parrot_neuron", 1, V_m=1.0), "V_m: a parrot_neuron has no"),
    (lambda net, *_: net.create("parrot_neuron", 1, tau_Ca=1.0), "there is no such key"),
    (lambda net, p, _: p.V_m, "variable: 'V_m'"),
]


@pytest.mark.parametrize(("call", "told"), WRONG)
def test_what_parrots_cannot_do(call, told):
    net = Network(resolution=0.1, seed=1)
    parrot = net.create("parrot_neuron", 1, name="P")
    cell = net.create("iaf_psc_alpha", 1, name="C")
    net.synapse_type("s", weight=5.0, delay=1.0)
    Simulation(net, Ranks())
    with pytest.raises(InputError) as error:
        call(net, parrot, cell)
    assert told in str(error.value)
