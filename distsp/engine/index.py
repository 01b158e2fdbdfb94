"""Where the few rows of a long table that have entries are.

A rank of many has synapses of few of the network's neurons, but sees the spikes of all. So a row
without entries is a bit, and only one with entries has a record. 64 rows are a word: its bits say
which of them have records, and `first` where these stand, in order of the rows. A word whose
records have no more room moves them to the end, as rows move in the pool.

64 rows take 21 bytes, and each row that has had entries 16 bytes more.
"""

from typing import Any, NamedTuple

import numpy as np

from distsp.base.arrays import Array, Int32s, Ints, Records, UInt64s, record
from distsp.base.bits import (
    BIT_MASK,
    ONE,
    WORD_BITS,
    WORD_SHIFT,
    has_bit,
    lowest_bit,
    ones,
    ones_below,
)
from distsp.base.compiled import compiled, inlined

RECORD = record(("begin", np.int64), ("length", np.int32), ("capacity", np.int32))
"""Where the entries of a row begin in the pool, how many there are, and how many have room."""


class Index(NamedTuple):
    """Where the entries of each row are."""

    active: UInt64s  # a bit for each row: whether it has entries
    known: UInt64s  # a bit for each row: whether it has a record
    first: Int32s  # for each word: the record of the first row that has one
    room: Array  # for each word, uint8: how many records it has room for
    records: Records  # a `RECORD` each


def words_of(n_rows: int) -> int:
    """Return how many words have so many rows."""
    return -(-n_rows // WORD_BITS)


def new_index(n_words: int, n_records: int) -> Index:
    """Return the index of rows that are all empty, with memory for so many records."""
    return Index(
        np.zeros(n_words, np.uint64),
        np.zeros(n_words, np.uint64),
        np.zeros(n_words, np.int32),
        np.zeros(n_words, np.uint8),
        np.empty(n_records, RECORD).view(np.recarray),
    )


@inlined
def record_of(known: UInt64s, first: Int32s, row: np.uint64) -> np.uint64:
    """Return which record a row has, or would have: that after those of the rows before it."""
    word = row >> WORD_SHIFT
    return np.uint64(first[word]) + ones_below(known[word], row)


@compiled
def spans(index: Index, rows: Ints) -> tuple[Ints, Int32s]:
    """Return where the entries of some rows begin, and how many there are."""
    begin, length = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int32)
    for i in range(len(rows)):
        row = np.uint64(rows[i])
        if has_bit(index.active, row):
            one = index.records[record_of(index.known, index.first, row)]
            begin[i], length[i] = one.begin, one.length
    return begin, length


@compiled
def total_and_longest(index: Index, first_word: int, last_word: int) -> tuple[np.int64, np.int64]:
    """Return how many entries the rows of some words have together, and the longest of them."""
    total, longest = np.int64(0), np.int64(0)
    for word in range(first_word, last_word):
        begin = np.int64(index.first[word])
        for k in range(begin, begin + np.int64(ones(index.known[word]))):
            length = np.int64(index.records[k].length)
            total += length
            longest = max(longest, length)
    return total, longest


