"""Tables of an experiment whose keys depend on a model: populations, and inputs with targets."""

from typing import Any, Self

from pydantic import ConfigDict, Field

from distsp.base.fields import Fields
from distsp.base.selection import Fraction
from distsp.network.generator import Generator
from distsp.network.network import PopulationFields
from distsp.network.population import Population


class PopulationTable(PopulationFields):
    """A population, and what is recorded of it."""

    record_spikes: bool = Field(False, description="keep every spike in the results")

    def completed(self, population: Population) -> Self:
        """Return the table with every parameter of the neurons."""
        return self.model_copy(update={"parameters": population.parameters.model_dump()})


class OpenTable(Fields):
    """A table that also has keys which a component checks."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the component checks."""
        return dict(self.model_extra or {})


class Target(OpenTable):
    """Neurons that an input drives, and how."""

    population: str
    neurons: str | list[int] | Fraction | None = Field(
        None, description='"0:80", a list of places, or a fraction; all if not given'
    )

    @property
    def selection(self) -> dict[str, Any]:
        """Return what `Network.select` takes."""
        return {"population": self.population, "neurons": self.neurons}


class InputTable(OpenTable):
    """An input and the populations that it drives."""

    model: str = "poisson_generator"
    targets: list[Target] = Field(default_factory=list)

    def completed(self, generator: Generator) -> Self:
        """Return the table with every parameter of the input and of what it drives."""
        targets = [
            target.model_copy(update=how.model_dump())
            for target, (_, how) in zip(self.targets, generator.calls, strict=True)
        ]
        return self.model_copy(update={**generator.parameters.model_dump(), "targets": targets})
