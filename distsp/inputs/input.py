"""What every input is: its parameters, the tables it is compiled to, and its kernel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numba import types
from pydantic import Field

from distsp.base.arrays import Floats, Ints, UInt32s
from distsp.base.components import Component
from distsp.base.errors import InputError
from distsp.base.fields import Fields, Finite, NonNegative, Positive
from distsp.base.time_grid import whole_steps
from distsp.rng.streams import Purpose

FOREVER = np.iinfo(np.int64).max
"""A step that is never reached."""

MAX_INPUTS, MAX_DRIVES = 2**16, 2**8
"""Inputs of a network, and connections of one to the same population."""

KERNEL = types.void(
    types.int64[::1],  # integers
    types.float64[::1],  # numbers
    types.uint32[::1],  # thresholds
    types.uint64,  # key
    types.int64,  # begin
    types.int64,  # end
    types.int64,  # delay
    types.float64,  # weight
    types.int64,  # step
    types.int64,  # n_steps
    types.int64,  # first_id
    types.int64,  # stride
    types.int64,  # lo
    types.int64,  # n
    types.float64[:, ::1],  # input_ex
    types.float64[:, ::1],  # input_in
    types.float64[:, ::1],  # current
    types.uint32[:, ::1],  # words
    types.int32[::1],  # counts
)
"""The signature of a compiled input; `Input.kernel` says what each argument is."""


class Drive(Fields):
    """An input's connection to neurons."""

    weight: Finite = Field(description="in the unit of the target's model (pA, mV or nS)")
    delay: Positive | None = Field(description="a whole number of steps (ms)")

    def steps(self, where: str, resolution: float) -> int:
        """Return the delay as a number of steps of `resolution` (ms); one if it is not given.

        Raises
        ------
        InputError
            Naming the delay, prefixed with `where`.
        """
        if self.delay is None:
            return 1
        return whole_steps(f"{where}.delay", self.delay, resolution, least=1)


class SpikeDrive(Drive):
    """How spikes arrive."""

    delay: Positive = Field(description="a whole number of steps (ms)")


class CurrentDrive(Drive):
    """How a current arrives: set at a time, it acts from the step that begins a delay later."""

    weight: Finite = Field(1.0, description="what the current is multiplied with")
    delay: Positive | None = Field(
        None, description="a whole number of steps (ms); one step if not given"
    )


@dataclass(frozen=True)
class Tables:
    """The numbers that a kernel computes with."""

    integers: list[int] | Ints = field(default_factory=list)
    numbers: list[float] | Floats = field(default_factory=list)
    thresholds: UInt32s = field(default_factory=lambda: np.empty(0, np.uint32))


class Input(Component):
    """What drives neurons from outside the network.

    An input is a subclass with its parameters, in a file of its own. It says what it `carries`,
    computes the `tables` of its kernel, and has the compiled `kernel`.
    """

    key: ClassVar[str] = "model"
    carries: ClassVar[Literal["spikes", "current"]]
    alike: ClassVar[bool] = False
    """Whether all neurons get the same, so that it is computed for one block of them."""
    drive: ClassVar[type[Drive]] = SpikeDrive
    """What each connection of the input has."""
    purpose: ClassVar[Purpose | None] = None
    """What its random numbers are for, if it draws any; each of its connections has a stream."""
    kernel: ClassVar[Callable[..., Any]]
    """Adds what arrives at a block of neurons in the steps of a slice.

    Compiled with the signature `KERNEL`; its arguments are:

    integers, numbers, thresholds : array of int64, float64 and uint32
        What `tables` returned.
    key : uint64
        The stream of random numbers of the connection.
    begin, end : int
        The input has these parameters in steps `begin` to `end - 1`; what it emits in one of them
        arrives `delay` steps later.
    delay : int
        Steps.
    weight : float
    step : int
        The first step of the slice.
    n_steps : int
    first_id, stride : int
        Neuron j of the block has the id `first_id + j * stride`.
    lo, n : int
        The block has the n neurons from place `lo` on of those of the population on this rank.
    input_ex, input_in : array (step of the slice, neuron of the block) of float64
        Sums of positive and of negative weights, to be added to.
    current : array (step of the slice, neuron of the block) of float64
        External current during a step (pA), to be added to by what carries a current.
    words : array (4, neuron of the block) of uint32
        To be written to.
    counts : array (neuron of the block,) of int32
        To be written to.
    """

    start: NonNegative = Field(0.0, description="time from which on it is on (ms)")
    stop: NonNegative | None = Field(None, description="time from which on it is off (ms)")

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms).

        Raises
        ------
        InputError
            Naming the parameter, prefixed with `where`.
        """
        whole_steps(f"{where}.start", self.start, resolution)
        if self.stop is not None:
            whole_steps(f"{where}.stop", self.stop, resolution)
            if self.stop < self.start:
                raise InputError.at(f"{where}.stop", self.stop, f"ms is before {self.start}")

    def check_targets(self, where: str, n: int) -> None:
        """Refuse to drive `n` neurons together, where the parameters are those of others.

        Raises
        ------
        InputError
            Naming the parameter, prefixed with `where`.
        """

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the numbers that `kernel` computes with.

        Parameters
        ----------
        resolution : float
            ms.
        targets : array of int64
            For each neuron of the population on this rank its place among those that are driven;
            -1 if it is not.
        """
        raise NotImplementedError

    def signs(self, weight: float) -> tuple[bool, bool]:
        """Return whether `kernel` may add to `input_ex`, and whether to `input_in`."""
        spikes = self.carries == "spikes"
        return spikes and weight > 0.0, spikes and weight <= 0.0

    def active(self, resolution: float) -> tuple[int, int]:
        """Return the first step in which the input is on, and the first after that in which not."""
        last = FOREVER if self.stop is None else round(self.stop / resolution)
        return round(self.start / resolution), last


def check_values(field: str, values: list[float], of: str, times: list[float]) -> None:
    """Refuse other than one value for each time of the field `of`.

    Raises
    ------
    InputError
        Naming `field`.
    """
    if len(values) != len(times):
        right = f"must have one value for each of {of}, {len(times)}, and has {len(values)}"
        raise InputError.at(field, values, right)


def stream_index(index: int, again: int) -> int:
    """Return which stream an input's connection has, for `rng.streams.stream_key`.

    Parameters
    ----------
    index : int
        Which input of the network.
    again : int
        How often it drives the same population already: two trains, not one of twice the weight.

    Raises
    ------
    InputError
        If there are more than the streams can tell apart.
    """
    if index >= MAX_INPUTS:
        raise InputError(f"inputs: there can be at most {MAX_INPUTS}")
    if again >= MAX_DRIVES:
        raise InputError(f"inputs: one can drive the same population at most {MAX_DRIVES} times")
    return index | again << 16
