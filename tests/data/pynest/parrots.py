"""A train that parrots share with neurons: every spike, whatever the weights."""

import json

import nest

nest.resolution = 0.1
generator = nest.Create("spike_generator")
generator.set(spike_times=[1.0, 2.5, 2.5, 10.0, 30.0])
parrots = nest.Create("parrot_neuron", 2)
neurons = nest.Create("iaf_psc_delta", 3, {"V_th": [-65.0, -60.0, -55.0]})
nest.Connect(generator, parrots[0], syn_spec={"delay": 1.0, "weight": 4.0})
nest.Connect(parrots[0], parrots[1], syn_spec={"delay": 2.0})
nest.Connect(parrots, neurons, syn_spec={"delay": 1.5, "weight": 6.0})
recorder, late = nest.Create("spike_recorder"), nest.Create("spike_recorder", {"start": 6.0})
nest.Connect(parrots + neurons, recorder)
nest.Connect(neurons, late)
shown = []
for _ in range(4):
    nest.Simulate(10.0)
    for one in (recorder, late):
        found = one.events
        shown.append(sorted(zip(found["times"].tolist(), found["senders"].tolist(), strict=True)))
recorder.n_events = 0
nest.Simulate(10.0)
print(json.dumps({"shown": shown, "left": recorder.n_events}))
