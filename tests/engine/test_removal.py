"""Synapses that a user removes: which go, what they free, and in which order things are done."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2

from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.network.description import describe
from distsp.network.network import Network
from distsp.parallel.ranks import Ranks

SURE = 1e-6
STILL = {"curve": "linear", "growth_rate": 0.0, "eps": 1.0}
OWN = {"distribution": "uniform", "low": 1.0, "high": 2.0}
KINDS = {
    "static": {},
    "plastic": {"pre": "out", "post": "in"},
    "static valued": {"weight": OWN},
    "plastic valued": {"pre": "out", "post": "in", "weight": OWN},
}


def network(kind: str, sizes: tuple[int, ...] = (6, 4), seed: int = 3) -> Network:
    """Return populations A, B, ... and the synapse type s."""
    net = Network(resolution=0.1, seed=seed)
    for name, size in zip("ABC", sizes, strict=False):
        net.create("iaf_psc_exp", size, name=name, elements={"out": STILL, "in": STILL})
    net.synapse_type("s", **({"weight": 1.0, "delay": 1.0} | KINDS[kind]))
    return net


def listed(simulation: Simulation) -> list[tuple[int, int]]:
    """Return the synapses."""
    synapses = simulation.synapses("s")
    return list(zip(synapses["source"].tolist(), synapses["target"].tolist(), strict=True))


def check_conservation(simulation: Simulation) -> None:
    """Check that bound elements are the ends of the synapses, and the tables the same."""
    table, n = simulation.tables["s"], simulation.layout.n_neurons
    synapses = listed(simulation)
    assert len(synapses) == simulation.synapse_count("s")
    if not table.plastic:
        return
    targets, sources, _, _ = table.incoming.entries(np.arange(n))
    assert sorted(zip(sources.tolist(), targets.tolist(), strict=True)) == synapses
    state = simulation.state
    for side, element in enumerate(("out", "in")):
        degree = np.bincount([pair[side] for pair in synapses], minlength=n)
        assert state.arrays.z_connected[state.row(element)].tolist() == degree.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_all_between_two_groups_go(kind):
    net = network(kind)
    a, b = net.populations.values()
    net.connect(a + b, a + b, "s", "fixed_indegree", indegree=30)
    simulation = Simulation(net, Ranks())
    before = listed(simulation)
    z = simulation.state.arrays.z.copy()
    net.disconnect(a[::2] + b, a[[1, 2]], "s")
    simulation.run(0.0)
    gone = {(s, t) for s in (0, 2, 4, 6, 7, 8, 9) for t in (1, 2)}
    assert listed(simulation) == [pair for pair in before if pair not in gone]
    assert simulation.synapse_count("s") < len(before)
    assert (simulation.state.arrays.z == z).all()
    check_conservation(simulation)
    net.disconnect(a + b, a + b, "s")
    simulation.run(1.0)
    assert listed(simulation) == []
    check_conservation(simulation)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_pair_the_oldest_goes(kind):
    net = network(kind)
    a, b = net.populations.values()
    for _ in range(3):
        net.connect(a, b, "s", "all_to_all")
    simulation = Simulation(net, Ranks())
    before = simulation.synapses("s")
    pairs = [(5, 1), (0, 0), (5, 1), (2, 3)]
    net.disconnect(a, b, "s", sources=[s for s, _ in pairs], targets=np.array([1, 0, 1, 3]))
    simulation.run(1.0)
    after = simulation.synapses("s")
    kept, seen = [], Counter()
    gone = Counter((s, t + 6) for s, t in pairs)
    for i, pair in enumerate(zip(before["source"], before["target"], strict=True)):
        seen[pair] += 1
        if seen[pair] > gone[pair]:
            kept.append(i)
    for key in before:
        assert before[key][kept].tolist() == after[key].tolist()
    check_conservation(simulation)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_pair_is_an_error_and_forgotten(kind):
    net = network(kind)
    a, b = net.populations.values()
    net.connect(a, b, "s", "explicit", sources=[1, 1, 3], targets=[2, 2, 0])
    simulation = Simulation(net, Ranks())
    z_connected = simulation.state.arrays.z_connected.copy()
    net.disconnect(a, b, "s", sources=[3, 1, 1, 1], targets=[0, 2, 2, 2])
    with pytest.raises(InputError) as error:
        simulation.run(1.0)
    right = "disconnections.0: there is no such synapse of s from neuron 1 to neuron 8"
    assert str(error.value) == right
    assert (simulation.state.arrays.z_connected == z_connected).all()
    assert net.disconnections == ()
    net.disconnect(a, b, "s", sources=[1, 1], targets=[2, 2])
    simulation.run(1.0)
    assert listed(simulation) == [(3, 6)]
    check_conservation(simulation)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.7, 1.0])
def test_a_fraction_goes(kind, fraction):
    net = network(kind, (40, 50))
    a, b = net.populations.values()
    net.connect(a, b, "s", "fixed_indegree", indegree=100)
    net.connect(b, a, "s", "fixed_indegree", indegree=10)
    simulation = Simulation(net, Ranks())
    n = 50 * 100
    net.disconnect(a, b, "s", fraction=fraction)
    simulation.run(0.0)
    pairs = listed(simulation)
    left = sum(source < 40 for source, _ in pairs)
    assert len(pairs) - left == 400
    assert abs(left - (1 - fraction) * n) <= 5 * np.sqrt(fraction * (1 - fraction) * n)
    check_conservation(simulation)


def test_each_copy_of_a_pair_has_its_own_lot():
    net = network("static valued", (2000, 2000))
    a, b = net.populations.values()
    for _ in range(3):
        net.connect(a, b, "s", "one_to_one")
    simulation = Simulation(net, Ranks())
    before = simulation.synapses("s")["weight"]
    net.disconnect(a, b, "s", fraction=0.3)
    simulation.run(0.0)
    kept = np.isin(before, simulation.synapses("s")["weight"]).reshape(2000, 3)
    found = np.bincount(kept @ [1, 2, 4], minlength=8)
    n_kept = np.array([bin(i).count("1") for i in range(8)])
    expected = 2000 * 0.7**n_kept * 0.3 ** (3 - n_kept)
    assert chi2.sf(((found - expected) ** 2 / expected).sum(), 7) > SURE


def test_lots_of_two_calls_are_independent():
    net = network("static", (200, 200))
    a, b = net.populations.values()
    net.connect(a, b, "s", "all_to_all")
    simulation = Simulation(net, Ranks())
    left = 40_000
    for call in range(3):
        net.disconnect(a, b, "s", fraction=0.5)
        simulation.run(0.0)
        now = simulation.synapse_count("s")
        assert abs(now - left / 2) < 5 * np.sqrt(left) / 2, call
        left = now


def test_in_pieces(monkeypatch):
    found = []
    for together in (4_000_000, 7):
        monkeypatch.setattr("distsp.engine.removal.SYNAPSES_TOGETHER", together)
        net = network("plastic", (9, 8))
        a, b = net.populations.values()
        net.connect(a + b, a + b, "s", "fixed_indegree", indegree=12)
        net.disconnect(a, a + b, "s", fraction=0.6)
        simulation = Simulation(net, Ranks())
        check_conservation(simulation)
        found.append(listed(simulation))
    assert found[0] == found[1]
    assert 0 < len(found[0]) < 17 * 12


def test_what_is_said_is_done_in_order():
    net = network("static")
    a, b = net.populations.values()
    net.connect(a, b, "s", "all_to_all")
    net.disconnect(a, b[:2], "s")
    net.connect(a[:1], b, "s", "all_to_all")
    net.disconnect(a, b[3], "s")
    net.disconnect(a[5], b, "s")
    assert [type(change).__name__ for _, change in net.wiring()] == [
        "Connection",
        "Disconnection",
        "Connection",
        "Disconnection",
        "Disconnection",
    ]
    assert [entry["after"] for entry in describe(net)["disconnections"]] == [1, 2, 2]
    simulation = Simulation(net, Ranks())
    expected = Counter({(s, t): 1 for s in range(5) for t in (8,)})
    expected += Counter({(0, t): 1 for t in (6, 7, 8)})
    assert Counter(listed(simulation)) == expected


def test_spikes_under_way_still_arrive():
    heard = []
    for cut in (False, True):
        net = Network(resolution=0.1, seed=1)
        a = net.create("iaf_psc_exp", 1, name="A", I_e=800.0)
        b = net.create("iaf_psc_exp", 1, name="B")
        net.synapse_type("s", weight=500.0, delay=5.0)
        net.connect(a, b, "s", "all_to_all")
        net.record_spikes(a)
        simulation = Simulation(net, Ranks())
        while a.spike_count[0] == 0:
            simulation.run(0.1)
        if cut:
            net.disconnect(a, b, "s")
        simulation.run(4.9)
        quiet = b.V_m[0]
        simulation.run(1.0)
        heard.append((quiet, b.V_m[0]))
    assert heard[0] == heard[1]
    assert heard[0][1] > heard[0][0]


WRONG = [
    ({"synapse": "x"}, "disconnections.0.synapse: 'x' must be one of s"),
    ({"source": "A"}, "disconnections.0.source: 'A' must be one that this network has"),
    ({"fraction": 1.5}, "disconnections.0.fraction: 1.5 must be less than or equal to 1"),
    ({"fraction": "x"}, "disconnections.0.fraction: 'x' must be a valid number"),
    ({"sources": [0]}, "disconnections.0.targets: is missing; pairs need sources and targets"),
    ({"targets": [0]}, "disconnections.0.sources: is missing; pairs need sources and targets"),
    ({"sources": [0], "targets": [0, 1]}, "disconnections.0.targets: there are 2, but must be"),
    ({"sources": [6], "targets": [0]}, "disconnections.0.sources: 6 must be from 0 to 5"),
    ({"sources": [0], "targets": [-1]}, "disconnections.0.targets: -1 must be from 0 to 3"),
    ({"sources": "x", "targets": [0]}, "disconnections.0.sources: must be a list of whole numb"),
    (
        {"sources": [0], "targets": [0], "fraction": 0.5},
        "disconnections.0.fraction: 0.5 must not be given where pairs are",
    ),
]


@pytest.mark.parametrize(("values", "words"), WRONG, ids=[words for _, words in WRONG])
def test_wrong_disconnections(values, words):
    net = network("static")
    a, b = net.populations.values()
    version = net.version
    with pytest.raises(InputError) as error:
        net.disconnect(**({"source": a, "target": b, "synapse": "s"} | values))
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)
    assert net.disconnections == ()
    assert net.version == version
