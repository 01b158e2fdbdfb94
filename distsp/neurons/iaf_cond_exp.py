"""Leaky integrate-and-fire neuron with exponentially decaying conductances."""

from typing import Any, ClassVar

import numpy as np

from distsp.base.arrays import Floats, Int32s
from distsp.base.exponential import fast_exp
from distsp.neurons.conductance import N_POINTS, ConductanceNeuron, quadrature
from distsp.neurons.model import fire
from distsp.neurons.values import at, constant

FIRST_POINT, POINT_SIZE = 10, 6
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
    g_ex, g_in = variables[1, lo:hi], variables[2, lo:hi]
    moved, drive = scratch[0, :n], scratch[1, :n]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        leak, fall_ex = constant(constants, 4, n), constant(constants, 5, n)
        fall_in = constant(constants, 6, n)
        for j in range(n):
            fallen = at(leak, j) + at(fall_ex, j) * g_ex[j] + at(fall_in, j) * g_in[j]
            moved[j] = potential[j] * fast_exp(-fallen)
        for j in range(n):
            drive[j] = at(push, j)
        if driven:
            per_current, amplitude = constant(constants, 9, n), current[lag, :n]
            for j in range(n):
                drive[j] += at(per_current, j) * amplitude[j]
        for i in range(N_POINTS):
            k = FIRST_POINT + POINT_SIZE * i
            leak, fall_ex = constant(constants, k, n), constant(constants, k + 1, n)
            fall_in, weight = constant(constants, k + 2, n), constant(constants, k + 3, n)
            pull_ex, pull_in = constant(constants, k + 4, n), constant(constants, k + 5, n)
            for j in range(n):
                pull = drive[j] + at(pull_ex, j) * g_ex[j] + at(pull_in, j) * g_in[j]
                fallen = at(leak, j) + at(fall_ex, j) * g_ex[j] + at(fall_in, j) * g_in[j]
                moved[j] += at(weight, j) * pull * fast_exp(-fallen)
        reached = False
        for j in range(n):
            potential[j] = potential[j] if waiting[j] > 0 else moved[j]
            reached |= potential[j] >= at(threshold, j)
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        decay_ex, decay_in = constant(constants, 7, n), constant(constants, 8, n)
        for j in range(n):
            g_ex[j] = at(decay_ex, j) * g_ex[j] + excitation[j]
        for j in range(n):
            g_in[j] = at(decay_in, j) * g_in[j] - inhibition[j]
        if reached:
            count = fire(
                potential, waiting, lo, threshold, reset, t_ref, lag, lags, neurons, count, first
            )
    return count


class IafCondExp(ConductanceNeuron):
    """`iaf_cond_exp`: a spike of weight w (nS) raises a conductance, which decays exponentially.

    A positive weight adds to g_ex, a negative one its size to g_in; they decay with tau_syn_ex and
    tau_syn_in, and a and b of `conductance` are sums of exponentials.

    Parameters are those of NEST; see Meffin, Burkitt & Grayden 2004, J Comput Neurosci 16:159.
    """

    model: ClassVar[str] = "iaf_cond_exp"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "g_ex": "nS", "g_in": "nS"}
    step = staticmethod(step)

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        h, tau_ex, tau_in = resolution, self.tau_syn_ex, self.tau_syn_in

        def falls(t: float) -> list[Any]:
            """Return what of the leak and of each conductance acts from t to the end of a step."""
            return [
                self.g_L * (h - t) / self.C_m,
                -tau_ex * np.exp(-t / tau_ex) * np.expm1((t - h) / tau_ex) / self.C_m,
                -tau_in * np.exp(-t / tau_in) * np.expm1((t - h) / tau_in) / self.C_m,
            ]

        numbers = [
            self.V_th - self.E_L,
            self.V_reset - self.E_L,
            np.rint(self.t_ref / h),
            self.I_e / self.C_m,
            *falls(0.0),
            np.exp(-h / tau_ex),
            np.exp(-h / tau_in),
            1.0 / self.C_m,
        ]
        for t, width in quadrature(h):
            numbers += [
                *falls(t),
                width,
                (self.E_ex - self.E_L) / self.C_m * np.exp(-t / tau_ex),
                (self.E_in - self.E_L) / self.C_m * np.exp(-t / tau_in),
            ]
        return numbers
