"""What holds for every input: parts of populations, changes between two runs, TOML, the disk."""

from copy import deepcopy

import numpy as np
import pytest

from distsp import Experiment
from distsp.engine.simulation import Simulation
from distsp.inputs import Input
from distsp.network.network import Network

H = 0.1
DELAY = 1.7

EXAMPLES = {
    "poisson_generator": {"rate": 3000.0},
    "dc_generator": {"amplitude": 150.0},
    "step_current_generator": {
        "amplitude_times": [0.5, 2.0, 6.1],
        "amplitude_values": [100.0, -50.0, 200.0],
    },
    "ac_generator": {"amplitude": 100.0, "frequency": 80.0, "phase": 20.0, "offset": 30.0},
    "noise_generator": {"mean": 40.0, "std": 300.0, "dt": 0.3, "std_mod": 100.0, "frequency": 60.0},
    "spike_generator": {
        "spike_times": np.arange(0.4, 12.0, 0.8).round(1).tolist(),
        "spike_weights": (2.0 + np.cos(np.arange(15.0))).tolist(),
    },
}
SEVERAL = {
    "each": ("poisson_generator", {"rate": [1000.0 * i for i in range(1, 8)]}),
    "in time": (
        "poisson_generator",
        {"rate": 9e3, "rate_times": [2.0, 5.5], "rate_values": [0.0, 4e3]},
    ),
}
ALL = {name: (name, parameters) for name, parameters in EXAMPLES.items()} | SEVERAL
CHANGES = {
    "poisson_generator": {"rate": 500.0},
    "dc_generator": {"amplitude": -20.0},
    "step_current_generator": {"amplitude_times": [1.0, 6.5], "amplitude_values": [7.0, -300.0]},
    "ac_generator": {"phase": 110.0, "frequency": 500.0},
    "noise_generator": {"std": 150.0, "dt": 0.7},
    "spike_generator": {"spike_times": [1.0, 5.0, 5.2, 9.0], "spike_weights": []},
    "each": {"rate": [900.0] * 7},
    "in time": {"rate_times": [4.0], "rate_values": [8e3]},
}


def test_every_input_is_here():
    assert set(EXAMPLES) == set(Input.members)


class Driven:
    """Two populations, some of whose neurons are driven, and what the potentials have been."""

    def __init__(self, example, parts=(slice(1, 5), slice(0, 5, 2)), slices=0.7, **parameters):
        self.net = Network(resolution=H, seed=4)
        self.a = self.net.create("iaf_psc_exp", 5, name="A", V_th=1e4)
        self.b = self.net.create("iaf_psc_delta", 6, name="B", V_th=1e4)
        model, own = ALL[example]
        self.input = self.net.input(model, "x", **{**own, **parameters})
        if parts:
            self.net.drive(self.input, self.a[parts[0]] + self.b[parts[1]], 1.5, DELAY)
        # The length of a slice.
        self.net.synapse_type("unused", weight=1.0, delay=slices)
        self.simulation = Simulation(self.net)
        self.potentials = []

    def run(self, duration):
        for _ in range(round(duration / 0.5)):
            self.simulation.run(0.5)
            self.potentials.append(np.concatenate([self.a.V_m, self.b.V_m]))
        return self

    @property
    def found(self):
        """How far the potentials have been from rest."""
        return np.array(self.potentials) + 70.0


@pytest.mark.parametrize("example", ALL)
def test_only_what_is_driven_is_driven(example):
    found = Driven(example).run(10.0).found
    moved = np.ptp(found, axis=0) > 1e-9
    assert moved.tolist() == [False] + [True] * 4 + [True, False] * 3


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_neuron_of_a_part_gets_what_it_gets_of_the_whole(example):
    part = Driven(example).run(10.0).found
    whole = Driven(example, parts=(slice(None), slice(None))).run(10.0).found
    chosen = [1, 2, 3, 4, 5, 7, 9]
    assert part[:, chosen].tobytes() == whole[:, chosen].tobytes()


@pytest.mark.parametrize("example", ALL)
def test_the_length_of_a_slice_changes_nothing(example):
    found = Driven(example).run(10.0).found
    assert Driven(example, slices=H).run(10.0).found.tobytes() == found.tobytes()
    assert Driven(example, slices=3.0).run(10.0).found.tobytes() == found.tobytes()


