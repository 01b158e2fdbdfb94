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
    # As they came, and of whoever is asked for.
    assert recording.of(np.arange(12)).tolist() == [
        [step, i] for piece in pieces for step, i in piece if i >= 7
    ]
    assert sorted(recording.of(np.array([2, 9])).tolist()) == [
        [step, i] for step, i in expected if i == 9
    ]


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
@given(spikes=SPIKES, cut=st.integers(0, 30))
def test_what_ranks_have_saved_comes_back_on_others(on_rank, written, restore, spikes, cut):
    saved = []
    for rank in range(3):
        recording = SpikeRecorder(neurons="E").begin("s", on_rank(rank, 3))
        own = [one for one in spikes if one[1] % 3 == rank]
        take(recording, own[:cut])
        take(recording, own[cut:])
        saved.append(recording)
    for rank in range(2):
        network = on_rank(rank, 2)
        fresh = SpikeRecorder(neurons="E").begin("s", network)
        restore(fresh, saved, network.layout)
        expected = sorted(one for one in spikes if one[1] < 7 and one[1] % 2 == rank)
        assert written(fresh)["spikes/E/id"][2] == [i for _, i in expected]
        assert written(fresh)["spikes/E/time"][2] == [step * 0.1 for step, _ in expected]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"neurons": "X"}, "recorders.m.neurons: 'X' must be one of E, I"),
        ({"neurons": ["E", "X"]}, "recorders.m.neurons.1: 'X' must be one of E, I"),
        ({}, "recorders.m.neurons: is missing; it must be given: whose spikes"),
        ({"neurons": "E", "interval": 1.0}, "recorders.m.interval: there is no such key"),
    ],
)
def test_wrong_recorders(refused, values, told):
    assert refused(SpikeRecorder, values).startswith(told)
