"""The networks that are measured. A case returns what this rank has measured, by name."""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from emulation import EmulatedRanks

from distsp import Experiment, Network, Simulation
from distsp.base.compiled import compiled
from distsp.parallel.ranks import Ranks

Numbers = dict[str, float]

RESOLUTION = 0.1  # ms


# The published experiment ---------------------------------------------------------------------


def default_run(
    duration: float = 200_000.0, factor: float = 1.0, update_interval: float = 10_000.0
) -> Numbers:
    """Run the published experiment with `factor` times as many neurons, recordings included."""
    experiment = Experiment.bundled("structural_plasticity").scaled(factor)
    experiment = experiment.changed("update_interval", str(update_interval))
    sim = Simulation(experiment.build())
    return timed_run(sim, duration)


# One thing at a time --------------------------------------------------------------------------


def neurons(per_rank: int, steps: int, expected: float | None = 1.0) -> Numbers:
    """Integrate unconnected neurons with a Poisson input of `expected` events per step, or none.

    The input is too weak for a spike, so that every size and input has the same work.
    """
    net = Network(RESOLUTION, seed=1)
    population = net.create("iaf_psc_alpha", per_rank * world_size())
    if expected is not None:
        noise = net.poisson_generator(1000.0 * expected / RESOLUTION)
        net.drive(noise, population, weight=1e-3, delay=1.0)
    sim = Simulation(net)
    sim.run(min(10.0, steps * RESOLUTION / 10))
    return timed_run(sim, steps * RESOLUTION)


def neuron_cost(
    model: str, size: int, duration: float, rate: float, weight: float, **parameters: float
) -> Numbers:
    """Integrate unconnected neurons of any model with Poisson input of `rate` (Hz) each.

    The spikes are those of a run of the same length that follows.
    """
    net = Network(RESOLUTION, seed=1)
    population = net.create(model, size, **parameters)
    net.drive(net.poisson_generator(rate), population, weight=weight, delay=1.0)
    sim = Simulation(net)
    sim.run(50.0)
    measured = timed_run(sim, duration)
    return measured | {"spikes": timed_run(sim, duration)["spikes"]}


def delivery(
    per_rank: int,
    indegree: int,
    duration: float,
    weight: str = "shared",
    rate: float = 20.0,
    noise: float = 0.0,
    emulated: int = 0,
) -> Numbers:
    """Deliver spikes over synapses that are too weak to change the activity.

    A constant current makes every neuron fire at about `rate` (Hz), each at another phase. Weights
    and delays are "shared" by all synapses, or each synapse has its "own". There can be Poisson
    input as weak, of `noise` (Hz). This process can be one rank of many that are `emulated`.
    """
    before = resident()
    ranks = EmulatedRanks(emulated, per_rank, 15) if emulated else Ranks.world()
    net = Network(RESOLUTION, seed=1)
    # V_m(t) = R I_e (1 - exp(-t / tau_m)) reaches the threshold after 1 / rate - t_ref.
    tau, t_ref, threshold, capacitance = 20.0, 2.0, 20.0, 250.0
    current = threshold * capacitance / tau / -np.expm1(-(1000.0 / rate - t_ref) / tau)
    population = net.create(
        "iaf_psc_delta",
        per_rank * ranks.size,
        V_m=uniform(0.0, 19.9),
        **{"C_m": capacitance, "tau_m": tau, "t_ref": t_ref, "E_L": 0.0, "V_reset": 0.0},
        V_th=threshold,
        I_e=current,
    )
    if weight == "own":
        w, d = uniform(1e-9, 2e-9), uniform(1.5, 1.6)
        net.synapse_type("s", weight=w, delay=d)
    else:
        net.synapse_type("s", weight=1e-9, delay=1.5)
    net.connect(population, population, "s", "fixed_indegree", indegree=indegree)
    if noise:
        net.drive(net.poisson_generator(noise), population, weight=1e-9, delay=1.5)
    sim = Simulation(net, ranks)
    sim.run(15.0)
    measured = timed_run(sim, duration)
    table = sim.tables.heterogeneous if weight == "own" else sim.tables.homogeneous
    return measured | {
        "events": measured["spikes"] * indegree / ranks.size,
        "synapse_bytes": table.nbytes / sim.synapse_count("s") * ranks.size,
        "resident": resident() - before,
    }


