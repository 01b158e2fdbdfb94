"""Connection rules: what they draw, how likely, and that the ranks do not matter."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2, poisson

from distsp.base.errors import InputError
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


@pytest.mark.parametrize(("autapses", "multapses"), FLAGS)
@pytest.mark.parametrize("same", [True, False])
def test_fixed_outdegree(same, autapses, multapses):
    n, outdegree = 12, 5
    flags = {"allow_autapses": autapses, "allow_multapses": multapses}
    pairs = draw("fixed_outdegree", n, np.arange(n), same, outdegree=outdegree, **flags)
    assert Counter(s for s, _ in pairs) == dict.fromkeys(range(n), outdegree)
    assert all(0 <= t < n for _, t in pairs)
    assert any(s == t for s, t in pairs) == (autapses or not same)
    assert (len(set(pairs)) < len(pairs)) == multapses


@pytest.mark.parametrize("outdegree", [0, 1, 7, 8])
def test_fixed_outdegree_up_to_every_target(outdegree):
    targets = np.arange(8)
    pairs = draw("fixed_outdegree", 8, targets, outdegree=outdegree, allow_multapses=False)
    assert len(set(pairs)) == len(pairs) == 8 * outdegree


@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_outdegree_is_uniform(multapses):
    n, m = 20_000, 10
    sources, targets = np.arange(n), n + np.arange(m)
    rule = Rule.members["fixed_outdegree"](outdegree=2, allow_multapses=multapses)
    drawn = rule.draw(KEY, Ends(sources, targets))
    assert drawn.sources.tolist() == np.repeat(sources, 2).tolist()
    first, second = drawn.targets[::2], drawn.targets[1::2]
    found = np.bincount(first * m + second, minlength=m * m).reshape(m, m)
    if not multapses:
        assert (np.diag(found) == 0).all()
    assert uniform(found[~np.eye(m, dtype=bool)] if not multapses else found.ravel())


@pytest.mark.parametrize(("autapses", "multapses"), FLAGS)
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("N", [0, 1, 56])
def test_fixed_total_number(N, same, autapses, multapses):
    flags = {"allow_autapses": autapses, "allow_multapses": multapses}
    pairs = draw("fixed_total_number", 8, np.arange(8), same, N=N, **flags)
    assert len(pairs) == N
    assert all(0 <= s < 8 and 0 <= t < 8 for s, t in pairs)
    if N == 56:  # of 64 pairs, 8 of them autapses
        assert any(s == t for s, t in pairs) == (autapses or not same)
        assert (len(set(pairs)) < len(pairs)) == multapses


def test_fixed_total_number_of_every_pair():
    pairs = draw("fixed_total_number", 30, np.arange(30), N=900, allow_multapses=False)
    assert len(set(pairs)) == 900


@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_total_number_is_uniform(multapses):
    found = Counter()
    rule = Rule.members["fixed_total_number"](N=2, allow_multapses=multapses)
    ends = Ends(np.arange(3), np.arange(3, 6))
    for index in range(20_000):
        drawn = rule.draw(stream_key(11, Purpose.CONNECTION, index), ends)
        first, second = (drawn.sources * 3 + drawn.targets).tolist()
        found[first, second] += 1
    allowed = [(a, b) for a in range(9) for b in range(9) if multapses or a != b]
    assert set(found) == set(allowed)
    assert uniform(np.array([found[pair] for pair in allowed]))


@pytest.mark.parametrize("mean", [0.0, 1e-3, 0.3, 1.0, 7.5])
@pytest.mark.parametrize("autapses", [True, False])
def test_pairwise_poisson(mean, autapses):
    n = 200
    parameters = {"pairwise_avg_num_conns": mean, "allow_autapses": autapses}
    pairs = draw("pairwise_poisson", n, np.arange(n), same=True, **parameters)
    assert all(0 <= s < n for s, _ in pairs)
    assert autapses or all(s != t for s, t in pairs)
    possible = n * n if autapses else n * (n - 1)
    assert abs(len(pairs) - mean * possible) <= 5 * np.sqrt(mean * possible)


@pytest.mark.parametrize("mean", [0.05, 0.8, 3.0])
def test_pairwise_poisson_is_poisson_and_independent(mean):
    n, m = 20, 10_000
    pairs = np.array(draw("pairwise_poisson", n, np.arange(m), pairwise_avg_num_conns=mean))
    counts = np.bincount(pairs[:, 1] * n + pairs[:, 0], minlength=m * n).reshape(m, n)
    k = np.arange(int(poisson.isf(1e-4, mean)) + 1)
    expected = np.append(poisson.pmf(k[:-1], mean), poisson.sf(k[-2], mean)) * m * n
    found = np.bincount(np.minimum(counts, k[-1]).ravel(), minlength=len(k))
    assert chi2.sf(((found - expected) ** 2 / expected).sum(), len(k) - 1) > SURE
    assert uniform(counts.sum(axis=0))
    # Neighbours know nothing of each other.
    product = ((counts[:, 1:] - mean) * (counts[:, :-1] - mean)).sum()
    assert abs(product) < 5 * mean * np.sqrt(m * (n - 1))


def test_explicit():
    sources, targets = [4, 0, 4, 4], [2, 1, 2, 0]
    rule = Rule.members["explicit"](sources=sources, targets=targets)
    ids = np.arange(5)
    drawn = rule.draw(KEY, Ends(ids, ids))
    assert (drawn.sources.tolist(), drawn.targets.tolist()) == (sources, targets)
    here = np.array([False, True, True, False, False])
    drawn = rule.draw(KEY, Ends(ids, ids, here))
    assert (drawn.sources.tolist(), drawn.targets.tolist()) == ([4, 0, 4], [2, 1, 2])
    assert drawn.which is not None
    assert drawn.which.tolist() == [0, 1, 2]


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
        ("fixed_outdegree", {"outdegree": 4}),
        ("fixed_outdegree", {"outdegree": 4, "allow_multapses": False}),
        ("fixed_total_number", {"N": 300}),
        ("fixed_total_number", {"N": 300, "allow_multapses": False}),
        ("pairwise_bernoulli", {"p": 0.2}),
        ("pairwise_poisson", {"pairwise_avg_num_conns": 0.2}),
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


PARAMETERS = {
    "all_to_all": {},
    "fixed_indegree": {"indegree": 5},
    "fixed_outdegree": {"outdegree": 5},
    "fixed_total_number": {"N": 40},
    "pairwise_bernoulli": {"p": 0.9},
    "pairwise_poisson": {"pairwise_avg_num_conns": 0.9},
}


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("rule", PARAMETERS)
def test_parts_that_overlap(rule, multapses):
    if rule == "pairwise_poisson" and not multapses:
        pytest.skip("pairwise_poisson means several synapses of a pair: it cannot be told not to")
    net = Network(seed=1)
    a, b = net.create("iaf_psc_exp", 12), net.create("iaf_psc_exp", 7)
    net.synapse_type("s", weight=1.0, delay=1.0)
    source, target = a[::2], a[[2, 3, 4, 8, 9]] + b[:3]
    flags = {"allow_autapses": False, "allow_multapses": multapses}
    net.connect(source, target, "s", rule, **flags, **PARAMETERS[rule])
    synapses = Simulation(net, Ranks()).synapses("s")
    assert set(synapses["source"]) <= set(source.ids)
    assert set(synapses["target"]) <= set(target.ids)
    assert (synapses["source"] != synapses["target"]).all()
    pairs = set(zip(synapses["source"], synapses["target"], strict=True))
    assert len(pairs) > 20
    once = rule in ("all_to_all", "pairwise_bernoulli") or not multapses
    assert (len(pairs) == len(synapses["source"])) == once


@pytest.mark.parametrize("rule", ["fixed_indegree", "fixed_outdegree"])
def test_a_neuron_that_has_only_itself_is_refused(rule):
    net = Network()
    a = net.create("iaf_psc_exp", 3)
    net.synapse_type("s", weight=1.0, delay=1.0)
    ends = (a[0], a) if rule == "fixed_indegree" else (a, a[0])
    with pytest.raises(InputError, match=r"connections.0.rule: there is no \w+ to draw from"):
        net.connect(*ends, "s", rule, allow_autapses=False, **{rule.removeprefix("fixed_"): 1})


WRONG = [
    ("fixed_outdegree", {}, "rule.outdegree: is missing"),
    ("fixed_outdegree", {"outdegree": -1}, "rule.outdegree: -1 must be greater than or equal"),
    (
        "fixed_outdegree",
        {"outdegree": 6, "allow_multapses": False},
        "rule.outdegree: 6 must be at most the number of targets, 5, without multapses",
    ),
    ("fixed_total_number", {"N": 1.5}, "rule.N: 1.5 must be a valid integer"),
    (
        "fixed_total_number",
        {"N": 16, "allow_multapses": False},
        "rule.N: 16 must be at most the number of pairs, 15, without multapses",
    ),
    ("pairwise_poisson", {}, "rule.pairwise_avg_num_conns: is missing"),
    (
        "pairwise_poisson",
        {"pairwise_avg_num_conns": -0.5},
        "rule.pairwise_avg_num_conns: -0.5 must be greater than or equal to 0",
    ),
    (
        "pairwise_poisson",
        {"pairwise_avg_num_conns": 0.5, "allow_multapses": False},
        "rule.allow_multapses: False must be True",
    ),
    ("explicit", {"sources": [0]}, "rule.targets: is missing"),
    ("explicit", {"sources": [0], "targets": [5]}, "rule.targets: 5 must be from 0 to 4"),
    ("explicit", {"sources": [-1], "targets": [0]}, "rule.sources: -1 must be from 0 to 2"),
    ("explicit", {"sources": [0, 1], "targets": [0]}, "rule.targets: there are 1, but must be as"),
    ("explicit", {"sources": [0.5], "targets": [0]}, "rule.sources: must be a list of whole num"),
    ("explicit", {"sources": 3, "targets": [0]}, "rule.sources: must be a list of whole numbers"),
    ("explicit", {"sources": [[0]], "targets": [0]}, "rule.sources: must be a list of whole num"),
    (
        "explicit",
        {"sources": [0], "targets": [0], "weight": [1.0, 2.0]},
        "weight: has 2 values, but must have 1, as many as the rule lists",
    ),
    (
        "explicit",
        {"sources": [0], "targets": [0], "weight": [float("nan")]},
        "weight: must be numbers, all of them finite",
    ),
    (
        "explicit",
        {"sources": [0], "targets": [0], "delay": [0.04]},
        "delay: 0.04 ms must be at least 1 step of the resolution",
    ),
    ("all_to_all", {"weight": [1.0]}, "weight: has 1 values, but the rule lists no synapses"),
    ("all_to_all", {"weight": "x"}, "weight: 'x' must be a valid number"),
    ("all_to_all", {"delay": 0.25}, "delay: 0.25 ms must be a whole multiple of the resolution"),
    ("all_to_all", {"delay": -1.0}, "delay: -1.0 ms must not be negative"),
    (
        "all_to_all",
        {"delay": {"distribution": "uniform", "low": 0.0, "high": 1.0}},
        "delay.low: 0.0 ms must be at least 1 step",
    ),
    ("edges_from_file", {}, "rule.path: is missing"),
    ("edges_from_file", {"path": "no.csv"}, "rule.path: 'no.csv' cannot be read: No such file"),
]


@pytest.mark.parametrize(("rule", "values", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_wrong_connections_say_what_is_right_and_change_nothing(rule, values, words):
    net = Network()
    a, b = net.create("iaf_psc_exp", 3), net.create("iaf_psc_exp", 5)
    net.synapse_type("s", weight=1.0, delay=1.0)
    version, spreads = net.version, dict(net.spreads)
    with pytest.raises(InputError) as error:
        net.connect(a, b, "s", rule, **values)
    assert str(error.value).startswith(f"connections.0.{words}")
    assert "\n" not in str(error.value)
    assert (net.connections, net.version, net.spreads) == ((), version, spreads)
