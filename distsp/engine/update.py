"""The structural update: break what has lost its element, bind what is vacant.

Diaz-Pier et al. 2016 (Front Neuroanat 10:57). Rank 0 gathers the free elements, draws and
broadcasts; every rank applies its part. What is sent is bounded by the elements that are free or
must go.
"""

import numpy as np
import numpy.typing as npt

from distsp.base.compiled import compiled
from distsp.engine.loop import State
from distsp.engine.synapses import Kind, Synapses
from distsp.parallel.ranks import Ranks
from distsp.plasticity.pairing import lowest_of_each, pair
from distsp.rng.streams import Purpose, philox, stream_key

Ids = npt.NDArray[np.int64]


@compiled
def vacant(z, z_connected):  # type: ignore[no-untyped-def]
    """Return the places of neurons with vacant != 0 and the vacant counts."""
    n = 0
    for i in range(len(z)):
        n += np.int64(np.floor(z[i])) != z_connected[i]
    places, counts = np.empty(n, np.int64), np.empty(n, np.int64)
    n = 0
    for i in range(len(z)):
        count = np.int64(np.floor(z[i])) - z_connected[i]
        if count != 0:
            places[n], counts[n] = i, count
            n += 1
    return places, counts


@compiled
def bind(z, z_connected, places, change):  # type: ignore[no-untyped-def]
    """Bind (`change` = 1) or free (-1) an element of each of the neurons at `places`.

    An element that is still bound beyond floor(z) lifts z.
    """
    for i in places:
        z_connected[i] += change
        whole = np.floor(z[i])
        if z_connected[i] > whole:
            z[i] = z_connected[i] + (z[i] - whole)


@compiled
def lose_vacant(z, z_connected, tau_vacant):  # type: ignore[no-untyped-def]
    """Take the fraction `tau_vacant` of its vacant elements from each neuron."""
    for i in range(len(z)):
        count = np.floor(z[i]) - z_connected[i]
        if count > 0:
            z[i] -= count * tau_vacant


@compiled
def lowest(lots, k):  # type: ignore[no-untyped-def]
    """Return the places of the `k` lowest lots, or of all if there are fewer.

    A few are found by looking through all lots for each: a tenth of the time of sorting them.
    """
    n = len(lots)
    if k >= n:
        return np.arange(n)
    if k > 8:
        return np.argsort(lots, kind="mergesort")[:k]
    chosen, taken = np.empty(k, np.int64), np.zeros(n, np.bool_)
    for c in range(k):
        best = -1
        for i in range(n):
            if not taken[i] and (best < 0 or lots[i] < lots[best]):
                best = i
        chosen[c], taken[best] = best, True
    return chosen


@compiled
def candidates(rows, owners, quotas, start, length, pool, key, update, by_source, scale, shift):  # type: ignore[no-untyped-def]
    """Draw a lot for each synapse of some rows and return the lowest of each row.

    Parameters
    ----------
    rows : array (n,) of int64
        Rows of the table.
    owners : array (n,) of int64
        Global ids of the neurons that the rows belong to.
    quotas : array (n,) of int64
        How many synapses each neuron must lose: no more are returned for a row.
    start, length, pool : arrays
        The table; column c stands for the global id c * scale + shift.
    key : uint64
        The stream of the lots.
    update : int
        The step of the update.
    by_source : bool
        Whether a row belongs to a source.

    Returns
    -------
    place, other, copy : array of int64
        Place of the row, global id of the other neuron, which synapse of the pair.
    lot : array of uint64
    """
    total = 0
    for i in range(len(rows)):
        total += min(np.int64(length[rows[i]]), quotas[i])
    place, other, copy = (
        np.empty(total, np.int64),
        np.empty(total, np.int64),
        np.empty(total, np.int64),
    )
    lot = np.empty(total, np.uint64)
    count = 0
    # 16 bits for the copy and 48 for the step share the last two words.
    when = np.uint64(update)
    low, high = when & np.uint64(0xFFFFFFFF), (when >> np.uint64(32)) << np.uint64(16)
    for i in range(len(rows)):
        begin, n = start[rows[i]], length[rows[i]]
        columns = pool[begin : begin + n]
        lots, copies = np.empty(n, np.uint64), np.zeros(n, np.int64)
        for k in range(1, n):
            if columns[k] == columns[k - 1]:
                copies[k] = copies[k - 1] + 1
        owner = np.uint64(owners[i])
        # A loop for each side, with nothing but the generator in it, takes a tenth of the time.
        if by_source:
            for k in range(n):
                other_id = np.uint64(columns[k] * scale + shift)
                w = philox(key, owner, other_id, low, high | np.uint64(copies[k]))
                lots[k] = w[0] << np.uint64(32) | w[1]
        else:
            for k in range(n):
                other_id = np.uint64(columns[k] * scale + shift)
                w = philox(key, other_id, owner, low, high | np.uint64(copies[k]))
                lots[k] = w[0] << np.uint64(32) | w[1]
        for k in lowest(lots, quotas[i]):
            place[count], other[count] = i, columns[k] * scale + shift
            copy[count], lot[count] = copies[k], lots[k]
            count += 1
    return place, other, copy, lot


