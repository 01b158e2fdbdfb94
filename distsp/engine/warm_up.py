"""Compiling before the first step: on one rank of each host, while the others rest."""

import logging
import threading
from typing import TYPE_CHECKING

from distsp.network.network import Network
from distsp.parallel.ranks import Ranks

if TYPE_CHECKING:
    from distsp.engine.simulation import Simulation

LOG = logging.getLogger("distsp")

_warm = False


def warm_up(simulation: type["Simulation"], ranks: Ranks) -> None:
    """Compile what a run needs, or load it from the cache, once per process; collective.

    A little network that does everything is simulated alone; what it compiles stays on disk.
    """
    global _warm
    if _warm:
        return
    _warm = True
    if ranks.on_host()[0] == 0:
        notice = threading.Timer(2.0, _say_compiling)
        notice.start()
        _simulate_everything(simulation, ranks.alone())
        notice.cancel()
    ranks.rest()


def _say_compiling() -> None:
    LOG.warning("distsp: compiling (only the first time, about half a minute)")


def _simulate_everything(simulation: type["Simulation"], alone: Ranks) -> None:
    net = Network(resolution=0.1, seed=1, update_interval=0.2)
    elements = {
        # Both sides lose synapses, the postsynaptic one more of them; what they free binds again.
        "out": {"curve": "linear", "growth_rate": -10.0, "eps": 0.05},
        "in": {"curve": "linear", "growth_rate": -50.0, "eps": 0.05},
        "other": {"curve": "gaussian", "growth_rate": 1.0, "eps": 0.05},
    }
    a = net.create("iaf_psc_alpha", 2, elements=elements, I_e=1e5)
    uniform = {"distribution": "uniform", "low": 0.1, "high": 0.2}
    net.synapse_type("plain", weight=1.0, delay=0.1, pre="out", post="in")
    net.synapse_type("valued", weight=uniform, delay=uniform, pre="out", post="in")
    for name in ("plain", "valued"):
        net.connect(a, a, name, "fixed_indegree", indegree=5)
    net.connect(a, a, "plain", "pairwise_bernoulli", p=0.5)
    net.drive(net.poisson_generator(rate=1e4), a, weight=1.0, delay=0.1)
    net.record(0.2)
    net.record_spikes(a)
    everything = simulation(net, alone)
    everything.run(0.6)
    for name in ("plain", "valued"):
        everything.synapses(name)
