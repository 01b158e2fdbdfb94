"""What a neuron-step of each model costs, in distsp and in NEST beside it.

    python benchmarks/neuron_models.py --nest-python PYTHON_WITH_NEST

Unconnected neurons with a constant current and Poisson input of their own, on one rank; the two
programs in alternation, each in a process of its own, and the median of the runs counts. Prints a
table in Markdown.
"""

import argparse
import json
import sys
from statistics import median

from measure import Nest, measure

MODELS = {
    "iaf_psc_alpha": {"I_e": 300.0, "weight": 20.0},
    "iaf_cond_exp": {"I_e": 200.0, "weight": 1.0, "tau_syn_ex": 1.0},
    "iaf_cond_alpha": {"I_e": 200.0, "weight": 1.0, "tau_syn_ex": 1.0},
    "aeif_cond_exp": {"I_e": 500.0, "weight": 2.0, "tau_syn_ex": 1.0},
    "aeif_cond_alpha": {"I_e": 500.0, "weight": 1.0, "tau_syn_ex": 1.0},
    "aeif_psc_exp": {"I_e": 500.0, "weight": 100.0, "tau_syn_ex": 1.0},
    "izhikevich": {"I_e": 4.0, "weight": 0.5},
    "hh_psc_alpha": {"I_e": 500.0, "weight": 50.0, "tau_syn_ex": 1.0},
}
"""For each model: constant current, weight of the Poisson input, and what is not as by default."""

RATE = 2000.0  # Hz


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=list(MODELS), help="which (default all)")
    parser.add_argument("--size", type=int, default=10_000, help="neurons (default 10000)")
    parser.add_argument("--duration", type=float, default=200.0, help="ms (default 200)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--nest-python", default=sys.executable, help="interpreter with NEST")
    options = parser.parse_args()

    nest = Nest(options.nest_python)
    print(f"| model | distsp | NEST {nest.version or '(not there)'} | | spikes, distsp | NEST |")
    print("|---|---:|---:|---:|---:|---:|")
    steps = options.size * options.duration / 0.1
    per_second = 1000.0 / options.duration / options.size
    for model in options.models:
        arguments = {"model": model, "size": options.size, "duration": options.duration}
        arguments |= {"rate": RATE, **MODELS[model]}
        ours, theirs = [], []
        for _ in range(options.repeats):
            run = measure.__wrapped__("neuron_cost", **arguments)
            ours.append((run["seconds"][0], run["spikes"][0]))
            if nest.version:
                run = nest.measure("nest_neuron_cost.py", json.dumps(arguments))
                theirs.append((run["seconds"], run["spikes"]))
        seconds = median(s for s, _ in ours)
        cells = [f"`{model}`", f"{seconds / steps * 1e9:.1f} ns", "", "", "", ""]
        cells[4] = f"{ours[0][1] * per_second:.1f} Hz"
        if theirs:
            beside = median(s for s, _ in theirs)
            cells[2], cells[3] = f"{beside / steps * 1e9:.0f} ns", f"{beside / seconds:.0f} times"
            cells[5] = f"{theirs[0][1] * per_second:.1f} Hz"
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
