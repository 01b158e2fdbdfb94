"""Events of an experiment: the calls that a script makes between two runs, at the same times."""

import numpy as np
import pytest

from distsp import Experiment, Simulation
from distsp.base.errors import InputError
from distsp.cli.stops import Schedule, Signals, simulate
from distsp.parallel.ranks import Ranks
from distsp.results.read import load_results
from distsp.results.write import write_results

TEXT = """
name = "protocol"
duration = 60.0
update_interval = 5.0
record_interval = 5.0
[populations.E]
model = "iaf_psc_alpha"
size = 12
parameters = {tau_Ca = 50.0, beta_Ca = 0.02}
record_spikes = true
elements.axon = {curve = "gaussian", growth_rate = 0.1, eta = 0.0, eps = 0.4}
elements.dendrite = {curve = "gaussian", growth_rate = 0.1, eta = 0.0, eps = 0.4}
[populations.I]
model = "iaf_psc_delta"
size = 4
[synapse_types.plastic]
weight = 60.0
delay = 1.3
pre = "axon"
post = "dendrite"
[synapse_types.static]
weight = 2.0
delay = 0.7
[[connections]]
source = "E"
target = "I"
synapse = "static"
rule = {rule = "all_to_all"}
[inputs.noise]
rate = 15000.0
targets = [{population = "E", weight = 40.0, delay = 0.4}]
"""

EVENTS = """
[[events]]
at = 20.0
event = "set"
neurons = [{population = "E", neurons = "0:6"}, "I"]
parameters = {tau_m = 12.5}
[[events]]
at = 10.0
event = "set_input"
input = "noise"
parameters = {rate = 12000.0}
[[events]]
at = 20.0
event = "set"
neurons = "E"
element = "axon"
parameters = {growth_rate = 0.3}
[[events]]
at = 25.0
event = "plasticity"
[[events]]
at = 35.0
event = "plasticity"
update_interval = 2.5
[[events]]
at = 30.0
event = "connect"
source = {population = "E", neurons = {fraction = 0.5}}
target = "I"
synapse = "static"
rule = {rule = "fixed_indegree", indegree = 3}
weight = 4.0
delay = 3.5
[[events]]
at = 40.0
event = "disconnect"
source = "E"
target = "E"
synapse = "plastic"
fraction = 0.5
[[events]]
at = 40.0
event = "snapshot"
synapses = ["plastic"]
[[events]]
at = 41.7
event = "disconnect"
source = "E"
target = "I"
synapse = "static"
sources = [0, 1]
targets = [0, 0]
"""


def by_hand(experiment: Experiment) -> Simulation:
    """Do what the events say."""
    net = experiment.build()
    sim, (e, i) = Simulation(net, Ranks()), net.populations.values()
    sim.run(10.0)
    net.inputs["noise"].set(rate=12000.0)
    sim.run(10.0)
    (e[0:6] + i).set(tau_m=12.5)
    e.set_element("axon", growth_rate=0.3)
    sim.run(5.0)
    net.update_interval = None
    sim.run(5.0)
    half = net.select("", {"population": "E", "neurons": {"fraction": 0.5}})
    net.connect(half, i, "static", "fixed_indegree", indegree=3, weight=4.0, delay=3.5)
    sim.run(5.0)
    net.update_interval = 2.5
    sim.run(5.0)
    net.disconnect(e, e, "plastic", fraction=0.5)
    net.recorder("connectivity", "snapshot_40", synapses=["plastic"], times=[40.0])
    sim.run(1.7)
    net.disconnect(e, i, "static", sources=[0, 1], targets=[0, 0])
    sim.run(18.3)
    return sim


def contents(sim: Simulation) -> dict[str, bytes]:
    """Return the bits of a simulation."""
    found = {name: column.tobytes() for name, column in sim.recording.items()}
    for name in sim.network.synapse_types:
        found |= {f"{name}/{k}": v.tobytes() for k, v in sim.synapses(name).items()}
    for data in sim.recordings["snapshot_40"].datasets():
        found[data.name] = np.asarray(data.array()).tobytes()
    times, ids = sim.spikes(sim.network.populations["E"])
    return found | {"times": times.tobytes(), "ids": ids.tobytes()}


def test_events_are_the_calls_of_a_script(tmp_path):
    experiment = Experiment.from_toml(TEXT + EVENTS)
    sim = Simulation(experiment.build(), Ranks())
    with Signals() as signals:
        simulate(sim, experiment, tmp_path, Schedule(), signals)
    assert sim.now == 60.0
    assert sim.synapse_count("plastic") > 5
    assert sim.synapse_count("static") == 48 + 12 - 2
    assert contents(sim) == contents(by_hand(experiment))


