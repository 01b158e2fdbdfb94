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
from distsp.base.bits import BIT_MASK, ONE, WORD_SHIFT, has_bit, lowest_bit
from distsp.base.compiled import compiled, inlined
from distsp.base.move import move
from distsp.base.prefetch import prefetch_row
from distsp.base.sorting import order_of_pairs, sorted_pairs
from distsp.engine.index import (
    Index,
    count,
    laid_out_size,
    lay_out_records,
    make_known,
    new_index,
    record_of,
    records_needed,
    spans,
    total_and_longest,
    words_of,
)

AnyInts = npt.NDArray[np.integer[Any]]
Pools = tuple[Int32s, Floats, Int32s]

ENTRIES_AHEAD = 8
"""How many entries before its own turn the row of one is fetched."""

NO_FLOATS, NO_INTS = np.empty(0), np.empty(0, dtype=np.int32)


@compiled
def _grown(length: int) -> int:
    """Return the room that a row of `length` gets when it moves: a quarter more."""
    return length + length // 4 + 2


@compiled
def _room_needed(rows: Int32s, index: Index) -> int:
    """Return by how much the pool must grow for the sorted `rows` to be added to."""
    needed, i = 0, 0
    while i < len(rows):
        row, first = np.uint64(rows[i]), i
        while i < len(rows) and np.uint64(rows[i]) == row:
            i += 1
        length, capacity = np.int64(0), np.int64(0)
        if has_bit(index.known, row):
            one = index.records[record_of(index.known, index.first, row)]
            length, capacity = np.int64(one.length), np.int64(one.capacity)
        if length + i - first > capacity:
            needed += _grown(length + i - first)
    return needed


@compiled
def _copy_rows(index: Index, pools: Pools, new: Index, new_pools: Pools) -> None:
    """Copy the entries of all rows to where another index has them."""
    for w in range(len(index.active)):
        bits = index.active[w]
        while bits:
            row = (np.uint64(w) << WORD_SHIFT) + lowest_bit(bits)
            bits &= bits - ONE
            old = index.records[record_of(index.known, index.first, row)]
            one = new.records[record_of(new.known, new.first, row)]
            _copy_row(pools, old.begin, new_pools, one.begin, np.int64(old.length))


@compiled
def _copy_row(old: Pools, source: int, new: Pools, target: int, n: int) -> None:
    """Copy `n` entries between pools: columns, and weights and delays where there are any."""
    new[0][target : target + n] = old[0][source : source + n]
    if len(new[1]) > 0:
        new[1][target : target + n] = old[1][source : source + n]
        new[2][target : target + n] = old[2][source : source + n]


@inlined
def _move_entries(pools: Pools, source: int, target: int, n: int) -> None:
    """Move `n` entries within pools, also to where they overlap with what they were."""
    move(pools[0], source, target, n)
    if len(pools[1]) > 0:
        move(pools[1], source, target, n)
        move(pools[2], source, target, n)


@compiled
def _copy_entry(old: Pools, source: int, new: Pools, target: int) -> None:
    """Copy one entry between pools."""
    new[0][target] = old[0][source]
    if len(new[1]) > 0:
        new[1][target] = old[1][source]
        new[2][target] = old[2][source]


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


@inlined
def _fetch_row(rows: AnyInts, i: int, index: Index, pools: Pools) -> None:
    """Fetch the row of the entry a few after number `i`: each waits, but not for each other."""
    row = np.uint64(rows[min(i + ENTRIES_AHEAD, len(rows) - 1)])
    if has_bit(index.known, row):
        one = index.records[record_of(index.known, index.first, row)]
        prefetch_row(pools[0], one.begin, np.int64(one.length))


@compiled
def _insert(
    rows: Int32s, entries: Pools, index: Index, pools: Pools, n_records: int, end: int
) -> tuple[int, int]:
    """Merge entries, sorted by row and column, into the rows; return where records and pools end.

    What is added stands behind what was there with the same column: order of creation.
    """
    i = 0
    while i < len(rows):
        _fetch_row(rows, i, index, pools)
        row, first = np.uint64(rows[i]), i
        while i < len(rows) and np.uint64(rows[i]) == row:
            i += 1
        if not has_bit(index.known, row):
            n_records = make_known(index, row, n_records)
        one = index.records[record_of(index.known, index.first, row)]
        n, more = np.int64(one.length), i - first
        if n + more > one.capacity:
            _move_entries(pools, one.begin, end, n)
            one.begin, one.capacity = end, _grown(n + more)
            end += _grown(n + more)
        low, high = np.int64(one.begin), one.begin + n
        for new in range(i - 1, first - 1, -1):
            place = first_of(pools[0], low, high, np.int64(entries[0][new]) + 1)
            if place < high:
                _move_entries(pools, place, place + new - first + 1, high - place)
            _copy_entry(entries, new, pools, place + new - first)
            high = place
        one.length = n + more
        index.active[row >> WORD_SHIFT] |= ONE << (row & BIT_MASK)
    return n_records, end


@compiled
def _settle_copies(order: Ints, rows: Ints, columns: Ints, copies: Ints) -> None:
    """Sort entries of the same pair, which stand side by side in `order`, by their `copies`."""
    for i in range(1, len(order)):
        k = i
        while (
            k > 0
            and rows[order[k]] == rows[order[k - 1]]
            and columns[order[k]] == columns[order[k - 1]]
            and copies[order[k]] < copies[order[k - 1]]
        ):
            order[k], order[k - 1] = order[k - 1], order[k]
            k -= 1


