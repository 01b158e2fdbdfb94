"""Components give the same bits on any number of ranks: an own model, currents, readings."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from distsp.base.fields import Probability
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.neurons.model import NeuronModel
from distsp.neurons.values import at, constant
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import uniform

pytestmark = pytest.mark.mpi(min_size=2)

ELEMENT = {"curve": "gaussian", "growth_rate": 0.08, "eps": 0.1, "z": 1.5}
DELAYS = {"distribution": "uniform", "low": 0.4, "high": 2.5}


def step(
    variables,
    refractory,
    lo,
    hi,
    input_ex,
    input_in,
    current,
    driven,
    n_steps,
    constants,
    scratch,
    key,
    step,
    first_id,
    stride,
    lags,
    neurons,
    count,
    first,
):
    """Walk at random, with what arrives; fire with a probability."""
    n = hi - lo
    p = constant(constants, 4, n)
    place = variables[0, lo:hi]
    for lag in range(n_steps):
        for j in range(n):
            u = uniform(key, first_id + j * stride, step + lag)
            place[j] += u - 0.5 + input_ex[lag, j] + input_in[lag, j]
            if driven:
                place[j] += 1e-3 * current[lag, j]
            if u < at(p, j):
                lags[count] = lag
                neurons[count] = first + lo + j
                count += 1
    return count


class Walker(NeuronModel):
    """A neuron model that is none of the package's and draws random numbers."""

    model: ClassVar[str] = "test_walker"
    weight_unit: ClassVar[str] = "mV"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV"}
    step = staticmethod(step)

    p: Probability = 0.02

    def constants(self, resolution: float) -> list[Any]:
        return [0.0, 0.0, 0.0, 0.0, self.p]


def network(sizes: tuple[int, int, int]) -> Network:
    """Return walkers, and neurons with conductances and currents, wired and driven and read."""
    net = Network(resolution=0.1, seed=31, update_interval=5.0)
    elements = {"out": ELEMENT, "in": ELEMENT}
    fast = {"tau_Ca": 50.0, "beta_Ca": 0.05}
    a = net.create("test_walker", sizes[0], name="A", elements=elements, **fast)
    b = net.create("iaf_cond_exp", sizes[1], name="B", elements=elements, **fast)
    c = net.create("iaf_psc_alpha", sizes[2], name="C", I_e=100.0)
    net.synapse_type("plastic", weight=3.0, delay=0.5, pre="out", post="in")
    weights = {"distribution": "normal", "mean": 2.0, "std": 6.0}
    net.synapse_type("valued", weight=weights, delay=DELAYS)
    net.connect(a, b, "valued", "fixed_indegree", indegree=12)
    net.connect(b, a, "valued", "pairwise_bernoulli", p=0.3)
    net.connect(a, c, "valued", "all_to_all")

    steady = net.input("dc_generator", "steady", amplitude=270.0)
    net.drive(steady, b, delay=0.4)
    net.drive(steady, c, weight=1.2)
    pulse = net.input("dc_generator", "pulse", amplitude=90.0, start=11.0, stop=52.0)
    net.drive(pulse, a + b[::2])
    noise = net.poisson_generator(rate=3000.0, name="noise")
    net.drive(noise, b, weight=1.5, delay=0.8)
    net.drive(noise, c[:1], weight=20.0, delay=1.6)

    everything = ["V_m", "calcium", "spike_count", "z/in", "z_connected/out"]
    net.recorder("multimeter", "of_a", neurons="A", variables=everything, interval=0.7)
    net.recorder("multimeter", "of_b", neurons="B", variables=["g_ex", "g_in"], interval=1.3)
    some = ["C", {"population": "B", "neurons": "::2"}]
    net.recorder("multimeter", "of_some", neurons=some)
    net.recorder("population_means", "fast", interval=0.9)
    net.recorder("spike_recorder", "spikes_of_some", neurons=some)
    net.recorder("spike_recorder", "window", neurons="A", start=12.3, stop=41.0)
    net.recorder("mean_activity", "activity", neurons=a[::2] + c, interval=1.7)
    groups = {"a": a, "some": a[:1] + b, "c": c}
    net.recorder("synapse_counts", "counts", groups=groups, targets={"all": a + b + c}, interval=5)
    net.recorder("synapse_counts", "valued", groups=groups, synapses=["valued"], interval=7.1)
    net.recorder("connectivity", "snapshots", times=[0.0, 5.0, 33.3], interval=8.0)
    net.recorder("structural_updates", "updates")
    net.record(2.5)
    for p in (a, b, c):
        net.record_spikes(p)
    return net


