"""The structural update against a slow, obvious one, and against its rules one by one.

`Slow` says with lists and loops what the update does. It draws from the same streams, so both must
agree in every synapse and every bit of every element.
"""

from collections import Counter
from itertools import combinations
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.network.synapse_type import SynapseType
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, philox, stream_key, uniform

SURE = 1e-6
STILL = {"curve": "linear", "growth_rate": 0.0, "eps": 1.0}
FULL = 0xFFFFFFFF


class Slow:
    """A network as lists of (source, target) in order of creation, and elements in dicts."""

    def __init__(self, simulation: Simulation) -> None:
        self.seed, self.surplus = simulation.network.seed, simulation.network.surplus
        self.made = list(simulation.network.synapse_types)
        self.types: dict[str, SynapseType] = dict(sorted(simulation.network.synapse_types.items()))
        n = simulation.layout.n_neurons
        self.z = {e: [0.0] * n for e in simulation.elements}
        self.connected = {e: [0] * n for e in simulation.elements}
        self.tau_vacant = {e: [0.0] * n for e in simulation.elements}
        for p in simulation.network.populations.values():
            for e, element in p.elements.items():
                for i in p.ids:
                    self.z[e][i], self.tau_vacant[e][i] = element.z, element.tau_vacant
        self.synapses: dict[str, list[tuple[int, int]]] = {name: [] for name in self.types}

    def change(self, element: str, neuron: int, by: int) -> None:
        z, connected = self.z[element], self.connected[element]
        connected[neuron] += by
        if by < 0 and self.surplus == "all":
            return
        if connected[neuron] > floor(z[neuron]):
            z[neuron] = connected[neuron] + (z[neuron] - floor(z[neuron]))

    def make(self, name: str, pairs: list[tuple[int, int]]) -> None:
        for source, target in pairs:
            self.synapses[name].append((source, target))
            if self.types[name].pre:
                self.change(self.types[name].pre, source, 1)
                self.change(self.types[name].post, target, 1)

    def vacant(self, element: str) -> list[int]:
        z, connected = self.z[element], self.connected[element]
        return [floor(z[i]) - connected[i] for i in range(len(z))]

    def lot(self, purpose: Purpose, name: str, pair: tuple[int, int], copy: int, step: int) -> int:
        key = stream_key(self.seed, purpose, self.made.index(name))
        counter = (*pair, step & FULL, (step >> 32) << 16 | copy)
        w = philox(key, *(np.uint64(c) for c in counter))
        return int(w[0]) << 32 | int(w[1])

    def lose(self, name: str, side: int, element: str, purpose: Purpose, step: int) -> None:
        doomed = []
        for neuron, count in enumerate(self.vacant(element)):
            mine, seen = [], Counter()
            for place, pair in enumerate(self.synapses[name]):
                if pair[side] == neuron:
                    mine.append((self.lot(purpose, name, pair, seen[pair], step), place))
                    seen[pair] += 1
            doomed += sorted(mine)[: max(-count, 0)]
        gone = {place for _, place in doomed}
        for place in gone:
            source, target = self.synapses[name][place]
            self.change(self.types[name].pre, source, -1)
            self.change(self.types[name].post, target, -1)
        self.synapses[name] = [p for i, p in enumerate(self.synapses[name]) if i not in gone]

    def pair(self, name: str, step: int) -> None:
        description = self.types[name]
        sides = [
            [i for i, count in enumerate(self.vacant(element)) for _ in range(count)]
            for element in (description.pre, description.post)
        ]
        n = min(len(side) for side in sides)
        longer = sides[0] if len(sides[0]) > n else sides[1]
        key = stream_key(self.seed, Purpose.PAIR, self.made.index(name))
        for i in range(n):
            j = i + int(uniform(key, i, step) * (len(longer) - i))
            longer[i], longer[j] = longer[j], longer[i]
        for pair in zip(sides[0][:n], sides[1][:n], strict=True):
            autapse, multapse = pair[0] == pair[1], pair in self.synapses[name]
            if autapse and not description.allow_autapses:
                continue
            if multapse and not description.allow_multapses:
                continue
            self.make(name, [pair])

    def update(self, step: int) -> None:
        for name, description in self.types.items():
            if description.pre:
                self.lose(name, 0, description.pre, Purpose.BREAK_OUTGOING, step)
                self.lose(name, 1, description.post, Purpose.BREAK_INCOMING, step)
                self.pair(name, step)
        for e, z in self.z.items():
            for i, count in enumerate(self.vacant(e)):
                if count > 0:
                    z[i] -= count * self.tau_vacant[e][i]


