"""Which synapses break: each draws a lot, and those with the lowest go."""

import numpy as np

from distsp.base.arrays import Int32s, Ints, UInt64s
from distsp.base.compiled import compiled
from distsp.parallel.layout import global_id
from distsp.rng.streams import philox

MOST_COPIES = 2**16
"""Synapses of a type between the same two neurons, whose lots have 16 bits for their number."""


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
    chosen, taken = np.empty(k, np.int64), np.zeros(n, np.bool_)
    for c in range(k):
        best = -1
        for i in range(n):
            if not taken[i] and (best < 0 or lots[i] < lots[best]):
                best = i
        chosen[c], taken[best] = best, True
    return chosen


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
) -> tuple[Ints, Ints, Ints, UInt64s, int]:
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
    place, other, copy : array of int64
        Place of the row, global id of the other neuron, which synapse of the pair.
    lot : array of uint64
    most : int
        The largest number of synapses of a pair; beyond MOST_COPIES they would share lots.
    """
    total, most = 0, 0
    for i in range(len(owners)):
        total += min(np.int64(length[i]), quotas[i])
    place, other, copy = (
        np.empty(total, np.int64),
        np.empty(total, np.int64),
        np.empty(total, np.int64),
    )
    lot = np.empty(total, np.uint64)
    count = 0
    # 16 bits for the copy and 48 for the step share the last two words.
    when = np.uint64(update)
    low, high = when & np.uint64(0xFFFFFFFF), (when >> np.uint64(32)) << np.uint64(16)
    for i in range(len(owners)):
        n = np.int64(length[i])
        columns = pool[begin[i] : begin[i] + n]
        lots, copies = np.empty(n, np.uint64), np.zeros(n, np.int64)
        for k in range(1, n):
            if columns[k] == columns[k - 1]:
                copies[k] = copies[k - 1] + 1
                most = max(most, copies[k] + 1)
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
            place[count], other[count] = i, global_id(columns[k], rank, size)
            copy[count], lot[count] = copies[k], lots[k]
            count += 1
    return place, other, copy, lot, most


@compiled
def lowest_of_each(owner: Ints, lots: UInt64s, ties: Ints, quota: Ints) -> Ints:
    """Return which candidates go: of each owner as many as its quota, those with the lowest lots.

    Lots are random and belong to a candidate, so the choice is uniform and does not depend on the
    order in which candidates come.

    Parameters
    ----------
    owner : array (n,) of int64
        Place of each candidate's neuron in `quota`.
    lots : array (n,) of uint64
    ties : array (n,) of int64
        Decides between equal lots.
    quota : array (m,) of int64

    Returns
    -------
    array of int64
        Places of the chosen candidates.
    """
    # Candidates by owner, those of owner i from begin[i] to begin[i + 1].
    begin = np.zeros(len(quota) + 1, np.int64)
    for i in owner:
        begin[i + 1] += 1
    begin = np.cumsum(begin)
    of_owner, filled = np.empty(len(owner), np.int64), begin[:-1].copy()
    for candidate in range(len(owner)):
        i = owner[candidate]
        of_owner[filled[i]] = candidate
        filled[i] += 1
    chosen, count = np.empty(len(owner), np.int64), 0
    for i in range(len(quota)):
        mine = of_owner[begin[i] : begin[i + 1]]
        if len(mine) > quota[i]:
            mine = mine[np.argsort(lots[mine])]
            _settle_ties(mine, lots, ties)
        for candidate in mine[: quota[i]]:
            chosen[count] = candidate
            count += 1
    return chosen[:count]


@compiled
def _settle_ties(order: Ints, lots: UInt64s, ties: Ints) -> None:
    """Sort candidates of equal lots, which stand side by side in `order`, by their ties."""
    for i in range(1, len(order)):
        k = i
        while (
            k > 0 and lots[order[k]] == lots[order[k - 1]] and ties[order[k]] < ties[order[k - 1]]
        ):
            order[k], order[k - 1] = order[k - 1], order[k]
            k -= 1
