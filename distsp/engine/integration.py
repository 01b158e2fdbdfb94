"""A slice of this rank's neurons: what arrives is summed up, and their models take them through."""

from typing import Any, NamedTuple

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Int32s, Ints, Records, UInt32s, aligned, record
from distsp.base.compiled import compiled, function_at, inlined
from distsp.engine.delivery import Desk, new_desk
from distsp.engine.drives import Drives
from distsp.engine.probes import (
    Probes,
    grow_and_read,
    read_variables,
    steps_to_reading,
    up_to,
)
from distsp.engine.state import State
from distsp.engine.synapses import Outgoing
from distsp.inputs.input import KERNEL
from distsp.neurons.model import ALIKE, SCRATCH_ROWS, kernel
from distsp.neurons.values import BLOCK_NEURONS, KINDS
from distsp.parallel.layout import global_id
from distsp.plasticity.growth import Growth, grow
from distsp.rng.poisson import STEPS_PER_CALL

POPULATION = record(
    ("first", np.int64),  # local index of its first neuron
    ("length", np.int64),  # number of its neurons here
    ("step", np.int64),  # address of its model's compiled step
    ("offset", np.int64),  # where its variables begin
    ("stride", np.int64),  # from a variable to the next
    ("n_variables", np.int64),
    ("driven", np.int64),  # by an external current: not, `ALIKE` or `EACH`
    ("key", np.uint64),  # the stream of random numbers that its model may draw
    ("differ", np.int64),  # what of its constants differs between neurons: a place in KINDS
    ("first_constant", np.int64),  # where its constants begin, if they do
    ("n_constants", np.int64),
)
"""This rank's part of a population.

One array of records, not an array for each field: Numba counts the references to each array that a
slice touches, which takes as long as a tenth of a slice of 100 neurons.
"""

step_of_equal, step_of_membranes, step_of_different = (function_at(kernel(k)) for k in KINDS)
input_kernel = function_at(KERNEL)


class Populations(NamedTuple):
    """All populations, as the time loop takes them."""

    rows: Records  # a `POPULATION` each
    constants: Floats  # a row each, of its model's constants where they do not differ
    own_constants: Floats  # for each block of those that differ: a row of BLOCK_NEURONS each


class Workspace(NamedTuple):
    """What a slice needs for a while."""

    input_ex: Floats  # (lag, place in the block): weights due
    input_in: Floats
    used: Ints  # (2, lag): how many places of these two are not known to be 0
    current: Floats  # (lag, place in the block): external current
    part_ex: Floats  # the same three, of an input that drives some of the neurons
    part_in: Floats
    part_current: Floats
    words: UInt32s  # (4, place in the block): random words of four steps
    counts: Int32s  # (place in the block,): counts of a step
    scratch: Floats  # (row, place in the block): for the model's step
    slots: Ints  # (lag,): step modulo the length of the ring
    desk: Desk  # for delivery
    lags: Int32s  # the spikes of the slice; the step within it, and the local index
    neurons: Int32s


def workspace(most_spikes: int, slice_steps: int) -> Workspace:
    """Return the workspace for neurons that emit at most so many spikes in a step.

    Memory that no spike ever reaches is never handed out by the system.
    """
    return Workspace(
        input_ex=aligned((slice_steps, BLOCK_NEURONS)),
        input_in=aligned((slice_steps, BLOCK_NEURONS)),
        used=np.zeros((2, slice_steps), np.int64),
        current=aligned((slice_steps, BLOCK_NEURONS)),
        part_ex=aligned((slice_steps, BLOCK_NEURONS)),
        part_in=aligned((slice_steps, BLOCK_NEURONS)),
        part_current=aligned((slice_steps, BLOCK_NEURONS)),
        words=aligned((STEPS_PER_CALL, BLOCK_NEURONS), np.uint32),
        counts=aligned(BLOCK_NEURONS, np.int32),
        scratch=aligned((SCRATCH_ROWS, BLOCK_NEURONS)),
        slots=np.empty(slice_steps, np.int64),
        desk=new_desk(slice_steps),
        lags=np.empty(most_spikes * slice_steps, np.int32),
        neurons=np.empty(most_spikes * slice_steps, np.int32),
    )


