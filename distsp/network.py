"""What a user builds: populations, synapse types, connections, inputs and recorders.

A `Network` only describes. `Simulation` turns the description into this rank's arrays, and takes
over what changed in it whenever it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from distsp.connections import RULES, Connection
from distsp.distributions import Number, Uniform
from distsp.fields import (
    MAX_SIZE,
    Fields,
    Finite,
    InputError,
    Name,
    NonNegative,
    Positive,
    Seed,
    Size,
    shorten,
    whole_steps,
)
from distsp.neurons import MODELS, NeuronModel
from distsp.plasticity.growth_curves import AnyElement, Element

Array = npt.NDArray[Any]

MAX_EVENTS = 1e6
"""Expected events of an input in a step: counts are 32-bit, and their table must fit the cache."""


MAX_WIDTHS = 1000.0
"""How far a spike may move calcium, in widths of a growth curve: growth takes a panel for each."""


class SynapseType(Fields):
    """A kind of synapse: its weight and delay, and the elements it needs if it is plastic."""

    weight: Number = Field(description="pA, for iaf_psc_delta mV; below 0 is inhibitory")
    delay: Positive | Number = Field(description="ms, a whole number of steps")
    pre: str | None = Field(None, description="presynaptic element of a plastic type")
    post: str | None = Field(None, description="postsynaptic element of a plastic type")
    allow_autapses: bool = Field(True, description="may plasticity connect a neuron to itself")
    allow_multapses: bool = Field(True, description="may plasticity connect a pair twice")

    @property
    def plastic(self) -> bool:
        """Whether structural plasticity makes and breaks synapses of this type."""
        return self.pre is not None


class PopulationFields(Fields):
    """What `Network.create` takes."""

    model: str
    size: Size
    V_m: Number | None = Field(None, description="initial potential (mV), E_L if not given")
    parameters: dict[str, Any] = Field(default_factory=dict)
    elements: dict[Name, AnyElement] = Field(default_factory=dict)


class InputFields(Fields):
    """What `Network.poisson_generator` takes."""

    rate: NonNegative = Field(description="rate of each train (Hz)")


class Drive(Fields):
    """An input's connection to a population: every neuron gets its own train."""

    weight: Finite = Field(description="pA, for iaf_psc_delta mV")
    delay: Positive = Field(description="ms, a whole number of steps")


class NetworkFields(Fields):
    """What `Network` takes."""

    resolution: Positive = Field(0.1, description="length of a step (ms)")
    seed: Seed = Field(1, description="32-bit number that all random numbers depend on")
    update_interval: Positive | None = Field(
        None, description="time between structural updates (ms); none if not given"
    )


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
        numbers = {key: _number(value) for key, value in parameters.items()}
        values = {**old.model_dump(), **numbers}
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


