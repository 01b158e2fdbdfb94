"""One rank of many, alone: what rank 0 of a large machine computes, on a small one.

The others are copies of this rank: what they would send is made from what it sends. So everything
that a rank computes and stores is there, and nothing that the network of a machine takes.
"""

import time
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from distsp.parallel.ranks import Ranks

Array = npt.NDArray[Any]

INT = types.int32


STEPS_BITS = 6


@numba.cfunc(INT(types.voidptr, INT, INT, types.voidptr, INT, INT, INT), cache=True)
def _allgather_copies(send, count, size, receive, receive_count, kind, group):  # type: ignore[no-untyped-def]
    """Stand in for MPI_Allgather: each rank sends the spikes of this one, but of other neurons.

    `size` is the number of ranks; `group` packs the neurons of a rank and the steps of a slice.
    """
    source = numba.carray(send, count, np.int32)
    target = numba.carray(receive, count * size, np.int32)
    n_neurons, header = group >> STEPS_BITS, 1 + group % 2**STEPS_BITS
    last = min(header + source[0], count)
    for rank in range(size):
        sent = target[rank * count : (rank + 1) * count]
        sent[:header] = source[:header]
        shift = rank * 7919 % n_neurons
        for i in range(header, last):
            sent[i] = (source[i] + shift) % n_neurons
    return 0


class EmulatedRanks(Ranks):
    """Rank 0 of `size` ranks, without the others.

    Parameters
    ----------
    size : int
    n_neurons : int
        Neurons of a rank.
    slice_steps : int
        Steps of a slice; runs must be a multiple of it.

    Attributes
    ----------
    outside : float
        Seconds spent in here: making up what the others would have sent.
    """

    def __init__(self, size: int, n_neurons: int, slice_steps: int = 1) -> None:
        super().__init__()
        self.size = size
        self.library = "emulated"
        self.allgather = _allgather_copies.ctypes
        self.handles = (size, n_neurons << STEPS_BITS | slice_steps)
        self.outside = 0.0

    def meet(self, call: str) -> None:
        """Do not compare calls: there is nobody else who makes any."""

    def broadcast(self, value: Any) -> Any:
        """Return `value`."""
        return value

    def collect(self, value: Any) -> list[Any]:
        """Return as many times `value` as there are ranks."""
        return [value] * self.size

    def sum(self, numbers: Array) -> Array:
        """Return the sums over equal ranks."""
        return numbers * self.size

    def largest(self, numbers: Array) -> Array:
        """Return `numbers`: they are the same on all ranks."""
        return numbers

    def all_numbers(self, *numbers: float) -> Array:
        """Return a row of the same numbers for each rank."""
        return np.tile(np.array(numbers, dtype=np.float64), (self.size, 1))

    def parts_on_0(self, array: Array) -> tuple[Array, Array]:
        """Return rows of all ranks, and how many are of each: all have the same places."""
        began = time.perf_counter()
        joined = np.concatenate([array] * self.size)
        self.outside += time.perf_counter() - began
        return joined, np.full(self.size, len(array))

    def broadcast_array(self, array: Array) -> Array:
        """Return `array`."""
        return array

    def on_host(self) -> tuple[int, int]:
        """Return the place and the number of the ranks on this host: it is alone."""
        return 0, 1

    def alone(self) -> Ranks:
        """Return this process alone."""
        return Ranks()

    def rest(self) -> None:
        """Do not wait: there is nobody."""

    def barrier(self) -> None:
        """Nobody is waited for."""
