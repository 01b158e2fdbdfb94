"""Experiments with inputs and recorders of every kind: to TOML, from TOML, and as a network."""

import tomllib

import pytest

from distsp.base.errors import InputError
from distsp.experiment.experiment import Experiment

TEXT = """
name = "measured"
duration = 20
record_interval = 10

[populations.E]
model = "iaf_psc_alpha"
size = 8
record_spikes = true
elements.den = { curve = "linear", growth_rate = 0.01, eps = 0.05 }

[populations.I]
model = "iaf_cond_exp"
size = 4

[inputs.current]
model = "dc_generator"
amplitude = 400
targets = [
    { population = "E" },
    { population = "I", weight = -0.5, delay = 2 },
    { population = "E", neurons = "::3", delay = 0.3 },
    { population = "E", neurons = { fraction = 0.5 } },
]

[inputs.idle]
model = "dc_generator"
amplitude = -1.5
start = 2.0
stop = 8

[inputs.noise]
rate = 100
targets = [{ population = "I", neurons = [3, 0], weight = 2, delay = 1 }]

[recorders.potentials]
model = "multimeter"
neurons = "E"

[recorders.some]
model = "multimeter"
neurons = [{ population = "E", neurons = "2:5" }, { population = "I", neurons = [1] }]
variables = ["V_m", "calcium"]
interval = 0.5

[recorders.grown]
model = "multimeter"
neurons = { population = "E", neurons = { fraction = 0.25, draw = 3 } }
variables = ["z/den", "z_connected/den", "I_syn_ex"]
interval = 2

[recorders.fast]
model = "population_means"
interval = 1

[recorders.few]
model = "spike_recorder"
neurons = { population = "I", neurons = [0, 2] }
"""


@pytest.fixture
def measured() -> Experiment:
    return Experiment.from_toml(TEXT)


def test_comes_back_from_its_toml(measured: Experiment) -> None:
    text = measured.to_toml()
    again = Experiment.from_toml(text)
    assert again == measured
    assert again.to_toml() == text
    assert Experiment.check("", measured.model_dump()) == measured


def test_its_toml_has_the_defaults_and_what_they_are(measured: Experiment) -> None:
    text = measured.to_toml()
    for line in (
        "amplitude = 400.0 # current (pA)",
        "start = 0.0 # time from which on it is on (ms)",
        "# stop is not set: time from which on it is off (ms)",
        "# delay is not set: a whole number of steps (ms); one step if not given",
        "weight = -0.5 # what the current is multiplied with",
        'variables = ["V_m"] # what is read',
        "interval = 1.0 # time between readings (ms)",
    ):
        assert line in text.splitlines()
    tables = tomllib.loads(text)
    targets = tables["inputs"]["current"]["targets"]
    assert [target["weight"] for target in targets] == [1.0, -0.5, 1.0, 1.0]
    assert [target.get("delay") for target in targets] == [None, 2.0, 0.3, None]
    assert "targets" not in tables["inputs"]["idle"]
    assert tables["inputs"]["noise"]["model"] == "poisson_generator"
    assert tables["recorders"]["potentials"] == {
        "model": "multimeter",
        "neurons": "E",
        "variables": ["V_m"],
        "interval": 1.0,
    }


def test_builds_the_network_it_describes(measured: Experiment) -> None:
    network = measured.build()
    current = network.inputs["current"]
    assert (current.amplitude, current.start, current.stop) == (400.0, 0.0, None)
    drives = [(list(d.piece.ids), d.how.weight, d.how.delay) for d in current.drives]
    assert drives[:3] == [
        ([*range(8)], 1.0, None),
        ([8, 9, 10, 11], -0.5, 2.0),
        ([0, 3, 6], 1.0, 0.3),
    ]
    assert len(drives[3][0]) == 4
    assert network.inputs["idle"].drives == []
    assert [list(d.piece.ids) for d in network.inputs["noise"].drives] == [[8, 11]]
    assert [*network.recorders] == [
        "recording",
        "spikes_E",
        "potentials",
        "some",
        "grown",
        "fast",
        "few",
    ]
    chosen = network.select("", network.recorders["some"].neurons)
    assert chosen.ids.tolist() == [2, 3, 4, 9]
    assert network.recorders["some"].variables == ["V_m", "calcium"]
    assert network.recorders["fast"].interval == 1.0


