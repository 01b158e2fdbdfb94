"""The same network and seed give the same bits on any number of ranks as on one."""

import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi(min_size=2)

OUT = {"curve": "gaussian", "growth_rate": 0.08, "eps": 0.1, "z": 1.5}
IN = {"curve": "gaussian", "growth_rate": 0.05, "eps": 0.2, "eta": 0.02, "z": 2.0}
WEIGHTS = {"distribution": "normal", "mean": 0.0, "std": 40.0}
DELAYS = {"distribution": "uniform", "low": 0.5, "high": 2.5}
FAST = {"tau_Ca": 50.0, "beta_Ca": 0.05}


def noise(net: Network, population: Any, weight: float = 90.0) -> None:
    """Drive a population so that it fires at random."""
    net.drive(net.poisson_generator(rate=2000.0), population, weight=weight, delay=0.8)


def plastic(sizes: tuple[int, int], **flags: bool) -> Network:
    """Return two populations that grow and break synapses of all kinds within 100 ms."""
    net = Network(resolution=0.1, seed=77, update_interval=5.0)
    elements = {"out": OUT, "in": IN, "own": IN}
    uniform = {"distribution": "uniform", "low": -70.0, "high": -56.0}
    a = net.create("iaf_psc_alpha", sizes[0], name="A", elements=elements, V_m=uniform, **FAST)
    b = net.create("iaf_psc_exp", sizes[1], name="B", elements=elements, **FAST)
    # Two types share the presynaptic element.
    net.synapse_type("plain", weight=80.0, delay=0.5, pre="out", post="in", **flags)
    net.synapse_type("valued", weight=WEIGHTS, delay=DELAYS, pre="out", post="own", **flags)
    net.synapse_type("inhibitory", weight=-90.0, delay=1.5, pre="own", post="out", **flags)
    net.connect(a, b, "valued", "pairwise_bernoulli", p=0.2)
    noise(net, a)
    noise(net, b, 60.0)
    for p in (a, b):
        net.record_spikes(p)
    net.record(7.5)
    return net


def static() -> Network:
    """Return all models, wired by all rules, with weights and delays of each synapse's own."""
    net = Network(resolution=0.1, seed=12)
    a = net.create("iaf_psc_alpha", 19, name="A")
    b = net.create("iaf_psc_delta", 8, name="B", E_L=0.0, V_th=15.0, V_reset=2.0)
    c = net.create("iaf_psc_exp", 8, name="C", I_e=400.0)
    net.synapse_type("valued", weight=WEIGHTS, delay=DELAYS)
    net.synapse_type("jumps", weight={"distribution": "normal", "mean": 1.0, "std": 1.0}, delay=0.7)
    net.synapse_type("plain", weight=30.0, delay=3.3)
    net.connect(a, a, "valued", "pairwise_bernoulli", p=0.4, allow_autapses=False)
    net.connect(c, a, "valued", "fixed_indegree", indegree=9)
    net.connect(a, b, "jumps", "all_to_all")
    net.connect(b, c, "plain", "one_to_one")
    net.connect(a, c, "plain", "fixed_indegree", indegree=4, allow_multapses=False)
    noise(net, a)
    noise(net, b, 0.5)
    for p in (a, b, c):
        net.record_spikes(p)
    net.record(10.0)
    return net


def avalanche() -> Network:
    """Return neurons that all fire in the same step, again and again."""
    net = Network(resolution=0.1, seed=3)
    a = net.create("iaf_psc_exp", 300, name="A", I_e=2000.0)
    net.synapse_type("s", weight=1.0, delay=0.3)
    net.connect(a, a, "s", "fixed_indegree", indegree=3)
    # Many weights of different size add up in one step: their order shows in the last bits.
    net.synapse_type(
        "valued", weight={"distribution": "normal", "mean": 0.0, "std": 5.0}, delay=0.6
    )
    net.connect(a, a, "valued", "fixed_indegree", indegree=30)
    net.record_spikes(a)
    return net


