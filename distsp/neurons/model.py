"""What every neuron model is: its parameters, its state variables and its compiled step."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numba import types
from pydantic import Field

from distsp.base.arrays import Floats, Int32s
from distsp.base.compiled import inlined
from distsp.base.components import Component
from distsp.base.errors import InputError
from distsp.base.fields import NonNegative, Positive
from distsp.neurons.values import at

SCRATCH_ROWS = 12
"""Rows of `BLOCK_NEURONS` numbers that a step may write to as it likes."""

ALIKE, EACH = 1, 2
"""How a population is driven by an external current: the same for all neurons, or of each's own."""


def kernel(constants: Any) -> Any:
    """Return the signature of a compiled step for a type of constants, one of `KINDS`.

    `NeuronModel.step` says what each argument is.
    """
    return types.int64(
        types.float64[:, ::1],  # variables
        types.int32[::1],  # refractory
        types.int64,  # lo
        types.int64,  # hi
        types.float64[:, ::1],  # input_ex
        types.float64[:, ::1],  # input_in
        types.float64[:, ::1],  # current
        types.int64,  # driven
        types.int64,  # n_steps
        constants,
        types.float64[:, ::1],  # scratch
        types.uint64,  # key
        types.int64,  # step
        types.int64,  # first_id
        types.int64,  # stride
        types.int32[::1],  # lags
        types.int32[::1],  # neurons
        types.int64,  # count
        types.int64,  # first
    )


class NeuronModel(Component):
    """What all neurons share: they spike, and their spikes raise their calcium.

    A model is a subclass with its parameters, in a file of its own. It names its state `variables`
    and says where they start (`initial`), computes the `constants` of a step, and has a compiled
    `step`.
    """

    key: ClassVar[str] = "model"
    weight_unit: ClassVar[str] = "pA"
    """Unit of the weight of a synapse onto such a neuron."""
    variables: ClassVar[dict[str, str]]
    """The state variables, and their units; one of them is "V_m", where there is a membrane."""
    has_membrane: ClassVar[bool] = True
    """Whether it has a membrane, calcium and elements, and takes currents and any weight."""
    most_spikes: ClassVar[int] = 1
    """How many spikes it may emit in a step, on the mean over the neurons of a rank."""
    step: ClassVar[Callable[..., Any]]
    """Takes a block of neurons through the steps of a slice, and returns the number of spikes; -1
    if there are more than `lags` has room for.

    Compiled with the signature `kernel`; its arguments are:

    variables : array (variable, neuron of the population) of float64
        As kept: less their `offsets`.
    refractory : array (neuron of the population,) of int32
        Steps left.
    lo, hi : int
        The block: neurons `lo` to `hi - 1` of the population.
    input_ex, input_in : array (step of the slice, neuron of the block) of float64
        Sums of the positive and of the negative weights that arrive in a step (`weight_unit`).
    current : array (step of the slice, neuron of the block) of float64
        External current during the step (pA); holds nothing unless `driven`.
    driven : int
        Whether the population has an external current: 0, `ALIKE` or `EACH`.
    n_steps : int
        Rows of the input that count.
    constants : array of float64
        What `constants` returned, to be read with `values.constant` and `values.at`.
    scratch : array (SCRATCH_ROWS, BLOCK_NEURONS) of float64
        To be written to.
    key : uint64
        The stream of random numbers of the population.
    step : int
        The first step of the slice.
    first_id, stride : int
        Neuron j of the block has the id `first_id + j * stride`.
    lags, neurons : array of int32
        The spikes of the slice so far, to be appended to: its step, and the local index.
    count : int
        How many there are.
    first : int
        Local index of the population's first neuron.
    """

    tau_Ca: Positive = Field(10000.0, description="time constant of the calcium trace (ms)")
    beta_Ca: NonNegative = Field(0.001, description="calcium that a spike adds")

    def initial(self) -> dict[str, float]:
        """Return where state variables start, in their units; those that are not named, at 0."""
        return {}

    def offsets(self) -> dict[str, float]:
        """Return what state variables are kept relative to, where it is not 0."""
        return {}

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with, for steps of `resolution` (ms).

        The first `N_MEMBRANE` are threshold, reset, refractory steps, and what the constant current
        adds. Parameters may be arrays with a value per neuron; then numbers may be arrays as well.
        """
        raise NotImplementedError

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms).

        Raises
        ------
        InputError
            Naming the parameter, prefixed with `where`.
        """
        shortest = float(np.min(self.tau_Ca))
        if shortest < resolution:
            right = f"ms must be at least a step of the resolution, {resolution} ms"
            raise InputError.at(f"{where}.tau_Ca", shortest, right)
        with np.errstate(all="ignore"):
            constants = self.constants(resolution)
        if not all(np.all(np.isfinite(numbers)) for numbers in constants):
            numbers = {name: np.max(np.abs(value)) for name, value in self if np.any(value)}
            extreme = max(numbers, key=lambda name: abs(np.log(numbers[name])))
            right = f"is too large or too small for steps of {resolution} ms"
            raise InputError.at(f"{where}.{extreme}", getattr(self, extreme), right)


def weight_unit(models: list[str]) -> str:
    """Return the unit of a weight in a network of such neurons.

    Examples
    --------
    >>> weight_unit(["iaf_psc_alpha", "iaf_psc_exp"])
    'pA'
    >>> weight_unit(["iaf_psc_alpha", "iaf_psc_delta"])
    'pA, for targets of iaf_psc_delta mV'
    """
    units = {model: NeuronModel.members[model].weight_unit for model in dict.fromkeys(models)}
    first, *others = dict.fromkeys(units.values())
    exceptions = [
        f"for targets of {' and '.join(m for m in units if units[m] == unit)} {unit}"
        for unit in others
    ]
    return ", ".join([first, *exceptions])


@inlined
def fire(
    potential: Floats,
    refractory: Int32s,
    lo: int,
    threshold: Any,
    reset: Any,
    t_ref: Any,
    lag: int,
    lags: Int32s,
    neurons: Int32s,
    count: int,
    first: int,
) -> int:
    """Reset the neurons of a block that have reached the threshold and note their spikes."""
    for j in range(len(potential)):
        if potential[j] >= at(threshold, j):
            potential[j] = at(reset, j)
            refractory[j] = np.int32(at(t_ref, j))
            lags[count] = lag
            neurons[count] = first + lo + j
            count += 1
    return count
