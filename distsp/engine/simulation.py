"""A network in motion: the conductor of what happens when, on this rank and all others."""

import secrets
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from distsp.base.arrays import Array
from distsp.base.closed import Closed
from distsp.base.compiled import interpreted
from distsp.base.errors import InputError
from distsp.base.fields import check_path
from distsp.base.time_grid import whole_steps
from distsp.checkpoint.folder import Checkpoint, Run, find, restore, save
from distsp.checkpoint.trust import UnfitError
from distsp.engine import loop
from distsp.engine.carry_over import carry_over
from distsp.engine.conservation import unbound
from distsp.engine.drives import DriveHistory
from distsp.engine.initial import set_elements, set_initial_values
from distsp.engine.integration import workspace
from distsp.engine.memory import check_elements, check_memory
from distsp.engine.plan import growing, local_parameters, plan_growth, plan_populations
from distsp.engine.probes import hand_over, most_steps, plan_probes, with_room
from distsp.engine.reading import StateReading
from distsp.engine.state import RankState
from distsp.engine.synapses import Drawing, Synapses, TypeTable
from distsp.engine.update import StructuralUpdate
from distsp.engine.warm_up import warm_up
from distsp.engine.wiring import Wiring
from distsp.network.description import SameOnAllRanks, describe
from distsp.network.network import Network
from distsp.network.own_values import taken
from distsp.network.population import Neurons, Population
from distsp.parallel.distributed import Global, Part, check_whole
from distsp.parallel.interruption import Held, at_once
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.plasticity.growth import grow_all
from distsp.recorders import Change, Recorder, Recording
from distsp.recorders.population_means import MEANS, Means
from distsp.recorders.spike_recorder import Spikes, union

LOOK = 0.5
"""Seconds between two looks at the progress."""

FIRST_STEPS, FIRST_WORK = 1000, 10_000_000
"""Steps, and neuron-steps of a rank, before the first look: how long they take is not known yet."""


WAITING_BYTES = 2**25
"""What recordings keep on all ranks together before it is handed over to rank 0."""


