"""Adaptive exponential integrate-and-fire neuron with exponentially decaying currents."""

from typing import Any, ClassVar

import numpy as np

from distsp.base.arrays import Floats, Int32s
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
        False,
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


class AeifPscExp(AdaptiveNeuron):
    """`aeif_psc_exp`: a spike of weight w (pA) adds the current w exp(-t / tau_syn).

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn - w + I_e

    tau_w dw/dt = a (V - E_L) - w

    with I_syn = I_syn_ex - I_syn_in. A positive weight adds to I_syn_ex, a negative one its size to
    I_syn_in, so that both are positive; they decay with tau_syn_ex and tau_syn_in.

    When V reaches V_peak, wherever in a step, the neuron spikes: V becomes V_reset, and b is added
    to w. `adaptive` says how a step is taken, and what refractory neurons do.

    Parameters are those of NEST; see Brette & Gerstner 2005, J Neurophysiol 94:3637.
    """

    model: ClassVar[str] = "aeif_psc_exp"
    variables: ClassVar[dict[str, str]] = {
        "V_m": "mV",
        "I_syn_ex": "pA",
        "I_syn_in": "pA",
        "w": "pA",
    }
    step = staticmethod(step)

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        pulls = 1.0, -1.0
        return self.adaptive(resolution, pulls, (1.0, 1.0))