@compiled
def _remove(rows: Ints, columns: Ints, copies: Ints, index: Index, pools: Pools) -> None:
    """Remove entries, sorted by row, column and copy: each row is closed up once."""
    i = 0
    while i < len(rows):
        _fetch_row(rows, i, index, pools)
        row, first = np.uint64(rows[i]), i
        one = index.records[record_of(index.known, index.first, row)]
        low = np.int64(one.begin)
        high = low + np.int64(one.length)
        place = first_of(pools[0], low, high, columns[i]) + copies[i]
        end = place
        while i < len(rows) and np.uint64(rows[i]) == row:
            i += 1
            gone, place = place, high
            if i < len(rows) and np.uint64(rows[i]) == row:
                if columns[i] == columns[i - 1]:
                    place = gone + copies[i] - copies[i - 1]
                else:
                    place = first_of(pools[0], gone, high, columns[i]) + copies[i]
            _move_entries(pools, gone + 1, end, place - gone - 1)
            end += place - gone - 1
        one.length -= i - first
        if one.length == 0:
            index.active[row >> WORD_SHIFT] &= ~(ONE << (row & BIT_MASK))


def _as_int64(numbers: AnyInts) -> Ints:
    """Return numbers as compiled functions take them."""
    return np.ascontiguousarray(numbers, dtype=np.int64)


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
    index : Index
        Where the entries of each row are.
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
        self.index = new_index(words_of(n_rows), 0)
        self.heterogeneous = heterogeneous
        self.pools = self._new_pools(0)
        self.n_records, self.end = 0, 0

    def _new_pools(self, room: int) -> Pools:
        n = room if self.heterogeneous else 0
        return np.empty(room, np.int32), np.empty(n, np.float64), np.empty(n, np.int32)

    def __len__(self) -> int:
        return int(total_and_longest(self.index, 0, len(self.index.known))[0])

    @property
    def nbytes(self) -> int:
        """Memory of the pools and of the index of the rows (bytes)."""
        return sum(array.nbytes for array in (*self.index, *self.pools))

    def row(self, row: int) -> Int32s:
        """Return the columns of a row, sorted."""
        (begin,), (length,) = self.spans(np.array([row]))
        return self.pools[0][begin : begin + length]

    def spans(self, rows: Ints) -> tuple[Ints, Int32s]:
        """Return where the entries of some rows begin in the pools, and how many there are."""
        begin, length = spans(self.index, rows)
        return begin, length

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
        rows, columns = _as_int64(rows), _as_int64(columns)
        if self.heterogeneous:
            order = order_of_pairs(rows, columns)
            rows, columns = (part[order].astype(np.int32) for part in (rows, columns))
            weights, delays = weights[order], delays[order]
        else:
            rows, columns = sorted_pairs(rows, columns)
        entries = (columns, weights, delays.astype(np.int32))
        index, pools, n_records, end = self.index, self.pools, self.n_records, self.end
        if end + _room_needed(rows, index) > len(pools[0]) or n_records + records_needed(
            index, rows
        ) > len(index.records):
            index, pools, n_records, end = self._laid_out(rows)

        def put() -> None:
            self.index, self.pools = index, pools
            self.n_records, self.end = _insert(rows, entries, index, pools, n_records, end)

        return put

    def _laid_out(self, rows: AnyInts) -> tuple[Index, Pools, int, int]:
        """Return index and pools with room for `rows` to be added to, and where these end."""
        more = new_index(len(self.index.known), 0)
        records, _ = count(more, rows.astype(np.int64), 0)
        return self.laid_out(more._replace(records=records))

    def laid_out(self, more: Index) -> tuple[Index, Pools, int, int]:
        """Return index and pools with room for as many more entries as the rows of `more` have.

        Also where the records, and what is in the pools, end.
        """
        changing = self.end > 0
        n_records, n_entries = laid_out_size(self.index, more, changing)
        # An eighth more, for what will move.
        index = new_index(
            len(self.index.known), n_records + n_records // 8 + 64 if changing else n_records
        )
        pools = self._new_pools(n_entries + n_entries // 8 + 64 if changing else n_entries)
        n_records, end = lay_out_records(self.index, more, index, changing)
        _copy_rows(self.index, self.pools, index, pools)
        return index, pools, n_records, end

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
        rows, columns = _as_int64(rows), _as_int64(columns)
        order = order_of_pairs(rows, columns)
        _settle_copies(order, rows, columns, copies)
        entries = rows[order], columns[order], copies[order]

        def close() -> None:
            _remove(*entries, self.index, self.pools)

        return close

    def entries(self, rows: Ints) -> tuple[Ints, Int32s, Floats, Int32s]:
        """Return copies of some rows: places in `rows`, columns, weights, delays."""
        begin, lengths = self.spans(rows)
        numbers = np.repeat(np.arange(len(rows)), lengths)
        # Where each entry stands: the start of its row, plus its place in the row.
        places = np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places += np.repeat(begin, lengths)
        columns, weights, delays = self.pools
        if not self.heterogeneous:
            return numbers, columns[places], NO_FLOATS, NO_INTS
        return numbers, columns[places], weights[places], delays[places]
