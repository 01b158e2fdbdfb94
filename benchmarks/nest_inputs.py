"""How NEST's generators drive a neuron: the data for the tests of the inputs.

Each case is a generator with its parameters, and how it is connected. What is kept is the
potential of a neuron in each step; of noise, its mean and variance over many neurons.

    python benchmarks/nest_inputs.py

The cases and the potentials are written to `tests/data/inputs_nest.npz`. This needs NEST, of one
process: `pip install nest-simulator`.
"""

import json
from pathlib import Path
from typing import Any

import nest
import numpy as np

DATA = Path(__file__).parents[1] / "tests" / "data" / "inputs_nest.npz"

H, DURATION, N_NOISE = 0.1, 12.0, 2000
"""ms; neurons with noise."""

CURRENTS = {
    "dc_generator": {"amplitude": 150.0},
    "step_current_generator": {
        "amplitude_times": [0.1, 2.0, 5.0, 5.1, 9.3],
        "amplitude_values": [40.0, 120.0, -300.0, 80.5, 0.0],
    },
    "ac_generator": {"amplitude": 200.0, "frequency": 130.0, "phase": 35.0, "offset": 60.0},
    "noise_generator": {"mean": 120.0, "std": 0.0, "dt": 0.7},
}
SPIKES = {
    "spike_times": [0.1, 1.0, 3.0, 3.0, 3.1, 6.4, 8.0, 11.5],
    "spike_weights": [1.0, 2.0, 0.5, -1.5, 3.0, 1.0, -2.0, 4.0],
}
ON = ({"start": 0.1}, {"start": 3.0, "stop": 8.0})
"""NEST emits no current before time 0, which is one step late for a delay of one step."""

CASES = [
    *(
        {"model": model, **parameters, **on, "weight": weight, "delay": delay}
        for model, parameters in CURRENTS.items()
        for on in ON
        for weight, delay in ((1.0, 0.1), (-1.5, 1.3))
    ),
    *(
        {"model": "spike_generator", **SPIKES, **on, "weight": weight, "delay": delay}
        for on in ({}, {"start": 3.0, "stop": 8.0})
        for weight, delay in ((100.0, 0.1), (-70.0, 1.3))
    ),
    {"model": "spike_generator", "spike_times": [2.0, 2.0, 4.5], "weight": 90.0, "delay": 0.1},
]

NOISE: list[dict[str, Any]] = [
    {"model": "noise_generator", "mean": 50.0, "std": 200.0, "dt": 1.0, "start": 0.1},
    {
        "model": "noise_generator",
        "std": 200.0,
        "std_mod": 190.0,
        "frequency": 100.0,
        "phase": 270.0,
        "dt": 0.4,
        "start": 0.1,
        "stop": 9.0,
    },
]
"""The modulation of NEST's noise stands still while it is off, so it is on from the start."""


def potentials(case: dict[str, Any], n: int) -> Any:
    """Return the potentials (mV) of n neurons in each step, which never spike."""
    nest.ResetKernel()
    nest.resolution = H
    neurons = nest.Create("iaf_psc_exp", n, params={"V_th": 1e4})
    parameters = dict(case)
    drive = {"weight": parameters.pop("weight", 1.0), "delay": parameters.pop("delay", H)}
    generator = nest.Create(parameters.pop("model"), params=parameters)
    nest.Connect(generator, neurons, syn_spec=drive)
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": H})
    nest.Connect(meter, neurons)
    nest.Simulate(DURATION + H)
    events = meter.events
    order = np.lexsort((events["senders"], events["times"]))
    return events["V_m"][order].reshape(-1, n)


def main() -> None:
    """Run all cases."""
    noise = [potentials(case, N_NOISE) for case in NOISE]
    np.savez_compressed(
        DATA,
        version=nest.__version__,
        cases=json.dumps(CASES),
        V_m=np.array([potentials(case, 1)[:, 0] for case in CASES]),
        noise=json.dumps(NOISE),
        noise_mean=np.array([each.mean(axis=1) for each in noise]),
        noise_variance=np.array([each.var(axis=1) for each in noise]),
    )


if __name__ == "__main__":
    main()
