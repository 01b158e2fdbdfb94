"""The default experiment of distsp in NEST, timed.

    python benchmarks/nest_default_run.py --duration 200000

Needs PyNEST 3.10 and nothing of distsp. Records every 1000 ms the mean calcium and the number of
synapses. Prints how long the simulation loop took, recordings included.
"""

import argparse
import time

import nest
import numpy as np

UPDATE_INTERVAL = 10_000.0  # ms
RECORD_INTERVAL = 1_000.0  # ms


def element(growth_rate: float, eps: float) -> dict[str, object]:
    """Return a synaptic element with a Gaussian growth curve."""
    return {
        "growth_curve": "gaussian",
        "growth_rate": growth_rate,
        "continuous": False,
        "eta": 0.0,
        "eps": eps,
        "tau_vacant": 0.1,
    }


def build() -> tuple[object, object]:
    """Create neurons, synapse types and noise; return both populations."""
    for name, weight, pre, post in (
        ("synapse_ex", 585.0, "Axon_ex", "Den_ex"),
        ("synapse_in", -585.0, "Axon_in", "Den_in"),
    ):
        nest.CopyModel("static_synapse", name, {"weight": weight, "delay": 1.0})
        rule = {"synapse_model": name, "pre_synaptic_element": pre, "post_synaptic_element": post}
        synapse_types = dict(nest.structural_plasticity_synapses)
        nest.structural_plasticity_synapses = synapse_types | {name: rule}
    excitatory = {name: element(0.0001, 0.05) for name in ("Den_ex", "Den_in", "Axon_ex")}
    inhibitory = {"Den_ex": element(0.0004, 0.2)}
    inhibitory |= {name: element(0.0001, 0.2) for name in ("Den_in", "Axon_in")}
    parameters = {"tau_Ca": 10_000.0, "beta_Ca": 0.001}
    e = nest.Create("iaf_psc_alpha", 800, parameters | {"synaptic_elements": excitatory})
    i = nest.Create("iaf_psc_alpha", 200, parameters | {"synaptic_elements": inhibitory})
    noise = nest.Create("poisson_generator", params={"rate": 10_000.0})
    for population in (e, i):
        nest.Connect(noise, population, "all_to_all", {"weight": 6.2, "delay": 1.0})
    return e, i


def connected(population: object, axon: str) -> int:
    """Return the number of synapses that the axons of a population have made."""
    return sum(elements[axon]["z_connected"] for elements in population.synaptic_elements)


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, default=200_000.0, help="ms (default 200,000)")
    parser.add_argument("--seed", type=int, default=1, help="rng_seed (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default 1)")
    options = parser.parse_args()

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 0.1
    nest.rng_seed = options.seed
    nest.local_num_threads = options.threads
    nest.structural_plasticity_update_interval = UPDATE_INTERVAL
    e, i = build()
    nest.EnableStructuralPlasticity()

    n_recordings = round(options.duration / RECORD_INTERVAL)
    rows = []
    began = time.perf_counter()
    nest.Prepare()
    for _ in range(n_recordings):
        nest.Run(RECORD_INTERVAL)
        calcium = np.mean(e.Ca), np.mean(i.Ca)
        rows.append((*calcium, connected(e, "Axon_ex"), connected(i, "Axon_in")))
    nest.Cleanup()
    seconds = time.perf_counter() - began

    print(f"NEST {nest.__version__}, {options.threads} thread(s), seed {options.seed}")
    print("time (s)  calcium E  calcium I  synapse_ex  synapse_in")
    for k in range(9, n_recordings, 10):
        ca_e, ca_i, n_ex, n_in = rows[k]
        print(
            f"{(k + 1) * RECORD_INTERVAL / 1000:8g}  {ca_e:9.4f}  {ca_i:9.4f}  {n_ex:10}  {n_in:10}"
        )
    print(f"{seconds:.2f} s for {n_recordings * RECORD_INTERVAL / 1000:g} s of simulated time")


if __name__ == "__main__":
    main()
