"""Adaptive exponential integrate-and-fire neuron with alpha-shaped conductances."""

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
        True,
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


class AeifCondAlpha(AdaptiveNeuron):
    """`aeif_cond_alpha`: a spike of weight w (nS) adds w (e / tau_syn) t exp(-t / tau_syn) to g.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn - w + I_e

    tau_w dw/dt = a (V - E_L) - w

    with I_syn = -g_ex (V - E_ex) - g_in (V - E_in). What a positive weight adds to g_ex, and the
    size of a negative one to g_in, peaks at it when t = tau_syn. dg_ex and dg_in are what remains
    of the jumps w e / tau_syn: g(t) = (g(0) + dg(0) t) exp(-t / tau_syn) without input.

    When V reaches V_peak, wherever in a step, the neuron spikes: V becomes V_reset, and b is added
    to w. `adaptive` says how a step is taken, and what refractory neurons do.

    Parameters are those of NEST; see Brette & Gerstner 2005, J Neurophysiol 94:3637.
    """

    model: ClassVar[str] = "aeif_cond_alpha"
    weight_unit: ClassVar[str] = "nS"
    variables: ClassVar[dict[str, str]] = {
        "V_m": "mV",
        "g_ex": "nS",
        "dg_ex": "nS/ms",
        "g_in": "nS",
        "dg_in": "nS/ms",
        "w": "pA",
    }
    step = staticmethod(step)

    E_ex: Finite = Field(0.0, description="excitatory reversal potential (mV)")
    E_in: Finite = Field(-85.0, description="inhibitory reversal potential (mV)")

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        pulls = self.E_ex - self.E_L, self.E_in - self.E_L
        return self.adaptive(resolution, pulls, (np.e / self.tau_syn_ex, np.e / self.tau_syn_in))
