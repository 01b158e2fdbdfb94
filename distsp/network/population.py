"""Populations: what a user changes, and asks for the state of neurons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.neurons import NeuronModel
from distsp.plasticity.growth_curves import Element

MAX_WIDTHS = 1000.0
"""How far a spike may move calcium, in widths of a growth curve: growth takes a panel for each."""


class Reader(Protocol):
    """What a population asks for its state: the simulation it runs in."""

    def read(self, population: "Population", quantity: str) -> Array:
        """Return a quantity of every neuron of the population, in order of the ids."""


@dataclass(eq=False)
class Population:
    """Neurons of one model with the same parameters; made by `Network.create`.

    The properties that read the state (`V_m`, `calcium`, ...) return one value per neuron in order
    of the ids, the same on every rank; every rank must ask for them.
    """

    name: str
    first: int
    size: int
    model: str
    parameters: NeuronModel
    initial_V_m: Any
    elements: dict[str, Element]
    resolution: float
    has_changed: Callable[[], None] = field(repr=False)
    reader: Reader | None = field(default=None, repr=False)

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
        checked = self._known(element).changed(f"{where}.elements.{element}", **parameters)
        check_growth(where, self.parameters, {element: checked})
        self.elements[element] = checked
        self.has_changed()

    def _known(self, element: str) -> Element:
        if element not in self.elements:
            raise InputError.at("element", element, f"must be one of {list(self.elements)}")
        return self.elements[element]

    def _read(self, quantity: str) -> Array:
        if self.reader is None:
            raise RuntimeError(f"population {self.name!r} has no state before a Simulation is made")
        return self.reader.read(self, quantity)

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
