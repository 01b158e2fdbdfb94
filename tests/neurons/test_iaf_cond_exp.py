"""Neurons with conductances against a general solver of differential equations."""

import h5py
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from distsp.base.errors import InputError
from distsp.engine.plan import model_kernel
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.network.network import Network
from distsp.neurons import IafCondExp
from distsp.neurons.model import SCRATCH_ROWS, weight_unit
from distsp.neurons.values import BLOCK_NEURONS
from distsp.parallel.ranks import Ranks
from distsp.results.write import write_results

H = 0.1
PARAMETERS = [
    {},
    {"I_e": 250.0, "t_ref": 0.0},
    {"I_e": 180.0, "tau_syn_ex": 2.0, "tau_syn_in": 10.0, "t_ref": 0.5},
    {"E_L": -65.0, "E_ex": 10.0, "E_in": -80.0, "V_th": -50.0, "V_reset": -70.0, "g_L": 10.0},
    {"tau_syn_ex": 0.5, "tau_syn_in": 0.2, "C_m": 100.0, "t_ref": 0.1},
]


def random_input(seed: int, n_steps: int, excitation: float = 60.0) -> np.ndarray:
    """Return excitatory and inhibitory weights (nS) per step, (2, n_steps)."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.0, 1.0, (2, n_steps)) * (rng.uniform(size=(2, n_steps)) < 0.15)
    return weights * np.array([[excitation], [-20.0]])


def advance(parameters, inputs, n_steps_of_a_call=1, n_neurons=1):
    """Run the compiled step on neurons that all get `inputs`; return states and spikes."""
    neuron, step = IafCondExp(**parameters), model_kernel("iaf_cond_exp", 0)
    variables = np.zeros((3, n_neurons))
    refractory = np.zeros(n_neurons, dtype=np.int32)
    lags, neurons = np.empty((2, 10_000 + 32 * n_neurons), np.int32)
    states, spikes = [], []
    for first in range(0, inputs.shape[1], n_steps_of_a_call):
        rows = inputs[:, first : first + n_steps_of_a_call]
        excitation, inhibition = (np.repeat(row[:, None], BLOCK_NEURONS, axis=1) for row in rows)
        count = 0
        for lo in range(0, n_neurons, BLOCK_NEURONS):
            count = step(
                variables,
                refractory,
                lo,
                min(lo + BLOCK_NEURONS, n_neurons),
                excitation,
                inhibition,
                np.empty((rows.shape[1], BLOCK_NEURONS)),
                False,
                rows.shape[1],
                np.array(neuron.constants(H)),
                np.empty((SCRATCH_ROWS, BLOCK_NEURONS)),
                np.uint64(0),
                first,
                0,
                1,
                lags,
                neurons,
                count,
                0,
            )
        spikes += zip((first + lags[:count]).tolist(), neurons[:count].tolist(), strict=True)
        states.append(variables + np.array([[neuron.E_L], [0.0], [0.0]]))
    return np.array(states), spikes, refractory


def solved(parameters, inputs):
    """Return states and steps of spikes, each step solved as the model's equations stand."""
    p = IafCondExp(**parameters)

    def slopes(_, state):
        v, g_ex, g_in = state
        current = -p.g_L * (v - p.E_L) - g_ex * (v - p.E_ex) - g_in * (v - p.E_in) + p.I_e
        return current / p.C_m, -g_ex / p.tau_syn_ex, -g_in / p.tau_syn_in

    v, g_ex, g_in, left = p.E_L, 0.0, 0.0, 0
    states, spikes = [], []
    for s, (excitation, inhibition) in enumerate(inputs.T):
        end = solve_ivp(slopes, (0.0, H), [v, g_ex, g_in], "DOP853", rtol=1e-12, atol=1e-12)
        moved, g_ex, g_in = end.y[:, -1]
        v = v if left else moved
        left = max(left - 1, 0)
        g_ex, g_in = g_ex + excitation, g_in - inhibition
        if v >= p.V_th:
            v, left = p.V_reset, round(p.t_ref / H)
            spikes.append(s)
        states.append((v, g_ex, g_in))
    return np.array(states), spikes


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_states_and_spikes_are_those_of_the_equations(parameters):
    # A conductance that is over sooner has to be larger.
    inputs = random_input(1, 1200, 60.0 / min(parameters.get("tau_syn_ex", 0.2), 1.0))
    states, spikes, _ = advance(parameters, inputs)
    expected, expected_spikes = solved(parameters, inputs)
    assert [step for step, _ in spikes] == expected_spikes
    assert len(spikes) > 5
    np.testing.assert_allclose(states[:, 0, 0], expected[:, 0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(states[:, 1:, 0], expected[:, 1:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("conductances", [(0.0, 0.0), (7.0, 0.0), (0.0, 30.0), (300.0, 900.0)])
def test_conductances_that_stay_have_the_exact_solution(conductances):
    g_ex, g_in = conductances
    parameters = {"tau_syn_ex": 1e12, "tau_syn_in": 1e12, "V_th": 1e6, "I_e": 100.0}
    inputs = np.zeros((2, 100))
    inputs[:, 0] = g_ex, -g_in
    states, _, _ = advance(parameters, inputs)
    p = IafCondExp(**parameters)
    total = p.g_L + g_ex + g_in
    rest = (p.g_L * p.E_L + g_ex * p.E_ex + g_in * p.E_in + p.I_e) / total
    times = H * np.arange(100)
    decay = np.exp(-times * total / p.C_m)
    # Before the conductances are there, a step of leak and current alone.
    begin = p.E_L + p.I_e / p.g_L * -np.expm1(-H * p.g_L / p.C_m)
    np.testing.assert_allclose(states[:, 0, 0], rest + (begin - rest) * decay, rtol=1e-11)


def test_blocks_and_slices_change_no_bit():
    inputs, parameters = random_input(3, 640), {"I_e": 250.0}
    alone, spikes, _ = advance(parameters, inputs)
    n = 2 * BLOCK_NEURONS + 7
    many, their_spikes, _ = advance(parameters, inputs, 32, n)
    assert spikes
    assert (many[-1] == alone[-1]).all()
    assert sorted(their_spikes) == [(step, i) for step, _ in spikes for i in range(n)]


def test_refractory_neurons_stay_at_reset_while_conductances_decay():
    parameters = {"t_ref": 1.0, "I_e": 3000.0}
    inputs = np.zeros((2, 60))
    inputs[0, 0], inputs[1, 0] = 5.0, -3.0
    states, spikes, refractory = advance(parameters, inputs)
    potential, steps = states[:, 0, 0], [step for step, _ in spikes]
    assert len(steps) > 2
    for step in steps[:-1]:
        assert (potential[step : step + 11] == -60.0).all()
        assert potential[step + 11] > -60.0
    assert refractory[0] == max(steps[-1] + 10 - 59, 0)
    elapsed = H * np.arange(60)
    np.testing.assert_allclose(states[:, 1, 0], 5.0 * np.exp(-elapsed / 0.2), rtol=1e-11)
    np.testing.assert_allclose(states[:, 2, 0], 3.0 * np.exp(-elapsed / 2.0), rtol=1e-11)


# Through a simulation -------------------------------------------------------------------------


def test_a_spike_raises_the_conductance_of_its_sign_after_its_delay():
    net = Network(resolution=H, seed=1)
    source = net.create("iaf_psc_delta", 1, V_m=-50.0)  # fires in step 0
    target = net.create("iaf_cond_exp", 1)
    own = {"distribution": "uniform", "low": -2.0, "high": -2.0}
    for name, weight in (("ex", 7.0), ("in", -4.0), ("own", own)):
        net.synapse_type(name, weight=weight, delay=0.5)
        net.connect(source, target, name, "all_to_all")
    sim = Simulation(net, Ranks())
    assert target.V_m.tolist() == [-70.0]
    sim.run(0.5)
    assert (target.state("g_ex")[0], target.state("g_in")[0], target.V_m[0]) == (0.0, 0.0, -70.0)
    sim.run(H)
    assert (target.state("g_ex")[0], target.state("g_in")[0], target.V_m[0]) == (7.0, 6.0, -70.0)
    sim.run(H)
    assert target.state("g_ex")[0] == pytest.approx(7.0 * np.exp(-H / 0.2), rel=1e-14)
    assert target.V_m[0] > -70.0


def test_a_new_resting_potential_leaves_v_where_it_is():
    net = Network(resolution=H, seed=1)
    neuron = net.create("iaf_cond_exp", 1, I_e=100.0)
    sim = Simulation(net, Ranks())
    sim.run(5.0)
    before = neuron.V_m[0]
    neuron.set(E_L=-62.0, I_e=0.0)
    sim.run(H)
    decay = np.exp(-H * 16.6667 / 250.0)
    assert neuron.V_m[0] == pytest.approx(-62.0 + (before + 62.0) * decay, rel=1e-13)


def test_weights_are_conductances():
    assert weight_unit(["iaf_cond_exp"]) == "nS"
    mixed = weight_unit(["iaf_psc_exp", "iaf_cond_exp", "iaf_psc_delta", "iaf_psc_alpha"])
    assert mixed == "pA, for targets of iaf_cond_exp nS, for targets of iaf_psc_delta mV"


def test_results_say_so(tmp_path):
    experiment = Experiment.from_toml("""
name = "conductances"
duration = 1.0
[populations.E]
model = "iaf_cond_exp"
size = 3
[synapse_types.s]
weight = 2.0
delay = 1.0
[[connections]]
source = "E"
target = "E"
synapse = "s"
rule = "one_to_one"
""")
    simulation = Simulation(experiment.build(), Ranks())
    simulation.run(1.0)
    write_results(simulation, experiment, tmp_path)
    with h5py.File(tmp_path / "results.h5") as file:
        assert file["synapses/s/weight"].attrs["unit"] == "nS"
        assert file["synapses/s/weight"][()].tolist() == [2.0] * 3


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"g_L": 0.0}, "parameters.g_L: 0.0 must be greater than 0"),
        ({"C_m": -1.0}, "parameters.C_m: -1.0 must be greater than 0"),
        ({"tau_syn_ex": 0.0}, "parameters.tau_syn_ex: 0.0 must be greater than 0"),
        ({"tau_syn_in": np.nan}, "parameters.tau_syn_in: nan must be a finite number"),
        ({"E_ex": np.inf}, "parameters.E_ex: inf must be a finite number"),
        ({"tau_m": 10.0}, "parameters.tau_m: there is no such key"),
        (
            {"V_reset": -55.0},
            "parameters: V_reset, -55.0 mV, must be below the threshold V_th, -55",
        ),
        ({"t_ref": 0.25}, "parameters.t_ref: 0.25 ms must be a whole multiple of the resolution"),
        ({"t_ref": -1.0}, "parameters.t_ref: -1.0 must be greater than or equal to 0"),
        ({"t_ref": 1e9}, "parameters.t_ref: 1000000000.0 ms is more than 2147483647 steps"),
        ({"C_m": 5e-324}, "parameters.C_m: 5e-324 is too large or too small for steps of 0.1 ms"),
        ({"tau_Ca": 0.01}, "parameters.tau_Ca: 0.01 ms must be at least a step of the resolution"),
    ],
)
def test_wrong_parameters(parameters, told):
    net = Network(resolution=H, seed=1)
    with pytest.raises(InputError) as error:
        net.create("iaf_cond_exp", 1, name="C", **parameters)
    assert str(error.value).startswith(f"populations.C.{told}")
    assert net.populations == {}
