"""Populations, parts of them and sums: what a user changes, and asks for the state of neurons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from distsp.base.arrays import Array, Floats, Ints
from distsp.base.closed import Closed
from distsp.base.errors import InputError
from distsp.base.fields import Fields, check_text
from distsp.base.selection import places_of, plain
from distsp.network.own_values import Drawing, differs, plain_value
from distsp.network.positions import Positions
from distsp.neurons import NeuronModel
from distsp.plasticity.growth_curves import Element

MAX_WIDTHS = 1000.0
"""How far a spike may move calcium, in widths of a growth curve: growth takes a panel for each."""


class Reader(Protocol):
    """What a population asks for its state: the simulation it runs in."""

    def read(self, population: "Population", quantity: str) -> Array:
        """Return a quantity of every neuron of the population, in order of the ids."""


@dataclass(frozen=True)
class Piece:
    """Some neurons of one population."""

    population: "Population"
    places: range | Ints

    @property
    def whole(self) -> bool:
        """Whether it is all of the population."""
        return len(self.places) == self.population.size

    @property
    def ids(self) -> Ints:
        """Global ids, in ascending order."""
        return np.asarray(self.places, dtype=np.int64) + self.population.first


class Neurons(Closed):
    """Neurons of a network: a population, a part of one, or a sum of several.

    They are addressed as a list would be: `exc[:80]`, `exc[::2]`, `exc[[3, 5]]`, `exc[mask]`, and
    added: `exc + inh`. Whatever the order in which they are named, they are in order of their ids,
    and none is there twice.

    What reads the state (`V_m`, `calcium`, ...) returns one value per neuron in order of the ids,
    the same on every rank; every rank must ask for them.

    Parameters
    ----------
    pieces : sequence of Piece
        At most one of each population.

    Examples
    --------
    >>> from distsp import Network
    >>> net = Network()
    >>> exc, inh = net.create("iaf_psc_exp", 8, name="E"), net.create("iaf_psc_exp", 2, name="I")
    >>> some = exc[::4] + inh
    >>> some
    <4 neurons: E[0:8:4] + I>
    >>> some.ids.tolist()
    [0, 4, 8, 9]
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = tuple(sorted(pieces, key=lambda piece: piece.population.first))
        self._close()

    def _refusal(self, name: str) -> tuple[str, str]:
        names = "+".join(piece.population.name for piece in self.pieces)
        known = all(name in type(p.population.parameters).model_fields for p in self.pieces)
        right = f"set({name}=...) changes it" if known else "set and set_element change neurons"
        return f"populations.{names}.{name}", right

    def __len__(self) -> int:
        return sum(len(piece.places) for piece in self.pieces)

    def __repr__(self) -> str:
        names = []
        for piece in self.pieces:
            chosen = plain(piece.places, piece.population.size)
            inside = "" if chosen is None else f"[{chosen}]" if isinstance(chosen, str) else chosen
            names.append(f"{piece.population.name}{inside}")
        return f"<{len(self)} neurons: {' + '.join(names)}>"

    def __getitem__(self, neurons: Any) -> "Neurons":
        if isinstance(neurons, int | np.integer):
            neurons = [int(neurons)]
        chosen, pieces, begin = places_of("neurons", neurons, len(self)), [], 0
        for piece in self.pieces:
            end = begin + len(piece.places)
            own: range | Ints
            if isinstance(chosen, range) and isinstance(piece.places, range):
                part = chosen[_count_below(chosen, begin) : _count_below(chosen, end)]
                own = piece.places[part.start - begin : part.stop - begin : part.step]
            else:
                array = np.asarray(chosen)
                array = array[(array >= begin) & (array < end)] - begin
                own = np.asarray(piece.places, dtype=np.int64)[array]
            if len(own):
                pieces.append(Piece(piece.population, own))
            begin = end
        return Neurons(pieces)

    def __add__(self, other: "Neurons") -> "Neurons":
        if not isinstance(other, Neurons):
            return NotImplemented
        mine = {piece.population.name: piece for piece in self.pieces}
        for piece in other.pieces:
            same = mine.get(piece.population.name)
            if same is None:
                mine[piece.population.name] = piece
                continue
            if same.population is not piece.population:
                raise InputError(f"neurons: {piece.population.name} is of another network")
            both = np.concatenate([np.asarray(same.places), np.asarray(piece.places)])
            if len(np.unique(both)) < len(both):
                raise InputError(f"neurons: {self} and {other} must not have neurons in common")
            mine[piece.population.name] = Piece(piece.population, _as_range(np.sort(both)))
        return Neurons(list(mine.values()))

    @property
    def ids(self) -> Any:
        """Global ids, int64; the first neuron of a network has the id 0."""
        return np.concatenate([piece.ids for piece in self.pieces])

    @property
    def position(self) -> Any:
        """Where the neurons are, float64: a row for each, in 2 or 3 dimensions."""
        found = [piece.population.positions_at(np.asarray(piece.places)) for piece in self.pieces]
        if len({rows.shape[1] for rows in found}) > 1:
            raise InputError(f"{self}: their positions must have as many dimensions")
        return np.concatenate(found)

    def description(self) -> Any:
        """Return the neurons as plain data, of the shape of `AnySelection`."""
        found: list[Any] = []
        for piece in self.pieces:
            neurons = plain(piece.places, piece.population.size)
            name = piece.population.name
            found.append(name if neurons is None else {"population": name, "neurons": neurons})
        return found[0] if len(found) == 1 else found

    def set(self, **parameters: Any) -> None:
        """Change parameters of the model, from the next `run` on.

        Parameters
        ----------
        **parameters
            Each a number, an array with a value for each of these neurons, or a distribution.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        begin, changed = 0, []
        for piece in self.pieces:
            given = _of_piece(parameters, begin, len(piece.places), len(self))
            changed.append((piece.population, piece.population.with_parameters(piece, given)))
            begin += len(piece.places)
        for population, checked in changed:
            population.change(parameters=checked)

    def set_element(self, element: str, **parameters: Any) -> None:
        """Change the growth of an element, such as its `growth_rate`, from the next `run` on.

        Parameters
        ----------
        element : str
            With `z` neurons have that many elements then; those that are bound stay bound until the
            next structural update.
        **parameters
            Each a number, an array with a value for each of these neurons, or a distribution.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        self._known(element)
        begin, changed = 0, []
        for piece in self.pieces:
            given = _of_piece(parameters, begin, len(piece.places), len(self))
            checked = piece.population.with_element(piece, element, given)
            changed.append((piece, checked))
            begin += len(piece.places)
        for piece, one in changed:
            population = piece.population
            population.change(elements={**population.elements, element: one})
            if "z" in parameters and population.reader is not None:
                population.set_z.append((element, np.asarray(piece.places)))

    def _read(self, quantity: str) -> Array:
        parts = []
        for piece in self.pieces:
            population = piece.population
            if population.reader is None:
                raise InputError(
                    f"populations.{population.name}: has no state before a Simulation is made"
                )
            values = population.reader.read(population, quantity)
            parts.append(values if piece.whole else values[np.asarray(piece.places)])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _known(self, element: Any) -> None:
        check_text("element", element)
        for piece in self.pieces:
            if element not in piece.population.elements:
                raise InputError.unknown("element", element, piece.population.elements)

    @property
    def V_m(self) -> Array:
        """Membrane potential (mV), float64."""
        return self._read("V_m")

    @property
    def calcium(self) -> Array:
        """Calcium concentration, brought up to the present time, float64."""
        return self._read("calcium")

    @property
    def spike_count(self) -> Array:
        """Number of spikes since the start, int64."""
        return self._read("spike_count")

    def state(self, variable: str) -> Array:
        """Return a state variable of the model, such as `I_syn_ex` (pA), float64."""
        return self._read(variable)

    def z(self, element: str) -> Array:
        """Return the number of elements, brought up to the present time, float64."""
        self._known(element)
        return self._read(f"z/{element}")

    def z_connected(self, element: str) -> Array:
        """Return the number of elements bound in synapses, int64."""
        self._known(element)
        return self._read(f"z_connected/{element}")


