"""Neuron models against independent arithmetic: exact propagators, and one neuron in plain Python.

The propagators of the reference are power series of the whole system in exact fractions, and its
state is kept in extended precision, so nothing is shared with the program.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import e

import numpy as np
import pytest

from distsp.engine.plan import model_kernel
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.neurons import NeuronModel
from distsp.neurons.iaf_psc_alpha import IafPscAlpha
from distsp.neurons.iaf_psc_exp import IafPscExp
from distsp.neurons.model import SCRATCH_ROWS
from distsp.neurons.values import BLOCK_NEURONS
from distsp.parallel.ranks import Ranks

H = 0.1
MODELS = ["iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_delta"]
CURRENT_MODELS = ["iaf_psc_alpha", "iaf_psc_exp"]
TIME_CONSTANTS = [
    (10.0, 2.0, 2.0),
    (10.0, 0.5, 7.0),
    (10.0, 10.0, 10.0),
    (10.0, 10.0 * (1 + 1e-6), 10.0 * (1 - 1e-6)),
    (10.0, 10.0 * (1 + 1e-9), 10.0 * (1 - 1e-9)),
    (2.0, 100.0, 0.1),
]


def exponential(matrix: list[list[Fraction]]) -> np.ndarray:
    """Return exp(matrix) by its power series in exact arithmetic, as extended floats."""
    n = len(matrix)
    term = [[Fraction(i == j) for j in range(n)] for i in range(n)]
    total = [row[:] for row in term]
    for k in range(1, 40):
        # The terms are cut to 200 bits, so that the fractions do not grow without bound.
        term = [
            [
                Fraction(
                    round(sum(term[i][m] * matrix[m][j] for m in range(n)) / k * 2**200), 2**200
                )
                for j in range(n)
            ]
            for i in range(n)
        ]
        total = [
            [a + b for a, b in zip(x, y, strict=True)] for x, y in zip(total, term, strict=True)
        ]
    head = np.array([[float(x) for x in row] for row in total], dtype=np.longdouble)
    rest = [[float(x - Fraction(float(x))) for x in row] for row in total]
    return head + np.array(rest, dtype=np.longdouble)


def system(model: str, tau_m: float, tau_ex: float, tau_in: float, I_e: float, C_m: float):
    """Return the propagator of (V, currents in order of the model's variables, 1) over a step.

    With it come, for each sign of the input, the place of the variable that it is added to, and
    by how much per unit of weight.
    """
    h = Fraction(H)
    rates = [1 / Fraction(tau) for tau in (tau_ex, tau_in)]
    chain = {"iaf_psc_alpha": 2, "iaf_psc_exp": 1, "iaf_psc_delta": 0}[model]
    n = 2 + 2 * chain
    matrix = [[Fraction(0)] * n for _ in range(n)]
    matrix[0][0] = -h / Fraction(tau_m)
    matrix[0][n - 1] = h * Fraction(I_e) / Fraction(C_m)
    places, jumps = [0, 0], [1.0, 1.0]
    for sign in range(2 if chain else 0):
        current = 1 + sign * chain
        matrix[0][current] = h / Fraction(C_m)
        matrix[current][current] = -h * rates[sign]
        places[sign] = current + chain - 1
        if chain == 2:
            matrix[current][current + 1] = h
            matrix[current + 1][current + 1] = -h * rates[sign]
            jumps[sign] = e / (tau_ex, tau_in)[sign]
    return exponential(matrix), places, jumps


def advance(model, parameters, inputs, n_steps_of_a_call=20, n_neurons=1):
    """Run the compiled step on neurons that all get `inputs` (2, steps); return states, spikes."""
    neuron, step = NeuronModel.members[model](**parameters), model_kernel(model, 0)
    variables = np.zeros((len(neuron.variables), n_neurons))
    refractory = np.zeros(n_neurons, dtype=np.int32)
    constants = np.zeros(16)
    numbers = neuron.constants(H)
    constants[: len(numbers)] = numbers
    lags, neurons = np.empty(100_000, np.int32), np.empty(100_000, np.int32)
    states, spikes = [], []
    for first in range(0, inputs.shape[1], n_steps_of_a_call):
        rows = inputs[:, first : first + n_steps_of_a_call]
        work = [np.repeat(row[:, None], BLOCK_NEURONS, axis=1).copy() for row in rows]
        count = 0
        for lo in range(0, n_neurons, BLOCK_NEURONS):
            count = step(
                variables,
                refractory,
                lo,
                min(lo + BLOCK_NEURONS, n_neurons),
                *work,
                np.empty((rows.shape[1], 0)),
                False,
                rows.shape[1],
                constants,
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
        spikes += list(zip((first + lags[:count]).tolist(), neurons[:count].tolist(), strict=True))
        states.append(variables.copy())
    return np.array(states), spikes, refractory


def random_input(seed: int, n_steps: int, rate: float = 0.1, size: float = 100.0) -> np.ndarray:
    """Return excitatory and inhibitory weights per step, (2, n_steps)."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(0.0, size, (2, n_steps)) * (rng.uniform(size=(2, n_steps)) < rate)
    inputs[1] *= -1.0
    return inputs


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("tau_m", "tau_ex", "tau_in"), TIME_CONSTANTS)
def test_state_is_that_of_the_exact_system(model, tau_m, tau_ex, tau_in):
    parameters = {"tau_m": tau_m, "I_e": 37.5, "C_m": 250.0, "V_th": 1e9}
    if model != "iaf_psc_delta":
        parameters |= {"tau_syn_ex": tau_ex, "tau_syn_in": tau_in}
    inputs = random_input(1, 1000)
    states, _, _ = advance(model, parameters, inputs, n_steps_of_a_call=1)

    matrix, places, jumps = system(model, tau_m, tau_ex, tau_in, 37.5, 250.0)
    state = np.zeros(len(matrix), dtype=np.longdouble)
    state[-1] = 1.0
    expected = []
    for arriving in inputs.T:
        state = matrix @ state
        for sign in range(2):
            state[places[sign]] += arriving[sign] * np.longdouble(jumps[sign])
        expected.append(state[:-1].copy())
    for got, exact in zip(states[:, :, 0].T, np.array(expected).T, strict=True):
        scale = float(np.abs(exact).max())
        np.testing.assert_allclose(got, exact.astype(float), rtol=1e-12, atol=1e-12 * scale)