@inlined
def _take_due(
    state: State,
    homogeneous: Outgoing,
    occupied: Bools,
    a: int,
    b: int,
    n_steps: int,
    work: Workspace,
) -> None:
    """Sum up the spikes that arrive at neurons `a` to `b - 1` in the steps of a slice.

    With few neurons most steps have no inhibition, and what is 0 need not be written again.
    """
    input_ex, input_in, slots, n = work.input_ex, work.input_in, work.slots, b - a
    due_counts, due_weights, used = state.due_counts, state.due_weights, work.used
    for sign, target in ((0, input_ex), (1, input_in)):
        for lag in range(n_steps):
            row = target[lag]
            for j in range(used[sign, lag]):
                row[j] = 0.0
            used[sign, lag] = 0
    for t in range(homogeneous.n_types[0]):
        weight = homogeneous.weight[t]
        target, sign = (input_ex, 0) if weight > 0.0 else (input_in, 1)
        for lag in range(n_steps):
            if occupied[t, slots[lag]]:
                used[sign, lag] = n
                due, row = due_counts[t, slots[lag], a:b], target[lag, :n]
                for j in range(n):
                    row[j] += weight * np.float64(due[j])
                for j in range(n):
                    due[j] = 0
    if due_weights.shape[2] > 0:
        for sign, target in ((0, input_ex), (1, input_in)):
            for lag in range(n_steps):
                used[sign, lag] = n
                arrived, row = due_weights[sign, slots[lag], a:b], target[lag, :n]
                for j in range(n):
                    row[j] += arrived[j]
                    arrived[j] = 0.0


@inlined
def _run_kernel(
    drives: Drives,
    row: Any,
    into: tuple[Floats, Floats, Floats],
    first_id: int,
    stride: int,
    lo: int,
    n: int,
    step: int,
    n_steps: int,
    work: Workspace,
) -> None:
    """Add what one drive brings to a block of neurons: excitation, inhibition, current."""
    input_kernel(row.kernel)(
        drives.integers[row.first_integer : row.last_integer],
        drives.numbers[row.first_number : row.last_number],
        drives.thresholds[row.first_threshold : row.last_threshold],
        row.key,
        row.begin,
        row.end,
        row.delay,
        row.weight,
        step,
        n_steps,
        first_id,
        stride,
        lo,
        n,
        into[0],
        into[1],
        into[2],
        work.words,
        work.counts,
    )


@inlined
def _take_driven(
    drives: Drives,
    p: int,
    driven: int,
    first_id: int,
    stride: int,
    lo: int,
    n: int,
    step: int,
    n_steps: int,
    work: Workspace,
) -> None:
    """Add what the inputs of population `p` bring to a block of its neurons.

    A current that is the same for all stays as it was computed for the first block.
    """
    stays = driven == ALIKE and lo > 0
    if driven and not stays:
        for lag in range(n_steps):
            work.current[lag, :n] = 0.0
    rows = drives.rows
    for i in range(len(rows)):
        row = rows[i]
        if row.population != p or (stays and row.current):
            continue
        for lag in range(n_steps):
            work.used[0, lag] = n if row.excites else work.used[0, lag]
            work.used[1, lag] = n if row.inhibits else work.used[1, lag]
        if row.first_mask < 0:
            into = work.input_ex, work.input_in, work.current
            _run_kernel(drives, row, into, first_id, stride, lo, n, step, n_steps, work)
            continue
        mask = drives.masks[row.first_mask + lo : row.first_mask + lo + n]
        if not np.any(mask):
            continue
        for lag in range(n_steps):
            for brought in (work.part_ex, work.part_in, work.part_current):
                brought[lag, :n] = 0.0
        into = work.part_ex, work.part_in, work.part_current
        _run_kernel(drives, row, into, first_id, stride, lo, n, step, n_steps, work)
        for lag in range(n_steps):
            for brought, total in (
                (work.part_ex, work.input_ex),
                (work.part_in, work.input_in),
            ):
                part, row_of_total = brought[lag, :n], total[lag, :n]
                for j in range(n):
                    row_of_total[j] += part[j] if mask[j] else 0.0
            if driven:
                part, row_of_total = work.part_current[lag, :n], work.current[lag, :n]
                for j in range(n):
                    row_of_total[j] += part[j] if mask[j] else 0.0


@inlined
def _step_block(
    kernel: Any,
    constants: Array,
    row: Any,
    block: tuple[Floats, Int32s, int, int, int, int, int, int],
    work: Workspace,
    count: int,
) -> int:
    """Take a block through steps `begin` to `end - 1` of a slice, with the step of its model."""
    variables, refractory, lo, first_id, stride, step, begin, end = block
    before = count
    count = kernel(
        variables,
        refractory,
        lo,
        min(lo + BLOCK_NEURONS, row.length),
        work.input_ex[begin:],
        work.input_in[begin:],
        work.current[begin:],
        row.driven,
        end - begin,
        constants,
        work.scratch,
        row.key,
        step + begin,
        first_id,
        stride,
        work.lags,
        work.neurons,
        count,
        row.first,
    )
    if count < 0:
        raise RuntimeError("neurons repeat more spikes in a step than there is room for")
    if begin > 0:
        for i in range(before, count):
            work.lags[i] += begin
    return count


