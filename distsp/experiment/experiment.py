"""Experiments as data: a validated description of a run, from TOML and to TOML.

`Experiment.build` translates it into calls of `Network`, which a script could make as well.
"""

import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.components import OneOf
from distsp.base.errors import InputError, meant
from distsp.base.fields import MAX_SIZE, Name, Positive, check_path, check_text
from distsp.base.time_grid import whole_steps
from distsp.experiment.events import Event, connect
from distsp.experiment.settled import Settled
from distsp.experiment.tables import InputTable, PopulationTable
from distsp.experiment.toml import to_toml
from distsp.inputs import Input
from distsp.network.fields import NetworkFields
from distsp.network.network import Network
from distsp.network.rules import Connection
from distsp.network.synapse_type import SynapseType
from distsp.neurons import NeuronModel
from distsp.recorders import Recorder

BUNDLED = files("distsp.experiment") / "bundled"


class Experiment(NetworkFields):
    """A run: the network, how long it is simulated and what is recorded.

    Made by `from_toml` or `bundled`, which check the whole and fill in the defaults of the models.

    Examples
    --------
    >>> experiment = Experiment.bundled("structural_plasticity").scaled(0.1)
    >>> experiment = experiment.changed("populations.E.parameters.tau_m", "12.0")
    >>> experiment.build().size
    100
    """

    name: Name = Field(description="of the experiment, and of its folder of results")
    description: str = Field("", description="in a line, for `--list`")
    duration: Positive = Field(description="simulated time (ms)")
    record_interval: Positive = Field(1000.0, description="time between recordings (ms)")
    populations: dict[Name, PopulationTable] = Field(
        min_length=1, description="tables of neurons, by name"
    )
    synapse_types: dict[Name, SynapseType] = Field(
        default_factory=dict, description="tables of types, by name"
    )
    inputs: dict[Name, InputTable] = Field(
        default_factory=dict, description="tables of inputs, by name"
    )
    connections: list[Connection] = Field(
        default_factory=list, description="tables, in the order in which synapses are made"
    )
    recorders: dict[Name, Annotated[Recorder, OneOf(Recorder)]] = Field(
        default_factory=dict, description="tables of recorders, by name"
    )
    events: list[Annotated[Event, OneOf(Event)]] = Field(
        default_factory=list, description="tables of what changes while time passes"
    )
    settled: Settled | None = Field(
        None, description="when the run ends before its duration; never if not given"
    )

    @classmethod
    def check(cls, where: str, values: Any) -> Self:
        """Return the experiment made of `values`, with every parameter of its neurons filled in.

        Raises
        ------
        InputError
            Naming the first wrong field, be it wrong in itself or beside the others.
        """
        checked = super().check(where, values)
        end = whole_steps("duration", checked.duration, checked.resolution, least=1)
        network = checked.build()
        populations = {
            name: table.completed(network.populations[name])
            for name, table in checked.populations.items()
        }
        inputs = {
            name: table.completed(network.inputs[name]) for name, table in checked.inputs.items()
        }
        checked._check_settled()
        for step in checked.event_steps():
            if step > end:
                late = next(i for i, one in enumerate(checked.events) if one.at > checked.duration)
                right = f"ms is after the end, {checked.duration:g} ms"
                raise InputError.at(f"events.{late}.at", checked.events[late].at, right)
            checked.happen(network, step)
        return checked.model_copy(update={"populations": populations, "inputs": inputs})

    @classmethod
    def from_toml(cls, source: str | Path) -> Self:
        """Return the experiment that a TOML file, or a TOML text of several lines, describes."""
        is_text = isinstance(source, str) and "\n" in source
        path = None if is_text else check_path("experiment", source)
        origin = "experiment" if is_text else str(source)
        try:
            text = path.read_text(encoding="utf-8") if path else str(source)
            text = text.removeprefix("\ufeff")  # some editors begin a file so
            return cls.check("", tomllib.loads(text))
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"{origin}: there is no such file") from None
        except OSError as error:
            raise InputError(f"{origin}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise InputError(f"{origin}: is not a text in UTF-8") from None
        except RecursionError:
            raise InputError(f"{origin}: is nested too deeply") from None
        except ValueError as error:  # bad syntax, or an integer of thousands of digits
            raise InputError(f"{origin}: {str(error).splitlines()[0]}") from None

    @classmethod
    def bundled(cls, name: str) -> Self:
        """Return an experiment that comes with distsp; `list_bundled` has the names."""
        if name not in bundled_names():
            raise InputError.unknown("experiment", name, bundled_names())
        return cls.from_toml((BUNDLED / f"{name}.toml").read_text(encoding="utf-8"))

    def to_toml(self) -> str:
        """Return the complete experiment, defaults included, as TOML that `from_toml` accepts."""
        return to_toml(self)

    def models(self) -> list[str]:
        """Return the neuron models, each once."""
        return list(dict.fromkeys(population.model for population in self.populations.values()))

    def has_settled(self, recording: Mapping[str, Array], now: float) -> bool:
        """Return whether a run ends at `now` (ms), having settled; events must be over.

        Parameters
        ----------
        recording : dict of array
            What `Simulation.recording` returns.
        now : float
        """
        if self.settled is None or any(event.at > now for event in self.events):
            return False
        time = recording["time"]
        here = len(time) > 0 and abs(time[-1] - now) < 0.5 * self.resolution
        return here and self.settled.reached(recording, self._targets(), self._plastic_types())

    def _targets(self) -> dict[str, list[float]]:
        targets = {name: table.targets for name, table in self.populations.items()}
        return {name: values for name, values in targets.items() if values}

    def _plastic_types(self) -> list[str]:
        return [name for name, one in self.synapse_types.items() if one.plastic]

    def _check_settled(self) -> None:
        """Refuse to wait for what cannot be."""
        if self.settled is None:
            return
        interval = self.update_interval
        updates = interval is not None or bool(self.events)
        if not self._targets() or not self._plastic_types() or not updates:
            right = "elements with calcium targets, a plastic synapse type and an update_interval"
            raise InputError(f"settled: is set, but it needs {right}")
        for key, least in (
            ("update_interval", interval or 0.0),
            ("record_interval", self.record_interval),
        ):
            if self.settled.window < least:
                right = f"ms must be at least the {key}, {least:g} ms"
                raise InputError.at("settled.window", self.settled.window, right)

    def build(self) -> Network:
        """Return the network, ready for a `Simulation`."""
        network = Network(self.resolution, self.seed, self.update_interval, self.surplus)
        network.record(self.record_interval)
        for name, fields in self.populations.items():
            # Checked first: a parameter called "size" must not become an argument of `create`.
            where = f"populations.{name}"
            known = NeuronModel.known(f"{where}.model", fields.model).model_fields
            for key in fields.parameters:
                if key not in known:
                    raise InputError.unknown_key(f"{where}.parameters.{key}", known)
            population = network.create(
                fields.model,
                fields.size,
                name=name,
                V_m=fields.V_m,
                elements=fields.elements,
                initial=fields.initial,
                positions=fields.positions,
                **fields.parameters,
            )
            if fields.record_spikes:
                network.record_spikes(population)
        # Random numbers follow the order of creation, which the order in a file must not change.
        for name, synapse_type in sorted(self.synapse_types.items()):
            network.synapse_type(name, **dict(synapse_type))
        for name, table in self.inputs.items():
            # As above, for one that is called "name".
            Input.of(f"inputs.{name}", {"model": table.model, **table.parameters})
            generator = network.input(table.model, name, **table.parameters)
            for i, target in enumerate(table.targets):
                where = f"inputs.{name}.targets.{i}"
                _lookup(f"{where}.population", target.population, network.populations)
                neurons = network.select(where, target.selection)
                drive = generator.parameters.drive.check(where, target.parameters)
                drive.steps(where, self.resolution)
                network.drive(generator, neurons, **dict(drive))
        for i, connection in enumerate(self.connections):
            connect(f"connections.{i}", network, connection)
        for name, recorder in self.recorders.items():
            network.recorder(**dict(recorder), name=name)
        return network

    def event_steps(self) -> list[int]:
        """Return the steps at whose beginning anything happens, in ascending order."""
        return sorted(
            {
                whole_steps(f"events.{i}.at", event.at, self.resolution)
                for i, event in enumerate(self.events)
            }
        )

    def happen(
        self, network: Network, step: int, after: Callable[[], object] = lambda: None
    ) -> None:
        """Let the events at the beginning of `step` happen to a network, in their order.

        `after` is called after each.
        """
        for i, event in enumerate(self.events):
            where = f"events.{i}"
            if whole_steps(f"{where}.at", event.at, self.resolution) == step:
                event.apply(where, network)
                after()

    def network_at(self, step: int) -> Network:
        """Return the network as it is when `step` begins, before the events of that time."""
        network = self.build()
        for earlier in self.event_steps():
            if earlier < step:
                self.happen(network, earlier)
        return network

    def scaled(self, factor: float) -> Self:
        """Return the experiment with `factor` times as many neurons, at least 1 per population."""
        is_number = isinstance(factor, int | float | np.number) and not isinstance(factor, bool)
        if not (is_number and 0 < factor <= sys.float_info.max):
            raise InputError.at("scale", factor, "must be a finite number above 0")
        values = self.model_dump()
        for population in values["populations"].values():
            population["size"] = max(round(min(population["size"] * factor, MAX_SIZE + 1)), 1)
        return self.check("", values)

    def changed(self, path: str, value: Any) -> Self:
        """Return the experiment with one value changed.

        Parameters
        ----------
        path : str
            Where, such as "populations.E.size" or "connections.0.rule.indegree".
        value
            The value itself, or a text as TOML has it: `"2.5"`, `"true"`, `'{curve = "linear"}'`;
            one that is not of TOML is meant as it stands.
        """
        check_text("path", path)
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                raise InputError.at(path, value, "must be a text in UTF-8") from None
            value = _parsed(value)
        values = self.model_dump()
        *parents, last = path.split(".")
        place: Any = values
        for depth, key in enumerate(parents):
            place = place[_key(place, key, path, parents[:depth])]
        place[_key(place, last, path, parents)] = value
        try:
            return self.check("", values)
        except RecursionError:
            raise InputError(f"{path}: is nested too deeply") from None


def list_bundled() -> dict[str, str]:
    """Return the names of the experiments that come with distsp, and what each is."""
    return {name: Experiment.bundled(name).description for name in bundled_names()}


def bundled_names() -> list[str]:
    """Return the names of the experiments that come with distsp."""
    entries = (entry.name for entry in BUNDLED.iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def _lookup(field: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise InputError.unknown(field, name, known)
    return known[name]


def _key(place: Any, key: str, path: str, parents: list[str]) -> str | int:
    """Return `key` as what `place`, a dict or a list, is indexed with."""
    if isinstance(place, dict) and key in place:
        return key
    if isinstance(place, list) and key in map(str, range(len(place))):
        return int(key)
    has, guess = "is a single value", ""
    if isinstance(place, dict | list):
        known = list(map(str, range(len(place)) if isinstance(place, list) else place))
        has, guess = f"has {', '.join(known) or 'none'}", meant(key, known)
    where = ".".join(parents) or "the experiment"
    raise InputError(f"{path}: there is no such key{guess or f'; {where} {has}'}")


def _parsed(value: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        return value
    return parsed["value"] if len(parsed) == 1 else value
