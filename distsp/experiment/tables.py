"""Tables of an experiment whose keys depend on a model: populations, and inputs with targets."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from pydantic import ConfigDict, Field

from distsp.base.fields import Fields
from distsp.base.selection import Fraction
from distsp.network.fields import PopulationFields
from distsp.network.generator import Generator
from distsp.network.own_values import differs
from distsp.network.population import Population
from distsp.rng.distributions import Distribution, mean


class PopulationTable(PopulationFields):
    """A population, and what is recorded of it."""

    record_spikes: bool = Field(False, description="keep every spike in the results")

    @property
    def targets(self) -> list[float]:
        """The different calcium targets of the elements; the mean of those that are drawn."""
        eps = [element["eps"] for element in self.elements.values()]
        return sorted({float(np.mean(e)) if isinstance(e, list) else mean(e) for e in eps})

    def plain_parameters(self) -> dict[str, Any]:
        """Return the parameters as JSON can hold them: numbers, lists, distributions as tables."""
        return {
            key: value.model_dump(exclude_none=True) if isinstance(value, Fields) else value
            for key, value in self.parameters.items()
        }

    def completed(self, population: Population) -> Self:
        """Return the table with every parameter of the neurons and of their elements."""
        parameters = completed(self.parameters, population.parameters)
        elements = {
            name: completed(dict(values), population.elements[name])
            for name, values in self.elements.items()
        }
        return self.model_copy(update={"parameters": parameters, "elements": elements})


def completed(given: dict[str, Any], checked: Fields) -> dict[str, Any]:
    """Return all values of a description; those that differ between neurons as they were given."""
    return {key: _as_given(given[key]) if differs(value) else value for key, value in checked}


def _as_given(value: Any) -> Any:
    """Return a value that differs between neurons as a description has it."""
    if isinstance(value, Mapping):
        return Distribution.of("", dict(value))
    return value.tolist() if isinstance(value, np.ndarray) else value


class OpenTable(Fields):
    """A table that also has keys which a component checks."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the component checks."""
        return dict(self.model_extra or {})


class Target(OpenTable):
    """Neurons that an input drives, and how."""

    population: str = Field(description="its name")
    neurons: str | list[int] | Fraction | None = Field(
        None, description='"0:80", a list of places, or a fraction; all if not given'
    )

    @property
    def selection(self) -> dict[str, Any]:
        """Return what `Network.select` takes."""
        return {"population": self.population, "neurons": self.neurons}


class InputTable(OpenTable):
    """An input and the populations that it drives."""

    model: str = Field("poisson_generator", description="name of the input")
    targets: list[Target] = Field(default_factory=list, description="neurons that it drives")

    def completed(self, generator: Generator) -> Self:
        """Return the table with every parameter of the input and of what it drives."""
        targets = [
            target.model_copy(update=how.model_dump())
            for target, (_, how) in zip(self.targets, generator.calls, strict=True)
        ]
        return self.model_copy(update={**generator.parameters.model_dump(), "targets": targets})
