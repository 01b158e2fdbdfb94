"""Leaky integrate-and-fire neuron with alpha-shaped conductances."""

from typing import Any, ClassVar

import numpy as np
from scipy.special import gammainc

from distsp.base.arrays import Floats, Int32s
from distsp.base.exponential import fast_exp
from distsp.neurons.conductance import N_POINTS, ConductanceNeuron, quadrature
from distsp.neurons.model import fire
from distsp.neurons.values import at, constant

FIRST_POINT, POINT_SIZE = 15, 10
"""Place of the first point's constants, and how many each has."""


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
    t_ref, push = constant(constants, 2, n), constant(constants, 3, n)
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    g_ex, dg_ex = variables[1, lo:hi], variables[2, lo:hi]
    g_in, dg_in = variables[3, lo:hi], variables[4, lo:hi]
    moved, drive = scratch[0, :n], scratch[1, :n]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        leak = constant(constants, 4, n)
        fall_ex, slide_ex = constant(constants, 5, n), constant(constants, 6, n)
        fall_in, slide_in = constant(constants, 7, n), constant(constants, 8, n)
        for j in range(n):
            fallen = at(leak, j) + at(fall_ex, j) * g_ex[j] + at(slide_ex, j) * dg_ex[j]
            fallen += at(fall_in, j) * g_in[j] + at(slide_in, j) * dg_in[j]
            moved[j] = potential[j] * fast_exp(-fallen)
        for j in range(n):
            drive[j] = at(push, j)
        if driven:
            per_current, amplitude = constant(constants, 9, n), current[lag, :n]
            for j in range(n):
                drive[j] += at(per_current, j) * amplitude[j]
        for i in range(N_POINTS):
            k = FIRST_POINT + POINT_SIZE * i
            leak, weight = constant(constants, k, n), constant(constants, k + 5, n)
            fall_ex, slide_ex = constant(constants, k + 1, n), constant(constants, k + 2, n)
            fall_in, slide_in = constant(constants, k + 3, n), constant(constants, k + 4, n)
            pull_ex, tow_ex = constant(constants, k + 6, n), constant(constants, k + 7, n)
            pull_in, tow_in = constant(constants, k + 8, n), constant(constants, k + 9, n)
            for j in range(n):
                pull = drive[j] + at(pull_ex, j) * g_ex[j] + at(tow_ex, j) * dg_ex[j]
                pull += at(pull_in, j) * g_in[j] + at(tow_in, j) * dg_in[j]
                fallen = at(leak, j) + at(fall_ex, j) * g_ex[j] + at(slide_ex, j) * dg_ex[j]
                fallen += at(fall_in, j) * g_in[j] + at(slide_in, j) * dg_in[j]
                moved[j] += at(weight, j) * pull * fast_exp(-fallen)
        reached = False
        for j in range(n):
            potential[j] = potential[j] if waiting[j] > 0 else moved[j]
            reached |= potential[j] >= at(threshold, j)
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        decay_ex, jump_ex = constant(constants, 10, n), constant(constants, 11, n)
        decay_in, jump_in = constant(constants, 12, n), constant(constants, 13, n)
        h = constant(constants, 14, n)
        for j in range(n):
            g_ex[j] = at(decay_ex, j) * (g_ex[j] + at(h, j) * dg_ex[j])
            dg_ex[j] = at(decay_ex, j) * dg_ex[j] + at(jump_ex, j) * excitation[j]
        for j in range(n):
            g_in[j] = at(decay_in, j) * (g_in[j] + at(h, j) * dg_in[j])
            dg_in[j] = at(decay_in, j) * dg_in[j] - at(jump_in, j) * inhibition[j]
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafCondAlpha(ConductanceNeuron):
    """`iaf_cond_alpha`: a spike of weight w (nS) adds w (e / tau_syn) t exp(-t / tau_syn) to g.

    That peaks at w when t = tau_syn. A positive weight adds to g_ex, a negative one its size to
    g_in. dg_ex and dg_in are what remains of the jumps w e / tau_syn: dg/dt = -dg / tau_syn and
    d(g_ex)/dt = dg_ex - g_ex / tau_syn_ex, so that after a time t without input

    g(t) = (g(0) + dg(0) t) exp(-t / tau_syn),

    whose integral is known too; a and b of `conductance` are sums of such terms.

    Parameters are those of NEST; see Meffin, Burkitt & Grayden 2004, J Comput Neurosci 16:159.
    """

    model: ClassVar[str] = "iaf_cond_alpha"
    variables: ClassVar[dict[str, str]] = {
        "V_m": "mV",
        "g_ex": "nS",
        "dg_ex": "nS/ms",
        "g_in": "nS",
        "dg_in": "nS/ms",
    }
    step = staticmethod(step)

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        h = resolution

        def falls(t: float) -> list[Any]:
            """Return what of the leak, of each g and each dg acts from t to the end of a step."""
            numbers = [self.g_L * (h - t) / self.C_m]
            for tau in (self.tau_syn_ex, self.tau_syn_in):
                # The integrals of exp(-s / tau) and s exp(-s / tau), without differences of numbers
                # that are almost alike: gammainc(2, x) is 1 - (1 + x) exp(-x).
                x, left = (h - t) / tau, tau * np.exp(-t / tau) / self.C_m
                once = -np.expm1(-x)
                numbers += [left * once, left * (t * once + tau * gammainc(2.0, x))]
            return numbers

        numbers = [
            self.V_th - self.E_L,
            self.V_reset - self.E_L,
            np.rint(self.t_ref / h),
            self.I_e / self.C_m,
            *falls(0.0),
            1.0 / self.C_m,
            np.exp(-h / self.tau_syn_ex),
            np.e / self.tau_syn_ex,
            np.exp(-h / self.tau_syn_in),
            np.e / self.tau_syn_in,
            h,
        ]
        for t, width in quadrature(h):
            numbers += [*falls(t), width]
            for reversal, tau in ((self.E_ex, self.tau_syn_ex), (self.E_in, self.tau_syn_in)):
                pull = (reversal - self.E_L) / self.C_m * np.exp(-t / tau)
                numbers += [pull, pull * t]
        return numbers
