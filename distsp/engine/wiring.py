"""What a user's calls make and remove of this rank's synapses, in the order in which they came.

Each is done whole or not at all, also where it is interrupted or runs out of memory: what needs
memory, and may fail on one rank, comes first on all of them, and the change itself needs none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.columns import FloatColumn
from distsp.base.compiled import compiled
from distsp.base.errors import InputError
from distsp.engine.removal import Found, drawn_between, oldest_of_pairs, pieces_of
from distsp.engine.synapses import Drawing, Synapses, TypeTable
from distsp.engine.update import StructuralUpdate
from distsp.network.disconnection import Disconnection
from distsp.network.network import Network
from distsp.network.rules import Connection, Drawn, Ends
from distsp.parallel.interruption import Held
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, stream_key

T = TypeVar("T")


@compiled
def count(places: Ints, counts: Ints) -> None:
    """Count how often each place comes."""
    for place in places:
        counts[place] += 1


DRAWN_TOGETHER = 1_000_000
"""Synapses that are drawn at a time, about, where a rule can draw them in pieces."""


@dataclass
class _Removal:
    """A disconnection that has begun; each of its pieces is removed once."""

    pieces: list[Callable[[], Found]]
    of_sources: Ints
    of_targets: Ints
    n_done: int = 0


class Wiring:
    """Connections and disconnections of a network, each done once.

    Parameters
    ----------
    network : Network
    ranks : Ranks
    layout : Layout
    tables : Synapses
    update : StructuralUpdate
        Binds and frees the elements of plastic synapses.

    Attributes
    ----------
    n_done : int
        How many of them have been done.
    """

    def __init__(
        self,
        network: Network,
        ranks: Ranks,
        layout: Layout,
        tables: Synapses,
        update: StructuralUpdate,
    ) -> None:
        self.network, self.ranks, self.layout = network, ranks, layout
        self.tables, self.update = tables, update
        self.n_done = 0
        self._removal: _Removal | None = None

    def catch_up(self, held: Held) -> None:
        """Do what has been asked for since the last time; collective.

        Parameters
        ----------
        held : Held
            May act between two of them.
        """
        for index, change in self.network.wiring()[self.n_done :]:
            if isinstance(change, Disconnection):
                self._disconnect(index, change)
            else:
                self._connect(index, change)
            self.n_done += 1
            held.boundary()

    def _connect(self, index: int, connection: Connection) -> None:
        """Make the synapses of a connection onto this rank's neurons."""
        table = self.tables[connection.synapse]
        pieces = self._pieces(index, connection)
        made, made_here = self._on_all(lambda: self._counted(table, pieces))
        if table.plastic:
            made = self.ranks.sum(made)

        def changes() -> list[Callable[[], None]]:
            if len(pieces) == 1:
                add = table.prepared(*pieces[0]())
            else:
                add = table.prepared_pieces(lambda: (piece() for piece in pieces))
            return [add, self.update.binding(table, made, made_here)] if table.plastic else [add]

        for change in self._on_all(changes):
            change()

    def _pieces(self, index: int, connection: Connection) -> list[Callable[[], Drawing]]:
        """Return what draws a connection's synapses, as `TypeTable.add` takes them: in pieces.

        One is kept for when it is asked again; several are drawn anew.
        """
        source, target = self.network.ends(connection)
        source_ids, target_ids = np.asarray(source.ids), np.asarray(target.ids)
        rule = connection.rule
        space = self.network.space_between(f"connections.{index}.rule", rule, source, target)
        ends = Ends(source_ids, target_ids, self.layout.here(target_ids), space)
        key = stream_key(self.network.seed, Purpose.CONNECTION, index)
        n_here = len(ends.targets)

        def draw(ends: Ends) -> Drawing:
            drawn = rule.draw(key, ends)
            weight = _own(connection.weight, drawn.weights, drawn)
            delay = _own(connection.delay, drawn.delays, drawn)
            targets = self.layout.places(target_ids[drawn.targets])
            return source_ids[drawn.sources], targets, weight, delay

        expected = (
            rule.expected(len(source_ids), len(target_ids)) * n_here / max(len(target_ids), 1)
        )
        n_pieces = min(int(expected / DRAWN_TOGETHER), n_here)
        if n_pieces < 2 or not rule.by_target:
            return [cache(partial(draw, ends))]
        cuts = (np.arange(n_pieces + 1) * n_here // n_pieces).tolist()
        return [partial(draw, ends.part(*cut)) for cut in pairwise(cuts)]

    def _counted(self, table: TypeTable, pieces: list[Callable[[], Drawing]]) -> tuple[Ints, Ints]:
        """Return how many synapses each source, and each neuron here, gets, where that matters."""
        n = (self.layout.n_neurons, self.layout.n_local) if table.plastic else (0, 0)
        made, made_here = (np.zeros(one, dtype=np.int64) for one in n)
        if table.plastic:
            for piece in pieces:
                sources, targets, *_ = piece()
                count(sources, made)
                count(targets, made_here)
        elif len(pieces) == 1:
            pieces[0]()  # here it may run out of memory, before anything changes
        return made, made_here

    def _disconnect(self, index: int, disconnection: Disconnection) -> None:
        """Remove the synapses that a disconnection names from this rank's neurons.

        Raises
        ------
        InputError
            On every rank, if one of the pairs has no synapse; the disconnection is forgotten.
        """
        table = self.tables[disconnection.synapse]
        if self._removal is None:
            self._removal = self._begun(index, disconnection, table)
        removal = self._removal
        self._on_all(lambda: _remove(table, removal))
        if table.plastic:
            lost = self.ranks.sum(removal.of_sources)
            free = self._on_all(lambda: self.update.freeing(table, lost, removal.of_targets))
            free()
        self._removal = None

    def _begun(self, index: int, disconnection: Disconnection, table: TypeTable) -> _Removal:
        """Return what there is to remove, in pieces; collective."""
        network, layout = self.network, self.layout
        source, target = network.ends(disconnection)
        source_ids, target_ids = np.asarray(source.ids), np.asarray(target.ids)
        pieces: list[Callable[[], Found]]
        if disconnection.sources is not None and disconnection.targets is not None:
            sources = source_ids[disconnection.sources.array]
            targets = target_ids[disconnection.targets.array]
            here = np.arange(len(targets))[layout.here(targets)]
            mine = sources[here], layout.places(targets[here])
            copies, there = oldest_of_pairs(table, *mine)
            missing = self.ranks.collect(here[~there].min(initial=len(targets)).item())
            if min(missing) < len(targets):
                network.forget_disconnection(index)
                raise InputError(
                    f"disconnections.{index}: there is no such synapse of {table.name} from neuron "
                    f"{sources[min(missing)]} to neuron {targets[min(missing)]}"
                )
            pieces = [lambda: (*mine, copies)]
        else:
            fraction = 1.0 if disconnection.fraction is None else disconnection.fraction
            key = stream_key(network.seed, Purpose.DISCONNECT, index)
            is_target = np.zeros(layout.n_local, dtype=bool)
            is_target[layout.places(target_ids[layout.here(target_ids)])] = True
            pieces = [
                partial(drawn_between, table, some, is_target, key, fraction)
                for some in pieces_of(table, source_ids)
            ]
        of_sources = np.zeros(layout.n_neurons, dtype=np.int64)
        return _Removal(pieces, of_sources, np.zeros(layout.n_local, dtype=np.int64))

    def _on_all(self, task: Callable[[], T]) -> T:
        """Do something on every rank; where one runs out of memory, all do. Collective."""
        done, problem = None, None
        try:
            done = task()
        except MemoryError as error:
            problem = error
        failed = self.ranks.collect(problem is not None)
        if any(failed):
            raise problem or MemoryError(f"on rank {failed.index(True)}")
        return done  # type: ignore[return-value]


def _remove(table: TypeTable, removal: _Removal) -> None:
    """Remove the pieces that are still there from the table, and count what each neuron loses."""
    for piece in removal.pieces[removal.n_done :]:
        sources, targets, copies = piece()
        of_sources = np.bincount(sources, minlength=len(removal.of_sources))
        of_targets = np.bincount(targets, minlength=len(removal.of_targets))
        table.remove(sources, targets, copies)
        removal.of_sources += of_sources
        removal.of_targets += of_targets
        removal.n_done += 1


def _own(said: Any, brought: Floats | None, drawn: Drawn) -> Any:
    """Return weights or delays of a connection's synapses: what was said, or what they bring."""
    if isinstance(said, FloatColumn):
        return said.array[drawn.which]
    return brought if said is None else said
