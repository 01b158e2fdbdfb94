"""Results for other tools: sparse matrices, data frames of every recorder, spike trains."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from distsp import Experiment, Simulation, load_results
from distsp.base.errors import InputError
from distsp.results.read import Results


def test_matrices(studied: Results) -> None:
    for name in ("plastic", "valued"):
        table, snapshots = studied.synapses[name], studied.recorders["snapshots"]["synapses"][name]
        whole = studied.matrix(name)
        assert whole.shape == (50, 50)
        assert whole.sum() == len(table["source"]) > 50
        counts = np.zeros((50, 50), dtype=int)
        np.add.at(counts, (table["source"], table["target"]), 1)
        np.testing.assert_array_equal(whole.toarray(), counts)
        part = studied.matrix(name, pre=["I", {"population": "E", "neurons": "0:3"}], post="E")
        ids = [0, 1, 2, *range(40, 50)]
        np.testing.assert_array_equal(part.toarray(), counts[ids, :40])
        weights = np.zeros((50, 50))
        np.add.at(weights, (table["source"], table["target"]), table["weight"])
        np.testing.assert_allclose(studied.matrix(name, weights=True).toarray(), weights)
        low = 0
        for time, end in zip([0, 20, 35, 40, 60, 80, 100], snapshots["end"], strict=True):
            there = np.zeros((50, 50), dtype=int)
            pairs = snapshots["source"][low:end], snapshots["target"][low:end]
            np.add.at(there, pairs, 1)
            np.testing.assert_array_equal(studied.matrix(name, at=time).toarray(), there)
            low = end
    assert studied.matrix("valued", at=20, weights=True).sum() == pytest.approx(weights.sum())
    assert studied.snapshots("plastic") == [0.0, 20.0, 35.0, 40.0, 60.0, 80.0, 100.0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"synapse": "x"}, "synapse: 'x' must be one of plastic, valued"),
        ({"synapse": "plastic", "pre": "X"}, "pre: 'X' must be one of E, I"),
        ({"synapse": "plastic", "post": ["E", "X"]}, "post.1: 'X' must be one of E, I"),
        ({"synapse": "plastic", "at": 30.0}, "at: 30.0 ms must be one of 0, 20, 35, 40, 60"),
    ],
)
def test_matrices_that_there_are_not(studied: Results, asked, told) -> None:
    with pytest.raises(InputError, match=told):
        studied.matrix(**asked)


def test_matrices_without_snapshots(wired) -> None:
    results = load_results(wired[1])
    assert results.matrix("plastic", at=results.until).sum() == results.n_synapses["plastic"]
    with pytest.raises(InputError, match=r"at: 10.0 ms: there are no snapshots; a recorder conn"):
        results.matrix("plastic", at=10.0)


def test_a_frame_of_every_recorder(studied: Results) -> None:
    frames = {name: studied.frame(name) for name in studied.experiment.recorders}
    units = {name: frame.attrs["units"] for name, frame in frames.items()}
    traces = frames["traces"]
    assert [*traces.columns] == ["time", "id", "V_m", "calcium", "z/axon"]
    assert len(traces) == 100 * 4
    read = studied.recorders["traces"]
    np.testing.assert_array_equal(traces[traces["id"] == 2]["V_m"], read["V_m"][:, 2])
    assert units["traces"] == {
        "time": "ms", "id": "1", "V_m": "mV", "calcium": "1", "z/axon": "1"
    }  # fmt: skip
    assert [*frames["window"].columns] == ["id", "time"]
    assert units["window"] == {"time": "ms", "id": "1"}
    assert units["some"] == {"time": "ms", "calcium": "1", "rate": "Hz"}
    assert "elements/E/den/z" in frames["means"].columns
    between = frames["between"]
    assert [*between.columns] == ["time", "type", "source", "target", "synapses"]
    assert len(between) == 2 * 10 * 9
    last = between[between["time"] == 100.0]
    assert last[last["type"] == "plastic"]["synapses"].sum() == studied.n_synapses["plastic"]
    assert units["between"] == {"time": "ms", "synapses": "1"}
    snapshots = frames["snapshots"]
    first = snapshots[(snapshots["time"] == 20.0) & (snapshots["type"] == "plastic")]
    assert len(first) == studied.matrix("plastic", at=20.0).sum()
    assert len(frames["updates"]) == 10
    assert units["updates"]["made/plastic/E"] == "1"
    with pytest.raises(InputError, match="part: 'x' must be one of recording, neurons, synapses"):
        studied.frame("x")


def test_spike_trains(studied: Results) -> None:
    trains = studied.spike_trains("E")
    assert [train.annotations["id"] for train in trains] == [*range(40)]
    spikes = studied.spikes["E"]
    for i, train in enumerate(trains):
        assert train.annotations["population"] == "E"
        assert str(train.units.dimensionality) == "ms"
        assert (train.t_start.item(), train.t_stop.item()) == (0.0, 100.0)
        np.testing.assert_array_equal(train.magnitude, spikes["time"][spikes["id"] == i])
    assert sum(map(len, trains)) == len(spikes["id"]) > 40
    # Those of I were recorded for a while only.
    trains = studied.spike_trains(["I", {"population": "E", "neurons": [3]}])
    assert [train.annotations["id"] for train in trains] == [3, *range(40, 50)]
    assert (trains[1].t_start.item(), trains[1].t_stop.item()) == (20.0, 60.0)
    assert all(((train > 20.0) & (train <= 60.0)).all() for train in trains[1:])


def test_spike_trains_that_were_not_recorded(wired) -> None:
    results = load_results(wired[1])
    with pytest.raises(InputError, match="neurons: 'A' has no recorded spikes"):
        results.spike_trains("A")
    assert {train.annotations["population"] for train in results.spike_trains()} == {"E"}


def test_spikes_of_a_population_that_a_recorder_has_asked_for(tmp_path: Path) -> None:
    from distsp.results.write import write_results

    experiment = Experiment.bundled("balanced_random").scaled(0.1).changed("duration", "20")
    asked = '{mine = {model = "spike_recorder", neurons = "I"}}'
    experiment = experiment.changed("populations.I.record_spikes", "false")
    experiment = experiment.changed("recorders", asked)
    simulation = Simulation(experiment.build())
    simulation.run(20.0)
    write_results(simulation, experiment, tmp_path)
    frame = load_results(tmp_path).frame("mine")
    assert len(frame) == simulation.network.populations["I"].spike_count.sum() > 0
    with h5py.File(tmp_path / "results.h5") as file:
        assert "recorders" not in file