@pytest.mark.parametrize("every", [5.0, 13.0])
def test_a_checkpoint_is_of_the_time_before_its_events(tmp_path, every: float):
    experiment = Experiment.from_toml(TEXT + EVENTS)
    expected = contents(by_hand(experiment))
    folder = tmp_path / "checkpoints"
    sim, steps = Simulation(experiment.build(), Ranks()), round(every / 0.1)
    with Signals() as signals:
        while sim.now < 60.0:
            part = experiment.model_copy(update={"duration": min(sim.now + every, 60.0)})
            simulate(sim, part, tmp_path, Schedule(every=every), signals)
            assert sim.step % steps == 0 or sim.now == 60.0
            sim = Simulation.load(folder, experiment.network_at, Ranks())
    assert contents(sim) == expected


def test_a_snapshot_has_what_events_before_it_have_done(tmp_path):
    experiment = Experiment.from_toml(TEXT + EVENTS)
    values = experiment.model_dump()
    before = {"event": "snapshot", "at": 40.0, "recorder": "before"}
    place = next(i for i, event in enumerate(experiment.events) if event.at == 40.0)
    values["events"].insert(place, before)
    values["recorders"]["earlier"] = {"model": "connectivity", "times": [0.0, 40.0]}
    experiment = Experiment.check("", values)
    sim = Simulation(experiment.build(), Ranks())
    with Signals() as signals:
        simulate(sim, experiment, tmp_path, Schedule(), signals)
    write_results(sim, experiment, tmp_path)
    results = load_results(tmp_path / "results.h5")
    n = {
        name: np.diff(results.recorders[name]["synapses"]["plastic"]["end"], prepend=0).tolist()
        for name in ("earlier", "before", "snapshot_40")
    }
    assert n["before"] == n["earlier"][1:]
    assert 0 < n["snapshot_40"][0] < n["before"][0]
    static = results.recorders["earlier"]["synapses"]["static"]["end"].tolist()
    assert static == [48, 48 + 48 + 12]


def test_events_go_round_through_toml():
    experiment = Experiment.from_toml(TEXT + EVENTS)
    text = experiment.to_toml()
    assert Experiment.from_toml(text) == experiment
    assert Experiment.from_toml(text).to_toml() == text


WRONG = [
    ({"at": 60.1, "event": "plasticity"}, "events.0.at: 60.1 ms is after the end, 60 ms"),
    ({"at": 0.05, "event": "plasticity"}, "events.0.at: 0.05 ms must be a whole multiple of"),
    ({"at": -1.0, "event": "plasticity"}, "events.0.at: -1.0 must be greater than or equal to 0"),
    ({"at": 1.0, "event": "flood"}, "events.0.event: 'flood' must be one of"),
    ({"event": "plasticity"}, "events.0.at: is missing"),
    (
        {"at": 1.0, "event": "plasticity", "update_interval": 0.05},
        "events.0.update_interval: 0.05 ms must be a whole multiple of",
    ),
    (
        {"at": 1.0, "event": "set", "neurons": "X", "parameters": {"tau_m": 1.0}},
        "events.0.neurons: 'X' must be one of E, I",
    ),
    (
        {"at": 1.0, "event": "set", "neurons": "E", "parameters": {"tau": 1.0}},
        "events.0: populations.E.parameters.tau: there is no such key",
    ),
    (
        {"at": 1.0, "event": "set", "neurons": "E", "element": "x", "parameters": {"eps": 1.0}},
        "events.0: element: 'x' must be one of",
    ),
    (
        {"at": 1.0, "event": "set_input", "input": "nois", "parameters": {"rate": 1.0}},
        "events.0.input: 'nois' must be one of noise",
    ),
    (
        {"at": 1.0, "event": "set_input", "input": "noise", "parameters": {"rate": -1.0}},
        "events.0: inputs.noise.rate: -1.0 must be",
    ),
    (
        {"at": 1.0, "event": "connect", "source": "E", "target": "I", "synapse": "s",
         "rule": {"rule": "all_to_all"}},
        "events.0.synapse: 's' must be one of",
    ),
    (
        {"at": 1.0, "event": "disconnect", "source": "E", "target": "I", "synapse": "static",
         "fraction": 1.5},
        "events.0.fraction: 1.5 must be less than or equal to 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("event", "told"), WRONG)
def test_a_wrong_event_is_refused_before_the_run(event, told):
    values = Experiment.from_toml(TEXT).model_dump()
    with pytest.raises(InputError) as error:
        Experiment.check("", values | {"events": [event]})
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)
