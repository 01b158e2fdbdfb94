"""What nodes answer when they are asked, and what can be set of them."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Bools
from distsp.pynest.build import ready
from distsp.pynest.elements import Elements
from distsp.pynest.errors import refuse, wrong
from distsp.pynest.groups import Devices, Each, Group, Population, chosen
from distsp.pynest.kernel import Kernel
from distsp.pynest.parameters import Parameter
from distsp.pynest.recordings import joined, within
from distsp.pynest.replica import Ids

GENERAL = ("global_id", "model", "local", "vp", "thread", "element_type", "node_uses_wfr")
ALIASES = {"neuron": "neuron", "stimulator": "stimulator", "recorder": "recorder"}


def keys_of(group: Group) -> list[str]:
    """Return what can be asked of the nodes of a group."""
    found = [*GENERAL, *(key for key in group.model.defaults if not key.startswith("_"))]
    if isinstance(group, Population):
        return sorted([*found, "synaptic_elements", "recordables"])
    return sorted([*found, "events", "n_events"] if group.model.kind == "recorder" else found)


def columns(kernel: Kernel, ids: Ids, keys: Sequence[str]) -> list[Sequence[Any]]:
    """Return quantities of nodes: for each of them a sequence with one value for each node."""
    pieces = list(kernel.pieces(ids))
    found: list[list[Sequence[Any]]] = [[] for _ in keys]
    for group, places in pieces:
        for into, values in zip(found, _of_group(kernel, group, places, keys), strict=True):
            into.append(values)
    return [parts[0] if len(parts) == 1 else [v for part in parts for v in part] for parts in found]


def _of_group(
    kernel: Kernel, group: Group, places: Ids, keys: Sequence[str]
) -> list[Sequence[Any]]:
    unknown = [key for key in keys if key not in keys_of(group)]
    if unknown:
        raise KeyError(unknown[0])
    n = len(places)
    general = {
        "model": group.model.name,
        "local": True,
        "vp": 0,
        "thread": 0,
        "node_uses_wfr": False,
        "element_type": group.model.kind,
        "recordables": group.model.recordables,
    }
    asked = _State(kernel, group, places, keys) if isinstance(group, Population) else None
    found: list[Sequence[Any]] = []
    for key in keys:
        if key == "global_id":
            found.append([group.first + int(i) for i in places])
        elif key in general and key not in group.model.defaults:
            found.append([general[key]] * n)
        elif asked is not None:
            found.append(asked.values(key))
        elif isinstance(group, Devices):
            found.append(_of_devices(kernel, group, places, key))
    return found


def _of_devices(kernel: Kernel, group: Devices, places: Ids, key: str) -> list[Any]:
    if key == "events":
        return [events(kernel, group, int(i)) for i in places]
    if key == "n_events":
        return [len(events(kernel, group, int(i))["times"]) for i in places]
    values = group.column(places, key)
    default = group.model.defaults[key]
    if isinstance(default, list) and key != "record_from":
        return [np.array(value, dtype=np.float64) for value in values]
    return values


def events(kernel: Kernel, devices: Devices, place: int) -> dict[str, Array]:
    """Return what a recording device has recorded: senders, times (ms), and variables."""
    device, parts = devices.each[place], []
    samples = devices.model.base == "traces"
    names = [str(name) for name in device["record_from"]] if samples else []
    for tap in kernel.taps:
        if tap.devices is not devices or tap.place != place or not tap.recorder:
            continue
        data = kernel.ensemble.ask("recorded", tap.recorder)
        shown = within(data["time"], device, tap, kernel.sliced if samples else kernel.time)
        parts.append(_shown(kernel, data, shown, names))
    return joined(parts, names, kernel.slice if samples else None)


def _shown(kernel: Kernel, data: dict[str, Array], shown: Bools, names: list[str]) -> Any:
    """Return the events of a recorder that are shown, with one entry for each."""
    times, senders = data["time"][shown], kernel.node_ids(data["id"])
    if not names:
        return {"times": times, "senders": senders[shown]}
    n = len(senders)
    found = {"times": np.repeat(times, n), "senders": np.tile(senders, len(times))}
    return found | {name: data[name][shown].reshape(-1) for name in names}


class _State:
    """The state of some neurons, read from the simulation where there is one."""

    def __init__(self, kernel: Kernel, group: Population, places: Ids, keys: Sequence[str]) -> None:
        self.kernel, self.group, self.places = kernel, group, places
        self.live = kernel.started
        if not self.live and "synaptic_elements" in keys:
            self.live = any(one.kind.plastic for one in kernel.synapses.wiring)
            if self.live:
                ready(kernel)
        wanted: list[tuple[str, str]] = []
        if self.live and kernel.changed:
            ready(kernel)
        if self.live:
            for key in keys:
                for name, begin, _ in group.told:
                    wanted += [(name, one) for one in self._quantities(key, begin)]
        answers = kernel.ensemble.ask("read", wanted) if wanted else []
        self.found = dict(zip(wanted, answers, strict=True))

    def _quantities(self, key: str, begin: int) -> list[str]:
        """Return what is read for a key."""
        if key == "Ca" and self.group.model.neuron.has_membrane:
            return ["calcium"]
        if key in self.group.model.variables:
            return [key]
        if key == "synaptic_elements":
            names = self.group.elements[begin]
            return [f"{what}/{name}" for name in names for what in ("z", "z_connected")]
        return []

    def values(self, key: str) -> Sequence[Any]:
        """Return what was asked for of each neuron."""
        if key == "synaptic_elements":
            return self._elements()
        begin = self.group.told[0][1] if self.group.told else 0
        quantity = self._quantities(key, begin) if self.live else []
        if not quantity:
            found = self.group.column(self.places, key)
            return found.tolist() if isinstance(found, np.ndarray) else found
        parts = [self.found[name, quantity[0]] for name, _, _ in self.group.told]
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        listed: list[Any] = chosen(whole, self.places).tolist()
        return listed

    def _elements(self) -> "ElementsOfNeurons":
        if not self.live:
            return ElementsOfNeurons(self.group.elements, self.places, [])
        counts = []
        for name, begin, _ in self.group.told:
            of = {
                element: (
                    self.found[name, f"z/{element}"],
                    self.found[name, f"z_connected/{element}"],
                )
                for element in self.group.elements[begin]
            }
            counts.append((begin, of))
        return ElementsOfNeurons(self.group.elements, self.places, counts)


class ElementsOfNeurons(Sequence[Any]):
    """The elements of several neurons, as dicts that are made when they are looked at."""

    def __init__(
        self,
        elements: list[Elements],
        places: Ids,
        counts: list[tuple[int, dict[str, tuple[Array, Array]]]],
    ) -> None:
        self._elements, self._places, self._counts = list(elements), places, counts

    @cached_property
    def _listed(self) -> list[tuple[int, dict[str, tuple[list[float], list[int]]]]]:
        """The numbers as Python's own, by the first place of each population."""
        return [
            (begin, {name: (z.tolist(), bound.tolist()) for name, (z, bound) in of.items()})
            for begin, of in self._counts
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return tuple(self._one(int(i)) for i in self._places[k])
        return self._one(int(self._places[k]))

    def __iter__(self) -> Iterator[Any]:
        return map(self._one, map(int, self._places))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _one(self, i: int) -> dict[str, dict[str, Any]]:
        elements = self._elements[i]
        if not self._counts:
            return {name: {**element, "z_connected": 0} for name, element in elements.items()}
        listed = self._listed
        begin, of = listed[0] if len(listed) == 1 else listed[bisect_right(self._firsts, i) - 1]
        found = {}
        for name, element in elements.items():
            z, bound = of[name]
            found[name] = {**element, "z": z[i - begin], "z_connected": bound[i - begin]}
        return found

    @cached_property
    def _firsts(self) -> list[int]:
        return [begin for begin, _ in self._counts]


def set_status(kernel: Kernel, call: str, ids: Ids, given: Any) -> None:
    """Set values of nodes.

    Parameters
    ----------
    kernel : Kernel
    call : str
        For messages.
    ids : range or array
        As the script sees them, ascending.
    given : dict, or list of dict
        Values by name, for all nodes or, a list each, for one after the other; or a dict for each.
    """
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    if isinstance(given, list | tuple):
        if len(given) != len(ids):
            line = f"status dict must be a dict, or a list of dicts of length {len(ids)}"
            raise TypeError(line)
        given = _turned(given)
    elif not isinstance(given, Mapping):
        raise TypeError("status dict must be a dict, or a list of dicts of length len(nodes)")
    begin = 0
    for group, places in kernel.pieces(ids):
        end = begin + len(places)
        part = begin, end, len(ids)
        own = {k: _own(kernel, group, places, k, v, *part) for k, v in given.items()}
        _set_group(kernel, call, group, places, own)
        begin = end
    kernel.changed = True


def _turned(given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a list of dicts as a dict with a value for each node."""
    if any(one.keys() != given[0].keys() for one in given):
        raise wrong("BadProperty", "set", given, "must have the same keys for all nodes")
    return {key: Each([one[key] for one in given]) for key in given[0]}


def _own(
    kernel: Kernel,
    group: Group,
    places: Ids,
    key: str,
    value: Any,
    begin: int,
    end: int,
    total: int,
) -> Any:
    """Return what some of all nodes get of a value."""
    if isinstance(value, Each):
        return Each(value.values[begin:end])
    if isinstance(value, Parameter):
        kernel.drawn += 1
        where = None if group.space is None else chosen(group.space.positions, places)
        return Each(value.draw(kernel.seed, kernel.drawn, end - begin, where).tolist())
    listed = isinstance(value, list | tuple | np.ndarray) and np.ndim(value) > 0
    if listed and not isinstance(group.model.defaults.get(key), list):
        if len(value) != total:
            raise IndexError(f"{key}: {len(value)} values for {total} nodes")
        return Each(value[begin:end])
    return value


def _set_group(kernel: Kernel, call: str, group: Group, places: Ids, own: dict[str, Any]) -> None:
    if isinstance(group, Population):
        values = {k: list(v.values) if isinstance(v, Each) else v for k, v in own.items()}
        anew = group.set(call, places, values, kernel.started)
        kernel.stale |= anew and bool(group.told)
    elif isinstance(group, Devices):
        cleared = own.pop("n_events", None)
        if cleared is not None:
            if cleared != 0:
                raise wrong("BadProperty", f"{call}: n_events", cleared, "can only be set to 0")
            own["_cleared"] = kernel.time
        if "record_from" in own and any(
            tap.recorder and tap.devices is group and tap.place in places for tap in kernel.taps
        ):
            refuse(f"{call}: record_from of a device that records", "set it before it is connected")
        group.set(call, places, own, kernel.resolution)
