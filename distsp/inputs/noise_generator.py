"""White noise, piecewise constant, an own one for each neuron."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.errors import InputError
from distsp.base.fields import Finite, NonNegative, Positive
from distsp.base.time_grid import whole_steps
from distsp.inputs.input import CurrentDrive, Drive, Input, Tables
from distsp.inputs.sine import cycles, sine
from distsp.rng.normal import normal_pair
from distsp.rng.streams import LOW, SHIFT, Purpose, philox

MOST = 1e150
"""pA: no square of it overflows."""


def kernel(
    integers: Ints,
    numbers: Floats,
    _thresholds: UInt32s,
    key: np.uint64,
    begin: int,
    end: int,
    delay: int,
    weight: float,
    step: int,
    n_steps: int,
    first_id: int,
    stride: int,
    _lo: int,
    n: int,
    _input_ex: Floats,
    _input_in: Floats,
    current: Floats,
    words: UInt32s,
    _counts: Int32s,
) -> None:
    """Draw a number for each neuron and interval, and add it to the current of its steps."""
    start, interval = integers[0], integers[1]
    mean, std, modulation = numbers[0], numbers[1], numbers[2]
    # The random words of a block have the size of two numbers for each neuron.
    drawn = words.view(np.float64).reshape((2, words.shape[1]))
    id0, by = np.uint64(first_id), np.uint64(stride)
    pair = np.int64(-1)
    first = max(step - delay, begin)
    last = min(step - delay + n_steps, end)
    while first < last:
        which = (first - start) // interval
        since = start + which * interval
        if which >> 1 != pair:
            pair = which >> 1
            # Numbers of two intervals come together, called for by the step where the first begins.
            when = np.uint64(start + 2 * pair * interval)
            when0, when1, zero = when & LOW, when >> SHIFT, np.uint64(0)
            one, two = drawn[0], drawn[1]
            for j in range(n):
                w0, w1, w2, w3 = philox(key, id0 + np.uint64(j) * by, when0, when1, zero)
                one[j], two[j] = normal_pair(w0, w1, w2, w3)
        spread = std
        if modulation > 0.0:
            wave = sine(numbers[3], numbers[4], since)
            spread = math.sqrt(max(std * std + modulation * modulation * wave, 0.0))
        normal, until = drawn[which & 1], min(since + interval, last)
        for now in range(first, until):
            row = current[now + delay - step, :n]
            for j in range(n):
                row[j] += weight * (mean + spread * normal[j])
        first = until


class NoiseGenerator(Input):
    """`noise_generator`: a current that is drawn anew every `dt`, for each neuron its own.

    From `start + k * dt` on it is, for the next `dt`, a normal number with the given mean and
    standard deviation, independent of all others. The variance may follow a sine of the simulated
    time t: std**2 + std_mod**2 * sin(2 pi frequency t + phase), where an interval begins.

    A membrane that is much slower than `dt` only sees the product of std**2 and dt.
    """

    model: Literal["noise_generator"] = "noise_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "current"
    drive: ClassVar[type[Drive]] = CurrentDrive
    purpose: ClassVar[Purpose | None] = Purpose.NOISE
    kernel = staticmethod(kernel)

    mean: Finite = Field(0.0, description="mean of the current (pA)")
    std: NonNegative = Field(description="standard deviation of the current (pA)")
    dt: Positive = Field(1.0, description="time between two draws (ms)")
    std_mod: NonNegative = Field(
        0.0, description="how far the standard deviation is modulated (pA), at most std"
    )
    frequency: NonNegative = Field(0.0, description="frequency of the modulation (Hz)")
    phase: Finite = Field(0.0, description="phase of the modulation at time 0 (degrees)")

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse a `dt` that is not of whole steps, and more modulation than there is variance."""
        super().check_steps(where, resolution)
        whole_steps(f"{where}.dt", self.dt, resolution, least=1)
        if self.std_mod > self.std:
            raise InputError.at(
                f"{where}.std_mod", self.std_mod, f"pA must be at most std, {self.std} pA"
            )
        for name, value in (("mean", self.mean), ("std", self.std)):
            if abs(value) > MOST:
                raise InputError.at(f"{where}.{name}", value, f"pA must be at most {MOST:g}")

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the beginning and the interval as steps; mean and deviation; the modulation."""
        start, _ = self.active(resolution)
        return Tables(
            integers=[start, whole_steps("", self.dt, resolution)],
            numbers=[
                self.mean,
                self.std,
                self.std_mod,
                *cycles(self.frequency, self.phase, resolution),
            ],
        )
