"""Connection rules: what they draw, how likely, and that the ranks do not matter."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2

from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.network.rules import Ends, Rule
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, stream_key

SURE = 1e-6
KEY = stream_key(11, Purpose.CONNECTION)
FLAGS = [(True, True), (True, False), (False, True), (False, False)]


def draw(rule: str, n: int, targets: np.ndarray, same: bool = False, **parameters):
    """Return the pairs that a rule draws, as a list."""
    m = max(n, targets.max(initial=0) + 1)
    ids = np.arange(m) if same else n + np.arange(m)
    here = np.zeros(m, dtype=bool)
    here[targets] = True
    drawn = Rule.members[rule](**parameters).draw(KEY, Ends(np.arange(n), ids, here))
    return list(zip(drawn.sources.tolist(), drawn.targets.tolist(), strict=True))


def uniform(counts: np.ndarray) -> bool:
    """Return whether counts are those of equally likely cells."""
    expected = counts.mean()
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1) > SURE


@pytest.mark.parametrize("autapses", [True, False])
def test_all_to_all(autapses):
    targets = np.array([0, 1, 2, 3])
    everything = {(s, t) for s in range(4) for t in range(4)}
    pairs = draw("all_to_all", 4, targets, same=True, allow_autapses=autapses)
    assert Counter(pairs) == Counter(p for p in everything if autapses or p[0] != p[1])
    # Between two populations the same places are not the same neurons.
    assert len(draw("all_to_all", 4, targets, allow_autapses=autapses)) == 16


@pytest.mark.parametrize("autapses", [True, False])
def test_one_to_one(autapses):
    targets = np.array([0, 2, 3])
    assert draw("one_to_one", 4, targets, allow_autapses=autapses) == [(0, 0), (2, 2), (3, 3)]
    own = draw("one_to_one", 4, targets, same=True, allow_autapses=autapses)
    assert own == ([(0, 0), (2, 2), (3, 3)] if autapses else [])


@pytest.mark.parametrize(("autapses", "multapses"), FLAGS)
@pytest.mark.parametrize("same", [True, False])
def test_fixed_indegree(same, autapses, multapses):
    n, indegree = 12, 5
    targets = np.arange(n)
    flags = {"allow_autapses": autapses, "allow_multapses": multapses}
    pairs = draw("fixed_indegree", n, targets, same, indegree=indegree, **flags)
    assert Counter(t for _, t in pairs) == dict.fromkeys(range(n), indegree)
    assert all(0 <= s < n for s, _ in pairs)
    has_autapses = any(s == t for s, t in pairs)
    has_multapses = len(set(pairs)) < len(pairs)
    assert has_autapses == (autapses or not same)
    assert has_multapses == multapses


@pytest.mark.parametrize("indegree", [0, 1, 7, 8])
def test_fixed_indegree_up_to_every_source(indegree):
    targets = np.arange(8)
    pairs = draw("fixed_indegree", 8, targets, indegree=indegree, allow_multapses=False)
    assert len(set(pairs)) == len(pairs) == 8 * indegree


@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_indegree_is_uniform(multapses):
    n = 10
    targets = np.arange(20_000)
    pairs = draw("fixed_indegree", n, targets, indegree=2, allow_multapses=multapses)
    found = Counter(zip((s for s, _ in pairs[::2]), (s for s, _ in pairs[1::2]), strict=True))
    allowed = [(a, b) for a in range(n) for b in range(n) if multapses or a != b]
    assert set(found) == set(allowed)
    assert uniform(np.array([found[pair] for pair in allowed]))


@pytest.mark.parametrize("p", [0.0, 1e-3, 0.1, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("autapses", [True, False])
def test_pairwise_bernoulli(p, autapses):
    n = 300
    pairs = draw("pairwise_bernoulli", n, np.arange(n), same=True, p=p, allow_autapses=autapses)
    assert len(set(pairs)) == len(pairs)
    assert all(0 <= s < n for s, _ in pairs)
    assert autapses or all(s != t for s, t in pairs)
    possible = n * n if autapses else n * (n - 1)
    assert abs(len(pairs) - p * possible) <= 5 * np.sqrt(p * (1 - p) * possible)


@pytest.mark.parametrize("p", [0.02, 0.3])
def test_pairwise_bernoulli_is_uniform_and_independent(p):
    n, m = 40, 20_000
    pairs = draw("pairwise_bernoulli", n, np.arange(m), p=p)
    drawn = np.zeros((m, n), dtype=bool)
    drawn[[t for _, t in pairs], [s for s, _ in pairs]] = True
    per_source = drawn.sum(axis=0)
    statistic = ((per_source - p * m) ** 2).sum() / (p * (1 - p) * m)
    assert chi2.sf(statistic, n) > SURE
    assert chi2.cdf(statistic, n) > SURE
    # Neighbours are not drawn together, or apart, more often than by chance.
    both = (drawn[:, 1:] & drawn[:, :-1]).sum()
    cells = m * (n - 1)
    # Overlapping pairs of neighbours share a cell: their variance is that of three in a row.
    variance = cells * (p**2 * (1 - p**2) + 2 * (p**3 - p**4))
    assert abs(both - cells * p**2) < 5 * np.sqrt(variance)


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        ("all_to_all", {}),
        ("one_to_one", {}),
        ("fixed_indegree", {"indegree": 4}),
        ("fixed_indegree", {"indegree": 4, "allow_multapses": False}),
        ("pairwise_bernoulli", {"p": 0.2}),
    ],
)
@pytest.mark.parametrize("same", [True, False])
def test_any_dealing_of_the_targets_draws_the_same(rule, parameters, same):
    n = 30
    flags = {"allow_autapses": False} | parameters
    whole = draw(rule, n, np.arange(n), same, **flags)
    rng = np.random.default_rng(1)
    for parts in (2, 3, 7, 29):
        owner = rng.integers(parts, size=n)
        dealt = [
            pair
            for part in range(parts)
            for pair in draw(rule, n, np.flatnonzero(owner == part), same, **flags)
        ]
        assert Counter(dealt) == Counter(whole)


def test_connections_differ_from_each_other():
    net = Network(seed=1)
    a = net.create("iaf_psc_exp", 50)
    b = net.create("iaf_psc_exp", 50)
    net.synapse_type("s", weight=1.0, delay=1.0)
    net.synapse_type("t", weight=1.0, delay=1.0)
    for name in ("s", "t"):
        net.connect(a, b, name, "fixed_indegree", indegree=5)
    simulation = Simulation(net, Ranks())
    s, t = simulation.synapses("s"), simulation.synapses("t")
    assert len(s["source"]) == len(t["source"]) == 250
    assert s["source"].tobytes() != t["source"].tobytes()
    assert set(s["source"]) <= set(a.ids)
    assert set(s["target"]) == set(b.ids)


@pytest.mark.parametrize("rule", ["fixed_indegree", "pairwise_bernoulli", "all_to_all"])
def test_autapses_are_of_the_neuron_itself(rule):
    net = Network(seed=1)
    net.create("iaf_psc_exp", 3)
    a = net.create("iaf_psc_exp", 9)
    net.synapse_type("s", weight=1.0, delay=1.0)
    parameters = {"fixed_indegree": {"indegree": 20}, "pairwise_bernoulli": {"p": 0.9}}
    net.connect(a, a, "s", rule, allow_autapses=False, **parameters.get(rule, {}))
    synapses = Simulation(net, Ranks()).synapses("s")
    assert len(synapses["source"]) > 50
    assert (synapses["source"] != synapses["target"]).all()
