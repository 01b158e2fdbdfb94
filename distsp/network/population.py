"""Populations, parts of them and sums: what a user changes, and asks for the state of neurons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.base.selection import places_of, plain
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


class Neurons:
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

    def description(self) -> Any:
        """Return the neurons as plain data, of the shape of `AnySelection`."""
        found: list[Any] = []
        for piece in self.pieces:
            neurons = plain(piece.places, piece.population.size)
            name = piece.population.name
            found.append(name if neurons is None else {"population": name, "neurons": neurons})
        return found[0] if len(found) == 1 else found

    def _read(self, quantity: str) -> Array:
        parts = []
        for piece in self.pieces:
            population = piece.population
            if population.reader is None:
                raise RuntimeError(
                    f"population {population.name!r} has no state before a Simulation is made"
                )
            values = population.reader.read(population, quantity)
            parts.append(values if piece.whole else values[np.asarray(piece.places)])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _known(self, element: str) -> None:
        for piece in self.pieces:
            if element not in piece.population.elements:
                known = list(piece.population.elements)
                raise InputError.at("element", element, f"must be one of {known}")

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


class Population(Neurons):
    """Neurons of one model; made by `Network.create`."""

    def __init__(
        self,
        name: str,
        first: int,
        size: int,
        model: str,
        parameters: NeuronModel,
        initial_V_m: Any,
        elements: dict[str, Element],
        resolution: float,
        has_changed: Callable[[], None],
    ) -> None:
        self.name, self.first, self.size, self.model = name, first, size, model
        self.parameters, self.initial_V_m, self.elements = parameters, initial_V_m, elements
        self.resolution, self.has_changed = resolution, has_changed
        self.reader: Reader | None = None
        super().__init__([Piece(self, range(size))])

    @property
    def ids(self) -> range:
        """Global ids of the neurons; the first neuron of a network has the id 0."""
        return range(self.first, self.first + self.size)

    def set(self, **parameters: Any) -> None:
        """Change parameters of the model, from the next `run` on.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        where = f"populations.{self.name}"
        values = {**self.parameters.model_dump(), **parameters}
        checked = check_model(where, self.model, values, self.resolution)
        check_growth(where, checked, self.elements)
        self.parameters = checked
        self.has_changed()

    def set_element(self, element: str, **parameters: Any) -> None:
        """Change the growth of an element, such as its `growth_rate`, from the next `run` on.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        where = f"populations.{self.name}"
        self._known(element)
        checked = self.elements[element].changed(f"{where}.elements.{element}", **parameters)
        check_growth(where, self.parameters, {element: checked})
        self.elements[element] = checked
        self.has_changed()


def check_model(
    where: str, model: str, parameters: Mapping[str, Any], resolution: float
) -> NeuronModel:
    """Return the parameters of a neuron model, checked for steps of `resolution` (ms)."""
    member = NeuronModel.known(f"{where}.model", model)
    checked: NeuronModel = member.check(f"{where}.parameters", dict(parameters))
    checked.check_steps(f"{where}.parameters", resolution)
    return checked


def check_growth(where: str, parameters: NeuronModel, elements: Mapping[str, Element]) -> None:
    """Refuse growth curves that are too narrow for the calcium of a spike."""
    for name, element in elements.items():
        width = element.width()
        if not (0.0 < width < inf and parameters.beta_Ca / MAX_WIDTHS <= width):
            raise InputError(
                f"{where}.elements.{name}: the width of the curve, {width:g}, must be finite, "
                f"and beta_Ca, {parameters.beta_Ca:g}, at most {MAX_WIDTHS:g} times as large"
            )
