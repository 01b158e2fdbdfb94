"""Results: what a run leaves on disk is what the simulation says."""

import csv
import sys

import h5py
import numpy as np
import pytest

from distsp import Experiment, Simulation, load_results
from distsp.base.errors import InputError
from distsp.network.description import describe
from distsp.results.write import write_results


def test_comes_back(wired) -> None:
    simulation, folder = wired
    results = load_results(folder)
    assert results.ended
    assert results.experiment.name == "wired"
    assert describe(results.experiment.build()) == describe(simulation.network)
    np.testing.assert_array_equal(results.time, 10.0 * np.arange(1, 11))
    recording, populations = simulation.recording, simulation.network.populations
    assert [*results.calcium] == [*results.rate] == ["E", "A"]
    assert [*results.elements] == ["E"]
    for name, population in populations.items():
        np.testing.assert_array_equal(results.calcium[name], recording[f"calcium/{name}"])
        np.testing.assert_array_equal(results.rate[name], recording[f"rate/{name}"])
        np.testing.assert_array_equal(results.neurons[name]["calcium"], population.calcium)
        np.testing.assert_array_equal(results.neurons[name]["spike_count"], population.spike_count)
    excitatory = populations["E"]
    for element in ("den", "axon"):
        for what in ("z", "z_connected"):
            series = results.elements["E"][element][what]
            np.testing.assert_array_equal(series, recording[f"elements/E/{element}/{what}"])
            at_end = results.neurons["E"]["elements"][element][what]
            np.testing.assert_array_equal(at_end, getattr(excitatory, what)(element))
    for name in ("plastic", "unused", "drawn"):
        expected = simulation.synapses(name)
        assert set(results.synapses[name]) == {"source", "target", "weight", "delay"}
        for key, values in expected.items():
            np.testing.assert_array_equal(results.synapses[name][key], values)
        counts = results.synapse_counts[name]
        np.testing.assert_array_equal(counts, recording[f"synapses/{name}"])
        assert results.n_synapses[name] == simulation.synapse_count(name)
    assert results.n_synapses["plastic"] > 0
    assert results.n_synapses["unused"] == 0
    times, ids = simulation.spikes(excitatory)
    assert [*results.spikes] == ["E"]
    assert len(times) > 0
    np.testing.assert_array_equal(results.spikes["E"]["time"], times)
    np.testing.assert_array_equal(results.spikes["E"]["id"], ids)


def test_provenance(wired) -> None:
    provenance = load_results(wired[1]).provenance
    assert provenance["ranks"] == 1
    assert set(provenance["timings"]) == set(wired[0].timings)
    assert provenance["versions"]["numpy"] == np.__version__
    assert len(provenance["hosts"]) == len(provenance["peak_memory"]) == 1
    assert provenance["peak_memory"][0] > 10


def test_every_dataset_has_its_unit_and_description(wired) -> None:
    with h5py.File(wired[1] / "results.h5") as file:
        seen = {}

        def look(name: str, entry: object) -> None:
            if isinstance(entry, h5py.Dataset):
                seen[name] = entry.attrs["unit"], entry.attrs["description"]
                assert all(isinstance(text, str) and text for text in seen[name]), name

        file.visititems(look)
    assert len(seen) > 40
    assert seen["recording/time"] == ("ms", "time of the recording")
    assert seen["spikes/E/time"] == ("ms", "time of the spike")
    assert seen["recording/elements/E/den/z"][0] == "1"
    assert seen["provenance/timings/neurons"][0] == "s"
    assert seen["experiment"] == ("none", "the complete experiment as TOML")


def test_frames(wired) -> None:
    simulation, folder = wired
    results = load_results(folder)
    recording = results.frame("recording")
    assert recording.shape == (10, len(simulation.recording))
    assert [*recording.columns][:4] == ["time", "calcium/E", "calcium/A", "rate/E"]
    for name, values in simulation.recording.items():
        np.testing.assert_array_equal(recording[name], values)
    assert recording.attrs["units"]["rate/E"] == "Hz"
    neurons = results.frame("neurons")
    assert neurons.id.tolist() == [*range(23)]
    assert neurons.population.tolist() == 20 * ["E"] + 3 * ["A"]
    excitatory = simulation.network.populations["E"]
    np.testing.assert_array_equal(neurons["elements/den/z"][:20], excitatory.z("den"))
    assert neurons["elements/den/z"][20:].isna().all()
    synapses = results.frame("synapses")
    assert {*synapses.type} == {"plastic", "drawn"}
    for name, rows in synapses.groupby("type"):
        for key, values in simulation.synapses(name).items():
            np.testing.assert_array_equal(rows[key], values)
    assert synapses.attrs["units"]["delay"] == "ms"
    spikes = results.frame("spikes")
    times, ids = simulation.spikes(excitatory)
    np.testing.assert_array_equal(spikes.time, times)
    np.testing.assert_array_equal(spikes.id, ids)
    assert spikes.attrs["units"] == {"time": "ms", "id": "1"}
    with pytest.raises(InputError, match=r"^part: 'others' must be one of recording, neurons,"):
        results.frame("others")


def test_frames_of_nothing(tmp_path) -> None:
    text = 'name = "bare"\nduration = 1.0\n[populations.A]\nmodel = "iaf_psc_delta"\nsize = 2\n'
    experiment = Experiment.from_toml(text)
    simulation = Simulation(experiment.build())
    write_results(simulation, experiment, tmp_path)
    results = load_results(tmp_path)
    assert len(results.frame("recording")) == 0
    assert [*results.frame("synapses").columns] == ["type", "source", "target", "weight", "delay"]
    assert [*results.frame("spikes").columns] == ["population", "time", "id"]


def test_frames_without_pandas(wired, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"^pandas: is missing; data frames need it: pip install"):
        load_results(wired[1]).frame("synapses")


def test_csv_has_the_series(wired) -> None:
    simulation, folder = wired
    with (folder / "results.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:5] == ["time (ms)", "calcium/E", "calcium/A", "rate/E (Hz)", "rate/A (Hz)"]
    assert len(rows) == 10
    for name, column in zip(header, np.array(rows, dtype=float).T, strict=True):
        np.testing.assert_array_equal(column, simulation.recording[name.split(" ")[0]])


def test_nothing_else_is_left(wired) -> None:
    assert {path.name for path in wired[1].iterdir()} == {"results.h5", "results.csv"}


def test_what_is_no_result(tmp_path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_results(tmp_path)
    path = tmp_path / "results.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match="is not a result of distsp"):
        load_results(path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(InputError, match="is not a result of distsp"):
        load_results(tmp_path)
