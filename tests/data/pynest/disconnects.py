"""Connections that a script removes between two runs, and what neurons keep of their elements."""

import json

import nest

elements = {"axon": {"growth_rate": 0.0, "z": 3.0}, "dendrite": {"growth_rate": 0.0, "z": 5.0}}
neurons = nest.Create("iaf_psc_alpha", 6, {"synaptic_elements": elements})
binding = {"pre_synaptic_element": "axon", "post_synaptic_element": "dendrite"}
nest.CopyModel("static_synapse", "bound", {"weight": 20.0, "delay": 2.0})
nest.structural_plasticity_synapses = {"bound": {"synapse_model": "bound", **binding}}
nest.Connect(neurons[:4], neurons[2:], "all_to_all", {"synapse_model": "bound", **binding})
nest.Connect(neurons, neurons, "one_to_one", {"weight": 3.0})


def look():
    found = nest.GetConnections()
    pairs = sorted(zip(found.get("source"), found.get("target"), found.get("weight"), strict=True))
    bound = [
        [neuron[name]["z"], neuron[name]["z_connected"]]
        for neuron in neurons.synaptic_elements
        for name in ("axon", "dendrite")
    ]
    return [pairs, bound, nest.num_connections]


shown = [look()]
nest.Simulate(10.0)
nest.Disconnect(neurons[:2], neurons[2:4], syn_spec={"synapse_model": "bound", **binding})
shown.append(look())
nest.Simulate(10.0)
spec = {"conn_spec": "all_to_all", "syn_spec": {"synapse_model": "bound", **binding}}
nest.Disconnect(neurons[:2], neurons[4:], **spec)
nest.Disconnect(nest.GetConnections(neurons[4:], synapse_model="static_synapse"))
shown.append(look())
try:
    nest.Disconnect(neurons[0], neurons[5], syn_spec={"synapse_model": "bound"})
except nest.NESTError:
    shown.append("there is none")
print(json.dumps({"shown": shown}))
