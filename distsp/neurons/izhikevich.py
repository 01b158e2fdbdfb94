"""The simple neuron of Izhikevich: a quadratic membrane and a recovery variable."""

import sys
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Int32s
from distsp.base.fields import Finite
from distsp.neurons.model import NeuronModel
from distsp.neurons.values import at, constant


def step(
    variables: Floats,
    _refractory: Int32s,
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
    bias, h = constant(constants, 3, n), constant(constants, 4, n)
    rate, coupling = constant(constants, 5, n), constant(constants, 6, n)
    jump, lowest = constant(constants, 7, n), constant(constants, 8, n)
    potential, recovery, push = variables[0, lo:hi], variables[1, lo:hi], scratch[0, :n]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        amplitude, reached = current[lag, :n], False
        for j in range(n):
            push[j] = amplitude[j] + at(bias, j) if driven else at(bias, j)
        for j in range(n):
            v, u = potential[j], recovery[j]
            slope = 0.04 * v * v + 5.0 * v + 140.0 - u + push[j]
            moved = v + (at(h, j) * slope + (excitation[j] + inhibition[j]))
            moved = max(moved, at(lowest, j))
            potential[j] = moved
            recovery[j] = u + at(rate, j) * (at(coupling, j) * v - u)
            reached |= moved >= at(threshold, j)
        if reached:
            for j in range(n):
                if potential[j] >= at(threshold, j):
                    potential[j] = at(reset, j)
                    recovery[j] += at(jump, j)
                    lags[count] = lag
                    neurons[count] = first + lo + j
                    count += 1
    return count


class Izhikevich(NeuronModel):
    """`izhikevich`: dV/dt = 0.04 V^2 + 5 V + 140 - U + I, dU/dt = a (b V - U).

    V is in mV, t in ms; the model has no other units, so that I_e and all currents, in pA, are
    taken as mV/ms. A spike of weight w (mV) moves V by w. When V is at V_th or above at the end of
    a step, the neuron spikes: V becomes c, and d is added to U. It is never refractory. V is held
    at V_min at least, which by default holds nothing.

    Each step is one of the forward Euler method with V and U as they were at its start, then the
    input of the step is added to V. A coarse method for a step of 0.1 ms, but it is what the
    model is known by: with other steps the neuron spikes at other times.

    Parameters and the order of a step are those of NEST, whose `consistent_integration` is as by
    default; see Izhikevich 2003, IEEE Trans Neural Netw 14:1569.
    """

    model: ClassVar[str] = "izhikevich"
    weight_unit: ClassVar[str] = "mV"
    variables: ClassVar[dict[str, str]] = {"V_m": "mV", "U_m": "mV/ms"}
    step = staticmethod(step)

    a: Finite = Field(0.02, description="rate of the recovery variable (1/ms)")
    b: Finite = Field(0.2, description="sensitivity of the recovery variable to V_m (1/ms)")
    c: Finite = Field(-65.0, description="potential after a spike (mV)")
    d: Finite = Field(8.0, description="what a spike adds to the recovery variable (mV/ms)")
    V_th: Finite = Field(30.0, description="threshold (mV)")
    V_min: Finite = Field(-sys.float_info.max, description="least potential (mV)")
    I_e: Finite = Field(0.0, description="constant current (pA)")

    @model_validator(mode="after")
    def _reset_below_threshold(self) -> Self:
        for name, value in (("c", self.c), ("V_min", self.V_min)):
            if np.any(np.asarray(value) >= self.V_th):
                raise ValueError(
                    f"{name}, {value} mV, must be below the threshold V_th, {self.V_th} mV"
                )
        return self

    def initial(self) -> dict[str, float]:
        """Return where state variables start, which does not depend on the parameters."""
        return {"V_m": -65.0, "U_m": -13.0}

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        return [
            self.V_th,
            self.c,
            0.0,
            self.I_e,
            resolution,
            resolution * self.a,
            self.b,
            self.d,
            self.V_min,
        ]