SIZES = [(17, 23, 9), (1, 1, 1), (2, 1, 3)]
"""The last two have ranks without a neuron."""


def contents(simulation: Simulation) -> dict[str, bytes]:
    """Return all that can be seen of a simulation, complete on rank 0."""
    found: dict[str, Any] = {"n_spikes": simulation.n_spikes, "now": simulation.now}
    simulation.flush()
    for recording in simulation.recordings.values():
        for dataset in recording.datasets():
            assert dataset.name not in found
            values = np.asarray(dataset.array())
            found[dataset.name] = (values.shape, str(values.dtype), values.tobytes())
    for name, p in simulation.network.populations.items():
        for variable in type(p.parameters).variables:
            found[f"{name}.{variable}"] = p.state(variable).tobytes()
        for element in p.elements:
            found[f"{name}.{element}"] = p.z(element).tobytes()
            found[f"{name}.{element}.connected"] = p.z_connected(element).tobytes()
    for name in simulation.network.synapse_types:
        for key, values in simulation.synapses(name).items():
            found[f"{name}.{key}"] = values.tobytes()
    return found


def assert_same(ranks: Ranks, some: dict[str, Any], others: dict[str, Any]) -> None:
    """Compare what `contents` returned, where it is complete."""
    if ranks.rank == 0:
        assert some.keys() == others.keys()
        assert [key for key in some if some[key] != others[key]] == []


def shared(ranks: Ranks, folder: Path) -> Path:
    """Return the folder of rank 0."""
    return ranks.broadcast(folder)


def change(net: Network) -> None:
    """Change inputs while something of them is on its way."""
    net.inputs["steady"].amplitude = 300.0
    net.inputs["noise"].set(rate=2000.0)
    net.populations["A"].set(p=0.05)


@pytest.mark.parametrize("sizes", SIZES)
def test_any_number_of_ranks_gives_the_bits_of_one(ranks, sizes):
    together = Simulation(network(sizes), ranks)
    single = Simulation(network(sizes), ranks.alone())
    # The second stretch starts in the middle of a slice, and of all intervals.
    for duration in (31.6, 28.4):
        together.run(duration)
        single.run(duration)
        assert_same(ranks, contents(together), contents(single))
        for simulation in (together, single):
            change(simulation.network)
    assert single.network.populations["A"].spike_count.sum() > 5
    assert single.n_spikes > 15
    assert len(single.recorded("of_b")["g_ex"]) > 0
    assert len(single.recorded("updates")["time"]) == 12
    assert len(single.recorded("snapshots")["time"]) == 10
    if sizes == SIZES[0]:
        assert single.recorded("counts")["counts/plastic"][-1].sum() > 0
        assert sum(single.recorded("updates")["broken/plastic/B"]) > 0


@pytest.mark.parametrize("sizes", SIZES)
def test_what_ranks_have_saved_goes_on_on_one(ranks, sizes, tmp_path):
    folder = shared(ranks, tmp_path)
    together = Simulation(network(sizes), ranks)
    together.run(20.3)
    change(together.network)
    together.run(0.5)
    together.save(folder)
    ranks.barrier()
    net = network(sizes)
    change(net)
    single = Simulation.load(folder, net, ranks.alone())
    assert_same(ranks, contents(together), contents(single))
    for simulation in (together, single):
        simulation.run(19.9)
    assert_same(ranks, contents(together), contents(single))


@pytest.mark.parametrize("sizes", SIZES)
def test_what_one_has_saved_goes_on_on_all(ranks, sizes, tmp_path):
    single = Simulation(network(sizes), ranks.alone())
    single.run(20.8)
    single.save(tmp_path)
    ranks.barrier()
    together = Simulation.load(shared(ranks, tmp_path), network(sizes), ranks)
    assert_same(ranks, contents(together), contents(single))
    for simulation in (together, single):
        simulation.run(19.9)
    assert_same(ranks, contents(together), contents(single))
