"""Which synapses a user's call removes, found in this rank's table."""

import numpy as np

from distsp.base.arrays import Bools, Int32s, Ints
from distsp.base.compiled import compiled
from distsp.base.sorting import order_of_pairs
from distsp.engine.adjacency import first_of
from distsp.engine.synapses import TypeTable
from distsp.parallel.layout import global_id
from distsp.rng.streams import philox, unit

SYNAPSES_TOGETHER = 4_000_000
"""Synapses that are looked through, and removed, at a time."""

Found = tuple[Ints, Ints, Ints]
"""Source (global id), target (local index) and which synapse of the pair, in order of creation."""


def pieces_of(table: TypeTable, sources: Ints) -> list[Ints]:
    """Return sources (global ids) in groups that have so many synapses together."""
    lengths = table.outgoing.spans(table.rows(sources))[1]
    piece = np.cumsum(lengths, dtype=np.int64) // SYNAPSES_TOGETHER
    return np.split(sources, np.flatnonzero(np.diff(piece)) + 1)


def drawn_between(
    table: TypeTable, sources: Ints, is_target: Bools, key: np.uint64, fraction: float
) -> Found:
    """Return synapses from some neurons to others, each with a probability.

    Parameters
    ----------
    table : TypeTable
    sources : array of int64
        Global ids.
    is_target : array (n_local,) of bool
    key : uint64
        The stream of the lots.
    fraction : float
        The probability.
    """
    layout = table.layout
    return _drawn_between(
        sources,
        *table.outgoing.spans(table.rows(sources)),
        table.outgoing.pools[0],
        is_target,
        key,
        fraction,
        layout.rank,
        layout.size,
    )


@compiled
def _drawn_between(
    sources: Ints,
    begin: Ints,
    length: Int32s,
    pool: Int32s,
    is_target: Bools,
    key: np.uint64,
    fraction: float,
    rank: int,
    size: int,
) -> Found:
    """Return the synapses of some sources whose lots are below `fraction`.

    A lot belongs to source, target and place among the synapses of the pair.
    """
    total = 0
    for n in length:
        total += n
    found = np.empty((3, total), np.int64)
    count = 0
    for i in range(len(sources)):
        source, copy = sources[i], 0
        for k in range(begin[i], begin[i] + length[i]):
            target = pool[k]
            copy = copy + 1 if k > begin[i] and target == pool[k - 1] else 0
            if not is_target[target]:
                continue
            if fraction < 1.0:
                target_id = np.uint64(global_id(target, rank, size))
                w0, w1, _, _ = philox(
                    key, np.uint64(source), target_id, np.uint64(copy), np.uint64(0)
                )
                if unit(w0, w1) >= fraction:
                    continue
            found[0, count], found[1, count], found[2, count] = source, target, copy
            count += 1
    return found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()


def oldest_of_pairs(table: TypeTable, sources: Ints, targets: Ints) -> tuple[Ints, Bools]:
    """Return the oldest synapse of each pair, the next one where a pair stands there again.

    Parameters
    ----------
    table : TypeTable
    sources : array (n,) of int64
        Global ids.
    targets : array (n,) of int64
        Local indices.

    Returns
    -------
    copies : array (n,) of int64
        Which synapse of the pair.
    there : array (n,) of bool
        Whether there is one.
    """
    copies, there = np.zeros(len(sources), np.int64), np.zeros(len(sources), bool)
    _oldest_of_pairs(
        order_of_pairs(sources, targets),
        sources,
        targets,
        *table.outgoing.spans(table.rows(sources)),
        table.outgoing.pools[0],
        copies,
        there,
    )
    return copies, there


@compiled
def _oldest_of_pairs(
    order: Ints,
    sources: Ints,
    targets: Ints,
    begin: Ints,
    length: Int32s,
    pool: Int32s,
    copies: Ints,
    there: Bools,
) -> None:
    """Write what `oldest_of_pairs` returns; `order` sorts by source and target, and is stable."""
    for n in range(len(order)):
        i = order[n]
        if n > 0:
            last = order[n - 1]
            if sources[last] == sources[i] and targets[last] == targets[i]:
                copies[i] = copies[last] + 1
        low = begin[i]
        high = low + length[i]
        place = first_of(pool, low, high, targets[i]) + copies[i]
        there[i] = place < high and pool[place] == targets[i]
