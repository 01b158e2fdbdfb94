"""What rank 0 decides at a structural update: pure functions of gathered arrays and a stream."""

import numpy as np

from distsp.base.arrays import Int32s, Ints
from distsp.base.compiled import compiled
from distsp.base.prefetch import prefetch
from distsp.rng.streams import uniform

DRAWN_TOGETHER = 1024
"""Numbers: a loop with nothing but the generator in it vectorises."""

AHEAD = 32
"""Swaps whose memory is fetched ahead: each waits for it, but not for each other."""


@compiled
def choose_without_replacement(entries: Int32s, n: int, key: np.uint64, update: int) -> Int32s:
    """Return `n` of the entries in a random order, every selection and order equally likely.

    The first `n` steps of a Fisher-Yates shuffle; `entries` is used up.
    """
    drawn, places = np.empty(DRAWN_TOGETHER), np.empty(DRAWN_TOGETHER + AHEAD, np.int64)
    places[DRAWN_TOGETHER:] = 0
    for begin in range(0, n, DRAWN_TOGETHER):
        end = min(begin + DRAWN_TOGETHER, n)
        for i in range(begin, end):
            drawn[i - begin] = uniform(key, i, update)
        for i in range(begin, end):
            places[i - begin] = i + np.int64(drawn[i - begin] * (len(entries) - i))
        for i in range(min(AHEAD, end - begin)):
            prefetch(entries, places[i])
        for i in range(begin, end):
            prefetch(entries, places[i - begin + AHEAD])
            j = places[i - begin]
            entries[i], entries[j] = entries[j], entries[i]
    return entries[:n]


@compiled
def _repeat(ids: Ints, counts: Ints, entries: Int32s) -> None:
    """Write each id as often as its count says."""
    k = 0
    for i in range(len(ids)):
        for _ in range(counts[i]):
            entries[k] = ids[i]
            k += 1


def pair(
    pre: Ints,
    pre_vacant: Ints,
    post: Ints,
    post_vacant: Ints,
    key: np.uint64,
    update: int,
    allow_autapses: bool = True,
) -> Int32s:
    """Pair vacant elements: all of the shorter list with as many of the longer one.

    Parameters
    ----------
    pre, post : array of int64
        Ids of the neurons with vacant elements, in ascending order.
    pre_vacant, post_vacant : array of int64
        How many each has.
    key : uint64
        The stream.
    update : int
        The step of the update.
    allow_autapses : bool
        Whether a neuron paired with itself counts.

    Returns
    -------
    array (2, n) of int32
        Sources and targets of the new synapses, in order of their creation.
    """
    n_pre, n_post = int(pre_vacant.sum()), int(post_vacant.sum())
    n = min(n_pre, n_post)
    made = np.empty((2, n), dtype=np.int32)
    # The shorter list stays in its order; the longer one needs more room than there is in `made`.
    sources = made[0] if n_pre == n else np.empty(n_pre, dtype=np.int32)
    targets = made[1] if n_post == n else np.empty(n_post, dtype=np.int32)
    _repeat(pre, pre_vacant, sources)
    _repeat(post, post_vacant, targets)
    if n_pre > n:
        made[0] = choose_without_replacement(sources, n, key, update)
    else:
        made[1] = choose_without_replacement(targets, n, key, update)
    return made if allow_autapses else made[:, made[0] != made[1]]
