"""The time loop: one compiled call takes this rank through many slices.

A slice is as long as the shortest delay, so no spike of a slice acts within it: each rank
integrates its neurons through the slice, then all exchange their spikes, then each delivers them
to its own neurons. Nothing in here is Python while it runs, the exchange included.
"""

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from distsp.base.compiled import compiled, inlined
from distsp.engine.delivery import AHEAD, deliver, most_spikes, occupied_slots, pack
from distsp.neurons.model import BLOCK
from distsp.plasticity.growth_curves import grown
from distsp.rng.streams import STEPS_PER_CALL, poisson_counts, poisson_words

Array = npt.NDArray[Any]

NEURONS, EXCHANGE, DELIVERY, SPIKES, MOST_SPIKES, BYTES, SLICES = range(7)
"""Places in the counters: three times (ns), then spikes, most spikes that a rank sent in a slice,
bytes that this rank sent, slices."""

MONOTONIC_CLOCK = time.CLOCK_MONOTONIC

LONGEST_SLICE = 32
"""Steps that a slice has at most, so that the input of a block stays in the cache."""

CACHE_LINE = 64
"""Bytes."""


class Populations(NamedTuple):
    """This rank's part of each population: an entry per population."""

    first: Array  # local index of its first neuron
    size: Array  # number of its neurons here
    model: Array  # place of its step among the kernels
    offset: Array  # where its variables begin; one more entry, where the last ones end
    stride: Array  # from a variable to the next
    n_variables: Array
    constants: Array  # a row per population
    recorded: Array  # whether its spikes are kept
    tau_calcium: Array  # steps
    beta_calcium: Array


class Poisson(NamedTuple):
    """Poisson input: an entry for each population that an input drives, for as long as it does."""

    population: Array
    key: Array
    begin: Array  # steps in which it is drawn: from `begin` to before `end`
    end: Array
    delay: Array  # steps
    weight: Array
    base: Array  # the table of the counts; see `streams.poisson_thresholds`
    first_threshold: Array
    n_thresholds: Array
    thresholds: Array


class Growth(NamedTuple):
    """How the elements of each population grow: a row per population."""

    n_curves: Array  # number of its different curves
    curves: Array  # (population, curve, 3): kind, a, b
    curve_of: Array  # (population, element): place of its curve, -1 where there is no such element
    rate: Array  # (population, element): per step


class State(NamedTuple):
    """The state of this rank's neurons; a column per neuron."""

    variables: Array  # float64: all variables of the first population, then of the next
    refractory: Array  # int32: steps left
    calcium: Array  # float64: as it was at `calcium_step`
    calcium_step: Array  # int64
    spike_count: Array  # int32
    z: Array  # (element, neuron) float64: as it was at `calcium_step`
    z_connected: Array  # (element, neuron) int32
    due_counts: Array  # (plain type, step mod n, neuron) uint16 or uint32: events to arrive
    due_weights: Array  # (2, step mod n, neuron) float64: their weights, excitatory, inhibitory


class Outgoing(NamedTuple):
    """Synapses of a kind onto this rank's neurons, as `Adjacency` keeps them: by source."""

    start: Array
    length: Array
    targets: Array
    weights: Array
    delays: Array
    n_types: Array  # (1,): rows are type * n_neurons + source
    weight: Array  # per type, for those whose synapses have no own
    delay: Array  # per type, steps


class Workspace(NamedTuple):
    """What a slice needs for a while."""

    input_ex: Array  # (lag, place in the block) float64: weights due
    input_in: Array
    words: Array  # (4, place in the block) uint32: random words of four steps
    counts: Array  # (place in the block,) int32: Poisson counts of a step
    scratch: Array  # (place in the block,) float64: for the model's step
    slots: Array  # (lag,) int64: step modulo the length of the ring
    rows: Array  # (2, AHEAD + 1) int64: where rows of synapses begin and end, in delivery
    lags: Array  # int32: the spikes of the slice; the step within it, and the local index
    neurons: Array


def aligned(shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> Array:
    """Return zeros that begin at a cache line.

    Vector registers are as long as a line: where arrays begin elsewhere each of their loads takes
    two lines, and the time loop 1.2 times as long.

    Examples
    --------
    >>> aligned(3), aligned(3).ctypes.data % CACHE_LINE
    (array([0., 0., 0.]), 0)
    """
    n = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n + CACHE_LINE, np.uint8)
    begin = -memory.ctypes.data % CACHE_LINE
    return memory[begin : begin + n].view(dtype).reshape(shape)


def aligned_copy(array: Array, dtype: npt.DTypeLike) -> Array:
    """Return a copy that begins at a cache line."""
    copy = aligned(array.shape, dtype)
    copy[...] = array
    return copy


