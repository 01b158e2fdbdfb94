"""Positions: where neurons are, in Python, in TOML and in what a run leaves behind."""

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.stats import kstest

from distsp import Experiment, Network, Simulation, load_results, write_sonata
from distsp.base.errors import InputError
from distsp.cli.run import main
from distsp.network.description import describe
from distsp.results.write import write_results

ELEMENTS = {name: {"curve": "linear", "growth_rate": 0.0, "eps": 1.0, "z": 3.0} for name in "ab"}
SHEET = """
name = "sheet"
duration = 5.0
update_interval = 2.0
[populations.E]
model = "iaf_psc_alpha"
size = 12
positions = { positions = "uniform", extent = [2.0, 1.0], periodic = true }
elements.a = { curve = "linear", growth_rate = 0.1, eps = 1.0, z = 3.0 }
elements.b = { curve = "linear", growth_rate = 0.1, eps = 1.0, z = 3.0 }
[populations.G]
model = "iaf_psc_alpha"
size = 2
positions = { positions = "given", x = [0.0, 1.5], y = [1.0, 0.25], z = [0.0, 7.0] }
[populations.N]
model = "iaf_psc_alpha"
size = 3
[synapse_types.s]
weight = 1.0
delay = 1.0
pre = "a"
post = "b"
kernel = { kernel = "exponential", beta = 0.3, max_distance = 0.9 }
[synapse_types.t]
weight = 1.0
delay = 1.0
[[connections]]
source = "E"
target = "E"
synapse = "t"
rule = { rule = "pairwise_bernoulli", p = 0.5, kernel = { kernel = "gaussian", std = 0.5 } }
"""


def test_a_grid_fills_the_extent_evenly():
    net = Network()
    flat = net.create("iaf_psc_alpha", 50, positions={"positions": "grid", "extent": [2.0, 1.0]})
    xs, ys = (np.unique(flat.position[:, axis]) for axis in (0, 1))
    np.testing.assert_allclose(xs, 0.1 + 0.2 * np.arange(10))
    np.testing.assert_allclose(ys, 0.1 + 0.2 * np.arange(5))
    assert len(np.unique(flat.position, axis=0)) == 50
    shape = {"positions": "grid", "extent": [1.0, 1.0, 1.0], "shape": [1, 2, 3]}
    deep = net.create("iaf_psc_alpha", 6, positions=shape)
    np.testing.assert_allclose(deep.position[4], [0.5, 0.75, 0.5])
    odd = net.create("iaf_psc_alpha", 7, positions={"positions": "grid", "extent": [1.0, 1.0]})
    assert len(np.unique(odd.position, axis=0)) == 7


def test_uniform_positions_belong_to_the_neuron():
    uniform = {"positions": "uniform", "extent": [2.0, 1.0, 0.5]}
    net, other = Network(seed=4), Network(seed=4)
    a = net.create("iaf_psc_alpha", 3000, name="A", positions=uniform)
    other.create("iaf_psc_alpha", 1000, positions=uniform)
    b = other.create("iaf_psc_alpha", 2000, name="B", positions=uniform)
    np.testing.assert_array_equal(a[1000:].position, b.position)
    np.testing.assert_array_equal((a[5:9] + a[[2000]]).position, a.position[[5, 6, 7, 8, 2000]])
    for axis, extent in enumerate(uniform["extent"]):
        assert kstest(a.position[:, axis] / extent, "uniform").pvalue > 1e-6


def test_an_array_has_a_row_for_each_neuron():
    rows = np.array([[0.0, -3.0], [1e6, 2.5], [0.5, 0.5]])
    population = Network().create("iaf_psc_alpha", 3, positions=rows)
    np.testing.assert_array_equal(population.position, rows)


