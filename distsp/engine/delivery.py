"""The spikes of a slice: packed for the exchange, and added to what is due at their targets."""

from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Int32s, Ints, UInt64s
from distsp.base.bits import ONE, WORD_BITS, has_bit
from distsp.base.compiled import compiled, inlined
from distsp.base.prefetch import prefetch, prefetch_row
from distsp.engine.index import record_of
from distsp.engine.synapses import Outgoing
from distsp.parallel.layout import global_id, most_places

ROWS_AHEAD = 16
"""How many rows before its events are counted the entries of one are fetched, and its record as
many before that.

Both come from memory while the events of other rows are counted.
"""

FEW_SPIKES = 32
"""So few in a slice are not worth it: 1,000 neurons have ten."""

MANY_SPIKES = 4096
"""Spikes of a slice that find room on the desk."""

RANKS_TOGETHER = 16
"""Ranks whose spikes are delivered together, step after step.

So many steps' worth of what is due is more than the cache next to the processor holds.
"""


class Desk(NamedTuple):
    """What delivery needs for a while, so that it need not ask for memory in each slice."""

    found: UInt64s  # the rows of spikes that have synapses here, then where their entries begin
    ends: UInt64s  # where these end
    begin: Ints  # (lag,): where the spikes of a step begin, and where the last end
    place: Ints  # (lag,): where those that have synapses here end