def exact_propagators(tau_m, tau, h):
    """Return what an exponential and an alpha current bring to V, in hundreds of digits.

    The integrals over a step of exp(-s / tau) and s exp(-s / tau), times what is left of V.
    """
    with localcontext() as context:
        context.prec, context.Emin = 400, -(10**9)
        h, a, b = Decimal(h), Decimal(h) / Decimal(tau), Decimal(h) / Decimal(tau_m)
        d = a - b
        if abs(d) < Decimal("1e-30"):
            return float((-b).exp() * h), float((-b).exp() * h * h / 2)
        once = ((-b).exp() - (-a).exp()) / d
        twice = ((-b).exp() - (-a).exp() * (1 + d)) / d**2
        return float(once * h), float(twice * h * h)


def test_propagators_over_all_time_constants():
    rng = np.random.default_rng(9)
    sizes = 10.0 ** rng.uniform(-6, 6, (200, 2))
    pairs = [
        (tau, tau * (1 + apart))
        for tau in (1e-3, 0.01, 0.02, 0.025, 0.1, 2.0, 10.0)
        for apart in (0, 1e-16, -1e-16, 3e-16, -5e-16, 1e-14, 1e-10, -1e-6, 1e-3, -0.1)
    ]
    pairs += sizes.tolist()
    taus = np.array(pairs)
    drawn = [
        cls.model_construct(**{**dict(cls()), "tau_m": taus[:, 0], "tau_syn_ex": taus[:, 1]})
        for cls in (IafPscExp, IafPscAlpha)
    ]
    own = [one.constants(H) for one in drawn]
    for i, (tau_m, tau) in enumerate(pairs):
        once, twice = (x / 250.0 for x in exact_propagators(tau_m, tau, H))
        exponential = IafPscExp(tau_m=tau_m, tau_syn_ex=tau).constants(H)
        alpha = IafPscAlpha(tau_m=tau_m, tau_syn_ex=tau).constants(H)
        assert exponential[7] == pytest.approx(once, rel=1e-12, abs=1e-300)
        assert [alpha[9], alpha[8]] == pytest.approx([once, twice], rel=1e-12, abs=1e-300)
        assert own[0][7][i] == pytest.approx(once, rel=1e-12, abs=1e-300)
        own_alpha = [own[1][9][i], own[1][8][i]]
        assert own_alpha == pytest.approx([once, twice], rel=1e-12, abs=1e-300)


