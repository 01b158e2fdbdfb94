"""Poisson trains, an own one for each neuron."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.compiled import inlined
from distsp.base.errors import InputError
from distsp.base.fields import Finite, NonNegative
from distsp.base.time_grid import whole_times
from distsp.inputs.input import Input, Tables, check_values
from distsp.rng.poisson import (
    STEPS_PER_CALL,
    TILE,
    poisson_counts,
    poisson_counts_of_each,
    poisson_tables,
    poisson_thresholds,
    poisson_tiles,
    poisson_words,
)
from distsp.rng.streams import Purpose

MAX_EVENTS = 1e6
"""Expected events of an input in a step: counts are 32-bit, and their table must fit the cache."""

IN_TIME, PER_NEURON = 0, 1
"""What more than one rate differs between."""

ROW = 4
"""Numbers of a rate in time: its first step, its base, where its thresholds begin and end."""


@inlined
def _counts_of_each(
    words: UInt32s, integers: Ints, thresholds: UInt32s, lo: int, n: int, counts: Int32s
) -> None:
    """Write the counts of n neurons from place `lo` on, tile by tile."""
    n_tiles = integers[1]
    ends, base = integers[2 : 3 + n_tiles], integers[3 + n_tiles :]
    j = 0
    while j < n:
        tile, column = (lo + j) // TILE, (lo + j) % TILE
        m = min(TILE - column, n - j)
        table = thresholds[ends[tile] : ends[tile + 1]].reshape((-1, TILE))
        poisson_counts_of_each(
            words[j : j + m],
            base[lo + j : lo + j + m],
            table,
            column,
            counts[j : j + m],
        )
        j += m


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
    lo: int,
    n: int,
    input_ex: Floats,
    input_in: Floats,
    _current: Floats,
    words: UInt32s,
    counts: Int32s,
) -> None:
    """Draw the count of each neuron in each step, and add it times the weight."""
    target = input_ex if weight > 0.0 else input_in
    base, own = integers[0], thresholds
    several = len(integers) > 1
    in_time = several and integers[0] == IN_TIME
    per_neuron = several and integers[0] == PER_NEURON
    rates = integers[1 : len(integers) if in_time else 1].reshape((-1, ROW))
    now, group = -1, -1
    for lag in range(n_steps):
        drawn = step + lag - delay
        if drawn < begin or drawn >= end:
            continue
        if in_time:
            if now < 0:
                now = int(np.searchsorted(rates[:, 0], drawn, side="right")) - 1
            while now + 1 < len(rates) and rates[now + 1, 0] <= drawn:
                now += 1
            base, own = rates[now, 1], thresholds[rates[now, 2] : rates[now, 3]]
            if base == 0 and len(own) == 0:
                continue
        if drawn // STEPS_PER_CALL != group:
            group = drawn // STEPS_PER_CALL
            poisson_words(key, first_id, stride, group, n, words)
        word = words[drawn % STEPS_PER_CALL, :n]
        if per_neuron:
            _counts_of_each(word, integers, thresholds, lo, n, counts)
        else:
            poisson_counts(word, base, own, counts[:n])
        row = target[lag, :n]
        for j in range(n):
            row[j] += weight * np.float64(counts[j])


class PoissonGenerator(Input):
    """`poisson_generator`: independent Poisson trains, one per neuron.

    All have the same rate, or each its own: a list has one for each target, in order of the ids of
    those that are driven together. With `rate_times` the rate becomes `rate_values[i]` at time
    `rate_times[i]`; before the first it is `rate`. To change the rate in between two runs gives the
    same trains.
    """

    model: Literal["poisson_generator"] = "poisson_generator"
    carries: ClassVar[Literal["spikes", "current"]] = "spikes"
    purpose: ClassVar[Purpose | None] = Purpose.POISSON
    kernel = staticmethod(kernel)

    rate: NonNegative | list[NonNegative] | None = Field(
        None,
        description="rate of each train (Hz), or one for each target; less than 1.2e-10 per step "
        "is none",
    )
    rate_times: list[Finite] = Field(
        default_factory=list, description="times at which the rate changes (ms), ascending"
    )
    rate_values: list[NonNegative] = Field(
        default_factory=list, description="rate from each of the times on (Hz)"
    )

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse rates that are missing or do not fit their times, and more than can be counted."""
        super().check_steps(where, resolution)
        if self.rate is None and not self.rate_times and not self.rate_values:
            what = type(self).model_fields["rate"].description
            raise InputError(f"{where}.rate: is missing; it must be given: {what}")
        whole_times(f"{where}.rate_times", self.rate_times, resolution)
        check_values(f"{where}.rate_values", self.rate_values, "rate_times", self.rate_times)
        if isinstance(self.rate, list) and self.rate_times:
            raise InputError.at(f"{where}.rate", self.rate, "must be a number beside rate_times")
        most = MAX_EVENTS * 1000.0 / resolution
        for name, rate in self._rates():
            if rate > most:
                raise InputError.at(f"{where}.{name}", rate, f"must be at most {most:g}")

    def _rates(self) -> Iterator[tuple[str, float]]:
        """Yield each rate with the name of its field."""
        if isinstance(self.rate, list):
            yield from ((f"rate.{i}", rate) for i, rate in enumerate(self.rate))
        elif self.rate is not None:
            yield "rate", self.rate
        yield from ((f"rate_values.{i}", rate) for i, rate in enumerate(self.rate_values))

    def check_targets(self, where: str, n: int) -> None:
        """Refuse rates of other than `n` neurons."""
        if isinstance(self.rate, list) and len(self.rate) != n:
            right = f"must have one rate for each of {n} targets, and has {len(self.rate)}"
            raise InputError.at(f"{where}.rate", self.rate, right)

    def tables(self, resolution: float, targets: Ints) -> Tables:
        """Return the tables by which a random word becomes a count."""
        per_ms = resolution / 1000.0
        if isinstance(self.rate, list):
            # Neurons that are not driven have a rate of 0.
            rates = np.append(self.rate, 0.0)[targets]
            base, ends, thresholds = poisson_tiles(rates * per_ms)
            per_neuron = np.concatenate([[PER_NEURON, len(ends) - 1], ends, base])
            return Tables(integers=per_neuron, thresholds=thresholds)
        if self.rate_times:
            times = np.append(0, whole_times("", self.rate_times, resolution))
            means = np.append(self.rate or 0.0, self.rate_values) * per_ms
            base, ends, thresholds = poisson_tables(means)
            rows = np.column_stack([times, base, ends[:-1], ends[1:]])
            return Tables(integers=np.append(IN_TIME, rows), thresholds=thresholds)
        least, thresholds = poisson_thresholds((self.rate or 0.0) * per_ms)
        return Tables(integers=[least], thresholds=thresholds)
