"""Synaptic elements at an update: which are vacant, and what binding and freeing does to them."""

import numpy as np

from distsp.base.arrays import Floats, Int32s, Ints
from distsp.base.compiled import compiled

LACKING, VACANT = 0, 1
"""Whether a neuron has bound more elements than it has, or less."""


@compiled
def imbalances(z: Floats, z_connected: Int32s, found: Ints) -> None:
    """Write whether any neuron is `LACKING` elements, or has `VACANT` ones.

    Parameters
    ----------
    z : array (element, neuron) of float64
    z_connected : array (element, neuron) of int32
    found : array (element, 2) of int64
        1 where any does, else 0; written to.
    """
    for e in range(len(z)):
        least, most = np.int64(0), np.int64(0)
        for i in range(z.shape[1]):
            count = np.int64(np.floor(z[e, i])) - z_connected[e, i]
            least, most = min(least, count), max(most, count)
        found[e, LACKING], found[e, VACANT] = np.int64(least < 0), np.int64(most > 0)


@compiled
def imbalanced(z: Floats, z_connected: Int32s, sign: int) -> Int32s:
    """Return neurons with vacant elements (`sign` 1), or with too few (-1).

    Returns
    -------
    array (n, 2) of int32
        Their places, and how many elements are vacant, or too few.
    """
    n = np.int64(0)
    for i in range(len(z)):
        n += np.int64(sign * (np.int64(np.floor(z[i])) - z_connected[i]) > 0)
    rows = np.empty((n, 2), np.int32)
    n = np.int64(0)
    for i in range(len(z)):
        count = sign * (np.int64(np.floor(z[i])) - z_connected[i])
        if count > 0:
            rows[n, 0], rows[n, 1] = i, count
            n += 1
    return rows


@compiled
def bind(z: Floats, z_connected: Int32s, places: Ints, change: int, lifts: bool) -> None:
    """Bind (`change` = 1) or free (-1) an element of each of the neurons at `places`.

    Where it `lifts`, z becomes what is bound, and its fraction, if more than floor(z) are.
    """
    for i in places:
        z_connected[i] += change
        whole = np.floor(z[i])
        if lifts and z_connected[i] > whole:
            z[i] = z_connected[i] + (z[i] - whole)


@compiled
def bind_counts(z: Floats, z_connected: Int32s, counts: Ints, lifts: bool) -> None:
    """Bind as many elements of each neuron as `counts` says, one after the other; see `bind`."""
    for i in range(len(counts)):
        for _ in range(counts[i]):
            z_connected[i] += 1
            whole = np.floor(z[i])
            if lifts and z_connected[i] > whole:
                z[i] = z_connected[i] + (z[i] - whole)


@compiled
def lose_vacant(z: Floats, z_connected: Int32s, tau_vacant: Floats) -> None:
    """Take a fraction of its vacant elements from each neuron: one for all, or each its own."""
    own = len(tau_vacant) > 1
    for i in range(len(z)):
        count = np.floor(z[i]) - z_connected[i]
        if count > 0:
            z[i] -= count * tau_vacant[i if own else 0]
