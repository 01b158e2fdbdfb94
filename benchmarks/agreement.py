"""Whether the default run agrees with NEST: distsp's means against 12 runs of NEST 3.10.

    python benchmarks/agreement.py                      runs seeds 1 to 6, a few seconds each
    python benchmarks/agreement.py seed_1 seed_2 ...    loads at least four runs made before

Compares ten columns at 20 times. The bound is 4 standard errors of the difference of the means
plus 0.5 % of NEST's mean. Prints the largest ratio to the bound per column, writes agreement.png.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from distsp import Experiment, Simulation, load_results

Floats = npt.NDArray[np.float64]

REFERENCE = Path(__file__).parents[1] / "tests" / "data" / "structural_plasticity_nest.npz"
TIMES = slice(9, 200, 10)
"""Of the recordings, one per second: at 10, 20, ..., 200 s, before the structural update."""

COLUMNS = {
    "ca_e": "calcium/E",
    "ca_i": "calcium/I",
    "conn_ex": "synapses/synapse_ex",
    "conn_in": "synapses/synapse_in",
    "z_den_ex_e": "elements/E/Den_ex/z",
    "z_den_in_e": "elements/E/Den_in/z",
    "z_den_ex_i": "elements/I/Den_ex/z",
    "z_den_in_i": "elements/I/Den_in/z",
    "rate_e": "rate/E",
    "rate_i": "rate/I",
}
"""Columns of the reference by their names in a recording."""


def simulate(seed: int) -> Floats:
    """Return the columns of the default run with a seed, a row per second."""
    experiment = Experiment.bundled("structural_plasticity").changed("seed", str(seed))
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    return table(simulation.recording)


def load(path: str) -> Floats:
    """Return the columns of a run that was made before."""
    results = load_results(path)
    recording: dict[str, Any] = {f"calcium/{p}": x for p, x in results.calcium.items()}
    recording |= {f"rate/{p}": x for p, x in results.rate.items()}
    recording |= {f"synapses/{name}": x for name, x in results.synapse_counts.items()}
    for p, elements in results.elements.items():
        recording |= {f"elements/{p}/{name}/z": x["z"] for name, x in elements.items()}
    return table(recording)


def table(recording: Mapping[str, Floats]) -> Floats:
    """Return the columns of a recording side by side."""
    return np.stack([recording[name] for name in COLUMNS.values()], axis=1)


def ratios(ours: Floats, theirs: Floats) -> Floats:
    """Return the differences of the means over the seeds (axis 0), in units of the bound."""
    error = np.sqrt(sum(runs.var(axis=0, ddof=1) / len(runs) for runs in (ours, theirs)))
    bound = 4.0 * error + 0.005 * np.abs(theirs.mean(axis=0))
    difference = np.abs(ours.mean(axis=0) - theirs.mean(axis=0))
    # Where no run of either has a synapse yet, both are 0: that is agreement.
    return np.divide(difference, bound, out=np.where(difference > 0, np.inf, 0.0), where=bound > 0)


def draw(ours: Floats, theirs: Floats, path: Path) -> None:
    """Draw mean and range of both in each column over time."""
    figure = Figure(figsize=(12.0, 5.0), layout="constrained")
    time = np.arange(1, ours.shape[1] + 1)
    for k, (axes, name) in enumerate(
        zip(figure.subplots(2, 5, sharex=True).T.flat, COLUMNS, strict=True)
    ):
        for runs, colour, label in ((theirs, "tab:gray", "NEST"), (ours, "tab:blue", "distsp")):
            low, high = runs[:, :, k].min(axis=0), runs[:, :, k].max(axis=0)
            axes.fill_between(time, low, high, color=colour, alpha=0.3, linewidth=0.0)
            axes.plot(time, runs[:, :, k].mean(axis=0), color=colour, label=label)
        axes.set_title(name, fontsize="medium")
        axes.set_xlabel("time (s)" if k % 2 else "")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=150)


def main() -> int:
    """Compare, and return 0 if every ratio is within the bound."""
    parser = argparse.ArgumentParser(description="Compare the default run with NEST.")
    parser.add_argument("results", nargs="*", help="folders of default runs with different seeds")
    parser.add_argument("--seeds", type=int, default=6, help="how many to run (default 6)")
    parser.add_argument("--figure", type=Path, default=Path("agreement.png"))
    options = parser.parse_args()
    if len(options.results or range(options.seeds)) < 4:
        parser.error("fewer than four runs say too little about their spread")
    runs = [load(path) for path in options.results] or [
        simulate(seed) for seed in range(1, options.seeds + 1)
    ]
    with np.load(REFERENCE) as reference:
        if list(reference["columns"]) != list(COLUMNS):
            raise SystemExit(f"{REFERENCE} has other columns than this script")
        ours, theirs = np.stack(runs), reference["data"]
    ratio = ratios(ours[:, TIMES], theirs[:, TIMES])
    print(f"{len(ours)} runs of distsp, {len(theirs)} of NEST, at {len(ratio)} times")
    print("column      largest ratio to the bound   at (s)")
    for k, name in enumerate(COLUMNS):
        worst = int(ratio[:, k].argmax())
        print(f"{name:12}{ratio[worst, k]:26.2f}{10 * (worst + 1):9}")
    draw(ours, theirs, options.figure)
    agrees = bool((ratio <= 1.0).all())
    print(f"{'agree' if agrees else 'DO NOT AGREE'}; figure: {options.figure}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
