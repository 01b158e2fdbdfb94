"""What rank 0 decides at a structural update: pure functions of gathered arrays and a stream."""

import numpy as np
import numpy.typing as npt

from distsp.base.compiled import compiled
from distsp.rng.streams import uniform

Ids = npt.NDArray[np.int64]

CHUNK = 1024
"""Numbers drawn together: a loop with nothing but the generator in it vectorises."""


@compiled
def choose_without_replacement(entries, n, key, update):  # type: ignore[no-untyped-def]
    """Return `n` of the entries in a random order, every selection and order equally likely.

    The first `n` steps of a Fisher-Yates shuffle; `entries` is used up.
    """
    drawn = np.empty(CHUNK)
    for begin in range(0, n, CHUNK):
        end = min(begin + CHUNK, n)
        for i in range(begin, end):
            drawn[i - begin] = uniform(key, i, update)
        for i in range(begin, end):
            j = i + np.int64(drawn[i - begin] * (len(entries) - i))
            entries[i], entries[j] = entries[j], entries[i]
    return entries[:n]


def pair(
    pre: Ids,
    pre_vacant: Ids,
    post: Ids,
    post_vacant: Ids,
    key: np.uint64,
    update: int,
    allow_autapses: bool = True,
) -> tuple[Ids, Ids]:
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


@compiled
def lowest_of_each(owner, lots, ties, quota):  # type: ignore[no-untyped-def]
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
def _settle_ties(order, lots, ties):  # type: ignore[no-untyped-def]
    """Sort candidates of equal lots, which stand side by side in `order`, by their ties."""
    for i in range(1, len(order)):
        k = i
        while (
            k > 0 and lots[order[k]] == lots[order[k - 1]] and ties[order[k]] < ties[order[k - 1]]
        ):
            order[k], order[k - 1] = order[k - 1], order[k]
            k -= 1
