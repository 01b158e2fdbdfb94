"""A constant current."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.fields import Finite
from distsp.inputs.input import CurrentDrive, Drive, Input, Tables


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
    """Add the amplitude times the weight to the current of each neuron in each step."""
    amplitude = weight * numbers[0]
    for lag in range(n_steps):
        if begin <= step + lag - delay < end:
            row = current[lag, :n]
            for j in range(n):
                row[j] += amplitude


class DcGenerator(Input):
    """`dc_generator`: a constant current, which neurons of a current-driven model integrate."""

    model: Literal["dc_generator"] = "dc_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "current"
    alike: ClassVar[bool] = True
    drive: ClassVar[type[Drive]] = CurrentDrive
    kernel = staticmethod(kernel)

    amplitude: Finite = Field(description="current (pA)")

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the amplitude."""
        return Tables(numbers=[self.amplitude])
