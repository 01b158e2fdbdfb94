"""Nodes as they are created: groups of neurons or devices of one model, and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.inputs import Input
from distsp.network.own_values import Drawing
from distsp.pynest.elements import Elements, as_parameters, replaced, signature, updated
from distsp.pynest.errors import as_nest, refuse, wrong
from distsp.pynest.input_values import parameters_of
from distsp.pynest.models import FREE, Model
from distsp.pynest.replica import Ensemble, Ids
from distsp.pynest.spatial import Space

Given = dict[str, Any]
"""Values by name: one for all nodes, or a list or array with one for each."""


def chosen(values: Array, places: Ids) -> Array:
    """Return the values at some places, without a list of the places where they are a range."""
    if isinstance(places, range):
        return values[places.start : places.stop : places.step]
    return values[places]


@dataclass
class Group:
    """Nodes that one call of Create has made.

    Attributes
    ----------
    model : Model
        Name, kind and names of the parameters.
    first : int
        Id of the first, as the script sees it; the first of all nodes has the id 1.
    size : int
    space : Space, optional
        Where the nodes are.
    """

    model: Model
    first: int
    size: int
    space: Space | None = None

    @property
    def ids(self) -> range:
        """Ids as the script sees them."""
        return range(self.first, self.first + self.size)


@dataclass
class Devices(Group):
    """Devices: each node has its own values.

    Attributes
    ----------
    each : list of dict
        Values of each device.
    inputs : dict
        Inputs of the network by name, and which devices each stands for.
    changed : set of int
        Devices with values that the network has not been told.
    """

    each: list[dict[str, Any]] = field(default_factory=list)
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.each = [dict(self.model.defaults) for _ in range(self.size)]

    def column(self, places: Ids, key: str) -> list[Any]:
        """Return a value of some nodes."""
        return [self.each[i][key] for i in places]

    def set(self, call: str, places: Ids, given: Given, resolution: float) -> None:
        """Change values of some nodes; `resolution` is in ms."""
        for key, value in given.items():
            self._check(call, key, value)
        changed: dict[int, dict[str, Any]] = {}
        for k, i in enumerate(places):
            one = {key: _of(value, k, self.model.defaults[key]) for key, value in given.items()}
            changed[int(i)] = {**self.each[i], **one}
            if k == 0 or any(isinstance(value, Each) for value in given.values()):
                self._check_input(call, changed[int(i)], resolution)
        for i, values in changed.items():
            self.each[i] = values
            self.changed.add(i)

    def _check_input(self, call: str, values: dict[str, Any], resolution: float) -> None:
        """Refuse what an input cannot be."""
        if self.model.kind == "stimulator":
            with as_nest(call):
                name, base = self.model.name, self.model.base
                one = Input.of(name, {"model": base, **parameters_of(values)})
                one.check_steps(name, resolution)

    def _check(self, call: str, key: str, value: Any) -> None:
        if key not in self.model.defaults:
            known = sorted(one for one in self.model.defaults if not one.startswith("_"))
            raise wrong("UnaccessedDictionaryEntry", call, key, f"must be one of {known}")
        if key in ("to_file", "record_to") and value not in (False, None, "memory", ["memory"]):
            refuse(f"{call}: {key}={value!r}", "read the events, and write them")
        if self.model.fixed(key) and value != self.model.defaults[key]:
            refuse(f"{call}: {key}={value!r} of {self.model.name}", "leave it out")


@dataclass
class Population(Group):
    """Neurons of one model.

    Attributes
    ----------
    values : dict
        Parameters and initial values of state variables: a number, or an array with one each.
    elements : list of dict
        Synaptic elements of each neuron; neurons share what is the same.
    offset : int or None
        Id of the first neuron in the network, once it has been told of.
    told : list of (str, int, int)
        Populations of the network: name, first place and end.
    """

    values: dict[str, Any] = field(default_factory=dict)
    elements: list[Elements] = field(default_factory=list)
    offset: int | None = None
    told: list[tuple[str, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = dict(self.model.defaults)
        self.elements = [self.model.elements] * self.size
        self._changed: set[str] = set()
        self._before: list[Elements] | None = None
        self._z: list[tuple[str, Ints, list[float]]] = []

    def column(self, places: Ids, key: str) -> Any:
        """Return a value of some neurons, as an array or a list."""
        value = self.values[key]
        return chosen(value, places) if isinstance(value, np.ndarray) else [value] * len(places)

    def names(self) -> set[str]:
        """Return the names of all elements."""
        return {name for one in {id(e): e for e in self.elements}.values() for name in one}

    def set(self, call: str, places: Ids, given: Given, started: bool) -> bool:
        """Change values of some neurons.

        Parameters
        ----------
        call : str
            For messages.
        places : range or array
        given : dict
        started : bool
            Whether there has been simulated time, in which state variables have moved.

        Returns
        -------
        bool
            Whether the network must be made anew to take it over.
        """
        anew, numbers = False, {}
        for key, value in given.items():
            if key == "synaptic_elements":
                anew |= self._set_elements(call, places, value, started, replace=True)
            elif key == "synaptic_elements_param":
                anew |= self._set_elements(call, places, value, started, replace=False)
            elif key in self.model.parameters or key in self.model.variables:
                if key in self.model.variables and started:
                    refuse(f"{call}: {key}", "set state variables before the first Simulate")
                    continue
                anew |= key in self.model.variables
                numbers[key] = _numbers(call, key, value, len(places))
            elif self.model.stands_in:
                continue
            elif key not in self.model.defaults:
                right = f"must be one of {sorted(self.model.defaults)}"
                raise wrong("UnaccessedDictionaryEntry", call, key, right)
            elif key not in FREE and value != self.model.defaults[key]:
                refuse(f"{call}: {key}={value!r} of {self.model.name}", "leave it out")
        self._check(call, places, numbers)
        for key, value in numbers.items():
            self._put(places, key, value)
            self._changed.add(key)
        return anew

    def _check(self, call: str, places: Ids, numbers: dict[str, Any]) -> None:
        """Refuse parameters that the model cannot have."""
        known = self.model.parameters
        if known.isdisjoint(numbers):
            return
        index = np.asarray(places)
        now = {key: self.values[key] for key in known}
        some = {k: v[index] if isinstance(v, np.ndarray) else v for k, v in now.items()}
        some |= {key: value for key, value in numbers.items() if key in known}
        # What steps of the resolution allow is checked where the network is told: it takes longer.
        with as_nest(call):
            Drawing(1, range(len(places))).checked(self.model.neuron, self.model.name, some)

    def _put(self, places: Ids, key: str, value: Any) -> None:
        if len(places) == self.size:
            self.values[key] = value
            return
        before = self.values[key]
        if not isinstance(before, np.ndarray):
            before = self.values[key] = np.full(self.size, before, dtype=np.float64)
        before[np.asarray(places)] = value

    def _set_elements(
        self, call: str, places: Ids, value: Any, started: bool, replace: bool
    ) -> bool:
        """Change the elements of some neurons; return whether the network must be made anew."""
        listed = isinstance(value, list | tuple)
        if listed and len(value) != len(places):
            raise wrong("DimensionMismatch", call, value, f"must have {len(places)} entries")
        if self._before is None and self.told:
            self._before = list(self.elements)
        done: dict[tuple[int, int], Elements] = {}
        anew = False
        for k, i in enumerate(places):
            one, before = value[k] if listed else value, self.elements[i]
            same = id(one), 0 if replace else id(before)
            if same not in done:
                found = replaced(call, one) if replace else updated(call, before, one)
                done[same] = found
            after = done[same]
            anew |= signature(after) != signature(before)
            self.elements[i] = after
        if started and (replace or anew):
            right = "change values with synaptic_elements_param, which keeps what has grown"
            refuse(f"{call}: synaptic_elements after the first Simulate", right)
        if not replace:
            self._note_z(places, value, listed)
        return bool(self.told) and (replace or anew)

    def _note_z(self, places: Ids, value: Any, listed: bool) -> None:
        """Take note of elements whose number has been given."""
        for k, i in enumerate(places):
            for name, one in (value[k] if listed else value).items():
                if "z" in one and name in self.elements[i]:
                    self._z.append((name, np.array([i]), [float(one["z"])]))

    # Telling the network ------------------------------------------------------------------------

    def create(self, ensemble: Ensemble, offset: int) -> None:
        """Create the populations: one for each run of neurons with the same elements."""
        begin, told = 0, []
        for end in [*_turns(self.elements), self.size]:
            name = f"n{self.first + begin}"
            values = {key: self._part(key, begin, end) for key in self.values}
            state = {k: v for k, v in values.items() if k in self.model.variables}
            ensemble.say(
                "create",
                self.model.base,
                end - begin,
                name,
                V_m=state.pop("V_m", None),
                initial={k: v for k, v in state.items() if np.any(v)},
                elements=as_parameters(self.elements[begin:end]),
                parameters={k: v for k, v in values.items() if k in self.model.parameters},
                positions=None if self.space is None else self.space.part(begin, end).as_told(),
            )
            told.append((name, begin, end))
            begin = end
        self.offset, self.told = offset, told
        self._changed, self._before, self._z = set(), None, []

    def _part(self, key: str, begin: int, end: int) -> Any:
        value = self.values[key]
        return value[begin:end] if isinstance(value, np.ndarray) else value

    def tell_changes(self, ensemble: Ensemble) -> None:
        """Tell the network what has changed since the last time."""
        assert self.offset is not None
        changed = {key for key in self._changed if key in self.model.parameters}
        if changed:
            ids = range(self.offset, self.offset + self.size)
            ensemble.say("set", ids, {key: self.values[key] for key in sorted(changed)})
        self._changed = set()
        if self._before is not None:
            for _, begin, end in self.told:
                old = as_parameters(self._before[begin:end])
                new = as_parameters(self.elements[begin:end])
                ids = range(self.offset + begin, self.offset + end)
                for name, values in new.items():
                    keys = [k for k in values if k != "z" and values[k] != old[name][k]]
                    if keys:
                        ensemble.say("set_element", ids, name, {k: values[k] for k in keys})
            self._before = None
        for name, places, z in _together(self._z):
            ensemble.say("set_element", places + self.offset, name, {"z": z})
        self._z = []


def _numbers(call: str, key: str, value: Any, n: int) -> Any:
    """Return a number, or an array of `n`."""
    if isinstance(value, list | tuple | np.ndarray) and np.ndim(value) > 0:
        try:
            array = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise wrong("TypeMismatch", f"{call}: {key}", value, "must be numbers") from None
        if array.shape != (n,):
            right = f"must have one value for each of the {n} nodes"
            raise wrong("DimensionMismatch", f"{call}: {key}", value, right)
        return array
    if isinstance(value, bool) or not isinstance(value, int | float | np.number | np.ndarray):
        raise wrong("TypeMismatch", f"{call}: {key}", value, "must be a number")
    return float(value)


def _of(value: Any, k: int, default: Any) -> Any:
    """Return what node number `k` gets of a value, which may be a list with one for each."""
    listed = isinstance(value, Each)
    one = value.values[k] if listed else value
    if isinstance(default, list) and isinstance(one, np.ndarray | tuple | range):
        return list(one)
    return one


@dataclass
class Each:
    """A value for each of several nodes, told from one value that is a list."""

    values: Sequence[Any]


def _turns(elements: Sequence[Elements]) -> list[int]:
    """Return the places at which names or curves of the elements differ from those before."""
    found, last = [], elements[0]
    for i, one in enumerate(elements):
        if one is not last and signature(one) != signature(last):
            found.append(i)
        last = one
    return found


def _together(
    given: list[tuple[str, Ints, list[float]]],
) -> list[tuple[str, Ints, list[float]]]:
    """Return what was given last of each element, in order of the places."""
    by_name: dict[str, dict[int, float]] = {}
    for name, places, z in given:
        by_name.setdefault(name, {}).update(zip(places.tolist(), z, strict=True))
    return [
        (name, np.array(sorted(one)), [one[i] for i in sorted(one)])
        for name, one in by_name.items()
    ]
