"""Signals that come to some ranks: all raise at the same step, and going on gives the same bits."""

import random
import signal
from pathlib import Path

import numpy as np
import pytest

from distsp import Experiment, Simulation
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi

BUSY = Path(__file__).parents[2] / "data" / "busy.toml"


class Alarm(Exception):
    """What the handler of a user raises."""


def ring(*_: object) -> None:
    raise Alarm


def contents(sim: Simulation) -> list[bytes]:
    """Return what a simulation has computed, the same on all ranks."""
    arrays = list(sim.recording.values())
    for name in sim.network.synapse_types:
        arrays += sim.synapses(name).values()
    arrays += sim.spikes(sim.network.populations["E"])
    arrays += [np.array([sim.step, sim._updated, sim.n_spikes])]
    return [array.tobytes() for array in arrays]


def test_all_are_interrupted_at_the_same_step(ranks: Ranks) -> None:
    whole = Simulation(Experiment.from_toml(BUSY).build(), ranks)
    whole.run(1500.0)
    sim = Simulation(Experiment.from_toml(BUSY).build(), ranks)
    chance, before = random.Random(1), signal.getsignal(signal.SIGALRM)
    n_raised = 0
    for handler, error in 4 * [(ring, Alarm), (signal.default_int_handler, KeyboardInterrupt)]:
        got = chance.sample(range(ranks.size), chance.randint(1, ranks.size))
        signal.signal(signal.SIGALRM, handler)
        seconds = chance.uniform(1e-4, 1e-3) if ranks.rank in got else 0.0
        raised = False
        while True:
            # Where another rank's signal came first, one's own may still come, at any line.
            try:
                if not raised:
                    left = 1500.0 - sim.now
                    sim.run(left, lambda _, s=seconds: signal.setitimer(signal.ITIMER_REAL, s))
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.signal(signal.SIGALRM, signal.SIG_IGN)
                break
            except error:
                raised = True
        n_raised += raised
        steps = ranks.collect(sim.step)
        assert steps == [sim.step] * ranks.size
    signal.signal(signal.SIGALRM, before)
    assert n_raised >= 3  # a fast machine comes to the end before the last
    sim.run(1500.0 - sim.now)
    assert contents(sim) == contents(whole)
