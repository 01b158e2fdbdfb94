"""Parts of a rank to a file, and the files of any number of ranks to this rank's parts.

What another number of ranks has written is read in pieces, and each rank takes what is its own, so
nothing is ever gathered. Only how a part is distributed matters here, not whose it is.
"""

from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import pairwise
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.errors import shorten
from distsp.checkpoint.arrays import ArrayReader, ArrayWriter
from distsp.checkpoint.trust import WRONG, UnfitError, check_array, check_numbers
from distsp.parallel.distributed import Global, OnRank0, Part, PerNeuron, PerSynapse, Rows, is_array
from distsp.parallel.layout import Layout

FINITE = np.finfo(np.float64).max

IDS = {"id", "source", "target"}
"""Columns of recorders that say which neuron."""

ENTRIES_TOGETHER = 2_000_000
"""Synapses or rows of a recording that are in memory twice at a time."""

Readers = dict[Layout, ArrayReader]
"""The files that have something of this rank's, and the layout of the rank that wrote each."""


def same_on_all_ranks(parts: Sequence[Part]) -> list[tuple[str, dict[str, Any]]]:
    """Return the values of the parts that are the same on all ranks; collective."""
    return [(part.name, part.get()) for part in parts if isinstance(part, Global)]


def write_parts(
    parts: Sequence[Part], same: Sequence[tuple[str, dict[str, Any]]], file: ArrayWriter
) -> None:
    """Write all that this rank has.

    Parameters
    ----------
    parts : sequence of Part
    same : sequence of (str, dict)
        What `same_on_all_ranks` returned, where this rank is to write it; plain data in it are
        left out.
    file : ArrayWriter
    """
    for part in parts:
        _write(part, file)
    for name, values in same:
        for key, value in values.items():
            if is_array(value):
                file.put(f"{name}/{key}", value)


def read_parts(
    parts: Sequence[Part], plain: dict[str, Any], readers: list[ArrayReader], layout: Layout
) -> None:
    """Take what is this rank's from the files of all ranks that wrote a checkpoint.

    Parameters
    ----------
    parts : sequence of Part
        Filled.
    plain : dict of dict
        The plain data of what is the same on all ranks, by name.
    readers : list of ArrayReader
        One for each rank that wrote.
    layout : Layout
        Of this rank.

    Raises
    ------
    UnfitError
        If an array is not there, or an id, a number or a shape is none of this network.
    """
    everyone = range(layout.n_neurons)
    before = {layout.on(old, len(readers)): reader for old, reader in enumerate(readers)}
    related = {old: r for old, r in before.items() if len(layout.shared_with(old, everyone))}
    for part in parts:
        try:
            if isinstance(part, Global):
                arrays = readers[0].under(f"{part.name}/")
                part.set(plain[part.name] | arrays)
            else:
                _read(part, related, layout)
        except UnfitError:
            raise
        except WRONG as error:
            raise UnfitError(f"{part.name} does not fit: {shorten(error)}") from None


@singledispatch
def _write(_part: Part, _file: ArrayWriter) -> None:
    """Write a part; what is the same on all ranks is not this rank's to write."""


@singledispatch
def _read(_part: Part, _related: Readers, _layout: Layout) -> None:
    """Fill a part."""


@_write.register
def _(part: PerNeuron, file: ArrayWriter) -> None:
    file.put(part.name, part.get())


@_read.register
def _(part: PerNeuron, related: Readers, layout: Layout) -> None:
    shape = part.get().shape
    for old, reader in related.items():
        check_array(reader, part.name, (*shape[:-1], len(old.ids(part.neurons))), part.get().dtype)
    dtypes = [reader.dtype(part.name) for reader in related.values()]
    array = np.zeros(shape, np.result_type(*dtypes) if dtypes else part.get().dtype)
    for old, reader in related.items():
        ids = layout.shared_with(old, part.neurons)
        if len(ids):
            source = old.strided(ids, part.neurons)
            target = layout.strided(ids, part.neurons)
            for place, row in reader.rows(part.name):
                array[place][target] = row[source]
    if part.least is not None:
        check_numbers(part.name, array, part.least, np.inf)
    part.set(array)


