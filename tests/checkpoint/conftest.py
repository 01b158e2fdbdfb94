"""What the tests of checkpoints save and load."""

from collections.abc import Callable

import pytest

from distsp import Network

GROWING = {"curve": "gaussian", "growth_rate": 0.08, "eps": 0.1, "z": 1.5}
WEIGHTS = {"distribution": "normal", "mean": 0.0, "std": 40.0}
DELAYS = {"distribution": "uniform", "low": 0.5, "high": 2.5}


def build(size: int = 23) -> Network:
    """Return a network that has everything and changes within milliseconds."""
    net = Network(resolution=0.1, seed=7, update_interval=5.0)
    elements = {"out": GROWING, "in": GROWING | {"growth_rate": 0.05, "eps": 0.2}}
    fast = {"tau_Ca": 50.0, "beta_Ca": 0.05}
    a = net.create("iaf_psc_alpha", size, name="A", elements=elements, **fast)
    b = net.create("iaf_psc_exp", 6, name="B", elements=elements, **fast)
    c = net.create("iaf_psc_delta", 3, name="C")
    net.synapse_type("plain", weight=80.0, delay=0.5, pre="out", post="in")
    net.synapse_type("valued", weight=WEIGHTS, delay=DELAYS, pre="out", post="in")
    net.synapse_type("static", weight=WEIGHTS, delay=DELAYS)
    net.synapse_type("counted", weight=0.5, delay=1.5)
    net.connect(a, b, "valued", "pairwise_bernoulli", p=0.2)
    net.connect(a, a, "static", "fixed_indegree", indegree=9)
    net.connect(a, c, "counted", "all_to_all")
    for p, weight in ((a, 60.0), (b, 40.0), (c, 0.5)):
        net.drive(net.poisson_generator(rate=2000.0), p, weight=weight, delay=1.8)
        net.record_spikes(p)
    net.record(7.5)
    return net


@pytest.fixture(scope="session")
def network() -> Callable[..., Network]:
    """Return a function that builds the network."""
    return build