def test_propagators_of_extreme_time_constants_are_finite():
    for tau_m in (1e-307, 1e-3, 1.0, 1e300):
        for tau in (1e-307, 1e-3, 1.0, 1e300):
            for cls in (IafPscExp, IafPscAlpha):
                row = cls(tau_m=tau_m, tau_syn_ex=tau, tau_syn_in=tau).constants(H)
                assert np.isfinite(row[:-2]).all()


@pytest.mark.parametrize("model", CURRENT_MODELS)
def test_propagators_are_smooth_where_the_time_constants_meet(model):
    def constants(tau):
        return NeuronModel.members[model](tau_m=10.0, tau_syn_ex=tau, tau_syn_in=tau).constants(H)

    meet = constants(10.0)
    assert np.isfinite(meet).all()
    for apart in (1e-15, 1e-12, 1e-9, 1e-8):
        for sign in (1, -1):
            np.testing.assert_allclose(
                constants(10.0 * (1 + sign * apart)), meet, rtol=3 * apart + 1e-14
            )


def test_alpha_current_peaks_at_the_weight_when_tau_syn_has_passed():
    inputs = np.zeros((2, 200))
    inputs[0, 0] = 50.0
    states, _, _ = advance("iaf_psc_alpha", {"V_th": 1e9, "tau_syn_ex": 3.0}, inputs, 1)
    current = states[:, 1, 0]
    # The input of step 0 is in the currents at 0.1 ms.
    assert np.argmax(current) == 30
    assert current[30] == pytest.approx(50.0, rel=1e-13)


def one_neuron(
    model: str, inputs: np.ndarray, p: dict[str, float]
) -> tuple[list[int], list[float]]:
    """Integrate one neuron step by step as the model's description says; return spikes and V."""
    matrix, places, jumps = system(
        model, p["tau_m"], p.get("tau_syn_ex", 1.0), p.get("tau_syn_in", 1.0), p["I_e"], p["C_m"]
    )
    state = np.zeros(len(matrix), dtype=np.longdouble)
    state[-1] = 1.0
    left, spikes, potentials = 0, [], []
    for s, arriving in enumerate(inputs.T):
        moved = matrix @ state
        refractory = left > 0
        if refractory:
            moved[0] = state[0]
            left -= 1
        state = moved
        for sign in range(2):
            if model == "iaf_psc_delta" and refractory:
                continue
            state[places[sign]] += arriving[sign] * np.longdouble(jumps[sign])
        if state[0] >= p["V_th"] - p["E_L"]:
            state[0] = p["V_reset"] - p["E_L"]
            left = round(p["t_ref"] / H)
            spikes.append(s)
        potentials.append(float(state[0]))
    return spikes, potentials