def workspace(n_local: int, slice_steps: int) -> Workspace:
    """Return the workspace for `n_local` neurons: room for a spike of each in every step.

    Memory that no spike ever reaches is never handed out by the system.
    """
    return Workspace(
        input_ex=aligned((slice_steps, BLOCK)),
        input_in=aligned((slice_steps, BLOCK)),
        words=aligned((STEPS_PER_CALL, BLOCK), np.uint32),
        counts=aligned(BLOCK, np.int32),
        scratch=aligned(BLOCK),
        slots=np.empty(slice_steps, np.int64),
        rows=np.empty((2, AHEAD + 1), np.int64),
        lags=np.empty(n_local * slice_steps, np.int32),
        neurons=np.empty(n_local * slice_steps, np.int32),
    )


@inlined
def _gather_input(  # type: ignore[no-untyped-def]
    state, poisson, plain, populations, occupied, p, lo, hi, step, n_steps, rank, size, work
):
    """Sum up what arrives at a block of neurons in the steps of a slice."""
    input_ex, input_in, words, counts = work.input_ex, work.input_in, work.words, work.counts
    slots, due_counts, due_weights = work.slots, state.due_counts, state.due_weights
    first, n = populations.first[p], hi - lo
    a, b = first + lo, first + hi
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        for j in range(n):
            excitation[j] = 0.0
        for j in range(n):
            inhibition[j] = 0.0
    for kind in range(plain.n_types[0]):
        weight = plain.weight[kind]
        target = input_ex if weight > 0.0 else input_in
        for lag in range(n_steps):
            if occupied[kind, slots[lag]]:
                due, row = due_counts[kind, slots[lag], a:b], target[lag, :n]
                for j in range(n):
                    row[j] += weight * np.float64(due[j])
                for j in range(n):
                    due[j] = 0
    if due_weights.shape[2] > 0:
        for sign, target in ((0, input_ex), (1, input_in)):
            for lag in range(n_steps):
                arrived, row = due_weights[sign, slots[lag], a:b], target[lag, :n]
                for j in range(n):
                    row[j] += arrived[j]
                    arrived[j] = 0.0
    for i in range(len(poisson.population)):
        if poisson.population[i] != p:
            continue
        weight, base, table = poisson.weight[i], poisson.base[i], poisson.first_threshold[i]
        thresholds = poisson.thresholds[table : table + poisson.n_thresholds[i]]
        key, delay, begin, end = poisson.key[i], poisson.delay[i], poisson.begin[i], poisson.end[i]
        target = input_ex if weight > 0.0 else input_in
        group = -1
        for lag in range(n_steps):
            drawn = step + lag - delay
            if drawn < begin or drawn >= end:
                continue
            if drawn // STEPS_PER_CALL != group:
                group = drawn // STEPS_PER_CALL
                poisson_words(key, rank + size * a, size, group, n, words)
            poisson_counts(words[drawn % STEPS_PER_CALL, :n], base, thresholds, counts[:n])
            row = target[lag, :n]
            for j in range(n):
                row[j] += weight * np.float64(counts[j])


@compiled
def grow(state, growth, populations, p, neurons, begin, lags, jump):  # type: ignore[no-untyped-def]
    """Bring calcium and elements of neurons of a population up to the steps `begin + lags`.

    Then calcium jumps by `jump`. All arrays are taken out of their tuples before the loop: within
    it, Numba would count references to them, which takes ten times as long as the growth.
    """
    calcium, calcium_step, z = state.calcium, state.calcium_step, state.z
    curves, curve_of, rate = growth.curves[p], growth.curve_of[p], growth.rate[p]
    n_curves, tau = growth.n_curves[p], populations.tau_calcium[p]
    for i in range(len(neurons)):
        neuron, step = neurons[i], begin + lags[i]
        duration = np.float64(step - calcium_step[neuron])
        for c in range(n_curves):
            area = grown(curves[c, 0], curves[c, 1], curves[c, 2], calcium[neuron], tau, duration)
            for e in range(len(curve_of)):
                if curve_of[e] == c:
                    z[e, neuron] = max(z[e, neuron] + rate[e] * area, 0.0)
        if duration > 0.0:
            calcium[neuron] *= np.exp(-duration / tau)
        calcium[neuron] += jump
        calcium_step[neuron] = step


@compiled
def grow_all(state, growth, populations, step):  # type: ignore[no-untyped-def]
    """Bring calcium and elements of all neurons up to the beginning of `step`."""
    for p in range(len(populations.first)):
        first, size = populations.first[p], populations.size[p]
        neurons = np.arange(first, first + size).astype(np.int32)
        grow(state, growth, populations, p, neurons, step, np.zeros(size, np.int32), 0.0)


