"""Connections as a script of NEST 2 addresses them: tuples of five numbers."""

from typing import Any

import numpy as np

from distsp.pynest.synapse_collection import SynapseCollection


class OldConnection(tuple[int, ...]):
    """Source, target, thread, number of the synapse model, and number of the connection."""

    collection: SynapseCollection


class OldConnections(tuple[OldConnection, ...]):
    """All connections that GetConnections has found."""

    @classmethod
    def of(cls, collection: SynapseCollection) -> "OldConnections":
        """Return the connections of a collection."""
        columns = [collection._list(key) for key in ("source", "target")]
        kinds = collection._columns["kind"].tolist()
        found = []
        for k, (source, target, kind) in enumerate(zip(*columns, kinds, strict=True)):
            one = OldConnection((source, target, 0, kind, k))
            one.collection = collection
            found.append(one)
        return cls(found)


def collection_of(nodes: Any) -> SynapseCollection | None:
    """Return the connections that a script gives; None if it gives nodes."""
    if isinstance(nodes, SynapseCollection):
        return nodes
    if isinstance(nodes, OldConnection):
        nodes = [nodes]
    if isinstance(nodes, tuple | list) and len(nodes) and isinstance(nodes[0], OldConnection):
        return nodes[0].collection[np.array([one[4] for one in nodes])]
    return None
