"""The published experiment
========================

1000 neurons without a synapse wire themselves. This is the experiment that Diaz-Pier et al. (2016)
published as an example for NEST, after the model of Butz & van Ooyen (2013); every parameter is
that of the published script. It does not settle within 200 s: with these weights the inhibitory
neurons overshoot their target, in distsp as in NEST.

It takes 4 s on one core, or, on four processes and for 50,000 ms,
``mpirun -n 4 python examples/structural_plasticity.py 50000``. The same experiment as a file is
what ``python -m distsp.run`` runs.

Sources: Butz & van Ooyen 2013, PLoS Comput Biol 9:e1003259; Diaz-Pier et al. 2016, Front Neuroanat
10:57.
"""

import sys

import matplotlib.pyplot as plt

from distsp import Network, Simulation

duration = float(sys.argv[1]) if len(sys.argv) > 1 else 200_000.0  # ms

# A network with steps of 0.1 ms, whose connectivity is updated every 10,000 ms.
net = Network(resolution=0.1, seed=1, update_interval=10_000.0)

# Growth curves: elements grow while calcium is between eta and eps, and retract beyond eps.
target = {"E": 0.05, "I": 0.2}
growth_e = {"curve": "gaussian", "growth_rate": 0.0001, "eta": 0.0, "eps": target["E"]}
growth_i = {"curve": "gaussian", "growth_rate": 0.0001, "eta": 0.0, "eps": target["I"]}
fast_growth_i = growth_i | {"growth_rate": 0.0004}  # 1/ms

# Create the neurons with their synaptic elements.
exc = net.create(
    "iaf_psc_alpha",
    800,
    name="E",
    elements={"Den_ex": growth_e, "Den_in": growth_e, "Axon_ex": growth_e},
)
inh = net.create(
    "iaf_psc_alpha",
    200,
    name="I",
    elements={"Den_ex": fast_growth_i, "Den_in": growth_i, "Axon_in": growth_i},
)

# Synapse types: which elements they bind, with which weight (pA) and delay (ms).
net.synapse_type("synapse_ex", weight=585.0, delay=1.0, pre="Axon_ex", post="Den_ex")
net.synapse_type("synapse_in", weight=-585.0, delay=1.0, pre="Axon_in", post="Den_in")

# Noise: every neuron has its own Poisson train of 10,000 Hz.
noise = net.poisson_generator(rate=10_000.0)
net.drive(noise, exc, weight=6.2, delay=1.0)
net.drive(noise, inh, weight=6.2, delay=1.0)

# Record mean calcium and the number of synapses every 1000 ms.
net.record(interval=1_000.0)

# Simulate. Under mpirun every process has its share of the neurons.
sim = Simulation(net)
sim.run(duration)

# Plot, on one process. The recording is the same on all of them.
if sim.ranks.rank == 0:
    recording = sim.recording
    time = recording["time"] / 1000.0
    figure, calcium = plt.subplots(layout="constrained")
    for name, colour in (("E", "tab:blue"), ("I", "tab:red")):
        calcium.axhline(target[name], color=colour, linewidth=6.0, alpha=0.3)
        calcium.plot(time, recording[f"calcium/{name}"], color=colour, label=f"calcium of {name}")
    calcium.set(xlabel="time (s)", ylabel="mean calcium concentration")
    synapses = calcium.twinx()
    for name, colour in (("synapse_ex", "magenta"), ("synapse_in", "black")):
        synapses.plot(time, recording[f"synapses/{name}"], "--", color=colour, label=name)
    synapses.set_ylabel("number of synapses")
    figure.legend(loc="outside upper center", ncols=4)
    figure.savefig("structural_plasticity.png", dpi=150)
    print(f"{net.size} neurons, {sim.now / 1000.0:g} s simulated: structural_plasticity.png")
