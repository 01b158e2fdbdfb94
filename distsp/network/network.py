"""What a user builds: populations, synapse types, connections, inputs and recorders.

A `Network` only describes. `Simulation` turns the description into this rank's arrays, and takes
over what changed in it whenever it runs.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Ints
from distsp.base.components import OneOf
from distsp.base.errors import InputError, shorten
from distsp.base.fields import MAX_SIZE, Fields, Name, Positive, Seed, Size
from distsp.base.selection import Fraction, Selection, places_of
from distsp.base.time_grid import whole_steps
from distsp.inputs import Input, stream_index
from distsp.network.generator import Generator
from distsp.network.population import Neurons, Piece, Population, check_growth, check_model
from distsp.network.rules import Connection, Rule
from distsp.network.synapse_type import SynapseType
from distsp.plasticity.growth_curves import Element
from distsp.recorders import PopulationMeans, Recorder, SpikeRecorder
from distsp.rng.distributions import Number
from distsp.rng.selection import drawn_places

MEANS = "recording"
"""Name of the recorder that `Network.record` asks for."""


class PopulationFields(Fields):
    """What `Network.create` takes."""

    model: str
    size: Size
    V_m: Number | None = Field(None, description="initial potential (mV), E_L if not given")
    parameters: dict[str, Any] = Field(default_factory=dict)
    elements: dict[Name, Annotated[Element, OneOf(Element)]] = Field(default_factory=dict)


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
        self.inputs: dict[str, Generator] = {}
        self.connections: list[Connection] = []
        self.recorders: dict[str, Recorder] = {}
        self.version = 0
        """Grows with every change, so that a simulation knows when to look again."""

    def has_changed(self) -> None:
        """Take note that something has changed."""
        self.version += 1

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
            Name of a neuron model, such as "iaf_psc_alpha"; `distsp.neurons` has them all.
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
            parameters=check_model(where, checked.model, parameters, self.resolution),
            initial_V_m=checked.V_m,
            elements=dict(checked.elements),
            resolution=self.resolution,
            has_changed=self.has_changed,
        )
        check_growth(where, population.parameters, population.elements)
        self.populations[name] = population
        self.has_changed()
        return population

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
        synapse_type.check_steps(where, self.resolution)
        for side, element in (("pre", pre), ("post", post)):
            if element is None and (pre or post) is not None:
                raise InputError(f"{where}.{side}: is missing; a plastic type needs pre and post")
            known = {key for p in self.populations.values() for key in p.elements}
            if element is not None and element not in known:
                raise InputError.at(
                    f"{where}.{side}", element, f"must be one of the elements {sorted(known)}"
                )
        self.synapse_types[name] = synapse_type
        self.has_changed()

    def input(self, model: str, name: str | None = None, **parameters: Any) -> Generator:
        """Create an input; `drive` connects it to neurons.

        Parameters
        ----------
        model : str
            Name of an input, such as "poisson_generator"; `distsp.inputs` has them all.
        name : str, optional
            "input_0" and so on if not given.
        **parameters
            As the input needs them.

        Returns
        -------
        Generator
        """
        name = self._new_name("inputs", name, "input", self.inputs)
        where = f"inputs.{name}"
        checked = Input.of(where, {"model": model, **parameters})
        checked.check_steps(where, self.resolution)
        generator = Generator(name, len(self.inputs), checked, self.resolution, self.has_changed)
        self.inputs[name] = generator
        self.has_changed()
        return generator

    def poisson_generator(
        self, rate: float | Sequence[float] | Floats, name: str | None = None
    ) -> Generator:
        """Create an input: Poisson trains of `rate` (Hz), an own one for each neuron it drives."""
        return self.input("poisson_generator", name, rate=rate)

    def drive(
        self,
        source: Generator,
        target: Neurons,
        weight: float | None = None,
        delay: float | None = None,
    ) -> None:
        """Connect an input to neurons: to each its own, where the input draws random numbers.

        Parameters
        ----------
        source : Generator
        target : Neurons
            A population, a part of one, or several.
        weight : float
            Of its spikes: in the unit of a weight onto the target (pA, for iaf_psc_delta mV). What
            a current is multiplied with; 1 if not given.
        delay : float
            ms, a whole number of steps, at least one; for a current one step if not given.
        """
        _check_made_here("inputs", source, self.inputs)
        where = f"inputs.{source.name}"
        self._check_neurons(f"{where}.population", target)
        given = {"weight": weight, "delay": delay}
        checked = source.parameters.drive.check(
            where, {key: value for key, value in given.items() if value is not None}
        )
        checked.steps(where, self.resolution)
        source.parameters.check_targets(where, len(target))
        for piece in target.pieces:
            again = sum(drive.piece.population is piece.population for drive in source.drives)
            stream_index(source.index, again)
        source.drive(target, checked)

    def connect(
        self, source: Neurons, target: Neurons, synapse: str, rule: str, **parameters: Any
    ) -> None:
        """Connect neurons with synapses of a type, from the next `run` on.

        Parameters
        ----------
        source, target : Neurons
            Populations, parts of them, or sums.
        synapse : str
            Name of a synapse type.
        rule : str
            "all_to_all", "one_to_one", "fixed_indegree" or "pairwise_bernoulli".
        **parameters
            `indegree` or `p`, `allow_autapses` and `allow_multapses`, as the rule needs.
        """
        where = f"connections.{len(self.connections)}"
        for side, neurons in (("source", source), ("target", target)):
            self._check_neurons(f"{where}.{side}", neurons)
        if synapse not in self.synapse_types:
            raise InputError.at(
                f"{where}.synapse", synapse, f"must be one of {list(self.synapse_types)}"
            )
        checked = Rule.known(f"{where}.rule", rule).check(
            f"{where}.rule", {"rule": rule, **parameters}
        )
        same = np.array_equal(source.ids, target.ids)
        problem = checked.check_sizes(where, len(source), len(target), same)
        if problem:
            raise InputError(f"{where}.rule: {problem}")
        synapse_type = self.synapse_types[synapse]
        for side, element, neurons in (
            ("source", synapse_type.pre, source),
            ("target", synapse_type.post, target),
        ):
            for piece in neurons.pieces:
                if element is not None and element not in piece.population.elements:
                    raise InputError.at(
                        f"{where}.{side}",
                        piece.population.name,
                        f"must have the element {element} that {synapse} binds",
                    )
        self.connections.append(
            Connection.check(
                where,
                {
                    "source": source.description(),
                    "target": target.description(),
                    "synapse": synapse,
                    "rule": checked.model_dump(),
                },
            )
        )
        self.has_changed()

    def ends(self, connection: Connection) -> tuple[Neurons, Neurons]:
        """Return the neurons that a connection connects."""
        return self.select("source", connection.source), self.select("target", connection.target)

    def select(self, where: str, selection: Any) -> Neurons:
        """Return neurons that are addressed in plain data.

        Parameters
        ----------
        where : str
            Path of the field that has it, for messages.
        selection : str, Selection or dict, or a list of these
            The name of a population; `{"population": "E", "neurons": "0:80"}`, where `neurons` may
            also be a list of places or `{"fraction": 0.1}`; or several.

        Returns
        -------
        Neurons
        """
        if isinstance(selection, list):
            if not selection:
                raise InputError(f"{where}: must name at least one population")
            chosen = [self.select(f"{where}.{i}", one) for i, one in enumerate(selection)]
            return sum(chosen[1:], chosen[0])
        if isinstance(selection, str):
            selection = Selection(population=selection)
        checked = Selection.check(where, selection)
        if checked.population not in self.populations:
            right = f"must be one of {', '.join(self.populations)}"
            raise InputError.at(where, checked.population, right)
        population = self.populations[checked.population]
        if checked.neurons is None:
            return population

        def draw(fraction: Fraction) -> Ints:
            return drawn_places(self.seed, population.ids, fraction)

        places = places_of(f"{where}.neurons", checked.neurons, population.size, draw)
        return Neurons([Piece(population, places)])

    def recorder(self, model: str, name: str | None = None, **parameters: Any) -> str:
        """Ask for something to be recorded.

        Parameters
        ----------
        model : str
            Name of a recorder, such as "spike_recorder"; `distsp.recorders` has them all.
        name : str, optional
            "recorder_0" and so on if not given.
        **parameters
            As the recorder needs them.

        Returns
        -------
        str
            The name.
        """
        name = self._new_name("recorders", name, "recorder", self.recorders)
        where = f"recorders.{name}"
        checked = Recorder.of(where, {"model": model, **parameters})
        checked.check_network(where, self, self.resolution)
        self.recorders[name] = checked
        self.has_changed()
        return name

    def record(self, interval: float) -> None:
        """Record the population means every `interval` (ms); `Simulation.recording` has them."""
        values = RecordingFields.check("", {"record_interval": interval})
        whole_steps("record_interval", values.record_interval, self.resolution, least=1)
        self.recorders[MEANS] = PopulationMeans(interval=values.record_interval)
        self.has_changed()

    def record_spikes(self, neurons: Neurons) -> None:
        """Record every spike of some neurons; `Simulation.spikes` has them."""
        self._check_neurons("population", neurons)
        for piece in neurons.pieces:
            one = Neurons([piece])
            recorder = SpikeRecorder(neurons=one.description())
            if recorder not in self.recorders.values():
                name = f"spikes_{piece.population.name}"
                name = (
                    name if piece.whole else self._new_name("recorders", None, name, self.recorders)
                )
                self.recorders[name] = recorder
        self.has_changed()

    def _check_neurons(self, where: str, neurons: Any) -> None:
        """Refuse what are no neurons, or are neurons of another network."""
        known = self.populations.values()
        if not isinstance(neurons, Neurons) or any(
            all(piece.population is not one for one in known) for piece in neurons.pieces
        ):
            right = f"must be one that this network has: {list(self.populations)}"
            raise InputError.at(where, neurons, right)

    def _new_name(self, what: str, name: str | None, stem: str, taken: Mapping[str, Any]) -> str:
        if name is None:
            name = f"{stem}_{len(taken)}"
        NameField.check(what, {"name": name})
        if name in taken:
            raise InputError(f"{what}.{name}: {shorten(name)} is there already; names must differ")
        return name


class RecordingFields(Fields):
    """What `Network.record` takes."""

    record_interval: Positive


class NameField(Fields):
    """A name that a user gives."""

    name: Name


def _check_made_here(field: str, value: Any, known: Mapping[str, Any]) -> None:
    """Refuse what another network has made, or what is no population or input at all."""
    if not any(value is one for one in known.values()):
        raise InputError.at(field, value, f"must be one that this network has: {list(known)}")
