"""The network on all ranks: what rank 0 says of it is said on all, what it asks all answer."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.network.population import Neurons, Piece
from distsp.parallel.interruption import Held
from distsp.parallel.ranks import Ranks

Ids = range | Ints
"""Ids of neurons in ascending order, counted from 0 without devices."""


class Replica:
    """The network and simulation of this rank, and the calls that are made of them on all ranks.

    All arguments are plain data: neurons by their ids, populations and inputs by their names.
    """

    network: Network
    simulation: Simulation | None

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks

    # What is said of the network ---------------------------------------------------------------

    def begin(self, resolution: float, seed: int) -> None:
        """Begin a network without anything."""
        self.network, self.simulation = Network(resolution=resolution, seed=seed), None

    def create(self, model: str, size: int, name: str, **given: Any) -> None:
        """Create a population."""
        parameters = given.pop("parameters")
        self.network.create(model, size, name, **given, **parameters)

    def synapse_type(self, name: str, **given: Any) -> None:
        """Define a synapse type."""
        self.network.synapse_type(name, **given)

    def input(self, model: str, name: str, parameters: dict[str, Any]) -> None:
        """Create an input."""
        self.network.input(model, name, **parameters)

    def drive(self, name: str, ids: Ids, weight: float, delay: float) -> None:
        """Let an input drive neurons."""
        self.network.drive(self.network.inputs[name], self.neurons(ids), weight, delay)

    def connect(self, of: Ids, onto: Ids, synapse: str, **given: Any) -> None:
        """Connect neurons."""
        self.network.connect(self.neurons(of), self.neurons(onto), synapse, **given)

    def disconnect(
        self, sources: Ids, targets: Ids, synapse: str, pairs: tuple[Ints, Ints]
    ) -> None:
        """Remove one synapse of each pair of places in the two groups."""
        of, onto = pairs
        self.network.disconnect(
            self.neurons(sources), self.neurons(targets), synapse, sources=of, targets=onto
        )

    def record(self, model: str, name: str, ids: Ids, **given: Any) -> None:
        """Record something of neurons."""
        self.network.recorder(model, name, neurons=self.neurons(ids), **given)

    def set(self, ids: Ids, parameters: dict[str, Any]) -> None:
        """Change parameters of neurons."""
        self.neurons(ids).set(**parameters)

    def set_element(self, ids: Ids, element: str, parameters: dict[str, Any]) -> None:
        """Change the growth of an element."""
        self.neurons(ids).set_element(element, **parameters)

    def set_input(self, name: str, parameters: dict[str, Any]) -> None:
        """Change parameters of an input."""
        self.network.inputs[name].set(**parameters)

    def set_update_interval(self, interval: float | None) -> None:
        """Change the time between structural updates (ms), or switch them off."""
        self.network.update_interval = interval

    def neurons(self, ids: Ids) -> Neurons:
        """Return the neurons with some ids."""
        pieces = []
        for population in self.network.populations.values():
            first, end = population.first, population.first + population.size
            places: Ids
            if isinstance(ids, range):
                places = range(max(ids.start, first) - first, min(ids.stop, end) - first)
            else:
                begin, stop = np.searchsorted(ids, (first, end))
                places = ids[begin:stop] - first
            if len(places):
                pieces.append(Piece(population, places))
        return Neurons(pieces)

    # What is asked ------------------------------------------------------------------------------

    def run(self, duration: float) -> None:
        """Simulate for a time (ms); with 0 only what has changed is taken over."""
        if self.simulation is None:
            self.simulation = Simulation(self.network, self.ranks)
        self.simulation.run(duration)

    def read(self, wanted: Sequence[tuple[str, str]]) -> list[Array]:
        """Return quantities of populations at the present, in order of the ids."""
        assert self.simulation is not None
        reading = self.simulation.reading()
        populations = self.network.populations
        return [reading.whole(populations[name], quantity) for name, quantity in wanted]

    def synapses(self, names: Sequence[str]) -> list[dict[str, Array]]:
        """Return all synapses of some types, on rank 0, in order of source and target."""
        assert self.simulation is not None
        found = []
        for name in names:
            pieces = list(self.simulation.synapse_chunks(name))
            found.append({key: np.concatenate([p[key] for p in pieces]) for key in pieces[0]})
        return found

    def synapse_count(self, names: Sequence[str]) -> int:
        """Return the number of synapses of some types."""
        assert self.simulation is not None
        return sum(self.simulation.synapse_count(name) for name in names)

    def spikes(self) -> int:
        """Return the number of spikes of all neurons since the start."""
        assert self.simulation is not None
        return self.simulation.n_spikes

    def recorded(self, name: str) -> dict[str, Array]:
        """Return what a recorder has recorded so far, on rank 0."""
        assert self.simulation is not None
        self.simulation.flush()
        if self.ranks.rank > 0:
            return {}
        datasets = self.simulation.recordings[name].datasets()
        return {one.name.rpartition("/")[2]: np.asarray(one.array()) for one in datasets}


class Ensemble:
    """Rank 0's hold on the replicas of all ranks.

    What is said is checked here at once, and told to the others together with the next question.
    """

    def __init__(self, ranks: Ranks) -> None:
        self.ranks, self.replica = ranks, Replica(ranks)
        self._said: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def say(self, call: str, *given: Any, **named: Any) -> None:
        """Make a call of the network.

        Raises
        ------
        InputError
            If it is wrong; then nothing has changed, on any rank.
        """
        getattr(self.replica, call)(*given, **named)
        if self.ranks.size > 1:
            self._said.append((call, given, named))

    def ask(self, call: str, *given: Any) -> Any:
        """Return the answer to a question that all ranks work on.

        Raises
        ------
        InputError
            If it is wrong, on all ranks alike.
        """
        said, self._said = self._said, []
        try:
            with _whole(self.ranks, call):
                if self.ranks.size > 1:
                    self.ranks.hear((said, call, given))
                return getattr(self.replica, call)(*given)
        except (InputError, KeyboardInterrupt):  # the same on all ranks
            raise
        except Exception as error:
            if self.ranks.size > 1:
                self.ranks.fail(error, traced=True)
            raise

    def dismiss(self) -> None:
        """Let the other ranks go."""
        if self.ranks.size > 1:
            self.ranks.hear(None)


def _whole(ranks: Ranks, call: str) -> AbstractContextManager[object]:
    """Return what keeps signals until all ranks have answered; a run does so itself."""
    return nullcontext() if ranks.size == 1 or call == "run" else Held(ranks)


def serve(ranks: Ranks) -> None:
    """Do on this rank what rank 0 says and asks, until it lets go."""
    replica = Replica(ranks)
    while (told := ranks.hear()) is not None:
        said, call, given = told
        for name, arguments, named in said:
            getattr(replica, name)(*arguments, **named)
        # Rank 0 has the same, and tells the script.
        with suppress(InputError, KeyboardInterrupt), _whole(ranks, call):
            getattr(replica, call)(*given)
