"""Connections and disconnections give the same network on any number of ranks."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.network.population import Neurons
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi(min_size=2)

GROWING = {"curve": "gaussian", "growth_rate": 0.05, "eps": 0.1, "z": 3.0}
FAST = {"tau_Ca": 50.0, "beta_Ca": 0.05}
OWN = {"distribution": "normal", "mean": 20.0, "std": 9.0}
DELAYS = {"distribution": "uniform", "low": 0.5, "high": 2.5}
RULES: dict[str, dict[str, Any]] = {
    "all_to_all": {},
    "fixed_indegree": {"indegree": 4},
    "fixed_outdegree": {"outdegree": 4},
    "fixed_total_number": {"N": 60},
    "pairwise_bernoulli": {"p": 0.3},
    "pairwise_poisson": {"pairwise_avg_num_conns": 0.4},
    "explicit": {"sources": [0, 7, 7, 7, 2, 10], "targets": np.array([5, 1, 1, 1, 0, 9])},
}


def network(kind: str = "plastic") -> tuple[Network, Neurons, Neurons]:
    """Return two populations that fire, without connections."""
    net = Network(resolution=0.1, seed=21, update_interval=5.0)
    elements = {"out": GROWING, "in": GROWING}
    a = net.create("iaf_psc_exp", 13, name="A", elements=elements, **FAST)
    b = net.create("iaf_psc_alpha", 10, name="B", elements=elements, **FAST)
    own = {"weight": OWN, "delay": DELAYS} if "valued" in kind else {"weight": 25.0, "delay": 1.5}
    if "plastic" in kind:
        own |= {"pre": "out", "post": "in"}
    net.synapse_type("s", **own)
    net.drive(net.poisson_generator(rate=2000.0), a + b, weight=90.0, delay=0.8)
    net.record_spikes(a + b)
    return net, a, b


def contents(simulation: Simulation) -> dict[str, bytes]:
    """Return what there is to know of a simulation."""
    found: dict[str, Any] = dict(simulation.synapses("s"))
    for p in simulation.network.populations.values():
        found[f"{p.name}.times"], found[f"{p.name}.senders"] = simulation.spikes(p)
        for element in p.elements:
            found[f"{p.name}.{element}"] = p.z(element)
            found[f"{p.name}.{element}.connected"] = p.z_connected(element)
    return {key: values.tobytes() for key, values in found.items()}


def check_conservation(simulation: Simulation) -> None:
    """Check that bound elements are the degrees of the neurons."""
    if not simulation.tables["s"].plastic:
        return
    synapses, n = simulation.synapses("s"), simulation.layout.n_neurons
    populations = simulation.network.populations.values()
    for side, element in (("source", "out"), ("target", "in")):
        connected = np.concatenate([p.z_connected(element) for p in populations])
        assert connected.tolist() == np.bincount(synapses[side], minlength=n).tolist()


def both(ranks: Ranks, script: Callable[[Ranks], dict[str, bytes]]) -> None:
    """Check that a script finds the same on all ranks as alone."""
    together, alone = script(ranks), script(ranks.alone())
    assert [key for key in alone if alone[key] != together[key]] == []


@pytest.mark.parametrize("flags", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("rule", RULES)
def test_rules(ranks: Ranks, rule: str, flags: tuple[bool, bool]) -> None:
    autapses, multapses = flags
    if (rule == "explicit" and flags != (True, True)) or (
        rule == "pairwise_poisson" and not multapses
    ):
        pytest.skip("explicit and pairwise_poisson make what they say, whatever would be allowed")

    def script(group: Ranks) -> dict[str, bytes]:
        net, a, b = network()
        if rule == "explicit":
            net.connect(a, b, "s", rule, **RULES[rule], weight=np.arange(6.0), delay=DELAYS)
        else:
            given = {"allow_autapses": autapses, "allow_multapses": multapses} | RULES[rule]
            net.connect(a + b, a + b, "s", rule, **given)
            net.connect(a[::2] + b[1:], a, "s", rule, weight=OWN, delay=DELAYS, **given)
            net.connect(a[3:9], b, "s", rule, **given, delay=1.0)
        simulation = Simulation(net, group)
        simulation.run(30.2)
        check_conservation(simulation)
        return contents(simulation)

    both(ranks, script)


@pytest.mark.parametrize("kind", ["static", "plastic", "static valued", "plastic valued"])
def test_disconnections(ranks: Ranks, kind: str) -> None:
    def script(group: Ranks) -> dict[str, bytes]:
        net, a, b = network(kind)
        net.connect(a + b, a + b, "s", "fixed_indegree", indegree=12)
        net.connect(a, a, "s", "one_to_one")
        net.disconnect(a, a, "s", sources=[0, 3, 12], targets=[0, 3, 12])
        net.disconnect(a, b[::3], "s")
        simulation = Simulation(net, group)
        check_conservation(simulation)
        simulation.run(12.3)
        before = simulation.synapse_count("s")
        net.disconnect(a + b, a[2:] + b, "s", fraction=0.4)
        net.connect(b, a, "s", "fixed_outdegree", outdegree=2)
        net.disconnect(b[2:4], a, "s")
        simulation.run(0.0)
        assert 0 < simulation.synapse_count("s") < before
        check_conservation(simulation)
        simulation.run(20.0)
        check_conservation(simulation)
        return contents(simulation)

    both(ranks, script)


def test_a_missing_pair_is_the_same_error_on_all_ranks(ranks: Ranks) -> None:
    net, a, b = network()
    net.connect(a, b, "s", "explicit", sources=[0, 1, 2], targets=[0, 1, 2])
    simulation = Simulation(net, ranks)
    net.disconnect(a, b, "s", sources=[0, 2, 1], targets=[0, 1, 2])
    right = "disconnections.0: there is no such synapse of s from neuron 2 to neuron 14"
    with pytest.raises(InputError) as refused:
        simulation.run(1.0)
    assert str(refused.value) == right
    assert simulation.synapse_count("s") == 3
    check_conservation(simulation)
    net.disconnect(a, b, "s", sources=[0], targets=[0])
    simulation.run(0.0)
    assert simulation.synapses("s")["source"].tolist() == [1, 2]


@pytest.mark.parametrize("kind", ["static valued", "plastic"])
@pytest.mark.parametrize("saved", ["before", "at", "after"])
def test_a_checkpoint_beside_a_disconnection(ranks: Ranks, kind: str, saved: str) -> None:
    """Saved alone or by all, and gone on by the others."""

    def said(when: str) -> tuple[Network, Callable[[], None]]:
        net, a, b = network(kind)
        net.connect(a + b, a + b, "s", "fixed_indegree", indegree=12, weight=OWN, delay=DELAYS)
        net.disconnect(b, a, "s", fraction=0.5)

        def later() -> None:
            net.disconnect(a, a + b, "s", fraction=0.3)
            net.connect(a, b, "s", "pairwise_poisson", pairwise_avg_num_conns=0.2)

        if when != "before":
            later()
        return net, later

    def whole(group: Ranks) -> dict[str, bytes]:
        net, later = said("before")
        simulation = Simulation(net, group)
        simulation.run(10.0)
        later()
        simulation.run(10.0)
        return contents(simulation)

    expected = whole(ranks.alone())
    folder = ranks.broadcast(tempfile.mkdtemp() if ranks.rank == 0 else None)
    for first, second in ((ranks, ranks.alone()), (ranks.alone(), ranks)):
        own = Path(folder) / f"{first.size} {second.size} {ranks.rank if first.size == 1 else ''}"
        net, later = said("before")
        simulation = Simulation(net, first)
        simulation.run(10.0)
        if saved != "before":
            later()
        if saved == "after":
            simulation.run(4.0)
        simulation.save(own)
        ranks.barrier()
        own = ranks.broadcast(own) if second.size > 1 else own
        net, later = said(saved)
        simulation = Simulation.load(own, net, second)
        if saved == "before":
            later()
        simulation.run(20.0 - simulation.now)
        assert [k for k, value in contents(simulation).items() if value != expected[k]] == []
        check_conservation(simulation)


def test_a_file_of_edges(ranks: Ranks) -> None:
    folder = Path(ranks.broadcast(tempfile.mkdtemp() if ranks.rank == 0 else None))
    path = folder / "edges.csv"
    if ranks.rank == 0:
        rng = np.random.default_rng(2)
        rows = [
            f"{s},{t},{w:.3f},{d:.1f}"
            for s, t, w, d in zip(
                rng.integers(13, size=90),
                rng.integers(10, size=90),
                rng.normal(10.0, 5.0, size=90),
                rng.uniform(0.5, 3.0, size=90),
                strict=True,
            )
        ]
        path.write_text("\n".join(["source,target,weight,delay", *rows]) + "\n")
    ranks.barrier()

    def script(group: Ranks) -> dict[str, bytes]:
        net, a, b = network()
        net.connect(a, b, "s", "edges_from_file", path=str(path))
        simulation = Simulation(net, group)
        assert simulation.synapse_count("s") == 90
        simulation.run(20.0)
        return contents(simulation)

    both(ranks, script)
