"""From the network's description to the arrays of the time loop."""

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from distsp.base.compiled import compiled
from distsp.base.fields import InputError, whole_steps
from distsp.engine import loop
from distsp.engine.synapses import delay_range
from distsp.network.network import Network
from distsp.network.population import Population
from distsp.neurons import MODELS
from distsp.neurons.model import KERNEL
from distsp.rng.streams import Purpose, poisson_thresholds, stream_key

Array = npt.NDArray[Any]

N_CONSTANTS = 16
"""A model has at most so many constants."""

FOREVER = np.iinfo(np.int64).max


@cache
def kernels() -> tuple[Any, ...]:
    """Return the compiled steps of all neuron models, in order of `MODELS`."""
    steps = [compiled(model.step) for model in MODELS.values()]
    for step in steps:
        # With one signature and no more to come, Numba can hand the step over as a function.
        step.compile(KERNEL)
        step.disable_compile()
    return tuple(steps)


@cache
def clock() -> Any:
    """Return clock_gettime as a C function for compiled code."""
    function = ctypes.CDLL(None).clock_gettime
    function.restype = ctypes.c_int
    function.argtypes = [ctypes.c_int, ctypes.c_void_p]
    return function


def n_variables(population: Population) -> int:
    """Return the number of state variables of a neuron."""
    return len(type(population.parameters).variables)


def check_memory(network: Network, n_ranks: int, on_host: int) -> None:
    """Refuse what cannot fit, before the machine begins to swap or kills the process.

    Parameters
    ----------
    network : Network
    n_ranks, on_host : int
        Number of ranks, and how many of them share this machine's memory.

    Raises
    ------
    InputError
        Saying how much is needed, and how much there is.
    """
    types = network.synapse_types.values()
    slots = max([delay_range(t.delay, network.resolution)[1] for t in types], default=1)
    variables = max([n_variables(p) for p in network.populations.values()], default=1)
    elements = {name for p in network.populations.values() for name in p.elements}
    plain = sum(isinstance(t.weight, float) and isinstance(t.delay, float) for t in types)
    ring = (2 * plain + 16 * (plain < len(types))) * slots
    per_neuron = 8 * variables + 24 + 12 * len(elements) + ring
    synapses = [c.rule.expected(*network.ends(c)) for c in network.connections]
    # Source and target of a connection's synapses are drawn as 64-bit numbers.
    here = network.size * per_neuron + 4 * sum(synapses) + 16 * max(synapses, default=0)
    needed = here / n_ranks + 16 * len(types) * network.size
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / on_host
    if needed > installed:
        raise InputError(
            f"populations: {network.size} neurons, their synapses and delays need at least "
            f"{needed / 2**30:.1f} GiB per rank, but a rank here has {installed / 2**30:.1f} GiB; "
            "it must be less, or the machines more"
        )
    for p in network.populations.values():
        for name, element in p.elements.items():
            # Rank 0 lists what is vacant at an update.
            grown = element.z + abs(element.growth_rate) * (network.update_interval or 0.0)
            if 8 * grown * p.size > installed:
                raise InputError(
                    f"populations.{p.name}.elements.{name}: memory must hold {p.size} times "
                    f"{grown:g} elements at an update; z and growth_rate must be less"
                )


