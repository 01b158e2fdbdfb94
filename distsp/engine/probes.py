"""What recordings read within the time loop: single values of chosen neurons, at short intervals.

A block of neurons of which some are read is taken through a slice in pieces, from one reading to
the next; no other block, nor the exchange of spikes, takes notice.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from distsp.base.arrays import Floats, Int32s, Ints
from distsp.base.compiled import compiled, inlined
from distsp.engine.state import RankState, State
from distsp.inputs.input import FOREVER
from distsp.parallel.layout import Layout
from distsp.plasticity.growth import Growth, grow
from distsp.recorders import Recording

VARIABLE, CALCIUM, SPIKE_COUNT, Z, Z_CONNECTED = range(5)
"""What a value is of."""

KINDS = {"calcium": CALCIUM, "spike_count": SPIKE_COUNT, "z": Z, "z_connected": Z_CONNECTED}


class Probes(NamedTuple):
    """What is read, as the time loop takes it: of each probe, a row of values at an interval."""

    interval: Ints  # per probe, steps
    first: Ints  # where the values of a probe begin, and where the last ones end
    past: Ints  # per probe, how many rows it has read before the steps there is room for
    begin: Ints  # per probe, where its rows begin among the readings
    probe: Ints  # per value
    kind: Ints
    neuron: Ints  # local index
    population: Ints
    place: Ints  # of a variable among all, of an element among its rows
    offset: Floats  # what a variable is kept relative to
    stepwise: Ints  # which values are of variables, in order of the neurons
    grown: Ints  # which are not, in order of the neurons
    readings: Floats


def plan_probes(
    recordings: Iterable[Recording],
    layout: Layout,
    state: RankState,
    offsets: Mapping[str, Mapping[str, Any]],
) -> Probes:
    """Return the probes of the recordings that have one, with no room for readings yet."""
    intervals, first = [], [0]
    values: list[tuple[int, int, int, int, float]] = []
    names = list(state.populations)
    for recording in recordings:
        probe = recording.probe
        if probe is None:
            continue
        for piece in probe.pieces:
            p = names.index(piece.population.name)
            ids = piece.ids[layout.here(piece.ids)]
            here = layout.slice_of(piece.population.ids)
            for neuron in layout.places(ids).tolist():
                for quantity in probe.variables:
                    what, _, element = quantity.partition("/")
                    kind, place, offset = KINDS.get(what, VARIABLE), 0, 0.0
                    if kind == VARIABLE:
                        row = list(piece.population.parameters.variables).index(quantity)
                        place = state.variable_layout.place(p, row, neuron - here.start)
                        relative = offsets[piece.population.name].get(quantity, 0.0)
                        own = np.ndim(relative) > 0
                        offset = float(relative[neuron - here.start] if own else relative)
                    elif element:
                        place = state.row(element)
                    values.append((kind, neuron, p, place, offset))
        intervals.append(probe.interval)
        first.append(len(values))
    kinds, neurons, populations, places, offsets_of = zip(*values, strict=True) if values else (
        (), (), (), (), (),
    )  # fmt: skip
    kind_of, neuron_of = np.array(kinds, dtype=np.int64), np.array(neurons, dtype=np.int64)
    in_order = np.argsort(neuron_of, kind="stable")
    return Probes(
        interval=np.array(intervals, dtype=np.int64),
        first=np.array(first),
        past=np.zeros(len(intervals), dtype=np.int64),
        begin=np.zeros(len(intervals), dtype=np.int64),
        probe=np.repeat(np.arange(len(intervals)), np.diff(first)),
        kind=kind_of,
        neuron=neuron_of,
        population=np.array(populations, dtype=np.int64),
        place=np.array(places, dtype=np.int64),
        offset=np.array(offsets_of, dtype=np.float64),
        stepwise=in_order[kind_of[in_order] == VARIABLE],
        grown=in_order[kind_of[in_order] != VARIABLE],
        readings=np.empty(0),
    )


def most_steps(recordings: Iterable[Recording], room: int) -> int:
    """Return how many steps have readings of all ranks that fit into `room` (bytes)."""
    probes = [recording.probe for recording in recordings if recording.probe is not None]
    n_bytes = sum(
        8 * len(probe.variables) * sum(len(piece.places) for piece in probe.pieces) / probe.interval
        for probe in probes
    )
    return max(int(room / n_bytes), 1) if n_bytes else FOREVER


def with_room(probes: Probes, begin: int, end: int) -> Probes:
    """Return probes with room for what they read in steps `begin` to `end - 1`."""
    past = begin // probes.interval
    sizes = (end // probes.interval - past) * np.diff(probes.first)
    ends = np.cumsum(sizes)
    readings = np.empty(int(ends[-1:].sum()))
    return probes._replace(past=past, begin=ends - sizes, readings=readings)


def hand_over(recordings: Iterable[Recording], probes: Probes, begin: int, end: int) -> None:
    """Give recordings what their probes have read; `probes` are as `with_room` returned them."""
    low = 0
    probing = (recording for recording in recordings if recording.probe is not None)
    for i, recording in enumerate(probing):
        interval, width = int(probes.interval[i]), int(np.diff(probes.first)[i])
        steps = np.arange(begin // interval + 1, end // interval + 1) * interval
        high = low + len(steps) * width
        if width:
            recording.take_readings(steps, probes.readings[low:high].reshape(len(steps), width))
        low = high


@inlined
def steps_to_reading(probes: Probes, step: int, n_steps: int) -> int:
    """Return how many of the next steps there are before something is read."""
    for interval in probes.interval:
        n_steps = min(n_steps, interval - step % interval)
    return n_steps


@inlined
def up_to(probes: Probes, values: Ints, begin: int, neuron: int) -> int:
    """Return where, from `begin` on, the `values` of neurons below `neuron` end."""
    while begin < len(values) and probes.neuron[values[begin]] < neuron:
        begin += 1
    return begin


@inlined
def _keep(probes: Probes, k: int, step: int, value: float) -> None:
    """Write value number `k`, as it is at the beginning of a step, to its place."""
    i = probes.probe[k]
    row = step // probes.interval[i] - probes.past[i] - 1
    width = probes.first[i + 1] - probes.first[i]
    probes.readings[probes.begin[i] + row * width + k - probes.first[i]] = value


@inlined
def read_variables(probes: Probes, state: State, begin: int, end: int, step: int) -> None:
    """Read what is due at the beginning of a step of the values `begin` to `end - 1` of variables.

    The neurons that they are of have been taken to that step.
    """
    for k in probes.stepwise[begin:end]:
        if step % probes.interval[probes.probe[k]] == 0:
            value = state.variables[probes.place[k]] + probes.offset[k]
            _keep(probes, k, step, value)


@compiled
def grow_and_read(
    probes: Probes,
    state: State,
    growth: Growth,
    p: int,
    begin: int,
    end: int,
    lags: Int32s,
    neurons: Int32s,
    step: int,
    n_steps: int,
) -> None:
    """Let the spikes of population `p` act in a slice, and read values `begin` to `end - 1`.

    At a reading, those spikes have acted that were before it, and the state stays.

    Parameters
    ----------
    probes : Probes
    state : State
    growth : Growth
    p : int
    begin, end : int
        Places in `grown`.
    lags, neurons : array of int32
        The spikes of the population: the step within the slice, and the local index.
    step, n_steps : int
        The slice.
    """
    some, when = np.empty(len(lags), np.int32), np.empty(len(lags), np.int32)
    done = 0
    while done < n_steps:
        stop = done + steps_to_reading(probes, step + done, n_steps - done)
        n = 0
        for i in range(len(lags)):
            if done <= lags[i] < stop:
                some[n], when[n] = neurons[i], lags[i]
                state.spike_count[neurons[i]] += 1
                n += 1
        grow(state.calcium, state.calcium_step, state.z, growth, p, some[:n], step + 1, when, True)
        for k in probes.grown[begin:end]:
            if (step + stop) % probes.interval[probes.probe[k]] == 0:
                _keep(probes, k, step + stop, _grown_value(probes, state, growth, k, step + stop))
        done = stop


@compiled
def _grown_value(probes: Probes, state: State, growth: Growth, k: int, step: int) -> float:
    """Return value number `k` as it is at the beginning of a step; the state stays."""
    kind, neuron, place = probes.kind[k], probes.neuron[k], probes.place[k]
    if kind == SPIKE_COUNT:
        return np.float64(state.spike_count[neuron])
    if kind == Z_CONNECTED:
        return np.float64(state.z_connected[place, neuron])
    calcium, then, z = state.calcium[neuron], state.calcium_step[neuron], state.z[:, neuron].copy()
    one, now = np.full(1, neuron, np.int32), np.zeros(1, np.int32)
    grow(
        state.calcium,
        state.calcium_step,
        state.z,
        growth,
        probes.population[k],
        one,
        step,
        now,
        False,
    )
    value = state.calcium[neuron] if kind == CALCIUM else state.z[place, neuron]
    state.calcium[neuron], state.calcium_step[neuron], state.z[:, neuron] = calcium, then, z
    return value
