"""The calls of PyNEST that ask where nodes are."""

from typing import Any

import numpy as np

from distsp.pynest.collection import NodeCollection, as_range, ids_of
from distsp.pynest.errors import NESTErrors
from distsp.pynest.near import pairs_for, space_of
from distsp.pynest.synapse_collection import get_connections


def _positions(call: str, nodes: Any) -> Any:
    found = space_of(ids_of(call, nodes))
    if found is None:
        raise NESTErrors.LayerExpected(f"{call}: the nodes have no positions")
    return found[0].positions[found[1]]


def GetPosition(nodes: NodeCollection) -> Any:
    """Return where nodes are: of one node its coordinates, of several a list of these."""
    found = tuple(tuple(one) for one in _positions("GetPosition", nodes).tolist())
    return found[0] if len(nodes) == 1 else found


def Displacement(from_arg: Any, to_arg: NodeCollection) -> list[list[float]]:
    """Return coordinates of nodes relative to others, one by one or all to one."""
    of, onto = ids_of("Displacement", from_arg), ids_of("Displacement", to_arg)
    of, onto = np.broadcast_arrays(of, onto)
    found: list[list[float]] = pairs_for(of, onto)["apart"].tolist()
    return found


def Distance(from_arg: Any, to_arg: NodeCollection) -> list[float]:
    """Return how far nodes are from others, one by one or all to one."""
    apart = np.array(Displacement(from_arg, to_arg))
    found: list[float] = np.sqrt((apart**2).sum(axis=1)).tolist()
    return found


def FindNearestElement(layer: NodeCollection, locations: Any) -> Any:
    """Return the node of a layer that is nearest to a place, or to each of several."""
    positions = _positions("FindNearestElement", layer)
    one = np.ndim(locations) == 1
    nearest = [
        layer[int(np.argmin(((positions - np.array(place)) ** 2).sum(axis=1)))]
        for place in ([locations] if one else locations)
    ]
    return nearest[0] if one else nearest


def FindCenterElement(layer: NodeCollection) -> Any:
    """Return the node of a layer that is nearest to its centre."""
    return FindNearestElement(layer, layer.spatial["center"])


def GetTargetNodes(
    sources: NodeCollection, tgt_layer: NodeCollection, syn_model: str | None = None
) -> tuple[NodeCollection, ...]:
    """Return for each source the nodes of a layer that it is connected to."""
    found = get_connections(sources, tgt_layer, syn_model)
    of, onto = np.array(found.get("source") or []), np.array(found.get("target") or [])
    each = (np.unique(onto[of == one]) for one in ids_of("GetTargetNodes", sources))
    return tuple(NodeCollection.of(as_range(some)) for some in each)


def GetTargetPositions(
    sources: NodeCollection, tgt_layer: NodeCollection, syn_model: str | None = None
) -> list[Any]:
    """Return for each source where the nodes of a layer are that it is connected to."""
    each = GetTargetNodes(sources, tgt_layer, syn_model)
    return [_positions("GetTargetPositions", some).tolist() if len(some) else [] for some in each]


__all__ = [
    "Displacement",
    "Distance",
    "FindCenterElement",
    "FindNearestElement",
    "GetPosition",
    "GetTargetNodes",
    "GetTargetPositions",
]
