"""Results of a run, read from the disk: as arrays, and as pandas data frames."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import h5py
import numpy as np

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.experiment.experiment import Experiment
from distsp.results.quantities import ENDED, H5, meaning

if TYPE_CHECKING:
    from pandas import DataFrame

Part = Literal["recording", "neurons", "synapses", "spikes"]
"""What there is a data frame of."""

COLUMNS = {
    "synapses": ["type", "source", "target", "weight", "delay"],
    "spikes": ["population", "time", "id"],
}
"""Columns of the data frames that may have no rows."""


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
    def recorders(self) -> dict[str, dict[str, Array]]:
        """What other recorders have written, by their names."""
        with h5py.File(self.path) as file:
            return _value(file["recorders"]) if "recorders" in file else {}

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


def _flat(tree: dict[str, Any]) -> dict[str, Array]:
    """Return the arrays of a tree by their paths, such as "elements/E/Den_ex/z"."""
    found: dict[str, Array] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= {f"{name}/{rest}": array for rest, array in _flat(value).items()}
        else:
            found[name] = value
    return found


def _value(entry: Any) -> Any:
    """Return what is in a dataset, or a dict of what is in a group."""
    if isinstance(entry, h5py.Group):
        return {name: _value(entry[name]) for name in entry}
    if h5py.check_string_dtype(entry.dtype) is None:
        return entry[()]
    text = entry.asstr()[()]
    return text if isinstance(text, str) else text.tolist()
