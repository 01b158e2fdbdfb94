"""The multimeter: variables of chosen neurons at its times, and what it refuses."""

import numpy as np
import pytest

from distsp.recorders import Multimeter
from distsp.recorders.recorder import local_of

VARIABLES = ["V_m", "I_syn_in", "calcium", "spike_count", "z/axon", "z_connected/den"]
UNITS = ["mV", "pA", "1", "1", "1", "1"]
STEPS = [5, 10, 35]


def multimeter(neurons, variables=("V_m",), interval=1.0) -> Multimeter:
    """Return what is asked for, checked."""
    values = {"neurons": neurons, "variables": [*variables], "interval": interval}
    return Multimeter.check("m", values)


def some(places: list[int]) -> dict:
    """Return some neurons of the population E as plain data, in another order."""
    return {"population": "E", "neurons": places[::-1]}


def read(recording, network) -> None:
    """Give a recording what its probe reads now."""
    rows = [
        np.stack([local_of(network, piece, v) for v in recording.probe.variables], axis=1)
        for piece in recording.probe.pieces
    ]
    values = np.concatenate(rows).astype(float)
    if values.size:
        recording.take_readings(np.array([network.step]), values.reshape(1, -1))


def readings(network, *recordings) -> list[dict]:
    """Let recordings record at some steps; return the values there were, of all neurons."""
    seen = []
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        for recording in recordings:
            read(recording, network)
        seen.append(dict(network.values))
    return seen


@pytest.mark.parametrize("places", [[*range(7)], [0], [2, 3, 6]])
def test_writes_a_row_for_each_time_and_a_column_for_each_neuron(network, written, places):
    recording = multimeter(some(places), VARIABLES, 0.5).begin("m", network)
    assert recording.probe.interval == 5
    assert len(recording.spiking()) == 0
    seen = readings(network, recording)
    found = written(recording)
    assert [*found] == [f"recorders/m/{what}" for what in ("time", "id", *VARIABLES)]
    assert found["recorders/m/time"] == ("ms", "float64", [step * 0.1 for step in STEPS])
    assert found["recorders/m/id"] == ("1", "int64", places)
    for variable, unit in zip(VARIABLES, UNITS, strict=True):
        expected = [[float(values["E", variable][i]) for i in places] for values in seen]
        assert found[f"recorders/m/{variable}"] == (unit, "float64", expected)


def test_neurons_of_several_populations_stand_side_by_side(network, written):
    neurons = [{"population": "I", "neurons": [4, 1]}, {"population": "E", "neurons": "2:4"}]
    recording = multimeter(neurons, ["V_m", "calcium"]).begin("m", network)
    seen = readings(network, recording)
    found = written(recording)
    assert found["recorders/m/id"][2] == [2, 3, 8, 11]
    for variable, unit in (("V_m", "mV"), ("calcium", "1")):
        expected = [
            [*values["E", variable][[2, 3]], *values["I", variable][[1, 4]]] for values in seen
        ]
        assert found[f"recorders/m/{variable}"] == (unit, "float64", expected)


def test_units_are_those_of_the_model(network, written):
    recording = multimeter("I", ["g_ex", "g_in"]).begin("m", network)
    (seen, *_) = readings(network, recording)
    for variable in ("g_ex", "g_in"):
        unit, _, values = written(recording)[f"recorders/m/{variable}"]
        assert unit == "nS"
        assert values[0] == seen["I", variable].tolist()


def test_default_is_the_potential_each_millisecond(network):
    recording = Multimeter.check("m", {"neurons": "I"}).begin("m", network)
    assert recording.probe.interval == 10
    readings(network, recording)
    assert [*recording.rows.columns] == ["step", "id", "V_m"]
    assert recording.waiting == 5 * len(STEPS) * 3 * 8
    recording.flush(network.ranks)
    assert recording.waiting == 0
    assert len(recording.rows.spool) == 5 * len(STEPS)


def test_begins_without_entries(network, written):
    recording = multimeter("I", ["V_m", "calcium"]).begin("m", network)
    found = written(recording)
    assert [*found] == [f"recorders/m/{what}" for what in ("time", "id", "V_m", "calcium")]
    assert found.pop("recorders/m/id")[2] == [*range(7, 12)]
    assert not any(np.size(values) for _, _, values in found.values())


