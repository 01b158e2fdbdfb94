"""Compiling before the first step: on one rank of each host, while the others rest."""

import logging
import threading
from collections.abc import Callable

from numba.core import event

from distsp.base import machine_code
from distsp.base.compiled import PLAIN
from distsp.engine.drives import input_kernel, inputs_used
from distsp.engine.plan import kernels_used, model_kernel
from distsp.network.network import Network
from distsp.neurons import NeuronModel
from distsp.parallel.ranks import Ranks

LOG = logging.getLogger("distsp")

SILENT_SECONDS = 2.0
"""How long something may be compiled before it is said."""

COMPILING = "distsp: compiling (only the first time, about half a minute)"


class _Notice(event.Listener):
    """Says that something is being compiled, which loading from the cache is not."""

    def __init__(self) -> None:
        self._timer = threading.Timer(SILENT_SECONDS, LOG.warning, [COMPILING])

    def on_start(self, event: event.Event) -> None:
        """Begin to wait, where this is the first that is compiled."""
        if self._timer.ident is None:
            self._timer.start()

    def on_end(self, event: event.Event) -> None:
        """Go on waiting: more may follow."""

    def cancel(self) -> None:
        """Say nothing from now on, where it has not been said."""
        self._timer.cancel()


_warm: set[tuple[str, int]] = set()
"""What has been compiled in this process: models with the kind of their constants, inputs."""

EVERYTHING = ("", 0)
"""What is compiled for every network."""

NEARBY = ("", 1)
"""What is compiled where anything depends on distance."""


def warm_up(network: Network, ranks: Ranks, simulate: Callable[[Network, Ranks], None]) -> None:
    """Compile what a run needs, or load it from the cache, once per process; collective.

    A little network that does everything is simulated alone; what it compiles stays on disk.

    Parameters
    ----------
    network : Network
        What is to be run.
    ranks : Ranks
    simulate : callable
        Runs a network on some ranks.
    """
    inputs = {(model, 0) for model in inputs_used(network)}
    wanted = {EVERYTHING, *kernels_used(network), *inputs}
    plastic = any(one.kernel is not None for one in network.synapse_types.values())
    if plastic or any(one.rule.profile() is not None for one in network.connections):
        wanted.add(NEARBY)
    wanted -= _warm
    if PLAIN or not wanted:
        return
    _warm.update(wanted)
    known = set(_warm)
    try:
        if ranks.on_host()[0] == 0:
            _compile(wanted, ranks, simulate)
        # What the little network has compiled besides, other ranks do not know: all must ask alike.
        _warm.intersection_update(known)
        ranks.rest()
        if ranks.rank == 0 and (notice := machine_code.notice()):
            LOG.warning("distsp: %s", notice)
    except BaseException as error:
        _warm.difference_update(wanted)
        # A handler that raises while compiled code runs makes Numba raise this.
        if isinstance(error, SystemError) and error.__cause__ is not None:
            raise error.__cause__ from None
        raise


def _compile(
    wanted: set[tuple[str, int]], ranks: Ranks, simulate: Callable[[Network, Ranks], None]
) -> None:
    """Compile what is wanted, and say so where it takes long."""
    notice = _Notice()
    try:
        with event.install_listener("numba:compile", notice):
            for model, kind in wanted - {EVERYTHING, NEARBY}:
                if model in NeuronModel.members:
                    model_kernel(model, kind)
                else:
                    input_kernel(model)
            if EVERYTHING in wanted:
                simulate(_everything(), ranks.alone())
            if NEARBY in wanted:
                simulate(_nearby(), ranks.alone())
    finally:
        notice.cancel()


def _everything() -> Network:
    """Return a network in which all that is compiled is called within 0.6 ms."""
    net = Network(resolution=0.1, seed=1, update_interval=0.2)
    elements = {
        # Both sides lose synapses, the postsynaptic one more of them; what they free binds again.
        "out": {"curve": "linear", "growth_rate": -10.0, "eps": 0.05},
        "in": {"curve": "linear", "growth_rate": -50.0, "eps": 0.05},
        "other": {"curve": "gaussian", "growth_rate": 1.0, "eps": 0.05},
    }
    a = net.create("iaf_psc_alpha", 2, elements=elements, I_e=1e5)
    uniform = {"distribution": "uniform", "low": 0.1, "high": 0.2}
    net.synapse_type("homogeneous", weight=1.0, delay=0.1, pre="out", post="in")
    net.synapse_type("heterogeneous", weight=uniform, delay=uniform, pre="out", post="in")
    for name in ("homogeneous", "heterogeneous"):
        net.connect(a, a, name, "fixed_indegree", indegree=5)
    net.connect(a, a, "homogeneous", "pairwise_bernoulli", p=0.5)
    net.connect(a, a, "homogeneous", "pairwise_poisson", pairwise_avg_num_conns=1.0)
    net.connect(a, a, "homogeneous", "fixed_outdegree", outdegree=1)
    net.connect(a, a, "homogeneous", "fixed_total_number", N=2)
    net.disconnect(a, a, "homogeneous", sources=[0], targets=[0])
    net.disconnect(a, a, "homogeneous", fraction=0.1)
    net.drive(net.poisson_generator(rate=1e4), a, weight=1.0, delay=0.1)
    net.record(0.2)
    net.record_spikes(a)
    net.recorder("synapse_counts", interval=0.2, groups={"all": a})
    return net


def _nearby() -> Network:
    """Return a network in which all that is compiled for distances is called within 0.2 ms."""
    net = Network(resolution=0.1, seed=1, update_interval=0.1)
    elements = {
        "out": {"curve": "linear", "growth_rate": 0.0, "eps": 1.0, "z": 2.0},
        "in": {"curve": "linear", "growth_rate": 0.0, "eps": 1.0, "z": 2.0},
    }
    positions = {"positions": "uniform", "extent": [1.0, 1.0]}
    a = net.create("iaf_psc_alpha", 4, elements=elements, positions=positions)
    kernel = {"kernel": "gaussian", "std": 0.1}
    net.synapse_type("nearby", weight=1.0, delay=0.1, pre="out", post="in", kernel=kernel)
    net.connect(a, a, "nearby", "pairwise_bernoulli", p=0.5, kernel=kernel)
    net.connect(a, a, "nearby", "fixed_indegree", indegree=1, kernel=kernel)
    return net