@inlined
def _moved_room(n: Any) -> Any:
    """Return for how many records a word gets room that moves: a quarter more than it has."""
    return min(n + n // 4 + 1, WORD_BITS)


@compiled
def records_needed(index: Index, rows: Int32s) -> int:
    """Return by how many records the index must grow for each of the sorted `rows` to have one."""
    needed, i = 0, 0
    while i < len(rows):
        word = np.uint64(rows[i]) >> WORD_SHIFT
        known = index.known[word]
        while i < len(rows) and np.uint64(rows[i]) >> WORD_SHIFT == word:
            known |= ONE << (np.uint64(rows[i]) & BIT_MASK)
            i += 1
        n = np.int64(ones(known))
        if n > index.room[word]:
            needed += _most_moved(np.int64(ones(index.known[word])), n, index.room[word])
    return needed


@compiled
def _most_moved(n: Any, last: Any, room: Any) -> int:
    """Return what a word with `n` records takes that gets one after the other up to `last`."""
    needed = 0
    while n < last:
        n += 1
        if n > room:
            room = _moved_room(n)
            needed += room
    return needed


@compiled
def make_known(index: Index, row: np.uint64, end: Any) -> Any:
    """Give an empty record to a row that has none; return where the records now end."""
    word = row >> WORD_SHIFT
    n, first = np.int64(ones(index.known[word])), np.int64(index.first[word])
    if n + 1 > index.room[word]:
        for k in range(n):
            _copy_record(index.records, first + k, end + k)
        first = end
        index.first[word], index.room[word] = first, _moved_room(n + 1)
        end += _moved_room(n + 1)
    place = np.int64(record_of(index.known, index.first, row))
    for k in range(first + n, place, -1):
        _copy_record(index.records, k - 1, k)
    one = index.records[place]
    one.begin, one.length, one.capacity = 0, 0, 0
    index.known[word] |= ONE << (row & BIT_MASK)
    return end


@inlined
def _copy_record(records: Records, source: int, target: int) -> None:
    old, new = records[source], records[target]
    new.begin, new.length, new.capacity = old.begin, old.length, old.capacity


@compiled
def count(index: Index, rows: Ints, end: int) -> tuple[Records, int]:
    """Count the entries that rows are to get as their lengths; return the records, and their end.

    Parameters
    ----------
    index : Index
        Of lengths only.
    rows : array of int64
        A row for each entry, in any order.
    end : int
        Where its records end.
    """
    records = index.records
    for i in range(len(rows)):
        row = np.uint64(rows[i])
        if not has_bit(index.known, row):
            if end + WORD_BITS > len(records):
                records = _longer(records)
            grown = Index(index.active, index.known, index.first, index.room, records)
            end = make_known(grown, row, end)
            index.active[row >> WORD_SHIFT] |= ONE << (row & BIT_MASK)
        records[record_of(index.known, index.first, row)].length += 1
    return records, end


@compiled
def _longer(records: Records) -> Records:
    """Return records with twice the room."""
    longer = np.empty(2 * len(records) + WORD_BITS, records.dtype)
    for k in range(len(records)):
        old, new = records[k], longer[k]
        new.begin, new.length, new.capacity = old.begin, old.length, old.capacity
    return longer


@inlined
def length_of(index: Index, row: np.uint64) -> Any:
    """Return how many entries a row has."""
    if has_bit(index.active, row):
        return np.int64(index.records[record_of(index.known, index.first, row)].length)
    return np.int64(0)


@inlined
def row_room(length: Any, changing: bool) -> Any:
    """Return for how many entries a row gets room where all are laid out anew."""
    return length + length // 16 + 1 if changing else length


@inlined
def _word_room(n: Any, changing: bool) -> Any:
    """Return for how many records a word gets room where all are laid out anew."""
    return min(n + n // 16 + 1, WORD_BITS) if changing and n > 0 else n


@compiled
def laid_out_size(index: Index, more: Index, changing: bool) -> tuple[np.int64, np.int64]:
    """Return how many records and entries a table has that is laid out anew with room for `more`.

    Exact in a table that is made once; a sixteenth more of each where it is `changing`, or each of
    the next rows to grow would have to move at once.
    """
    n_records, n_entries = np.int64(0), np.int64(0)
    for w in range(len(index.active)):
        bits = index.active[w] | more.active[w]
        n_records += _word_room(np.int64(ones(bits)), changing)
        while bits:
            row = (np.uint64(w) << WORD_SHIFT) + lowest_bit(bits)
            bits &= bits - ONE
            n_entries += row_room(length_of(index, row) + length_of(more, row), changing)
    return n_records, n_entries


@compiled
def lay_out_records(
    index: Index, more: Index, new: Index, changing: bool
) -> tuple[np.int64, np.int64]:
    """Give a record to each row that has entries or is to get `more`; return where they end.

    In `new` each has its room, and the entries that it had in `index` are still to be copied.
    """
    end, place = np.int64(0), np.int64(0)
    for w in range(len(index.active)):
        bits = index.active[w] | more.active[w]
        new.active[w], new.known[w] = index.active[w], bits
        new.first[w], new.room[w] = end, _word_room(np.int64(ones(bits)), changing)
        k = end
        end += np.int64(new.room[w])
        while bits:
            row = (np.uint64(w) << WORD_SHIFT) + lowest_bit(bits)
            bits &= bits - ONE
            one, length = new.records[k], length_of(index, row)
            one.begin, one.length = place, length
            one.capacity = row_room(length + length_of(more, row), changing)
            place += np.int64(one.capacity)
            k += 1
    return end, place