@pytest.mark.parametrize("neurons", ["E", ["I", {"population": "E", "neurons": [5, 0, 6]}]])
def test_what_is_saved_comes_back(network, written, restore, neurons):
    asked = multimeter(neurons, ["V_m", "calcium"])
    recording, fresh = asked.begin("m", network), asked.begin("m", network)
    readings(network, recording)
    restore(fresh, [recording])
    assert written(fresh) == written(recording)
    # And goes on.
    network.draw(step=99, seed=9)
    for one in (recording, fresh):
        read(one, network)
    assert written(fresh) == written(recording)


@pytest.mark.parametrize("neurons", ["E", ["I", {"population": "E", "neurons": [5, 0, 6]}]])
def test_each_rank_reads_its_own(on_rank, network, neurons):
    asked = multimeter(neurons, ["V_m"])
    whole, ids = asked.begin("m", network), np.asarray(network.select("", neurons).ids)
    readings(network, whole)
    rows = set()
    for rank in range(3):
        here = on_rank(rank, 3)
        recording = asked.begin("m", here)
        readings(here, recording)
        for one in recording.rows._small:
            assert (one["id"] % 3 == rank).all()
            rows |= {*zip(*(column.tolist() for column in one.values()), strict=True)}
    whole.flush(network.ranks)
    columns = (whole.rows.spool.column(name).tolist() for name in ("step", "id", "V_m"))
    assert rows == {*zip(*columns, strict=True)}
    assert len(rows) == len(ids) * len(STEPS)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"neurons": "X"}, "neurons: 'X' must be one of E, I"),
        ({"neurons": some([0, 7])}, "neurons.neurons: 7 must be from 0 to 6"),
        ({"neurons": some([2, 0, 2])}, "neurons.neurons: [2, 0, 2] must not name a neuron twice"),
        ({"neurons": {"population": 3}}, "neurons.population: 3 must be a valid string"),
        ({"neurons": some([0, 1.5])}, "neurons.neurons.0: 1.5 must be a valid integer"),
        ({"neurons": {"neurons": [1]}}, "neurons.population: is missing; it must be given"),
        ({"neurons": ["E", 3]}, "neurons.1: 3 must be a valid string"),
        ({"neurons": ["I", "E", "E"]}, "neurons: <12 neurons: E + I> and <7 neurons: E> must not"),
        ({"neurons": []}, "neurons: must name at least one population"),
        ({"variables": ["V_m", "I"]}, "variables.1: 'I' must be one of V_m, I_syn_ex, I_syn_in, c"),
        ({"variables": ["g_ex"]}, "variables.0: 'g_ex' must be one of V_m, I_syn_ex, I_syn_in, c"),
        ({"variables": ["z"]}, "variables.0: 'z' must be one of"),
        ({"variables": ["z/x"]}, "variables.0: 'z/x' must be one of"),
        (
            {"neurons": "I", "variables": ["z/den"]},
            "variables.0: 'z/den' must be one of V_m, g_",
        ),
        ({"variables": ["V_m", "V_m"]}, "variables.1: 'V_m' must be there only once"),
        ({"variables": []}, "variables: [] must have at least 1 entry"),
        ({"variables": "V_m"}, "variables: 'V_m' must be a valid list"),
        ({"interval": 0.25}, "interval: 0.25 ms must be a whole multiple of the resolution"),
        ({"interval": 0.0}, "interval: 0.0 must be greater than 0"),
        ({"neurons": ["E", "I"], "variables": ["g_ex"]}, "variables.0: 'g_ex' must be one of V_m"),
        ({"intervals": 1.0}, "intervals: there is no such key"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_that_names_the_field(refused, values, told):
    message = refused(Multimeter, {"neurons": "E", **values})
    assert message.startswith(f"recorders.m.{told}")
    assert "\n" not in message


def test_what_is_known_of_a_population_is_right(network):
    for population in network.populations.values():
        known = [*population.parameters.variables, "calcium", "spike_count"]
        known += [f"{what}/{e}" for e in population.elements for what in ("z", "z_connected")]
        asked = multimeter(population.name, known)
        asked.check_network("recorders.m", network, network.resolution)
        recording = asked.begin("m", network)
        network.draw(step=10, seed=1)
        recording.record(network)
        assert [*recording.rows.columns][2:] == known
