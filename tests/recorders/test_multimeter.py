"""The multimeter: variables of chosen neurons at its times, and what it refuses."""

import numpy as np
import pytest

from distsp.recorders import Multimeter

VARIABLES = ["V_m", "I_syn_in", "calcium", "spike_count", "z/axon", "z_connected/den"]
UNITS = ["mV", "pA", "1", "1", "1", "1"]
STEPS = [5, 10, 35]


def readings(network, *recordings) -> list[dict]:
    """Let recordings record at some steps; return the values there were, of all neurons."""
    seen = []
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        for recording in recordings:
            recording.record(network)
        seen.append(dict(network.values))
    return seen


@pytest.mark.parametrize("neurons", [None, [0], [6, 2, 3]])
def test_writes_a_row_for_each_time_and_a_column_for_each_neuron(network, written, neurons):
    asked = Multimeter(population="E", neurons=neurons, variables=VARIABLES, interval=0.5)
    recording = asked.begin("m", network)
    assert recording.interval == 5
    assert not [*recording.spiking(network)]
    assert not recording.while_running  # other ranks have a part of it
    seen = readings(network, recording)
    found = written(recording)
    places = sorted(range(7) if neurons is None else neurons)
    assert [*found] == [f"recorders/m/{what}" for what in ("time", "id", *VARIABLES)]
    assert found["recorders/m/time"] == ("ms", "float64", [step * 0.1 for step in STEPS])
    assert found["recorders/m/id"] == ("1", "int64", places)
    for variable, unit in zip(VARIABLES, UNITS, strict=True):
        expected = [[float(values["E", variable][i]) for i in places] for values in seen]
        assert found[f"recorders/m/{variable}"] == (unit, "float64", expected)


def test_ids_are_those_of_the_network(network, written):
    recording = Multimeter(population="I", neurons=[1, 4], variables=["g_ex"]).begin("m", network)
    (seen, *_) = readings(network, recording)
    found = written(recording)
    assert found["recorders/m/id"][2] == [8, 11]
    unit, _, values = found["recorders/m/g_ex"]
    assert unit == "nS"
    assert values[0] == seen["I", "g_ex"][[1, 4]].tolist()


def test_default_is_the_potential_of_all_each_millisecond(network):
    recording = Multimeter(population="I").begin("m", network)
    assert recording.interval == 10
    readings(network, recording)
    assert [*recording.columns] == ["step", "id", "V_m"]
    assert len(np.concatenate(recording.pieces["V_m"])) == 5 * len(STEPS)


def test_begins_without_entries(network, written):
    recording = Multimeter(population="I", variables=["V_m", "calcium"]).begin("m", network)
    found = written(recording)
    assert [*found] == [f"recorders/m/{what}" for what in ("time", "id", "V_m", "calcium")]
    assert not any(np.size(values) for _, _, values in found.values())


@pytest.mark.parametrize("before", [1, 3])
@pytest.mark.parametrize("after", [1, 2, 13])
@pytest.mark.parametrize("neurons", [None, [5, 0, 6]])
def test_what_ranks_have_saved_comes_back_on_others(
    on_rank, written, restore, neurons, before, after
):
    asked = Multimeter(population="E", neurons=neurons, variables=["V_m", "z/den"])
    saved = []
    for rank in range(before):
        network = on_rank(rank, before)
        saved.append(asked.begin("m", network))
        readings(network, saved[-1])
    for rank in range(after):
        network = on_rank(rank, after)
        recording, fresh = asked.begin("m", network), asked.begin("m", network)
        readings(network, recording)
        restore(fresh, saved, network.layout)
        assert written(fresh) == written(recording)
        # And goes on.
        network.draw(step=99, seed=9)
        for one in (recording, fresh):
            one.record(network)
        assert written(fresh) == written(recording)
        own = [i for i in (neurons or range(7)) if i % after == rank]
        assert sorted(own) == written(fresh)["recorders/m/id"][2]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"population": "X"}, "population: 'X' must be one of E, I"),
        ({"population": 3}, "population: 3 must be a valid string"),
        ({"neurons": [0, 7]}, "neurons.1: 7 must be from 0 to 6"),
        ({"neurons": [-1]}, "neurons.0: -1 must be from 0 to 6"),
        ({"neurons": [2, 0, 2]}, "neurons.2: 2 must be there only once"),
        ({"neurons": [0, 1.5]}, "neurons.1: 1.5 must be a valid integer"),
        ({"neurons": []}, "neurons: [] must have at least 1 entry"),
        ({"variables": ["V_m", "I"]}, "variables.1: 'I' must be one of V_m, I_syn_ex, I_syn_in, c"),
        ({"variables": ["g_ex"]}, "variables.0: 'g_ex' must be one of V_m, I_syn_ex, I_syn_in, c"),
        ({"variables": ["z"]}, "variables.0: 'z' must be one of"),
        ({"variables": ["z/x"]}, "variables.0: 'z/x' must be one of"),
        (
            {"population": "I", "variables": ["z/den"]},
            "variables.0: 'z/den' must be one of V_m, g_",
        ),
        ({"variables": ["V_m", "V_m"]}, "variables.1: 'V_m' must be there only once"),
        ({"variables": []}, "variables: [] must have at least 1 entry"),
        ({"variables": "V_m"}, "variables: 'V_m' must be a valid list"),
        ({"interval": 0.25}, "interval: 0.25 ms must be a whole multiple of the resolution"),
        ({"interval": 0.0}, "interval: 0.0 must be greater than 0"),
        ({"intervals": 1.0}, "intervals: 1.0 is set, but there is no such key"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_that_names_the_field(refused, values, told):
    message = refused(Multimeter, {"population": "E", **values})
    assert message.startswith(f"recorders.m.{told}")
    assert "\n" not in message


def test_what_is_known_of_a_population_is_right(network):
    for population in network.populations.values():
        known = [*population.parameters.variables, "calcium", "spike_count"]
        known += [f"{what}/{e}" for e in population.elements for what in ("z", "z_connected")]
        asked = Multimeter(population=population.name, variables=known)
        asked.check_network("recorders.m", network.populations, network.resolution)
        recording = asked.begin("m", network)
        network.draw(step=10, seed=1)
        recording.record(network)
        assert [*recording.columns][2:] == known
