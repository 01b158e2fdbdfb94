"""Constants of a model in its compiled step: a number for all neurons, or one for each.

A step is compiled from one source for populations whose neurons are all alike, where a constant is
a number that stays in a register, and, where it is needed, for those whose neurons differ, where it
is a row with a number for each neuron of the block.
"""

from typing import Any

from numba import types
from numba.extending import overload

from distsp.base.arrays import Array, Floats

BLOCK_NEURONS = 448
"""Neurons that go through all steps of a slice together: their state and input fit the caches.

Not a power of two, or the rows of a block's input would share a few sets of the L1 cache."""

N_MEMBRANE = 4
"""The first constants of every model: threshold, reset, refractory steps, constant current.

They depend on the parameters that differ most often. Where no others differ, a step takes 1.1 times
as long as for neurons that are alike; where all do, twice as long, as the rows no longer fit the
cache."""

EQUAL, MEMBRANE, ALL = types.float64[::1], types.float64[:, :, ::1], types.float64[:, ::1]
"""Types of the constants: alike for all neurons; rows of which only those of the membrane differ;
rows that all may differ. A row has BLOCK_NEURONS numbers."""

KINDS = (EQUAL, MEMBRANE, ALL)


def constant(constants: Array, k: int, n: int) -> Any:
    """Return constant number `k` of the `n` neurons of a block, to be read with `at`."""
    if constants.ndim == 3:
        return constants[0, k, :n] if k < N_MEMBRANE else constants[0, k, 0]
    return constants[k, :n] if constants.ndim == 2 else constants[k]


def at(value: Any, j: int) -> Any:
    """Return what `constant` has returned, of neuron `j` of the block."""
    return value[j] if getattr(value, "ndim", 0) else value


def raised(drive: Any, per_current: Any, current: float, room: Floats) -> Any:
    """Return `drive` and what a current adds that is the same for all, to be read with `at`.

    Where it differs between neurons it is written to `room`.
    """
    if not getattr(drive, "ndim", 0):
        return drive + per_current * current
    for j in range(len(room)):
        room[j] = drive[j] + at(per_current, j) * current
    return room


# Numba wants the arguments of what is chosen to be written exactly as those of what chooses.


@overload(constant, inline="always", prefer_literal=True)
def _constant(constants, k, n):  # type: ignore[no-untyped-def]
    if constants.ndim == 1:
        return lambda constants, k, n: constants[k]
    # A number that is computed is a place behind those of the membrane.
    if constants.ndim == 3 and getattr(k, "literal_value", N_MEMBRANE) >= N_MEMBRANE:
        return lambda constants, k, n: constants[0, k, 0]

    def row(constants, k, n):  # type: ignore[no-untyped-def]
        # All rows are a known distance apart, which spares the loops checks whether they overlap.
        begin = k * BLOCK_NEURONS
        return constants.reshape(-1)[begin : begin + n]

    return row


@overload(at, inline="always")
def _at(value, j):  # type: ignore[no-untyped-def]
    if isinstance(value, types.Array):
        return lambda value, j: value[j]
    return lambda value, j: value


@overload(raised, inline="always")
def _raised(drive, per_current, current, room):  # type: ignore[no-untyped-def]
    if not isinstance(drive, types.Array):
        return lambda drive, per_current, current, room: drive + per_current * current

    def written(drive, per_current, current, room):  # type: ignore[no-untyped-def]
        for j in range(len(room)):
            room[j] = drive[j] + at(per_current, j) * current
        return room

    return written
