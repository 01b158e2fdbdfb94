"""Experiments: what TOML means, what comes back, and what a wrong one is told."""

import math

import numpy as np
import pytest

from distsp.base.errors import InputError
from distsp.experiment.experiment import Experiment, list_bundled
from distsp.network.description import describe

SMALL = """
name = "small"
duration = 100
update_interval = 10
record_interval = 10

[populations.E]
model = "iaf_psc_alpha"
size = 10
V_m = { distribution = "uniform", low = -70, high = -60.0 }
parameters = { tau_m = 12, I_e = 400.0 }
elements.den = { curve = "gaussian", growth_rate = 0.01, eps = 0.05 }
elements.axon = { curve = "linear", growth_rate = 0.01, eps = 0.05 }

[populations.I]
model = "iaf_psc_exp"
size = 5

[synapse_types.plastic]
weight = 20
delay = 1.5
pre = "axon"
post = "den"

[synapse_types.static]
weight = { distribution = "normal", mean = 3.0, std = 1.0 }
delay = 0.1

[inputs.noise]
rate = 5000
targets = [{ population = "E", weight = 6.2, delay = 1.0 }]

[[connections]]
source = "E"
target = "I"
synapse = "static"
rule = "all_to_all"

[[connections]]
source = "E"
target = "E"
synapse = "static"
rule = { rule = "fixed_indegree", indegree = 3 }
"""


@pytest.fixture
def small() -> Experiment:
    return Experiment.from_toml(SMALL)


def test_builds_the_network_it_describes(small: Experiment) -> None:
    network = small.build()
    assert (network.resolution, network.seed, network.update_interval) == (0.1, 1, 10.0)
    assert network.recorders["recording"].interval == 10.0
    assert [*network.populations] == ["E", "I"]
    excitatory = network.populations["E"]
    assert excitatory.ids == range(10)
    assert excitatory.parameters.tau_m == 12.0
    assert excitatory.parameters.model_dump()["tau_syn_ex"] == 2.0
    assert excitatory.elements["den"].eps == 0.05
    assert network.synapse_types["plastic"].plastic
    assert not network.synapse_types["static"].plastic
    assert [d.piece.population.name for d in network.inputs["noise"].drives] == ["E"]
    assert [connection.rule.rule for connection in network.connections] == [
        "all_to_all",
        "fixed_indegree",
    ]
    assert [*network.recorders] == ["recording"]


def test_default_is_the_published_experiment() -> None:
    experiment = Experiment.bundled("structural_plasticity")
    network = experiment.build()
    assert (experiment.duration, experiment.record_interval) == (200_000.0, 1000.0)
    assert (network.resolution, network.update_interval) == (0.1, 10_000.0)
    excitatory, inhibitory = network.populations.values()
    assert (excitatory.size, inhibitory.size) == (800, 200)
    for population in (excitatory, inhibitory):
        assert population.parameters.model_dump() == {
            "tau_m": 10.0,
            "C_m": 250.0,
            "t_ref": 2.0,
            "E_L": -70.0,
            "V_th": -55.0,
            "V_reset": -70.0,
            "I_e": 0.0,
            "tau_Ca": 10_000.0,
            "beta_Ca": 0.001,
            "tau_syn_ex": 2.0,
            "tau_syn_in": 2.0,
        }
        for element in population.elements.values():
            assert (element.z, element.tau_vacant) == (0.0, 0.1)
    growth = {
        (population.name, name): (element.growth_rate, element.eps)
        for population in (excitatory, inhibitory)
        for name, element in population.elements.items()
    }
    assert growth == {
        ("E", "Den_ex"): (0.0001, 0.05),
        ("E", "Den_in"): (0.0001, 0.05),
        ("E", "Axon_ex"): (0.0001, 0.05),
        ("I", "Den_ex"): (0.0004, 0.2),
        ("I", "Den_in"): (0.0001, 0.2),
        ("I", "Axon_in"): (0.0001, 0.2),
    }
    types = network.synapse_types
    assert [(t.weight, t.delay, t.pre, t.post) for t in types.values()] == [
        (585.0, 1.0, "Axon_ex", "Den_ex"),
        (-585.0, 1.0, "Axon_in", "Den_in"),
    ]
    assert network.inputs["noise"].rate == 10_000.0
    assert [(d.how.weight, d.how.delay) for d in network.inputs["noise"].drives] == [
        (6.2, 1.0),
        (6.2, 1.0),
    ]
    assert network.connections == ()


def test_bundled_experiments_have_a_line_each() -> None:
    descriptions = list_bundled()
    assert {"structural_plasticity", "balanced_random"} <= set(descriptions)
    assert all(text and "\n" not in text for text in descriptions.values())


