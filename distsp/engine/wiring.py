"""What a user's calls make and remove of this rank's synapses, in the order in which they came."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from distsp.base.arrays import Floats
from distsp.base.columns import FloatColumn
from distsp.base.errors import InputError
from distsp.engine.removal import Found, drawn_between, oldest_of_pairs
from distsp.engine.synapses import Synapses
from distsp.engine.update import StructuralUpdate
from distsp.network.disconnection import Disconnection
from distsp.network.network import Network
from distsp.network.rules import Connection, Drawn, Ends
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, stream_key


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

    def catch_up(self) -> None:
        """Do what has been asked for since the last time; collective."""
        for index, change in self.network.wiring()[self.n_done :]:
            if isinstance(change, Disconnection):
                self._disconnect(index, change)
            else:
                self._connect(index, change)
            self.n_done += 1

    def _connect(self, index: int, connection: Connection) -> None:
        """Make the synapses of a connection onto this rank's neurons."""
        source, target = self.network.ends(connection)
        table = self.tables[connection.synapse]
        source_ids, target_ids = np.asarray(source.ids), np.asarray(target.ids)
        ends = Ends(source_ids, target_ids, self.layout.here(target_ids))
        key = stream_key(self.network.seed, Purpose.CONNECTION, index)
        drawn = connection.rule.draw(key, ends)
        sources, targets = source_ids[drawn.sources], self.layout.places(target_ids[drawn.targets])
        table.add(
            sources,
            targets,
            _own(connection.weight, drawn.weights, drawn),
            _own(connection.delay, drawn.delays, drawn),
        )
        if table.plastic:
            self.update.bind_initial(table, sources, targets)

    def _disconnect(self, index: int, disconnection: Disconnection) -> None:
        """Remove the synapses that a disconnection names from this rank's neurons.

        Raises
        ------
        InputError
            On every rank, if one of the pairs has no synapse; the disconnection is forgotten.
        """
        network, layout = self.network, self.layout
        source, target = network.ends(disconnection)
        table = self.tables[disconnection.synapse]
        source_ids, target_ids = np.asarray(source.ids), np.asarray(target.ids)
        lost_by_source = np.zeros(layout.n_neurons, dtype=np.int64)
        lost_by_target = np.zeros(layout.n_local, dtype=np.int64)
        found: Iterable[Found]
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
            found = [(*mine, copies)]
        else:
            fraction = 1.0 if disconnection.fraction is None else disconnection.fraction
            key = stream_key(network.seed, Purpose.DISCONNECT, index)
            is_target = np.zeros(layout.n_local, dtype=bool)
            is_target[layout.places(target_ids[layout.here(target_ids)])] = True
            found = drawn_between(table, source_ids, is_target, key, fraction)
        for sources, targets, copies in found:
            lost_by_source += np.bincount(sources, minlength=layout.n_neurons)
            lost_by_target += np.bincount(targets, minlength=layout.n_local)
            table.remove(sources, targets, copies)
        if table.plastic:
            self.update.free_removed(table, lost_by_source, lost_by_target)


def _own(said: Any, brought: Floats | None, drawn: Drawn) -> Any:
    """Return weights or delays of a connection's synapses: what was said, or what they bring."""
    if isinstance(said, FloatColumn):
        return said.array[drawn.which]
    return brought if said is None else said