def _count_below(chosen: range, end: int) -> int:
    """Return how many of an ascending range are below `end`."""
    return len(range(chosen.start, min(chosen.stop, end), chosen.step))


def _as_range(places: Ints) -> range | Ints:
    """Return ascending places as a range, if they are one without gaps."""
    if places[-1] - places[0] + 1 == len(places):
        return range(int(places[0]), int(places[-1]) + 1)
    return places


def _of_piece(parameters: Mapping[str, Any], begin: int, n: int, total: int) -> dict[str, Any]:
    """Return what was given for `total` neurons, for `n` of them from number `begin` on."""
    given = {}
    for name, value in parameters.items():
        listed = isinstance(value, list | tuple | np.ndarray) and np.ndim(value) == 1
        if listed and n < total:
            if len(value) != total:
                right = f"must have one entry for each of the {total} neurons"
                raise InputError(f"{name}: an array of shape ({len(value)},) {right}")
            value = value[begin : begin + n]
        given[name] = value
    return given


class Population(Neurons):
    """Neurons of one model; made by `Network.create`.

    `parameters` and `elements` have numbers, or arrays where the neurons differ.
    """

    def __init__(
        self,
        name: str,
        first: int,
        size: int,
        model: str,
        parameters: NeuronModel,
        initial: dict[str, Any],
        elements: dict[str, Element],
        resolution: float,
        drawing: Drawing,
        has_changed: Callable[[], None],
        positions: Positions | None = None,
    ) -> None:
        self.name, self.first, self.size, self.model = name, first, size, model
        self.parameters, self.positions = parameters, positions
        self._initial, self._elements = initial, elements
        self.resolution, self.has_changed = resolution, has_changed
        self.drawing = drawing
        self.reader: Reader | None = None
        self.set_z: list[tuple[str, Ints]] = []
        """Elements, and at which places their z is to be set at the next `run`."""
        super().__init__([Piece(self, range(size))])

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has: the simulation has this population only."""
        return self.__dict__ | {"reader": None, "set_z": []}

    def positions_at(self, places: Ints) -> Floats:
        """Return the positions of neurons, given by their places: an array (n, 2 or 3)."""
        if self.positions is None:
            raise InputError(f"populations.{self.name}: has no positions")
        return self.positions.at(places, self.first, self.size, self.drawing.seed)

    @property
    def elements(self) -> Mapping[str, Element]:
        """Synaptic elements, by name."""
        return MappingProxyType(self._elements)

    @property
    def initial(self) -> Mapping[str, Any]:
        """Initial values of state variables, by name."""
        return MappingProxyType(self._initial)

    def change(
        self,
        parameters: NeuronModel | None = None,
        elements: dict[str, Element] | None = None,
    ) -> None:
        """Take other parameters or elements, which have been checked."""
        if parameters is not None:
            self._put("parameters", parameters)
        if elements is not None:
            self._elements = elements
        self.has_changed()

    def read_by(self, reader: Reader) -> None:
        """Take note of whom to ask for the state."""
        self._put("reader", reader)

    def said_of_z(self) -> Any:
        """Return what has been said of z since the last `run`, as plain data."""
        return [(element, plain_value(places)) for element, places in self.set_z]

    @property
    def ids(self) -> range:
        """Global ids of the neurons; the first neuron of a network has the id 0."""
        return range(self.first, self.first + self.size)

    def with_parameters(self, piece: Piece, given: Mapping[str, Any]) -> NeuronModel:
        """Return the parameters with some changed for some neurons, checked."""
        where = f"populations.{self.name}"
        values = self._merged(piece, self.parameters, given, f"{where}.parameters", "")
        checked = check_model(where, self.model, values, self.resolution, self.drawing)
        check_growth(where, checked, self.elements)
        return checked

    def with_element(self, piece: Piece, name: str, given: Mapping[str, Any]) -> Element:
        """Return an element with some values changed for some neurons, checked."""
        where, before = f"populations.{self.name}", self.elements[name]
        path = f"{where}.elements.{name}"
        values = self._merged(piece, before, given, path, f"{name}.")
        checked: Element = self.drawing.checked(type(before), path, values, f"{name}.")
        check_growth(where, self.parameters, {name: checked})
        return checked

    def _merged(
        self, piece: Piece, before: Fields, given: Mapping[str, Any], where: str, stream: str
    ) -> dict[str, Any]:
        """Return all values of a description, the given ones at the places of some neurons."""
        values = dict(before)
        for name, value in given.items():
            if piece.whole or name not in values or isinstance(value, str):
                values[name] = value
                continue
            array = np.array(np.broadcast_to(values[name], self.size), dtype=np.float64)
            if differs(value):
                ids = self.drawing.some(piece.ids)
                array[np.asarray(piece.places)] = ids.values(
                    f"{where}.{name}", value, stream + name
                )
            elif _is_number(value):
                array[np.asarray(piece.places)] = value
            else:
                values[name] = value
                continue
            values[name] = array
        return values


def _is_number(value: Any) -> bool:
    """Return whether an array of numbers can have the value; if not, its check says why."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return False
    return not isinstance(value, int) or abs(value) < 2**1023


