"""What recordings read within the time loop: single values of chosen neurons, at short intervals.

A slice ends where something is read. That takes a thousandth of what it takes to leave the loop.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from distsp.base.arrays import Floats, Ints
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
    cursor: Ints  # per probe, where it writes next
    kind: Ints  # per value
    neuron: Ints  # local index
    population: Ints
    place: Ints  # of a variable among all, of an element among its rows
    offset: Floats  # what a variable is kept relative to
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
    kinds, neurons, populations, places, relative_to = zip(*values, strict=True) if values else (
        (), (), (), (), (),
    )  # fmt: skip
    return Probes(
        np.array(intervals, dtype=np.int64),
        np.array(first),
        np.zeros(len(intervals), dtype=np.int64),
        np.array(kinds, dtype=np.int64),
        np.array(neurons, dtype=np.int64),
        np.array(populations, dtype=np.int64),
        np.array(places, dtype=np.int64),
        np.array(relative_to, dtype=np.float64),
        np.empty(0),
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
    counts = end // probes.interval - begin // probes.interval
    sizes = counts * np.diff(probes.first)
    ends = np.cumsum(sizes)
    return probes._replace(cursor=ends - sizes, readings=np.empty(int(ends[-1:].sum())))


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


@compiled
def read_probes(probes: Probes, state: State, growth: Growth, step: int) -> None:
    """Read what is due at the beginning of a step; the state stays."""
    one, now = np.empty(1, np.int32), np.zeros(1, np.int32)
    z_before = np.empty(state.z.shape[0])
    for i in range(len(probes.interval)):
        if step % probes.interval[i] != 0:
            continue
        place = probes.cursor[i]
        for k in range(probes.first[i], probes.first[i + 1]):
            kind, neuron = probes.kind[k], probes.neuron[k]
            if kind == VARIABLE:
                value = state.variables[probes.place[k]] + probes.offset[k]
            elif kind == SPIKE_COUNT:
                value = np.float64(state.spike_count[neuron])
            elif kind == Z_CONNECTED:
                value = np.float64(state.z_connected[probes.place[k], neuron])
            else:
                calcium, then = state.calcium[neuron], state.calcium_step[neuron]
                z_before[:] = state.z[:, neuron]
                one[0] = neuron
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
                value = (
                    state.calcium[neuron] if kind == CALCIUM else state.z[probes.place[k], neuron]
                )
                state.calcium[neuron], state.calcium_step[neuron] = calcium, then
                state.z[:, neuron] = z_before
            probes.readings[place] = value
            place += 1
        probes.cursor[i] = place
