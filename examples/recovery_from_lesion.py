"""Recovery from a lesion
======================

Neurons in the middle of a sheet lose a part of their input, as cortex does behind a lesion of the
retina. Butz & van Ooyen (2013) found which growth repairs that as it is seen in animals: if
dendritic elements grow at *lower* calcium than axonal ones do, neurons at the border of the silent
zone, which still hear from outside, grow dendrites; axons of their active neighbours grow in; once
they are active they grow axons again, and the next ones inwards can follow. **Activity comes back
from the border to the centre.** With one growth curve for both kinds of elements it does not:
where both need much calcium, silent neurons lose all their synapses for good; where both need
little, they connect among themselves, and overshoot again and again.

Taken from the paper: Gaussian growth curves of which the dendritic one begins low and the axonal
one high, synapses that are formed by a Gaussian of the distance, and the protocol. The numbers
0.1, 0.4 and, for the target, 0.7 are those that RELeARN has, the program that continues the
authors' model. Not taken from it: there are excitatory neurons only, of the type
``iaf_psc_delta``; calcium of 0.7 means 8 Hz; noise, weights, the size of the sheet and the width
of the kernel; how much of the input is lost; and growth that is fast enough for some minutes of
simulated time.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from distsp import Network, Simulation

side = 40 if "full" in sys.argv[1:] else 20
extent, radius = 6.25, 1.75  # mm: the sheet, and the zone that loses input
before, after = 10, 80  # s
curves = {
    "dendrites from 0.1, axons from 0.4": (0.1, 0.4),
    "both from 0.4": (0.4, 0.4),
    "both from 0.1": (0.1, 0.1),
}

# %%
# Calcium is 0.7 at 8 Hz. Without synapses neurons would fire at 4.5 Hz; the elements that they have
# at the start bind at once, and take them to their target. A lesion takes a fifth of the noise.

target, tau_Ca = 0.008, 2_000.0  # spikes per ms, ms
neuron = {"tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0}  # ms, mV
neuron |= {"tau_Ca": tau_Ca, "beta_Ca": 0.7 / (target * tau_Ca)}
sheet = {"positions": "grid", "extent": [extent, extent], "periodic": True}
kernel = {"kernel": "gaussian", "std": 0.75}  # mm
noise_rate = 312.5  # Hz


def lesioned(eta_dendrite: float, eta_axon: float) -> dict:
    """Return what a network does before and after a lesion."""
    growth = {"curve": "gaussian", "growth_rate": 0.004, "eps": 0.7, "z": 25.0}
    elements = {"axon": growth | {"eta": eta_axon}, "dendrite": growth | {"eta": eta_dendrite}}
    net = Network(resolution=0.1, seed=1, update_interval=200.0)
    exc = net.create(
        "iaf_psc_delta", side**2, name="E", positions=sheet, elements=elements, **neuron
    )
    net.synapse_type(
        "plastic",
        weight=0.5,
        delay=1.0,
        pre="axon",
        post="dendrite",
        allow_autapses=False,
        kernel=kernel,
    )
    from_centre = np.hypot(*(exc.position - 0.5 * extent).T)
    zone = from_centre < radius
    groups = {
        "centre": exc[from_centre < 0.5 * radius],
        "border": exc[zone & (from_centre >= 0.5 * radius)],
        "around": exc[~zone],
    }
    noise, lost = (net.poisson_generator(rate=noise_rate) for _ in range(2))
    net.drive(noise, exc[~zone], weight=2.0, delay=1.0)
    net.drive(lost, exc[zone], weight=2.0, delay=1.0)
    net.recorder("synapse_counts", "between", groups=groups, interval=1_000.0)
    for name, neurons in groups.items():
        net.recorder("mean_activity", name, neurons=neurons, interval=1_000.0)

    sim = Simulation(net)
    sim.run(1_000.0 * before)
    lost.set(rate=0.8 * noise_rate)
    maps, ends = {}, (5, 25, 45, after)
    for begin, end in zip((0, *ends), ends, strict=False):
        sim.run(1_000.0 * (end - begin) - 5_000.0)
        counted = exc.spike_count
        sim.run(5_000.0)
        maps[end] = (exc.spike_count - counted).reshape(side, side) / 5.0  # Hz
    sizes = np.array([len(neurons) for neurons in groups.values()])
    counts = sim.recorded("between")["counts/plastic"]  # recordings x sources x targets
    return {
        "time": sim.recorded("between")["time"] / 1_000.0 - before,  # s after the lesion
        "rate": {name: sim.recorded(name)["rate"] for name in groups},
        "indegree": counts / sizes,
        "maps": maps,
        "rank": sim.ranks.rank,
    }


found = {name: lesioned(*etas) for name, etas in curves.items()}

# %%
# Rates of five seconds each, and below the sheet of the first growth rule: 5, 25, 45 and 80 s
# after the lesion.

colours = {"centre": "tab:red", "border": "tab:orange", "around": "tab:blue"}
first = next(iter(found.values()))
if first["rank"] == 0:
    figure, panels = plt.subplots(1, 3, figsize=(9.0, 3.0), sharex=True, layout="constrained")
    for axes, (name, one) in zip(panels, found.items(), strict=True):
        for group, rate in one["rate"].items():
            smooth = np.convolve(rate[1:], np.full(5, 0.2), "valid")
            axes.plot(one["time"][3:-2], smooth, color=colours[group], label=group)
        axes.axvline(0.0, color="0.8")
        axes.set(title=name, xlabel="time after the lesion (s)")
        axes.title.set_fontsize("medium")
    panels[0].set_ylabel("mean rate (Hz)")
    panels[0].legend(frameon=False, fontsize="small")
    figure.savefig("recovery_from_lesion.png", dpi=150)

    figure, panels = plt.subplots(1, 4, figsize=(9.0, 2.6), layout="constrained")
    for axes, (end, rates) in zip(panels, first["maps"].items(), strict=True):
        image = axes.imshow(rates, vmin=0.0, vmax=12.0, cmap="magma", extent=(0, extent, 0, extent))
        axes.set(title=f"{end} s", xlabel="mm")
    figure.colorbar(image, ax=panels, label="rate (Hz)")
    figure.savefig("recovery_from_lesion_sheet.png", dpi=150)

# %%
# Where the synapses onto the border come from: axons grow in from around.

if first["rank"] == 0:
    figure, axes = plt.subplots(figsize=(5.0, 3.2), layout="constrained")
    for i, source in enumerate(colours):
        axes.plot(first["time"], first["indegree"][:, i, 1], color=colours[source], label=source)
    axes.axvline(0.0, color="0.8")
    axes.set(xlabel="time after the lesion (s)", ylabel="synapses per neuron of the border")
    axes.legend(title="from", frameon=False, fontsize="small")
    figure.savefig("recovery_from_lesion_synapses.png", dpi=150)

# %%
# The full version
# ----------------
#
# ``python examples/recovery_from_lesion.py full``: 1,600 neurons on the same sheet. It takes 25 s
# of one core of a small server (AMD EPYC). A few neurons of the centre, whose calcium has fallen
# below 0.1 before anything reached them, stay silent.
#
# .. image:: /figures/recovery_from_lesion_full.png
#    :alt: The same rates for 1,600 neurons
#
# .. image:: /figures/recovery_from_lesion_sheet_full.png
#    :alt: The sheet at four times, for 1,600 neurons
#
# Butz & van Ooyen 2013, PLoS Comput Biol 9:e1003259.
