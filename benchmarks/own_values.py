"""What values of each neuron's own, and currents, add to the time of neurons that are alike.

    python benchmarks/own_values.py

Unconnected `iaf_psc_alpha` neurons with and without Poisson input, on one rank; all variants go on
in alternation, and the median of the ratios counts. Prints a table in Markdown.
"""

import argparse
import time
from statistics import median
from typing import Any

from distsp import Network, Simulation

TIMES = [float(t) for t in range(1, 2000)]  # ms
CURRENTS: dict[str, dict[str, Any]] = {
    "dc_generator": {"amplitude": 10.0},
    "step_current_generator": {
        "amplitude_times": TIMES,
        "amplitude_values": [t % 7 for t in TIMES],
    },
}
MEMBRANE = {"V_th": (-55.0, -54.9), "I_e": (299.0, 301.0)}
"""Between which values parameters are drawn."""
ALL = MEMBRANE | {"tau_m": (9.9, 10.1), "C_m": (249.0, 251.0), "tau_syn_ex": (1.9, 2.1)}
OWN = {"thresholds and currents of their own": MEMBRANE, "time constants too": ALL}
ALIKE = "alike"
VARIANTS = [ALIKE, *OWN, *CURRENTS]


def simulation(variant: str, size: int, noisy: bool) -> Simulation:
    """Return one of the variants, a little on its way."""
    net = Network(resolution=0.1, seed=1)
    drawn = {
        name: {"distribution": "uniform", "low": low, "high": high}
        for name, (low, high) in OWN.get(variant, {}).items()
    }
    neurons = net.create("iaf_psc_alpha", size, **({"I_e": 300.0} | drawn))
    if noisy:
        net.drive(net.poisson_generator(2000.0), neurons, weight=20.0, delay=1.0)
    if variant in CURRENTS:
        net.drive(net.input(variant, **CURRENTS[variant]), neurons, delay=1.0)
    sim = Simulation(net)
    sim.run(50.0)
    return sim


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="neurons (default 10000)")
    parser.add_argument("--stretch", type=float, default=50.0, help="ms (default 50)")
    parser.add_argument("--repeats", type=int, default=15, help="stretches (default 15)")
    options = parser.parse_args()
    print("| variant | with Poisson input | without |\n|---|---:|---:|")
    columns = []
    for noisy in (True, False):
        running = {name: simulation(name, options.size, noisy) for name in VARIANTS}
        seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
        for _ in range(options.repeats):
            for name, sim in running.items():
                began = time.perf_counter()
                sim.run(options.stretch)
                seconds[name].append(time.perf_counter() - began)
        columns.append(seconds)
    for name in VARIANTS:
        ratios = [
            median(s / b for s, b in zip(seconds[name], seconds[ALIKE], strict=True))
            for seconds in columns
        ]
        print(f"| {name} | {ratios[0]:.2f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