def new_desk(slice_steps: int) -> Desk:
    """Return a desk for slices of so many steps."""
    return Desk(
        np.empty(MANY_SPIKES, np.uint64),
        np.empty(MANY_SPIKES, np.uint64),
        np.empty(slice_steps + 1, np.int64),
        np.empty(slice_steps, np.int64),
    )


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
    desk: Desk,
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
    desk : Desk
    receive : array of int32
        What all ranks have packed.
    n_steps : int
    size : int
        Number of ranks.
    n_neurons : int
        Neurons of the network.
    """
    if homogeneous.n_types[0] > 0 and len(homogeneous.targets) > 0:
        _count_events(
            due_counts, homogeneous, occupied, slots, desk, receive, n_steps, size, n_neurons
        )
    if heterogeneous.n_types[0] > 0 and len(heterogeneous.targets) > 0:
        _add_weights(due_weights, heterogeneous, slots, receive, n_steps, size, n_neurons)


@inlined
def _count_events(
    due_counts: Array,
    table: Outgoing,
    occupied: Bools,
    slots: Ints,
    desk: Desk,
    receive: Int32s,
    n_steps: int,
    size: int,
    n_neurons: int,
) -> None:
    """Count the events of homogeneous types; arguments as `deliver` has them."""
    stride, n_slots, header = len(receive) // size, due_counts.shape[1], 1 + n_steps
    active, known, first, records = table.active, table.known, table.first, table.records
    targets, most = table.targets, most_places(n_neurons, size)
    found, ends, begin, place = desk
    most_together = np.int64(0)
    for r in range(0, size, RANKS_TOGETHER):
        together = np.int64(0)
        for one in range(r, min(r + RANKS_TOGETHER, size)):
            together += np.int64(receive[one * stride])
        most_together = max(most_together, together)
    if most_together > len(found):
        found, ends = np.empty(most_together, np.uint64), np.empty(most_together, np.uint64)
    for r in range(0, size, RANKS_TOGETHER):
        last = min(r + RANKS_TOGETHER, size)
        begin[:] = 0
        for one in range(r, last):
            for lag in range(n_steps):
                begin[lag + 1] += receive[one * stride + 1 + lag]
        for lag in range(n_steps):
            begin[lag + 1] += begin[lag]
        if begin[n_steps] <= FEW_SPIKES:
            _count_each(due_counts, table, occupied, slots, receive, n_steps, size, r, last, most)
            continue
        for t in range(table.n_types[0]):
            first_row = t * WORD_BITS * (len(active) // table.n_types[0])
            for lag in range(n_steps):
                place[lag] = begin[lag]
            for one in range(r, last):
                first_of_rank = np.uint64(first_row + one * most)
                # Without a sign no place is counted from the end, which would have to be asked.
                spike = np.uint64(one * stride + header)
                for lag in range(n_steps):
                    end = spike + np.uint64(receive[one * stride + 1 + lag])
                    m = np.uint64(place[lag])
                    while spike < end:
                        row = first_of_rank + np.uint64(receive[spike])
                        found[m] = row
                        m += has_bit(active, row)
                        spike += ONE
                    place[lag] = np.int64(m)
            # Close the gaps that spikes without a row have left.
            n = np.int64(0)
            for lag in range(n_steps):
                for k in range(begin[lag], place[lag]):
                    found[n] = found[k]
                    n += 1
                place[lag] = n
            if n == 0:
                continue
            lag, done = -1, np.int64(0)
            due = due_counts[t, 0]
            for k in range(n + 2 * ROWS_AHEAD):
                if k < n:
                    found[k] = record_of(known, first, found[k])
                    prefetch(records, found[k])
                i = k - ROWS_AHEAD
                if 0 <= i < n:
                    record = records[found[i]]
                    found[i], ends[i] = record.begin, record.begin + record.length
                    prefetch_row(targets, record.begin, record.length)
                i -= ROWS_AHEAD
                if i < 0:
                    continue
                while i == done:
                    lag += 1
                    done = place[lag]
                    slot = _slot_after(slots[lag], table.delay[t], n_slots)
                    due = due_counts[t, slot]
                    occupied[t, slot] |= i < done
                for s in range(found[i], ends[i]):
                    due[np.uint64(targets[s])] += 1


@inlined
def _slot_after(slot: int, delay: int, n_slots: int) -> int:
    """Return the slot a delay of at most all slots later; to divide would take longer."""
    return slot + delay - (n_slots if slot + delay >= n_slots else 0)


@inlined
def _count_each(
    due_counts: Array,
    table: Outgoing,
    occupied: Bools,
    slots: Ints,
    receive: Int32s,
    n_steps: int,
    size: int,
    r: int,
    last: int,
    most: int,
) -> None:
    """Count the events of the spikes of ranks `r` to `last - 1`, one spike after the other."""
    stride, n_slots, n_types = len(receive) // size, due_counts.shape[1], table.n_types[0]
    rows_of_type = WORD_BITS * (len(table.active) // n_types)
    for one in range(r, last):
        k = one * stride + 1 + n_steps
        for lag in range(n_steps):
            end = k + np.int64(receive[one * stride + 1 + lag])
            while k < end:
                row = np.uint64(one * most + receive[k])
                for t in range(n_types):
                    if has_bit(table.active, row):
                        slot = _slot_after(slots[lag], table.delay[t], n_slots)
                        occupied[t, slot] = True
                        due = due_counts[t, slot]
                        record = table.records[record_of(table.known, table.first, row)]
                        begin = np.uint64(record.begin)
                        for s in range(begin, begin + np.uint64(record.length)):
                            due[np.uint64(table.targets[s])] += 1
                    row += np.uint64(rows_of_type)
                k += 1


@inlined
def _add_weights(
    due_weights: Floats,
    table: Outgoing,
    slots: Ints,
    receive: Int32s,
    n_steps: int,
    size: int,
    n_neurons: int,
) -> None:
    """Add the weights of heterogeneous types; arguments as `deliver` has them."""
    stride, n_slots, most = len(receive) // size, due_weights.shape[1], most_places(n_neurons, size)
    n_rows = WORD_BITS * (len(table.active) // table.n_types[0])
    begin, place = np.zeros(n_steps + 1, np.int64), np.empty(n_steps, np.int64)
    for r in range(size):
        for lag in range(n_steps):
            begin[lag + 1] += receive[r * stride + 1 + lag]
    for lag in range(n_steps):
        begin[lag + 1] += begin[lag]
        place[lag] = begin[lag]
    # Those of the spikes of a step that have a row here, in the place of all spikes of the step.
    sources = np.empty(begin[n_steps], np.int64)
    for r in range(size):
        k = r * stride + 1 + n_steps
        for lag in range(n_steps):
            end, n = k + np.int64(receive[r * stride + 1 + lag]), place[lag]
            while k < end:
                source, row = np.int64(receive[k]), np.uint64(r * most + receive[k])
                sources[n] = global_id(source, r, size)
                there = np.uint64(0)
                for t in range(table.n_types[0]):
                    there |= has_bit(table.active, row + np.uint64(t * n_rows))
                n += np.int64(there)
                k += 1
            place[lag] = n
    for lag in range(n_steps):
        found = sources[begin[lag] : place[lag]]
        found.sort()
        for t in range(table.n_types[0]):
            for source in found:
                row = np.uint64(t * n_rows + source % size * most + source // size)
                if not has_bit(table.active, row):
                    continue
                record = table.records[record_of(table.known, table.first, row)]
                begin_of_row = np.uint64(record.begin)
                for k in range(begin_of_row, begin_of_row + np.uint64(record.length)):
                    weight, target = table.weights[k], np.uint64(table.targets[k])
                    slot = np.uint64(_slot_after(slots[lag], np.int64(table.delays[k]), n_slots))
                    due_weights[np.uint64(weight <= 0.0), slot, target] += weight