def check_model(
    where: str, model: str, parameters: Mapping[str, Any], resolution: float, drawing: Drawing
) -> NeuronModel:
    """Return the parameters of a neuron model, checked for steps of `resolution` (ms)."""
    member = NeuronModel.known(f"{where}.model", model)
    checked: NeuronModel = drawing.checked(member, f"{where}.parameters", parameters)
    checked.check_steps(f"{where}.parameters", resolution)
    return checked


def check_element(where: str, name: str, values: Any, drawing: Drawing) -> Element:
    """Return an element of a population, checked."""
    where = f"{where}.elements.{name}"
    if isinstance(values, Element):
        values = dict(values)
    if not isinstance(values, Mapping):
        raise InputError.at(where, values, "must be a table, in Python a dict")
    if "curve" not in values:
        raise InputError(f"{where}.curve: is missing; it must be given")
    member = Element.known(f"{where}.curve", values["curve"])
    checked: Element = drawing.checked(member, where, values, f"{name}.")
    return checked


def check_growth(where: str, parameters: NeuronModel, elements: Mapping[str, Element]) -> None:
    """Refuse growth curves that are too narrow for the calcium of a spike."""
    for name, element in elements.items():
        width, jump = np.asarray(element.width()), np.asarray(parameters.beta_Ca)
        if not np.all((width > 0.0) & (width < inf) & (jump / MAX_WIDTHS <= width)):
            raise InputError(
                f"{where}.elements.{name}: the width of the curve, {width.min():g}, must be "
                f"finite, and beta_Ca, {jump.max():g}, at most {MAX_WIDTHS:g} times as large"
            )
