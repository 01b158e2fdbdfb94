"""Leaky integrate-and-fire neuron with exponentially decaying conductances."""

from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Int32s
from distsp.base.exponential import fast_exp
from distsp.base.fields import Finite, NonNegative, Positive
from distsp.neurons.model import NeuronModel, check_refractory, fire
from distsp.neurons.values import at, constant

FIRST_POINT, POINT_SIZE = 10, 6
"""Place of the first point's constants, and how many each has."""

N_POINTS = 4
"""Points of the quadrature in a step; their error is below 1e-9 mV where h is below tau_syn / 2."""


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


class IafCondExp(NeuronModel):
    r"""`iaf_cond_exp`: a spike of weight w (nS) raises a conductance, which decays exponentially.

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e, and a spike with a reset
    when V reaches V_th. A positive weight adds to g_ex, a negative one its size to g_in; they decay
    with tau_syn_ex and tau_syn_in. While the neuron is refractory V stays at V_reset.

    With y = V - E_L the equation is linear, dy/dt = a(t) - b(t) y, with sums of exponentials a and
    b. The integral of b over a part of the step is known, so that

    y(h) = y(0) exp(-B(0, h)) + sum over points s of a(s) exp(-B(s, h)) times their weights,

    where B(s, h) is the integral of b from s to h, and the sum is Gauss-Legendre quadrature.

    Parameters are those of NEST; see Meffin, Burkitt & Grayden 2004, J Comput Neurosci 16:159.
    """

    model: ClassVar[str] = "iaf_cond_exp"
    weight_unit: ClassVar[str] = "nS"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "g_ex": "nS", "g_in": "nS"}
    step = staticmethod(step)

    g_L: Positive = Field(16.6667, description="leak conductance (nS)")
    C_m: Positive = Field(250.0, description="membrane capacitance (pF)")
    t_ref: NonNegative = Field(2.0, description="refractory period (ms)")
    E_L: Finite = Field(-70.0, description="resting potential (mV)")
    E_ex: Finite = Field(0.0, description="excitatory reversal potential (mV)")
    E_in: Finite = Field(-85.0, description="inhibitory reversal potential (mV)")
    V_th: Finite = Field(-55.0, description="threshold (mV)")
    V_reset: Finite = Field(-60.0, description="potential after a spike (mV)")
    tau_syn_ex: Positive = Field(0.2, description="time constant of g_ex (ms)")
    tau_syn_in: Positive = Field(2.0, description="time constant of g_in (ms)")
    I_e: Finite = Field(0.0, description="constant current (pA)")

    @model_validator(mode="after")
    def _reset_below_threshold(self) -> Self:
        if np.any(np.asarray(self.V_reset) >= self.V_th):
            raise ValueError(
                f"V_reset, {self.V_reset} mV, must be below the threshold V_th, {self.V_th} mV"
            )
        return self

    def initial(self) -> dict[str, float]:
        """Return where state variables start: V_m at rest."""
        return {"V_m": self.E_L}

    def offsets(self) -> dict[str, float]:
        """Return what state variables are kept relative to: V_m to E_L."""
        return {"V_m": self.E_L}

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms)."""
        check_refractory(where, self.t_ref, resolution)
        super().check_steps(where, resolution)

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
        for node, weight in zip(*np.polynomial.legendre.leggauss(N_POINTS), strict=True):
            t, width = 0.5 * h * (node + 1.0), 0.5 * h * weight
            numbers += [
                *falls(t),
                width,
                (self.E_ex - self.E_L) / self.C_m * np.exp(-t / tau_ex),
                (self.E_in - self.E_L) / self.C_m * np.exp(-t / tau_in),
            ]
        return numbers
