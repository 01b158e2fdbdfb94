"""Leaky integrate-and-fire neuron whose potential jumps at an input."""

from typing import Any, ClassVar

import numpy as np

from distsp.base.arrays import Floats, Int32s
from distsp.neurons.leaky import LeakyNeuron
from distsp.neurons.model import ALIKE, EACH, fire
from distsp.neurons.values import at, constant, raised


def step(
    variables: Floats,
    refractory: Int32s,
    lo: int,
    hi: int,
    input_ex: Floats,
    input_in: Floats,
    current: Floats,
    driven: int,
    n_steps: int,
    constants: Floats,
    scratch: Floats,
    _key: np.uint64,
    _step: int,
    _first_id: int,
    _stride: int,
    lags: Int32s,
    neurons: Int32s,
    count: int,
    first: int,
) -> int:
    """Take a block of neurons through the steps of a slice."""
    n = hi - lo
    threshold, reset = constant(constants, 0, n), constant(constants, 1, n)
    t_ref, drive = constant(constants, 2, n), constant(constants, 3, n)
    decay, to_v = constant(constants, 4, n), constant(constants, 5, n)
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        amplitude, reached = current[lag, :n], False
        base = raised(drive, to_v, amplitude[0], scratch[1, :n]) if driven == ALIKE else drive
        for j in range(n):
            push = at(base, j) + at(to_v, j) * amplitude[j] if driven == EACH else at(base, j)
            moved = at(decay, j) * potential[j] + push + (excitation[j] + inhibition[j])
            now = potential[j] if waiting[j] > 0 else moved
            potential[j] = now
            reached |= now >= at(threshold, j)
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafPscDelta(LeakyNeuron):
    """`iaf_psc_delta`: a spike of weight w (mV) moves V_m by w; lost while refractory."""

    model: ClassVar[str] = "iaf_psc_delta"
    weight_unit: ClassVar[str] = "mV"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV"}
    step = staticmethod(step)

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        return self.membrane(resolution)
