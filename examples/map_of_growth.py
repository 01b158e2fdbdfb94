"""A map of growth
===============

The published experiment overshoots its targets: connectivity is updated every 10 s, calcium
follows the rate with a time constant of 10 s, and in between neurons grow elements for an activity
that is not theirs any more. Which growth rates and update intervals do not?

For each the figure says how far mean calcium is from the target at the end, of the population that
is farther. **The published parameters** (growth rates as published, 10,000 ms) **do not settle;
with updates every 1,000 ms or more often the same growth rates do.** Slower growth only takes
longer. With much faster growth neurons overshoot again, whatever the interval.

Source of the experiment: Diaz-Pier et al. 2016, Front Neuroanat 10:57, as
:doc:`structural_plasticity` has it; the map is this page's own.

The full version has all 1000 neurons and 30 points, one after the other::

    python examples/map_of_growth.py full

or as arrays of jobs, one for each growth rate, which run at the same time on a cluster. The first
command writes an experiment for each growth rate to the folder ``map``, the last one draws what
the jobs have left there::

    python examples/map_of_growth.py write
    for factor in 0.1 0.25 0.5 1 2 4; do
        EXPERIMENT=map/$factor.toml OUTPUT=map/$factor PARAMETER=update_interval \
            VALUES="100 500 1000 5000 10000" sbatch --array=1-5 slurm/array.sh --no-figure
    done
    python examples/map_of_growth.py map
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from distsp import Experiment, Simulation, load_results

what = sys.argv[1] if len(sys.argv) > 1 else "short"
if what == "short":
    factors, intervals, scale = [0.5, 1, 2], [500, 1_000, 5_000, 10_000], 0.1
else:
    factors, intervals, scale = [0.1, 0.25, 0.5, 1, 2, 4], [100, 500, 1_000, 5_000, 10_000], 1.0
targets = {"E": 0.05, "I": 0.2}

# %%
# The published experiment with all its growth rates times a factor.


def experiment(factor: float, interval: float) -> Experiment:
    """Return the experiment at a point of the map."""
    values = Experiment.bundled("structural_plasticity").scaled(scale).model_dump()
    values |= {"name": f"growth_{factor}".replace(".", "_"), "update_interval": float(interval)}
    for population in values["populations"].values():
        for element in population["elements"].values():
            element["growth_rate"] *= factor
    return Experiment.check("", values)


def distance(time: np.ndarray, calcium: dict) -> float:
    """Return how far calcium is from its target in the last 20 s, as a fraction of it."""
    late = time > time[-1] - 20_000.0
    far = [abs(calcium[name][late] / target - 1.0).mean() for name, target in targets.items()]
    return float(max(far))


def run(factor: float, interval: float) -> float:
    """Return the distance from the target at a point of the map."""
    point = experiment(factor, interval)
    sim = Simulation(point.build())
    sim.run(point.duration)
    recording = sim.recording
    return distance(recording["time"], {name: recording[f"calcium/{name}"] for name in targets})


def read(factor: float, task: int) -> float:
    """Return the distance from the target of the results of a task of an array."""
    results = load_results(Path(what) / f"{factor}" / f"{task}")
    return distance(results.time, results.calcium)


# %%
# Run all points here, or read what jobs have left.

if what == "write":
    Path("map").mkdir(exist_ok=True)
    for factor in factors:
        Path("map", f"{factor}.toml").write_text(experiment(factor, 10_000).to_toml())
    far = np.empty((0, 0))
elif what in ("short", "full"):
    far = np.array([[run(factor, interval) for interval in intervals] for factor in factors])
else:
    tasks = range(1, len(intervals) + 1)
    far = np.array([[read(factor, task) for task in tasks] for factor in factors])

if far.size:
    figure, axes = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
    image = axes.imshow(far, vmin=0.0, vmax=1.0, cmap="viridis_r", origin="lower", aspect="auto")
    for (i, j), value in np.ndenumerate(far):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="w" if value > 0.5 else "k")
    axes.set_xticks(range(len(intervals)), [f"{interval:,}" for interval in intervals])
    axes.set_yticks(range(len(factors)), [f"{factor:g}" for factor in factors])
    axes.set(xlabel="update interval (ms)", ylabel="growth rates / published ones")
    figure.colorbar(image, label="distance from the target", extend="max")
    figure.savefig("map_of_growth.png", dpi=150)

# %%
# The full version
# ----------------
#
# 1000 neurons and 30 points, which take 165 s of one core of a small server (AMD EPYC).
#
# .. image:: /figures/map_of_growth_full.png
#    :alt: The map with all neurons and 30 points
