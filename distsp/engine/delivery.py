"""The spikes of a slice: packed for the exchange, and added to what is due at their targets."""

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Int32s, Ints
from distsp.base.compiled import compiled
from distsp.engine.synapses import Outgoing
from distsp.parallel.layout import global_id

ROWS_AHEAD = 128
"""Rows that are looked up together, before their events are counted.

Each waits for memory, but not for each other: with short rows, as 64 ranks have them, a delivery
takes 0.6 times as long.
"""


@compiled
def pack(lags: Int32s, neurons: Int32s, count: int, n_steps: int, send: Int32s) -> bool:
    """Write the spikes of a slice for sending: how many, how many per step, and who.

    Returns
    -------
    bool
        Whether they fit; if not, only their number is written.
    """
    send[0] = count
    header = 1 + n_steps
    if header + count > len(send):
        return False
    place = np.zeros(n_steps + 1, dtype=np.int64)
    for i in range(count):
        place[lags[i] + 1] += 1
    for lag in range(n_steps):
        send[1 + lag] = place[lag + 1]
        place[lag + 1] += place[lag]
    for i in range(count):
        send[header + place[lags[i]]] = neurons[i]
        place[lags[i]] += 1
    return True


@compiled
def most_spikes(receive: Int32s, size: int) -> int:
    """Return the largest number of spikes that a rank has sent, or wanted to send."""
    stride = len(receive) // size
    most = 0
    for r in range(size):
        most = max(most, receive[r * stride])
    return most


@compiled
def occupied_slots(due_counts: Array) -> Bools:
    """Return for each homogeneous type and slot whether any event is due at this rank's neurons.

    Slots in which nothing is due are not read: with the few spikes per step of 1000 neurons that
    saves a fifth of the time of their integration.
    """
    occupied = np.zeros(due_counts.shape[:2], np.bool_)
    for t in range(due_counts.shape[0]):
        for slot in range(due_counts.shape[1]):
            occupied[t, slot] = np.any(due_counts[t, slot])
    return occupied


@compiled
def deliver(
    due_counts: Array,
    due_weights: Floats,
    homogeneous: Outgoing,
    heterogeneous: Outgoing,
    occupied: Bools,
    slots: Ints,
    rows: Ints,
    receive: Int32s,
    n_steps: int,
    size: int,
    n_neurons: int,
) -> None:
    """Add the spikes of a slice to what is due at this rank's neurons.

    Weights of heterogeneous types are added in order of step, source and place in the table, which
    no distribution over ranks changes; events of homogeneous types are counted, in any order.

    Parameters
    ----------
    due_counts : array (homogeneous type, slot, n_local) of uint16 or uint32
        Added to.
    due_weights : array (2, slot, n_local) of float64
        Added to.
    homogeneous, heterogeneous : Outgoing
    occupied : array (homogeneous type, slot) of bool
        Whether anything is due; written to.
    slots : array (n_steps,) of int64
        Slot of each step of the slice.
    rows : array (2, ROWS_AHEAD + 1) of int64
        To be written to.
    receive : array of int32
        What all ranks have packed.
    n_steps : int
    size : int
        Number of ranks.
    n_neurons : int
        Neurons of the network.
    """
    stride, n_slots = len(receive) // size, due_counts.shape[1]
    start, length, targets = homogeneous.start, homogeneous.length, homogeneous.targets
    place = np.empty(size, dtype=np.int64)
    firsts, lasts = rows[0], rows[1]
    total = 0
    for r in range(size):
        place[r] = r * stride + 1 + n_steps
        total += receive[r * stride]
    sources = np.empty(total, dtype=np.int64)
    n_homogeneous = homogeneous.n_types[0] if len(targets) > 0 else 0
    for lag in range(n_steps):
        n = 0
        for r in range(size):
            for _ in range(receive[r * stride + 1 + lag]):
                sources[n] = global_id(receive[place[r]], r, size)
                place[r] += 1
                n += 1
        if n == 0:
            continue
        for t in range(n_homogeneous):
            slot = (slots[lag] + homogeneous.delay[t]) % n_slots
            due, events = due_counts[t, slot], 0
            for begin in range(0, n, ROWS_AHEAD):
                end, touched = min(begin + ROWS_AHEAD, n), 0
                for i in range(begin, end):
                    row = t * n_neurons + sources[i]
                    first = start[row]
                    firsts[i - begin], lasts[i - begin] = first, first + length[row]
                    touched ^= targets[min(first, len(targets) - 1)]
                lasts[ROWS_AHEAD] = touched  # or the compiler would not read what is not used
                for i in range(end - begin):
                    for k in range(firsts[i], lasts[i]):
                        due[targets[k]] += 1
                    events += lasts[i] - firsts[i]
            occupied[t, slot] |= events > 0
        if heterogeneous.n_types[0] > 0:
            sources[:n].sort()
        for t in range(heterogeneous.n_types[0]):
            for i in range(n):
                row = t * n_neurons + sources[i]
                first = heterogeneous.start[row]
                for k in range(first, first + heterogeneous.length[row]):
                    weight = heterogeneous.weights[k]
                    slot = (slots[lag] + heterogeneous.delays[k]) % n_slots
                    due_weights[0 if weight > 0.0 else 1, slot, heterogeneous.targets[k]] += weight
