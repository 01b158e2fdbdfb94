"""Neuron models against an integration by SciPy of the equations in their descriptions."""

from math import e

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from distsp.neurons import NeuronModel

H = 0.1
SYNAPSES = {"tau_syn_ex": 1.0, "tau_syn_in": 3.0}
EXACT = {"rtol": 1e-10, "atol": 1e-11, "method": "DOP853"}


def random_input(seed, n_steps, largest):
    """Return weights per step, (2, n_steps), and a current per step (pA)."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(size=(2, n_steps)) * (rng.uniform(size=(2, n_steps)) < 0.1)
    inputs *= np.array([[largest[0]], [-largest[1]]])
    return inputs, np.where(np.arange(n_steps) // 300 % 2 == 1, 80.0, 0.0)


class Reference:
    """A neuron: state (V, ..., synapses as pairs), its slopes, and where a spike is looked for."""

    def __init__(self, model, parameters):
        self.p = NeuronModel.members[model](**parameters)
        self.names = list(self.p.variables)
        self.alpha, self.conductances = "alpha" in model, "cond" in model
        self.state = {name: self.p.initial().get(name, 0.0) for name in self.names}

    def synapses(self):
        """Return of each sign the name, the name of what is added to, sign and time constant."""
        stem = "g" if self.conductances else "I_syn"
        for side, tau in (("ex", self.p.tau_syn_ex), ("in", self.p.tau_syn_in)):
            name = f"{stem}_{side}"
            yield name, f"d{name}" if self.alpha else name, side, tau

    def slopes(self, y, current, held):
        p, s = self.p, dict(zip(self.names, y, strict=True))
        d, push = {}, p.I_e + current
        v = s["V_m"]
        for name, first, side, tau in self.synapses():
            d[first] = -s[first] / tau
            if self.alpha:
                d[name] = s[first] - s[name] / tau
            if self.conductances:
                push -= s[name] * (v - getattr(p, f"E_{side}"))
            else:
                push += s[name] if side == "ex" or "hh" in p.model else -s[name]
        if "hh" in p.model:
            m, h, n = s["Act_m"], s["Inact_h"], s["Act_n"]
            push -= p.g_Na * m**3 * h * (v - p.E_Na) + p.g_K * n**4 * (v - p.E_K)
            open_n = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
            open_m = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10))
            d["Act_n"] = open_n * (1 - n) - 0.125 * np.exp(-(v + 65) / 80) * n
            d["Act_m"] = open_m * (1 - m) - 4 * np.exp(-(v + 65) / 18) * m
            shut_h = 1 / (1 + np.exp(-(v + 35) / 10))
            d["Inact_h"] = 0.07 * np.exp(-(v + 65) / 20) * (1 - h) - shut_h * h
        push -= p.g_L * (v - p.E_L)
        if "aeif" in p.model:
            push -= s["w"]
            if p.Delta_T > 0:
                push += p.g_L * p.Delta_T * np.exp((min(v, p.V_peak) - p.V_th) / p.Delta_T)
            d["w"] = (p.a * (v - p.E_L) - s["w"]) / p.tau_w
        d["V_m"] = 0.0 if held else push / p.C_m
        return [d[name] for name in self.names]

    def add(self, arriving):
        for (_, first, side, tau), weight in zip(self.synapses(), arriving, strict=True):
            size = weight if side == "ex" or "hh" in self.p.model else -weight
            self.state[first] += size * (e / tau if self.alpha else 1.0)

    def go_on(self, begin, end, current, held=False, peak=None):
        """Advance until `end`, or until V_m reaches `peak`; return the time."""
        if end - begin < 1e-12:
            return end
        event = None
        if peak is not None:

            def event(_t, y):
                return y[0] - peak

            event.terminal, event.direction = True, 1.0
        y = list(self.state.values())
        done = solve_ivp(
            lambda _t, y: self.slopes(y, current, held), (begin, end), y, events=event, **EXACT
        )
        self.state = dict(zip(self.names, done.y[:, -1], strict=True))
        return done.t[-1]


def adaptive(model, parameters, inputs, current):
    """Return spikes and V after each step of an adaptive exponential neuron."""
    neuron, spikes, potentials, left = Reference(model, parameters), [], [], 0
    p = neuron.p
    peak, t_ref = p.V_peak if p.Delta_T > 0 else p.V_th, round(p.t_ref / H)
    for k, arriving in enumerate(inputs.T):
        t, held = 0.0, left > 0
        while t < H - 1e-12:
            t = neuron.go_on(t, H, current[k], held, None if held else peak)
            if t < H - 1e-12 and not held:
                neuron.state["V_m"] = p.V_reset
                neuron.state["w"] += p.b
                spikes.append(k)
                held, left = t_ref > 0, t_ref + 1
        left = max(left - 1, 0)
        neuron.add(arriving)
        potentials.append(neuron.state["V_m"])
    return spikes, np.array(potentials)


def ungated(model, parameters, inputs, current):
    """Return all states after each step of a neuron whose spikes change nothing."""
    neuron, states = Reference(model, parameters), []
    for k, arriving in enumerate(inputs.T):
        neuron.go_on(0.0, H, current[k])
        neuron.add(arriving)
        states.append(list(neuron.state.values()))
    return np.array(states)


@pytest.mark.parametrize("taus", [(1.0, 3.0), (0.2, 2.0), (5.0, 0.3)])
@pytest.mark.parametrize("model", ["iaf_cond_alpha", "iaf_cond_exp"])
def test_conductances_and_potential(run_model, model, taus):
    parameters = {"tau_syn_ex": taus[0], "tau_syn_in": taus[1], "V_th": 1e6, "I_e": 120.0}
    inputs, current = random_input(1, 500, (10.0, 10.0))
    states = run_model(model, parameters, inputs, current).states[:, :, 0]
    expected = ungated(model, parameters, inputs, current)
    assert np.ptp(expected[:, 0]) > 3.0
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("t_ref", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("model", ["iaf_cond_alpha", "iaf_cond_exp"])
def test_leaky_neurons_spike_at_the_end_of_a_step(run_model, model, t_ref):
    parameters = {"t_ref": t_ref, "I_e": 500.0, **SYNAPSES}
    inputs, current = random_input(2, 500, (10.0, 5.0))
    states, spikes, _ = run_model(model, parameters, inputs, current)
    neuron, expected, left = Reference(model, parameters), [], 0
    for k, arriving in enumerate(inputs.T):
        neuron.go_on(0.0, H, current[k], held=left > 0)
        left = max(left - 1, 0)
        neuron.add(arriving)
        if neuron.state["V_m"] >= neuron.p.V_th:
            neuron.state["V_m"], left = neuron.p.V_reset, round(t_ref / H)
            expected.append(k)
        assert states[k, 0, 0] == pytest.approx(neuron.state["V_m"], abs=1e-6)
    assert len(expected) > 5
    assert [k for k, _ in spikes] == expected


ADAPTIVE = {
    "default": {"I_e": 1100.0},
    "refractory": {"I_e": 1200.0, "t_ref": 1.5},
    "bursting": {"I_e": 1100.0, "V_reset": -46.0, "b": 60.0, "tau_w": 60.0},
    "sharp": {"I_e": 1100.0, "Delta_T": 0.1, "t_ref": 0.5},
    "blunt": {"I_e": 1100.0, "Delta_T": 8.0, "V_peak": -20.0, "a": -2.0},
    "low peak": {"I_e": 1100.0, "V_peak": -46.0},
    "no exponential": {"I_e": 900.0, "Delta_T": 0.0, "t_ref": 1.0},
    "subthreshold": {"I_e": 1700.0, "a": 30.0, "b": 0.0, "tau_w": 20.0},
}


@pytest.mark.parametrize("model", ["aeif_cond_exp", "aeif_cond_alpha", "aeif_psc_exp"])
@pytest.mark.parametrize("kind", ADAPTIVE)
def test_adaptive_neurons(run_model, model, kind):
    parameters = ADAPTIVE[kind] | SYNAPSES
    largest = (500.0, 150.0) if "psc" in model else (8.0, 2.0)
    inputs, current = random_input(3, 1500, largest)
    states, spikes, _ = run_model(model, parameters, inputs, current)
    expected, potentials = adaptive(model, parameters, inputs, current)
    assert len(expected) > 4
    assert len(spikes) == len(expected)
    assert np.abs(np.array([k for k, _ in spikes]) - expected).max() <= 1
    apart = np.abs(states[:, 0, 0] - potentials)
    until = expected[0]
    assert apart[: until - 20].max() < 1e-5
    # A spike that is apart by 1e-4 ms moves what follows by as much.
    assert np.median(apart) < 1e-3


def test_hodgkin_and_huxley(run_model):
    parameters = {"I_e": 500.0, "t_ref": 2.0, **SYNAPSES}
    inputs, current = random_input(4, 1500, (300.0, 150.0))
    states, spikes, _ = run_model("hh_psc_alpha", parameters, inputs, current)
    expected = ungated("hh_psc_alpha", parameters, inputs, current)
    np.testing.assert_allclose(states[:, :, 0], expected, rtol=0, atol=1e-3)
    v = np.array([-65.0, *expected[:, 0]])
    peaks, left = [], 0
    for k in range(1500):
        if left == 0 and v[k] > v[k + 1] >= 0.0:
            peaks.append(k)
            left = 21
        left = max(left - 1, 0)
    assert len(peaks) > 5
    assert len(spikes) == len(peaks)
    assert np.abs(np.array([k for k, _ in spikes]) - peaks).max() <= 1
