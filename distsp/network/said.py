"""What has been said of a network: what there is, and what can be asked of it.

`network` has the calls that a user says it with.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from distsp.base.arrays import Ints
from distsp.base.closed import Closed
from distsp.base.errors import InputError
from distsp.base.selection import Fraction, Selection, places_of
from distsp.base.time_grid import whole_steps
from distsp.network.disconnection import Disconnection
from distsp.network.fields import NetworkFields
from distsp.network.generator import Generator
from distsp.network.population import Neurons, Piece, Population, Reader
from distsp.network.rules import Connection, Rule
from distsp.network.space import Space
from distsp.network.synapse_type import Spread, SynapseType
from distsp.recorders import Recorder
from distsp.rng.selection import drawn_places


class Said(Closed):
    """A description that grows; `Network` says what its parameters are."""

    def __init__(
        self,
        resolution: float = 0.1,
        seed: int = 1,
        update_interval: float | None = None,
        surplus: str = "one",
    ) -> None:
        values = {
            "resolution": resolution,
            "seed": seed,
            "update_interval": update_interval,
            "surplus": surplus,
        }
        checked = NetworkFields.check("", values)
        self.resolution, self.seed = checked.resolution, checked.seed
        self._populations: dict[str, Population] = {}
        self._synapse_types: dict[str, SynapseType] = {}
        self._spreads: dict[str, Spread] = {}
        self._inputs: dict[str, Generator] = {}
        self._connections: list[Connection] = []
        self._disconnections: list[Disconnection] = []
        self._recorders: dict[str, Recorder] = {}
        self.version = 0
        """Grows with every change, so that a simulation knows when to look again."""
        self._fields = checked
        self._check_changed(checked)
        self._close()

    def _refusal(self, name: str) -> tuple[str, str]:
        return name, "of a network only update_interval and surplus can, its methods do the rest"

    def has_changed(self) -> None:
        """Take note that something has changed."""
        self._put("version", self.version + 1)

    @property
    def update_interval(self) -> float | None:
        """Time between structural updates (ms), or None; it may be changed between two runs."""
        return self._fields.update_interval

    @update_interval.setter
    def update_interval(self, interval: float | None) -> None:
        self._change(update_interval=interval)

    @property
    def surplus(self) -> str:
        """How many synapses too many a neuron nets off; it may be changed between two runs."""
        return self._fields.surplus

    @surplus.setter
    def surplus(self, surplus: str) -> None:
        self._change(surplus=surplus)

    def _change(self, **values: Any) -> None:
        """Change what may change of the network as a whole, or refuse it and change nothing."""
        checked = NetworkFields.check("", dict(self._fields) | values)
        self._check_changed(checked)
        self._fields = checked
        self.has_changed()

    def _check_changed(self, fields: NetworkFields) -> None:
        """Refuse an interval that is not a whole number of steps."""
        if fields.update_interval is not None:
            whole_steps("update_interval", fields.update_interval, self.resolution, least=1)

    @property
    def populations(self) -> Mapping[str, Population]:
        """Populations by name, in order of their ids."""
        return MappingProxyType(self._populations)

    @property
    def synapse_types(self) -> Mapping[str, SynapseType]:
        """Synapse types by name."""
        return MappingProxyType(self._synapse_types)

    @property
    def spreads(self) -> Mapping[str, Spread]:
        """What the synapses of each type may be, those of all connections included."""
        return MappingProxyType(self._spreads)

    @property
    def inputs(self) -> Mapping[str, Generator]:
        """Inputs by name."""
        return MappingProxyType(self._inputs)

    @property
    def recorders(self) -> Mapping[str, Recorder]:
        """Recorders by name."""
        return MappingProxyType(self._recorders)

    @property
    def connections(self) -> Sequence[Connection]:
        """Connections, in the order in which they were said."""
        return tuple(self._connections)

    @property
    def disconnections(self) -> Sequence[Disconnection]:
        """What is to be removed, in the order in which it was said."""
        return tuple(self._disconnections)

    def check_unused(self) -> None:
        """Refuse a second simulation: populations answer for one, and changes are for one.

        Raises
        ------
        InputError
            If there is one.
        """
        if any(population.reader is not None for population in self._populations.values()):
            raise InputError(
                "network: it has a Simulation already; another one needs a network of its own, "
                "such as copy.deepcopy of it"
            )

    def simulated_by(self, reader: Reader) -> None:
        """Take note of the simulation, which populations ask for their state."""
        for population in self._populations.values():
            population.read_by(reader)

    def forget_disconnection(self, index: int) -> None:
        """Take back a disconnection that has turned out to be impossible."""
        del self._disconnections[index]
        self.has_changed()

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(population.size for population in self.populations.values())

    def space_of(self, synapse: str) -> Space:
        """Return the space that the synapses of a plastic type with a kernel are in."""
        return self._space(f"synapse_types.{synapse}.kernel", self.synapse_types[synapse])

    def _space(self, where: str, synapse_type: SynapseType, *more: Population) -> Space:
        """Return the space of all populations, `more` included, that a plastic type connects.

        Raises
        ------
        InputError
            If one of them has no positions, or others than the rest; `where` needs them.
        """
        sides = {synapse_type.pre, synapse_type.post}
        all_of_them = [*self.populations.values(), *more]
        return Space(where, [one for one in all_of_them if sides & one.elements.keys()])

    def space_between(
        self, where: str, rule: Rule, source: Neurons, target: Neurons
    ) -> Space | None:
        """Return the space that a rule with a kernel connects neurons in; None without one."""
        if rule.profile() is None:
            return None
        pieces = [*source.pieces, *target.pieces]
        return Space(f"{where}.kernel", {p.population.name: p.population for p in pieces}.values())

    def wiring(self) -> list[tuple[int, Connection | Disconnection]]:
        """Return connections and disconnections in the order in which they were said.

        Each comes with its number among those of its kind.
        """
        connections = list(enumerate(self.connections))
        said: list[tuple[int, Connection | Disconnection]] = []
        done = 0
        for i, disconnection in enumerate(self.disconnections):
            said += [*connections[done : disconnection.after], (i, disconnection)]
            done = disconnection.after
        return [*said, *connections[done:]]

    def ends(self, connection: Connection | Disconnection) -> tuple[Neurons, Neurons]:
        """Return the neurons that a connection connects."""
        return self.select("source", connection.source), self.select("target", connection.target)

    def select(self, where: str, selection: Any) -> Neurons:
        """Return neurons that are addressed in plain data.

        Parameters
        ----------
        where : str
            Path of the field that has it, for messages.
        selection : str, Selection or dict, or a list of these
            The name of a population; `{"population": "E", "neurons": "0:80"}`, where `neurons` may
            also be a list of places or `{"fraction": 0.1}`; or several.

        Returns
        -------
        Neurons
        """
        if isinstance(selection, list):
            if not selection:
                raise InputError(f"{where}: must name at least one population")
            chosen = [self.select(f"{where}.{i}", one) for i, one in enumerate(selection)]
            try:
                return sum(chosen[1:], chosen[0])
            except InputError as error:
                raise InputError(f"{where}{str(error).removeprefix('neurons')}") from None
        if isinstance(selection, str):
            selection = Selection(population=selection)
        checked = Selection.check(where, selection)
        if checked.population not in self.populations:
            raise InputError.unknown(where, checked.population, self.populations)
        population = self.populations[checked.population]
        if checked.neurons is None:
            return population

        def draw(fraction: Fraction) -> Ints:
            return drawn_places(self.seed, population.ids, fraction)

        places = places_of(f"{where}.neurons", checked.neurons, population.size, draw)
        return Neurons([Piece(population, places)])

    def check_neurons(self, where: str, neurons: Any) -> None:
        """Refuse what are no neurons, or are neurons of another network."""
        known = self.populations.values()
        if not isinstance(neurons, Neurons) or any(
            all(piece.population is not one for one in known) for piece in neurons.pieces
        ):
            right = f"must be one that this network has: {list(self.populations)}"
            raise InputError.at(where, neurons, right)
