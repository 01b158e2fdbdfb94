"""This rank's synapses: those whose target it integrates.

Outgoing tables, by global source, are what delivery reads. Plastic types also have an incoming
table, by local target, so that a target finds its sources without a search. Both are changed in
place and stay sorted, so the place of a synapse among those of its pair says when it was made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distsp.base.compiled import compiled
from distsp.engine.adjacency import Adjacency
from distsp.engine.loop import Outgoing
from distsp.network.network import SynapseType
from distsp.parallel.ranks import Ranks
from distsp.rng.distributions import Normal, Uniform, values
from distsp.rng.streams import Purpose, philox, stream_key, unit

Ids = npt.NDArray[np.int64]

CHUNK = 2_000_000
"""Synapses that are gathered on rank 0 at a time."""


@dataclass
class Kind:
    """A synapse type as the tables know it."""

    name: str
    description: SynapseType
    valued: bool
    row: int
    """Its rows in the outgoing table begin at row * n_neurons."""
    incoming: int
    """Its rows in the incoming table begin at incoming * n_local; -1 if it is static."""
    delay: int
    """Steps; the shortest possible one if each synapse has its own."""
    longest_delay: int
    most_incoming: int = 0
    """Synapses that a neuron here has at most, by rules; plastic types are counted anew."""


@compiled
def copies_of_pairs(sources, targets):  # type: ignore[no-untyped-def]
    """Return for each synapse how many of the same pair stand before it in a sorted list."""
    copies = np.zeros(len(sources), dtype=np.int64)
    for i in range(1, len(sources)):
        if sources[i] == sources[i - 1] and targets[i] == targets[i - 1]:
            copies[i] = copies[i - 1] + 1
    return copies


@compiled
def own_uniforms(key, sources, targets, serial, which):  # type: ignore[no-untyped-def]
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


class Synapses:
    """Tables of this rank's synapses of all types.

    Parameters
    ----------
    ranks : Ranks
    n_neurons, n_local : int
        Neurons of the network, and of this rank.
    types : dict of SynapseType
        By name.
    resolution : float
        ms.
    seed : int
    """

    def __init__(
        self,
        ranks: Ranks,
        n_neurons: int,
        n_local: int,
        types: dict[str, SynapseType],
        resolution: float,
        seed: int,
    ) -> None:
        self.ranks, self.n_neurons, self.n_local = ranks, n_neurons, n_local
        self.resolution, self.seed = resolution, seed
        self.kinds: dict[str, Kind] = {}
        n_rows, n_incoming = [0, 0], 0
        for name in sorted(types):
            description = types[name]
            valued = not (
                isinstance(description.weight, float) and isinstance(description.delay, float)
            )
            shortest, longest = delay_range(description.delay, resolution)
            incoming = n_incoming if description.plastic else -1
            self.kinds[name] = Kind(
                name, description, valued, n_rows[valued], incoming, shortest, longest
            )
            n_rows[valued] += 1
            n_incoming += description.plastic
        self.plain = Adjacency(n_rows[0] * n_neurons)
        self.valued = Adjacency(n_rows[1] * n_neurons, valued=True)
        self.incoming = Adjacency(n_incoming * n_local)
        self.created = dict.fromkeys(self.kinds, 0)

    def table(self, kind: Kind) -> Adjacency:
        """Return the outgoing table that has the synapses of this type."""
        return self.valued if kind.valued else self.plain

    def outgoing(self, valued: bool) -> Outgoing:
        """Return a table as the time loop takes it."""
        table = self.valued if valued else self.plain
        kinds = [kind for kind in self.kinds.values() if kind.valued == valued]
        weights = [0.0 if valued else float(kind.description.weight) for kind in kinds]  # type: ignore[arg-type]
        return Outgoing(
            table.start,
            table.length,
            *table.pools,
            np.array([len(kinds)]),
            np.array(weights, dtype=np.float64),
            np.array([kind.delay for kind in kinds], dtype=np.int64),
        )

    def add(self, kind: Kind, sources: Ids, targets: Ids) -> None:
        """Add synapses, in order of their creation.

        Parameters
        ----------
        kind : Kind
        sources : array (n,) of int64
            Global ids.
        targets : array (n,) of int64
            Local indices.
        """
        own = self._own_values(kind, sources, targets) if kind.valued else ()
        self.insert(kind, sources, targets, *own)

    def insert(self, kind: Kind, sources: Ids, targets: Ids, *own: npt.NDArray[Any]) -> None:
        """Add synapses whose own weights and delays (steps), if they have any, are known."""
        self.table(kind).insert(kind.row * self.n_neurons + sources, targets, *own)
        if kind.incoming >= 0:
            self.incoming.insert(kind.incoming * self.n_local + targets, sources)
        elif len(targets):
            kind.most_incoming += int(np.bincount(targets).max())

    def _own_values(self, kind: Kind, sources: Ids, targets: Ids) -> tuple[Any, Any]:
        """Draw weights and delays; a batch and the place in the pair say which synapse it is."""
        key = stream_key(self.seed, Purpose.SYNAPSE, list(self.kinds).index(kind.name))
        ids = targets * self.ranks.size + self.ranks.rank
        order = np.lexsort((ids, sources))
        serial = np.empty_like(order)
        serial[order] = copies_of_pairs(sources[order], ids[order])
        which = 2 * self.created[kind.name]
        self.created[kind.name] += 1
        u = own_uniforms(key, sources, ids, serial, which)
        weights = values(kind.description.weight, u)
        u = own_uniforms(key, sources, ids, serial, which + 1)
        delays = np.rint(values(kind.description.delay, u) / self.resolution)
        return weights, np.clip(delays, kind.delay, kind.longest_delay).astype(np.int64)

    def remove(self, kind: Kind, sources: Ids, targets: Ids, copies: Ids) -> None:
        """Remove synapses of a plastic type.

        Parameters
        ----------
        kind : Kind
        sources : array (n,) of int64
            Global ids.
        targets : array (n,) of int64
            Local indices.
        copies : array (n,) of int64
            Which synapse of the pair, in order of creation.
        """
        self.table(kind).remove(kind.row * self.n_neurons + sources, targets, copies)
        self.incoming.remove(kind.incoming * self.n_local + targets, sources, copies)

    def most_incoming(self) -> int:
        """Return a bound of how many synapses of a type a neuron of this rank has."""
        plastic = int(self.incoming.length.max(initial=0))
        return max([plastic, *(kind.most_incoming for kind in self.kinds.values())])

    def count(self, kind: Kind) -> int:
        """Return the number of synapses of a type on this rank."""
        first = kind.row * self.n_neurons
        return int(self.table(kind).length[first : first + self.n_neurons].sum(dtype=np.int64))

    def chunks(self, kind: Kind) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """Yield all synapses of a type in pieces on rank 0, and as many empty pieces elsewhere.

        The pieces, and what is in them, are in order of source, target and creation. Collective.
        """
        table, offset = self.table(kind), kind.row * self.n_neurons
        lengths = table.length[offset : offset + self.n_neurons].astype(np.int64)
        # How long the rows of all ranks are, in groups of sources: enough to cut pieces by.
        width = max(self.n_neurons // 4096, 1)
        groups = self.ranks.sum(np.add.reduceat(lengths, np.arange(0, self.n_neurons, width)))
        first = 0
        while first < len(groups):
            last, total = first + 1, groups[first]
            while last < len(groups) and total + groups[last] <= CHUNK:
                total += groups[last]
                last += 1
            low, high = first * width, min(last * width, self.n_neurons)
            yield self._piece(kind, table, offset + low, offset + high, low)
            first = last

    def _piece(
        self, kind: Kind, table: Adjacency, low: int, high: int, first: int
    ) -> dict[str, npt.NDArray[Any]]:
        rows, columns, weights, delays = table.entries(low, high)
        gathered = self.ranks.join_on_0
        source = gathered(rows - low + first)
        target = gathered(columns.astype(np.int64) * self.ranks.size + self.ranks.rank)
        order = np.lexsort((target, source))
        if kind.valued:
            weight = gathered(weights)[order]
            delay = gathered(delays)[order] * self.resolution
        else:
            weight = np.full(len(source), kind.description.weight, dtype=np.float64)
            delay = np.full(len(source), kind.description.delay, dtype=np.float64)
        return {"source": source[order], "target": target[order], "weight": weight, "delay": delay}


def delay_range(delay: float | Uniform | Normal, resolution: float) -> tuple[int, int]:
    """Return the shortest and longest delay (steps) of a type; a normal one is cut at 3 std."""
    if isinstance(delay, Uniform):
        low, high = delay.low, delay.high
    elif isinstance(delay, Normal):
        low, high = delay.mean - 3.0 * delay.std, delay.mean + 3.0 * delay.std
    else:
        low = high = delay
    shortest = max(round(low / resolution), 1)
    return shortest, max(round(high / resolution), shortest)
