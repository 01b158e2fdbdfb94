"""What every neuron model is: its parameters, its state variables and its compiled step."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from numba import types
from pydantic import Field, model_validator

from distsp.base.compiled import inlined
from distsp.base.fields import (
    MAX_SIZE,
    Fields,
    Finite,
    InputError,
    NonNegative,
    Positive,
    whole_steps,
)

Constants = npt.NDArray[np.float64]

BLOCK = 448
"""Neurons that go through all steps of a slice together: their state and input fit the caches.

Not a power of two, or the rows of a block's input would share a few sets of the L1 cache."""

KERNEL = types.int64(
    types.float64[:, ::1],  # variables: a row each, a column per neuron of the population
    types.int32[::1],  # refractory: steps left, per neuron
    types.int64,  # lo, hi: the block
    types.int64,
    types.float64[:, ::1],  # input_ex, input_in: weights due, a row per step of the slice
    types.float64[:, ::1],
    types.int64,  # n_steps: rows of the input that count
    types.float64[::1],  # constants: what the model's `constants` returned
    types.float64[::1],  # scratch: BLOCK numbers
    types.int32[::1],  # lags, neurons: the spikes of the slice, appended to
    types.int32[::1],
    types.int64,  # count: how many there are already
    types.int64,  # first: local index of the population's first neuron
)
"""The signature of a compiled step; it returns the new number of spikes."""


class NeuronModel(Fields):
    """A leaky integrate-and-fire neuron; subclasses say what its input does.

    Potentials are in mV, times in ms, currents in pA, the capacitance in pF. A subclass names its
    state `variables` (the first one is V_m - E_L), computes the `constants` of a step and has a
    `step` function of the signature `KERNEL`.
    """

    variables: ClassVar[tuple[str, ...]]
    step: ClassVar[Callable[..., Any]]

    tau_m: Positive = Field(10.0, description="membrane time constant (ms)")
    C_m: Positive = Field(250.0, description="membrane capacitance (pF)")
    t_ref: NonNegative = Field(2.0, description="refractory period (ms)")
    E_L: Finite = Field(-70.0, description="resting potential (mV)")
    V_th: Finite = Field(-55.0, description="threshold (mV)")
    V_reset: Finite = Field(-70.0, description="potential after a spike (mV)")
    I_e: Finite = Field(0.0, description="constant current (pA)")
    tau_Ca: Positive = Field(10000.0, description="time constant of the calcium trace (ms)")
    beta_Ca: NonNegative = Field(0.001, description="calcium that a spike adds")

    @model_validator(mode="after")
    def _reset_below_threshold(self) -> Self:
        if self.V_reset >= self.V_th:
            raise ValueError(
                f"V_reset, {self.V_reset} mV, must be below the threshold V_th, {self.V_th} mV"
            )
        return self

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms).

        Raises
        ------
        InputError
            Naming the parameter, prefixed with `where`.
        """
        if whole_steps(f"{where}.t_ref", self.t_ref, resolution) > MAX_SIZE:
            raise InputError.at(f"{where}.t_ref", self.t_ref, f"ms is more than {MAX_SIZE} steps")
        if self.tau_Ca < resolution:
            right = f"ms must be at least a step of the resolution, {resolution} ms"
            raise InputError.at(f"{where}.tau_Ca", self.tau_Ca, right)
        with np.errstate(all="ignore"):
            constants = self.constants(resolution)
        if not np.all(np.isfinite(constants)):
            numbers = {name: abs(value) for name, value in self if value}
            extreme = max(numbers, key=lambda name: abs(np.log(numbers[name])))
            right = f"is too large or too small for steps of {resolution} ms"
            raise InputError.at(f"{where}.{extreme}", getattr(self, extreme), right)

    def constants(self, resolution: float) -> Constants:
        """Return what `step` multiplies with, for steps of `resolution` (ms)."""
        raise NotImplementedError


@inlined
def fire(potential, refractory, lo, threshold, reset, t_ref, lag, lags, neurons, count, first):  # type: ignore[no-untyped-def]
    """Reset the neurons of a block that have reached the threshold and note their spikes."""
    for j in range(len(potential)):
        if potential[j] >= threshold:
            potential[j] = reset
            refractory[j] = t_ref
            lags[count] = lag
            neurons[count] = first + lo + j
            count += 1
    return count
