"""Which synapses break: each draws a lot, and those with the lowest go."""

from typing import Any

import numpy as np

from distsp.base.arrays import Int32s, Ints, UInt64s
from distsp.base.compiled import compiled, inlined
from distsp.base.prefetch import prefetch_row
from distsp.parallel.layout import global_id
from distsp.rng.streams import philox

MOST_COPIES = 2**16
"""Synapses of a type between the same two neurons, whose lots have 16 bits for their number."""

PLACE, OTHER, COPY, LOT = 0, 1, 2, 3
"""Columns of what `candidates` returns."""

FEW = 16
"""So many candidates are sorted faster one by one."""

ROWS_AHEAD = 8
"""How many rows before its lots are drawn the entries of one are fetched."""

MOST_LOT = np.uint64(2**64 - 1)


@compiled
def lowest(lots: UInt64s, k: int) -> Ints:
    """Return the places of the `k` lowest lots, or of all if there are fewer.

    A few are found by looking through all lots for each: a tenth of the time of sorting them.
    """
    n = len(lots)
    if k >= n:
        return np.arange(n)
    if k > 8:
        return np.argsort(lots, kind="mergesort")[:k]
    chosen, count, level = np.empty(k, np.int64), 0, MOST_LOT
    for i in range(n):
        level = min(level, lots[i])
    while True:
        for i in range(n):
            if lots[i] == level:
                chosen[count] = i
                count += 1
                if count == k:
                    return chosen
        following = MOST_LOT
        for i in range(n):
            following = min(following, lots[i] if lots[i] > level else MOST_LOT)
        level = following


@compiled
def candidates(
    begin: Ints,
    length: Int32s,
    owners: Ints,
    quotas: Ints,
    pool: Int32s,
    key: np.uint64,
    update: int,
    by_source: bool,
    rank: int,
    size: int,
) -> tuple[Ints, int]:
    """Draw a lot for each synapse of some rows and return the lowest of each row.

    Parameters
    ----------
    begin : array (n,) of int64
    length : array (n,) of int32
        Where the synapses of each neuron begin in the table, and how many there are.
    owners : array (n,) of int64
        Global ids of these neurons.
    quotas : array (n,) of int64
        How many synapses each neuron must lose: no more are returned for a row.
    pool : array of int32
        The table.
    key : uint64
        The stream of the lots.
    update : int
        The step of the update.
    by_source : bool
        Whether a row belongs to a source.
    rank, size : int
        Whose places the columns are; 0 and 1 where they are global ids.

    Returns
    -------
    drawn : array (n, 4) of int64
        Place of the row, global id of the other neuron, which synapse of the pair, and the lot,
        whose 64 bits have no sign.
    most : int
        The largest number of synapses of a pair; beyond MOST_COPIES they would share lots.
    """
    total, most, longest = 0, np.int64(0), np.int64(0)
    for i in range(len(owners)):
        total += min(np.int64(length[i]), quotas[i])
        longest = max(longest, np.int64(length[i]))
    drawn, count = np.empty((total, 4), np.int64), 0
    all_lots, all_copies = np.empty(longest, np.uint64), np.empty(longest, np.int64)
    # 16 bits for the copy and 48 for the step share the last two words.
    when = np.uint64(update)
    low, high = when & np.uint64(0xFFFFFFFF), (when >> np.uint64(32)) << np.uint64(16)
    for i in range(len(owners)):
        ahead = min(i + ROWS_AHEAD, len(owners) - 1)
        prefetch_row(pool, begin[ahead], np.int64(length[ahead]))
        n = np.int64(length[i])
        columns, lots, copies = pool[begin[i] : begin[i] + n], all_lots[:n], all_copies[:n]
        most = max(most, _number_copies(columns, copies))
        owner = np.uint64(owners[i])
        # A loop for each side, with nothing but the generator in it, takes a tenth of the time.
        if by_source:
            for k in range(n):
                other_id = np.uint64(global_id(columns[k], rank, size))
                w = philox(key, owner, other_id, low, high | np.uint64(copies[k]))
                lots[k] = w[0] << np.uint64(32) | w[1]
        else:
            for k in range(n):
                other_id = np.uint64(global_id(columns[k], rank, size))
                w = philox(key, other_id, owner, low, high | np.uint64(copies[k]))
                lots[k] = w[0] << np.uint64(32) | w[1]
        for k in lowest(lots, quotas[i]):
            drawn[count, PLACE], drawn[count, OTHER] = i, global_id(columns[k], rank, size)
            drawn[count, COPY], drawn[count, LOT] = copies[k], np.int64(lots[k])
            count += 1
    return drawn, int(most)


