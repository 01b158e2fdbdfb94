"""Poisson trains, an own one for each neuron."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.errors import InputError
from distsp.base.fields import NonNegative
from distsp.inputs.input import Input, Tables
from distsp.rng.poisson import STEPS_PER_CALL, poisson_counts, poisson_thresholds, poisson_words
from distsp.rng.streams import Purpose

MAX_EVENTS = 1e6
"""Expected events of an input in a step: counts are 32-bit, and their table must fit the cache."""


def kernel(
    integers: Ints,
    _numbers: Floats,
    thresholds: UInt32s,
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
    input_ex: Floats,
    input_in: Floats,
    _current: Floats,
    words: UInt32s,
    counts: Int32s,
) -> None:
    """Draw the count of each neuron in each step, and add it times the weight."""
    target = input_ex if weight > 0.0 else input_in
    group = -1
    for lag in range(n_steps):
        drawn = step + lag - delay
        if drawn < begin or drawn >= end:
            continue
        if drawn // STEPS_PER_CALL != group:
            group = drawn // STEPS_PER_CALL
            poisson_words(key, first_id, stride, group, n, words)
        poisson_counts(words[drawn % STEPS_PER_CALL, :n], integers[0], thresholds, counts[:n])
        row = target[lag, :n]
        for j in range(n):
            row[j] += weight * np.float64(counts[j])


class PoissonGenerator(Input):
    """`poisson_generator`: independent Poisson trains of the same rate, one per neuron."""

    model: Literal["poisson_generator"] = "poisson_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "spikes"
    purpose: ClassVar[Purpose | None] = Purpose.POISSON
    kernel = staticmethod(kernel)

    rate: NonNegative = Field(description="rate of each train (Hz)")

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse more events in a step than can be counted."""
        super().check_steps(where, resolution)
        most = MAX_EVENTS * 1000.0 / resolution
        if self.rate > most:
            raise InputError.at(f"{where}.rate", self.rate, f"must be at most {most:g}")

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the table by which a random word becomes a count."""
        base, thresholds = poisson_thresholds(self.rate * resolution / 1000.0)
        return Tables(integers=[base], thresholds=thresholds)