def listed(simulation: Simulation, name: str) -> list[tuple[int, int]]:
    """Return the synapses of a type."""
    synapses = simulation.synapses(name)
    return list(zip(synapses["source"].tolist(), synapses["target"].tolist(), strict=True))


def check_conservation(simulation: Simulation) -> None:
    """Check that the bound elements are the ends of the synapses, in every table."""
    tables, state = simulation.tables, simulation.state.arrays
    ends = {e: np.zeros(simulation.layout.n_neurons, dtype=int) for e in simulation.elements}
    for name, table in tables.types.items():
        synapses = listed(simulation, name)
        assert simulation.synapse_count(name) == len(synapses)
        if not table.plastic:
            continue
        for source, target in synapses:
            ends[table.description.pre][source] += 1
            ends[table.description.post][target] += 1
        everyone = np.arange(simulation.layout.n_local)
        targets, sources, _, _ = tables.incoming.entries(table.incoming_rows(everyone))
        assert sorted(zip(sources.tolist(), targets.tolist(), strict=True)) == synapses
    for e, name in enumerate(simulation.elements):
        assert state.z_connected[e].tolist() == ends[name].tolist()


def check_same(simulation: Simulation, slow: Slow) -> None:
    """Check that both have the same synapses and the same elements, to the bit."""
    for name in slow.types:
        assert listed(simulation, name) == sorted(slow.synapses[name])
    for e, name in enumerate(simulation.elements):
        assert simulation.state.arrays.z_connected[e].tolist() == slow.connected[name]
        assert simulation.state.arrays.z[e].tolist() == slow.z[name]


ELEMENTS = ["a", "b", "c"]
descriptions = st.fixed_dictionaries(
    {
        "pre": st.sampled_from(ELEMENTS),
        "post": st.sampled_from(ELEMENTS),
        "allow_autapses": st.booleans(),
        "allow_multapses": st.booleans(),
        "weight": st.sampled_from([1.0, {"distribution": "uniform", "low": 1.0, "high": 2.0}]),
        "delay": st.just(1.0),
    }
)
amounts = st.one_of(st.floats(0.0, 6.0), st.integers(0, 6).map(float), st.just(0.0))


@settings(max_examples=150)
@given(data=st.data())
def test_update_is_the_obvious_one(data):
    surplus = data.draw(st.sampled_from(["one", "all"]))
    net = Network(resolution=0.1, seed=data.draw(st.integers(0, 2**32 - 1)), surplus=surplus)
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    for size in sizes:
        tau = data.draw(st.sampled_from([0.0, 0.1, 1.0]))
        names = data.draw(st.sets(st.sampled_from(ELEMENTS)))
        elements = {e: STILL | {"z": data.draw(amounts), "tau_vacant": tau} for e in sorted(names)}
        net.create("iaf_psc_alpha", size, elements=elements)
    known = {e for p in net.populations.values() for e in p.elements}
    for name in data.draw(st.permutations(["p", "q", "r"])):
        description = data.draw(descriptions)
        ends = {description["pre"], description["post"]}
        if len(ends) == 2 and ends <= known:
            net.synapse_type(name, **description)
    net.synapse_type("static", weight=1.0, delay=1.0)
    everyone = list(net.populations.values())
    net.connect(everyone[0], everyone[-1], "static", "all_to_all")
    for name, description in net.synapse_types.items():
        for source in everyone:
            for target in everyone:
                if description.pre in source.elements and description.post in target.elements:
                    net.connect(source, target, name, "pairwise_bernoulli", p=0.4)
                    net.connect(source, target, name, "fixed_indegree", indegree=1)
    simulation = Simulation(net, Ranks())
    slow = Slow(simulation)
    for name in slow.types:
        slow.make(name, listed(simulation, name))
    check_same(simulation, slow)
    check_conservation(simulation)

    for _ in range(3):
        for p in everyone:
            for element in p.elements:
                for i in p.ids:
                    z = data.draw(amounts)
                    slow.z[element][i] = z
                    simulation.state.arrays.z[simulation.elements.index(element), i] = z
        step = data.draw(st.integers(0, 2**44))
        simulation._update.apply(step)
        slow.update(step)
        check_same(simulation, slow)
        check_conservation(simulation)


