"""Some neurons are stimulated for a while, in a network of which one part is static, one grows."""

import json
import sys

import nest
import numpy

nest.rng_seed = int(sys.argv[1])
nest.structural_plasticity_update_interval = 50.0
nest.CopyModel("static_synapse", "plastic", {"weight": 0.8, "delay": 1.5})
nest.CopyModel("static_synapse", "excitatory", {"weight": 0.8, "delay": 1.5})
nest.CopyModel("static_synapse", "inhibitory", {"weight": -2.0, "delay": 1.5})
nest.structural_plasticity_synapses = {
    "plastic": {
        "synapse_model": "plastic",
        "pre_synaptic_element": "axon",
        "post_synaptic_element": "dendrite",
        "allow_autapses": False,
    },
}
neuron = {"E_L": 0.0, "V_m": 0.0, "V_reset": 10.0, "V_th": 20.0, "tau_m": 20.0, "tau_Ca": 400.0}
linear = {"growth_curve": "linear", "growth_rate": 0.02, "eps": 0.006, "tau_vacant": 0.1}
exc = nest.Create("iaf_psc_delta", 80, neuron)
inh = nest.Create("iaf_psc_delta", 20, neuron)
exc.synaptic_elements = {"axon": linear, "dendrite": linear}
nest.Connect(exc, inh, {"rule": "fixed_indegree", "indegree": 8}, "excitatory")
nest.Connect(inh, exc + inh, {"rule": "fixed_indegree", "indegree": 2}, "inhibitory")
noise = nest.Create("poisson_generator", params={"rate": 9000.0})
more = nest.Create("poisson_generator", params={"rate": 4000.0, "start": 1000.0, "stop": 1600.0})
nest.Connect(noise, exc + inh, syn_spec={"weight": 0.12})
nest.Connect(more, exc[:20], syn_spec={"weight": 0.12})
nest.EnableStructuralPlasticity()
shown = []
for k in range(25):
    if k == 20:
        noise.rate = 10000.0
    nest.Simulate(100.0)
    within = nest.GetConnections(exc[:20], exc[:20], "plastic")
    grown = nest.GetConnections(synapse_model="plastic")
    shown.append([numpy.mean(part.Ca) for part in (exc[:20], exc[20:], inh)])
    shown[-1] += [len(within), len(grown)]
print(json.dumps({"shown": shown}))
