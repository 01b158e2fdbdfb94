"""What the leaky integrate-and-fire neurons with current-based synapses share."""

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.fields import Fields, Finite, NonNegative, Positive
from distsp.neurons.model import NeuronModel
from distsp.neurons.refractory import check_t_ref


class LeakyMembrane(Fields):
    """Parameters of a leaky membrane; they are listed before those of calcium."""

    tau_m: Positive = Field(10.0, description="membrane time constant (ms)")
    C_m: Positive = Field(250.0, description="membrane capacitance (pF)")
    t_ref: NonNegative = Field(2.0, description="refractory period (ms)")
    E_L: Finite = Field(-70.0, description="resting potential (mV)")
    V_th: Finite = Field(-55.0, description="threshold (mV)")
    V_reset: Finite = Field(-70.0, description="potential after a spike (mV)")
    I_e: Finite = Field(0.0, description="constant current (pA)")

    @model_validator(mode="after")
    def _reset_below_threshold(self) -> Self:
        if np.any(np.asarray(self.V_reset) >= self.V_th):
            raise ValueError(
                f"V_reset, {self.V_reset} mV, must be below the threshold V_th, {self.V_th} mV"
            )
        return self


class LeakyNeuron(NeuronModel, LeakyMembrane):
    """dV/dt = -(V - E_L) / tau_m + (I_syn + I_e) / C_m, a spike and a reset at V_th.

    The first variable is the potential, kept as V_m - E_L.
    """

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

    def membrane(self, resolution: float) -> list[Any]:
        """Return the constants of the membrane alone.

        Returns
        -------
        list of float or array
            Threshold and reset (mV above E_L), refractory steps, what I_e adds to the potential in
            a step (mV), the decay of a step, and what a current of 1 pA adds (mV).
        """
        per_current = -np.expm1(-resolution / self.tau_m) * self.tau_m / self.C_m
        return [
            self.V_th - self.E_L,
            self.V_reset - self.E_L,
            np.rint(self.t_ref / resolution),
            per_current * self.I_e,
            np.exp(-resolution / self.tau_m),
            per_current,
        ]
