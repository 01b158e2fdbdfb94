"""A current that is constant in between given times."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.fields import Finite
from distsp.base.time_grid import whole_times
from distsp.inputs.input import CurrentDrive, Drive, Input, Tables, check_values


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
    """Add the amplitude of each step, times the weight, to the current of each neuron."""
    passed = np.searchsorted(integers, step - delay, side="right")
    for lag in range(n_steps):
        now = step + lag - delay
        while passed < len(integers) and integers[passed] <= now:
            passed += 1
        if passed > 0 and begin <= now < end:
            amplitude, row = weight * numbers[passed - 1], current[lag, :n]
            for j in range(n):
                row[j] += amplitude


class StepCurrentGenerator(Input):
    """`step_current_generator`: a current that steps to another amplitude at each of some times.

    From `amplitude_times[i]` on it is `amplitude_values[i]`, before the first time 0.
    """

    model: Literal["step_current_generator"] = "step_current_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "current"
    alike: ClassVar[bool] = True
    drive: ClassVar[type[Drive]] = CurrentDrive
    kernel = staticmethod(kernel)

    amplitude_times: list[Finite] = Field(
        default_factory=list, description="times of the steps (ms), ascending, none twice"
    )
    amplitude_values: list[Finite] = Field(
        default_factory=list, description="current from each of the times on (pA)"
    )

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse times that do not ascend in whole steps, or have not one value each."""
        super().check_steps(where, resolution)
        whole_times(f"{where}.amplitude_times", self.amplitude_times, resolution)
        check_values(
            f"{where}.amplitude_values",
            self.amplitude_values,
            "amplitude_times",
            self.amplitude_times,
        )

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the times, as steps, and the amplitudes."""
        return Tables(
            integers=whole_times("", self.amplitude_times, resolution),
            numbers=self.amplitude_values,
        )
