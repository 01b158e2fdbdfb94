"""What every recorder is: what it asks for, when it looks, what it keeps and what it writes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.components import Component
from distsp.neurons.model import NeuronModel
from distsp.parallel.distributed import Part
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks


class Neurons(Protocol):
    """What a recorder knows of a population."""

    name: str
    parameters: NeuronModel

    @property
    def elements(self) -> Mapping[str, Any]:
        """Their synaptic elements, by name."""

    @property
    def ids(self) -> range:
        """Global ids of the neurons."""


class Piece(Protocol):
    """Some neurons of one population."""

    @property
    def population(self) -> Neurons:
        """The population."""

    @property
    def places(self) -> Any:
        """Their places in it, in ascending order."""

    @property
    def ids(self) -> Ints:
        """Their global ids."""


class Selected(Protocol):
    """What a recorder knows of neurons that are addressed together."""

    @property
    def pieces(self) -> Sequence[Piece]:
        """Those of each population."""

    @property
    def ids(self) -> Any:
        """Global ids, in ascending order."""


class Selecting(Protocol):
    """What finds neurons that are addressed in plain data: the network."""

    def select(self, where: str, selection: Any) -> Selected:
        """Return the neurons; `where` is the path of the field, for messages."""


class Reading(Protocol):
    """The network at the beginning of a step. Whatever is read, nothing changes."""

    step: int
    resolution: float
    ranks: Ranks
    layout: Layout

    @property
    def populations(self) -> Mapping[str, Neurons]:
        """All populations, by name."""

    @property
    def synapse_types(self) -> list[str]:
        """Names of all synapse types."""

    def select(self, where: str, selection: Any) -> Selected:
        """Return neurons that are addressed in plain data."""

    def local(self, population: Neurons, quantity: str) -> Array:
        """Return a quantity of those neurons of a population that are on this rank.

        `quantity` is "calcium", "spike_count", a state variable of the model, or "z/<element>" and
        "z_connected/<element>".
        """

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type; collective."""


@dataclass(frozen=True)
class Dataset:
    """What is written to the results: a name with slashes, and what it is."""

    name: str
    values: Array
    unit: str
    description: str


class Recording(ABC):
    """What a recorder has recorded in a simulation.

    Attributes
    ----------
    interval : int or None
        Steps between two calls of `record`; None for what is not read at intervals.
    while_running : bool
        Whether its datasets are also written while the run goes on; they must not need other ranks.
    """

    interval: int | None = None
    while_running: ClassVar[bool] = False

    def follow(self, recorder: Any, resolution: float) -> None:  # noqa: B027
        """Take over what has changed in what is asked for."""

    def record(self, reading: Reading) -> None:  # noqa: B027
        """Record the present; collective."""

    def take_spikes(self, steps: Ints, ids: Ints) -> None:  # noqa: B027
        """Record spikes of this rank: the end of the step of emission, and the global id."""

    def spiking(self) -> Ints:
        """Return the global ids of the neurons whose spikes are wanted."""
        return np.empty(0, dtype=np.int64)

    @abstractmethod
    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""

    @abstractmethod
    def datasets(self, ranks: Ranks) -> Iterator[Dataset]:
        """Yield what there is to write, complete on rank 0; collective."""


class Recorder(Component):
    """What somebody wants to be recorded.

    A recorder is a subclass with its parameters, in a file of its own, and a `Recording` that it
    begins.
    """

    key: ClassVar[str] = "model"

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse what cannot be recorded of a network.

        Raises
        ------
        InputError
            Naming the field, prefixed with `where`.
        """

    @abstractmethod
    def begin(self, name: str, reading: Reading) -> Recording:
        """Return an empty recording that begins now; collective."""