def plan_populations(network: Network, slices: list[slice]) -> loop.Populations:
    """Return the populations as the time loop takes them; `slices` say which neurons are here."""
    populations = list(network.populations.values())
    sizes = np.array([s.stop - s.start for s in slices])
    rows = np.array([n_variables(p) for p in populations])
    # Each row begins at a cache line; see `loop.aligned`.
    line = loop.CACHE_LINE // np.dtype(np.float64).itemsize
    strides = -(-sizes // line) * line
    constants = np.zeros((len(populations), N_CONSTANTS))
    for row, p in zip(constants, populations, strict=True):
        numbers = p.parameters.constants(network.resolution)
        row[: len(numbers)] = numbers
    recorded = {recorder.population.name for recorder in network.spike_recorders}
    return loop.Populations(
        first=np.array([s.start for s in slices]),
        size=sizes,
        model=np.array([list(MODELS).index(p.model) for p in populations]),
        offset=np.concatenate([[0], np.cumsum(strides * rows)]),
        stride=strides,
        n_variables=rows,
        constants=constants,
        recorded=np.array([p.name in recorded for p in populations]),
        tau_calcium=np.array([p.parameters.tau_Ca / network.resolution for p in populations]),
        beta_calcium=np.array([p.parameters.beta_Ca for p in populations]),
    )


def plan_growth(network: Network, elements: list[str]) -> loop.Growth:
    """Return the growth of all elements as the time loop takes it."""
    populations = list(network.populations.values())
    n, m = len(populations), len(elements)
    curves, n_curves = np.zeros((n, max(m, 1), 3)), np.zeros(n, dtype=np.int64)
    curve_of, rate = np.full((n, m), -1), np.zeros((n, m))
    for i, p in enumerate(populations):
        # Elements with the same curve share its integral.
        shapes = list(dict.fromkeys(element.shape() for element in p.elements.values()))
        n_curves[i] = len(shapes)
        curves[i, : len(shapes)] = np.array(shapes).reshape(-1, 3)
        for name, element in p.elements.items():
            curve_of[i, elements.index(name)] = shapes.index(element.shape())
            rate[i, elements.index(name)] = element.growth_rate * network.resolution
    return loop.Growth(n_curves, curves, curve_of, rate)


@dataclass
class Interval:
    """A drive (an input onto a population) for as long as its rate stays the same."""

    population: int
    key: np.uint64
    begin: int
    delay: int
    weight: float
    rate: float
    end: int = FOREVER


class Drives:
    """The Poisson input of a network, and what of it is still on its way."""

    def __init__(self) -> None:
        self.history: dict[tuple[str, int], list[Interval]] = {}

    def plan(self, network: Network, step: int) -> loop.Poisson:
        """Return the drives as the time loop takes them, from `step` on.

        A changed rate ends one interval and begins another of the same stream. What was drawn
        before the change still arrives, so the old interval is kept until then.
        """
        populations = list(network.populations)
        for generator in network.inputs.values():
            for i, (population, drive) in enumerate(generator.drives):
                history = self.history.setdefault((generator.name, i), [])
                if history and history[-1].rate == generator.rate:
                    continue
                if history:
                    history[-1].end = step
                # Who drives a population twice means two trains, not one of twice the weight.
                again = sum(p is population for p, _ in generator.drives[:i])
                index = generator.index | again << 16
                interval = Interval(
                    population=populations.index(population.name),
                    key=stream_key(network.seed, Purpose.POISSON, index),
                    begin=step,
                    delay=whole_steps("delay", drive.delay, network.resolution),
                    weight=drive.weight,
                    rate=generator.rate,
                )
                history.append(interval)
        for history in self.history.values():
            history[:] = [old for old in history if old.end > step - old.delay]
        return _poisson([i for history in self.history.values() for i in history], network)


def _poisson(intervals: list[Interval], network: Network) -> loop.Poisson:
    tables = [poisson_thresholds(i.rate * network.resolution / 1000.0) for i in intervals]
    lengths = np.array([len(thresholds) for _, thresholds in tables], dtype=np.int64)

    def column(name: str, dtype: type = np.int64) -> Array:
        return np.array([getattr(interval, name) for interval in intervals], dtype=dtype)

    return loop.Poisson(
        population=column("population"),
        key=column("key", np.uint64),
        begin=column("begin"),
        end=column("end"),
        delay=column("delay"),
        weight=column("weight", np.float64),
        base=np.array([base for base, _ in tables], dtype=np.int64),
        first_threshold=np.cumsum(lengths) - lengths,
        n_thresholds=lengths,
        thresholds=np.concatenate([np.empty(0, np.uint32), *(t for _, t in tables)]),
    )
