"""The state of this rank's neurons: all that changes in time, except the synapses."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from distsp.base.arrays import CACHE_LINE, Array, Floats, Int32s, Ints, aligned, aligned_copy
from distsp.network.population import Population
from distsp.parallel.distributed import PerNeuron
from distsp.parallel.layout import Layout
from distsp.recorders.recorder import Neurons


class State(NamedTuple):
    """The arrays of a `RankState`, as compiled functions take them; a column per neuron."""

    variables: Floats  # all variables of the first population, then of the next
    refractory: Int32s  # steps left
    calcium: Floats  # as it was at `calcium_step`
    calcium_step: Ints
    spike_count: Ints
    z: Floats  # (element, neuron): as it was at `calcium_step`
    z_connected: Int32s  # (element, neuron)
    due_counts: Array  # (homogeneous type, step mod n, neuron) uint16 or uint32: events to arrive
    due_weights: Floats  # (2, step mod n, neuron): their weights, excitatory, inhibitory


class VariableLayout:
    """Where the variables of each population stand in one array.

    Parameters
    ----------
    sizes : list of int
        Neurons of each population on this rank.
    n_variables : list of int
        State variables of each of their models.

    Attributes
    ----------
    offset : array (n + 1,) of int64
        Where those of a population begin, and where the last ones end.
    stride : array (n,) of int64
        From a variable to the next; each row begins at a cache line.
    """

    def __init__(self, sizes: list[int], n_variables: list[int]) -> None:
        self.size = np.array(sizes, dtype=np.int64)
        self.n_variables = np.array(n_variables, dtype=np.int64)
        line = CACHE_LINE // np.dtype(np.float64).itemsize
        self.stride = -(-self.size // line) * line
        self.offset = np.concatenate([[0], np.cumsum(self.stride * self.n_variables)])

    def place(self, p: int, variable: int, neuron: int) -> int:
        """Return where a variable of a neuron of population number `p` stands."""
        return int(self.offset[p] + variable * self.stride[p] + neuron)

    def view(self, variables: Floats, p: int) -> Floats:
        """Return the variables of population number `p`, a row each."""
        flat = variables[self.offset[p] : self.offset[p + 1]]
        return flat.reshape(self.n_variables[p], self.stride[p])[:, : self.size[p]]


COUNTED = {"refractory", "calcium", "calcium_step", "spike_count", "z", "z_connected"}
"""What is never below 0."""


class RankState:
    """The neurons of this rank: their arrays by name, and how each is distributed.

    Parameters
    ----------
    layout : Layout
    populations : dict of Population
    elements : list of str
        Names of the synaptic elements, in the order of the rows of `z`.
    n_homogeneous : int
        Synapse types that share weight and delay.
    heterogeneous : bool
        Whether there are others.
    n_slots : int
        Steps that a spike is under way at most.

    Attributes
    ----------
    arrays : State
    """

    def __init__(
        self,
        layout: Layout,
        populations: Mapping[str, Population],
        elements: list[str],
        n_homogeneous: int,
        heterogeneous: bool,
        n_slots: int,
    ) -> None:
        self.layout, self.elements = layout, elements
        self.populations = dict(populations)
        n, m = layout.n_local, len(elements)
        here = [layout.slice_of(p.ids) for p in populations.values()]
        self.variable_layout = VariableLayout(
            [s.stop - s.start for s in here],
            [len(p.parameters.variables) for p in populations.values()],
        )
        self.arrays = State(
            variables=aligned(int(self.variable_layout.offset[-1])),
            refractory=aligned(n, np.int32),
            calcium=np.zeros(n),
            calcium_step=np.zeros(n, dtype=np.int64),
            spike_count=np.zeros(n, dtype=np.int64),
            z=np.zeros((m, n)),
            z_connected=np.zeros((m, n), dtype=np.int32),
            due_counts=aligned((n_homogeneous, n_slots, n), np.uint16),
            due_weights=aligned((2, n_slots, n if heterogeneous else 0)),
        )

    def variables(self, population: Neurons) -> Floats:
        """Return a view of the state variables of a population, a row each, as they are kept."""
        p = list(self.populations).index(population.name)
        return self.variable_layout.view(self.arrays.variables, p)

    def row(self, element: str) -> int:
        """Return which row of `z` and `z_connected` an element has."""
        return self.elements.index(element)

    def make_room_for_events(self, most: int) -> None:
        """Count events in 32 bits where a neuron could receive `most` of them in a step."""
        counts = self.arrays.due_counts
        if counts.dtype == np.uint16 and most > np.iinfo(np.uint16).max:
            self._replace("due_counts", aligned_copy(counts, np.uint32))

    def parts(self) -> Iterator[PerNeuron]:
        """Yield what there is to save."""
        everyone = range(self.layout.n_neurons)
        for name, array in self.arrays._asdict().items():
            # How the variables lie in memory depends on the number of ranks.
            if name != "variables" and array.size:
                yield self._part(name, everyone)
        for population in self.populations.values():
            yield self._variables_part(population)

    def _part(self, name: str, neurons: range) -> PerNeuron:
        def take(array: Array) -> None:
            self._replace(name, aligned_copy(array, array.dtype))

        least = 0 if name in COUNTED else None
        return PerNeuron(name, neurons, lambda: getattr(self.arrays, name), take, least)

    def _variables_part(self, population: Population) -> PerNeuron:
        def take(array: Array) -> None:
            self.variables(population)[...] = array

        name = f"variables/{population.name}"
        return PerNeuron(name, population.ids, lambda: self.variables(population), take)

    def _replace(self, name: str, array: Array) -> None:
        self.arrays = self.arrays._replace(**{name: array})