UNIFORM = {"positions": "uniform", "extent": [1.0, 1.0]}
WRONG = {
    "shape (3,) must": np.zeros(3),
    "shape (3, 4) must": np.zeros((3, 4)),
    "shape () must": [["a", "b"]] * 3,
    "x: has 4 values, but must have 3": np.zeros((4, 2)),
    "must be numbers, all of them finite": np.full((3, 2), np.nan),
    "must be a table": "grid",
    "did you mean uniform": UNIFORM | {"positions": "unifrom"},
    "positions.positions: is missing": {"extent": [1.0, 1.0]},
    "extent: is missing": {"positions": "grid"},
    "extent: [1.0] must have at least 2": UNIFORM | {"extent": [1.0]},
    "extent.1: 0.0 must be greater than 0": UNIFORM | {"extent": [1.0, 0.0]},
    "extent.0: nan must be a finite": UNIFORM | {"extent": [np.nan, 1.0]},
    "extent.0: 1e+200 must be from 1e-100 to 1e+100": UNIFORM | {"extent": [1e200, 1.0]},
    "x, 1.5, must be from 0 to 1": {
        "positions": "given",
        "x": [0.0, 1.5, 1.0],
        "y": [0.0, 0.0, 0.0],
        "extent": [1.0, 1.0],
    },
    "must have 3 entries, one for each axis": {
        **{"positions": "given", "extent": [1.0, 1.0]},
        **{axis: [0.0, 0.0, 0.0] for axis in "xyz"},
    },
    "periodic edges need an extent": {
        **{"positions": "given", "periodic": True},
        **{axis: [0.0, 0.0, 0.0] for axis in "xy"},
    },
    "shape: [2, 2] has 4 cells, but must have 3": UNIFORM | {"positions": "grid", "shape": [2, 2]},
    "shape: [3] must have at least 2": UNIFORM | {"positions": "grid", "shape": [3]},
    "shape: [3, 1, 1] must have 2": UNIFORM | {"positions": "grid", "shape": [3, 1, 1]},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_positions_are_refused_in_a_line(message):
    with pytest.raises(InputError) as refused:
        Network().create("iaf_psc_alpha", 3, name="E", positions=WRONG[message])
    told = str(refused.value)
    assert told.startswith("populations.E.positions")
    assert message in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ({"kernel": "gaussian", "std": 0.0}, "kernel.std: 0.0 must be greater than 0"),
        ({"kernel": "gaussian", "std": np.nan}, "kernel.std: nan must be a finite number"),
        ({"kernel": "gaussian", "std": 1e-200}, "kernel.std: 1e-200 must be from"),
        ({"kernel": "gaussian", "std": 1.0, "beta": 1.0}, "kernel.beta: there is no such key"),
        ({"kernel": "exponential"}, "kernel.beta: is missing"),
        ({"kernel": "linear", "std": 1.0}, "must be one of exponential, gaussian"),
        ({"std": 1.0}, "kernel.kernel: is missing"),
        (0.5, "kernel: 0.5 must be a table"),
        ({"kernel": "gaussian", "std": 1.0, "max_distance": -1.0}, "max_distance: -1.0 must be"),
    ],
)
def test_wrong_kernels_are_refused_in_a_line(kernel, message):
    net = Network()
    net.create("iaf_psc_alpha", 3, elements=ELEMENTS, positions=UNIFORM)
    with pytest.raises(InputError) as refused:
        net.synapse_type("s", weight=1.0, delay=1.0, pre="a", post="b", kernel=kernel)
    assert str(refused.value).startswith("synapse_types.s.kernel")
    assert message in str(refused.value)


def test_a_kernel_needs_all_neurons_in_one_space():
    net = Network()
    kernel = {"kernel": "gaussian", "std": 0.1}
    net.create("iaf_psc_alpha", 3, name="A", elements=ELEMENTS, positions=UNIFORM)
    with pytest.raises(InputError, match="kernel: is for plastic types"):
        net.synapse_type("s", weight=1.0, delay=1.0, kernel=kernel)
    net.synapse_type("s", weight=1.0, delay=1.0, pre="a", post="b", kernel=kernel)
    for positions, wrong in (
        (None, "synapse_types.s.kernel: needs positions of the neurons; populations.B has none"),
        (UNIFORM | {"extent": [1.0] * 3}, "populations.B.positions.dimensions: 3 must be 2"),
        (UNIFORM | {"periodic": True}, "populations.B.positions.periodic: True must be False"),
    ):
        with pytest.raises(InputError, match=wrong):
            net.create("iaf_psc_alpha", 3, name="B", elements=ELEMENTS, positions=positions)
        assert list(net.populations) == ["A"]
    net.create("iaf_psc_alpha", 3, name="B", elements=ELEMENTS, positions=np.zeros((3, 2)))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory) -> tuple[Experiment, Path]:
    """An experiment with places that has been run, and the folder of its results."""
    folder = tmp_path_factory.mktemp("sheet")
    experiment = Experiment.from_toml(SHEET)
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return experiment, folder