class Simulation(Closed):
    """Runs a network, on one rank or as one of several.

    Parameters
    ----------
    network : Network
        The same on all ranks. It may change between two runs: parameters, rates, connections, more
        populations and synapse types.
    ranks : Ranks, optional
        All processes that mpirun started, if not given.
    checkpoint : Checkpoint, optional
        What to go on from; `load` finds it.
    scratch : Path, optional
        Folder for recordings that do not stay in memory, in files without a name; the system's
        folder for such files if not given.

    Raises
    ------
    InputError
        If the network has no neurons, has a simulation already, or is another one on another
        rank.

    Examples
    --------
    >>> net = Network(resolution=0.1, seed=1)
    >>> exc = net.create("iaf_psc_alpha", 4, name="E", I_e=500.0)
    >>> sim = Simulation(net)
    >>> sim.run(100.0)
    >>> exc.spike_count
    array([6, 6, 6, 6])
    """

    step: int
    """The steps that have been simulated."""
    layout: Layout
    elements: list[str]
    tables: Synapses
    state: RankState

    def __init__(
        self,
        network: Network,
        ranks: Ranks | None = None,
        checkpoint: Checkpoint | None = None,
        scratch: Path | None = None,
    ) -> None:
        if not isinstance(network, Network):
            raise InputError.at("network", network, "must be a Network")
        if not network.populations:
            raise InputError("populations: there are none; a network needs at least one neuron")
        network.check_unused()
        self.network = network
        self.ranks, self.scratch = ranks or Ranks.world(), scratch
        self.ranks.meet("Simulation")
        self._same = SameOnAllRanks(network, self.ranks)
        self._same.check()
        self._on_host = self.ranks.on_host()[1]
        self._seen = -1
        self._make_ready()
        self._held = Held(self.ranks)
        with self._held:
            self._begin(checkpoint)
        self._close()

    def _refusal(self, name: str) -> tuple[str, str]:
        """Return the path of an attribute, and what is right instead of assigning it."""
        return f"simulation.{name}", "run, and what may be changed in the network, change it"

    def _begin(self, checkpoint: Checkpoint | None) -> None:
        """Make this rank's arrays, and the synapses that have been asked for."""
        network = self.network
        self.step, self._updated = 0, -1
        self.recordings: dict[str, Recording] = {}
        self._saved = Run(self.ranks.broadcast(secrets.token_hex(8)))
        self.counters = np.zeros(7, dtype=np.int64)
        self.seconds = {"update": 0.0, "recording": 0.0}
        self._recorders: dict[str, Recorder] = {}
        self._drive_history = DriveHistory()
        self._capacity = 0
        self._offsets: dict[str, dict[str, Any]] = {}
        self._growing = growing(network)
        self._make_arrays()
        self._plan()
        set_initial_values(self.state, network, network.populations.values(), self._offsets)
        self._look_at_recorders()
        if checkpoint is not None:
            restore(checkpoint, self.parts(), self.layout, self.ranks)
            problem = unbound(self.state, self.tables, self.ranks)
            if problem is not None:
                raise UnfitError(problem)
            self._saved.known, self._saved.kept = checkpoint.beside, [checkpoint.folder.name]
            self._wiring.n_done = len(network.wiring())
        self._look_at_network()

    @classmethod
    def load(
        cls,
        folder: str | Path,
        network: Network | Callable[[int], Network],
        ranks: Ranks | None = None,
        scratch: Path | None = None,
    ) -> Self:
        """Return a simulation that goes on from the newest good checkpoint in a folder; collective.

        Parameters
        ----------
        folder : str or Path
            What `save` was given.
        network : Network or callable
            As it was when the checkpoint was written, with all that had been changed by then; or
            what returns it, given the number of the step that the checkpoint goes on with.
        ranks : Ranks, optional
            All processes that mpirun started, if not given; as many as one likes.
        scratch : Path, optional
            As for a new one.

        Raises
        ------
        InputError
            If there is none, or it is of another network.
        """
        ranks = ranks or Ranks.world()
        path = check_path("folder", folder)
        if not (isinstance(network, Network) or callable(network)):
            raise InputError.at("network", network, "must be a Network, or a function of the step")
        # Asked twice of the same step: for the comparison, and to go on with.
        network_at = cache(network if callable(network) else lambda _: network)
        unfit: tuple[Path, str] | None = None
        while True:
            checkpoint = find(path, ranks, lambda step: describe(network_at(step)), unfit)
            try:
                return cls(network_at(checkpoint.content["step"]), ranks, checkpoint, scratch)
            except UnfitError as error:
                unfit = checkpoint.folder, str(error)

    def __reduce__(self) -> Any:
        """Refuse to be copied or pickled: ranks share the state, and what of it is compiled."""
        raise InputError("simulation: cannot be copied; save it, and load it for another network")

    def save(self, folder: str | Path, experiment: str | None = None) -> None:
        """Write a checkpoint `checkpoint-<step>` into a folder; collective.

        The last two that this simulation has written stay there, older ones are removed. Nothing
        else in the folder is touched.

        Parameters
        ----------
        folder : str or Path
        experiment : str, optional
            The experiment as TOML, if the simulation is of one.

        Raises
        ------
        InputError
            If the folder has checkpoints that this simulation has neither written nor come from.
        WriteError
            If it cannot be written.
        """
        path = check_path("folder", folder)
        self.ranks.meet("Simulation.save")
        self._same.check()
        with self._held:
            self._look_at_network()
            self.flush()
            facts = {"experiment": experiment, "network": describe(self.network)}
            save(path, self.ranks, self.step, self.parts(), facts, self._saved)

    def parts(self) -> list[Part]:
        """Return all that a checkpoint must hold."""
        return [
            Global("simulation", self._save_globals, self._restore_globals),
            *self.state.parts(),
            *self.tables.parts(),
            *self._drive_history.parts(),
            *(part for recording in self.recordings.values() for part in recording.parts()),
        ]

    def _save_globals(self) -> dict[str, int]:
        return {"step": self.step, "updated": self._updated, "n_spikes": self.n_spikes}

    def _restore_globals(self, saved: dict[str, int]) -> None:
        for name, least in (("step", 0), ("updated", -1), ("n_spikes", 0)):
            check_whole(name, saved[name], least)
        self.step, self._updated = saved["step"], saved["updated"]
        if self.ranks.rank == 0:
            self.counters[loop.SPIKES] = saved["n_spikes"]

    # What there is to know ------------------------------------------------------------------

    @property
    def checkpoints(self) -> list[str]:
        """Names of the last two that were written, or that this simulation came from."""
        return self._saved.kept

    @property
    def now(self) -> float:
        """Simulated time (ms)."""
        return self.step * self.network.resolution

    @property
    def recording(self) -> dict[str, Array]:
        """What `Network.record` asked for, the same on all ranks: "time" (ms), "calcium/E", ..."""
        means = self.recordings.get(MEANS)
        return means.arrays() if isinstance(means, Means) else {}

    @property
    def n_recordings(self) -> int:
        """Number of recordings that `Network.record` has asked for and that have been made."""
        means = self.recordings.get(MEANS)
        return len(means.columns["time"]) if isinstance(means, Means) else 0

    @property
    def timings(self) -> dict[str, float]:
        """Seconds that this rank spent in each phase."""
        compiled = dict(zip(("neurons", "exchange", "delivery"), self.counters[:3], strict=True))
        return {name: ns * 1e-9 for name, ns in compiled.items()} | self.seconds

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all neurons since the start; collective."""
        self.ranks.meet("Simulation.n_spikes")
        return int(self.ranks.sum(self.counters[[loop.SPIKES]])[0])

    @property
    def bytes_per_slice(self) -> float:
        """Mean number of bytes that a rank has sent per slice."""
        return float(self.counters[loop.BYTES] / max(self.counters[loop.SLICES], 1))

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type; collective."""
        self.ranks.meet(f"Simulation.synapse_count, {name}")
        return self.reading().synapse_count(self._type(name).name)

    def synapse_chunks(self, name: str) -> Iterator[dict[str, Array]]:
        """Yield the synapses of a type in pieces, on rank 0; empty pieces elsewhere. Collective.

        Each piece is a dict of arrays `source`, `target` (global ids), `weight` (in the unit of the
        target's model) and `delay` (ms), in order of source, target and creation.
        """
        table = self._type(name)
        self.ranks.meet(f"Simulation.synapses, {name}")
        return table.chunks(self.ranks)

    def synapses(self, name: str) -> dict[str, Array]:
        """Return all synapses of a type at once, on every rank; see `synapse_chunks`."""
        pieces = list(self.synapse_chunks(name))
        keys = ("source", "target", "weight", "delay")
        return {
            key: self.ranks.broadcast_array(np.concatenate([piece[key] for piece in pieces]))
            for key in keys
        }

    def spikes(self, neurons: Neurons) -> tuple[Array, Array]:
        """Return times (ms) and ids of the recorded spikes of some neurons; collective.

        They are sorted, and the same on every rank.
        """
        self.network.check_neurons("neurons", neurons)
        self.ranks.meet("Simulation.spikes")
        self.flush()
        ids = np.asarray(neurons.ids)
        found = [one.of(ids) for one in self.recordings.values() if isinstance(one, Spikes)]
        rows = self.ranks.broadcast_array(union(found))
        return rows[:, 0] * self.network.resolution, np.ascontiguousarray(rows[:, 1])

    def recorded(self, name: str) -> dict[str, Any]:
        """Return what a recorder has recorded so far, on every rank; collective.

        Parameters
        ----------
        name : str
            What `Network.recorder` was given, or returned.

        Returns
        -------
        dict
            Arrays, and lists of names, by what they are called in the results.
        """
        if not isinstance(name, str) or name not in self.recordings:
            raise InputError.unknown("recorder", name, self.recordings)
        self.ranks.meet(f"Simulation.recorded, {name}")
        self.flush()
        found = {}
        for dataset in self.recordings[name].datasets():
            key = dataset.name.removeprefix(f"recorders/{name}/")
            found[key] = self.ranks.broadcast(dataset.array())
        return found

    def flush(self) -> None:
        """Hand over to rank 0 what ranks have recorded; collective."""
        for recording in self.recordings.values():
            recording.flush(self.ranks)

    def reading(self) -> StateReading:
        """Return the network at the present, to be asked."""
        return StateReading(
            self.network,
            self.ranks,
            self.layout,
            self.state,
            self.tables,
            self._growth,
            self._offsets,
            self.step,
            self.scratch,
        )

    def read(self, population: Population, quantity: str) -> Array:
        """Return a quantity of every neuron of a population, on every rank; collective."""
        self.network.check_neurons("population", population)
        if not isinstance(population, Population):
            raise InputError.at("population", population, "must be a whole population")
        self.ranks.meet(f"{population.name}.{quantity}")
        with self._held:
            return self.reading().whole(population, quantity)

    def _type(self, name: str) -> TypeTable:
        if not isinstance(name, str) or name not in self.tables.types:
            raise InputError.unknown("synapse", name, self.tables.types)
        return self.tables[name]

    # From the network's description to arrays ------------------------------------------------

    def _make_ready(self) -> None:
        """Refuse what does not fit into memory, and compile what has not been; collective."""
        check_memory(self.network, self.ranks.size, self._on_host)
        warm_up(self.network, self.ranks, _run_briefly)

    def _make_arrays(self) -> None:
        """Make the arrays of this rank, with room for all that the network has."""
        network, ranks = self.network, self.ranks
        self._put("layout", Layout(ranks.rank, ranks.size, network.size))
        elements = sorted({e for p in network.populations.values() for e in p.elements})
        self._put("elements", elements)
        self._room = list(network.populations), dict(network.spreads)
        tables = Synapses(
            self.layout,
            dict(network.synapse_types),
            dict(network.spreads),
            network.resolution,
            network.seed,
        )
        self._put("tables", tables)
        most_spikes = sum(
            len(self.layout.ids(p.ids)) * p.parameters.most_spikes
            for p in network.populations.values()
        )
        self._work = workspace(most_spikes, self._slice_steps())
        state = RankState(
            self.layout,
            network.populations,
            self.elements,
            len(self.tables.of_kind(heterogeneous=False)),
            bool(self.tables.of_kind(heterogeneous=True)),
            max([t.longest_delay for t in self.tables.types.values()], default=1),
        )
        self._put("state", state)
        self._update = StructuralUpdate(ranks, self.layout, self.state, self.tables, network.seed)
        self._wiring = Wiring(network, ranks, self.layout, self.tables, self._update)

    def _enlarge(self) -> list[Population]:
        """Make room for what has been added: populations, which it returns, types and delays."""
        state, tables, n_done = self.state, self.tables, self._wiring.n_done
        self._make_arrays()
        self._wiring.n_done = n_done
        carry_over(self.state, state, self.tables, tables, self.step)
        return list(self.network.populations.values())[len(state.populations) :]

    def _look_at_network(self) -> None:
        """Take over what has changed in the network's description."""
        network = self.network
        if self._seen == network.version:
            return
        check_elements(network, self._on_host)
        # Calcium and elements up to now have followed the old parameters. Nothing else ends an
        # interval, and where one ends is where it is rounded.
        now, set_z = growing(network), [p for p in network.populations.values() if p.set_z]
        # What has been added comes last.
        if set_z or any(np.any(old != new) for old, new in zip(self._growing, now, strict=False)):
            self._grow_all()
        self._growing = now
        new: list[Population] = []
        if (list(network.populations), network.spreads) != self._room:
            new = self._enlarge()
        self._plan()
        set_initial_values(self.state, network, new, self._offsets)
        for population in set_z:
            set_elements(self.state, population)
            population.set_z.clear()
        self._drives = self._drive_history.plan(network, self.layout, self.step)
        self._wiring.catch_up(self._held)
        self._look_at_recorders()
        self._make_room_for_events()
        network.simulated_by(self)
        self._seen = network.version

    def _plan(self) -> None:
        """Turn the parameters of the populations into the arrays of the time loop."""
        network, state = self.network, self.state
        self._populations = plan_populations(network, self.layout, state)
        self._growth = plan_growth(network, self.layout, self.elements)
        self._update.surplus, self._update.space_of = network.surplus, network.space_of
        self._update.vacant_decay = [
            (
                state.row(name),
                self.layout.slice_of(p.ids),
                np.atleast_1d(taken(element, self.layout.ids(p.ids) - p.first).tau_vacant),
            )
            for p in network.populations.values()
            for name, element in p.elements.items()
        ]
        for p in network.populations.values():
            # What is kept relative to a parameter stays where it is when the parameter moves.
            new = local_parameters(p, self.layout).offsets()
            old = self._offsets.setdefault(p.name, new)
            for row, variable in zip(state.variables(p), p.parameters.variables, strict=True):
                if not np.array_equal(old.get(variable, 0.0), new.get(variable, 0.0)):
                    row += old[variable] - new[variable]
            self._offsets[p.name] = new

    def _look_at_recorders(self) -> None:
        """Begin the recordings that have been asked for."""
        for name, recorder in self.network.recorders.items():
            if name not in self.recordings:
                self.recordings[name] = recorder.begin(name, self.reading())
            elif self._recorders[name] != recorder:
                self.recordings[name].follow(recorder, self.network.resolution)
            self._recorders[name] = recorder
        self._probes = plan_probes(self.recordings.values(), self.layout, self.state, self._offsets)
        self._recorded = np.zeros(0, dtype=bool)
        for recording in self.recordings.values():
            ids = recording.spiking()
            if len(ids):
                if len(self._recorded) == 0:
                    self._recorded = np.zeros(self.layout.n_local, dtype=bool)
                self._recorded[self.layout.places(ids[self.layout.here(ids)])] = True

    # Time --------------------------------------------------------------------------------------

    def run(
        self,
        duration: float,
        progress: Callable[[float], object] | None = None,
        stop: Callable[[float], bool] | None = None,
    ) -> None:
        """Simulate.

        Ctrl-C ends it early, as does any handler of a signal that raises: on all ranks at the same
        step, where everything is up to date. Another `run` goes on as if nothing had happened.

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
        for name, given in (("progress", progress), ("stop", stop)):
            if given is not None and not callable(given):
                raise InputError.at(name, given, "must be a function of the time (ms)")
        end = self.step + whole_steps("duration", duration, self.network.resolution)
        self.ranks.meet("Simulation.run")
        set_z = {p.name: p.said_of_z() for p in self.network.populations.values() if p.set_z}
        self._same.check(duration=duration, z=set_z)
        if self._seen != self.network.version:
            self._make_ready()
        with self._held:
            self._look_at_network()
            self._run(end, progress, stop)

    def _run(
        self,
        end: int,
        progress: Callable[[float], object] | None,
        stop: Callable[[float], bool] | None,
    ) -> None:
        """Simulate up to the beginning of step `end`, from stop to stop."""
        update = self.network.update_interval
        interval = whole_steps("", update, self.network.resolution) if update else None
        chunk = max(min(FIRST_STEPS, FIRST_WORK * self.ranks.size // self.layout.n_neurons), 1)
        most = most_steps(self.recordings.values(), WAITING_BYTES)
        if self.step > 0 or end > 0:
            self._record(begins=self.step > 0)
        while self.step < end:
            if interval and self.step % interval == 0 and self._updated != self.step:
                self._structural_update()
            stops = [one.next_step(self.step) for one in self.recordings.values()]
            stops.append(self.step - self.step % interval + interval if interval else None)
            began, first = time.perf_counter(), self.step
            self._advance(
                min([end, self.step + min(chunk, most), *(stop for stop in stops if stop)])
            )
            seconds = time.perf_counter() - began
            self._record()
            if progress:
                progress(self.now)
            stopping = stop is not None and stop(self.now)
            waiting = sum(recording.waiting for recording in self.recordings.values())
            told = self.ranks.all_numbers(stopping, seconds, waiting, bool(self._held.came))
            self._held.act((told[:, 3] > 0.0).tolist())
            if told[:, 2].sum() > WAITING_BYTES:
                self.flush()
            if told[:, 0].any():
                break
            speed = (self.step - first) / max(1e-6, told[:, 1].max())
            # No more than twice as long as the last, which may have been a quiet one.
            chunk = max(min(int(LOOK * speed), 2 * chunk), self._slice_steps())

    def _record(self, begins: bool = False) -> None:
        """Let recorders record the present whose time has come, or those that begin with it."""
        began = time.perf_counter()
        due = [
            one
            for one in self.recordings.values()
            if (one.due_at_once(self.step) if begins else one.next_step(self.step - 1) == self.step)
        ]
        if due:
            reading = self.reading()
            for recording in due:
                recording.record(reading)
            self.seconds["recording"] += time.perf_counter() - began

    def _structural_update(self) -> None:
        began = time.perf_counter()
        self._grow_all()
        watching = [recording for recording in self.recordings.values() if recording.sees_updates]
        changes: list[Change] | None = [] if watching else None
        for recording in watching:
            recording.begin_update(self.reading())
        self._update.apply(self.step, changes)
        for recording in watching:
            recording.end_update(self.reading(), changes or [])
        self._make_room_for_events()
        self._updated = self.step
        self.seconds["update"] += time.perf_counter() - began

    def _make_room_for_events(self) -> None:
        """Count what arrives in a step in as many bits as it may need."""
        repeats = any(p.parameters.most_spikes > 1 for p in self.network.populations.values())
        most = 2**32 - 1 if repeats else self.tables.most_incoming()
        self.state.make_room_for_events(most)

    def _grow_all(self) -> None:
        """Bring calcium and elements of all neurons up to the present."""
        arrays = self.state.arrays
        grow_all(arrays.calcium, arrays.calcium_step, arrays.z, self._growth, self.step)

    def _slice_steps(self) -> int:
        """Return the length of a slice: the shortest delay."""
        delays = [table.delay for table in self.tables.types.values()]
        return min([loop.LONGEST_SLICE, *delays])

    def _advance(self, end: int) -> None:
        """Simulate up to the beginning of step `end`."""
        slice_steps = self._slice_steps()
        self._capacity = max(self._capacity, 2 * (1 + slice_steps))
        # Where compiled code cannot call MPI, the same loop runs in the interpreter.
        advance: Any = loop.advance
        if not self.ranks.compiled_exchange:
            advance = interpreted(advance)
        probes = with_room(self._probes, self.step, end)
        steps, neurons = advance(
            self.ranks.allgather,
            *self.ranks.handles,
            loop.clock(),
            self.state.arrays,
            self._drives,
            self.tables.outgoing(heterogeneous=False),
            self.tables.outgoing(heterogeneous=True),
            self._growth,
            self._populations,
            self._recorded,
            probes,
            self.layout.rank,
            self.layout.size,
            self.layout.n_neurons,
            self.step,
            end,
            slice_steps,
            self._capacity,
            self._work,
            self.counters,
        )
        hand_over(self.recordings.values(), probes, self.step, end)
        if len(steps):
            ids = self.layout.ids_at(neurons.astype(np.int64))
            for recording in self.recordings.values():
                recording.take_spikes(steps, ids)
        # The buffers follow what the last stretch needed, the same on all ranks.
        self._capacity = 1 + slice_steps + int(1.25 * self.counters[loop.MOST_SPIKES]) + 4
        self.counters[loop.MOST_SPIKES] = 0
        self._put("step", end)


def _one_piece() -> Iterator[Drawing]:
    """Yield a synapse from a neuron to itself."""
    yield np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), None, None


def _run_briefly(network: Network, ranks: Ranks) -> None:
    """Run all that there is to compile."""
    with at_once():
        simulation = Simulation(network, ranks)
        simulation.run(0.6)
        for name in network.synapse_types:
            simulation.tables[name].prepared_pieces(_one_piece)
            simulation.synapses(name)