def one_neuron() -> Network:
    """Return a neuron that wires itself to itself."""
    net = Network(resolution=0.1, seed=5, update_interval=5.0)
    elements = {"out": OUT | {"growth_rate": 1.0}, "in": IN | {"growth_rate": 0.6}}
    a = net.create("iaf_psc_alpha", 1, name="A", elements=elements, **FAST)
    net.synapse_type("s", weight=20.0, delay=0.4, pre="out", post="in")
    noise(net, a)
    net.record_spikes(a)
    net.record(2.0)
    return net


def nearby(autapses: bool = True, multapses: bool = True) -> Network:
    """Return populations with places that wire by distance, in updates and from the start."""
    net = Network(resolution=0.1, seed=19, update_interval=5.0)
    elements = {"out": OUT, "in": IN, "own": IN}
    space = {"extent": [1.0, 2.0, 1.0], "periodic": True}
    a, b = (
        net.create(
            model, size, name=name, elements=elements, positions={"positions": how} | space, **FAST
        )
        for model, size, name, how in (
            ("iaf_psc_alpha", 40, "A", "uniform"),
            ("iaf_psc_exp", 15, "B", "grid"),
        )
    )
    flags = {"allow_autapses": autapses, "allow_multapses": multapses}
    wide = {"kernel": "gaussian", "std": 0.4}
    near = {"kernel": "exponential", "beta": 0.02, "max_distance": 0.6}
    net.synapse_type("plain", weight=60.0, delay=0.5, pre="out", post="in", kernel=wide, **flags)
    net.synapse_type(
        "valued", weight=WEIGHTS, delay=DELAYS, pre="own", post="out", kernel=near, **flags
    )
    net.connect(a + b, a, "plain", "pairwise_bernoulli", p=0.2, kernel=wide, **flags)
    net.connect(a[::2], b, "valued", "fixed_indegree", indegree=2, kernel=near, **flags)
    for p in (a, b):
        noise(net, p)
        net.record_spikes(p)
    net.record(7.5)
    return net


NETWORKS: dict[str, Callable[[], Network]] = {
    "plastic": lambda: plastic((17, 6)),
    "forbidding": lambda: plastic((17, 6), allow_autapses=False, allow_multapses=False),
    "smaller than the ranks": lambda: plastic((1, 2)),
    "one neuron each": lambda: plastic((1, 1)),
    "static": static,
    "avalanche": avalanche,
    "one neuron": one_neuron,
    "nearby": nearby,
    "nearby, forbidding": lambda: nearby(False, False),
}


def contents(simulation: Simulation) -> dict[str, bytes]:
    """Return everything that there is to know of a simulation."""
    everything: dict[str, Any] = dict(simulation.recording)
    for name in simulation.network.synapse_types:
        for key, values in simulation.synapses(name).items():
            everything[f"{name}.{key}"] = values
    for name, p in simulation.network.populations.items():
        everything[f"{name}.times"], everything[f"{name}.senders"] = simulation.spikes(p)
        everything |= {f"{name}.calcium": p.calcium, f"{name}.spike_count": p.spike_count}
        everything |= {f"{name}.{v}": p.state(v) for v in type(p.parameters).variables}
        for element in p.elements:
            everything[f"{name}.{element}"] = p.z(element)
            everything[f"{name}.{element}.connected"] = p.z_connected(element)
    return {key: values.tobytes() for key, values in everything.items()} | {
        "n_spikes": str(simulation.n_spikes).encode()
    }


def assert_same(some: dict[str, bytes], others: dict[str, bytes]) -> None:
    """Compare what `contents` returned."""
    assert some.keys() == others.keys()
    assert [key for key in some if some[key] != others[key]] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_ranks_gives_the_bits_of_one(ranks, name):
    together = Simulation(NETWORKS[name](), ranks)
    single = Simulation(NETWORKS[name](), ranks.alone())
    # The second stretch starts in the middle of a slice, and of an interval.
    for duration in (41.3, 38.7):
        together.run(duration)
        single.run(duration)
        assert_same(contents(together), contents(single))
    assert together.n_spikes > 5
    # All ranks know the same.
    assert len(set(map(str, ranks.collect(contents(together))))) == 1


