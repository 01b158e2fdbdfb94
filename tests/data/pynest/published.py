"""The published example in short, with its script's calls and a thousand times as fast."""

import sys

import nest
import numpy

duration, interval = float(sys.argv[1]), 50.0
n_e, n_i = 80, 20


def curve(rate, eps):
    return {
        "growth_curve": "gaussian",
        "growth_rate": rate,
        "continuous": False,
        "eta": 0.0,
        "eps": eps,
    }


nest.ResetKernel()
nest.verbosity = nest.VerbosityLevel.ERROR
nest.resolution = 0.1
nest.structural_plasticity_update_interval = 100.0
nest.CopyModel("static_synapse", "synapse_ex")
nest.SetDefaults("synapse_ex", {"weight": 585.0, "delay": 1.0})
nest.CopyModel("static_synapse", "synapse_in")
nest.SetDefaults("synapse_in", {"weight": -585.0, "delay": 1.0})
nest.structural_plasticity_synapses = {
    "synapse_ex": {
        "synapse_model": "synapse_ex",
        "post_synaptic_element": "Den_ex",
        "pre_synaptic_element": "Axon_ex",
    },
    "synapse_in": {
        "synapse_model": "synapse_in",
        "post_synaptic_element": "Den_in",
        "pre_synaptic_element": "Axon_in",
    },
}
of_e = {name: curve(0.1, 0.05) for name in ("Den_ex", "Den_in", "Axon_ex")}
of_i = {"Den_ex": curve(0.4, 0.2), "Den_in": curve(0.1, 0.2), "Axon_in": curve(0.1, 0.2)}
e = nest.Create("iaf_psc_alpha", n_e, {"synaptic_elements": of_e})
i = nest.Create("iaf_psc_alpha", n_i, {"synaptic_elements": of_i})
e.synaptic_elements = of_e
i.synaptic_elements = of_i
noise = nest.Create("poisson_generator")
noise.rate = 10000.0
nest.Connect(noise, e, "all_to_all", {"weight": 6.2, "delay": 1.0})
nest.Connect(noise, i, "all_to_all", {"weight": 6.2, "delay": 1.0})
if nest.NumProcesses() > 1:
    sys.exit("For simplicity, this example only works for a single process.")
nest.EnableStructuralPlasticity()
for _ in numpy.arange(0, duration, interval):
    nest.Simulate(interval)
    calcium = [repr(float(numpy.mean((nodes.Ca,)))) for nodes in (e, i)]
    bound = [
        sum(neuron[name]["z_connected"] for neuron in nodes.synaptic_elements)
        for nodes, name in ((e, "Axon_ex"), (i, "Axon_in"))
    ]
    print(*calcium, *bound)
