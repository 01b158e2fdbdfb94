"""Devices of a script: what they do, and what they show."""

import numpy as np
import pytest


def test_a_spike_recorder_shows_spikes_until_they_are_cleared(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2, {"I_e": 500.0})
    recorder = nest.Create("spike_recorder")
    late = nest.Create("spike_recorder", params={"start": 20.0, "stop": 50.0})
    assert recorder.n_events == 0
    nest.Connect(nodes, recorder)
    nest.Connect(nodes, late)
    nest.Simulate(30.0)
    assert recorder.get("events", "times").tolist() == [13.9, 13.9, 29.8, 29.8]
    assert recorder.events["senders"].tolist() == [1, 2, 1, 2]
    recorder.n_events = 0
    nest.Simulate(50.0)
    assert recorder.events["times"].tolist() == pytest.approx([45.7, 45.7, 61.6, 61.6, 77.5, 77.5])
    assert np.unique(late.events["times"]).tolist() == pytest.approx([29.8, 45.7])
    with pytest.raises(nest.NESTErrors.BadProperty):
        recorder.n_events = 1


def test_a_multimeter_shows_all_slices_but_the_last(nest) -> None:
    nodes = nest.Create("iaf_psc_exp", 2)
    voltmeter = nest.Create("voltmeter")
    multimeter = nest.Create("multimeter", {"record_from": ["V_m", "I_syn_ex"], "interval": 0.5})
    nest.Connect(voltmeter, nodes)
    nest.Connect(multimeter, nodes)
    nest.Simulate(3.0)
    assert voltmeter.events["times"].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert multimeter.events["times"].tolist() == [0.5, 1.0, 0.5, 1.0, 1.5, 2.0, 1.5, 2.0]
    assert multimeter.events["senders"].tolist() == [1, 1, 2, 2] * 2
    assert set(multimeter.events["V_m"]) == {-70.0}
    with pytest.raises(nest.NESTErrors.IllegalConnection):
        nest.Connect(nest.Create("multimeter", {"record_from": ["unheard_of"]}), nodes)


def test_generators_one_to_one_are_one_input(nest) -> None:
    nodes, generators = nest.Create("iaf_psc_alpha", 20), nest.Create("poisson_generator", 20)
    generators.rate = np.linspace(0.0, 20000.0, 20)
    nest.Connect(generators, nodes, "one_to_one", {"weight": 20.0})
    recorder = nest.Create("spike_recorder")
    nest.Connect(nodes, recorder)
    nest.Simulate(100.0)
    counts = np.bincount(recorder.events["senders"], minlength=21)
    assert counts[:4].sum() == 0
    assert counts[18:21].min() > 5
    generators[:19].rate = 0.0
    recorder.n_events = 0
    nest.Simulate(100.0)
    assert set(recorder.events["senders"].tolist()) >= {20}
    assert np.bincount(recorder.events["senders"], minlength=21)[:19].max() <= 1  # what was left


def test_a_device_is_checked_when_it_is_set(nest) -> None:
    spikes = nest.Create("spike_generator", params={"spike_times": [1.0, 2.0]})
    for wrong in ([3.0, 2.0], [1.05]):
        with pytest.raises(nest.NESTErrors.BadProperty):
            spikes.spike_times = wrong
    assert spikes.spike_times.tolist() == [1.0, 2.0]
    with pytest.raises(nest.NESTErrors.BadProperty):
        nest.Create("poisson_generator").rate = -1.0
    with pytest.raises(nest.NESTErrors.BadProperty):
        nest.Create("step_current_generator").set(amplitude_times=[1.0], amplitude_values=[])


def test_a_generator_needs_a_parrot_to_be_recorded(nest) -> None:
    noise, recorder = nest.Create("poisson_generator"), nest.Create("spike_recorder")
    with pytest.raises(nest.NESTError, match="put a parrot_neuron between them"):
        nest.Connect(noise, recorder)
