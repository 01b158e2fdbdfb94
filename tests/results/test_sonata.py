"""SONATA: what libsonata reads is what the run has left."""

import csv
import json
from pathlib import Path

import h5py
import libsonata
import numpy as np
import pytest

from distsp import load_results, write_sonata
from distsp.base.errors import InputError
from distsp.cli.run import main
from distsp.results import sonata


@pytest.fixture
def written(wired, tmp_path: Path, monkeypatch) -> Path:
    """The SONATA files of `wired`, their edges copied and indexed in many small pieces."""
    monkeypatch.setattr(sonata, "EDGES_TOGETHER", 7)
    monkeypatch.setattr(sonata, "RANGES_TOGETHER", 5)
    write_sonata(load_results(wired[1]), tmp_path / "new" / "sonata")
    return tmp_path / "new" / "sonata"


def test_nodes(written: Path) -> None:
    nodes = libsonata.NodeStorage(written / "nodes.h5").open_population("wired")
    assert nodes.size == 23
    every = nodes.select_all()
    assert [*nodes.get_attribute("pop_name", every)] == 20 * ["E"] + 3 * ["A"]
    assert [*nodes.get_attribute("model_type", every)] == 23 * ["point_neuron"]
    models = 20 * ["nest:iaf_psc_alpha"] + 3 * ["nest:iaf_psc_delta"]
    assert [*nodes.get_attribute("model_template", every)] == models


def test_edges(wired, written: Path) -> None:
    storage = libsonata.EdgeStorage(written / "edges.h5")
    assert storage.population_names == {"plastic", "unused", "drawn"}
    for name in storage.population_names:
        edges, synapses = storage.open_population(name), wired[0].synapses(name)
        assert (edges.source, edges.target) == ("wired", "wired")
        assert edges.size == len(synapses["source"])
        every = libsonata.Selection(np.arange(edges.size))
        np.testing.assert_array_equal(edges.source_nodes(every), synapses["source"])
        np.testing.assert_array_equal(edges.target_nodes(every), synapses["target"])
        for attribute, key in (("syn_weight", "weight"), ("delay", "delay")):
            assert edges.get_attribute(attribute, every).dtype == np.float64
            np.testing.assert_array_equal(edges.get_attribute(attribute, every), synapses[key])
        for node in range(23):
            efferent = edges.efferent_edges([node]).flatten()
            np.testing.assert_array_equal(efferent, np.flatnonzero(synapses["source"] == node))
            afferent = edges.afferent_edges([node]).flatten()
            np.testing.assert_array_equal(afferent, np.flatnonzero(synapses["target"] == node))
    assert storage.open_population("plastic").size > 0


def test_multapses_are_edges_each(written: Path) -> None:
    edges = libsonata.EdgeStorage(written / "edges.h5").open_population("drawn")
    assert edges.size == 90  # 30 onto each of 3 neurons, from only 20
    assert edges.afferent_edges([21]).flat_size == 30
    sources = edges.source_nodes(edges.afferent_edges([21]))
    source = np.bincount(sources).argmax()
    pair = edges.connecting_edges([source], [21])
    assert pair.flat_size > 1
    assert len(np.unique(edges.get_attribute("syn_weight", pair))) == pair.flat_size


def test_spikes(wired, written: Path) -> None:
    simulation, _ = wired
    spikes = libsonata.SpikeReader(written / "spikes.h5")["wired"]
    assert spikes.sorting == "by_time"
    times, ids = simulation.spikes(simulation.network.populations["E"])
    assert len(times) > 0
    assert spikes.get() == [*zip(ids, times, strict=True)]
    with h5py.File(written / "spikes.h5") as file:
        assert file["spikes/wired/timestamps"].attrs["units"] == "ms"


def test_configuration_names_all(written: Path) -> None:
    simulation = libsonata.SimulationConfig.from_file(written / "simulation_config.json")
    assert (simulation.run.tstop, simulation.run.dt) == (105.0, 0.1)
    circuit = libsonata.CircuitConfig.from_file(simulation.network)
    assert circuit.config_status == libsonata.CircuitConfigStatus.complete
    assert circuit.node_population("wired").size == 23
    assert circuit.edge_population("drawn").size == 90
    sets = libsonata.NodeSets.from_file(circuit.node_sets_path)
    assert sets.materialize("A", circuit.node_population("wired")).flatten().tolist() == [
        20,
        21,
        22,
    ]
    for name in ("nodes.h5", "edges.h5", "spikes.h5"):
        with h5py.File(written / name) as file:
            assert file.attrs["magic"] == 0x0A7A
            assert file.attrs["version"].tolist() == [0, 1]


def test_types_say_what_the_ids_stand_for(written: Path) -> None:
    def table(name: str) -> list[dict[str, str]]:
        with (written / name).open(newline="") as file:
            return [*csv.DictReader(file, delimiter=" ")]

    nodes, edges = table("node_types.csv"), table("edge_types.csv")
    assert [row["pop_name"] for row in nodes] == ["E", "A"]
    assert [row["population"] for row in nodes] == ["wired", "wired"]
    assert [row["population"] for row in edges] == ["plastic", "unused", "drawn"]
    assert {row["syn_weight_unit"] for row in edges} == {"pA, for targets of iaf_psc_delta mV"}
    with h5py.File(written / "nodes.h5") as file:
        types = file["nodes/wired/node_type_id"][:]
        assert [nodes[i]["node_type_id"] for i in types] == 20 * ["0"] + 3 * ["1"]
    with h5py.File(written / "edges.h5") as file:
        for row in edges:
            types = file[f"edges/{row['population']}/edge_type_id"][:]
            assert np.all(types == int(row["edge_type_id"]))
    parameters = json.loads((written / "parameters" / nodes[0]["dynamics_params"]).read_text())
    assert (parameters["I_e"], parameters["tau_m"]) == (450.0, 10.0)


def test_before_the_end(wired, tmp_path: Path) -> None:
    with h5py.File(wired[1] / "results.h5") as whole, h5py.File(tmp_path / "results.h5", "w") as f:
        for name in ("experiment", "recording"):
            whole.copy(name, f)
    with pytest.raises(InputError, match="has no neurons yet, the run has not ended"):
        write_sonata(load_results(tmp_path), tmp_path / "sonata")
    assert not (tmp_path / "sonata").exists()


def test_spikes_of_another_run_do_not_stay(wired, written: Path) -> None:
    results = load_results(wired[1])
    results.__dict__["spikes"] = {}
    write_sonata(results, written)
    assert not (written / "spikes.h5").exists()
    output = json.loads((written / "simulation_config.json").read_text())["output"]
    assert output == {"output_dir": "$BASE_DIR"}


def test_option(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "here"
    run = ["balanced_random", "--scale", "0.2", "--no-figure", "--duration"]
    run += ["20", "--set", "connections=[]", "--sonata", "--output", str(folder)]
    assert main([*run, "--checkpoint-every", "20"]) == 0
    assert f"{folder / 'sonata'}\n" in capsys.readouterr().out
    before = n_spikes(folder)
    assert before > 0
    resume = ["--resume", str(folder), "--no-figure", "--quiet", "--duration"]
    assert main([*resume, "40", "--sonata"]) == 0
    assert n_spikes(folder) == sum(len(s["id"]) for s in load_results(folder).spikes.values())
    assert n_spikes(folder) > before
    # What is of another run must not stay.
    assert main([*resume, "60"]) == 0
    assert not (folder / "sonata").exists()


def n_spikes(folder: Path) -> int:
    reader = libsonata.SpikeReader(folder / "sonata" / "spikes.h5")
    return len(reader["balanced_random"].get())
