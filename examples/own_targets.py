"""Everyone its own target
=======================

Structural plasticity as a way to find a network: Diaz-Pier et al. (2016) let it find the
connectivity between populations that brings each to the rate that was measured for it. Here each
*neuron* has a target of its own, drawn from 20 to 32 Hz, and noise of its own strength on top.
Each grows dendritic elements until it fires as often as it should; the figure on the right is the
map of how many synapses that takes.

The network is this page's own, not that of the paper: neurons, weights and inhibition are those of
a Brunel network, and the paper's targets belong to populations.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from distsp import Network, Simulation

# %%
# Targets and noise are arrays with a value for each neuron.

size = 4_000 if "full" in sys.argv[1:] else 400
draw = np.random.default_rng(1)
target = draw.uniform(20.0, 32.0, size)  # Hz
noise_rate = draw.uniform(11_000.0, 12_000.0, size)  # Hz

# %%
# With a calcium time constant of 1 s and 0.001 per spike, calcium is the rate in spikes per ms.
# Only dendrites follow it. Axonal elements are there in plenty: they do not grow, and none is lost.

neuron = {"tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0}  # ms, mV
neuron |= {"tau_Ca": 1_000.0, "beta_Ca": 0.001}
elements = {
    "axon": {"curve": "linear", "growth_rate": 0.0, "eps": 1.0, "z": 100.0, "tau_vacant": 0.0},
    "dendrite": {"curve": "linear", "growth_rate": 0.01, "eps": target / 1_000.0},
}

net = Network(resolution=0.1, seed=1, update_interval=100.0)  # ms
exc = net.create("iaf_psc_delta", size, name="E", elements=elements, **neuron)
inh = net.create("iaf_psc_delta", size // 4, name="I", **neuron)
net.synapse_type(
    "plastic", weight=0.2, delay=1.0, pre="axon", post="dendrite", allow_autapses=False
)
net.synapse_type("excitatory", weight=0.1, delay=1.0)  # mV, ms
net.synapse_type("inhibitory", weight=-0.8, delay=1.0)
net.connect(exc, inh, "excitatory", rule="fixed_indegree", indegree=40)
net.connect(inh, exc + inh, "inhibitory", rule="fixed_indegree", indegree=10)
net.drive(net.poisson_generator(rate=noise_rate), exc, weight=0.1, delay=1.0)
net.drive(net.poisson_generator(rate=11_500.0), inh, weight=0.1, delay=1.0)

# %%
# Rates are counted over 50 s, after 60 s of growth.

sim = Simulation(net)
sim.run(60_000.0)
before = exc.spike_count
sim.run(50_000.0)
rate = (exc.spike_count - before) / 50.0  # Hz
synapses = exc.z_connected("dendrite")

if sim.ranks.rank == 0:
    error = rate / target - 1.0
    print(f"{np.abs(error).max():.1%} from its own target is the farthest of {size} neurons")
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.6), layout="constrained")
    ends = np.array([target.min(), target.max()])
    left.fill_between(ends, 0.9 * ends, 1.1 * ends, color="0.9", label="within 10 %")
    left.plot(target, rate, ".", markersize=3.0)
    left.set(xlabel="target (Hz)", ylabel="rate (Hz)")
    left.legend(frameon=False)
    points = right.scatter(target, noise_rate / 1_000.0, c=synapses, s=14.0, cmap="viridis")
    right.set(xlabel="target (Hz)", ylabel="own noise (kHz)")
    figure.colorbar(points, label="synapses that it has grown")
    figure.savefig("own_targets.png", dpi=150)

# %%
# The full version
# ----------------
#
# ``python examples/own_targets.py full``: 4,000 excitatory neurons. It takes 25 s of one core of a
# small server (AMD EPYC); none is farther than 1.1 % from its own target.
#
# .. image:: /figures/own_targets_full.png
#    :alt: The same for 4,000 neurons
#
# Diaz-Pier, Naveau, Butz-Ostendorf & Morrison 2016, Front Neuroanat 10:57.
