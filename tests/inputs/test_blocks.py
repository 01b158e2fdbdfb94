"""Currents in populations of several blocks: each neuron gets what it would get alone."""

import numpy as np

from distsp import Network, Simulation
from distsp.neurons.values import BLOCK_NEURONS
from distsp.parallel.ranks import Ranks

N = 2 * BLOCK_NEURONS + 5
INPUTS = [
    ("ac_generator", {"amplitude": 30.0, "frequency": 40.0}),
    ("dc_generator", {"amplitude": 55.0, "start": 2.0, "stop": 7.3}),
    ("step_current_generator", {"amplitude_times": [1.0, 4.0], "amplitude_values": [9.0, -9.0]}),
]


def potentials(size: int, part: int) -> list[np.ndarray]:
    """Return the potentials of three populations; `part` neurons of the second get a current."""
    net = Network(resolution=0.1, seed=1)
    first, second, third = (net.create("iaf_psc_exp", size) for _ in range(3))
    for model, parameters in INPUTS:
        net.drive(net.input(model, **parameters), first + second)
    net.drive(net.input("dc_generator", amplitude=20.0), second[:part])
    sim = Simulation(net, Ranks())
    found = []
    for _ in range(4):
        sim.run(2.5)
        found.append(np.concatenate([p.V_m for p in (first, second, third)]))
    return found


def test_all_blocks_get_the_same_current():
    alone = potentials(1, 1)
    without = potentials(2, 1)
    for together, one, two in zip(potentials(N, N - 3), alone, without, strict=True):
        first, second, third = np.split(together, 3)
        assert (first == one[0]).all()
        assert (second[: N - 3] == one[1]).all()
        assert (second[N - 3 :] == two[3]).all()
        assert (third == one[2]).all()
        assert len({one[0], one[1], one[2]}) == 3
