"""What a run has written, read from the disk as arrays."""

from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.experiment.experiment import Experiment
from distsp.network.network import Network
from distsp.results.quantities import ENDED, H5
from distsp.results.reader import Reader, opened


class Written:
    """What a run has written; each part is read from the file when it is first asked for.

    Parameters
    ----------
    path : str or Path
        `results.h5`, or the folder that it is in.
    skip : bool
        Whether to leave out what is damaged.
    """

    def __init__(self, path: str | Path, skip: bool = False) -> None:
        self.path = Path(path) / H5 if Path(path).is_dir() else Path(path)
        self.skip = skip
        with self.opened() as file:
            if "experiment" not in file:
                raise InputError(f"{self.path}: is not a result of distsp")
            text = Reader(self.path, False).value(file, "experiment")
        self.experiment = Experiment.from_toml(text)

    def opened(self) -> AbstractContextManager[h5py.File]:
        """Return the file, opened; see `reader.opened`."""
        return opened(self.path)

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end; before that there is what has been recorded."""
        with self.opened() as file:
            return ENDED[0] in file

    def require_end(self) -> None:
        """Refuse a run that has not come to its end.

        Raises
        ------
        InputError
        """
        with self.opened() as file:
            for name in ENDED:
                self._check_there(file, name)

    @property
    def time(self) -> Array:
        """Times of the recordings (ms)."""
        return self._recording["time"]

    @property
    def calcium(self) -> dict[str, Array]:
        """Mean calcium concentration of each population at each recording."""
        return self._by_population("calcium")

    @property
    def rate(self) -> dict[str, Array]:
        """Mean firing rate of each population since the previous recording (Hz)."""
        return self._by_population("rate")

    @property
    def elements(self) -> dict[str, dict[str, dict[str, Array]]]:
        """Mean `z` and `z_connected` of each element of each population at each recording."""
        return self._by_population("elements")

    @property
    def synapse_counts(self) -> dict[str, Array]:
        """Number of synapses of each type at each recording."""
        counts = self._recording.get("synapses", {})
        return {name: counts[name] for name in self.experiment.synapse_types if name in counts}

    @cached_property
    def neurons(self) -> dict[str, Any]:
        """`calcium`, `spike_count` and `elements` of every neuron at the end, in id order."""
        return self._read("neurons")

    @cached_property
    def synapses(self) -> dict[str, dict[str, Array]]:
        """`source`, `target`, `weight` and `delay` of the synapses of each type at the end."""
        return self._read("synapses")

    @cached_property
    def spikes(self) -> dict[str, dict[str, Array]]:
        """`time` (ms) and `id` of the spikes of each population whose spikes were recorded."""
        with self.opened() as file:
            return Reader(self.path, self.skip).value(file, "spikes") or {}

    @cached_property
    def recorders(self) -> dict[str, dict[str, Any]]:
        """What other recorders have written, by their names."""
        with self.opened() as file:
            return Reader(self.path, self.skip).value(file, "recorders") or {}

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where, with what and how fast the run was made."""
        return self._read("provenance")

    @property
    def n_synapses(self) -> dict[str, int]:
        """Number of synapses of each type at the end."""
        with self.opened() as file:
            self._check_there(file, "synapses")
            return {
                name: len(file[f"synapses/{name}/source"]) for name in self.experiment.synapse_types
            }

    def snapshots(self, synapse: str) -> list[float]:
        """Return the times of all snapshots of a synapse type (ms), in order."""
        return sorted(self._places_of_snapshots(synapse))

    def ids(self, neurons: Any = None, where: str = "neurons") -> Ints:
        """Return the global ids of neurons as `matrix` takes them, all if not given."""
        if neurons is None:
            return np.arange(self.n_neurons)
        return np.asarray(self._network.select(where, neurons).ids)

    def population_of(self, neuron: int) -> str:
        """Return the name of the population that a neuron is in."""
        return next(p.name for p in self._network.populations.values() if neuron in p.ids)

    @property
    def n_neurons(self) -> int:
        """Number of neurons of the network."""
        return self._network.size

    @property
    def until(self) -> float:
        """Time up to which there are results (ms)."""
        if self.settled is not None:
            return self.settled
        return self.experiment.duration if self.ended else float(max(self.time, default=0.0))

    @cached_property
    def settled(self) -> float | None:
        """Time at which the run had settled (ms), and ended; None if it has not."""
        with self.opened() as file:
            return float(file["settled"][()]) if "settled" in file else None

    def of_recorder(self, name: str) -> dict[str, Any]:
        """Return what a recorder has written, by the names of its datasets."""
        if name in self.recorders:
            return self.recorders[name]
        # A whole population's spikes stand under its name.
        (population,) = self._network.select(
            "", dict(self.experiment.recorders[name])["neurons"]
        ).pieces
        return self.spikes[population.population.name]

    def units(self, name: str) -> dict[str, str]:
        """Return the units of what a recorder has written, by the names of its datasets."""
        found = {}

        def look(inside: str, entry: Any) -> None:
            if isinstance(entry, h5py.Dataset) and entry.attrs["unit"] != "none":
                found[inside] = entry.attrs["unit"]

        with self.opened() as file:
            if f"recorders/{name}" in file:
                file[f"recorders/{name}"].visititems(look)
        return found

    @cached_property
    def _network(self) -> Network:
        """The network, for the neurons that a selection is of."""
        return self.experiment.build()

    def _places_of_snapshots(self, synapse: str) -> dict[float, tuple[str, int, int]]:
        """Return by its time which group has a snapshot, and its first and last synapse there."""
        found = {}
        with self.opened() as file:
            for name, group in file.get("recorders", {}).items():
                where = f"synapses/{synapse}"
                if f"{where}/end" in group:
                    ends = [0, *group[f"{where}/end"][()].tolist()]
                    for time, *range_ in zip(
                        group["time"][()].tolist(), ends, ends[1:], strict=False
                    ):
                        found[time] = (f"recorders/{name}/{where}", *range_)
        return found

    def snapshot(self, synapse: str, at: float) -> dict[str, Array]:
        """Return the synapses of a type at a time (ms)."""
        places = self._places_of_snapshots(synapse)
        near = [t for t in places if abs(t - at) < 0.5 * self.experiment.resolution]
        if not near:
            if self.ended and at == self.until:
                return self.synapses[synapse]
            times = ", ".join(f"{time:g}" for time in sorted(places))
            right = f"ms must be one of {times}, the times of snapshots"
            if not places:
                right = "ms: there are no snapshots; a recorder connectivity takes them"
            raise InputError.at("at", at, right)
        where, first, last = places[near[0]]
        with self.opened() as file:
            return {key: column[first:last] for key, column in file[where].items() if key != "end"}

    @cached_property
    def _recording(self) -> dict[str, Any]:
        return self._read("recording")

    def _by_population(self, what: str) -> dict[str, Any]:
        found = self._recording.get(what, {})
        return {name: found[name] for name in self.experiment.populations if name in found}

    def _read(self, name: str) -> Any:
        with self.opened() as file:
            self._check_there(file, name)
            found = Reader(self.path, self.skip).value(file, name)
        return {} if found is None else found

    def _check_there(self, file: h5py.File, name: str) -> None:
        if name in ENDED and name not in file:
            raise InputError(f"{self.path}: has no {name} yet, the run has not ended")
