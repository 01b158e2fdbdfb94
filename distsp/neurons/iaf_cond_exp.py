"""Leaky integrate-and-fire neuron with exponentially decaying conductances."""

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Int32s
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE, Finite, NonNegative, Positive
from distsp.base.time_grid import whole_steps
from distsp.neurons.model import NeuronModel, fire

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
    threshold, reset, t_ref = constants[0], constants[1], np.int32(constants[2])
    decay_ex, decay_in, pull_ex, pull_in, push, per_current = constants[3:9]
    leak, fall_ex, fall_in = constants[9:12]
    points = constants[12 : 12 + 6 * N_POINTS].reshape((N_POINTS, 6))
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    g_ex, g_in = variables[1, lo:hi], variables[2, lo:hi]
    n = hi - lo
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        reached = False
        for j in range(n):
            if waiting[j] == 0:
                constant = push + per_current * current[lag, j] if driven else push
                moved = potential[j] * np.exp(-(leak + fall_ex * g_ex[j] + fall_in * g_in[j]))
                for i in range(N_POINTS):
                    rest = points[i, 1] + points[i, 2] * g_ex[j] + points[i, 3] * g_in[j]
                    drive = points[i, 4] * pull_ex * g_ex[j] + points[i, 5] * pull_in * g_in[j]
                    moved += points[i, 0] * (constant + drive) * np.exp(-rest)
                potential[j] = moved
                reached |= moved >= threshold
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        for j in range(n):
            g_ex[j] = decay_ex * g_ex[j] + excitation[j]
            g_in[j] = decay_in * g_in[j] - inhibition[j]
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
        if self.V_reset >= self.V_th:
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
        if whole_steps(f"{where}.t_ref", self.t_ref, resolution) > MAX_SIZE:
            raise InputError.at(f"{where}.t_ref", self.t_ref, f"ms is more than {MAX_SIZE} steps")
        super().check_steps(where, resolution)

    def constants(self, resolution: float) -> Floats:
        """Return the numbers that `step` computes with, for steps of `resolution` (ms)."""
        h, taus = resolution, np.array([self.tau_syn_ex, self.tau_syn_in])
        nodes, weights = np.polynomial.legendre.leggauss(N_POINTS)
        times = np.concatenate([[0.0], 0.5 * h * (nodes + 1.0)])[:, None]
        # From each time to the end of the step: the integral of exp(-t / tau).
        left = taus * (np.exp(-times / taus) - np.exp(-h / taus)) / self.C_m
        leak = self.g_L * (h - times) / self.C_m
        row = [
            self.V_th - self.E_L,
            self.V_reset - self.E_L,
            round(self.t_ref / h),
            *np.exp(-h / taus),
            (self.E_ex - self.E_L) / self.C_m,
            (self.E_in - self.E_L) / self.C_m,
            self.I_e / self.C_m,
            1.0 / self.C_m,
            leak[0, 0],
            *left[0],
        ]
        points = np.concatenate(
            [0.5 * h * weights[:, None], leak[1:], left[1:], np.exp(-times[1:] / taus)], axis=1
        )
        return np.concatenate([row, points.ravel()])
