"""Spikes at given times."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.fields import Finite
from distsp.base.time_grid import whole_times
from distsp.inputs.input import Input, Tables, check_values


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
    input_ex: Floats,
    input_in: Floats,
    _current: Floats,
    _words: UInt32s,
    _counts: Int32s,
) -> None:
    """Add the weight of each spike that arrives, one after the other."""
    first = max(step - delay, begin)
    last = min(step - delay + n_steps, end)
    for i in range(np.searchsorted(integers, first), len(integers)):
        if integers[i] >= last:
            break
        own = weight * numbers[i]
        target = input_ex if own > 0.0 else input_in
        row = target[integers[i] + delay - step, :n]
        for j in range(n):
            row[j] += own


class SpikeGenerator(Input):
    """`spike_generator`: spikes at given times, the same for all its targets.

    A spike at time t travels as one of a neuron with the time stamp t would. Those are emitted that
    come after `start`, up to `stop`. A time that is there several times is as many spikes.
    """

    model: Literal["spike_generator"] = "spike_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "spikes"
    kernel = staticmethod(kernel)

    spike_times: list[Finite] = Field(
        default_factory=list, description="times of the spikes (ms), above 0, ascending"
    )
    spike_weights: list[Finite] = Field(
        default_factory=list, description="what the weight of each spike is multiplied with, if any"
    )

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse times that do not ascend in whole steps, or other than one weight for each."""
        super().check_steps(where, resolution)
        whole_times(f"{where}.spike_times", self.spike_times, resolution, least=1, repeated=True)
        if self.spike_weights:
            check_values(
                f"{where}.spike_weights", self.spike_weights, "spike_times", self.spike_times
            )

    def signs(self, _weight: float) -> tuple[bool, bool]:
        """Return that it may add to either: the weights of spikes have signs of their own."""
        return True, True

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the steps at whose ends the spikes are, and their weights."""
        stamps = whole_times("", self.spike_times, resolution, least=1, repeated=True)
        return Tables(
            integers=stamps - 1, numbers=self.spike_weights or [1.0] * len(self.spike_times)
        )
