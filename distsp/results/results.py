"""Results of a run on disk: HDF5 for everything, CSV for the time series.

Rank 0 writes. Except for `/provenance`,
what is in it does not depend on the number of ranks.
"""

import csv
import platform
import resource
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import h5py
import numpy as np
import numpy.typing as npt

from distsp.base.fields import InputError
from distsp.base.files import new_hdf5, replacing
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment

if TYPE_CHECKING:
    from pandas import DataFrame

Array = npt.NDArray[Any]

H5, CSV = "results.h5", "results.csv"

ENDED = ("neurons", "synapses", "spikes")
"""What there is only after the run; the recordings are there from the first one on."""

PACKAGES = ("distsp", "numpy", "scipy", "numba", "numba-mpi", "mpi4py", "h5py")

Part = Literal["recording", "neurons", "synapses", "spikes"]
"""What there is a data frame of."""

COLUMNS = {
    "synapses": ["type", "source", "target", "weight", "delay"],
    "spikes": ["population", "time", "id"],
}
"""Columns of the data frames that may have no rows."""

MEANINGS = {
    "time": ("ms", "time of the recording"),
    "calcium": ("1", "calcium concentration"),
    "rate": ("Hz", "mean firing rate since the previous recording"),
    "synapses": ("1", "number of synapses"),
    "z": ("1", "number of synaptic elements per neuron"),
    "z_connected": ("1", "number of synaptic elements per neuron that are bound in synapses"),
    "spike_count": ("1", "number of spikes since the start"),
    "source": ("1", "global id of the presynaptic neuron"),
    "target": ("1", "global id of the postsynaptic neuron"),
    "weight": ("pA, for targets of iaf_psc_delta mV", "weight"),
    "delay": ("ms", "delay"),
    "id": ("1", "global id of the neuron"),
    "spike_time": ("ms", "time of the spike"),
}
"""Unit and description of a quantity."""

FACTS = {
    "experiment": ("none", "the complete experiment as TOML"),
    "ranks": ("1", "number of ranks"),
    "mpi_library": ("none", "name and version of the MPI library"),
    "exchange": ("none", "how spikes were exchanged"),
    "bytes_per_slice": ("bytes", "mean number of bytes that a rank sent per slice"),
    "hosts": ("none", "host of each rank"),
    "platform": ("none", "operating system and processor of rank 0"),
    "written": ("none", "when this file was written (UTC)"),
    "peak_memory": ("MB", "most memory that each rank has used"),
    "timings": ("s", "time that each rank spent in this phase"),
    "versions": ("none", "version of this package"),
}
"""Unit ("none" for texts) and description of what else is in `results.h5`."""


def write_results(
    simulation: Simulation, experiment: Experiment, folder: Path, ended: bool = True
) -> None:
    """Write `results.h5` and `results.csv`; collective.

    Parameters
    ----------
    simulation : Simulation
        After its run, or in it.
    experiment : Experiment
        What `simulation` runs.
    folder : Path
        Made if it is not there.
    ended : bool
        Whether to write everything; before the end there are only the recordings.

    Raises
    ------
    WriteError
        On rank 0, if they cannot be written; what was written before is as it was. The other ranks
        do not wait for rank 0 then, unless the run has ended.
    """
    each = simulation.ranks.gather((simulation.timings, socket.gethostname(), _peak_memory()))
    if each is None:
        if ended:
            _write_end(simulation, None)
        return
    with replacing(folder / H5) as path, new_hdf5(path) as file:
        _put(file, "experiment", experiment.to_toml(), "experiment")
        for name, series in simulation.recording.items():
            _put(file, f"recording/{name}", series, _quantity(name))
        _write_provenance(simulation, file, each)
        if ended:
            _write_end(simulation, file)
    with replacing(folder / CSV) as path:
        _write_csv(path, simulation.recording)


def load_results(path: str | Path) -> "Results":
    """Return the results in a file, or in the folder that a run wrote.

    Raises
    ------
    InputError
        If there are none.
    """
    return Results(path)


