"""The spike recorder: every spike of its population, in order, whoever has integrated it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distsp.recorders import SpikeRecorder

SPIKES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 11)), max_size=30)
"""End of the step of emission, and the neuron; 7 to 11 are those of the population I."""


def take(recording, spikes: list[tuple[int, int]]) -> None:
    """Hand spikes over as a piece."""
    steps, ids = np.array(spikes, dtype=np.int64).reshape(-1, 2).T
    recording.take_spikes(steps, ids)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(SPIKES, max_size=4))
def test_keeps_the_spikes_of_its_population(network, written, pieces):
    recording = SpikeRecorder(neurons="I").begin("s", network)
    assert recording.spiking().tolist() == [7, 8, 9, 10, 11]
    assert recording.interval is None
    for piece in pieces:
        take(recording, piece)
    expected = sorted((step, i) for piece in pieces for step, i in piece if i >= 7)
    assert written(recording) == {
        "spikes/I/time": ("ms", "float64", [step * 0.1 for step, _ in expected]),
        "spikes/I/id": ("1", "int64", [i for _, i in expected]),
    }
    # Of whoever is asked for.
    assert recording.of(np.array([2, 9])).tolist() == [[step, i] for step, i in expected if i == 9]


@pytest.mark.parametrize(("start", "stop"), [(0.0, 2.0), (1.1, None), (1.1, 2.0)])
def test_in_a_window_those_after_the_start_and_up_to_the_stop(network, written, start, stop):
    asked = SpikeRecorder.check("s", {"neurons": "I", "start": start, "stop": stop})
    recording = asked.begin("s", network)
    take(recording, [(step, 8) for step in range(1, 41)])
    found = written(recording)["recorders/s/time"][2]
    low, high = round(start * 10), round((stop or 4.0) * 10)
    assert found == [step * 0.1 for step in range(low + 1, high + 1)]


@pytest.mark.parametrize(
    ("neurons", "ids", "where"),
    [
        ("E", range(0, 7), "spikes/E"),
        ({"population": "I"}, range(7, 12), "spikes/I"),
        (["I"], range(7, 12), "spikes/I"),
        ({"population": "E", "neurons": "::3"}, [0, 3, 6], "recorders/s"),
        ({"population": "I", "neurons": [4, 0]}, [7, 11], "recorders/s"),
        ([{"population": "E", "neurons": "2:4"}, "I"], [2, 3, *range(7, 12)], "recorders/s"),
    ],
)
def test_writes_a_population_under_its_name_and_others_under_its_own(
    network, written, neurons, ids, where
):
    spikes = [(step, i) for step in (2, 1) for i in range(12)]
    recording = SpikeRecorder.check("s", {"neurons": neurons}).begin("s", network)
    take(recording, spikes)
    assert recording.spiking().tolist() == [*ids]
    found = written(recording)
    assert [*found] == [f"{where}/time", f"{where}/id"]
    assert found[f"{where}/id"][2] == [*ids, *ids]
    assert found[f"{where}/time"][2] == [0.1] * len(ids) + [0.2] * len(ids)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=SPIKES, after=SPIKES)
def test_what_is_saved_comes_back(network, written, restore, before, after):
    recording, fresh = (SpikeRecorder(neurons="E").begin("s", network) for _ in range(2))
    take(recording, before)
    restore(fresh, [recording])
    for one in (recording, fresh):
        take(one, [(40 + step, i) for step, i in after])
    assert written(fresh) == written(recording)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"neurons": "X"}, "recorders.m.neurons: 'X' must be one of E, I"),
        ({"neurons": ["E", "X"]}, "recorders.m.neurons.1: 'X' must be one of E, I"),
        ({}, "recorders.m.neurons: is missing; it must be given: whose spikes"),
        ({"neurons": "E", "interval": 1.0}, "recorders.m.interval: there is no such key"),
        ({"neurons": "E", "start": 0.25}, "recorders.m.start: 0.25 ms must be a whole multiple"),
        ({"neurons": "E", "start": -1.0}, "recorders.m.start: -1.0 must be greater than or equal"),
        ({"neurons": "E", "stop": 0.0}, "recorders.m.stop: 0.0 ms must be after the start, 0 ms"),
        (
            {"neurons": "E", "start": 3.0, "stop": 3.0},
            "recorders.m.stop: 3.0 ms must be after the start, 3 ms",
        ),
    ],
)
def test_wrong_recorders(refused, values, told):
    assert refused(SpikeRecorder, values).startswith(told)
