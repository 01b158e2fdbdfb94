"""Rows of sorted numbers in one pool of memory, changed in place.

A table of synapses is a row of targets for each source; the table of a target's sources has the
same shape. A row has room to grow; a full row moves to the end of the pool, a full pool is laid
out anew. The cost of a change follows the length of the rows it touches, not the number of
synapses.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from distsp.base.arrays import Floats, Int32s, Ints
from distsp.base.compiled import compiled

AnyInts = npt.NDArray[np.integer[Any]]
Pools = tuple[Int32s, Floats, Int32s]
NO_FLOATS, NO_INTS = np.empty(0), np.empty(0, dtype=np.int32)


@compiled
def _grown(length: int) -> int:
    """Return the room that a row of `length` gets when it moves: a quarter more."""
    return length + length // 4 + 2


@compiled
def _room_needed(rows: Int32s, length: Int32s, capacity: Int32s) -> int:
    """Return by how much the pool must grow for the sorted `rows` to be added to."""
    needed, i = 0, 0
    while i < len(rows):
        row, first = rows[i], i
        while i < len(rows) and rows[i] == row:
            i += 1
        if length[row] + i - first > capacity[row]:
            needed += _grown(length[row] + i - first)
    return needed


@compiled
def _room_of_all(rows: Int32s, length: Int32s, changing: bool) -> Int32s:
    """Return the room that each row gets when all are laid out anew and `rows` will be added to.

    Exact in a table that is made once; a sixteenth more where it is `changing`, or each of the
    next rows to grow would have to move at once.
    """
    room = length.copy()
    for row in rows:
        room[row] += 1
    if changing:
        for row in range(len(room)):
            room[row] += room[row] // 16 + np.int32(room[row] > 0)
    return room


@compiled
def _lay_out(
    room: Int32s, start: Ints, length: Int32s, capacity: Int32s, old: Pools, new: Pools
) -> int:
    """Copy all rows to new pools, giving each its room; return where the last row ends."""
    end = 0
    for row in range(len(start)):
        _copy_row(old, start[row], new, end, length[row])
        start[row], capacity[row] = end, room[row]
        end += room[row]
    return end


@compiled
def _copy_row(old: Pools, source: int, new: Pools, target: int, n: int) -> None:
    """Copy `n` entries between pools: columns, and weights and delays where there are any."""
    new[0][target : target + n] = old[0][source : source + n]
    if len(new[1]) > 0:
        new[1][target : target + n] = old[1][source : source + n]
        new[2][target : target + n] = old[2][source : source + n]


@compiled
def _copy_entry(old: Pools, source: int, new: Pools, target: int) -> None:
    """Copy one entry between pools."""
    new[0][target] = old[0][source]
    if len(new[1]) > 0:
        new[1][target] = old[1][source]
        new[2][target] = old[2][source]


@compiled
def _insert(
    rows: Int32s,
    entries: Pools,
    start: Ints,
    length: Int32s,
    capacity: Int32s,
    pools: Pools,
    end: int,
) -> int:
    """Merge entries, sorted by row and column, into the rows; return where the pools now end.

    What is added stands behind what was there with the same column: order of creation.
    """
    i = 0
    while i < len(rows):
        row, first = rows[i], i
        while i < len(rows) and rows[i] == row:
            i += 1
        n, more = length[row], i - first
        if n + more > capacity[row]:
            _copy_row(pools, start[row], pools, end, n)
            start[row], capacity[row] = end, _grown(n + more)
            end += capacity[row]
        low = start[row]
        old, new, place = low + n - 1, i - 1, low + n + more - 1
        while new >= first:
            if old >= low and pools[0][old] > entries[0][new]:
                _copy_entry(pools, old, pools, place)
                old -= 1
            else:
                _copy_entry(entries, new, pools, place)
                new -= 1
            place -= 1
        length[row] = n + more
    return end


@compiled
def first_of(pool: Int32s, low: int, high: int, column: int) -> int:
    """Return the first place in the sorted `pool[low:high]` that is not below `column`."""
    while low < high:
        middle = (low + high) // 2
        if pool[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _settle_copies(order: Ints, packed: Ints, copies: Ints) -> None:
    """Sort entries of the same pair, which stand side by side in `order`, by their `copies`."""
    for i in range(1, len(order)):
        k = i
        while (
            k > 0
            and packed[order[k]] == packed[order[k - 1]]
            and copies[order[k]] < copies[order[k - 1]]
        ):
            order[k], order[k - 1] = order[k - 1], order[k]
            k -= 1


@compiled
def _remove(
    rows: Ints, columns: Ints, copies: Ints, start: Ints, length: Int32s, pools: Pools
) -> None:
    """Remove entries, sorted by row, column and copy: each row is closed up once."""
    i = 0
    while i < len(rows):
        row, first = rows[i], i
        low, high = start[row], start[row] + length[row]
        place = first_of(pools[0], low, high, columns[i]) + copies[i]
        end = place
        while i < len(rows) and rows[i] == row:
            i += 1
            gone, place = place, high
            if i < len(rows) and rows[i] == row:
                if columns[i] == columns[i - 1]:
                    place = gone + copies[i] - copies[i - 1]
                else:
                    place = first_of(pools[0], gone, high, columns[i]) + copies[i]
            for k in range(gone + 1, place):
                _copy_entry(pools, k, pools, end)
                end += 1
        length[row] -= i - first


class Adjacency:
    """Rows of sorted 32-bit columns, each entry optionally with an own weight and delay.

    Parameters
    ----------
    n_rows : int
        Number of rows, all empty at first.
    heterogeneous : bool
        Whether each entry has a weight and a delay.

    Attributes
    ----------
    start : array (n_rows,) of int64
        Where each row begins in the pools.
    length, capacity : array (n_rows,) of int32
        How many entries a row has, and has room for.
    pools : tuple of three arrays
        Columns (int32), weights (float64) and delays (int32, steps); the last two are empty where
        entries are not heterogeneous.

    Examples
    --------
    >>> table = Adjacency(2)
    >>> table.insert(np.array([1, 0, 1]), np.array([5, 3, 4]))
    >>> table.row(1)
    array([4, 5], dtype=int32)
    >>> table.remove(np.array([1]), np.array([4]), np.array([0]))
    >>> table.row(1)
    array([5], dtype=int32)
    """

    def __init__(self, n_rows: int, heterogeneous: bool = False) -> None:
        self.start = np.zeros(n_rows, dtype=np.int64)
        self.length = np.zeros(n_rows, dtype=np.int32)
        self.capacity = np.zeros(n_rows, dtype=np.int32)
        self.heterogeneous = heterogeneous
        self.pools = self._new_pools(0)
        self.end = 0

    def _new_pools(self, room: int) -> Pools:
        n = room if self.heterogeneous else 0
        return np.empty(room, np.int32), np.empty(n, np.float64), np.empty(n, np.int32)

    def __len__(self) -> int:
        return int(self.length.sum(dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Memory of the pools and of the index of the rows (bytes)."""
        arrays = (self.start, self.length, self.capacity, *self.pools)
        return sum(array.nbytes for array in arrays)

    def row(self, row: int) -> Int32s:
        """Return the columns of a row, sorted."""
        return self.pools[0][self.start[row] : self.start[row] + self.length[row]]

    def insert(
        self,
        rows: AnyInts,
        columns: AnyInts,
        weights: Floats = NO_FLOATS,
        delays: AnyInts = NO_INTS,
    ) -> None:
        """Add entries, in order of their creation.

        Parameters
        ----------
        rows, columns : array (n,) of int
        weights, delays : array (n,) of float64 and of int (steps)
            Only where entries are heterogeneous.
        """
        self.prepared(rows, columns, weights, delays)()

    def prepared(
        self,
        rows: AnyInts,
        columns: AnyInts,
        weights: Floats = NO_FLOATS,
        delays: AnyInts = NO_INTS,
    ) -> Callable[[], None]:
        """Return what adds entries, as `insert` takes them, and needs no more memory for it.

        It must be called before anything else changes.
        """
        if len(rows) == 0:
            return lambda: None
        # Row and column packed into one number sort ten times faster than a lexical sort.
        packed = (rows.astype(np.int64) << 32) | columns
        if self.heterogeneous:
            order = np.argsort(packed, kind="stable")
            packed, weights, delays = packed[order], weights[order], delays[order]
        else:
            packed.sort()
        rows, columns = (packed >> 32).astype(np.int32), packed.astype(np.int32)
        entries = (columns, weights, delays.astype(np.int32))
        room, pools = None, self.pools
        if self.end + _room_needed(rows, self.length, self.capacity) > len(self.pools[0]):
            changing = self.end > 0
            room = _room_of_all(rows, self.length, changing)
            needed = int(room.sum(dtype=np.int64))
            # An eighth more, for rows that will move.
            pools = self._new_pools(needed + needed // 8 + 64 if changing else needed)

        def put() -> None:
            table = self.start, self.length, self.capacity
            if room is not None:
                self.end = _lay_out(room, *table, self.pools, pools)
                self.pools = pools
            self.end = _insert(rows, entries, *table, self.pools, self.end)

        return put

    def remove(self, rows: AnyInts, columns: AnyInts, copies: AnyInts) -> None:
        """Remove entries: of those with the same row and column, the one number `copies`.

        Parameters
        ----------
        rows, columns, copies : array (n,) of int
            `copies` counts from 0 in order of creation, before anything is removed.
        """
        self.prepared_removal(rows, columns, copies)()

    def prepared_removal(
        self, rows: AnyInts, columns: AnyInts, copies: AnyInts
    ) -> Callable[[], None]:
        """Return what removes entries, as `remove` takes them, and needs no memory for it."""
        packed = (rows.astype(np.int64) << 32) | columns
        order = np.argsort(packed)
        _settle_copies(order, packed, copies)
        entries = rows[order], columns[order], copies[order]

        def close() -> None:
            _remove(*entries, self.start, self.length, self.pools)

        return close

    def entries(self, first: int, last: int) -> tuple[Ints, Int32s, Floats, Int32s]:
        """Return copies of rows `first` to `last - 1`: row numbers, columns, weights, delays."""
        lengths = self.length[first:last]
        rows = np.repeat(np.arange(first, last), lengths)
        # Where each entry stands: the start of its row, plus its place in the row.
        places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places += np.repeat(self.start[first:last], lengths)
        columns, weights, delays = self.pools
        if not self.heterogeneous:
            return rows, columns[places], NO_FLOATS, NO_INTS
        return rows, columns[places], weights[places], delays[places]
