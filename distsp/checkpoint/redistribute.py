"""This rank's arrays to a file, and the arrays of any number of files to this rank.

Neuron i lives on rank i % size. What another number of ranks has written is read in pieces, and
each rank takes what is its own, so nothing is ever gathered.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from distsp.checkpoint.arrays import ArrayReader, ArrayWriter
from distsp.engine import loop
from distsp.engine.adjacency import Adjacency
from distsp.engine.synapses import Kind
from distsp.parallel.ranks import places

if TYPE_CHECKING:
    from distsp.engine.simulation import Simulation

Array = npt.NDArray[Any]

PIECE = 2_000_000
"""Synapses or spikes that are in memory twice at a time."""


def write_arrays(simulation: "Simulation", file: ArrayWriter) -> None:
    """Write all that this rank has."""
    for name, array in simulation.state._asdict().items():
        if name != "variables":  # their layout depends on the number of ranks
            file.put(name, array)
    for population in simulation.network.populations.values():
        file.put(f"variables/{population.name}", simulation.variables(population))
    spikes, tables = simulation.spikes_kept, simulation.tables
    file.put_pieces("spikes/step", spikes.steps, np.int64)
    file.put_pieces("spikes/id", spikes.ids, np.int64)
    for kind in tables.kinds.values():
        first = kind.row * simulation.n_neurons
        lengths = tables.table(kind).length[first : first + simulation.n_neurons]
        file.put(f"synapses/{kind.name}/length", lengths)
        columns: list[tuple[str, int, type]] = [("target", 1, np.int32)]
        if kind.valued:
            columns += [("weight", 2, np.float64), ("delay", 3, np.int32)]
        for name, column, dtype in columns:
            pieces = _column(tables.table(kind), first, lengths, column)
            file.put_pieces(f"synapses/{kind.name}/{name}", pieces, dtype)
    if simulation.means and simulation.ranks.rank == 0:
        for name, values in simulation.means.arrays().items():
            file.put(f"recording/{name}", values)


def read_arrays(simulation: "Simulation", readers: list[ArrayReader]) -> None:
    """Take what is this rank's from the files of all ranks that wrote a checkpoint."""
    rank, size = simulation.ranks.rank, simulation.ranks.size
    # Ranks have neurons in common where their numbers differ by a multiple of this.
    step = math.gcd(size, len(readers))
    related = {old: readers[old] for old in range(rank % step, len(readers), step)}
    counts = np.result_type(*(reader.dtype("due_counts") for reader in related.values()))
    state = simulation.state
    simulation.state = state._replace(due_counts=loop.aligned_copy(state.due_counts, counts))
    for old, reader in related.items():
        _read_neurons(simulation, reader, old, len(readers))
        _read_spikes(simulation, reader)
    for kind in simulation.tables.kinds.values():
        _read_synapses(simulation, kind, related, len(readers))
    if simulation.means:
        for name in simulation.means.columns:
            simulation.means.columns[name] = readers[0].flat(f"recording/{name}").tolist()


def _column(table: Adjacency, first: int, lengths: Array, column: int) -> Iterator[Array]:
    for low, high in pairwise(_cuts(lengths)):
        yield table.entries(first + low, first + high)[column]


def _cuts(lengths: Array) -> list[int]:
    """Return the rows between which a table is cut into pieces."""
    ends = np.cumsum(lengths, dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(PIECE, ends[-1], PIECE))
    return np.unique([0, *cuts, len(lengths)]).tolist()


def _read_neurons(simulation: "Simulation", reader: ArrayReader, old: int, n_old: int) -> None:
    state, n = simulation.state, simulation.n_neurons
    for name, array in state._asdict().items():
        if name != "variables" and array.size:
            _take(simulation, reader, name, array, (0, n), old, n_old)
    for p in simulation.network.populations.values():
        name = f"variables/{p.name}"
        _take(simulation, reader, name, simulation.variables(p), (p.first, p.size), old, n_old)


def _take(
    simulation: "Simulation",
    reader: ArrayReader,
    name: str,
    array: Array,
    neurons: tuple[int, int],
    old: int,
    n_old: int,
) -> None:
    """Copy what an old rank has of this rank's neurons; `neurons` is the first id and how many."""
    rank, size = simulation.ranks.rank, simulation.ranks.size
    ids = _common(old, n_old, rank, size, *neurons)
    if len(ids) == 0:
        return
    source = _strided(ids, places(*neurons, old, n_old).start, n_old)
    target = _strided(ids, places(*neurons, rank, size).start, size)
    for place, row in reader.rows(name):
        array[place][target] = row[source]


def _common(old: int, n_old: int, rank: int, size: int, first: int, n: int) -> range:
    """Return which of `n` neurons from `first` on are of rank `old` of `n_old`, and of `rank`."""
    both = math.gcd(n_old, size)
    every = n_old * size // both
    inverse = pow(n_old // both, -1, size // both) if size > both else 0
    start = old + n_old * ((rank - old) // both * inverse % (size // both))
    return range(first + (start - first) % every, first + n, every)


def _strided(ids: range, first: int, size: int) -> slice:
    """Return where neurons stand in an array that begins with number `first` of a rank."""
    start = ids[0] // size - first
    stride = ids.step // size
    return slice(start, start + (len(ids) - 1) * stride + 1, stride)


def _read_spikes(simulation: "Simulation", reader: ArrayReader) -> None:
    total = reader.index["spikes/id"][2][0]
    for low in range(0, total, PIECE):
        high = min(low + PIECE, total)
        ids = reader.flat("spikes/id", low, high)
        own = ids % simulation.ranks.size == simulation.ranks.rank
        simulation.spikes_kept.append(reader.flat("spikes/step", low, high)[own], ids[own])


def _read_synapses(
    simulation: "Simulation", kind: Kind, related: dict[int, ArrayReader], n_old: int
) -> None:
    """Insert this rank's synapses of a type, some rows of all files at a time."""
    where, rank, size = f"synapses/{kind.name}", simulation.ranks.rank, simulation.ranks.size
    total = np.zeros(simulation.n_neurons, dtype=np.int64)
    for reader in related.values():
        total += reader.flat(f"{where}/length")
    own_values = ("weight", "delay") if kind.valued else ()
    begin = dict.fromkeys(related, 0)
    for low, high in pairwise(_cuts(total)):
        parts = []
        for old, reader in related.items():
            lengths = reader.flat(f"{where}/length", low, high)
            first, last = begin[old], begin[old] + int(lengths.sum(dtype=np.int64))
            begin[old] = last
            targets = reader.flat(f"{where}/target", first, last).astype(np.int64) * n_old + old
            columns = [np.repeat(np.arange(low, high), lengths), targets]
            columns += [reader.flat(f"{where}/{name}", first, last) for name in own_values]
            own = targets % size == rank
            parts.append([column[own] for column in columns])
        sources, targets, *own = (np.concatenate(column) for column in zip(*parts, strict=True))
        simulation.tables.insert(kind, sources, targets // size, *own)
