"""Leaky integrate-and-fire neuron with alpha-shaped currents."""

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
    """Take a block of neurons through the steps of a slice.

    Several short loops, each over at most five arrays: one loop over all of them is five times
    slower, because LLVM no longer vectorises it.
    """
    threshold, reset, t_ref = constants[0], constants[1], np.int32(constants[2])
    decay, drive, to_v = constants[3], constants[4], constants[5]
    decay_ex, rise_ex, slope_v_ex, to_v_ex, jump_ex = constants[6:11]
    decay_in, rise_in, slope_v_in, to_v_in, jump_in = constants[11:16]
    potential, waiting, moved = variables[0, lo:hi], refractory[lo:hi], scratch[0, : hi - lo]
    current_ex, slope_ex = variables[1, lo:hi], variables[2, lo:hi]
    current_in, slope_in = variables[3, lo:hi], variables[4, lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        for j in range(n):
            slope, now = slope_ex[j], current_ex[j]
            moved[j] = decay * potential[j] + drive + (slope_v_ex * slope + to_v_ex * now)
            current_ex[j] = rise_ex * slope + decay_ex * now
            slope_ex[j] = decay_ex * slope + jump_ex * excitation[j]
        for j in range(n):
            slope, now = slope_in[j], current_in[j]
            moved[j] += slope_v_in * slope + to_v_in * now
            current_in[j] = rise_in * slope + decay_in * now
            slope_in[j] = decay_in * slope + jump_in * inhibition[j]
        if driven:
            amplitude = current[lag, :n]
            for j in range(n):
                moved[j] += to_v * amplitude[j]
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


class IafPscAlpha(LeakyNeuron):
    """`iaf_psc_alpha`: a spike of weight w (pA) adds w (e / tau_syn) t exp(-t / tau_syn).

    That current peaks at w when t = tau_syn. The steps are exact for piecewise constant input
    (Rotter & Diesmann 1999, Biol Cybern 81:381).
    """

    model: ClassVar[str] = "iaf_psc_alpha"
    variables: ClassVar[dict[str, str]] = {
        "V_m": "mV",
        "I_syn_ex": "pA",
        "dI_syn_ex": "pA/ms",
        "I_syn_in": "pA",
        "dI_syn_in": "pA/ms",
    }
    step = staticmethod(step)

    tau_syn_ex: Positive = Field(2.0, description="rise time of excitatory currents (ms)")
    tau_syn_in: Positive = Field(2.0, description="rise time of inhibitory currents (ms)")

    def constants(self, resolution: float) -> Floats:
        """Return the numbers that `step` computes with, for steps of `resolution` (ms)."""
        h = resolution
        row = self.membrane(h)
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
