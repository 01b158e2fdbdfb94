"""Results: what a run leaves on disk is what the simulation says."""

import csv

import h5py
import numpy as np
import pytest

from distsp import Experiment, Simulation, load_results
from distsp.fields import InputError
from distsp.results import MEANINGS, write_results

WIRED = """
name = "wired"
duration = 105.0
seed = 3
update_interval = 20.0
record_interval = 10.0

[populations.E]
model = "iaf_psc_alpha"
size = 20
record_spikes = true
parameters = { I_e = 450.0 }
elements.den = { curve = "gaussian", growth_rate = 0.05, eps = 0.05 }
elements.axon = { curve = "gaussian", growth_rate = 0.05, eps = 0.05 }

[populations.A]
model = "iaf_psc_delta"
size = 3

[synapse_types.plastic]
weight = 20.0
delay = 1.0
pre = "axon"
post = "den"

[synapse_types.unused]
weight = -1.0
delay = 2.0

[synapse_types.drawn]
weight = { distribution = "uniform", low = 1.0, high = 2.0 }
delay = { distribution = "uniform", low = 1.0, high = 2.0 }

[inputs.noise]
rate = 10000.0
targets = [{ population = "E", weight = 6.2, delay = 1.0 }]

[[connections]]
source = "E"
target = "A"
synapse = "drawn"
rule = { rule = "fixed_indegree", indegree = 5 }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    experiment = Experiment.from_toml(WIRED)
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return simulation, folder


def test_comes_back(run) -> None:
    simulation, folder = run
    results = load_results(folder)
    assert results.experiment == Experiment.from_toml(WIRED)
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


def test_provenance(run) -> None:
    provenance = load_results(run[1]).provenance
    assert provenance["ranks"] == 1
    assert set(provenance["timings"]) == set(run[0].timings)
    assert provenance["versions"]["numpy"] == np.__version__
    assert len(provenance["hosts"]) == len(provenance["peak_memory"]) == 1
    assert provenance["peak_memory"][0] > 10


def test_every_number_has_its_unit(run) -> None:
    with h5py.File(run[1] / "results.h5") as file:
        seen = []

        def look(name: str, entry: object) -> None:
            if isinstance(entry, h5py.Dataset) and not name.startswith(("provenance", "exp")):
                assert (entry.attrs["unit"], entry.attrs["description"]) in MEANINGS.values(), name
                seen.append(name)

        file.visititems(look)
        assert len(seen) > 20
        assert file["recording/time"].attrs["unit"] == "ms"
        assert file["recording/elements/E/den/z"].attrs["unit"] == "1"


def test_csv_has_the_series(run) -> None:
    simulation, folder = run
    with (folder / "results.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:5] == ["time (ms)", "calcium/E", "calcium/A", "rate/E (Hz)", "rate/A (Hz)"]
    assert len(rows) == 10
    for name, column in zip(header, np.array(rows, dtype=float).T, strict=True):
        np.testing.assert_array_equal(column, simulation.recording[name.split(" ")[0]])


def test_nothing_else_is_left(run) -> None:
    assert {path.name for path in run[1].iterdir()} == {"results.h5", "results.csv"}


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
