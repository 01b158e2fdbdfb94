"""Two types of synapses that share the axons, and one of inhibition; with noise."""

import json
import sys

import nest
import numpy

nest.rng_seed = int(sys.argv[1])
nest.structural_plasticity_update_interval = 50.0
for name, weight in (("near", 15.0), ("far", 25.0), ("inhibitory", -30.0)):
    nest.CopyModel("static_synapse", name, {"weight": weight, "delay": 1.5})
nest.structural_plasticity_synapses = {
    "near": {
        "synapse_model": "near",
        "pre_synaptic_element": "axon",
        "post_synaptic_element": "here",
    },
    "far": {
        "synapse_model": "far",
        "pre_synaptic_element": "axon",
        "post_synaptic_element": "there",
        "allow_autapses": False,
    },
    "inhibitory": {
        "synapse_model": "inhibitory",
        "pre_synaptic_element": "axon_in",
        "post_synaptic_element": "of_in",
    },
}
gaussian = {"growth_curve": "gaussian", "growth_rate": 0.02, "eta": 0.0, "eps": 0.03}
linear = {"growth_rate": 0.01, "eps": 0.03, "z": 2.0, "tau_vacant": 0.2}
exc = nest.Create("iaf_psc_alpha", 60, {"tau_Ca": 500.0})
inh = nest.Create("iaf_psc_alpha", 15, {"tau_Ca": 500.0})
exc.synaptic_elements = {"axon": linear, "here": gaussian, "there": linear, "of_in": gaussian}
inh.synaptic_elements = {"axon_in": linear, "here": gaussian}
noise = nest.Create("poisson_generator", params={"rate": 9000.0})
nest.Connect(noise, exc + inh, syn_spec={"weight": 9.0})
nest.EnableStructuralPlasticity()
shown = []
for _ in range(10):
    nest.Simulate(100.0)
    counts = [len(nest.GetConnections(synapse_model=n)) for n in ("near", "far", "inhibitory")]
    shown.append([numpy.mean(exc.Ca), numpy.mean(inh.Ca), *counts])
print(json.dumps({"shown": shown}))