@_write.register
def _(part: OnRank0, file: ArrayWriter) -> None:
    for column, dtype in part.columns.items():
        file.put_pieces(f"{part.name}/{column}", part.get(column), dtype)


@_read.register
def _(part: OnRank0, related: Readers, layout: Layout) -> None:
    if layout.rank > 0:
        return
    reader = next(reader for old, reader in related.items() if old.rank == 0)
    total = reader.length(f"{part.name}/{next(iter(part.columns))}")
    for column, dtype in part.columns.items():
        check_array(reader, f"{part.name}/{column}", (total,), dtype)
    for low in range(0, total, ENTRIES_TOGETHER):
        high = min(low + ENTRIES_TOGETHER, total)
        rows = {c: reader.flat(f"{part.name}/{c}", low, high) for c in part.columns}
        for column in IDS & rows.keys():
            check_numbers(f"{part.name}/{column}", rows[column], 0, layout.n_neurons - 1)
        part.append(rows)


@_write.register
def _(part: PerSynapse, file: ArrayWriter) -> None:
    lengths = part.rows.lengths()
    file.put(f"{part.name}/length", lengths.astype(np.int32))
    for column, dtype in part.rows.columns.items():
        file.put_pieces(f"{part.name}/{column}", _pieces(part.rows, column, lengths), dtype)


@_read.register
def _(part: PerSynapse, related: Readers, layout: Layout) -> None:
    total = np.zeros(layout.n_neurons, dtype=np.int64)
    for reader in related.values():
        check_array(reader, f"{part.name}/length", (layout.n_neurons,), np.int32)
        lengths = reader.flat(f"{part.name}/length")
        check_numbers(f"{part.name}/length", lengths, 0, np.inf)
        total += lengths
        for column, dtype in part.rows.columns.items():
            n = int(lengths.sum(dtype=np.int64))
            check_array(reader, f"{part.name}/{column}", (n,), dtype)
    begin = dict.fromkeys(related, 0)
    for low, high in pairwise(_cuts(total)):
        pieces = []
        for old, reader in related.items():
            lengths = reader.flat(f"{part.name}/length", low, high)
            first, last = begin[old], begin[old] + int(lengths.sum(dtype=np.int64))
            begin[old] = last
            columns = {
                column: reader.flat(f"{part.name}/{column}", first, last)
                for column in part.rows.columns
            }
            check_numbers(f"{part.name}/target", columns["target"], 0, old.n_local - 1)
            if "delay" in columns:
                rows = part.rows
                check_numbers(
                    f"{part.name}/delay", columns["delay"], rows.delay, rows.longest_delay
                )
                check_numbers(f"{part.name}/weight", columns["weight"], -FINITE, FINITE)
            ids = old.ids_at(columns["target"].astype(np.int64))
            own = layout.here(ids)
            columns["target"] = layout.places(ids)
            sources = np.repeat(np.arange(low, high), lengths)
            pieces.append([column[own] for column in (sources, *columns.values())])
        if pieces:  # a rank without neurons has nothing in common with any other
            part.rows.insert(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def _pieces(rows: Rows, column: str, lengths: Ints) -> Iterator[Array]:
    for low, high in pairwise(_cuts(lengths)):
        yield rows.column(column, low, high)


def _cuts(lengths: Ints) -> list[int]:
    """Return the rows between which a table is cut into pieces."""
    ends = np.cumsum(lengths)
    cuts = np.searchsorted(ends, np.arange(ENTRIES_TOGETHER, ends[-1], ENTRIES_TOGETHER))
    return np.unique([0, *cuts, len(lengths)]).tolist()
