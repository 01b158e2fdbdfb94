"""Adaptive exponential integrate-and-fire neuron with exponentially decaying conductances."""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s
from distsp.base.fields import Finite
from distsp.neurons.adaptive import AdaptiveNeuron, advance


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
    return advance(
        True,
        False,
        variables,
        refractory,
        lo,
        hi,
        input_ex,
        input_in,
        current,
        driven,
        n_steps,
        constants,
        scratch,
        lags,
        neurons,
        count,
        first,
    )


class AeifCondExp(AdaptiveNeuron):
    """`aeif_cond_exp`: a spike of weight w (nS) raises a conductance, which decays exponentially.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn - w + I_e

    tau_w dw/dt = a (V - E_L) - w

    with I_syn = -g_ex (V - E_ex) - g_in (V - E_in). A positive weight adds to g_ex, a negative one
    its size to g_in; they decay with tau_syn_ex and tau_syn_in.

    When V reaches V_peak, wherever in a step, the neuron spikes: V becomes V_reset, and b is added
    to w. `adaptive` says how a step is taken, and what refractory neurons do.

    Parameters are those of NEST; see Brette & Gerstner 2005, J Neurophysiol 94:3637.
    """

    model: ClassVar[str] = "aeif_cond_exp"
    weight_unit: ClassVar[str] = "nS"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "g_ex": "nS", "g_in": "nS", "w": "pA"}
    step = staticmethod(step)

    E_ex: Finite = Field(0.0, description="excitatory reversal potential (mV)")
    E_in: Finite = Field(-85.0, description="inhibitory reversal potential (mV)")

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        pulls = self.E_ex - self.E_L, self.E_in - self.E_L
        return self.adaptive(resolution, pulls, (1.0, 1.0))
