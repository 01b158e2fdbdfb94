"""What a user builds: populations, synapse types, connections, inputs and recorders.

A `Network` only describes. `Simulation` turns the description into this rank's arrays, and takes
over what changed in it whenever it runs.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy.typing as npt
from pydantic import Field

from distsp.base.fields import (
    MAX_SIZE,
    Fields,
    InputError,
    Name,
    NonNegative,
    Positive,
    Seed,
    Size,
    shorten,
    whole_steps,
)
from distsp.network.connections import RULES, Connection
from distsp.network.population import Drive, PoissonGenerator, Population, SpikeRecorder
from distsp.neurons import MODELS, NeuronModel
from distsp.plasticity.growth_curves import AnyElement, Element
from distsp.rng.distributions import Number, Uniform

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


class NetworkFields(Fields):
    """What `Network` takes."""

    resolution: Positive = Field(0.1, description="length of a step (ms)")
    seed: Seed = Field(1, description="32-bit number that all random numbers depend on")
    update_interval: Positive | None = Field(
        None, description="time between structural updates (ms); none if not given"
    )


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
            "resolution": resolution,
            "seed": seed,
            "update_interval": update_interval,
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
        values = {"model": model, "size": size, "V_m": V_m, "parameters": parameters}
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
        checked = MODELS[model].check(f"{where}.parameters", dict(parameters))
        checked.check_steps(f"{where}.parameters", self.resolution)
        return checked

    def check_growth(
        self, where: str, parameters: NeuronModel, elements: Mapping[str, Element]
    ) -> None:
        """Refuse growth curves that are too narrow for the calcium of a spike."""
        for name, element in elements.items():
            width = element.width()
            if not (0.0 < width < inf and parameters.beta_Ca / MAX_WIDTHS <= width):
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
        values = {"weight": weight, "delay": delay, "pre": pre, "post": post}
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
        checked = InputFields.check(f"inputs.{name}", {"rate": rate}).rate
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
        checked = Drive.check(where, {"weight": weight, "delay": delay})
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
        values = Recording.check("", {"record_interval": interval})
        whole_steps("record_interval", values.record_interval, self.resolution, least=1)
        self.record_interval = values.record_interval
        self.version += 1

    def record_spikes(self, population: Population) -> None:
        """Record every spike of a population; `Simulation.spikes` has them."""
        _check_made_here("population", population, self.populations)
        self.spike_recorders.append(SpikeRecorder(population))
        self.version += 1

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
