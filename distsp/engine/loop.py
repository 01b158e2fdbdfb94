"""The time loop: one compiled call takes this rank through many slices.

A slice is as long as the shortest delay, so no spike of a slice acts within it: each rank
integrates its neurons through the slice, then all exchange their spikes, then each delivers them
to its own neurons. Nothing in here is Python while it runs, the exchange included.
"""

import ctypes
import time
from functools import cache
from typing import Any

import numpy as np

from distsp.base.arrays import Bools, Int32s, Ints
from distsp.base.compiled import borrowed, compiled
from distsp.engine.delivery import deliver, most_spikes, occupied_slots, pack
from distsp.engine.drives import Drives
from distsp.engine.integration import Populations, Workspace, integrate, keep_spikes
from distsp.engine.probes import Probes
from distsp.engine.state import State
from distsp.engine.synapses import Outgoing
from distsp.plasticity.growth import Growth

NEURONS, EXCHANGE, DELIVERY, SPIKES, MOST_SPIKES, BYTES, SLICES = range(7)
"""Places in the counters: three times (ns), then spikes, most spikes that a rank sent in a slice,
bytes that this rank sent, slices."""

MONOTONIC_CLOCK = time.CLOCK_MONOTONIC

LONGEST_SLICE = 32
"""Steps that a slice has at most, so that the input of a block stays in the cache."""


@cache
def clock() -> Any:
    """Return clock_gettime as a C function for compiled code."""
    function = ctypes.CDLL(None).clock_gettime
    function.restype = ctypes.c_int
    function.argtypes = [ctypes.c_int, ctypes.c_void_p]
    return function


@compiled
def now_ns(clock: Any, reading: Ints) -> int:
    """Return the monotonic clock (ns)."""
    clock(MONOTONIC_CLOCK, reading.ctypes.data)
    return reading[0] * 1_000_000_000 + reading[1]


@compiled
def advance(
    allgather: Any,
    datatype: Any,
    communicator: Any,
    clock: Any,
    state: State,
    drives: Drives,
    homogeneous: Outgoing,
    heterogeneous: Outgoing,
    growth: Growth,
    populations: Populations,
    recorded: Bools,
    probes: Probes,
    rank: int,
    size: int,
    n_neurons: int,
    begin: int,
    end: int,
    slice_steps: int,
    capacity: int,
    work: Workspace,
    counters: Ints,
) -> tuple[Ints, Int32s]:
    """Simulate steps `begin` to `end - 1`.

    Parameters
    ----------
    allgather : C function
        MPI_Allgather, or what stands in for it; with the handles of a datatype and a communicator.
    clock : C function
        clock_gettime.
    recorded : array (n_local,) of bool
        Whose spikes are returned; empty if nobody's are.
    probes : Probes
        With room for all that is read in these steps, and at their end.
    rank, size : int
    n_neurons : int
        Neurons of the network.
    slice_steps : int
    capacity : int
        Numbers that a rank sends per slice, unless there are more spikes.
    work : Workspace
    counters : array of int64
        Added to.

    Returns
    -------
    steps : array of int64
        End of the step in which each recorded spike was emitted.
    neurons : array of int32
        Local index of the neuron.
    """
    state, drives, growth = borrowed(state), borrowed(drives), borrowed(growth)
    homogeneous, heterogeneous = borrowed(homogeneous), borrowed(heterogeneous)
    populations, recorded, work = borrowed(populations), borrowed(recorded), borrowed(work)
    probes = borrowed(probes)
    send, receive = np.empty(capacity, np.int32), np.empty(capacity * size, np.int32)
    log_steps, log_neurons, n_log = np.empty(0, np.int64), np.empty(0, np.int32), 0
    occupied, recording = occupied_slots(state.due_counts), len(recorded) > 0
    slots, lags, neurons = work.slots, work.lags, work.neurons
    reading = np.zeros(2, dtype=np.int64)
    before = now_ns(clock, reading)
    step = begin
    while step < end:
        n_steps = min(slice_steps, end - step)
        for lag in range(n_steps):
            slots[lag] = (step + lag) % occupied.shape[1]
        count = integrate(
            state,
            drives,
            homogeneous,
            growth,
            populations,
            probes,
            occupied,
            step,
            n_steps,
            rank,
            size,
            work,
        )
        if recording:
            log_steps, log_neurons, n_log = keep_spikes(
                recorded, lags, neurons, count, step, log_steps, log_neurons, n_log
            )
        after = now_ns(clock, reading)
        counters[NEURONS] += after - before
        before = after
        while True:
            pack(lags, neurons, count, n_steps, send)
            allgather(
                send.ctypes.data,
                len(send),
                datatype,
                receive.ctypes.data,
                len(send),
                datatype,
                communicator,
            )
            counters[BYTES] += 4 * len(send)
            most = most_spikes(receive, size)
            if 1 + n_steps + most <= len(send):
                break
            # All ranks see the same numbers, so all make room and exchange once more.
            send = np.empty(1 + n_steps + most + most // 2, np.int32)
            receive = np.empty(len(send) * size, np.int32)
        after = now_ns(clock, reading)
        counters[EXCHANGE] += after - before
        before = after
        deliver(
            state.due_counts,
            state.due_weights,
            homogeneous,
            heterogeneous,
            occupied,
            slots,
            work.desk,
            receive,
            n_steps,
            size,
            n_neurons,
        )
        after = now_ns(clock, reading)
        counters[DELIVERY] += after - before
        before = after
        counters[SPIKES] += count
        counters[MOST_SPIKES] = max(counters[MOST_SPIKES], most)
        counters[SLICES] += 1
        step += n_steps
    return log_steps[:n_log], log_neurons[:n_log]
