"""NodeCollection: nodes as a script of NEST 3 addresses them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from distsp.base.arrays import Ints
from distsp.pynest.errors import NESTErrors, wrong
from distsp.pynest.kernel import KERNEL
from distsp.pynest.replica import Ids
from distsp.pynest.status import columns, keys_of, set_status


class NodeCollection:
    """Nodes, in order of their ids; addressed as a list would be, and added.

    What nodes know is an attribute: `nodes.V_m` has the value of one node, or a tuple with one for
    each; assigned, it sets it.

    Parameters
    ----------
    ids : list or array of int, optional
        Of nodes that there are.
    """

    _ids: Ids

    def __init__(self, ids: Any = ()) -> None:
        if isinstance(ids, NodeCollection):
            object.__setattr__(self, "_ids", ids._ids)
            return
        found = np.asarray(list(ids), dtype=np.int64)
        if len(found) and found.max() > KERNEL.n_nodes:
            raise NESTErrors.UnknownNode(f"Node with id {found.max()} does not exist.")
        if len(found) and (found.min() < 1 or np.any(np.diff(found) <= 0)):
            raise wrong(
                "BadProperty", "NodeCollection", list(ids), "must be ids in ascending order"
            )
        object.__setattr__(self, "_ids", as_range(found))

    @classmethod
    def of(cls, ids: Ids) -> "NodeCollection":
        """Return the collection of some ids in ascending order."""
        found = cls.__new__(cls)
        object.__setattr__(found, "_ids", ids)
        return found

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator["NodeCollection"]:
        for i in self._ids:
            yield NodeCollection.of(range(int(i), int(i) + 1))

    def __contains__(self, node: object) -> bool:
        if isinstance(node, NodeCollection):
            return len(node) == 1 and node._ids[0] in self._ids
        return node in self._ids

    def __getitem__(self, key: Any) -> "NodeCollection":
        if isinstance(key, int | np.integer):
            if not -len(self) <= key < len(self):
                raise IndexError("index value outside of the NodeCollection")
            one = int(self._ids[int(key)])
            return NodeCollection.of(range(one, one + 1))
        if isinstance(key, slice):
            if key.step is not None and key.step < 1:
                raise IndexError("slicing step for NodeCollection must be strictly positive")
            return NodeCollection.of(self._ids[key])
        if isinstance(key, NodeCollection | list | tuple | np.ndarray):
            places = np.asarray(key)
            if places.dtype == bool and len(places) != len(self):
                raise IndexError("Bool index array must be the same length as NodeCollection")
            if len(places) == 0:
                return NodeCollection.of(range(0))
            ids = np.asarray(self._ids, dtype=np.int64)[places]
            if np.any(np.diff(ids) <= 0):
                raise wrong("BadProperty", "NodeCollection", key, "must be unique and ascending")
            return NodeCollection.of(as_range(ids))
        raise IndexError("only integers, slices, lists, tuples, and numpy arrays are valid indices")

    def __add__(self, other: Any) -> "NodeCollection":
        if not isinstance(other, NodeCollection):
            return NotImplemented
        if not len(self) or not len(other):
            return self if len(self) else other
        ids = np.concatenate([np.asarray(self._ids), np.asarray(other._ids)])
        ids.sort()
        if np.any(np.diff(ids) == 0):
            raise NESTErrors.BadProperty("Cannot join overlapping NodeCollections.")
        return NodeCollection.of(as_range(ids))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeCollection):
            return NotImplemented
        return np.array_equal(np.asarray(self._ids), np.asarray(other._ids))

    def __hash__(self) -> int:
        return hash((len(self._ids), *(int(i) for i in self._ids[:1]), *map(int, self._ids[-1:])))

    def __bool__(self) -> bool:
        return len(self._ids) > 0

    def __array__(self, dtype: Any = None, copy: Any = None) -> Ints:
        return np.asarray(self._ids, dtype=dtype or np.int64)

    def __repr__(self) -> str:
        if not len(self):
            return "NodeCollection(<empty>)"
        parts = []
        for group, places in KERNEL.pieces(self._ids):
            low, high = group.first + int(places[0]), group.first + int(places[-1])
            parts.append(f"model={group.model.name}, size={len(places)}, first={low}, last={high}")
        if len(parts) == 1:
            return f"NodeCollection(metadata=None, {parts[0]})"
        return f"NodeCollection(metadata=None, {'; '.join(parts)})"

    def tolist(self) -> list[int]:
        """Return the ids."""
        return [int(i) for i in self._ids]

    def index(self, node: int) -> int:
        """Return the place of an id."""
        found = np.flatnonzero(np.asarray(self._ids) == int(node))
        if not len(found):
            raise ValueError(f"{node} is not in NodeCollection")
        return int(found[0])

    def get(self, *keys: Any, output: str = "") -> Any:
        """Return what nodes know: one value for one node, a tuple with one for each of several.

        Parameters
        ----------
        *keys
            A name, or a list of names, which gives a dict; or "events" and a name in it. Without,
            all there is.
        output : str
            "pandas" for a data frame, "json" for a text.
        """
        if not len(self):
            raise NESTErrors.KernelException("get() is not possible for an empty NodeCollection")
        if len(keys) == 2:
            found = self._inside(keys[0], keys[1])
        elif not keys:
            found = self._all(sorted(set.intersection(*(set(keys_of(g)) for g in self._groups()))))
        elif isinstance(keys[0], str):
            (values,) = columns(KERNEL, self._ids, [keys[0]])
            found = values[0] if len(self) == 1 else _frozen(values)
            if output:
                found = {keys[0]: found}
        elif isinstance(keys[0], list | tuple):
            found = self._all(list(keys[0]))
        else:
            raise TypeError("Params should be either a string or an iterable")
        return self._as(found, output) if output else found

    def _groups(self) -> list[Any]:
        return [group for group, _ in KERNEL.pieces(self._ids)]

    def _all(self, keys: list[str]) -> dict[str, Any]:
        values = columns(KERNEL, self._ids, keys)
        one = len(self) == 1
        return {k: v[0] if one else _frozen(v) for k, v in zip(keys, values, strict=True)}

    def _inside(self, key: str, inner: Any) -> Any:
        (values,) = columns(KERNEL, self._ids, [key])
        if isinstance(inner, str):
            found = tuple(value[inner] for value in values)
            return found[0] if len(self) == 1 else found
        listed = {name: tuple(value[name] for value in values) for name in inner}
        return {k: v[0] for k, v in listed.items()} if len(self) == 1 else listed

    def _as(self, found: Any, output: str) -> Any:
        if output == "json":
            return json.dumps(found, default=lambda one: np.asarray(one).tolist())
        if output != "pandas":
            raise TypeError(f"output: {output!r} must be 'pandas' or 'json'")
        import pandas

        return pandas.DataFrame(
            {k: [v] if len(self) == 1 else list(v) for k, v in found.items()}, index=self.tolist()
        )

    def set(self, params: Any = None, **named: Any) -> None:
        """Set values: of a dict, a list with a dict for each node, or by name.

        Raises
        ------
        NESTError
            If a name is unknown or a value is wrong.
        """
        if params is not None and named:
            raise TypeError("must either provide params or kwargs, but not both.")
        given = named if params is None else params
        if given and len(self):
            set_status(KERNEL, "set", self._ids, given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "spatial":
            (group, _), *_ = KERNEL.pieces(self._ids)
            return None if group.space is None else group.space.shown()
        if not len(self):
            raise AttributeError(f"an empty NodeCollection has no attribute {name!r}")
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set({name: value})


def _frozen(values: Sequence[Any]) -> Any:
    """Return a tuple; elements of neurons stay what they are until they are looked at."""
    return tuple(values) if isinstance(values, list) else values


def as_range(ids: Ints) -> Ids:
    """Return ascending ids as a range, if they are one without gaps."""
    if len(ids) and int(ids[-1]) - int(ids[0]) + 1 == len(ids):
        return range(int(ids[0]), int(ids[-1]) + 1)
    return ids if len(ids) else range(0)


def ids_of(call: str, nodes: Any) -> Ints:
    """Return the ids of nodes that a script gives, in the order in which it gives them.

    Parameters
    ----------
    call : str
        For the message.
    nodes : NodeCollection, int, or list or array of int
    """
    if isinstance(nodes, NodeCollection):
        return np.asarray(nodes._ids, dtype=np.int64)
    if isinstance(nodes, int | np.integer) and not isinstance(nodes, bool):
        nodes = [nodes]
    try:
        found = np.asarray(list(nodes))
    except TypeError:
        found = np.empty(0)
    if len(found) and not np.issubdtype(found.dtype, np.integer):
        raise TypeError(f"{call}: nodes must be a NodeCollection or ids, not {nodes!r:.60}")
    found = found.astype(np.int64)
    if len(found) and not (found.min() >= 1 and found.max() <= KERNEL.n_nodes):
        outside = found[(found < 1) | (found > KERNEL.n_nodes)][0]
        raise NESTErrors.UnknownNode(f"{call}: Node with id {outside} does not exist.")
    return found