@inlined
def _number_copies(columns: Int32s, copies: Ints) -> np.int64:
    """Write which of the same pair each synapse of a sorted row is; return the most of a pair."""
    repeated = np.int64(0)
    for k in range(len(columns)):
        copies[k] = 0
    for k in range(1, len(columns)):
        repeated |= np.int64(columns[k] == columns[k - 1])
    most = repeated
    # One after the other only where need be.
    for k in range(1, len(columns) * repeated):
        if columns[k] == columns[k - 1]:
            copies[k] = copies[k - 1] + 1
            most = max(most, copies[k] + 1)
    return most


@compiled
def lowest_of_each(drawn: Ints, owners: Ints, quotas: Ints) -> Int32s:
    """Return which synapses break: of each neuron as many as its quota, those with the lowest lots.

    Lots are random and belong to a synapse, so the choice is uniform and does not depend on the
    order in which they come.

    Parameters
    ----------
    drawn : array (n, 4) of int64
        As `candidates` returns it, of any rank; equal lots are told apart by synapse.
    owners, quotas : array (m,) of int64
        As `candidates` takes them.

    Returns
    -------
    array (3, n) of int32
        Ids of the neuron and of the other one, and which synapse of the pair.
    """
    # Candidates by owner, those of owner i from begin[i] to begin[i + 1].
    begin, n = np.zeros(len(quotas) + 1, np.int64), np.int64(0)
    for c in range(len(drawn)):
        begin[drawn[c, PLACE] + 1] += 1
    for i in range(len(quotas)):
        n += min(begin[i + 1], quotas[i])
        begin[i + 1] += begin[i]
    of_owner, filled = np.empty(len(drawn), np.int64), begin[:-1].copy()
    for c in range(len(drawn)):
        i = drawn[c, PLACE]
        of_owner[filled[i]] = c
        filled[i] += 1
    broken, n = np.empty((3, n), np.int32), np.int64(0)
    for i in range(len(quotas)):
        mine = of_owner[begin[i] : begin[i + 1]]
        if len(mine) > quotas[i]:
            if len(mine) > FEW:
                mine = mine[np.argsort(drawn[mine, LOT].view(np.uint64))]
            _sort_nearly_sorted(mine, drawn)
        for c in mine[: quotas[i]]:
            broken[0, n], broken[1, n], broken[2, n] = owners[i], drawn[c, OTHER], drawn[c, COPY]
            n += 1
    return broken


@inlined
def _sort_nearly_sorted(order: Ints, drawn: Ints) -> None:
    """Sort candidates by their lots, and equal lots by synapse, where few are out of place."""
    for i in range(1, len(order)):
        k = i
        while k > 0 and _before(drawn[order[k]], drawn[order[k - 1]]):
            order[k], order[k - 1] = order[k - 1], order[k]
            k -= 1


@inlined
def _before(one: Ints, other: Ints) -> Any:
    """Return whether a candidate goes before another."""
    lot, other_lot = np.uint64(one[LOT]), np.uint64(other[LOT])
    if lot != other_lot:
        return lot < other_lot
    return (one[OTHER], one[COPY]) < (other[OTHER], other[COPY])