# The rules one by one ---------------------------------------------------------------------------


def network(sizes=(3,), z=0.0, tau_vacant=0.0, weight=1.0, indegree=0, update=1.0, **flags):
    """Return a simulation of populations with elements `out` and `in`, bound by one type."""
    net = Network(resolution=0.1, seed=5, update_interval=update)
    elements = {e: STILL | {"z": z, "tau_vacant": tau_vacant} for e in ("out", "in")}
    for size in sizes:
        net.create("iaf_psc_alpha", size, elements=elements)
    net.synapse_type("s", weight=weight, delay=0.1, pre="out", post="in", **flags)
    if indegree:
        everyone = list(net.populations.values())
        net.connect(everyone[0], everyone[-1], "s", "fixed_indegree", indegree=indegree)
    return Simulation(net, Ranks())


def z(simulation: Simulation, element: str) -> np.ndarray:
    """Return the elements of all neurons, to be changed."""
    return simulation.state.arrays.z[simulation.elements.index(element)]


def connected(simulation: Simulation, element: str) -> list[int]:
    """Return how many elements of all neurons are bound."""
    return simulation.state.arrays.z_connected[simulation.elements.index(element)].tolist()


def update(simulation: Simulation, step: int = 10) -> None:
    """Apply the update."""
    simulation._update.apply(step)


def test_update_at_time_zero_and_before_the_step_that_starts_there():
    simulation = network(z=2.0)
    assert simulation.synapse_count("s") == 0
    simulation.run(0.0)
    assert simulation.synapse_count("s") == 0
    simulation.run(0.1)
    assert simulation.synapse_count("s") == 6


def test_update_at_the_end_of_a_run_belongs_to_the_next_run():
    simulation = network(z=2.0, update=1.0)
    simulation.run(1.0)
    z(simulation, "out")[:] += 1.0
    z(simulation, "in")[:] += 1.0
    simulation.run(0.0)
    assert simulation.synapse_count("s") == 6
    simulation.run(0.1)
    assert simulation.synapse_count("s") == 9
    z(simulation, "out")[:] += 1.0
    z(simulation, "in")[:] += 1.0
    simulation.run(0.9)
    assert simulation.synapse_count("s") == 9


