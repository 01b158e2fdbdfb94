"""Neuron that repeats the spikes that reach it."""

from typing import Any, ClassVar

import numpy as np

from distsp.base.arrays import Floats, Int32s
from distsp.neurons.model import NeuronModel


def step(
    _variables: Floats,
    _refractory: Int32s,
    lo: int,
    hi: int,
    input_ex: Floats,
    _input_in: Floats,
    _current: Floats,
    _driven: int,
    n_steps: int,
    _constants: Floats,
    _scratch: Floats,
    _key: np.uint64,
    _step: int,
    _first_id: int,
    _stride: int,
    lags: Int32s,
    neurons: Int32s,
    count: int,
    first: int,
) -> int:
    """Note each arriving spike as one of the neuron; return -1 where they are too many."""
    for lag in range(n_steps):
        arriving = input_ex[lag, : hi - lo]
        for j in range(hi - lo):
            if arriving[j] > 0.0:
                n = int(np.rint(arriving[j]))
                if count + n > len(lags):
                    return -1
                for _ in range(n):
                    lags[count] = lag
                    neurons[count] = first + lo + j
                    count += 1
    return count


class ParrotNeuron(NeuronModel):
    """`parrot_neuron`: a spike that arrives in a step is emitted at its end; of two, two.

    Many neurons share the train of a generator that drives a parrot: the generator drives the
    parrot, and the parrot is connected to the neurons. What the neurons receive is late by both
    delays. The weight of all that reaches a parrot must be 1. It has no membrane, no calcium and no
    elements, and takes no current. On the mean over a rank's parrots, a slice may have 64 spikes
    per step.

    Notes
    -----
    NEST's `parrot_neuron` ignores weights; here another weight than 1 is refused.

    Examples
    --------
    >>> from distsp import Network, Simulation
    >>> net = Network(resolution=0.1, seed=1)
    >>> parrot, exc = net.create("parrot_neuron", 1), net.create("iaf_psc_delta", 3)
    >>> net.drive(net.poisson_generator(rate=800.0), parrot, weight=1.0, delay=0.1)
    >>> net.synapse_type("shared", weight=20.0, delay=0.1)
    >>> net.connect(parrot, exc, "shared", rule="all_to_all")
    >>> sim = Simulation(net)
    >>> sim.run(50.0)
    >>> parrot.spike_count
    array([36])
    >>> len(set(exc.spike_count.tolist()))
    1
    """

    model: ClassVar[str] = "parrot_neuron"
    weight_unit: ClassVar[str] = "1"
    variables: ClassVar[dict[str, str]] = {}
    has_membrane: ClassVar[bool] = False
    most_spikes: ClassVar[int] = 64
    step = staticmethod(step)

    # What other models have as parameters.
    tau_Ca: ClassVar[float] = 10000.0  # type: ignore[misc]
    beta_Ca: ClassVar[float] = 0.0  # type: ignore[misc]

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with: none."""
        return []
