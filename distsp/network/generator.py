"""Generators: inputs of a network, and what they drive."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from distsp.inputs import Drive, Input
from distsp.network.population import Population


@dataclass(eq=False)
class Generator:
    """An input of a network, such as Poisson trains; made by `Network.input`.

    Its parameters are attributes too: `noise.rate` is `noise.parameters.rate`.
    """

    name: str
    index: int
    parameters: Input
    resolution: float
    has_changed: Callable[[], None] = field(repr=False)
    drives: list[tuple[Population, Drive]] = field(default_factory=list, repr=False)

    def set(self, **parameters: Any) -> None:
        """Change parameters, such as a `rate` (Hz), from the next `run` on.

        Raises
        ------
        InputError
            If a name is unknown or a value is wrong; nothing is changed then.
        """
        where = f"inputs.{self.name}"
        checked = self.parameters.changed(where, **parameters)
        checked.check_steps(where, self.resolution)
        self.parameters = checked
        self.has_changed()

    def __getattr__(self, name: str) -> Any:
        """Return a parameter."""
        parameters = self.__dict__.get("parameters")
        if parameters is not None and name in type(parameters).model_fields:
            return getattr(parameters, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Change a parameter, as `set` does."""
        parameters = self.__dict__.get("parameters")
        if parameters is not None and name in type(parameters).model_fields:
            self.set(**{name: value})
        else:
            super().__setattr__(name, value)
