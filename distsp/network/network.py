"""What a user builds: populations, synapse types, connections, inputs and recorders.

A `Network` only describes. `Simulation` turns the description into this rank's arrays, and takes
over what changed in it whenever it runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from distsp.base.arrays import Floats
from distsp.base.columns import FloatColumn
from distsp.base.errors import InputError, shorten
from distsp.base.fields import MAX_SIZE
from distsp.base.time_grid import whole_steps
from distsp.inputs import Input, stream_index
from distsp.network.disconnection import Disconnection
from distsp.network.fields import (
    NameField,
    PopulationFields,
    RecordingFields,
    as_list,
    check_initial,
    check_weight,
)
from distsp.network.generator import Generator
from distsp.network.own_values import Drawing
from distsp.network.population import (
    Neurons,
    Population,
    check_element,
    check_growth,
    check_model,
)
from distsp.network.positions import as_given
from distsp.network.rules import Connection, Ends, Rule
from distsp.network.said import Said
from distsp.network.synapse_type import (
    Spread,
    SynapseType,
    check_delay,
    check_delays,
    delay_steps,
    range_in_steps,
)
from distsp.neurons import NeuronModel
from distsp.recorders import PopulationMeans, Recorder, SpikeRecorder
from distsp.recorders.population_means import MEANS
from distsp.rng.distributions import Distribution


class Network(Said):
    """A network of spiking neurons, as a description.

    Parameters
    ----------
    resolution : float
        Length of a step (ms).
    seed : int
        32-bit number that all random numbers depend on.
    update_interval : float, optional
        Time between structural updates (ms), the first at time 0. Without it synapses stay.
    surplus : str
        How many synapses too many a neuron nets off per element and update: "one", as in NEST,
        where each synapse that breaks lifts `z` to what is still bound, so that the others bind
        again at once; or "all", as in Butz & van Ooyen 2013.

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

    def create(
        self,
        model: str,
        size: int,
        name: str | None = None,
        V_m: Any = None,
        elements: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        positions: Any = None,
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
        V_m : float, array or dict, optional
            Initial potential (mV): a number, one for each neuron, or a distribution such as
            `{"distribution": "uniform", "low": 0.0, "high": 19.0}`. At rest if not given.
        elements : dict of dict, optional
            Synaptic elements by name: `{"curve": "gaussian", "growth_rate": 1e-4, "eps": 0.05}`;
            `plasticity.growth_curves` documents the keys of each curve.
        initial : dict, optional
            The same for other state variables: `{"I_syn_ex": 50.0}`.
        positions : dict or array (size, 2 or 3), optional
            Where the neurons are: `{"positions": "grid", "extent": [1.0, 1.0], "periodic": True}`;
            `distsp.network.positions` documents the keys of each way. An array has a row for each
            neuron, without an extent.
        **parameters
            Parameters of the model that differ from its defaults. A parameter of the model or of an
            element may also be an array with a value for each neuron, or a distribution.

        Returns
        -------
        Population
        """
        name = self._new_name("populations", name, "population", self.populations)
        where = f"populations.{name}"
        given = {"model": model, "size": size, "parameters": parameters}
        given |= {
            "V_m": as_list(V_m),
            "initial": {k: as_list(v) for k, v in initial.items()}
            if isinstance(initial, Mapping)
            else initial or {},
        }
        given["positions"] = as_given(f"{where}.positions", positions)
        given["elements"] = dict(elements) if isinstance(elements, Mapping) else elements or {}
        checked = PopulationFields.check(where, given)
        if self.size + checked.size > MAX_SIZE:
            raise InputError.at(f"{where}.size", size, f"makes more than {MAX_SIZE} neurons")
        if checked.elements and not NeuronModel.known(where, checked.model).has_membrane:
            raise InputError(f"{where}.elements: a {checked.model} has none")
        if checked.positions is not None:
            checked.positions.check_size(f"{where}.positions", checked.size)
        drawing = Drawing(self.seed, range(self.size, self.size + checked.size))
        population = Population(
            name=name,
            first=self.size,
            size=checked.size,
            model=checked.model,
            parameters=check_model(where, checked.model, parameters, self.resolution, drawing),
            initial=check_initial(where, checked, drawing),
            elements={
                key: check_element(where, key, element, drawing)
                for key, element in checked.elements.items()
            },
            resolution=self.resolution,
            drawing=drawing,
            has_changed=self.has_changed,
            positions=checked.positions,
        )
        check_growth(where, population.parameters, population.elements)
        for key, synapse_type in self.synapse_types.items():
            if synapse_type.kernel is not None:
                self._space(f"synapse_types.{key}.kernel", synapse_type, population)
        self._populations[name] = population
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
        kernel: Any = None,
    ) -> None:
        """Define a synapse type, static or (with `pre` and `post`) plastic.

        Parameters
        ----------
        name : str
            Types are updated in the order of their names.
        weight : float or dict
            In the unit of the target's model (pA, nS or mV); or a distribution that each synapse
            draws from.
        delay : float or dict
            ms, a whole number of steps, at least one; or a distribution, rounded to steps.
        pre, post : str, optional
            Names of the elements that a plastic synapse binds.
        allow_autapses, allow_multapses : bool
            Whether the structural update may connect a neuron to itself, or a pair again.
        kernel : dict, optional
            How likely the structural update connects two neurons at a distance:
            `{"kernel": "gaussian", "std": 0.1}`; `distsp.plasticity.kernels` documents the keys of
            each. All populations that have the elements need positions.
        """
        name = self._new_name("synapse_types", name, "synapses", self.synapse_types)
        where = f"synapse_types.{name}"
        values = {"weight": weight, "delay": delay, "pre": pre, "post": post}
        values |= {"allow_autapses": allow_autapses, "allow_multapses": allow_multapses}
        values["kernel"] = kernel
        synapse_type = SynapseType.check(where, values)
        check_weight(where, synapse_type.weight)
        check_delay(f"{where}.delay", synapse_type.delay, self.resolution)
        for side, element in (("pre", pre), ("post", post)):
            if element is not None and pre == post:
                right = "must be another element than pre: one that is both binds twice"
                raise InputError.at(f"{where}.post", post, right)
            if element is None and (pre or post) is not None:
                raise InputError(f"{where}.{side}: is missing; a plastic type needs pre and post")
            known = {key for p in self.populations.values() for key in p.elements}
            if element is not None and element not in known:
                raise InputError.unknown(f"{where}.{side}", element, sorted(known))
        if synapse_type.kernel is not None:
            if not synapse_type.plastic:
                right = "is for plastic types; a rule of connections has a kernel of its own"
                raise InputError(f"{where}.kernel: {right}")
            self._space(f"{where}.kernel", synapse_type)
        self._synapse_types[name] = synapse_type
        self._spreads[name] = synapse_type.spread(self.resolution)
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
        self._inputs[name] = generator
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
            Of its spikes: in the unit of a weight onto the target (pA, nS or mV). What
            a current is multiplied with; 1 if not given.
        delay : float
            ms, a whole number of steps, at least one; for a current one step if not given.
        """
        _check_made_here("inputs", source, self.inputs)
        where = f"inputs.{source.name}"
        self.check_neurons(f"{where}.population", target)
        given = {"weight": weight, "delay": delay}
        checked = source.parameters.drive.check(
            where, {key: value for key, value in given.items() if value is not None}
        )
        check_weight(where, getattr(checked, "weight", None))
        checked.steps(where, self.resolution)
        source.parameters.check_targets(where, len(target))
        carries_current = source.parameters.carries == "current"
        _check_repeated(where, target, checked.weight, carries_current)
        for piece in target.pieces:
            again = sum(drive.piece.population is piece.population for drive in source.drives)
            stream_index(source.index, again)
        source.drive(target, checked)

    def connect(
        self,
        source: Neurons,
        target: Neurons,
        synapse: str,
        rule: str,
        weight: Any = None,
        delay: Any = None,
        **parameters: Any,
    ) -> None:
        """Connect neurons with synapses of a type, from the next `run` on.

        Parameters
        ----------
        source, target : Neurons
            Populations, parts of them, or sums.
        synapse : str
            Name of a synapse type.
        rule : str
            Name of a rule, such as "fixed_indegree"; `distsp.network.rules` has them all.
        weight, delay : float, dict or array, optional
            Of these synapses, if not the type's: a number, or a distribution that each synapse
            draws from. For the rule "explicit" also a list or an array with one for each synapse,
            whose delays are rounded to steps. Each synapse of the type then keeps its own weight
            and delay.
        **parameters
            As the rule needs them, such as `indegree`, `allow_autapses` and `allow_multapses`.
        """
        where = f"connections.{len(self.connections)}"
        self._check_ends(where, source, target, synapse)
        checked = Rule.known(f"{where}.rule", rule).check(
            f"{where}.rule", {"rule": rule, **parameters}
        )
        connection = Connection.check(
            where,
            {
                "source": source.description(),
                "target": target.description(),
                "synapse": synapse,
                "rule": checked,
                "weight": weight,
                "delay": delay,
            },
        )
        check_weight(where, connection.weight)
        self.space_between(f"{where}.rule", checked, source, target)
        checked.check_ends(f"{where}.rule", Ends(np.asarray(source.ids), np.asarray(target.ids)))
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
        weight = synapse_type.weight if connection.weight is None else connection.weight
        brought = connection.rule.brought().weights and connection.weight is None
        _check_repeated(where, target, None if brought else weight)
        self._spreads[synapse] = self._spread_with(where, connection)
        self._connections.append(connection)
        self.has_changed()

    def _spread_with(self, where: str, connection: Connection) -> Spread:
        """Return what the synapses of a type may be with those of another connection."""
        weight, delay, brought = connection.weight, connection.delay, connection.rule.brought()
        listed = connection.rule.listed()
        for key, values in (("weight", weight), ("delay", delay)):
            if isinstance(values, FloatColumn) and len(values) != listed:
                right = f"must have {listed}, as many as the rule lists"
                if listed is None:
                    right = "the rule lists no synapses: it must be a number or a distribution"
                raise InputError(f"{where}.{key}: has {len(values)} values, but {right}")
        old, resolution = self.spreads[connection.synapse], self.resolution
        steps: tuple[int, int] | None = None
        if isinstance(delay, FloatColumn) or (delay is None and brought.delays):
            bounds: tuple[float, float] | None = brought.delays
            if isinstance(delay, FloatColumn):
                bounds = delay.bounds
            if bounds is None:
                return old
            low, high = bounds
            check_delays(f"{where}.delay", f"{where}.delay", low, high, resolution)
            steps = range_in_steps(low, high, resolution)
        elif delay is not None:
            check_delay(f"{where}.delay", delay, resolution)
            steps = delay_steps(delay, resolution)
        elif weight is None and not brought.weights:
            return old
        return old.widened(steps)

    def disconnect(
        self,
        source: Neurons,
        target: Neurons,
        synapse: str,
        sources: Any = None,
        targets: Any = None,
        fraction: float | None = None,
    ) -> None:
        """Remove synapses of a type, from the next `run` on; all from `source` to `target`.

        Spikes that are under way still arrive. A plastic synapse frees the elements of both sides;
        the neurons keep them.

        Parameters
        ----------
        source, target : Neurons
            Populations, parts of them, or sums.
        synapse : str
            Name of a synapse type.
        sources, targets : list or array of int, optional
            Places in the two groups: of each pair one synapse is removed, the oldest. A pair that
            is listed twice loses two. If there is none, the next `run` says so as an error, removes
            nothing, and forgets this call.
        fraction : float, optional
            Each synapse is removed with this probability.
        """
        where = f"disconnections.{len(self.disconnections)}"
        self._check_ends(where, source, target, synapse)
        values = {
            "source": source.description(),
            "target": target.description(),
            "synapse": synapse,
            "sources": sources,
            "targets": targets,
            "fraction": fraction,
            "after": len(self.connections),
        }
        given = {key: value for key, value in values.items() if value is not None}
        checked = Disconnection.check(where, given)
        checked.check_pairs(where, len(source), len(target))
        self._disconnections.append(checked)
        self.has_changed()

    def _check_ends(self, where: str, source: Any, target: Any, synapse: Any) -> None:
        """Refuse what are no neurons or is no synapse type of this network."""
        for side, neurons in (("source", source), ("target", target)):
            self.check_neurons(f"{where}.{side}", neurons)
        if not isinstance(synapse, str) or synapse not in self.synapse_types:
            raise InputError.unknown(f"{where}.synapse", synapse, self.synapse_types)

    def recorder(self, model: str, name: str | None = None, **parameters: Any) -> str:
        """Ask for something to be recorded.

        Parameters
        ----------
        model : str
            Name of a recorder, such as "spike_recorder"; `distsp.recorders` has them all.
        name : str, optional
            "recorder_0" and so on if not given.
        **parameters
            As the recorder needs them, such as `neurons`: a population, a part of one, or several.

        Returns
        -------
        str
            The name.
        """
        name = self._new_name("recorders", name, "recorder", self.recorders)
        where = f"recorders.{name}"
        checked = Recorder.of(where, {"model": model, **_in_plain_data(parameters)})
        checked.check_network(where, self, self.resolution)
        if isinstance(checked, SpikeRecorder):
            neurons = self.select(f"{where}.neurons", checked.neurons)
            if other := self._recorder_of_spikes(neurons, checked):
                right = f"is recorded already, by recorders.{other}"
                raise InputError.at(f"{where}.neurons", neurons.description(), right)
        self._recorders[name] = checked
        self.has_changed()
        return name

    def record(self, interval: float) -> None:
        """Record the population means every `interval` (ms); `Simulation.recording` has them."""
        values = RecordingFields.check("", {"record_interval": interval})
        whole_steps("record_interval", values.record_interval, self.resolution, least=1)
        if not isinstance(self.recorders.get(MEANS), PopulationMeans | None):
            self._new_name("recorders", MEANS, "", self.recorders)
        self._recorders[MEANS] = PopulationMeans(interval=values.record_interval)
        self.has_changed()

    def record_spikes(self, neurons: Neurons) -> None:
        """Record every spike of some neurons; `Simulation.spikes` has them."""
        self.check_neurons("population", neurons)
        for piece in neurons.pieces:
            one = Neurons([piece])
            if not self._recorder_of_spikes(one, SpikeRecorder(neurons=one.description())):
                name = f"spikes_{piece.population.name}"
                if not piece.whole or name in self.recorders:
                    name = self._new_name("recorders", None, name, self.recorders)
                self._recorders[name] = SpikeRecorder(neurons=one.description())
        self.has_changed()

    def _recorder_of_spikes(self, neurons: Neurons, asked: SpikeRecorder) -> str | None:
        """Return the name of the spike recorder of just these neurons and times, if any."""
        times = asked.start, asked.stop
        for name, one in self.recorders.items():
            if isinstance(one, SpikeRecorder) and (one.start, one.stop) == times:
                recorded = self.select(f"recorders.{name}.neurons", one.neurons)
                if np.array_equal(recorded.ids, neurons.ids):
                    return name
        return None

    def _new_name(self, what: str, name: str | None, stem: str, taken: Mapping[str, Any]) -> str:
        if name is None:
            name = f"{stem}_{len(taken)}"
        NameField.check(what, {"name": name})
        if name in taken:
            raise InputError(f"{what}.{name}: {shorten(name)} is there already; names must differ")
        return name


def _check_repeated(where: str, target: Neurons, weight: Any, current: bool = False) -> None:
    """Refuse what neurons that only repeat spikes cannot take; `weight` is None if not known."""
    values = weight.array if isinstance(weight, FloatColumn) else weight
    for piece in target.pieces:
        model = piece.population.parameters
        if model.has_membrane:
            continue
        who = f"populations.{piece.population.name} is of {model.name()}"
        if current:
            raise InputError(f"{where}.population: {who}, which takes no current")
        if isinstance(values, Distribution) or not np.all(np.equal(values, 1.0)):
            raise InputError.at(
                f"{where}.weight", weight, f"must be 1: {who}, which repeats spikes"
            )


def _in_plain_data(value: Any) -> Any:
    """Return a value with plain data where it has neurons, also inside of it."""
    if isinstance(value, Neurons):
        return value.description()
    if isinstance(value, Mapping):
        return {key: _in_plain_data(entry) for key, entry in value.items()}
    return value


def _check_made_here(field: str, value: Any, known: Mapping[str, Any]) -> None:
    """Refuse what another network has made, or what is no population or input at all."""
    if not any(value is one for one in known.values()):
        raise InputError.at(field, value, f"must be one that this network has: {list(known)}")
