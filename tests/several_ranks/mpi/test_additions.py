"""What is added between two runs: the same as if it had been there, idle, from the start."""

import copy
import tempfile

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi(min_size=2)

UNIFORM = {"distribution": "uniform", "low": 0.5, "high": 1.5}
GROWTH = {"curve": "gaussian", "growth_rate": 0.1, "eta": 0.0, "eps": 0.4}


def start(net: Network) -> None:
    """Build a plastic population whose spikes are always under way."""
    elements = {"axon": GROWTH, "dendrite": GROWTH}
    e = net.create("iaf_psc_alpha", 13, name="E", elements=elements, tau_Ca=50.0, beta_Ca=0.02)
    net.synapse_type("m_plastic", weight=60.0, delay=1.3, pre="axon", post="dendrite")
    net.synapse_type("n_own", weight={**UNIFORM, "high": 20.0}, delay=2.0)
    net.synapse_type("o_shared", weight=-9.0, delay=0.7)
    for synapse in ("n_own", "o_shared"):
        net.connect(e, e, synapse, "fixed_indegree", indegree=4)
    net.drive(net.poisson_generator(15_000.0, name="noise"), e, weight=40.0, delay=0.4)
    net.record(10.0)
    net.record_spikes(e)


def add(net: Network, delay: float) -> None:
    """Add populations and types whose names come first and last; `delay` is a long one."""
    elements = {"a_late": {**GROWTH, "growth_rate": 0.0, "z": 3.0, "tau_vacant": 0.0}}
    net.create("iaf_cond_exp", 5, name="A")
    net.create("iaf_psc_delta", 4, name="Z", elements=elements)
    net.synapse_type("a_shared", weight=30.0, delay=delay)
    net.synapse_type("z_own", weight=UNIFORM, delay=UNIFORM)


def use(net: Network) -> None:
    """Connect what has been added."""
    e, a, z = net.populations.values()
    net.connect(e, a, "a_shared", "all_to_all")
    net.connect(a, e + z, "z_own", "all_to_all")
    net.drive(net.poisson_generator(20_000.0, name="late"), a, weight=5.0, delay=1.0)
    net.record_spikes(a + z)


def outcome(sim: Simulation) -> dict[str, bytes]:
    """Return the bits of all there is."""
    net = sim.network
    found = {name: column[-5:].tobytes() for name, column in sim.recording.items()}
    for name, p in net.populations.items():
        found |= {f"{name}/{i}": a.tobytes() for i, a in enumerate(sim.spikes(p))}
        found |= {f"{name}/V_m": p.V_m.tobytes(), f"{name}/calcium": p.calcium.tobytes()}
        for element in p.elements:
            found |= {f"{name}/{element}": p.z(element).tobytes()}
    for synapse in net.synapse_types:
        found |= {f"{synapse}/{k}": v.tobytes() for k, v in sim.synapses(synapse).items()}
    return found


def grown(group: Ranks, delay: float, late: bool) -> Simulation:
    """Return a simulation that got, or just uses, what `add` adds from 51.3 ms on."""
    net = Network(resolution=0.1, seed=4, update_interval=10.0)
    start(net)
    if not late:
        add(net, delay)
    sim = Simulation(net, group)
    sim.run(51.3)
    if late:
        add(net, delay)
    use(net)
    sim.run(48.7)
    return sim


@pytest.mark.parametrize("delay", [0.5, 5.0], ids=["shorter", "longer"])
def test_as_if_it_had_been_there(ranks: Ranks, delay: float) -> None:
    early = outcome(grown(ranks.alone(), delay, late=False))
    sim = grown(ranks, delay, late=True)
    assert sim.synapse_count("m_plastic") > 20
    assert len(sim.spikes(sim.network.populations["Z"])[0]) > 0
    late = outcome(sim)
    assert {name for name in early if early[name] != late[name]} == set()
    folder = ranks.broadcast(tempfile.mkdtemp() if ranks.rank == 0 else None)
    sim.save(folder)
    again = Simulation.load(folder, copy.deepcopy(sim.network), ranks.alone())
    assert outcome(again) == late


def test_spikes_under_way_where_a_type_gets_weights_of_its_own(ranks: Ranks) -> None:
    """A connection of another weight and a longer delay turns a shared type into one of its own."""
    traces = []
    for given in ({}, {"weight": -9.0, "delay": 0.7}):
        net = Network(resolution=0.1, seed=4, update_interval=10.0)
        start(net)
        sim = Simulation(net, ranks)
        sim.run(51.3)
        a = net.create("iaf_psc_alpha", 2, name="A")
        net.connect(a, a, "o_shared", "all_to_all", **given)
        sim.run(48.7)
        traces.append((*sim.spikes(net.populations["E"]), net.populations["E"].V_m))
    for shared, own in zip(*traces, strict=True):
        np.testing.assert_allclose(own, shared, rtol=1e-12)
