"""Leaky integrate-and-fire neuron with alpha-shaped currents."""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Floats, Int32s
from distsp.base.compiled import inlined
from distsp.base.fields import Positive
from distsp.neurons.leaky import LeakyNeuron
from distsp.neurons.model import ALIKE, EACH, fire
from distsp.neurons.propagators import propagators
from distsp.neurons.values import at, constant


@inlined
def _take_through(
    block: tuple[Floats, Int32s, int, int],
    inputs: tuple[Floats, Floats, Floats],
    n_steps: int,
    constants: Array,
    spikes: tuple[Int32s, Int32s, int, int],
    driven: int,
    each: bool,
) -> int:
    """Take a block through the steps of a slice, driven by a current of `each` neuron's own or not.

    One loop over all that a neuron has, as each pass over the block waits for the cache. Which
    current it is must be known outside the loop over the steps, or they begin with more checks.
    """
    variables, refractory, lo, hi = block
    lags, neurons, count, first = spikes
    n = hi - lo
    threshold, reset = constant(constants, 0, n), constant(constants, 1, n)
    t_ref, drive = constant(constants, 2, n), constant(constants, 3, n)
    decay, to_v = constant(constants, 4, n), constant(constants, 5, n)
    decay_ex, rise_ex = constant(constants, 6, n), constant(constants, 7, n)
    slope_v_ex, to_v_ex = constant(constants, 8, n), constant(constants, 9, n)
    decay_in, rise_in = constant(constants, 10, n), constant(constants, 11, n)
    slope_v_in, to_v_in = constant(constants, 12, n), constant(constants, 13, n)
    jump_ex, jump_in = constant(constants, 14, n), constant(constants, 15, n)
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    current_ex, slope_ex = variables[1, lo:hi], variables[2, lo:hi]
    current_in, slope_in = variables[3, lo:hi], variables[4, lo:hi]
    for lag in range(n_steps):
        excitation, inhibition = inputs[0][lag, :n], inputs[1][lag, :n]
        amplitude, reached = inputs[2][lag, :n], False
        shared = amplitude[0] if driven == ALIKE else 0.0
        for j in range(n):
            before, left = potential[j], waiting[j]
            slope, now = slope_ex[j], current_ex[j]
            pushed = at(slope_v_ex, j) * slope + at(to_v_ex, j) * now
            moved = at(decay, j) * before + at(drive, j) + pushed
            current_ex[j] = at(rise_ex, j) * slope + at(decay_ex, j) * now
            slope_ex[j] = at(decay_ex, j) * slope + at(jump_ex, j) * excitation[j]
            slope, now = slope_in[j], current_in[j]
            moved += at(slope_v_in, j) * slope + at(to_v_in, j) * now
            current_in[j] = at(rise_in, j) * slope + at(decay_in, j) * now
            slope_in[j] = at(decay_in, j) * slope + at(jump_in, j) * inhibition[j]
            moved += at(to_v, j) * (amplitude[j] if each else shared)
            after = moved if left == 0 else before
            potential[j], waiting[j] = after, max(left - np.int32(1), np.int32(0))
            reached |= after >= at(threshold, j)
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


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
    """Take a block of neurons through the steps of a slice."""
    block, inputs = (variables, refractory, lo, hi), (input_ex, input_in, current)
    spikes = lags, neurons, count, first
    if driven == EACH:
        return _take_through(block, inputs, n_steps, constants, spikes, driven, True)
    return _take_through(block, inputs, n_steps, constants, spikes, driven, False)


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

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        h, row = resolution, self.membrane(resolution)
        for tau in (self.tau_syn_ex, self.tau_syn_in):
            # In units of h and h / C_m all entries are of order one, and so is their accuracy.
            a, m = -h / tau, -h / self.tau_m
            exact = propagators([[a, 0.0, 0.0], [1.0, a, 0.0], [0.0, 1.0, m]])
            row += [
                exact[..., 0, 0],
                exact[..., 1, 0] * h,
                exact[..., 2, 0] * h**2 / self.C_m,
                exact[..., 2, 1] * h / self.C_m,
            ]
        return [*row, np.e / self.tau_syn_ex, np.e / self.tau_syn_in]
