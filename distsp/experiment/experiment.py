"""Experiments as data: a validated description of a run, from TOML and to TOML.

`Experiment.build` translates it into calls of `Network`, which a script could make as well.
"""

import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

import tomlkit
from pydantic import Field
from pydantic.fields import FieldInfo
from tomlkit.items import Table

from distsp.base.fields import MAX_SIZE, Fields, InputError, Name, Positive, whole_steps
from distsp.network.connections import Connection, Rule
from distsp.network.network import (
    InputFields,
    Network,
    NetworkFields,
    PopulationFields,
    SynapseType,
)
from distsp.network.population import Drive
from distsp.neurons import MODELS
from distsp.rng.distributions import Normal, Uniform

BUNDLED = files("distsp.experiment") / "bundled"

LEADING = {"name", "description", "duration", "model", "curve", "rule", "distribution"}
"""Keys that say what a table is, and so come first in it."""


class ExperimentPopulation(PopulationFields):
    """A population, and what is recorded of it."""

    record_spikes: bool = Field(False, description="keep every spike in the results")


class Target(Drive):
    """A population that an input drives."""

    population: str


class ExperimentInput(InputFields):
    """An input and the populations that it drives."""

    model: Literal["poisson_generator"] = "poisson_generator"
    targets: list[Target] = Field(default_factory=list)


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
    description: str = ""
    duration: Positive = Field(description="simulated time (ms)")
    record_interval: Positive = Field(1000.0, description="time between recordings (ms)")
    populations: dict[Name, ExperimentPopulation] = Field(min_length=1)
    synapse_types: dict[Name, SynapseType] = Field(default_factory=dict)
    inputs: dict[Name, ExperimentInput] = Field(default_factory=dict)
    connections: list[Connection] = Field(default_factory=list)

    @classmethod
    def check(cls, where: str, values: Any) -> Self:
        """Return the experiment made of `values`, with every parameter of its neurons filled in.

        Raises
        ------
        InputError
            Naming the first wrong field, be it wrong in itself or beside the others.
        """
        checked = super().check(where, values)
        whole_steps("duration", checked.duration, checked.resolution, least=1)
        network = checked.build()
        complete = {
            name: population.model_copy(
                update={"parameters": network.populations[name].parameters.model_dump()}
            )
            for name, population in checked.populations.items()
        }
        return checked.model_copy(update={"populations": complete})

    @classmethod
    def from_toml(cls, source: str | Path) -> Self:
        """Return the experiment that a TOML file, or a TOML text of several lines, describes."""
        is_text = isinstance(source, str) and "\n" in source
        origin = "experiment" if is_text else str(source)
        try:
            text = str(source) if is_text else Path(source).read_text(encoding="utf-8")
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
        if name not in _bundled_names():
            raise InputError.at("experiment", name, f"must be one of {', '.join(_bundled_names())}")
        return cls.from_toml((BUNDLED / f"{name}.toml").read_text(encoding="utf-8"))

    def to_toml(self) -> str:
        """Return the complete experiment, defaults included, as TOML that `from_toml` accepts."""
        document = tomlkit.document()
        _write(document, dict(self), type(self).model_fields)
        return tomlkit.dumps(document)

    def build(self) -> Network:
        """Return the network, ready for a `Simulation`."""
        network = Network(self.resolution, self.seed, self.update_interval)
        network.record(self.record_interval)
        for name, fields in self.populations.items():
            # Checked first: a parameter called "size" must not become an argument of `create`.
            where = f"populations.{name}"
            parameters = network.check_model(where, fields.model, fields.parameters).model_dump()
            population = network.create(
                fields.model,
                fields.size,
                name=name,
                V_m=fields.V_m,
                elements=fields.elements,
                **parameters,
            )
            if fields.record_spikes:
                network.record_spikes(population)
        for name, synapse_type in self.synapse_types.items():
            network.synapse_type(name, **dict(synapse_type))
        for name, source in self.inputs.items():
            generator = network.poisson_generator(source.rate, name=name)
            for i, target in enumerate(source.targets):
                where = f"inputs.{name}.targets.{i}"
                population = _lookup(f"{where}.population", target.population, network.populations)
                whole_steps(f"{where}.delay", target.delay, self.resolution, least=1)
                network.drive(generator, population, target.weight, target.delay)
        for i, connection in enumerate(self.connections):
            where = f"connections.{i}"
            pre = _lookup(f"{where}.source", connection.source, network.populations)
            post = _lookup(f"{where}.target", connection.target, network.populations)
            network.connect(pre, post, connection.synapse, **dict(connection.rule))
        return network

    def scaled(self, factor: float) -> Self:
        """Return the experiment with `factor` times as many neurons, at least 1 per population."""
        if not (math.isfinite(factor) and factor > 0):
            raise InputError.at("scale", factor, "must be a finite number above 0")
        values = self.model_dump()
        for population in values["populations"].values():
            population["size"] = max(round(min(population["size"] * factor, MAX_SIZE + 1)), 1)
        return self.check("", values)

    def changed(self, path: str, value: str) -> Self:
        """Return the experiment with one value changed.

        Parameters
        ----------
        path : str
            Where, such as "populations.E.size" or "connections.0.rule.indegree".
        value : str
            As TOML has it (`2.5`, `true`, `{curve = "linear", ...}`); else a text as it stands.
        """
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError.at(path, value, "must be a text in UTF-8") from None
        values = self.model_dump()
        *parents, last = path.split(".")
        place: Any = values
        for depth, key in enumerate(parents):
            place = place[_key(place, key, path, parents[:depth])]
        place[_key(place, last, path, parents)] = _parsed(value)
        try:
            return self.check("", values)
        except RecursionError:
            raise InputError(f"{path}: is nested too deeply") from None


