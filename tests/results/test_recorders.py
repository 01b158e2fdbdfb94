"""What recorders of every kind leave in the results, through the command line."""

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest

from distsp import Experiment, Simulation, load_results
from distsp.cli.run import main
from distsp.results.read import Results
from distsp.results.write import write_results

MEASURED = Path(__file__).parents[1] / "data" / "measured.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run."""
    made = tmp_path_factory.mktemp("run") / "here"
    assert main([str(MEASURED), "--output", str(made), "--quiet", "--no-figure"]) == 0
    return made


@pytest.fixture(scope="module")
def seen() -> list[dict[str, np.ndarray]]:
    """Return what a user sees who runs the experiment step by step and looks."""
    network = Experiment.from_toml(MEASURED).build()
    e, i = network.populations.values()
    simulation, found = Simulation(network), []
    for _ in range(200):
        simulation.run(0.1)
        found.append(
            {
                "V_m": np.concatenate([e.V_m, i.V_m]),
                "calcium": np.concatenate([e.calcium, i.calcium]),
                "spike_count": np.concatenate([e.spike_count, i.spike_count]),
                "g_ex": np.concatenate([np.full(8, np.nan), i.state("g_ex")]),
            }
        )
    return found


def test_the_results_have_a_group_for_each(folder: Path) -> None:
    results = load_results(folder)
    assert results.ended
    assert results.experiment == Experiment.from_toml(MEASURED)
    assert {name: {*group} for name, group in results.recorders.items()} == {
        "potentials": {"time", "id", "V_m"},
        "some": {"time", "id", "V_m", "calcium", "spike_count"},
        "conductances": {"time", "id", "g_ex"},
        "fast": {"time", "calcium", "rate", "synapses"},
        "few": {"time", "id"},
    }
    assert {*results.spikes} == {"E"}


@pytest.mark.parametrize(
    ("name", "ids", "every"),
    [
        ("potentials", [*range(8)], 10),
        ("some", [2, 3, 9], 25),
        ("conductances", [8, 11], 5),
    ],
)
def test_a_multimeter_has_read_what_there_was(folder: Path, seen, name, ids, every) -> None:
    read = load_results(folder).recorders[name]
    steps = range(every, 201, every)
    assert read.pop("time").tolist() == [step * 0.1 for step in steps]
    assert read.pop("id").tolist() == ids
    for variable, values in read.items():
        expected = [seen[step - 1][variable][ids] for step in steps]
        np.testing.assert_array_equal(values, expected)
        assert len(np.unique(values)) > 2


def test_datasets_have_units(folder: Path) -> None:
    with h5py.File(folder / "results.h5") as file:
        units = {
            name: file[f"recorders/{name}"].attrs["unit"]
            for name in (
                "potentials/time",
                "potentials/id",
                "potentials/V_m",
                "some/calcium",
                "some/spike_count",
                "conductances/g_ex",
                "fast/time",
                "fast/rate/E",
                "few/time",
            )
        }
    assert [*units.values()] == ["ms", "1", "mV", "1", "1", "nS", "ms", "Hz", "ms"]


def test_means_of_another_interval_stand_beside_those_of_the_run(folder: Path, seen) -> None:
    results = load_results(folder)
    fast = results.recorders["fast"]
    assert results.time.tolist() == [5.0, 10.0, 15.0, 20.0]
    assert fast["time"].tolist() == [step * 0.1 for step in range(5, 201, 5)]
    np.testing.assert_array_equal(fast["calcium"]["E"][9::10], results.calcium["E"])
    counts = [seen[step - 1]["spike_count"][:8].sum() for step in range(5, 201, 5)]
    np.testing.assert_allclose(fast["rate"]["E"], np.diff(counts, prepend=0) / (8 * 0.0005))
    assert fast["synapses"]["static"].tolist() == [32] * 40
    with (folder / "results.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == 4
    assert header == [
        "time (ms)",
        "calcium/E",
        "calcium/I",
        "rate/E (Hz)",
        "rate/I (Hz)",
        "synapses/static",
    ]


def test_spikes_of_some_neurons(folder: Path, seen) -> None:
    results = load_results(folder)
    few = results.recorders["few"]
    assert {*few["id"].tolist()} == {8, 10}
    for neuron in (8, 10):
        counts = [0, *(one["spike_count"][neuron] for one in seen)]
        steps = np.flatnonzero(np.diff(counts)) + 1
        np.testing.assert_allclose(few["time"][few["id"] == neuron], steps * 0.1)
    assert len(results.spikes["E"]["id"]) == seen[-1]["spike_count"][:8].sum()


def test_before_the_end_there_is_what_has_been_recorded(tmp_path: Path, folder: Path) -> None:
    experiment = Experiment.from_toml(MEASURED)
    simulation = Simulation(experiment.build())
    simulation.run(10.0)
    write_results(simulation, experiment, tmp_path, ended=False)
    results = Results(tmp_path)
    assert not results.ended
    assert len(results.recorders["fast"]["time"]) == 20
    assert len(results.recorders["potentials"]["time"]) == 10
    whole = load_results(folder)
    early = whole.spikes["E"]["time"] <= 10.0
    assert 0 < early.sum() < len(early)
    for key, values in results.spikes["E"].items():
        np.testing.assert_array_equal(values, whole.spikes["E"][key][early])


def test_a_run_without_recorders_has_none(wired) -> None:
    assert load_results(wired[1]).recorders == {}


def test_goes_on_from_a_checkpoint(tmp_path: Path, folder: Path, contents) -> None:
    arguments = [str(MEASURED), "--quiet", "--no-figure", "--output", str(tmp_path / "a")]
    assert main([*arguments, "--duration", "12.3", "--checkpoint-every", "12.3"]) == 0
    again = ["--resume", str(tmp_path / "a"), "--duration", "20", "--quiet", "--no-figure"]
    assert main(again) == 0
    assert contents(tmp_path / "a") == contents(folder)
