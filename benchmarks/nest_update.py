"""The structural update of NEST, timed.

    python benchmarks/nest_update.py --size 10000 --per-neuron 10
    python benchmarks/nest_update.py --size 10000 --indegree 100 --changes 1000

Needs PyNEST 3.10 and nothing of distsp. Prints a line of JSON: the seconds of a step with an update
less those of a step without one. The first form makes all synapses at one update; the second breaks
some of many and makes as many, and then finds nothing to do.
"""

import argparse
import json
import time

import nest
import numpy as np

STEP = 0.1  # ms
UPDATE_INTERVAL = 1.0  # ms


def build(size: int, per_neuron: int, indegree: int) -> object:
    """Create silent neurons that do not grow, and the synapses that are there from the start."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = STEP
    nest.structural_plasticity_update_interval = UPDATE_INTERVAL
    nest.CopyModel("static_synapse", "s", {"weight": 1.0, "delay": 1.0})
    rule = {"synapse_model": "s", "pre_synaptic_element": "Axon", "post_synaptic_element": "Den"}
    nest.structural_plasticity_synapses = {"s": rule}
    element = {"growth_curve": "gaussian", "growth_rate": 0.0, "continuous": False}
    element |= {"eta": 0.0, "eps": 0.05, "tau_vacant": 1e-9, "z": float(per_neuron)}
    both = {"Axon": dict(element), "Den": dict(element)}
    neurons = nest.Create("iaf_psc_alpha", size, {"synaptic_elements": both})
    if indegree:
        # NEST knows elements only in this rule, so groups are connected within themselves.
        for first in range(0, size, indegree):
            group = neurons[first : first + indegree]
            nest.Connect(group, group, "all_to_all", rule)
    nest.EnableStructuralPlasticity()
    return neurons


def step() -> float:
    """Simulate a step and return the seconds that it took."""
    began = time.perf_counter()
    nest.Run(STEP)
    return time.perf_counter() - began


def interval() -> float:
    """Simulate from one update to the next and return the seconds of the update."""
    seconds = [step() for _ in range(round(UPDATE_INTERVAL / STEP))]
    return seconds[0] - float(np.median(seconds[1:]))


def connected(neurons: object) -> int:
    """Return the number of bound axonal elements."""
    return sum(elements["Axon"]["z_connected"] for elements in neurons.synaptic_elements)


def main() -> None:
    """Build, time and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="neurons")
    parser.add_argument("--per-neuron", type=int, default=0, help="free elements of each neuron")
    parser.add_argument("--indegree", type=int, default=0, help="synapses there from the start")
    parser.add_argument("--changes", type=int, default=0, help="to break and to make")
    options = parser.parse_args()

    neurons = build(options.size, options.per_neuron, options.indegree)
    nest.Prepare()
    seconds = {"seconds": interval()}
    if options.changes:
        seconds["nothing"] = float(np.median([interval() for _ in range(3)]))
        chosen = np.random.default_rng(1).permutation(options.size)[: 2 * options.changes]
        before = connected(neurons)
        for place, i in enumerate(chosen):
            neuron = neurons[int(i)]
            elements = neuron.synaptic_elements["Axon"]
            z = elements["z_connected"] + (1.0 if place >= options.changes else -1.0)
            neuron.set({"synaptic_elements_param": {"Axon": {"z": z}}})
        seconds["seconds"] = interval()
        seconds["more"] = connected(neurons) - before
    else:
        seconds["more"] = connected(neurons)
    nest.Cleanup()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