@pytest.mark.parametrize("name", ["plastic", "forbidding", "one neuron", "nearby"])
def test_these_networks_grow_and_break_synapses(ranks, name):
    simulation = Simulation(NETWORKS[name](), ranks)
    made = broken = 0
    before: set[Any] = set()
    for _ in range(16):
        simulation.run(5.0)
        after = set()
        for kind in simulation.network.synapse_types:
            synapses = simulation.synapses(kind)
            pairs = list(zip(synapses["source"].tolist(), synapses["target"].tolist(), strict=True))
            after |= {(kind, *pair, pairs[:i].count(pair)) for i, pair in enumerate(pairs)}
            if name == "forbidding" and kind != "valued":  # which has some from the start
                assert len(set(pairs)) == len(pairs)
                assert all(source != target for source, target in pairs)
        made += len(after - before)
        broken += len(before - after)
        before = after
    assert made > 5
    assert broken > 3


@pytest.mark.parametrize("name", ["plastic", "static", "avalanche"])
def test_either_exchange_gives_the_same_bits(ranks, name):
    other = Ranks(ranks.communicator, compiled_exchange=False)
    assert other.exchange_name == "mpi4py"
    compiled, interpreted = Simulation(NETWORKS[name](), ranks), Simulation(NETWORKS[name](), other)
    for simulation in (compiled, interpreted):
        simulation.run(30.0)
    assert_same(contents(compiled), contents(interpreted))


def test_changes_between_runs(ranks):
    runs = []
    for group in (ranks, ranks.alone()):
        net = plastic((9, 4))
        simulation = Simulation(net, group)
        a, b = net.populations.values()
        simulation.run(20.3)
        a.set(tau_m=13.0, E_L=-69.0, I_e=40.0)
        b.set(tau_Ca=30.0)
        next(iter(net.inputs.values())).set(rate=4000.0)
        net.connect(b, a, "plain", "fixed_indegree", indegree=2)
        simulation.run(20.2)
        runs.append(contents(simulation))
    assert_same(*runs)


def test_synapses_in_pieces(ranks, monkeypatch):
    simulation = Simulation(static(), ranks)
    whole = simulation.synapses("valued")
    monkeypatch.setattr("distsp.engine.synapses.GATHERED_SYNAPSES", 10)
    pieces = list(simulation.synapse_chunks("valued"))
    assert len(pieces) > 3
    for key, values in whole.items():
        joined = np.concatenate([piece[key] for piece in pieces])
        if ranks.rank == 0:
            assert joined.tobytes() == values.tobytes()
        else:
            assert len(joined) == 0


def test_pairs_by_distance_are_those_that_are_left_to_be_made(ranks):
    """As it stands after an update, whoever is vacant has nobody allowed within reach."""
    simulation = Simulation(nearby(False, False), ranks)
    # The update of time 25 is made when the next step begins.
    simulation.run(25.1)
    net = simulation.network
    connected, n = simulation.synapses("valued"), net.size
    where = simulation.network.space_of("valued").at(np.arange(n))
    apart = np.abs(where[:, None] - where[None])
    apart = np.minimum(apart, np.array([1.0, 2.0, 1.0]) - apart)
    allowed = (np.sqrt((apart**2).sum(axis=2)) <= 0.6) & ~np.eye(n, dtype=bool)
    pairs = list(zip(connected["source"].tolist(), connected["target"].tolist(), strict=True))
    assert all(allowed[pair] for pair in pairs)
    assert len(set(pairs)) == len(pairs) > 20
    for side, element in (("source", "own"), ("target", "out")):
        bound = np.concatenate([p.z_connected(element) for p in net.populations.values()])
        degree = np.bincount(connected[side], minlength=n)
        if element == "out":  # which binds in the other type as well
            degree = degree + np.bincount(simulation.synapses("plain")["source"], minlength=n)
        assert bound.tolist() == degree.tolist()


def test_a_run_by_distance_goes_on_on_other_ranks(ranks):
    folder = ranks.broadcast(tempfile.mkdtemp() if ranks.rank == 0 else None)
    simulation = Simulation(nearby(), ranks)
    simulation.run(22.3)
    simulation.save(folder)
    alone = Simulation.load(folder, nearby(), ranks.alone())
    for one in (simulation, alone):
        one.run(15.0)
    assert_same(contents(simulation), contents(alone))
    ranks.barrier()
    if ranks.rank == 0:
        shutil.rmtree(folder)
