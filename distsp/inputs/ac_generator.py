"""A current that follows a sine."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.fields import Finite, NonNegative
from distsp.inputs.input import CurrentDrive, Drive, Input, Tables
from distsp.inputs.sine import cycles, sine


def kernel(
    _integers: Ints,
    numbers: Floats,
    _thresholds: UInt32s,
    _key: np.uint64,
    begin: int,
    end: int,
    delay: int,
    weight: float,
    step: int,
    n_steps: int,
    _first_id: int,
    _stride: int,
    _lo: int,
    n: int,
    _input_ex: Floats,
    _input_in: Floats,
    current: Floats,
    _words: UInt32s,
    _counts: Int32s,
) -> None:
    """Add the current of each step, times the weight, to that of each neuron."""
    for lag in range(n_steps):
        now = step + lag - delay
        if begin <= now < end:
            wave = numbers[0] * sine(numbers[2], numbers[3], now)
            amplitude, row = weight * (numbers[1] + wave), current[lag, :n]
            for j in range(n):
                row[j] += amplitude


class AcGenerator(Input):
    """`ac_generator`: the current offset + amplitude * sin(2 pi frequency t + phase).

    t is the simulated time, whenever the current starts; in each step it has the value of the
    step's beginning.
    """

    model: Literal["ac_generator"] = "ac_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "current"
    alike: ClassVar[bool] = True
    drive: ClassVar[type[Drive]] = CurrentDrive
    kernel = staticmethod(kernel)

    amplitude: Finite = Field(description="amplitude of the sine (pA)")
    frequency: NonNegative = Field(description="frequency of the sine (Hz)")
    phase: Finite = Field(0.0, description="phase of the sine at time 0 (degrees)")
    offset: Finite = Field(0.0, description="constant part of the current (pA)")

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return amplitude and offset, and the sine's cycles."""
        wave = cycles(self.frequency, self.phase, resolution)
        return Tables(numbers=[self.amplitude, self.offset, *wave])
