"""Weights and delays of a connection's own, and what files of edges bring."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.network.description import describe
from distsp.network.network import Network
from distsp.parallel.ranks import Ranks

UNIFORM = {"distribution": "uniform", "low": 2.0, "high": 3.0}


def network(**own):
    net = Network(seed=1)
    a, b = net.create("iaf_psc_exp", 6, name="A"), net.create("iaf_psc_exp", 4, name="B")
    net.synapse_type("s", **({"weight": 1.0, "delay": 1.0} | own))
    return net, a, b


def rows(simulation: Simulation) -> list[tuple[float, ...]]:
    """Return source, target, weight and delay of each synapse."""
    synapses = simulation.synapses("s")
    keys = ("source", "target", "weight", "delay")
    return list(zip(*(np.round(synapses[key], 9).tolist() for key in keys), strict=True))


def test_each_synapse_has_what_the_list_says():
    net, a, b = network()
    lists = {"sources": [3, 0, 3, 3], "targets": np.array([1, 2, 1, 0], dtype=np.uint8)}
    own = {"weight": np.array([4, 3, 2, 1], dtype=np.float32), "delay": [1.0, 0.5, 2.04, 1.26]}
    net.connect(a, b, "s", "explicit", **lists, **own)
    net.connect(a[5], b[3], "s", "all_to_all")
    net.connect(a[4], b[3], "s", "all_to_all", delay=3.0)
    net.connect(a[4], b[2], "s", "all_to_all", weight=-7.0)
    simulation = Simulation(net, Ranks())
    assert rows(simulation) == [
        (0, 8, 3.0, 0.5),
        (3, 6, 1.0, 1.3),
        (3, 7, 4.0, 1.0),
        (3, 7, 2.0, 2.0),
        (4, 8, -7.0, 1.0),
        (4, 9, 1.0, 3.0),
        (5, 9, 1.0, 1.0),
    ]
    # The shortest delay of all connections is the slice, the longest one the ring.
    assert simulation._slice_steps() == 5
    assert simulation.state.arrays.due_weights.shape[1] == 30


def test_a_spike_arrives_when_and_with_what_its_synapse_says():
    net = Network(resolution=0.1, seed=1)
    a = net.create("iaf_psc_delta", 1, name="A", I_e=900.0)
    b = net.create("iaf_psc_delta", 3, name="B")
    net.synapse_type("s", weight=1.0, delay=1.0)
    own = {"weight": [0.5, -0.25, 0.125], "delay": [0.1, 1.7, 4.0]}
    net.connect(a, b, "s", "explicit", sources=[0, 0, 0], targets=[0, 1, 2], **own)
    simulation = Simulation(net, Ranks())
    while a.spike_count[0] == 0:
        simulation.run(0.1)
    fired, rest, steps = simulation.step, b.V_m.copy(), {}
    for _ in range(45):
        simulation.run(0.1)
        for i in np.flatnonzero(b.V_m != rest):
            steps.setdefault(int(i), (simulation.step - fired, (b.V_m - rest)[i]))
    assert {i: step for i, (step, _) in steps.items()} == {0: 1, 1: 17, 2: 40}
    assert [steps[i][1] for i in range(3)] == pytest.approx([0.5, -0.25, 0.125])


def test_distributions_of_a_connection():
    net, a, b = network(weight=UNIFORM, delay=UNIFORM)
    net.connect(a[:3], b, "s", "all_to_all")
    wide = {"distribution": "uniform", "low": 10.0, "high": 11.0}
    net.connect(a[3:], b, "s", "all_to_all", weight=wide, delay=UNIFORM | {"low": 0.1})
    synapses = Simulation(net, Ranks()).synapses("s")
    types = synapses["source"] < 3
    assert ((synapses["weight"][types] > 2.0) & (synapses["weight"][types] < 3.0)).all()
    assert ((synapses["weight"][~types] > 10.0) & (synapses["weight"][~types] < 11.0)).all()
    # The type's own delays keep within the type's own range.
    assert synapses["delay"][types].min() >= 2.0 - 1e-9
    assert synapses["delay"][~types].min() < 2.0
    assert len(np.unique(synapses["weight"])) == 24


def test_a_list_is_described_by_a_digest():
    descriptions = []
    for weight in ([1.0, 2.0], [1.0, 2.5]):
        net, a, b = network()
        net.connect(a, b, "s", "explicit", sources=[0, 1], targets=[0, 1], weight=weight)
        descriptions.append(describe(net)["connections"][0])
    one, other = descriptions
    assert one["rule"] == other["rule"]
    assert one["rule"]["sources"].startswith("2 numbers ")
    assert one["weight"] != other["weight"]


TEXT = """
name = "wired"
duration = 10.0

