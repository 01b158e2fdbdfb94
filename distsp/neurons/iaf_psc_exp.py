"""Leaky integrate-and-fire neuron with exponentially decaying currents."""

from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.linalg import expm

from distsp.base.arrays import Floats, Int32s
from distsp.base.fields import Positive
from distsp.neurons.leaky import LeakyNeuron
from distsp.neurons.model import fire


def step(
    variables: Floats,
    refractory: Int32s,
    lo: int,
    hi: int,
    input_ex: Floats,
    input_in: Floats,
    current: Floats,
    driven: bool,
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
    threshold, reset, t_ref = constants[0], constants[1], np.int32(constants[2])
    decay, drive, to_v = constants[3], constants[4], constants[5]
    decay_ex, to_v_ex, decay_in, to_v_in = constants[6], constants[7], constants[8], constants[9]
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    current_ex, current_in = variables[1, lo:hi], variables[2, lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        amplitude, reached = current[lag, :n], False
        for j in range(n):
            moved = decay * potential[j] + (drive + to_v * amplitude[j] if driven else drive)
            moved += to_v_ex * current_ex[j] + to_v_in * current_in[j]
            now = potential[j] if waiting[j] > 0 else moved
            potential[j] = now
            reached |= now >= threshold
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        for j in range(n):
            current_ex[j] = decay_ex * current_ex[j] + excitation[j]
        for j in range(n):
            current_in[j] = decay_in * current_in[j] + inhibition[j]
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

    def constants(self, resolution: float) -> Floats:
        """Return the numbers that `step` computes with, for steps of `resolution` (ms)."""
        h = resolution
        row = self.membrane(h)
        for tau in (self.tau_syn_ex, self.tau_syn_in):
            # In units of h and h / C_m all entries are of order one, and so is their accuracy.
            exact = expm(np.array([[-h / tau, 0.0], [1.0, -h / self.tau_m]]))
            row += [exact[0, 0], exact[1, 0] * h / self.C_m]
        return np.array(row)