def list_bundled() -> dict[str, str]:
    """Return the names of the experiments that come with distsp, and what each is."""
    return {name: Experiment.bundled(name).description for name in _bundled_names()}


def _bundled_names() -> list[str]:
    entries = (entry.name for entry in BUNDLED.iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def _lookup(field: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise InputError.at(field, name, f"must be one of {', '.join(known)}")
    return known[name]


def _key(place: Any, key: str, path: str, parents: list[str]) -> str | int:
    """Return `key` as what `place`, a dict or a list, is indexed with."""
    if isinstance(place, dict) and key in place:
        return key
    if isinstance(place, list) and key in map(str, range(len(place))):
        return int(key)
    has = "is a single value"
    if isinstance(place, dict | list):
        known = map(str, range(len(place)) if isinstance(place, list) else place)
        has = f"has {', '.join(known) or 'none'}"
    where = ".".join(parents) or "the experiment"
    raise InputError(f"{path}: there is no such key; {where} {has}")


def _parsed(value: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        return value
    return parsed["value"] if len(parsed) == 1 else value


def _write(table: Any, values: dict[str, Any], fields: Mapping[str, FieldInfo]) -> None:
    """Add values to a TOML table, each with its field's description as a comment."""

    def place(key: str) -> tuple[bool, bool]:
        # What follows a sub-table would belong to it, so plain values come first.
        return isinstance(values[key], dict | list), key not in LEADING

    for key in sorted(values, key=place):
        value, comment = values[key], fields[key].description if key in fields else None
        if isinstance(value, list):
            if value:
                table.add(tomlkit.nl())
                table.add(key, tomlkit.aot())
            for entry in value:
                table[key].append(_table(entry))
        elif isinstance(value, dict):
            if value:
                table.add(key, tomlkit.table(is_super_table=True))
                _write(table[key], value, {})
        elif isinstance(value, Rule | Uniform | Normal):
            table.add(key, tomlkit.inline_table())
            _write(table[key], value.model_dump(), {})
        elif isinstance(value, Fields):
            table.add(key, _table(value))
        elif value is None:
            table.add(tomlkit.comment(f"{key} is not set: {comment}"))
        else:
            item = tomlkit.item(value)
            table.add(key, item.comment(comment) if comment else item)


def _table(fields: Fields) -> Table:
    values = dict(fields)
    if isinstance(fields, ExperimentPopulation):
        values["parameters"] = MODELS[fields.model].model_validate(fields.parameters)
    table = tomlkit.table()
    _write(table, values, type(fields).model_fields)
    return table