def test_toml_has_positions_and_kernels(sheet):
    again = Experiment.from_toml(sheet[0].to_toml())
    assert again.to_toml() == sheet[0].to_toml()
    assert describe(again.build()) == describe(sheet[0].build())
    for old, new in (("beta = 0.3", "beta = 0.4"), ("2.0, 1.0", "2.0, 1.1"), ("1.5]", "1.4]")):
        assert describe(Experiment.from_toml(SHEET.replace(old, new)).build()) != describe(
            again.build()
        )
    plain = Experiment.bundled("structural_plasticity").to_toml()
    assert "kernel =" not in plain
    assert "positions =" not in plain


def test_results_have_positions(sheet):
    experiment, folder = sheet
    net, results = experiment.build(), load_results(folder)
    for name in "EG":
        position = results.neurons[name]["position"]
        np.testing.assert_array_equal(position, net.populations[name].position)
    assert "position" not in results.neurons["N"]
    with h5py.File(folder / "results.h5") as file:
        assert file["neurons/E/position"].attrs["unit"] == "1"
    frame = results.frame("neurons")
    np.testing.assert_array_equal(frame["y"][:12], net.populations["E"].position[:, 1])
    assert frame["z"][12:14].tolist() == [0.0, 7.0]
    assert frame["x"][14:].isna().all()
    synapses = results.synapses["s"]
    ends = [net.populations["E"].position[synapses[side]] for side in ("source", "target")]
    way = np.abs(ends[0] - ends[1])
    way = np.minimum(way, np.array([2.0, 1.0]) - way)
    assert len(way) > 0
    assert np.hypot(*way.T).max() <= 0.9


def test_sonata_has_positions(sheet, tmp_path):
    write_sonata(load_results(sheet[1]), tmp_path / "sonata")
    net = sheet[0].build()
    with h5py.File(tmp_path / "sonata" / "nodes.h5") as file:
        group = file["nodes/sheet/0"]
        np.testing.assert_array_equal(group["x"][:12], net.populations["E"].position[:, 0])
        assert group["z"][:14].tolist() == [0.0] * 13 + [7.0]
        assert np.isnan(group["y"][14:]).all()
    with (tmp_path / "sonata" / "node_types.csv").open() as file:
        assert len(list(csv.reader(file))) == 4


def test_a_run_goes_on_to_the_bits_of_one_without_a_stop(tmp_path):
    whole = Simulation(Experiment.from_toml(SHEET).build())
    whole.run(9.0)
    first = Simulation(Experiment.from_toml(SHEET).build())
    first.run(3.3)
    first.save(tmp_path)
    other = Experiment.from_toml(SHEET.replace("beta = 0.3", "beta = 0.4")).build()
    with pytest.raises(InputError, match=r"synapse_types\.s\.kernel\.beta"):
        Simulation.load(tmp_path, other)
    second = Simulation.load(tmp_path, Experiment.from_toml(SHEET).build())
    second.run(5.7)
    for name in ("s", "t"):
        for key, values in whole.synapses(name).items():
            np.testing.assert_array_equal(second.synapses(name)[key], values)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('positions = { positions = "uniform", extent', "# ", "needs positions of the neurons"),
        ("beta = 0.3", "beta = 0.0", "synapse_types.s.kernel.beta: 0.0 must be greater than 0"),
        ("beta = 0.3", "beta = nan", "synapse_types.s.kernel.beta: nan must be a finite number"),
        ("std = 0.5", "std = -1.0", "std: -1.0 must be greater than 0"),
        ("[2.0, 1.0]", "[2.0]", "populations.E.positions.extent: [2.0] must have at least 2"),
        ("x = [0.0, 1.5]", "x = [0.0]", "populations.G.positions.x: has 1 values"),
    ],
)
def test_the_command_line_refuses_in_a_line(tmp_path, capsys, old, new, message):
    path = tmp_path / "sheet.toml"
    path.write_text(SHEET.replace(old, new))
    code = main([str(path), "--show"])
    told = capsys.readouterr().err
    assert code == 2
    assert message in told
    assert told.count("\n") == 1
