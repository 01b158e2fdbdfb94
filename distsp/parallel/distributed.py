"""What a rank holds, by name, and how it is distributed: all that is needed to deal it anew.

Whatever has a state says it as a list of these. A checkpoint writes them and reads them back, on
any number of ranks, and knows nothing else of whose they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.errors import shorten


@dataclass(frozen=True)
class PerNeuron:
    """An array with a column for each neuron of a range that is on this rank.

    Parameters
    ----------
    name : str
    neurons : range
        Ids on all ranks; the last axis of the array has those that are here.
    get : callable
        Returns the array.
    set : callable
        Takes another one of the same shape; its dtype may be wider.
    least : int, optional
        What no number in it can be below.
    """

    name: str
    neurons: range
    get: Callable[[], Array]
    set: Callable[[Array], None]
    least: int | None = None


class Rows(Protocol):
    """Synapses of a type onto this rank's neurons, a row for each source of the network."""

    columns: dict[str, type]
    """Name and dtype: "target", an index of this rank, and what else each synapse has."""
    delay: int
    longest_delay: int
    """Steps; the shortest and the longest possible one."""

    def lengths(self) -> Ints:
        """Return the number of synapses of each source."""

    def column(self, name: str, first: int, last: int) -> Array:
        """Return a column of the synapses of the sources `first` to `last - 1`."""

    def insert(self, sources: Ints, targets: Ints, *own: Array) -> None:
        """Add synapses, in order of their creation, with what else they have."""


@dataclass(frozen=True)
class PerSynapse:
    """Synapses of a type, which live with their targets."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class OnRank0:
    """Rows that rank 0 has of all ranks, in an order that does not depend on their number.

    Parameters
    ----------
    name : str
    columns : dict of type
        Name and dtype; there is at least one.
    get : callable
        Returns a column, given its name, in pieces; none on other ranks.
    append : callable
        Takes rows, a dict of columns, on rank 0.
    """

    name: str
    columns: dict[str, Any]
    get: Callable[[str], Iterable[Array]]
    append: Callable[[dict[str, Array]], None]


@dataclass(frozen=True)
class Global:
    """What is the same on all ranks: plain data or arrays, by name.

    Parameters
    ----------
    name : str
    get : callable
        Returns the dict; collective.
    set : callable
        Takes it back, on every rank.
    """

    name: str
    get: Callable[[], dict[str, Any]]
    set: Callable[[dict[str, Any]], None]


Part = PerNeuron | PerSynapse | OnRank0 | Global


def check_whole(name: str, value: Any, least: int = 0) -> int:
    """Return what is to be a 64-bit whole number in plain data that somebody may have changed.

    Raises
    ------
    ValueError
        If it is something else, or below `least`.
    """
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError(f"{name} is {shorten(value)}")
    return value


def is_array(value: Any) -> bool:
    """Return whether a value of a `Global` is kept as an array, not as plain data."""
    return isinstance(value, np.ndarray)
