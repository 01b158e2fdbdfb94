"""Pairing by distance over all ranks: rank 0 knows who is where, and draws for all."""

import numpy as np

from distsp.base.arrays import Int32s, Ints
from distsp.engine.synapses import TypeTable
from distsp.network.space import Space
from distsp.parallel.ranks import Ranks
from distsp.plasticity.partners import pair_by_distance
from distsp.rng.streams import Purpose, stream_key


def paired_nearby(
    table: TypeTable,
    space: Space,
    ranks: Ranks,
    free_pre: tuple[Ints, Ints],
    free_post: tuple[Ints, Ints],
    seed: int,
    step: int,
) -> Int32s:
    """Return the new synapses of a type with a kernel, on rank 0; collective.

    Parameters
    ----------
    table : TypeTable
    space : Space
        Where the neurons are.
    ranks : Ranks
    free_pre, free_post : tuple of array of int64
        On rank 0: ids of all neurons with vacant elements, in ascending order, and how many.
    seed : int
    step : int

    Returns
    -------
    array (2, n) of int32
        Sources and targets, in order of their creation; empty on other ranks.
    """
    description = table.description
    assert description.kernel is not None
    connected = None
    if not description.allow_multapses:
        connected = _connected(table, ranks, free_pre[0], free_post[0])
    made = pair_by_distance(
        *free_pre,
        *free_post,
        space.at(free_pre[0]),
        space.at(free_post[0]),
        space.period,
        description.kernel,
        stream_key(seed, Purpose.PAIR, table.index),
        stream_key(seed, Purpose.PARTNER, table.index),
        step,
        description.allow_autapses,
        connected,
    )
    return np.stack(made).astype(np.int32)


def _connected(table: TypeTable, ranks: Ranks, pre: Ints, post: Ints) -> Ints:
    """Return which neurons with vacant elements are connected, on rank 0; collective.

    Each pair (place in `pre`, place in `post`) once; each target's rank knows its own.
    """
    pre, post = ranks.broadcast_array(pre), ranks.broadcast_array(post)
    own = np.arange(len(post))[table.layout.here(post)]
    start, length = table.incoming.spans(table.incoming_rows(table.layout.places(post[own])))
    before = np.cumsum(length) - length
    entries = np.repeat(start - before, length) + np.arange(length.sum())
    sources, targets = table.incoming.pools[0][entries], np.repeat(own, length)
    places = np.minimum(np.searchsorted(pre, sources), max(len(pre) - 1, 0))
    kept = pre[places] == sources if len(pre) else np.zeros(len(sources), dtype=bool)
    pairs = np.unique(np.stack([places[kept], targets[kept]], axis=1), axis=0)
    return ranks.join_on_0(pairs.astype(np.int64))
