"""Neurons that differ in their elements and thresholds; some are driven more for a while."""

import json
import sys

import nest
import numpy

nest.rng_seed = int(sys.argv[1])
nest.structural_plasticity_update_interval = 20.0
nest.CopyModel("static_synapse", "plastic", {"weight": 0.4, "delay": 1.0})
binding = {"pre_synaptic_element": "axon", "post_synaptic_element": "dendrite"}
nest.structural_plasticity_synapses = {"plastic": {"synapse_model": "plastic", **binding}}
neurons = nest.Create("iaf_psc_delta", 80, {"tau_Ca": 300.0, "tau_m": 20.0, "C_m": 250.0})
neurons.V_th = numpy.linspace(-54.0, -50.0, 80)
for i, neuron in enumerate(neurons):
    growth = {"growth_rate": 0.02, "eps": 0.005 + 0.0002 * i, "z": 3.0}
    neuron.synaptic_elements = {"axon": growth, "dendrite": growth}
nest.Connect(neurons, neurons, "one_to_one", {"synapse_model": "plastic", **binding})
generators = nest.Create("poisson_generator", 80)
generators.rate = numpy.linspace(8000.0, 10000.0, 80)
nest.Connect(generators, neurons, "one_to_one", {"weight": 0.11, "delay": 1.0})
nest.EnableStructuralPlasticity()
shown = []
for i in range(10):
    generators[:8].rate = 12000.0 if 4 <= i < 7 else 8000.0
    nest.Simulate(100.0)
    calcium = numpy.array(neurons.Ca)
    bound = [one["axon"]["z_connected"] for one in neurons.synaptic_elements]
    shown.append([calcium[:8].mean(), calcium[8:].mean(), float(sum(bound))])
print(json.dumps({"shown": shown}))
