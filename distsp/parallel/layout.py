"""How neurons are dealt to the ranks: neuron i lives on rank i mod size, at place i // size there.

Nothing else in the program knows this rule. Populations are ranges of ids, so each rank has a fair
share of every population, as a slice of its arrays.
"""

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from distsp.base.arrays import Bools, Int32s, Ints
from distsp.base.compiled import compiled, inlined


@inlined
def global_id(place: Any, rank: int, size: int) -> Any:
    """Return the id of the neuron at a place of a rank, in compiled code."""
    return place * size + rank


@inlined
def most_places(n_neurons: int, size: int) -> int:
    """Return how many neurons a rank has at most, in compiled code."""
    return (n_neurons + size - 1) // size


@compiled
def _own(ids: Int32s, rank: int, size: int) -> tuple[Ints, Ints]:
    """Return what `Layout.own` returns.

    A number is a multiple of `size` where its product with the inverse of `size`, a fraction of 64
    bits, has next to nothing behind the point (Lemire et al. 2019, Softw Pract Exper 49:953): a
    tenth of the time of a division.
    """
    inverse, shift = np.uint64(2**64 - 1) // np.uint64(size) + np.uint64(1), np.int64(size - rank)
    count = np.int64(0)
    for i in range(len(ids)):
        count += np.int64(np.uint64(ids[i] + shift) * inverse < inverse)
    if size == 1:  # whose inverse does not fit
        count = np.int64(len(ids))
    which, places = np.empty(count, np.int64), np.empty(count, np.int64)
    count = np.int64(0)
    for i in range(len(ids)):
        if size == 1 or np.uint64(ids[i] + shift) * inverse < inverse:
            which[count], places[count] = i, ids[i] // size
            count += 1
    return which, places


@compiled
def _in_order(rows: Int32s, lengths: Ints, size: int) -> tuple[Ints, Ints]:
    """Return what `Layout.in_order` returns: sorted by counting how many stand at each place."""
    most = np.int64(0)
    for i in range(len(rows)):
        most = max(most, np.int64(rows[i, 0]) + 1)
    begin = np.zeros(most + 1, np.int64)
    for i in range(len(rows)):
        begin[rows[i, 0] + 1] += 1
    for place in range(most):
        begin[place + 1] += begin[place]
    ids, numbers = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    end = np.int64(0)
    for rank in range(size):
        for i in range(end, end + lengths[rank]):
            k = begin[rows[i, 0]]
            ids[k], numbers[k] = global_id(np.int64(rows[i, 0]), rank, size), rows[i, 1]
            begin[rows[i, 0]] += 1
        end += lengths[rank]
    return ids, numbers


@dataclass(frozen=True)
class Layout:
    """What of `n_neurons` is on one of several ranks.

    Parameters
    ----------
    rank, size : int
        Which rank, and of how many.
    n_neurons : int
        Neurons of the network.

    Examples
    --------
    >>> layout = Layout(rank=1, size=3, n_neurons=8)
    >>> layout.ids()
    array([1, 4, 7])
    >>> layout.slice_of(range(2, 8))
    slice(1, 3, None)
    """

    rank: int
    size: int
    n_neurons: int

    @property
    def n_local(self) -> int:
        """Number of neurons here."""
        return len(range(self.rank, self.n_neurons, self.size))

    def ids(self, neurons: range | None = None) -> Ints:
        """Return the ids of those `neurons` (of all, if not given) that are here, in order."""
        neurons = range(self.n_neurons) if neurons is None else neurons
        here = self.slice_of(neurons)
        return np.arange(here.start, here.stop) * self.size + self.rank

    def ids_at(self, places: Ints) -> Ints:
        """Return the ids of the neurons at places here."""
        return places * self.size + self.rank

    def places(self, ids: Ints) -> Ints:
        """Return at which places neurons stand on the ranks that have them."""
        return ids // self.size

    @property
    def n_rows(self) -> int:
        """Number of rows of a table with one for each neuron of the network; see `rows`."""
        return (self.n_neurons + self.size - 1) // self.size * self.size

    def rows(self, ids: Ints) -> Ints:
        """Return which row neurons have in such a table: by rank, and by place there.

        So the spikes that a rank has sent look at rows next to each other.

        Examples
        --------
        >>> Layout(rank=1, size=3, n_neurons=8).rows(np.array([0, 1, 3]))
        array([0, 3, 1])
        """
        if self.size == 1:
            return ids
        places = ids // self.size
        return (ids - places * self.size) * (self.n_rows // self.size) + places

    def here(self, ids: Ints) -> Bools | slice:
        """Return which neurons are here, as an index of `ids`."""
        return slice(None) if self.size == 1 else ids % self.size == self.rank

    def own(self, ids: Int32s) -> tuple[Ints, Ints]:
        """Return which of very many neurons (int32) are here, and their places.

        Examples
        --------
        >>> Layout(rank=1, size=3, n_neurons=8).own(np.array([7, 0, 4], dtype=np.int32))
        (array([0, 2]), array([2, 1]))
        """
        # Products of unsigned numbers wrap round, which the interpreter would tell.
        with np.errstate(over="ignore"):
            which, places = _own(ids, self.rank, self.size)
        return which, places

    def in_order(self, rows: Int32s, lengths: Ints) -> tuple[Ints, Ints]:
        """Return neurons of all ranks in order of their ids, as their ranks have sent them.

        Parameters
        ----------
        rows : array (n, 2) of int32
            The places of those of the first rank, in ascending order, then of the next; beside
            each a number.
        lengths : array (size,) of int64
            How many each rank has sent.

        Returns
        -------
        ids, numbers : array (n,) of int64

        Examples
        --------
        >>> rows = np.array([[0, 7], [3, 8], [1, 9]], dtype=np.int32)
        >>> Layout(rank=0, size=2, n_neurons=8).in_order(rows, np.array([2, 1]))
        (array([0, 3, 6]), array([7, 9, 8]))
        """
        ids, numbers = _in_order(rows, lengths, self.size)
        return ids, numbers

    def slice_of(self, neurons: range) -> slice:
        """Return where a range of neurons stands in arrays of the neurons here."""
        begin, end = neurons.start, neurons.start + len(neurons)
        return slice(-((self.rank - begin) // self.size), -((self.rank - end) // self.size))

    def on(self, rank: int, size: int | None = None) -> "Layout":
        """Return the layout of another rank, or of one of another number of ranks."""
        return Layout(rank, size or self.size, self.n_neurons)

    def shared_with(self, other: "Layout", neurons: range) -> range:
        """Return which of a range of neurons are here and in another layout as well.

        Ranks have neurons in common where their numbers differ by a multiple of the greatest
        common divisor of the sizes.
        """
        both = gcd(other.size, self.size)
        if (other.rank - self.rank) % both:
            return range(0)
        every = other.size * self.size // both
        inverse = pow(other.size // both, -1, self.size // both) if self.size > both else 0
        steps = (self.rank - other.rank) // both * inverse % (self.size // both)
        first = neurons.start + (other.rank + other.size * steps - neurons.start) % every
        return range(first, neurons.start + len(neurons), every)

    def strided(self, ids: range, neurons: range) -> slice:
        """Return where `ids`, of `shared_with`, stand among those of `neurons` that are here."""
        start = ids[0] // self.size - self.slice_of(neurons).start
        stride = ids.step // self.size
        return slice(start, start + (len(ids) - 1) * stride + 1, stride)
