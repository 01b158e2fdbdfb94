"""Leaky integrate-and-fire neuron with alpha-shaped currents."""

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
    """Take a block of neurons through the steps of a slice.

    Several short loops, each over at most five arrays: one loop over all of them is five times
    slower, because LLVM no longer vectorises it.
    """
    threshold, reset, t_ref = constants[0], constants[1], np.int32(constants[2])
    decay, drive = constants[3], constants[4]
    decay_ex, rise_ex, slope_v_ex, to_v_ex, jump_ex = constants[5:10]
    decay_in, rise_in, slope_v_in, to_v_in, jump_in = constants[10:15]
    potential, waiting, moved = variables[0, lo:hi], refractory[lo:hi], scratch[: hi - lo]
    current_ex, slope_ex = variables[1, lo:hi], variables[2, lo:hi]
    current_in, slope_in = variables[3, lo:hi], variables[4, lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        for j in range(n):
            slope, current = slope_ex[j], current_ex[j]
            moved[j] = decay * potential[j] + drive + (slope_v_ex * slope + to_v_ex * current)
            current_ex[j] = rise_ex * slope + decay_ex * current
            slope_ex[j] = decay_ex * slope + jump_ex * excitation[j]
        for j in range(n):
            slope, current = slope_in[j], current_in[j]
            moved[j] += slope_v_in * slope + to_v_in * current
            current_in[j] = rise_in * slope + decay_in * current
            slope_in[j] = decay_in * slope + jump_in * inhibition[j]
        for j in range(n):
            if waiting[j] == 0:
                potential[j] = moved[j]
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        reached = False
        for j in range(n):
            reached |= potential[j] >= threshold
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafPscAlpha(NeuronModel):
    """`iaf_psc_alpha`: a spike of weight w (pA) adds w (e / tau_syn) t exp(-t / tau_syn).

    That current peaks at w when t = tau_syn. The steps are exact for piecewise constant input
    (Rotter & Diesmann 1999, Biol Cybern 81:381).
    """

    variables: ClassVar[tuple[str, ...]] = (
        "V_m",
        "I_syn_ex",
        "dI_syn_ex",
        "I_syn_in",
        "dI_syn_in",
    )
    step = staticmethod(step)

    tau_syn_ex: Positive = Field(2.0, description="rise time of excitatory currents (ms)")
    tau_syn_in: Positive = Field(2.0, description="rise time of inhibitory currents (ms)")

    def constants(self, resolution: float) -> Constants:
        h = resolution
        decay = np.exp(-h / self.tau_m)
        drive = -np.expm1(-h / self.tau_m) * self.tau_m / self.C_m * self.I_e
        t_ref = round(self.t_ref / h)
        row = [self.V_th - self.E_L, self.V_reset - self.E_L, t_ref, decay, drive]
        for tau in (self.tau_syn_ex, self.tau_syn_in):
            # In units of h and h / C_m all entries are of order one, and so is their accuracy.
            a, m = -h / tau, -h / self.tau_m
            exact = expm(np.array([[a, 0.0, 0.0], [1.0, a, 0.0], [0.0, 1.0, m]]))
            row += [
                exact[0, 0],
                exact[1, 0] * h,
                exact[2, 0] * h**2 / self.C_m,
                exact[2, 1] * h / self.C_m,
                np.e / tau,
            ]
        return np.array(row)
