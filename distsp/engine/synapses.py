"""The synapses of this rank: those whose target it integrates.

Outgoing tables, by global source, are what delivery reads. Plastic types also have an incoming
table, by local target, so that a target finds its sources without a search. Both are changed in
place and stay sorted, so the place of a synapse among those of its pair says when it was made.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Int32s, Ints, Records, UInt64s
from distsp.base.bits import WORD_BITS
from distsp.base.compiled import compiled
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.base.sorting import order_of_pairs
from distsp.engine.adjacency import Adjacency, first_of
from distsp.engine.filling import Filling
from distsp.engine.index import total_and_longest, words_of
from distsp.network.synapse_type import Delay, Spread, SynapseType, delay_steps
from distsp.parallel.distributed import Global, Part, PerSynapse, check_whole
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.rng.distributions import Distribution, values
from distsp.rng.streams import Purpose, philox, stream_key, unit

GATHERED_SYNAPSES = 2_000_000
"""Synapses that are gathered on rank 0 at a time."""

SOURCES_TOGETHER = 1_000_000
"""Sources whose synapses are counted at a time."""

GROUPS_OF_SOURCES = 4096
"""How finely the sources are counted to cut pieces of so many synapses."""


Drawing = tuple[Ints, Ints, float | Distribution | Floats | None, Delay | Floats | None]
"""Sources, targets, weights and delays of synapses, as `TypeTable.add` takes them."""


class Outgoing(NamedTuple):
    """Synapses onto this rank's neurons by source, as the time loop takes them.

    Each type has as many words of rows, in which the row of a source is what `Layout.rows` says.
    """

    active: UInt64s  # the five arrays of an `Index`
    known: UInt64s
    first: Int32s
    room: Array
    records: Records
    targets: Int32s
    weights: Floats  # per synapse, where each has its own
    delays: Int32s  # steps
    n_types: Ints  # (1,)
    weight: Floats  # per type, where all synapses share it
    delay: Ints  # per type, steps; the shortest where each synapse has its own


@compiled
def copies_of_pairs(sources: Ints, targets: Ints) -> Ints:
    """Return for each synapse how many of the same pair stand before it in a sorted list."""
    copies = np.zeros(len(sources), dtype=np.int64)
    for i in range(1, len(sources)):
        if sources[i] == sources[i - 1] and targets[i] == targets[i - 1]:
            copies[i] = copies[i - 1] + 1
    return copies


def serial_of_pairs(sources: Ints, targets: Ints) -> Ints:
    """Return for each synapse of a list, in any order, how many of the same pair stand before it.

    Examples
    --------
    >>> serial_of_pairs(np.array([4, 2, 4, 4]), np.array([1, 1, 1, 0]))
    array([0, 0, 1, 0])
    """
    order = order_of_pairs(sources, targets)
    serial = np.empty_like(order)
    serial[order] = copies_of_pairs(sources[order], targets[order])
    return serial


@compiled
def own_uniforms(key: np.uint64, sources: Ints, targets: Ints, serial: Ints, which: int) -> Floats:
    """Return a number in (0, 1) for each synapse: of its pair, `serial` and what it is for."""
    numbers = np.empty(len(sources))
    for i in range(len(sources)):
        w = philox(
            key,
            np.uint64(sources[i]),
            np.uint64(targets[i]),
            np.uint64(serial[i]),
            np.uint64(which),
        )
        numbers[i] = unit(w[0], w[1])
    return numbers


@compiled
def stand_in(begin: Ints, length: Int32s, pool: Int32s, columns: Ints, there: Bools) -> None:
    """Write for each row, by where it is in the pool, whether it has a column."""
    for i in range(len(columns)):
        end = begin[i] + length[i]
        place = first_of(pool, begin[i], end, columns[i])
        there[i] = place < end and pool[place] == columns[i]


@compiled
def count_between(
    begin: Ints,
    length: Int32s,
    targets: Int32s,
    source_kinds: Ints,
    target_kinds: Ints,
    counts: Ints,
) -> None:
    """Count synapses by kind of source and kind of target; those of the kind 0 do not count.

    `begin` and `length` say where the targets of each source are, `source_kinds` what it is.
    """
    for source in range(len(source_kinds)):
        row = counts[source_kinds[source]]
        if source_kinds[source] > 0:
            for i in range(begin[source], begin[source] + length[source]):
                # Without a sign no place is counted from the end, which would have to be asked.
                row[np.uint64(target_kinds[np.uint64(targets[i])])] += 1
    counts[:, 0] = 0


class TypeTable:
    """The synapses of a type onto this rank's neurons.

    Parameters
    ----------
    name : str
    description : SynapseType
    spread : Spread
        What its synapses may be, those of all connections included.
    layout : Layout
    resolution : float
        ms.
    index : int
        Place in the order of creation.
    key : uint64
        The stream of what each synapse draws for itself.
    outgoing, incoming : Adjacency
        Tables that it shares with other types; only plastic types are in the incoming one.
    place, incoming_place : int
        Which of these types it is: each has rows for all sources, and for all neurons here.

    Attributes
    ----------
    heterogeneous : bool
        Whether each synapse has its own weight and delay.
    delay, longest_delay : int
        Steps; the shortest and the longest possible one.
    created : int
        Batches of synapses made so far.
    """

    def __init__(
        self,
        name: str,
        description: SynapseType,
        spread: Spread,
        layout: Layout,
        resolution: float,
        index: int,
        key: np.uint64,
        outgoing: Adjacency,
        place: int,
        incoming: Adjacency,
        incoming_place: int,
    ) -> None:
        self.name, self.description = name, description
        self.layout, self.resolution, self.index = layout, resolution, index
        self.outgoing, self.incoming = outgoing, incoming
        self.heterogeneous, self.plastic = spread.heterogeneous, description.plastic
        self.delay, self.longest_delay = spread.shortest, spread.longest
        self._n_words, self._n_incoming_words = words_of(layout.n_rows), words_of(layout.n_local)
        self._first_word = place * self._n_words
        self._first_incoming_word = incoming_place * self._n_incoming_words
        self.created = 0
        self.columns: dict[str, type] = {"target": np.int32}
        if self.heterogeneous:
            self.columns |= {"weight": np.float64, "delay": np.int32}
        self._key = key
        self._most_incoming = 0

    def add(
        self,
        sources: Ints,
        targets: Ints,
        weight: float | Distribution | Floats | None = None,
        delay: Delay | Floats | None = None,
    ) -> None:
        """Add synapses, in order of their creation, and draw what each has for itself.

        Parameters
        ----------
        sources : array (n,) of int64
            Global ids.
        targets : array (n,) of int64
            Local indices.
        weight, delay : float, distribution or array (n,) of float64, optional
            Where they are not the type's; only where each synapse has its own. Delays in ms.
        """
        self.prepared(sources, targets, weight, delay)()

    def prepared(
        self,
        sources: Ints,
        targets: Ints,
        weight: float | Distribution | Floats | None = None,
        delay: Delay | Floats | None = None,
    ) -> Callable[[], None]:
        """Return what adds synapses, as `add` takes them, and needs no more memory for it.

        It must be called before anything else changes.
        """
        own = self._draw_own(sources, targets, weight, delay) if self.heterogeneous else ()
        insert = self._prepared(sources, targets, *own)

        def put() -> None:
            self.created += self.heterogeneous
            insert()

        return put

    def prepared_pieces(self, pieces: Callable[[], Iterator[Drawing]]) -> Callable[[], None]:
        """Return what adds synapses that come in pieces, and needs no more memory for it.

        It must be called before anything else changes. All synapses of a target are in one piece.

        Parameters
        ----------
        pieces : callable
            Returns an iterator over what `add` takes; called twice.
        """
        outgoing = Filling(self.outgoing)
        incoming = Filling(self.incoming) if self.plastic else None
        most = 0
        for sources, targets, *_ in pieces():
            outgoing.count(self.rows(sources))
            if incoming:
                incoming.count(self.incoming_rows(targets))
            elif len(targets):
                most = max(most, int(np.bincount(targets).max()))
        fillings = [outgoing, incoming] if incoming else [outgoing]
        for filling in fillings:
            filling.make_room()
        for sources, targets, *own in pieces():
            drawn = self._draw_own(sources, targets, *own) if self.heterogeneous else ()
            outgoing.append(self.rows(sources), targets, *drawn)
            if incoming:
                incoming.append(self.incoming_rows(targets), sources)
        puts = [filling.settled() for filling in fillings]

        def put() -> None:
            self.created += self.heterogeneous
            for one in puts:
                one()
            self._most_incoming += most

        return put

    def insert(self, sources: Ints, targets: Ints, *own: Array) -> None:
        """Add synapses whose own weights and delays (steps), if they have any, are known."""
        self._prepared(sources, targets, *own)()

    def _prepared(self, sources: Ints, targets: Ints, *own: Array) -> Callable[[], None]:
        """Return what adds synapses and needs no more memory for it."""
        puts = [self.outgoing.prepared(self.rows(sources), targets, *own)]
        most = 0
        if self.plastic:
            puts.append(self.incoming.prepared(self.incoming_rows(targets), sources))
        elif len(targets):
            most = int(np.bincount(targets).max())

        def put() -> None:
            for one in puts:
                one()
            self._most_incoming += most

        return put

    def remove(self, sources: Ints, targets: Ints, copies: Ints) -> None:
        """Remove synapses.

        Parameters
        ----------
        sources : array (n,) of int64
            Global ids.
        targets : array (n,) of int64
            Local indices.
        copies : array (n,) of int64
            Which synapse of the pair, in order of creation.
        """
        tables = [self.outgoing.prepared_removal(self.rows(sources), targets, copies)]
        if self.plastic:
            rows = self.incoming_rows(targets)
            tables.append(self.incoming.prepared_removal(rows, sources, copies))
        for remove in tables:
            remove()

    def connects(self, sources: Ints, targets: Ints) -> Bools:
        """Return for each pair of a global id and a local index whether there is a synapse."""
        spans = self.outgoing.spans(self.rows(sources))
        there = np.zeros(len(sources), dtype=np.bool_)
        stand_in(*spans, self.outgoing.pools[0], targets, there)
        return there

    def rows(self, sources: Ints) -> Ints:
        """Return which rows of the outgoing table have the synapses of some sources."""
        return self.layout.rows(sources) + self._first_word * WORD_BITS

    def incoming_rows(self, targets: Ints) -> Ints:
        """Return which rows of the incoming table have the synapses of some targets."""
        return targets + self._first_incoming_word * WORD_BITS

    def lengths(self) -> Ints:
        """Return the number of synapses of each source, int64."""
        everyone = self.rows(np.arange(self.layout.n_neurons))
        return self.outgoing.spans(everyone)[1].astype(np.int64)

    def __len__(self) -> int:
        words = self._first_word, self._first_word + self._n_words
        return int(total_and_longest(self.outgoing.index, *words)[0])

    def between(self, sources: Ints, targets: Ints) -> Ints:
        """Return the numbers of synapses onto this rank's neurons between kinds of neurons.

        Parameters
        ----------
        sources, targets : array (n_neurons,) of int64
            The kind of each neuron, 0 for those that do not count.

        Returns
        -------
        array of int64
            A row for each kind of source, a column for each kind of target.
        """
        counts = np.zeros((sources.max(initial=0) + 1, targets.max(initial=0) + 1), dtype=np.int64)
        own, counted = targets[self.layout.ids()], np.flatnonzero(sources)
        for first in range(0, len(counted), SOURCES_TOGETHER):
            some = counted[first : first + SOURCES_TOGETHER]
            spans = self.outgoing.spans(self.rows(some))
            count_between(*spans, self.outgoing.pools[0], sources[some], own, counts)
        return counts

    def column(self, name: str, first: int, last: int) -> Array:
        """Return "target", "weight" or "delay" of the synapses of some sources, in their order."""
        return self.entries(first, last)[1 + list(self.columns).index(name)]

    def entries(self, first: int, last: int) -> tuple[Array, ...]:
        """Return sources, targets, weights and delays of the synapses of some sources; in order."""
        entries: tuple[Array, ...] = self.outgoing.entries(self.rows(np.arange(first, last)))
        return entries[0] + first, *entries[1 : 1 + len(self.columns)]

    def most_incoming(self) -> int:
        """Return a bound of how many synapses of this type a neuron here has."""
        if not self.plastic:
            return self._most_incoming
        words = self._first_incoming_word, self._first_incoming_word + self._n_incoming_words
        return int(total_and_longest(self.incoming.index, *words)[1])

    def chunks(self, ranks: Ranks) -> Iterator[dict[str, Array]]:
        """Yield all synapses in pieces on rank 0, and as many empty pieces elsewhere.

        The pieces, and what is in them, are in order of source, target and creation. Collective.
        """
        n_neurons = self.layout.n_neurons
        # How long the rows of all ranks are, in groups of sources: enough to cut pieces by.
        width = max(n_neurons // GROUPS_OF_SOURCES, 1)
        groups = ranks.sum(np.add.reduceat(self.lengths(), np.arange(0, n_neurons, width)))
        first = 0
        while first < len(groups):
            last, total = first + 1, groups[first]
            while last < len(groups) and total + groups[last] <= GATHERED_SYNAPSES:
                total += groups[last]
                last += 1
            yield self._piece(ranks, first * width, min(last * width, n_neurons))
            first = last

    def _piece(self, ranks: Ranks, first: int, last: int) -> dict[str, Array]:
        """Gather the synapses of some sources."""
        sources, targets, *own = self.entries(first, last)
        source = ranks.join_on_0(sources)
        target = ranks.join_on_0(self.layout.ids_at(targets.astype(np.int64)))
        order = order_of_pairs(source, target)
        if self.heterogeneous:
            weight = ranks.join_on_0(own[0])[order]
            delay = ranks.join_on_0(own[1])[order] * self.resolution
        else:
            weight = np.full(len(source), self.description.weight, dtype=np.float64)
            delay = np.full(len(source), self.description.delay, dtype=np.float64)
        return {"source": source[order], "target": target[order], "weight": weight, "delay": delay}

    def _draw_own(
        self,
        sources: Ints,
        targets: Ints,
        weight: float | Distribution | Floats | None,
        delay: Delay | Floats | None,
    ) -> tuple[Floats, Ints]:
        """Draw weights and delays; a batch and the place in the pair say which synapse it is."""
        weight = self.description.weight if weight is None else weight
        delay = self.description.delay if delay is None else delay
        which = 2 * self.created
        draws = isinstance(weight, Distribution) or isinstance(delay, Distribution)
        ids = self.layout.ids_at(targets) if draws else targets
        serial = serial_of_pairs(sources, ids) if draws else targets

        def drawn(number: float | Distribution, which: int) -> Floats:
            if isinstance(number, Distribution):
                return values(number, own_uniforms(self._key, sources, ids, serial, which))
            return np.full(len(sources), float(number))

        if not isinstance(weight, np.ndarray):
            weight = drawn(weight, which)
        shortest, longest = self.delay, self.longest_delay
        if not isinstance(delay, np.ndarray):
            shortest, longest = delay_steps(delay, self.resolution)
            delay = drawn(delay, which + 1)
        delays = np.rint(delay / self.resolution)
        return weight, np.clip(delays, shortest, longest).astype(np.int64)


class Synapses:
    """The tables of all synapse types of a network.

    Parameters
    ----------
    layout : Layout
    types : dict of SynapseType
        By name.
    spreads : dict of Spread
        What the synapses of each may be.
    resolution : float
        ms.
    seed : int

    Attributes
    ----------
    types : dict of TypeTable
        By name, in the order of the names.
    homogeneous, heterogeneous, incoming : Adjacency
        Outgoing synapses that share weight and delay with their type, and that have their own;
        incoming plastic synapses.
    """

    def __init__(
        self,
        layout: Layout,
        types: dict[str, SynapseType],
        spreads: dict[str, Spread],
        resolution: float,
        seed: int,
    ) -> None:
        # Types that are added later change neither the order of creation nor the random numbers.
        made, names = list(types), sorted(types)
        own = [spreads[name].heterogeneous for name in names]
        plastic = [types[name].plastic for name in names]
        rows, incoming_rows = (words_of(n) * WORD_BITS for n in (layout.n_rows, layout.n_local))
        if max(own.count(False), own.count(True)) * rows > MAX_SIZE:
            right = (
                f"types of {layout.n_neurons} neurons must have at most {MAX_SIZE} rows together"
            )
            raise InputError.at("synapse_types", len(names), right)
        self.homogeneous = Adjacency(own.count(False) * rows)
        self.heterogeneous = Adjacency(own.count(True) * rows, heterogeneous=True)
        self.incoming = Adjacency(plastic.count(True) * incoming_rows)
        self.types = {
            name: TypeTable(
                name,
                types[name],
                spreads[name],
                layout,
                resolution,
                made.index(name),
                stream_key(seed, Purpose.SYNAPSE, made.index(name)),
                self.heterogeneous if own[i] else self.homogeneous,
                own[:i].count(own[i]),
                self.incoming,
                plastic[:i].count(True),
            )
            for i, name in enumerate(names)
        }

    def __getitem__(self, name: str) -> TypeTable:
        return self.types[name]

    def of_kind(self, heterogeneous: bool) -> list[TypeTable]:
        """Return the types whose synapses have their own weights and delays, or the others."""
        return [table for table in self.types.values() if table.heterogeneous == heterogeneous]

    def outgoing(self, heterogeneous: bool) -> Outgoing:
        """Return a table as the time loop takes it."""
        table = self.heterogeneous if heterogeneous else self.homogeneous
        types = self.of_kind(heterogeneous)
        shared = [0.0 if heterogeneous else t.description.mean_weight for t in types]
        return Outgoing(
            *table.index,
            *table.pools,
            np.array([len(types)]),
            np.array(shared, dtype=np.float64),
            np.array([t.delay for t in types], dtype=np.int64),
        )

    def most_incoming(self) -> int:
        """Return a bound of how many synapses of a type a neuron of this rank has."""
        return max([table.most_incoming() for table in self.types.values()], default=0)

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [
            Global("batches", self._batches, self._restore_batches),
            *(PerSynapse(f"synapses/{name}", table) for name, table in self.types.items()),
        ]

    def _batches(self) -> dict[str, int]:
        return {name: table.created for name, table in self.types.items()}

    def _restore_batches(self, saved: dict[str, int]) -> None:
        for name, table in self.types.items():
            table.created = check_whole(name, saved[name])
