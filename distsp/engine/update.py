"""The structural update over all ranks: break what has lost its element, bind what is vacant.

Diaz-Pier et al. 2016 (Front Neuroanat 10:57). Rank 0 gathers the free elements, draws and
broadcasts; every rank applies its part. What is sent is bounded by the elements that are free or
must go. What is drawn stands in `plasticity`; here is who tells whom.
"""

from collections.abc import Callable

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Int32s, Ints
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.engine.memory import installed_bytes
from distsp.engine.nearby import paired_nearby
from distsp.engine.state import RankState
from distsp.engine.synapses import Synapses, TypeTable, serial_of_pairs
from distsp.network.space import Space
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.plasticity.breaking import COPY, MOST_COPIES, OTHER, PLACE, candidates, lowest_of_each
from distsp.plasticity.elements import (
    LACKING,
    VACANT,
    bind,
    bind_counts,
    imbalanced,
    imbalances,
    lose_vacant,
)
from distsp.plasticity.pairing import pair
from distsp.recorders import Change
from distsp.rng.streams import Purpose, stream_key

NO_IDS = np.empty(0, dtype=np.int64)


class StructuralUpdate:
    """The update of a network's plastic synapses.

    Parameters
    ----------
    ranks : Ranks
    layout : Layout
    state : RankState
    synapses : Synapses
    seed : int

    Attributes
    ----------
    vacant_decay : list of (int, slice, array)
        Row of the element, neurons of this rank, and the fraction of their vacant elements that
        they lose at an update: one for all, or one for each.
    surplus : str
        "one" if z is lifted by each synapse that breaks, "all" if only by one that is made.
    space_of : callable
        Returns the space of the synapses of a type with a kernel, by its name.
    """

    def __init__(
        self, ranks: Ranks, layout: Layout, state: RankState, synapses: Synapses, seed: int
    ) -> None:
        self.ranks, self.layout, self.state = ranks, layout, state
        self.synapses, self.seed = synapses, seed
        self.vacant_decay: list[tuple[int, slice, Floats]] = []
        self.surplus = "one"
        self.space_of: Callable[[str], Space]
        self._changes: list[Change] | None = None
        self._imbalances: Ints | None = None

    def apply(self, step: int, changes: list[Change] | None = None) -> None:
        """Break and make synapses, the elements having been brought up to `step`.

        Parameters
        ----------
        step : int
        changes : list of Change, optional
            Filled with what is broken and made.

        Raises
        ------
        InputError
            On one rank, before anything has changed, if there are more elements than can be
            counted; if there are more than can be listed, on rank 0.
        """
        self._changes, self._imbalances = changes, None
        for name in self.state.elements:
            highest = self.state.arrays.z[self.state.row(name)].max(initial=0.0)
            if not highest <= MAX_SIZE:
                raise InputError(
                    f"elements.{name}: a neuron has {highest:g} of them at the update at step "
                    f"{step}, more than {MAX_SIZE}; growth_rate must be less"
                )
        for table in self.synapses.types.values():
            if table.plastic:
                self._break_outgoing(table, step)
                self._break_incoming(table, step)
                self._pair(table, step)
        z, z_connected = self.state.arrays.z, self.state.arrays.z_connected
        for element, here, tau_vacant in self.vacant_decay:
            if tau_vacant.any():
                lose_vacant(z[element, here], z_connected[element, here], tau_vacant)

    def binding(self, table: TypeTable, made: Ints, made_here: Ints) -> Callable[[], None]:
        """Return what binds the elements of synapses that a rule has drawn.

        It needs no more memory.

        Parameters
        ----------
        made : array (n_neurons,) of int64
            How many synapses each source gets on all ranks, by global id.
        made_here : array (n_local,) of int64
            How many each neuron of this rank gets.
        """
        own = made[self.layout.ids()]

        def bind() -> None:
            arrays = self.state.arrays
            for element, counts in zip(self._elements(table), (own, made_here), strict=True):
                bind_counts(arrays.z[element], arrays.z_connected[element], counts, True)

        return bind

    def freeing(self, table: TypeTable, lost: Ints, lost_here: Ints) -> Callable[[], None]:
        """Return what frees the elements of synapses that a user has removed.

        They stay with their neurons, unlike those that a neuron has lost. It needs no more memory.

        Parameters
        ----------
        lost : array (n_neurons,) of int64
            How many synapses each source has lost on all ranks, by global id.
        lost_here : array (n_local,) of int64
            How many each neuron of this rank has lost.
        """
        pre, post = self._elements(table)
        of_sources = lost[self.layout.ids()].astype(np.int32)
        of_targets = lost_here.astype(np.int32)

        def free() -> None:
            z_connected = self.state.arrays.z_connected
            z_connected[pre] -= of_sources
            z_connected[post] -= of_targets

        return free

    def _elements(self, table: TypeTable) -> tuple[int, int]:
        """Return the rows of the state that have the type's pre- and postsynaptic element."""
        pre, post = table.description.pre or "", table.description.post or ""
        return self.state.row(pre), self.state.row(post)

    def _bind(self, element: int, places: Ints, change: int) -> None:
        """Bind (1) or free (-1) an element of each of this rank's neurons at `places`."""
        arrays = self.state.arrays
        lifts = change > 0 or self.surplus == "one"
        bind(arrays.z[element], arrays.z_connected[element], places, change, lifts)

    def _any(self, element: int, which: int) -> bool:
        """Return whether any neuron of any rank is `LACKING` elements, or has `VACANT` ones.

        Collective only after a change: an update without anything to do is one message.
        """
        if self._imbalances is None:
            z, z_connected = self.state.arrays.z, self.state.arrays.z_connected
            found = np.zeros((len(z), 2), dtype=np.int64)
            imbalances(z, z_connected, found)
            self._imbalances = self.ranks.largest(found)
        return bool(self._imbalances[element, which])

    def _imbalanced(self, element: int, sign: int) -> Int32s:
        """Return where neurons here have vacant elements (1) or too few (-1), and how many."""
        z, z_connected = self.state.arrays.z, self.state.arrays.z_connected
        rows: Int32s = imbalanced(z[element], z_connected[element], sign)
        return rows

    def _all_imbalanced(self, element: int, sign: int) -> tuple[Ints, Ints]:
        """Return the ids of all ranks' neurons that are, in order, and how many, on rank 0."""
        rows, lengths = self.ranks.parts_on_0(self._imbalanced(element, sign))
        if self.ranks.rank > 0:
            return NO_IDS, NO_IDS
        return self.layout.in_order(rows, lengths)

    def _free(self, element: int) -> tuple[Ints, Ints]:
        """Return all neurons with vacant elements, and how many, on rank 0."""
        ids, counts = self._all_imbalanced(element, 1)
        if 8 * (total := int(counts.sum())) > installed_bytes():
            raise InputError(
                f"elements.{self.state.elements[element]}: memory must hold {total} vacant ones at "
                "an update; growth_rate must be less"
            )
        return ids, counts

    def _break_outgoing(self, table: TypeTable, step: int) -> None:
        """Each neuron with too few presynaptic elements loses that many outgoing synapses."""
        pre = self._elements(table)[0]
        if not self._any(pre, LACKING):
            return
        lacking = np.stack(self._all_imbalanced(pre, -1))
        owners, quotas = self.ranks.broadcast_array(lacking)
        drawn, most = candidates(
            *table.outgoing.spans(table.rows(owners)),
            owners,
            quotas,
            table.outgoing.pools[0],
            stream_key(self.seed, Purpose.BREAK_OUTGOING, table.index),
            step,
            True,
            self.layout.rank,
            self.layout.size,
        )
        _check_copies(table, most)
        broken = lowest_of_each(self.ranks.join_on_0(drawn), owners, quotas)
        self._apply_broken(table, self.ranks.broadcast_array(broken))

    def _break_incoming(self, table: TypeTable, step: int) -> None:
        """Each neuron with too few postsynaptic elements loses that many incoming synapses."""
        post = self._elements(table)[1]
        if not self._any(post, LACKING):
            return
        places, quotas = self._imbalanced(post, -1).T.astype(np.int64, order="C")
        owners = self.layout.ids_at(places)
        drawn, most = candidates(
            *table.incoming.spans(table.incoming_rows(places)),
            owners,
            quotas,
            table.incoming.pools[0],
            stream_key(self.seed, Purpose.BREAK_INCOMING, table.index),
            step,
            False,
            0,
            1,
        )
        _check_copies(table, most)
        broken = np.stack(
            [drawn[:, OTHER], owners[drawn[:, PLACE]], drawn[:, COPY]], axis=1, dtype=np.int32
        )
        self._apply_broken(table, columns(self.ranks.join(broken)))

    def _apply_broken(self, table: TypeTable, broken: Int32s) -> None:
        """Free the elements of broken synapses (source, target, copy) and remove what is here."""
        sources, targets, copies = broken
        here, places = self._free_or_bind(table, sources, targets, -1)
        own = sources[here].astype(np.int64), places, copies[here].astype(np.int64)
        table.remove(*own)

    def _pair(self, table: TypeTable, step: int) -> None:
        """Bind vacant elements to each other."""
        description = table.description
        pre, post = self._elements(table)
        if not (self._any(pre, VACANT) and self._any(post, VACANT)):
            return
        free_pre, free_post = self._free(pre), self._free(post)
        if description.kernel is None:
            key = stream_key(self.seed, Purpose.PAIR, table.index)
            drawn = pair(*free_pre, *free_post, key, step, description.allow_autapses)
        else:
            space = self.space_of(table.name)
            drawn = paired_nearby(table, space, self.ranks, free_pre, free_post, self.seed, step)
        made = self.ranks.broadcast_array(drawn)
        if not description.allow_multapses and description.kernel is None:
            made = made[:, self._first_of_their_pair(table, *made)]
        if made.shape[1] == 0:
            return
        sources, targets = made
        here, places = self._free_or_bind(table, sources, targets, 1)
        table.add(sources[here].astype(np.int64), places)

    def _free_or_bind(
        self, table: TypeTable, sources: Int32s, targets: Int32s, change: int
    ) -> tuple[Ints, Ints]:
        """Free (-1) or bind (1) the elements of synapses on the ranks that have the neurons.

        Returns
        -------
        here, places : array of int64
            Which of the targets are here, and their places.
        """
        self._imbalances = None
        if self._changes is not None:
            self._changes.append(Change(table.name, change > 0, sources, targets))
        pre, post = self._elements(table)
        self._bind(pre, self.layout.own(sources)[1], change)
        here, places = self.layout.own(targets)
        self._bind(post, places, change)
        return here, places

    def _first_of_their_pair(self, table: TypeTable, sources: Int32s, targets: Int32s) -> Bools:
        """Return which new synapses connect a pair that has none; each target's rank knows."""
        first = serial_of_pairs(sources.astype(np.int64), targets.astype(np.int64)) == 0
        there = np.zeros(len(sources), dtype=np.int8)
        here, places = self.layout.own(targets)
        there[here] = table.connects(sources[here].astype(np.int64), places)
        return first & (self.ranks.largest(there) == 0)


def _check_copies(table: TypeTable, most: int) -> None:
    """Refuse more synapses of a pair than lots are drawn for.

    Raises
    ------
    InputError
        On the rank that has them.
    """
    if most > MOST_COPIES:
        raise InputError(
            f"synapse_types.{table.name}: {most} synapses connect the same two neurons, but an "
            f"update can choose among {MOST_COPIES} at most"
        )


def columns(table: Array) -> Array:
    """Return the columns of a table as arrays of their own.

    A view of a column is contiguous only where the table has one row: compiled functions would be
    compiled once more for that, in the middle of a run.
    """
    return np.ascontiguousarray(table.T)
