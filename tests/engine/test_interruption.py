"""A simulation that is interrupted again and again gives the bits of one that is left alone."""

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from distsp import Experiment, Simulation
from distsp.engine.adjacency import Adjacency
from distsp.engine.synapses import TypeTable
from distsp.engine.update import StructuralUpdate
from distsp.engine.wiring import Wiring
from distsp.network.rules.fixed_indegree import FixedIndegree
from distsp.parallel.ranks import Ranks

BUSY = Path(__file__).parents[1] / "data" / "busy.toml"

LATEST = 0.006
"""Seconds until a signal comes, at most."""


class Alarm(Exception):
    """What the handler of a user raises."""


def ring(*_: object) -> None:
    raise Alarm


@pytest.fixture
def alarm() -> Iterator[Callable[[Callable[..., object], float], None]]:
    """Return a function that lets a handler be called after some seconds."""
    before = signal.getsignal(signal.SIGALRM)

    def begin(handler: Callable[..., object], seconds: float) -> None:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    yield begin
    signal.signal(signal.SIGALRM, before)


def contents(sim: Simulation) -> dict[str, bytes]:
    """Return all that a simulation has computed."""
    arrays = {name: array for name, array in sim.state.arrays._asdict().items()}
    arrays |= sim.recording
    for name in sim.network.synapse_types:
        arrays |= {f"{name}/{key}": values for key, values in sim.synapses(name).items()}
    times, ids = sim.spikes(sim.network.populations["E"])
    arrays |= {"times": times, "ids": ids, "n": np.array([sim.step, sim._updated, sim.n_spikes])}
    return {name: array.tobytes() for name, array in arrays.items()}


def test_interrupted_again_and_again(tmp_path: Path, alarm) -> None:
    network = Experiment.from_toml(BUSY).build()
    whole = Simulation(network, Ranks())
    whole.run(1500.0)
    expected, end = contents(whole), whole.step
    sim = Simulation(Experiment.from_toml(BUSY).build(), Ranks())
    n_raised = {Alarm: 0, KeyboardInterrupt: 0}
    handlers, chance = (ring, signal.default_int_handler), random.Random(1)
    while sim.step < end:
        saved = False
        while not saved:
            try:
                try:
                    alarm(chance.choice(handlers), chance.uniform(2e-4, LATEST))
                    sim.run(min(end - sim.step, 400) * 0.1)
                    sim.save(tmp_path)
                finally:
                    saved = sim.checkpoints[-1:] == [f"checkpoint-{sim.step}"]
                    signal.setitimer(signal.ITIMER_REAL, 0.0)
            except (Alarm, KeyboardInterrupt) as error:
                n_raised[type(error)] += 1
        # Each save is whole, and the simulation knows it.
        assert {path.name for path in tmp_path.iterdir()} == {*sim.checkpoints}
    assert min(n_raised.values()) > 3
    assert contents(sim) == expected
    loaded = Simulation.load(tmp_path, Experiment.from_toml(BUSY).build(), Ranks())
    assert loaded.step == sim.step


PLACES = [
    (FixedIndegree, "draw"),
    (TypeTable, "_draw_own"),
    (Adjacency, "prepared"),
    (Adjacency, "_new_pools"),
    (StructuralUpdate, "binding"),
    (StructuralUpdate, "freeing"),
    (TypeTable, "remove"),
    (Adjacency, "prepared_removal"),
]


@pytest.mark.parametrize("plastic", [False, True])
def test_each_connection_is_made_once(monkeypatch: pytest.MonkeyPatch, plastic: bool) -> None:
    """Wherever memory runs out, or a signal comes, and however often."""
    experiment = Experiment.from_toml(BUSY)

    def wired() -> Simulation:
        sim = Simulation(experiment.build(), Ranks())
        net = sim.network
        e = net.populations["E"]
        name = "plastic" if plastic else "drawn"
        for _ in range(2):
            net.connect(e, e, name, "fixed_indegree", indegree=5)
        net.disconnect(e, e, name, fraction=0.3)
        net.disconnect(e, e, name, fraction=0.5)
        return sim

    whole = wired()
    whole.run(5.0)
    expected, sim = contents(whole), wired()
    failing = {"now": True}

    def faulty(original, where: str):
        calls = {"n": 0}

        def call(*arguments: object):
            calls["n"] += 1
            if failing["now"] and calls["n"] in (1, 3):
                raise MemoryError(where)
            signal.raise_signal(signal.SIGINT)
            return original(*arguments)

        return call

    for owner, name in PLACES:
        monkeypatch.setattr(owner, name, faulty(getattr(owner, name), name))
    told = []
    while True:
        try:
            sim.run(0.0)
            break
        except (MemoryError, KeyboardInterrupt) as error:
            told += [str(error), str(error.__context__)]
    failing["now"] = False
    monkeypatch.undo()
    skipped = set() if plastic else {"binding", "freeing"}
    assert {*told} >= {name for _, name in PLACES} - skipped
    assert "" in told
    sim.run(5.0)
    assert contents(sim) == expected
    assert sim._wiring.n_done == len(sim.network.wiring())
    assert isinstance(sim._wiring, Wiring)