@pytest.mark.parametrize("example", ALL)
def test_what_was_emitted_before_a_change_still_arrives(example):
    old, changed = Driven(example).run(10.0), Driven(example).run(4.0)
    changed.input.set(**CHANGES[example])
    changed.run(6.0)
    # What is emitted from 4 ms on arrives 1.7 ms later: not yet in the potential at 5.5 ms.
    same = np.all(changed.found == old.found, axis=1)
    assert same[:11].all()
    assert not same[-1]
    # Potentials are linear in what arrives: that of the old parameters, then that of the new.
    if example != "noise_generator":  # its intervals begin at `start`
        old = Driven(example, stop=4.0).run(10.0)
        new = Driven(example, start=4.0, **CHANGES[example]).run(10.0)
        np.testing.assert_allclose(changed.found, old.found + new.found, rtol=0, atol=1e-9)


@pytest.mark.parametrize("example", ALL)
def test_it_is_on_from_start_to_before_stop(example):
    limited = Driven(example, start=3.0, stop=6.0).run(12.0).found
    assert not limited[:9].any()
    if example != "noise_generator":  # its intervals begin at `start`
        parts = limited + Driven(example, stop=3.0).run(12.0).found
        parts += Driven(example, start=6.0).run(12.0).found
        np.testing.assert_allclose(parts, Driven(example).run(12.0).found, rtol=0, atol=1e-9)
    changed = Driven(example, start=3.0).run(5.0)
    changed.input.stop = 6.0
    assert changed.run(7.0).found.tobytes() == limited.tobytes()
    changed = Driven(example, start=3.0).run(6.0)
    changed.input.set(stop=6.0)
    assert changed.run(6.0).found.tobytes() == limited.tobytes()
    with pytest.raises(ValueError, match=r"inputs\.x\.stop: 1\.0 ms is before 3\.0"):
        changed.input.stop = 1.0
    with pytest.raises(ValueError, match=r"inputs\.x\.start: 0\.25 ms must be a whole multiple"):
        changed.input.start = 0.25


@pytest.mark.parametrize("example", ALL)
def test_what_is_read_cannot_be_changed_behind_its_back(example):
    driven = Driven(example)
    for name, value in ALL[example][1].items():
        read = getattr(driven.input, name)
        assert read == (tuple(value) if isinstance(value, list) else value)
        driven.input.set(**{name: read})
    assert driven.input.parameters == Driven(example).input.parameters


TOML = """
name = "inputs"
duration = 10.0

[populations.A]
model = "iaf_psc_exp"
size = 5

[populations.B]
model = "iaf_psc_delta"
size = 6

[inputs.x]
model = "{model}"
start = 1.0
{parameters}

[[inputs.x.targets]]
population = "A"
weight = 2.0
delay = 1.5
{neurons}
"""


@pytest.mark.parametrize("example", ALL)
def test_comes_back_from_toml(example):
    model, parameters = ALL[example]
    if example == "each":
        parameters = {"rate": [1.0, 2.0, 3.0]}
    lines = "\n".join(f"{name} = {value}" for name, value in parameters.items())
    text = TOML.format(model=model, parameters=lines, neurons='neurons = "1:4"')
    experiment = Experiment.from_toml(text)
    written = experiment.to_toml()
    again = Experiment.from_toml(written)
    assert again == experiment
    built = again.build().inputs["x"]
    for name, value in parameters.items():
        assert getattr(built.parameters, name) == value
        assert f"{name} = " in written
    fields = Input.members[model].model_fields
    assert all(field.description for name, field in fields.items() if name != "model")


def test_what_is_wrong_in_toml_is_told_in_a_line():
    text = TOML.format(
        model="step_current_generator",
        parameters="amplitude_times = [2.0, 1.0]\namplitude_values = [1.0, 2.0]",
        neurons="",
    )
    told = r"inputs\.x\.amplitude_times: \[2\.0, 1\.0\] must be ascending: 1\.0 ms comes after"
    with pytest.raises(ValueError, match=told):
        Experiment.from_toml(text)
    text = TOML.format(model="poisson_generator", parameters="rate = [1.0]", neurons="")
    told = r"inputs\.x\.rate: \[1\.0\] must have one rate for each of 5 targets, and has 1"
    with pytest.raises(ValueError, match=told):
        Experiment.from_toml(text)


@pytest.mark.parametrize("example", ALL)
def test_goes_on_from_the_disk(example, tmp_path):
    whole = Driven(example).run(4.0)
    whole.input.set(**CHANGES[example])
    whole.run(6.0)

    begun = Driven(example).run(4.0)
    begun.input.set(**CHANGES[example])
    begun.run(0.5)
    begun.simulation.save(tmp_path)
    again = Driven(example, **CHANGES[example])
    again.net = deepcopy(again.net)
    again.a, again.b = again.net.populations.values()
    again.simulation = Simulation.load(tmp_path, again.net)
    again.run(5.5)
    assert again.found.tobytes() == whole.found[9:].tobytes()
