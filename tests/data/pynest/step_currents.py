"""Neurons under currents that step: calcium, and elements of each curve, without any chance."""

import json

import nest

nest.resolution = 0.1
curves = {
    "linear": {"growth_rate": 0.01, "eps": 0.05, "z": 1.5},
    "gaussian": {"growth_curve": "gaussian", "growth_rate": 0.01, "eta": 0.0, "eps": 0.06},
    "sigmoid": {"growth_curve": "sigmoid", "growth_rate": 0.01, "eps": 0.05, "psi": 0.02},
    "usual": {},
}
neurons = nest.Create("iaf_psc_exp", 4, {"synaptic_elements": curves, "tau_Ca": 1000.0})
neurons.beta_Ca = [0.001, 0.002, 0.003, 0.004]
current = nest.Create("step_current_generator")
current.set(amplitude_times=[0.1, 500.0, 1500.0], amplitude_values=[400.0, 600.0, 0.0])
nest.Connect(current, neurons)
shown = []
for i in range(20):
    nest.Simulate(100.0)
    if i == 9:
        neurons[1:3].synaptic_elements_param = {"linear": {"growth_rate": -0.01, "z": 9.0}}
    for calcium, elements in zip(neurons.Ca, neurons.synaptic_elements, strict=True):
        shown.append([calcium, *(elements[name]["z"] for name in sorted(curves))])
print(json.dumps({"shown": shown}))