[populations.A]
model = "iaf_psc_exp"
size = 6

[synapse_types.s]
weight = 1.0
delay = 1.0

[[connections]]
source = "A"
target = { population = "A", neurons = "0:3" }
synapse = "s"
weight = [0.5, 1]
delay = { distribution = "uniform", low = 1.0, high = 2.0 }
rule = { rule = "explicit", sources = [5, 0], targets = [1, 2] }

[[connections]]
source = "A"
target = "A"
synapse = "s"
rule = { rule = "explicit", sources = [], targets = [] }

[[connections]]
source = "A"
target = "A"
synapse = "s"
weight = -2.0
rule = { rule = "pairwise_poisson", pairwise_avg_num_conns = 0.5 }

[[connections]]
source = "A"
target = "A"
synapse = "s"
rule = { rule = "edges_from_file", path = "PATH" }
"""


def test_as_toml(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("source,target\n1,2\n")
    experiment = Experiment.from_toml(TEXT.replace("PATH", str(path)))
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert experiment.scaled(2.0).changed("connections.0.weight", "[2.0, 3.0]") != experiment
    simulation = Simulation(experiment.build(), Ranks())
    listed = [row for row in rows(simulation) if row[2] > 0]
    assert [row[:3] for row in listed] == [(0, 2, 1.0), (1, 2, 1.0), (5, 1, 0.5)]


def test_a_table_of_edges(tmp_path, monkeypatch):
    monkeypatch.setattr("distsp.network.rules.edges_from_file.EDGES_TOGETHER", 2)
    path = tmp_path / "edges.csv"
    text = "source, target, weight, delay\n5,3,2.5,1.5\n\n0,0,-1,0.5\n5,3,1e1,1.0\n1,2,3,1\n"
    path.write_text(text)
    net, a, b = network()
    net.connect(a, b, "s", "edges_from_file", path=str(path))
    assert net.connections[0].rule.expected(6, 4) == 4
    simulation = Simulation(net, Ranks())
    edges = [(0, 6, -1.0, 0.5), (1, 8, 3.0, 1.0), (5, 9, 2.5, 1.5), (5, 9, 10.0, 1.0)]
    assert rows(simulation) == edges
    assert simulation._slice_steps() == 5


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("source,target", (1.0, 1.0)),
        ("source,target,weight", (2.0, 1.0)),
        ("source,target,delay", (1.0, 2.0)),
    ],
)
def test_a_table_with_fewer_columns(tmp_path, columns, expected):
    path = tmp_path / "edges.csv"
    path.write_text(columns + "\n" + ("1,2,2" if columns.count(",") == 2 else "1,2"))
    net, a, b = network()
    net.connect(a, b, "s", "edges_from_file", path=str(path))
    row = rows(Simulation(net, Ranks()))[0]
    assert row == (1, 8, *expected)


def sonata(path: Path, index: list[int] | None = None, **columns: object) -> None:
    """Write edges of SONATA: a population for each of `columns`."""
    with h5py.File(path, "w") as file:
        for name, (sources, targets, weights, delays) in columns.items():
            group = file.create_group(f"edges/{name}")
            group["source_node_id"] = np.array(sources, np.uint64)
            group["target_node_id"] = np.array(targets, np.uint64)
            group["edge_group_id"] = np.zeros(len(sources), np.uint64)
            group["edge_group_index"] = np.array(index or range(len(sources)), np.uint64)
            if weights is not None:
                group["0/syn_weight"], group["0/delay"] = weights, delays


def test_edges_of_sonata(tmp_path):
    path = tmp_path / "edges.h5"
    sonata(path, one=([5, 0], [3, 1], None, None), two=([4, 2], [3, 1], [2.0, 4.0], [1.5, 2.5]))
    net, a, b = network()
    net.connect(a, b, "s", "edges_from_file", path=str(path), population="one")
    net.connect(a, b, "s", "edges_from_file", path=str(path), population="two")
    net.connect(a, b, "s", "edges_from_file", path=str(path), population="two", weight=9.0)
    expected = [(0, 7, 1.0, 1.0), (2, 7, 4.0, 2.5), (2, 7, 9.0, 2.5)]
    expected += [(4, 9, 2.0, 1.5), (4, 9, 9.0, 1.5), (5, 9, 1.0, 1.0)]
    assert rows(Simulation(net, Ranks())) == expected


def test_edges_of_sonata_with_an_index(tmp_path):
    path = tmp_path / "edges.h5"
    sonata(path, [2, 0, 1], one=([0, 1, 2], [0, 1, 2], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]))
    net, a, b = network()
    net.connect(a, b, "s", "edges_from_file", path=str(path))
    expected = [(0, 6, 3.0, 3.0), (1, 7, 1.0, 1.0), (2, 8, 2.0, 2.0)]
    assert rows(Simulation(net, Ranks())) == expected


FILES = [
    ("source;target\n", "path: the first line of {path} must be source,target with weight, delay"),
    ("", "path: the first line of {path} must be source,target with weight, delay or both"),
    ("source,target\n1\n", "path: {path}, lines 2 to 2: "),
    ("source,target\n1,x\n", "path: {path}, lines 2 to 2: could not convert string 'x' to int64"),
    ("source,target\n0,4\n", "path: {path}, target: 4 must be from 0 to 3"),
    ("source,target\n-1,0\n", "path: {path}, source: -1 must be from 0 to 5"),
    ("source,target,weight\n1,0,nan\n", "path: '{path}' has a weight that is not finite"),
]


@pytest.mark.parametrize(("text", "words"), FILES, ids=[words for _, words in FILES])
def test_wrong_tables(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    Path("edges.csv").write_text(text)
    net, a, b = network()
    with pytest.raises(InputError) as error:
        net.connect(a, b, "s", "edges_from_file", path="edges.csv")
    right = words.format(path="edges.csv")
    assert str(error.value).startswith(f"connections.0.rule.{right}")
    assert "\n" not in str(error.value)
    assert net.connections == ()


def test_wrong_sonata(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sonata(Path("two.h5"), one=([0], [0], None, None), two=([0], [0], None, None))
    h5py.File("none.h5", "w").close()
    Path("edges.csv").write_text("source,target\n")
    wrong = [
        ({"path": "two.h5"}, "population: is missing; it must be one of one, two"),
        ({"path": "two.h5", "population": "x"}, "population: 'x' must be one of one, two"),
        ({"path": "none.h5"}, "path: 'none.h5' has no edges of SONATA"),
        ({"path": "edges.csv", "population": "x"}, "population: 'x' is of a SONATA file, but"),
    ]
    net, a, b = network()
    for values, words in wrong:
        with pytest.raises(InputError) as error:
            net.connect(a, b, "s", "edges_from_file", **values)
        assert str(error.value).startswith(f"connections.0.rule.{words}")
    net.connect(a, b, "s", "edges_from_file", path="edges.csv")
    assert rows(Simulation(net, Ranks())) == []


HUGE = {
    "fixed_outdegree": {"outdegree": 2**31 - 1},
    "fixed_total_number": {"N": 2**45},
    "pairwise_bernoulli": {"p": 1.0},
    "pairwise_poisson": {"pairwise_avg_num_conns": 1.0},
}


@pytest.mark.parametrize("rule", HUGE)
def test_what_does_not_fit_into_memory_is_refused_before_it_is_drawn(rule):
    net = Network()
    a = net.create("iaf_psc_delta", 5_000_000)
    net.synapse_type("s", weight=1.0, delay=0.1)
    net.connect(a, a, "s", rule, **HUGE[rule])
    with pytest.raises(InputError, match="neurons, their synapses and delays need at least"):
        Simulation(net, Ranks())