class Results:
    """What a run has left behind; each part is read from the file when it is first asked for.

    Parameters
    ----------
    path : str or Path
        `results.h5`, or the folder that it is in.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path) / H5 if Path(path).is_dir() else Path(path)
        try:
            text = self._read("experiment")
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no such file") from None
        except (OSError, KeyError):
            raise InputError(f"{self.path}: is not a result of distsp") from None
        self.experiment = Experiment.from_toml(text)

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end; before that there are only the recordings."""
        with h5py.File(self.path) as file:
            return ENDED[0] in file

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
        return {name: counts[name] for name in self.experiment.synapse_types}

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
        return self._read("spikes")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where, with what and how fast the run was made."""
        return self._read("provenance")

    @property
    def n_synapses(self) -> dict[str, int]:
        """Number of synapses of each type at the end."""
        with h5py.File(self.path) as file:
            group, types = self._part(file, "synapses"), self.experiment.synapse_types
            return {name: len(group[name]["source"]) for name in types}

    def frame(self, part: Part) -> "DataFrame":
        """Return a part of the results as a pandas data frame; needs pandas.

        Parameters
        ----------
        part : str
            "recording": a row per recording, with columns such as "calcium/E"; "neurons": a row
            per neuron, with its state at the end; "synapses": a row per synapse at the end;
            "spikes": a row per recorded spike, sorted by time.

        Returns
        -------
        pandas.DataFrame
            Its `attrs["units"]` has the unit of each column that is a quantity.

        Raises
        ------
        InputError
            If `part` is another one, the run has not got there yet, or pandas is missing.
        """
        if part not in get_args(Part):
            raise InputError.at("part", part, f"must be one of {', '.join(get_args(Part))}")
        try:
            from pandas import DataFrame, concat
        except ImportError:
            raise InputError(
                "pandas: is missing; data frames need it: pip install pandas"
            ) from None
        tables = [DataFrame(columns) for columns in self._tables(part)]
        frame = concat(tables, ignore_index=True) if tables else DataFrame(columns=COLUMNS[part])
        if part == "spikes":
            frame = frame.sort_values(["time", "id"], ignore_index=True)
        quantities = {name: _quantity(name) for name in frame.columns}
        frame.attrs["units"] = {n: MEANINGS[q][0] for n, q in quantities.items() if q in MEANINGS}
        return frame

    def _tables(self, part: Part) -> Iterator[dict[str, Any]]:
        """Yield the columns of a data frame, those of each population or synapse type."""
        if part == "recording":
            means = {"calcium": self.calcium, "rate": self.rate, "elements": self.elements}
            yield _flat({"time": self.time, **means, "synapses": self.synapse_counts})
        elif part == "neurons":
            first = 0
            for name, population in self.experiment.populations.items():
                ids = np.arange(first, first + population.size)
                yield {"population": name, "id": ids, **_flat(self.neurons[name])}
                first += population.size
        elif part == "synapses":
            for name in self.experiment.synapse_types:
                values = {"type": name, **self.synapses[name]}
                yield {key: values[key] for key in COLUMNS[part]}
        else:
            for name in self.spikes:
                values = {"population": name, **self.spikes[name]}
                yield {key: values[key] for key in COLUMNS[part]}

    @cached_property
    def _recording(self) -> dict[str, Any]:
        return self._read("recording")

    def _by_population(self, what: str) -> dict[str, Any]:
        found = self._recording.get(what, {})
        return {name: found[name] for name in self.experiment.populations if name in found}

    def _read(self, name: str) -> Any:
        with h5py.File(self.path) as file:
            return _value(self._part(file, name))

    def _part(self, file: h5py.File, name: str) -> Any:
        if name in ENDED and name not in file:
            raise InputError(f"{self.path}: has no {name} yet, the run has not ended")
        return file[name]


def _put(file: h5py.File | None, name: str, data: Any, what: str) -> None:
    """Write a dataset on the rank that has the file."""
    if file is not None:
        dataset = file.create_dataset(name, data=data, track_times=False)
        _describe(dataset, (MEANINGS | FACTS)[what])


def _write_end(simulation: Simulation, file: h5py.File | None) -> None:
    """Gather the state of all ranks and put it into `file`, which is None except on rank 0."""
    network = simulation.network
    for name, population in network.populations.items():
        _put(file, f"neurons/{name}/calcium", population.calcium, "calcium")
        _put(file, f"neurons/{name}/spike_count", population.spike_count, "spike_count")
        for element in population.elements:
            where = f"neurons/{name}/elements/{element}"
            _put(file, f"{where}/z", population.z(element), "z")
            _put(file, f"{where}/z_connected", population.z_connected(element), "z_connected")
    if file is not None:
        file.require_group("synapses")
        file.require_group("spikes")
    for name in network.synapse_types:
        _write_synapses(simulation, name, file)
    for recorder in network.spike_recorders:
        times, ids = simulation.spikes(recorder.population)
        _put(file, f"spikes/{recorder.population.name}/time", times, "spike_time")
        _put(file, f"spikes/{recorder.population.name}/id", ids, "id")


def _write_synapses(simulation: Simulation, name: str, file: h5py.File | None) -> None:
    count, start = simulation.synapse_count(name), 0
    for piece in simulation.synapse_chunks(name):
        if file is None:
            continue
        end = start + len(piece["source"])
        for key, values in piece.items():
            where = f"synapses/{name}/{key}"
            if where not in file:
                dtype = values.dtype
                dataset = file.create_dataset(where, (count,), dtype, track_times=False)
                _describe(dataset, MEANINGS[key])
            file[where][start:end] = values
        start = end


def _write_provenance(simulation: Simulation, file: h5py.File, each: list[Any]) -> None:
    """Note what may differ from run to run; seconds, hosts and memory have an entry per rank."""
    ranks = simulation.ranks
    timings, hosts, memory = zip(*each, strict=True)
    group = file.create_group("provenance")
    group["ranks"] = ranks.size
    group["mpi_library"] = " ".join(ranks.library.split())
    group["exchange"] = ranks.exchange_name
    group["bytes_per_slice"] = simulation.bytes_per_slice
    group["hosts"] = list(hosts)
    group["platform"] = platform.platform()
    group["written"] = datetime.now(UTC).isoformat(timespec="seconds")
    group["peak_memory"] = memory
    for phase in timings[0]:
        group[f"timings/{phase}"] = [seconds[phase] for seconds in timings]
    group["versions/python"] = platform.python_version()
    for package in PACKAGES:
        group[f"versions/{package}"] = version(package)
    for name, entry in group.items():
        for dataset in entry.values() if isinstance(entry, h5py.Group) else (entry,):
            _describe(dataset, FACTS[name])


def _write_csv(path: Path, recording: dict[str, Array]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        order = [*MEANINGS]
        names = sorted(recording, key=lambda name: order.index(_quantity(name)))
        writer.writerow(_header(name) for name in names)
        writer.writerows(zip(*(recording[name].tolist() for name in names), strict=True))


def _header(name: str) -> str:
    unit, _ = MEANINGS[_quantity(name)]
    return name if unit == "1" else f"{name} ({unit})"


def _flat(tree: dict[str, Any]) -> dict[str, Array]:
    """Return the arrays of a tree by their paths, such as "elements/E/Den_ex/z"."""
    found: dict[str, Array] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= {f"{name}/{rest}": array for rest, array in _flat(value).items()}
        else:
            found[name] = value
    return found


def _quantity(name: str) -> str:
    """Return which quantity a recording such as "elements/E/Den_ex/z" is of."""
    first, *rest = name.split("/")
    return rest[-1] if first == "elements" else first


def _describe(dataset: h5py.Dataset, meaning: tuple[str, str]) -> None:
    dataset.attrs["unit"], dataset.attrs["description"] = meaning


def _value(entry: Any) -> Any:
    """Return what is in a dataset, or a dict of what is in a group."""
    if isinstance(entry, h5py.Group):
        return {name: _value(entry[name]) for name in entry}
    if h5py.check_string_dtype(entry.dtype) is None:
        return entry[()]
    text = entry.asstr()[()]
    return text if isinstance(text, str) else text.tolist()


def _peak_memory() -> float:
    """Return the most memory that this process has used (MB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes elsewhere
