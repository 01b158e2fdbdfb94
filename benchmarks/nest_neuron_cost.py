"""Unconnected neurons of a model in NEST, as `cases.neuron_cost` has them in distsp.

    python benchmarks/nest_neuron_cost.py '{"model": "iaf_psc_alpha", "size": 10000, ...}'

Needs PyNEST 3.10 and nothing of distsp. Prints a line of JSON: the seconds of the loop on one
thread, without recorders, and the spikes in a run of the same length with one that follows.
"""

import json
import sys
import time

import nest


def main() -> None:
    """Build, run and tell."""
    arguments = json.loads(sys.argv[1])
    model, size, duration = (arguments.pop(name) for name in ("model", "size", "duration"))
    rate, weight = arguments.pop("rate"), arguments.pop("weight")
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 0.1
    neurons = nest.Create(model, size, params=arguments)
    noise = nest.Create("poisson_generator", params={"rate": rate})
    nest.Connect(noise, neurons, syn_spec={"weight": weight, "delay": 1.0})
    nest.Simulate(50.0)
    nest.Prepare()
    began = time.perf_counter()
    nest.Run(duration)
    seconds = time.perf_counter() - began
    nest.Cleanup()
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Simulate(duration)
    print(json.dumps({"seconds": seconds, "spikes": recorder.n_events}))


if __name__ == "__main__":
    main()
