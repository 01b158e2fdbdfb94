"""Leaky integrate-and-fire neuron with exponentially decaying currents."""

from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.linalg import expm

from distsp.base.fields import Positive
from distsp.neurons.model import Constants, NeuronModel, fire


def step(  # type: ignore[no-untyped-def]
    variables,
    refractory,
    lo,
    hi,
    input_ex,
    input_in,
    n_steps,
    constants,
    scratch,
    lags,
    neurons,
    count,
    first,
):
    """Take a block of neurons through the steps of a slice."""
    threshold, reset, t_ref = constants[0], constants[1], np.int32(constants[2])
    decay, drive = constants[3], constants[4]
    decay_ex, to_v_ex, decay_in, to_v_in = constants[5], constants[6], constants[7], constants[8]
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    current_ex, current_in = variables[1, lo:hi], variables[2, lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        reached = False
        for j in range(n):
            moved = decay * potential[j] + drive
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


class IafPscExp(NeuronModel):
    """`iaf_psc_exp`: a spike of weight w (pA) adds the current w exp(-t / tau_syn)."""

    variables: ClassVar[tuple[str, ...]] = ("V_m", "I_syn_ex", "I_syn_in")
    step = staticmethod(step)

    tau_syn_ex: Positive = Field(2.0, description="time constant of excitatory currents (ms)")
    tau_syn_in: Positive = Field(2.0, description="time constant of inhibitory currents (ms)")

    def constants(self, resolution: float) -> Constants:
        h = resolution
        decay = np.exp(-h / self.tau_m)
        drive = -np.expm1(-h / self.tau_m) * self.tau_m / self.C_m * self.I_e
        t_ref = round(self.t_ref / h)
        row = [self.V_th - self.E_L, self.V_reset - self.E_L, t_ref, decay, drive]
        for tau in (self.tau_syn_ex, self.tau_syn_in):
            # In units of h and h / C_m all entries are of order one, and so is their accuracy.
            exact = expm(np.array([[-h / tau, 0.0], [1.0, -h / self.tau_m]]))
            row += [exact[0, 0], exact[1, 0] * h / self.C_m]
        return np.array(row)
