"""The potential and all else that a multimeter shows, of each neuron model under many inputs."""

import json

import nest

CURRENTS = {
    "iaf_psc_alpha": 350.0,
    "iaf_psc_exp": 350.0,
    "iaf_psc_delta": 380.0,
    "iaf_cond_exp": 200.0,
    "iaf_cond_alpha": 200.0,
    "aeif_cond_exp": 700.0,
    "aeif_cond_alpha": 700.0,
    "aeif_psc_exp": 700.0,
    "izhikevich": 6.0,
    "hh_psc_alpha": 600.0,
}
shown = {}
for model, current in CURRENTS.items():
    nest.ResetKernel()
    nest.resolution = 0.1
    neurons = nest.Create(model, 3, {"I_e": current})
    neurons[1].I_e = 0.8 * current
    weight = 0.5 if model in ("iaf_psc_delta", "izhikevich") else 5.0
    spikes = {"spike_times": [5.0, 7.3, 20.0, 20.1], "spike_weights": [1.0, 2.0, -1.0, 3.0]}
    generator = nest.Create("spike_generator", params=spikes)
    nest.Connect(generator, neurons, syn_spec={"weight": weight, "delay": 1.5})
    nest.Connect(neurons[0], neurons[2], syn_spec={"weight": 2 * weight, "delay": 2.0})
    nest.Connect(neurons[1], neurons[2], syn_spec={"weight": -2 * weight, "delay": 1.0})
    steps = nest.Create("step_current_generator")
    steps.set(amplitude_times=[10.0, 30.0], amplitude_values=[0.2 * current, -0.1 * current])
    nest.Connect(steps, neurons[:2])
    wave = {"amplitude": 0.1 * current, "frequency": 20.0, "phase": 30.0, "start": 12.0}
    nest.Connect(nest.Create("ac_generator", params={**wave, "stop": 60.0}), neurons[2])
    pulse = nest.Create("dc_generator", params={"amplitude": 0.1 * current, "start": 40.0})
    nest.Connect(pulse, neurons[2], syn_spec={"weight": 1.5})
    recordables = [name for name in neurons[0].recordables if name != "t_ref_remaining"]
    multimeter = nest.Create("multimeter", params={"record_from": recordables, "interval": 0.5})
    nest.Connect(multimeter, neurons)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Simulate(50.0)
    nest.Simulate(20.3)
    shown[model] = {key: list(map(float, values)) for key, values in multimeter.events.items()}
    shown[model]["spikes"] = list(map(float, recorder.events["times"]))
    shown[model]["of"] = list(map(int, recorder.events["senders"]))
    shown[model]["calcium"] = list(neurons.Ca)
print(json.dumps(shown))
