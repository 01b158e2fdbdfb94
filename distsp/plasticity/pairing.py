"""What rank 0 decides at a structural update: pure functions of gathered arrays and a stream."""

import numpy as np

from distsp.base.arrays import Ints
from distsp.base.compiled import compiled
from distsp.rng.streams import uniform

DRAWN_TOGETHER = 1024
"""Numbers: a loop with nothing but the generator in it vectorises."""


@compiled
def choose_without_replacement(entries: Ints, n: int, key: np.uint64, update: int) -> Ints:
    """Return `n` of the entries in a random order, every selection and order equally likely.

    The first `n` steps of a Fisher-Yates shuffle; `entries` is used up.
    """
    drawn = np.empty(DRAWN_TOGETHER)
    for begin in range(0, n, DRAWN_TOGETHER):
        end = min(begin + DRAWN_TOGETHER, n)
        for i in range(begin, end):
            drawn[i - begin] = uniform(key, i, update)
        for i in range(begin, end):
            j = i + np.int64(drawn[i - begin] * (len(entries) - i))
            entries[i], entries[j] = entries[j], entries[i]
    return entries[:n]


def pair(
    pre: Ints,
    pre_vacant: Ints,
    post: Ints,
    post_vacant: Ints,
    key: np.uint64,
    update: int,
    allow_autapses: bool = True,
) -> tuple[Ints, Ints]:
    """Pair vacant elements: all of the shorter list with as many of the longer one.

    Parameters
    ----------
    pre, post : array of int64
        Ints of the neurons with vacant elements, in ascending order.
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
    sources, targets : array of int64
        The new synapses, in order of their creation.
    """
    sources, targets = np.repeat(pre, pre_vacant), np.repeat(post, post_vacant)
    n = min(len(sources), len(targets))
    if len(sources) > n:
        sources = choose_without_replacement(sources, n, key, update)
    else:
        targets = choose_without_replacement(targets, n, key, update)
    if not allow_autapses:
        kept = sources != targets
        sources, targets = sources[kept], targets[kept]
    return sources, targets