def test_changed(measured: Experiment) -> None:
    changed = measured.changed("inputs.current.amplitude", "2.5")
    changed = changed.changed("inputs.current.targets.0.delay", "1.5")
    changed = changed.changed("recorders.some.variables", '["spike_count"]')
    changed = changed.changed("recorders.potentials.neurons", "I")
    network = changed.build()
    assert network.inputs["current"].amplitude == 2.5
    assert network.inputs["current"].drives[0].how.delay == 1.5
    assert network.recorders["some"].variables == ["spike_count"]
    assert network.recorders["potentials"].neurons == "I"


WRONG = [
    ("amplitude = 400", "", "inputs.current.amplitude: is missing; it must be given: current (pA)"),
    ("amplitude = 400", 'amplitude = "a"', "inputs.current.amplitude: 'a' must be a valid number"),
    ("amplitude = 400", "rate = 400", "inputs.current.amplitude: is missing"),
    (
        "rate = 100",
        "rate = 100\namplitude = 1",
        "inputs.noise.amplitude: there is no such key",
    ),
    ('model = "dc_generator"', 'model = "dc"', "inputs.current.model: 'dc' must be one of "),
    ('model = "dc_generator"', "model = 3", "inputs.current.model: 3 must be a valid string"),
    (
        "delay = 2 ",
        "delay = 0.25 ",
        "inputs.current.targets.1.delay: 0.25 ms must be a whole multi",
    ),
    ("delay = 2 ", "delay = 0 ", "inputs.current.targets.1.delay: 0 must be greater than 0"),
    ("delay = 2 ", "weights = 1 ", "inputs.current.targets.1.weights: there is no such key"),
    (", delay = 1 }", " }", "inputs.noise.targets.0.delay: is missing; it must be given"),
    (
        'population = "I", weight',
        'population = "X", weight',
        "inputs.current.targets.1.population:",
    ),
    ('neurons = "E"', 'neurons = "X"', "recorders.potentials.neurons: 'X' must be one of E, I"),
    (
        'neurons = "E"',
        "",
        "recorders.potentials.neurons: is missing; it must be given",
    ),
    (
        'neurons = "E"',
        'neurons = "E"\nvariables = ["v"]',
        "recorders.potentials.variables.0: 'v' mus",
    ),
    (
        'neurons = "E"',
        'neurons = "E"\nvariables = "V_m"',
        "recorders.potentials.variables: 'V_m' mus",
    ),
    ('"V_m", "calcium"', '"V_m", "I_syn_ex"', "recorders.some.variables.1: 'I_syn_ex' must be one"),
    ('"z/den"', '"z/axon"', "recorders.grown.variables.0: 'z/axon' must be one of V_m"),
    (
        "fraction = 0.25",
        "fraction = 1.5",
        "recorders.grown.neurons.neurons.fraction: 1.5 must be le",
    ),
    (
        "interval = 0.5",
        "interval = 0.25",
        "recorders.some.interval: 0.25 ms must be a whole multip",
    ),
    (
        'model = "multimeter"',
        'model = "meter"',
        "recorders.potentials.model: 'meter' must be one of",
    ),
    ('model = "multimeter"', "", "recorders.potentials.model: is missing; it must be given"),
    (
        "[recorders.fast]",
        "[recorders.recording]",
        "recorders.recording: 'recording' is there already",
    ),
    ("[recorders.fast]", '[recorders."a b"]', "recorders.a b: 'a b' must be letters, digits and _"),
    (
        'neurons = { population = "I", neurons = [0, 2] }',
        'neurons = ["E"]',
        "recorders.few.neurons: 'E' is recorded already, by recorders.spikes_E",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG)
def test_wrong_input_is_told_in_a_line(right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    with pytest.raises(InputError) as error:
        Experiment.from_toml(TEXT.replace(right, wrong, 1))
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)
