"""A current that is on for a while, again and again."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.errors import InputError
from distsp.base.fields import Finite, Positive
from distsp.base.time_grid import whole_steps
from distsp.inputs.input import CurrentDrive, Drive, Input, Tables


def kernel(
    integers: Ints,
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
    """Add the amplitude to the current of each neuron in the steps of a pulse."""
    period, width = integers[0], integers[1]
    for lag in range(n_steps):
        emitted = step + lag - delay
        if begin <= emitted < end and (emitted - begin) % period < width:
            current[lag, :n] += weight * numbers[0]


class PulseGenerator(Input):
    """`pulse_generator`: a current that is on for `width` at the start of every `period`."""

    model: Literal["pulse_generator"] = "pulse_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "current"
    alike: ClassVar[bool] = True
    drive: ClassVar[type[Drive]] = CurrentDrive
    kernel = staticmethod(kernel)

    amplitude: Finite = Field(description="current during a pulse (pA)")
    period: Positive = Field(description="time from one pulse to the next (ms)")
    width: Positive = Field(description="how long a pulse is (ms)")

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse times that are not whole steps of `resolution` (ms), and pulses that overlap."""
        super().check_steps(where, resolution)
        for name in ("period", "width"):
            whole_steps(f"{where}.{name}", getattr(self, name), resolution, least=1)
        if self.width > self.period:
            right = f"ms must be at most the period, {self.period} ms"
            raise InputError.at(f"{where}.width", self.width, right)

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the period and the width in steps, and the amplitude."""
        integers = [round(self.period / resolution), round(self.width / resolution)]
        return Tables(integers=integers, numbers=[self.amplitude])
