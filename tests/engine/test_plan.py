"""From the description to the arrays of the time loop."""

import numpy as np

from distsp.engine.simulation import Simulation
from distsp.network.network import Network


def test_an_input_that_drives_a_population_twice_is_two_trains() -> None:
    net = Network(seed=5)
    neurons = net.create("iaf_psc_delta", 50, V_th=1e6)
    noise = net.poisson_generator(rate=1000.0)
    for weight in (1.0, -1.0):  # one train would cancel itself
        net.drive(noise, neurons, weight=weight, delay=1.0)
    Simulation(net).run(100.0)
    distances = neurons.V_m - neurons.parameters.E_L
    # Shot noise of two trains: sqrt(2 * rate * tau_m / 2) times the weight, about 3.2 mV.
    assert 2.0 < np.std(distances) < 5.0