@pytest.mark.parametrize("name", ["small", *list_bundled()])
def test_toml_is_complete_and_comes_back_unchanged(name: str) -> None:
    experiment = Experiment.from_toml(SMALL) if name == "small" else Experiment.bundled(name)
    text = experiment.to_toml()
    again = Experiment.from_toml(text)
    assert again == experiment
    assert again.to_toml() == text
    assert "tau_Ca = 10000.0 # time constant of the calcium trace (ms)" in text
    assert "seed = 1 " in text


def test_toml_of_awkward_values_comes_back(small: Experiment) -> None:
    changed = small.changed("description", 'a "quoted" \\ text,\ttabs and \u00fcmlauts')
    changed = changed.changed("populations.E.parameters.I_e", "-1.7976931348623157e308")
    changed = changed.changed("populations.E.elements.den.growth_rate", "5e-324")
    assert Experiment.from_toml(changed.to_toml()) == changed


def test_reads_files(small: Experiment, tmp_path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL.replace("\n", "\r\n"))
    assert Experiment.from_toml(path) == Experiment.from_toml(str(path)) == small


def test_scaled(small: Experiment) -> None:
    sizes = [population.size for population in small.scaled(0.25).populations.values()]
    assert sizes == [2, 1]
    assert small.scaled(1e-6).build().size == 2
    assert small.scaled(10.0).build().size == 150


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf, 1e300])
def test_scaled_by_nonsense(small: Experiment, factor: float) -> None:
    with pytest.raises(InputError):
        small.scaled(factor)


