"""A network in motion: this rank's arrays, and the one time loop."""

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numba.core.errors import NumbaExperimentalFeatureWarning

from distsp.base.fields import InputError, whole_steps
from distsp.checkpoint.folder import Checkpoint, find, restore, save
from distsp.engine import loop
from distsp.engine.plan import (
    Drives,
    check_memory,
    clock,
    kernels,
    plan_growth,
    plan_populations,
)
from distsp.engine.synapses import Synapses
from distsp.engine.update import StructuralUpdate
from distsp.engine.warm_up import warm_up
from distsp.network.description import SameOnAllRanks, describe
from distsp.network.network import Network
from distsp.network.population import Population
from distsp.parallel.ranks import Ranks, places
from distsp.recorders.recorders import PopulationMeans, Spikes
from distsp.rng.distributions import values
from distsp.rng.streams import Purpose, stream_key, uniforms

Array = npt.NDArray[Any]

LOG = logging.getLogger("distsp")

LOOK = 0.5
"""Seconds between two looks at the progress."""

FIRST_STEPS, FIRST_WORK = 1000, 10_000_000
"""Steps, and neuron-steps of a rank, before the first look: how long they take is not known yet."""


class Simulation:
    """Runs a network, on one rank or as one of several.

    Parameters
    ----------
    network : Network
        The same on all ranks. Its populations and synapse types are fixed from here on;
        parameters, rates and connections may change between two runs.
    ranks : Ranks, optional
        All processes that mpirun started, if not given.
    checkpoint : Checkpoint, optional
        What to go on from; `load` finds it.

    Raises
    ------
    InputError
        If the network has no neurons, or is another one on another rank.

    Examples
    --------
    >>> net = Network(resolution=0.1, seed=1)
    >>> exc = net.create("iaf_psc_alpha", 4, name="E", I_e=500.0)
    >>> sim = Simulation(net)
    >>> sim.run(100.0)
    >>> exc.spike_count
    array([6, 6, 6, 6])
    """

    def __init__(
        self,
        network: Network,
        ranks: Ranks | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        if not network.populations:
            raise InputError("populations: there are none; a network needs at least one neuron")
        self.network = network
        self.ranks = ranks or Ranks.world()
        self._same = SameOnAllRanks(network, self.ranks)
        self._same.check()
        self.step = 0
        self.n_neurons = network.size
        self.n_local = len(range(self.ranks.rank, self.n_neurons, self.ranks.size))
        self.elements = sorted({e for p in network.populations.values() for e in p.elements})
        check_memory(network, self.ranks.size, self.ranks.on_host()[1])
        self.tables = Synapses(
            self.ranks,
            self.n_neurons,
            self.n_local,
            network.synapse_types,
            network.resolution,
            network.seed,
        )
        self.spikes_kept = Spikes()
        self.means: PopulationMeans | None = None
        self.checkpoints: list[str] = []
        """Names of the last two that were written, or that this simulation came from."""
        self.counters = np.zeros(7, dtype=np.int64)
        self.seconds = {"update": 0.0, "recording": 0.0}
        self._types = tuple(network.synapse_types)
        self._resting: dict[str, float] = {}
        self.drives = Drives()
        self._populations: loop.Populations
        self._growth: loop.Growth
        self._n_connected = 0
        self._seen = -1
        self.updated = -1
        self._capacity = 0
        self._work = loop.workspace(self.n_local, self._slice_steps())
        warm_up(Simulation, self.ranks)
        self._update = StructuralUpdate(
            self.ranks, self.tables, self.elements, self._losses(), network.seed
        )
        self._plan()
        self.state = self._empty_state()
        self._set_initial_values()
        if checkpoint is not None:
            restore(self, checkpoint)
            self._n_connected = len(network.connections)
        self._look_at_network()
        for population in network.populations.values():
            population.reader = self

    @classmethod
    def load(cls, folder: str | Path, network: Network, ranks: Ranks | None = None) -> Self:
        """Return a simulation that goes on from the newest good checkpoint in a folder; collective.

        Parameters
        ----------
        folder : str or Path
            What `save` was given.
        network : Network
            As it was when the checkpoint was written, with all that had been changed by then.
        ranks : Ranks, optional
            All processes that mpirun started, if not given; as many as one likes.

        Raises
        ------
        InputError
            If there is none, or it is of another network.
        """
        ranks = ranks or Ranks.world()
        return cls(network, ranks, find(Path(folder), ranks, describe(network)))

    def save(self, folder: str | Path, experiment: str | None = None) -> None:
        """Write a checkpoint `checkpoint-<step>` into a folder; collective.

        The last two that this simulation has written stay there, older ones are removed.

        Parameters
        ----------
        folder : str or Path
        experiment : str, optional
            The experiment as TOML, if the simulation is of one.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        self._look_at_network()
        save(self, Path(folder), experiment)

    # What there is to know ------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Simulated time (ms)."""
        return self.step * self.network.resolution

    @property
    def recording(self) -> dict[str, Array]:
        """What `Network.record` asked for, the same on all ranks: "time" (ms), "calcium/E", ..."""
        return self.means.arrays() if self.means else {}

    @property
    def timings(self) -> dict[str, float]:
        """Seconds that this rank spent in each phase."""
        compiled = dict(zip(("neurons", "exchange", "delivery"), self.counters[:3], strict=True))
        return {name: ns * 1e-9 for name, ns in compiled.items()} | self.seconds

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all neurons since the start; collective."""
        return int(self.ranks.sum(self.counters[[loop.SPIKES]])[0])

    @property
    def bytes_per_slice(self) -> float:
        """Mean number of bytes that a rank has sent per slice."""
        return float(self.counters[loop.BYTES] / max(self.counters[loop.SLICES], 1))

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type; collective."""
        return int(self.ranks.sum(np.array([self.tables.count(self._kind(name))]))[0])

    def synapse_chunks(self, name: str) -> Iterator[dict[str, Array]]:
        """Yield the synapses of a type in pieces, on rank 0; empty pieces elsewhere. Collective.

        Each piece is a dict of arrays `source`, `target` (global ids), `weight` (pA or mV) and
        `delay` (ms), in order of source, target and creation.
        """
        return self.tables.chunks(self._kind(name))

    def synapses(self, name: str) -> dict[str, Array]:
        """Return all synapses of a type at once, on every rank; see `synapse_chunks`."""
        pieces = list(self.synapse_chunks(name))
        keys = ("source", "target", "weight", "delay")
        return {
            key: self.ranks.broadcast_array(np.concatenate([piece[key] for piece in pieces]))
            for key in keys
        }

    def spikes(self, population: Population) -> tuple[Array, Array]:
        """Return times (ms) and ids of the recorded spikes, sorted, on every rank; collective."""
        rows = self.ranks.join(self.spikes_kept.within(population.ids))
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        return rows[:, 0] * self.network.resolution, rows[:, 1]

    def local_slice(self, population: Population) -> slice:
        """Return where this rank's neurons of a population stand in its arrays."""
        return places(population.first, population.size, self.ranks.rank, self.ranks.size)

    def peek(self) -> tuple[Array, Array]:
        """Return calcium and z of this rank's neurons, brought up to now; the state stays."""
        ahead = self.state._replace(
            calcium=self.state.calcium.copy(),
            calcium_step=self.state.calcium_step.copy(),
            z=self.state.z.copy(),
        )
        loop.grow_all(ahead, self._growth, self._populations, self.step)
        return ahead.calcium, ahead.z

    def read(self, population: Population, what: str) -> Array:
        """Return a quantity of every neuron of a population, on every rank; collective."""
        here = self.local_slice(population)
        variables = type(population.parameters).variables
        if what == "calcium":
            return self._in_order(self.peek()[0][here], population)
        if what == "spike_count":
            return self._in_order(self.state.spike_count[here].astype(np.int64), population)
        if what not in variables:
            raise InputError.at("variable", what, f"must be one of {', '.join(variables)}")
        values = self.variables(population)[variables.index(what)]
        if what == "V_m":
            values = values + population.parameters.E_L
        return self._in_order(values, population)

    def read_element(self, population: Population, element: str, what: str) -> Array:
        """Return `z` or `z_connected` of every neuron of a population; collective."""
        row, here = self.elements.index(element), self.local_slice(population)
        if what == "z":
            return self._in_order(self.peek()[1][row, here], population)
        return self._in_order(self.state.z_connected[row, here].astype(np.int64), population)

    def _in_order(self, values: Array, population: Population) -> Array:
        joined = self.ranks.join(np.ascontiguousarray(values))
        ids = [np.arange(r, self.n_neurons, self.ranks.size) for r in range(self.ranks.size)]
        owned = np.concatenate(
            [i[(i >= population.first) & (i < population.first + population.size)] for i in ids]
        )
        ordered = np.empty_like(joined)
        ordered[owned - population.first] = joined
        return ordered

    def _kind(self, name: str) -> Any:
        if name not in self.tables.kinds:
            raise InputError.at("synapse", name, f"must be one of {list(self.tables.kinds)}")
        return self.tables.kinds[name]

    # From the network's description to arrays ------------------------------------------------

    def _empty_state(self) -> loop.State:
        n, m = self.n_local, len(self.elements)
        return loop.State(
            variables=loop.aligned(int(self._populations.offset[-1])),
            refractory=loop.aligned(n, np.int32),
            calcium=np.zeros(n),
            calcium_step=np.zeros(n, dtype=np.int64),
            spike_count=np.zeros(n, dtype=np.int32),
            z=np.zeros((m, n)),
            z_connected=np.zeros((m, n), dtype=np.int32),
            due_counts=loop.aligned(self._due_shape(False), np.uint16),
            due_weights=loop.aligned(self._due_shape(True)),
        )

    def _set_initial_values(self) -> None:
        ids = np.arange(self.ranks.rank, self.n_neurons, self.ranks.size)
        key = stream_key(self.network.seed, Purpose.INITIAL_STATE)
        for p in self.network.populations.values():
            here, resting = self.local_slice(p), p.parameters.E_L
            if p.initial_V_m is not None:
                drawn = values(p.initial_V_m, uniforms(key, ids[here], 0))
                self.variables(p)[0] = drawn - resting
            for name, element in p.elements.items():
                self.state.z[self.elements.index(name), here] = element.z
            self._resting[p.name] = resting

    def _losses(self) -> list[tuple[int, slice, float]]:
        """Return which fraction of its vacant elements each population loses at an update."""
        return [
            (self.elements.index(name), self.local_slice(p), element.tau_vacant)
            for p in self.network.populations.values()
            for name, element in p.elements.items()
        ]

    def _due_shape(self, valued: bool) -> tuple[int, int, int]:
        kinds = list(self.tables.kinds.values())
        slots = max([kind.longest_delay for kind in kinds], default=1)
        n = sum(kind.valued == valued for kind in kinds)
        if valued:
            return 2, slots, self.n_local if n else 0
        return n, slots, self.n_local

    def variables(self, population: Population) -> Array:
        """Return a view of the state variables of this rank's part of a population."""
        p, where = list(self.network.populations).index(population.name), self._populations
        offset, rows, stride = where.offset[p], where.n_variables[p], where.stride[p]
        flat = self.state.variables[offset : offset + rows * stride]
        return flat.reshape(rows, stride)[:, : where.size[p]]

    def _look_at_network(self) -> None:
        """Take over what has changed in the network's description."""
        if self._seen == self.network.version:
            return
        if self.network.size != self.n_neurons or tuple(self.network.synapse_types) != self._types:
            raise InputError(
                "populations and synapse types cannot be added once there is a Simulation"
            )
        # Calcium and elements up to now have followed the old parameters.
        if self._seen >= 0:
            loop.grow_all(self.state, self._growth, self._populations, self.step)
        self._plan()
        self._poisson = self.drives.plan(self.network, self.step)
        self._keep_potentials()
        for i in range(self._n_connected, len(self.network.connections)):
            self._connect(i)
        self._n_connected = len(self.network.connections)
        interval = self.network.record_interval
        if interval is not None and self.means is None:
            self.means = PopulationMeans(
                whole_steps("record_interval", interval, self.network.resolution), self.network
            )
        self._make_room_for_events()
        self._seen = self.network.version

    def _plan(self) -> None:
        """Turn the parameters of the populations into the arrays of the time loop."""
        slices = [self.local_slice(p) for p in self.network.populations.values()]
        self._populations = plan_populations(self.network, slices)
        self._growth = plan_growth(self.network, self.elements)
        self._update.losses = self._losses()

    def _keep_potentials(self) -> None:
        """Let V_m stay where it is where E_L has moved: it is kept relative to E_L."""
        for p in self.network.populations.values():
            self.variables(p)[0] += self._resting[p.name] - p.parameters.E_L
            self._resting[p.name] = p.parameters.E_L

    def _connect(self, index: int) -> None:
        """Make the synapses of a connection onto this rank's neurons."""
        connection = self.network.connections[index]
        source = self.network.populations[connection.source]
        target = self.network.populations[connection.target]
        kind, size, rank = self._kind(connection.synapse), self.ranks.size, self.ranks.rank
        here = self.local_slice(target)
        places = np.arange(here.start, here.stop) * size + rank - target.first
        own = places if source is target else np.full_like(places, -1)
        key = stream_key(self.network.seed, Purpose.CONNECTION, index)
        sources, targets = connection.rule.draw(key, source.size, places, own)
        targets = (targets + target.first) // size
        self.tables.add(kind, sources + source.first, targets)
        if kind.description.plastic:
            self._update.bind_initial(self.state, kind, sources + source.first, targets)

    # Time --------------------------------------------------------------------------------------

    def run(
        self,
        duration: float,
        progress: Callable[[float], object] | None = None,
        stop: Callable[[float], bool] | None = None,
    ) -> None:
        """Simulate.

        Parameters
        ----------
        duration : float
            ms, a whole number of steps.
        progress : callable, optional
            Called with the simulated time (ms) about once per second or more often, on every
            rank that gives one. What it returns is ignored.
        stop : callable, optional
            Called after `progress` with the same. The run ends early, on all ranks, where it
            returns True on any.

        Raises
        ------
        InputError
            If `duration` is not a whole number of steps, something in the network is wrong, or
            ranks were told different things.
        """
        end = self.step + whole_steps("duration", duration, self.network.resolution)
        self._same.check(duration=duration)
        self._look_at_network()
        update = self.network.update_interval
        interval = whole_steps("", update, self.network.resolution) if update else None
        chunk = max(min(FIRST_STEPS, FIRST_WORK * self.ranks.size // self.n_neurons), 1)
        while self.step < end:
            if interval and self.step % interval == 0 and self.updated != self.step:
                self._structural_update()
            stops = [end, self.step + chunk]
            for every in (interval, self.means.interval if self.means else None):
                if every:
                    stops.append(self.step + every - self.step % every)
            began, first = time.perf_counter(), self.step
            self._advance(min(stops))
            seconds = time.perf_counter() - began
            if self.means and self.step % self.means.interval == 0:
                began = time.perf_counter()
                self.means.record(self, self.step)
                self.seconds["recording"] += time.perf_counter() - began
            if progress:
                progress(self.now)
            stopping = stop is not None and stop(self.now)
            told = self.ranks.collect((stopping, seconds))
            if any(stopping for stopping, _ in told):
                break
            speed = (self.step - first) / max(1e-6, *(seconds for _, seconds in told))
            # No more than twice as long as the last, which may have been a quiet one.
            chunk = max(min(int(LOOK * speed), 2 * chunk), self._slice_steps())

    def _structural_update(self) -> None:
        began = time.perf_counter()
        loop.grow_all(self.state, self._growth, self._populations, self.step)
        self._update.apply(self.state, self.step)
        self._make_room_for_events()
        self.updated = self.step
        self.seconds["update"] += time.perf_counter() - began

    def _make_room_for_events(self) -> None:
        """Count events in 32 bits where a neuron could receive more in a step than 16 bits hold."""
        counts = self.state.due_counts
        if counts.dtype == np.uint16 and self.tables.most_incoming() > np.iinfo(np.uint16).max:
            self.state = self.state._replace(due_counts=loop.aligned_copy(counts, np.uint32))

    def _slice_steps(self) -> int:
        """Return the length of a slice: the shortest delay."""
        delays = [kind.delay for kind in self.tables.kinds.values()]
        return min([loop.LONGEST_SLICE, *delays])

    def _advance(self, end: int) -> None:
        """Simulate up to the beginning of step `end`."""
        slice_steps = self._slice_steps()
        self._capacity = max(self._capacity, 2 * (1 + slice_steps))
        # Where compiled code cannot call MPI, the same loop runs in the interpreter.
        advance = loop.advance if self.ranks.compiled_exchange else loop.advance.py_func
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
            steps, neurons = advance(
                kernels(),
                self.ranks.allgather,
                *self.ranks.handles,
                clock(),
                self.state,
                self._poisson,
                self.tables.outgoing(False),
                self.tables.outgoing(True),
                self._growth,
                self._populations,
                self.ranks.rank,
                self.ranks.size,
                self.n_neurons,
                self.step,
                end,
                slice_steps,
                self._capacity,
                self._work,
                self.counters,
            )
        self.spikes_kept.append(steps, neurons.astype(np.int64) * self.ranks.size + self.ranks.rank)
        # The buffers follow what the last stretch needed, the same on all ranks.
        self._capacity = 1 + slice_steps + int(1.25 * self.counters[loop.MOST_SPIKES]) + 4
        self.counters[loop.MOST_SPIKES] = 0
        self.step = end
