"""Neurons of NEST that get given spikes and a current: what the tests of the models compare with.

    python benchmarks/nest_neuron_models.py tests/data/neuron_models_nest.npz

Needs PyNEST 3.10 and nothing of distsp. Every case is one neuron with parameters, spikes at random
times with random weights, and a current that is switched on and off; kept are the input as it
arrives, V_m (of izhikevich U_m too) every millisecond, and the steps at whose end it spikes.
"""

import json
import sys

import nest
import numpy as np

H = 0.1  # ms
DURATION = 500.0  # ms

AEIF = {"I_e": 600.0, "tau_syn_ex": 1.0, "tau_syn_in": 4.0}
BURSTING = AEIF | {"t_ref": 1.0, "a": 2.0, "b": 40.0, "tau_w": 40.0, "V_reset": -48.0}
LAZY = {"I_e": 300.0, "tau_syn_ex": 0.5, "t_ref": 3.0, "Delta_T": 0.5, "V_peak": -30.0}

CASES = {
    "iaf_cond_alpha": [
        ("iaf_cond_alpha", {"I_e": 200.0}, 40.0, 10.0),
        (
            "iaf_cond_alpha",
            {"tau_syn_ex": 2.0, "tau_syn_in": 5.0, "t_ref": 4.0, "V_reset": -70.0, "C_m": 150.0},
            8.0,
            4.0,
        ),
    ],
    "iaf_cond_exp": [
        ("iaf_cond_exp", {"I_e": 200.0, "tau_syn_ex": 0.5}, 40.0, 10.0),
    ],
    "aeif_cond_exp": [
        ("aeif_cond_exp", AEIF, 40.0, 8.0),
        ("aeif_cond_exp", BURSTING, 30.0, 10.0),
        ("aeif_cond_exp", LAZY, 80.0, 5.0),
    ],
    "aeif_cond_alpha": [
        ("aeif_cond_alpha", AEIF, 20.0, 4.0),
        ("aeif_cond_alpha", BURSTING, 15.0, 4.0),
    ],
    "aeif_psc_exp": [
        ("aeif_psc_exp", AEIF, 1500.0, 300.0),
        ("aeif_psc_exp", BURSTING, 1000.0, 200.0),
    ],
    "izhikevich": [
        ("izhikevich", {"I_e": 4.0}, 8.0, 4.0),
        (
            "izhikevich",
            {"a": 0.1, "b": 0.25, "c": -50.0, "d": 2.0, "V_min": -66.0, "I_e": 2.0},
            4.0,
            6.0,
        ),
    ],
    "hh_psc_alpha": [
        ("hh_psc_alpha", {"I_e": 650.0}, 400.0, 200.0),
        ("hh_psc_alpha", {"tau_syn_ex": 1.0, "t_ref": 0.5, "I_e": 200.0}, 800.0, 300.0),
    ],
}
"""For each case: model, parameters, and the largest weights of excitation and inhibition."""

CURRENTS = {"izhikevich": 3.0}
"""Amplitude of the current that is switched on and off (pA), where it is not 150."""


def weights(seed: int, largest: tuple[float, float]) -> np.ndarray:
    """Return the weights that arrive in each step, (2, steps); those of inhibition are negative."""
    rng = np.random.default_rng(seed)
    shape = (2, round(DURATION / H))
    size = rng.uniform(size=shape) * np.array([[largest[0]], [-largest[1]]])
    # Whole 64ths, so that the file can have them in single precision.
    return np.round(64.0 * size) / 64.0 * (rng.uniform(size=shape) < 0.08)


def simulate(
    model: str, parameters: dict[str, float], inputs: np.ndarray, amplitude: float
) -> dict[str, np.ndarray]:
    """Return V_m (and U_m) at every millisecond, the spike steps, and when the current is on."""
    nest.ResetKernel()
    nest.resolution = H
    neuron = nest.Create(model, params=parameters)
    for row in inputs:
        # What a generator sends at time k * H over the shortest delay arrives in step k.
        steps = np.flatnonzero(row)
        steps, sizes = steps[steps > 0], row[steps[steps > 0]]
        spikes = {"spike_times": np.round(steps * H, 1), "spike_weights": sizes}
        generator = nest.Create("spike_generator", params=spikes)
        nest.Connect(generator, neuron, syn_spec={"weight": 1.0, "delay": H})
    changes = {"amplitude_times": [100.0, 200.0, 300.0], "amplitude_values": [1.0, 0.0, -1.0]}
    changes["amplitude_values"] = [amplitude * x for x in changes["amplitude_values"]]
    generator = nest.Create("step_current_generator", params=changes)
    nest.Connect(generator, neuron, syn_spec={"weight": 1.0, "delay": H})
    names = ["V_m", "U_m"] if model == "izhikevich" else ["V_m"]
    meter = nest.Create("multimeter", params={"record_from": names, "interval": 1.0})
    nest.Connect(meter, neuron)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neuron, recorder)
    nest.Simulate(DURATION)
    exact = np.float64 if model == "izhikevich" else np.float32
    recorded = {name: np.array(meter.events[name], dtype=exact) for name in names}
    return recorded | {"spikes": np.round(np.array(recorder.events["times"]) / H).astype(np.int32)}


def main() -> None:
    """Simulate all cases and write them to one file."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    cases, arrays = [], {}
    for i, (model, parameters, *largest) in enumerate(c for group in CASES.values() for c in group):
        inputs, amplitude = weights(i, tuple(largest)), CURRENTS.get(model, 150.0)
        inputs[:, 0] = 0.0
        recorded = simulate(model, parameters, inputs, amplitude)
        arrays[f"{i}/places"] = np.flatnonzero(inputs).astype(np.uint16)
        arrays[f"{i}/weights"] = inputs[inputs != 0.0].astype(np.float32)
        arrays |= {f"{i}/{name}": values for name, values in recorded.items()}
        cases.append({"model": model, "parameters": parameters, "amplitude": amplitude})
        print(model, parameters, len(recorded["spikes"]), "spikes", file=sys.stderr)
    np.savez_compressed(sys.argv[1], cases=json.dumps(cases), **arrays)


if __name__ == "__main__":
    main()
