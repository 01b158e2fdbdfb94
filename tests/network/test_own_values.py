"""Values of each neuron's own: the same as if each neuron were a population of its own."""

import numpy as np
import pytest
from scipy.stats import kstest, lognorm, norm, truncnorm, uniform

from distsp import Network, Simulation
from distsp.base.errors import InputError
from distsp.neurons import NeuronModel
from distsp.parallel.ranks import Ranks

N = 5
RANGES = {
    "iaf_psc_alpha": {"tau_m": (8.0, 12.0), "I_e": (380.0, 480.0), "tau_syn_ex": (1.0, 3.0)},
    "iaf_psc_exp": {"V_th": (-57.0, -53.0), "t_ref": (1.0, 3.0), "C_m": (200.0, 300.0)},
    "iaf_psc_delta": {"E_L": (-72.0, -68.0), "V_reset": (-75.0, -70.0), "I_e": (400.0, 500.0)},
    "iaf_cond_exp": {"g_L": (15.0, 18.0), "I_e": (280.0, 350.0), "tau_syn_in": (1.0, 3.0)},
    "iaf_cond_alpha": {"E_ex": (-5.0, 5.0), "I_e": (280.0, 350.0)},
    "aeif_cond_exp": {"a": (2.0, 5.0), "b": (60.0, 90.0), "I_e": (700.0, 900.0)},
    "aeif_cond_alpha": {"Delta_T": (1.5, 2.5), "I_e": (700.0, 900.0)},
    "aeif_psc_exp": {"tau_w": (100.0, 150.0), "I_e": (700.0, 900.0)},
    "izhikevich": {"a": (0.02, 0.1), "d": (2.0, 8.0), "I_e": (5.0, 10.0)},
    "hh_psc_alpha": {"I_e": (600.0, 800.0), "g_L": (25.0, 35.0)},
}


def test_every_model_is_tried():
    # Other tests may add models of their own.
    own = [m for m in NeuronModel.members.values() if m.__module__.startswith("distsp.")]
    assert {*RANGES} == {m.name() for m in own if m.has_membrane}


def build(model: str, own: list[dict[str, float]], together: bool):
    """Return a network of neurons with their own values, in one population or in one each."""
    net = Network(seed=3, update_interval=5.0)
    values = {key: [one[key] for one in own] for key in own[0]}
    growth = {"curve": "gaussian", "growth_rate": 0.1, "eta": 0.0, "eps": 0.3, "z": 1.0}
    eps, z = [0.2, 0.25, 0.3, 0.35, 0.4], [1.0, 0.0, 2.5, 1.5, 3.0]
    fast = {"tau_Ca": 50.0, "beta_Ca": 0.05}
    if together:
        elements = {"e": growth | {"eps": eps, "z": z}}
        populations = [net.create(model, N, elements=elements, **fast, **values)]
    else:
        populations = [
            net.create(model, 1, elements={"e": growth | {"eps": eps[i], "z": z[i]}}, **fast, **one)
            for i, one in enumerate(own)
        ]
    weight = {"pA": 60.0, "mV": 0.4, "nS": 2.0}[NeuronModel.members[model].weight_unit]
    noise = net.poisson_generator(rate=3000.0)
    for p in populations:
        net.drive(noise, p, weight=weight, delay=0.5)
    return net, populations


@pytest.mark.parametrize("model", RANGES)
def test_neurons_with_own_values_are_as_alone(model):
    rng = np.random.default_rng(8)
    own = [{k: round(rng.uniform(*r), 1) for k, r in RANGES[model].items()} for _ in range(N)]
    found = []
    for together in (True, False):
        net, populations = build(model, own, together)
        Simulation(net, Ranks()).run(120.0)
        found.append(
            [
                np.concatenate([read(p) for p in populations])
                for read in (
                    lambda p: p.V_m,
                    lambda p: p.spike_count,
                    lambda p: p.calcium,
                    lambda p: p.z("e"),
                )
            ]
        )
    assert found[0][1].sum() > 5
    for one, other in zip(*found, strict=True):
        # Exact steps of many neurons are computed in another way than of one.
        exact = model not in ("iaf_psc_alpha", "iaf_psc_exp")
        np.testing.assert_allclose(one, other, rtol=0.0 if exact else 1e-11)


@pytest.mark.parametrize(
    ("distribution", "exact"),
    [
        ({"distribution": "uniform", "low": 2.0, "high": 5.0}, uniform(2.0, 3.0)),
        ({"distribution": "normal", "mean": 9.0, "std": 1.0}, norm(9.0, 1.0)),
        (
            {"distribution": "normal", "mean": 9.0, "std": 1.0, "low": 8.0, "high": 9.5},
            truncnorm(-1.0, 0.5, 9.0, 1.0),
        ),
        ({"distribution": "lognormal", "mean": 1.0, "std": 0.3}, lognorm(0.3, scale=np.e)),
    ],
)
def test_values_are_drawn_from_the_distribution(distribution, exact):
    net = Network(seed=6)
    neurons = net.create("iaf_psc_exp", 20_000, tau_m=distribution)
    assert kstest(neurons.parameters.tau_m, exact.cdf).pvalue > 1e-4
    other = net.create("iaf_psc_exp", 20_000, tau_m=distribution)
    assert abs(np.corrcoef(neurons.parameters.tau_m, other.parameters.tau_m)[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"tau_m": [1.0, 2.0]}, "parameters.tau_m: an array of shape (2,) must have one entry"),
        ({"tau_m": [1, 2, 3, 4, -5.0]}, "parameters.tau_m: -5.0 must be greater than 0"),
        ({"tau_m": [1, 2, 3, 4, np.nan]}, "parameters.tau_m: nan must be a finite number"),
        ({"I_e": ["a"] * 5}, "must be numbers, one for each neuron"),
        ({"I_e": {"distribution": "gamma"}}, "I_e.distribution: 'gamma' must be one of uniform"),
        ({"V_reset": [-70.0, -70.0, -70.0, -70.0, -40.0]}, "V_reset"),
        ({"t_ref": [1.0, 1.0, 1.0, 1.0, 1.05]}, "t_ref: 1.05 ms must be a whole multiple"),
        ({"initial": {"I_syn": 1.0}}, "initial.I_syn: there is no such key; did you mean I_syn_"),
        ({"V_m": [1.0]}, "V_m: an array of shape (1,) must have one entry for each of the 5"),
    ],
)
def test_wrong_values_are_told(values, told):
    with pytest.raises(InputError) as error:
        Network().create("iaf_psc_exp", 5, name="P", **values)
    assert told in str(error.value)
    assert str(error.value).startswith("populations.P.")
    assert "\n" not in str(error.value)


def test_initial_values_of_any_variable():
    net = Network(seed=1)
    drawn = {"distribution": "uniform", "low": 0.0, "high": 9.0}
    neurons = net.create(
        "iaf_psc_exp", 3, V_m=[-70.0, -60.0, -65.0], initial={"I_syn_ex": drawn, "I_syn_in": -2.0}
    )
    Simulation(net, Ranks())
    assert neurons.V_m.tolist() == [-70.0, -60.0, -65.0]
    assert neurons.state("I_syn_in").tolist() == [-2.0] * 3
    assert len({*neurons.state("I_syn_ex").tolist()}) == 3
