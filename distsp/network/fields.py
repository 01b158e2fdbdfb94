"""What the calls of `Network` take, as validated fields."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.columns import Column
from distsp.base.components import OneOf
from distsp.base.errors import InputError
from distsp.base.fields import Fields, Finite, Name, Positive, Seed, Size
from distsp.network.own_values import Drawing, differs
from distsp.network.positions import Positions
from distsp.neurons import NeuronModel
from distsp.rng.distributions import Distribution, Number, mean

LARGEST_WEIGHT = 1e100
"""Sums of larger ones, and what a model makes of them, would be no numbers."""


def check_weight(where: str, weight: Any) -> None:
    """Refuse weights so large that potentials would be no numbers.

    Raises
    ------
    InputError
        Naming the weight, prefixed with `where`.
    """
    one = weight.array if isinstance(weight, Column) else weight
    numbers: list[Any] = [0.0 if one is None else one]
    if isinstance(weight, Distribution):
        with np.errstate(over="ignore"):
            numbers = [value for _, value in weight if isinstance(value, float)] + [mean(weight)]
    if not all(np.all(np.abs(number) <= LARGEST_WEIGHT) for number in numbers):
        raise InputError.at(f"{where}.weight", weight, f"must be within {LARGEST_WEIGHT:g} of 0")


class PopulationFields(Fields):
    """What `Network.create` takes."""

    model: str = Field(description="name of the neuron model")
    size: Size = Field(description="number of neurons")
    V_m: Number | list[Finite] | None = Field(
        None, description="initial potential (mV), at rest if not given"
    )
    initial: dict[str, Number | list[Finite]] = Field(
        default_factory=dict, description="initial values of other state variables"
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="those of the model that differ from its defaults"
    )
    elements: dict[Name, Any] = Field(
        default_factory=dict, description="synaptic elements, by name"
    )
    positions: Annotated[Positions, OneOf(Positions)] | None = Field(
        None, description="where the neurons are; nowhere if not given"
    )


class NetworkFields(Fields):
    """What `Network` takes."""

    resolution: Positive = Field(0.1, description="length of a step (ms)")
    seed: Seed = Field(1, description="32-bit number that all random numbers depend on")
    update_interval: Positive | None = Field(
        None, description="time between structural updates (ms); none if not given"
    )
    surplus: Literal["one", "all"] = Field(
        "one",
        description="how many synapses too many a neuron nets off per element and update, "
        "one (as NEST) or all",
    )


class RecordingFields(Fields):
    """What `Network.record` takes."""

    record_interval: Positive


class NameField(Fields):
    """A name that a user gives."""

    name: Name


def as_list(value: Any) -> Any:
    """Return a list where an array is given."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def check_initial(where: str, fields: PopulationFields, drawing: Drawing) -> dict[str, Any]:
    """Return the initial values of state variables: numbers, or an array each; V_m may be drawn."""
    variables = NeuronModel.known(f"{where}.model", fields.model).variables
    initial: dict[str, Any] = {}
    for name, value in fields.initial.items():
        if name not in variables or name == "V_m":
            known = [key for key in variables if key != "V_m"]
            raise InputError.unknown_key(f"{where}.initial.{name}", known)
        drawn = differs(value)
        initial[name] = drawing.values(f"{where}.initial.{name}", value, name) if drawn else value
    if fields.V_m is not None:
        if "V_m" not in variables:
            raise InputError(f"{where}.V_m: a {fields.model} has no membrane")
        listed = isinstance(fields.V_m, list)
        initial["V_m"] = drawing.values(f"{where}.V_m", fields.V_m, "V_m") if listed else fields.V_m
    return initial