def test_recording_sees_the_state_from_before_the_update():
    net = Network(resolution=0.1, seed=1, update_interval=1.0)
    element = {"curve": "linear", "growth_rate": 1.0, "eps": 1.0, "tau_vacant": 0.0}
    net.create("iaf_psc_alpha", 4, name="N", elements={"out": element, "in": element})
    net.synapse_type("s", weight=0.0, delay=0.1, pre="out", post="in")
    net.record(0.5)
    simulation = Simulation(net, Ranks())
    simulation.run(3.0)
    recording = simulation.recording
    np.testing.assert_allclose(recording["time"], [0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    np.testing.assert_allclose(recording["elements/N/out/z"], recording["time"], rtol=1e-14)
    bound = recording["elements/N/out/z_connected"]
    assert (bound * 4 == recording["synapses/s"]).all()
    # The vacant element of each neuron at 1.0 is bound just after the recording; z is a little
    # above or below a whole number there, by rounding.
    assert recording["synapses/s"][:2].tolist() == [0, 0]
    assert recording["synapses/s"][2] == 4 * np.floor(recording["elements/N/out/z"][1])


@pytest.mark.parametrize("weight", [1.0, {"distribution": "normal", "mean": 1.0, "std": 0.1}])
def test_everything_breaks(weight):
    simulation = network((4,), z=3.0, weight=weight)
    update(simulation, 0)
    # The first of n removals leaves n - 1 bound elements, and as many elements: these are vacant
    # in the end, and bound anew.
    for step, count in enumerate([12, 8, 4, 0, 0]):
        assert simulation.synapse_count("s") == count
        check_conservation(simulation)
        z(simulation, "out")[:] = 0.0
        z(simulation, "in")[:] = 0.0
        update(simulation, step)


def test_nothing_free_nothing_happens():
    simulation = network((4,), z=0.9)
    update(simulation)
    assert simulation.synapse_count("s") == 0
    assert z(simulation, "out").tolist() == [0.9] * 4
    # Free on one side only.
    z(simulation, "out")[:] = 5.5
    update(simulation)
    assert simulation.synapse_count("s") == 0
    assert z(simulation, "out").tolist() == [5.5] * 4


def test_a_neuron_loses_as_many_synapses_as_elements():
    simulation = network((1, 50), z=0.0, indegree=1)
    assert connected(simulation, "out") == [50] + [0] * 50
    assert z(simulation, "out")[0] == 50.0
    z(simulation, "out")[0] = 42.5
    simulation._update._break_outgoing(simulation.tables["s"], 10)
    assert simulation.synapse_count("s") == 42
    assert connected(simulation, "out")[0] == 42
    # 49 were bound after the first removal: more than 42.
    assert z(simulation, "out")[0] == 49.5
    assert sum(connected(simulation, "in")) == 42
    assert z(simulation, "in").tolist() == [0.0] + [1.0] * 50
    check_conservation(simulation)


@pytest.mark.parametrize(("surplus", "after"), [("one", (4.5, 4)), ("all", (0.5, 0))])
def test_how_many_synapses_a_neuron_nets_off_at_an_update(surplus, after):
    # Neuron 0 has 5 synapses onto each of two types that share its element `out`.
    net = Network(resolution=0.1, seed=5, update_interval=1.0, surplus=surplus)
    elements = {e: STILL | {"tau_vacant": 0.0} for e in ("out", "in", "other")}
    source = net.create("iaf_psc_alpha", 1, elements=elements)
    target = net.create("iaf_psc_alpha", 5, elements=elements)
    net.synapse_type("a", weight=1.0, delay=0.1, pre="out", post="in")
    net.synapse_type("b", weight=1.0, delay=0.1, pre="out", post="other")
    net.connect(source, target[:2], "a", "all_to_all")
    net.connect(source, target[2:], "b", "all_to_all")
    simulation = Simulation(net, Ranks())
    assert connected(simulation, "out")[0] == 5
    z(simulation, "out")[0] = 0.5
    update(simulation)
    # With "one", breaking both of a lifts z to 4.5: one is vacant, and binds again; b stays.
    n_a, n_b = simulation.synapse_count("a"), simulation.synapse_count("b")
    assert (z(simulation, "out")[0], n_a + n_b) == after
    assert (n_a, n_b) == ((1, 3) if surplus == "one" else (0, 0))
    check_conservation(simulation)
    # Those of the targets are free, and stay.
    assert (z(simulation, "in") + z(simulation, "other")).sum() == 5.0
    z(simulation, "out")[0] = 3.25
    update(simulation)
    assert (z(simulation, "out")[0], connected(simulation, "out")[0]) == (3.25, 3)


def test_surplus_may_change_between_runs():
    simulation = network((1, 5), z=0.0, indegree=1)
    z(simulation, "out")[0] = 0.5
    simulation.network.surplus = "all"
    simulation.run(0.1)
    assert (z(simulation, "out")[0], simulation.synapse_count("s")) == (0.5, 0)


@pytest.mark.parametrize("element", ["out", "in"])
def test_more_synapses_of_a_pair_than_an_update_tells_apart(element):
    simulation = network((1, 1), z=0.0, indegree=65_537)
    z(simulation, element)[:] = 7.0
    told = r"^synapse_types\.s: 65537 synapses connect the same two neurons"
    with pytest.raises(InputError, match=told):
        update(simulation)
    assert simulation.synapse_count("s") == 65_537


def test_removal_leaves_z_at_the_bound_elements_and_the_fraction():
    simulation = network((1, 2), z=0.0, indegree=3)
    assert connected(simulation, "in") == [0, 3, 3]
    z(simulation, "in")[1] = 1.25
    update(simulation)
    # Neuron 1 loses two synapses. After the first one 2 elements are bound, so z is 2.25; after
    # the second one is vacant, and is paired at once with one of the two that neuron 0 has free.
    assert z(simulation, "in").tolist() == [0.0, 2.25, 3.0]
    assert connected(simulation, "in") == [0, 2, 3]
    assert connected(simulation, "out") == [5, 0, 0]
    assert z(simulation, "out").tolist() == [6.0, 0.0, 0.0]
    check_conservation(simulation)


def test_binding_lifts_z_synapse_by_synapse():
    net = Network(resolution=0.1, seed=5)
    element = STILL | {"z": 0.25}
    n = net.create("iaf_psc_alpha", 2, elements={"out": element, "in": element})
    net.synapse_type("s", weight=1.0, delay=0.1, pre="out", post="in")
    net.connect(n, n, "s", "all_to_all")
    simulation = Simulation(net, Ranks())
    assert n.z("out").tolist() == [2.25, 2.25]
    assert n.z_connected("in").tolist() == [2, 2]
    check_conservation(simulation)


def test_vacant_elements_are_lost():
    simulation = network((1, 1), tau_vacant=0.25)
    z(simulation, "out")[:] = [4.5, 0.0]
    z(simulation, "in")[:] = [0.0, 2.75]
    update(simulation)
    assert connected(simulation, "out") == [2, 0]
    # Two of the four are vacant after the pairing; a fraction is no element.
    assert z(simulation, "out").tolist() == [4.5 - 2 * 0.25, 0.0]
    assert z(simulation, "in").tolist() == [0.0, 2.75]


def test_what_is_freed_is_bound_again_in_the_same_update():
    simulation = network((2, 1), z=0.0)
    z(simulation, "out")[:] = [1.0, 0.0, 0.0]
    z(simulation, "in")[:] = [0.0, 0.0, 1.0]
    update(simulation, 10)
    assert listed(simulation, "s") == [(0, 2)]
    z(simulation, "out")[:] = [0.0, 1.0, 0.0]
    update(simulation, 20)
    assert listed(simulation, "s") == [(1, 2)]


def test_types_go_in_order_of_their_names_and_share_elements():
    net = Network(resolution=0.1, seed=5)
    net.create("iaf_psc_alpha", 1, elements={"out": STILL | {"z": 3.0}})
    net.create("iaf_psc_alpha", 1, elements={"one": STILL | {"z": 2.0}, "two": STILL | {"z": 9.0}})
    net.synapse_type("second", weight=1.0, delay=0.1, pre="out", post="two")
    net.synapse_type("first", weight=1.0, delay=0.1, pre="out", post="one")
    simulation = Simulation(net, Ranks())
    update(simulation)
    assert simulation.synapse_count("first") == 2
    assert simulation.synapse_count("second") == 1
    check_conservation(simulation)


def test_forbidden_autapses_and_multapses():
    simulation = network((5,), z=20.0, allow_autapses=False, allow_multapses=False)
    for step in range(10, 400, 10):
        update(simulation, step)
        synapses = listed(simulation, "s")
        assert len(set(synapses)) == len(synapses)
        assert all(source != target for source, target in synapses)
    # All that may be there is there in the end.
    assert len(synapses) == 20
    check_conservation(simulation)


def test_allowed_autapses_and_multapses_are_made():
    simulation = network((2,), z=50.0)
    update(simulation)
    synapses = Counter(listed(simulation, "s"))
    assert set(synapses) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert sum(synapses.values()) == 100


def test_the_removed_copy_of_a_valued_synapse_takes_its_own_weight_along():
    uniform_ = {"distribution": "uniform", "low": 0.0, "high": 1.0}
    simulation = network((1, 3), weight=uniform_, indegree=20)
    before = simulation.synapses("s")
    z(simulation, "in")[:] = [0.0, 12.0, 20.0, 7.0]
    z(simulation, "out")[:] = 60.0
    simulation._update._break_incoming(simulation.tables["s"], 10)
    after = simulation.synapses("s")
    counts = [12, 20, 7]
    assert np.bincount(after["target"], minlength=4).tolist() == [0, *counts]
    for target, count in enumerate(counts, start=1):
        old = before["weight"][before["target"] == target].tolist()
        new = after["weight"][after["target"] == target].tolist()
        # The survivors are in their old order, each with its weight and delay.
        assert len(new) == count
        assert [w for w in old if w in set(new)] == new
        assert len(set(old)) == 20


def lost(simulation: Simulation, before: list[tuple[int, int]], step: int, outgoing: bool):
    """Return the synapses that one half of the removal breaks."""
    table = simulation.tables["s"]
    half = simulation._update._break_outgoing if outgoing else simulation._update._break_incoming
    half(table, step)
    return Counter(before) - Counter(listed(simulation, "s"))


@pytest.mark.parametrize("outgoing", [True, False])
def test_every_selection_of_lost_synapses_is_equally_likely(outgoing):
    owners, partners, loss = 4000, 6, 2
    net = Network(resolution=0.1, seed=8)
    elements = {e: STILL for e in ("out", "in")}
    many = net.create("iaf_psc_alpha", owners, elements=elements)
    few = net.create("iaf_psc_alpha", partners, elements=elements)
    net.synapse_type("s", weight=1.0, delay=0.1, pre="out", post="in")
    pair = (many, few) if outgoing else (few, many)
    net.connect(*pair, "s", "all_to_all")
    simulation = Simulation(net, Ranks())
    z(simulation, "out" if outgoing else "in")[:owners] = partners - loss
    gone = lost(simulation, listed(simulation, "s"), 10, outgoing)
    assert sum(gone.values()) == owners * loss
    chosen: dict[int, list[int]] = {}
    for source, target in gone:
        owner, partner = (source, target) if outgoing else (target, source)
        chosen.setdefault(owner, []).append(partner - owners)
    found = Counter(tuple(sorted(partners_)) for partners_ in chosen.values())
    selections = list(combinations(range(partners), loss))
    expected = owners / len(selections)
    statistic = sum((found[s] - expected) ** 2 for s in selections) / expected
    assert chi2.sf(statistic, len(selections) - 1) > SURE


@pytest.mark.parametrize("outgoing", [True, False])
def test_copies_of_a_pair_are_equally_likely_to_go(outgoing):
    # Each neuron has synapses of different weights with one other; the weights that remain tell.
    n, copies = 3000, 5
    uniform_ = {"distribution": "uniform", "low": 0.0, "high": 1.0}
    net = Network(resolution=0.1, seed=9)
    elements = {e: STILL for e in ("out", "in")}
    a = net.create("iaf_psc_alpha", n, elements=elements)
    b = net.create("iaf_psc_alpha", n, elements=elements)
    net.synapse_type("s", weight=uniform_, delay=0.1, pre="out", post="in")
    for _ in range(copies):
        net.connect(a, b, "s", "one_to_one")
    simulation = Simulation(net, Ranks())
    before = simulation.synapses("s")["weight"].reshape(n, copies)
    if outgoing:
        z(simulation, "out")[:n] = copies - 1
    else:
        z(simulation, "in")[n:] = copies - 1
    lost(simulation, [], 10, outgoing)
    after = simulation.synapses("s")["weight"].reshape(n, copies - 1)
    which = [
        next(k for k in range(copies) if old[k] not in new.tolist())
        for old, new in zip(before, after, strict=True)
    ]
    found = np.bincount(which, minlength=copies)
    assert chi2.sf(((found - n / copies) ** 2).sum() / (n / copies), copies - 1) > SURE


@pytest.mark.parametrize(("z_out", "z_in"), [(1.0, 1.0), (1.0, 3.0), (3.0, 1.0)])
def test_every_pair_is_equally_likely(z_out, z_in):
    n, updates = 8, 800
    simulation = network((n,), z=0.0)
    found = np.zeros((n, n))
    for step in range(updates):
        z(simulation, "out")[:] = z_out
        z(simulation, "in")[:] = z_in
        before = Counter(listed(simulation, "s"))
        simulation._update._pair(simulation.tables["s"], step)
        made = Counter(listed(simulation, "s")) - before
        for pair, count in made.items():
            found[pair] += count
        assert sum(made.values()) == n
        # Forget them, so that the next update starts from nothing.
        gone = np.array(listed(simulation, "s"))
        copies = np.zeros(len(gone), dtype=np.int64)
        for i in range(1, len(gone)):
            copies[i] = copies[i - 1] + 1 if (gone[i] == gone[i - 1]).all() else 0
        simulation.tables["s"].remove(gone[:, 0], gone[:, 1], copies)
        simulation.state.arrays.z_connected[:] = 0
    expected = updates / n
    statistic = ((found - expected) ** 2).sum() / expected
    if z_out == z_in:
        assert chi2.sf(statistic * (n - 1) / n, (n - 1) ** 2) > SURE
        return
    # Every element of the shorter side is bound in each update, its partner uniform.
    rows = found if z_out < z_in else found.T
    assert (rows.sum(axis=1) == updates).all()
    for row in rows:
        assert chi2.sf(((row - expected) ** 2).sum() / expected, n - 1) > SURE
