"""A neuron model that is none of the package's: made here, chosen by name, run like the others."""

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import Field

from distsp.base.errors import InputError
from distsp.base.fields import Probability
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.neurons.model import NeuronModel
from distsp.neurons.values import BLOCK_NEURONS, at, constant
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, stream_key, uniform, uniforms

H = 0.1


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
    """Count the steps and add up what arrives; fire with a probability."""
    n = hi - lo
    p = constant(constants, 4, n)
    total, ticks = variables[0, lo:hi], variables[1, lo:hi]
    for lag in range(n_steps):
        for j in range(n):
            total[j] += input_ex[lag, j] + input_in[lag, j]
            if driven:
                total[j] += current[lag, j]
            ticks[j] += 1.0
            if uniform(key, first_id + j * stride, step + lag) < at(p, j):
                lags[count] = lag
                neurons[count] = first + lo + j
                count += 1
    return count


class Gambler(NeuronModel):
    """Fires with probability `p` in each step, whatever arrives."""

    model: ClassVar[str] = "test_gambler"
    weight_unit: ClassVar[str] = "mV"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "ticks": "1"}
    step = staticmethod(step)

    p: Probability = Field(description="probability of a spike in a step")
    start: float = 0.0

    def initial(self) -> dict[str, float]:
        return {"V_m": self.start, "ticks": 100.0}

    def offsets(self) -> dict[str, float]:
        return {"ticks": 90.0}

    def constants(self, resolution: float) -> list[Any]:
        return [0.0, 0.0, 0.0, 0.0, self.p]


def spikes_of(sim: Simulation, population: Any) -> list[tuple[int, int]]:
    """Return the steps of the spikes of a population, and their neurons."""
    times, ids = sim.spikes(population)
    return list(zip((np.rint(times / H) - 1).astype(int).tolist(), ids.tolist(), strict=True))


def drawn(population: int, ids: range, p: float, n_steps: int, seed: int = 5) -> list[Any]:
    """Return who fires when, drawn one step after the other."""
    key, everyone = stream_key(seed, Purpose.NEURON, population), np.array(ids)
    return [(s, int(i)) for s in range(n_steps) for i in everyone[uniforms(key, everyone, s) < p]]


REGISTERED = NeuronModel.members.pop("test_gambler")
"""What had registered itself; other tests are not to find it."""


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Let the package know the model while a test of this file runs, and none of its others."""
    before = {*NeuronModel.members}
    monkeypatch.setitem(NeuronModel.members, "test_gambler", REGISTERED)
    yield
    for name in {*NeuronModel.members} - before - {"test_gambler"}:
        del NeuronModel.members[name]


def test_it_registers_itself():
    assert REGISTERED is Gambler
    with pytest.raises(InputError, match=r"must be one of .*iaf_psc_exp.*, test_gambler"):
        Network().create("test_gamblers", 1)


@pytest.mark.parametrize("pieces", [[10.0], [0.1, 3.3, 6.6]])
def test_it_fires_as_its_random_numbers_say(pieces):
    net = Network(resolution=H, seed=5)
    few = net.create("test_gambler", 3, p=0.3)
    net.create("iaf_psc_exp", 2)
    many = net.create("test_gambler", 2 * BLOCK_NEURONS + 1, p=0.02)
    net.synapse_type("unused", weight=1.0, delay=0.7)
    for p in (few, many):
        net.record_spikes(p)
    sim = Simulation(net, Ranks())
    for duration in pieces:
        sim.run(duration)
    # Populations have streams of their own, though they are of one model.
    assert spikes_of(sim, few) == drawn(0, few.ids, 0.3, 100)
    assert spikes_of(sim, many) == drawn(2, many.ids, 0.02, 100)
    assert few.state("ticks").tolist() == [200.0] * 3
    assert few.spike_count.sum() == len(drawn(0, few.ids, 0.3, 100))


@pytest.mark.parametrize(("p", "n"), [(0.0, 0), (1.0, 100)])
def test_its_probability_holds(p, n):
    net = Network(resolution=H, seed=5)
    neurons = net.create("test_gambler", 3, p=p)
    Simulation(net, Ranks()).run(10.0)
    assert neurons.spike_count.tolist() == [n] * 3


def test_it_receives_and_sends_like_any_other():
    net = Network(resolution=H, seed=5)
    a = net.create("test_gambler", 4, p=0.1, start=2.0)
    b = net.create("test_gambler", 4, p=0.0)
    net.synapse_type("s", weight=0.5, delay=0.4)
    net.synapse_type("t", weight=-0.25, delay=1.0)
    net.connect(a, b, "s", "one_to_one")
    net.connect(a, b, "t", "one_to_one")
    net.drive(net.input("dc_generator", amplitude=4.0), b, delay=0.3)
    net.record_spikes(a)
    sim = Simulation(net, Ranks())
    sim.run(20.0)
    assert a.V_m.tolist() == [2.0] * 4
    expected = [4.0 * 197] * 4
    for s, i in spikes_of(sim, a):
        expected[i] += 0.5 * (s + 4 < 200) - 0.25 * (s + 10 < 200)
    assert b.V_m.tolist() == expected
    assert a.spike_count.min() > 5


def test_its_spikes_raise_calcium():
    net = Network(resolution=H, seed=5)
    neurons = net.create("test_gambler", 2, p=1.0, tau_Ca=1e12, beta_Ca=0.5)
    Simulation(net, Ranks()).run(1.0)
    assert neurons.calcium == pytest.approx(5.0, rel=1e-9)


def test_its_parameters_are_checked_and_changed():
    net = Network(resolution=H, seed=5)
    for parameters, told in (
        ({}, "parameters.p: is missing; it must be given: probability of a spike in a step"),
        ({"p": 1.5}, "parameters.p: 1.5 must be less than or equal to 1"),
        ({"p": 0.5, "tau_m": 1.0}, "parameters.tau_m: there is no such key; did you mean tau_Ca?"),
    ):
        with pytest.raises(InputError) as error:
            net.create("test_gambler", 1, name="G", **parameters)
        assert str(error.value) == f"populations.G.{told}"
    neurons = net.create("test_gambler", 3, p=0.0)
    sim = Simulation(net, Ranks())
    sim.run(1.0)
    neurons.set(p=1.0)
    sim.run(1.0)
    assert neurons.spike_count.tolist() == [10] * 3


def test_a_network_has_room_for_many_models():
    def network(n: int) -> Network:
        net = Network(resolution=H, seed=5)
        for i in range(n):
            name = f"test_gambler_{i}"
            if name not in NeuronModel.members:
                type(name, (Gambler,), {"model": name, "__annotations__": {"model": ClassVar[str]}})
            net.create(name, 2, p=1.0 / (i + 1))
        return net

    full = network(12)
    Simulation(full, Ranks()).run(1.0)
    fired = [drawn(i, p.ids, 1.0 / (i + 1), 10) for i, p in enumerate(full.populations.values())]
    counts = [int(p.spike_count.sum()) for p in full.populations.values()]
    assert counts == [len(one) for one in fired]
