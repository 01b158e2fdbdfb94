"""What rank 0 decides at a structural update: pure functions of gathered arrays and a stream."""

import numpy as np
import numpy.typing as npt

from distsp.compiled import compiled
from distsp.streams import uniform

Ids = npt.NDArray[np.int64]


@compiled
def choose_without_replacement(entries, n, key, update):  # type: ignore[no-untyped-def]
    """Return `n` of the entries in a random order, every selection and order equally likely.

    The first `n` steps of a Fisher-Yates shuffle; `entries` is used up.
    """
    for i in range(n):
        j = i + np.int64(uniform(key, i, update) * (len(entries) - i))
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


def lowest_of_each(owner: Ids, lots: npt.NDArray[np.uint64], ties: Ids, quota: Ids) -> Ids:
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
    order = np.lexsort((ties, lots, owner))
    first = np.searchsorted(owner[order], np.arange(len(quota)))
    place = np.arange(len(order)) - first[owner[order]]
    return order[place < quota[owner[order]]]