class Network:
    """A network of spiking neurons, as a description.

    Parameters
    ----------
    resolution : float
        Length of a step (ms).
    seed : int
        32-bit number that all random numbers depend on.
    update_interval : float, optional
        Time between structural updates (ms), the first at time 0. Without it synapses stay.

    Raises
    ------
    InputError
        From every method, if a value is wrong.

    Examples
    --------
    >>> net = Network(resolution=0.1, seed=1)
    >>> exc = net.create("iaf_psc_alpha", 8, name="E")
    >>> noise = net.poisson_generator(rate=10_000.0)
    >>> net.drive(noise, exc, weight=6.2, delay=1.0)
    >>> net.synapse_type("static", weight=20.0, delay=1.0)
    >>> net.connect(exc, exc, "static", rule="fixed_indegree", indegree=3)
    """

    def __init__(
        self,
        resolution: float = 0.1,
        seed: int = 1,
        update_interval: float | None = None,
    ) -> None:
        values = {
            "resolution": _number(resolution),
            "seed": seed,
            "update_interval": _number(update_interval),
        }
        checked = NetworkFields.check("", values)
        self.resolution, self.seed = checked.resolution, checked.seed
        self.update_interval = checked.update_interval
        if self.update_interval is not None:
            whole_steps("update_interval", self.update_interval, self.resolution, least=1)
        self.populations: dict[str, Population] = {}
        self.synapse_types: dict[str, SynapseType] = {}
        self.inputs: dict[str, PoissonGenerator] = {}
        self.connections: list[Connection] = []
        self.spike_recorders: list[SpikeRecorder] = []
        self.record_interval: float | None = None
        self.version = 0
        """Grows with every change, so that a simulation knows when to look again."""

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(population.size for population in self.populations.values())

    def create(
        self,
        model: str,
        size: int,
        name: str | None = None,
        V_m: Any = None,
        elements: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Population:
        """Create a population.

        Parameters
        ----------
        model : str
            "iaf_psc_alpha", "iaf_psc_exp" or "iaf_psc_delta".
        size : int
            Number of neurons.
        name : str, optional
            For recordings and results; "population_0" and so on if not given.
        V_m : float or dict, optional
            Initial potential (mV): a number, or a distribution such as
            `{"distribution": "uniform", "low": 0.0, "high": 19.0}`. E_L if not given.
        elements : dict of dict, optional
            Synaptic elements by name: `{"curve": "gaussian", "growth_rate": 1e-4, "eps": 0.05}`;
            `plasticity.growth_curves` documents the keys of each curve.
        **parameters
            Parameters of the model that differ from its defaults.

        Returns
        -------
        Population
        """
        name = self._new_name("populations", name, "population", self.populations)
        where = f"populations.{name}"
        values = {"model": model, "size": size, "V_m": _number(V_m), "parameters": parameters}
        if isinstance(elements, Mapping):
            elements = {
                key: element.model_dump() if isinstance(element, Element) else element
                for key, element in elements.items()
            }
        values["elements"] = elements or {}
        checked = PopulationFields.check(where, values)
        if self.size + checked.size > MAX_SIZE:
            raise InputError.at(f"{where}.size", size, f"makes more than {MAX_SIZE} neurons")
        population = Population(
            name=name,
            first=self.size,
            size=checked.size,
            model=checked.model,
            parameters=self.check_model(where, checked.model, parameters),
            initial_V_m=checked.V_m,
            elements=dict(checked.elements),
            network=self,
        )
        self.check_growth(where, population.parameters, population.elements)
        self.populations[name] = population
        self.version += 1
        return population

    def check_model(self, where: str, model: str, parameters: Mapping[str, Any]) -> NeuronModel:
        """Return the parameters of a neuron model, checked."""
        if model not in MODELS:
            raise InputError.at(f"{where}.model", model, f"must be one of {', '.join(MODELS)}")
        numbers = {key: _number(value) for key, value in parameters.items()}
        checked = MODELS[model].check(f"{where}.parameters", numbers)
        checked.check_steps(f"{where}.parameters", self.resolution)
        return checked

    def check_growth(
        self, where: str, parameters: NeuronModel, elements: Mapping[str, Element]
    ) -> None:
        """Refuse growth curves that are too narrow for the calcium of a spike."""
        for name, element in elements.items():
            width = element.width()
            if not (0.0 < width < np.inf and parameters.beta_Ca / MAX_WIDTHS <= width):
                raise InputError(
                    f"{where}.elements.{name}: the width of the curve, {width:g}, must be finite, "
                    f"and beta_Ca, {parameters.beta_Ca:g}, at most {MAX_WIDTHS:g} times as large"
                )

    def synapse_type(
        self,
        name: str,
        weight: Any,
        delay: Any,
        pre: str | None = None,
        post: str | None = None,
        allow_autapses: bool = True,
        allow_multapses: bool = True,
    ) -> None:
        """Define a synapse type, static or (with `pre` and `post`) plastic.

        Parameters
        ----------
        name : str
            Types are updated in the order of their names.
        weight : float or dict
            pA, for targets of iaf_psc_delta mV; or a distribution that each synapse draws from.
        delay : float or dict
            ms, a whole number of steps, at least one; or a distribution, rounded to steps.
        pre, post : str, optional
            Names of the elements that a plastic synapse binds.
        allow_autapses, allow_multapses : bool
            Whether the structural update may connect a neuron to itself, or a pair again.
        """
        name = self._new_name("synapse_types", name, "synapses", self.synapse_types)
        where = f"synapse_types.{name}"
        values = {"weight": _number(weight), "delay": _number(delay), "pre": pre, "post": post}
        values |= {"allow_autapses": allow_autapses, "allow_multapses": allow_multapses}
        synapse_type = SynapseType.check(where, values)
        checked = synapse_type.delay
        if isinstance(checked, float):
            whole_steps(f"{where}.delay", checked, self.resolution, least=1)
        else:
            key = "low" if isinstance(checked, Uniform) else "mean"
            shortest = getattr(checked, key)
            if shortest < self.resolution * (1.0 - 1e-9):
                right = f"ms must be at least 1 step of the resolution, {self.resolution} ms"
                raise InputError.at(f"{where}.delay.{key}", shortest, right)
            longest = checked.high if isinstance(checked, Uniform) else shortest + 3.0 * checked.std
            if longest / self.resolution > MAX_SIZE:
                right = f"ms is more than {MAX_SIZE} steps of the resolution, {self.resolution} ms"
                raise InputError.at(f"{where}.delay", longest, right)
        for side, element in (("pre", pre), ("post", post)):
            if element is None and (pre or post) is not None:
                raise InputError(f"{where}.{side}: is missing; a plastic type needs pre and post")
            known = {key for p in self.populations.values() for key in p.elements}
            if element is not None and element not in known:
                raise InputError.at(
                    f"{where}.{side}", element, f"must be one of the elements {sorted(known)}"
                )
        self.synapse_types[name] = synapse_type
        self.version += 1

    def poisson_generator(self, rate: float, name: str | None = None) -> PoissonGenerator:
        """Create an input: Poisson trains of `rate` (Hz), an own one for each neuron it drives."""
        name = self._new_name("inputs", name, "input", self.inputs)
        generator = PoissonGenerator(name, len(self.inputs), self.check_rate(name, rate), self)
        self.inputs[name] = generator
        self.version += 1
        return generator

    def check_rate(self, name: str, rate: Any) -> float:
        """Return the rate of an input (Hz), checked."""
        checked = InputFields.check(f"inputs.{name}", {"rate": _number(rate)}).rate
        most = MAX_EVENTS * 1000.0 / self.resolution
        if checked > most:
            raise InputError.at(f"inputs.{name}.rate", rate, f"must be at most {most:g}")
        return checked

    def drive(
        self, source: PoissonGenerator, target: Population, weight: float, delay: float
    ) -> None:
        """Connect an input to every neuron of a population.

        Parameters
        ----------
        source : PoissonGenerator
        target : Population
        weight : float
            pA, for iaf_psc_delta mV.
        delay : float
            ms, a whole number of steps, at least one.
        """
        _check_made_here("inputs", source, self.inputs)
        where = f"inputs.{source.name}"
        _check_made_here(f"{where}.population", target, self.populations)
        checked = Drive.check(where, {"weight": _number(weight), "delay": _number(delay)})
        whole_steps(f"{where}.delay", checked.delay, self.resolution, least=1)
        source.drives.append((target, checked))
        self.version += 1

    def connect(
        self, source: Population, target: Population, synapse: str, rule: str, **parameters: Any
    ) -> None:
        """Connect two populations with synapses of a type, from the next `run` on.

        Parameters
        ----------
        source, target : Population
        synapse : str
            Name of a synapse type.
        rule : str
            "all_to_all", "one_to_one", "fixed_indegree" or "pairwise_bernoulli".
        **parameters
            `indegree` or `p`, `allow_autapses` and `allow_multapses`, as the rule needs.
        """
        where = f"connections.{len(self.connections)}"
        for side, population in (("source", source), ("target", target)):
            _check_made_here(f"{where}.{side}", population, self.populations)
        if synapse not in self.synapse_types:
            raise InputError.at(
                f"{where}.synapse", synapse, f"must be one of {list(self.synapse_types)}"
            )
        if rule not in RULES:
            raise InputError.at(f"{where}.rule", rule, f"must be one of {', '.join(RULES)}")
        checked = RULES[rule].check(f"{where}.rule", {"rule": rule, **parameters})
        problem = checked.check_sizes(where, source.size, target.size, source is target)
        if problem:
            raise InputError(f"{where}.rule: {problem}")
        synapse_type = self.synapse_types[synapse]
        for side, element, population in (
            ("source", synapse_type.pre, source),
            ("target", synapse_type.post, target),
        ):
            if element is not None and element not in population.elements:
                raise InputError.at(
                    f"{where}.{side}",
                    population.name,
                    f"must have the element {element} that {synapse} binds",
                )
        self.connections.append(
            Connection.check(
                where,
                {
                    "source": source.name,
                    "target": target.name,
                    "synapse": synapse,
                    "rule": checked.model_dump(),
                },
            )
        )
        self.version += 1

    def ends(self, connection: Connection) -> tuple[int, int]:
        """Return the sizes of the populations that a connection connects."""
        ends = connection.source, connection.target
        n_sources, n_targets = (self.populations[name].size for name in ends)
        return n_sources, n_targets

    def record(self, interval: float) -> None:
        """Record the population means every `interval` (ms); `Simulation.recording` has them."""
        values = Recording.check("", {"record_interval": _number(interval)})
        whole_steps("record_interval", values.record_interval, self.resolution, least=1)
        self.record_interval = values.record_interval
        self.version += 1

    def record_spikes(self, population: Population) -> None:
        """Record every spike of a population; `Simulation.spikes` has them."""
        _check_made_here("population", population, self.populations)
        self.spike_recorders.append(SpikeRecorder(population))
        self.version += 1

    def description(self) -> dict[str, Any]:
        """Return all that a user has said, as plain data that JSON can hold.

        It has the shape of an experiment without its name and duration.
        """
        recorded = [recorder.population for recorder in self.spike_recorders]

        def plain(value: Any) -> Any:
            return value.model_dump() if isinstance(value, Fields) else value

        return {
            "resolution": self.resolution,
            "seed": self.seed,
            "update_interval": self.update_interval,
            "record_interval": self.record_interval,
            "populations": {
                p.name: {
                    "model": p.model,
                    "size": p.size,
                    "V_m": plain(p.initial_V_m),
                    "parameters": p.parameters.model_dump(),
                    "elements": {name: plain(element) for name, element in p.elements.items()},
                    "record_spikes": p in recorded,
                }
                for p in self.populations.values()
            },
            "synapse_types": {name: plain(kind) for name, kind in self.synapse_types.items()},
            "inputs": {
                source.name: {
                    "rate": source.rate,
                    "targets": [{"population": p.name, **plain(d)} for p, d in source.drives],
                }
                for source in self.inputs.values()
            },
            "connections": [plain(connection) for connection in self.connections],
        }

    def _new_name(self, kind: str, name: str | None, stem: str, taken: Mapping[str, Any]) -> str:
        if name is None:
            name = f"{stem}_{len(taken)}"
        NameField.check(kind, {"name": name})
        if name in taken:
            raise InputError(f"{kind}.{name}: {shorten(name)} is there already; names must differ")
        return name


class Recording(Fields):
    """What `Network.record` takes."""

    record_interval: Positive


class NameField(Fields):
    """A name that a user gives."""

    name: Name


def _check_made_here(field: str, value: Any, known: Mapping[str, Any]) -> None:
    """Refuse what another network has made, or what is no population or input at all."""
    if not any(value is one for one in known.values()):
        raise InputError.at(field, value, f"must be one that this network has: {list(known)}")


def _number(value: Any) -> Any:
    """Let NumPy's numbers and whole numbers through where a float is expected."""
    if isinstance(value, int | np.floating | np.integer) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    return value
