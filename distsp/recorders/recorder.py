"""What every recorder is: what it asks for, when it looks, what it keeps and what it writes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from distsp.base.arrays import Array, Int32s, Ints
from distsp.base.components import Component
from distsp.base.errors import InputError
from distsp.neurons.model import NeuronModel
from distsp.parallel.distributed import Part
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.recorders.spool import Stream


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

    synapse_types: Any
    """By name."""

    def select(self, where: str, selection: Any) -> Selected:
        """Return the neurons; `where` is the path of the field, for messages."""


class Reading(Protocol):
    """The network at the beginning of a step. Whatever is read, nothing changes."""

    step: int
    resolution: float
    ranks: Ranks
    layout: Layout
    scratch: Path | None
    """Folder for what does not stay in memory."""

    @property
    def populations(self) -> Mapping[str, Neurons]:
        """All populations, by name."""

    @property
    def synapse_types(self) -> list[str]:
        """Names of all synapse types."""

    @property
    def plastic_types(self) -> list[str]:
        """Names of those that structural updates change."""

    def select(self, where: str, selection: Any) -> Selected:
        """Return neurons that are addressed in plain data."""

    def local(self, population: Neurons, quantity: str) -> Array:
        """Return a quantity of those neurons of a population that are on this rank.

        `quantity` is "calcium", "spike_count", a state variable of the model, or "z/<element>" and
        "z_connected/<element>".
        """

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type; collective."""

    def synapse_chunks(self, name: str) -> Iterator[dict[str, Array]]:
        """Yield the synapses of a type in pieces on rank 0, in order of source and target.

        As many empty pieces elsewhere; collective.
        """

    def own_values(self, name: str) -> bool:
        """Return whether each synapse of a type has a weight and a delay of its own."""

    def between(self, name: str, sources: Ints, targets: Ints) -> Ints:
        """Return the numbers of synapses of a type between kinds of neurons; collective.

        `sources` and `targets` have the kind of each neuron, 0 for those that do not count; the
        result has a row for each kind of source, and a column for each kind of target.
        """


@dataclass(frozen=True)
class Dataset:
    """What is written to the results: a name with slashes, and what it is."""

    name: str
    values: Array | Stream | list[str]
    unit: str
    description: str

    def array(self) -> Any:
        """Return the values as one array, or the texts."""
        return self.values.whole() if isinstance(self.values, Stream) else self.values


class Change(NamedTuple):
    """Synapses that a structural update has made or broken, the same on all ranks."""

    synapse: str
    made: bool
    sources: Int32s
    targets: Int32s


class Probe(NamedTuple):
    """What is read within the time loop, where it would take long to leave the loop for it."""

    pieces: Sequence[Piece]
    variables: list[str]
    interval: int  # steps


class Recording(ABC):
    """What a recorder has recorded in a simulation.

    Attributes
    ----------
    interval : int or None
        Steps between two calls of `record`; None for what is not read at intervals.
    probe : Probe or None
        What it has read within the time loop; `take_readings` gets it.
    sees_updates : bool
        Whether it is told of structural updates.
    """

    interval: int | None = None
    probe: Probe | None = None
    sees_updates: ClassVar[bool] = False

    def follow(self, recorder: Any, resolution: float) -> None:  # noqa: B027
        """Take over what has changed in what is asked for."""

    def next_step(self, step: int) -> int | None:
        """Return the next step after `step` at which it records; -1 stands for the beginning."""
        return step - step % self.interval + self.interval if self.interval and step >= 0 else None

    def due_at_once(self, step: int) -> bool:
        """Return whether it records the present when it has just begun, after all other changes."""
        return False

    def record(self, reading: Reading) -> None:  # noqa: B027
        """Record the present; collective."""

    def take_spikes(self, steps: Ints, ids: Ints) -> None:  # noqa: B027
        """Record spikes of this rank: the end of the step of emission, and the global id."""

    def take_readings(self, steps: Ints, values: Array) -> None:  # noqa: B027
        """Take what its probe has read of neurons of this rank.

        Parameters
        ----------
        steps : array (n,) of int64
        values : array (n, neurons * variables) of float64
            The variables of the first neuron, then of the next, in order of the pieces.
        """

    def spiking(self) -> Ints:
        """Return the global ids of the neurons whose spikes are wanted."""
        return np.empty(0, dtype=np.int64)

    def begin_update(self, reading: Reading) -> None:  # noqa: B027
        """Record the state before a structural update; collective."""

    def end_update(self, reading: Reading, changes: Sequence[Change]) -> None:  # noqa: B027
        """Record what a structural update has changed; collective."""

    @property
    def waiting(self) -> int:
        """Bytes that this rank has not handed over to rank 0."""
        return 0

    def flush(self, ranks: Ranks) -> None:  # noqa: B027
        """Hand over to rank 0 what this rank has; collective."""

    @abstractmethod
    def parts(self) -> Iterable[Part]:
        """Return what there is to save, after a `flush`."""

    @abstractmethod
    def datasets(self) -> Iterator[Dataset]:
        """Yield what there is to write, complete on rank 0 after a `flush`."""


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

    def table(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return what a recording has written, by the names of its datasets, as columns."""
        return written


def local_of(reading: Reading, piece: Piece, quantity: str) -> Array:
    """Return a quantity of those of some neurons that are on this rank, in order of the ids."""
    population, layout = piece.population, reading.layout
    values = reading.local(population, quantity)
    if len(piece.places) == len(population.ids):
        return values
    ids = piece.ids[layout.here(piece.ids)]
    return values[layout.places(ids) - layout.slice_of(population.ids).start]


def types_of(reading: Reading, wanted: list[str] | None) -> list[str]:
    """Return the synapse types that are wanted, all if there is no list."""
    return reading.synapse_types if wanted is None else wanted


def check_types(where: str, wanted: list[str] | None, network: Selecting) -> None:
    """Refuse synapse types that a network does not have."""
    for i, name in enumerate(wanted or []):
        if name not in network.synapse_types:
            raise InputError.unknown(f"{where}.synapses.{i}", name, network.synapse_types)
        if wanted and name in wanted[:i]:
            raise InputError.at(f"{where}.synapses.{i}", name, "must be there only once")


def append_row(columns: dict[str, list[Any]], row: dict[str, Any], n: int, nothing: Any) -> None:
    """Append to columns of `n` entries; one that is new had nothing before."""
    for name, value in row.items():
        columns.setdefault(name, [nothing] * n).append(value)
