"""Results of a run, read from the disk: as arrays, and as pandas data frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EIO, EISDIR, ELOOP
from functools import cached_property
from os import strerror
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import h5py
import numpy as np

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.experiment.experiment import Experiment
from distsp.results.quantities import CHECKSUM, ENDED, H5, checksum, meaning

if TYPE_CHECKING:
    from pandas import DataFrame

Part = Literal["recording", "neurons", "synapses", "spikes"]
"""What there is a data frame of."""

UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError, MemoryError)
"""What HDF5, and what reads texts, may raise where bytes are not those that were written."""

HINT = 'load_results(path, damaged="skip") reads what the damage has not reached'

COLUMNS = {
    "synapses": ["type", "source", "target", "weight", "delay"],
    "spikes": ["population", "time", "id"],
}
"""Columns of the data frames that may have no rows."""


def load_results(path: str | Path, damaged: Literal["refuse", "skip"] = "refuse") -> "Results":
    """Return the results in a file, or in the folder that a run wrote.

    Parameters
    ----------
    path : str or Path
        `results.h5`, or the folder that it is in.
    damaged : str
        What happens where bytes of the file have changed: "refuse" raises an InputError as soon as
        something damaged is asked for, "skip" leaves it out.

    Raises
    ------
    InputError
        If there are none, or what they are results of cannot be read.
    """
    if damaged not in ("refuse", "skip"):
        raise InputError.unknown("damaged", damaged, ["refuse", "skip"])
    return Results(path, skip=damaged == "skip")


class Results:
    """What a run has left behind; each part is read from the file when it is first asked for.

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
            self.experiment = Experiment.from_toml(
                Reader(self.path, False).value(file, "experiment")
            )

    @contextmanager
    def opened(self) -> Iterator[h5py.File]:
        """Yield the file; whatever cannot be read of it within the block is told in one line.

        Raises
        ------
        InputError
        """
        try:
            with h5py.File(self.path) as file:
                yield file
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no such file") from None
        except BlockingIOError:
            raise InputError(f"{self.path}: another program is writing to it") from None
        except UNREADABLE as error:
            if isinstance(error, OSError) and error.errno in (EACCES, EISDIR, ELOOP, EIO):
                raise InputError(f"{self.path}: cannot be read: {strerror(error.errno)}") from None
            if not h5py.is_hdf5(self.path):
                raise InputError(f"{self.path}: is not a result of distsp") from None
            raise InputError(f"{self.path}: is damaged; {HINT}") from None

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end; before that there are only the recordings."""
        with self.opened() as file:
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
        return self._read("spikes")

    @cached_property
    def recorders(self) -> dict[str, dict[str, Array]]:
        """What other recorders have written, by their names."""
        with self.opened() as file:
            found = Reader(self.path, self.skip).value(file, "recorders")
        return found or {}

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
            raise InputError.unknown("part", part, get_args(Part))
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
        models = self.experiment.models()
        meanings = {name: meaning(name, models) for name in frame.columns}
        frame.attrs["units"] = {name: found[0] for name, found in meanings.items() if found}
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
                if name in self.neurons:
                    yield {"population": name, "id": ids, **_flat(self.neurons[name])}
                first += population.size
        elif part == "synapses":
            for name in self.experiment.synapse_types:
                values = {"type": name, **self.synapses.get(name, {})}
                yield {key: values[key] for key in COLUMNS[part] if key in values}
        else:
            for name in self.spikes:
                values = {"population": name, **self.spikes[name]}
                yield {key: values[key] for key in COLUMNS[part] if key in values}

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


def _flat(tree: dict[str, Any]) -> dict[str, Array]:
    """Return the arrays of a tree by their paths, such as "elements/E/Den_ex/z"."""
    found: dict[str, Array] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= {f"{name}/{rest}": array for rest, array in _flat(value).items()}
        else:
            found[name] = value
    return found


class Reader:
    """Reads what is in a file that may be damaged, or made to do harm.

    Parameters
    ----------
    path : Path
    skip : bool
        Whether to leave out what cannot be read.
    """

    def __init__(self, path: Path, skip: bool) -> None:
        self.skip, self.bytes = skip, path.stat().st_size
        self.seen: set[int] = set()

    def value(self, group: h5py.Group, name: str) -> Any:
        """Return what is in a dataset, a dict of what is in a group; None where it is left out."""
        try:
            if name not in group:
                return None
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError("leads elsewhere")
            return self._value(group[name])
        except UNREADABLE:
            if not self.skip:
                raise
            return None

    def _value(self, entry: Any) -> Any:
        if isinstance(entry, h5py.Group):
            address = h5py.h5o.get_info(entry.id).addr
            if address in self.seen:
                raise ValueError("is a circle")
            self.seen.add(address)
            found = {name: self.value(entry, name) for name in entry}
            return {name: value for name, value in found.items() if value is not None}
        if entry.is_virtual or entry.external or entry.nbytes > self.bytes:
            raise ValueError("is not in the file")
        value = entry[()]
        if h5py.check_string_dtype(entry.dtype) is not None:
            value = entry.asstr()[()]
            value = value if isinstance(value, str) else value.tolist()
        if CHECKSUM in entry.attrs and entry.attrs[CHECKSUM] != checksum(value):
            raise ValueError("has another checksum")
        return value