@inlined
def _take_through(
    populations: Populations,
    p: int,
    block: tuple[Floats, Int32s, int, int, int, int, int, int],
    work: Workspace,
    count: int,
) -> int:
    """Take a block of neurons of population `p` through steps of a slice; return all its spikes."""
    row = populations.rows[p]
    if row.differ == 0:
        equal = step_of_equal(row.step)
        return _step_block(equal, populations.constants[p], row, block, work, count)
    shape = (row.n_constants, BLOCK_NEURONS)
    begin = row.first_constant + block[2] // BLOCK_NEURONS * shape[0] * shape[1]
    own = populations.own_constants[begin : begin + shape[0] * shape[1]]
    if row.differ == 1:
        some_own = own.reshape((1, shape[0], shape[1]))
        return _step_block(step_of_membranes(row.step), some_own, row, block, work, count)
    all_own = own.reshape(shape)
    return _step_block(step_of_different(row.step), all_own, row, block, work, count)


@inlined
def integrate(
    state: State,
    drives: Drives,
    homogeneous: Outgoing,
    growth: Growth,
    populations: Populations,
    probes: Probes,
    occupied: Bools,
    step: int,
    n_steps: int,
    rank: int,
    size: int,
    work: Workspace,
) -> int:
    """Take all neurons of this rank through a slice.

    Returns
    -------
    int
        The number of spikes, which `work` has in order of population, block, step.
    """
    lags, neurons, spike_count = work.lags, work.neurons, state.spike_count
    count, next_read, next_grown = 0, 0, 0
    for p in range(len(populations.rows)):
        row = populations.rows[p]
        n, first, driven = row.length, row.first, row.driven
        if n == 0:
            continue
        variables = state.variables[row.offset : row.offset + row.n_variables * row.stride]
        variables = variables.reshape((row.n_variables, row.stride))
        refractory = state.refractory[first : first + n]
        before = count
        for lo in range(0, n, BLOCK_NEURONS):
            hi = min(lo + BLOCK_NEURONS, n)
            first_id = global_id(first + lo, rank, size)
            _take_due(state, homogeneous, occupied, first + lo, first + hi, n_steps, work)
            _take_driven(drives, p, driven, first_id, size, lo, hi - lo, step, n_steps, work)
            first_read = next_read
            next_read = up_to(probes, probes.stepwise, first_read, first + hi)
            begin = 0
            while begin < n_steps:
                end = n_steps
                if next_read > first_read:
                    end = begin + steps_to_reading(probes, step + begin, n_steps - begin)
                block = (variables, refractory, lo, first_id, size, step, begin, end)
                count = _take_through(populations, p, block, work, count)
                read_variables(probes, state, first_read, next_read, step + end)
                begin = end
        fired, when = neurons[before:count], lags[before:count]
        first_grown = next_grown
        next_grown = up_to(probes, probes.grown, first_grown, first + n)
        if next_grown > first_grown:
            grow_and_read(
                probes, state, growth, p, first_grown, next_grown, when, fired, step, n_steps
            )
        elif count > before:
            grow(
                state.calcium,
                state.calcium_step,
                state.z,
                growth,
                p,
                fired,
                step + 1,
                when,
                True,
            )
            for neuron in fired:
                spike_count[neuron] += 1
    for t in range(occupied.shape[0]):
        for lag in range(n_steps):
            occupied[t, work.slots[lag]] = False
    return count


@compiled
def keep_spikes(
    recorded: Bools,
    lags: Int32s,
    neurons: Int32s,
    count: int,
    step: int,
    log_steps: Ints,
    log_neurons: Int32s,
    n_log: int,
) -> tuple[Ints, Int32s, int]:
    """Append the spikes of recorded neurons to the log; return it and its new length."""
    for i in range(count):
        if recorded[neurons[i]]:
            if n_log == len(log_steps):
                log_steps = np.concatenate((log_steps, np.empty(n_log + 64, np.int64)))
                log_neurons = np.concatenate((log_neurons, np.empty(n_log + 64, np.int32)))
            log_steps[n_log] = step + lags[i] + 1
            log_neurons[n_log] = neurons[i]
            n_log += 1
    return log_steps, log_neurons, n_log
