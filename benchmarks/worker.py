"""One process of a measurement: `python benchmarks/worker.py CASE '{"argument": value}'`.

Rank 0 prints what the case has measured as one line of JSON, a number per rank for each name.
"""

import json
import sys

import cases

from distsp import Network, Simulation
from distsp.parallel.ranks import Ranks


def warm_up() -> None:
    """Load all compiled code, so that no measurement includes it.

    The elements grow, and shrink as soon as the neurons have spiked a few times.
    """
    net = Network(resolution=0.1, seed=1, update_interval=1.0)
    growing = {"curve": "gaussian", "growth_rate": 1.0, "eps": 0.002}
    neurons = net.create("iaf_psc_alpha", 100, elements={"out": growing, "in": growing}, I_e=1e4)
    net.synapse_type("s", weight=1.0, delay=1.0, pre="out", post="in")
    net.connect(neurons, neurons, "s", "fixed_indegree", indegree=5)
    net.drive(net.poisson_generator(1e4), neurons, weight=1.0, delay=1.0)
    net.record(1.0)
    Simulation(net).run(20.0)


def main() -> None:
    """Measure and tell."""
    warm_up()
    ranks = Ranks.world()
    ranks.barrier()
    measured = ranks.collect(getattr(cases, sys.argv[1])(**json.loads(sys.argv[2])))
    if ranks.rank == 0:
        print(json.dumps({name: [float(m[name]) for m in measured] for name in measured[0]}))


if __name__ == "__main__":
    main()
