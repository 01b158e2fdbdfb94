"""Leaky integrate-and-fire neuron with exponentially decaying currents."""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s
from distsp.base.fields import Positive
from distsp.neurons.leaky import LeakyNeuron
from distsp.neurons.model import ALIKE, EACH, fire
from distsp.neurons.propagators import propagators
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
    decay_ex, to_v_ex = constant(constants, 6, n), constant(constants, 7, n)
    decay_in, to_v_in = constant(constants, 8, n), constant(constants, 9, n)
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    current_ex, current_in = variables[1, lo:hi], variables[2, lo:hi]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        amplitude, reached = current[lag, :n], False
        base = raised(drive, to_v, amplitude[0], scratch[1, :n]) if driven == ALIKE else drive
        for j in range(n):
            push = at(base, j) + at(to_v, j) * amplitude[j] if driven == EACH else at(base, j)
            moved = at(decay, j) * potential[j] + push
            moved += at(to_v_ex, j) * current_ex[j] + at(to_v_in, j) * current_in[j]
            now = potential[j] if waiting[j] > 0 else moved
            potential[j] = now
            reached |= now >= at(threshold, j)
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        for j in range(n):
            current_ex[j] = at(decay_ex, j) * current_ex[j] + excitation[j]
        for j in range(n):
            current_in[j] = at(decay_in, j) * current_in[j] + inhibition[j]
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafPscExp(LeakyNeuron):
    """`iaf_psc_exp`: a spike of weight w (pA) adds the current w exp(-t / tau_syn)."""

    model: ClassVar[str] = "iaf_psc_exp"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "I_syn_ex": "pA", "I_syn_in": "pA"}
    step = staticmethod(step)

    tau_syn_ex: Positive = Field(2.0, description="time constant of excitatory currents (ms)")
    tau_syn_in: Positive = Field(2.0, description="time constant of inhibitory currents (ms)")

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        h, row = resolution, self.membrane(resolution)
        for tau in (self.tau_syn_ex, self.tau_syn_in):
            # In units of h and h / C_m all entries are of order one, and so is their accuracy.
            exact = propagators([[-h / tau, 0.0], [1.0, -h / self.tau_m]])
            row += [exact[..., 0, 0], exact[..., 1, 0] * h / self.C_m]
        return row
