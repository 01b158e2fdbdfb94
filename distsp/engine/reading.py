"""Questions about the state: answered for the present, without changing anything."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Floats, Ints
from distsp.base.errors import InputError
from distsp.base.fields import check_text
from distsp.engine.state import RankState
from distsp.engine.synapses import Synapses
from distsp.network.network import Network
from distsp.network.population import Neurons, Population
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.plasticity.growth import Growth, grow_all
from distsp.recorders.recorder import Neurons as One


class StateReading:
    """The network at the beginning of a step, for recorders and for a user's questions.

    Parameters
    ----------
    network : Network
    ranks : Ranks
    layout : Layout
    state : RankState
    synapses : Synapses
    growth : Growth
    offsets : dict of dict of float or array
        What the variables of each population are kept relative to.
    step : int
    scratch : Path, optional
        Folder for what does not stay in memory.
    """

    def __init__(
        self,
        network: Network,
        ranks: Ranks,
        layout: Layout,
        state: RankState,
        synapses: Synapses,
        growth: Growth,
        offsets: Mapping[str, Mapping[str, Any]],
        step: int,
        scratch: Path | None = None,
    ) -> None:
        self.ranks, self.layout, self.scratch = ranks, layout, scratch
        self.step, self.resolution = step, network.resolution
        self._network = network
        self._state, self._synapses, self._growth = state, synapses, growth
        self._offsets = offsets
        self._grown: tuple[Floats, Floats] | None = None

    @property
    def populations(self) -> Mapping[str, Population]:
        """All populations, by name."""
        return self._network.populations

    def select(self, where: str, selection: Any) -> Neurons:
        """Return neurons that are addressed in plain data."""
        return self._network.select(where, selection)

    @property
    def synapse_types(self) -> list[str]:
        """Names of all synapse types, in the order of the names."""
        return list(self._synapses.types)

    @property
    def plastic_types(self) -> list[str]:
        """Names of the types that structural updates change, in the order of the names."""
        return [name for name, table in self._synapses.types.items() if table.plastic]

    def synapse_chunks(self, name: str) -> Iterator[dict[str, Array]]:
        """Yield the synapses of a type in pieces on rank 0, empty ones elsewhere; collective."""
        return self._synapses[name].chunks(self.ranks)

    def own_values(self, name: str) -> bool:
        """Return whether each synapse of a type has a weight and a delay of its own."""
        return self._synapses[name].heterogeneous

    def between(self, name: str, sources: Ints, targets: Ints) -> Ints:
        """Return the numbers of synapses of a type between kinds of neurons; collective."""
        return self.ranks.sum(self._synapses[name].between(sources, targets))

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type; collective."""
        return int(self.ranks.sum(np.array([len(self._synapses[name])]))[0])

    def local(self, population: One, quantity: str) -> Array:
        """Return a quantity of those neurons of a population that are on this rank.

        Parameters
        ----------
        population : Neurons
        quantity : str
            "calcium", "spike_count", a state variable of the model, or "z/<element>" and
            "z_connected/<element>".

        Returns
        -------
        array
            In order of the ids; not to be changed.

        Raises
        ------
        InputError
            If there is no such quantity.
        """
        check_text("variable", quantity)
        here, arrays = self.layout.slice_of(population.ids), self._state.arrays
        variables = list(population.parameters.variables)
        what, _, element = quantity.partition("/")
        if quantity == "calcium":
            return self._brought_up()[0][here]
        if quantity == "spike_count":
            return arrays.spike_count[here]
        if what == "z" and element in population.elements:
            return self._brought_up()[1][self._state.row(element), here]
        if what == "z_connected" and element in population.elements:
            return arrays.z_connected[self._state.row(element), here].astype(np.int64)
        if quantity not in variables:
            raise InputError.unknown("variable", quantity, variables)
        values = self._state.variables(population)[variables.index(quantity)]
        return values + self._offsets[population.name].get(quantity, 0.0)

    def whole(self, population: Population, quantity: str) -> Array:
        """Return a quantity of every neuron of a population, on every rank; collective."""
        joined = self.ranks.join(np.ascontiguousarray(self.local(population, quantity)))
        ranks = [self.layout.on(rank) for rank in range(self.layout.size)]
        ids = np.concatenate([layout.ids(population.ids) for layout in ranks])
        ordered = np.empty_like(joined)
        ordered[ids - population.first] = joined
        return ordered

    def _brought_up(self) -> tuple[Floats, Floats]:
        """Return calcium and z of this rank's neurons at this step; the state stays."""
        if self._grown is None:
            arrays = self._state.arrays
            calcium, z = arrays.calcium.copy(), arrays.z.copy()
            grow_all(calcium, arrays.calcium_step.copy(), z, self._growth, self.step)
            self._grown = calcium, z
        return self._grown
