"""What holds for every neuron model, and what single ones refuse."""

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.base.errors import InputError
from distsp.neurons import NeuronModel
from distsp.neurons.values import ALL, BLOCK_NEURONS, EQUAL, MEMBRANE

H = 0.1
MODELS = [name for name, model in NeuronModel.members.items() if model.has_membrane]
FIRING = {
    "iaf_psc_delta": ({"I_e": 400.0}, 3.0),
    "izhikevich": ({"I_e": 8.0}, 4.0),
    "aeif_psc_exp": ({"I_e": 900.0, "t_ref": 1.0}, 300.0),
    "hh_psc_alpha": ({"I_e": 700.0}, 200.0),
    "iaf_psc_alpha": ({"I_e": 400.0}, 200.0),
    "iaf_psc_exp": ({"I_e": 400.0}, 200.0),
    "aeif_cond_exp": ({"I_e": 900.0}, 10.0),
    "aeif_cond_alpha": ({"I_e": 900.0, "t_ref": 0.5}, 10.0),
    "iaf_cond_exp": ({"I_e": 400.0}, 10.0),
    "iaf_cond_alpha": ({"I_e": 400.0}, 10.0),
}
"""Parameters and largest weights with which neurons spike."""

QUICK_TO_COMPILE = ("iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha", "izhikevich", "iaf_cond_exp")


def driven(model, n_steps=300):
    """Return parameters, input and current of neurons that spike."""
    parameters, largest = FIRING[model]
    rng = np.random.default_rng(5)
    inputs = rng.uniform(0.0, largest, (2, n_steps)) * (rng.uniform(size=(2, n_steps)) < 0.2)
    inputs[1] *= -0.1
    return parameters, inputs, rng.normal(0.0, 5.0, n_steps)


def test_there_is_an_input_for_every_model():
    assert set(FIRING) == set(MODELS) - {"parrot_neuron"}


@pytest.mark.parametrize("model", FIRING)
def test_own_values_that_are_alike_change_no_bit(run_model, model):
    # The kind of which only the membrane's differ takes each model some seconds to compile.
    kinds = [ALL, MEMBRANE] if model in QUICK_TO_COMPILE else [ALL]
    parameters, inputs, current = driven(model)
    alike = run_model(model, parameters, inputs, current, EQUAL)
    assert len(alike.spikes) > 1
    for kind in kinds:
        own = run_model(model, parameters, inputs, current, kind)
        assert own.spikes == alike.spikes
        assert (own.states == alike.states).all()
        assert (own.refractory == alike.refractory).all()


@pytest.mark.parametrize("model", FIRING)
def test_blocks_and_slices_change_no_bit(run_model, model):
    parameters, inputs, current = driven(model)
    alone = run_model(model, parameters, inputs, current)
    n = 2 * BLOCK_NEURONS + 7
    many = run_model(model, parameters, inputs, current, n_neurons=n, slice_steps=30)
    assert (many.states[-1] == alone.states[-1]).all()
    assert sorted(many.spikes) == [(k, i) for k, _ in alone.spikes for i in range(n)]


@pytest.mark.parametrize("model", FIRING)
def test_constants_of_arrays_are_those_of_each_value(model):
    values = {}
    neuron = NeuronModel.members[model]()
    for name, value in neuron:
        factor = 1.0 if name == "V_min" else 1.1
        values[name] = np.array([value, value * factor if value else value])
    many = type(neuron).model_construct(**values).constants(H)
    for i in range(2):
        one = type(neuron).model_construct(**{k: float(v[i]) for k, v in values.items()})
        numbers = [np.broadcast_to(x, 2)[i] for x in many]
        np.testing.assert_allclose(numbers, one.constants(H), rtol=1e-13)


@pytest.mark.parametrize("model", FIRING)
def test_spikes_through_a_simulation(model):
    parameters, largest = FIRING[model]
    net = Network(resolution=H, seed=1)
    neurons = net.create(model, 5, **parameters)
    net.synapse_type("s", weight=largest, delay=1.0)
    net.connect(neurons, neurons, "s", "all_to_all")
    net.drive(net.poisson_generator(500.0), neurons, weight=largest / 2, delay=1.0)
    sim = Simulation(net)
    sim.run(100.0)
    assert sim.n_spikes > 5
    assert all(np.isfinite(neurons.state(name)).all() for name in neurons.parameters.variables)


@pytest.mark.parametrize("model", ["aeif_cond_exp", "aeif_cond_alpha", "aeif_psc_exp"])
def test_a_neuron_spikes_once_in_a_step_at_most(run_model, model):
    parameters = {"I_e": 1e6, "b": 0.0}
    states, spikes, _ = run_model(model, parameters, np.zeros((2, 10)))
    assert [k for k, _ in spikes] == list(range(10))
    assert (states[:, 0, 0] <= 0.0).all()


def test_steep_onsets_overflow_nowhere(run_model):
    parameters = {"I_e": 900.0, "Delta_T": 0.1, "V_peak": 9.5}
    states, spikes, _ = run_model("aeif_cond_exp", parameters, np.zeros((2, 1000)))
    assert spikes
    assert np.isfinite(states).all()


def test_strong_inhibition_stays_finite(run_model):
    inputs = np.zeros((2, 200))
    inputs[:, ::10] = np.array([[2000.0], [-5000.0]])
    for model in ("aeif_cond_exp", "aeif_cond_alpha", "iaf_cond_alpha", "iaf_cond_exp"):
        states = run_model(model, {}, inputs).states
        assert np.isfinite(states).all()
        assert (states[:, 0] > -85.001).all()


def test_channels_at_the_potentials_where_their_rates_are_0_by_0(run_model):
    for v in (-55.0, -40.0):
        near = [
            run_model("hh_psc_alpha", {}, np.zeros((2, 1)), start={"V_m": v + d}).states[0, :4, 0]
            for d in (-1e-4, 0.0, 1e-4)
        ]
        np.testing.assert_allclose(near[1], (near[0] + near[2]) / 2, rtol=1e-7)


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        ("iaf_cond_alpha", {"V_reset": -55.0}, "V_reset, -55.0 mV, must be below the threshold"),
        ("aeif_cond_exp", {"V_reset": 0.0}, "V_reset, 0.0 mV, must be below V_peak, 0.0 mV"),
        ("aeif_cond_exp", {"Delta_T": 0.0, "V_reset": -50.0}, "must be below V_th, -50.4 mV"),
        ("aeif_psc_exp", {"V_peak": -51.0}, "V_peak, -51.0 mV, must be at least the threshold"),
        ("aeif_cond_alpha", {"Delta_T": 0.05}, "Delta_T, 0.05 mV, must be at least 0.0017 of"),
        ("izhikevich", {"c": 30.0}, "c, 30.0 mV, must be below the threshold V_th, 30.0 mV"),
        ("izhikevich", {"V_min": 31.0}, "V_min, 31.0 mV, must be below the threshold V_th"),
        ("hh_psc_alpha", {"g_Na": -1.0}, "g_Na: -1.0 must be greater than or equal to 0"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(model, parameters, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        NeuronModel.members[model].check("population", parameters)


@pytest.mark.parametrize("model", [m for m in FIRING if m != "izhikevich"])
def test_a_refractory_period_is_whole_steps(model):
    neuron = NeuronModel.members[model](t_ref=0.25)
    with pytest.raises(InputError, match=r"population\.t_ref: 0\.25 ms must be a whole multiple"):
        neuron.check_steps("population", H)
