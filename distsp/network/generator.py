"""Generators: inputs of a network, and what they drive."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distsp.base.arrays import Ints
from distsp.base.closed import Closed
from distsp.inputs import Drive, Input
from distsp.network.population import Neurons, Piece
from distsp.parallel.layout import Layout


@dataclass(frozen=True)
class Driven:
    """Neurons of a population that an input drives, and how."""

    piece: Piece
    begin: int
    """How many neurons of other populations come before them in what is driven together."""
    how: Drive

    def targets(self, layout: Layout) -> Ints:
        """Return for each neuron of the population on this rank its place among the driven ones.

        -1 for a neuron that is not driven.
        """
        population = self.piece.population
        if self.piece.whole:
            return layout.ids(population.ids) - population.first + self.begin
        places = np.full(population.size, -1, dtype=np.int64)
        places[np.asarray(self.piece.places)] = self.begin + np.arange(len(self.piece.places))
        return places[layout.ids(population.ids) - population.first]


@dataclass(eq=False)
class Generator(Closed):
    """An input of a network, such as Poisson trains; made by `Network.input`.

    Its parameters are attributes too: `noise.rate` is `noise.parameters.rate`.
    """

    name: str
    index: int
    parameters: Input
    resolution: float
    has_changed: Callable[[], None] = field(repr=False)
    drives: list[Driven] = field(default_factory=list, repr=False)
    calls: list[tuple[Neurons, Drive]] = field(default_factory=list, repr=False)
    """What `Network.drive` was told, each of which may be several drives."""

    def __post_init__(self) -> None:
        self._close()

    def _refusal(self, name: str) -> tuple[str, str]:
        known = ", ".join(type(self.parameters).model_fields)
        return f"inputs.{self.name}.{name}", f"of an input its parameters can: {known}"

    def drive(self, neurons: Neurons, how: Drive) -> None:
        """Drive neurons from the next `run` on."""
        begin = 0
        for piece in neurons.pieces:
            self.drives.append(Driven(piece, begin, how))
            begin += len(piece.places)
        self.calls.append((neurons, how))
        self.has_changed()

    def times_before(self, i: int) -> int:
        """Return how often the population of drive number `i` was driven before that."""
        population = self.drives[i].piece.population
        return sum(drive.piece.population is population for drive in self.drives[:i])

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
        for neurons, _ in self.calls:
            checked.check_targets(where, len(neurons))
        self._put("parameters", checked)
        self.has_changed()

    def __getattr__(self, name: str) -> Any:
        """Return a parameter; a list as a tuple, for only `set` can change it."""
        parameters = self.__dict__.get("parameters")
        if parameters is not None and name in type(parameters).model_fields:
            value = getattr(parameters, name)
            return tuple(value) if isinstance(value, list) else value
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Change a parameter, as `set` does."""
        if "_closed" in self.__dict__ and name in type(self.parameters).model_fields:
            self.set(**{name: value})
        else:
            super().__setattr__(name, value)
