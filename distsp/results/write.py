"""Results of a run to disk: HDF5 for everything, CSV for the time series.

Rank 0 writes. Except for `/provenance`, what is in it does not depend on the number of ranks.
"""

import csv
import platform
import resource
import socket
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from distsp.base.files import new_hdf5, replacing
from distsp.engine.plan import models_used
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.recorders import Dataset
from distsp.recorders.population_means import MEANS
from distsp.recorders.spool import Stream
from distsp.results.quantities import CHECKSUM, CSV, FACTS, H5, QUANTITIES, checksum, meaning

PACKAGES = ("distsp", "numpy", "scipy", "numba", "numba-mpi", "mpi4py", "h5py")


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
        Whether to write everything; before the end there is what has been recorded.

    Raises
    ------
    WriteError
        On rank 0, if they cannot be written; what was written before is as it was. The other ranks
        do not wait for rank 0 then, if the run goes on.
    """
    simulation.ranks.meet("write_results")
    simulation.flush()
    each = simulation.ranks.gather((simulation.timings, socket.gethostname(), _peak_memory()))
    if each is None:
        if ended:
            _write_network(simulation, None)
        return
    with replacing(folder / H5) as path, new_hdf5(path) as file:
        _put(file, "experiment", experiment.to_toml(), "experiment")
        file.create_group("spikes")
        for recording in simulation.recordings.values():
            for dataset in recording.datasets():
                _put_dataset(file, dataset)
        _write_provenance(simulation, file, each)
        if ended:
            if experiment.has_settled(simulation.recording, simulation.now):
                _put(file, "settled", simulation.now, "settled")
            _write_network(simulation, file)
    with replacing(folder / CSV) as path:
        means = simulation.recordings.get(MEANS)
        _write_csv(path, [*means.datasets()] if means else [])


def _put(file: h5py.File | None, name: str, data: Any, what: str) -> None:
    """Write a dataset on the rank that has the file."""
    if file is not None:
        _describe(_new(file, name, data), (QUANTITIES | FACTS)[what])


def _put_dataset(file: h5py.File, dataset: Dataset) -> None:
    """Write what a recorder has recorded."""
    values = dataset.values
    if isinstance(values, Stream):
        written = _room(file, dataset.name, values.shape, values.dtype)
        begin = 0
        for piece in values.pieces():
            written[begin : begin + len(piece)] = piece
            begin += len(piece)
    else:
        written = _new(file, dataset.name, values)
    _describe(written, (dataset.unit, dataset.description))


def _new(file: h5py.File | h5py.Group, name: str, data: Any) -> h5py.Dataset:
    """Write a dataset that tells when its bytes change on the disk."""
    if np.ndim(data) and np.size(data) and np.asarray(data).dtype.kind in "iufb":
        return file.create_dataset(name, data=data, track_times=False, fletcher32=True)
    dataset = file.create_dataset(name, data=data, track_times=False)
    if np.ndim(data) == 0 or np.size(data):
        dataset.attrs[CHECKSUM] = checksum(data)
    return dataset


def _room(file: h5py.File, name: str, shape: tuple[int, ...], dtype: Any) -> h5py.Dataset:
    """Return a dataset of numbers to be written to, which tells when its bytes change."""
    checked = 0 not in shape  # HDF5 keeps checksums of chunks, of which nothing has none
    return file.create_dataset(name, shape, dtype, track_times=False, fletcher32=checked)


def _write_network(simulation: Simulation, file: h5py.File | None) -> None:
    """Gather the state of all ranks and put it into `file`, which is None except on rank 0."""
    network = simulation.network
    for name, population in network.populations.items():
        _put(file, f"neurons/{name}/calcium", population.calcium, "calcium")
        _put(file, f"neurons/{name}/spike_count", population.spike_count, "spike_count")
        if population.positions is not None and file is not None:
            _put(file, f"neurons/{name}/position", population.position, "position")
        for element in population.elements:
            where = f"neurons/{name}/elements/{element}"
            _put(file, f"{where}/z", population.z(element), "z")
            _put(file, f"{where}/z_connected", population.z_connected(element), "z_connected")
    if file is not None:
        file.require_group("synapses")
    for name in network.synapse_types:
        _write_synapses(simulation, name, file)


def _write_synapses(simulation: Simulation, name: str, file: h5py.File | None) -> None:
    count, start = simulation.synapse_count(name), 0
    for piece in simulation.synapse_chunks(name):
        if file is None:
            continue
        end = start + len(piece["source"])
        for key, values in piece.items():
            where = f"synapses/{name}/{key}"
            if where not in file:
                dataset = _room(file, where, (count,), values.dtype)
                _describe(dataset, meaning(key, models_used(simulation.network)))
            file[where][start:end] = values
        start = end


def _write_provenance(simulation: Simulation, file: h5py.File, each: list[Any]) -> None:
    """Note what may differ from run to run; seconds, hosts and memory have an entry per rank."""
    ranks = simulation.ranks
    timings, hosts, memory = zip(*each, strict=True)
    group = file.create_group("provenance")
    _new(group, "ranks", ranks.size)
    _new(group, "mpi_library", " ".join(ranks.library.split()))
    _new(group, "exchange", ranks.exchange_name)
    _new(group, "bytes_per_slice", simulation.bytes_per_slice)
    _new(group, "hosts", list(hosts))
    _new(group, "platform", platform.platform())
    _new(group, "written", datetime.now(UTC).isoformat(timespec="seconds"))
    _new(group, "peak_memory", memory)
    for phase in timings[0]:
        _new(group, f"timings/{phase}", [seconds[phase] for seconds in timings])
    _new(group, "versions/python", platform.python_version())
    for package in PACKAGES:
        _new(group, f"versions/{package}", version(package))
    for name, entry in group.items():
        for dataset in entry.values() if isinstance(entry, h5py.Group) else (entry,):
            _describe(dataset, FACTS[name])


def _describe(dataset: h5py.Dataset, meaning: tuple[str, str] | None) -> None:
    if meaning is not None:
        dataset.attrs["unit"], dataset.attrs["description"] = meaning


def _peak_memory() -> float:
    """Return the most memory that this process has used (MB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes elsewhere


def _write_csv(path: Path, columns: list[Dataset]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_header(column) for column in columns)
        writer.writerows(zip(*(column.array().tolist() for column in columns), strict=True))


def _header(column: Dataset) -> str:
    _, name = column.name.split("/", 1)
    return name if column.unit == "1" else f"{name} ({column.unit})"
