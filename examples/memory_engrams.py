"""Memory engrams
==============

Neurons that are stimulated together end up connected to each other, although no rule looks at
pairs of neurons: each only keeps its own rate. After Gallinaro & Rotter (2018).

Excitatory neurons grow synapses among each other until they fire at the rate of a network in which
one of ten pairs is connected; all other synapses are static. Then a tenth of them is stimulated.
To come back to their rate they give synapses up, so connectivity among them *falls*. When the
stimulation ends they lack input, and grow new elements all at once. Whoever else has vacant
elements then is mostly another stimulated neuron, so that connectivity among them *rises* far
above the rest, and it decays only slowly, while all rates are at the target again.
"""

import sys
import time

import matplotlib.pyplot as plt
import numpy as np

from distsp import Network, Simulation

# %%
# The small version has the parameters of the reduced model that the authors have published
# (github.com/juliavg/assembly-structural-plasticity): sizes, neurons, weights, g, the external
# input and its 10 %, the calcium time constant of 1 s, which makes calcium a rate, the growth rate
# of half the target, updates each 100 ms, and the times.
#
# The full version, ``python examples/memory_engrams.py full``, has 25 times as many neurons, as the
# paper, and g = 8, with which it fires at 8 Hz. With a growth rate of half the target, 0.004
# elements per ms, it needs some 400 s to grow; so its growth rate here is 2.5 times as high. This
# and its times are not the paper's.

full = "full" in sys.argv[1:]
n_exc, n_inh = (10_000, 2_500) if full else (400, 100)
n_stimulated = n_exc // 10
g = 8.0 if full else 12.0  # an inhibitory synapse is g times as strong
J = 0.1  # mV
stimulation = 1.1
periods = [200, 150, 50, 150] if full else [20, 20, 20, 40]  # s: growth, stimulation, after, decay
neuron = {"tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0}  # ms, mV
neuron |= {"tau_Ca": 1_000.0, "beta_Ca": 0.001}  # calcium is the rate in spikes per ms
rate = 15_000.0  # Hz: 1.5 times what alone would bring a neuron to its threshold


def network(elements: dict, **more: float) -> tuple:
    """Return a network with static synapses from and onto inhibitory neurons, and its parts."""
    net = Network(resolution=0.1, seed=1, **more)
    exc = net.create("iaf_psc_delta", n_exc, name="E", elements=elements, **neuron)
    inh = net.create("iaf_psc_delta", n_inh, name="I", **neuron)
    net.synapse_type("excitatory", weight=J, delay=1.0)
    net.synapse_type("inhibitory", weight=-g * J, delay=1.0)
    net.connect(exc, inh, "excitatory", rule="fixed_indegree", indegree=n_exc // 10)
    net.connect(inh, exc + inh, "inhibitory", rule="fixed_indegree", indegree=n_inh // 10)
    noise, stimulus = net.poisson_generator(rate=rate), net.poisson_generator(rate=rate)
    net.drive(stimulus, exc[:n_stimulated], weight=J, delay=1.0)
    net.drive(noise, exc[n_stimulated:] + inh, weight=J, delay=1.0)
    return net, exc, stimulus


# %%
# The target is the rate with static synapses between a tenth of the excitatory pairs.

net, exc, _ = network({})
net.connect(exc, exc, "excitatory", rule="fixed_indegree", indegree=n_exc // 10)
sim = Simulation(net)
sim.run(2_000.0)
before = exc.spike_count.sum()
sim.run(8_000.0)
target = float(exc.spike_count.sum() - before) / n_exc / 8_000.0  # per ms

# %%
# The network that grows, and the protocol.

growth = {"curve": "linear", "growth_rate": 0.01 if full else 0.5 * target, "eps": target, "z": 1.0}
net, exc, stimulus = network({"axon": growth, "dendrite": growth}, update_interval=100.0)
net.synapse_type("plastic", weight=J, delay=1.0, pre="axon", post="dendrite", allow_autapses=False)
groups = {"stimulated": exc[:n_stimulated], "rest": exc[n_stimulated:]}
net.recorder("synapse_counts", "between", groups=groups, interval=1_000.0)
for name, neurons in groups.items():
    net.recorder("mean_activity", name, neurons=neurons, interval=1_000.0)

sim = Simulation(net)
begin = time.perf_counter()
for i, seconds in enumerate(periods):
    stimulus.set(rate=rate * (stimulation if i == 1 else 1.0))
    sim.run(1_000.0 * seconds)
    if sim.ranks.rank == 0:
        print(f"{sim.now / 1000:g} s simulated in {time.perf_counter() - begin:.0f} s")

# %%
# Connectivity is the number of synapses per pair.

counts = sim.recorded("between")["counts/plastic"]
sizes = np.array([n_stimulated, n_exc - n_stimulated])
connectivity = counts / np.outer(sizes, sizes)  # recordings x sources x targets
rates = {name: sim.recorded(name)["rate"] for name in groups}
seconds = sim.recorded("between")["time"] / 1000.0

if sim.ranks.rank == 0:
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.6), layout="constrained")
    for i, source in enumerate(groups):
        for j, onto in enumerate(groups):
            left.plot(seconds, connectivity[:, i, j], label=f"{source} to {onto}")
    left.set(xlabel="time (s)", ylabel="synapses per pair")
    right.axhline(1000.0 * target, color="0.8", linewidth=5.0)
    for name, values in rates.items():
        right.plot(seconds[1:], values[1:], label=name)
    right.set(xlabel="time (s)", ylabel="mean rate (Hz)")
    for axes in (left, right):
        axes.axvspan(periods[0], periods[0] + periods[1], color="0.93")
        axes.legend(frameon=False, fontsize="small")
    figure.savefig("memory_engrams.png", dpi=150)

# %%
# The full version
# ----------------
#
# ``mpirun -n 2 python examples/memory_engrams.py full``: 12,500 neurons and up to 12,500,000
# synapses for 550 s. On a small server (AMD EPYC, 2 cores), which other programs kept busy
# meanwhile, it took 12 minutes, and 24 minutes without ``mpirun``. The figure is the same.
#
# .. image:: /figures/memory_engrams_full.png
#    :alt: The same curves for 12,500 neurons
#
# Gallinaro & Rotter 2018, Sci Rep 8:3754.