# The network of Brunel (2000) -----------------------------------------------------------------

INDEGREE_EX, INDEGREE_IN = 800, 200


def brunel(
    duration: float, scale: float = 1.0, warm_up: float = 100.0, spikes: str = "", seed: int = 1
) -> Numbers:
    """Simulate 10,000 * scale neurons with 1000 synapses each; keep `spikes` in a file.

    Returns also the time to build it, and how many events all spikes together cause on this rank.
    """
    net = Network(RESOLUTION, seed=seed)
    parameters = {"C_m": 250.0, "tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_reset": 10.0}
    start = uniform(0.0, 19.0)
    ex, inh = (
        net.create("iaf_psc_delta", round(n * scale), name=name, V_m=start, V_th=20.0, **parameters)
        for name, n in (("E", 8000), ("I", 2000))
    )
    net.synapse_type("ex", weight=0.1, delay=1.5)
    net.synapse_type("in", weight=-0.6, delay=1.5)
    noise = net.poisson_generator(15_000.0)
    for population in (ex, inh):
        net.drive(noise, population, weight=0.1, delay=1.5)
        net.connect(ex, population, "ex", "fixed_indegree", indegree=INDEGREE_EX)
        net.connect(inh, population, "in", "fixed_indegree", indegree=INDEGREE_IN)
        if spikes:
            net.record_spikes(population)
    began = time.perf_counter()
    sim = Simulation(net)
    sim.ranks.barrier()
    build = time.perf_counter() - began
    sim.run(warm_up)
    measured = timed_run(sim, duration)
    events = measured["spikes"] * (INDEGREE_EX + INDEGREE_IN) / sim.ranks.size
    n_synapses = sum(sim.synapse_count(name) for name in ("ex", "in"))
    if spikes:
        parts = [sim.spikes(population) for population in (ex, inh)]
        times, ids = (np.concatenate(part) for part in zip(*parts, strict=True))
        if sim.ranks.rank == 0:
            np.savez(Path(spikes), times=times, ids=ids, size=sim.network.size)
    return measured | {
        "build": build,
        "events": events,
        "synapse_bytes": sim.tables.homogeneous.nbytes / n_synapses * sim.ranks.size,
    }


# A study of published size -------------------------------------------------------------------


