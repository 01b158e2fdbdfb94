"""What the leaky integrate-and-fire neurons with conductance-based synapses share.

C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e, and a spike with a reset when
V reaches V_th. While the neuron is refractory V stays at V_reset.

With y = V - E_L the equation is linear, dy/dt = a(t) - b(t) y, and a and b are known functions of
time until the next input. The integral of b over a part of the step is known, so that

y(h) = y(0) exp(-B(0, h)) + sum over points s of a(s) exp(-B(s, h)) times their weights,

where B(s, h) is the integral of b from s to h, and the sum is Gauss-Legendre quadrature.
"""

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.fields import Fields, Finite, NonNegative, Positive
from distsp.neurons.model import NeuronModel
from distsp.neurons.refractory import check_t_ref

N_POINTS = 4
"""Points of the quadrature in a step; their error is below 1e-9 mV where h is below tau_syn / 2."""


class ConductanceMembrane(Fields):
    """Parameters of a leaky membrane with synaptic conductances."""

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


class ConductanceNeuron(NeuronModel, ConductanceMembrane):
    """A leaky membrane with conductances; the first variable is the potential, as V_m - E_L."""

    weight_unit: ClassVar[str] = "nS"

    def initial(self) -> dict[str, float]:
        """Return where state variables start: V_m at rest."""
        return {"V_m": self.E_L}

    def offsets(self) -> dict[str, float]:
        """Return what state variables are kept relative to: V_m to E_L."""
        return {"V_m": self.E_L}

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms)."""
        check_t_ref(where, self.t_ref, resolution)
        super().check_steps(where, resolution)


def quadrature(resolution: float) -> list[tuple[float, float]]:
    """Return the points of the quadrature in a step of `resolution` (ms), with their weights.

    Examples
    --------
    >>> float(round(sum(t**7 * weight for t, weight in quadrature(2.0)), 9))
    32.0
    """
    nodes, weights = np.polynomial.legendre.leggauss(N_POINTS)
    half = 0.5 * resolution
    return [(half * (x + 1.0), half * w) for x, w in zip(nodes, weights, strict=True)]
