"""The network of Brunel (2000) in NEST, as `cases.brunel` has it in distsp.

    python benchmarks/nest_brunel.py --duration 1000 --threads 1

Needs PyNEST 3.10 and nothing of distsp. Prints a line of JSON: the seconds that the network took to
build and the seconds of the loop, without the warm-up and without a recorder unless `--spikes` is
given.
"""

import argparse
import json
import time

import nest
import numpy as np


def main() -> None:
    """Build, run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, default=1000.0, help="ms (default 1000)")
    parser.add_argument("--warm-up", type=float, default=100.0, help="ms before (default 100)")
    parser.add_argument("--scale", type=float, default=1.0, help="10,000 times this many neurons")
    parser.add_argument("--seed", type=int, default=1, help="rng_seed (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default 1)")
    parser.add_argument("--spikes", default="", help="file (.npz) for times and ids of all spikes")
    options = parser.parse_args()

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 0.1
    nest.rng_seed = options.seed
    nest.local_num_threads = options.threads

    began = time.perf_counter()
    parameters = {"C_m": 250.0, "tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_reset": 10.0}
    parameters["V_th"] = 20.0
    ex = nest.Create("iaf_psc_delta", round(8000 * options.scale), params=parameters)
    inh = nest.Create("iaf_psc_delta", round(2000 * options.scale), params=parameters)
    noise = nest.Create("poisson_generator", params={"rate": 15_000.0})
    nest.CopyModel("static_synapse_hom_w", "ex", {"weight": 0.1, "delay": 1.5})
    nest.CopyModel("static_synapse_hom_w", "in", {"weight": -0.6, "delay": 1.5})
    for population in (ex, inh):
        population.V_m = nest.random.uniform(0.0, 19.0)
        nest.Connect(noise, population, syn_spec={"weight": 0.1, "delay": 1.5})
        for source, name, indegree in ((ex, "ex", 800), (inh, "in", 200)):
            rule = {"rule": "fixed_indegree", "indegree": indegree}
            nest.Connect(source, population, rule, {"synapse_model": name})
    if options.spikes:
        recorder = nest.Create("spike_recorder")
        nest.Connect(ex + inh, recorder)
    nest.Prepare()
    build = time.perf_counter() - began

    nest.Run(options.warm_up)
    began = time.perf_counter()
    nest.Run(options.duration)
    seconds = time.perf_counter() - began
    nest.Cleanup()

    if options.spikes:
        events, first = recorder.events, ex.tolist()[0]
        size = len(ex) + len(inh)
        ids = events["senders"] - first
        np.savez(options.spikes, times=events["times"], ids=ids, size=size)
    print(json.dumps({"build": build, "seconds": seconds}))


if __name__ == "__main__":
    main()
