"""What `Network` makes, and a user asks or changes later: populations, inputs, spike recorders."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt
from pydantic import Field

from distsp.base.fields import Fields, Finite, InputError, Positive
from distsp.neurons.model import NeuronModel
from distsp.plasticity.growth_curves import Element

if TYPE_CHECKING:
    from distsp.network.network import Network

Array = npt.NDArray[Any]


class Drive(Fields):
    """An input's connection to a population: every neuron gets its own train."""

    weight: Finite = Field(description="pA, for iaf_psc_delta mV")
    delay: Positive = Field(description="ms, a whole number of steps")


class Reader(Protocol):
    """What a population asks for its state: the simulation it runs in."""

    def read(self, population: "Population", what: str) -> Array:
        """Return a quantity of every neuron of the population, in order of the ids."""

    def read_element(self, population: "Population", element: str, what: str) -> Array:
        """Return `z` or `z_connected` of an element of every neuron of the population."""


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
    network: "Network" = field(repr=False)
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
        values = {**self.parameters.model_dump(), **parameters}
        where = f"populations.{self.name}"
        checked = self.network.check_model(where, self.model, values)
        self.network.check_growth(where, checked, self.elements)
        self.parameters = checked
        self.network.version += 1

    def set_element(self, element: str, **parameters: Any) -> None:
        """Change the growth of an element, such as its `growth_rate`, from the next `run` on.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        old = self._known(element)
        where = f"populations.{self.name}"
        values = {**old.model_dump(), **parameters}
        checked = type(old).check(f"{where}.elements.{element}", values)
        self.network.check_growth(where, self.parameters, {element: checked})
        self.elements[element] = checked
        self.network.version += 1

    def _known(self, element: str) -> Element:
        if element not in self.elements:
            raise InputError.at("element", element, f"must be one of {list(self.elements)}")
        return self.elements[element]

    def _read(self, what: str) -> Array:
        if self.reader is None:
            raise RuntimeError(f"population {self.name!r} has no state before a Simulation is made")
        return self.reader.read(self, what)

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
        return self._element(element, "z")

    def z_connected(self, element: str) -> Array:
        """Return the number of elements bound in synapses, int64."""
        return self._element(element, "z_connected")

    def _element(self, element: str, what: str) -> Array:
        self._known(element)
        if self.reader is None:
            raise RuntimeError(f"population {self.name!r} has no state before a Simulation is made")
        return self.reader.read_element(self, element, what)


@dataclass(eq=False)
class PoissonGenerator:
    """Independent Poisson trains, one per neuron; made by `Network.poisson_generator`."""

    name: str
    index: int
    rate: float
    network: "Network" = field(repr=False)
    drives: list[tuple[Population, Drive]] = field(default_factory=list, repr=False)

    def set(self, rate: float) -> None:
        """Change the rate (Hz) of each train, from the next `run` on."""
        self.rate = self.network.check_rate(self.name, rate)
        self.network.version += 1


@dataclass(frozen=True)
class SpikeRecorder:
    """Asks for every spike of a population; made by `Network.record_spikes`."""

    population: Population
