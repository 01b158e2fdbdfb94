"""Inputs give the same bits on any number of ranks, and on others after a checkpoint."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi(min_size=2)

SIZES = 23, 10
OLD = {
    "poisson": ("poisson_generator", {"rate": 2500.0}),
    "each": ("poisson_generator", {"rate": np.linspace(0.0, 5000.0, 13)}),
    "in_time": (
        "poisson_generator",
        {"rate_times": [3.0, 11.7, 26.0], "rate_values": [3000.0, 0.0, 1500.0]},
    ),
    "dc": ("dc_generator", {"amplitude": 90.0}),
    "steps": (
        "step_current_generator",
        {"amplitude_times": [4.3, 12.0, 31.0], "amplitude_values": [200.0, -80.0, 150.0]},
    ),
    "ac": ("ac_generator", {"amplitude": 150.0, "frequency": 40.0, "phase": 10.0}),
    "noise": (
        "noise_generator",
        {"mean": 130.0, "std": 400.0, "dt": 0.3, "std_mod": 200.0, "frequency": 70.0},
    ),
    "spikes": (
        "spike_generator",
        {"spike_times": np.arange(1, 40) * 1.0, "spike_weights": np.linspace(1.0, 3.0, 39)},
    ),
}
NEW = {
    "poisson": {"rate": 800.0},
    "each": {"rate": np.linspace(3000.0, 10.0, 13)},
    "in_time": {"rate": 400.0},
    "dc": {"amplitude": 150.0},
    "steps": {"stop": 35.0},
    "ac": {"offset": 60.0},
    "noise": {"dt": 1.0, "std": 600.0},
    "spikes": {"spike_times": [22.0, 22.0, 25.5], "spike_weights": []},
}
CHANGED, END = 20.3, 41.0
"""ms; the first is in the middle of a slice."""


def network(changed: bool = False) -> Network:
    """Return two populations, each input onto some of both."""
    net = Network(resolution=0.1, seed=41)
    a = net.create("iaf_psc_alpha", SIZES[0], name="A")
    b = net.create("iaf_psc_delta", SIZES[1], name="B")
    net.synapse_type("s", weight=2.0, delay=0.7)
    net.connect(a, b, "s", "fixed_indegree", indegree=3)
    parts = {"each": a[::2] + b[[7]], "dc": a + b, "poisson": a, "spikes": a[:5] + b[::3]}
    weights = {"poisson": 60.0, "each": 45.0, "in_time": 5.0, "spikes": 4.0}
    for name, (model, parameters) in OLD.items():
        generator = net.input(model, name, **parameters)
        net.drive(generator, parts.get(name, a[3:19] + b[4:]), weights.get(name), 1.3)
        if changed:
            generator.set(**NEW[name])
    net.record_spikes(a)
    net.record_spikes(b)
    return net


def change(net: Network) -> None:
    for name, values in NEW.items():
        net.inputs[name].set(**values)


def contents(simulation: Simulation) -> list[bytes]:
    """Return potentials, currents and spikes of all neurons."""
    found = []
    for p in simulation.network.populations.values():
        found += [p.state(variable) for variable in type(p.parameters).variables]
        found += simulation.spikes(p)
    return [values.tobytes() for values in found]


def run(ranks: Ranks) -> list[bytes]:
    """Return what there is at the end of a run in which every input is changed."""
    simulation = Simulation(network(), ranks)
    simulation.run(CHANGED)
    change(simulation.network)
    simulation.run(END - CHANGED)
    assert simulation.n_spikes > 20
    return contents(simulation)


def test_any_number_of_ranks_gives_the_bits_of_one(ranks):
    found = run(ranks)
    assert found == run(ranks.alone())
    assert len(set(map(str, ranks.collect(found)))) == 1


def test_either_exchange_gives_the_same_bits(ranks):
    assert run(Ranks(ranks.communicator, compiled_exchange=False)) == run(ranks)


@pytest.mark.parametrize("saved_by", ["all", "one"])
def test_goes_on_from_the_disk_on_other_ranks(ranks, saved_by):
    expected = run(ranks.alone())
    with tempfile.TemporaryDirectory() as own:
        shared = Path(ranks.collect(own)[0])
        writers, readers = (ranks, ranks.alone()) if saved_by == "all" else (ranks.alone(), ranks)
        if saved_by == "all" or ranks.rank == 0:
            simulation = Simulation(network(), writers)
            simulation.run(CHANGED)
            change(simulation.network)
            # What was emitted before the change is on its way.
            simulation.run(0.4)
            simulation.save(shared)
        ranks.barrier()
        again = Simulation.load(shared, network(changed=True), readers)
        again.run(END - CHANGED - 0.4)
        assert contents(again) == expected
        ranks.barrier()