@pytest.mark.parametrize("t_ref", [0.0, 0.1, 2.0, 5.0])
@pytest.mark.parametrize("model", MODELS)
def test_spikes_are_those_of_the_plain_integrator(model, t_ref):
    parameters = {
        "tau_m": 9.0,
        "C_m": 200.0,
        "I_e": 330.0,
        "E_L": -68.0,
        "V_th": -55.0,
        "V_reset": -66.0,
        "t_ref": t_ref,
    }
    size = 6.0
    if model != "iaf_psc_delta":
        parameters |= {"tau_syn_ex": 2.0, "tau_syn_in": 4.0}
        size = 500.0
    inputs = random_input(2, 10_000, rate=0.2, size=size)
    inputs[1] *= 0.5
    spikes, potentials = one_neuron(model, inputs, parameters)
    assert len(spikes) > 50

    states, got, _ = advance(model, parameters, inputs, 1)
    assert [step for step, _ in got] == spikes
    np.testing.assert_allclose(states[:, 0, 0], potentials, rtol=0, atol=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_blocks_and_slices_change_no_bit(model):
    inputs = random_input(3, 700, rate=0.5, size=4.0 if model == "iaf_psc_delta" else 200.0)
    parameters = {"I_e": 500.0}
    alone, spikes, _ = advance(model, parameters, inputs, 1)
    n = 2 * BLOCK_NEURONS + 7
    many, their_spikes, _ = advance(model, parameters, inputs, 32, n)
    assert spikes
    assert (many[-1] == alone[-1]).all()
    assert sorted(their_spikes) == [(step, i) for step, _ in spikes for i in range(n)]


@pytest.mark.parametrize("model", MODELS)
def test_refractory_countdown(model):
    # 10 steps of t_ref: V stays at V_reset in the 10 steps after the one of the spike.
    parameters = {"t_ref": 1.0, "I_e": 1e4, "V_reset": -65.0}
    states, spikes, refractory = advance(model, parameters, np.zeros((2, 60)), 1)
    potential = states[:, 0, 0]
    first = spikes[0][0]
    assert (potential[first : first + 11] == 5.0).all()
    assert potential[first + 11] > 5.0
    steps = [step for step, _ in spikes]
    # From V_reset on it takes as many steps as 5 mV -> 15 mV at this current needs.
    rise = int(np.ceil(-10.0 * np.log((400.0 - 15.0) / (400.0 - 5.0)) / H))
    assert set(np.diff(steps)) == {10 + rise}
    assert refractory[0] == max(steps[-1] + 10 - 59, 0)


def test_delta_discards_what_arrives_while_refractory():
    inputs = np.zeros((2, 20))
    inputs[0, 2] = 20.0  # fires in step 2; refractory in steps 3 to 7
    inputs[0, 3:8] = 1.0
    inputs[1, 5] = -3.0
    states, spikes, _ = advance("iaf_psc_delta", {"t_ref": 0.5}, inputs, 1)
    assert spikes == [(2, 0)]
    assert (states[:, 0, 0] == 0.0).all()
    inputs[0, 8] = 1.0
    states, _, _ = advance("iaf_psc_delta", {"t_ref": 0.5}, inputs, 1)
    assert (states[:8, 0, 0] == 0.0).all()
    assert states[8, 0, 0] == 1.0


# Through a simulation -------------------------------------------------------------------------


def fires_in_step(net: Network, step: int, n: int = 1):
    """Return neurons that fire once: in `step`, by an input of rate 0 and a constant current."""
    # Without a leak to speak of, V rises by the same amount in every step.
    rise = 10.0 / (step + 0.5)
    return net.create(
        "iaf_psc_delta",
        n,
        tau_m=1e9,
        C_m=1.0,
        I_e=rise / H,
        E_L=0.0,
        V_th=10.0,
        V_reset=-1e6,
        t_ref=0.0,
    )


@pytest.mark.parametrize("delay", [1, 3, 15, 40])
@pytest.mark.parametrize("emitted", [0, 4, 33])
@pytest.mark.parametrize("slice_steps", [1, 3, 40])
@pytest.mark.parametrize("valued", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_a_spike_acts_after_its_delay(model, emitted, delay, slice_steps, valued):
    net = Network(resolution=H, seed=1)
    source = fires_in_step(net, emitted)
    target = net.create(model, 1, E_L=0.0, V_th=10.0, V_reset=-1.0)
    weight = {"distribution": "uniform", "low": 2.0, "high": 2.0} if valued else 2.0
    net.synapse_type("s", weight=weight, delay=delay * H)
    net.synapse_type("unused", weight=1.0, delay=slice_steps * H)
    net.connect(source, target, "s", "all_to_all")
    net.record_spikes(source)
    sim = Simulation(net, Ranks())

    def seen():
        current = 0.0 if model == "iaf_psc_delta" else target.state(target_current(model))[0]
        return current, target.V_m[0]

    arrives = emitted + delay
    sim.run(arrives * H)
    times, _ = sim.spikes(source)
    assert times.tolist() == [pytest.approx((emitted + 1) * H)]
    assert seen() == (0.0, 0.0)
    sim.run(H)
    if model == "iaf_psc_delta":
        assert seen() == (0.0, 2.0)
    else:
        assert seen() == (2.0 * e / 2.0 if model == "iaf_psc_alpha" else 2.0, 0.0)
        sim.run(H)
        assert seen()[1] > 0.0


def target_current(model: str) -> str:
    """Return the variable that an input is added to."""
    return "dI_syn_ex" if model == "iaf_psc_alpha" else "I_syn_ex"


@pytest.mark.parametrize("model", CURRENT_MODELS)
def test_excitation_and_inhibition_have_their_own_currents(model):
    net = Network(resolution=H, seed=1)
    source = fires_in_step(net, 0)
    target = net.create(model, 1, tau_syn_ex=2.0, tau_syn_in=5.0)
    uniform = {"distribution": "uniform", "low": -3.0, "high": -3.0}
    net.synapse_type("ex", weight=7.0, delay=H)
    net.synapse_type("in", weight=-4.0, delay=H)
    net.synapse_type("own", weight=uniform, delay=H)
    for name in ("ex", "in", "own"):
        net.connect(source, target, name, "all_to_all")
    sim = Simulation(net, Ranks())
    sim.run(2 * H)
    if model == "iaf_psc_exp":
        assert target.state("I_syn_ex")[0] == 7.0
        assert target.state("I_syn_in")[0] == -7.0
    else:
        assert target.state("dI_syn_ex")[0] == pytest.approx(7.0 * e / 2.0, rel=1e-15)
        assert target.state("dI_syn_in")[0] == pytest.approx(-7.0 * e / 5.0, rel=1e-15)


def test_currents_go_on_while_the_neuron_is_refractory():
    net = Network(resolution=H, seed=1)
    source = fires_in_step(net, 0)
    target = net.create("iaf_psc_exp", 1, V_m=-50.0, t_ref=5.0, tau_syn_ex=2.0)
    net.synapse_type("s", weight=1.0, delay=H)
    net.connect(source, target, "s", "all_to_all")
    sim = Simulation(net, Ranks())
    sim.run(1.2)
    assert target.spike_count.tolist() == [1]
    assert target.V_m[0] == -70.0
    assert target.state("I_syn_ex")[0] == pytest.approx(np.exp(-1.0 / 2.0), rel=1e-14)


def test_a_current_set_between_runs_acts_in_the_next_step():
    net = Network(resolution=H, seed=1)
    neuron = net.create("iaf_psc_alpha", 1, E_L=0.0, V_th=100.0, V_reset=0.0)
    sim = Simulation(net, Ranks())
    sim.run(1.0)
    assert neuron.V_m[0] == 0.0
    neuron.set(I_e=250.0)
    assert neuron.V_m[0] == 0.0
    sim.run(H)
    assert neuron.V_m[0] == pytest.approx(10.0 * -np.expm1(-H / 10.0), rel=1e-14)
    before = neuron.V_m[0]
    neuron.set(I_e=0.0)
    sim.run(H)
    assert neuron.V_m[0] == pytest.approx(before * np.exp(-H / 10.0), rel=1e-14)


@pytest.mark.parametrize("model", MODELS)
def test_a_new_resting_potential_leaves_v_where_it_is(model):
    net = Network(resolution=H, seed=1)
    neuron = net.create(model, 1, I_e=100.0)
    sim = Simulation(net, Ranks())
    sim.run(5.0)
    before = neuron.V_m[0]
    neuron.set(E_L=-60.0, I_e=0.0)
    sim.run(H)
    assert neuron.V_m[0] == pytest.approx(-60.0 + (before + 60.0) * np.exp(-H / 10.0), rel=1e-14)


def test_initial_potentials():
    net = Network(resolution=H, seed=4)
    fixed = net.create("iaf_psc_exp", 3, V_m=-60.0)
    low, high = -69.0, -56.0
    spread = net.create(
        "iaf_psc_exp", 2000, V_m={"distribution": "uniform", "low": low, "high": high}
    )
    net.create("iaf_psc_exp", 2)
    Simulation(net, Ranks())
    assert fixed.V_m.tolist() == [-60.0] * 3
    assert low < spread.V_m.min() < low + 0.1
    assert high - 0.1 < spread.V_m.max() < high
    # Mean and spread of a uniform distribution, within 4 standard errors.
    assert abs(spread.V_m.mean() - (low + high) / 2) < 4 * 13.0 / np.sqrt(12 * 2000)
    assert len(set(spread.V_m)) == 2000