def test_changed(small: Experiment) -> None:
    assert small.changed("duration", "50").duration == 50.0
    assert small.changed("name", "other").name == "other"
    assert small.changed("update_interval", "20").update_interval == 20.0
    assert small.changed("seed", 7).seed == small.changed("seed", "7").seed == 7
    assert small.changed("seed", np.int64(7)).seed == 7
    for path, value in (("seed", [7]), ("seed", None), ("seed", 7.5), ("seed", object()), (7, 7)):
        with pytest.raises(InputError, match=r"^(seed|path): .* must be "):
            small.changed(path, value)
    for factor in (10**400, "2", None, [2.0], True):
        with pytest.raises(InputError, match=r"^scale: .* must be a finite number above 0"):
            small.scaled(factor)
    for source in (7, None, ["x.toml"]):
        with pytest.raises(InputError, match=r"^experiment: .* must be a path"):
            Experiment.from_toml(source)
    assert small.surplus == small.build().surplus == "one"
    other = Experiment.from_toml(small.changed("surplus", "all").to_toml())
    assert other.surplus == other.build().surplus == describe(other.build())["surplus"] == "all"
    assert small.changed("connections.1.rule.indegree", "4").connections[1].rule.indegree == 4
    assert (
        small.changed("inputs.noise.targets.0.weight", "1").inputs["noise"].targets[0].weight == 1
    )
    changed = small.changed("populations.E.record_spikes", "true")
    assert [*changed.build().recorders] == ["recording", "spikes_E"]
    element = '{curve = "sigmoid", growth_rate = 0.1, eps = 0.2, psi = 0.1}'
    changed = small.changed("populations.E.elements.den", element)
    assert changed.populations["E"].elements["den"]["psi"] == 0.1
    assert small.duration == 100.0


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            "populatons.E.size",
            "5",
            "populatons.E.size: there is no such key; did you mean populations?",
        ),
        ("populations.X.size", "5", "populations.X.size: there is no such key; populations has E"),
        ("populations.E.parameters.tau", "5", "populations.E.parameters.tau: there is no such key"),
        ("populations.E.size.x", "5", "populations.E.size.x: there is no such key"),
        ("connections.2.source", "E", "connections.2.source: there is no such key"),
        ("connections.-1.source", "E", "connections.-1.source: there is no such key"),
        ("", "5", "there is no such key"),
        ("populations.E.size", "five", "populations.E.size: 'five' must be a valid integer"),
        ("populations.E.size", "5.5", "populations.E.size: 5.5"),
        ("populations.E.size", "true", "populations.E.size: True"),
        ("populations.E.size", "9" * 10_000, "populations.E.size: '999"),
        ("populations.E.parameters", "[" * 100_000, "populations.E.parameters"),
        ("duration", "1\nseed = 2", "duration: '1\\nseed = 2' must be a valid number"),
    ],
)
def test_changed_to_nonsense(small: Experiment, path: str, value: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        small.changed(path, value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


WRONG = [
    ("duration = 100", "", "duration: is missing"),
    ("duration = 100", "duration = true", "duration: True must be a valid number"),
    ("duration = 100", "duration = nan", "duration: nan must be a finite number"),
    ("duration = 100", "duration = inf", "duration: inf must be a finite number"),
    ("duration = 100", "duration = 0", "duration: 0 must be greater than 0"),
    ("duration = 100", "duration = 0.05", "duration: 0.05 ms must be a whole multiple"),
    ("duration = 100", "duration = 1e300", "duration: 1e+300 ms"),
    ("duration = 100", "duration = 1979-05-27", "duration: datetime.date"),
    ("duration = 100", f"duration = {'9' * 5000}", "thousands of digits|Exceeds the limit"),
    ("duration = 100", f"duration = {'9' * 400}", "duration: 999"),
    ("duration = 100", "duration = 100\nresolution = 1e-320", "1e-320"),
    ("duration = 100", "duration = 100\nseed = -1", "seed: -1 must be greater than or equal to 0"),
    ("duration = 100", "duration = 100\nseed = 4294967296", "seed: 4294967296"),
    ("duration = 100", "duration = 100\ntypo = 5", "typo: there is no such key"),
    ("duration = 100", "duration = ", "line 3"),
    ("duration = 100", "duration = 100\nduration = 100", "line 4"),
    ("duration = 100", f"duration = {'[' * 100_000}", "nested too deeply"),
    ("duration = 100", f"duration.{'a.' * 10_000}b = 1", "experiment: is nested too deeply"),
    ("update_interval = 10", "update_interval = 0.25", "update_interval: 0.25 ms"),
    ("record_interval = 10", "record_interval = 0.25", "record_interval: 0.25 ms"),
    ('name = "small"', 'name = "../small"', "name: '../small' must be letters"),
    ("size = 10", "size = 0", "populations.E.size: 0 must be greater than or equal to 1"),
    ("size = 10", "size = 3000000000", "populations.E.size: 3000000000"),
    ("size = 10", 'size = "10"', "populations.E.size: '10' must be a valid integer"),
    ("iaf_psc_exp", "hodgkin", "populations.I.model: 'hodgkin' must be one of "),
    ("tau_m = 12", "tau_m = -12", "populations.E.parameters.tau_m: -12 must be greater than 0"),
    ("tau_m = 12", "V_th = -80", "populations.E.parameters: V_reset, -70.0 mV, must be below"),
    ("tau_m = 12", "t_ref = 0.25", "populations.E.parameters.t_ref: 0.25 ms must be a whole"),
    ("tau_m = 12", "t_ref = 1e9", "populations.E.parameters.t_ref: 1000000000.0 ms is more than"),
    ("tau_m = 12", "tau_Ca = 0.05", "populations.E.parameters.tau_Ca: 0.05 ms must be at least a"),
    (
        "tau_m = 12",
        "C_m = 5e-324",
        "populations.E.parameters.C_m: 5e-324 is too large or too small",
    ),
    ("tau_m = 12", "beta_Ca = 1e3", "populations.E.elements.den: the width of the curve, 0.03"),
    (
        '"linear", growth_rate = 0.01, eps = 0.05',
        '"linear", growth_rate = 1, eps = 1e-9',
        "axon: the",
    ),
    ("low = -70, high = -60.0", "low = -1e308, high = 1e308", "must not lie so far apart"),
    ("mean = 3.0, std = 1.0", "mean = 3.0, std = 1e308", "mean, 3.0, and std, 1e+308, must not"),
    (
        "delay = 0.1",
        'delay = { distribution = "normal", mean = 1.0, std = 1e300 }',
        "synapse_types.static.delay: 3e+300 ms is more than 2147483647 steps",
    ),
    ("[populations.I]", "[[populations.I]]", "populations.I: [{'model'"),
    ("tau_m = 12", "size = 12", "populations.E.parameters.size: there is no such key"),
    ("tau_m = 12", "self = 12", "populations.E.parameters.self: there is no such key"),
    ('distribution = "uniform", low = -70', "low = -70", "populations.E.V_m"),
    ("[populations.I]", '[populations."1"]', "populations.1: '1' must be letters"),
    ('"gaussian", growth_rate', '"cubic", growth_rate', "elements.den.curve: 'cubic' must be one"),
    ('curve = "gaussian", ', "", "populations.E.elements.den.curve: is missing"),
    ("eps = 0.05", "eps = 0", "populations.E.elements.den: eps, 0.0, must differ from eta, 0.0"),
    ("eps = 0.05", "esp = 0.05", "populations.E.elements.den"),
    ('pre = "axon"', 'pre = "Axon"', "synapse_types.plastic.pre: 'Axon' must be one of"),
    ('pre = "axon"', "", "synapse_types.plastic.pre: is missing"),
    ("delay = 1.5", "delay = 0.01", "synapse_types.plastic.delay: 0.01 ms must be"),
    ("delay = 1.5", "delay = 0", "synapse_types.plastic.delay: 0"),
    ("delay = 1.0", "delay = 0.25", "inputs.noise.targets.0.delay: 0.25 ms must be a whole"),
    ('population = "E"', 'population = "X"', "inputs.noise.targets.0.population: 'X' must be one"),
    ("rate = 5000", "rate = -5000", "inputs.noise.rate: -5000"),
    ("rate = 5000", "rate = 5000\nname = 3", "inputs.noise.name: there is no such key"),
    ("rate = 5000", "rate = 5000\nself = 3", "inputs.noise.self: there is no such key"),
    ('source = "E"', 'source = "X"', "connections.0.source: 'X' must be one of E, I"),
    ('synapse = "static"', 'synapse = "other"', "connections.0.synapse: 'other' must be one of"),
    ('rule = "all_to_all"', 'rule = "one_to_one"', "connections.0.rule: one_to_one needs as many"),
    ('rule = "all_to_all"', 'rule = "some"', "connections.0.rule.rule: 'some' must be one of"),
    ("indegree = 3", "indegree = -3", "connections.1.rule.indegree: -3"),
    ("indegree = 3", "degree = 3", "connections.1.rule"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG)
def test_wrong_input_is_told_in_a_line(right: str, wrong: str, told: str) -> None:
    assert right in SMALL
    with pytest.raises(InputError) as error:
        Experiment.from_toml(SMALL.replace(right, wrong, 1))
    message = str(error.value)
    assert any(part in message for part in told.split("|"))
    assert "\n" not in message
    assert len(message) < 300


def test_no_populations() -> None:
    with pytest.raises(InputError, match=r"^populations: "):
        Experiment.from_toml('name = "empty"\nduration = 1.0\npopulations = {}\n')


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01", bytes(range(256)), b"", b"\x00" * 100, b"no equals sign"]
)
def test_files_that_are_no_experiments(tmp_path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        Experiment.from_toml(path)
    assert "\n" not in str(error.value)


def test_files_that_are_not_there(tmp_path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        Experiment.from_toml(tmp_path / "x.toml")
    with pytest.raises(InputError, match="cannot be read"):
        Experiment.from_toml(tmp_path)
    with pytest.raises(InputError):
        Experiment.from_toml("a\0b")
    with pytest.raises(InputError, match="must be one of balanced_random"):
        Experiment.bundled("other")


def test_an_unknown_key_at_any_depth_says_what_was_meant():
    text = """
    name = "x"
    duration = 10.0
    [populations.E]
    size = 2
    model = "iaf_psc_exp"
    """
    for wrong, told in [
        (
            "params = {tau_m = 5.0}",
            "populations.E.params: there is no such key; did you mean param",
        ),
        (
            "parameters = {tau_M = 5.0}",
            "populations.E.parameters.tau_M: there is no such key; did yo",
        ),
        (
            "parameters = {bogus = 5.0}",
            "parameters.bogus: there is no such key; it has tau_m, C_m, t",
        ),
        (
            'elements.a = {curve = "linear", groth_rate = 1.0}',
            "groth_rate: there is no such key; did",
        ),
        (
            'elements.a = {curve = "lineer"}',
            "must be one of gaussian, linear, sigmoid; did you mean ",
        ),
        (f"{'k' * 9999} = 5.0", f"populations.E.{'k' * 60}: there is no such key; it has model"),
        (
            '[recorders.m]\nmodel = "multimeter"\nneurons = "E"\nvariables = ["V_m"]\n'
            "intervall = 1.0",
            "did you mean interval?",
        ),
        (
            '[recorders.m]\nmodel = "multimeter"\nvariables = ["v_m"]\nneurons = "E"',
            "did you mean V_m?",
        ),
        (
            '[[connections]]\nsorce = "E"',
            "connections.0.sorce: there is no such key; did you mean so",
        ),
    ]:
        with pytest.raises(InputError) as error:
            Experiment.from_toml(text + wrong)
        assert told in str(error.value)
        assert len(str(error.value)) < 600
    with pytest.raises(InputError, match="did you mean structural_plasticity"):
        Experiment.bundled("structural_plastisity")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    path = tmp_path / "x.toml"
    text = 'name = "x"\nduration = 1.0\n[populations.E]\nsize = 1\nmodel = "iaf_psc_exp"\n'
    path.write_text(text, encoding="utf-8-sig")
    assert Experiment.from_toml(path) == Experiment.from_toml(text)
    assert Experiment.from_toml(path.read_text()) == Experiment.from_toml(text)
