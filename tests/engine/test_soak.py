"""A long run with frequent updates: memory does not grow, and no element is lost."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

PROGRAM = """
import json
import os
from pathlib import Path

import numpy as np

from distsp import Network, Simulation

# The longest slices that there are, and synapses that come and go around a target.
net = Network(resolution=0.25, seed=1, update_interval=100.0)
growth = {"curve": "gaussian", "growth_rate": 0.01, "eps": 0.3}
elements = dict.fromkeys(("axon", "den", "axon_2", "den_2"), growth)
calcium = {"tau_Ca": 1000.0, "beta_Ca": 0.01}
neurons = net.create("iaf_psc_alpha", 30, name="E", elements=elements, I_e=280.0, **calcium)
weights = {"distribution": "uniform", "low": 5.0, "high": 15.0}
net.synapse_type("valued", weight=weights, delay=8.0, pre="axon", post="den")
net.synapse_type("plain", weight=10.0, delay=8.0, pre="axon_2", post="den_2")
net.drive(net.poisson_generator(rate=10_000.0), neurons, weight=2.0, delay=8.0)
net.record(10_000.0)
sim = Simulation(net)

memory, tables = [], []
for _ in range(10):
    sim.run(200_000.0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    synapses = sim.synapses("valued")
    tables.append((synapses["source"] * 30 + synapses["target"]).tolist())

for name, pre, post in (("valued", "axon", "den"), ("plain", "axon_2", "den_2")):
    synapses = sim.synapses(name)
    for end, element in (("source", pre), ("target", post)):
        degree = np.bincount(synapses[end], minlength=30)
        assert neurons.z_connected(element).tolist() == degree.tolist(), (name, end)
        assert degree.sum() == sim.synapse_count(name) > 0, name
each = sim.ranks.gather(memory)
if sim.ranks.rank == 0:
    print(json.dumps({"memory": each, "tables": tables, "now": sim.now}))
"""


def test_2000_s_with_20000_updates(tmp_path: Path, on_ranks) -> None:
    done = on_ranks(2, "-c", PROGRAM, cwd=tmp_path, seconds=500.0)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["now"] == 2_000_000.0
    # Homeostasis: synapses come and go, their number stays.
    for before, after in pairwise(found["tables"]):
        assert len(set(after) - set(before)) > 10
        assert 0.5 < len(after) / len(before) < 2.0
    # From the first tenth on 64 bytes that are lost at each update would be more than 1 MB.
    memory = np.array(found["memory"])
    assert memory.shape == (2, 10)
    assert (memory.max(axis=1) - memory[:, 0] < 1.0).all(), memory
