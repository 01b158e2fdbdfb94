"""SynapseCollection: connections as a script addresses them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Floats, Ints
from distsp.pynest.collection import ids_of
from distsp.pynest.connect import remove
from distsp.pynest.errors import NESTErrors, refuse, wrong
from distsp.pynest.kernel import KERNEL
from distsp.pynest.synapses import Cut, Kind, Wire
from distsp.pynest.tables import tables

KEYS = (
    "source",
    "target",
    "synapse_model",
    "weight",
    "delay",
    "receptor",
    "target_thread",
    "port",
    "synapse_id",
)

DEVICE = -1
"""Number of a kind: connections of devices."""


class SynapseCollection:
    """Connections, in order of model, source and target.

    Parameters
    ----------
    columns : dict of array
        source, target, weight, delay, and `kind`, the place of each one's kind in `kinds`.
    kinds : list of Kind
    """

    _columns: dict[str, Array]
    _kinds: list[Kind]

    def __init__(self, columns: dict[str, Array], kinds: list[Kind]) -> None:
        object.__setattr__(self, "_columns", columns)
        object.__setattr__(self, "_kinds", kinds)

    def __len__(self) -> int:
        return len(self._columns["source"])

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator["SynapseCollection"]:
        for i in range(len(self)):
            yield self[i]

    def __getitem__(self, key: Any) -> "SynapseCollection":
        if isinstance(key, int | np.integer):
            if not -len(self) <= key < len(self):
                raise IndexError("list index out of range")
            key = [int(key)]
        some = {name: column[key] for name, column in self._columns.items()}
        return SynapseCollection(some, self._kinds)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SynapseCollection):
            return NotImplemented
        names = ("source", "target", "weight", "delay")
        return all(np.array_equal(self._columns[n], other._columns[n]) for n in names)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        lines = [
            f"{s:>8} {t:>8} {m:>20} {w:>10g} {d:>8g}"
            for s, t, m, w, d in zip(*(self._list(k) for k in KEYS[:5]), strict=True)
        ]
        head = f"{'source':>8} {'target':>8} {'synapse model':>20} {'weight':>10} {'delay':>8}"
        if len(lines) > 36:
            lines = [*lines[:15], "...", *lines[-15:]]
        return (
            "\n".join([head, *lines])
            if lines
            else "The synapse collection does not contain any connections."
        )

    def _list(self, key: str) -> list[Any]:
        if key in self._columns and key != "kind":
            return self._columns[key].tolist()
        if key == "synapse_model":
            names = [kind.model for kind in self._kinds] + ["static_synapse"]
            return [names[k] for k in self._columns["kind"]]
        if key in KEYS:
            return [0] * len(self)
        raise KeyError(key)

    def get(self, keys: Any = None, output: str = "") -> Any:
        """Return values: of one connection a number, of several a list; of several keys a dict."""
        if not len(self):
            return () if isinstance(keys, str) else {}
        if output == "pandas":
            import pandas

            names = [keys] if isinstance(keys, str) else keys or KEYS
            return pandas.DataFrame({name: self._list(name) for name in names})
        one = len(self) == 1
        if isinstance(keys, str):
            return self._list(keys)[0] if one else self._list(keys)
        names = list(KEYS if keys is None else keys)
        return {k: self._list(k)[0] if one else self._list(k) for k in names}

    def set(self, params: Any = None, **named: Any) -> None:
        """Set weights (and nothing else): one for all, or a list with one for each."""
        if params is not None and named:
            raise TypeError("must either provide params or kwargs, but not both.")
        given = named if params is None else params
        if isinstance(given, list | tuple):
            given = {key: [one[key] for one in given] for key in given[0]}
        if not isinstance(given, Mapping):
            raise TypeError("params must be a dict, or a list of dicts")
        for key, value in given.items():
            if key != "weight":
                known = "a new weight; delays stay" if key in KEYS else "weight"
                refuse(f"set of {key} of connections", f"what can be set is {known}")
                continue
            if isinstance(value, list | tuple | np.ndarray) and len(value) != len(self):
                raise wrong("DimensionMismatch", "set: weight", value, f"must have {len(self)}")
            _set_weights(self, np.array(np.broadcast_to(value, len(self)), dtype=np.float64))

    def sources(self) -> Iterator[int]:
        """Return the ids of the sources."""
        return iter(self._list("source"))

    def targets(self) -> Iterator[int]:
        """Return the ids of the targets."""
        return iter(self._list("target"))

    def disconnect(self) -> None:
        """Remove the connections."""
        columns = self._columns
        for k in np.unique(columns["kind"]):
            mine = columns["kind"] == k
            if k == DEVICE:
                refuse("disconnect of devices", "set a generator's rate or amplitude to 0")
                continue
            remove([self._kinds[k]], columns["source"][mine], columns["target"][mine])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or (name not in KEYS and name not in ("source", "target")):
            raise AttributeError(name)
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set({name: value})


def get_connections(
    source: Any = None, target: Any = None, synapse_model: Any = None
) -> SynapseCollection:
    """Return the connections from some nodes to others, of a synapse model; all if not given."""
    if synapse_model is not None and synapse_model not in KERNEL.models.synapses:
        raise NESTErrors.UnknownSynapseType(f"Synapse with name {synapse_model} does not exist.")
    sources = None if source is None else ids_of("GetConnections", source)
    targets = None if target is None else ids_of("GetConnections", target)
    parts = [*_of_devices(synapse_model, sources, targets)]
    order = list(KERNEL.models.synapses)
    kinds = sorted(
        KERNEL.synapses.of_model(synapse_model), key=lambda kind: order.index(kind.model)
    )
    if KERNEL.synapses.wiring or KERNEL.started:
        found = tables(kinds)
        kinds = [kind for kind in kinds if kind.name in found]
        for k, kind in enumerate(kinds):
            columns = found[kind.name]
            kept = _among(columns["source"], sources) & _among(columns["target"], targets)
            if not kept.all():
                columns = {name: column[kept] for name, column in columns.items()}
            parts.append(columns | {"kind": np.full(len(columns["source"]), k)})
    empty: dict[str, Array] = {name: np.empty(0, np.int64) for name in ("source", "target", "kind")}
    empty |= {name: np.empty(0) for name in ("weight", "delay")}
    joined = {name: np.concatenate([empty[name], *(p[name] for p in parts)]) for name in empty}
    if len(parts) > 1:
        models = np.array([order.index(kind.model) for kind in kinds] + [0])
        keys = (joined["target"], joined["source"], models[joined["kind"]])
        by = np.lexsort(keys)
        joined = {name: column[by] for name, column in joined.items()}
    return SynapseCollection(joined, kinds)


def _among(ids: Ints, wanted: Ints | None) -> Any:
    """Return which ids are among some; all, where none are named."""
    if wanted is None:
        return np.ones(len(ids), dtype=bool)
    mask = np.zeros(KERNEL.n_nodes + 1, dtype=bool)
    mask[wanted] = True
    return mask[ids]


def _of_devices(
    model: Any, sources: Ints | None, targets: Ints | None
) -> Iterator[dict[str, Array]]:
    """Yield the connections of devices, as columns."""
    if model not in (None, "static_synapse"):
        return
    for drive in KERNEL.drives:
        devices = drive.places + drive.devices.first
        of, onto = devices, drive.targets
        weight, delay = (
            np.broadcast_to(drive.weight, len(onto)),
            np.broadcast_to(drive.delay, len(onto)),
        )
        if not drive.one_to_one:
            n = len(devices)
            of, onto = np.repeat(of, len(onto)), np.tile(onto, n)
            weight, delay = np.tile(weight, n), np.tile(delay, n)
        yield from _kept(of, onto, weight, delay, sources, targets)
    for tap in KERNEL.taps:
        own = np.full(len(tap), tap.devices.first + tap.place)
        of, onto = (tap.neurons, own) if tap.devices.model.base == "spikes" else (own, tap.neurons)
        weight, delay = np.full(len(tap), tap.weight), np.full(len(tap), tap.delay)
        yield from _kept(of, onto, weight, delay, sources, targets)


def _kept(
    of: Ints, onto: Ints, weight: Floats, delay: Floats, sources: Ints | None, targets: Ints | None
) -> Iterator[dict[str, Array]]:
    kept = _among(of, sources) & _among(onto, targets)
    found = {"source": of, "target": onto, "weight": weight, "delay": delay}
    if kept.any():
        some = {name: column[kept] for name, column in found.items()}
        yield some | {"kind": np.full(int(kept.sum()), DEVICE)}


def _set_weights(some: SynapseCollection, weights: Floats) -> None:
    """Give connections other weights: each is removed, and made anew with the weight."""
    columns = some._columns
    for k in np.unique(columns["kind"]):
        mine = columns["kind"] == k
        if k == DEVICE:
            refuse("set of weights of devices", "connect with the weight, or set the amplitude")
            continue
        kind = some._kinds[k]
        if kind.plastic and KERNEL.started:
            right = "set their weight with SetDefaults before the first Simulate"
            refuse("set of weights of plastic connections after the first Simulate", right)
            continue
        ends = columns["source"][mine], columns["target"][mine]
        order = np.lexsort((ends[1], ends[0]))
        ends = ends[0][order], ends[1][order]
        KERNEL.synapses.take(Cut(*ends, kind))
        delays = columns["delay"][mine][order]
        KERNEL.synapses.take(Wire(*ends, kind, {"rule": "explicit"}, weights[mine][order], delays))
    columns["weight"] = weights.copy()
    KERNEL.changed = True
