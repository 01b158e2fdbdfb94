"""A sheet with edges that are one: connections that grow fewer with the distance, and activity."""

import json
import sys

import nest
import numpy

nest.rng_seed = int(sys.argv[1])
sheet = nest.spatial.free(nest.random.uniform(-0.5, 0.5), extent=[1.0, 1.0], edge_wrap=True)
neurons = nest.Create("iaf_psc_alpha", 200, positions=sheet)
neurons.V_m = nest.random.uniform(-70.0, -60.0)
fall = nest.spatial_distributions.gaussian(nest.spatial.distance, std=0.1)
near = {"rule": "pairwise_bernoulli", "p": 0.8 * fall, "allow_autapses": False}
nest.Connect(neurons, neurons, near, {"weight": 30.0, "delay": 1.5})
mask = {"circular": {"radius": 0.25}}
nest.Connect(
    neurons,
    neurons,
    {"rule": "pairwise_bernoulli", "p": 0.05, "mask": mask},
    {"weight": -40.0 + 20.0 * nest.spatial.distance, "delay": 0.5 + 4.0 * nest.spatial.distance},
)
noise = nest.Create("poisson_generator", params={"rate": 9000.0})
nest.Connect(noise, neurons, syn_spec={"weight": 9.0})
recorder = nest.Create("spike_recorder")
nest.Connect(neurons, recorder)
nest.Simulate(300.0)
found = nest.GetConnections(neurons, neurons)
weights = numpy.array(found.get("weight"))
shown = [
    float((weights > 0.0).sum()),
    float((weights < 0.0).sum()),
    float(weights[weights < 0.0].mean()),
    float(numpy.mean(found.get("delay"))),
    float(recorder.n_events),
]
print(json.dumps({"shown": [shown]}))