def columns(table: Ids) -> Ids:
    """Return the columns of a table as arrays of their own.

    A view of a column is contiguous only where the table has one row: compiled functions would be
    compiled once more for that, in the middle of a run.
    """
    return np.ascontiguousarray(table.T)


class StructuralUpdate:
    """The update of a network's plastic synapses.

    Parameters
    ----------
    ranks : Ranks
    synapses : Synapses
    elements : list of str
        Names of the elements, in order of the rows of `State.z`.
    losses : list of (int, slice, float)
        Element, neurons of this rank, and the fraction of vacant elements lost at an update.
    seed : int
    """

    def __init__(
        self,
        ranks: Ranks,
        synapses: Synapses,
        elements: list[str],
        losses: list[tuple[int, slice, float]],
        seed: int,
    ) -> None:
        self.ranks, self.synapses, self.elements = ranks, synapses, elements
        self.losses, self.seed = losses, seed

    def apply(self, state: State, step: int) -> None:
        """Break and make synapses, the elements having been brought up to `step`."""
        for index, kind in enumerate(self.synapses.kinds.values()):
            if not kind.description.plastic:
                continue
            self._break_outgoing(state, kind, index, step)
            self._break_incoming(state, kind, index, step)
            self._pair(state, kind, index, step)
        for element, here, tau_vacant in self.losses:
            lose_vacant(state.z[element, here], state.z_connected[element, here], tau_vacant)

    def bind_initial(self, state: State, kind: Kind, sources: Ids, targets: Ids) -> None:
        """Bind the elements of synapses that a rule has made onto this rank's neurons.

        Parameters
        ----------
        sources : array (n,) of int64
            Global ids.
        targets : array (n,) of int64
            Local indices.
        """
        pre, post = self._rows(kind)
        made = self.ranks.sum(np.bincount(sources, minlength=self.synapses.n_neurons))
        own = made[self.ranks.rank :: self.ranks.size]
        bind(state.z[pre], state.z_connected[pre], np.repeat(np.arange(len(own)), own), 1)
        bind(state.z[post], state.z_connected[post], targets, 1)

    def _rows(self, kind: Kind) -> tuple[int, int]:
        """Return the rows of the state that have the type's pre- and postsynaptic element."""
        description = kind.description
        return self.elements.index(description.pre or ""), self.elements.index(
            description.post or ""
        )

    def _vacant(self, state: State, element: int) -> tuple[Ids, Ids]:
        """Return this rank's neurons (global ids) with vacant != 0, and their vacant counts."""
        places, counts = vacant(state.z[element], state.z_connected[element])
        return places * self.ranks.size + self.ranks.rank, counts

    def _in_order(self, ids: Ids, counts: Ids) -> tuple[Ids, Ids]:
        """Return all ranks' entries in order of the ids, on every rank."""
        both = self.ranks.join(np.stack([ids, counts], axis=1))
        both = both[np.argsort(both[:, 0])]
        return both[:, 0].copy(), both[:, 1].copy()

    def _free(self, state: State, element: int) -> tuple[Ids, Ids]:
        """Return all neurons with vacant elements, and how many, on rank 0."""
        ids, counts = self._vacant(state, element)
        free = self.ranks.join_on_0(np.stack([ids[counts > 0], counts[counts > 0]], axis=1))
        free = free[np.argsort(free[:, 0])]
        return free[:, 0], free[:, 1]

    def _break_outgoing(self, state: State, kind: Kind, index: int, step: int) -> None:
        """Each neuron with too few presynaptic elements loses that many outgoing synapses."""
        ids, counts = self._vacant(state, self._rows(kind)[0])
        owners, quotas = self._in_order(ids[counts < 0], -counts[counts < 0])
        if len(owners) == 0:
            return
        synapses, ranks = self.synapses, self.ranks
        table = synapses.table(kind)
        place, other, copy, lot = candidates(
            kind.row * synapses.n_neurons + owners,
            owners,
            quotas,
            table.start,
            table.length,
            table.pools[0],
            stream_key(self.seed, Purpose.BREAK_OUTGOING, index),
            step,
            True,
            ranks.size,
            ranks.rank,
        )
        drawn = ranks.join_on_0(np.stack([place, other, copy, lot.view(np.int64)], axis=1))
        place, other, copy, lot = columns(drawn)
        gone = lowest_of_each(place, lot.view(np.uint64), (other << 16) | copy, quotas)
        broken = np.stack([owners[place[gone]], other[gone], copy[gone]], axis=1)
        self._apply_broken(state, kind, ranks.broadcast_array(broken))

    def _break_incoming(self, state: State, kind: Kind, index: int, step: int) -> None:
        """Each neuron with too few postsynaptic elements loses that many incoming synapses."""
        ids, counts = self._vacant(state, self._rows(kind)[1])
        owners, quotas = ids[counts < 0], -counts[counts < 0]
        synapses, ranks = self.synapses, self.ranks
        if ranks.largest(len(owners)) == 0:
            return
        place, other, copy, _ = candidates(
            kind.incoming * synapses.n_local + owners // ranks.size,
            owners,
            quotas,
            synapses.incoming.start,
            synapses.incoming.length,
            synapses.incoming.pools[0],
            stream_key(self.seed, Purpose.BREAK_INCOMING, index),
            step,
            False,
            1,
            0,
        )
        broken = np.stack([other, owners[place], copy], axis=1)
        self._apply_broken(state, kind, ranks.join(broken))

    def _apply_broken(self, state: State, kind: Kind, broken: Ids) -> None:
        """Free the elements of broken synapses (source, target, copy) and remove what is here."""
        pre, post = self._rows(kind)
        sources, targets, copies = columns(broken)
        here = self.local(targets)
        own_sources = sources[self.local(sources)] // self.ranks.size
        bind(state.z[pre], state.z_connected[pre], own_sources, -1)
        bind(state.z[post], state.z_connected[post], targets[here] // self.ranks.size, -1)
        self.synapses.remove(kind, sources[here], targets[here] // self.ranks.size, copies[here])

    def _pair(self, state: State, kind: Kind, index: int, step: int) -> None:
        """Bind vacant elements to each other."""
        ranks, description = self.ranks, kind.description
        pre, post = self._rows(kind)
        key = stream_key(self.seed, Purpose.PAIR, index)
        sources, targets = pair(
            *self._free(state, pre), *self._free(state, post), key, step, description.allow_autapses
        )
        made = ranks.broadcast_array(np.stack([sources, targets], axis=1))
        if len(made) == 0:
            return
        if not description.allow_multapses:
            made = made[self._first_of_their_pair(kind, made)]
        sources, targets = columns(made)
        here = self.local(targets)
        bind(
            state.z[pre],
            state.z_connected[pre],
            sources[self.local(sources)] // ranks.size,
            1,
        )
        bind(state.z[post], state.z_connected[post], targets[here] // ranks.size, 1)
        self.synapses.add(kind, sources[here], targets[here] // ranks.size)

    def _first_of_their_pair(self, kind: Kind, made: Ids) -> npt.NDArray[np.bool_]:
        """Return which new synapses connect a pair that has none; each target's rank knows."""
        _, first = np.unique(made, axis=0, return_index=True)
        kept = np.zeros(len(made), dtype=bool)
        kept[first] = True
        table, size = self.synapses.table(kind), self.ranks.size
        there = np.zeros(len(made), dtype=np.int64)
        for i in np.flatnonzero(kept & (made[:, 1] % size == self.ranks.rank)):
            row = table.row(kind.row * self.synapses.n_neurons + int(made[i, 0]))
            target = made[i, 1] // size
            k = np.searchsorted(row, target)
            there[i] = k < len(row) and row[k] == target
        return kept & (self.ranks.sum(there) == 0)

    def local(self, ids: Ids) -> npt.NDArray[np.bool_] | slice:
        """Return which neurons this rank integrates, as an index of `ids`."""
        if self.ranks.size == 1:
            return slice(None)
        return ids % self.ranks.size == self.ranks.rank
