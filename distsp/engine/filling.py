"""Very many entries for a table, in pieces that come twice: counted, and then put in place.

So a connection of any size needs memory for its entries and for a piece, and no sorting where a
rule draws them in order of their targets.
"""

from collections.abc import Callable

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.bits import BIT_MASK, ONE, WORD_SHIFT, lowest_bit
from distsp.base.compiled import compiled
from distsp.base.prefetch import prefetch
from distsp.engine.adjacency import NO_FLOATS, Adjacency, Pools
from distsp.engine.index import Index, count, length_of, new_index, record_of

AHEAD = 64
"""Entries whose memory is fetched together: each waits for it, but not for each other."""

NO_DELAYS = np.empty(0, dtype=np.int64)


@compiled
def _append(
    rows: Ints, columns: Ints, weights: Floats, delays: Ints, index: Index, pools: Pools
) -> None:
    """Put entries behind those of their rows, which have room for them."""
    records = np.empty(AHEAD, np.uint64)
    for begin in range(0, len(rows), AHEAD):
        n = min(AHEAD, len(rows) - begin)
        for i in range(n):
            records[i] = record_of(index.known, index.first, np.uint64(rows[begin + i]))
            prefetch(index.records, records[i])
        for i in range(n):
            one = index.records[records[i]]
            prefetch(pools[0], one.begin + np.int64(one.length))
        for i in range(n):
            row, one = np.uint64(rows[begin + i]), index.records[records[i]]
            place = one.begin + np.int64(one.length)
            pools[0][place] = columns[begin + i]
            if len(pools[1]) > 0:
                pools[1][place], pools[2][place] = weights[begin + i], delays[begin + i]
            one.length += 1
            index.active[row >> WORD_SHIFT] |= ONE << (row & BIT_MASK)


@compiled
def _settle(old: Index, more: Index, index: Index, pools: Pools) -> None:
    """Sort the rows that have got more entries, equal columns by creation, where need be."""
    for w in range(len(more.active)):
        bits = more.active[w]
        while bits:
            row = (np.uint64(w) << WORD_SHIFT) + lowest_bit(bits)
            bits &= bits - ONE
            one = index.records[record_of(index.known, index.first, row)]
            begin, end = np.int64(one.begin), one.begin + np.int64(one.length)
            place = begin + max(length_of(old, row), np.int64(1))
            while place < end and pools[0][place - 1] <= pools[0][place]:
                place += 1
            if place >= end:
                continue
            order = np.argsort(pools[0][begin:end], kind="mergesort")
            pools[0][begin:end] = pools[0][begin:end][order]
            if len(pools[1]) > 0:
                pools[1][begin:end] = pools[1][begin:end][order]
                pools[2][begin:end] = pools[2][begin:end][order]


class Filling:
    """A table that is to get very many entries; it stays as it is until they are all there.

    Parameters
    ----------
    table : Adjacency
        Which must not change meanwhile.

    Examples
    --------
    >>> table = Adjacency(2)
    >>> filling, pieces = Filling(table), [([1, 0], [5, 3]), ([1], [4])]
    >>> for rows, _ in pieces:
    ...     filling.count(np.array(rows))
    >>> filling.make_room()
    >>> for rows, columns in pieces:
    ...     filling.append(np.array(rows), np.array(columns))
    >>> filling.settled()()
    >>> table.row(1)
    array([4, 5], dtype=int32)
    """

    def __init__(self, table: Adjacency) -> None:
        self.table = table
        self._more, self._n_counted = new_index(len(table.index.known), 0), 0

    def count(self, rows: Ints) -> None:
        """Count the entries of a piece."""
        records, self._n_counted = count(self._more, rows, self._n_counted)
        self._more = self._more._replace(records=records)

    def make_room(self) -> None:
        """Make room for all that has been counted."""
        self._index, self._pools, *self._ends = self.table.laid_out(self._more)

    def append(
        self, rows: Ints, columns: Ints, weights: Floats = NO_FLOATS, delays: Ints = NO_DELAYS
    ) -> None:
        """Add the entries of a piece, as `Adjacency.insert` takes them."""
        _append(rows, columns, weights, delays, self._index, self._pools)

    def settled(self) -> Callable[[], None]:
        """Return what gives all entries to the table, and needs no more memory for it."""
        _settle(self.table.index, self._more, self._index, self._pools)

        def put() -> None:
            self.table.index, self.table.pools = self._index, self._pools
            self.table.n_records, self.table.end = self._ends

        return put
