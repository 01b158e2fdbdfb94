"""What is read within the time loop is what there is to read when it has stopped there."""

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.parallel.ranks import Ranks

VARIABLES = ["V_m", "calcium", "spike_count", "z/out", "z_connected/out"]


def lively() -> Network:
    """Return two populations that fire and grow, one with values of each neuron's own."""
    net = Network(resolution=0.1, seed=8, update_interval=3.0)
    growth = {"curve": "gaussian", "growth_rate": 0.1, "eps": 0.4, "z": 1.5}
    own = {"E_L": [-70.0, -71.0, -69.0], "tau_Ca": [20.0, 30.0, 40.0], "beta_Ca": 0.1}
    both = {"out": growth, "in": growth | {"z": 2.5}}
    a = net.create("iaf_psc_alpha", 9, name="A", elements=both, tau_Ca=20.0, beta_Ca=0.1)
    b = net.create("iaf_psc_exp", 3, name="B", elements=both, **own)
    net.synapse_type("s", weight=50.0, delay=1.5, pre="out", post="in")
    net.drive(net.poisson_generator(9000.0), a + b, weight=60.0, delay=0.4)
    return net


@pytest.mark.parametrize("interval", [0.1, 0.7, 4.0])
def test_probes_read_what_there_is(interval: float) -> None:
    net = lively()
    some = net.populations["A"][[1, 4, 8]] + net.populations["B"]
    net.recorder("multimeter", "m", neurons=some, variables=VARIABLES, interval=interval)
    net.recorder("multimeter", "other", neurons=net.populations["A"][:2], interval=1.3)
    sim = Simulation(net, Ranks())
    sim.run(12.3)
    net.populations["B"].set(E_L=-72.0)
    sim.run(12.7)
    found = sim.recorded("m")
    twin_net = lively()
    twin_some = twin_net.populations["A"][[1, 4, 8]] + twin_net.populations["B"]
    twin = Simulation(twin_net, Ranks())
    steps = round(interval / 0.1)
    for i in range(250 // steps):
        until = (i + 1) * steps
        if twin.step < 123 <= until:
            twin.run((123 - twin.step) * 0.1)
            if until > 123:
                twin_net.populations["B"].set(E_L=-72.0)
        if until > twin.step:
            twin.run((until - twin.step) * 0.1)
        values = [
            twin_some.V_m,
            twin_some.calcium,
            twin_some.spike_count,
            twin_some.z("out"),
            twin_some.z_connected("out"),
        ]
        for variable, expected in zip(VARIABLES, values, strict=True):
            assert found[variable][i].tolist() == expected.tolist(), (i, variable)
        if until == 123:
            twin_net.populations["B"].set(E_L=-72.0)
    assert len(found["time"]) == 250 // steps
    assert found["time"] == pytest.approx((np.arange(250 // steps) + 1) * interval)
    assert found["spike_count"][-1].sum() > 10