@inlined
def integrate(  # type: ignore[no-untyped-def]
    kernels,
    state,
    poisson,
    plain,
    growth,
    populations,
    occupied,
    step,
    n_steps,
    rank,
    size,
    work,
):
    """Take all neurons of this rank through a slice.

    Returns
    -------
    int
        The number of spikes, which `work` has in order of population, block, step.
    """
    lags, neurons, spike_count = work.lags, work.neurons, state.spike_count
    count = 0
    for p in range(len(populations.first)):
        n, shape = populations.size[p], (populations.n_variables[p], populations.stride[p])
        if n == 0:
            continue
        first = populations.first[p]
        variables = state.variables[populations.offset[p] : populations.offset[p + 1]]
        variables = variables.reshape(shape)
        refractory = state.refractory[first : first + n]
        before = count
        for lo in range(0, n, BLOCK):
            hi = min(lo + BLOCK, n)
            _gather_input(
                state,
                poisson,
                plain,
                populations,
                occupied,
                p,
                lo,
                hi,
                step,
                n_steps,
                rank,
                size,
                work,
            )
            count = kernels[populations.model[p]](
                variables,
                refractory,
                lo,
                hi,
                work.input_ex,
                work.input_in,
                n_steps,
                populations.constants[p],
                work.scratch,
                lags,
                neurons,
                count,
                first,
            )
        if count > before:
            fired, when = neurons[before:count], lags[before:count]
            grow(state, growth, populations, p, fired, step + 1, when, populations.beta_calcium[p])
            for neuron in fired:
                spike_count[neuron] += 1
    for kind in range(occupied.shape[0]):
        for lag in range(n_steps):
            occupied[kind, work.slots[lag]] = False
    return count


@compiled
def keep_spikes(populations, lags, neurons, count, step, log_steps, log_neurons, n_log):  # type: ignore[no-untyped-def]
    """Append the spikes of recorded populations to the log; return it and its new length."""
    for p in range(len(populations.first)):
        if not populations.recorded[p]:
            continue
        first = populations.first[p]
        for i in range(count):
            if first <= neurons[i] < first + populations.size[p]:
                if n_log == len(log_steps):
                    log_steps = np.concatenate((log_steps, np.empty(n_log + 64, np.int64)))
                    log_neurons = np.concatenate((log_neurons, np.empty(n_log + 64, np.int32)))
                log_steps[n_log] = step + lags[i] + 1
                log_neurons[n_log] = neurons[i]
                n_log += 1
    return log_steps, log_neurons, n_log


@compiled
def now_ns(clock, reading):  # type: ignore[no-untyped-def]
    """Return the monotonic clock (ns)."""
    clock(MONOTONIC_CLOCK, reading.ctypes.data)
    return reading[0] * 1_000_000_000 + reading[1]


@compiled
def advance(  # type: ignore[no-untyped-def]
    kernels,
    allgather,
    kind,
    group,
    clock,
    state,
    poisson,
    plain,
    valued,
    growth,
    populations,
    rank,
    size,
    n_neurons,
    begin,
    end,
    slice_steps,
    capacity,
    work,
    counters,
):
    """Simulate steps `begin` to `end - 1`.

    Parameters
    ----------
    kernels : tuple of compiled functions of the signature `neurons.model.KERNEL`
    allgather : C function
        MPI_Allgather, or what stands in for it; `kind` and `group` are its handles.
    clock : C function
        clock_gettime.
    capacity : int
        Numbers that a rank sends per slice, unless there are more spikes.
    counters : array of int64
        Added to.

    Returns
    -------
    steps : array of int64
        End of the step in which each recorded spike was emitted.
    neurons : array of int32
        Local index of the neuron.
    """
    send, receive = np.empty(capacity, np.int32), np.empty(capacity * size, np.int32)
    log_steps, log_neurons, n_log = np.empty(0, np.int64), np.empty(0, np.int32), 0
    occupied, recording = occupied_slots(state.due_counts), np.any(populations.recorded)
    slots, lags, neurons = work.slots, work.lags, work.neurons
    reading = np.zeros(2, dtype=np.int64)
    before = now_ns(clock, reading)
    step = begin
    while step < end:
        n_steps = min(slice_steps, end - step)
        for lag in range(n_steps):
            slots[lag] = (step + lag) % occupied.shape[1]
        count = integrate(
            kernels,
            state,
            poisson,
            plain,
            growth,
            populations,
            occupied,
            step,
            n_steps,
            rank,
            size,
            work,
        )
        if recording:
            log_steps, log_neurons, n_log = keep_spikes(
                populations, lags, neurons, count, step, log_steps, log_neurons, n_log
            )
        after = now_ns(clock, reading)
        counters[NEURONS] += after - before
        before = after
        while True:
            pack(lags, neurons, count, n_steps, send)
            allgather(
                send.ctypes.data, len(send), kind, receive.ctypes.data, len(send), kind, group
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
        deliver(state, plain, valued, occupied, slots, work.rows, receive, n_steps, size, n_neurons)
        after = now_ns(clock, reading)
        counters[DELIVERY] += after - before
        before = after
        counters[SPIKES] += count
        counters[MOST_SPIKES] = max(counters[MOST_SPIKES], most)
        counters[SLICES] += 1
        step += n_steps
    return log_steps[:n_log], log_neurons[:n_log]
