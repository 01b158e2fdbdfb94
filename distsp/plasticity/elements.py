"""Synaptic elements at an update: which are vacant, and what binding and freeing does to them."""

import numpy as np

from distsp.base.arrays import Floats, Int32s, Ints
from distsp.base.compiled import compiled


@compiled
def vacant(z: Floats, z_connected: Int32s) -> tuple[Ints, Ints]:
    """Return the places of neurons with vacant != 0 and the vacant counts."""
    n = 0
    for i in range(len(z)):
        n += np.int64(np.floor(z[i])) != z_connected[i]
    places, counts = np.empty(n, np.int64), np.empty(n, np.int64)
    n = 0
    for i in range(len(z)):
        count = np.int64(np.floor(z[i])) - z_connected[i]
        if count != 0:
            places[n], counts[n] = i, count
            n += 1
    return places, counts


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
def lose_vacant(z: Floats, z_connected: Int32s, tau_vacant: Floats) -> None:
    """Take a fraction of its vacant elements from each neuron: one for all, or each its own."""
    own = len(tau_vacant) > 1
    for i in range(len(z)):
        count = np.floor(z[i]) - z_connected[i]
        if count > 0:
            z[i] -= count * tau_vacant[i if own else 0]
