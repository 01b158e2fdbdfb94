"""Leaky integrate-and-fire neuron whose potential jumps at an input."""

from typing import ClassVar

import numpy as np

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
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        reached = False
        for j in range(n):
            moved = decay * potential[j] + drive + (excitation[j] + inhibition[j])
            now = potential[j] if waiting[j] > 0 else moved
            potential[j] = now
            reached |= now >= threshold
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafPscDelta(NeuronModel):
    """`iaf_psc_delta`: a spike of weight w (mV) moves V_m by w; lost while refractory."""

    variables: ClassVar[tuple[str, ...]] = ("V_m",)
    step = staticmethod(step)

    def constants(self, resolution: float) -> Constants:
        decay = np.exp(-resolution / self.tau_m)
        drive = -np.expm1(-resolution / self.tau_m) * self.tau_m / self.C_m * self.I_e
        t_ref = round(self.t_ref / resolution)
        return np.array([self.V_th - self.E_L, self.V_reset - self.E_L, t_ref, decay, drive])