def study(
    duration: float, size: int = 12_500, warm_up: float = 500.0, recorded: bool = False
) -> Numbers:
    """Simulate a network of the size of Gallinaro & Rotter (2018), grown: E to E is plastic.

    A fifth of the neurons is inhibitory; each pair is connected with probability 0.1. What studies
    record can be `recorded`: the spikes of a tenth of E, synapses between four groups every second,
    two variables of ten neurons every ms. Returns also the mean rate (Hz), the number of plastic
    synapses, and how long a snapshot of all of them takes (s).
    """
    net = Network(RESOLUTION, seed=1, update_interval=100.0)
    parameters = {"C_m": 250.0, "tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_reset": 10.0}
    parameters |= {"V_th": 20.0, "tau_Ca": 10_000.0, "beta_Ca": 0.001}
    n_ex, n_in = size * 4 // 5, size // 5
    element = {"curve": "linear", "growth_rate": 0.0004, "eps": 0.08, "z": n_ex // 10 + 0.5}
    start = uniform(0.0, 19.0)
    ex = net.create(
        "iaf_psc_delta", n_ex, V_m=start, elements={"Axon": element, "Den": element}, **parameters
    )
    inh = net.create("iaf_psc_delta", n_in, V_m=start, **parameters)
    net.synapse_type("plastic", weight=0.1, delay=1.5, pre="Axon", post="Den")
    net.synapse_type("ex", weight=0.1, delay=1.5)
    net.synapse_type("in", weight=-0.8, delay=1.5)
    net.connect(ex, ex, "plastic", "fixed_indegree", indegree=n_ex // 10)
    net.connect(ex, inh, "ex", "fixed_indegree", indegree=n_ex // 10)
    net.connect(inh, ex + inh, "in", "fixed_indegree", indegree=n_in // 10)
    net.drive(net.poisson_generator(15_300.0), ex + inh, weight=0.1, delay=1.5)
    if recorded:
        quarter = n_ex // 4
        groups = {f"E{i}": ex[i * quarter : (i + 1) * quarter] for i in range(4)}
        net.record_spikes(ex[: n_ex // 10])
        net.recorder("synapse_counts", synapses=["plastic"], groups=groups, interval=1000.0)
        net.recorder("multimeter", neurons=ex[:10], variables=["V_m", "calcium"], interval=1.0)
    sim = Simulation(net)
    sim.run(warm_up)
    measured = timed_run(sim, duration)
    net.recorder("connectivity", synapses=["plastic"], times=[sim.now + RESOLUTION])
    began = time.perf_counter()
    sim.run(RESOLUTION)
    sim.ranks.barrier()
    return measured | {
        "rate": measured["spikes"] / size / duration * 1000.0,
        "synapses": sim.synapse_count("plastic"),
        "snapshot": time.perf_counter() - began,
    }


def recorded_spikes(duration: float, size: int, recorded: bool) -> Numbers:
    """Simulate unconnected neurons that fire at about 200 Hz, all of whose spikes are recorded."""
    net = Network(RESOLUTION, seed=1)
    population = net.create("iaf_psc_delta", size, I_e=2000.0, V_m=uniform(-70.0, -56.0))
    if recorded:
        net.record_spikes(population)
    sim = Simulation(net)
    sim.run(10.0)
    return timed_run(sim, duration)


# Memory ---------------------------------------------------------------------------------------


def neuron_memory(per_rank: int) -> Numbers:
    """Return the bytes that a neuron of the published experiment takes before it has synapses."""
    before = resident()
    factor = per_rank * world_size() / 1000.0
    sim = Simulation(Experiment.bundled("structural_plasticity").scaled(factor).build())
    sim.run(1.0)
    return {"bytes": (resident() - before) / sim.layout.n_local}


def synapse_memory(size: int, indegree: int) -> Numbers:
    """Return what a network with many synapses takes (bytes), and how long it took to build (s)."""
    before = resident()
    net = Network(RESOLUTION, seed=1)
    population = net.create("iaf_psc_alpha", size)
    net.synapse_type("s", weight=1.0, delay=1.0)
    net.connect(population, population, "s", "fixed_indegree", indegree=indegree)
    net.drive(net.poisson_generator(10_000.0), population, weight=6.2, delay=1.0)
    began = time.perf_counter()
    sim = Simulation(net)
    build = time.perf_counter() - began
    sim.run(1.0)
    stands = resident() - before
    return {
        "seconds": build,
        "peak": 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "resident": stands,
        "per_synapse": stands / (sim.synapse_count("s") / sim.ranks.size),
    }


# The structural update ------------------------------------------------------------------------


def still_network(
    size: int, indegree: int = 0, ranks: Ranks | None = None, width: float | None = None
) -> tuple[Simulation, Callable[[], float]]:
    """Return a network that is silent and does not grow, and a function that times an update.

    That function takes one step, with an update at its beginning, and returns the seconds of the
    update on this rank. The elements are set by hand between two updates. With a `width` neurons
    are anywhere on a sheet of side 1, and pair by a gaussian kernel.
    """
    net = Network(RESOLUTION, seed=1, update_interval=RESOLUTION)
    still = {"curve": "gaussian", "growth_rate": 0.0, "eps": 0.05, "tau_vacant": 0.0}
    sheet = None if width is None else {"positions": "uniform", "extent": [1.0, 1.0]}
    kernel = None if width is None else {"kernel": "gaussian", "std": width}
    elements = {"Axon": still, "Den": still}
    population = net.create("iaf_psc_alpha", size, elements=elements, positions=sheet)
    net.synapse_type("s", weight=1.0, delay=1.0, pre="Axon", post="Den", kernel=kernel)
    if indegree:
        net.connect(population, population, "s", "fixed_indegree", indegree=indegree)
    sim = Simulation(net, ranks)

    def update() -> float:
        sim.ranks.barrier()
        before = sim.timings["update"]
        sim.run(RESOLUTION)
        return sim.timings["update"] - before

    update()
    return sim, update


def update_make(size: int, per_neuron: int, times: int) -> Numbers:
    """Make size * per_neuron synapses at once in a network that has none; again in a new one."""
    seconds = []
    for _ in range(times):
        sim, update = still_network(size)
        sim.state.arrays.z[:] = per_neuron
        seconds.append(update())
    return {"synapses": sim.synapse_count("s"), "seconds": float(np.median(seconds))}


def update_by_distance(size: int, width: float | None, times: int) -> Numbers:
    """Make 6.75 synapses per neuron at once, by distance or not; again in a new network."""
    seconds = []
    for _ in range(times):
        sim, update = still_network(size, width=width)
        sim.state.arrays.z[:] = 6.0 + (sim.layout.ids() % 4 != 0)
        seconds.append(update())
    made = sim.synapse_count("s")
    return {"synapses": made, "seconds": float(np.median(seconds))}


def update_emulated(per_rank: int, per_neuron: int, emulated: int, times: int) -> Numbers:
    """Make synapses at an update as rank 0 of many ranks does; again and again, more and more."""
    ranks = EmulatedRanks(emulated, per_rank)
    sim, update = still_network(per_rank * emulated, 0, ranks)
    seconds = []
    for _ in range(times):
        sim.state.arrays.z[:] = sim.state.arrays.z_connected + per_neuron
        ranks.outside = 0.0
        seconds.append(update() - ranks.outside)
    return {"seconds": float(np.median(seconds)), "synapses": per_rank * emulated * per_neuron}


def update_change(size: int, indegree: int, changes: int, times: int) -> Numbers:
    """Break some synapses and make as many at an update, with many standing; and change nothing."""
    sim, update = still_network(size, indegree)
    rng = np.random.default_rng(1)
    change, nothing = [], []
    for _ in range(times):
        sim.state.arrays.z[:] = sim.state.arrays.z_connected
        nothing.append(update())
        chosen = rng.permutation(size)
        for ids, sign in ((chosen[:changes], -1), (chosen[changes : 2 * changes], 1)):
            here = sim.layout.places(ids[sim.layout.here(ids)])
            sim.state.arrays.z[sim.elements.index("Axon"), here] += sign
        change.append(update())
    return {
        "synapses": sim.synapse_count("s"),
        "seconds": float(np.median(change)),
        "nothing": float(np.median(nothing)),
    }


def update_grow(size: int, times: int) -> Numbers:
    """Bring calcium and elements of the published experiment up to the present, nothing else."""
    sim = Simulation(Experiment.bundled("structural_plasticity").scaled(size / 1000.0).build())
    population, seconds = sim.network.populations["E"], []
    sim.run(100.0)
    for _ in range(times):
        began = time.perf_counter()
        sim.reading().local(population, "z/Den_ex")
        seconds.append(time.perf_counter() - began)
    return {"seconds": float(np.median(seconds))}


def plastic(
    size: int, indegree: int, turnover: float, update_interval: float, duration: float
) -> Numbers:
    """Run a network in which a fraction `turnover` of the plastic synapses goes and comes per s.

    Half of the neurons retract elements of both kinds all the time, the other half grows as many.
    Returns also the turnover as it was, counted from the synapses before and after.
    """
    net = Network(RESOLUTION, seed=1, update_interval=update_interval)
    rate = turnover * indegree / 1000.0  # elements per ms
    halves = []
    for name, sign in (("growing", 1.0), ("shrinking", -1.0)):
        # The wide curve is at its maximum, whatever the calcium.
        element = {"curve": "gaussian", "growth_rate": sign * rate, "eta": -100.0, "eps": 100.0}
        both = {"Axon": element | {"tau_vacant": 0.0}, "Den": element | {"tau_vacant": 0.0}}
        halves.append(net.create("iaf_psc_alpha", size // 2, name=name, elements=both))
    net.synapse_type("s", weight=1.0, delay=1.0, pre="Axon", post="Den")
    noise = net.poisson_generator(10_000.0)
    for half in halves:
        net.drive(noise, half, weight=6.5, delay=1.0)
        for source in halves:
            net.connect(source, half, "s", "fixed_indegree", indegree=indegree // 2)
    sim = Simulation(net)
    # Without this, all elements of a kind would be lost at the same update.
    fractions = np.random.default_rng(1).random((len(sim.elements), sim.network.size))
    sim.state.arrays.z[:] += fractions[:, sim.layout.ids()]
    sim.run(update_interval)
    before = pairs(sim)
    measured = timed_run(sim, duration)
    after = pairs(sim)
    lost = len(before) - common(before, after)
    return measured | {
        "turnover": lost / len(before) / duration * 1000.0,
        "synapses": len(after),
        "rate": measured["spikes"] / size / duration * 1000.0,
    }


def pairs(sim: Simulation) -> Any:
    """Return source and target of each synapse as one number, sorted."""
    synapses = sim.synapses("s")
    return np.sort(synapses["source"] * sim.network.size + synapses["target"])


def common(one: Any, other: Any) -> int:
    """Return how many numbers two sorted arrays have in common, repeated ones counted apart."""
    values, n = np.unique(one, return_counts=True)
    found, m = np.unique(other, return_counts=True)
    _, i, j = np.intersect1d(values, found, assume_unique=True, return_indices=True)
    return int(np.minimum(n[i], m[j]).sum())


# The exchange ---------------------------------------------------------------------------------


def gather_on_0(times: int, messages: int = 20) -> Numbers:
    """Gather a few rows of each rank on rank 0, as the structural update does, `messages` times.

    Rank 0 begins when the others have sent all of theirs and gone to sleep, so that what it takes
    is its own work, on any number of ranks. The fastest of some `times`.
    """
    ranks, rows, seconds = Ranks.world(), np.zeros((4, 2), dtype=np.int64), []
    for _ in range(times):
        ranks.barrier()
        time.sleep(0.1 if ranks.rank == 0 else 0.0)
        began = time.perf_counter()
        for _ in range(messages):
            ranks.join_on_0(rows)
        seconds.append(time.perf_counter() - began)
        time.sleep(0.0 if ranks.rank == 0 else 0.2)
    return {"seconds": min(seconds) / messages}


def exchange(numbers: list[int], seconds: float) -> Numbers:
    """Gather 32-bit numbers of each rank on all ranks, as the time loop does.

    Parameters
    ----------
    numbers : list of int
        How many each rank sends; each size is measured for some `seconds`.
    """
    ranks, measured = Ranks.world(), {}
    for n in numbers:
        send, receive = np.zeros(n, np.int32), np.zeros(n * ranks.size, np.int32)
        times = 10
        for _ in range(2):
            ranks.barrier()
            began = time.perf_counter()
            gather(ranks.allgather, *ranks.handles, send, receive, times)
            once = (time.perf_counter() - began) / times
            times = int(ranks.broadcast(seconds / once)) + 10
        measured[str(n)] = once
    return measured


@compiled
def gather(allgather, kind, group, send, receive, times):  # type: ignore[no-untyped-def]
    """Gather again and again."""
    n = len(send)
    for _ in range(times):
        allgather(send.ctypes.data, n, kind, receive.ctypes.data, n, kind, group)


# What all cases share -------------------------------------------------------------------------


def timed_run(sim: Simulation, duration: float) -> Numbers:
    """Run, and return the seconds of the loop and of its phases, and what happened in it."""
    spikes, before = sim.n_spikes, sim.timings
    sim.ranks.barrier()
    began = time.perf_counter()
    sim.run(duration)
    sim.ranks.barrier()
    seconds = time.perf_counter() - began
    phases = {name: value - before[name] for name, value in sim.timings.items()}
    return {
        "seconds": seconds,
        **phases,
        "spikes": sim.n_spikes - spikes,
        "neuron_steps": sim.layout.n_local * duration / RESOLUTION,
        "bytes_per_slice": sim.bytes_per_slice,
    }


def uniform(low: float, high: float) -> dict[str, Any]:
    """Return a uniform distribution as the network takes it."""
    return {"distribution": "uniform", "low": low, "high": high}


def world_size() -> int:
    """Return the number of ranks."""
    return Ranks.world().size


def resident() -> float:
    """Return the memory that this process has in use (bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
